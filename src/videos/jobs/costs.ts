/** What the record of a job says of what it cost, as the ledger has it. */
import type { Correction } from '../../costs/ledger.ts';
import type { Charge, CostEntry } from '../../costs/spending.ts';
import { CLOSED, isRefused, type Job, type JobDigest } from '../../shared/job.ts';
import type { JobStore } from './store.ts';

/** The entry of a job in the ledger. */
export function costEntryOf(job: Job): CostEntry {
  const { model, baseUrl, provider, characters, tags = [] } = job;
  return {
    ...chargeOf(job),
    ...{ what: 'video', provider, baseUrl, characters, tags },
    ...(model !== undefined && { model }),
  };
}

function chargeOf({ id, createdAt, cost, tags = [] }: Pick<JobDigest, 'id' | 'createdAt' | 'cost' | 'tags'>): Charge {
  return { id, at: createdAt, tags, ...(cost?.estimateUsd !== undefined && { estimateUsd: cost.estimateUsd }) };
}

/** What was known later than the request: what the host charged, that it made nothing, or what it expected of the job itself. */
export function correctionOf(job: JobDigest | Job | undefined): Correction | undefined {
  if (job?.cost?.actualUsd !== undefined) return { actualUsd: job.cost.actualUsd };
  // A request without an answer that was sent again may have made something all the same.
  const mayBeMade = job && isRefused(job) && job.replacedBy !== undefined && job.failure?.code === CLOSED;
  if (job && isRefused(job) && !mayBeMade) return { refused: true };
  const { estimateUsd } = job?.cost ?? {};
  return estimateUsd === undefined ? undefined : { estimateUsd };
}

/** What a budget counts besides the ledger, by what a list shows of jobs: many times faster where there are thousands. */
export function chargesBy(
  jobs: () => Promise<JobStore>,
): (entries: readonly CostEntry[]) => Promise<readonly Charge[]> {
  return async (entries) => {
    const { records } = await (await jobs()).digests();
    const digests = new Map(records.map((job) => [job.id, job]));
    const ids = new Set(entries.map(({ id }) => id));
    return [
      ...entries.map((entry) => ({ ...entry, ...correctionOf(digests.get(entry.id)) })),
      ...records.filter(({ id }) => !ids.has(id)).map((job) => ({ ...chargeOf(job), ...correctionOf(job) })),
    ];
  };
}
