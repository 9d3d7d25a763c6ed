/** How jobs stand now: each asked of its host once, or watched until it is final. Nothing is downloaded. */
import { readableOf } from '../../disk/listing.ts';
import { createDeadline } from '../../shared/deadline.ts';
import { isSoraError, type SoraError } from '../../shared/errors.ts';
import { isFinal, isUnanswered, type Job } from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';
import { resolveUnknown, unresolvedError } from '../lost/recover.ts';
import { accountHere } from './account.ts';
import { jobCommand } from './command.ts';
import { jobError } from './error.ts';
import { saveProgress, stillRunning } from './find.ts';
import { refreshJob } from './lifecycle.ts';
import { pollToEnd } from './poll.ts';
import { createWaitDisplay, type WaitDisplay } from './wait-display.ts';

export interface JobStatusAnswer {
  readonly job: Job;
  /** Why the host could not be asked, or could not tell which of its videos is this one. */
  readonly error?: SoraError;
  /** Of a job that is still unresolved. */
  readonly unresolved?: SoraError;
}

/** Requests at once: enough for a full list, few enough for a host's rate limit. */
const CONCURRENCY = 8;

/** Every job that is not final; a record that cannot be read is a warning. */
export async function unfinishedJobs({ jobs, reporter }: Workspace): Promise<readonly Job[]> {
  return readableOf(await (await jobs()).list(), reporter).filter((job) => !isFinal(job.status));
}

/** Asks the host of each job once. A failure is in its answer; only an abort is thrown. */
export function askJobs(workspace: Workspace, jobs: readonly Job[]): Promise<readonly JobStatusAnswer[]> {
  return mapAtOnce(jobs, (job) => ask(workspace, job));
}

/** Why there is no video: the job has ended without one, or is not finished. Undefined for one that succeeded. */
export function statusError({ job, error, unresolved }: JobStatusAnswer): SoraError | undefined {
  return unresolved ?? error ?? (isFinal(job.status) ? jobError(job) : stillRunning(job));
}

async function ask(workspace: Workspace, job: Job): Promise<JobStatusAnswer> {
  const { clock, signal } = workspace.runtime;
  try {
    if (isUnanswered(job)) return await lookFor(workspace, job);
    if (job.remoteId === undefined || isFinal(job.status)) return { job };
    const accounts = await accountHere(workspace, job);
    const provider = await workspace.providerOf(job);
    const { job: next } = await refreshJob(job, { provider, clock, signal, accounts });
    if (next === job) return { job };
    return { job: await saveProgress(workspace, next) };
  } catch (error) {
    if (!isSoraError(error) || signal.aborted) throw error;
    return { job, error };
  }
}

/** A video that is found is an answer, and so is that none can be it; several that could be it are for the user to tell. */
async function lookFor(workspace: Workspace, job: Job): Promise<JobStatusAnswer> {
  const known = await resolveUnknown(workspace, job);
  if (!isUnanswered(known.job)) return { job: known.job };
  const unresolved = unresolvedError(known);
  const { candidates, isSending, trouble } = known;
  workspace.reporter.event({
    event: 'unresolved',
    jobId: job.id,
    isSending,
    candidates: candidates.map(({ id, status, createdAt }) => ({ id, status, createdAt })),
    ...(!isSending && { resend: jobCommand(workspace, 'resend', job), close: jobCommand(workspace, 'close', job) }),
  });
  const error = trouble ?? (candidates.length > 0 ? unresolved : undefined);
  return { job: known.job, unresolved, ...(error && { error }) };
}

/** Polls all of them until each is final, without a deadline. A failure, an abort included, is in the answer. */
export async function watchJobs(
  workspace: Workspace,
  jobs: readonly Job[],
  { display = createWaitDisplay(workspace, jobs, { live: false, saves: false }) }: { display?: WaitDisplay } = {},
): Promise<readonly JobStatusAnswer[]> {
  const { clock } = workspace.runtime;
  const store = await workspace.jobs();
  let left = jobs.filter(({ status }) => !isFinal(status)).length;
  const watch = async (job: Job): Promise<JobStatusAnswer> => {
    if (isFinal(job.status)) return { job };
    const line = await display.begin(job);
    try {
      const found = isUnanswered(job) ? await lookFor(workspace, job) : { job };
      if (found.job.remoteId === undefined) return found;
      const done = await pollToEnd(workspace, found.job, {
        provider: await workspace.providerOf(job),
        deadline: createDeadline(clock, Number.POSITIVE_INFINITY),
        ...{ pollIntervalMs: undefined, firstPauseMs: 0 },
        together: () => left,
        resume: `sora video status ${job.id} --watch`,
        activity: 'watching',
        onUpdate: (next) => line.update(next),
      });
      return { job: done };
    } catch (error) {
      if (!isSoraError(error)) throw error;
      return { job: (await store.find(job.id)) ?? job, error };
    } finally {
      left -= 1;
      line.task.stop();
    }
  };
  return Promise.all(
    jobs.map(async (job) => {
      const answer = await watch(job);
      display.ended?.(answer.job, answer.unresolved ?? answer.error);
      return answer;
    }),
  );
}

async function mapAtOnce<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await each(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}
