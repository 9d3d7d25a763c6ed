/** Which of a host's videos a request without an answer has made: decided only where it cannot be another. Pure. */
import { formatSize, isUnresolved, type Job, parseSize } from './domain.ts';
import { isSameModel } from './drift.ts';
import type { RemoteVideo } from './providers/provider.ts';

/** What a host lists, and what the clocks said then. */
export interface Sighting {
  readonly videos: readonly RemoteVideo[];
  /** Milliseconds since the epoch by the host's clock, cut to the second; undefined when it does not say. */
  readonly hostNow: number | undefined;
  /** The same moment by this machine's clock. */
  readonly localNow: number;
  /** Seconds that this machine has been up. */
  readonly uptimeSeconds: number | undefined;
}

/** What is known on this machine. */
export interface Records {
  readonly records: readonly Job[];
  /** Records that cannot be read: what stands in them is not known. */
  readonly broken: readonly unknown[];
}

export interface Finding {
  /** The video of the job, when it can be no other. */
  readonly own: RemoteVideo | undefined;
  /** Else every video that it could be, and why none of them is taken for it. */
  readonly candidates: readonly RemoteVideo[];
  readonly because: string;
}

/** Milliseconds since the epoch, by the host's clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A `Date` and a `created_at` are cut to whole seconds. */
const ROUNDING_MS = 2_000;

/** How much later than the sender's end a host may date a video that it was asked for. */
const LATE_MS = 5_000;

/** No request lives longer: connecting, sending and waiting for the answer all have their limits. */
const LONGEST_MS = 5 * 60_000;

/** Two clocks of one machine that drift apart by more were not left alone. */
const CLOCK_SLACK_MS = 2_000;

/**
 * While the request can have made a video. Undefined when the clocks do not tell: the host names no time, or this
 * machine's clock was set, or it was restarted, since the record was written.
 */
export function lifeOf(job: Job, sighting: Omit<Sighting, 'videos'>): Span | undefined {
  const { hostNow, localNow, uptimeSeconds } = sighting;
  if (hostNow === undefined || uptimeSeconds === undefined || job.uptimeSeconds === undefined) return undefined;
  const createdAt = Date.parse(job.createdAt);
  const upMs = (uptimeSeconds - job.uptimeSeconds) * 1000;
  if (Math.abs(localNow - createdAt - upMs) > CLOCK_SLACK_MS) return undefined;
  const lastSeenAt = Date.parse(job.updatedAt);
  const endedAt = lastSeenAt > createdAt ? Math.min(lastSeenAt, createdAt + LONGEST_MS) : createdAt + LONGEST_MS;
  const ahead = hostNow - localNow;
  return { from: createdAt + ahead - ROUNDING_MS, to: endedAt + ahead + LATE_MS };
}

/**
 * Adopts exactly one: unclaimed by any record, with the prompt and the model that were sent, made while the request lived,
 * and wanted by no other unresolved record.
 */
export function findOwn(job: Job, { records, broken }: Records, sighting: Sighting): Finding {
  const claimed = new Set(records.flatMap(({ remoteId }) => remoteId ?? []));
  const life = lifeOf(job, sighting);
  const free = sighting.videos.filter((video) => !claimed.has(video.id) && isLike(job, video));
  const timely = life ? free.filter((video) => isWithin(life, video)) : [];
  const open = (candidates: readonly RemoteVideo[], because: string): Finding => ({
    own: undefined,
    candidates,
    because,
  });
  if (free.length === 0) return open([], 'The host lists no video like it.');
  if (!life) return open(free, 'The clocks of this machine and of the host do not prove which one it is.');
  if (timely.length > 1) return open(timely, 'Several were made at that time.');
  const [own] = timely;
  if (own?.prompt === undefined) return open(free, 'None of them is proven to be made by that request at that time.');
  if (broken.length > 0) return open(timely, 'A record that cannot be read may have made it.');
  const rivals = records.filter((other) => other.id !== job.id && isUnresolved(other) && isLike(other, own));
  if (rivals.length > 0) return open(timely, `Job ${rivals[0]?.id} may have made it as well.`);
  return { own, candidates: [], because: '' };
}

/** True unless the video says that it is of another request. */
function isLike({ request }: Job, { prompt, model, size, seconds }: RemoteVideo): boolean {
  if (prompt !== undefined && prompt.normalize('NFC') !== request.prompt.normalize('NFC')) return false;
  if (model !== undefined && request.model !== undefined && !isSameModel(request.model, model)) return false;
  const made = size === undefined ? undefined : parseSize(size.replace('*', 'x'));
  if (made && formatSize(made) !== formatSize(request.size)) return false;
  // Of a video that was made longer, hosts tell the whole length or what was added.
  return seconds === undefined || request.from !== undefined || seconds === request.seconds;
}

function isWithin({ from, to }: Span, { createdAt }: RemoteVideo): boolean {
  const at = Date.parse(createdAt ?? '');
  return at >= from && at <= to;
}
