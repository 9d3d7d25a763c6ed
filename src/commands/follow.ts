/** From a job's id to its file: wait, download, verify. Shared by `video wait`, `video download` and `generate --wait`. */
import { stat } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { isFinal, isUnresolved, type Job } from '../domain.ts';
import { type DownloadedFile, downloadContent } from '../download.ts';
import { EXIT_CODES, isSoraError, SoraError, WORST_FIRST } from '../errors.ts';
import { describe, findDrift, jobError, refreshJob, waitForJob } from '../jobs.ts';
import type { Variant } from '../providers/provider.ts';
import { formatBytes, shellQuote } from '../text.ts';
import type { Task } from '../ui.ts';
import { checkTarget, type Target, targetOf } from './target.ts';

export interface FollowFlags {
  readonly output?: string;
  /** Seconds, for the whole command. */
  readonly timeout: number;
  /** Seconds. */
  readonly pollInterval?: number;
  readonly force: boolean;
  readonly allowDrift: boolean;
}

/** `sora video wait <id>...` */
export async function runVideoWait(context: Context, input: FollowFlags & { ids: readonly string[] }): Promise<number> {
  const jobs = await findJobs(context, input.ids);
  await checkTarget(context, input, jobs.length);
  const deadline = context.host.clock.now() + input.timeout * 1000;
  return followAll(context, jobs, (job) => ({ ...input, deadline, firstPauseMs: 0, job }));
}

/** `sora video download <id>` */
export async function runVideoDownload(
  context: Context,
  input: { id: string; variant: Variant; output?: string; force: boolean; allowDrift: boolean },
): Promise<number> {
  const [job] = await findJobs(context, [input.id]);
  if (!job) throw unknownJob(input.id);
  const provider = await context.providerOf(job);
  const { clock, signal } = context.host;
  const jobs = await context.jobs();
  let current = job;
  if (!isFinal(job.status)) {
    current = (await refreshJob(job, { provider, clock, signal })).job;
    await jobs.update(job.id, () => current);
  }
  const failed = jobError(current);
  if (failed) throw failed;
  if (isUnresolved(current)) throw unresolvedError(current);
  if (current.status !== 'succeeded') {
    throw new SoraError('pending', `Job ${job.id} is still ${describe(current)}.`, {
      hint: `Wait for it: sora video wait ${job.id}`,
      jobId: job.id,
    });
  }
  const target = await targetOf(context, input, current, input.variant);
  const done = await fetchVideo(context, current, { ...input, target, variant: input.variant });
  showDone(context, [done]);
  return exitOf([done]);
}

export interface FollowOne extends FollowFlags {
  readonly job: Job;
  readonly deadline: number;
  /** Undefined when the job was created just now. */
  readonly firstPauseMs: number | undefined;
}

interface Followed {
  readonly job: Job;
  readonly path?: string;
  readonly error?: SoraError;
}

/** Follows every job to its end, shows one result for all of them, and returns the exit code. A single failure is thrown. */
export async function followAll(
  context: Context,
  jobs: readonly Job[],
  plan: (job: Job) => FollowOne,
): Promise<number> {
  const alone = jobs.length === 1;
  const settled = await Promise.all(
    jobs.map(async (job): Promise<Followed> => {
      try {
        return await followOne(context, plan(job), alone);
      } catch (error) {
        if (!isSoraError(error) || alone) throw error;
        error.jobId ??= job.id;
        return { job: (await (await context.jobs()).find(job.id)) ?? job, error };
      }
    }),
  );
  showDone(context, settled);
  return exitOf(settled);
}

async function followOne(context: Context, options: FollowOne, alone: boolean): Promise<Followed> {
  const { ui, host } = context;
  const { job } = options;
  if (isUnresolved(job)) throw unresolvedError(job);
  const already = await alreadyHere(job, options);
  if (already) return already;
  const target = await targetOf(context, options, job, 'video');
  const provider = await context.providerOf(job);
  const jobs = await context.jobs();
  const label = (text: string): string => `${job.id} ${text}`;
  const task = alone ? await ui.task(label(describe(job))) : noteTask(context, label(describe(job)));
  const startedAt = host.clock.now();
  let done: Job;
  try {
    done = await waitForJob({
      job,
      provider,
      clock: host.clock,
      signal: host.signal,
      deadline: options.deadline,
      pollIntervalMs: options.pollInterval === undefined ? undefined : options.pollInterval * 1000,
      firstPauseMs: options.firstPauseMs,
      resume: resumeCommand(context, job, options),
      save: async (next) => void (await jobs.update(job.id, (current) => ({ ...current, ...next }))),
      onUpdate: (next) => {
        const seconds = Math.round((host.clock.now() - startedAt) / 1000);
        task.update(label(`${describe(next)} (${seconds} s)`), (next.progress ?? 0) / 100);
        ui.event({
          event: 'progress',
          jobId: next.id,
          status: next.status,
          ...(next.progress !== undefined && { progress: next.progress }),
        });
      },
      onPollError: (error) => ui.warn(`${job.id}: asking failed, the wait goes on: ${error.message}`),
    });
    const failed = jobError(done);
    if (failed) throw failed;
  } catch (error) {
    task.fail(label(isSoraError(error, 'pending') ? 'is still running' : 'did not succeed'));
    throw error;
  }
  return fetchVideo(context, done, { ...options, target, variant: 'video', task });
}

/** A job whose verified file is where it was asked for needs no second download. */
async function alreadyHere(job: Job, options: FollowFlags): Promise<Followed | undefined> {
  if (job.status !== 'succeeded' || job.outputPath === undefined || options.output !== undefined || options.force)
    return undefined;
  const there = await stat(job.outputPath).catch(() => undefined);
  return there?.isFile() && there.size > 0 ? { job, path: job.outputPath } : undefined;
}

/** Downloads, verifies and publishes one variant; a video is also compared with what was asked for. */
async function fetchVideo(
  context: Context,
  job: Job,
  options: { target: Target; variant: Variant; output?: string; force: boolean; allowDrift: boolean; task?: Task },
): Promise<Followed> {
  const { ui, host } = context;
  const { target, variant } = options;
  const task = options.task ?? (await ui.task(`${job.id} downloading`));
  let file: DownloadedFile;
  try {
    file = await downloadContent({
      provider: await context.providerOf(job),
      remoteId: job.remoteId ?? '',
      variant,
      clock: host.clock,
      signal: host.signal,
      ...(target.kind === 'file' ? { target: target.path, force: options.force } : { stream: host.stdout.stream }),
      onProgress: (bytes, total) =>
        task.update(`${job.id} downloading ${formatBytes(bytes)}`, total ? bytes / total : undefined),
    });
  } catch (error) {
    task.fail(`${job.id} is done, but its ${variant} is not here`);
    if (host.signal.aborted) {
      throw new SoraError('pending', `Stopped downloading; job ${job.id} is done and safe at its host.`, {
        hint: `Continue with: ${resumeCommand(context, job, options)}`,
        jobId: job.id,
      });
    }
    if (isSoraError(error)) {
      const passing = error.code === 'network' || error.code === 'refused' || error.code === 'ambiguous';
      const again = `The job is safe at its host. Fetch it again: sora video download ${job.id}`;
      throw new SoraError(passing ? 'unverified' : error.code, error.message, {
        hint: error.hint === undefined ? again : `${error.hint} ${again}`,
        jobId: job.id,
        ...(error.requestId !== undefined && { requestId: error.requestId }),
        cause: error,
      });
    }
    throw error;
  }
  const where = file.path ?? 'stdout';
  const drift = file.facts ? findDrift(job, file.facts) : [];
  const outputPath = variant === 'video' ? file.path : undefined;
  const kept =
    outputPath === undefined
      ? job
      : await (await context.jobs()).update(job.id, (current) => ({ ...current, outputPath }));
  if (drift.length > 0 && !options.allowDrift) {
    task.fail(`${job.id} is not what was asked for: ${where}`);
    throw new SoraError(
      'unverified',
      `The host made something else than was asked for: ${drift.join('; ')}. The file is kept: ${where}`,
      {
        hint: 'To accept such videos, add --allow-drift.',
        jobId: job.id,
      },
    );
  }
  if (drift.length > 0) ui.warn(`${job.id}: ${drift.join('; ')}`);
  task.done(`${job.id} ${where} (${formatBytes(file.bytes)})`);
  return { job: kept, ...(file.path !== undefined && { path: file.path }) };
}

/** The records of ids that the user gave; every unknown one is named in one refusal. */
export async function findJobs(context: Context, ids: readonly string[]): Promise<readonly Job[]> {
  const store = await context.jobs();
  const found = await Promise.all(
    ids.map(async (id) => ({ id, job: await store.find(id, { profile: await context.profileName() }) })),
  );
  const missing = found.filter(({ job }) => job === undefined).map(({ id }) => id);
  if (missing.length > 0) throw unknownJob(missing.join(', '));
  const jobs = found.flatMap(({ job }) => job ?? []);
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}

function unknownJob(id: string): SoraError {
  return new SoraError('usage', id === '@last' ? 'There is no job yet.' : `There is no job ${id} on this machine.`, {
    hint: 'sora video list shows the jobs of this machine.',
  });
}

/** Nobody knows whether the host has this job. */
export function unresolvedError(job: Job): SoraError {
  return new SoraError(
    'ambiguous',
    `Job ${job.id} may or may not exist at ${job.provider}: its request was sent and the answer never came.`,
    {
      hint: 'Look for it in the list or the bill of your host. To send it once more, run the same `sora video generate` with --resend.',
      jobId: job.id,
    },
  );
}

/** The command that goes on with a wait, as the user would type it. */
export function resumeCommand(context: Pick<Context, 'globals'>, job: Job, options: { output?: string }): string {
  const home = context.globals.profile === undefined ? '' : ` --profile ${shellQuote(context.globals.profile)}`;
  const output = options.output === undefined ? '' : ` -o ${shellQuote(options.output)}`;
  return `sora video wait ${job.id}${output}${home}`;
}

/** Several waits at once share the screen: each says when it begins and when it ends. */
function noteTask({ ui }: Context, text: string): Task {
  ui.note(text);
  return { update() {}, done: (last) => ui.note(last), fail: (last) => ui.note(last), stop() {} };
}

function showDone({ ui }: Context, all: readonly Followed[]): void {
  for (const { error } of all) if (error) ui.error(error);
  const paths = all.flatMap(({ path }) => path ?? []);
  const only = all.length === 1 ? all[0] : undefined;
  ui.result({ json: only ? only.job : all.map(({ job }) => job), text: paths.join('\n'), quiet: paths });
}

/** With several ids: the first code that applies, worst first. */
export function exitOf(all: readonly { readonly error?: SoraError }[]): number {
  const codes = new Set(all.flatMap(({ error }) => error?.code ?? []));
  const [first] = codes;
  const worst = WORST_FIRST.find((code) => codes.has(code)) ?? first;
  return worst === undefined ? 0 : EXIT_CODES[worst];
}
