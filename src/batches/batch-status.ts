/** How a batch stands, by its journals, the files beside it and the jobs of this home; asks no host. */

import type { Slot } from '../journal/state.ts';
import { openTakeLedger, type TakeLedger } from '../journal/take-ledger.ts';
import type { RunWishes } from '../shared/batch.ts';
import type { Workspace } from '../workspace.ts';
import { asAskedBefore } from './equal-lines.ts';
import type { BatchRequest, GivenBatch } from './given-batch.ts';
import type { PlannedLine } from './plan-batch.ts';
import { type BatchReport, reportBatch, strayIds } from './report.ts';

export async function batchStatus(
  workspace: Workspace,
  { plan, path, owner }: GivenBatch,
  { maxCost, allowDrift }: BatchRequest,
): Promise<BatchReport> {
  const ledger = await openTakeLedger(workspace, path, owner);
  await ledger.peek();
  const takes = await ledger.takes();
  const { lines } = asAskedBefore(plan.lines, takes, ledger.familyOf);
  const slots = await slotsOf(ledger, lines);
  for (const id of strayIds(lines, takes, owner.shard)) slots.set(id, await slotOfStray(ledger, id));
  return reportBatch({
    ...{ lines, takes, shard: owner.shard, allowDrift, maxCostUsd: maxCost, slots },
    errorOf: () => undefined,
  });
}

/** By their ids. */
export function slotsOf(ledger: TakeLedger, lines: readonly PlannedLine[]): Promise<Map<string, Slot>> {
  return ledger.slots(new Map(lines.map(({ line, fp }) => [line.id, { fp, wanted: 1 }])));
}

/** Whether a run sends something for a line, with what a person asks for besides. */
export function willSend(
  slot: Slot | undefined,
  id: string,
  { resend, anew, adopt }: Omit<RunWishes, 'changed'>,
): boolean {
  if (!slot) return false;
  const givenUp = [...resend, ...adopt.filter(({ videoId }) => videoId === undefined).map((one) => one.id)];
  return slot.need > 0 || anew.includes(id) || (slot.unknown.length > 0 && givenUp.includes(id));
}

/** Of an id that the file no longer has: nothing is wanted of it but what was begun. */
export function slotOfStray(ledger: TakeLedger, id: string): Promise<Slot> {
  return ledger.slot(id, { fp: undefined, wanted: 0 });
}
