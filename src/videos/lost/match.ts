/**
 * Matches a create whose answer was lost with a video in the host's list, only where the match is unambiguous. Pure.
 */

import type { RemoteVideo } from '../../providers/provider.ts';
import { formatSize, parseSize } from '../../shared/geometry.ts';
import { isClosed, isUnanswered, type Job, type Unanswered, type VideoRequest } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import type { UnusableJob } from '../jobs/record.ts';
import type { JobListing } from '../jobs/store.ts';
import { isSameModel } from '../mismatch.ts';

/** What the clocks said when a host was asked for its list. */
export interface Clocks {
  /** Milliseconds since the epoch by the host's clock, cut to the second; undefined when it does not say. */
  readonly hostNow: number | undefined;
  /** The same moment by this machine's clock. */
  readonly localNow: number;
  /** Seconds that this machine has been up. */
  readonly uptimeSeconds: number | undefined;
}

/** What a host lists, and what the clocks said then. */
export interface Sighting extends Clocks {
  readonly videos: readonly RemoteVideo[];
}

/** The jobs of this machine. */
export interface Known extends JobListing {
  /** Ids of videos that are known to be of requests which no record here is of. */
  readonly claimed?: ReadonlySet<string>;
}

export interface MatchResult {
  /** The video of the job, when it can be no other. */
  readonly own: RemoteVideo | undefined;
  /** Else every video that it could be, and why none of them is taken for it. */
  readonly candidates: readonly RemoteVideo[];
  readonly because: string;
}

/** Whose request a video may come from. */
type Claimant = Job | UnusableJob;

/** Milliseconds since the epoch, by the host's clock. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** A `Date` and a `created_at` are cut to whole seconds. */
const ROUNDING_MS = 2_000;

/** How much later than the sender's end a host may date a video that it was asked for. */
const LATE_MS = 5_000;

/** No request lives longer: connecting, sending and waiting for the answer all have their limits. */
export const LONGEST_MS = 5 * 60_000;

/** Two clocks of one machine that drift apart by more were not left alone. */
const CLOCK_SLACK_MS = 2_000;

/**
 * While the request can have made a video. Undefined when the clocks do not tell: the host names no time, or this
 * machine's clock was set, or it was restarted, since the record was written.
 */
export function lifeOf(job: Claimant, clocks: Clocks): TimeWindow | undefined {
  const { hostNow, localNow, uptimeSeconds } = clocks;
  if (hostNow === undefined || uptimeSeconds === undefined || job.uptimeSeconds === undefined) return undefined;
  const createdAt = Date.parse(job.createdAt);
  const upMs = (uptimeSeconds - job.uptimeSeconds) * 1000;
  if (Math.abs(localNow - createdAt - upMs) > CLOCK_SLACK_MS) return undefined;
  const lastSeenAt = Date.parse(job.updatedAt);
  const isKnown = job.status !== 'submitting' && lastSeenAt > createdAt;
  const endedAt = isKnown ? Math.min(lastSeenAt, createdAt + LONGEST_MS) : createdAt + LONGEST_MS;
  const ahead = hostNow - localNow;
  return { from: createdAt + ahead - ROUNDING_MS, to: endedAt + ahead + LATE_MS };
}

/**
 * Adopts what can be no other's: unclaimed by any record, with the prompt and the model that were sent, made while the
 * request lived, and wanted by no other record. Lost requests that are equal in all that was sent may be several: which of
 * their videos is whose makes no difference, so the oldest of them take what there is.
 */
export function findOwn(job: Unanswered, { records, broken, claimed: others }: Known, sighting: Sighting): MatchResult {
  const claimed = new Set(records.flatMap(({ remoteId }) => remoteId ?? []));
  const life = lifeOf(job, sighting);
  const isClaimed = ({ id }: RemoteVideo): boolean => claimed.has(id) || others?.has(id) === true;
  const free = sighting.videos.filter((video) => !isClaimed(video) && isLike(job, video));
  const open = (candidates: readonly RemoteVideo[], because: string): MatchResult => ({
    own: undefined,
    candidates,
    because,
  });
  if (free.length === 0) return open([], 'The host lists no such video.');
  if (!life) return open(free, 'The clocks of this machine and of the host do not prove which one it is.');
  const { equals, timely } = gather(job, { records, free, sighting });
  if (timely.every(({ prompt }) => prompt === undefined)) {
    return open(free, 'It is not certain that any of them comes from that request.');
  }
  const unusable = broken.flatMap((one) => one.unusable ?? []);
  const rival = [...records, ...unusable].find(
    (other) => !equals.some(({ id }) => id === other.id) && timely.some((video) => mayHaveMade(other, video, sighting)),
  );
  if (rival) return open(timely, `Job ${rival.id} may have made it as well.`);
  if (broken.length > unusable.length) return open(timely, 'A record that cannot be read may have made it.');
  const shared = timely.some(({ prompt }) => prompt === undefined) ? undefined : shareOut(equals, timely, sighting);
  if (!shared) return open(timely, 'Several were made at that time.');
  const own = shared.get(job.id);
  if (own) return { own, candidates: [], because: '' };
  return open([], 'The videos that the host lists belong to equal requests that were sent before it.');
}

/**
 * The job, the lost requests that are equal to it and may have made the same videos, directly or by way of others, and those
 * videos as they are listed. A request that may still be under way is not among them: its own answer may yet come.
 */
function gather(
  job: Unanswered,
  { records, free, sighting }: { records: readonly Job[]; free: readonly RemoteVideo[]; sighting: Sighting },
): { equals: readonly Unanswered[]; timely: readonly RemoteVideo[] } {
  const lost = records
    .filter(isUnanswered)
    .filter((other) => isEqual(job, other) && isOver(other, sighting) && other.id !== job.id);
  const equals = new Set([job]);
  const timely = new Set<RemoteVideo>();
  for (let before = -1; before < equals.size + timely.size; ) {
    before = equals.size + timely.size;
    for (const video of free) if ([...equals].some((one) => livedAt(one, video, sighting))) timely.add(video);
    for (const other of lost) if ([...timely].some((video) => livedAt(other, video, sighting))) equals.add(other);
  }
  return { equals: [...equals], timely: free.filter((video) => timely.has(video)) };
}

/** Oldest first; of one age by their ids, so that it comes to the same for whoever asks. */
function byAge<T extends { readonly id: string; readonly createdAt?: string }>(items: readonly T[]): readonly T[] {
  const at = ({ createdAt = '' }: T): number => Date.parse(createdAt);
  return items.toSorted((a, b) => at(a) - at(b) || (a.id < b.id ? -1 : 1));
}

/** Each video to the oldest request that may have made it and has none; undefined when one is left over. */
function shareOut(
  jobs: readonly Unanswered[],
  videos: readonly RemoteVideo[],
  sighting: Sighting,
): ReadonlyMap<string, RemoteVideo> | undefined {
  const shared = new Map<string, RemoteVideo>();
  const oldest = byAge(jobs);
  for (const video of byAge(videos)) {
    const taker = oldest.find((job) => !shared.has(job.id) && livedAt(job, video, sighting));
    if (!taker) return undefined;
    shared.set(taker.id, video);
  }
  return shared;
}

/** The same request to the same account, as far as a record tells: only the key may differ. */
function isEqual(job: Job, other: Job): boolean {
  const fields = ['fingerprint', 'provider', 'baseUrl', 'profile', 'backend'] as const;
  return fields.every((field) => other[field] === job[field]);
}

/** Nobody can be told any more what the host has made of it: its sender is known to be gone, or no request lives so long. */
function isOver(job: Unanswered, sighting: Sighting): boolean {
  const life = lifeOf(job, sighting);
  return life !== undefined && (job.status === 'unknown' || (sighting.hostNow ?? 0) > life.to);
}

function livedAt(job: Claimant, video: RemoteVideo, sighting: Sighting): boolean {
  const life = lifeOf(job, sighting);
  return life !== undefined && isWithin(life, video);
}

/**
 * True unless it is known that the request cannot have made the video; also of one that was closed: a person may err. What
 * a host answered to an unusable one is not known any more.
 */
function mayHaveMade(job: Claimant, video: RemoteVideo, sighting: Sighting): boolean {
  if (job.remoteId !== undefined || (job.status === 'failed' && !isClosed(job)) || !isLike(job, video)) return false;
  if (lifeOf(job, sighting)) return livedAt(job, video, sighting);
  return !isOfEarlierBoot(job, video, sighting);
}

/** No request outlives the machine that sent it: what the host has made since that was started is of another. */
function isOfEarlierBoot(job: Claimant, { createdAt }: RemoteVideo, { hostNow, uptimeSeconds }: Sighting): boolean {
  if (hostNow === undefined || uptimeSeconds === undefined || job.uptimeSeconds === undefined) return false;
  const startedAt = hostNow - uptimeSeconds * 1000;
  return job.uptimeSeconds > uptimeSeconds && Date.parse(createdAt ?? '') > startedAt + LATE_MS;
}

/**
 * Whether the video may be of the request, or of an equal one that was sent about then: of one whose prompt is not told yet.
 */
export function mayHaveCome(job: Unanswered, video: RemoteVideo, clocks: Clocks): boolean {
  const life = lifeOf(job, clocks);
  return isLike(job, video) && (!life || isWithin({ from: life.from - LONGEST_MS, to: life.to + LONGEST_MS }, video));
}

/** True unless the video says that it is of another request. */
function isLike({ request }: Claimant, video: RemoteVideo): boolean {
  if (video.prompt !== undefined && video.prompt.normalize('NFC') !== request.prompt.normalize('NFC')) return false;
  return hasShapeOf(request, video);
}

/** Whether the video is of that model, size and length, as far as both say so. */
export function hasShapeOf(
  request: { readonly [P in 'model' | 'size' | 'seconds' | 'from']?: VideoRequest[P] | undefined },
  { model, size, seconds }: RemoteVideo,
): boolean {
  if (model !== undefined && request.model !== undefined && !isSameModel(request.model, model)) return false;
  const made = size === undefined ? undefined : parseSize(size.replace('*', 'x'));
  if (made && request.size && formatSize(made) !== formatSize(request.size)) return false;
  // Of a video that was made longer, hosts tell the whole length or what was added.
  return (
    seconds === undefined || request.seconds === undefined || request.from !== undefined || seconds === request.seconds
  );
}

function isWithin({ from, to }: TimeWindow, { createdAt }: RemoteVideo): boolean {
  const at = Date.parse(createdAt ?? '');
  return at >= from && at <= to;
}

/** `video_1 (queued, created 2026-11-21T10:00:00Z)`, for people. */
export function describeCandidate({ id, status, createdAt }: RemoteVideo): string {
  return `${oneLine(id, 200)} (${status}, created ${createdAt ?? 'at an unknown time'})`;
}

const SHOWN = 3;

/** The same of a few of them, in one line. */
export function describeCandidates(candidates: readonly RemoteVideo[]): string {
  const more = candidates.length - SHOWN;
  return `${candidates.slice(0, SHOWN).map(describeCandidate).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
