/** Lines of journals for tests, and the takes that they tell of. */
import { createFold, type FoldOptions, type HomeJob, type Take } from '../../src/journal/fold.ts';
import type { Asked, Line } from '../../src/journal/lines.ts';
import { type Slot, type SlotInput, slotOf } from '../../src/journal/state.ts';

export const FP = 'a'.repeat(64);
export const OTHER_FP = 'b'.repeat(64);
export const KEY = `take:${FP}:00000000-0000-4000-8000-000000000001`;
export const KEY_2 = `take:${FP}:00000000-0000-4000-8000-000000000002`;
export const KEY_3 = `take:${FP}:00000000-0000-4000-8000-000000000003`;

let minute = 0;
const at = (): string => new Date(Date.UTC(2026, 0, 1, 0, minute++)).toISOString();

export function asked(key = KEY, more: Partial<Asked> = {}): Asked {
  return {
    ...{ v: 1, at: at(), key, line: 'asked', scene: 'a', n: 1, fp: FP, file: `out/.${key.slice(-36)}.mp4` },
    ...{ provider: 'openai', baseUrl: 'https://host.example/v1', account: '01234567', seconds: 4, size: '1280x720' },
    ...more,
  };
}

export const sent = (key = KEY, remoteId = 'video_1'): Line => ({ v: 1, at: at(), key, line: 'sent', remoteId });
export const done = (key = KEY, file = 'out/a.mp4'): Line => ({
  ...{ v: 1, at: at(), key, line: 'done', file, sha256: 'c'.repeat(64), bytes: 3 },
});
export const failed = (key = KEY, more: Partial<Extract<Line, { line: 'failed' }>> = {}): Line => ({
  ...{ v: 1, at: at(), key, line: 'failed', why: 'No.', exit: 5, retryable: false, made: 'maybe', ...more },
});
export const close = (key = KEY, remoteId?: string): Line => ({
  ...{ v: 1, at: at(), key, line: 'close', ...(remoteId !== undefined && { remoteId }) },
});
export const adopt = (key = KEY, remoteId = 'video_1'): Line => ({ v: 1, at: at(), key, line: 'adopt', remoteId });

export function homeJob(more: Partial<HomeJob> = {}): HomeJob {
  return {
    ...{ id: 'job_1', key: KEY, status: 'unknown', provider: 'openai', baseUrl: 'https://host.example/v1' },
    createdAt: at(),
    ...more,
  };
}

export interface FoldInput extends FoldOptions {
  readonly lines: readonly Line[];
}

/** The takes that all of these lines tell of together. */
export function foldTakes({ lines, ...rest }: FoldInput): readonly Take[] {
  const fold = createFold(rest);
  fold.add(lines);
  return fold.takes();
}

/** The one take of these lines; throws when there is another number of them. */
export function only(input: FoldInput): Take {
  const takes = foldTakes(input);
  const [take] = takes;
  if (!take || takes.length > 1) throw new Error(`there are ${takes.length} takes`);
  return take;
}

/** Of a line that wants one take of `FP`, whose files are here. */
export function slotFor(input: FoldInput, more: Partial<SlotInput> = {}): Slot {
  const here: SlotInput = {
    ...{ takes: foldTakes(input), fp: FP, wanted: 1, isAlive: () => false },
    presenceOf: (take) => (take.done ? 'here' : 'absent'),
    ...more,
  };
  return slotOf(here);
}
