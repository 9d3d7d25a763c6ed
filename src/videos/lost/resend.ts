/** A recorded request once more, byte for byte: what was sent, if it can still be had, and what it costs now. */

import { budgetOptionsOf } from '../../costs/budget.ts';
import type { BillItem } from '../../costs/cost.ts';
import { checkMaxCost, estimateVideoCost } from '../../costs/max-cost.ts';
import { hostTitle } from '../../providers/index.ts';
import type { Provider, Reference, WireRequest } from '../../providers/provider.ts';
import type { CharacterReference } from '../../providers/references.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { isUnanswered, type Job, type Refused, type Unanswered, type VideoRequest } from '../../shared/job.ts';
import type { Cost, CostLimits } from '../../shared/money.ts';
import { option } from '../../shared/options.ts';
import type { Workspace } from '../../workspace.ts';
import { type AdmissionOptions, admittedJob, existingJobs } from '../admission.ts';
import type { Resumable } from '../jobs/find.ts';
import { readReference } from '../reference-image.ts';
import { type Order, type SubmitOptions, type Submitted, submit } from '../submit.ts';
import { resolveUnknown, unresolvedError } from './recover.ts';
import { refuseKnown, refuseResent } from './replace.ts';

/**
 * Sends the recorded request of an unknown or refused job once more, as a new job that takes its place. Throws `usage` for a job
 * that its host has or that was sent again already, `ambiguous` while it is being sent, `budget`, and what `submit` throws.
 */
export async function resendJob(
  workspace: Workspace,
  named: Job,
  {
    wait,
    deadlineMs,
    ...limits
  }: CostLimits & Pick<SubmitOptions, 'deadlineMs'> & { readonly wait?: Resumable | undefined },
): Promise<Submitted> {
  const job = await requireUnanswered(workspace, named, false);
  const { provider, cost, bill, admission } = await readyToResend(workspace, job);
  if (!(await admittedJob(workspace, admission))) checkMaxCost(limits, { bill, provider });
  await (await workspace.jobs()).sweep();
  return submit(workspace, {
    ...{ ...admission, provider, cost, replaces: job.id, wait, deadlineMs },
    ...(job.profile !== undefined && { profile: job.profile }),
    ...(job.autoCast && { autoCast: job.autoCast }),
    ...budgetOptionsOf({ ...limits, tags: limits.tags?.length ? limits.tags : (job.tags ?? []) }),
    ...(job.take && { take: job.take }),
  });
}

/** What `resendJob` would send, its bill (empty where its key has a job already), and that job. The host is not asked for the job. */
export async function previewResend(
  workspace: Workspace,
  named: Job,
  limits: CostLimits,
): Promise<{
  readonly prompt: string;
  readonly request: WireRequest;
  readonly bill: readonly BillItem[];
  readonly existing: readonly Job[];
}> {
  const job = await requireUnanswered(workspace, named, true);
  const { provider, bill, admission } = await readyToResend(workspace, job);
  const { order } = admission;
  const call = { signal: workspace.runtime.signal };
  const request =
    'video' in order ? await provider.describeVideo(order.video, call) : provider.derive?.describe(order.derivation);
  if (!request) throw hasNoCall(provider, job);
  const existing = await existingJobs(workspace, order, admission);
  if (existing.length === 0) checkMaxCost(limits, { bill, provider });
  return { prompt: order.request.prompt, request, bill: existing.length === 0 ? bill : [], existing };
}

async function readyToResend(
  workspace: Workspace,
  job: Job,
): Promise<{
  readonly provider: Provider;
  readonly cost: Cost | undefined;
  readonly bill: readonly BillItem[];
  readonly admission: AdmissionOptions & { readonly order: Order };
}> {
  const provider = await workspace.providerOf(job);
  const order = await recordedOrder(workspace, job, provider);
  const cost = await quoteRecorded(workspace, { job, order, provider });
  return {
    ...{ provider, cost, bill: [{ what: 'video', count: 1, each: cost }] },
    admission: { order, key: job.key, resend: true, ownIds: [] },
  };
}

/** The job, after a look whether its host has it after all. Throws `usage` when it has, `ambiguous` while it is being sent. */
async function requireUnanswered(workspace: Workspace, job: Job, dryRun: boolean): Promise<Unanswered | Refused> {
  refuseKnown(workspace, job, 'resend');
  refuseResent(workspace, (await (await workspace.jobs()).list()).records, job.id);
  if (dryRun || !isUnanswered(job)) return job;
  const known = await resolveUnknown(workspace, job);
  if (known.isSending) throw unresolvedError(known);
  refuseKnown(workspace, known.job, 'resend');
  return known.job;
}

/** What the record says was sent. Throws `usage` where something of it is no longer what it was. */
async function recordedOrder(workspace: Workspace, job: Job, provider: Provider): Promise<Order> {
  const { request, fingerprint } = job;
  const { prompt, model, seconds, size, characters, from } = request;
  if (!from) {
    const reference = await referenceOf(workspace, job);
    const video = { prompt, model, seconds, size, characters: characters.map(referenceIn), reference };
    return { request, fingerprint, video };
  }
  const source = await (await workspace.jobs()).find(from.jobId);
  if (source?.remoteId === undefined) {
    throw new SoraError('usage', `Job ${from.jobId}, which ${job.id} is made from, is no longer on this machine.`, {
      hint: `Make a new one from another video: sora video ${from.kind} <id> <prompt>`,
      jobId: job.id,
    });
  }
  if (!provider.derive) throw hasNoCall(provider, job);
  const added = seconds - (source.result?.seconds ?? source.request.seconds);
  const { kind } = from;
  return {
    request,
    fingerprint,
    derivation: { kind, videoId: source.remoteId, prompt, ...(kind === 'extend' && { seconds: added }) },
  };
}

/** Records of ids and of clips by their URL do not say which they are; a host may have a scheme of its own for what it keeps. */
function referenceIn({ value, values = [value], mode }: VideoRequest['characters'][number]): CharacterReference {
  return { mode: mode ?? (value.includes('://') ? 'clip-url' : 'id'), values };
}

function hasNoCall(provider: Provider, { id, request }: Job): SoraError {
  return new SoraError('refused', `${hostTitle(provider)} has no call to ${request.from?.kind} a video.`, {
    hint: `Close the job: sora video close ${id}`,
    jobId: id,
  });
}

/** The picture that was sent, if it can still be had and is the same. */
async function referenceOf(workspace: Workspace, { id, request }: Job): Promise<Reference | undefined> {
  const { reference: sent, size } = request;
  if (!sent) return undefined;
  const anew = `un the command that made the job again, with its picture and ${option('resend')}.`;
  const refuse = (why: string, hint: string, cause?: unknown): SoraError =>
    new SoraError('usage', why, { hint, jobId: id, ...(cause !== undefined && { cause }) });
  if (sent.source === undefined) {
    throw refuse(`The picture of job ${id} (${sent.label}) is not kept on this machine.`, `R${anew}`);
  }
  const back = `Put it back, or r${anew}`;
  const { reference, record } = await readReference(workspace, sent.source, size).catch((cause: unknown) => {
    if (!isSoraError(cause) || workspace.runtime.signal.aborted) throw cause;
    throw refuse(`The picture of job ${id} cannot be sent again: ${cause.message}`, back, cause);
  });
  if (record.sha256 === sent.sha256) return reference;
  throw refuse(`${sent.source} is no longer the picture that was sent with job ${id}.`, back);
}

/** An extension is billed for what it adds; everything else for the whole of the new video. */
async function quoteRecorded(
  workspace: Workspace,
  { job, order, provider }: { job: Job; order: Order; provider: Provider },
): Promise<Cost | undefined> {
  const { model, seconds, size } = job.request;
  const wish = { provider, model, size };
  if ('derivation' in order) {
    return estimateVideoCost(workspace, { ...wish, seconds: order.derivation.seconds ?? seconds, clipSeconds: 0 });
  }
  const { records } = await (await workspace.characters()).list();
  const clipSeconds = job.request.characters.reduce((total, { value, mode }) => {
    if (mode === 'image') return total;
    const owner = records.find(({ registrations }) => registrations.some((one) => one.value === value));
    return total + (owner?.clip?.master.seconds ?? 4);
  }, 0);
  return estimateVideoCost(workspace, { ...wish, seconds, clipSeconds, ask: { video: order.video, purpose: 'use' } });
}
