/** Whether a video shows what that of another request shows: hosts mix up their outputs. By records alone, no video is opened. Pure. */

import { type FrameHashes, hashDistance, isTelling } from '../../media/judge/picture-hash.ts';
import { THRESHOLDS } from '../../media/judge/thresholds.ts';
import type { Job, Remote } from '../../shared/job.ts';

/** Hashes of the frames of a video, and of their mirror images. */
export interface Hashed {
  readonly plain: FrameHashes;
  readonly mirrored: FrameHashes;
}

export interface Match {
  readonly job: Remote;
  readonly isMirrored: boolean;
}

/** The job whose video looks most like that of `job`, of those that may not; undefined where none does. */
export function findSameVideo(job: Job, hashes: Hashed, jobs: readonly Job[]): Match | undefined {
  if (!isTelling(hashes.plain)) return undefined;
  const rootOf = createRoots([...jobs, job]);
  let best: (Match & { readonly distance: number }) | undefined;
  for (const other of jobs) {
    const known = other.remoteId === undefined ? undefined : other.output?.check?.hashes;
    if (other.remoteId === undefined || !known || other.id === job.id) continue;
    const [plain, mirrored] = [hashDistance(hashes.plain, known), hashDistance(hashes.mirrored, known)];
    const distance = Math.min(plain, mirrored);
    if (distance > Math.min(THRESHOLDS.same, best?.distance ?? Number.POSITIVE_INFINITY)) continue;
    if (mayLookAlike(job, other) || rootOf(job) === rootOf(other)) continue;
    if (continues(job, hashes.plain, known) || continues(other, known, hashes.plain)) continue;
    best = { job: other, isMirrored: mirrored < plain, distance };
  }
  return best;
}

/** Takes of one request or of one scene, and videos that begin with one picture. */
function mayLookAlike(a: Job, b: Job): boolean {
  if (a.request.prompt === b.request.prompt) return true;
  if (a.take && b.take && a.take.file === b.take.file && a.take.scene === b.take.scene) return true;
  return a.request.reference !== undefined && a.request.reference.sha256 === b.request.reference?.sha256;
}

/** The job that all those go back to which were made from another: an extension, what it extends, and another one of that. */
function createRoots(jobs: readonly Job[]): (job: Job) => string {
  const sources = new Map(jobs.map(({ id, request }) => [id, request.from?.jobId]));
  return ({ id }) => {
    let root = id;
    // A record that leads back to itself was written by hand.
    for (let step = 0, next = sources.get(root); next !== undefined && step < sources.size; step += 1) {
      root = next;
      next = sources.get(root);
    }
    return root;
  };
}

/** Whether its first picture was given, and is how the other ends: a chain, in which little need move. */
function continues(job: Job, hashes: FrameHashes, other: FrameHashes): boolean {
  if (job.request.reference === undefined) return false;
  return hashDistance(hashes.slice(0, 1), other.slice(-1)) <= 2 * THRESHOLDS.same;
}
