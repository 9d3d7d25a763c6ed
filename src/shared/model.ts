/** Plain data that every other file speaks in, with its small pure helpers. No effects. */

import { trimEnd } from './text.ts';

export type ImageMime = 'image/jpeg' | 'image/png' | 'image/webp';

export type Variant = 'video' | 'thumbnail' | 'spritesheet';

export type Orientation = 'landscape' | 'portrait';

/** Pixels of the displayed picture. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `1280x720` as a size, 10 to 99999 a side, or undefined when the text is not of that form. */
export function parseSize(text: string): Size | undefined {
  const match = /^([1-9]\d{1,4})x([1-9]\d{1,4})$/.exec(text);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}

/** A part of a picture; `x` and `y` are its upper left corner. */
export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

export function formatSize(size: Size): string {
  return `${size.width}x${size.height}`;
}

/** A square counts as landscape. */
export function orientationOf(size: Size): Orientation {
  return size.height > size.width ? 'portrait' : 'landscape';
}

/** Time as the outer world gives it, so that tests can replace it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What the user wished for a clip; `sameWishes` compares. */
export interface ClipOptions {
  /** Seconds into the source; null is its beginning, `auto` the best part of it. */
  readonly start: number | 'auto' | null;
  /** Seconds, 2 to 4; null is as much as fits. */
  readonly duration: number | null;
  readonly fit: 'pad' | 'crop';
  readonly orientation: 'auto' | Orientation;
  readonly resolution: 'auto' | '720p' | '1080p';
  readonly audio: boolean;
  /** Black bars that are already in the picture are cut off first. Records of earlier versions lack it, which means false. */
  readonly cropBars?: boolean;
}

export const DEFAULT_CLIP_OPTIONS: ClipOptions = {
  start: null,
  duration: null,
  fit: 'pad',
  orientation: 'auto',
  resolution: 'auto',
  audio: true,
  cropBars: false,
};

/** Equal wishes, whichever version wrote them down: a field that one lacks has its default. */
export function sameWishes(a: Partial<ClipOptions>, b: Partial<ClipOptions>): boolean {
  const keys = Object.keys(DEFAULT_CLIP_OPTIONS) as (keyof ClipOptions)[];
  return keys.every((key) => (a[key] ?? DEFAULT_CLIP_OPTIONS[key]) === (b[key] ?? DEFAULT_CLIP_OPTIONS[key]));
}

/** A prepared clip in the store, named by its content. */
export interface Clip {
  /** Lower-case hex SHA-256 of the file. */
  readonly sha256: string;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly fps: number;
  readonly bytes: number;
  /** Where the source's picture lies in a clip that was padded; without it the picture fills the clip. */
  readonly picture?: Rect;
}

/** Clocks of two machines are never quite the same. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** True for a date that cannot be: it came from a clock that is wrong, or was made up. */
export function isFromFuture({ createdAt }: { readonly createdAt: string }, nowMs: number): boolean {
  return Date.parse(createdAt) > nowMs + CLOCK_SKEW_MS;
}

/** A provider's name for a master clip: a cache, made anew from the master when it is stale. */
export interface Registration {
  readonly provider: string;
  /** As `normalizeBaseUrl` writes it; `sandbox:` for the built-in sandbox. */
  readonly baseUrl: string;
  readonly profile?: string;
  readonly model?: string;
  readonly orientation: Orientation;
  readonly kind: 'id' | 'url';
  readonly value: string;
  /** The character's name as the host knows it: what the prompt must say. */
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly stale?: boolean;
  /** What this machine paid for it: no amount where nobody knew the price. Absent where it was free, adopted or imported. */
  readonly cost?: Pick<JobCost, 'estimateUsd' | 'asOf' | 'source'>;
}

/** A registration that was sent for and is not there yet: written before the request leaves, gone when its fate is known. */
export interface PendingRegistration {
  readonly provider: string;
  readonly baseUrl: string;
  readonly profile?: string;
  readonly orientation: Orientation;
  /** The host's id of the task that makes it; absent while nobody knows whether the host has taken the request. */
  readonly taskId?: string;
  /** As it was sent. */
  readonly name: string;
  /** How many requests were sent for it whose answers were lost, this one included; 1 unless given. */
  readonly requests?: number;
  /** When the last of them was sent. */
  readonly createdAt: string;
}

/** What a clip was made from. */
export interface CharacterSource {
  readonly fileName: string;
  readonly sha256: string;
  /** Records before plan version 4 may lack them. */
  readonly facts?: SourceFacts;
}

/**
 * What of a source its plan was decided by, so that a later version can tell whether it would decide otherwise. In the words
 * of `clip inspect --json`; what is as in most files is absent.
 */
export interface SourceFacts {
  readonly container: string;
  readonly codec: string;
  readonly bitDepth?: number;
  readonly fps?: number;
  readonly chroma?: string;
  readonly range?: string;
  readonly primaries?: string;
  readonly transfer?: string;
  readonly matrix?: string;
  readonly hdr?: string;
  readonly alpha?: boolean;
  readonly window?: Rect;
  readonly stereo?: string;
  readonly projection?: string;
  readonly mirrored?: boolean;
  readonly rotation?: number;
  readonly pixelAspect?: number;
  readonly scan?: string;
  /** Its frame rate does. */
  readonly varies?: boolean;
  /** Seconds after the beginning of the file at which the picture starts. */
  readonly delay?: number;
  /** Pictures that an edit list hides, and those before the first keyframe. */
  readonly hidden?: number;
  readonly leading?: number;
  /** Of the track that was used, counted from 0. */
  readonly sound?: {
    readonly codec: string;
    readonly track: number;
    readonly channels?: number;
    readonly laidOut?: boolean;
  };
  readonly soundTracks?: number;
}

/** Of `master`, `source`, `options` and `planVersion` all are there, or none: an adopted id may come without a clip. */
export interface Character {
  readonly version: 1;
  /** NFC, trimmed, 1-80 code points. */
  readonly name: string;
  readonly master?: Clip;
  readonly source?: CharacterSource;
  readonly options?: ClipOptions;
  readonly planVersion?: number;
  readonly registrations: readonly Registration[];
  /** Of one machine: never in a cast. */
  readonly pending?: readonly PendingRegistration[];
  /** The record came without its clip, so that nothing is lost when that is not here. Of one machine. */
  readonly clipless?: boolean;
  readonly createdAt: string;
}

/** What a list shows of a character. */
export interface CharacterDigest extends Pick<Character, 'name' | 'master' | 'clipless' | 'createdAt' | 'planVersion'> {
  readonly options?: Pick<ClipOptions, 'start' | 'audio'>;
  /** Only of a clip by earlier rules. */
  readonly source?: Pick<CharacterSource, 'facts'>;
  readonly registrations: readonly (Pick<Registration, 'provider' | 'value' | 'stale'> & {
    readonly cost?: Pick<JobCost, 'estimateUsd'>;
  })[];
  readonly pending?: readonly Pick<PendingRegistration, 'provider'>[];
}

/** Raised when the same source and wishes would give another master; characters/outdated.ts says what of which. */
export const PLAN_VERSION = 3;

/** A character with a master. */
export type MadeCharacter = Character & Required<Pick<Character, 'master' | 'source' | 'options' | 'planVersion'>>;

export function isMade(character: Character): character is MadeCharacter {
  return character.master !== undefined;
}

/** How videos of the character lie unless told otherwise: as its clip, or as its newest registration says. */
export function orientationOfCharacter({ master, registrations }: Character): Orientation {
  return master ? orientationOf(master) : (registrations.at(-1)?.orientation ?? 'landscape');
}

/**
 * `submitting`: written before the request leaves, and all that is known until it is answered.
 * `unknown`: the request may have created a job; nobody knows its remote id.
 */
export type JobStatus =
  | 'submitting'
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'expired'
  | 'cancelled'
  | 'unknown';

export const JOB_STATUSES: readonly JobStatus[] = [
  'submitting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'unknown',
];

/** How a video is made from another one: longer, changed in place, or anew with another prompt. */
export type Derivation = 'extend' | 'edit' | 'remix';

export const DERIVATIONS: readonly Derivation[] = ['extend', 'edit', 'remix'];

/** What was asked of a host, in our terms; without secrets, and without the bytes of a picture. */
export interface VideoRequest {
  /** As it is sent: names injected. */
  readonly prompt: string;
  readonly model?: string;
  /** Of the video that is to come out: of an extension, together with what it extends. */
  readonly seconds: number;
  readonly size: Size;
  readonly characters: readonly { readonly name: string; readonly value: string }[];
  readonly reference?: {
    readonly kind: 'image' | 'url';
    readonly sha256: string;
    readonly label: string;
    /** Where it can be had again: an absolute path, or a URL that holds no secret. */
    readonly source?: string;
  };
  /** The job whose video this one is made from. */
  readonly from?: { readonly jobId: string; readonly kind: Derivation };
}

export interface JobFailure {
  /** The host's own code, where it gave one; without a remote id, `closed` or `unsent` may stand there. */
  readonly code?: string;
  readonly message: string;
  /** True when the host's content policy refused it. */
  readonly policy: boolean;
}

/** What a job or a registration costs. Without an estimate where no price was known when it was sent. */
export interface JobCost {
  /** US dollars. */
  readonly estimateUsd?: number;
  /** ISO 8601 date of the price behind the estimate, and where it stood. */
  readonly asOf?: string;
  readonly source?: string;
  /** What the host says that it charged. */
  readonly actualUsd?: number;
}

export interface Job {
  readonly version: 1;
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly profile?: string;
  readonly backend?: string;
  readonly model?: string;
  readonly remoteId?: string;
  readonly request: VideoRequest;
  /** SHA-256 over provider, base URL and request: equal for equal work. */
  readonly fingerprint: string;
  /** The user's own idempotency text (`--key`). */
  readonly key?: string;
  readonly characters: readonly string[];
  /** Of them, by their names here, those who were cast because the prompt says them. */
  readonly autoCast?: readonly string[];
  readonly status: JobStatus;
  /** The host's own word, when it is none of ours. */
  readonly remoteStatus?: string;
  /** 0 to 100. */
  readonly progress?: number;
  /** Of an unknown job: what came in the place of an answer. */
  readonly failure?: JobFailure;
  /** The job that its request was sent again as. */
  readonly replacedBy?: string;
  /** The job whose request this one sends again; on the disk before that is closed. */
  readonly replaces?: string;
  /** Absolute path of the downloaded video. */
  readonly outputPath?: string;
  /** Lower-case hex SHA-256 of that file, as it was saved. */
  readonly outputSha256?: string;
  /** Whether that file's pictures were decoded before it was saved; its container always is read. */
  readonly outputDecoded?: boolean;
  /** When the host was done, ISO 8601 by this machine's clock; only where that was told, or seen within half a minute. */
  readonly finishedAt?: string;
  /** Until when the host keeps the video, ISO 8601. */
  readonly expiresAt?: string;
  /** The video was deleted at the host; the record, its status and the file here stay. */
  readonly remoteDeleted?: boolean;
  /** What the host says it made, compared with the request after completion. */
  readonly result?: { readonly model?: string; readonly size?: string; readonly seconds?: number };
  readonly cost?: JobCost;
  /** Seconds that this machine had been up at `createdAt`: tells later whether its clock was set in between. */
  readonly uptimeSeconds?: number;
  readonly createdAt: string;
  /** Of an unresolved job: when its sender was last heard of; equal to `createdAt` where nobody knows. */
  readonly updatedAt: string;
}

/** What a list shows of a job. */
export interface JobDigest
  extends Pick<Job, 'id' | 'status' | 'remoteStatus' | 'progress' | 'remoteId' | 'characters' | 'createdAt'> {
  /** With a prompt that is cut where nobody reads on. */
  readonly request: Pick<VideoRequest, 'prompt' | 'seconds' | 'size'>;
  readonly cost?: Pick<JobCost, 'estimateUsd' | 'actualUsd'>;
}

const FINAL: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'expired', 'cancelled']);

/** A final status never changes again at the host. */
export function isFinal(status: JobStatus): boolean {
  return FINAL.has(status);
}

/** True of a job that is over and has no video. */
export function isGivenUp(status: JobStatus): boolean {
  return isFinal(status) && status !== 'succeeded';
}

/** True while nobody knows whether the host has the job. */
export function isUnresolved(job: Pick<Job, 'status' | 'remoteId'>): boolean {
  return job.remoteId === undefined && (job.status === 'submitting' || job.status === 'unknown');
}

/** False where it is known that no host has, or had, the job. */
export function mayExist(job: Pick<Job, 'status' | 'remoteId'>): boolean {
  return job.remoteId !== undefined || job.status !== 'failed';
}

/** The failure code of a job that was closed by a person's word: nobody knows that its host made nothing. */
export const CLOSED = 'closed';

export function isClosed(job: Pick<Job, 'remoteId' | 'failure'>): boolean {
  return job.remoteId === undefined && job.failure?.code === CLOSED;
}

/** The failure code of a job whose request never left, or never reached a host. */
export const UNSENT = 'unsent';

/** The form in which base URLs are stored and compared: no trailing slash, no query, lower-case host. Throws TypeError on a non-URL. */
export function normalizeBaseUrl(text: string): string {
  const url = new URL(text);
  url.hash = '';
  url.search = '';
  url.username = '';
  url.password = '';
  return trimEnd(url.href, '/');
}
