/** What is known of a host and its model, held against an order before anything of it is planned. */

import { hostTitle } from '../providers/index.ts';
import type { ProviderLimits } from '../providers/limits.ts';
import { takesCharacters } from '../providers/provider.ts';
import { preferredMode } from '../providers/references.ts';
import { problemsError, SoraError, throwProblems } from '../shared/errors.ts';
import { formatSize, type Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { listOf } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { DEFAULT_SECONDS, fitInput } from './choose-size.ts';
import type { VideoOrder } from './plan.ts';
import { isPerson, modelThatTakes, refusedCast } from './refuse-cast.ts';
import { untoldSettings } from './untold-settings.ts';

export interface UndocumentedOptions {
  /** Send them all the same. */
  readonly allowUndocumented?: boolean | undefined;
}

export interface OrderOptions extends UndocumentedOptions {
  readonly allowRetired?: boolean | undefined;
}

/**
 * What may go wrong with the order, a sentence each. Throws `usage` with everything that would be dropped, made by another model,
 * or refused for sure.
 */
export async function checkOrder(
  { runtime }: Workspace,
  { input, provider, model }: Omit<VideoOrder, 'inject'>,
  options: OrderOptions = {},
): Promise<readonly string[]> {
  const { characters, size } = input;
  const limits = await provider.limits(model, { signal: runtime.signal });
  const at = provider.backend ?? hostTitle(provider);
  const problems: SoraError[] = [];
  if (limits.retired !== undefined && !options.allowRetired) {
    problems.push(
      new SoraError(
        'usage',
        `${model} has been retired at ${hostTitle(provider)} since ${limits.retired}: another model may answer in its place.`,
        { hint: `Choose another (sora provider models ${provider.name}), or add ${option('allowRetired')}.` },
      ),
    );
  }
  if (characters.length > 0 && !takesCharacters(provider, limits.characterInputs)) {
    problems.push(
      new SoraError(
        'usage',
        `${at} takes no characters: it would silently ignore ${listOf(characters.map(({ name }) => name))}.`,
        {
          hint: `Use a host that takes characters, or leave out ${option('character')}, or add ${option('noAutoCast')} if only the prompt names them.`,
        },
      ),
    );
  } else {
    const refusedCharacters = await refusedCast({ input, provider, model }, limits);
    if (refusedCharacters) problems.push(refusedCharacters);
  }
  const all = fitInput(input, limits);
  const { size: fitted, seconds } = all;
  const { refused, doubts } = undocumented(limits, { seconds, size: fitted, model }, options);
  if (refused) problems.push(refused);
  const { allowUndocumented = false } = options;
  const untold = await untoldSettings({ input, provider, model }, limits, { fitted: all, allowUndocumented });
  if (untold.refused) problems.push(untold.refused);
  throwProblems(problems);
  const isOther = formatSize(fitted) !== formatSize(size);
  const other = `${formatSize(fitted)} is asked for, not ${formatSize(size)}: ${sidesOf(limits.frame)} there.`;
  const isOtherLength = input.seconds === undefined && seconds !== DEFAULT_SECONDS;
  const otherLength = `${seconds} s are asked for: ${model ?? 'the model'} makes no video of ${DEFAULT_SECONDS} s.`;
  const people = await peopleDoubts({ input, provider, model }, limits);
  return [
    ...doubts,
    ...untold.doubts,
    ...(limits.deprecated ? [`${model} is deprecated at ${hostTitle(provider)}, which may stop it at any time.`] : []),
    ...(isOther ? [other] : []),
    ...(isOtherLength ? [otherLength] : []),
    ...editDoubts({ input, model }, limits),
    ...people,
  ];
}

/** People in the cast of a model that refuses them. */
async function peopleDoubts(order: Omit<VideoOrder, 'inject'>, { people }: ProviderLimits): Promise<readonly string[]> {
  const shown = order.input.characters.filter(isPerson).map(({ name }) => name);
  if (people !== false || shown.length === 0) return [];
  const taker = await modelThatTakes(order);
  const other = taker === undefined ? '' : ` A model that takes people: ${taker}.`;
  return [
    `${order.model ?? 'The model'} refuses people, also those whom nobody can tell from real ones: ${listOf(shown)}.${other}`,
  ];
}

function sidesOf(frame: ProviderLimits['frame']): string {
  if (!frame) return 'another size is made';
  return 'sideMultiple' in frame
    ? `its sides are multiples of ${frame.sideMultiple}`
    : `its shorter side is ${frame.shortSides.join(' or ')}`;
}

/** Words by which a model that is shown clips mistakes the video for an edit of them. */
function editDoubts(
  { input: { prompt, characters }, model }: Pick<VideoOrder, 'input' | 'model'>,
  { editWords = [], characterInputs }: ProviderLimits,
): readonly string[] {
  if (characters.length === 0 || !preferredMode(characterInputs).startsWith('clip-')) return [];
  const said = editWords.filter((word) => new RegExp(`\\b${word}(?:s|d|ed)?\\b`, 'i').test(prompt));
  if (said.length === 0) return [];
  return [
    `${model} may take ${listOf(said.map((word) => `"${word}"`))} in the prompt for an edit of the characters' clips, and then refuses length and shape: say it in other words.`,
  ];
}

/** A refusal (`usage`) with everything that is not documented, or a doubt for each; neither where all of it is. */
export function undocumented(
  { seconds: lengths, sizes, sizeTerm, isBinding }: ProviderLimits,
  asked: { readonly seconds: number; readonly size?: Size; readonly model: string | undefined },
  { allowUndocumented = false }: UndocumentedOptions,
): { readonly refused?: SoraError; readonly doubts: readonly string[] } {
  const { seconds, size } = asked;
  const of = asked.model === undefined ? '' : ` of ${asked.model}`;
  const found: string[] = [];
  if (lengths.length > 0 && !lengths.includes(seconds)) {
    found.push(`${seconds} s is not one of the documented lengths${of} (${lengths.join(', ')})`);
  }
  if (size && sizeTerm === 'pixels' && sizes.length > 0 && !sizes.some((one) => formatSize(one) === formatSize(size))) {
    found.push(`${formatSize(size)} is not one of the documented sizes${of} (${sizes.map(formatSize).join(', ')})`);
  }
  if (found.length === 0 || !isBinding || allowUndocumented) {
    return { doubts: found.map((one) => `${one}; the host may refuse it.`) };
  }
  const problems = found.map((one) => `${one}.`);
  const hint = `Choose a documented one, or add ${option('allowUndocumented')} to send it as it is.`;
  return { refused: problemsError('usage', problems, { hint }), doubts: [] };
}
