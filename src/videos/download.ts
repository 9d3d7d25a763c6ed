/** The file of a finished job: downloaded, verified, compared with what was asked for, or found to be here already. */

import { isAbsolute, relative, resolve } from 'node:path';
import { exists } from '../disk/atomic-write.ts';
import { hashFile } from '../disk/hash.ts';
import type { VideoFacts } from '../media/verify/downloaded.ts';
import type { Provider } from '../providers/provider.ts';
import type { Deadline } from '../shared/deadline.ts';
import { beforeEnd, isSoraError, SoraError } from '../shared/errors.ts';
import type { Job, Remote, Variant, VideoCheck } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import type { Task } from '../shared/reporter.ts';
import { formatBytes, sentence } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type DownloadedFile, downloadContent } from './download-file.ts';
import { accountHere, errorAboutJob } from './jobs/account.ts';
import { resumeCommand, saveProgress } from './jobs/find.ts';
import { findMismatch } from './mismatch.ts';
import type { Output, Target } from './output-target.ts';

export interface Followed {
  readonly job: Job;
  /** The file; undefined when it went to a stream. */
  readonly path?: string;
  /** What is in it, where it is a video. */
  readonly facts?: VideoFacts;
  readonly error?: SoraError;
}

/**
 * The file that an earlier command saved, when it is where it is wanted now and still whole; undefined otherwise.
 * Throws `unverified` when it is not what was asked for.
 */
export async function alreadyDownloaded(
  workspace: Workspace,
  job: Remote,
  options: { readonly output?: Output; readonly force: boolean; readonly allowDrift: boolean },
): Promise<Followed | undefined> {
  if (job.status !== 'succeeded' || job.output === undefined || options.force) return undefined;
  const { path: outputPath, sha256 } = job.output;
  const { output } = options;
  const wanted = typeof output === 'string' ? resolve(workspace.runtime.cwd, output) : output;
  if (wanted !== undefined && wanted !== outputPath) return undefined;
  const { signal } = workspace.runtime;
  const { verifyDownload } = await import('../media/verify/downloaded.ts');
  const facts = await verifyDownload(outputPath, signal).catch(() => undefined);
  if (!facts || (await hashFile(outputPath, signal)) !== sha256) return undefined;
  judge(workspace, { job, where: outputPath, facts, allowDrift: options.allowDrift });
  return { job, facts, path: outputPath };
}

export interface FetchOptions {
  readonly target: Target;
  readonly variant: Variant;
  readonly output?: Output;
  readonly force: boolean;
  readonly allowDrift: boolean;
  /** Looks at what the video shows, and remarks on it; true unless given. */
  readonly isChecked?: boolean;
  readonly task?: Task;
  /** When the command gives up; never unless given. */
  readonly deadline?: Deadline;
}

/** Downloads, verifies and publishes one variant; a video is also compared with what was asked for. */
export async function downloadVideo(workspace: Workspace, job: Remote, options: FetchOptions): Promise<Followed> {
  const { reporter, runtime } = workspace;
  const { variant } = options;
  const task = options.task ?? (await reporter.task('downloading'));
  const fetching = (signal: AbortSignal): Promise<DownloadedFile | Followed> =>
    download(workspace, job, { ...options, task, signal });
  const got = await (options.deadline ? options.deadline.limit(runtime.signal, fetching) : fetching(runtime.signal));
  if ('job' in got) return got;
  const { path, sha256, decoded = false } = got;
  const check = await checkOf(workspace, job, got, options);
  const kept =
    variant !== 'video' || path === undefined
      ? job
      : await saveProgress(workspace, { ...job, output: { path, sha256, decoded, ...(check && { check }) } });
  const followed = {
    job: kept,
    ...(got.path !== undefined && { path: got.path }),
    ...(got.facts && { facts: got.facts }),
  };
  for (const { message } of check?.remarks ?? []) reporter.warn(`${job.id}: ${message}`);
  judge(workspace, { job, where: got.path ?? 'stdout', facts: got.facts, allowDrift: options.allowDrift, task });
  const where = got.path === undefined ? 'written to stdout' : `saved ${pathFromHere(workspace, got.path)}`;
  task.done(`${where} (${formatBytes(got.bytes)})`);
  return followed;
}

/** What is to be remarked of what came. Undefined, and said once, where nothing here could look at it. */
async function checkOf(
  workspace: Workspace,
  job: Remote,
  { seen, facts }: DownloadedFile,
  { variant, isChecked = true }: FetchOptions,
): Promise<VideoCheck | undefined> {
  if (variant !== 'video' || !isChecked) return undefined;
  if (seen && facts) {
    const { checkMeasured } = await import('./check/check.ts');
    return checkMeasured(workspace, job, { seen, size: facts });
  }
  const { reporter, told } = workspace;
  if (!told.has(UNCHECKED)) reporter.note(UNCHECKED);
  told.add(UNCHECKED);
  return undefined;
}

const UNCHECKED = 'What the video shows was not checked: that takes an ffmpeg that can decode it (see: sora doctor).';

/** What the host gave, or what another command saved meanwhile. Throws `pending` when the signal aborts first. */
async function download(
  workspace: Workspace,
  job: Remote,
  options: FetchOptions & { readonly task: Task; readonly signal: AbortSignal },
): Promise<DownloadedFile | Followed> {
  const { reporter, runtime } = workspace;
  const { target, variant, task, signal } = options;
  let trouble: SoraError | undefined;
  // Looked for meanwhile. Not required: whoever has none, or one that does not work, has the video all the same.
  const ffmpeg = variant === 'video' ? workspace.ffmpeg().catch(() => undefined) : undefined;
  try {
    return await downloadContent({
      provider: await providerFor(workspace, job),
      remoteId: job.remoteId,
      place: { model: job.model, pollUrl: job.pollUrl },
      variant,
      clock: runtime.clock,
      signal,
      ...(target.kind === 'file' ? { target: target.path, force: options.force } : { stream: target.stream }),
      ...(ffmpeg && { ffmpeg }),
      isMeasured: options.isChecked ?? true,
      onProgress: (bytes, total) =>
        task.update(
          `downloading ${formatBytes(bytes)}${total ? ` of ${formatBytes(total)}` : ''}`,
          total ? bytes / total : undefined,
        ),
      onCheck: () => task.update('verifying the download'),
      onTrouble: (error) => {
        trouble = error;
      },
      onDamage: (damage) => reporter.warn(`${job.id}: the download is damaged and is fetched once more: ${damage}`),
    });
  } catch (error) {
    // No program that was started outlives the command.
    await ffmpeg;
    const saved = await savedMeanwhile(workspace, job, options).catch((other: unknown) => {
      if (signal.aborted) return undefined;
      throw other;
    });
    if (saved) {
      task.done(`saved ${pathFromHere(workspace, saved.path)} by another command in the meantime`);
      return saved;
    }
    task.fail(`made, ${variant} not downloaded yet`);
    if (signal.aborted) {
      const why = runtime.signal.aborted ? 'Stopped downloading' : 'The wait timed out during the download';
      const told = beforeEnd(error) ?? trouble;
      const last = told ? ` The last attempt failed: ${sentence(told.message)}` : '';
      throw new SoraError('pending', `${why}; job ${job.id} is done and safe at its host.${last}`, {
        hint: `Continue with: ${resumeCommand(workspace, job, options)}`,
        jobId: job.id,
      });
    }
    if (isSoraError(error)) {
      const passing = error.code === 'network' || error.code === 'refused' || error.code === 'ambiguous';
      const isGone = job.expiresAt !== undefined && Date.parse(job.expiresAt) <= runtime.clock.now();
      const again = isGone
        ? `The host kept it until ${job.expiresAt}. To have it, make it again.`
        : `The job is safe at its host. Fetch it again: sora video download ${job.id}`;
      throw new SoraError(passing ? 'unverified' : error.code, error.message, {
        hint: error.hint === undefined ? again : `${sentence(error.hint)} ${again}`,
        jobId: job.id,
        ...(error.requestId !== undefined && { requestId: error.requestId }),
        cause: error,
      });
    }
    throw error;
  }
}

/** The host of a job, whose refusals of a key are those of `errorAboutJob`. */
async function providerFor(workspace: Workspace, job: Remote): Promise<Provider> {
  const provider = await workspace.providerOf(job);
  const accounts = await accountHere(workspace, job);
  return {
    ...provider,
    openContent: (...asked) =>
      provider.openContent(...asked).catch((error: unknown) => {
        const nowMs = workspace.runtime.clock.now();
        throw isSoraError(error) ? errorAboutJob(job, error, { accounts, nowMs }) : error;
      }),
  };
}

/** As short as it can be typed here; absolute where it leads out of this folder. */
function pathFromHere({ runtime }: Workspace, path: string | undefined): string {
  const near = relative(runtime.cwd, path ?? '');
  return path === undefined || near.startsWith('..') || isAbsolute(near) ? (path ?? '') : near;
}

/** Two commands may wait for one job: the file that the other saved is as good. Throws what the signal is aborted for. */
async function savedMeanwhile(
  workspace: Workspace,
  job: Remote,
  { target, variant, force, allowDrift, signal }: FetchOptions & { readonly signal: AbortSignal },
): Promise<Followed | undefined> {
  const { clock } = workspace.runtime;
  if (target.kind !== 'file' || variant !== 'video' || workspace.runtime.signal.aborted) return undefined;
  const jobs = await workspace.jobs();
  for (let tries = 1; ; tries++) {
    const now = await jobs.find(job.id).catch(() => undefined);
    if (now?.remoteId === undefined) return undefined;
    const saved = await alreadyDownloaded(workspace, now, { output: target.path, force, allowDrift });
    // A file that was not there, without a word of it in the record: the other looks at what it shows before it writes that down.
    const isUntold = !force && now.output === undefined && (await exists(target.path));
    if (saved || !isUntold || tries === SAVED_TRIES) return saved;
    await clock.sleep(SAVED_PAUSE_MS, signal);
  }
}

const SAVED_TRIES = 20;
const SAVED_PAUSE_MS = 500;

/** Throws `unverified` when the video is not what was asked for. The file is kept: it was paid for. */
function judge(
  { reporter }: Workspace,
  {
    job,
    where,
    facts,
    allowDrift,
    task,
  }: { job: Remote; where: string; facts: VideoFacts | undefined; allowDrift: boolean; task?: Task },
): void {
  const drift = facts ? findMismatch(job, facts) : [];
  if (drift.length === 0) return;
  const words = drift.join('; ');
  if (allowDrift) {
    reporter.warn(`${job.id}: ${words}`);
    return;
  }
  task?.fail(`not what was ordered: ${where}`);
  throw new SoraError(
    'unverified',
    `The host made something other than what was ordered: ${words}. The file is kept: ${where}`,
    {
      hint: `To accept such videos, add ${option('allowDrift')}.`,
      jobId: job.id,
    },
  );
}
