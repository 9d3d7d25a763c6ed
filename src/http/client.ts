/**
 * HTTP with this program's rules: a key goes to its own origin only, redirects are followed by hand, a create is
 * retried only when nothing of it can have left, or the host has put it off with 429; a read is retried with backoff. A lost
 * registration may be repeated above this: characters/repeat-registration.ts.
 */
import { setMaxListeners } from 'node:events';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { sentence } from '../shared/text.ts';
import { type Clock, formatDuration } from '../shared/time.ts';
import { createConnectionPool } from './agent.ts';
import { type Answer, ambiguousCreate, type Headers } from './answer.ts';
import type { Network } from './connect.ts';
import { type DecodedReply, decodeReply } from './content-coding.ts';
import { refusal } from './errors.ts';
import { DEFAULT_TIMEOUTS, exchange, type Timeouts, TransportError } from './exchange.ts';
import { createConcurrencyLimiter } from './limiter.ts';
import { checkAuth, headersFor, isRedirect, parseUrl, redirectTarget, requireHttps, secretsOf } from './origins.ts';
import { type ProxySettings, proxyFor } from './proxy.ts';
import { type Hiding, readAnswer } from './read-answer.ts';
import { createRedactor, isUnmistakable, type Redact, redactHeader, redactUrls } from './redact.ts';
import type { HttpRequest } from './request.ts';
import { retriesLost, retryAnswerMs, retryDelayMs } from './retry.ts';
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
      return readAnswer(reply, request, { ...by, ...hiding }, clock);
    };
    const startedAt = clock.now();
    let said: SoraError | undefined;
    for (let tries = 0; ; tries++) {
      if (request.signal.aborted) throw interrupted(request, said);
      try {
        // Hundreds of jobs may be waited for; their host would take hundreds of questions at once for an attack.
        const answer = await (request.kind === 'read' && !streams ? readLimiter(host, exchanged) : exchanged());
        if ('body' in answer) return answer;
        const waitMs = retryAnswerMs(answer, request, tries, options.random);
        if (waitMs === undefined) return answer;
        said = refusal(answer);
        await pause(waitMs, said, request);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        const { message, hint, ...reason } = describeTransportError(error, titleOf(host), timeouts, request.baseUrl);
        const isEnded = request.signal.aborted || closing.signal.aborted;
        if (isEnded || !retriesLost(error, reason, request.kind, tries)) {
          const tookMs = clock.now() - startedAt;
          throw endOf(error, request, { host: titleOf(host), tries: tries + 1, tookMs, said });
        }
        said = new SoraError('network', message, { hint, cause: error.cause });
        await pause(retryDelayMs(tries, undefined, options.random), said, request);
      }
    }
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

function* headerLines(mark: string, headers: Headers): Generator<string> {
  for (const [name, value] of Object.entries(headers)) yield `${mark} ${redactHeader(name, value)}`;
}
