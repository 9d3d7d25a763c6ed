/** The HTTP that all dialects of the sandbox share: bodies in, replies out, ranges. */
import { createReadStream } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Delivery } from './faults/rule.ts';
import type { Player } from './faults/scenario.ts';
import { digestRegular, parseJson, readRegular } from './read.ts';

export interface Incoming {
  readonly method: string;
  /** Path segments below the base URL, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The scenario that this request is played in. */
  readonly player: Player;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value, or a slice of a file. */
  readonly body: unknown;
}

/** One host's wire format: paths below a prefix, and answers in its own error shape. */
export interface Dialect {
  /** Never throws. */
  answer(request: Incoming): Promise<Reply>;
  /** For what goes wrong before a dialect is reached: a body too large, a scenario that cannot be read. */
  refusal(status: number, message: string): Reply;
}

class FileSlice {
  readonly path: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  constructor(path: string, start: number, end: number) {
    this.path = path;
    this.start = start;
    this.end = end;
  }
}

const BODY_BYTES = 100 * 1024 * 1024;

/** The whole body, or undefined when it is larger than 100 MB. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Read to its end even when it is too large: a client that is still sending would miss the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  }
  return bytes > BODY_BYTES ? undefined : Buffer.concat(chunks);
}

/** What answers a method and a path; `:id` is any segment. */
export type Route = readonly [method: string, path: string, handle: (request: Incoming, id: string) => Promise<Reply>];

/** The answer of the first route that fits; undefined when none does. */
export async function route(routes: readonly Route[], request: Incoming): Promise<Reply | undefined> {
  for (const [method, path, handle] of routes) {
    const pattern = path.split('/');
    if (method !== request.method || pattern.length !== request.path.length) continue;
    if (!pattern.every((part, index) => part === ':id' || part === request.path[index])) continue;
    return handle(request, request.path[pattern.indexOf(':id')] ?? '');
  }
  return undefined;
}

/** A JSON object, or undefined. */
export function readObject({ headers, body }: Incoming): Readonly<Record<string, unknown>> | undefined {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return undefined;
  try {
    const value: unknown = parseJson(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON at all.
  }
  return undefined;
}

/** The fields of a form, or undefined; a file where a part had a file name. */
export async function readForm(request: Incoming): Promise<Readonly<Record<string, unknown>> | undefined> {
  const parts = await readParts(request);
  return parts && Object.fromEntries(parts);
}

/** The same in the order in which they came. */
export async function readParts({
  headers,
  body,
}: Incoming): Promise<readonly (readonly [string, string | File])[] | undefined> {
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) return undefined;
  try {
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    return [...form.entries()];
  } catch {
    return undefined;
  }
}

/** The bearer token. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Answers with a file: whole, or the one range asked for unless If-Range names another version of it. */
export async function fileReply(path: string, contentType: string, headers: IncomingHttpHeaders): Promise<Reply> {
  const { size, sha256 } = await digestRegular(path);
  const etag = `"${sha256.slice(0, 32)}"`;
  const common = { 'content-type': contentType, 'accept-ranges': 'bytes', etag };
  const whole: Reply = { status: 200, headers: common, body: new FileSlice(path, 0, size) };
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '');
  const ifRange = headers['if-range'];
  if (!range || range[0] === 'bytes=-' || (ifRange !== undefined && ifRange !== etag)) return whole;
  const start = range[1] ? Number(range[1]) : Math.max(0, size - Number(range[2]));
  const end = range[1] && range[2] ? Math.min(size, Number(range[2]) + 1) : size;
  if (start >= size || start >= end) {
    return { status: 416, headers: { ...common, 'content-range': `bytes */${size}` }, body: '' };
  }
  const partial = { ...common, 'content-range': `bytes ${start}-${end - 1}/${size}` };
  return { status: 206, headers: partial, body: new FileSlice(path, start, end) };
}

/** How a reply is spoiled, and what its pauses are waited by. */
export type Spoiling = Delivery & { readonly pause?: (ms: number) => Promise<unknown> };

/** Sends a reply; with `truncateBytes` only so much of its body, under headers that promise all of it. */
export async function send(response: ServerResponse, reply: Reply, how: Spoiling = {}): Promise<void> {
  const { truncateBytes, corrupt, trickle } = how;
  const { body } = reply;
  const file = body instanceof FileSlice ? body : undefined;
  // A spoiled body is taken apart in memory.
  const slice = corrupt || trickle ? undefined : file;
  const whole = slice ? undefined : file ? await readSlice(file) : bytesOf(body);
  const bytes = whole && corrupt ? corrupted(whole, corrupt) : whole;
  const length = slice ? slice.end - slice.start : (bytes?.length ?? 0);
  const sent = Math.min(length, truncateBytes ?? length);
  response.writeHead(reply.status, {
    'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    ...reply.headers,
    'content-length': String(length),
  });
  const source =
    slice && sent > 0
      ? createReadStream(slice.path, { start: slice.start, end: slice.start + sent - 1 })
      : Readable.from(bytes && sent > 0 ? pieces(bytes.subarray(0, sent), how) : []);
  if (truncateBytes !== undefined || trickle) response.flushHeaders();
  if (truncateBytes === undefined) return pipeline(source, response);
  for await (const chunk of source as AsyncIterable<Buffer>) {
    await new Promise((resolve) => response.write(chunk, resolve));
  }
  response.destroy();
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
}

async function readSlice({ path, start, end }: FileSlice): Promise<Buffer> {
  return readRegular(path).subarray(start, end);
}

async function* pieces(bytes: Buffer, { trickle, pause }: Spoiling): AsyncGenerator<Buffer> {
  const step = trickle?.bytes ?? bytes.length;
  for (let at = 0; at < bytes.length; at += step) {
    if (trickle) await pause?.(trickle.everyMs);
    yield bytes.subarray(at, at + step);
  }
}

function corrupted(
  bytes: Buffer,
  { at, bytes: count = bytes.length, ...how }: NonNullable<Delivery['corrupt']>,
): Buffer {
  const start = Math.min(bytes.length, at < 0 ? Math.max(0, bytes.length + at) : at);
  const end = Math.min(bytes.length, start + count);
  if (how.with === 'nothing') return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  return Buffer.from(
    bytes.map((byte, index) => (index < start || index >= end ? byte : how.with === 'zeros' ? 0 : byte ^ 0xff)),
  );
}
