/** How a wait for jobs is shown: how far each is, how long it has been, and how long it will still take. */
import { isSoraError } from '../../shared/errors.ts';
import { isFinal, type Job, type Remote } from '../../shared/job.ts';
import type { Reporter, Task } from '../../shared/reporter.ts';
import { formatDuration, formatRange } from '../../shared/time.ts';
import type { Workspace } from '../../workspace.ts';
import { describe } from './lifecycle.ts';
import { estimateTimeLeft } from './time-left.ts';

/** The wait for one job, as it is shown. */
export interface WaitLine {
  readonly task: Task;
  /** The job is as `next` says; `plain` is what is said of it where lines do not move. */
  update(next: Remote, plain: string): void;
}

/** Lines that move where the reporter shows them, else what is told of a job. */
export function waitLines(workspace: Workspace, { live }: { readonly live: boolean }): BeginWait {
  return live ? liveLine(workspace) : plainLine(workspace.reporter);
}

/** Begins the line of a job; `plain` says how it stands where lines do not move. */
export type BeginWait = (job: Job, plain: string) => Promise<WaitLine>;

/** A task of the reporter that says what is told. */
export function plainLine(reporter: Reporter): BeginWait {
  return async (_job, plain) => {
    const task = await reporter.task(plain);
    return { task, update: (next, text) => task.update(text, (next.progress ?? 0) / 100) };
  };
}

/** Lines that move: how long the job has taken, and what is left by earlier jobs, which all of one command share. */
export function liveLine(workspace: Workspace): BeginWait {
  const { reporter, runtime } = workspace;
  let history: Promise<readonly Remote[]> | undefined;
  return async (job) => {
    history ??= earlierJobs(workspace);
    const earlier = await history;
    const show = (now: Job) => (): string => waitText(now, earlier, runtime.clock.now());
    const task = await reporter.task(show(job)());
    task.update(show(job), fractionOf(job));
    return { task, update: (next) => task.update(show(next), fractionOf(next)) };
  };
}

function fractionOf(job: Job): number | undefined {
  return job.remoteId === undefined || job.progress === undefined ? undefined : job.progress / 100;
}

/** `job_… running, 45% after 1 min 20 s, 2 to 4 min left` */
function waitText(job: Job, earlier: readonly Remote[], nowMs: number): string {
  if (isFinal(job.status)) return `${job.id} ${describe(job)}`;
  const left = estimateTimeLeft(earlier, job, nowMs);
  const words =
    left === undefined ? '' : typeof left === 'string' ? `, ${left}` : `, ${formatRange(left.low, left.high)} left`;
  return `${job.id} ${describe(job)} after ${formatDuration((nowMs - Date.parse(job.createdAt)) / 1000)}${words}`;
}

/** More than any estimate uses, of those that can say something. */
const MOST_EARLIER = 500;

/** A wait does without what it cannot read. */
async function earlierJobs(workspace: Workspace): Promise<readonly Remote[]> {
  try {
    const { records } = await (await workspace.jobs()).list();
    const ended = records.flatMap((job) => (job.remoteId === undefined || job.finishedAt === undefined ? [] : job));
    return ended.slice(0, MOST_EARLIER);
  } catch (error) {
    if (isSoraError(error)) return [];
    throw error;
  }
}
