/** `sora video resend <job>`: a recorded request once more, byte for byte, at a person's word. */
import type { Context } from '../context.ts';
import { type BudgetLimits, checkBudget, costOfVideo } from '../costs/budget.ts';
import type { Cost } from '../costs/cost.ts';
import type { Provider, Reference } from '../providers/provider.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { isUnresolved, type Job } from '../shared/job.ts';
import { admittedJob, existingJobs } from '../videos/admission.ts';
import { findJobByBeginning } from '../videos/find-jobs.ts';
import { resolveUnknown, unresolvedError } from '../videos/recover-lost.ts';
import { readReference } from '../videos/reference-image.ts';
import { refuseKnown, refuseResent } from '../videos/replace.ts';
import { type Order, submit } from '../videos/submit.ts';
import { checkVideoOutput, type FollowFlags, refuseIdle } from './video-input.ts';
import { followAndShow, showJobs, showRequest } from './video-results.ts';

export interface ResendFlags extends FollowFlags, BudgetLimits {
  readonly wait: boolean;
  readonly dryRun: boolean;
}

export async function runVideoResend(context: Context, input: ResendFlags & { id: string }): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = input.wait || input.output !== undefined;
  if (waits) await checkVideoOutput(context, input, 1);
  else refuseIdle(input);
  const job = await unanswered(context, await findJobByBeginning(context, input.id), input.dryRun);
  const provider = await context.providerOf(job);
  const order = await orderOf(context, job, provider);
  const cost = await costOf(context, { job, order, provider });
  const bill = [{ what: 'video', count: 1, each: cost }] as const;
  const admission = { order, key: job.key, resend: true, ownIds: [] };
  if (input.dryRun) {
    const request =
      'video' in order ? provider.describeVideo(order.video) : provider.describeDerivation?.(order.derivation);
    if (!request) throw cannot(provider, job);
    const existing = await existingJobs(context, order, admission);
    if (existing.length === 0) checkBudget(input, { bill, provider });
    showRequest(context, { prompt: order.request.prompt, request, bill: existing.length === 0 ? bill : [], existing });
    return 0;
  }
  if (!(await admittedJob(context, admission))) checkBudget(input, { bill, provider });
  await (await context.jobs()).sweep();
  const sent = await submit(context, {
    ...{ ...admission, order, provider, cost, replaces: job.id },
    ...(job.profile !== undefined && { profile: job.profile }),
    ...(job.autoCast && { autoCast: job.autoCast }),
    wait: waits ? input : undefined,
  });
  if (waits) {
    return followAndShow(context, [sent.job], { ...input, deadlineMs, firstPauseMs: () => sent.pollAfterMs });
  }
  showJobs(context, [sent.job]);
  return 0;
}

/** The job, after a look whether its host has it after all. Throws `usage` when it has, `ambiguous` while it is being sent. */
async function unanswered(context: Context, job: Job, dryRun: boolean): Promise<Job> {
  refuseResent(context, (await (await context.jobs()).list()).records, job.id);
  if (dryRun || !isUnresolved(job)) return job;
  const known = await resolveUnknown(context, job);
  if (known.isSending) throw unresolvedError(known);
  refuseKnown(context, known.job, 'resend');
  return known.job;
}

/** What the record says was sent. Throws `usage` where something of it is no longer what it was. */
async function orderOf(context: Context, job: Job, provider: Provider): Promise<Order> {
  const { request, fingerprint } = job;
  const { prompt, model, seconds, size, characters, from } = request;
  if (!from) {
    const reference = await referenceOf(context, job);
    const values = characters.map(({ value }) => value);
    return { request, fingerprint, video: { prompt, model, seconds, size, characters: values, reference } };
  }
  const source = await (await context.jobs()).find(from.jobId);
  if (source?.remoteId === undefined) {
    throw new SoraError('usage', `Job ${from.jobId}, which ${job.id} is made from, is no longer on this machine.`, {
      hint: `Make a new one from another video: sora video ${from.kind} <id> <prompt>`,
      jobId: job.id,
    });
  }
  if (!provider.deriveVideo) throw cannot(provider, job);
  const added = seconds - (source.result?.seconds ?? source.request.seconds);
  const { kind } = from;
  return {
    request,
    fingerprint,
    derivation: { kind, videoId: source.remoteId, prompt, ...(kind === 'extend' && { seconds: added }) },
  };
}

function cannot(provider: Provider, { id, request }: Job): SoraError {
  return new SoraError('refused', `${provider.name} has no call to ${request.from?.kind} a video.`, {
    hint: `Close the job: sora video close ${id}`,
    jobId: id,
  });
}

/** The picture that was sent, if it can still be had and is the same. */
async function referenceOf(context: Context, { id, request }: Job): Promise<Reference | undefined> {
  const { reference: sent, size } = request;
  if (!sent) return undefined;
  const anew = 'un the command that made the job again, with its picture and --resend.';
  const refuse = (why: string, hint: string, cause?: unknown): SoraError =>
    new SoraError('usage', why, { hint, jobId: id, ...(cause !== undefined && { cause }) });
  if (sent.source === undefined) {
    throw refuse(`The picture of job ${id} (${sent.label}) is not kept on this machine.`, `R${anew}`);
  }
  const back = `Put it back, or r${anew}`;
  const { reference, record } = await readReference(context, sent.source, size).catch((cause: unknown) => {
    if (!isSoraError(cause) || context.runtime.signal.aborted) throw cause;
    throw refuse(`The picture of job ${id} cannot be sent again: ${cause.message}`, back, cause);
  });
  if (record.sha256 === sent.sha256) return reference;
  throw refuse(`${sent.source} is no longer the picture that was sent with job ${id}.`, back);
}

/** An extension is billed for what it adds; everything else for the whole of the new video. */
async function costOf(
  context: Context,
  { job, order, provider }: { job: Job; order: Order; provider: Provider },
): Promise<Cost | undefined> {
  const { model, seconds, size } = job.request;
  const wish = { provider, model, size };
  if ('derivation' in order) {
    return costOfVideo(context, { ...wish, seconds: order.derivation.seconds ?? seconds, clipSeconds: 0 });
  }
  const { records } = await (await context.characters()).list();
  const clipSeconds = job.request.characters.reduce((total, { value }) => {
    const owner = records.find(({ registrations }) => registrations.some((one) => one.value === value));
    return total + (owner?.master?.seconds ?? 4);
  }, 0);
  return costOfVideo(context, { ...wish, seconds, clipSeconds, ask: { video: order.video, purpose: 'use' } });
}
