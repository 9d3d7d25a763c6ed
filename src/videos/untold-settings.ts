/** Length, shape and resolution for which a model has no input: it decides them itself, and is not told what was asked for. */

import type { ProviderLimits, Setting } from '../providers/limits.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { listOf } from '../shared/text.ts';
import type { FittedInput, VideoInput } from './choose-size.ts';
import type { VideoOrder } from './plan.ts';
import { modelThatTakes } from './refuse-cast.ts';

/** The refusal (`usage`) of what was asked for by name and would be dropped, or a doubt; neither where all of it is told. */
export async function untoldSettings(
  order: Omit<VideoOrder, 'inject'>,
  { untold = [] }: ProviderLimits,
  { fitted, allowUndocumented }: { readonly fitted: FittedInput; readonly allowUndocumented: boolean },
): Promise<{ readonly refused?: SoraError; readonly doubts: readonly string[] }> {
  if (untold.length === 0) return { doubts: [] };
  const { input, provider, model } = order;
  const asked = untold.flatMap((setting) => wordsOf(setting, input));
  if (asked.length === 0 || allowUndocumented) {
    const made = untold.map((setting) => (setting === 'length' ? `${fitted.seconds} s` : formatSize(fitted.size)));
    const doubt = `${model} has no input for ${listOf(untold)}: it decides that itself, and the video may differ from ${listOf([...new Set(made)])}. ${option('allowDrift')} accepts it as it is.`;
    return { doubts: [doubt] };
  }
  const taker = await modelThatTakes(order);
  const other = taker === undefined ? ` (sora provider models ${provider.name})` : `, such as ${taker}`;
  const words = listOf([...new Set(asked)]);
  const refused = new SoraError(
    'usage',
    `${model} has no input for ${listOf(untold)}, so that ${words} would be ignored.`,
    { hint: `Leave that out, or use a model that has one${other}, or add ${option('allowUndocumented')}.` },
  );
  return { refused, doubts: [] };
}

/** By what words it was asked for; none where nobody did. */
function wordsOf(setting: Setting, { seconds, sizeWish = {} }: VideoInput): readonly string[] {
  const { size, aspect, resolution } = sizeWish;
  if (setting === 'length') return seconds === undefined ? [] : [`${seconds} s`];
  const word = size ? formatSize(size) : setting === 'shape' ? aspect : resolution;
  return word === undefined ? [] : [word];
}
