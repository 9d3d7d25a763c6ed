/** Which pictures of each character travel to a model that takes pictures: as many as it takes of all together, and only those that it takes. */

import type { StillPicture } from '../../clips/stills.ts';
import type { ProviderLimits } from '../../providers/limits.ts';
import { boundsText, isWithin, type StillLimits } from '../../providers/references.ts';
import { isSoraError, problemsError, SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import type { Workspace } from '../../workspace.ts';
import type { CastTarget } from '../registration-target.ts';
import { stillsOf } from './stills.ts';

/** Of one character: more shows it no better. */
const MOST_EACH = 4;

/**
 * The same targets, those of pictures with their pictures: made from clips where that has not been done, and kept where `isKept`. `others`
 * are pictures that the video takes besides. Throws `usage` with everything that is wrong with them, and what `stillsOf` throws.
 */
export async function withPictures(
  workspace: Workspace,
  cast: readonly CastTarget[],
  {
    limits,
    model,
    others,
    isKept,
  }: {
    readonly limits: Pick<ProviderLimits, 'characterInputs'>;
    readonly model: string | undefined;
    readonly others: number;
    readonly isKept: boolean;
  },
): Promise<readonly CastTarget[]> {
  const shown = cast.filter(({ target }) => target.mode === 'image');
  const input = limits.characterInputs.find((one) => one.mode === 'image');
  if (shown.length === 0 || input?.mode !== 'image') return cast;
  const { stills } = input;
  const room = stills.count - others;
  const called = model ?? 'The model';
  if (room < shown.length)
    throw new SoraError(
      'usage',
      `${called} takes ${stills.count} pictures in all: too few for ${shown.length} characters${others > 0 ? ' and the first picture' : ''}.`,
      { hint: 'Leave some out.' },
    );
  const problems: string[] = [];
  const hints: string[] = [];
  const usable = new Map<CastTarget, readonly StillPicture[]>();
  for (const one of shown) {
    const { name } = one.character;
    try {
      const all = (await stillsOf(workspace, one.character, { isKept })).stills;
      const taken = all.filter((still) => whyNot(still, stills) === undefined);
      const why = all[0] && whyNot(all[0], stills);
      if (taken.length === 0) problems.push(`${called} takes no picture of ${name}: the first is ${why}.`);
      usable.set(one, taken);
    } catch (error) {
      if (!isSoraError(error, 'usage')) throw error;
      problems.push(error.message);
      hints.push(error.hint ?? '');
    }
  }
  if (problems.length > 0)
    throw problemsError('usage', problems, {
      hint: hints.find(Boolean) ?? 'Give it others: sora character stills <name> --set front.png side.png',
    });
  const counts = sharedOut(
    [...usable.values()].map(({ length }) => length),
    room,
  );
  const pictures = new Map([...usable].map(([one, all], index) => [one, all.slice(0, counts[index])]));
  return cast.map((one) => {
    const own = pictures.get(one);
    return own ? { ...one, target: { ...one.target, pictures: own } } : one;
  });
}

/** How many of those that each has find room: one after the other for each in their order, as long as there is room. */
function sharedOut(has: readonly number[], room: number): readonly number[] {
  const counts = has.map(() => 0);
  for (let round = 1, left = room; round <= MOST_EACH; round++) {
    for (const [index, most] of has.entries()) {
      if (most < round || left === 0) continue;
      counts[index] = round;
      left -= 1;
    }
  }
  return counts;
}

/** As the end of a sentence. */
function whyNot(still: StillPicture, { side, ratio, bytes }: StillLimits): string | undefined {
  const { width, height } = still;
  const sides = [Math.min(width, height), Math.max(width, height)];
  if (sides.some((one) => !isWithin(one, side)))
    return `${formatSize(still)}, and it takes ${boundsText(side)} pixels a side`;
  if (!isWithin(width / height, ratio)) return `${formatSize(still)}, and it takes a ratio of ${boundsText(ratio)}`;
  if (bytes !== undefined && still.bytes > bytes) return `too large: it takes at most ${bytes} bytes`;
  return undefined;
}
