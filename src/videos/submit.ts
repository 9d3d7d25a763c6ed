/** One paid request: its record first, then the request, then what came of it. Never sent twice. */

import { sayPublicUploads } from '../characters/public-files.ts';
import { hostTitle } from '../providers/index.ts';
import type { NewDerivation, Provider, RemoteVideo } from '../providers/provider.ts';
import { createDeadline, LEAST_ANSWER_MS } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import type { Job, JobTake, Refused, Sending, Unanswered } from '../shared/job.ts';
import { recordAnswer } from '../shared/keep-answer.ts';
import type { BudgetOptions, Cost } from '../shared/money.ts';
import { oneLine, shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type AdmissionOptions, findEarlierJob, resolveDuplicate, unfinishedEqual, warnOfEqual } from './admission.ts';
import { accountHere } from './jobs/account.ts';
import { jobError } from './jobs/error.ts';
import { type Resumable, resumeCommand } from './jobs/find.ts';
import { applyRemote, mergeJobRecords } from './jobs/lifecycle.ts';
import { newJobId } from './jobs/record.ts';
import { forgetUnreadClips } from './jobs/unread-clips.ts';
import { closeReplaced, refuseResent, replacedBy } from './lost/replace.ts';
import { usageBefore } from './lost/usage.ts';
import type { RequestPlan } from './plan.ts';
import { overAFace, toldFailure, writeDownFailure } from './send-failure.ts';
import { reserveJob } from './spending.ts';

export interface Submitted {
  readonly job: Job;
  /** When the host wants to be asked first. */
  readonly pollAfterMs: number | undefined;
}

/** What is sent: a video from words, or one that is made from another. */
export type Order = Pick<RequestPlan, 'request' | 'fingerprint'> &
  (Pick<RequestPlan, 'video'> | { readonly derivation: NewDerivation }) & {
    /** Of a plan: who has no registration yet. Words stand in the place of their ids. */
    readonly missing?: readonly unknown[];
  };

export interface SubmitOptions extends AdmissionOptions, BudgetOptions {
  readonly order: Order;
  /** Of the characters, those whom the prompt alone has named. */
  readonly autoCast?: readonly string[];
  readonly provider: Provider;
  /** Whose settings later commands on this job use; the chosen one unless given. */
  readonly profile?: string;
  /** Of this one request; undefined while nobody knows. */
  readonly cost?: Cost | undefined;
  /** With `resend`, the one job that this takes the place of; every equal one that is unresolved unless given. */
  readonly replaces?: string;
  /** What the job is made for, where that is a part of something larger. */
  readonly take?: JobTake | undefined;
  /** What the command will wait for, if it does. */
  readonly wait: Resumable | undefined;
  /** When it gives up, milliseconds since the epoch; never unless given. A request that leaves has `LEAST_ANSWER_MS` for its answer all the same. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Writes the record, sends the request once, and writes down what came of it. Sends nothing when the key has a job, and
 * waits for another command that is sending that one. Throws TypeError for a plan that is not complete.
 */
export async function submit(workspace: Workspace, options: SubmitOptions): Promise<Submitted> {
  const { missing = [] } = options.order;
  if (missing.length > 0)
    throw new TypeError(`the order lacks ${missing.length} registrations: complete its plan first`);
  await sayPublicPicture(workspace, options);
  for (;;) {
    const job = await newJob(workspace, options);
    const { sent, duplicate } = await sendAdmitted(workspace, job, options);
    if (sent) return sent;
    await resolveDuplicate(workspace, duplicate, options);
  }
}

/** Of a picture that is uploaded for the video, whoever sends it: by itself, in a film, or once more. */
async function sayPublicPicture(workspace: Workspace, { order, provider }: SubmitOptions): Promise<void> {
  const isUploaded = 'video' in order && order.video.reference?.kind === 'bytes';
  if (isUploaded) await sayPublicUploads(workspace, provider);
}

async function newJob(workspace: Workspace, options: SubmitOptions): Promise<Sending> {
  const { runtime } = workspace;
  const { order, provider, key, cost } = options;
  const createdAt = new Date(runtime.clock.now()).toISOString();
  const uptimeSeconds = runtime.uptimeSeconds?.();
  const place = {
    id: newJobId(runtime.clock.now(), runtime.random),
    ...{ provider: provider.name, baseUrl: provider.baseUrl },
    profile: options.profile ?? (await workspace.profileName()),
  };
  const accounts = await accountHere(workspace, {
    ...place,
    ...(provider.backend && { backend: provider.backend }),
  });
  return {
    version: 1,
    ...place,
    ...(provider.backend && { backend: provider.backend }),
    ...(accounts && { account: accounts[0] }),
    ...(order.request.model !== undefined && { model: order.request.model }),
    request: order.request,
    fingerprint: order.fingerprint,
    ...(key !== undefined && { key }),
    ...(options.take && { take: options.take }),
    ...(options.replaces !== undefined && { replaces: options.replaces }),
    characters: order.request.characters.map(({ name }) => name),
    ...(options.autoCast?.length && { autoCast: options.autoCast }),
    ...(options.tags?.length && { tags: options.tags }),
    status: 'submitting',
    ...(cost && { cost: { estimateUsd: cost.usd, asOf: cost.asOf, source: cost.source } }),
    ...(uptimeSeconds !== undefined && { uptimeSeconds }),
    createdAt,
    updatedAt: createdAt,
  };
}

/** The record and the request, unless another job stands in its way: the unresolved `duplicate`. */
async function sendAdmitted(
  workspace: Workspace,
  job: Sending,
  options: SubmitOptions,
): Promise<
  { readonly sent: Submitted; readonly duplicate?: never } | { readonly sent?: never; readonly duplicate: Job }
> {
  const { reporter, runtime } = workspace;
  const store = await workspace.jobs();
  return store.whileSending(job.id, async () => {
    let duplicate: Job | undefined;
    let replaced: readonly (Unanswered | Refused)[] = [];
    let equal: Job | undefined;
    const admitted = await exitMessages.hold(async () => {
      const kept = await store.create(job, (jobs) => {
        if (options.replaces !== undefined) refuseResent(workspace, jobs.records, options.replaces);
        const earlier = findEarlierJob(jobs, options);
        duplicate = earlier.duplicate;
        for (const { path, unusable } of jobs.broken) {
          if (!unusable) reporter.warn(`${path} cannot be read; it may hold an equal job.`);
          else if (unusable.fingerprint === options.order.fingerprint)
            reporter.warn(`${path} cannot be used; it holds an equal job.`);
        }
        replaced = replacedBy(jobs.records, options);
        equal = unfinishedEqual(jobs.records, options, runtime.clock.now());
        return earlier.duplicate ?? earlier.sameKey;
      });
      // Nothing has left yet: a record that says "submitting" would say more than is true.
      if (kept.id === job.id && runtime.signal.aborted) await writeDownFailure(workspace, job, runtime.signal.reason);
      return kept;
    });
    if (duplicate) return { duplicate };
    if (admitted.id !== job.id) {
      reporter.note(`The key "${options.key}" belongs to job ${admitted.id}; nothing new is sent.`);
      return { sent: { job: admitted, pollAfterMs: 0 } };
    }
    runtime.signal.throwIfAborted();
    await reserveJob(workspace, job, options);
    if (equal) warnOfEqual(workspace, equal);
    const counted = await withUsage(workspace, job, options);
    try {
      return { sent: await sendRecorded(workspace, counted, options) };
    } finally {
      await exitMessages.hold(() => closeReplaced(workspace, replaced, job.id));
    }
  });
}

/** With the counters of the account, where its host keeps some: on the disk before the request leaves. */
async function withUsage(workspace: Workspace, job: Sending, { provider }: SubmitOptions): Promise<Sending> {
  const before = await usageBefore(workspace, provider, job.model);
  if (!before) return job;
  await (await workspace.jobs()).update(job.id, (current) => ({ ...current, usageBefore: before }));
  return { ...job, usageBefore: before };
}

async function sendRecorded(workspace: Workspace, job: Sending, options: SubmitOptions): Promise<Submitted> {
  const { reporter, runtime, selection } = workspace;
  const { provider } = options;
  const remote = await sendOnce(workspace, job, options);
  const accepted = applyRemote(job, remote, runtime.clock.now());
  const remoteId = oneLine(remote.id, 200);
  const resume = resumeCommand({ selection }, job, options.wait ?? {});
  const unwritten = (why: string, cause?: unknown): SoraError =>
    new SoraError('machine', `Job ${job.id} exists as ${remoteId} at ${hostTitle(provider)}, but ${why}`, {
      hint: `Note the id, and do not send the command again. Then: sora video wait ${job.id} ${shellOption('adopt', shellQuote(remote.id))}`,
      jobId: job.id,
      ...(cause !== undefined && { cause }),
    });
  // Told before it is written: the record may never be.
  reporter.event({ event: 'created', jobId: job.id, remoteId: remote.id, status: accepted.status });
  reporter.note(`Job ${job.id} is ${accepted.status} at ${hostTitle(provider)} as ${remoteId}.`);
  const stopped = new SoraError(
    'pending',
    `Stopped; job ${job.id} is ${accepted.status} at ${hostTitle(provider)} as ${remoteId}.`,
    { hint: `Nothing is lost. Continue with: ${resume}`, jobId: job.id },
  );
  const store = await workspace.jobs();
  const kept = await recordAnswer(reporter, {
    subject: job.id,
    write: () => store.update(job.id, (current) => mergeJobRecords(current, accepted)),
    unwritten,
    stopped: (now) => jobError(now) ?? stopped,
  });
  await forgetUnreadClips(workspace, kept);
  const failed = jobError(kept);
  if (failed) throw await overAFace(workspace, kept, failed);
  if (runtime.signal.aborted) throw stopped;
  return { job: kept, pollAfterMs: remote.pollAfterMs };
}

/** The one request. What came of it instead of a job is written down before it is thrown. */
async function sendOnce(
  workspace: Workspace,
  job: Job,
  { order, provider, deadlineMs = Number.POSITIVE_INFINITY }: SubmitOptions,
): Promise<RemoteVideo> {
  const { reporter, runtime } = workspace;
  const look = `See what became of it: sora video status ${job.id}`;
  const unanswered = `Job ${job.id} may exist at ${hostTitle(provider)}: its answer was not awaited.`;
  exitMessages.set(job.id, () => reporter.error(new SoraError('ambiguous', unanswered, { hint: look, jobId: job.id })));
  const onStop = (): void =>
    reporter.note('Stopping: waiting a few seconds for the host’s answer. Press Ctrl-C again to exit at once.');
  runtime.signal.addEventListener('abort', onStop, { once: true });
  try {
    const deadline = createDeadline(runtime.clock, deadlineMs);
    return await deadline.limit(runtime.signal, (signal) => send(provider, order, signal), LEAST_ANSWER_MS);
  } catch (error) {
    if (isSoraError(error)) error.jobId = job.id;
    const told = toldFailure(workspace, job, { provider, error, look });
    if (isSoraError(told)) exitMessages.set(job.id, () => reporter.error(told));
    await exitMessages.hold(() => writeDownFailure(workspace, job, error));
    throw isSoraError(told) ? await overAFace(workspace, job, told) : told;
  } finally {
    runtime.signal.removeEventListener('abort', onStop);
  }
}

function send(provider: Provider, order: Order, signal: AbortSignal): Promise<RemoteVideo> {
  if ('video' in order) return provider.createVideo(order.video, { signal });
  if (provider.derive) return provider.derive.create(order.derivation, { signal });
  throw new SoraError('refused', `${hostTitle(provider)} cannot ${order.derivation.kind} a video.`, {
    hint: 'Make a new one: sora video generate <prompt>',
  });
}
