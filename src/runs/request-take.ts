/**
 * One request of a run over the takes of a file: its turn, its claim, its wait, and what its answer means for its scene
 * and for all that is still to be sent.
 */

import type { Take } from '../journal/fold.ts';
import { type Followed, followTake } from '../journal/follow-take.ts';
import { sendTake, type TakeWish } from '../journal/send-take.ts';
import type { TakeLedger } from '../journal/take-ledger.ts';
import type { Deadline } from '../shared/deadline.ts';
import { isSoraError, type SoraError } from '../shared/errors.ts';
import type { Remote } from '../shared/job.ts';
import type { BudgetOptions, Cost } from '../shared/money.ts';
import { SILENT_TASK } from '../shared/reporter.ts';
import type { WaitLine } from '../videos/jobs/wait-display.ts';
import type { VideoPlan } from '../videos/plan.ts';
import type { VideoBudget } from '../videos/quote.ts';
import type { Workspace } from '../workspace.ts';
import type { Pace } from './pace.ts';

/** What all requests of a run share. */
export interface TakeRun {
  /** Its reporter is that of the whole run. */
  readonly workspace: Workspace;
  readonly ledger: TakeLedger;
  readonly pace: Pace;
  readonly deadline: Deadline;
  readonly deadlineMs: number;
  readonly pollIntervalMs: number | undefined;
  /** How often a failure that the host calls passing is sent once more, of each scene; so often an outage is waited for. */
  readonly retries: number;
  /** Takes that this run has followed in vain. */
  readonly tried: Set<string>;
  /** What stopped a scene in this run. */
  readonly errors: Map<string, SoraError>;
  /** How often in a row the host could not be reached. */
  readonly outages: { count: number };
  /** What every request is sent with. */
  readonly limits: BudgetOptions;
  /** How many jobs are followed now. */
  together(): number;
  /** What stopped the sending of anything more; undefined while nothing has. */
  halted(): SoraError | undefined;
  halt(error: SoraError): void;
  /** Right before a request that registers somebody whom the host has forgotten. Throws `budget`. */
  registration(): Promise<void>;
  onFollow(take: Take): void;
  /** Shows one take until it is here, or has come to nothing, which others say; nothing does unless given. */
  showTake?(take: Take): Promise<WaitLine>;
  onSent(scene: string, usd: number): void;
  onPoll(): void;
}

export interface TakeRequest extends Pick<TakeWish, 'scene' | 'fp' | 'ask' | 'tag' | 'folder' | 'decide' | 'approve'> {
  readonly cost: Cost | undefined;
  /** Something of its scene was sent in this run: what is left for a repeat says nothing of the first requests of others. */
  readonly isMore: boolean;
  /** Where the file of the take is wanted, absolute. */
  wantedOf(take: Take): string;
  /** Made right before it leaves. */
  plan(): Promise<VideoPlan>;
}

export type Requested =
  | { readonly kind: 'followed'; readonly take: Take; readonly followed: Followed }
  /** Another process has asked for the same, or nothing is wanted any more: to be looked at again. */
  | { readonly kind: 'unclaimed' }
  /** The host wants to be asked later, or could not be reached. */
  | { readonly kind: 'paused' }
  /** A definite no; `isForAll` where it is one for every other request, too. */
  | { readonly kind: 'refused'; readonly isForAll: boolean }
  | { readonly kind: 'unknown' }
  /** Nothing was sent, and nothing more is to be for this scene. */
  | { readonly kind: 'over' };

/** Pauses between two looks at a request that another process is sending. */
export const LOOK_MS = 1000;

/** Sends what `decide` says under the lock, and follows it to its end. Throws what is wrong with this machine. */
export async function requestTake(run: TakeRun, request: TakeRequest): Promise<Requested> {
  const { workspace, ledger, pace, deadline } = run;
  const { signal, random } = workspace.runtime;
  const { scene, cost, isMore, plan, wantedOf, ...wish } = request;
  try {
    await pace.turn(deadline, signal);
    if (run.halted() || deadline.leftMs() <= 0) return { kind: 'over' };
    const outcome = await sendTake(workspace, ledger, {
      ...wish,
      ...{ scene, plan: await plan(), budget: settledBudget(run, cost), limits: run.limits, estimateUsd: cost?.usd },
      deadlineMs: run.deadlineMs,
    });
    switch (outcome.kind) {
      case 'taken':
        await deadline.sleep(LOOK_MS * (0.2 + random()), signal);
        return { kind: 'unclaimed' };
      case 'unwanted':
        return { kind: 'unclaimed' };
      case 'refused':
        return refused(run, scene, outcome.error);
      case 'unknown':
        run.onSent(scene, cost?.usd ?? 0);
        run.errors.set(scene, outcome.error);
        return { kind: 'unknown' };
      default:
        outcome.kind satisfies 'sent';
    }
    run.onSent(scene, cost?.usd ?? 0);
    pace.speedUp();
    run.outages.count = 0;
    const { take, submitted } = outcome;
    const firstPauseMs = submitted.pollAfterMs ?? 'usual';
    const followed = await followInRun(run, take, { wanted: wantedOf(take), firstPauseMs });
    return { kind: 'followed', take, followed };
  } catch (error) {
    if (!isSoraError(error)) throw error;
    if (signal.aborted) return { kind: 'over' };
    if (error.code === 'machine' || error.code === 'bug') throw error;
    // What is left for a repeat says nothing of the first requests of other scenes: those are reserved.
    if (error.code === 'auth' || (error.code === 'budget' && !isMore)) run.halt(error);
    run.errors.set(scene, error);
    return { kind: 'over' };
  }
}

/** A definite no: what it means for this scene, and for all. */
function refused(run: TakeRun, scene: string, error: SoraError): Requested {
  if (error.reason === 'rate-limited') {
    run.pace.slowDown(error.retryAfterMs);
    return { kind: 'paused' };
  }
  if (error.code === 'interrupted' || error.code === 'terminated') return { kind: 'over' };
  if (error.code === 'network' && run.outages.count < run.retries) {
    run.outages.count += 1;
    run.pace.slowDown(undefined);
    return { kind: 'paused' };
  }
  // Money, a key or a network that is gone is so for every other scene.
  const isForAll = error.code === 'budget' || error.code === 'auth' || error.code === 'network';
  if (isForAll) run.halt(error);
  run.errors.set(scene, error);
  return { kind: 'refused', isForAll };
}

/** Follows a take that its host has, as a part of the run. */
export async function followInRun(
  run: TakeRun,
  take: Take,
  { wanted, firstPauseMs = 0 }: { readonly wanted: string; readonly firstPauseMs?: number | 'usual' },
): Promise<Followed> {
  const { deadlineMs, pollIntervalMs, workspace, ledger } = run;
  const told = take.done && ledger.placeOf(take.done.file);
  run.onFollow(take);
  let line: WaitLine | undefined;
  const begin = async (): Promise<WaitLine> => {
    line = await run.showTake?.(take);
    // Each question to the host is a moment to say how the whole stands.
    const update = (next: Remote): void => {
      line?.update(next);
      run.onPoll();
    };
    return { task: SILENT_TASK, update };
  };
  const followed = await followTake(workspace, ledger, take, {
    ...{ wanted: told !== undefined && ledger.mayHold(told) ? told : wanted, deadlineMs, pollIntervalMs, firstPauseMs },
    together: () => run.together(),
    display: { begin },
  }).finally(() => line?.task.stop());
  if (followed.kind !== 'kept') run.tried.add(take.key);
  if (followed.kind === 'open') run.errors.set(take.scene, followed.error);
  return followed;
}

/** What is held to the budget of the whole needs no other; only registrations that nobody foresaw are new to it. */
function settledBudget(run: TakeRun, cost: Cost | undefined): VideoBudget {
  return {
    quote: { cost, bill: [{ what: 'video', count: 1, each: cost }] },
    async approve() {},
    registration: () => run.registration(),
  };
}
