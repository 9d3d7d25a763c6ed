import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { DEFAULT_TIMEOUTS, exchange } from '../../src/http/exchange.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer } from '../helpers/server.ts';

// undici 7 ends the process when its parser was paused by a slow reader and the host closes: nodejs/undici#5360.
it('survives a host that closes at once after a large body, however slowly the body is read', async () => {
  const size = 8_000_000;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`,
      );
      socket.end(Buffer.alloc(size, 7));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { http } = createTestHttp();
  const answer = await http.open({
    method: 'GET',
    kind: 'read',
    url: `http://127.0.0.1:${port}/`,
    signal: new AbortController().signal,
  });
  if (!('body' in answer)) throw new Error('no stream');
  let received = 0;
  for await (const chunk of answer.body) {
    received += chunk.byteLength;
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
  expect(received).toBe(size);
});

it('gives an answer its time that came while the machine slept', async () => {
  const server = createHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    // What sleep looks like from inside: nothing runs, and then a timer is late while the answer lies in the socket.
    globalThis.setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { http } = createTestHttp({ timeouts: { headersMs: 200 } });
  const answer = await http.send({
    method: 'POST',
    kind: 'create',
    url: `http://127.0.0.1:${port}/`,
    signal: new AbortController().signal,
  });
  expect(answer.text).toBe('{}');
});

it.each([301, 302, 303, 307, 308])(
  'P5: follows no redirect (%i) by itself, under whichever header a key travels',
  async (status) => {
    const [first, second] = [await createTestServer(), await createTestServer()];
    for (const header of ['authorization', 'api-key', 'X-API-Key', 'cookie', 'proxy-authorization']) {
      first.answer({ status, headers: { location: `${second.url}/elsewhere`, 'set-cookie': 'a=b' } });
      const reply = await exchange({
        method: 'GET',
        url: new URL(first.url),
        headers: { [header]: 'sk-secret' },
        signals: [new AbortController().signal],
        proxy: {},
        timeouts: DEFAULT_TIMEOUTS,
        lingers: false,
      });
      expect([reply.status, reply.headers.location]).toEqual([status, `${second.url}/elsewhere`]);
      reply.dispose();
    }
    expect(first.seen.map(({ headers }) => Object.values(headers).includes('sk-secret'))).toEqual(Array(5).fill(true));
    // Nor are cookies kept from one answer to the next request.
    expect(first.seen.some(({ headers }) => headers.cookie === 'a=b')).toBe(false);
    expect(second.seen).toEqual([]);
  },
);
