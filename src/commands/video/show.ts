/** `sora video show`: the record of one job, without asking its host. */

import type { Context } from '../../context.ts';
import { formatJobCost, formatUsd, priceBasis } from '../../costs/cost.ts';
import { hostAddress } from '../../providers/index.ts';
import { formatSize } from '../../shared/geometry.ts';
import { isRefused, type Job, type Remote } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { findJob } from '../../videos/jobs/find.ts';
import { describe } from '../../videos/jobs/lifecycle.ts';
import { isNotDownloaded } from '../../videos/jobs/not-downloaded.ts';
import { jobJson } from '../../videos/jobs/record.ts';

/** `sora video show <id>` */
export async function runVideoShow(context: Context, id: string): Promise<undefined> {
  const job = await findJob(context, id);
  const { paint } = context.ui;
  const failure = job.status === 'submitting' ? undefined : job.failure;
  const { output, remoteDeleted, expiresAt } = job.remoteId === undefined ? ({} as Partial<Remote>) : job;
  const facts: [string, string | undefined][] = [
    ['status', describe(job)],
    ['reason', failure && oneLine(failure.message)],
    ['replaced', job.remoteId === undefined && isRefused(job) && job.replacedBy ? `by ${job.replacedBy}` : undefined],
    ['prompt', oneLine(job.request.prompt, 2000)],
    ['made from', job.request.from && `${job.request.from.jobId} (${job.request.from.kind})`],
    ['characters', job.characters.join(', ') || undefined],
    [
      'video',
      `${formatSize(job.request.size)}, ${job.request.seconds} s${job.model === undefined ? '' : `, ${job.model}`}`,
    ],
    ['cost', costOf(job)],
    ['file', isNotDownloaded(job) ? 'not downloaded' : output?.path],
    ['check', output?.check && (output.check.remarks.map(({ message }) => message).join(' ') || 'nothing to remark')],
    [
      'host',
      `${hostAddress(job)}${job.remoteId === undefined ? '' : `, as ${oneLine(job.remoteId, 200)}`}${remoteDeleted ? ' (deleted there)' : ''}`,
    ],
    ['created', context.ui.date(job.createdAt)],
    ['expires', expiresAt && context.ui.date(expiresAt)],
  ];
  const text = facts
    .flatMap(([name, value]) => (value === undefined ? [] : `  ${name.padEnd(10)}  ${oneLine(value, 4000)}`))
    .join('\n');
  context.ui.result({ json: jobJson(job), text: `${paint.bold(job.id)}\n${text}`, quiet: [job.id], prose: true });
}

function costOf(job: Job): string {
  const { asOf, source, estimateUsd, actualUsd } = job.cost ?? {};
  const text = formatJobCost(job);
  if (estimateUsd === undefined) return text;
  const told = actualUsd === undefined ? '' : `, ~${formatUsd(estimateUsd)} expected`;
  const from = oneLine(source ?? 'of an unknown source', 200);
  return `${text}${told} (${asOf === undefined ? from : priceBasis({ usd: estimateUsd, asOf, source: from })})`;
}
