/** How a wait for jobs is shown: how far each is, how long it has been and will still be, and of several how all stand. */
import { isSoraError, type SoraError } from '../../shared/errors.ts';
import { endedWithoutVideo, isFinal, type Job, type Remote } from '../../shared/job.ts';
import type { Task } from '../../shared/reporter.ts';
import { formatDuration, formatRange } from '../../shared/time.ts';
import type { Workspace } from '../../workspace.ts';
import { nameJobs } from './job-names.ts';
import { describe } from './lifecycle.ts';
import { shownIds } from './short-id.ts';
import { estimateTimeLeft } from './time-left.ts';
import { createLineMeter, createTotalsMeter, type Totals } from './totals.ts';

/** The wait for one job, as it is shown. */
export interface WaitLine {
  /** What is told of the job's video, without a name for the job. */
  readonly task: Task;
  /** The job is as its host says. */
  update(next: Remote): void;
}

export interface WaitDisplay {
  begin(job: Job): Promise<WaitLine>;
  /** The wait for this job is over, whether its line was begun or not; without an error, it is done. */
  ended?(job: Job, error?: SoraError): void;
}

export interface DisplayOptions {
  /** Whether lines move: on a terminal. */
  readonly live: boolean;
  /** Whether the video of a job that is done is downloaded next. */
  readonly saves: boolean;
  /** The name of the file that the one job is saved as, where the user chose it. */
  readonly file?: string | undefined;
}

/** A display that names the jobs, so that what is told of them elsewhere can use the same names. */
export interface NamingDisplay extends WaitDisplay {
  nameOf(job: Job): Promise<string>;
}

/** Shows the wait for these jobs; of several, also a line for all of them. */
export function createWaitDisplay(workspace: Workspace, jobs: readonly Job[], options: DisplayOptions): NamingDisplay {
  const { jobs: store } = workspace;
  let names: Promise<ReadonlyMap<string, string>> | undefined;
  const nameOf = async (job: Job): Promise<string> => {
    names ??= shownIds(store, { isTTY: options.live }).then((shown) => nameJobs(jobs, { file: options.file, shown }));
    return (await names).get(job.id) ?? job.id;
  };
  const history = createHistory(workspace);
  const begin = options.live
    ? movingLines(workspace, options, history)
    : stillLines(workspace, options, jobs.length > 1);
  if (jobs.length < 2) return { nameOf, begin: async (job) => begin(job, await nameOf(job)) };
  const all = createTotals(workspace, jobs, { ...options, history });
  return {
    nameOf,
    async begin(job) {
      // The line of all of them stands above the others.
      await all.show();
      const line = await begin(job, await nameOf(job));
      return {
        task: line.task,
        update(next) {
          all.seen(next);
          line.update(next);
        },
      };
    },
    ended: (job, error) => all.ended(job, error),
  };
}

type BeginLine = (job: Job, name: string) => Promise<WaitLine>;

/** The name is left out where the text names the file itself, and an id in it where the file has that name. */
function told({ id }: Job, name: string, text: string, { file }: DisplayOptions): string {
  if (file !== undefined && text.includes(file)) return text;
  const last = name.slice(name.lastIndexOf(' ') + 1);
  const isTwice = id.startsWith(last) && text.includes(id);
  return `${isTwice ? name.slice(0, -last.length).trim() : name}: ${text}`;
}

/** Never `succeeded`: that the host is done is not the end of a wait for a file. `saves` says that it is downloaded now. */
export function describeWait(job: Job, { saves }: Pick<DisplayOptions, 'saves'>): string {
  if (job.status !== 'succeeded') return describe(job);
  if (saves) return 'made, downloading';
  return job.output === undefined ? 'made, not downloaded' : 'made, saved';
}

/** Lines that move, until a job is done: how long it has taken, and what is left by earlier jobs. */
function movingLines(workspace: Workspace, options: DisplayOptions, history: History): BeginLine {
  const { reporter, runtime } = workspace;
  return async (job, name) => {
    const leftOf = await history();
    const show = (next: Job) => (): string => {
      const words = `${name}: ${describeWait(next, options)}`;
      if (isFinal(next.status)) return words;
      const nowMs = runtime.clock.now();
      return `${words}${elapsed(next, nowMs)}${leftWords(leftOf(next, nowMs))}`;
    };
    const task = await reporter.task(show(job)());
    task.update(show(job), fractionOf(job));
    return {
      update: (next) => task.update(show(next), fractionOf(next)),
      task: {
        // Without a bar, which is the job's, and that is done.
        update: (text) => task.update(() => `${name}: made, ${textOf(text)}`),
        done: (text) => task.done(told(job, name, text, options)),
        fail: (text) => task.fail(told(job, name, text, options)),
        stop: () => task.stop(),
      },
    };
  };
}

/** Lines that stay, and are few: for a new status, and of a single job for each tenth and each half minute. */
function stillLines(workspace: Workspace, options: DisplayOptions, isSeveral: boolean): BeginLine {
  const { reporter, runtime } = workspace;
  return async (first, name) => {
    const isDue = createLineMeter(runtime.clock.now);
    let last = '';
    const say = (text: string): void => reporter.note(told(first, name, text, options));
    const see = (job: Job): void => {
      const word = job.remoteId === undefined ? '' : job.throttled ? 'throttled' : (job.remoteStatus ?? '');
      const next = `${job.status} ${word}`;
      const isNews = isSeveral ? last !== next : isDue(fractionOf(job) ?? 0, next);
      last = next;
      // Whoever ends the wait says why there is no video.
      if (!isNews || (options.saves && endedWithoutVideo(job.status))) return;
      say(describeWait(job, options) + (isFinal(job.status) ? '' : elapsed(job, runtime.clock.now())));
    };
    // Of several, the totals say how they begin.
    if (isSeveral) last = `${first.status} `;
    else see(first);
    return {
      update: see,
      task: {
        update(text) {
          if (!isSeveral && isDue(0, last)) say(`made, ${textOf(text)}`);
        },
        ...{ done: say, fail: say },
        stop() {},
      },
    };
  };
}

function textOf(text: string | (() => string)): string {
  return typeof text === 'string' ? text : text();
}

/** ` after 1 min 20 s`; nothing of a job that was sent just now. */
function elapsed(job: Job, nowMs: number): string {
  const seconds = (nowMs - Date.parse(job.createdAt)) / 1000;
  return seconds < 1 ? '' : ` after ${formatDuration(seconds)}`;
}

/** Undefined of a job that is over: it has no bar. */
function fractionOf(job: Job): number | undefined {
  if (job.remoteId === undefined || job.progress === undefined || isFinal(job.status)) return undefined;
  return job.progress / 100;
}

/** Of more, the whole is estimated by what is done until now: each estimate looks through hundreds of earlier jobs. */
const MOST_ESTIMATED = 20;

/** The line of all jobs of a wait: it moves as long as one of them is waited for, or is said again when it is due. */
function createTotals(
  workspace: Workspace,
  jobs: readonly Job[],
  { live, saves, history }: DisplayOptions & { readonly history: History },
) {
  const { reporter, runtime } = workspace;
  const meter = createTotalsMeter(runtime.clock.now);
  const now = new Map(jobs.map((job) => [job.id, job]));
  const over = new Map<string, 'done' | 'failed' | 'unknown' | 'running'>();
  let task: Promise<Task> | undefined;
  let leftOf: LeftOf = () => undefined;

  const totals = (): Totals => {
    const count = (fate: string): number => [...over.values()].filter((one) => one === fate).length;
    const [done, failed, unknown] = [count('done'), count('failed'), count('unknown')];
    const spentUsd = [...now.values()].reduce((sum, { cost }) => sum + (cost?.actualUsd ?? cost?.estimateUsd ?? 0), 0);
    const downloading = [...now.values()].filter(({ id, status }) => status === 'succeeded' && !over.has(id)).length;
    const left = now.size - done - failed - unknown;
    const going = saves ? { running: left - downloading, downloading } : { running: left };
    return { total: now.size, done, failed, unknown, ...going, spentUsd };
  };
  const text = (): string => {
    const waited = [...now.values()].filter(({ id }) => !over.has(id));
    const ranges = waited.length > MOST_ESTIMATED ? [] : waited.map((job) => leftOf(job, runtime.clock.now()));
    const known = ranges.flatMap((range) => (typeof range === 'object' ? range : []));
    // All are made at once: the slowest one is the end.
    const isKnown = known.length === ranges.length && known.length > 0;
    const [low, high] = [known.map((one) => one.low), known.map((one) => one.high)];
    return meter.text(totals(), isKnown ? { low: Math.max(...low), high: Math.max(...high) } : undefined);
  };
  const tell = (): void => {
    const due = live ? undefined : meter.due(totals());
    if (due !== undefined) reporter.note(due);
  };
  const start = async (): Promise<Task> => {
    leftOf = await history();
    const begun = await reporter.task(text());
    begun.update(text);
    return begun;
  };
  return {
    async show(): Promise<void> {
      if (!live) return tell();
      task ??= start();
      await task;
    },
    seen(job: Job): void {
      now.set(job.id, job);
      tell();
    },
    ended(job: Job, error?: SoraError): void {
      now.set(job.id, job);
      over.set(job.id, fateOf(job, error));
      tell();
      if (over.size === now.size) void task?.then((begun) => begun.stop());
    },
  };
}

function fateOf({ status }: Job, error: SoraError | undefined): 'done' | 'failed' | 'unknown' | 'running' {
  if (error?.code === 'ambiguous') return 'unknown';
  if (error?.code === 'pending') return 'running';
  return error || endedWithoutVideo(status) ? 'failed' : 'done';
}

type History = () => Promise<LeftOf>;
type LeftOf = (job: Job, nowMs: number) => ReturnType<typeof estimateTimeLeft>;

function leftWords(left: ReturnType<LeftOf>): string {
  if (left === undefined) return '';
  return typeof left === 'string' ? `, ${left}` : `, ${formatRange(left.low, left.high)} left`;
}

/** More than any estimate uses, of those that can say something. */
const MOST_EARLIER = 500;

/** The time that is left for a job, by the jobs of this machine, which are read once. A wait does without what it cannot read. */
function createHistory(workspace: Workspace): History {
  let reading: Promise<readonly Remote[]> | undefined;
  const read = async (): Promise<readonly Remote[]> => {
    try {
      const { records } = await (await workspace.jobs()).list();
      const ended = records.flatMap((job) => (job.remoteId === undefined || job.finishedAt === undefined ? [] : job));
      return ended.slice(0, MOST_EARLIER);
    } catch (error) {
      if (isSoraError(error)) return [];
      throw error;
    }
  };
  return async () => {
    reading ??= read();
    const earlier = await reading;
    return (job, nowMs) => estimateTimeLeft(earlier, job, nowMs);
  };
}
