/** A body that only the end of its connection delimits, as in HTTP/1.0: its end is a FIN, and a reset is none. */
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonBody } from '../../src/http/body.ts';
import type { StreamedAnswer } from '../../src/http/client.ts';
import { createTestHttp } from '../helpers/http.ts';
import { failureOf } from '../providers/harness.ts';

const { signal } = new AbortController();

interface Said {
  readonly status?: number;
  readonly type?: string;
  readonly text: string;
}

/** A host that says these things, one a connection, and ends each in that way. */
async function listen(end: 'FIN' | 'RST', ...says: readonly Said[]): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const { status = 200, type = 'application/json', text } = says[Math.min(asked, says.length - 1)] as Said;
      asked += 1;
      socket.write(`HTTP/1.0 ${status} -\r\ncontent-type: ${type}\r\n\r\n${text}`, () => {
        if (end === 'FIN' || (says.length > 1 && asked === says.length)) socket.end();
        else socket.resetAndDestroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: () => asked };
}

async function textOf(answer: object): Promise<string> {
  let text = '';
  for await (const chunk of (answer as StreamedAnswer).body) text += Buffer.from(chunk).toString();
  return text;
}

const VIDEO: Said = { type: 'video/mp4', text: 'the beginning of a file' };
const WHOLE = { text: '{"id":"video_1","status":"queued"}' };
const TORN = { text: '{"id":"video_1","sta' };

describe('a body that ends with its connection', () => {
  it('is whole after a FIN', async () => {
    const { http } = createTestHttp();
    const { url } = await listen('FIN', VIDEO);
    expect(await textOf(await http.open({ method: 'GET', kind: 'read', url, signal }))).toBe(VIDEO.text);
  });

  it('P3: is no whole file after a reset, directly or through a proxy', async () => {
    const { url } = await listen('RST', VIDEO);
    for (const to of [{ url }, { url: 'http://videos.example/', proxy: { http: url } }]) {
      const { http } = createTestHttp({ allowHttp: true, proxy: to.proxy ?? {} });
      const answer = await http.open({ method: 'GET', kind: 'read', url: to.url, signal });
      expect(await failureOf(textOf(answer))).toMatchObject({ code: 'network' });
    }
  });

  it('is asked for again after a reset where that is harmless', async () => {
    const { http, pauses } = createTestHttp();
    const { url, asked } = await listen('RST', TORN, WHOLE);
    expect((await http.send({ method: 'GET', kind: 'read', url, signal })).text).toBe(WHOLE.text);
    expect([asked(), pauses]).toEqual([2, [expect.any(Number)]]);
  });

  const create = async (said: Said) => {
    const { http } = createTestHttp();
    const { url, asked } = await listen('RST', said);
    const request = { method: 'POST', kind: 'create', url, body: jsonBody({ prompt: 'x' }), signal } as const;
    const answer = await http.send(request).then(
      ({ status, text }) => ({ status, text }),
      (error: Error) => error,
    );
    return { answer, asked: asked() };
  };

  it('P2: leaves open what became of a create, and names the id that it began with', async () => {
    const { answer, asked } = await create(TORN);
    expect(answer).toMatchObject({ code: 'ambiguous', knownId: 'video_1' });
    expect(asked).toBe(1);
  });

  it.each<[string, Said]>([
    ['an object that is closed', WHOLE],
    ['a refusal', { status: 413, type: 'text/html', text: '<html><title>Too large</ti' }],
  ])('is the answer of a create all the same: %s', async (_what, said) => {
    expect(await create(said)).toEqual({ answer: { status: said.status ?? 200, text: said.text }, asked: 1 });
  });
});
