/** One line of a batch, from what is known of it to its file: followed, fetched, or sent, in that order. */

import { dirname } from 'node:path';
import { closeTakes } from '../journal/adopt-take.ts';
import { type FoundLost, refusalToResend } from '../journal/find-lost.ts';
import type { Take } from '../journal/fold.ts';
import { finishRename } from '../journal/keep-take.ts';
import { type Failed, whyFailed } from '../journal/lines.ts';
import type { SendDecision } from '../journal/send-take.ts';
import type { Slot } from '../journal/state.ts';
import type { Provider } from '../providers/provider.ts';
import { followInRun, LOOK_MS, requestTake, type TakeRun } from '../runs/request-take.ts';
import { codeOfExit, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { VideoPlan } from '../videos/plan.ts';
import { type PlannedLine, planLine } from './plan-batch.ts';

export interface Settling extends TakeRun {
  readonly provider: Provider;
  /** Ids whose unknown requests are sent once more, and those that are made again; each once. */
  readonly resend: Set<string>;
  readonly anew: Set<string>;
  /** What hosts list of unknown takes, by their keys. */
  readonly lost: ReadonlyMap<string, FoundLost>;
  /** Holds a request to what the whole batch may cost, by all takes as they are. Throws `budget`. */
  approve(line: PlannedLine, takes: () => Promise<readonly Take[]>): Promise<void>;
  /** The line is as its slot says now. */
  onState(id: string, slot: Slot): void;
}

export interface LineAim {
  readonly id: string;
  /** Undefined for an id that is no longer in the file: only followed. */
  readonly planned: PlannedLine | undefined;
  /** Where its video goes, absolute. */
  readonly wanted: string;
}

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
      await followInRun(run, open, aim);
      continue;
    }
    if (slot.open.some(({ remoteId }) => remoteId === undefined)) {
      if (deadline.leftMs() <= 0) return;
      await deadline.sleep(LOOK_MS, signal).catch(() => undefined);
      continue;
    }
    if (slot.state === 'absent' && slot.chosen && !run.tried.has(slot.chosen.key)) {
      if (await finishRename(run.workspace, ledger, slot.chosen)) continue;
      await followInRun(run, slot.chosen, aim);
      continue;
    }
    const { planned } = aim;
    if (await giveUp(run, aim, slot)) continue;
    refuseResend(run, aim.id, slot);
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
  await closeTakes(ledger, slot.unknown);
  return true;
}

/** What its host may have is not sent once more before a person has said that it is none of that. */
function refuseResend({ resend, lost, errors }: Settling, id: string, slot: Slot): void {
  if (!resend.has(id)) return;
  for (const { key } of slot.unknown) {
    const found = lost.get(key);
    const refusal = found && refusalToResend(found);
    if (!refusal) continue;
    resend.delete(id);
    errors.set(id, refusal);
    return;
  }
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
  const { fp, ask, cost, line } = planned;
  const requested = await requestTake(run, {
    ...{ scene: id, fp, ask, cost, isMore, folder: dirname(wanted), tag: line.tag },
    wantedOf: () => wanted,
    plan: () => planOf(run, planned),
    decide: async (then) => decide(run, { planned, wish, takes: await then.takes(id) }),
    approve: (then) => run.approve(planned, () => then.takes()),
  });
  if (requested.kind === 'unclaimed') return 'again';
  if (requested.kind === 'over') return 'over';
  if (wish === 'resend') run.resend.delete(id);
  if (requested.kind === 'paused') return 'pause';
  if (requested.kind !== 'refused' || (wish === 'anew' && !requested.isForAll)) run.anew.delete(id);
  if (requested.kind !== 'followed') return 'over';
  // An older video of the line is no answer to whoever asked for a new one.
  const { followed } = requested;
  if (wish === 'anew' && followed.kind === 'failed') run.errors.set(id, failedAnew(followed.failed));
  return 'sent';
}

async function planOf({ workspace, provider }: Settling, planned: PlannedLine): Promise<VideoPlan> {
  const { plan, isOther } = await planLine(workspace, planned, provider);
  if (!isOther) return plan;
  throw new SoraError('usage', `The picture of ${planned.line.id} is another than when the batch was checked.`, {
    hint: 'Run the batch again.',
  });
}

/** Decided under the lock, by what every journal says then. */
function decide(
  run: Settling,
  { planned, wish, takes }: { planned: PlannedLine; wish: Wish; takes: readonly Take[] },
): SendDecision {
  const slot = run.ledger.slotOf(takes, { fp: planned.fp, wanted: 1 });
  const [lost] = slot.unknown;
  if (wish === 'resend') return { send: lost !== undefined, closes: lost };
  if (slot.unknown.some(({ fp }) => fp === planned.fp)) return { send: false };
  if (slot.open.some(({ remoteId }) => remoteId === undefined)) return { send: false };
  if (wish === 'anew') return { send: true };
  return { send: slot.need > 0 };
}

function failedAnew(failed: Failed): SoraError {
  return new SoraError(codeOfExit(failed.exit), `The new video of it failed: ${whyFailed(failed)}`, {
    hint: `What was here before is still here. To try once more: ${option('anew')} <id>`,
  });
}
