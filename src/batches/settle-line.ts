/** One line of a batch, from what is known of it to its file: followed, fetched, or sent, in that order. */

import type { Take } from '../journal/fold.ts';
import { type Followed, followTake } from '../journal/follow-take.ts';
import { finishRename } from '../journal/keep-take.ts';
import type { Failed } from '../journal/lines.ts';
import { sendTake, type TakeWish } from '../journal/send-take.ts';
import type { Slot } from '../journal/state.ts';
import type { TakeLedger } from '../journal/take-ledger.ts';
import type { Provider } from '../providers/provider.ts';
import type { Deadline } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { SILENT_TASK } from '../shared/reporter.ts';
import type { VideoBudget } from '../videos/quote.ts';
import type { Workspace } from '../workspace.ts';
import type { Pace } from './pace.ts';
import { type PlannedLine, planLine } from './plan-batch.ts';
import { codeOfExit } from './report.ts';

export interface Settling {
  /** Its reporter is the batch's. */
  readonly workspace: Workspace;
  readonly ledger: TakeLedger;
  readonly provider: Provider;
  readonly pace: Pace;
  readonly deadline: Deadline;
  readonly deadlineMs: number;
  readonly pollIntervalMs: number | undefined;
  /** How often a failure that the host calls passing is sent once more, of each line. */
  readonly retries: number;
  /** Ids whose unknown requests are sent once more, and those that are made again; each once. */
  readonly resend: Set<string>;
  readonly anew: Set<string>;
  /** Takes that this run has followed in vain. */
  readonly tried: Set<string>;
  readonly errors: Map<string, SoraError>;
  /** How often in a row the host could not be reached. */
  readonly outages: { count: number };
  /** What every request is sent with. */
  readonly limits: BudgetOptions;
  /** How many jobs are followed now. */
  together(): number;
  /** Holds a request to what the whole batch may cost, by all takes as they are. Throws `budget`. */
  approve(line: PlannedLine, takes: () => Promise<readonly Take[]>): Promise<void>;
  /** What stopped the sending of anything more; undefined while nothing has. */
  halted(): SoraError | undefined;
  halt(error: SoraError): void;
  /** The line is as its slot says now. */
  onState(id: string, slot: Slot): void;
  onSent(id: string, usd: number): void;
  onPoll(): void;
}

export interface LineAim {
  readonly id: string;
  /** Undefined for an id that is no longer in the file: only followed. */
  readonly planned: PlannedLine | undefined;
  /** Where its video goes, absolute. */
  readonly wanted: string;
}

/** Pauses between two looks at a request that another process is sending. */
const LOOK_MS = 1000;

/** A host that says it is called too often is asked again this many times for one line. */
const MOST_PAUSES = 200;

/** Goes on until the line is done, or nothing more can be done for it in this run. Throws what is wrong with this machine. */
export async function settleLine(run: Settling, aim: LineAim): Promise<void> {
  const { ledger, deadline } = run;
  const { signal } = run.workspace.runtime;
  const text = { fp: aim.planned?.fp, wanted: 1 };
  let sent = 0;
  for (let pauses = 0; ; ) {
    const slot = await ledger.slot(aim.id, text);
    run.onState(aim.id, slot);
    if (signal.aborted) return;
    const open = slot.open.find(({ key, remoteId }) => remoteId !== undefined && !run.tried.has(key));
    if (open) {
      await follow(run, open, aim);
      continue;
    }
    if (slot.open.some(({ remoteId }) => remoteId === undefined)) {
      if (deadline.leftMs() <= 0) return;
      await deadline.sleep(LOOK_MS, signal).catch(() => undefined);
      continue;
    }
    if (slot.state === 'absent' && slot.chosen && !run.tried.has(slot.chosen.key)) {
      if (await finishRename(run.workspace, ledger, slot.chosen)) continue;
      await follow(run, slot.chosen, aim);
      continue;
    }
    const { planned } = aim;
    if (await giveUp(run, aim, slot)) continue;
    const wish = planned && wishFor(run, planned, slot, sent);
    if (!planned || !wish || run.halted()) return;
    if (deadline.leftMs() <= 0) return;
    const outcome = await send(run, { ...aim, planned, isMore: sent > 0 }, wish);
    if (outcome === 'over') return;
    if (outcome === 'pause') pauses += 1;
    else if (outcome === 'sent') sent += 1;
    if (pauses > MOST_PAUSES) return;
  }
}

/**
 * Of an id that is no longer in the file, or whose line is here by its present text, nothing is sent once more: that the lost
 * request is given up is all that a person can mean.
 */
async function giveUp({ resend, ledger }: Settling, { id, planned }: LineAim, slot: Slot): Promise<boolean> {
  const isWanted = planned !== undefined && (slot.need > 0 || slot.unknown.some(({ fp }) => fp === planned.fp));
  if (!resend.has(id) || slot.unknown.length === 0 || isWanted) return false;
  resend.delete(id);
  await ledger.journal.append(
    ...slot.unknown.map(({ key }) => ({ v: 1, at: ledger.now(), key, line: 'close' }) as const),
  );
  return true;
}

/** Why a request is to be sent now; undefined where none is. */
type Wish = 'need' | 'resend' | 'anew';

function wishFor(run: Settling, { line, fp }: PlannedLine, slot: Slot, sent: number): Wish | undefined {
  if (run.resend.has(line.id) && slot.unknown.length > 0) return 'resend';
  // One of an earlier text is told, and stands in no other's way.
  if (slot.unknown.some((take) => take.fp === fp)) return undefined;
  if (run.anew.has(line.id)) return 'anew';
  if (slot.need === 0) return undefined;
  if (sent === 0) return 'need';
  const last = slot.failed.findLast((take) => take.fp === fp);
  return last?.failed?.retryable === true && sent <= run.retries ? 'need' : undefined;
}

/** `over`: nothing more is sent for the line in this run. */
async function send(
  run: Settling,
  { id, planned, wanted, isMore }: LineAim & { planned: PlannedLine; isMore: boolean },
  wish: Wish,
): Promise<'sent' | 'pause' | 'again' | 'over'> {
  const { workspace, ledger, pace } = run;
  const { signal } = workspace.runtime;
  try {
    await pace.turn(run.deadline, signal);
    if (run.halted() || run.deadline.leftMs() <= 0) return 'over';
    const { plan, isOther } = await planLine(workspace, planned, run.provider);
    if (isOther) {
      throw new SoraError('usage', `The picture of ${id} is another than when the batch was checked.`, {
        hint: 'Run the batch again.',
      });
    }
    const outcome = await sendTake(workspace, ledger, {
      ...{
        scene: id,
        fp: planned.fp,
        ask: planned.ask,
        plan,
        budget: settledBudget(planned),
        wanted,
        limits: run.limits,
      },
      ...{ estimateUsd: planned.cost?.usd, tag: planned.line.tag },
      decide: (takes) => decide(run, { planned, wish, takes }),
      approve: (takes) => run.approve(planned, takes),
    });
    if (outcome.kind === 'unwanted' || outcome.kind === 'taken') {
      if (outcome.kind === 'taken') await run.deadline.sleep(LOOK_MS * (0.2 + workspace.runtime.random()), signal);
      return 'again';
    }
    if (wish === 'resend') run.resend.delete(id);
    if (outcome.kind === 'refused') return refused(run, id, { error: outcome.error, wish });
    run.anew.delete(id);
    run.onSent(id, planned.cost?.usd ?? 0);
    if (outcome.kind === 'unknown') {
      run.errors.set(id, outcome.error);
      return 'over';
    }
    pace.speedUp();
    run.outages.count = 0;
    const followed = await follow(run, outcome.take, {
      ...{ wanted, firstPauseMs: outcome.submitted.pollAfterMs ?? 'usual' },
    });
    // An older video of the line is no answer to whoever asked for a new one.
    if (wish === 'anew' && followed.kind === 'failed') run.errors.set(id, failedAnew(followed.failed));
    return 'sent';
  } catch (error) {
    if (!isSoraError(error)) throw error;
    if (signal.aborted) return 'over';
    if (error.code === 'machine' || error.code === 'bug') throw error;
    // What is left for a repeat says nothing of the first requests of other lines: those are reserved.
    if (error.code === 'auth' || (error.code === 'budget' && !isMore)) run.halt(error);
    run.errors.set(id, error);
    return 'over';
  }
}

/** Decided under the lock, by what every journal says then. */
function decide(
  run: Settling,
  { planned, wish, takes }: { planned: PlannedLine; wish: Wish; takes: readonly Take[] },
): ReturnType<TakeWish['decide']> {
  const slot = run.ledger.slotOf(takes, { fp: planned.fp, wanted: 1 });
  const [lost] = slot.unknown;
  if (wish === 'resend') return { send: lost !== undefined, closes: lost };
  if (slot.unknown.some(({ fp }) => fp === planned.fp)) return { send: false };
  if (slot.open.some(({ remoteId }) => remoteId === undefined)) return { send: false };
  if (wish === 'anew') return { send: true };
  return { send: slot.need > 0 };
}

/** A definite no: what it means for this line, and for all. */
function refused(
  run: Settling,
  id: string,
  { error, wish }: { error: SoraError; wish: Wish },
): 'sent' | 'pause' | 'over' {
  if (error.reason === 'rate-limited') {
    run.pace.slowDown(error.retryAfterMs);
    return 'pause';
  }
  if (error.code === 'interrupted' || error.code === 'terminated') return 'over';
  if (error.code === 'network' && run.outages.count < run.retries) {
    run.outages.count += 1;
    run.pace.slowDown(undefined);
    return 'pause';
  }
  // Money, a key or a network that is gone is so for every other line.
  if (error.code === 'budget' || error.code === 'auth' || error.code === 'network') run.halt(error);
  else if (wish === 'anew') run.anew.delete(id);
  run.errors.set(id, error);
  return 'over';
}

async function follow(
  run: Settling,
  take: Take,
  { wanted, firstPauseMs = 0 }: { wanted: string; firstPauseMs?: number | 'usual' },
): Promise<Followed> {
  const { deadlineMs, pollIntervalMs, workspace, ledger } = run;
  run.onState(take.scene, ledger.slotOf([take], { fp: take.fp, wanted: 1 }));
  const followed = await followTake(workspace, ledger, take, {
    ...{ wanted: take.done ? ledger.placeOf(take.done.file) : wanted, deadlineMs, pollIntervalMs },
    firstPauseMs,
    together: () => run.together(),
    // Each question to the host is a moment to say how the batch stands.
    begin: async () => ({ task: SILENT_TASK, update: () => run.onPoll() }),
  });
  if (followed.kind !== 'kept') run.tried.add(take.key);
  if (followed.kind === 'open') run.errors.set(take.scene, followed.error);
  return followed;
}

function failedAnew({ why, exit }: Failed): SoraError {
  return new SoraError(codeOfExit(exit), `The new video of it failed: ${why}`, {
    hint: `What was here before is still here. To try once more: ${option('anew')} <id>`,
  });
}

/** What is held to the budget of the batch needs no other. */
function settledBudget({ cost }: PlannedLine): VideoBudget {
  return {
    quote: { cost, bill: [{ what: 'video', count: 1, each: cost }] },
    async approve() {},
    async registration() {},
  };
}
