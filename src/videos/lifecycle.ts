/**
 * The life of a job: what its record becomes when the host speaks, and the wait until the host is done. Over any
 * Provider, with injected time; records are saved by the caller's function.
 */

import { hashText } from '../disk/hash.ts';
import { type Provider, type RemoteVideo, SETTLING_MS } from '../providers/provider.ts';
import type { Deadline } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import {
  CLOSED,
  type Closed,
  isClosed,
  isFinal,
  isRefused,
  type Job,
  type JobStatus,
  type Refused,
  type Remote,
  UNSENT,
  type Unanswered,
  type Unresolved,
  type VideoRequest,
} from '../shared/job.ts';
import { oneLine } from '../shared/text.ts';
import type { Clock } from '../shared/time.ts';

/** Equal for equal work at the same host, whatever else happens to be true: what stops a second payment. */
export function fingerprintOf(work: { provider: string; baseUrl: string; request: VideoRequest }): string {
  const { prompt, model, seconds, size, characters, reference, from } = work.request;
  const canonical = [
    work.provider,
    work.baseUrl,
    prompt,
    model ?? null,
    seconds,
    formatSize(size),
    characters.map(({ name }) => name),
    reference?.sha256 ?? null,
    // Only where there is one: the fingerprints of earlier records stay what they are.
    ...(from ? [from.kind, from.jobId] : []),
  ];
  return hashText(JSON.stringify(canonical));
}

/** The record after the host has spoken. A final status never changes again, whatever the host says later. */
export function applyRemote(job: Unanswered | Remote, remote: RemoteVideo, nowMs: number): Remote {
  const known = remote.status !== 'unknown';
  const before: Remote = job.remoteId === undefined ? { ...job, remoteId: remote.id, status: 'queued' } : job;
  const status = known && !isFinal(before.status) ? remote.status : before.status;
  const { remoteStatus: _word, failure: _failure, ...rest } = before;
  const failure = status === before.status && isFinal(status) ? before.failure : remote.failure;
  return {
    ...rest,
    status,
    ...(!known && { remoteStatus: oneLine(remote.remoteStatus, 80) }),
    ...(remote.progress !== undefined && { progress: remote.progress }),
    ...(failure && isFinal(status) && status !== 'succeeded' && { failure }),
    ...(isFinal(status) && endOf(job, remote, nowMs)),
    ...(remote.expiresAt !== undefined && { expiresAt: remote.expiresAt }),
    ...(remote.costUsd !== undefined && { cost: { ...job.cost, actualUsd: remote.costUsd } }),
    ...(status === 'succeeded' && {
      progress: 100,
      result: {
        ...(remote.model !== undefined && { model: remote.model }),
        ...(remote.size !== undefined && { size: remote.size }),
        ...(remote.seconds !== undefined && { seconds: remote.seconds }),
      },
    }),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/** Longer than any pause between two questions of a wait, and short beside what a video takes. */
const SEEN_MS = 30_000;

/**
 * When the job ended: by the host's own two times, whose difference no clock can spoil, else now, if it was seen going
 * on a moment ago. Who comes back after lunch does not know.
 */
function endOf(job: Unanswered | Remote, remote: RemoteVideo, nowMs: number): Pick<Remote, 'finishedAt'> | undefined {
  if (job.status !== 'queued' && job.status !== 'running') return undefined;
  const started = Date.parse(job.createdAt);
  const took = Date.parse(remote.completedAt ?? '') - Date.parse(remote.createdAt ?? '');
  if (took > 0 && started + took <= nowMs) return { finishedAt: new Date(started + took).toISOString() };
  const gap = nowMs - Date.parse(job.updatedAt);
  return gap >= 0 && gap <= SEEN_MS ? { finishedAt: new Date(nowMs).toISOString() } : undefined;
}

/**
 * The record to keep when `next` was made from an older reading than `current`, which another process may have written
 * meanwhile: what is final stays final, a file that was saved and a cost that was told stay known, and what was deleted
 * stays deleted. A host's answer outweighs whatever was written without one.
 */
export function mergeJobRecords(current: Job, next: Remote): Remote {
  const cost = (current.cost ?? next.cost) && { cost: { ...current.cost, ...next.cost } };
  if (current.remoteId === undefined) return { ...next, ...cost };
  if (isFinal(current.status) && !isFinal(next.status)) return current;
  const output = next.output ?? current.output;
  const finishedAt = current.finishedAt ?? next.finishedAt;
  return {
    ...next,
    ...(current.remoteDeleted && { remoteDeleted: true }),
    ...cost,
    ...(finishedAt !== undefined && { finishedAt }),
    ...(output && { output }),
  };
}

/**
 * The record of an unanswered job of which a person says that nothing was made, or which was sent once more as job `by`; of
 * one that its host refused, with the host's own words.
 */
export function closeJob(job: Unanswered | Refused, { nowMs, by }: { nowMs: number; by?: string }): Closed {
  const message = by === undefined ? 'Closed by hand: its host made nothing.' : `Sent once more as job ${by}.`;
  return {
    ...job,
    status: 'failed',
    failure: { message, policy: false, ...(job.status === 'failed' && job.failure), code: CLOSED },
    ...(by !== undefined && { replacedBy: by }),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/** A closed job as it was before: nobody knows what became of its request. */
export function reopenJob(job: Closed): Unresolved {
  const { failure: _failure, replacedBy: _replacedBy, ...rest } = job;
  return { ...rest, status: 'unknown' };
}

/** The record of a job that its host no longer knows. */
export function forgetRemote(job: Remote, nowMs: number): Remote {
  return {
    ...job,
    status: 'expired',
    failure: { message: 'The host does not know this job any more (404).', policy: false },
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/**
 * Asks the host once and returns the record as it is then, unsaved. Throws what the provider throws.
 * A 404 for a job younger than two minutes leaves it as it is.
 */
export async function refreshJob(
  job: Remote,
  { provider, clock, signal }: { provider: Provider; clock: Clock; signal: AbortSignal },
): Promise<{ job: Remote; pollAfterMs: number | undefined }> {
  const remote = await provider.getVideo(job.remoteId, { signal });
  if (remote) return { job: applyRemote(job, remote, clock.now()), pollAfterMs: remote.pollAfterMs };
  return { job: missedAt(job, clock.now()), pollAfterMs: undefined };
}

/** The record after the host has answered 404: as it was while the job is young, else without its video. */
export function missedAt(job: Remote, nowMs: number): Remote {
  return nowMs - Date.parse(job.createdAt) < SETTLING_MS ? job : forgetRemote(job, nowMs);
}

export interface WaitOptions {
  readonly job: Remote;
  readonly provider: Provider;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  /** A fixed pause; undefined lets it rise from 5 to 20 seconds, or follow the host, and be longer for very many jobs. */
  readonly pollIntervalMs: number | undefined;
  /** How many such waits there are now: of very many, each asks less often. */
  together(): number;
  /** Before the first question: 0 asks at once; else what the host said when it took the job, if it said anything. */
  readonly firstPauseMs: number | undefined;
  /** The command that continues this wait, for the error that ends it early. */
  readonly resume: string;
  save(job: Remote): Promise<void>;
  onUpdate?(job: Remote): void;
  /** A poll that failed; the wait goes on. */
  onPollError?(error: SoraError): void;
}

/**
 * Polls until the job is final and returns its record. Throws `pending` when the deadline passes or the signal is
 * aborted first; the host is always asked once more after a pause. A failed poll never ends the wait, but for a key that
 * has not worked even once.
 */
export async function waitForJob(options: WaitOptions): Promise<Remote> {
  const { clock, signal, provider, deadline } = options;
  let { job } = options;
  const pauseAfter = (round: number, hostMs: number | undefined): number =>
    options.pollIntervalMs ??
    Math.max(hostPauseMs(hostMs) ?? risingPauseMs(round), (1000 * options.together()) / QUESTIONS_PER_SECOND);
  let pauseMs = options.firstPauseMs === 0 ? 0 : pauseAfter(0, options.firstPauseMs);
  let answered = false;
  let trouble: SoraError | undefined;
  for (let round = 1; !isFinal(job.status); round++) {
    try {
      await deadline.sleep(pauseMs, signal);
    } catch {
      throw interrupted(job, options);
    }
    pauseMs = pauseAfter(round, undefined);
    let seen = job;
    try {
      const asked = job;
      const next = await deadline.limit(signal, (limited) => refreshJob(asked, { provider, clock, signal: limited }));
      answered = true;
      trouble = undefined;
      pauseMs = pauseAfter(round, next.pollAfterMs);
      seen = next.job;
    } catch (error) {
      if (signal.aborted) throw interrupted(job, options);
      if (!isSoraError(error) || error.code === 'usage' || (error.code === 'auth' && !answered)) throw error;
      trouble = error;
      // Who says when to come back is not asked before, whatever the user's own pause is.
      pauseMs = Math.max(pauseMs, hostPauseMs(error.retryAfterMs) ?? 0);
      if (deadline.leftMs() > 0) options.onPollError?.(error);
    }
    if (changed(job, seen)) await options.save(seen);
    job = seen;
    options.onUpdate?.(job);
    if (!isFinal(job.status) && deadline.leftMs() <= 0) {
      const why = trouble ? ` The last poll failed: ${trouble.message}` : '';
      throw new SoraError('pending', `The wait timed out; job ${job.id} is still ${describe(job)}.${why}`, {
        hint: `Nothing is lost. Continue with: ${options.resume}`,
        jobId: job.id,
      });
    }
  }
  return job;
}

function interrupted(job: Remote, options: Pick<WaitOptions, 'resume'>): SoraError {
  return new SoraError('pending', `Stopped waiting; job ${job.id} is still ${describe(job)} at its host.`, {
    hint: `Nothing is lost. Continue with: ${options.resume}`,
    jobId: job.id,
  });
}

/** What a host asks for, within reason. */
function hostPauseMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.min(Math.max(ms, 100), 60_000);
}

/** All waits together ask no more often, on average: a host that is asked more answers 429. */
const QUESTIONS_PER_SECOND = 10;

/** 5 s, then half as much again each time, up to 20 s. */
function risingPauseMs(round: number): number {
  return Math.min(20_000, 5000 * 1.5 ** round);
}

function changed(before: Remote, after: Remote): boolean {
  return (
    before.status !== after.status || before.progress !== after.progress || before.remoteStatus !== after.remoteStatus
  );
}

/** `running, 45%`, for people. */
export function describe(job: {
  readonly status: JobStatus;
  readonly remoteStatus?: string;
  readonly progress?: number;
}): string {
  const word = job.remoteStatus === undefined ? job.status : `${job.status} (the host says "${job.remoteStatus}")`;
  return job.progress === undefined || isFinal(job.status) ? word : `${word}, ${Math.round(job.progress)}%`;
}

const LIKENESS_RULE =
  'The content policy of the host refused it. Likenesses of real people are blocked by default, also in uploaded clips and pictures, and so are ' +
  'copyrighted characters. Change the prompt or the clip; the same request will be refused again.';

function closedError({ id, replacedBy }: Closed, reason: string): SoraError {
  return new SoraError('refused', `Job ${id} was closed${reason}`, {
    hint:
      replacedBy === undefined
        ? `To send its request once more: sora video resend ${id}`
        : `Follow that one: sora video wait ${replacedBy}`,
    jobId: id,
  });
}

/** The error of a job that ended without a video, or undefined for one that has not. */
export function jobError(job: Refused): SoraError;
export function jobError(job: Job): SoraError | undefined;
export function jobError(job: Job): SoraError | undefined {
  if (job.status !== 'failed' && job.status !== 'expired' && job.status !== 'cancelled') return undefined;
  const reason = job.failure ? `: ${oneLine(job.failure.message)}` : '';
  const code = job.failure?.code === undefined ? '' : ` [${oneLine(job.failure.code, 80)}]`;
  if (isClosed(job)) return closedError(job, reason);
  if (isRefused(job) && job.failure?.code === UNSENT) {
    return new SoraError('refused', `Job ${job.id} was not sent${reason}`, {
      hint: `No host has it. To send its request: sora video resend ${job.id}`,
      jobId: job.id,
    });
  }
  const verb = { failed: 'failed', expired: 'has expired', cancelled: 'was cancelled' }[job.status];
  return new SoraError(job.failure?.policy ? 'policy' : 'refused', `Job ${job.id} ${verb}${reason}${code}`, {
    hint: job.failure?.policy
      ? LIKENESS_RULE
      : isRefused(job)
        ? 'The host refused the request itself: correct what it complains about before you send it again.'
        : `Nothing was downloaded. To try again, run the same \`sora video ${job.request.from?.kind ?? 'generate'}\` command.`,
    jobId: job.id,
  });
}
