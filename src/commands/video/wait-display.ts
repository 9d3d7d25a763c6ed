/** How a wait for jobs is shown: how far each is, how long it has been, and how long it will still take. */
import type { Context } from '../../context.ts';
import { isSoraError } from '../../shared/errors.ts';
import { isFinal, type Job } from '../../shared/job.ts';
import { formatDuration, formatRange } from '../../shared/time.ts';
import type { WaitLine } from '../../videos/follow.ts';
import { describe } from '../../videos/lifecycle.ts';
import { estimateTimeLeft } from '../../videos/time-left.ts';

/** Begins the line of one job after the other; all of one command share what is known of earlier jobs. */
export function createWaitDisplay(context: Context): (job: Job, plain: string) => Promise<WaitLine> {
  const { ui, runtime } = context;
  let history: Promise<readonly Job[]> | undefined;
  return async (job, plain) => {
    if (!ui.live) {
      const task = await ui.task(plain);
      return { task, update: (next, text) => task.update(text, (next.progress ?? 0) / 100) };
    }
    history ??= earlierJobs(context);
    const earlier = await history;
    const show = (now: Job) => (): string => waitText(now, earlier, runtime.clock.now());
    const task = await ui.task(show(job)());
    task.update(show(job), fractionOf(job));
    return { task, update: (next) => task.update(show(next), fractionOf(next)) };
  };
}

function fractionOf({ progress }: Job): number | undefined {
  return progress === undefined ? undefined : progress / 100;
}

/** `job_… running, 45% after 1 min 20 s, 2 to 4 min left` */
function waitText(job: Job, earlier: readonly Job[], nowMs: number): string {
  if (isFinal(job.status)) return `${job.id} ${describe(job)}`;
  const left = estimateTimeLeft(earlier, job, nowMs);
  const words =
    left === undefined ? '' : typeof left === 'string' ? `, ${left}` : `, ${formatRange(left.low, left.high)} left`;
  return `${job.id} ${describe(job)} after ${formatDuration((nowMs - Date.parse(job.createdAt)) / 1000)}${words}`;
}

/** More than any estimate uses, of those that can say something. */
const MOST_EARLIER = 500;

/** A wait does without what it cannot read. */
async function earlierJobs(context: Context): Promise<readonly Job[]> {
  try {
    const { records } = await (await context.jobs()).list();
    return records.filter(({ finishedAt }) => finishedAt !== undefined).slice(0, MOST_EARLIER);
  } catch (error) {
    if (isSoraError(error)) return [];
    throw error;
  }
}
