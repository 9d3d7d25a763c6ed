/** Whether a request may be sent at all (idempotency): what the jobs of this machine say of its key and of equal ones. */

import { isSoraError, SoraError } from '../shared/errors.ts';
import { endedWithoutVideo, isFinal, isUnanswered, type Job } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import { relativeTime } from '../shared/time.ts';
import type { Workspace } from '../workspace.ts';
import { resumeCommand } from './jobs/find.ts';
import { describe } from './jobs/lifecycle.ts';
import type { JobListing } from './jobs/store.ts';
import { resolveUnknown, type Settled, unresolvedError } from './lost/recover.ts';

export interface AdmissionOptions {
  readonly order: { readonly fingerprint: string };
  readonly key: string | undefined;
  /** Send although an equal job may exist already. */
  readonly resend: boolean;
  /** Jobs that this same command has made: equal on purpose. */
  readonly ownIds: readonly string[];
}

/** The key of one of the videos that a command sends; `index` counts from 0. */
export function idempotencyKeyOf({ key, count }: { key?: string; count: number }, index: number): string | undefined {
  return key === undefined || count === 1 ? key : `${key}#${index + 1}`;
}

/** What stands in the way of a request: at most one of the two. */
export interface EarlierJobs {
  /** The job that the key belongs to: nothing needs to be sent. */
  readonly sameKey?: Job;
  /** An equal one, or one of that key, that is unresolved: nothing may be sent. */
  readonly duplicate?: Job;
}

/**
 * A key whose job is given up is free again. Throws `usage` when the key belongs to other work, and `machine` when it
 * belongs to a record that is unusable, or may belong to one that cannot be read.
 */
export function findEarlierJob(
  { records, broken }: JobListing,
  { order, key, resend, ownIds }: AdmissionOptions,
): EarlierJobs {
  const sameKey =
    key === undefined ? undefined : records.find((job) => job.key === key && !endedWithoutVideo(job.status));
  if (sameKey && sameKey.fingerprint !== order.fingerprint) {
    throw new SoraError('usage', `The key "${key}" belongs to job ${sameKey.id}, which asks for something else.`, {
      hint: `Use another ${option('key')}.`,
    });
  }
  if (sameKey && !isUnanswered(sameKey)) return { sameKey };
  if (key !== undefined && !sameKey && !resend) refuseHidden(key, broken);
  const duplicate = resend
    ? undefined
    : records.find(
        (job) =>
          isUnanswered(job) &&
          (job === sameKey ||
            (job.fingerprint === order.fingerprint && !ownIds.includes(job.id) && !isOfOtherKey(job.key, key))),
      );
  return duplicate ? { duplicate } : {};
}

/** Who gives two equal requests two keys wants both. */
function isOfOtherKey(one: string | undefined, key: string | undefined): boolean {
  return key !== undefined && one !== undefined && one !== key;
}

/** Throws `machine` when the key belongs to an unusable record, whose job may be paid for, or may belong to an unreadable one. */
function refuseHidden(key: string, broken: JobListing['broken']): void {
  const own = broken.find(({ unusable: job }) => job?.key === key && !endedWithoutVideo(job.status));
  if (own) {
    throw new SoraError(
      'machine',
      `The key "${key}" belongs to a job whose record is unusable: ${own.path}: ${own.reason}.`,
      { hint: `Repair that record, or move it away; ${option('resend')} sends it anyway.` },
    );
  }
  const hiding = broken.find(({ unusable }) => !unusable);
  if (!hiding) return;
  throw new SoraError(
    'machine',
    `The key "${key}" may belong to a job whose record cannot be read: ${hiding.path}: ${hiding.reason}.`,
    { hint: `Repair that record, or move it away if that job has another key; ${option('resend')} sends it anyway.` },
  );
}

/**
 * The same with the jobs of this machine, and after a look at the host for an unresolved duplicate. The job that the key belongs
 * to, if any. Throws what `resolveDuplicate` throws.
 */
export async function admittedJob(workspace: Workspace, options: AdmissionOptions): Promise<Job | undefined> {
  const store = await workspace.jobs();
  for (;;) {
    const { sameKey, duplicate } = findEarlierJob(await store.list(), options);
    if (!duplicate) return sameKey;
    await resolveDuplicate(workspace, duplicate, options);
  }
}

/**
 * Resolves when the duplicate stands in the way no more, so that the jobs can be looked at again; one of the same key is waited
 * for while another command sends it. Throws `ambiguous` when nobody knows what became of it, and `pending` when it turns out
 * to exist: who runs a lost command again wants that job, not a second one.
 */
export async function resolveDuplicate(workspace: Workspace, duplicate: Job, { key }: AdmissionOptions): Promise<void> {
  const isOwn = key !== undefined && duplicate.key === key;
  const known = isOwn ? await awaitSender(workspace, duplicate) : await resolveUnknown(workspace, duplicate);
  if (isUnanswered(known.job)) throw unresolvedError(known);
  if (isOwn || endedWithoutVideo(known.job.status)) return;
  throw new SoraError('pending', `An equal request was made before, as job ${duplicate.id}. Nothing new was sent.`, {
    hint: `Get its video: ${resumeCommand(workspace, known.job, {})}\nTo make another one, run the command again.`,
    jobId: duplicate.id,
  });
}

/** How often it is looked whether the other command is done. */
const LOOK_MS = 250;

/** What is known of the job of this key once no other command sends it any more. Ctrl-C ends the wait with its own code. */
async function awaitSender(workspace: Workspace, duplicate: Job): Promise<Settled> {
  const { reporter, runtime } = workspace;
  const store = await workspace.jobs();
  let job = duplicate;
  try {
    for (let round = 0; ; round++) {
      const known = await resolveUnknown(workspace, job);
      if (!known.isSending) return known;
      if (round === 0)
        reporter.note(`Another command is sending job ${job.id} of the key "${job.key}"; waiting for it.`);
      await runtime.clock.sleep(LOOK_MS, runtime.signal);
      job = (await store.find(job.id)) ?? job;
    }
  } catch (error) {
    const { aborted, reason } = runtime.signal;
    if (!aborted || !isSoraError(reason)) throw error;
    throw new SoraError(
      reason.code,
      `Stopped waiting for job ${job.id}, which another command is sending. Nothing new was sent.`,
      {
        hint: `Follow it with: ${resumeCommand(workspace, job, {})}`,
        jobId: job.id,
        cause: error,
      },
    );
  }
}

/** The jobs that the keys of the command have already, as a dry run tells them. Throws as `findEarlierJob`; asks nobody. */
export async function existingJobs(
  workspace: Workspace,
  order: AdmissionOptions['order'],
  { key, count = 1, resend }: { key?: string | undefined; count?: number; resend: boolean },
): Promise<readonly Job[]> {
  if (key === undefined) return [];
  const jobs = await (await workspace.jobs()).list();
  return Array.from({ length: count }, (_, index) => idempotencyKeyOf({ key, count }, index)).flatMap((own) => {
    const { sameKey, duplicate } = findEarlierJob(jobs, { order, key: own, resend, ownIds: [] });
    return sameKey ?? (duplicate?.key === own && duplicate ? duplicate : []);
  });
}

/** Within so long, who sends an equal request may have meant the one before. */
const RECENT_MS = 3_600_000;

/** An equal job that is on its way; undefined for whoever says by a key or `--resend` that another is meant. */
export function unfinishedEqual(
  jobs: readonly Job[],
  { order, key, resend, ownIds }: AdmissionOptions,
  nowMs: number,
): Job | undefined {
  if (key !== undefined || resend) return undefined;
  return jobs.find(
    ({ id, fingerprint, remoteId, status, createdAt }) =>
      fingerprint === order.fingerprint &&
      remoteId !== undefined &&
      !isFinal(status) &&
      !ownIds.includes(id) &&
      Math.abs(nowMs - Date.parse(createdAt)) < RECENT_MS,
  );
}

/** Equal prompts are normal, so that it is sent all the same. */
export function warnOfEqual({ reporter, runtime }: Workspace, equal: Job): void {
  const ago = relativeTime(equal.createdAt, runtime.clock.now());
  reporter.warn(
    `Job ${equal.id} is an equal request, sent ${ago} and ${describe(equal)}; this one is sent and paid for as well. A command that may run twice makes one job with ${option('key')} <text>.`,
  );
}
