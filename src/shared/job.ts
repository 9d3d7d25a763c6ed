/** A job: what was asked of a host, and what is known of it. Plain data with its small pure helpers. */

import type { Size } from './geometry.ts';

/** What can be had of a finished video. */
export type Variant = 'video' | 'thumbnail' | 'spritesheet';
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
  /** By the name in the prompt: an id, or the URL of a clip, unless `mode` says otherwise. */
  readonly characters: readonly {
    readonly name: string;
    readonly value: string;
    readonly mode?: 'clip-inline' | 'image';
    /** Where there are several; the first of them is `value`. */
    readonly values?: readonly string[];
  }[];
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
  /** The host's own code, where it gave one; of a refused job, `closed`, `unsent` or another `RefusalCode`. */
  readonly code?: string;
  readonly message: string;
  /** True when the host's content policy refused it. */
  readonly policy: boolean;
  /** True when the host could not read a clip or a picture where it lies: one that it is given anew may do. */
  readonly unreachable?: boolean;
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

/** What a job was made for: a take of a scene of a film, or of a line of a batch. */
export interface JobTake {
  /** Absolute path of the storyboard or the batch. */
  readonly file: string;
  /** The scene, or the id of the line. */
  readonly scene: string;
  readonly n: number;
  /** Where its file first lies, relative to the folder of `file`. */
  readonly path: string;
  /** What was asked for in terms of no host, as the journal has it. */
  readonly ask?: object;
}

/** The counters of an account, as they stood when they were read. */
export interface UsageBefore {
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
  /** Videos of the job's model that were made that day. */
  readonly made: number;
  readonly balanceUsd: number;
}

/** What is true of every job, whatever became of its request. */
interface JobBase {
  readonly version: 1;
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly profile?: string;
  readonly backend?: string;
  /** Eight hex digits of the account that sent it; absent in records of earlier versions. */
  readonly account?: string;
  readonly model?: string;
  readonly request: VideoRequest;
  /** SHA-256 over provider, base URL and request: equal for equal work. */
  readonly fingerprint: string;
  /** The user's own idempotency text (`--key`). */
  readonly key?: string;
  readonly take?: JobTake;
  readonly characters: readonly string[];
  /** Of them, by their names here, those who were cast because the prompt says them. */
  readonly autoCast?: readonly string[];
  /** What it was sent for, by the user's own words. */
  readonly tags?: readonly string[];
  /** The job whose request this one sends again; on the disk before that is closed. */
  readonly replaces?: string;
  readonly cost?: JobCost;
  /** What the account had used before the request left, where its host counts that; absent where it could not be asked. */
  readonly usageBefore?: UsageBefore;
  /** Seconds that this machine had been up at `createdAt`: tells later whether its clock was set in between. */
  readonly uptimeSeconds?: number;
  readonly createdAt: string;
  /** Of an unanswered job: when its sender was last heard of; equal to `createdAt` where nobody knows. */
  readonly updatedAt: string;
}

/** Written before the request leaves, and all that is known until it is answered. */
export interface Sending extends JobBase {
  readonly status: 'submitting';
  readonly remoteId?: never;
}

/** The request may have created a job; nobody knows its remote id. */
export interface Unresolved extends JobBase {
  readonly status: 'unknown';
  readonly remoteId?: never;
  /** What came in the place of an answer. */
  readonly failure?: JobFailure;
}

/** A definite no: the host refused the request, it never left, or a person says that nothing came of it. */
export interface Refused extends JobBase {
  readonly status: 'failed';
  readonly remoteId?: never;
  /** Its code is a `RefusalCode`, or absent where the host found fault with the request. */
  readonly failure?: JobFailure;
  /** The job that its request was sent again as, the newest of them. */
  readonly replacedBy?: string;
}

/** Something that is wrong with a video, or may be. */
export interface VideoRemark {
  /** `damaged`, `black`, `noise`, `frozen`, `blocky`, `bars`, `cut`, `silent`, `same` or `mismatch`; more may come. */
  readonly what: string;
  /** A sentence. */
  readonly message: string;
}

/** What was found when the pictures of a video were looked at. */
export interface VideoCheck {
  /** Of eight frames at even distances: 64 bits each, in hexadecimal digits. */
  readonly hashes: readonly string[];
  readonly remarks: readonly VideoRemark[];
}

/** Where the downloaded video is. */
export interface SavedVideo {
  /** Absolute. */
  readonly path: string;
  /** Lower-case hex SHA-256 of the file, as it was saved; records that were written by hand may lack it. */
  readonly sha256?: string;
  /** Whether its pictures were decoded before it was saved; its container always is read. */
  readonly decoded?: boolean;
  /** Absent where it was not looked at. */
  readonly check?: VideoCheck;
}

/** A job that its host has, or had. */
export interface Remote extends JobBase {
  readonly status: 'queued' | 'running' | FinalStatus;
  readonly remoteId: string;
  /** The host's own word, when it is none of ours. */
  readonly remoteStatus?: string;
  /** 0 to 100. */
  readonly progress?: number;
  /** How many jobs wait before it in its host's queue. */
  readonly queuePosition?: number;
  /** Not in that queue yet: the account runs as many jobs as it may. */
  readonly throttled?: boolean;
  /** Where its host says that it is asked about, where the host's id for it does not tell. */
  readonly pollUrl?: string;
  readonly failure?: JobFailure;
  readonly output?: SavedVideo;
  /** When the host was done, ISO 8601 by this machine's clock; only where that was told, or seen within half a minute. */
  readonly finishedAt?: string;
  /** Until when the host keeps the video, ISO 8601. */
  readonly expiresAt?: string;
  /** The video was deleted at the host; the record, its status and the file here stay. */
  readonly remoteDeleted?: boolean;
  /** What the host says it made, compared with the request after completion. */
  readonly result?: { readonly model?: string; readonly size?: string; readonly seconds?: number };
}

/** Nobody knows, yet or any more, whether the host has the job. */
export type Unanswered = Sending | Unresolved;

/** A job in one of its four states; its record is decoded and written by `videos/jobs/record.ts`. */
export type Job = Unanswered | Refused | Remote;

/** A refused job that was closed by a person's word: nobody knows that its host made nothing. */
export type Closed = Refused & { readonly failure: { readonly code: typeof CLOSED } };

export type JobStatus = Job['status'];

export const JOB_STATUSES = [
  'submitting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'unknown',
] as const satisfies readonly JobStatus[];

/** Of each state what a list shows of it. */
type Digest<J> = J extends Job
  ? Pick<
      J,
      keyof J &
        (
          | 'id'
          | 'status'
          | 'replacedBy'
          | 'remoteStatus'
          | 'progress'
          | 'queuePosition'
          | 'throttled'
          | 'remoteId'
          | 'characters'
          | 'tags'
          | 'createdAt'
        )
    > &
      Pick<J, keyof J & ('expiresAt' | 'remoteDeleted' | 'replacedBy')>
  : never;

/** What a list shows of a job. */
export type JobDigest = Digest<Job> & {
  /** With a prompt that is cut where nobody reads on. */
  readonly request: Pick<VideoRequest, 'prompt' | 'seconds' | 'size'>;
  readonly cost?: Pick<JobCost, 'estimateUsd' | 'actualUsd'>;
  /** There once the video was saved. */
  readonly output?: object;
  /** Of a refused one. */
  readonly failure?: Pick<JobFailure, 'code'>;
};

/** Never changes again at the host. */
export type FinalStatus = 'succeeded' | 'failed' | 'expired' | 'cancelled';

const FINAL: ReadonlySet<JobStatus> = new Set<FinalStatus>(['succeeded', 'failed', 'expired', 'cancelled']);

export function isFinal(status: JobStatus): status is FinalStatus {
  return FINAL.has(status);
}

/** True of a job that is over and has no video. */
export function endedWithoutVideo(status: JobStatus): boolean {
  return isFinal(status) && status !== 'succeeded';
}

type State = Pick<Job, 'status' | 'remoteId'>;

export function isUnanswered<J extends State>(job: J): job is Extract<J, Pick<Unanswered, 'status'>> {
  return job.status === 'submitting' || job.status === 'unknown';
}

export function isRefused<J extends State>(job: J): job is Extract<J, Pick<Refused, 'status' | 'remoteId'>> {
  return job.remoteId === undefined && job.status === 'failed';
}

/** The failure code of a job that was closed. */
export const CLOSED = 'closed';

export function isClosed(job: Job): job is Closed {
  return isRefused(job) && job.failure?.code === CLOSED;
}

/** The failure code of a job whose request never left, or never reached a host. */
export const UNSENT = 'unsent';

/** Why a request made nothing, where its host found no fault with it: the same one may be taken later. */
export type RefusalCode = typeof UNSENT | 'auth' | 'budget' | 'rate-limited';

/** By an error's words: of a refused job that was not closed, whose host found no fault with its request. */
export function refusalCodeOf(job: {
  readonly remoteId?: string;
  readonly failure?: Pick<JobFailure, 'code'>;
}): RefusalCode | undefined {
  if (job.remoteId !== undefined) return undefined;
  return REFUSAL_CODES.find((code) => code === job.failure?.code);
}

const REFUSAL_CODES: readonly RefusalCode[] = [UNSENT, 'auth', 'budget', 'rate-limited'];
