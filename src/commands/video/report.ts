/** `sora video report`: jobs and their videos as a page to look at and to hand on. */

import type { Context } from '../../context.ts';
import { readableOf } from '../../disk/listing.ts';
import { writeJobReport } from '../../report/job-report.ts';
import { counted } from '../../shared/text.ts';
import { findJobs } from '../../videos/jobs/find.ts';

export interface ReportFlags {
  /** Every finished job unless given. */
  readonly ids: readonly string[];
  readonly output: string;
  readonly force: boolean;
}

/** The named jobs in their order; without a name every one that has its video, oldest first. */
export async function runVideoReport(context: Context, { ids, output, force }: ReportFlags): Promise<undefined> {
  const jobs = ids.length > 0 ? await findJobs(context, ids) : await finished(context);
  const report = await writeJobReport(context, { jobs, output, force });
  const text = `${report.path}: ${counted(report.jobs.length, 'job')}, ${counted(report.videos, 'video')} in it`;
  context.ui.result({ json: report, text, quiet: [report.path] });
}

async function finished(context: Context) {
  const all = readableOf(await (await context.jobs()).list(), context.ui);
  return all.filter(({ status }) => status === 'succeeded').toReversed();
}
