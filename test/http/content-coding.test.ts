import * as zlib from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type Answer, jsonOf } from '../../src/http/answer.ts';
import type { StreamedAnswer } from '../../src/http/client.ts';
import { refusal } from '../../src/http/errors.ts';
import type { HttpRequest } from '../../src/http/request.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';

const { gzipSync, deflateSync, deflateRawSync, brotliCompressSync } = zlib;
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer };

const JOB = Buffer.from('{"id":"video_1","status":"queued"}');
const VIDEO = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) % 251));

const coded = (coding: string, body: Buffer | string, more: Scripted = {}): Scripted => ({
  ...more,
  body,
  headers: { 'content-type': 'application/json', 'content-encoding': coding, ...more.headers },
});

async function setUp(...answers: Scripted[]) {
  const server = await createTestServer();
  server.answer(...answers);
  const { http } = createTestHttp();
  const { signal } = new AbortController();
  const request = (kind: HttpRequest['kind']): HttpRequest => ({
    ...{ kind, url: `${server.url}/v1/videos`, signal },
    method: kind === 'create' ? 'POST' : 'GET',
  });
  return { server, http, request };
}

async function bytesOf({ body }: Pick<StreamedAnswer, 'body'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function streamed(answer: Answer | StreamedAnswer): StreamedAnswer {
  if ('body' in answer) return answer;
  throw new Error('it is not streamed');
}

const failureOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

it('is asked of nobody, whatever is asked for', async () => {
  const { server, http, request } = await setUp({}, {}, {});
  await http.send(request('create'));
  await http.send(request('read'));
  await http.open({ ...request('read'), headers: { range: 'bytes=5-' } });
  expect(server.seen.map(({ headers }) => headers['accept-encoding'])).toEqual(Array(3).fill('identity'));
});

const CODINGS: readonly [title: string, coding: string, encode: (bytes: Buffer) => Buffer][] = [
  ['gzip', 'gzip', gzipSync],
  ['gzip under its old name, in capitals', 'X-GZIP', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without a header of zlib', 'deflate', deflateRawSync],
  ['br', 'br', brotliCompressSync],
  ['two codings', 'gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
  ['gzip that a proxy has undone, and left its name', 'gzip', (bytes) => bytes],
  ['what is no coding', 'aws-chunked', (bytes) => bytes],
  ...(zstdCompressSync ? [['zstd', 'zstd', zstdCompressSync] satisfies [string, string, unknown]] : []),
];

it.each(CODINGS)('is undone where it comes all the same: %s', async (_title, coding, encode) => {
  const video = coded(coding, encode(VIDEO), { headers: { 'content-type': 'video/mp4' } });
  const { http, request } = await setUp(coded(coding, encode(JOB)), coded(coding, ''), video);
  expect(jsonOf(await http.send(request('create')))).toEqual({ id: 'video_1', status: 'queued' });
  expect((await http.send(request('read'))).text).toBe('');
  const content = streamed(await http.open(request('read')));
  expect(content.isCoded).toBe(coding !== 'aws-chunked');
  expect((await bytesOf(content)).equals(VIDEO)).toBe(true);
});

it('P2: leaves a create unknown whose answer cannot be decoded, and names the coding', async () => {
  const { http, request, server } = await setUp(coded('snappy', 'xxxx'), coded('gzip', gzipSync(JOB).subarray(0, 30)));
  const unknown = await http.send(request('create'));
  expect(() => jsonOf(unknown)).toThrow(
    expect.objectContaining({ code: 'ambiguous', message: expect.stringContaining('(content-encoding: snappy)') }),
  );
  expect(await failureOf(http.send(request('create')))).toMatchObject({
    code: 'ambiguous',
    message: expect.stringContaining('cannot be decompressed'),
  });
  expect(server.seen).toHaveLength(2);
});

it('keeps the status of an answer that cannot be decoded', async () => {
  const { http, request } = await setUp(
    coded('snappy', 'xxxx', { status: 401 }),
    coded('snappy', 'xxxx', { headers: { 'content-type': 'video/mp4' } }),
  );
  expect(refusal(await http.send(request('create')))).toMatchObject({
    code: 'auth',
    message: expect.stringContaining('answered 401: a body that cannot be decoded here (content-encoding: snappy)'),
  });
  expect(await http.open(request('read'))).toMatchObject({ status: 200, text: '', unknownCoding: 'snappy' });
});

it('is a network error where a read is damaged each time', async () => {
  const { http, request } = await setUp({ ...coded('gzip', gzipSync(JOB).fill(0, 12)), forever: true });
  expect(await failureOf(http.send(request('read')))).toMatchObject({
    code: 'network',
    message: expect.stringContaining('cannot be decompressed'),
  });
});

it.each(['gzip', 'br', 'gzip, gzip'])('ends what would expand beyond all measure: %s', async (coding) => {
  const zeros = Buffer.alloc(50_000_000);
  const bomb =
    coding === 'br'
      ? brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 } })
      : gzipSync(zeros, { level: 1 });
  const body = coding === 'gzip, gzip' ? gzipSync(bomb) : bomb;
  const video = { headers: { 'content-type': 'video/mp4' } };
  const { http, request } = await setUp(coded(coding, body), coded(coding, body), coded(coding, body, video));
  const tooLarge = { message: expect.stringContaining('is larger than 16777216 bytes') };
  expect(await failureOf(http.send(request('create')))).toMatchObject({ code: 'ambiguous', ...tooLarge });
  expect(await failureOf(http.send(request('read')))).toMatchObject({ code: 'refused', ...tooLarge });
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of streamed(await http.open(request('read'))).body) bytes += chunk.byteLength;
  };
  expect(await failureOf(read())).toMatchObject({ code: 'refused', message: expect.stringContaining('compressed') });
  expect(bytes).toBeLessThan(34_000_000);
});

it('lets go of a body that is not read to its end, although more is to come', async () => {
  const { http, request, server } = await setUp(
    coded('gzip', gzipSync(VIDEO, { level: 0 }), { headers: { 'content-type': 'video/mp4' }, fault: 'stall' }),
  );
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const { body } = streamed(await http.open({ ...request('read'), signal: controller.signal }));
  let first = 0;
  for await (const chunk of body) {
    first = chunk.byteLength;
    break;
  }
  expect(first).toBeGreaterThan(0);
  expect(server.seen).toHaveLength(1);
});
