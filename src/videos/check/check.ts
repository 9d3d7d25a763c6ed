/** What can be seen to be wrong with a video: what a host returned is looked at when it comes, and on request. */

import { hashFile } from '../../disk/hash.ts';
import type { Ffmpeg } from '../../media/ffmpeg/find.ts';
import { hashDistance } from '../../media/judge/picture-hash.ts';
import { findRemarks } from '../../media/judge/remarks.ts';
import { THRESHOLDS } from '../../media/judge/thresholds.ts';
import type { VideoMeasurements } from '../../media/judge/video-look.ts';
import { type DownloadedFacts, measureVideo, type VideoFacts } from '../../media/verify/downloaded.ts';
import { isSoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import type { Job, Remote, VideoCheck, VideoRemark } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { saveProgress } from '../jobs/find.ts';
import { findMismatch } from '../mismatch.ts';
import { findSameVideo, type Hashed } from './compare.ts';

/** Models whose videos always have a sound. */
const SOUNDING = /(?:^|[/-])sora-2/;

/** What is remarked of a video that was just measured, and what later ones are compared with. Asks no host and opens no video. */
export async function checkMeasured(
  workspace: Workspace,
  job: Job,
  { seen, size, jobs }: { readonly seen: VideoMeasurements; readonly size: Size; readonly jobs?: readonly Job[] },
): Promise<VideoCheck> {
  const hashed = hashesOf(seen);
  const sound = SOUNDING.test(job.request.model ?? job.model ?? '');
  const remarks = findRemarks(seen, { size, sound });
  const others = jobs ?? (await (await workspace.jobs()).list()).records;
  const same = findSameVideo(job, hashed, others);
  return { hashes: hashed.plain, remarks: [...(same ? [sameRemark(same.job.id, same.isMirrored)] : []), ...remarks] };
}

function hashesOf({ hashes }: VideoMeasurements): Hashed {
  return { plain: hashes.map(({ plain }) => plain), mirrored: hashes.map(({ mirrored }) => mirrored) };
}

function sameRemark(other: string, isMirrored: boolean): VideoRemark {
  return {
    what: 'same',
    message: `It shows what ${other} shows${isMirrored ? ', mirrored' : ''}, which was made of another request.`,
  };
}

export interface CheckedVideo {
  /** Absolute. */
  readonly path: string;
  /** The job whose video it is. */
  readonly jobId?: string;
  readonly remarks: readonly VideoRemark[];
}

interface Measured extends Pick<CheckedVideo, 'path'> {
  readonly job: Remote | undefined;
  readonly hashes?: Hashed;
  readonly remarks: readonly VideoRemark[];
}

/**
 * Looks at videos that are here: those of jobs are compared with what was ordered and with those of other requests, and what was
 * found is kept in their records; files that are nobody's with each other. Throws `machine` without an ffmpeg.
 */
export async function checkVideos(
  workspace: Workspace,
  videos: readonly { readonly path: string; readonly job?: Job }[],
): Promise<readonly CheckedVideo[]> {
  const { reporter } = workspace;
  const ffmpeg = await workspace.ffmpeg();
  const { records: jobs } = await (await workspace.jobs()).list();
  const task = await reporter.task('Checking');
  const all: Measured[] = [];
  for (const [index, { path, job: named }] of videos.entries()) {
    task.update(`Checking ${oneLine(path, 200)}`, index / videos.length);
    const job = await ownerOf(workspace, path, named ? [named] : jobs);
    all.push(await checkOne(workspace, { path, job, ffmpeg, jobs, files: all }));
  }
  task.stop();
  return all.map(({ path, job, remarks }) => ({ path, ...(job && { jobId: job.id }), remarks }));
}

/** The job whose video lies there, as it was saved; undefined for a file of anything else. */
async function ownerOf(workspace: Workspace, path: string, jobs: readonly Job[]): Promise<Remote | undefined> {
  const job = jobs.find((one): one is Remote => one.remoteId !== undefined && one.output?.path === path);
  if (job?.output?.sha256 === undefined) return job;
  const sha256 = await hashFile(path, workspace.runtime.signal).catch(() => undefined);
  return sha256 === job.output.sha256 ? job : undefined;
}

async function checkOne(
  workspace: Workspace,
  {
    path,
    job,
    ffmpeg,
    jobs,
    files,
  }: { path: string; job: Remote | undefined; ffmpeg: Ffmpeg; jobs: readonly Job[]; files: readonly Measured[] },
): Promise<Measured> {
  const { signal } = workspace.runtime;
  const found = await measureVideo(path, { ffmpeg, signal }).catch((error: unknown): SeenFile => {
    if (isSoraError(error, 'unverified')) return { damage: error.message.replace(/\.$/, '') };
    throw error;
  });
  const { seen, facts } = found;
  const broken = [...damageOf(found), ...orderOf(job, facts)];
  if (!seen || !facts) return { path, job, remarks: [...broken, ...(found.damage === undefined ? [UNMEASURED] : [])] };
  const hashes = hashesOf(seen);
  if (!job) {
    const remarks = [...broken, ...sameFile(hashes, files), ...findRemarks(seen, { size: facts, sound: false })];
    return { path, job, hashes, remarks };
  }
  const check = await checkMeasured(workspace, job, { seen, size: facts, jobs });
  if (job.output) await saveProgress(workspace, { ...job, output: { ...job.output, check } });
  return { path, job, hashes, remarks: [...broken, ...check.remarks] };
}

type SeenFile = DownloadedFacts & { readonly facts?: VideoFacts };

const UNMEASURED: VideoRemark = {
  what: 'unseen',
  message: 'This ffmpeg cannot decode it, so that nothing was looked at.',
};

function damageOf({ damage }: SeenFile): readonly VideoRemark[] {
  return damage === undefined ? [] : [{ what: 'damaged', message: `It is damaged: ${damage}.` }];
}

function orderOf(job: Remote | undefined, facts: VideoFacts | undefined): readonly VideoRemark[] {
  const differences = job && facts ? findMismatch(job, facts) : [];
  if (differences.length === 0) return [];
  return [{ what: 'mismatch', message: `It is not what was ordered: ${differences.join('; ')}.` }];
}

/** Of files of nobody the first that looks the same. */
function sameFile({ plain, mirrored }: Hashed, files: readonly Measured[]): readonly VideoRemark[] {
  for (const { path, job, hashes } of files) {
    if (job || !hashes) continue;
    const [as, turned] = [hashDistance(plain, hashes.plain), hashDistance(mirrored, hashes.plain)];
    if (Math.min(as, turned) > THRESHOLDS.same) continue;
    return [{ what: 'same', message: `It shows what ${path} shows${turned < as ? ', mirrored' : ''}.` }];
  }
  return [];
}
