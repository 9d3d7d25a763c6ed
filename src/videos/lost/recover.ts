/**
 * After a lost answer: unresolved jobs, of which nobody knows whether the host received the request, are searched for in its
 * list, or it is explained how to check by hand.
 */

import { hostTitle } from '../../providers/index.ts';
import type { Provider, RemoteVideo } from '../../providers/provider.ts';
import type { Deadline } from '../../shared/deadline.ts';
import { beforeEnd, isSoraError, SoraError } from '../../shared/errors.ts';
import {
  type Closed,
  isClosed,
  isRefused,
  isUnanswered,
  type Job,
  type Refused,
  type Remote,
  type Unanswered,
} from '../../shared/job.ts';
import { oneLine, sentence } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { accountHere } from '../jobs/account.ts';
import { recoveryCommands } from '../jobs/command.ts';
import { applyRemote, closeJob, reopenJob } from '../jobs/lifecycle.ts';
import { forgetUnreadClips } from '../jobs/unread-clips.ts';
import { listSince } from './list-since.ts';
import { describeCandidate, findOwn, lifeOf, type MatchResult, mayHaveCome, type Sighting } from './match.ts';
import { judgeUsage } from './usage.ts';

/** What could be learned. A job that is no longer unresolved needs no other field. */
export interface Settled {
  readonly job: Job;
  /** True while another process is sending it. */
  readonly isSending: boolean;
  /** What the host has that it could be. */
  readonly candidates: readonly RemoteVideo[];
  /** Why it was not found, as sentences. */
  readonly because: string;
  /** The ways on with it, a line each; empty where nobody has looked yet. */
  readonly ways: string;
  /** Why the host could not be asked. */
  readonly trouble?: SoraError;
}

/**
 * Learns what it can of an unresolved job, and writes that down: whether its sender still lives, and which video at the
 * host is its own. Throws what choosing the host throws; that the host could not be asked is in the answer.
 */
export async function resolveUnknown(
  workspace: Workspace,
  job: Job,
  { claimed }: { readonly claimed?: ReadonlySet<string> } = {},
): Promise<Settled> {
  const current = await withoutSender(workspace, job);
  if (!current) return settled({ job, isSending: true });
  if (!isUnanswered(current)) return settled({ job: current });
  const replaced = await closeAfterKill(workspace, current);
  if (replaced) return settled({ job: replaced });
  const provider = await workspace.providerOf(current);
  const ways = recoveryCommands(workspace, current);
  if (!provider.list) return resolveByUsage(workspace, current, { provider, ways });
  let sighting: Sighting;
  const known = (await (await workspace.jobs()).list()).records.flatMap(({ remoteId }) => remoteId ?? []);
  const others = new Set([...known, ...(claimed ?? [])]);
  try {
    sighting = await listSince(workspace, provider, {
      models: [current.model],
      sinceMs: Date.parse(current.createdAt),
      since: (clocks) => lifeOf(current, clocks)?.from,
      mayBe: (video, clocks) => !others.has(video.id) && mayHaveCome(current, video, clocks),
    });
  } catch (error) {
    if (!isSoraError(error) || workspace.runtime.signal.aborted) throw error;
    // A host without a list says 404 and the like: that is no trouble, only no help.
    return settled({ job: current, ways, ...(error.code !== 'refused' && { trouble: error }) });
  }
  let finding: MatchResult | undefined;
  const kept = await (await workspace.jobs()).settle(job.id, (now, jobs) => {
    if (!isUnanswered(now)) return now;
    finding = findOwn(now, { ...jobs, ...(claimed && { claimed }) }, sighting);
    return finding.own ? applyRemote(now, finding.own, workspace.runtime.clock.now()) : now;
  });
  if (kept.remoteId !== undefined) await tellFound(workspace, kept);
  const candidates = finding?.candidates ?? [];
  const isPartial = provider.listsBy === 'model' && candidates.length === 0;
  const because = [finding?.because ?? '', isPartial ? PARTIAL : ''].filter(Boolean).join(' ');
  return settled({ job: kept, ways, candidates, because });
}

const PARTIAL =
  'That proves nothing: it lists a request only once it has begun, and one that waits in its queue is not there yet.';

/** Where a host has no list: whether the counters of the account show that nothing was made, which closes the job. */
async function resolveByUsage(
  workspace: Workspace,
  job: Unanswered,
  { provider, ways }: { readonly provider: Provider; readonly ways: string },
): Promise<Settled> {
  const { reporter, runtime } = workspace;
  const { usageBefore, account } = job;
  const accounts = await accountHere(workspace, job);
  if (!provider.usage || !usageBefore || account === undefined || !accounts?.includes(account)) {
    return settled({ job, ways });
  }
  try {
    const usage = await provider.usage(job.model, { signal: runtime.signal });
    const nowMs = runtime.clock.now();
    const store = await workspace.jobs();
    const { records } = await store.list();
    const { isUnmade, because } = judgeUsage({ ...job, usageBefore }, { usage, records, accounts, nowMs });
    if (!isUnmade) return settled({ job, ways, because });
    const message = 'The counters of the account show that nothing was made of it.';
    const kept = await store.update(job.id, (now) => (isUnanswered(now) ? closeJob(now, { nowMs, message }) : now));
    reporter.note(`Job ${job.id}: nothing was made of it, as the counters of the account at ${hostTitle(job)} show.`);
    return settled({ job: kept });
  } catch (error) {
    if (!isSoraError(error) || runtime.signal.aborted || error.code === 'machine') throw error;
    return settled({ job, ways, trouble: error });
  }
}

/** The job closed, if a killed command has sent it once more and not come to that; undefined for any other. */
async function closeAfterKill(workspace: Workspace, job: Unanswered): Promise<Job | undefined> {
  const store = await workspace.jobs();
  for (const other of (await store.list()).records.filter(({ replaces }) => replaces === job.id)) {
    const by = await withoutSender(workspace, other);
    if (!by || isRefused(by)) continue;
    const nowMs = workspace.runtime.clock.now();
    return store.update(job.id, (now) => (isUnanswered(now) ? closeJob(now, { nowMs, by: by.id }) : now));
  }
  return undefined;
}

function settled(what: Partial<Settled> & Pick<Settled, 'job'>): Settled {
  return { isSending: false, candidates: [], because: '', ways: '', ...what };
}

async function tellFound(workspace: Workspace, job: Remote): Promise<void> {
  const { reporter } = workspace;
  reporter.event({ event: 'found', jobId: job.id, remoteId: job.remoteId, status: job.status });
  reporter.note(`Job ${job.id} was found at ${hostTitle(job)} as ${oneLine(job.remoteId, 200)}.`);
  await forgetUnreadClips(workspace, job);
}

/** The record once nobody sends it any more, as far as that is known by now; undefined while somebody does. */
export async function withoutSender(workspace: Workspace, job: Job): Promise<Job | undefined> {
  if (job.status !== 'submitting') return job;
  const store = await workspace.jobs();
  const { isAlive, refreshedAt } = await store.watchSender(job.id);
  if (isAlive) return undefined;
  return store.update(job.id, (current) => {
    if (current.status !== 'submitting') return current;
    // A lock is refreshed every second: so long at least its holder lived.
    const heardAt = refreshedAt === undefined ? undefined : new Date(Math.ceil(refreshedAt) + 1000).toISOString();
    return { ...current, status: 'unknown', ...(heardAt !== undefined && { updatedAt: heardAt }) };
  });
}

const SHOWN = 10;

/** Nobody knows whether the host has this job: what is known, what to look for, and the command that sends it again. */
export function unresolvedError({ job, isSending, candidates, because, ways, trouble }: Settled): SoraError {
  if (isSending) {
    return new SoraError(
      'ambiguous',
      `Job ${job.id} is being sent to ${hostTitle(job)} right now by another command.`,
      {
        hint: `Wait for it: sora video wait ${job.id}`,
        jobId: job.id,
      },
    );
  }
  const found = candidates.slice(0, SHOWN).map(describeCandidate);
  const more = candidates.length > SHOWN ? [`and ${candidates.length - SHOWN} more`] : [];
  const seen =
    found.length === 0
      ? [because, trouble ? `The host could not be asked: ${sentence(trouble.message)}` : '']
      : [`${because} It could be:\n- ${[...found, ...more].join('\n- ')}`];
  const why =
    job.status === 'unknown' && job.failure
      ? sentence(oneLine(job.failure.message))
      : 'its request was being sent and no answer arrived.';
  const lost = `Job ${job.id} may or may not exist at ${hostTitle(job)}: ${why}`;
  const look =
    found.length === 0
      ? 'Look for it in the list or the bill of your host.'
      : `If it is one of them: sora video wait ${job.id} --adopt <id>`;
  return new SoraError('ambiguous', [lost, ...seen].filter(Boolean).join(' '), {
    hint: ways === '' ? `See what became of it: sora video status ${job.id}` : `${look}\n${ways}`,
    jobId: job.id,
  });
}

/** The job once it is resolved; with a deadline it waits for whoever is sending it. Throws `ambiguous` for one that stays unresolved. */
export async function requireSettled(workspace: Workspace, job: Job, deadline?: Deadline): Promise<Refused | Remote> {
  const { signal } = workspace.runtime;
  let known = settled({ job, because: 'Stopped before more could be learned.' });
  try {
    while (isUnanswered(known.job)) {
      known = await resolveUnknown(workspace, known.job);
      if (!isUnanswered(known.job)) break;
      if (!known.isSending || deadline === undefined || deadline.leftMs() <= 0) throw unresolvedError(known);
      // Whoever sends it will know in a moment.
      await deadline.sleep(1000, signal);
      known = { ...known, job: (await (await workspace.jobs()).find(job.id)) ?? job };
    }
  } catch (error) {
    // "Nothing was created" is more than is known.
    if (!signal.aborted || isSoraError(error, 'ambiguous')) throw error;
    const trouble = beforeEnd(error);
    throw unresolvedError({ ...known, ...(trouble && { trouble }) });
  }
  return known.job;
}

/** Takes the user's word for which video at the host is this job's. Throws `usage` when it cannot be. */
export async function adoptVideo(workspace: Workspace, job: Job, remoteId: string): Promise<Remote> {
  if (job.remoteId === remoteId) return job;
  const refuse = (why: string): SoraError =>
    new SoraError('usage', why, { hint: `See the state of the job: sora video status ${job.id}`, jobId: job.id });
  const resolved = (): SoraError => refuse(`Job ${job.id} is ${job.status}: it is known what became of it.`);
  const isOpen = (one: Job): one is Unanswered | Closed => isUnanswered(one) || isClosed(one);
  const current = await withoutSender(workspace, job);
  if (!current) throw unresolvedError(settled({ job, isSending: true }));
  if (!isOpen(current)) throw resolved();
  const provider = await workspace.providerOf(job);
  const { signal, clock } = workspace.runtime;
  const video = await provider.getVideo(remoteId, { signal, model: job.model });
  if (!video) throw refuse(`${hostTitle(provider)} does not know a video ${oneLine(remoteId, 200)}.`);
  const kept = await (await workspace.jobs()).settle(job.id, (now, { records }) => {
    if (!isOpen(now)) throw resolved();
    const owner = records.find((other) => other.baseUrl === job.baseUrl && other.remoteId === video.id);
    if (owner) throw refuse(`${oneLine(video.id, 200)} is the video of job ${owner.id}.`);
    return applyRemote(isClosed(now) ? reopenJob(now) : now, video, clock.now());
  });
  await tellFound(workspace, kept);
  return kept;
}
