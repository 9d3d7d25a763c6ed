/** The bytes of a finished video: resumed when they are still the same bytes, else from the start, and from where it is safe. */
import { SoraError, type SoraErrorOptions } from '../shared/errors.ts';
import { type Answer, asNotFound, failureOf } from './answer.ts';
import type { Http, StreamedAnswer } from './client.ts';
import { refusal } from './errors.ts';
import { isLoopback } from './proxy.ts';
import { isMasked, redactUrls } from './redact.ts';
import type { HttpRequest } from './request.ts';

/** What a host says by which two of its answers are known to be of the same bytes; what it does not say is undefined. */
export interface Entity {
  readonly etag: string | undefined;
  /** As it stands in the header. */
  readonly lastModified?: string | undefined;
  /** Of the whole. */
  readonly totalBytes?: number | undefined;
}

/** The entity is that of the bytes that are held; another one at the host starts over. */
export interface ContentRequest extends Entity {
  /** What it is, as a word of messages. */
  readonly variant: string;
  /** Bytes already held, to be resumed by Range. */
  readonly offset: number;
}

export interface Content extends Entity {
  readonly body: AsyncIterable<Uint8Array>;
  readonly contentType: string | undefined;
  /** Where in the whole the first byte of `body` stands. */
  readonly offset: number;
  /** What was compressed on its way cannot be resumed: an offset would be one of compressed bytes. */
  readonly isCoded: boolean;
  /** Gives the connection up, whether the body was read or not. A body that nobody reads holds it until then. */
  discard(): void;
}

export function isSuccess(answer: Pick<Answer, 'status'>): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/**
 * Opens what a request points at, from the offset on when the host resumes, else from 0: also where `isOfRange` says that the
 * range may be what was refused. What is not content (an error, JSON, a web page) is handed back as the answer it is.
 * Throws `refused` for a part that nobody asked for.
 */
async function openResumable(
  http: Http,
  request: HttpRequest,
  { variant, offset, ...held }: ContentRequest,
  isOfRange: (answer: Answer) => boolean,
): Promise<Content | Answer> {
  if (offset > 0) {
    const headers = { ...request.headers, ...rangeHeaders(offset, held) };
    const answer = await http.open({ ...request, headers });
    if ('body' in answer) {
      const content = contentOf(answer);
      if (content.offset === 0 || (content.offset === offset && isSame(content, held))) return content;
      // A part, but not of the same bytes, or not from where it was asked.
      content.discard();
    } else if (isSuccess(answer) || !isOfRange(answer)) return answer;
  }
  const answer = await http.open(request);
  if (!('body' in answer)) return answer;
  const content = contentOf(answer);
  if (content.offset === 0) return content;
  content.discard();
  throw new SoraError('refused', `The host sent a part of the ${variant} although all of it was requested.`, {
    hint: 'Download it again later.',
  });
}

/** What is answered whether there is a range or not: there is no content, or not so often. */
const NOT_OF_RANGE: ReadonlySet<number> = new Set([404, 410, 429]);

export interface LinkAnswers {
  /** Tells a store's answers from the host's own; all are a store's unless given. */
  isStore?(answer: Answer): boolean;
  /** After the host's own no: the link to where it says that the content is, if it says so; asked again when that has run out. */
  elsewhere?(answer: Answer): Promise<HttpRequest | undefined>;
}

/**
 * Opens what a link of the host leads to. Links to a store run out, and the host then gives a new one: it is asked once
 * more. A store was shown no key, so the user's is not to blame for what it answers.
 */
export async function openWithUrlRefresh(
  http: Http,
  link: () => Promise<HttpRequest>,
  request: ContentRequest,
  { isStore = () => true, elsewhere }: LinkAnswers = {},
): Promise<Content> {
  for (let again = false; ; again = true) {
    // A store may say the same of a range as of a link that has run out, which a new one shows.
    const opened = await openResumable(http, await link(), request, (answer) => {
      const isLink = !again && isStore(answer) && RUN_OUT.has(answer.status);
      return !isLink && !NOT_OF_RANGE.has(answer.status);
    });
    if ('body' in opened) return opened;
    const refused = contentRefusal(opened, request.variant);
    if (isStore(opened)) {
      if (again || !RUN_OUT.has(opened.status)) throw asStorageError(refused);
      continue;
    }
    let named = await elsewhere?.(opened);
    if (!named) throw refused;
    const next = async (): Promise<HttpRequest> => {
      const one = named ?? (await elsewhere?.(opened));
      named = undefined;
      if (!one) throw refused;
      return one;
    };
    return openWithUrlRefresh(http, next, request);
  }
}

/** What stores say of a signed URL that has expired, and of a file that has moved. */
const RUN_OUT: ReadonlySet<number> = new Set([403, 404, 410]);

/** The error for an answer that is no content. */
function contentRefusal(said: Answer, variant: string): SoraError {
  const answer = asNotFound(said);
  const hint = (text: string): SoraErrorOptions => ({
    hint: text,
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
  });
  const { message } = failureOf(answer);
  if (answer.status === 404 || answer.status === 410) {
    const sentence = `${answer.host} has no ${variant} for this id, or not yet, or no more: ${message}`;
    return new SoraError('refused', sentence, hint('Hosts keep videos for a short time. Look with: sora video status'));
  }
  if (!isSuccess(answer)) {
    const error = refusal(answer);
    if (answer.status !== 403 || error.code !== 'refused') return error;
    return new SoraError(
      'refused',
      error.message,
      hint('The link to it has expired, or its storage is having problems.'),
    );
  }
  return new SoraError('refused', `${answer.host} sent no ${variant} but ${message}`, hint('Try again later.'));
}

/**
 * A URL that a host named in an answer, as one that may be asked: https, or the host's own origin. (Everything on this
 * machine counts as near, as it does for redirects.) Throws `refused` for any other.
 */
export function checkNamedUrl(text: string, root: string): string {
  const own = new URL(root);
  if (isMasked(text)) {
    throw new SoraError('refused', `${own.host} names ${redactUrls(text).slice(0, 200)}, which contains the key.`, {
      hint: 'Such an address is not called. Create a new key at the host: this one has been exposed.',
    });
  }
  const url = URL.canParse(text, root) ? new URL(text, root) : undefined;
  const trusted =
    url !== undefined &&
    (url.protocol === 'https:' ||
      (url.protocol === 'http:' && (url.origin === own.origin || (isLoopback(url) && isLoopback(own)))));
  if (!trusted) {
    throw new SoraError('refused', `${own.host} names ${redactUrls(text).slice(0, 200)}, which is not called.`, {
      hint: 'Addresses that a host names must begin with https:// or be its own.',
    });
  }
  url.username = '';
  url.password = '';
  return url.href;
}

/** A store that says 401 or 403 to a signed URL was shown no key: the user's is not to blame. */
function asStorageError(error: SoraError): SoraError {
  if (error.code !== 'auth') return error;
  const { message, requestId } = error;
  return new SoraError('refused', message, {
    hint: 'The address that the host gave for this has expired, or its storage is having problems. Try again.',
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** If-Range takes strong tags only; a weak one is compared afterwards. Without one, the date says as much as it can. */
function rangeHeaders(offset: number, { etag, lastModified }: Entity): Record<string, string> {
  const strong = etag?.startsWith('W/') ? undefined : etag;
  const validator = strong ?? lastModified;
  return { range: `bytes=${offset}-`, ...(validator !== undefined && { 'if-range': validator }) };
}

/** Offset and total of what was opened. A 206 that does not say where it begins has the offset NaN: nothing fits it. */
function contentOf({ status, headers, body, isCoded, discard }: StreamedAnswer): Content {
  // What is counted in coded bytes says nothing of the others.
  const range = isCoded ? undefined : /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const total = status === 206 ? range?.[2] : isCoded ? undefined : headers['content-length'];
  return {
    body,
    contentType: headers['content-type'],
    offset: status === 206 ? Number(range?.[1] ?? Number.NaN) : 0,
    totalBytes: total !== undefined && /^\d+$/.test(total) ? Number(total) : undefined,
    etag: headers.etag,
    lastModified: headers['last-modified'],
    isCoded,
    discard,
  };
}

/** Unless one of them says something else than the other. */
function isSame(a: Entity, b: Entity): boolean {
  const agree = <T>(one: T | undefined, other: T | undefined): boolean =>
    one === undefined || other === undefined || one === other;
  return agree(a.etag, b.etag) && agree(a.lastModified, b.lastModified) && agree(a.totalBytes, b.totalBytes);
}
