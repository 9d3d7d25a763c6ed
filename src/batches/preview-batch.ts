/** What a run of a batch would send now, by what its journals say, and what that costs. Sends nothing. */
import { costOfCharacters } from '../costs/budget.ts';
import type { BillItem } from '../costs/cost.ts';
import type { Workspace } from '../workspace.ts';
import { batchStatus } from './batch-status.ts';
import type { BatchRequest, GivenBatch } from './given-batch.ts';
import type { PlannedLine } from './plan-batch.ts';

export interface BatchPreview {
  readonly lines: readonly { readonly planned: PlannedLine; readonly send: boolean }[];
  /** Empty where nothing would be sent. */
  readonly bill: readonly BillItem[];
}

const SENT = ['missing', 'changed', 'failed'];

export async function previewBatch(
  workspace: Workspace,
  given: GivenBatch,
  request: BatchRequest,
): Promise<BatchPreview> {
  const { plan } = given;
  const report = await batchStatus(workspace, given, request);
  const sent = new Set(report.lines.filter(({ state }) => SENT.includes(state)).map(({ id }) => id));
  const coming = plan.lines.filter(({ line }) => sent.has(line.id));
  const byPrice = new Map<string, BillItem>();
  for (const { cost } of coming) {
    const key = JSON.stringify(cost ?? null);
    byPrice.set(key, { what: 'video', count: (byPrice.get(key)?.count ?? 0) + 1, each: cost });
  }
  const used = new Set(coming.flatMap(({ missing }) => missing));
  const count = plan.missing.filter(({ name, target }) => used.has(name) && target.mode === 'id').length;
  return {
    lines: plan.lines.map((planned) => ({ planned, send: sent.has(planned.line.id) })),
    bill: coming.length === 0 ? [] : [...byPrice.values(), await costOfCharacters(plan.provider, count)],
  };
}
