/** What is known of a host and its model, held against an order before anything of it is planned. */

import { takesCharacters } from '../providers/provider.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import { listOf } from '../shared/text.ts';
import { NO_AUTO_CAST } from './auto-cast.ts';
import type { VideoOrder } from './plan.ts';

/**
 * Hosts run ahead of their documentation, so what it does not list is worth a warning and no more: a sentence each. Throws
 * `usage` for what would be dropped or made by another.
 */
export function checkOrder(
  { input, provider, model }: Omit<VideoOrder, 'inject'>,
  { allowRetired = false }: { readonly allowRetired?: boolean | undefined } = {},
): readonly string[] {
  const doubts: string[] = [];
  const { characters, size, seconds } = input;
  const limits = provider.limits(model);
  if (limits.retired !== undefined && !allowRetired) {
    throw new SoraError(
      'usage',
      `${model} has been retired at ${provider.name} since ${limits.retired}: another model may answer in its place.`,
      { hint: `Choose another (sora provider models ${provider.name}), or add --allow-retired.` },
    );
  }
  const at = provider.backend ?? provider.name;
  if (characters.length > limits.characters) {
    throw new SoraError(
      'usage',
      `${at} takes at most ${limits.characters} characters in a video, not ${characters.length}: ${listOf(characters.map(({ name }) => name))}.`,
      { hint: `Leave some out, or choose another model with --model: sora provider models ${provider.name}` },
    );
  }
  if (characters.length > 0 && !takesCharacters(provider)) {
    throw new SoraError(
      'usage',
      `${at} takes no characters: it would silently ignore ${listOf(characters.map(({ name }) => name))}.`,
      {
        hint: `Use a host that takes characters, or leave out -c, or add ${NO_AUTO_CAST} if only the prompt names them.`,
      },
    );
  }
  if (characters.length > 0 && provider.characters?.isDocumented === false) {
    doubts.push(
      'This host is not known to take characters; some hosts silently ignore them. Say what it is with --backend.',
    );
  }
  if (limits.seconds.length > 0 && !limits.seconds.includes(seconds)) {
    doubts.push(
      `${seconds} s is not one of the documented lengths (${limits.seconds.join(', ')}); the host may refuse it.`,
    );
  }
  if (limits.sizes.length > 0 && !limits.sizes.some((one) => formatSize(one) === formatSize(size))) {
    doubts.push(
      `${formatSize(size)} is not one of the documented sizes${model === undefined ? '' : ` of ${model}`} (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
  return doubts;
}
