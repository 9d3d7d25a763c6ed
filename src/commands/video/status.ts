/** What is known of jobs: `video status`, `video list`, `video show`. */
import type { Context } from '../../context.ts';
import { describeCosts, formatJobCost, formatUsd } from '../../costs/cost.ts';
import type { Listing } from '../../disk/records.ts';
import { createDeadline } from '../../shared/deadline.ts';
import { exitOf, isSoraError, type SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { isFinal, isUnresolved, type Job, type JobDigest } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { findJobs, saveProgress, stillRunning } from '../../videos/find-jobs.ts';
import { jobCommand } from '../../videos/job-command.ts';
import { describe, jobError, refreshJob, waitForJob } from '../../videos/lifecycle.ts';
import { resolveUnknown, unresolvedError } from '../../videos/lost/recover.ts';
import { createWaitDisplay } from './wait-display.ts';

interface Asked {
  readonly job: Job;
  /** Why the host could not be asked, or could not tell which of its videos is this one. */
  readonly error?: SoraError;
  /** Of an unresolved job. */
  readonly unresolved?: SoraError;
}

/** Requests at once: enough for a full list, few enough for a host's rate limit. */
const AT_ONCE = 8;

/** `sora video status [<id>...]`: exits 0 if it could ask, unless `exitStatus` wants the job's own fate. */
export async function runVideoStatus(
  context: Context,
  input: { ids: readonly string[]; watch: boolean; exitStatus: boolean },
): Promise<number> {
  const { ui } = context;
  // A profile that is not there is a mistake, also where no job needs it.
  await context.profileName();
  const jobs = input.ids.length > 0 ? await findJobs(context, input.ids) : await unfinished(context);
  const asked = input.watch ? await watch(context, jobs) : await mapAtOnce(jobs, (job) => ask(context, job));
  for (const { job, error } of asked) {
    if (!error) continue;
    error.jobId ??= job.id;
    ui.error(error);
  }
  const only = input.ids.length === 1 ? asked[0] : undefined;
  ui.result({
    json: only ? only.job : asked.map(({ job }) => job),
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
  const fates = asked.map((one) => one.unresolved ?? one.error ?? fateOf(one.job));
  return exitOf(fates.flatMap((error) => (error ? [{ error }] : [])));
}

function fateOf(job: Job): SoraError | undefined {
  if (isFinal(job.status)) return jobError(job);
  return stillRunning(job);
}

async function unfinished(context: Context): Promise<readonly Job[]> {
  const { records, broken } = await (await context.jobs()).list();
  warnBroken(context, broken);
  return records.filter((job) => !isFinal(job.status));
}

async function ask(context: Context, job: Job): Promise<Asked> {
  if (isFinal(job.status)) return { job };
  try {
    if (isUnresolved(job)) return await lookFor(context, job);
    const { clock, signal } = context.runtime;
    const { job: next } = await refreshJob(job, { provider: await context.providerOf(job), clock, signal });
    if (next === job) return { job };
    return { job: await saveProgress(context, next) };
  } catch (error) {
    if (!isSoraError(error) || context.runtime.signal.aborted) throw error;
    return { job, error };
  }
}

/** A video that is found is an answer, and so is that none can be it; several that could be it are for the user to tell. */
async function lookFor(context: Context, job: Job): Promise<Asked> {
  const known = await resolveUnknown(context, job);
  if (!isUnresolved(known.job)) return { job: known.job };
  const unresolved = unresolvedError(known);
  const { candidates, isSending, trouble } = known;
  context.ui.event({
    event: 'unresolved',
    jobId: job.id,
    isSending,
    candidates: candidates.map(({ id, status, createdAt }) => ({ id, status, createdAt })),
    ...(!isSending && { resend: jobCommand(context, 'resend', job), close: jobCommand(context, 'close', job) }),
  });
  const error = trouble ?? (candidates.length > 0 ? unresolved : undefined);
  return { job: known.job, unresolved, ...(error && { error }) };
}

async function watch(context: Context, jobs: readonly Job[]): Promise<readonly Asked[]> {
  const { ui, runtime } = context;
  const store = await context.jobs();
  const waiting = createWaitDisplay(context);
  const say = (job: Job): string => `${job.id} ${describe(job)}`;
  let left = jobs.filter(({ status }) => !isFinal(status)).length;
  const asked = await Promise.all(
    jobs.map(async (job): Promise<Asked> => {
      if (isFinal(job.status)) return { job };
      const line = ui.live || jobs.length === 1 ? await waiting(job, say(job)) : undefined;
      try {
        const found = isUnresolved(job) ? await lookFor(context, job) : { job };
        if (isUnresolved(found.job)) return found;
        const done = await waitForJob({
          job: found.job,
          provider: await context.providerOf(job),
          clock: runtime.clock,
          signal: runtime.signal,
          deadline: createDeadline(runtime.clock, Number.POSITIVE_INFINITY),
          pollIntervalMs: undefined,
          together: () => left,
          firstPauseMs: 0,
          resume: `sora video status ${job.id} --watch`,
          save: async (next) => void (await saveProgress(context, next)),
          onUpdate: (next) => {
            if (line) line.update(next, say(next));
            else if (next.status !== job.status || isFinal(next.status)) ui.note(say(next));
            ui.event({
              event: 'progress',
              jobId: next.id,
              status: next.status,
              ...(next.progress !== undefined && { progress: next.progress }),
            });
          },
          onPollError: (error) => ui.warn(`${job.id}: polling failed, still watching: ${error.message}`),
        });
        return { job: done };
      } catch (error) {
        if (!isSoraError(error)) throw error;
        return { job: (await store.find(job.id)) ?? job, error };
      } finally {
        left -= 1;
        line?.task.stop();
      }
    }),
  );
  return asked;
}

/** `sora video list` */
export async function runVideoList(context: Context, { status }: { status?: string }): Promise<undefined> {
  const { ui } = context;
  const store = await context.jobs();
  const wanted = <T extends JobDigest>({ records, broken }: Listing<T>): readonly T[] => {
    warnBroken(context, broken);
    return records.filter((job) => status === undefined || job.status === status);
  };
  // A document has all of each job; a table needs little of it.
  const documents = ui.json ? wanted(await store.list()) : undefined;
  const jobs = documents ?? wanted(await store.digests());
  ui.result({
    json: documents,
    text: ui.json ? '' : jobs.length === 0 ? 'No jobs.' : jobTable(context, jobs),
    quiet: jobs.map(({ id }) => id),
  });
  const costs = describeCosts(jobs);
  if (costs !== undefined) ui.note(costs);
}

/** `sora video show <id>` */
export async function runVideoShow(context: Context, id: string): Promise<undefined> {
  const [job] = await findJobs(context, [id]);
  if (!job) return;
  const { paint } = context.ui;
  const facts: [string, string | undefined][] = [
    ['status', describe(job)],
    ['reason', job.failure && oneLine(job.failure.message)],
    ['prompt', oneLine(job.request.prompt, 2000)],
    ['made from', job.request.from && `${job.request.from.jobId} (${job.request.from.kind})`],
    ['characters', job.characters.join(', ') || undefined],
    [
      'video',
      `${formatSize(job.request.size)}, ${job.request.seconds} s${job.model === undefined ? '' : `, ${job.model}`}`,
    ],
    ['cost', costOf(job)],
    ['file', job.outputPath],
    [
      'host',
      `${job.provider} at ${job.baseUrl}${job.remoteId === undefined ? '' : `, as ${oneLine(job.remoteId, 200)}`}${job.remoteDeleted ? ' (deleted there)' : ''}`,
    ],
    ['created', context.ui.date(job.createdAt)],
    ['expires', job.expiresAt && context.ui.date(job.expiresAt)],
  ];
  const text = facts
    .flatMap(([name, value]) => (value === undefined ? [] : `  ${name.padEnd(10)}  ${oneLine(value, 4000)}`))
    .join('\n');
  context.ui.result({ json: job, text: `${paint.bold(job.id)}\n${text}`, quiet: [job.id], prose: true });
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

export function warnBroken(
  { ui }: Context,
  broken: readonly { readonly path: string; readonly reason: string }[],
): void {
  for (const { path, reason } of broken) ui.warn(`Skipped ${path}: ${reason}`);
}

async function mapAtOnce<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await each(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
