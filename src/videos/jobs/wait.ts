/** The wait until a host is done with a job, over any Provider and with injected time. Records are saved by the caller's function. */
import type { Provider } from '../../providers/provider.ts';
import type { Deadline } from '../../shared/deadline.ts';
import { beforeEnd, isSoraError, SoraError } from '../../shared/errors.ts';
import { isFinal, type Remote } from '../../shared/job.ts';
import { sentence } from '../../shared/text.ts';
import type { Clock } from '../../shared/time.ts';
import { describe, refreshJob } from './lifecycle.ts';

export interface WaitOptions {
  readonly job: Remote;
  readonly provider: Provider;
  /** By which the host is asked; undefined where that is not known. */
  readonly accounts?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  /** A fixed pause, where the host does not want a longer one; undefined lets it rise from 5 to 20 seconds, or follow the host, and be longer for very many jobs. */
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
 * has not worked even once, and then not of a job that is new.
 */
export async function waitForJob(options: WaitOptions): Promise<Remote> {
  const { clock, signal, provider, accounts, deadline } = options;
  let { job } = options;
  const pauseAfter = (round: number, hostMs: number | undefined): number =>
    Math.max(
      options.pollIntervalMs ??
        Math.max(hostPauseMs(hostMs) ?? risingPauseMs(round), (1000 * options.together()) / QUESTIONS_PER_SECOND),
      provider.leastPollMs ?? 0,
    );
  let pauseMs = options.firstPauseMs === 0 ? 0 : pauseAfter(0, options.firstPauseMs);
  let answered = false;
  let trouble: SoraError | undefined;
  for (let round = 1; !isFinal(job.status); round++) {
    try {
      await deadline.sleep(pauseMs, signal);
    } catch {
      throw interrupted(job, { ...options, trouble });
    }
    pauseMs = pauseAfter(round, undefined);
    let seen = job;
    try {
      const asked = job;
      const next = await deadline.limit(signal, (limited) =>
        refreshJob(asked, { provider, clock, accounts, signal: limited }),
      );
      answered = true;
      trouble = undefined;
      pauseMs = pauseAfter(round, next.pollAfterMs);
      seen = next.job;
    } catch (error) {
      // Where the time ended the poll, what came before that tells more.
      trouble = beforeEnd(error) ?? trouble ?? (isSoraError(error) ? error : undefined);
      if (signal.aborted) throw interrupted(job, { ...options, trouble: beforeEnd(trouble) });
      if (!isSoraError(error)) throw error;
      if (error.code === 'usage' || (error.code === 'auth' && !answered)) throw withWayOn(error, job, options);
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

/** The host has the job, whoever it does not let ask now. */
function withWayOn(error: SoraError, job: Remote, { resume }: Pick<WaitOptions, 'resume'>): SoraError {
  const { code, message, hint, requestId } = error;
  return new SoraError(code, message, {
    hint: `${hint === undefined ? '' : `${sentence(hint)} `}Job ${job.id} is kept; continue with: ${resume}`,
    ...{ jobId: job.id, cause: error },
    ...(requestId !== undefined && { requestId }),
  });
}

function interrupted(
  job: Remote,
  { resume, trouble }: Pick<WaitOptions, 'resume'> & { readonly trouble: SoraError | undefined },
): SoraError {
  const why = trouble ? ` The last poll failed: ${trouble.message}` : '';
  return new SoraError('pending', `Stopped waiting; job ${job.id} is still ${describe(job)} at its host.${why}`, {
    hint: `Nothing is lost. Continue with: ${resume}`,
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
    before.status !== after.status ||
    before.progress !== after.progress ||
    before.queuePosition !== after.queuePosition ||
    before.throttled !== after.throttled ||
    before.remoteStatus !== after.remoteStatus
  );
}
