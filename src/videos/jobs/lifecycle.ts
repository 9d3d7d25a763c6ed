/** The life of a job: what its record becomes when its host speaks, and when a person does. */

import { type Provider, type RemoteVideo, SETTLING_MS } from '../../providers/provider.ts';
import { isSoraError } from '../../shared/errors.ts';
import {
  CLOSED,
  type Closed,
  isClosed,
  isFinal,
  isRefused,
  type Job,
  type JobFailure,
  type JobStatus,
  type Refused,
  type Remote,
  UNSENT,
  type Unanswered,
  type Unresolved,
} from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import type { Clock } from '../../shared/time.ts';
import { errorAboutJob, isOfOtherAccount, otherAccount } from './account.ts';

/** The record after the host has spoken. A final status never changes again, whatever the host says later. */
export function applyRemote(job: Unanswered | Remote, remote: RemoteVideo, nowMs: number): Remote {
  const known = remote.status !== 'unknown';
  const before: Remote = job.remoteId === undefined ? { ...job, remoteId: remote.id, status: 'queued' } : job;
  const status = known && !isFinal(before.status) ? remote.status : before.status;
  const { remoteStatus: _word, failure: _failure, queuePosition: _position, throttled: _throttled, ...rest } = before;
  const failure = status === before.status && isFinal(status) ? before.failure : remote.failure;
  return {
    ...rest,
    status,
    // A host that says nothing has said no other word.
    ...(!known && remote.remoteStatus.trim() !== '' && { remoteStatus: oneLine(remote.remoteStatus, 80) }),
    ...(remote.progress !== undefined && { progress: remote.progress }),
    ...(failure && isFinal(status) && status !== 'succeeded' && { failure }),
    ...(isFinal(status) && endOf(job, remote, nowMs)),
    ...(status === 'queued' && remote.queuePosition !== undefined && { queuePosition: remote.queuePosition }),
    ...(status === 'queued' && remote.isThrottled && { throttled: true }),
    ...(remote.pollUrl !== undefined && { pollUrl: remote.pollUrl }),
    ...expiryOf(before, remote),
    ...costOf(before, remote, nowMs),
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

/** The host's own word wins over a table's; a time at which it said the same before stays. */
function costOf({ cost }: Remote, remote: RemoteVideo, nowMs: number): Pick<Remote, 'cost'> | undefined {
  const { estimateUsd, costUsd: actualUsd } = remote;
  const isNews = estimateUsd !== undefined && (cost?.source !== TOLD || cost.estimateUsd !== estimateUsd);
  if (!isNews && actualUsd === undefined) return undefined;
  return {
    cost: {
      ...cost,
      ...(isNews && { estimateUsd, asOf: new Date(nowMs).toISOString().slice(0, 10), source: TOLD }),
      ...(actualUsd !== undefined && { actualUsd }),
    },
  };
}

/** Where an estimate comes from that a host gives with a job. */
const TOLD = 'the host, of this job: at most';

/** Longer than any pause between two questions of a wait, and short beside what a video takes. */
const SEEN_MS = 30_000;

/** Of what is finished, the earliest that was told: a host that says for how long from now on would say so again each time. */
function expiryOf(before: Remote, { expiresAt }: RemoteVideo): Pick<Remote, 'expiresAt'> | undefined {
  if (expiresAt === undefined) return undefined;
  const known = before.status === 'succeeded' ? before.expiresAt : undefined;
  return { expiresAt: known !== undefined && Date.parse(known) < Date.parse(expiresAt) ? known : expiresAt };
}

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
export function closeJob(
  job: Unanswered | Refused,
  { nowMs, by, message = 'Closed by hand: its host made nothing.' }: { nowMs: number; by?: string; message?: string },
): Closed {
  const told = by === undefined ? message : `Sent once more as job ${by}.`;
  return {
    ...job,
    status: 'failed',
    failure: { message: told, policy: false, ...(job.status === 'failed' && job.failure), code: CLOSED },
    ...(by !== undefined && { replacedBy: by }),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/**
 * The record of a job whose request was sent once more, as job `by`: an unanswered one is closed by that, and a refused one
 * keeps what its host said.
 */
export function replaceJob(job: Unanswered | Refused, { nowMs, by }: { nowMs: number; by: string }): Refused {
  if (!isRefused(job)) return closeJob(job, { nowMs, by });
  // The message of one that was replaced before names the job that took its place then.
  if (isClosed(job) && job.replacedBy !== undefined) {
    const { failure: _failure, ...rest } = job;
    return closeJob(rest, { nowMs, by });
  }
  return { ...job, replacedBy: by, updatedAt: new Date(nowMs).toISOString() };
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
 * Asks the host once, by that account, and returns the record as it is then, unsaved. Throws what the provider throws, and `auth`
 * for a 404 where another account made the job. A 404 for a job younger than two minutes leaves it as it is, and a key that is
 * refused then is trouble of the host's (`network`).
 */
export async function refreshJob(
  job: Remote,
  {
    provider,
    clock,
    signal,
    accounts,
  }: { provider: Provider; clock: Clock; signal: AbortSignal; accounts: readonly string[] | undefined },
): Promise<{ job: Remote; pollAfterMs: number | undefined }> {
  const { model, pollUrl } = job;
  const remote = await provider.getVideo(job.remoteId, { signal, model, pollUrl }).catch((error: unknown) => {
    throw isSoraError(error) ? errorAboutJob(job, error, { accounts, nowMs: clock.now() }) : error;
  });
  if (remote) return { job: applyRemote(job, remote, clock.now()), pollAfterMs: remote.pollAfterMs };
  if (isOfOtherAccount(job, accounts, clock.now())) throw otherAccount(job);
  return { job: missedAt(job, clock.now()), pollAfterMs: undefined };
}

/** The record after the host has answered 404: as it was while the job is young, else without its video. */
export function missedAt(job: Remote, nowMs: number): Remote {
  return nowMs - Date.parse(job.createdAt) < SETTLING_MS ? job : forgetRemote(job, nowMs);
}

/** `running, 45%`, for people. */
export function describe(job: {
  readonly status: JobStatus;
  readonly remoteId?: string;
  readonly failure?: Pick<JobFailure, 'code'>;
  readonly replacedBy?: string;
  readonly remoteStatus?: string;
  readonly progress?: number;
  readonly queuePosition?: number;
  readonly throttled?: boolean;
}): string {
  const word = job.remoteStatus === undefined ? job.status : `${job.status} (the host says "${job.remoteStatus}")`;
  if (job.replacedBy !== undefined) return `${word} (replaced)`;
  if (job.status === 'failed' && job.remoteId === undefined)
    return `${word}${REFUSED_WORDS[job.failure?.code ?? ''] ?? ''}`;
  if (job.status === 'queued' && job.throttled) return 'throttled (account limit)';
  if (job.status === 'queued' && job.queuePosition) return `${word}, ${job.queuePosition} before it`;
  return job.progress === undefined || isFinal(job.status) ? word : `${word}, ${Math.round(job.progress)}%`;
}

/** Of a refused job that no host has said no to. */
const REFUSED_WORDS: Readonly<Record<string, string>> = { [UNSENT]: ' (never sent)', [CLOSED]: ' (closed)' };
