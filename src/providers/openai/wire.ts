/** The messages of `/v1/videos` as our terms: lenient about everything that servers of this format are known to do. */
import { type Answer, isPolicy, isRecord, parseJson, readFailure } from '../../http/answer.ts';
import { retryAfterOf } from '../../http/retry-hint.ts';
import type { RemoteCharacter, RemoteVideo, VideoPage } from '../provider.ts';
import { usableId } from '../route.ts';
import { hasFailed, progressOf, taskStatus } from '../task-wire.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The video in an answer; undefined when it names none. `knownId` stands in for an id that the host leaves out when it
 * is asked about one.
 */
export function decodeVideo(answer: Answer, knownId?: string): RemoteVideo | undefined {
  const fields = videoFields(parseJson(answer.text));
  const video = fields && videoOf(fields, answer, knownId);
  return video && { ...video, ...defined('pollAfterMs', pollAfterMs(answer)) };
}

/**
 * A page of videos: the protocol's list, a bare array, or a relay's `{data: {...}}`; undefined when it is none. Hosts that
 * do not say whether there is more are asked for more when the page is as long as it may be.
 */
export function decodePage(answer: Answer, limit: number): VideoPage | undefined {
  const body = parseJson(answer.text);
  const holder = isRecord(body) && isRecord(body.data) ? body.data : body;
  const found = isRecord(holder) ? (holder.data ?? holder.items ?? holder.videos) : holder;
  if (!Array.isArray(found)) return undefined;
  const items: readonly unknown[] = found;
  const videos = items.flatMap((item) => (isRecord(item) ? (videoOf(item, answer) ?? []) : []));
  const said = isRecord(holder) ? holder : {};
  const more = typeof said.has_more === 'boolean' ? said.has_more : items.length >= limit;
  return { videos, ...defined('next', more ? (textOf(said.last_id) ?? videos.at(-1)?.id) : undefined) };
}

/** True when a host says in so many words that it did not delete. */
export function deniesDeletion(answer: Answer): boolean {
  const body = parseJson(answer.text);
  return isRecord(body) && body.deleted === false;
}

function videoOf(fields: Fields, answer: Answer, knownId?: string): RemoteVideo | undefined {
  const id = idOf(fields) ?? knownId;
  if (id === undefined) return undefined;
  const remoteStatus = textOf(fields.status) ?? textOf(fields.task_status) ?? '';
  const status = taskStatus(remoteStatus);
  return {
    id,
    status,
    remoteStatus,
    ...defined('progress', progressOf(fields.progress)),
    ...defined('failure', hasFailed(status) ? failureIn(fields, answer) : undefined),
    ...defined('model', textOf(fields.model)),
    ...defined('size', textOf(fields.size)),
    ...defined('seconds', positive(fields.seconds ?? fields.duration)),
    ...defined('prompt', textOf(fields.prompt)),
    ...defined('createdAt', timeOf(fields.created_at ?? fields.created)),
    ...defined('completedAt', timeOf(fields.completed_at)),
    ...defined('expiresAt', timeOf(fields.expires_at)),
  };
}

/**
 * True when an answer is the video that was asked for, whatever its HTTP status: some servers put the object into an
 * error reply. An error object with an id and a status of its own is not one.
 */
export function holdsVideo(answer: Answer, remoteId: string): boolean {
  const fields = videoFields(parseJson(answer.text));
  if (!fields || typeof fields.status !== 'string') return false;
  return idOf(fields) === remoteId || (fields.object === 'video' && idOf(fields) !== undefined);
}

/** Where hosts that serve no content say that a finished video is. */
const URL_PLACES: readonly (readonly (string | number)[])[] = [
  ...[['url'], ['video_url'], ['unsigned_urls', 0], ['urls', 0], ['output', 'url'], ['data', 0, 'url']],
  ...[
    ['metadata', 'url'],
    ['outputs', 'video_url'],
    ['video', 'url'],
  ],
];

/** The address that an answer names for the content of a finished video; undefined where there is none. */
export function videoUrl(answer: Answer): string | undefined {
  const body = parseJson(answer.text);
  const found = [unwrap(body), body].flatMap((fields) => URL_PLACES.map((path) => textOf(valueAt(fields, path))));
  return found.find((url) => url !== undefined);
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof step === 'number' ? (Array.isArray(at) ? at[step] : undefined) : isRecord(at) ? at[step] : undefined,
    value,
  );
}

/** True of an error object, which some servers and proxies send with a 200. */
export function holdsError(answer: Answer): boolean {
  const body = parseJson(answer.text);
  return isRecord(body) && (isRecord(body.error) || typeof body.error === 'string');
}

/** The character in an answer; undefined when it has no id and none is known. */
export function decodeCharacter(answer: Answer, knownId?: string): RemoteCharacter | undefined {
  const fields = unwrap(parseJson(answer.text));
  const id = fields && (idOf(fields) ?? knownId);
  return id === undefined ? undefined : { id, name: textOf(fields?.name) };
}

/** A video object, bare or inside a relay's `{code, data}`. Without an id a status `error` is the relay's, not the job's. */
function videoFields(body: unknown): Fields | undefined {
  const fields = unwrap(body);
  if (!fields) return undefined;
  const status = textOf(fields.status);
  return idOf(fields) !== undefined || (status !== undefined && status !== 'error') ? fields : undefined;
}

function unwrap(body: unknown): Fields | undefined {
  if (!isRecord(body)) return undefined;
  if (idOf(body) !== undefined) return body;
  const inner = [body.data, body.video, body.result].find((value) => isRecord(value) && idOf(value) !== undefined);
  return isRecord(inner) ? inner : body;
}

function idOf(fields: Fields): string | undefined {
  return usableId(textOf(fields.id)) ?? usableId(textOf(fields.task_id));
}

function failureIn(fields: Fields, answer: Answer): RemoteVideo['failure'] {
  const { error, fail_reason, message, detail } = fields;
  const found = readFailure({ error: error ?? fail_reason ?? detail, message }) ?? {
    message: 'The host gave no reason.',
  };
  return { ...found, message: answer.redact(found.message), policy: isPolicy(found) };
}

/** ISO 8601, of seconds (or milliseconds) since the epoch or a date; 0 and null are no time. */
function timeOf(value: unknown): string | undefined {
  const number = positive(value);
  const written = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  const ms = number === undefined ? written : number * (number < 1e11 ? 1000 : 1);
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}

/** The vendor's SDK reads `openai-poll-after-ms`; others use the standard header. */
function pollAfterMs(answer: Answer): number | undefined {
  return positive(answer.headers['openai-poll-after-ms']) ?? positive(retryAfterOf(answer));
}

function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value.replace(/s$/, '')) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
