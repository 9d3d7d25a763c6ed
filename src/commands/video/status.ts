/** What is known of jobs: `video status`, `video list`, `video show`. */
import type { Context } from '../../context.ts';
import { describeCosts, formatJobCost, formatUsd } from '../../costs/cost.ts';
import { readableOf } from '../../disk/listing.ts';
import { exitOf } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { isFinal, type Job, type JobDigest, type Remote } from '../../shared/job.ts';
import { SILENT_TASK } from '../../shared/reporter.ts';
import { oneLine } from '../../shared/text.ts';
import { findJob, findJobs } from '../../videos/find-jobs.ts';
import { jobJson } from '../../videos/job-record.ts';
import { describe } from '../../videos/lifecycle.ts';
import type { BeginWait } from '../../videos/wait-display.ts';

/** `sora video status [<id>...]`: exits 0 if it could ask, unless `exitStatus` wants the job's own fate. */
export async function runVideoStatus(
  context: Context,
  input: { ids: readonly string[]; watch: boolean; exitStatus: boolean },
): Promise<number> {
  const { ui } = context;
  const { askJobs, fateOf, unfinishedJobs, watchJobs } = await import('../../videos/status.ts');
  // A profile that is not there is a mistake, also where no job needs it.
  await context.profileName();
  const jobs = input.ids.length > 0 ? await findJobs(context, input.ids) : await unfinishedJobs(context);
  const asked = input.watch
    ? await watchJobs(context, jobs, { begin: await beginOf(context, jobs.length) })
    : await askJobs(context, jobs);
  for (const { job, error } of asked) {
    if (!error) continue;
    error.jobId ??= job.id;
    ui.error(error);
  }
  const only = input.ids.length === 1 ? asked[0] : undefined;
  ui.result({
    json: only ? jobJson(only.job) : asked.map(({ job }) => jobJson(job)),
    text:
      asked.length === 0
        ? 'No job is unfinished.'
        : jobTable(
            context,
            asked.map(({ job }) => job),
          ),
    quiet: asked.map(({ job }) => job.id),
  });
  for (const { error, unresolved } of asked) {
    if (unresolved && !error) ui.note(`${unresolved.message} ${unresolved.hint ?? ''}`);
  }
  if (!input.exitStatus) return exitOf(asked);
  return exitOf(asked.map(fateOf).flatMap((error) => (error ? [{ error }] : [])));
}

/** A line that moves on a terminal, and for a single job; of several elsewhere, each change of status is a note. */
async function beginOf(context: Context, count: number): Promise<BeginWait> {
  const { ui } = context;
  const { waitLines } = await import('../../videos/wait-display.ts');
  if (ui.live || count === 1) return waitLines(context, ui);
  return async (job) => ({
    task: SILENT_TASK,
    update: (next, text) => {
      if (next.status !== job.status || isFinal(next.status)) ui.note(text);
    },
  });
}

/** `sora video list` */
export async function runVideoList(context: Context, { status }: { status?: string }): Promise<undefined> {
  const { ui } = context;
  const store = await context.jobs();
  const wanted = <T extends { readonly status: string }>(records: readonly T[]): readonly T[] =>
    records.filter((job) => status === undefined || job.status === status);
  // A document has all of each job; a table needs little of it.
  const documents = ui.json ? wanted(readableOf(await store.list(), ui)) : undefined;
  const jobs = documents ?? wanted(readableOf(await store.digests(), ui));
  ui.result({
    json: documents?.map(jobJson),
    text: ui.json ? '' : jobs.length === 0 ? 'No jobs.' : jobTable(context, jobs),
    quiet: jobs.map(({ id }) => id),
  });
  const costs = describeCosts(jobs);
  if (costs !== undefined) ui.note(costs);
}

/** `sora video show <id>` */
export async function runVideoShow(context: Context, id: string): Promise<undefined> {
  const job = await findJob(context, id);
  const { paint } = context.ui;
  const failure = job.status === 'submitting' ? undefined : job.failure;
  const { output, remoteDeleted, expiresAt } = job.remoteId === undefined ? ({} as Partial<Remote>) : job;
  const facts: [string, string | undefined][] = [
    ['status', describe(job)],
    ['reason', failure && oneLine(failure.message)],
    ['prompt', oneLine(job.request.prompt, 2000)],
    ['made from', job.request.from && `${job.request.from.jobId} (${job.request.from.kind})`],
    ['characters', job.characters.join(', ') || undefined],
    [
      'video',
      `${formatSize(job.request.size)}, ${job.request.seconds} s${job.model === undefined ? '' : `, ${job.model}`}`,
    ],
    ['cost', costOf(job)],
    ['file', output?.path],
    [
      'host',
      `${job.provider} at ${job.baseUrl}${job.remoteId === undefined ? '' : `, as ${oneLine(job.remoteId, 200)}`}${remoteDeleted ? ' (deleted there)' : ''}`,
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
  return `${text}${told} (${asOf ?? 'undated'}: ${oneLine(source ?? 'source unknown', 200)})`;
}

/** A prompt in a list: more than the widest terminal shows, and not a page. */
const PROMPT_CHARS = 900;

export function jobTable({ ui }: Context, jobs: readonly JobDigest[]): string {
  return ui.table(
    ['JOB', 'STATUS', 'VIDEO', 'CAST', 'COST', 'CREATED', 'PROMPT'],
    jobs.map((job) => [
      job.id,
      describe(job),
      `${formatSize(job.request.size)} ${job.request.seconds} s`,
      job.characters.join(', ') || '-',
      formatJobCost(job),
      ui.time(job.createdAt),
      oneLine(job.request.prompt, PROMPT_CHARS),
    ]),
    // A status with its progress is whole in 80 columns, whatever else is as wide as it gets.
    { STATUS: 12, CAST: 3, PROMPT: 2 },
  );
}
