/** The messages of eachlabs as our terms, lenient about what pages of its documentation disagree on, and its refusals. */

import { type Answer, failureOf, isPolicy, isRecord, jsonOf, parseJson, readFailure } from '../../http/answer.ts';
import { refusal } from '../../http/errors.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import { retryAfterOf } from '../../http/retry-hint.ts';
import { SoraError } from '../../shared/errors.ts';
import type { JobFailure } from '../../shared/job.ts';
import type { RemoteCharacter, RemoteVideo } from '../provider.ts';
import { usableId } from '../route.ts';
import { POLICY_HINT, type RemoteTask } from '../task-host.ts';
import { isUploadUrl, type PresignedUpload, ticketHeaders, withRequestId } from '../task-upload.ts';
import { hasFailed, taskStatus, textOf } from '../task-wire.ts';
import type { ModelSchema } from './models.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an answer brings. Throws the refusal that its status tells of. */
export function openAnswer(answer: Answer): unknown {
  if (!isSuccess(answer)) throw refuse(answer);
  return jsonOf(answer);
}

/** The id of what a create has started; its `status` is about the request, and `success` means only that it was taken. */
export function decodeCreated(body: unknown): RemoteTask | undefined {
  if (!isRecord(body)) return undefined;
  const id = createdId(body) ?? (isRecord(body.data) ? createdId(body.data) : undefined);
  return id === undefined ? undefined : { video: { id, status: 'queued', remoteStatus: 'created' } };
}

function createdId(fields: Fields): string | undefined {
  const { predictionID, predictionId, prediction_id, id } = fields;
  return firstId([predictionID, predictionId, prediction_id, id]);
}

function firstId(values: readonly unknown[]): string | undefined {
  return firstFound(values, (value) => usableId(textOf(value)));
}

/** The prediction in an answer; undefined when the answer speaks of the request and not of a prediction. */
export function decodePrediction(body: unknown, answer: Answer, knownId: string): RemoteTask | undefined {
  const fields = isRecord(body) ? predictionIn(body) : undefined;
  if (!fields) return undefined;
  const remoteStatus = textOf(fields.status) ?? '';
  const told = taskStatus(remoteStatus);
  const output = unpacked(fields.output);
  // Never a wrong success: an output that is a complaint is not a video, whatever stands in `status`.
  const status = told === 'succeeded' && isComplaint(output) ? 'failed' : told;
  const prompt = isRecord(fields.input) ? textOf(fields.input.prompt) : undefined;
  const createdAt = dateOf(fields.created_at);
  const completedAt = dateOf(fields.completed_at);
  const costUsd = costIn(fields.metrics, status);
  const model = textOf(fields.model);
  const pollAfterMs = retryAfterOf(answer);
  return {
    output,
    video: {
      id: usableId(textOf(fields.id)) ?? knownId,
      status,
      remoteStatus,
      ...(hasFailed(status) && { failure: failureIn(fields, output, answer) }),
      ...(model !== undefined && { model }),
      ...(prompt !== undefined && { prompt }),
      ...(createdAt !== undefined && { createdAt }),
      ...(completedAt !== undefined && { completedAt }),
      ...(costUsd !== undefined && { costUsd }),
      ...(pollAfterMs !== undefined && pollAfterMs > 0 && { pollAfterMs }),
    },
  };
}

/**
 * One of the list of executions: a prediction without its inputs, whose cost has a name of its own. What is called the id of an
 * execution beside an id is that of the prediction (https://docs.eachlabs.ai/api/webhooks/payload-reference).
 */
export function decodeExecution(item: Fields, answer: Answer): RemoteTask | undefined {
  const { predictionID, predictionId, prediction_id, execution_id, exec_id, id: own } = item;
  const id = firstId([predictionID, predictionId, prediction_id, execution_id, exec_id, own]);
  return id === undefined
    ? undefined
    : decodePrediction({ ...item, id, metrics: { cost: item.execution_cost } }, answer, id);
}

/** What was charged, once that is settled: a running job, or a finished video, for nothing is one not yet reckoned up. */
function costIn(metrics: unknown, status: RemoteVideo['status']): number | undefined {
  const told = isRecord(metrics) ? metrics.cost : undefined;
  const usd = typeof told === 'number' || (typeof told === 'string' && told.trim() !== '') ? Number(told) : Number.NaN;
  if (!Number.isFinite(usd) || usd < 0) return undefined;
  if (status === 'succeeded') return usd > 0 ? usd : undefined;
  return hasFailed(status) ? usd : undefined;
}

/** Bare or wrapped. Without an id or an output, `success` and `error` are words about the request. */
function predictionIn(body: Fields): Fields | undefined {
  const inner = [body.data, body.prediction].find((value) => isRecord(value) && textOf(value.status) !== undefined);
  const fields = usableId(textOf(body.id)) === undefined && isRecord(inner) ? inner : body;
  const status = textOf(fields.status)?.toLowerCase();
  if (status === undefined) return undefined;
  const isNamed = usableId(textOf(fields.id)) !== undefined || 'output' in fields;
  return isNamed || (status !== 'success' && status !== 'error') ? fields : undefined;
}

/** The URL of the video in an output: a string, a list, or an object that has it in one of the usual fields. */
export function videoUrlIn(output: unknown): string | undefined {
  const value = unpacked(output);
  if (typeof value === 'string') return /^https?:\/\//i.test(value) ? value : undefined;
  if (Array.isArray(value)) return firstFound(value, videoUrlIn);
  if (!isRecord(value)) return undefined;
  return firstFound(
    ['video', 'video_url', 'url', 'output', 'outputs', 'videos', 'result', 'data'].map((name) => value[name]),
    videoUrlIn,
  );
}

/** The character in an output: `{id, name}` under the names and wrappers that hosts use, or the id alone. */
export function characterIn(output: unknown): RemoteCharacter | undefined {
  const value = unpacked(output);
  if (Array.isArray(value)) return firstFound(value, characterIn);
  if (!isRecord(value)) {
    const id = usableId(textOf(value));
    return id === undefined || /\s|:\/\//.test(id) ? undefined : { id, name: undefined };
  }
  const id = firstFound([value.id, value.character_id, value.characterId], (one) => usableId(textOf(one)));
  if (id !== undefined) return { id, name: firstText(value, ['name', 'character_name']) };
  return firstFound(
    ['character', 'characters', 'output', 'result', 'data'].map((name) => value[name]),
    characterIn,
  );
}

function failureIn(fields: Fields, output: unknown, answer: Answer): JobFailure {
  const made = Array.isArray(output) ? output.find(isRecord) : output;
  // A job can fail after it has made something.
  const own = videoUrlIn(made) === undefined ? made : undefined;
  const code = isRecord(own) ? textOf(own.error_code) : undefined;
  const found =
    readFailure(own) ??
    readFailure(fields.error) ??
    readFailure(fields.message) ??
    (code === undefined ? { message: 'The host gave no reason.' } : { code, message: code });
  return { ...found, message: answer.redact(found.message), policy: speaksOfPolicy(found) };
}

function isComplaint(output: unknown): boolean {
  if (!isRecord(output) || videoUrlIn(output) !== undefined) return false;
  return textOf(output.error_code) !== undefined || textOf(output.error_message) !== undefined;
}

/** True when a moderation refused it: the general words, and those of the models behind this host. */
function speaksOfPolicy(failure: { readonly code?: string; readonly message: string }): boolean {
  return isPolicy(failure) || POLICY_CODE.test(failure.code ?? '') || POLICY_TEXT.test(failure.message);
}

const POLICY_CODE =
  /nsfw|safety|sensitive|policy|prohibited|likeness|copyright|content[-_ ]?(?:blocked|rejected|violation)/i;
const POLICY_TEXT =
  /\bnsfw\b|safety (?:filter|check|guideline)|sensitive (?:content|information|word)|content (?:guideline|restriction)|(?:prohibited|inappropriate|copyrighted) content|contains? (?:a )?real (?:person|people)|likeness of|flagged as/i;

/** The one answer with its `details` beside its `error`, where both are to be read. */
function withDetails(answer: Answer): Answer {
  const body = parseJson(answer.text);
  if (!isRecord(body)) return answer;
  const { message, code } = readFailure(body) ?? {};
  const details = typeof body.details === 'string' ? body.details : readFailure(body.details)?.message;
  const more = details ?? (isEmpty(body.details) ? undefined : JSON.stringify(body.details));
  if (message === undefined || more === undefined || more === '' || message.includes(more)) return answer;
  return {
    ...answer,
    text: JSON.stringify({ ...body, error: `${message} (${more})`, ...(code !== undefined && { code }) }),
  };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** What the host's statuses mean beyond what they mean everywhere, and its `details`. */
export function refuse(answer: Answer): SoraError {
  const told = withDetails(answer);
  const error = refusal(told);
  if (error.code === 'refused' && answer.status !== 429 && speaksOfPolicy(failureOf(told))) {
    const message = `The content policy of ${answer.host} refused this: ${failureOf(told).message}`;
    return new SoraError('policy', message, withRequestId(answer, POLICY_HINT));
  }
  const hint = error.code === 'auth' || error.code === 'policy' ? undefined : HINTS[answer.status];
  return hint === undefined ? error : new SoraError(error.code, error.message, withRequestId(answer, hint));
}

const HINTS: Readonly<Record<number, string>> = {
  402: 'The host counts what the jobs still running have reserved: wait for them to end, or add credit.',
  404: 'Check the base URL, the name of the model and the id.',
  429: 'The host runs only so many jobs of an account at once. Wait until one has ended, then try again.',
};

export interface EachlabsTicket extends PresignedUpload {
  /** When the host deletes the file, as an ISO 8601 time; undefined where it does not say. */
  readonly expiresAt: string | undefined;
}

/** A place is for a quarter of an hour: what older pages say that `expires_at` is. The file is kept for months. */
const PLACE_MS = 3_600_000;

/** Where an upload may go; undefined when the answer does not say. */
export function decodeTicket(body: unknown, receivedAt: number): EachlabsTicket | undefined {
  if (!isRecord(body)) return undefined;
  const fields = isRecord(body.data) && body.presigned_url === undefined ? body.data : body;
  const putUrl = textOf(fields.presigned_url);
  const publicUrl = textOf(fields.public_url);
  if (putUrl === undefined || !isUploadUrl(publicUrl)) return undefined;
  const told = dateOf(fields.expires_at);
  const expiresAt = told !== undefined && Date.parse(told) - receivedAt > PLACE_MS ? told : undefined;
  return { putUrl, publicUrl, headers: ticketHeaders(fields.required_headers), expiresAt };
}

/** A model's inputs by name, out of its published schema; undefined when there is none to be read. */
export function schemaFields(answer: Answer): ModelSchema | undefined {
  const body = parseJson(answer.text);
  if (!isRecord(body)) return undefined;
  const holder = isRecord(body.data) && body.request_schema === undefined ? body.data : body;
  const schema = unpacked(holder.request_schema);
  if (!isRecord(schema) || !isRecord(schema.properties)) return undefined;
  const { properties } = schema;
  const inner =
    isRecord(properties.input) && isRecord(properties.input.properties) ? properties.input.properties : properties;
  return Object.keys(inner).length === 0 ? undefined : inner;
}

/** Outputs are sometimes JSON within a string. */
function unpacked(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[[{]/.test(value) ? (parseJson(value) ?? value) : value;
}

function firstFound<T>(values: readonly unknown[], find: (value: unknown) => T | undefined): T | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstText(fields: Fields, names: readonly string[]): string | undefined {
  return firstFound(names, (name) => textOf(fields[String(name)]));
}

function dateOf(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
