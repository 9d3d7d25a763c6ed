/** `sora video prune`: old records of finished jobs leave this machine. Files and hosts are not touched. */
import type { Context } from '../../context.ts';
import { isFinal, type Job } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { jobTable, warnBroken } from './status.ts';

/** A record is as old as what last happened to it: the end of the job, or the download of its video. */
export async function runVideoPrune(
  context: Context,
  { olderThan, dryRun }: { olderThan: number; dryRun: boolean },
): Promise<undefined> {
  const { ui, runtime } = context;
  const store = await context.jobs();
  const { records, broken } = await store.list();
  warnBroken(context, broken);
  const before = runtime.clock.now() - olderThan * 1000;
  const old = records.filter((job) => isFinal(job.status) && Date.parse(job.updatedAt) < before);
  const removed: Job[] = [];
  for (const job of old) {
    if (!dryRun && !(await store.remove(job.id, ({ status }) => isFinal(status)))) continue;
    removed.push(job);
    // The id is all that leads to a video which was paid for and may still be there.
    const unsaved = job.status === 'succeeded' && job.outputPath === undefined && !job.remoteDeleted;
    if (unsaved) ui.note(`${job.id} was never saved; ${job.provider} calls it ${oneLine(job.remoteId ?? '?', 200)}.`);
  }
  const verb = dryRun ? 'Would remove' : 'Removed';
  ui.result({
    json: removed,
    text:
      removed.length === 0
        ? 'No record is that old.'
        : `${jobTable(context, removed)}\n${verb} ${removed.length} ${removed.length === 1 ? 'record' : 'records'}.`,
    quiet: removed.map(({ id }) => id),
  });
}
