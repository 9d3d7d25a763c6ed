/**
 * HTTP with this program's rules: a key goes to its own origin only, redirects are followed by hand, a create is
 * retried only when nothing of it can have left, or the host has put it off with 429; a read is retried with backoff. A lost
 * registration may be repeated above this: characters/repeat-registration.ts.
 */
import { setMaxListeners } from 'node:events';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { oneLine, sentence } from '../shared/text.ts';
import { type Clock, formatDuration } from '../shared/time.ts';
import { createConnectionPool } from './agent.ts';
import {
  type Answer,
  ambiguousCreate,
  failureOf,
  type Headers,
  isQuota,
  isUnsupported,
  lacksModel,
  requestIdOf,
} from './answer.ts';
import type { Network } from './connect.ts';
import { type DecodedReply, decodeReply } from './content-coding.ts';
import { refusal } from './errors.ts';
import { DEFAULT_TIMEOUTS, exchange, type Timeouts, TransportError } from './exchange.ts';
import { createConcurrencyLimiter } from './limiter.ts';
import { checkAuth, headersFor, isRedirect, parseUrl, redirectTarget, requireHttps, secretsOf } from './origins.ts';
import { type ProxySettings, proxyFor } from './proxy.ts';
import { createRedactor, isUnmistakable, type Redact, redactHeader, redactUrls } from './redact.ts';
import type { HttpRequest } from './request.ts';
import { CREATE_RETRIES, MAX_WAIT_MS, READ_RETRIES, retryDelayMs, SLOW_READ_RETRIES } from './retry.ts';
import { retryAfterOf } from './retry-hint.ts';
import { describeTransportError, isUnheard } from './transport-errors.ts';

export interface Http {
  /**
   * Sends a request and reads the whole answer, whatever its status. A create whose fate is not known throws
   * `ambiguous` (a 5xx and a 408 included); nothing reached throws `network`; an abort throws `interrupted`.
   * An abort after a create has left waits a few seconds for its answer first.
   */
  send(request: HttpRequest): Promise<Answer>;
  /** As `send` for a read, but the body of a 2xx answer that is neither JSON nor a web page is streamed. */
  open(request: HttpRequest): Promise<Answer | StreamedAnswer>;
  /** Ends every exchange that is still under way. */
  close(): Promise<void>;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Lengths and offsets in the headers are not those of `body`, which was compressed on its way. */
  readonly isCoded: boolean;
  /** Throws `network` when it breaks off, `interrupted` when aborted, and `refused` when it expands beyond all measure. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection up when the body is not wanted. */
  discard(): void;
}

export interface HttpOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly proxy: ProxySettings;
  /** Takes one redacted line of the wire log. */
  readonly debug?: ((line: string) => void) | undefined;
  readonly timeouts?: Partial<Timeouts>;
  /** The system's unless given. */
  readonly network?: Network;
  /** Lets a key travel over plain http beyond this machine. */
  readonly allowHttp: boolean;
  /** What messages call a server, by its name and port; that itself unless given. */
  readonly titleOf?: (host: string) => string;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** Of one host. */
const MAX_CONCURRENT_READS = 8;

/** What every request to that address would be refused for, before anything is written or sent. Throws `usage`. */
export function checkRoute(
  url: string,
  {
    hasKey,
    allowHttp,
    proxy,
  }: { readonly hasKey: boolean; readonly allowHttp: boolean; readonly proxy: ProxySettings },
): void {
  const to = parseUrl(url);
  requireHttps(to, hasKey ? { header: 'authorization', value: '', origin: to.origin } : undefined, allowHttp);
  proxyFor(to, proxy);
}

export function createHttp(options: HttpOptions): Http {
  const { clock, titleOf = (host) => host } = options;
  const timeouts: Timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const closing = new AbortController();
  // Each exchange listens to it; Node 20 warns of more than ten.
  setMaxListeners(0, closing.signal);
  const connections = createConnectionPool(MAX_CONCURRENT_READS, timeouts, options.network);
  const readLimiter = createConcurrencyLimiter(MAX_CONCURRENT_READS);

  /** One attempt: the exchange and its redirects. */
  async function attempt(
    request: HttpRequest,
    streams: boolean,
    { redact, scrub }: Hiding,
  ): Promise<{ reply: DecodedReply; host: string; isRedirected: boolean }> {
    const first = parseUrl(request.url);
    let url = first;
    for (let hop = 0; ; hop++) {
      requireHttps(url, request.keyless ? undefined : request.auth, options.allowHttp);
      const headers = headersFor(request, url, first);
      const startedAt = clock.now();
      log(redact, [`> ${request.method} ${redactUrls(url.href)}`, ...headerLines('>', headers)]);
      const reply = await exchange({
        method: request.method,
        url,
        headers,
        body: request.body,
        signals: [request.signal, closing.signal],
        proxy: options.proxy,
        timeouts,
        network: options.network,
        ...(!streams && request.kind === 'read' && { connections }),
        lingers: request.kind === 'create',
      });
      const status = `< ${reply.status} ${reply.statusText} ${clock.now() - startedAt} ms`;
      log(redact, [status, ...headerLines('<', reply.headers)]);
      const location = reply.headers.location;
      if (!isRedirect(reply.status) || location === undefined) {
        const host = titleOf(scrub(url.host));
        const cleaned = await decodeReply({ ...reply, headers: scrubHeaders(reply.headers, scrub) }, host);
        return { reply: cleaned, host, isRedirected: url.host !== first.host };
      }
      reply.dispose();
      // The same origin is told its key anyway; what a short key is made of may be in any address.
      url = redirectTarget({ request, first, from: url, status: reply.status, location, hop, redact: scrub });
    }
  }

  async function run(request: HttpRequest, streams: boolean): Promise<Answer | StreamedAnswer> {
    checkAuth(request.auth);
    const secrets = secretsOf(request.auth);
    const hiding = { redact: createRedactor(secrets), scrub: createRedactor(secrets.filter(isUnmistakable)) };
    const host = parseUrl(request.url).host;
    const exchanged = async (): Promise<Answer | StreamedAnswer> => {
      const { reply, ...by } = await attempt(request, streams, hiding);
      if (streams && isStream(reply)) return stream(reply, request, by.host);
      return buffer(reply, request, { ...by, ...hiding });
    };
    const startedAt = clock.now();
    let said: SoraError | undefined;
    for (let tries = 0; ; tries++) {
      if (request.signal.aborted) throw interrupted(request, said);
      try {
        // Hundreds of jobs may be waited for; their host would take hundreds of questions at once for an attack.
        const answer = await (request.kind === 'read' && !streams ? readLimiter(host, exchanged) : exchanged());
        if ('body' in answer) return answer;
        const waitMs = waitBefore(answer, request, tries);
        if (waitMs === undefined) return answer;
        said = refusal(answer);
        await pause(waitMs, said, request);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        if (!isWorthwhile(error, request, tries)) {
          const tookMs = clock.now() - startedAt;
          throw endOf(error, request, { host: titleOf(host), tries: tries + 1, tookMs, said });
        }
        const { message, hint } = describeTransportError(error, titleOf(host), timeouts, request.baseUrl);
        said = new SoraError('network', message, { hint, cause: error.cause });
        await pause(retryDelayMs(tries, undefined, options.random), said, request);
      }
    }
  }

  /** Milliseconds to wait before the same request is sent again; undefined when the answer stands. Throws `ambiguous`. */
  function waitBefore(answer: Answer, request: HttpRequest, tries: number): number | undefined {
    const { status } = answer;
    const asked = retryAfterOf(answer);
    if (request.settles?.(answer) || lacksModel(answer)) return undefined;
    if (request.kind === 'create') {
      if (leavesOpen(status)) {
        throw ambiguousCreate(`${answer.host} answered ${status}: ${failureOf(answer).message}`, answer.requestId);
      }
      const worthwhile = status === 429 && asked !== undefined && asked <= MAX_WAIT_MS && !isQuota(failureOf(answer));
      return worthwhile && tries < CREATE_RETRIES ? retryDelayMs(tries, asked, options.random) : undefined;
    }
    const isTrouble = status === 408 || (status >= 500 && !isUnsupported(answer));
    const passing = isTrouble || (status === 429 && !isQuota(failureOf(answer)));
    return passing && tries < READ_RETRIES ? retryDelayMs(tries, asked, options.random) : undefined;
  }

  /** Whether a broken exchange may be tried again. */
  function isWorthwhile(lost: TransportError, request: HttpRequest, tries: number): boolean {
    if (request.signal.aborted || closing.signal.aborted) return false;
    const { isLasting, isSlow } = describeTransportError(lost, '', timeouts);
    if (isLasting) return false;
    if (request.kind === 'create') return !lost.sent && tries < CREATE_RETRIES;
    return tries < (isSlow ? SLOW_READ_RETRIES : READ_RETRIES);
  }

  /** The error of a broken exchange that is not tried again. */
  function endOf(lost: TransportError, request: HttpRequest, { host, tries, tookMs, said }: Tries): SoraError {
    const mayBeDone = request.kind === 'create' && lost.sent && !isUnheard(lost);
    if (request.signal.aborted || closing.signal.aborted) {
      if (!mayBeDone) return interrupted(request, said);
      return ambiguousCreate(`${cutOff(request)}${knownFrom(lost)}`, undefined, undefined, lost.knownId);
    }
    const { message, hint } = describeTransportError(lost, host, timeouts, request.baseUrl);
    if (mayBeDone) return ambiguousCreate(`${message}${knownFrom(lost)}`, undefined, lost.cause, lost.knownId);
    const time = tookMs >= 1000 ? ` in ${formatDuration(tookMs / 1000)}` : '';
    const often = `${tries} tries${time}`;
    const told =
      tries === 1 ? message : message.replace(/(\)?)\.$/, (_, listed) => `${listed ? '; ' : ' ('}${often}).`);
    return new SoraError('network', told, { hint, cause: lost.cause });
  }

  async function pause(ms: number, why: SoraError, request: HttpRequest): Promise<void> {
    options.debug?.(`* again in ${ms} ms: ${why.message}`);
    try {
      await clock.sleep(ms, request.signal);
    } catch {
      throw interrupted(request, why);
    }
  }

  async function buffer(
    reply: DecodedReply,
    request: HttpRequest,
    seen: Hiding & Pick<Answer, 'host' | 'isRedirected'>,
  ): Promise<Answer> {
    const { host, isRedirected = false, redact, scrub } = seen;
    // Only ever shown, as messages are.
    const id = requestIdOf(reply.headers);
    const requestId = id === undefined ? undefined : redact(id);
    const limit = request.maxBytes ?? MAX_BYTES;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const read = (): string => scrub(Buffer.concat(chunks).toString('utf8'));
    reply.limit();
    try {
      for await (const chunk of reply.body) {
        bytes += chunk.byteLength;
        if (bytes > limit) {
          const message = `The answer of ${host} is larger than ${limit} bytes.`;
          if (request.kind === 'create' && (reply.status < 300 || leavesOpen(reply.status)))
            throw ambiguousCreate(message, requestId);
          throw new SoraError('refused', message, { hint: 'Check the base URL.' });
        }
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof TransportError && reply.status < 300) error.knownId = idIn(read(), redact);
      throw error;
    }
    const text = read();
    return {
      status: reply.status,
      headers: reply.headers,
      text,
      requestId,
      receivedAt: clock.now(),
      kind: request.kind,
      host,
      isRedirected,
      redact,
      ...(reply.unknownCoding !== undefined && { unknownCoding: reply.unknownCoding }),
    };
  }

  async function* bodyOf(reply: DecodedReply, request: HttpRequest, host: string): AsyncGenerator<Uint8Array> {
    try {
      yield* reply.body;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      throw endOf(error, request, { host, tries: 1, tookMs: 0, said: undefined });
    } finally {
      reply.dispose();
    }
  }

  function stream(reply: DecodedReply, request: HttpRequest, host: string): StreamedAnswer {
    const { status, headers, isCoded, dispose } = reply;
    return { status, headers, isCoded, body: bodyOf(reply, request, host), discard: dispose };
  }

  function log(redact: Redact, lines: readonly string[]): void {
    for (const line of lines) options.debug?.(redact(line));
  }

  return {
    async send(request) {
      const answer = await run(request, false);
      if ('body' in answer) throw new Error('send() never streams');
      return answer;
    },
    open: (request) => run(request, true),
    async close() {
      closing.abort();
      await connections.close();
    },
  };
}

/** `redact` is for what is shown; `scrub` is for what is read, and leaves keys alone that may be ordinary words. */
interface Hiding {
  readonly redact: Redact;
  readonly scrub: Redact;
}

interface Tries {
  readonly host: string;
  readonly tries: number;
  /** Milliseconds of all of them. */
  readonly tookMs: number;
  /** What came of the one before the last. */
  readonly said: SoraError | undefined;
}

function scrubHeaders(headers: Headers, scrub: Redact): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, scrub(value)]));
}

/** After such an answer nobody knows whether a create was carried out. */
function leavesOpen(status: number): boolean {
  // 499 is how proxies say that somebody hung up while the host was at work.
  return status === 408 || status === 499 || status >= 500;
}

function isStream(reply: DecodedReply): boolean {
  const type = reply.headers['content-type'] ?? '';
  return reply.unknownCoding === undefined && reply.status >= 200 && reply.status < 300 && !/json|html/i.test(type);
}

/** The end that the signal brings, with what was last said before it. */
function interrupted({ signal: { reason } }: HttpRequest, said: SoraError | undefined): SoraError {
  const end = isSoraError(reason) ? reason : new SoraError('interrupted', 'Interrupted.', { cause: reason });
  if (!said) return end;
  const hint = end.hint ?? said.hint;
  return new SoraError(end.code, `${sentence(end.message)} Before that: ${said.message}`, {
    ...(end.reason !== undefined && { reason: end.reason }),
    ...(hint !== undefined && { hint }),
    cause: said,
  });
}

/** What ended a request that had left. */
function cutOff({ signal: { reason } }: HttpRequest): string {
  return isSoraError(reason) && reason.reason === 'out-of-time'
    ? reason.message
    : 'The request was interrupted after it was sent.';
}

function knownFrom({ knownId }: TransportError): string {
  return knownId === undefined ? '' : ` The beginning of its answer names the id ${knownId}.`;
}

/** Of an answer without its end: what of it is whole can be redacted, unlike the rest. */
function idIn(text: string, redact: Redact): string | undefined {
  const [, id] =
    /"id"\s*:\s*"([^"\\]{1,200})"/.exec(text) ??
    /"(?:\w{1,20}_id|predictionID)"\s*:\s*"([^"\\]{1,200})"/.exec(text) ??
    [];
  return id === undefined ? undefined : oneLine(redact(id), 200);
}

function* headerLines(mark: string, headers: Headers): Generator<string> {
  for (const [name, value] of Object.entries(headers)) yield `${mark} ${redactHeader(name, value)}`;
}
