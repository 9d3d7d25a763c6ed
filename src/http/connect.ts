/**
 * Connections by Happy Eyeballs (RFC 8305): a host with several addresses is tried at each of them, the next one soon after
 * the last, and the first that answers is used. Node's own autoSelectFamily gives an address up when it begins with the next:
 * whoever is more than 250 ms away, and has an address of a family that does not work here, cannot be reached by it.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { createConnection, isIP, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { buildConnector } from 'undici';
import { systemCode } from '../shared/errors.ts';

/** The code of a reset, which is that of undici for a socket whose other side has closed. */
export const RESET = 'UND_ERR_SOCKET';

/** Names and connections as the system gives them, so that tests can replace them. */
export interface Network {
  /** The addresses of a name, the preferred one first. */
  lookup(hostname: string): Promise<readonly LookupAddress[]>;
  connect(to: { readonly host: string; readonly port: number }): Socket;
}

export const SYSTEM_NETWORK: Network = {
  lookup: (hostname) => promisify(lookup)(hostname, { all: true }),
  connect: (to) => createConnection({ ...to, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }),
};

/** An address that was tried. */
export interface Attempt {
  readonly address: string;
  /** Why it failed; undefined as long as it has not. */
  readonly code?: string;
  /** The connection to it stands. */
  readonly connected?: boolean;
}

export interface Connector {
  /** For undici, in the place of its own. */
  readonly connect: buildConnector.connector;
  /** What the last connection to that host has tried so far; undefined while its addresses are looked up, or for a host that was not called. */
  tried(url: URL): readonly Attempt[] | undefined;
}

export interface ConnectorOptions {
  readonly network: Network;
  /** `connectMs`: until a connection stands. */
  readonly timeouts: { readonly connectMs: number; readonly nextAddressMs: number };
  /** Ends what is being connected. */
  readonly signal?: AbortSignal;
}

/** `secure` makes TLS of a connection that stands: undici's own connector. */
export function createConnector(secure: buildConnector.connector, options: ConnectorOptions): Connector {
  const tried = new Map<string, Attempt[]>();
  return {
    tried: (url) => tried.get(url.host),
    connect(to, callback) {
      const port = Number(to.port || (to.protocol === 'https:' ? 443 : 80));
      const attempts: Attempt[] = [];
      const { host = to.hostname } = to;
      tried.delete(host);
      options.network.lookup(to.hostname).then(
        (addresses) => {
          tried.set(host, attempts);
          const race = { ...options, port, attempts, addresses: interleave(addresses) };
          connectFirst(race, (error, raw) => {
            if (!raw) callback(error, null);
            else if (to.protocol !== 'https:') callback(null, withResets(raw, raw));
            else {
              secure({ ...withServerName(to), httpSocket: raw }, (...[failure, socket]) =>
                failure ? callback(failure, null) : callback(null, withResets(socket, raw)),
              );
            }
          });
        },
        (error: Error) => callback(error, null),
      );
    },
  };
}

/**
 * The socket, with a reset told to undici as one. Of a body that only the end of its connection delimits, undici takes a reset,
 * which it knows by its code, for that end (`onHttpSocketError` of its client-h1.js); and where a reset comes close behind data, libuv
 * itself tells of an end (`uv__stream_io`). A connection that was reset has no peer any more.
 */
function withResets(socket: Socket, raw: Socket): Socket {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...rest: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...rest: unknown[]): boolean => {
    if (event === 'end' && raw.remoteAddress === undefined) {
      socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: RESET }));
      return true;
    }
    const [error] = rest;
    if (event === 'error' && systemCode(error) === 'ECONNRESET') Object.assign(error as Error, { code: RESET });
    return emit(event, ...rest);
  };
  return socket;
}

/** undici names a proxy's address here, too, and newer versions of Node throw for one. */
function withServerName({ servername, ...to }: buildConnector.Options): buildConnector.Options {
  return servername === undefined || isIP(servername) !== 0 ? to : { ...to, servername };
}

/** By families in turn, that of the preferred address first. */
function interleave(addresses: readonly LookupAddress[]): readonly string[] {
  const [preferred] = addresses;
  const of = (wanted: boolean): string[] =>
    addresses.filter(({ family }) => (family === preferred?.family) === wanted).map(({ address }) => address);
  const [first, second] = [of(true), of(false)];
  return [...new Set(first.flatMap((address, index) => [address, ...second.slice(index, index + 1)]).concat(second))];
}

interface Race extends ConnectorOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Each attempt is entered here as it begins. */
  readonly attempts: Attempt[];
}

type Ended = (...ended: [Error, undefined] | [undefined, Socket]) => void;

/** The first connection that stands; without any, the error of every address, or of the time or the signal that ended it. */
function connectFirst({ addresses, port, attempts, network, timeouts, signal }: Race, ended: Ended): void {
  const open = new Set<Socket>();
  const errors: Error[] = [];
  let next: NodeJS.Timeout | undefined;

  const end: Ended = (...result) => {
    clearTimeout(next);
    clearTimeout(limit);
    signal?.removeEventListener('abort', onAbort);
    for (const socket of open) if (socket !== result[1]) socket.destroy();
    open.clear();
    ended(...result);
  };
  const onAbort = (): void => end(asError(signal?.reason), undefined);
  const limit = setTimeout(() => {
    end(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' }), undefined);
  }, timeouts.connectMs);

  const tryNext = (): void => {
    clearTimeout(next);
    const index = attempts.length;
    const address = addresses[index];
    if (address === undefined) return;
    attempts.push({ address });
    const socket = network.connect({ host: address, port });
    open.add(socket);
    socket.once('connect', () => {
      if (!open.has(socket)) return;
      attempts[index] = { address, connected: true };
      end(undefined, socket);
    });
    // It stays: of what is destroyed, or handed on and not listened to yet, an error would end the process.
    socket.on('error', (error) => {
      if (!open.delete(socket)) return;
      attempts[index] = { address, code: systemCode(error) ?? error.message };
      errors.push(error);
      if (errors.length === addresses.length) end(errors.length > 1 ? new AggregateError(errors) : error, undefined);
      else tryNext();
    });
    next = setTimeout(tryNext, timeouts.nextAddressMs);
  };

  if (signal?.aborted) onAbort();
  else if (addresses.length === 0) end(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), undefined);
  else {
    signal?.addEventListener('abort', onAbort, { once: true });
    tryNext();
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
