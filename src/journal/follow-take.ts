/** A take that its host has: followed by whoever has a key, fetched, and written down; or what it came to instead. */
import { dirname } from 'node:path';
import { makeFolders } from '../disk/atomic-write.ts';
import { hostTitle } from '../providers/index.ts';
import { type RemoteVideo, SETTLING_MS } from '../providers/provider.ts';
import { EXIT_CODES, isSoraError, SoraError } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import type { Job, Remote, SavedVideo } from '../shared/job.ts';
import { type FollowOptions, followJob, saveVideo } from '../videos/follow.ts';
import { accountsOf } from '../videos/jobs/account.ts';
import { jobError } from '../videos/jobs/error.ts';
import { stillRunning, upToDate } from '../videos/jobs/find.ts';
import { applyRemote } from '../videos/jobs/lifecycle.ts';
import { newJobId } from '../videos/jobs/record.ts';
import { isRetryable } from '../videos/retryable.ts';
import type { Workspace } from '../workspace.ts';
import type { Take } from './fold.ts';
import { type KeptTake, keepTake } from './keep-take.ts';
import { type Failed, PAID_AND_GONE } from './lines.ts';
import { hostOfTake, type TakeLedger } from './take-ledger.ts';

/** What became of a take: its file is here; it failed, which is written down; or it goes on, for a reason that is told. */
export type Followed =
  | { readonly kind: 'kept'; readonly kept: KeptTake }
  | { readonly kind: 'failed'; readonly failed: Failed }
  | { readonly kind: 'open'; readonly error: SoraError };

export interface FollowTakeOptions
  extends Pick<FollowOptions, 'deadlineMs' | 'pollIntervalMs' | 'together' | 'display'> {
  /** Where the file is wanted, absolute. */
  readonly wanted: string;
  /** Milliseconds until the host is first asked: at once unless given. `usual` is for a job that was created just now. */
  readonly firstPauseMs?: number | 'usual';
  /** Only a job that is finished is fetched; of another the answer is `open` at once. */
  readonly onlyFinished?: boolean;
}

/** Throws what has to do with this machine; what the host says is the answer. */
export async function followTake(
  workspace: Workspace,
  ledger: TakeLedger,
  take: Take,
  options: FollowTakeOptions,
): Promise<Followed> {
  let job: Remote | undefined;
  try {
    const kept = await keepTake(workspace, ledger, { take, wanted: options.wanted });
    if (kept) return { kind: 'kept', kept };
    if (await isTakeOfOtherAccount(workspace, ledger, take)) return { kind: 'open', error: notVisible(take) };
    job = await unforgotten(workspace, await jobOfTake(workspace, take));
    const done = options.onlyFinished ? await upToDate(workspace, job) : await follow(workspace, job, options);
    if (done.status === 'succeeded') {
      return { kind: 'kept', kept: await save(workspace, ledger, { take, job: done, wanted: options.wanted }) };
    }
    throw jobError(done) ?? stillRunning(done);
  } catch (error) {
    if (!isSoraError(error) || error.code === 'machine' || error.code === 'bug') throw error;
    return written(workspace, ledger, { take, job, error });
  }
}

function follow(workspace: Workspace, job: Remote, options: FollowTakeOptions): Promise<Remote> {
  const { firstPauseMs = 0, wanted: _wanted, onlyFinished: _only, ...rest } = options;
  return followJob(workspace, job, {
    ...rest,
    firstPauseMs: () => (firstPauseMs === 'usual' ? undefined : firstPauseMs),
  });
}

async function save(
  workspace: Workspace,
  ledger: TakeLedger,
  { take, job, wanted }: { take: Take; job: Remote; wanted: string },
): Promise<KeptTake> {
  const first = ledger.placeOf(take.file);
  await makeFolders(dirname(first), { owner: 'user' });
  // What differs from the order stands in the line: it was paid for, and is not fetched in vain again.
  const { facts } = await saveVideo(workspace, job, { output: first, force: true, allowDrift: true });
  const kept = await keepTake(workspace, ledger, { take, wanted, job, facts });
  if (!kept)
    throw new SoraError('unverified', `${first} is not there any more.`, {
      hint: 'Run the same command again.',
      jobId: job.id,
    });
  const { path, done } = kept;
  const store = await workspace.jobs();
  // The record says where the file is; that it cannot be written is no reason to doubt the file.
  await store.update(job.id, (now) => withOutput(now, { path, sha256: done.sha256 })).catch(() => undefined);
  return kept;
}

function withOutput(job: Job, output: SavedVideo): Job {
  return job.remoteId === undefined ? job : { ...job, output: { ...job.output, ...output } };
}

/** A definite end is written down; whatever else stops following leaves the take as it is. */
async function written(
  workspace: Workspace,
  ledger: TakeLedger,
  { take, job: known, error }: { take: Take; job: Remote | undefined; error: SoraError },
): Promise<Followed> {
  const job = known && (await remoteJob(workspace, known.id));
  const isGone = job !== undefined && (await hasGone(workspace, { take, job, error }));
  const isEnd =
    job !== undefined &&
    (job.status === 'failed' || job.status === 'cancelled') &&
    (error.code === 'refused' || error.code === 'policy');
  if (!job || !(isGone || isEnd)) return { kind: 'open', error };
  const cost = job.cost?.actualUsd;
  const failed: Failed = {
    ...{ v: 1, at: ledger.now(), key: take.key, line: 'failed' },
    why: isGone ? PAID_AND_GONE : (job.failure?.message ?? job.status),
    exit: isGone ? EXIT_CODES.refused : EXIT_CODES[error.code],
    retryable: !isGone && error.code === 'refused' && isRetryable(job.failure),
    made: isGone ? 'yes' : 'maybe',
    ...(cost !== undefined && { cost }),
  };
  // What is done stays done: a file that is lost cannot be fetched again, and that is all.
  if (!take.done) await ledger.journal.append(failed);
  return { kind: 'failed', failed };
}

/**
 * Whether the host had the video and keeps it no more, by what it says now. The job may outlive its content: of one that it
 * still knows, it has to refuse the download after the time until which it keeps it.
 */
async function hasGone(
  workspace: Workspace,
  { take, job, error }: { take: Take; job: Remote; error: SoraError },
): Promise<boolean> {
  const { clock, signal } = workspace.runtime;
  if (job.remoteDeleted === true) return true;
  const mayBe = job.status === 'expired' || (job.status === 'succeeded' && error.code === 'unverified');
  if (!mayBe || signal.aborted) return false;
  const video = await askedOf(workspace, job).catch(() => 'unreachable' as const);
  if (video === 'unreachable') return false;
  if (video?.status === 'expired') return true;
  if (video) return isRefusal(error.cause) && isPast(video.expiresAt, clock.now());
  // A host may be slow to know what it took, and knows only what this account has made.
  if (clock.now() - Date.parse(take.at) < SETTLING_MS) return false;
  return accountsOf(await workspace.connectionOf(job)).includes(take.account);
}

/** A definite no to the download: no outage ends what was paid for. */
function isRefusal(cause: unknown): boolean {
  return isSoraError(cause, 'refused');
}

function isPast(time: string | undefined, nowMs: number): boolean {
  return time !== undefined && Date.parse(time) <= nowMs;
}

async function askedOf(workspace: Workspace, job: Remote): Promise<RemoteVideo | undefined> {
  const provider = await workspace.providerOf(job);
  const { remoteId, model, pollUrl } = job;
  return provider.getVideo(remoteId, { signal: workspace.runtime.signal, model, pollUrl });
}

/** A record that says `expired` may have been written under another account's key: what the host knows now outweighs it. */
async function unforgotten(workspace: Workspace, job: Remote): Promise<Remote> {
  if (job.status !== 'expired') return job;
  const video = await askedOf(workspace, job);
  if (!video || video.status === 'expired') return job;
  const { failure: _failure, finishedAt: _finishedAt, ...rest } = job;
  const known = applyRemote({ ...rest, status: 'queued' }, video, workspace.runtime.clock.now());
  const store = await workspace.jobs();
  await store.update(job.id, () => known);
  return known;
}

/** The record of the take's job in this home; made of the journal's lines where there is none. */
export async function jobOfTake(workspace: Workspace, take: Take): Promise<Remote> {
  const store = await workspace.jobs();
  const { records, broken } = await store.list();
  for (const job of records) {
    if (job.remoteId !== undefined && job.remoteId === take.remoteId && job.baseUrl === take.baseUrl) return job;
  }
  const isTaken =
    records.some(({ id }) => id === take.jobId) || broken.some(({ path }) => path.includes(`${take.jobId}`));
  const { clock, random } = workspace.runtime;
  const id = take.jobId === undefined || isTaken ? newJobId(clock.now(), random) : take.jobId;
  const job = jobFromTake(take, id);
  await store.create(job);
  return job;
}

async function remoteJob(workspace: Workspace, id: string): Promise<Remote | undefined> {
  const job = await (await workspace.jobs()).find(id).catch(() => undefined);
  return job?.remoteId === undefined ? undefined : job;
}

/** Without its price: it counts where it was sent. */
function jobFromTake(take: Take, id: string): Remote {
  const { key, provider, baseUrl, profile, backend, model, remoteId = '', ask, at } = take;
  return {
    ...{ version: 1, id, provider, baseUrl, remoteId, fingerprint: take.fp, key, status: 'queued' },
    ...(profile !== undefined && { profile }),
    ...(backend !== undefined && { backend }),
    ...(model !== undefined && { model }),
    ...(take.account !== '' && { account: take.account }),
    request: {
      prompt: ask?.prompt ?? '',
      ...(model !== undefined && { model }),
      seconds: take.seconds ?? 4,
      size: parseSize(take.size ?? '') ?? { width: 1280, height: 720 },
      characters: (ask?.cast ?? []).map(({ name }) => ({ name, value: '' })),
    },
    characters: (ask?.cast ?? []).map(({ name }) => name),
    ...{ createdAt: at, updatedAt: at },
  };
}

/**
 * Whether another account made it and this one cannot see it: a 404 says nothing then. Of a rotated key the host still knows
 * the job.
 */
async function isTakeOfOtherAccount(workspace: Workspace, ledger: TakeLedger, take: Take): Promise<boolean> {
  const place = hostOfTake(take);
  const accounts = accountsOf(await workspace.connectionOf(place));
  if (take.remoteId === undefined || accounts.includes(take.account)) return false;
  const provider = await workspace.providerOf(place);
  const video = await provider.getVideo(take.remoteId, { signal: workspace.runtime.signal, model: take.model });
  if (video) return false;
  ledger.invisible.add(take.key);
  return true;
}

function notVisible(take: Take): SoraError {
  const { scene, remoteId = '' } = take;
  return new SoraError(
    'auth',
    `${scene}: ${hostTitle(take)} does not know ${remoteId} under this key; another account made it.`,
    {
      hint: 'Run the command again with the key of that account.',
    },
  );
}
