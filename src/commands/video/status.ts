/** What is known of the jobs of this machine: `video status` asks their hosts, `video list` does not. */
import type { Context } from '../../context.ts';
import { describeCosts, formatJobCost } from '../../costs/cost.ts';
import { readableOf } from '../../disk/listing.ts';
import { exitOf } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import type { Job, JobDigest } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { replacedHint } from '../../videos/jobs/error.ts';
import { findJobs } from '../../videos/jobs/find.ts';
import { describeWithFile, findNotDownloaded, isNotDownloaded } from '../../videos/jobs/not-downloaded.ts';
import { jobJson } from '../../videos/jobs/record.ts';
import { shownIds } from '../../videos/jobs/short-id.ts';
import type { WaitDisplay } from '../../videos/jobs/wait-display.ts';

/** `sora video status [<id>...]`: exits 0 if it could ask, unless `exitStatus` wants the job's own fate. */
export async function runVideoStatus(
  context: Context,
  input: { ids: readonly string[]; watch: boolean; exitStatus: boolean },
): Promise<number> {
  const { ui } = context;
  const { askJobs, statusError, unfinishedJobs, watchJobs } = await import('../../videos/jobs/status.ts');
  // A profile that is not there is a mistake, also where no job needs it.
  await context.profileName();
  const jobs = input.ids.length > 0 ? await findJobs(context, input.ids) : await unfinishedJobs(context);
  const asked = input.watch
    ? await watchJobs(context, jobs, { display: await displayOf(context, jobs) })
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
        : await jobTable(
            context,
            asked.map(({ job }) => job),
          ),
    quiet: asked.map(({ job }) => job.id),
  });
  for (const { job, error, unresolved } of asked) {
    if (unresolved && !error) ui.note(`${unresolved.message} ${unresolved.hint ?? ''}`);
    const hint = replacedHint(job, 'status');
    if (hint !== undefined) ui.note(`Job ${job.id} is over. ${hint}`);
  }
  // Without an id it is about all jobs of this machine.
  const shown = input.ids.length > 0 ? asked.map(({ job }) => job) : (await (await context.jobs()).digests()).records;
  noteNotDownloaded(context, shown);
  if (!input.exitStatus) return exitOf(asked);
  return exitOf(asked.map(statusError).flatMap((error) => (error ? [{ error }] : [])));
}

async function displayOf(context: Context, jobs: readonly Job[]): Promise<WaitDisplay> {
  const { createWaitDisplay } = await import('../../videos/jobs/wait-display.ts');
  return createWaitDisplay(context, jobs, { live: context.ui.live, saves: false });
}

export interface ListFlags {
  readonly status?: string;
  /** Seconds back from now. */
  readonly since?: number;
  /** Only jobs that have one of them; any job without any. */
  readonly tag: readonly string[];
  readonly notDownloaded: boolean;
  /** At most so many, the newest. */
  readonly limit?: number;
}

/** `sora video list` */
export async function runVideoList(context: Context, flags: ListFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const { provider } = context.globals;
  // A word that is no host's name would list nothing, as if there were no jobs.
  if (provider !== undefined) (await import('../../settings/choose-provider.ts')).providerName(provider);
  const store = await context.jobs();
  const wanted = filterOf(flags, runtime.clock.now());
  const whole = async (): Promise<readonly Job[]> => {
    const jobs = readableOf(await store.list(), ui);
    return provider === undefined ? jobs : jobs.filter((job) => job.provider === provider);
  };
  // A document has all of each job, and only whole ones tell their host; a table needs little of it.
  if (ui.json) {
    ui.result({ json: wanted(await whole()).map(jobJson), text: '' });
    return;
  }
  const all: readonly JobDigest[] = provider === undefined ? readableOf(await store.digests(), ui) : await whole();
  const jobs = wanted(all);
  ui.result({
    json: undefined,
    text: jobs.length === 0 ? 'No jobs.' : await jobTable(context, jobs),
    quiet: jobs.map(({ id }) => id),
  });
  const costs = describeCosts(jobs);
  if (costs !== undefined) ui.note(costs);
  noteNotDownloaded(context, all);
}

/** The newest first, as they are given. */
function filterOf({ status, since, tag, notDownloaded, limit }: ListFlags, nowMs: number) {
  const from = since === undefined ? undefined : new Date(nowMs - since * 1000).toISOString();
  return <J extends JobDigest>(jobs: readonly J[]): readonly J[] =>
    jobs
      .filter(
        (job) =>
          (status === undefined || job.status === status) &&
          (from === undefined || job.createdAt >= from) &&
          (tag.length === 0 || job.tags?.some((one) => tag.includes(one))) &&
          (!notDownloaded || isNotDownloaded(job)),
      )
      .slice(0, limit);
}

/** Says which finished videos are still to be fetched, and how. */
function noteNotDownloaded({ ui, runtime }: Context, jobs: readonly JobDigest[]): void {
  const found = findNotDownloaded(jobs, runtime.clock.now());
  if (found) ui.note(`${found.what}. ${found.how}: ${found.command}`);
}

/** A prompt in a list: more than the widest terminal shows, and not a page. */
const PROMPT_CHARS = 900;

export async function jobTable({ ui, runtime, jobs: store }: Context, jobs: readonly JobDigest[]): Promise<string> {
  const nowMs = runtime.clock.now();
  const shown = await shownIds(
    store,
    runtime.stdout,
    jobs.map(({ id }) => id),
  );
  return ui.table(
    ['JOB', 'STATUS', 'VIDEO', 'CAST', 'COST', 'CREATED', 'PROMPT'],
    jobs.map((job) => [
      shown(job.id),
      describeWithFile(job, nowMs),
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
