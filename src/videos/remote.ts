/** Videos at their host: what it lists, a job that is cancelled there, a video that is deleted there. */

import { readableOf } from '../disk/listing.ts';
import { hostTitle, providerEntry } from '../providers/index.ts';
import type { Provider, RemoteVideo } from '../providers/provider.ts';
import { beforeEnd, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import { isFinal, type Job, type Refused, type Remote } from '../shared/job.ts';
import { capitalizeThe, oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { accountHere, isOfOtherAccount, otherAccount } from './jobs/account.ts';
import { jobError } from './jobs/error.ts';
import { refreshed, saveProgress, stillRunning } from './jobs/find.ts';
import { applyRemote, describe, missedAt } from './jobs/lifecycle.ts';
import { requireSettled } from './lost/recover.ts';

/** The most that the protocol gives at once. */
const PAGE = 100;

/** Nobody reads more, and a host may go on for ever. */
const MOST_LISTED = 20_000;

/** As far back as a host is asked that wants to know how far. */
const LISTED_MS = 30 * 86_400_000;

/** A video at the host, and the job of this machine that made it. */
export type ListedVideo = RemoteVideo & { readonly jobId?: string };

/** What a host lists, newest first, to the end or to the 20 000th. Throws `refused` for a host without a list. */
export async function listRemoteVideos(workspace: Workspace, provider: Provider): Promise<readonly ListedVideo[]> {
  const records = readableOf(await (await workspace.jobs()).list(), workspace.reporter);
  const here = records.filter(({ baseUrl }) => baseUrl === provider.baseUrl);
  const jobIds = new Map(here.flatMap(({ remoteId, id }) => (remoteId === undefined ? [] : [[remoteId, id] as const])));
  return (await listAll(workspace, provider, here)).map((video) => {
    const jobId = jobIds.get(video.id);
    return { ...video, ...(jobId !== undefined && { jobId }) };
  });
}

async function listAll(
  { reporter, runtime }: Workspace,
  provider: Provider,
  jobs: readonly Job[],
): Promise<readonly RemoteVideo[]> {
  if (!provider.list) throw noCall(provider, 'lists videos', 'sora video list shows those of this machine.');
  const found = new Map<string, RemoteVideo>();
  const sinceMs = runtime.clock.now() - LISTED_MS;
  const models = provider.listsBy === 'model' ? await modelsOf(provider, jobs) : [undefined];
  for (const model of models) {
    let after: string | undefined;
    do {
      const { videos, next } = await provider.list(
        { limit: PAGE, sinceMs, model, ...(after !== undefined && { after }) },
        { signal: runtime.signal },
      );
      const before = found.size;
      for (const video of videos) found.set(video.id, video);
      // Hosts that do not know `after` give the same page for ever.
      after = found.size === before ? undefined : next;
    } while (after !== undefined && found.size < MOST_LISTED);
    if (after !== undefined) {
      reporter.warn(
        `${capitalizeThe(hostTitle(provider))} lists more than ${MOST_LISTED} videos; older ones are not shown.`,
      );
      break;
    }
  }
  const videos = [...found.values()];
  if (models.length === 1) return videos;
  return videos.toSorted((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''));
}

/** Those that are known of the host, and those that jobs of this machine were sent to. */
async function modelsOf(provider: Provider, jobs: readonly Job[]): Promise<readonly string[]> {
  const known = (await providerEntry(provider).models()).map(({ id }) => id);
  return [...new Set([...known, ...jobs.flatMap(({ model }) => model ?? [])])];
}

/**
 * Cancels a job at its host. Resolves with its record once it is cancelled; throws `refused` for one that is finished or that
 * the host does not stop, and `pending` when the host has taken the call and the job is not cancelled yet.
 */
export async function cancelJob(workspace: Workspace, named: Job): Promise<Remote> {
  const { reporter, runtime } = workspace;
  const job = await requireSettled(workspace, named);
  if (job.status === 'cancelled') return job;
  refuseFinal(job);
  const provider = await workspace.providerOf(job);
  const { remoteId, model, pollUrl } = job;
  const call = { signal: runtime.signal, model, pollUrl };
  if (!provider.cancel) {
    throw noCall(provider, 'stops a job', `It continues there. Wait for it: sora video wait ${job.id}`, job);
  }
  const before = await provider.getVideo(remoteId, call);
  if (!before) {
    throw new SoraError('refused', `${hostTitle(provider)} does not know job ${job.id} as ${oneLine(remoteId, 200)}.`, {
      hint: `Ask again later: sora video status ${job.id}`,
      jobId: job.id,
    });
  }
  const current = await saveProgress(workspace, applyRemote(job, before, runtime.clock.now()));
  if (current.status === 'cancelled') return current;
  refuseFinal(current);
  const taken = await askIrrevocably(workspace, job, {
    what: 'stop it',
    ask: async () => (await provider.cancel?.(remoteId, call)) === true,
  });
  const after = await provider.getVideo(remoteId, call);
  const kept = await exitMessages.hold(() =>
    saveProgress(workspace, afterCancel(current, { provider, taken, after, nowMs: runtime.clock.now() })),
  );
  if (kept.status === 'cancelled') {
    if (kept.failure && !after) reporter.note(`${job.id}: ${kept.failure.message}`);
    return kept;
  }
  // Nobody stopped it: it is gone from the host like any other.
  const lost = taken || after ? undefined : jobError(kept);
  if (lost) throw lost;
  refuseFinal(kept);
  if (!taken) {
    throw new SoraError('refused', `${hostTitle(provider)} did not cancel job ${job.id}.`, {
      hint: `Check it again: sora video status ${job.id}`,
      jobId: job.id,
    });
  }
  reporter.note(capitalizeThe(`${hostTitle(provider)} was asked to stop job ${job.id}.`));
  throw stillRunning(kept);
}

/** A host that took the call may forget the job; one that knew nothing of it at the call has said nothing of its end. */
function afterCancel(
  job: Remote,
  {
    provider,
    taken,
    after,
    nowMs,
  }: { provider: Provider; taken: boolean; after: RemoteVideo | undefined; nowMs: number },
): Remote {
  if (after) return applyRemote(job, after, nowMs);
  if (!taken) return missedAt(job, nowMs);
  const message = `${capitalizeThe(hostTitle(provider))} no longer shows it. If it had ended a moment before, it was deleted with its video, and may be on the bill.`;
  return {
    ...job,
    status: 'cancelled',
    ...(provider.cancelDeletes && { failure: { message, policy: false } }),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

function refuseFinal(job: Refused | Remote): asserts job is Remote {
  if (!isFinal(job.status)) return;
  throw new SoraError('refused', `Job ${job.id} has ended as ${describe(job)}: there is nothing to cancel.`, {
    hint: job.status === 'succeeded' ? `Fetch it: sora video download ${job.id}` : `See it: sora video show ${job.id}`,
    jobId: job.id,
  });
}

/**
 * Deletes the video of a finished job at its host; the record and a saved file stay. Resolves with the record, also of a video
 * that was deleted before. `approve` is asked first and may say no, which throws `usage`; without it nobody is asked.
 */
export async function deleteRemoteVideo(
  workspace: Workspace,
  named: Job,
  { approve = async () => true }: { approve?: (question: string) => Promise<boolean> } = {},
): Promise<Remote> {
  const { reporter, runtime } = workspace;
  if (named.remoteId !== undefined && named.remoteDeleted) return named;
  const job = await requireSettled(workspace, named);
  if (job.remoteId === undefined) {
    throw new SoraError('refused', `Job ${job.id} does not exist at ${hostTitle(job)}: it was never created there.`, {
      hint: 'To remove old records from this machine: sora video prune --older-than 30d',
      jobId: job.id,
    });
  }
  const provider = await workspace.providerOf(job);
  if (!provider.remove) throw noDeletion(provider, job);
  const current = await refreshed(workspace, job);
  const { remoteId, model, pollUrl } = current;
  if (!isFinal(current.status)) throw stillRunning(current);
  const lost = current.status === 'succeeded' && current.output === undefined ? ' It was never saved here.' : '';
  const question = `Delete the video of job ${job.id}, ${oneLine(remoteId, 200)} at ${hostTitle(provider)}?${lost}`;
  if (!(await approve(question))) {
    throw new SoraError('usage', `The video of job ${job.id} was kept.`);
  }
  const wasThere = await askIrrevocably(workspace, job, {
    what: 'delete its video',
    ask: async () => (await provider.remove?.(remoteId, { signal: runtime.signal, model, pollUrl })) === true,
  });
  const nowMs = runtime.clock.now();
  // A 404 says that it is gone only to the account that made it.
  if (!wasThere && isOfOtherAccount(current, await accountHere(workspace, current), nowMs)) throw otherAccount(current);
  if (!wasThere) reporter.note(capitalizeThe(`${hostTitle(provider)} no longer knew ${oneLine(remoteId, 200)}.`));
  const updatedAt = new Date(nowMs).toISOString();
  const deleted = { ...current, remoteDeleted: true, updatedAt };
  return exitMessages.hold(() => saveProgress(workspace, deleted));
}

/** Asks for what cannot be taken back. Who stops it is told that it was asked, not that nothing happened. */
async function askIrrevocably(
  { reporter, runtime }: Workspace,
  job: Job,
  { what, ask }: { what: string; ask: () => Promise<boolean> },
): Promise<boolean> {
  const message = `${hostTitle(job)} was asked to ${what} (job ${job.id}); its answer was not awaited.`;
  const hint = `See the state of the job: sora video status ${job.id}`;
  const stopped = new SoraError('pending', message, { hint, jobId: job.id });
  exitMessages.set(job.id, () => reporter.error(stopped));
  try {
    return await ask();
  } catch (error) {
    if (!runtime.signal.aborted) throw error;
    const said = beforeEnd(error);
    if (!said) throw stopped;
    throw new SoraError('pending', `${message} Before that: ${said.message}`, { hint, jobId: job.id, cause: said });
  }
}

function noDeletion(provider: Provider, job: Remote): SoraError {
  const until = job.expiresAt === undefined ? 'after a while' : `at ${job.expiresAt}`;
  return noCall(provider, 'deletes videos', `The video stays there until the host deletes it ${until}.`, job);
}

function noCall(provider: Provider, what: string, hint: string, job?: Job): SoraError {
  return new SoraError('refused', `${provider.backend ?? hostTitle(provider)} has no call that ${what}.`, {
    hint,
    ...(job && { jobId: job.id }),
  });
}
