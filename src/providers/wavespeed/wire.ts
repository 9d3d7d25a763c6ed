/** The messages of WaveSpeedAI as our terms: its envelope, its tasks, its refusals. */

import {
  type Answer,
  ambiguousCreate,
  type Failure,
  failureOf,
  isPolicy,
  isQuota,
  isRecord,
  jsonOf,
  parseJson,
  readFailure,
} from '../../http/answer.ts';
import { refusal } from '../../http/errors.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import { retryAfterOf } from '../../http/retry-hint.ts';
import { type ErrorCode, SoraError, type SoraErrorOptions } from '../../shared/errors.ts';
import type { RemoteCharacter, RemoteVideo } from '../provider.ts';
import { usableId } from '../route.ts';
import { CORRECT_HINT, POLICY_HINT, type RemoteTask } from '../task-host.ts';
import { withRequestId } from '../task-upload.ts';
import { hasFailed, taskStatus, textOf } from '../task-wire.ts';
import { KEPT_MS } from './models.ts';

/**
 * What an answer brings: `data`, or the body itself. Success is a 2xx whose `code`, where there is one, is 200. Throws
 * the refusal that status or code tell of; for a create `ambiguous` when neither is a definite no.
 */
export function openEnvelope(answer: Answer): unknown {
  if (!isSuccess(answer)) throw refusalOf(answer);
  const body = jsonOf(answer);
  if (!isRecord(body)) return body;
  const code = body.code === undefined || body.code === null ? 200 : Number(body.code);
  if (code !== 200) throw refusalByCode(answer, code);
  return body.data ?? body;
}

/** The answer as if the code of its envelope, where that is an error inside a 2xx, were its status. */
export function withCodeAsStatus(answer: Answer): Answer {
  const body = isSuccess(answer) ? parseJson(answer.text) : undefined;
  const code = isRecord(body) ? Number(body.code) : Number.NaN;
  return code >= 400 && code < 600 ? { ...answer, status: code } : answer;
}

/** The task in an envelope's content; undefined when it names none. `knownId` stands in for an id that is left out. */
export function decodeTask(data: unknown, answer: Answer, knownId?: string): RemoteTask | undefined {
  if (!isRecord(data)) return undefined;
  const id = usableId(textOf(data.id)) ?? (textOf(data.status) === undefined ? undefined : knownId);
  if (id === undefined) return undefined;
  const output = Array.isArray(data.outputs) ? data.outputs : data.outputs ? [data.outputs] : [];
  const isUnsafe = [data.has_nsfw_contents].flat().includes(true);
  const remoteStatus = textOf(data.status) ?? '';
  const told = taskStatus(remoteStatus);
  // Completed, but the host keeps the result to itself.
  const isKept = told === 'succeeded' && isUnsafe && output.length === 0;
  // Whoever waited was given up on; the task goes on.
  const status = isKept ? 'failed' : told === 'failed' && taskCode(data) === WAIT_ENDED ? 'running' : told;
  const createdAt = timeOf(data.created_at);
  const failure = hasFailed(status) ? failureIn(data, { answer, isUnsafe, remoteStatus }) : undefined;
  const model = textOf(data.model);
  const pollAfterMs = retryAfterOf(answer) || undefined;
  const video: RemoteVideo = {
    id,
    status,
    remoteStatus,
    ...(failure && { failure }),
    ...(model !== undefined && { model }),
    ...(createdAt && { createdAt, expiresAt: new Date(Date.parse(createdAt) + KEPT_MS).toISOString() }),
    ...(pollAfterMs !== undefined && { pollAfterMs }),
  };
  const pollUrl = isRecord(data.urls) ? textOf(data.urls.get) : undefined;
  return { video, output, pollUrl };
}

/** A failed task that was asked for, whatever code its envelope has; undefined for any other answer. */
export function failedTask(answer: Answer, id: string): RemoteTask | undefined {
  const body = isSuccess(answer) ? parseJson(answer.text) : undefined;
  const data = isRecord(body) ? (body.data ?? body) : undefined;
  if (!isRecord(data) || textOf(data.id) !== id) return undefined;
  const task = decodeTask(data, answer);
  return task?.video.failure ? task : undefined;
}

/** The address among a task's outputs: a string, or an object that holds one. */
export function urlIn(output: unknown): string | undefined {
  if (!isRecord(output)) return textOf(output);
  return [output.url, output.video, output.download_url].map(urlIn).find((url) => url !== undefined);
}

/** The character among a task's outputs: an object, or its bare id. */
export function characterIn(output: unknown): RemoteCharacter | undefined {
  const id = usableId(textOf(isRecord(output) ? output.id : output));
  if (id === undefined || id.includes('://')) return undefined;
  return { id, name: isRecord(output) ? textOf(output.name) : undefined };
}

/** The error for an HTTP status that means no. */
export function refusalOf(answer: Answer): SoraError {
  const { status, host } = answer;
  const failure = failureOf(answer);
  const said = `${host} answered ${status}: ${failure.message}`;
  const options = (hint: string): SoraErrorOptions => withRequestId(answer, hint);
  if (status >= 400 && status < 500 && isModeration(failure)) {
    const sentence = `The content policy of ${host} refused this: ${failure.message}`;
    return new SoraError('policy', sentence, options(POLICY_HINT));
  }
  if (status === 403) {
    // The host answers so for an empty account and for a key of too low a role.
    return isQuota(failure) || CREDIT.test(failure.message)
      ? new SoraError('budget', said, options('Add credit at the host, then try again.'))
      : new SoraError('auth', said, options('Check the key, and that its account may use this model.'));
  }
  if (status === 404 || status === 405 || status === 410) {
    const hint = 'Check the id of the model or task, and the base URL (https://api.wavespeed.ai/api/v3).';
    return new SoraError('refused', said, options(hint));
  }
  return refusal(answer);
}

/** An error inside HTTP 200. Only a client's error is a definite no: anything else may come after the work was begun. */
function refusalByCode(answer: Answer, code: number): SoraError {
  if (code >= 400 && code < 500 && code !== 408) return refusalOf({ ...answer, status: code });
  const message = `${answer.host} answered with code ${code}: ${failureOf(answer).message}`;
  const fault = AT_FAULT[code];
  if (fault)
    return new SoraError(fault, message, withRequestId(answer, fault === 'policy' ? POLICY_HINT : CORRECT_HINT));
  if (answer.kind === 'create') return ambiguousCreate(message, answer.requestId);
  return new SoraError('network', message, { hint: 'The host is having problems. Try again later.' });
}

const CREDIT = /credit|balance|top[- ]?up|insufficient|payment|billing/i;

const MODERATION =
  /\bnsfw\b|flagged as|(?:potentially|contains?) sensitive|sensitive[ _-]?(?:content|information|words?)|inappropriate content|real (?:people|person)|likeness|copyright|safety (?:filter|check|guideline|polic)/i;

function isModeration(failure: Failure): boolean {
  return isPolicy(failure) || MODERATION.test(`${failure.code ?? ''} ${failure.message}`);
}

function failureIn(
  data: Record<string, unknown>,
  { answer, isUnsafe, remoteStatus }: { answer: Answer; isUnsafe: boolean; remoteStatus: string },
): NonNullable<RemoteVideo['failure']> {
  const code = taskCode(data);
  const found = readFailure({ error: data.error, message: data.message, error_code: data.error_code ?? code });
  const reason = isUnsafe
    ? 'The host found the result unsafe and keeps it.'
    : `The host gave no reason; it calls the task ${remoteStatus}.`;
  const failure = found ?? { message: reason, ...(code !== undefined && { code }) };
  return {
    ...failure,
    message: answer.redact(failure.message),
    policy: isUnsafe || code === MODERATED || isModeration(failure),
    ...(code === UNREACHABLE && { unreachable: true }),
  };
}

/** The vendor's numbers for how tasks fail (https://wavespeed.ai/docs/error-codes); 0 is none. */
function taskCode({ code }: Record<string, unknown>): string | undefined {
  const text = textOf(code);
  return text === '0' ? undefined : text;
}

const MODERATED = '1200';
/** A clip or a picture, where it lies. */
const UNREACHABLE = '1402';
/** Of a request that was to wait for its task. */
const WAIT_ENDED = '5004';
/** Where one of these answers a request, what was asked for is at fault: whatever was begun has come to nothing. */
const AT_FAULT: Readonly<Record<string, ErrorCode>> = {
  ...{ [MODERATED]: 'policy', 1400: 'refused', 1401: 'refused', [UNREACHABLE]: 'refused' },
};

function timeOf(value: unknown): string | undefined {
  const ms = typeof value === 'number' ? value * (value < 1e11 ? 1000 : 1) : Date.parse(String(value));
  return value === null || Number.isNaN(ms) || ms <= 0 || ms > 8e15 ? undefined : new Date(ms).toISOString();
}
