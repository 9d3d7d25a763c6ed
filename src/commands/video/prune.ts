/** `sora video prune`: old records of finished jobs leave this machine. */

import type { Context } from '../../context.ts';
import { unwrittenJobs } from '../../journal/unwritten-jobs.ts';
import { counted } from '../../shared/text.ts';
import { pruneJobs } from '../../videos/jobs/prune.ts';
import { jobJson } from '../../videos/jobs/record.ts';
import { jobTable } from './status.ts';

export async function runVideoPrune(
  context: Context,
  { olderThan, dryRun }: { olderThan: number; dryRun: boolean },
): Promise<undefined> {
  const removed = await pruneJobs(context, { olderThanSeconds: olderThan, dryRun, needed: unwrittenJobs });
  const verb = dryRun ? 'Would remove' : 'Removed';
  context.ui.result({
    json: removed.map(jobJson),
    text:
      removed.length === 0
        ? 'No record is that old.'
        : `${await jobTable(context, removed)}\n${verb} ${counted(removed.length, 'record')}.`,
    quiet: removed.map(({ id }) => id),
  });
}
