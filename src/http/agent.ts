/** undici's agents: one that keeps connections, and one for a single exchange, directly or through a proxy. */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';
import { type Connector, type ConnectorOptions, createConnector, type Network, SYSTEM_NETWORK } from './connect.ts';

/** Connections kept open between exchanges. */
export interface Connections {
  agent(): Promise<Agent>;
  close(): Promise<void>;
}

/** What sends, and what it has tried to reach a host. */
export interface Agent {
  readonly dispatcher: Dispatcher;
  readonly connector: Connector;
}

/** Waiting for many jobs asks hundreds of times: a handshake each would cost more than the answers. So many for a host. */
export function createConnectionPool(
  atOnce: number,
  timeouts: ConnectorOptions['timeouts'],
  network = SYSTEM_NETWORK,
): Connections {
  const closing = new AbortController();
  // Each connection that is made listens to it; Node 20 warns of more than ten.
  setMaxListeners(0, closing.signal);
  let made: Promise<Agent> | undefined;
  return {
    agent() {
      made ??= import('undici').then(({ Agent, buildConnector }) => {
        const connector = createConnector(buildConnector({ timeout: timeouts.connectMs }), {
          ...{ network, timeouts },
          signal: closing.signal,
        });
        return { connector, dispatcher: new Agent({ connections: atOnce, connect: connector.connect }) };
      });
      return made;
    },
    async close() {
      closing.abort(new Error('closed'));
      await (await made)?.dispatcher.destroy();
    },
  };
}

interface AgentOptions {
  via: URL | undefined;
  timeouts: ConnectorOptions['timeouts'];
  network: Network;
  signal: AbortSignal;
  /** A connection stands, of which the exchange makes its own use. */
  onConnect: (socket: Socket) => void;
  onConnectError: (error: Error) => void;
}

interface PoolOptions {
  /** Of a proxy, its tunnel. */
  readonly connect: buildConnector.connector;
}

/** An agent for one exchange: each connection that it makes is told of, as is each that it cannot make. */
export function createAgent(undici: typeof import('undici'), options: AgentOptions): Agent {
  const { via, timeouts, network, signal } = options;
  const tls = { timeout: timeouts.connectMs, signal };
  const connector = createConnector(undici.buildConnector(tls), { network, timeouts, signal });
  const createPool = (origin: string | URL, more: PoolOptions): Dispatcher => {
    const pool = new undici.Pool(origin, more);
    // Left alone, undici connects again and again when a proxy hangs up on a tunnel.
    return pool.on('connectionError', (_origin, _targets, error) => options.onConnectError(error));
  };
  const factory = (origin: string | URL, more: PoolOptions): Dispatcher => {
    // So undici calls a proxy that is sent the request itself; a host's address has no slash at its end.
    const open = String(origin) === via?.href ? connector.connect : more.connect;
    return createPool(origin, {
      ...more,
      connect(to, done) {
        open(to, (...[error, socket]) => {
          if (error) return done(error, null);
          options.onConnect(socket);
          done(null, socket);
        });
      },
    });
  };
  if (!via) return { connector, dispatcher: new undici.Agent({ connect: connector.connect, factory }) };
  const dispatcher = new undici.EnvHttpProxyAgent({
    factory,
    clientFactory: (origin, more) => createPool(origin, { ...more, connect: connector.connect }),
    requestTls: tls,
    // Many proxies tunnel to port 443 only.
    proxyTunnel: false,
    httpProxy: via.href,
    httpsProxy: via.href,
    // That this URL needs the proxy is known; absent would mean the process's own environment.
    noProxy: '',
  });
  return { connector, dispatcher };
}
