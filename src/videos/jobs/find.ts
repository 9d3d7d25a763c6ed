/** Job records as the commands use them: found by what the user typed and brought up to date. */

import { hostTitle } from '../../providers/index.ts';
import { isSoraError, SoraError, throwProblems } from '../../shared/errors.ts';
import { isFinal, type Job, type Refused, type Remote } from '../../shared/job.ts';
import { option } from '../../shared/options.ts';
import { shellOption, shellQuote } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { requireSettled } from '../lost/recover.ts';
import type { Output } from '../output-target.ts';
import { accountHere } from './account.ts';
import { jobCommand } from './command.ts';
import { jobError } from './error.ts';
import { describe, mergeJobRecords, refreshJob } from './lifecycle.ts';
import type { JobScope } from './store.ts';
import { forgetUnreadClips } from './unread-clips.ts';

/** How much of an id a command wants that closes or removes what was paid for, or pays for it again. */
export const CAREFUL = { leastChars: 8 } as const;

/** How much of an id is enough: one character unless given, if no other job has it. */
type Wanted = Pick<JobScope, 'leastChars'>;

/** The newest jobs, so many. */
const LAST = /^@last:([1-9]\d{0,3})$/;

/** With the ids of jobs in the place of `@last:3`, in the order in which they were sent. Throws `usage` where there are fewer. */
export async function expandLast(workspace: Workspace, names: readonly string[]): Promise<readonly string[]> {
  const expanded: string[] = [];
  for (const name of names) {
    const count = Number(LAST.exec(name)?.[1]);
    if (Number.isNaN(count)) expanded.push(name);
    else {
      const found = await (await workspace.jobs()).newest(count, await workspace.profileName());
      if (found.length < count)
        throw new SoraError('usage', `There are fewer jobs than ${name} names: ${found.length}.`, {
          hint: 'See the jobs of this machine: sora video list',
        });
      expanded.push(...found.map(({ id }) => id).toReversed());
    }
  }
  return expanded;
}

/**
 * The records of ids that the user gave, whole, by unique beginnings, or as `@last` and `@last:3`, each once. Every one that is empty, unknown,
 * ambiguous or too short is named in one `usage`.
 */
export async function findJobs(
  workspace: Workspace,
  given: readonly string[],
  { leastChars = 1 }: Wanted = {},
): Promise<readonly Job[]> {
  const ids = await expandLast(workspace, given);
  const store = await workspace.jobs();
  const scope = { profile: await workspace.profileName(), leastChars };
  const found = await Promise.all(
    ids.map(async (id): Promise<{ id: string; job?: Job | undefined; problem?: SoraError }> => {
      try {
        return { id, job: await store.find(id, scope) };
      } catch (problem) {
        if (!isSoraError(problem, 'usage')) throw problem;
        return { id, problem };
      }
    }),
  );
  const missing = found.filter(({ job, problem }) => !job && !problem).map(({ id }) => id);
  const named = missing.filter((id) => id.trim() !== '');
  throwProblems([
    ...(named.length === missing.length ? [] : [emptyId()]),
    ...(named.length === 0 ? [] : [unknownJob(named.join(', '))]),
    ...found.flatMap(({ problem }) => problem ?? []),
  ]);
  const jobs = found.flatMap(({ job }) => job ?? []);
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}

/** The record of the one id that the user gave. Throws `usage` as `findJobs`. */
export async function findJob(workspace: Workspace, id: string, wanted?: Wanted): Promise<Job> {
  const [job, other] = await findJobs(workspace, [id], wanted);
  if (other)
    throw new SoraError('usage', `${id} names several jobs, and one is wanted here.`, {
      hint: 'The newest one is @last. See them all: sora video list',
    });
  if (!job) throw unknownJob(id);
  return job;
}

/** Of a script whose variable is not set. */
function emptyId(): SoraError {
  return new SoraError('usage', 'The id of a job is empty.', {
    hint: 'See the jobs of this machine: sora video list',
  });
}

function unknownJob(id: string): SoraError {
  return new SoraError('usage', id === '@last' ? 'There is no job yet.' : `There is no job ${id} on this machine.`, {
    hint: id === '@last' ? 'Make one: sora video generate <prompt>' : 'See the jobs of this machine: sora video list',
  });
}

/** What a wait was asked for, as far as the command that continues it must say it again. */
export interface Resumable {
  readonly output?: Output;
  readonly force?: boolean;
  readonly allowDrift?: boolean;
  readonly isChecked?: boolean;
  /** Seconds. */
  readonly pollInterval?: number;
}

/** The command that goes on with a wait, as the user would type it: to the same host, for the same file. */
export function resumeCommand(
  { selection }: Pick<Workspace, 'selection'>,
  jobs: Job | readonly Job[],
  wish: Resumable,
): string {
  const words: string[] = [];
  if (wish.output !== undefined)
    words.push(shellOption('output', typeof wish.output === 'string' ? shellQuote(wish.output) : '-'));
  if (wish.force) words.push(option('force'));
  if (wish.allowDrift) words.push(option('allowDrift'));
  if (wish.isChecked === false) words.push(option('noCheck'));
  return jobCommand({ selection }, 'wait', jobs, words);
}

/**
 * Writes down what a host said of a job. A full disk is no reason to end a wait: the host still has the job, so that is
 * a warning. Resolves with the record as it is then.
 */
export async function saveProgress(workspace: Workspace, next: Remote): Promise<Remote> {
  try {
    let before: Job | undefined;
    const kept = await (await workspace.jobs()).update(next.id, (current) => {
      before = current;
      return mergeJobRecords(current, next);
    });
    const isNew = before?.remoteId === undefined || before.failure === undefined;
    if (isNew) await forgetUnreadClips(workspace, next);
    return kept;
  } catch (error) {
    if (!isSoraError(error)) throw error;
    workspace.reporter.warn(`${next.id}: its record was not updated: ${error.message}`);
    return next;
  }
}

/** The record as it is now: of an unfinished job, after its host was asked. */
export async function refreshed(workspace: Workspace, job: Remote): Promise<Remote> {
  if (isFinal(job.status)) return job;
  const { clock, signal } = workspace.runtime;
  const accounts = await accountHere(workspace, job);
  const { job: next } = await refreshJob(job, { provider: await workspace.providerOf(job), clock, signal, accounts });
  return saveProgress(workspace, next);
}

/** The same of any job. Throws `ambiguous` for one that cannot be found. */
export async function upToDate(workspace: Workspace, known: Job): Promise<Refused | Remote> {
  const job = await requireSettled(workspace, known);
  return job.remoteId === undefined ? job : refreshed(workspace, job);
}

/** The same, of a job whose video is at its host. Throws `pending` for one that is not finished, and why it has no video. */
export async function finishedJob(workspace: Workspace, job: Job): Promise<Remote> {
  const current = await upToDate(workspace, job);
  if (current.status !== 'succeeded') throw jobError(current) ?? stillRunning(current);
  if (current.remoteDeleted) throw deletedError(current);
  return current;
}

export function stillRunning(job: Job): SoraError {
  return new SoraError('pending', `Job ${job.id} is still ${describe(job)}.`, {
    hint: `Wait for it: sora video wait ${job.id}`,
    jobId: job.id,
  });
}

/** The video is gone from its host, by the user's own wish. */
export function deletedError(job: Remote): SoraError {
  return new SoraError('refused', `The video of job ${job.id} was deleted at ${hostTitle(job)}.`, {
    hint:
      job.output === undefined
        ? 'It was never saved here. Make a new one: sora video generate <prompt>'
        : `It was saved here as ${job.output.path}`,
    jobId: job.id,
  });
}
