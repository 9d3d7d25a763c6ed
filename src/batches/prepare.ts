/** A batch before anything of it leaves: read, checked and priced, with everything that is wrong told at once. */

import { problemsError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { type BatchPlan, type PlanBatchOptions, planBatch } from './plan-batch.ts';
import { readBatch } from './read-batch.ts';

/** Throws `usage` with every problem of the file as `<file>:<line>: <sentence>`, and what choosing the host throws. */
export async function prepareBatch(workspace: Workspace, text: string, options: PlanBatchOptions): Promise<BatchPlan> {
  const { lines, problems } = await readBatch(text, options.name);
  const plan = await planBatch(workspace, lines, options);
  const all = byLine([...problems, ...plan.problems]);
  if (all.length === 0) return plan;
  throw problemsError('usage', all, { hint: 'Nothing was sent. What a line may say: sora help batches' });
}

function byLine(problems: readonly string[]): readonly string[] {
  const number = (text: string): number => Number(/:(\d+): /.exec(text)?.[1] ?? 0);
  return problems.toSorted((a, b) => number(a) - number(b));
}
