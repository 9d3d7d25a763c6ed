/** From a job to its video: waiting until the host is done, and saving the file. */
import { createDeadline, type Deadline } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import { endedWithoutVideo, isFinal, type Job, type Remote } from '../shared/job.ts';
import type { Task } from '../shared/reporter.ts';
import type { Workspace } from '../workspace.ts';
import { alreadyDownloaded, downloadVideo, type Followed } from './download.ts';
import { jobError } from './jobs/error.ts';
import { deletedError, resumeCommand } from './jobs/find.ts';
import { describe } from './jobs/lifecycle.ts';
import { pollToEnd } from './jobs/poll.ts';
import { createWaitDisplay, type WaitDisplay } from './jobs/wait-display.ts';
import { requireSettled } from './lost/recover.ts';
import { type Output, targetOf } from './output-target.ts';

export interface SaveOptions {
  /** A file, a folder, or a stream; `<id>.mp4` in the working directory unless given. */
  readonly output?: Output;
  /** Replaces a file that is there. */
  readonly force?: boolean;
  /** Accepts a video that is not what was ordered. */
  readonly allowDrift?: boolean;
  /** Looks at what the video shows, and remarks on it; true unless given. */
  readonly isChecked?: boolean;
}

export interface FollowOptions extends SaveOptions {
  /** When it is given up, downloads included: milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly pollIntervalMs?: number | undefined;
  /** Milliseconds until the host is first asked of a job; undefined for one that was created just now. */
  firstPauseMs?(job: Remote): number | undefined;
  /** How many jobs the caller follows now: hosts are asked less often the more of them there are. One unless given. */
  together?(): number;
  /** Whether a failure is told in the answer, and not thrown; unless given, where there is more than one job. */
  readonly isSeveral?: boolean;
  /** Shows the wait; lines of the reporter do unless given. */
  readonly display?: WaitDisplay;
}

/** A wait among others: hosts are asked less often the more of them there are. */
interface Wait extends FollowOptions {
  readonly isSeveral: boolean;
  readonly display: WaitDisplay;
  together(): number;
}

/**
 * Waits until the job has its video. Throws why it has none, `ambiguous` while nobody knows whether its host has it, and
 * `pending` when it is given up or stopped.
 */
export async function followJob(workspace: Workspace, job: Job, options: FollowOptions): Promise<Remote> {
  const wait: Wait = {
    ...{ isSeveral: false, display: createWaitDisplay(workspace, [job], { live: false, saves: false }) },
    ...options,
    together: options.together ?? (() => 1),
  };
  const deadline = createDeadline(workspace.runtime.clock, options.deadlineMs);
  sayAtExit(workspace, job, options);
  const { done, task } = await waitUntilDone(workspace, await requireRemote(workspace, job, deadline), wait, deadline);
  task.done('made, not downloaded yet');
  exitMessages.clear(job.id);
  return done;
}

/**
 * Saves the video of a finished job, verified and compared with what was ordered, unless it is there already. Throws
 * `unverified` for what came damaged or is something else, and `usage` for a place that is taken.
 */
export async function saveVideo(workspace: Workspace, job: Remote, options: SaveOptions = {}): Promise<Followed> {
  const save = withDefaults(options);
  const already = await alreadyDownloaded(workspace, job, save);
  if (already) return already;
  if (job.remoteDeleted) throw deletedError(job);
  const target = await targetOf(workspace, save, job, 'video');
  return downloadVideo(workspace, job, { ...save, target, variant: 'video' });
}

/**
 * Follows every job to its file: first those that are finished, then all others, all at once. Of several, a failure is in the
 * answer; that of a single one is thrown.
 */
export async function followJobs(
  workspace: Workspace,
  jobs: readonly Job[],
  options: FollowOptions,
): Promise<readonly Followed[]> {
  const { isSeveral = jobs.length !== 1 } = options;
  const { display = createWaitDisplay(workspace, jobs, { live: false, saves: true }) } = options;
  let left = jobs.length;
  const follow = async (job: Job): Promise<Followed> => {
    try {
      const done = await followToFile(workspace, job, { ...options, isSeveral, display, together: () => left });
      display.ended?.(done.job);
      return done;
    } catch (error) {
      if (!isSoraError(error) || !isSeveral) throw error;
      error.jobId ??= job.id;
      const current = (await (await workspace.jobs()).find(job.id)) ?? job;
      display.ended?.(current, error);
      return { job: current, error };
    } finally {
      left -= 1;
    }
  };
  const followed = new Map<Job, Followed>();
  for (const group of [jobs.filter(({ status }) => isFinal(status)), jobs.filter(({ status }) => !isFinal(status))]) {
    const answers = await Promise.all(group.map(follow));
    for (const [index, job] of group.entries()) followed.set(job, answers[index] ?? { job });
  }
  return jobs.map((job) => followed.get(job) ?? { job });
}

async function followToFile(workspace: Workspace, known: Job, wait: Wait): Promise<Followed> {
  const save = withDefaults(wait);
  const deadline = createDeadline(workspace.runtime.clock, wait.deadlineMs);
  sayAtExit(workspace, known, wait);
  const job = await requireRemote(workspace, known, deadline);
  const already = await alreadyDownloaded(workspace, job, save);
  if (already) return already;
  if (job.remoteDeleted) throw deletedError(job);
  // Refused before the wait, not after it.
  const target = await targetOf(workspace, save, job, 'video');
  const { done, task } = await waitUntilDone(workspace, job, wait, deadline);
  const saved = await downloadVideo(workspace, done, { ...save, target, variant: 'video', task, deadline });
  exitMessages.clear(job.id);
  return saved;
}

/** The job once its host is known to have it, or to have had it. Throws why there is none, and as `requireSettled`. */
async function requireRemote(workspace: Workspace, known: Job, deadline: Deadline): Promise<Remote> {
  const job = await requireSettled(workspace, known, deadline);
  if (job.remoteId === undefined) throw jobError(job);
  return job;
}

function withDefaults({ output, force = false, allowDrift = false, isChecked = true }: SaveOptions) {
  return { force, allowDrift, isChecked, ...(output !== undefined && { output }) };
}

function sayAtExit(workspace: Workspace, job: Job, options: SaveOptions): void {
  const { id } = job;
  const left = { hint: `Continue with: ${resumeCommand(workspace, job, options)}`, jobId: id };
  const stopped = new SoraError('pending', `Stopped; the record of job ${id} is kept.`, left);
  exitMessages.set(id, () => workspace.reporter.error(stopped));
}

async function waitUntilDone(
  workspace: Workspace,
  job: Remote,
  wait: Wait,
  deadline: Deadline,
): Promise<{ readonly done: Remote; readonly task: Task }> {
  const provider = await workspace.providerOf(job);
  const line = await wait.display.begin(job);
  let seen = job;
  try {
    const done = await pollToEnd(workspace, job, {
      ...{ provider, deadline, pollIntervalMs: wait.pollIntervalMs, firstPauseMs: wait.firstPauseMs?.(job) },
      together: () => wait.together(),
      resume: resumeCommand(workspace, job, wait),
      activity: 'waiting',
      onUpdate: (next) => {
        seen = next;
        line.update(next);
      },
    });
    const failed = jobError(done);
    if (failed) throw await (await import('./jobs/face-refusal.ts')).withNextModel(workspace, done, failed);
    return { done, task: line.task };
  } catch (error) {
    // What is given up is told by the error, once.
    if (isSoraError(error, 'pending')) line.task.stop();
    else line.task.fail(endedWithoutVideo(seen.status) ? describe(seen) : 'not followed');
    throw error;
  }
}
