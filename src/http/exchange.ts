/**
 * One HTTP exchange: undici, the proxy, the timers, and the one fact that decides whether a create may be repeated:
 * whether anything can have left. It has a fresh connection of its own unless it may share some.
 */
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { type Connections, createAgent } from './agent.ts';
import type { Headers } from './answer.ts';
import { createBackPressure } from './back-pressure.ts';
import type { RequestBody } from './body.ts';
import { type Attempt, type Network, SYSTEM_NETWORK } from './connect.ts';
import { type ProxySettings, proxyFor, type Via } from './proxy.ts';

export interface Timeouts {
  /** Until name, connection, TLS and a proxy's tunnel stand. */
  readonly connectMs: number;
  /** From the beginning of an attempt at one address of a host to that at its next: https://www.rfc-editor.org/rfc/rfc8305#section-8 */
  readonly nextAddressMs: number;
  /** From the last byte sent to the answer's headers. */
  readonly headersMs: number;
  /** From an answer's headers to its last byte, unless it is a stream. */
  readonly answerMs: number;
  /** Between two pieces of a body, in either direction. */
  readonly idleMs: number;
  /** From an abort to the end of a create that has left: its answer may be on the way, and names what was paid for. */
  readonly graceMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  ...{ connectMs: 10_000, nextAddressMs: 250, headersMs: 120_000, answerMs: 60_000, idleMs: 60_000, graceMs: 5_000 },
};

/** A timer that fires so much later than it should belongs to a machine that slept, not to a host that is slow. */
const LATE_MS = 2_000;

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: RequestBody | undefined;
  /** Any of them ends it. */
  readonly signals: readonly AbortSignal[];
  readonly proxy: ProxySettings;
  readonly timeouts: Timeouts;
  /** The system's unless given. */
  readonly network?: Network | undefined;
  /** Waits a little for the answer when it is aborted after it was sent. */
  readonly lingers: boolean;
  /** Connections that stand already, for what may be sent again when one of them turns out to be dead. */
  readonly connections?: Connections | undefined;
}

export interface Reply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** Throws TransportError when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Breaks the body off unless it ends within the time for whole answers. */
  limit(): void;
  /** The error of an exchange that is broken off because of what it brought. */
  lost(cause: unknown): TransportError;
  /** Gives the connection up, whether the body was read or not. */
  dispose(): void;
}

export interface Lost {
  readonly url: URL;
  /** False when not one byte of the request can have left. */
  readonly sent: boolean;
  /** The proxy, when one stood between. */
  readonly via?: Via | undefined;
  /** Milliseconds from its beginning to its end. */
  readonly afterMs: number;
  /** The addresses that were tried before anything was sent; undefined when none had been found. */
  readonly tried?: readonly Attempt[] | undefined;
}

/** An exchange that broke off. Its cause is the system's or undici's error, or a timer's. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly url: URL;
  readonly sent: boolean;
  readonly via: Via | undefined;
  readonly afterMs: number;
  readonly tried: readonly Attempt[] | undefined;
  /** An id that the beginning of the answer names. */
  knownId: string | undefined;

  constructor({ url, sent, via, afterMs, tried }: Lost, cause: unknown) {
    super('the exchange broke off', { cause });
    this.url = url;
    this.sent = sent;
    this.via = via;
    this.afterMs = afterMs;
    this.tried = tried;
  }
}

/** Sends one request. Follows nothing, repeats nothing, throws TransportError. */
export async function exchange(request: ExchangeRequest): Promise<Reply> {
  const { url, timeouts, signals } = request;
  const undici = await import('undici');
  const via = proxyFor(url, request.proxy);
  const cut = new AbortController();
  const startedAt = performance.now();
  let sent = false;
  let arrived: Readable | undefined;
  const backPressure = createBackPressure(() => (arrived?.readableLength ?? 0) >= MOST_UNREAD);
  let timer: NodeJS.Timeout | undefined;
  let whole: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;

  // A proxy that hangs up on a tunnel is noticed on an agent of one's own only.
  const shared = via === undefined ? await request.connections?.agent() : undefined;
  const { dispatcher: agent, connector } =
    shared ??
    createAgent(undici, {
      via: via?.url,
      timeouts,
      network: request.network ?? SYSTEM_NETWORK,
      signal: cut.signal,
      onConnect: (socket) => backPressure.attach(socket),
      onConnectError: (error) => end(error),
    });
  // undici has no hook that ends a connection attempt, so the sockets are given a signal and the agent is destroyed.
  const end = (reason: Error): void => {
    for (const one of [timer, whole, grace]) clearTimeout(one);
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
    if (cut.signal.aborted) return;
    cut.abort(reason);
    if (!shared) agent.destroy(reason).catch(() => {});
  };
  const onAbort = (): void => {
    if (!request.lingers || !sent) end(new Error('aborted'));
    else grace ??= setTimeout(() => end(new Error('aborted')), timeouts.graceMs);
  };
  const startTimer = (ms: number, code: TimeoutCode, again: () => void): NodeJS.Timeout => {
    const due = performance.now() + ms;
    return setTimeout(() => {
      // What came meanwhile lies unread in the socket: it gets its time after all.
      if (performance.now() - due > LATE_MS) again();
      else end(Object.assign(new Error(code), { code }));
    }, ms);
  };
  /** Until the next step; each takes the place of the one before. */
  const arm = (ms: number, code: TimeoutCode): void => {
    clearTimeout(timer);
    timer = startTimer(ms, code, () => arm(ms, code));
  };
  const limit = (): void => {
    clearTimeout(whole);
    whole = startTimer(timeouts.answerMs, 'SORA_ANSWER_TIMEOUT', limit);
  };
  const lost = (cause: unknown): TransportError => {
    end(new Error('lost'));
    const afterMs = performance.now() - startedAt;
    return new TransportError({ url, sent, via, afterMs, tried: connector.tried(via?.url ?? url) }, cause);
  };
  const broken = (error: unknown): TransportError => lost(cut.signal.aborted ? cut.signal.reason : error);
  const ended = new Promise<never>((_, reject) => {
    cut.signal.addEventListener('abort', () => reject(cut.signal.reason), { once: true });
  });
  // The race below may have been left by the time it rejects.
  ended.catch(() => {});

  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  if (signals.some(({ aborted }) => aborted)) onAbort();
  else arm(timeouts.connectMs, 'SORA_CONNECT_TIMEOUT');

  const onStart = (): void => {
    sent = true;
    if (request.body === undefined) arm(timeouts.headersMs, 'SORA_HEADERS_TIMEOUT');
    else arm(timeouts.idleMs, 'SORA_IDLE_TIMEOUT');
  };
  const upload = async function* (body: RequestBody): AsyncGenerator<Uint8Array> {
    for await (const chunk of body.chunks()) {
      arm(timeouts.idleMs, 'SORA_IDLE_TIMEOUT');
      yield chunk;
    }
    arm(timeouts.headersMs, 'SORA_HEADERS_TIMEOUT');
  };

  let response: Dispatcher.ResponseData;
  try {
    const answered = undici.request(url, {
      method: request.method,
      headers: withBodyHeaders(request),
      body: request.body === undefined ? null : Readable.from(upload(request.body)),
      dispatcher: agent.compose((dispatch) => (options, handler) => dispatch(options, noticingStart(handler, onStart))),
      ...(shared ? { signal: cut.signal } : { reset: true }),
      // Never reached: the parser must not be paused (back-pressure.ts).
      highWaterMark: 2 ** 30,
      // The timers here know how an upload moves; undici's do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    answered.catch(() => {});
    response = await Promise.race([answered, ended]);
  } catch (error) {
    throw broken(error);
  }
  clearTimeout(timer);
  response.body.on('error', () => {});
  arrived = response.body;

  const download = async function* (): AsyncGenerator<Uint8Array> {
    try {
      arm(timeouts.idleMs, 'SORA_IDLE_TIMEOUT');
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        // A consumer that takes its time is not a host that stands still.
        clearTimeout(timer);
        yield chunk;
        backPressure.resume();
        arm(timeouts.idleMs, 'SORA_IDLE_TIMEOUT');
      }
    } catch (error) {
      throw broken(error);
    } finally {
      end(new Error('done'));
    }
  };
  return {
    status: response.statusCode,
    statusText: response.statusText,
    headers: plainHeaders(response.headers),
    body: download(),
    limit,
    lost,
    dispose: () => end(new Error('disposed')),
  };
}

type TimeoutCode = `SORA_${'CONNECT' | 'HEADERS' | 'ANSWER' | 'IDLE'}_TIMEOUT`;

/** Bytes of an answer that lie in memory before its socket is read no further. */
const MOST_UNREAD = 256 * 1024;

/** undici calls onRequestStart when a connection stands and the request's first byte is about to be written. */
function noticingStart(handler: Dispatcher.DispatchHandler, onStart: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      onStart();
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

function withBodyHeaders(request: ExchangeRequest): Record<string, string> {
  const body = request.body;
  if (!body) return { ...request.headers };
  return { ...request.headers, 'content-type': body.contentType, 'content-length': String(body.bytes) };
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
