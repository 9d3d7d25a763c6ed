/** What a run of a batch would send now, by what its journals say, and what that costs. Sends nothing. */

import { type BillItem, billOfVideos } from '../costs/cost.ts';
import { costOfCharacters } from '../costs/max-cost.ts';
import { isInShard } from '../journal/names.ts';
import { openTakeLedger } from '../journal/take-ledger.ts';
import { checkFileCost, foreseeSpending, spentOn, toCome } from '../runs/spending.ts';
import type { RunWishes } from '../shared/batch.ts';
import type { Workspace } from '../workspace.ts';
import { asAskedBefore } from './equal-lines.ts';
import type { BatchRequest, GivenBatch } from './given-batch.ts';
import type { PlannedLine } from './plan-batch.ts';
import { refuseRun } from './refuse-run.ts';
import { willSend } from './slots.ts';

export interface BatchPreview {
  readonly lines: readonly {
    readonly planned: PlannedLine;
    readonly send: boolean;
    /** Its text is another than that of the take that it has, and asks for the same. */
    readonly isEqual: boolean;
  }[];
  /** Empty where nothing would be sent. */
  readonly bill: readonly BillItem[];
}

/** Throws `usage` and `budget` as the run would before its first request. */
export async function previewBatch(
  workspace: Workspace,
  given: GivenBatch,
  request: BatchRequest & RunWishes,
): Promise<BatchPreview> {
  const { plan, owner } = given;
  const ledger = await openTakeLedger(workspace, given.path, owner);
  await ledger.peek();
  const takes = await ledger.takes();
  const { lines, equal } = asAskedBefore(plan.lines, takes, ledger.familyOf);
  const slots = await refuseRun(ledger, lines, { ...request, ...owner, file: given.path });
  const needed = lines.filter(({ line }) => willSend(slots.get(line.id), line.id, request));
  const charactersOf = (lines: readonly PlannedLine[]): Promise<BillItem> => {
    const used = new Set(lines.flatMap(({ missing }) => missing));
    const count = plan.missing.filter(({ name, target }) => used.has(name) && target.mode === 'id').length;
    return costOfCharacters(plan.provider, count);
  };
  if (needed.length > 0) {
    checkFileCost({
      ...{ limits: request, provider: plan.provider, spent: spentOn(takes) },
      ...{ coming: toCome(needed.map(({ cost }) => cost)), characters: await charactersOf(needed) },
      today: ledger.now().slice(0, 10),
    });
  }
  // The budget is of the whole file; what is sent is of this shard.
  const coming = needed.filter(({ line }) => isInShard(line.id, owner.shard));
  await foreseeSpending(workspace, plan.provider, { limits: request, costs: coming.map(({ cost }) => cost) });
  const sent = new Set(coming.map(({ line }) => line.id));
  return {
    lines: lines.map((planned) => ({
      planned,
      send: sent.has(planned.line.id),
      isEqual: equal.has(planned.line.id),
    })),
    bill: coming.length === 0 ? [] : [...billOfVideos(coming.map(({ cost }) => cost)), await charactersOf(coming)],
  };
}
