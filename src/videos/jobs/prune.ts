/** Old records of finished jobs leave this machine. Files and hosts are not touched. */

import { readableOf } from '../../disk/listing.ts';
import { hostTitle } from '../../providers/index.ts';
import { isFinal, type Job } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { keepCosts } from '../spending.ts';
import { isNotDownloaded } from './not-downloaded.ts';

/**
 * Removes the records of jobs that ended, and whose video was saved, more than so many seconds ago, and resolves with them; with
 * `dryRun` nothing is removed.
 */
export async function pruneJobs(
  workspace: Workspace,
  {
    olderThanSeconds,
    dryRun = false,
    needed = async () => new Set<string>(),
  }: {
    olderThanSeconds: number;
    dryRun?: boolean;
    /** The ids of those that something still needs. */
    needed?(jobs: readonly Job[]): Promise<ReadonlySet<string>>;
  },
): Promise<readonly Job[]> {
  const { jobs, reporter, runtime } = workspace;
  const store = await jobs();
  const records = readableOf(await store.list(), reporter);
  const before = runtime.clock.now() - olderThanSeconds * 1000;
  // A record is as old as what last happened to it: the end of the job, or the download of its video.
  const past = records.filter((job) => isFinal(job.status) && Date.parse(job.updatedAt) < before);
  const kept = await needed(past);
  const old = past.filter(({ id }) => !kept.has(id));
  if (kept.size > 0)
    reporter.note(
      `${kept.size} more ${kept.size === 1 ? 'is' : 'are'} kept: the journal of a batch or a film lacks what they know.`,
    );
  if (!dryRun) await keepCosts(workspace, old);
  const removed: Job[] = [];
  for (const job of old) {
    if (!dryRun && !(await store.remove(job.id, ({ status }) => isFinal(status)))) continue;
    removed.push(job);
    // The id is all that leads to a video which was paid for and may still be there.
    if (job.remoteId !== undefined && isNotDownloaded(job))
      reporter.note(`${job.id} was never saved; ${hostTitle(job)} calls it ${oneLine(job.remoteId, 200)}.`);
  }
  return removed;
}
