/** A job: what was asked of a host, and what is known of it. Plain data with its small pure helpers. */

import type { Size } from './geometry.ts';

/** What can be had of a finished video. */
export type Variant = 'video' | 'thumbnail' | 'spritesheet';
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
