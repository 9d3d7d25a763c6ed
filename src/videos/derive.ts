/** A video that is made from that of a finished job: what is sent, what it costs, and what its host is known to refuse. */

import { budgetOptionsOf } from '../costs/budget.ts';
import type { BillItem } from '../costs/cost.ts';
import { checkMaxCost, estimateVideoCost } from '../costs/max-cost.ts';
import { hostTitle } from '../providers/index.ts';
import type { ExtensionLimits } from '../providers/limits.ts';
import type { NewDerivation, Provider, WireRequest } from '../providers/provider.ts';
import { isSoraError, problemsError, SoraError } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import { type Derivation, isFinal, type Job, type Remote, type VideoRequest } from '../shared/job.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { admittedJob, existingJobs } from './admission.ts';
import { type UndocumentedOptions, undocumented } from './check-order.ts';
import { DEFAULT_SECONDS } from './choose-size.ts';
import { finishedJob, type Resumable } from './jobs/find.ts';
import { fingerprintOf } from './jobs/fingerprint.ts';
import { type Order, type Submitted, submit } from './submit.ts';

export interface DeriveOptions extends CostLimits, UndocumentedOptions {
  readonly kind: Derivation;
  readonly prompt: string;
  /** What an extension adds; the usual length unless given. */
  readonly seconds?: number;
  readonly key?: string;
  /** Send although an equal request may exist already. */
  readonly resend: boolean;
  /** What will be waited for, if anything is: said in the hints to go on. */
  readonly wait?: Resumable | undefined;
  /** When the whole command gives up, as in `SubmitOptions`. */
  readonly deadlineMs?: number | undefined;
}

/** A job to start from, and its host. */
export interface DerivationSource {
  readonly job: Job;
  readonly provider: Provider;
  /** Why the host can only describe requests: it lacks its key. */
  readonly keyless?: SoraError;
}

/** The host that has the video; for a preview without its key, only as far as requests can be described. */
export async function derivationSource(
  workspace: Workspace,
  job: Job,
  { preview }: { readonly preview: boolean },
): Promise<DerivationSource> {
  try {
    return { job, provider: await workspace.providerOf(job) };
  } catch (error) {
    if (!preview || !isSoraError(error, 'auth')) throw error;
    return { job, provider: await workspace.providerOf(job, 'preview'), keyless: error };
  }
}

/**
 * What `deriveVideo` would send, its bill (empty where its key has a job already), and that job. Throws `budget`, and what the
 * host is known to refuse.
 */
export async function previewDerivation(
  workspace: Workspace,
  from: DerivationSource,
  options: DeriveOptions,
): Promise<{
  readonly request: WireRequest;
  readonly bill: readonly BillItem[];
  readonly existing: readonly Job[];
}> {
  const { provider } = from;
  const { source, order } = await readyToDerive(workspace, from, options);
  const existing = await existingJobs(workspace, order, options);
  const { bill } = await quoted(workspace, { order, source, provider });
  if (existing.length === 0) checkMaxCost(options, { bill, provider });
  const request = provider.derive?.describe(order.derivation);
  if (!request) throw cannotDerive(provider, options.kind);
  return { request, bill: existing.length === 0 ? bill : [], existing };
}

/** Sends the request once, or finds the job of its key. Throws `budget`, what the host is known to refuse, and what `submit` throws. */
export async function deriveVideo(
  workspace: Workspace,
  from: DerivationSource,
  options: DeriveOptions,
): Promise<Submitted> {
  const { provider } = from;
  const { source, order } = await readyToDerive(workspace, from, options);
  const admission = { order, key: options.key, resend: options.resend, ownIds: [] };
  const earlier = await admittedJob(workspace, admission);
  const { cost, bill } = await quoted(workspace, { order, source, provider });
  // The job of a key is paid for already.
  if (!earlier) checkMaxCost(options, { bill, provider });
  await (await workspace.jobs()).sweep();
  return submit(workspace, {
    ...{
      ...admission,
      provider,
      cost,
      wait: options.wait,
      deadlineMs: options.deadlineMs,
      ...budgetOptionsOf(options),
    },
    ...(source.profile !== undefined && { profile: source.profile }),
  });
}

/** The finished job and the order that is made from it, as far as both can be checked before anything is asked of the budget. */
async function readyToDerive(
  workspace: Workspace,
  { job, provider, keyless }: DerivationSource,
  options: DeriveOptions,
): Promise<{ readonly source: Remote; readonly order: DerivationOrder }> {
  if (!provider.derive) throw cannotDerive(provider, options.kind);
  if (keyless && !isFinal(job.status)) throw notAsked(job, keyless);
  const source = await finishedJob(workspace, job);
  const { records } = await (await workspace.jobs()).list();
  const order = derivationOrder(options, { source, provider });
  await checkDerivation(workspace, { order, source, provider, records }, options);
  return { source, order };
}

async function quoted(
  workspace: Workspace,
  what: { order: DerivationOrder; source: Remote; provider: Provider },
): Promise<{ readonly cost: Cost | undefined; readonly bill: readonly BillItem[] }> {
  const cost = await quoteDerivation(workspace, what);
  return { cost, bill: [{ what: 'video', count: 1, each: cost }] };
}

function notAsked(job: Job, { hint }: SoraError): SoraError {
  return new SoraError(
    'auth',
    `Job ${job.id} was ${job.status} when it was last checked, and its host cannot be asked without a key.`,
    { jobId: job.id, ...(hint !== undefined && { hint }) },
  );
}

type DerivationOrder = Extract<Order, { derivation: NewDerivation }>;

/** What is sent, and what is to come out: the size, model and length of the video that it is made from. */
function derivationOrder(
  input: { kind: Derivation; prompt: string; seconds?: number },
  { source, provider }: { source: Remote; provider: Provider },
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
    derivation: { kind, videoId: source.remoteId, prompt, ...(kind === 'extend' && { seconds: added }) },
  };
}

/** An extension is billed for what it adds; an edit and a remix for the whole of the new video. */
function quoteDerivation(
  workspace: Workspace,
  { order, source, provider }: { order: DerivationOrder; source: Remote; provider: Provider },
): Promise<Cost | undefined> {
  const { model, size } = order.request;
  const seconds = order.derivation.seconds ?? lengthOf(source);
  return estimateVideoCost(workspace, { provider, model, size, seconds, clipSeconds: 0 });
}

function lengthOf(job: Remote): number {
  return job.result?.seconds ?? job.request.seconds;
}

/** Throws `usage` with everything in the order that the host is known to refuse. */
async function checkDerivation(
  { reporter, runtime }: Workspace,
  { order, source, provider, records }: { order: Order; source: Remote; provider: Provider; records: readonly Job[] },
  options: UndocumentedOptions,
): Promise<void> {
  const { model } = order.request;
  const limits = await provider.limits(model, { signal: runtime.signal });
  const { promptChars } = limits;
  const problems: string[] = [];
  const chars = [...order.request.prompt].length;
  if (chars > promptChars) problems.push(`The prompt has ${chars} characters; ${promptChars} are allowed.`);
  const added = 'derivation' in order ? order.derivation.seconds : undefined;
  if (added !== undefined) {
    const { extensions } = provider.derive ?? {};
    if (extensions) problems.push(...extensionProblems(extensions, { added, source, records }));
    if (problems.length === 0) {
      const { refused, doubts } = undocumented(limits, { seconds: added, model }, options);
      if (refused) throw refused;
      for (const doubt of doubts) reporter.warn(doubt);
    }
  }
  if (problems.length > 0)
    throw problemsError('usage', problems, {
      hint: `Nothing was sent. Change the prompt, ${option('seconds')} or the job to start from.`,
    });
}

function extensionProblems(
  limits: ExtensionLimits,
  { added, source, records }: { added: number; source: Remote; records: readonly Job[] },
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

function cannotDerive(provider: Provider, kind: Derivation): SoraError {
  return new SoraError('refused', `${provider.backend ?? hostTitle(provider)} has no call to ${kind} a video.`, {
    hint: 'Make a new one: sora video generate <prompt>',
  });
}
