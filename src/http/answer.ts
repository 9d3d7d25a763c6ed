/**
 * What a host answered, read leniently: its JSON without lost digits, and its complaint whatever shape it has,
 * the refusals of moderation (content policy) among them.
 */
import { SoraError } from '../shared/errors.ts';
import { parseBoundedJson } from '../shared/json.ts';
import { sentence } from '../shared/text.ts';
import { describeText, shorten } from './body-text.ts';
import type { Redact } from './redact.ts';

/** Header values by lower-case name. */
export type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  /** Without the keys of the request, as the text: a host may repeat them anywhere. */
  readonly headers: Headers;
  /** Empty where `unknownCoding` is given. */
  readonly text: string;
  /** What its body was compressed by, where that is nothing that can be undone here. */
  readonly unknownCoding?: string;
  /** The server's name for the request. */
  readonly requestId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** The server as messages call it: its name and port, unless it has a title. */
  readonly host: string;
  /** The setting that led there; absent where the host named the address itself. */
  readonly baseUrl?: string;
  /** Whether it was another server than the one that was asked: a redirect led there. */
  readonly isRedirected?: boolean;
  readonly kind: 'create' | 'read';
  /** Hides the keys of the request, short ones too, in a text that is to be shown. */
  readonly redact: Redact;
}

/** What a host complained about. */
export interface Failure {
  readonly code?: string;
  readonly message: string;
}

/** A request id under the names that servers give it, some with their own in it. */
export function requestIdOf(headers: Headers): string | undefined {
  const own = Object.keys(headers).find((name) => /^x-[a-z]+-request-id$/.test(name));
  return headers['x-request-id'] ?? headers['request-id'] ?? (own === undefined ? undefined : headers[own]);
}

/** What the host's clock said with an answer, in milliseconds since the epoch, to the second; undefined when it does not say. */
export function hostTimeOf({ headers }: Pick<Answer, 'headers'>): number | undefined {
  // What a cache hands out is dated by when it was made.
  const ms = Date.parse(headers.date ?? '') + 1000 * Number(headers.age ?? 0);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The JSON of a 2xx answer. When it is none: `ambiguous` after a create, because the work may have been done, and
 * `network` after a read, because something other than the API answered.
 */
export function jsonOf(answer: Answer): unknown {
  const value = parseJson(answer.text);
  if (value !== undefined) return value;
  const message = `${answer.host} answered ${answer.status} with ${textOf(answer)} instead of JSON.`;
  const requestId = answer.requestId;
  if (answer.kind === 'create') throw ambiguousCreate(message, requestId);
  throw new SoraError('network', message, {
    hint: `${checkBaseUrl(answer)}. A proxy or a sign-in page may have answered instead.`,
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** What to correct where something else than the API answers, without a full stop. */
export function checkBaseUrl({ baseUrl }: Pick<Answer, 'baseUrl'>): string {
  if (baseUrl === undefined) return 'Check the base URL: it usually ends in /v1';
  return /\/v\d+\/?$/.test(baseUrl)
    ? `Check the base URL ${baseUrl}`
    : `Check the base URL ${baseUrl}: it usually ends in /v1`;
}

/** The error for a success in answer to a read that tells nothing of `what` was asked: `the video`. */
export function unreadableAnswer(answer: Answer, what: string): SoraError {
  const { host, requestId } = answer;
  return new SoraError('network', `${host} gave no usable answer about ${what}: ${failureOf(answer).message}`, {
    hint: 'The host is having problems, or the base URL is not that of its API. Try again later.',
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** The error for a create whose answer is lost or unreadable. */
export function ambiguousCreate(message: string, requestId?: string, cause?: unknown, knownId?: string): SoraError {
  return new SoraError('ambiguous', `${sentence(message)} It is not known whether the host carried out the request.`, {
    hint: 'Nothing was repeated. Check at the host what it created before you send this again.',
    ...(requestId === undefined ? {} : { requestId }),
    ...(knownId === undefined ? {} : { knownId }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error for a create that succeeded without saying what it made: it may have been paid for. */
export function answerWithoutId(answer: Answer, thing: string): never {
  throw ambiguousCreate(
    `${answer.host} answered ${answer.status} without the ${thing}'s id: ${bodyOf(answer)}`,
    answer.requestId,
  );
}

function textOf(answer: Answer): string {
  if (answer.unknownCoding !== undefined) {
    const coding = shorten(answer.redact(answer.unknownCoding), 40);
    return `a body that cannot be decoded here (content-encoding: ${coding})`;
  }
  // Cut behind the redaction: a cut through a key would leave its beginning.
  return describeText(answer.redact(answer.text.trim()), answer.headers['content-type']);
}

/** The beginning of a body, on one line and without keys. */
export function bodyOf(answer: Answer): string {
  return answer.redact(answer.text.replace(/\s+/g, ' ').trim()).slice(0, 400);
}

/**
 * JSON in which integers beyond 2^53 become strings, so that an id keeps its digits; undefined when it is not JSON, or nested
 * more deeply than any host's: what reads it is recursive.
 * (JSON.parse shows a reviver the source text only from Node 21 on.)
 */
export function parseJson(text: string): unknown {
  try {
    const value = parseBoundedJson(text, MOST_LEVELS);
    return /\d{16}/.test(text) ? parseBoundedJson(text.replace(TOKEN, quoteBigInteger), MOST_LEVELS) : value;
  } catch {
    return undefined;
  }
}

const MOST_LEVELS = 200;

/** A whole string, or a whole number: applied only to text that is known to be JSON. */
const TOKEN = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function quoteBigInteger(token: string): string {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
}

/** The complaint in an answer: one of the known JSON shapes, the title of a page, or the first words of a text. */
export function failureOf(answer: Answer): Failure {
  const json = parseJson(answer.text);
  const failure = (json === undefined ? undefined : readFailure(json)) ?? { message: textOf(answer) };
  // Cut afterwards: a cut through a key would leave its beginning.
  return { ...failure, message: shorten(withoutTraceback(answer.redact(failure.message)), 600) };
}

/** LiteLLM sends its stack along: nobody who reads the message can use it. */
function withoutTraceback(message: string): string {
  const at = message.indexOf('Traceback (most recent call last)');
  return at > 0 ? message.slice(0, at) : message;
}

/** Reads `{error}`, `{detail}`, `{message}` and plain strings; undefined when there is no complaint in it. */
export function readFailure(body: unknown): Failure | undefined {
  if (typeof body === 'string') return body.trim() === '' ? undefined : unwrap(body.trim());
  if (!isRecord(body)) return undefined;
  const own = body.error ?? body.detail ?? body.errors;
  const told = Array.isArray(own) ? listed(own) : readFailure(own);
  const inner = told && withFaults(told, body);
  const code = asCode(body.code) ?? asCode(body.error_code) ?? asCode(body.type);
  if (inner) return inner.code === undefined && code !== undefined ? { ...inner, code } : inner;
  const text = [body.message, body.msg, body.error_message, body.fail_reason, body.reason].find(isText);
  if (typeof own === 'number') return { code: String(own), message: text ?? `error ${own}` };
  if (text !== undefined) return withFaults(withCode(unwrap(text.trim()), codeOf(body)), body);
  return code === undefined || body.code === undefined ? undefined : { code, message: code };
}

/** True when the host's content policy spoke. */
export function isPolicy(failure: Failure): boolean {
  return POLICY.test(`${failure.code ?? ''} ${failure.message}`);
}

/** True when money or an allowance has run out, as opposed to a rate limit that passes. */
export function isQuota(failure: Failure): boolean {
  return QUOTA_CODE.test(failure.code ?? '') || QUOTA_TEXT.test(failure.message);
}

/**
 * True when a 500 or 501 says that the host has no such operation, as gateways do for what the model behind them lacks
 * (LiteLLM: `video create character is not supported for gemini`; new-api: 501 `api_not_implemented`). Nothing was done.
 */
export function isUnsupported(answer: Answer): boolean {
  if (answer.status !== 500 && answer.status !== 501) return false;
  return saysUnsupported(failureOf(answer)) || (answer.status === 501 && answer.text.trim() === '');
}

/** True when a gateway has nobody behind it for the model that was asked for: nothing was made, whatever the status says. */
export function lacksModel(answer: Answer): boolean {
  return answer.status >= 500 && failureOf(answer).code === 'model_not_found';
}

/** The answer as a 404 where that is what it means: new-api knows no such task with 400. */
export function asNotFound(answer: Answer): Answer {
  if (answer.status !== 400) return answer;
  return /^(?:task|video)_not_(?:exists?|found)$/i.test(failureOf(answer).code ?? '')
    ? { ...answer, status: 404 }
    : answer;
}

/** True for the words of a host that lacks an operation, whatever its status. */
export function saysUnsupported(failure: Failure): boolean {
  return UNSUPPORTED.test(`${failure.code ?? ''} ${failure.message}`);
}

const UNSUPPORTED =
  /(?<![a-z])not[ _-]?(?:yet[ _-])?(?:supported|implemented)(?![a-z])|(?<![a-z])(?:unsupported[ _-]?operation|unimplemented|notimplementederror)(?![a-z])|(?<![a-z])(?:does not|doesn['’]t) support(?![a-z])/i;
const POLICY =
  /moderation|sentinel_block|people[-_ ]in[-_ ]user[-_ ]uploads|content[-_ ]?(?:policy|filter)|policy[-_ ]violation|responsibleai|safety system/i;
const QUOTA_CODE =
  /insufficient_(?:user_)?(?:quota|balance|credits?|funds)|billing|budget_exceeded|quota_exceeded|payment_required|quota_failed/i;
const QUOTA_TEXT =
  /exceeded your current quota|insufficient (?:user )?(?:quota|balance|credits?|funds)|(?:quota|balance) is not enough|budget has been exceeded|exceededbudget|billing (?:hard )?limit/i;

/** The code and the type together: hosts put the telling word in either. */
function codeOf(body: Record<string, unknown>): string | undefined {
  const words = [body.code, body.error_code, body.type].map(asCode).filter(isText);
  const telling = words.find((word) => POLICY.test(word) || QUOTA_CODE.test(word));
  return telling ?? words[0];
}

/**
 * Gateways pack the far host's JSON into a sentence (LiteLLM's `litellm.BadRequestError: OpenAIException - {...}`, new-api's
 * `status_code=400, {...}`): what it says is the complaint.
 */
function unwrap(message: string): Failure {
  const gateway = /^(?:litellm\.\w+:\s*(?:\w+\s*-\s*)?|status_code=\d+,?\s*)/.exec(message)?.[0] ?? '';
  const rest = message.slice(gateway.length);
  const from = rest.indexOf('{');
  const json = from < 0 ? '' : rest.slice(from, rest.lastIndexOf('}') + 1);
  const inner = json === '' ? undefined : readFailure(parseJson(json));
  if (!inner) return { message: rest === '' ? message : rest };
  return from === 0 ? inner : { ...inner, message: `${rest.slice(0, from).trim()} ${inner.message}` };
}

/** Where problems (RFC 9457) and others list what is wrong with each field. */
const FAULT_LISTS = ['validation', 'issues', 'invalid_params', 'invalid-params', 'validation_errors'] as const;

/** The complaint with what is wrong with each field, where that is listed beside it. */
function withFaults(failure: Failure, body: Record<string, unknown>): Failure {
  const list = FAULT_LISTS.map((name) => body[name]).find((value) => Array.isArray(value) && value.length > 0);
  const faults = Array.isArray(list) ? listed(list) : undefined;
  if (!faults || failure.message.includes(faults.message)) return failure;
  return { ...failure, message: `${failure.message.replace(/[.:]$/, '')}: ${faults.message}` };
}

function withCode(failure: Failure, code: string | undefined): Failure {
  return failure.code === undefined && code !== undefined ? { ...failure, code } : failure;
}

/** FastAPI's list of `{loc, msg}`, or a list of strings. */
function listed(items: readonly unknown[]): Failure | undefined {
  const lines = items.flatMap((item) => {
    const failure = readFailure(item);
    if (!failure) return [];
    const where = isRecord(item) ? placeIn(item) : '';
    return [where === '' ? failure.message : `${where}: ${failure.message}`];
  });
  return lines.length === 0 ? undefined : { message: lines.join('; ') };
}

/** The field that an item of such a list is about; FastAPI's `loc` begins with the part of the request. */
function placeIn({ loc, path, field, name }: Record<string, unknown>): string {
  if (Array.isArray(loc)) return loc.slice(1).join('.');
  return Array.isArray(path) ? path.join('.') : ([path, field, name].find(isText) ?? '');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function asCode(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return isText(value) ? value : undefined;
}
