/** From a job's id to its end: `video wait` and `video download`. */
import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { readableOf } from '../../disk/listing.ts';
import { EXIT_CODES, exitOf, SoraError } from '../../shared/errors.ts';
import type { Job, Variant } from '../../shared/job.ts';
import { alreadyDownloaded, downloadVideo, type Followed } from '../../videos/download.ts';
import { findJob, findJobs, finishedJob } from '../../videos/jobs/find.ts';
import { describeExpired, isAwaited } from '../../videos/jobs/not-downloaded.ts';
import { adoptVideo } from '../../videos/lost/recover.ts';
import { targetOf, wasSavedAs } from '../../videos/output-target.ts';
import { checkVideoOutput, type FollowFlags, outputOf } from './input.ts';
import { followAndShow, showFollowed } from './results.ts';

/** `sora video wait <id>...` or `--all`; with `adopt` the one job takes over that video of its host. */
export async function runVideoWait(
  context: Context,
  input: FollowFlags & { ids: readonly string[]; all?: boolean; adopt?: string },
): Promise<number> {
  checkChoice(input);
  if (input.all) return waitForAll(context, input);
  const jobs = await findJobs(context, input.ids);
  if (input.adopt !== undefined && jobs.length > 1) throw adoptsOne();
  // The file of an earlier wait may be there; whether it still is that file is looked at before anything is fetched.
  const path = input.output === undefined ? undefined : resolve(context.runtime.cwd, input.output);
  const isOwn = jobs.length === 1 && path !== undefined && jobs.some((job) => wasSavedAs(job, path));
  if (!isOwn) await checkVideoOutput(context, input, jobs.length);
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const [first] = jobs;
  const own = input.adopt === undefined || !first ? jobs : [await adoptVideo(context, first, input.adopt)];
  return followAndShow(context, own, { ...input, deadlineMs, firstPauseMs: () => 0 });
}

function checkChoice({ ids, all = false, adopt }: { ids: readonly string[]; all?: boolean; adopt?: string }): void {
  if (!all && ids.length > 0) return;
  const hint = 'Name a job (@last is the newest), or wait for all that are not done: sora video wait --all';
  if (!all) throw new SoraError('usage', 'No job is named to wait for.', { hint });
  if (ids.length > 0) throw new SoraError('usage', '--all and ids of jobs cannot be used together.', { hint });
  if (adopt !== undefined) throw adoptsOne();
}

function adoptsOne(): SoraError {
  return new SoraError('usage', '--adopt takes one job.', { hint: 'Name the one job whose video it is.' });
}

/** What is finished is downloaded before anything else is waited for. */
async function waitForAll(context: Context, input: FollowFlags): Promise<number> {
  const { runtime, ui } = context;
  await context.profileName();
  const listing = await (await context.jobs()).list();
  const known = readableOf(listing, ui);
  const jobs = known.filter((job) => isAwaited(job, runtime.clock.now())).toReversed();
  // Several go to a folder, however many there are today.
  await checkVideoOutput(context, input, Math.max(2, jobs.length));
  const expired = describeExpired(known, runtime.clock.now());
  if (expired !== undefined) ui.note(expired);
  if (jobs.length === 0)
    ui.note(
      `No job is unfinished, and every finished video ${expired === undefined ? '' : 'that can be had '}was saved.`,
    );
  const deadlineMs = runtime.clock.now() + input.timeout * 1000;
  const exit = await followAndShow(context, jobs, { ...input, deadlineMs, isSeveral: true, firstPauseMs: () => 0 });
  // Nobody knows what a record that cannot be read would have had waited for.
  return exit === 0 && listing.broken.length > 0 ? EXIT_CODES.machine : exit;
}

export interface DownloadFlags {
  readonly id: string;
  readonly variant: Variant;
  readonly output?: string;
  readonly force: boolean;
  readonly allowDrift: boolean;
  /** Whether what a video shows is looked at; true unless given. */
  readonly isChecked?: boolean;
}

/** `sora video download <id>` */
export async function runVideoDownload(context: Context, input: DownloadFlags): Promise<number> {
  const job = await findJob(context, input.id);
  const here = await savedBefore(context, job, input);
  if (here) {
    context.ui.note(`${job.id} is here already, and whole: nothing was downloaded.`);
    await showFollowed(context, [here]);
    return 0;
  }
  await checkVideoOutput(context, input, 1);
  const current = await finishedJob(context, job);
  const output = outputOf(context, input);
  const target = await targetOf(context, { ...input, ...output }, current, input.variant);
  const done = await downloadVideo(context, current, { ...input, ...output, target, variant: input.variant });
  await showFollowed(context, [done]);
  return exitOf([done]);
}

/** The file of an earlier command, where it is the one that is wanted now. A stream is always written anew. */
async function savedBefore(
  context: Context,
  job: Job,
  { variant, output, force, allowDrift }: DownloadFlags,
): Promise<Followed | undefined> {
  if (variant !== 'video' || output === '-' || job.remoteId === undefined) return undefined;
  return alreadyDownloaded(context, job, { force, allowDrift, ...(output !== undefined && { output }) });
}
