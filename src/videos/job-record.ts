/** PURE: the record of a job: its id, what may stand in it, and how much of it a list shows. */

import {
  boolean,
  date,
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
} from '../disk/schema.ts';
import type { Size } from '../shared/geometry.ts';
import {
  DERIVATIONS,
  JOB_STATUSES,
  type Job,
  type JobCost,
  type JobDigest,
  type JobFailure,
  type VideoRequest,
} from '../shared/job.ts';
import { oneLine } from '../shared/text.ts';

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
  characters: list(shape<VideoRequest['characters'][number]>({ name: string, value: string })),
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

const hostUrl = rule<string>(
  (value) => typeof value === 'string' && URL.canParse(value) && /^(https?|sandbox):/.test(value),
  'is not a base URL',
);

const amount = refine(number, (value) => value >= 0, 'is less than nothing');

/** Throws an Error that says what is wrong; unknown fields are kept. */
export const decodeJob = recordDecoder<Job>(
  1,
  shape<Job>({
    version: oneOf(1),
    id: jobId,
    provider: string,
    baseUrl: hostUrl,
    profile: optional(string),
    backend: optional(string),
    model: optional(string),
    remoteId: optional(string),
    request,
    fingerprint: string,
    key: optional(string),
    characters: list(string),
    autoCast: optional(list(string)),
    status: oneOf(...JOB_STATUSES),
    remoteStatus: optional(string),
    progress: optional(number),
    failure: optional(shape<JobFailure>({ code: optional(string), message: string, policy: boolean })),
    replacedBy: optional(jobId),
    replaces: optional(jobId),
    outputPath: optional(string),
    outputSha256: optional(sha256),
    outputDecoded: optional(boolean),
    finishedAt: optional(date),
    expiresAt: optional(date),
    remoteDeleted: optional(boolean),
    result: optional(
      shape<NonNullable<Job['result']>>({ model: optional(string), size: optional(string), seconds: optional(number) }),
    ),
    cost: optional(
      shape<JobCost>({
        estimateUsd: optional(amount),
        asOf: optional(date),
        source: optional(string),
        actualUsd: optional(amount),
      }),
    ),
    uptimeSeconds: optional(amount),
    createdAt: date,
    updatedAt: date,
  }),
);

/** Of the form of `JobDigest`. */
export const JOB_DIGEST_VERSION = 1;
/** More than the widest terminal shows, and not a page. */
const DIGEST_PROMPT_CHARS = 900;

/** What a list shows of it. */
export function jobDigest(job: Job): JobDigest {
  const { id, status, remoteStatus, progress, remoteId, characters, createdAt, cost } = job;
  const { prompt, seconds, size } = job.request;
  return {
    ...{ id, status, characters, createdAt },
    ...(remoteStatus !== undefined && { remoteStatus }),
    ...(progress !== undefined && { progress }),
    ...(remoteId !== undefined && { remoteId }),
    request: { prompt: oneLine(prompt, DIGEST_PROMPT_CHARS), seconds, size },
    ...(cost && {
      cost: {
        ...(cost.estimateUsd !== undefined && { estimateUsd: cost.estimateUsd }),
        ...(cost.actualUsd !== undefined && { actualUsd: cost.actualUsd }),
      },
    }),
  };
}
