/** Finished videos that were paid for and are not on this machine: a host keeps them for a while. Pure. */
import { isFinal, type JobDigest, type JobStatus } from '../../shared/job.ts';
import { roughDuration } from '../../shared/time.ts';
import { describe } from './lifecycle.ts';

/** What tells it of a job, or of its digest. */
interface Known {
  readonly status: JobStatus;
  readonly output?: object;
  readonly remoteDeleted?: boolean;
  readonly expiresAt?: string;
}

/** Whether its video was made, never saved here, and not deleted at its host. */
export function isNotDownloaded({ status, output, remoteDeleted }: Known): boolean {
  return status === 'succeeded' && output === undefined && remoteDeleted !== true;
}

/** The same, unless its host has said that it keeps the video no longer. */
function canBeDownloaded(job: Known, nowMs: number): boolean {
  return isNotDownloaded(job) && secondsLeft(job, nowMs) > 0;
}

/** Whether there is something to wait for: the job is unfinished, or its video can be downloaded. */
export function isAwaited(job: Known, nowMs: number): boolean {
  return !isFinal(job.status) || canBeDownloaded(job, nowMs);
}

/** Infinite where the host has not told how long it keeps the video. */
function secondsLeft({ expiresAt }: Known, nowMs: number): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : (Date.parse(expiresAt) - nowMs) / 1000;
}

/** For a table: `running, 45%`, and of a finished video that is not here `made, 3 h left`. */
export function describeWithFile(job: JobDigest, nowMs: number): string {
  if (!isNotDownloaded(job)) return describe(job);
  const left = secondsLeft(job, nowMs);
  if (left === Number.POSITIVE_INFINITY) return 'made, not here';
  return left > 0 ? `made, ${roughDuration(left)} left` : 'made, expired';
}

/** Which finished videos are still to be fetched, in words without a full stop, and the command that does so. */
export interface NotDownloaded {
  readonly what: string;
  readonly how: string;
  readonly command: string;
}

/** Of those that were never saved and that their hosts no longer keep, by what they have said: which, and what may be tried. */
export function describeExpired(jobs: readonly JobDigest[], nowMs: number): string | undefined {
  const gone = jobs.filter((job) => isNotDownloaded(job) && !canBeDownloaded(job, nowMs));
  const [first] = gone;
  if (!first) return undefined;
  const named = gone.slice(0, MOST_NAMED).map(({ id }) => id);
  const more = gone.length > named.length ? ` and ${gone.length - named.length} more` : '';
  const what = gone.length === 1 ? '1 finished video is left out' : `${gone.length} finished videos are left out`;
  return `${what}: ${named.join(', ')}${more}. The time for which the host said that it would keep ${gone.length === 1 ? 'it' : 'them'} has passed. To try all the same: sora video download ${first.id}`;
}

/** More ids are read by nobody. */
const MOST_NAMED = 10;

/** `3 finished videos are not downloaded; the first expires in 3 h`. Undefined where no video could be downloaded. */
export function findNotDownloaded(jobs: readonly JobDigest[], nowMs: number): NotDownloaded | undefined {
  const all = jobs.filter((job) => canBeDownloaded(job, nowMs));
  const [only] = all;
  if (!only) return undefined;
  const isOne = all.length === 1;
  const first = Math.min(...all.map((job) => secondsLeft(job, nowMs)));
  const expires =
    first === Number.POSITIVE_INFINITY ? '' : `; ${isOne ? 'it' : 'the first'} expires in ${roughDuration(first)}`;
  const what = isOne ? '1 finished video is not downloaded' : `${all.length} finished videos are not downloaded`;
  return isOne
    ? { what: `${what}${expires}`, how: 'Download it', command: `sora video download ${only.id}` }
    : { what: `${what}${expires}`, how: 'Download them, and wait for the rest', command: 'sora video wait --all' };
}
