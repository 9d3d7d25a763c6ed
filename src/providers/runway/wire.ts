/** The messages of Runway as our terms: its tasks, its credits, its account and its refusals. */

import {
  type Answer,
  failureOf,
  isPolicy,
  isRecord,
  jsonOf,
  readFailure,
  unreadableAnswer,
} from '../../http/answer.ts';
import { refusal } from '../../http/errors.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import { retryAfterOf } from '../../http/retry-hint.ts';
import { SoraError } from '../../shared/errors.ts';
import type { JobFailure } from '../../shared/job.ts';
import type { AccountUsage } from '../provider.ts';
import { usableId } from '../route.ts';
import type { RemoteTask } from '../task-host.ts';
import { withRequestId } from '../task-upload.ts';
import { hasFailed, progressOf, taskStatus, textOf } from '../task-wire.ts';
import { USD_PER_CREDIT } from './models.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an answer brings. Throws the refusal that its status tells of. */
export function openAnswer(answer: Answer): unknown {
  if (!isSuccess(answer)) throw refuse(answer);
  return jsonOf(answer);
}

/** The task that a create has begun: its id, and the most that it may cost. */
export function decodeCreated(body: unknown): RemoteTask | undefined {
  const id = isRecord(body) ? usableId(textOf(body.id)) : undefined;
  if (id === undefined || !isRecord(body)) return undefined;
  return { video: { id, status: 'queued', remoteStatus: 'PENDING', ...estimateIn(body) } };
}

/** The task in an answer; undefined when the answer does not speak of one. `knownId` stands in for an id that is left out. */
export function decodeTask(body: unknown, answer: Answer, knownId: string): RemoteTask | undefined {
  const remoteStatus = isRecord(body) ? textOf(body.status) : undefined;
  if (remoteStatus === undefined || !isRecord(body)) return undefined;
  const named = usableId(textOf(body.id));
  if (named === undefined && OF_REQUESTS.test(remoteStatus)) return undefined;
  const status = taskStatus(remoteStatus);
  const isFailed = hasFailed(status);
  const isOver = isFailed || status === 'succeeded';
  const costUsd = isOver ? usdIn(body.cost) : undefined;
  const createdAt = dateOf(body.createdAt);
  const progress = progressIn(body.progress);
  const pollAfterMs = retryAfterOf(answer) || undefined;
  return {
    output: body.output,
    video: {
      id: named ?? knownId,
      status,
      remoteStatus,
      ...(remoteStatus === THROTTLED && { isThrottled: true }),
      ...(isFailed && { failure: failureIn(body, answer) }),
      ...(progress !== undefined && { progress }),
      ...estimateIn(body),
      ...(costUsd !== undefined && { costUsd }),
      ...(createdAt !== undefined && { createdAt }),
      ...(pollAfterMs !== undefined && { pollAfterMs }),
    },
  };
}

/** Words about a request, and not about a task. */
const OF_REQUESTS = /^(?:error|success|ok|failure)$/i;

/** It waits until others of the account have ended, and only then in the queue. */
const THROTTLED = 'THROTTLED';

/** The address of the video among the outputs of a task. */
export function urlIn(output: unknown): string | undefined {
  return textOf(Array.isArray(output) ? output[0] : output);
}

/** What the account has made of that model today, and the credit that is left. Throws `network` where the answer does not say. */
export function decodeUsage(answer: Answer, model: string): AccountUsage {
  const body = openAnswer(answer);
  const models = isRecord(body) && isRecord(body.usage) ? body.usage.models : undefined;
  const credits = isRecord(body) ? body.creditBalance : undefined;
  if (typeof credits !== 'number' || !isRecord(models)) throw unreadableAnswer(answer, 'the account');
  // Only what has been used is counted.
  const own = models[model];
  const made = isRecord(own) ? own.dailyGenerations : 0;
  if (typeof made !== 'number') throw unreadableAnswer(answer, 'the account');
  return { made, balanceUsd: usdOf(credits) };
}

/** A share of 1, at this host. */
function progressIn(value: unknown): number | undefined {
  return value === 1 ? 100 : progressOf(value);
}

function estimateIn({ estimatedCost }: Fields): { readonly estimateUsd?: number } {
  const usd = usdIn(estimatedCost);
  return usd === undefined ? {} : { estimateUsd: usd };
}

function usdIn(cost: unknown): number | undefined {
  const credits = isRecord(cost) ? cost.credits : undefined;
  return typeof credits === 'number' && credits >= 0 && Number.isFinite(credits) ? usdOf(credits) : undefined;
}

function usdOf(credits: number): number {
  return Math.round(credits * USD_PER_CREDIT * 1e6) / 1e6;
}

function failureIn(body: Fields, answer: Answer): JobFailure {
  const code = textOf(body.failureCode);
  const found = readFailure(body.failure) ?? readFailure(body.error);
  const message = answer.redact(found?.message ?? 'The host gave no reason.');
  const failure = { message, ...(code !== undefined && { code }) };
  return { ...failure, policy: isModeration(failure) };
}

function isModeration(failure: { readonly code?: string; readonly message: string }): boolean {
  return isPolicy(failure) || /^SAFETY\b/i.test(failure.code ?? '');
}

/** What the host's statuses mean beyond what they mean everywhere. */
export function refuse(answer: Answer): SoraError {
  const { message } = failureOf(answer);
  if (answer.status < 500 && NO_CREDIT.test(message)) {
    return new SoraError('budget', `${answer.host} answered ${answer.status}: ${message}`, {
      ...withRequestId(answer, 'Buy credits at dev.runwayml.com, then try again.'),
    });
  }
  const error = refusal(answer);
  const hint = answer.kind === 'create' && error.code === 'refused' ? HINTS[answer.status] : undefined;
  return hint === undefined
    ? error
    : new SoraError(error.code, error.message, {
        ...withRequestId(answer, hint),
        ...(error.reason !== undefined && { reason: error.reason }),
        ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
      });
}

const NO_CREDIT = /(?:not|n['’]t) (?:have )?enough credits|out of credits/i;

const HINTS: Readonly<Record<number, string>> = {
  404: 'Check the base URL (https://api.dev.runwayml.com) and the name of the model.',
  429: 'The account has made as many videos of this model as it may in a day, or asks too often. See: sora doctor --api',
};

function dateOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
