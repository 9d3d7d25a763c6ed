/** `sora video extend`, `edit` and `remix`: a new job from the video of a finished one. A paid request like any other. */
import type { Context } from '../context.ts';
import { type BudgetLimits, checkBudget, costOfVideo } from '../costs/budget.ts';
import type { Cost } from '../costs/cost.ts';
import type { ExtensionLimits, NewDerivation, Provider } from '../providers/provider.ts';
import { isSoraError, refuseAll, SoraError } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import { type Derivation, isFinal, type Job, type VideoRequest } from '../shared/job.ts';
import { admittedJob, existingJobs } from '../videos/admission.ts';
import { findJobs, finishedJob } from '../videos/find-jobs.ts';
import { fingerprintOf } from '../videos/lifecycle.ts';
import { type Order, submit } from '../videos/submit.ts';
import { DEFAULT_SECONDS } from '../videos/video-input.ts';
import {
  checkVideoOutput,
  type FollowFlags,
  gatherProblems,
  isOwnFile,
  readPrompt,
  refuseIdle,
} from './video-input.ts';
import { followAndShow, showJobs, showRequest } from './video-results.ts';

export interface DeriveFlags extends FollowFlags, BudgetLimits {
  /** What an extension adds. */
  readonly seconds?: number;
  readonly wait: boolean;
  readonly key?: string;
  readonly resend: boolean;
  readonly dryRun: boolean;
}

export async function runVideoDerive(
  context: Context,
  input: DeriveFlags & { kind: Derivation; id: string; prompt: string },
): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = input.wait || input.output !== undefined;
  const { check, settle } = gatherProblems();
  const prompt = await check(() => readPrompt(context, input.prompt));
  const job = await check(async () => (await findJobs(context, [input.id]))[0]);
  if (!waits) await check(() => refuseIdle(input));
  else if (!(await isOwnFile(context, input))) await check(() => checkVideoOutput(context, input, 1));
  const host = job && (await check(() => hostOf(context, job, input.dryRun)));
  settle();
  if (prompt === undefined || !job || !host) throw new Error('what is missing was refused');
  const { provider, keyless } = host;
  if (!provider.deriveVideo) throw cannot(provider, input.kind);

  if (keyless && !isFinal(job.status)) throw notAsked(job, keyless);
  const source = await finishedJob(context, job);
  const { records } = await (await context.jobs()).list();
  const order = orderOf({ ...input, prompt }, { source, provider });
  checkRules(context, { order, source, provider, records });
  const existing = input.dryRun ? await existingJobs(context, order, input) : [];
  const earlier = input.dryRun
    ? existing[0]
    : await admittedJob(context, { ...input, order, key: input.key, ownIds: [] });
  const cost = await costOf(context, { order, source, provider });
  const bill = [{ what: 'video', count: 1, each: cost }] as const;
  // The job of a key is paid for already.
  if (!earlier) checkBudget(input, { bill, provider });
  if (input.dryRun) {
    const request = provider.describeDerivation?.(order.derivation);
    if (!request) throw cannot(provider, input.kind);
    showRequest(context, { prompt, request, bill: earlier ? [] : bill, existing });
    return 0;
  }

  await (await context.jobs()).sweep();
  const sent = await submit(context, {
    order,
    provider,
    cost,
    ...(source.profile !== undefined && { profile: source.profile }),
    key: input.key,
    resend: input.resend,
    ownIds: [],
    wait: waits ? input : undefined,
  });
  if (waits) {
    return followAndShow(context, [sent.job], { ...input, deadlineMs, firstPauseMs: () => sent.pollAfterMs });
  }
  showJobs(context, [sent.job]);
  return 0;
}

type DerivationOrder = Extract<Order, { derivation: NewDerivation }>;

/** What is sent, and what is to come out: the size, model and length of the video that it is made from. */
function orderOf(
  input: { kind: Derivation; prompt: string; seconds?: number },
  { source, provider }: { source: Job; provider: Provider },
): DerivationOrder {
  const { kind, prompt } = input;
  const added = kind === 'extend' ? (input.seconds ?? DEFAULT_SECONDS) : 0;
  const { model } = source.request;
  const request: VideoRequest = {
    prompt,
    ...(model !== undefined && { model }),
    seconds: lengthOf(source) + added,
    size: parseSize(source.result?.size?.replace('*', 'x') ?? '') ?? source.request.size,
    characters: [],
    from: { jobId: source.id, kind },
  };
  return {
    request,
    fingerprint: fingerprintOf({ provider: provider.name, baseUrl: provider.baseUrl, request }),
    derivation: { kind, videoId: source.remoteId ?? '', prompt, ...(kind === 'extend' && { seconds: added }) },
  };
}

/** The host that has the video; for a dry run without its key, only as far as requests can be described. */
async function hostOf(
  context: Context,
  job: Job,
  dryRun: boolean,
): Promise<{ readonly provider: Provider; readonly keyless?: SoraError }> {
  try {
    return { provider: await context.providerOf(job) };
  } catch (error) {
    if (!dryRun || !isSoraError(error, 'auth')) throw error;
    return { provider: await context.providerOf(job, 'preview'), keyless: error };
  }
}

function notAsked(job: Job, { hint }: SoraError): SoraError {
  return new SoraError(
    'auth',
    `Job ${job.id} was ${job.status} when it was last checked, and its host cannot be asked without a key.`,
    { jobId: job.id, ...(hint !== undefined && { hint }) },
  );
}

/** An extension is billed for what it adds; an edit and a remix for the whole of the new video. */
function costOf(
  context: Context,
  { order, source, provider }: { order: DerivationOrder; source: Job; provider: Provider },
): Promise<Cost | undefined> {
  const { model, size } = order.request;
  const seconds = order.derivation.seconds ?? lengthOf(source);
  return costOfVideo(context, { provider, model, size, seconds, clipSeconds: 0 });
}

function lengthOf(job: Job): number {
  return job.result?.seconds ?? job.request.seconds;
}

/** Throws `usage` with everything in the order that the host is known to refuse. */
function checkRules(
  { ui }: Context,
  { order, source, provider, records }: { order: Order; source: Job; provider: Provider; records: readonly Job[] },
): void {
  const { promptChars, seconds: documented } = provider.limits(order.request.model);
  const problems: string[] = [];
  const chars = [...order.request.prompt].length;
  if (chars > promptChars) problems.push(`The prompt has ${chars} characters; ${promptChars} are allowed.`);
  const added = 'derivation' in order ? order.derivation.seconds : undefined;
  if (added !== undefined) {
    if (provider.extensions) problems.push(...extensionProblems(provider.extensions, { added, source, records }));
    if (problems.length === 0 && documented.length > 0 && !documented.includes(added)) {
      ui.warn(`${added} s is not one of the documented lengths (${documented.join(', ')}); the host may refuse it.`);
    }
  }
  if (problems.length > 0)
    throw refuseAll('usage', problems, {
      hint: 'Nothing was sent. Change the prompt, --seconds or the job to start from.',
    });
}

function extensionProblems(
  limits: ExtensionLimits,
  { added, source, records }: { added: number; source: Job; records: readonly Job[] },
): readonly string[] {
  const problems: string[] = [];
  const { leastSeconds, mostSeconds, times, totalSeconds } = limits;
  if (added < leastSeconds || added > mostSeconds) {
    problems.push(`An extension adds ${leastSeconds} to ${mostSeconds} s, not ${added} s.`);
  }
  const total = lengthOf(source) + added;
  if (total > totalSeconds) problems.push(`The video would be ${total} s long; ${totalSeconds} s are allowed in all.`);
  const before = countExtensions(source, records);
  if (before >= times) problems.push(`The video was extended ${before} times already; ${times} are allowed.`);
  return problems;
}

/** Extensions in a row that led to this video, as far as the records go: hosts do not tell. */
function countExtensions(job: Job, records: readonly Job[]): number {
  const byId = new Map(records.map((record) => [record.id, record]));
  let count = 0;
  // A record that leads back to itself was written by hand.
  for (let at: Job | undefined = job; at?.request.from?.kind === 'extend' && count < records.length; ) {
    count += 1;
    at = byId.get(at.request.from.jobId);
  }
  return count;
}

function cannot(provider: Provider, kind: Derivation): SoraError {
  return new SoraError('refused', `${provider.backend ?? provider.name} has no call to ${kind} a video.`, {
    hint: 'Make a new one: sora video generate <prompt>',
  });
}
