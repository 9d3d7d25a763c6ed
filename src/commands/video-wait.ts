/** From a job's id to its end: `video wait`, `video download` and `generate --wait`. */
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { createDeadline } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import type { Job, Variant } from '../shared/job.ts';
import { alreadyDownloaded, downloadVideo, type Followed } from '../videos/download.ts';
import {
  deletedError,
  exitOf,
  findJobs,
  finishedJob,
  resumeCommand,
  saveProgress,
  unknownJob,
} from '../videos/find-jobs.ts';
import { describe, jobError, waitForJob } from '../videos/lifecycle.ts';
import { type Output, targetOf } from '../videos/output-target.ts';
import { adoptVideo, requireSettled } from '../videos/recover-lost.ts';
import { checkVideoOutput, type FollowFlags, outputOf } from './video-input.ts';
import { createWaitDisplay, type WaitLine } from './wait-display.ts';

/** `sora video wait <id>...`; with `adopt` the one job takes over that video of its host. */
export async function runVideoWait(
  context: Context,
  input: FollowFlags & { ids: readonly string[]; adopt?: string },
): Promise<number> {
  const jobs = await findJobs(context, input.ids);
  if (input.adopt !== undefined && jobs.length > 1) {
    throw new SoraError('usage', '--adopt takes one job.', { hint: 'Name the one job whose video it is.' });
  }
  // The file of an earlier wait may be there; whether it still is that file is looked at before anything is fetched.
  const isOwn =
    jobs.length === 1 &&
    input.output !== undefined &&
    jobs[0]?.outputPath === resolve(context.runtime.cwd, input.output);
  if (!isOwn) await checkVideoOutput(context, input, jobs.length);
  const deadline = context.runtime.clock.now() + input.timeout * 1000;
  const [first] = jobs;
  const own = input.adopt === undefined || !first ? jobs : [await adoptVideo(context, first, input.adopt)];
  const output = outputOf(context, input);
  return followAll(context, own, (job) => ({ ...input, ...output, deadline, firstPauseMs: 0, job }));
}

/** `sora video download <id>` */
export async function runVideoDownload(
  context: Context,
  input: { id: string; variant: Variant; output?: string; force: boolean; allowDrift: boolean },
): Promise<number> {
  const [job] = await findJobs(context, [input.id]);
  if (!job) throw unknownJob(input.id);
  await checkVideoOutput(context, input, 1);
  const current = await finishedJob(context, job);
  const output = outputOf(context, input);
  const target = await targetOf(context, { ...input, ...output }, current, input.variant);
  const done = await downloadVideo(context, current, { ...input, ...output, target, variant: input.variant });
  showDone(context, [done]);
  return exitOf([done]);
}

export interface FollowOne extends Omit<FollowFlags, 'output'> {
  readonly output?: Output;
  readonly job: Job;
  /** Milliseconds since the epoch: of the whole command, downloads included. */
  readonly deadline: number;
  /** Undefined when the job was created just now. */
  readonly firstPauseMs: number | undefined;
}

/** Follows every job to its end, shows one result for all of them, and returns the exit code. A single failure is thrown. */
export async function followAll(
  context: Context,
  jobs: readonly Job[],
  plan: (job: Job) => FollowOne,
): Promise<number> {
  const alone = jobs.length === 1;
  const waiting = createWaitDisplay(context);
  let left = jobs.length;
  const settled = await Promise.all(
    jobs.map(async (job): Promise<Followed> => {
      try {
        return await followOne(context, { ...plan(job), together: () => left }, (text) =>
          alone || context.ui.live ? waiting(job, text) : noteLine(context, text),
        );
      } catch (error) {
        if (!isSoraError(error) || alone) throw error;
        error.jobId ??= job.id;
        return { job: (await (await context.jobs()).find(job.id)) ?? job, error };
      } finally {
        left -= 1;
      }
    }),
  );
  showDone(context, settled);
  return exitOf(settled);
}

async function followOne(
  context: Context,
  options: FollowOne & { together(): number },
  begin: (text: string) => Promise<WaitLine>,
): Promise<Followed> {
  const { ui, runtime } = context;
  const deadline = createDeadline(runtime.clock, options.deadline);
  const resume = resumeCommand(context, options.job, options);
  const { id } = options.job;
  const left = { hint: `Continue with: ${resume}`, jobId: id };
  exitMessages.set(id, () => ui.error(new SoraError('pending', `Stopped; the record of job ${id} is kept.`, left)));
  const job = await requireSettled(context, options.job, deadline);
  const already = await alreadyDownloaded(context, job, options);
  if (already) return already;
  if (job.remoteDeleted) throw deletedError(job);
  const target = await targetOf(context, options, job, 'video');
  const provider = await context.providerOf(job);
  const label = (text: string): string => `${job.id} ${text}`;
  const line = await begin(label(describe(job)));
  const { task } = line;
  const startedAt = runtime.clock.now();
  let done: Job;
  try {
    done = await waitForJob({
      job,
      provider,
      clock: runtime.clock,
      signal: runtime.signal,
      deadline,
      pollIntervalMs: options.pollInterval === undefined ? undefined : options.pollInterval * 1000,
      together: options.together,
      firstPauseMs: options.firstPauseMs,
      resume,
      save: async (next) => void (await saveProgress(context, next)),
      onUpdate: (next) => {
        const seconds = Math.round((runtime.clock.now() - startedAt) / 1000);
        line.update(next, label(`${describe(next)} (${seconds} s)`));
        ui.event({
          event: 'progress',
          jobId: next.id,
          status: next.status,
          ...(next.progress !== undefined && { progress: next.progress }),
        });
      },
      onPollError: (error) => ui.warn(`${job.id}: polling failed, still waiting: ${error.message}`),
    });
    const failed = jobError(done);
    if (failed) throw failed;
  } catch (error) {
    task.fail(label(isSoraError(error, 'pending') ? 'is still running' : 'failed'));
    throw error;
  }
  const saved = await downloadVideo(context, done, { ...options, target, variant: 'video', task, deadline });
  exitMessages.clear(job.id);
  return saved;
}

/** Several waits at once without a terminal: each says when it begins and when it ends. */
async function noteLine({ ui }: Context, text: string): Promise<WaitLine> {
  ui.note(text);
  const say = (last: string): void => ui.note(last);
  return { task: { update() {}, done: say, fail: say, stop() {} }, update() {} };
}

function showDone({ ui }: Context, all: readonly Followed[]): void {
  for (const { error } of all) if (error) ui.error(error);
  const paths = all.flatMap(({ path }) => path ?? []);
  const only = all.length === 1 ? all[0] : undefined;
  ui.result({ json: only ? only.job : all.map(({ job }) => job), text: paths.join('\n'), quiet: paths });
}
