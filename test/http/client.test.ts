import { getEventListeners } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonBody } from '../../src/http/body.ts';
import type { StreamedAnswer } from '../../src/http/client.ts';
import type { HttpRequest } from '../../src/http/request.ts';
import { beforeEnd, SoraError } from '../../src/shared/errors.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer } from '../helpers/server.ts';
import { closedPort, failureOf, textOf } from '../providers/harness.ts';

const KEY = 'sk-very/secret-key';
// Longer than a DNS label may be: not found without asking anyone.
const NOWHERE = `${'x'.repeat(64)}.invalid`;

function read(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', kind: 'read', url, signal: new AbortController().signal, ...more };
}

function create(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { ...read(url), method: 'POST', kind: 'create', body: jsonBody({ prompt: 'a' }), ...more };
}

function auth(url: string, header = 'authorization'): NonNullable<HttpRequest['auth']> {
  return { header, value: header === 'authorization' ? `Bearer ${KEY}` : KEY, origin: new URL(url).origin };
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

it('asks again on a connection that stands, and no more than eight things at once', async () => {
  const held: ServerResponse[] = [];
  let [connections, onRequest] = [0, () => {}];
  const server = createHttpServer((_, response) => {
    held.push(response);
    onRequest();
  });
  server.on('connection', () => {
    connections += 1;
  });
  // However slow this machine is.
  server.keepAliveTimeout = 0;
  const port = await listen(server);
  const other = await createTestServer();
  const { http } = createTestHttp();
  const ask = (url: string) => http.send({ method: 'GET', kind: 'read', url, signal: new AbortController().signal });
  const answers = Promise.all(Array.from({ length: 40 }, () => ask(`http://127.0.0.1:${port}/`)));
  for (let wave = 0; wave < 5; wave += 1) {
    await new Promise<void>((resolve) => {
      onRequest = () => void (held.length >= 8 && resolve());
      onRequest();
    });
    // What was sent besides would be here before this is there and back.
    other.answer({});
    await ask(other.url);
    expect(held).toHaveLength(8);
    for (const response of held.splice(0)) response.end('{}');
  }
  expect((await answers).map(({ status }) => status)).toEqual(Array(40).fill(200));
  expect(connections).toBe(8);
});

describe('a create (P2)', () => {
  it.each([
    { title: 'a reset after the request was read', answer: { fault: 'reset' } as const },
    { title: 'a reset before its body was read', answer: { fault: 'reset-early' } as const },
    {
      title: 'an answer cut in its body',
      answer: { body: { id: 'video_1', status: 'queued' }, fault: 'cut' } as const,
    },
    { title: 'a 500', answer: { status: 500, body: { error: { message: 'oops' } } } },
    { title: 'a 502 page', answer: { status: 502, body: '<html>Bad gateway</html>' } },
    { title: 'a 408', answer: { status: 408 } },
    { title: 'a 499', answer: { status: 499 } },
    { title: 'a 303', answer: { status: 303, headers: { location: '/v1/videos/1' } } },
    { title: 'an answer that never comes', answer: { fault: 'hang' } as const },
    { title: 'an answer that stands still', answer: { body: 'x'.repeat(100), fault: 'stall' } as const },
  ])('is sent once and called ambiguous after $title', async ({ answer }) => {
    const server = await createTestServer();
    server.answer(answer);
    const { http } = createTestHttp({ timeouts: { headersMs: 150, idleMs: 150 } });
    const error = await failureOf(http.send(create(`${server.url}/v1/videos`)));
    expect(error.code).toBe('ambiguous');
    expect(error.hint).toMatch(/Nothing was repeated/);
    expect(server.seen).toHaveLength(1);
  });

  it.each(['create', 'read'] as const)('is answered by a gateway without that model, as a %s, once', async (kind) => {
    const server = await createTestServer();
    server.answer({ status: 503, body: { error: { message: 'No available channel', code: 'model_not_found' } } });
    const { http } = createTestHttp();
    const request = kind === 'create' ? create(`${server.url}/v1/videos`) : read(server.url);
    expect((await http.send(request)).status).toBe(503);
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ...[200, 408, 499, 500, 502].map((status) => [status, 'ambiguous'] as const),
    ...[400, 401, 429].map((status) => [status, 'refused'] as const),
  ])('whose answer of %i is larger than the limit is %s', async (status, code) => {
    const server = await createTestServer();
    server.answer({ status, body: 'x'.repeat(2000) });
    const { http } = createTestHttp();
    const error = await failureOf(http.send(create(server.url, { maxBytes: 1000 })));
    expect(error.code).toBe(code);
  });

  it('is tried four times, then a network error, when the connection is refused', async () => {
    const port = await closedPort();
    const { http, pauses } = createTestHttp();
    const error = await failureOf(http.send(create(`http://127.0.0.1:${port}/v1/videos`)));
    expect(error.code).toBe('network');
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ refused the connection \(4 tries(?: in \d+ s)?\)\.$/);
    expect(pauses).toEqual([375, 750, 1500]);
  });

  it('succeeds when the server comes up between two tries', async () => {
    const port = await closedPort();
    const late = createHttpServer((_, response) => response.end('{"id":"v"}'));
    const { http } = createTestHttp({
      clock: { now: Date.now, sleep: () => new Promise((resolve) => void late.listen(port, '127.0.0.1', resolve)) },
    });
    onTestFinished(() => void late.close());
    const answer = await http.send(create(`http://127.0.0.1:${port}/`));
    expect(answer.text).toBe('{"id":"v"}');
  });

  it('repeats a TLS handshake that is never answered, because nothing of the request has left', async () => {
    let connections = 0;
    const port = await listen(createServer(() => void connections++));
    const { http } = createTestHttp({ timeouts: { connectMs: 120 } });
    const error = await failureOf(
      http.send(create(`https://127.0.0.1:${port}/`, { auth: auth(`https://127.0.0.1:${port}`) })),
    );
    expect(error.code).toBe('network');
    expect(error.message).toMatch(
      /^127\.0\.0\.1:\d+ accepted the connection and did not finish the TLS handshake within 0\.12 s \(4 tries(?: in \d+ s)?\)\.$/,
    );
    expect(connections).toBe(4);
  });

  it('names DNS when the host does not exist', async () => {
    const { http, pauses } = createTestHttp();
    const error = await failureOf(http.send(create(`https://${NOWHERE}/v1/videos`)));
    expect(error.code).toBe('network');
    expect(error.message).toMatch(/^No address was found for x{64}\.invalid \(DNS; 4 tries(?: in \d+ s)?\)\.$/);
    expect(pauses).toHaveLength(3);
  });

  it('uses a fresh connection each time', async () => {
    const server = await createTestServer();
    server.answer({ body: {} }, { body: {} });
    const { http } = createTestHttp();
    await http.send(create(server.url));
    await http.send(create(server.url));
    expect(server.seen.map((seen) => seen.connection)).toEqual([1, 2]);
  });

  const slowDown = { error: { message: 'Slow down', code: 'rate_limit_exceeded' } };

  it('waits as long as a 429 asks, and sends the same bytes again', async () => {
    const server = await createTestServer();
    server.answer({ status: 429, headers: { 'retry-after': '7' }, body: slowDown }, { body: { id: 'v' } });
    const { http, pauses } = createTestHttp();
    const answer = await http.send(create(server.url));
    expect(answer.status).toBe(200);
    expect(pauses).toEqual([7000]);
    expect(server.seen[1]?.body.toString()).toBe('{"prompt":"a"}');
  });

  it('is repeated at most three times after a 429', async () => {
    const server = await createTestServer();
    server.answer(
      ...Array.from({ length: 4 }, () => ({ status: 429, headers: { 'retry-after': '1' }, body: slowDown })),
    );
    const { http } = createTestHttp();
    expect((await http.send(create(server.url))).status).toBe(429);
  });

  it.each([
    { title: 'names no time', headers: {}, body: slowDown },
    { title: 'asks for more than a minute', headers: { 'retry-after': '61' }, body: slowDown },
    {
      title: 'is about the quota',
      headers: { 'retry-after': '1' },
      body: { error: { message: 'no', code: 'insufficient_quota' } },
    },
  ])('is not repeated after a 429 that $title', async ({ headers, body }) => {
    const server = await createTestServer();
    server.answer({ status: 429, headers, body });
    const { http } = createTestHttp();
    expect((await http.send(create(server.url))).status).toBe(429);
  });

  it('is interrupted, not ambiguous, when aborted before it is sent', async () => {
    const { http } = createTestHttp();
    const error = await failureOf(http.send(create('http://127.0.0.1:1/', { signal: AbortSignal.abort() })));
    expect(error.code).toBe('interrupted');
  });

  it('is interrupted at once when aborted while connecting', async () => {
    const aborter = new AbortController();
    const port = await listen(createServer(() => aborter.abort()));
    const { http, pauses } = createTestHttp();
    const startedAt = Date.now();
    const error = await failureOf(http.send(create(`https://127.0.0.1:${port}/`, { signal: aborter.signal })));
    expect(error.code).toBe('interrupted');
    expect(pauses).toEqual([]);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it('is ambiguous when aborted after it was sent', async () => {
    const aborter = new AbortController();
    const server = await createTestServer();
    server.answer({ fault: 'hang', onRequest: () => aborter.abort() });
    const { http } = createTestHttp({ timeouts: { graceMs: 50 } });
    const error = await failureOf(http.send(create(server.url, { signal: aborter.signal })));
    expect(error.code).toBe('ambiguous');
  });

  it('P2: still takes the answer that comes soon after it was aborted', async () => {
    const aborter = new AbortController();
    const server = createHttpServer((request, response) => {
      aborter.abort();
      request.resume();
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"video_1"}'), 50);
    });
    const port = await listen(server);
    const { http } = createTestHttp();
    const answer = await http.send(create(`http://127.0.0.1:${port}/`, { signal: aborter.signal }));
    expect(answer.text).toBe('{"id":"video_1"}');
  });

  it('is interrupted when aborted while it waits after a 429', async () => {
    const aborter = new AbortController();
    const server = await createTestServer();
    server.answer({ status: 429, headers: { 'retry-after': '9' }, onRequest: () => setImmediate(() => {}) });
    const { http } = createTestHttp({
      clock: {
        now: Date.now,
        sleep: async (_, signal) => {
          aborter.abort();
          signal?.throwIfAborted();
        },
      },
    });
    const error = await failureOf(http.send(create(server.url, { signal: aborter.signal })));
    expect(error.code).toBe('interrupted');
  });
});

describe('a read', () => {
  it.each([
    { title: 'a reset', answer: { fault: 'reset' } as const },
    { title: 'a cut body', answer: { body: '{"id":"video_1"}', fault: 'cut' } as const },
    { title: 'a 408', answer: { status: 408 } },
    { title: 'a 429', answer: { status: 429 } },
    { title: 'a 503', answer: { status: 503 } },
  ])('is tried again after $title', async ({ answer }) => {
    const server = await createTestServer();
    server.answer(answer, answer, { body: { id: 'video_1' } });
    const { http, pauses } = createTestHttp();
    expect((await http.send(read(server.url))).text).toBe('{"id":"video_1"}');
    expect(pauses).toEqual([375, 750]);
  });

  it('waits as a Retry-After date asks', async () => {
    const server = await createTestServer();
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    server.answer({ status: 503, headers: { 'retry-after': inAnHour } }, { body: {} });
    const { http, pauses } = createTestHttp();
    await http.send(read(server.url));
    expect(pauses).toEqual([60_000]);
  });

  it('is given up after five tries', async () => {
    const server = await createTestServer();
    server.answer(...Array.from({ length: 5 }, () => ({ fault: 'reset' }) as const));
    const { http } = createTestHttp();
    const error = await failureOf(http.send(read(server.url)));
    expect(error.code).toBe('network');
    expect(error.message).toContain(`127.0.0.1:${server.port}`);
  });

  it('hands out the last 5xx after five tries', async () => {
    const server = await createTestServer();
    server.answer(...Array.from({ length: 5 }, () => ({ status: 500 })));
    const { http } = createTestHttp();
    expect((await http.send(read(server.url))).status).toBe(500);
  });

  it.each([
    { title: 'a 404', answer: { status: 404 } },
    {
      title: 'a 429 about the quota',
      answer: { status: 429, body: { error: { code: 'insufficient_quota', message: 'x' } } },
    },
  ])('is not tried again after $title', async ({ answer }) => {
    const server = await createTestServer();
    server.answer(answer);
    const { http } = createTestHttp();
    expect((await http.send(read(server.url))).status).toBe(answer.status);
  });

  it('takes a 5xx for final when its body settles the question', async () => {
    const server = await createTestServer();
    server.answer({ status: 500, body: { status: 'failed' } });
    const { http } = createTestHttp();
    const answer = await http.send(read(server.url, { settles: ({ text }) => text.includes('failed') }));
    expect(answer.status).toBe(500);
  });

  it('is interrupted and not tried again when aborted', async () => {
    const aborter = new AbortController();
    const server = await createTestServer();
    server.answer({ fault: 'hang', onRequest: () => aborter.abort() });
    const { http, pauses } = createTestHttp();
    const error = await failureOf(http.send(read(server.url, { signal: aborter.signal })));
    expect(error.code).toBe('interrupted');
    expect(pauses).toEqual([]);
  });

  it('refuses an answer beyond the limit', async () => {
    const server = await createTestServer();
    server.answer({ body: 'x'.repeat(2000) });
    const { http } = createTestHttp();
    expect((await failureOf(http.send(read(server.url, { maxBytes: 1000 })))).code).toBe('refused');
  });
});

describe('an answer that never comes', () => {
  it.each(['create', 'read'] as const)('ends a %s after the time for headers', async (kind) => {
    const server = await createTestServer();
    server.answer(...Array.from({ length: kind === 'create' ? 1 : 2 }, () => ({ fault: 'hang' }) as const));
    const { http } = createTestHttp({ timeouts: { headersMs: 80 } });
    const error = await failureOf(http.send(kind === 'create' ? create(server.url) : read(server.url)));
    expect(error.code).toBe(kind === 'create' ? 'ambiguous' : 'network');
    expect(error.message).toContain('did not answer within 0.08 s');
  });
});

describe('an answer that never ends, a few bytes at a time', () => {
  const trickled = { body: { id: 'video_9', status: 'queued' }, fault: 'trickle' } as const;
  const timeouts = { answerMs: 200, idleMs: 5000 };

  it('ends a create in its time, which says the id that has come (P2)', async () => {
    const server = await createTestServer();
    server.answer(trickled);
    const { http } = createTestHttp({ timeouts });
    const error = await failureOf(http.send(create(server.url)));
    expect(error.code).toBe('ambiguous');
    expect(error.message).toMatch(
      /took more than 0\.2 s to send its answer\. The beginning of its answer names the id video_9\./,
    );
  });

  it('ends a read in its time, the second time for good', async () => {
    const server = await createTestServer();
    server.answer(trickled, trickled);
    const { http } = createTestHttp({ timeouts });
    const error = await failureOf(http.send(read(server.url)));
    expect(error).toMatchObject({ code: 'network', message: expect.stringContaining('to send its answer (2 tries') });
  });

  it('ends a download never, as long as something comes', async () => {
    const server = await createTestServer();
    server.answer({ ...trickled, headers: { 'content-type': 'video/mp4' } });
    const { http } = createTestHttp({ timeouts: { ...timeouts, answerMs: 1 } });
    const opened = (await http.open(read(server.url))) as StreamedAnswer;
    let pieces = 0;
    for await (const _ of opened.body) {
      pieces += 1;
      if (pieces === 4) break;
    }
    expect(pieces).toBe(4);
  });
});

describe('an end from here', () => {
  it.each([
    {
      title: 'by the user',
      reason: new SoraError('interrupted', 'Interrupted.'),
      says: /^Interrupted\. Before that: 127\.0\.0\.1:\d+ answered 503: overloaded$/,
    },
    {
      title: 'by the time that was set',
      reason: new SoraError('network', 'No complete answer arrived within 3 s.', { reason: 'out-of-time' }),
      says: /^No complete answer arrived within 3 s\. Before that: 127\.0\.0\.1:\d+ answered 503: overloaded$/,
    },
  ])('$title tells what the host said last, while it is asked again and between', async ({ reason, says }) => {
    const overloaded = { status: 503, body: { error: { message: 'overloaded' } } };
    for (const isAsking of [true, false]) {
      const server = await createTestServer();
      const stop = new AbortController();
      server.answer(overloaded, ...(isAsking ? [{ fault: 'hang', onRequest: () => stop.abort(reason) } as const] : []));
      const sleep = async (_ms: number, signal?: AbortSignal): Promise<void> => {
        if (!isAsking) stop.abort(reason);
        signal?.throwIfAborted();
      };
      const { http } = createTestHttp({ clock: { now: Date.now, sleep } });
      const error = await failureOf(http.send(read(server.url, { signal: stop.signal })));
      expect(error).toMatchObject({ code: reason.code, message: expect.stringMatching(says) });
      expect(beforeEnd(error)?.message).toMatch(/answered 503: overloaded$/);
    }
  });

  it('by the time that was set, of a create that had left, says so (P2)', async () => {
    const server = await createTestServer();
    const stop = new AbortController();
    const reason = new SoraError('network', 'No complete answer arrived within 3 s.', { reason: 'out-of-time' });
    server.answer({ fault: 'hang', onRequest: () => stop.abort(reason) });
    const { http } = createTestHttp({ timeouts: { graceMs: 20 } });
    const error = await failureOf(http.send(create(server.url, { signal: stop.signal })));
    expect(error).toMatchObject({
      code: 'ambiguous',
      message: expect.stringMatching(/^No complete answer arrived within 3 s\./),
    });
  });
});

describe('a stream', () => {
  async function open(
    answer: Parameters<Awaited<ReturnType<typeof createTestServer>>['answer']>[0],
    signal?: AbortSignal,
  ) {
    const server = await createTestServer();
    server.answer(answer);
    const { http } = createTestHttp({ timeouts: { idleMs: 150 } });
    const opened = await http.open(read(server.url, signal ? { signal } : {}));
    return opened as StreamedAnswer;
  }
  const bytes = Buffer.alloc(300_000, 'v');
  const headers = { 'content-type': 'video/mp4' };

  it('yields every byte', async () => {
    expect(await textOf(await open({ body: bytes, headers }))).toBe(bytes.toString());
  });

  it.each(['cut', 'stall'] as const)('ends with a network error when it is %s', async (fault) => {
    const opened = await open({ body: bytes, headers, fault });
    expect((await failureOf(textOf(opened))).code).toBe('network');
  });

  it('ends as interrupted when aborted', async () => {
    const aborter = new AbortController();
    const opened = await open({ body: bytes, headers, fault: 'stall' }, aborter.signal);
    const error = failureOf(textOf(opened));
    aborter.abort();
    expect((await error).code).toBe('interrupted');
  });

  it.each(['application/json', 'text/html; charset=utf-8'])('is an answer to be read when it is %s', async (type) => {
    const server = await createTestServer();
    server.answer({ body: '{"error":"gone"}', headers: { 'content-type': type } });
    const { http } = createTestHttp();
    expect(await http.open(read(server.url))).toMatchObject({ status: 200, text: '{"error":"gone"}' });
  });
});

describe('a redirect', () => {
  it.each(['authorization', 'api-key', 'X-API-Key'])('to another port does not carry %s (P5)', async (header) => {
    const [home, other] = [await createTestServer(), await createTestServer()];
    home.answer({ status: 302, headers: { location: `${other.url}/file` } });
    other.answer({ body: 'bytes' });
    const { http } = createTestHttp();
    const answer = await http.send(
      read(home.url, { auth: auth(home.url, header), headers: { range: 'bytes=5-', 'x-api-key': KEY } }),
    );
    expect(answer.text).toBe('bytes');
    expect(JSON.stringify(home.seen[0]?.headers)).toContain(KEY);
    expect(JSON.stringify(other.seen[0]?.headers)).not.toContain(KEY);
    expect(other.seen[0]?.headers.range).toBe('bytes=5-');
  });

  it('within the origin keeps the key', async () => {
    const server = await createTestServer();
    server.answer({ status: 301, headers: { location: '/other' } }, { body: 'ok' });
    const { http } = createTestHttp();
    await http.send(read(server.url, { auth: auth(server.url) }));
    expect(server.seen[1]).toMatchObject({ path: '/other', headers: { authorization: `Bearer ${KEY}` } });
  });

  it('is followed five times, not six', async () => {
    const server = await createTestServer();
    server.answer(...Array.from({ length: 6 }, () => ({ status: 302, headers: { location: '/again' } })));
    const { http } = createTestHttp();
    const error = await failureOf(http.send(read(server.url)));
    expect(error.message).toMatch(/more than 5 times, now from \/again to \/again\.$/);
  });

  it.each([
    { title: 'plain http elsewhere', location: 'http://192.0.2.1/file' },
    { title: 'a file', location: 'file:///etc/passwd' },
    { title: 'something that is no URL', location: 'http://[' },
  ])('to $title is refused', async ({ location }) => {
    const server = await createTestServer();
    server.answer({ status: 302, headers: { location } });
    const { http } = createTestHttp();
    expect((await failureOf(http.send(read(server.url)))).code).toBe('refused');
  });

  it.each([307, 308])('of a create by %d within the origin is followed with the body', async (status) => {
    const server = await createTestServer();
    server.answer({ status, headers: { location: '/v1/videos/' } }, { body: { id: 'v' } });
    const { http } = createTestHttp();
    await http.send(create(`${server.url}/v1/videos`));
    expect(server.seen.map((seen) => [seen.method, seen.body.toString()])).toEqual([
      ['POST', '{"prompt":"a"}'],
      ['POST', '{"prompt":"a"}'],
    ]);
  });

  it.each([301, 302])('of a create by %d is refused', async (status) => {
    const server = await createTestServer();
    server.answer({ status, headers: { location: '/v1/videos/' } });
    const { http } = createTestHttp();
    expect((await failureOf(http.send(create(server.url)))).code).toBe('refused');
  });

  it('of a create to another origin is refused', async () => {
    const [home, other] = [await createTestServer(), await createTestServer()];
    home.answer({ status: 308, headers: { location: other.url } });
    const { http } = createTestHttp();
    expect((await failureOf(http.send(create(home.url)))).code).toBe('refused');
    expect(other.seen).toEqual([]);
  });
});

describe('a key (P5)', () => {
  it('is refused over plain http beyond this machine, before anything is sent', async () => {
    const { http, lines } = createTestHttp();
    const url = `http://${NOWHERE}/v1`;
    const error = await failureOf(http.send(read(url, { auth: auth(url) })));
    expect(error.code).toBe('usage');
    expect(lines).toEqual([]);
  });

  it.each([
    { title: 'the profile allows it', allowHttp: true, withKey: true },
    { title: 'there is none', allowHttp: false, withKey: false },
  ])('does not stop plain http when $title', async ({ allowHttp, withKey }) => {
    const { http } = createTestHttp({ allowHttp });
    const url = `http://${NOWHERE}/v1`;
    const error = await failureOf(http.send(read(url, withKey ? { auth: auth(url) } : {})));
    expect(error.message).toMatch(/DNS/);
  });

  it('is not sent to an origin that is not its own', async () => {
    const server = await createTestServer();
    server.answer({ body: {} });
    const { http } = createTestHttp();
    await http.send(read(server.url, { auth: auth('https://videos.example') }));
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });

  it.each(['sk-a\nb', 'sk-“quoted”', ''])('is refused when no header can carry it: %j', async (value) => {
    const { http } = createTestHttp();
    const error = await failureOf(
      http.send(read('http://127.0.0.1:1', { auth: { header: 'api-key', value, origin: 'http://127.0.0.1:1' } })),
    );
    expect(error.code).toBe('auth');
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('sk-');
  });

  it.each([
    { key: 'sk-0123456789abcdef', read: '***' },
    // What people give their own servers, and what any answer may hold.
    { key: 'video', read: 'video' },
  ])('that is $key is read as $read in what a host says', async ({ key, read: shown }) => {
    const server = await createTestServer();
    const said = { body: { object: key }, headers: { 'x-request-id': key, etag: `"${key}"` } };
    server.answer(said, { ...said, body: key });
    const { http } = createTestHttp();
    const own = { auth: { header: 'api-key', value: key, origin: server.url } };
    const answer = await http.send(read(server.url, own));
    expect(answer).toMatchObject({ text: `{"object":"${shown}"}`, requestId: '***', headers: { etag: `"${shown}"` } });
    expect(answer.redact(key)).toBe('***');
    expect((await http.open(read(server.url, own))).headers.etag).toBe(`"${shown}"`);
  });

  it('stands in no line of the wire log, nor do cookies and signatures', async () => {
    const server = await createTestServer();
    server.answer(
      {
        status: 302,
        headers: { location: `/file?sig=s1gnature&key=${encodeURIComponent(KEY)}`, 'set-cookie': 'c00kie=1' },
      },
      { body: 'ok', headers: { 'x-echo': `you sent ${KEY}` } },
    );
    const { http, lines } = createTestHttp();
    await http.send(read(server.url, { auth: auth(server.url), headers: { 'x-trace': 'visible' } }));
    const log = lines.join('\n');
    expect(log).toContain(`> GET ${server.url}/`);
    expect(log).toMatch(/< 302 Found \d+ ms/);
    expect(log).toContain('x-trace: visible');
    for (const secret of [KEY, encodeURIComponent(KEY), 's1gnature', 'c00kie']) expect(log).not.toContain(secret);
  });
});

describe('a proxy', () => {
  async function createProxy() {
    const seen: string[] = [];
    const server = createHttpServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end('{"from":"proxy"}');
    });
    server.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const port = await listen(server);
    return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, seen };
  }

  it('gets plain http requests as they are', async () => {
    const proxy = await createProxy();
    const { http } = createTestHttp({ proxy: { http: proxy.url } });
    expect((await http.send(create(`http://${NOWHERE}/v1/videos`))).text).toBe('{"from":"proxy"}');
    expect(proxy.seen).toEqual([`POST http://${NOWHERE}/v1/videos`]);
  });

  it('that will not connect is named, and nothing is ambiguous', async () => {
    const proxy = await createProxy();
    const { http } = createTestHttp({ proxy: { https: proxy.host } });
    const error = await failureOf(http.send(create('https://videos.example/v1/videos')));
    expect(error).toMatchObject({
      code: 'network',
      message: `The proxy ${proxy.host} would not connect to videos.example (407).`,
    });
    expect(proxy.seen[0]).toBe('CONNECT videos.example:443');
  });

  it.each([
    ['cannot be found', 'nowhere.invalid:3128', /^No address was found for the proxy nowhere\.invalid:3128/],
    ['is not running', '127.0.0.1:1', /^The proxy 127\.0\.0\.1:1 refused the connection \(4 tries(?: in \d+ s)?\)\.$/],
  ])('that %s is told as itself, with its variable and without its password', async (_title, host, message) => {
    const url = `http://joe:hunter22@${host}`;
    const { http } = createTestHttp({ proxy: { http: url, https: url } });
    for (const target of ['https://videos.example/v1', 'http://videos.example/v1']) {
      const error = await failureOf(http.send(create(target)));
      expect(error).toMatchObject({ code: 'network', message: expect.stringMatching(message) });
      expect(error.hint).toContain(`unset ${target.startsWith('https') ? 'HTTPS_PROXY' : 'HTTP_PROXY'}`);
      expect(`${error.message} ${error.hint}`).not.toContain('hunter22');
    }
  });

  it('that hangs up on a tunnel is asked once for each try', async () => {
    let tunnels = 0;
    const server = createServer((socket) => {
      socket.on('data', () => {
        tunnels++;
        socket.destroy();
      });
    });
    const port = await listen(server);
    const { http } = createTestHttp({ proxy: { https: `http://127.0.0.1:${port}` } });
    const error = await failureOf(http.send(create('https://videos.example/v1')));
    expect(error.code).toBe('network');
    expect(error.message).toContain(`through the proxy 127.0.0.1:${port}`);
    expect(tunnels).toBe(4);
  });

  it.each([
    { title: 'loopback', url: (port: number) => `http://127.0.0.1:${port}/` },
    { title: 'localhost', url: (port: number) => `http://localhost:${port}/` },
  ])('is never used for $title', async ({ url }) => {
    const proxy = await createProxy();
    const server = await createTestServer();
    server.answer({ body: 'direct' });
    const { http } = createTestHttp({ proxy: { http: proxy.url, https: proxy.url } });
    expect((await http.send(read(url(server.port)))).text).toBe('direct');
    expect(proxy.seen).toEqual([]);
  });

  it('is not used for what NO_PROXY names', async () => {
    const proxy = await createProxy();
    const { http } = createTestHttp({ proxy: { http: proxy.url, noProxy: '.invalid' } });
    expect((await failureOf(http.send(read(`http://${NOWHERE}/`)))).message).toMatch(/DNS/);
    expect(proxy.seen).toEqual([]);
  });

  it('for http is not used for https', async () => {
    const proxy = await createProxy();
    const { http } = createTestHttp({ proxy: { http: proxy.url } });
    expect((await failureOf(http.send(read(`https://${NOWHERE}/`)))).message).toMatch(/DNS/);
    expect(proxy.seen).toEqual([]);
  });

  it('in the process environment is not used unless it was passed in', async () => {
    const proxy = await createProxy();
    process.env.http_proxy = proxy.url;
    onTestFinished(() => void delete process.env.http_proxy);
    const { http } = createTestHttp();
    expect((await failureOf(http.send(read(`http://${NOWHERE}/`)))).message).toMatch(/DNS/);
    expect(proxy.seen).toEqual([]);
  });

  it.each(['ftp://proxy:21', 'http://['])('that is not one is a usage error: %s', async (proxy) => {
    const { http } = createTestHttp({ proxy: { https: proxy } });
    expect((await failureOf(http.send(read('https://videos.example/')))).code).toBe('usage');
  });
});

describe('close', () => {
  it('ends what is under way', async () => {
    const server = await createTestServer();
    const { http } = createTestHttp();
    server.answer({ fault: 'hang', onRequest: () => void http.close() });
    expect((await failureOf(http.send(read(server.url)))).code).toBe('interrupted');
  });
});

it('leaves no listener on the signal of a command: after answers, downloads read, broken off and discarded, redirects and refusals', async () => {
  const { signal } = new AbortController();
  const { http } = createTestHttp();
  const server = await createTestServer();
  const video = { headers: { 'content-type': 'video/mp4' }, body: 'frames' };
  const open = async () => (await http.open(read(server.url, { signal }))) as StreamedAnswer;
  const listeners = () => getEventListeners(signal, 'abort').length;
  for (let round = 0; round < 2; round++) {
    const moved = { status: 302, headers: { location: `${server.url}/there` } };
    server.answer(
      video,
      video,
      video,
      moved,
      { body: {} },
      { status: 404, body: {} },
      { fault: 'reset' },
      { body: {} },
    );
    const last = await open();
    expect(listeners()).toBe(1);
    last.discard();
    for await (const _ of (await open()).body) break;
    for await (const _ of (await open()).body);
    for (let asked = 0; asked < 3; asked++) await http.send(read(server.url, { signal }));
    await failureOf(http.send(read(`http://127.0.0.1:${await closedPort()}`, { signal })));
  }
  expect(listeners()).toBe(0);
});
