/** How a batch stands, by its journals, the files beside it and the jobs of this home; asks no host. */
import { openTakeLedger } from '../journal/take-ledger.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { asAskedBefore } from './equal-lines.ts';
import type { BatchRequest, GivenBatch } from './given-batch.ts';
import { type BatchReport, reportBatch, strayIds } from './report.ts';
import { slotOfStray, slotsOf } from './slots.ts';

export async function batchStatus(
  workspace: Workspace,
  { plan, path, owner }: Pick<GivenBatch, 'plan' | 'path' | 'owner'>,
  { maxCost, allowDrift }: Pick<BatchRequest, 'maxCost' | 'allowDrift'>,
): Promise<BatchReport> {
  const ledger = await openTakeLedger(workspace, path, owner);
  await ledger.peek();
  const takes = await ledger.takes();
  const { lines } = asAskedBefore(plan.lines, takes, ledger.familyOf);
  const slots = await slotsOf(ledger, lines);
  const own = new Set(slots.keys());
  for (const id of strayIds(lines, takes, owner.shard)) slots.set(id, await slotOfStray(ledger, id));
  return reportBatch({
    ...{ lines, takes, shard: owner.shard, allowDrift, maxCostUsd: maxCost, slots },
    // A plain run refuses them all.
    errorOf: (id) => (slots.get(id)?.isOtherText === true && own.has(id) ? textChanged() : undefined),
  });
}

/** The videos whose takes were done at or after a time (milliseconds since the epoch), relative to the folder of the batch. */
export async function savedSince(
  workspace: Workspace,
  { path, owner }: Pick<GivenBatch, 'path' | 'owner'>,
  sinceMs: number,
): Promise<ReadonlySet<string>> {
  const ledger = await openTakeLedger(workspace, path, owner);
  const takes = await ledger.takes();
  return new Set(takes.flatMap(({ done }) => (done && Date.parse(done.at) >= sinceMs ? done.file : [])));
}

function textChanged(): SoraError {
  return new SoraError('usage', 'Its text has changed since it was made.', {
    hint: `To make it by its new text, beside what is there: add ${option('changed')}.`,
  });
}
