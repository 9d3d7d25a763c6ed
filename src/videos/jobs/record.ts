/** The record of a job: its id, what may stand in it, and how much of it a list shows. Pure. */

import {
  boolean,
  date,
  hostUrl,
  list,
  number,
  oneOf,
  optional,
  positive,
  recordDecoder,
  refine,
  rule,
  sha256,
  shape,
  string,
} from '../../disk/schema.ts';
import { withCanonicalUrl } from '../../providers/index.ts';
import type { Size } from '../../shared/geometry.ts';
import {
  DERIVATIONS,
  isRefused,
  isUnanswered,
  JOB_STATUSES,
  type Job,
  type JobCost,
  type JobDigest,
  type JobFailure,
  type JobStatus,
  type JobTake,
  type Remote,
  type Unanswered,
  type UsageBefore,
  type VideoCheck,
  type VideoRemark,
  type VideoRequest,
} from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { fingerprintOf } from './fingerprint.ts';

const anObject = rule<object>((value) => typeof value === 'object' && value !== null, 'is not an object');

const JOB_ID = /^job_[0-9a-z]{15}$/;

/** True for the form that `newJobId` makes: nothing else ever becomes a path. */
export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}

/** Ids sort by the time they were made. `random` is like Math.random. */
export function newJobId(nowMs: number, random: () => number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(36).padStart(9, '0');
  const tail = Array.from({ length: 6 }, () => Math.floor(random() * 36).toString(36)).join('');
  return `job_${time}${tail}`;
}

const jobId = rule<string>((value) => typeof value === 'string' && isJobId(value), 'is not a job id');

const request = shape<VideoRequest>({
  prompt: string,
  model: optional(string),
  seconds: number,
  size: shape<Size>({ width: positive, height: positive }),
  characters: list(
    shape<VideoRequest['characters'][number]>({
      ...{ name: string, value: string },
      ...{ mode: optional(oneOf('clip-inline', 'image')), values: optional(list(string)) },
    }),
  ),
  reference: optional(
    shape<NonNullable<VideoRequest['reference']>>({
      kind: oneOf('image', 'url'),
      sha256,
      label: string,
      source: optional(string),
    }),
  ),
  from: optional(shape<NonNullable<VideoRequest['from']>>({ jobId, kind: oneOf(...DERIVATIONS) })),
});

/** Of a frame. */
const hash = rule<string>(
  (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value),
  'is no hash of 16 hexadecimal digits',
);

const amount = refine(number, (value) => value >= 0, 'is less than nothing');

/** A job as one JSON object: on the disk, and in every `--json`. */
export interface JobJson
  extends Omit<Unanswered, 'status' | 'remoteId'>,
    Partial<Omit<Remote, keyof Unanswered | 'output'>> {
  readonly status: JobStatus;
  readonly remoteId?: string;
  readonly failure?: JobFailure;
  readonly replacedBy?: string;
  readonly outputPath?: string;
  readonly outputSha256?: string;
  readonly outputDecoded?: boolean;
  readonly outputCheck?: VideoCheck;
}

const decodeFields = recordDecoder<JobJson>(
  1,
  shape<JobJson>({
    version: oneOf(1),
    id: jobId,
    provider: string,
    baseUrl: hostUrl,
    profile: optional(string),
    backend: optional(string),
    account: optional(string),
    model: optional(string),
    remoteId: optional(string),
    request,
    fingerprint: string,
    key: optional(string),
    take: optional(shape<JobTake>({ file: string, scene: string, n: positive, path: string, ask: optional(anObject) })),
    characters: list(string),
    autoCast: optional(list(string)),
    tags: optional(list(string)),
    status: oneOf(...JOB_STATUSES),
    remoteStatus: optional(string),
    progress: optional(number),
    queuePosition: optional(number),
    throttled: optional(boolean),
    pollUrl: optional(hostUrl),
    failure: optional(
      shape<JobFailure>({ code: optional(string), message: string, policy: boolean, unreachable: optional(boolean) }),
    ),
    replacedBy: optional(jobId),
    replaces: optional(jobId),
    outputPath: optional(string),
    outputSha256: optional(sha256),
    outputDecoded: optional(boolean),
    outputCheck: optional(
      shape<VideoCheck>({
        hashes: list(hash),
        remarks: list(shape<VideoRemark>({ what: string, message: string })),
      }),
    ),
    finishedAt: optional(date),
    expiresAt: optional(date),
    remoteDeleted: optional(boolean),
    result: optional(
      shape<NonNullable<Remote['result']>>({
        model: optional(string),
        size: optional(string),
        seconds: optional(number),
      }),
    ),
    cost: optional(
      shape<JobCost>({
        estimateUsd: optional(amount),
        asOf: optional(date),
        source: optional(string),
        actualUsd: optional(amount),
      }),
    ),
    usageBefore: optional(shape<UsageBefore>({ at: date, made: amount, balanceUsd: number })),
    uptimeSeconds: optional(amount),
    createdAt: date,
    updatedAt: date,
  }),
);

/** A record that says that a host has its job, and not as what: nothing can be asked, fetched or adopted by it. */
export type UnusableJob = JobJson & { readonly remoteId?: never; readonly status: Exclude<Remote['status'], 'failed'> };

/** Of a record that can be read and is none of the states of a job. */
export class UnusableJobError extends Error {
  override readonly name = 'UnusableJobError';
  readonly job: UnusableJob;

  constructor(job: UnusableJob) {
    super(`its status is ${job.status}, but it has no remoteId`);
    this.job = job;
  }
}

/** Throws an Error that says what is wrong: UnusableJobError where only the id of the host is missing. Keeps unknown fields. */
export function decodeJob(json: unknown): Job {
  const fields = inCanonicalForm(decodeFields(json));
  const { remoteId, status } = fields;
  if (remoteId === undefined) {
    const job = { ...fields, status } as Job | UnusableJob;
    if (isUnanswered(job) || isRefused(job)) return job;
    throw new UnusableJobError(job as UnusableJob);
  }
  // `output` is ours alone: no version may write that field.
  const {
    outputPath: path,
    outputSha256,
    outputDecoded,
    outputCheck: check,
    output: _other,
    ...rest
  } = fields as JobJson & {
    readonly output?: unknown;
  };
  const output = path !== undefined && {
    output: {
      path,
      ...(outputSha256 !== undefined && { sha256: outputSha256 }),
      ...(outputDecoded !== undefined && { decoded: outputDecoded }),
      ...(check && { check }),
    },
  };
  // An id that was found proves that the host has it.
  const known = status === 'submitting' || status === 'unknown' ? 'queued' : status;
  return { ...rest, ...output, remoteId, status: known };
}

/** A fingerprint is of the base URL, too; that of a take is of its text alone. */
function inCanonicalForm(job: JobJson): JobJson {
  const place = withCanonicalUrl(job);
  return place === job || job.fingerprint !== fingerprintOf(job)
    ? place
    : { ...place, fingerprint: fingerprintOf(place) };
}

/** The document of a job, with the field names that never change: its record, and what `--json` shows. */
export function jobJson(job: Job): JobJson {
  if (job.remoteId === undefined || job.output === undefined) return job;
  const { output, ...rest } = job;
  return {
    ...rest,
    outputPath: output.path,
    ...(output.sha256 !== undefined && { outputSha256: output.sha256 }),
    ...(output.decoded !== undefined && { outputDecoded: output.decoded }),
    ...(output.check && { outputCheck: output.check }),
  };
}

/** Of the form of `JobDigest`. */
export const JOB_DIGEST_VERSION = 4;
/** More than the widest terminal shows, and not a page. */
const DIGEST_PROMPT_CHARS = 900;

/** What a list shows of it. */
export function jobDigest(job: Job): JobDigest {
  const { id, characters, tags, createdAt, cost } = job;
  const { prompt, seconds, size } = job.request;
  return {
    ...{ id, characters, createdAt },
    ...(tags && { tags }),
    ...stateOf(job),
    request: { prompt: oneLine(prompt, DIGEST_PROMPT_CHARS), seconds, size },
    ...(cost && {
      cost: {
        ...(cost.estimateUsd !== undefined && { estimateUsd: cost.estimateUsd }),
        ...(cost.actualUsd !== undefined && { actualUsd: cost.actualUsd }),
      },
    }),
  };
}

function stateOf(job: Job) {
  // The compiler does not see that each status has its own state.
  if (job.remoteId === undefined) {
    const { replacedBy, failure } = isRefused(job) ? job : {};
    return {
      status: job.status,
      ...(replacedBy !== undefined && { replacedBy }),
      ...(failure?.code !== undefined && { failure: { code: failure.code } }),
    } as Each<Exclude<Job, Remote>>;
  }
  const { status, remoteStatus, progress, queuePosition, throttled, remoteId, output, expiresAt, remoteDeleted } = job;
  return {
    ...{ status, remoteId },
    ...(remoteStatus !== undefined && { remoteStatus }),
    ...(progress !== undefined && { progress }),
    ...(queuePosition !== undefined && { queuePosition }),
    ...(throttled && { throttled }),
    ...(output && { output: {} }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(remoteDeleted && { remoteDeleted }),
  };
}

type Each<J> = J extends Job ? Pick<J, 'status'> : never;
