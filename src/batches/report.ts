/** How a batch stands, line by line and in all, and the exit code that this makes. Pure. */

import { type Take, takesByScene, whyUnknown } from '../journal/fold.ts';
import { whyFailed } from '../journal/lines.ts';
import { isInShard } from '../journal/names.ts';
import type { Slot, SlotState } from '../journal/state.ts';
import type { RemoteVideo } from '../providers/provider.ts';
import { spentOn } from '../runs/spending.ts';
import type { Shard } from '../shared/batch.ts';
import { EXIT_CODES, type SoraError, worstExit } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { describeCandidates } from '../videos/lost/match.ts';
import type { PlannedLine } from './plan-batch.ts';

/** `mismatch`: its video is here and is not what was asked for. */
export type LineState = Exclude<SlotState, 'chosen' | 'short'> | 'done' | 'mismatch';

export interface LineReport {
  readonly id: string;
  /** In the file, from 1; absent for an id that is no longer in it. */
  readonly line?: number;
  readonly state: LineState;
  /** Of the product, for this line alone. */
  readonly exit: number;
  /** Relative to the folder of the batch. */
  readonly file?: string;
  readonly sha256?: string;
  readonly seconds?: number;
  /** Of one that has failed: running the batch again sends it once more. */
  readonly retryable?: boolean;
  /** Why it is not done, in one line. */
  readonly why?: string;
  readonly jobId?: string;
  readonly remoteId?: string;
  /** Of an unknown one: what its host lists that it may have made. */
  readonly candidates?: readonly RemoteVideo[];
  /** US dollars, as the host says it, else as it was estimated; of everything that was sent for the line. */
  readonly costUsd?: number;
  readonly tag?: string;
}

export interface BatchTotals {
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly unknown: number;
  readonly waiting: number;
  /** US dollars. */
  readonly spentUsd: number;
  readonly maxCostUsd?: number;
}

export interface BatchReport {
  readonly lines: readonly LineReport[];
  readonly totals: BatchTotals;
  readonly exit: number;
}

export interface ReportInput {
  readonly lines: readonly PlannedLine[];
  readonly takes: readonly Take[];
  readonly shard: Shard | undefined;
  /** By id, of all lines of the shard and of stray ids. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** What stopped a line in this run. */
  errorOf(id: string): SoraError | undefined;
  /** Of an unknown take, where its host was asked. */
  candidatesOf?(take: Take): readonly RemoteVideo[];
  /** What stopped the whole run. */
  readonly halted?: SoraError | undefined;
  readonly allowDrift: boolean;
  readonly maxCostUsd?: number | undefined;
}

/** Ids that are no longer in the file, of whose takes something is not settled. */
export function strayIds(
  lines: readonly PlannedLine[],
  takes: readonly Take[],
  shard: Shard | undefined,
): readonly string[] {
  const known = new Set(lines.map(({ line }) => line.id));
  const stray = takes.filter(({ scene, state }) => state === 'asked' && !known.has(scene) && isInShard(scene, shard));
  return [...new Set(stray.map(({ scene }) => scene))];
}

export function reportBatch(input: ReportInput): BatchReport {
  const { lines, takes, shard, halted, maxCostUsd } = input;
  const own = lines.filter(({ line }) => isInShard(line.id, shard));
  const scenes = takesByScene(takes);
  const reportOf = (id: string, planned: PlannedLine | undefined): LineReport | [] =>
    lineReport(input, { id, planned, takes: scenes.get(id) ?? [] });
  const reports = [
    ...own.flatMap((planned) => reportOf(planned.line.id, planned)),
    ...strayIds(lines, takes, shard).flatMap((id) => reportOf(id, undefined)),
  ];
  const count = (...states: LineState[]): number => reports.filter(({ state }) => states.includes(state)).length;
  return {
    lines: reports,
    totals: {
      ...{ total: reports.length, done: count('done'), running: count('open'), unknown: count('unknown') },
      failed: count('failed', 'mismatch', 'absent', 'unreadable'),
      waiting: count('missing', 'changed'),
      spentUsd: spentOn(takes).usd,
      ...(maxCostUsd !== undefined && { maxCostUsd }),
    },
    exit: worstExit([...reports.map(({ exit }) => exit), ...(halted ? [EXIT_CODES[halted.code]] : [])]),
  };
}

function lineReport(
  input: ReportInput,
  { id, planned, takes }: { id: string; planned: PlannedLine | undefined; takes: readonly Take[] },
): LineReport | [] {
  const slot = input.slots.get(id);
  if (!slot) return [];
  const error = input.errorOf(id);
  const last = slot.unknown.at(-1) ?? slot.open.at(-1) ?? slot.chosen ?? slot.failed.at(-1);
  const { done } = slot.chosen ?? {};
  const isOther = slot.state === 'chosen' && done?.mismatch !== undefined && !input.allowDrift;
  const state: LineState = isOther
    ? 'mismatch'
    : slot.state === 'chosen'
      ? 'done'
      : slot.state === 'short'
        ? 'missing'
        : slot.state;
  const paid = spentOn(takes);
  const candidates = slot.unknown.flatMap((take) => input.candidatesOf?.(take) ?? []);
  const why = whyOf(slot, { state, error, candidates });
  const ownExit = isOther ? EXIT_CODES.unverified : slot.exit;
  return {
    id,
    ...(planned && { line: planned.line.number }),
    state,
    exit: error ? worstExit([ownExit, EXIT_CODES[error.code]]) : ownExit,
    ...(done && { file: done.file, sha256: done.sha256, ...(done.seconds !== undefined && { seconds: done.seconds }) }),
    ...(state === 'failed' && slot.need > 0 && { retryable: true }),
    ...(why !== undefined && { why: oneLine(why) }),
    ...(last?.jobId !== undefined && { jobId: last.jobId }),
    ...(last?.remoteId !== undefined && { remoteId: last.remoteId }),
    ...(candidates.length > 0 && { candidates: [...new Map(candidates.map((video) => [video.id, video])).values()] }),
    ...(takes.length > 0 && { costUsd: paid.usd }),
    ...(planned?.line.tag !== undefined && { tag: planned.line.tag }),
  };
}

function whyOf(
  slot: Slot,
  { state, error, candidates }: { state: LineState; error: SoraError | undefined; candidates: readonly RemoteVideo[] },
): string | undefined {
  switch (state) {
    case 'done':
      return error?.message;
    case 'mismatch':
      return slot.chosen?.done?.mismatch?.join('; ');
    case 'unknown':
      return [
        whyUnknown(slot.unknown, 'it'),
        ...(candidates.length === 0 ? [] : [`its host lists what it may have made: ${describeCandidates(candidates)}`]),
      ].join('; ');
    case 'failed':
      return slot.failed
        .flatMap(({ failed }) => failed ?? [])
        .map(whyFailed)
        .at(-1);
    case 'unreadable':
      return 'other bytes lie at its path than were downloaded';
    case 'absent':
      return error?.message ?? 'its video is not at its path';
    case 'changed':
      return 'its text has changed since it was made';
    case 'open':
    case 'missing':
      return error?.message;
    default:
      return state satisfies never;
  }
}
