/** The messages of fal as our terms: the queue's answers, what has come of a request, its list, and its refusals. Pure. */

import {
  type Answer,
  type Failure,
  failureOf,
  isPolicy,
  isQuota,
  isRecord,
  jsonOf,
  parseJson,
  readFailure,
  unreadableAnswer,
} from '../../http/answer.ts';
import { refusal } from '../../http/errors.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import { retryAfterOf } from '../../http/retry-hint.ts';
import { SoraError } from '../../shared/errors.ts';
import type { JobFailure } from '../../shared/job.ts';
import type { RemoteVideo } from '../provider.ts';
import { usableId } from '../route.ts';
import { POLICY_HINT, type RemoteTask } from '../task-host.ts';
import { withRequestId } from '../task-upload.ts';
import { hasFailed, taskStatus, textOf } from '../task-wire.ts';

/** For how long a result can be had at least; one of ten kilobytes or more is dropped sooner. */
const RESULT_MS = 3_600_000;
const LARGE_RESULT_MS = 6 * 60_000;
const LARGE_RESULT_BYTES = 10_000;

/** What an answer brings. Throws the refusal that its status tells of. */
export function openAnswer(answer: Answer): unknown {
  if (!isSuccess(answer)) throw refuse(answer);
  return jsonOf(answer);
}

/** The request that a create has begun, with the place where it may be asked about. */
export function decodeCreated(body: unknown): RemoteTask | undefined {
  if (!isRecord(body)) return undefined;
  const id = usableId(textOf(body.request_id));
  return id === undefined ? undefined : withPlace(body, videoOf(body, id, textOf(body.status) ?? 'IN_QUEUE'));
}

/** The state of a request; undefined where the answer does not speak of one. Completed is not yet succeeded. */
export function decodeStatus(body: unknown, answer: Answer, knownId: string): RemoteTask | undefined {
  const word = isRecord(body) ? textOf(body.status) : undefined;
  if (!isRecord(body) || word === undefined) return undefined;
  const video = videoOf(body, usableId(textOf(body.request_id)) ?? knownId, word);
  const own = textOf(body.error) ?? textOf(body.error_type);
  const isFailed = own !== undefined || hasFailed(video.status);
  // What speaks of no request may be about the question alone: a wait that is paid for goes on.
  const isAboutIt = [body.request_id, body.response_url, body.status_url].some((value) => textOf(value) !== undefined);
  if (isFailed && !isAboutIt && video.status !== 'succeeded') return undefined;
  const pollAfterMs = retryAfterOf(answer) || undefined;
  const told = { ...video, ...(pollAfterMs !== undefined && { pollAfterMs }) };
  return withPlace(body, isFailed ? failed(told, failureIn(body), answer) : told);
}

function videoOf(body: Readonly<Record<string, unknown>>, id: string, word: string): RemoteVideo {
  const { queue_position: position } = body;
  return {
    ...{ id, status: taskStatus(word), remoteStatus: word },
    ...(typeof position === 'number' && Number.isInteger(position) && position >= 0 && { queuePosition: position }),
  };
}

function withPlace(body: Readonly<Record<string, unknown>>, video: RemoteVideo): RemoteTask {
  return { video, pollUrl: textOf(body.status_url) };
}

/** What has come of a request, by the answer to the question for its result: `undefined` where that does not tell. */
export function decodeResult(answer: Answer, video: RemoteVideo): RemoteTask | 'gone' | undefined {
  if (isSuccess(answer)) return { video: succeeded(video, answer), output: jsonOf(answer) };
  const { status } = answer;
  if (status === 404 || status === 410) return 'gone';
  const body = parseJson(answer.text);
  if (status === 400 && IN_PROGRESS.test(failureOf(answer).message)) {
    return { video: { ...video, status: 'running' } };
  }
  if (status === 401 || status === 402 || status === 403 || status === 408 || status === 429) return undefined;
  // An outage has no type: what runs the models names one when it gives up a request.
  if (status >= 500 && errorTypeOf(answer) === undefined) return undefined;
  const failure = failureIn(isRecord(body) ? body : {}) ?? failureOf(answer);
  const type = errorTypeOf(answer);
  return {
    video: failed(
      video,
      failure.code === undefined && type !== undefined ? { ...failure, code: type } : failure,
      answer,
    ),
  };
}

const IN_PROGRESS = /still in progress|not (?:yet )?(?:completed|finished|ready)/i;

function errorTypeOf(answer: Answer): string | undefined {
  const body = parseJson(answer.text);
  return textOf(answer.headers['x-fal-error-type']) ?? (isRecord(body) ? textOf(body.error_type) : undefined);
}

/** An answer that is about the request itself is final, though its status is one of trouble. */
export function isFinalResult(answer: Answer): boolean {
  return errorTypeOf(answer) !== undefined;
}

function succeeded(video: RemoteVideo, { text, receivedAt }: Answer): RemoteVideo {
  const keptMs = Buffer.byteLength(text) >= LARGE_RESULT_BYTES ? LARGE_RESULT_MS : RESULT_MS;
  return { ...video, status: 'succeeded', expiresAt: new Date(receivedAt + keptMs).toISOString() };
}

function failed(video: RemoteVideo, found: Failure | undefined, answer: Answer): RemoteVideo {
  const failure = found ?? { message: 'The host gave no reason.' };
  const isCancelled = /cancel/i.test(failure.code ?? '');
  return {
    ...video,
    status: isCancelled ? 'cancelled' : 'failed',
    failure: jobFailure({ ...failure, message: answer.redact(failure.message) }),
  };
}

/** `{error, error_type}`, `{detail, error_type}`, or a list of what is wrong with the inputs, each with a type of its own. */
function failureIn(body: Readonly<Record<string, unknown>>): Failure | undefined {
  const { detail, error, error_type } = body;
  const found = readFailure({ error: error ?? detail, message: body.message });
  const listed = Array.isArray(detail) ? detail.map((one) => (isRecord(one) ? textOf(one.type) : undefined)) : [];
  const code = textOf(error_type) ?? listed.find((type) => type !== undefined && POLICY_TYPE.test(type)) ?? listed[0];
  if (!found) return code === undefined ? undefined : { code, message: code };
  return found.code === undefined && code !== undefined ? { ...found, code } : found;
}

/** The address of the video in an output. */
export function urlIn(output: unknown): string | undefined {
  if (typeof output === 'string') return /^https?:\/\//i.test(output) ? output : undefined;
  if (Array.isArray(output)) return output.map(urlIn).find((url) => url !== undefined);
  if (!isRecord(output)) return undefined;
  return [output.video, output.video_url, output.url, output.videos, output.output, output.data]
    .map(urlIn)
    .find((url) => url !== undefined);
}

/** A page of requests. Items without an id are left out. */
export function decodePage(answer: Answer): { readonly items: readonly ListedRequest[]; readonly next?: string } {
  const body = openAnswer(answer);
  if (!isRecord(body) || !Array.isArray(body.items)) throw unreadableAnswer(answer, 'its list');
  const next = body.has_more === false ? undefined : textOf(body.next_cursor);
  return { items: body.items.flatMap(listedRequest), ...(next !== undefined && { next }) };
}

export interface ListedRequest {
  readonly video: RemoteVideo;
  /** Where the account stores payloads, and for as long as it does. */
  readonly output?: unknown;
}

function listedRequest(item: unknown): readonly ListedRequest[] {
  const id = isRecord(item) ? usableId(textOf(item.request_id)) : undefined;
  if (!isRecord(item) || id === undefined) return [];
  const { json_input: input, json_output: output } = item;
  const code = typeof item.status_code === 'number' ? item.status_code : undefined;
  const endedAt = timeOf(item.ended_at);
  const status = code === undefined ? (endedAt === undefined ? 'running' : 'unknown') : endOf(code);
  const model = textOf(item.endpoint_id);
  const prompt = isRecord(input) ? textOf(input.prompt) : undefined;
  const seconds = isRecord(input) ? Number.parseFloat(String(input.duration)) : Number.NaN;
  const createdAt = timeOf(item.sent_at) ?? timeOf(item.started_at);
  const video: RemoteVideo = {
    ...{ id, status, remoteStatus: code === undefined ? 'IN_PROGRESS' : `COMPLETED (${code})` },
    ...(hasFailed(status) && {
      failure:
        failureIn(isRecord(output) ? output : {}) !== undefined && isRecord(output)
          ? failureOfOutput(output)
          : { message: `The request ended with ${code}.`, policy: false },
    }),
    ...(model !== undefined && { model }),
    ...(prompt !== undefined && { prompt }),
    ...(!Number.isNaN(seconds) && { seconds }),
    ...(createdAt !== undefined && { createdAt }),
    ...(endedAt !== undefined && { completedAt: endedAt }),
  };
  return [{ video, ...(output !== undefined && output !== null && { output }) }];
}

/** 499 is of who hangs up: the request was stopped on a wish. */
function endOf(code: number): RemoteVideo['status'] {
  if (code < 300) return 'succeeded';
  return code === 499 ? 'cancelled' : 'failed';
}

function failureOfOutput(output: Readonly<Record<string, unknown>>): JobFailure {
  return jobFailure(failureIn(output) ?? { message: 'The host gave no reason.' });
}

function jobFailure(failure: Failure): JobFailure {
  const policy = isModeration(failure);
  return { ...failure, policy, ...(!policy && failure.code === UNREACHABLE && { unreachable: true }) };
}

/** A clip or a picture, where it lies. */
const UNREACHABLE = 'file_download_error';

function timeOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

const POLICY_TYPE = /content_policy|policy_violation|nsfw|safety|moderat|sensitive/i;
const POLICY_TEXT =
  /\bnsfw\b|may contain (?:a )?real (?:person|people)|real (?:person|people)|likeness|safety (?:checker|filter|system)|sensitive (?:content|information)|flagged as|copyright/i;

function isModeration(failure: Failure): boolean {
  return isPolicy(failure) || POLICY_TYPE.test(failure.code ?? '') || POLICY_TEXT.test(failure.message);
}

const NO_CREDIT = /exhausted balance|top[- ]?up|credit|billing|payment/i;

/** The error for an HTTP status that means no. */
export function refuse(answer: Answer): SoraError {
  const { status, host } = answer;
  const body = parseJson(answer.text);
  const failure = (isRecord(body) ? failureIn(body) : undefined) ?? failureOf(answer);
  const said = `${host} answered ${status}: ${answer.redact(failureOf(answer).message)}`;
  if (status >= 400 && status < 500 && status !== 401 && status !== 429 && isModeration(failure)) {
    const message = `The content policy of ${host} refused this: ${failureOf(answer).message}`;
    return new SoraError('policy', message, withRequestId(answer, POLICY_HINT));
  }
  if (status === 403) {
    return isQuota(failure) || NO_CREDIT.test(failure.message)
      ? new SoraError('budget', said, withRequestId(answer, 'Add credit at the host, then try again.'))
      : new SoraError('auth', said, withRequestId(answer, 'Check the key, and that its account may use this model.'));
  }
  if (status === 404 || status === 405) {
    const hint = 'Check the id of the model or request (sora provider models fal), and the base URL.';
    return new SoraError('refused', said, withRequestId(answer, hint));
  }
  return refusal(answer);
}

/** How the host answers a wish to stop a request: whether it took it, or knows nothing of it. Throws what is refused. */
export function decodeCancel(answer: Answer): boolean {
  const body = parseJson(answer.text);
  const word = isRecord(body) ? textOf(body.status) : undefined;
  if (answer.status === 404 || word === 'NOT_FOUND') return false;
  // One that is over already is over: how, its state tells.
  if (isSuccess(answer) || word === 'ALREADY_COMPLETED') return true;
  throw refuse(answer);
}
