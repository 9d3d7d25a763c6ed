/** What videos were paid for: their jobs' records and the ledger, which outlives them, read as one. */

import type { Correction } from '../costs/ledger.ts';
import type { CostEntry } from '../costs/spending.ts';
import type { Job, Sending } from '../shared/job.ts';
import type { BudgetOptions } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import { correctionOf, costEntryOf } from './jobs/costs.ts';

/**
 * Writes down what the request of a new record may cost, before it leaves. Throws `budget` where the budget does not allow it;
 * the record is gone then, as if nothing had been asked for.
 */
export async function reserveJob(workspace: Workspace, job: Sending, limits: BudgetOptions): Promise<void> {
  try {
    await (await workspace.costs()).reserve(costEntryOf(job), limits);
  } catch (error) {
    await (await workspace.jobs()).remove(job.id);
    throw error;
  }
}

/** What was paid for and refused, oldest first: what the records say wins over the ledger. */
export async function spending(workspace: Workspace): Promise<readonly CostEntry[]> {
  const written = await (await workspace.costs()).entries();
  const { records } = await (await workspace.jobs()).list();
  const jobs = new Map(records.map((job) => [job.id, job]));
  const known = written.map((entry) => ({ ...entry, ...correctionOf(jobs.get(entry.id)) }));
  const ids = new Set(written.map(({ id }) => id));
  const others = records.filter(({ id }) => !ids.has(id)).map((job) => ({ ...costEntryOf(job), ...correctionOf(job) }));
  return [...known, ...others].toSorted((a, b) => a.at.localeCompare(b.at));
}

/** Before records are removed: what they know and the ledger does not. */
export async function keepCosts(workspace: Workspace, jobs: readonly Job[]): Promise<void> {
  const ledger = await workspace.costs();
  const written = new Map((await ledger.entries()).map((entry) => [entry.id, entry]));
  await ledger.add(
    jobs.filter(({ id }) => !written.has(id)).map((job) => ({ ...costEntryOf(job), ...correctionOf(job) })),
  );
  const corrections = new Map<string, Correction>();
  for (const job of jobs) {
    const entry = written.get(job.id);
    const correction = correctionOf(job);
    if (entry && correction && !isKnown(entry, correction)) corrections.set(job.id, correction);
  }
  await ledger.correct(corrections);
}

function isKnown({ actualUsd, estimateUsd, refused }: CostEntry, correction: Correction): boolean {
  if ('sent' in correction) return false;
  if ('estimateUsd' in correction) return estimateUsd === correction.estimateUsd;
  return 'refused' in correction ? refused === true : actualUsd === correction.actualUsd;
}
