import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Network } from '../../src/http/connect.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer, type TestServer } from '../helpers/server.ts';
import { failureOf } from '../providers/harness.ts';

/** A code fails at once; a place stands once the address of that number has been called, too; of silence nothing is heard. */
type Fate = number | 'ECONNREFUSED' | 'ENETUNREACH' | 'silence';

interface Line extends Network {
  /** The addresses that were called, in order. */
  readonly called: string[];
  readonly sockets: Socket[];
}

/** A network of which every address leads to the server, as its fate is. */
function createLine(fates: Readonly<Record<string, Fate>>, server?: TestServer): Line {
  const [called, sockets, waiting]: [string[], Socket[], (() => void)[][]] = [[], [], []];
  return {
    called,
    sockets,
    lookup: async () => Object.keys(fates).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    connect({ host }) {
      const fate = fates[host];
      const socket = new Socket();
      called.push(host);
      sockets.push(socket);
      if (typeof fate === 'number') {
        const stand = (): void => void socket.connect({ host: '127.0.0.1', port: server?.port ?? 0 });
        waiting[fate] = [...(waiting[fate] ?? []), stand];
      } else if (fate !== 'silence') {
        process.nextTick(() => socket.destroy(Object.assign(new Error(`connect ${fate}`), { code: fate })));
      }
      for (const stand of waiting[called.length] ?? []) setImmediate(stand);
      return socket;
    },
  };
}

const [V4, OTHER_V4, V6, OTHER_V6] = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'] as const;
const signal = new AbortController().signal;
const timeouts = { nextAddressMs: 1 };

describe.each(['create', 'read'] as const)('a %s of a host with several addresses', (kind) => {
  it.each([
    { title: 'the first is slow, and the other family is missing here', fates: { [V4]: 2, [V6]: 'ENETUNREACH' } },
    { title: 'the first is silent', fates: { [V6]: 'silence', [V4]: 2 } },
    { title: 'the first two are silent', fates: { [V6]: 'silence', [OTHER_V6]: 'silence', [V4]: 2 } },
    { title: 'the first refuses', fates: { [V6]: 'ECONNREFUSED', [V4]: 2 } },
    { title: 'all answer late', fates: { [V6]: 3, [V4]: 'silence', [OTHER_V6]: 'silence' } },
  ] as const)('reaches it where $title', async ({ fates }) => {
    const server = await createTestServer();
    server.answer({ body: 'here' });
    const line = createLine(fates, server);
    const { http, pauses } = createTestHttp({ network: line, timeouts, allowHttp: true });
    const answer = await http.send({ method: 'POST', kind, url: `http://v.example:${server.port}/`, signal });
    expect(answer.text).toBe('here');
    expect(pauses).toEqual([]);
    expect(server.seen).toHaveLength(1);
    await http.close();
    expect(line.sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('tries its families in turn, and names each address and what became of it', async () => {
    const fates = { [V6]: 'ENETUNREACH', [OTHER_V6]: 'ENETUNREACH', [V4]: 'silence', [OTHER_V4]: 'silence' } as const;
    const line = createLine(fates);
    const { http } = createTestHttp({ network: line, timeouts: { ...timeouts, connectMs: 150 }, allowHttp: true });
    const error = await failureOf(http.send({ method: 'POST', kind, url: 'http://v.example/', signal }));
    expect(line.called.slice(0, 4)).toEqual([V6, V4, OTHER_V6, OTHER_V4]);
    expect(error.code).toBe('network');
    expect(error.message).toMatch(
      /^No connection to v\.example within 0\.15 s \(2001:db8::1: no route; 192\.0\.2\.1: no answer; 2001:db8::2: no route; 192\.0\.2\.2: no answer; [45] tries(?: in \d+ s)?\)\.$/,
    );
    await http.close();
    expect(line.sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });
});

it('a proxy with several addresses is reached where one of them is silent', async () => {
  const proxy = await createTestServer();
  proxy.answer({ body: 'from the proxy' });
  const network = createLine({ [V6]: 'silence', [V4]: 2 }, proxy);
  const { http } = createTestHttp({ network, timeouts, proxy: { http: `http://proxy.example:${proxy.port}` } });
  const answer = await http.send({ method: 'GET', kind: 'create', url: 'http://v.example/v1', signal });
  expect(answer.text).toBe('from the proxy');
  expect(proxy.seen.map(({ path }) => path)).toEqual(['http://v.example/v1']);
});

it('a name that is never found is told as one', async () => {
  const network: Network = { lookup: () => new Promise(() => {}), connect: () => new Socket() };
  const { http } = createTestHttp({ network, timeouts: { connectMs: 50 } });
  const error = await failureOf(http.send({ method: 'GET', kind: 'create', url: 'https://v.example/', signal }));
  expect(error).toMatchObject({
    code: 'network',
    message: expect.stringMatching(
      /^No address was found for v\.example within 0\.05 s \(DNS; 4 tries(?: in \d+ s)?\)\.$/,
    ),
  });
});

it('many that are called at once are no leak to Node', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const network = createLine({ [V4]: 'silence' });
  const { http } = createTestHttp({ network, timeouts: { connectMs: 50 }, allowHttp: true });
  const hosts = Array.from({ length: 12 }, (_, n) => `http://v${n}.example/`);
  await Promise.all(
    hosts.map((url) =>
      failureOf(http.send({ method: 'GET', kind: 'read', url, signal: new AbortController().signal })),
    ),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

it('an abort ends every attempt', async () => {
  const abort = new AbortController();
  const line = createLine({ [V6]: 'silence', [V4]: 'silence' });
  const network: Network = {
    ...line,
    connect(to) {
      const socket = line.connect(to);
      if (line.called.length === 2) setImmediate(() => abort.abort());
      return socket;
    },
  };
  const { http } = createTestHttp({ network, timeouts });
  const ended = http.send({ method: 'GET', kind: 'create', url: 'https://v.example/', signal: abort.signal });
  expect((await failureOf(ended)).code).toBe('interrupted');
  expect(line.sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
});
