/** A video that is made from that of a finished job: what is sent, what it costs, and what its host is known to refuse. */

import { estimateVideoCost } from '../costs/budget.ts';
import type { Cost } from '../costs/cost.ts';
import type { ExtensionLimits, NewDerivation, Provider } from '../providers/provider.ts';
import { refuseAll, SoraError } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import type { Derivation, Job, VideoRequest } from '../shared/job.ts';
import type { Workspace } from '../workspace.ts';
import { fingerprintOf } from './lifecycle.ts';
import type { Order } from './submit.ts';
import { DEFAULT_SECONDS } from './video-input.ts';

type DerivationOrder = Extract<Order, { derivation: NewDerivation }>;

/** What is sent, and what is to come out: the size, model and length of the video that it is made from. */
export function derivationOrder(
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

/** An extension is billed for what it adds; an edit and a remix for the whole of the new video. */
export function quoteDerivation(
  workspace: Workspace,
  { order, source, provider }: { order: DerivationOrder; source: Job; provider: Provider },
): Promise<Cost | undefined> {
  const { model, size } = order.request;
  const seconds = order.derivation.seconds ?? lengthOf(source);
  return estimateVideoCost(workspace, { provider, model, size, seconds, clipSeconds: 0 });
}

function lengthOf(job: Job): number {
  return job.result?.seconds ?? job.request.seconds;
}

/** Throws `usage` with everything in the order that the host is known to refuse. */
export function checkDerivation(
  { reporter }: Workspace,
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
      reporter.warn(
        `${added} s is not one of the documented lengths (${documented.join(', ')}); the host may refuse it.`,
      );
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

export function cannotDerive(provider: Provider, kind: Derivation): SoraError {
  return new SoraError('refused', `${provider.backend ?? provider.name} has no call to ${kind} a video.`, {
    hint: 'Make a new one: sora video generate <prompt>',
  });
}
