/** What is true of every adapter, whatever its host calls things: downloads and uploads. */
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/providers/provider.ts';
import { createTestServer, gzipped, readForm, type Scripted, type Seen, type TestServer } from '../helpers/server.ts';
import { authOf, type Bench, DIALECTS, type Dialect, FILE_URL, setUp } from './dialects.ts';
import { call, clip, failureOf, KEY, MP4, textOf, WHOLE } from './harness.ts';

const EARLIER = 'Tue, 24 Nov 2026 10:00:00 GMT';
const LATER = 'Tue, 24 Nov 2026 11:00:00 GMT';
const HELD = { variant: 'video', offset: 5, etag: '"a"', lastModified: EARLIER, totalBytes: 10 } as const;

describe.each(Object.values<Dialect>(DIALECTS))('a download of $name', (dialect) => {
  /** A host that leads to the store, as often as it is asked. */
  async function stored(...answers: Scripted[]): Promise<Bench> {
    const bench = await setUp(dialect);
    bench.server.answer({ ...dialect.leadsTo(`${bench.store.url}/v.mp4?sig=1`), forever: true });
    bench.store.answer(...answers);
    return bench;
  }

  it('is whole, from the store, without the key (P5)', async () => {
    const { server, store, provider, lines } = await stored({ body: '0123456789', headers: { ...MP4, etag: '"a"' } });
    const { body, discard: _discard, ...content } = await provider.openContent('v/1', WHOLE, call);
    expect(content).toEqual({
      contentType: 'video/mp4',
      offset: 0,
      totalBytes: 10,
      etag: '"a"',
      lastModified: undefined,
      isCoded: false,
    });
    expect(await textOf({ body })).toBe('0123456789');
    const host = { method: 'GET', path: dialect.base + dialect.contentPath('v%2F1') };
    expect(server.seen).toMatchObject([{ ...host, headers: { authorization: authOf(dialect) } }]);
    expect(store.seen).toMatchObject([{ method: 'GET', path: '/v.mp4?sig=1' }]);
    expect(JSON.stringify(store.seen[0]?.headers)).not.toContain(KEY);
    expect(store.seen[0]?.headers.range).toBeUndefined();
    expect(lines.join('\n')).not.toContain('sig=1');
  });

  it('is whole where the store compresses it unasked, without a length that would be that of something else', async () => {
    const { provider } = await stored(gzipped({ body: '0123456789', headers: MP4 }));
    const content = await provider.openContent('v', WHOLE, call);
    expect(content).toMatchObject({ isCoded: true, offset: 0, totalBytes: undefined });
    expect(await textOf(content)).toBe('0123456789');
  });

  it('is resumed by Range and If-Range', async () => {
    const part = { status: 206, body: '56789', headers: { ...MP4, etag: '"a"', 'content-range': 'bytes 5-9/10' } };
    const { store, provider } = await stored(part);
    const content = await provider.openContent('v', HELD, call);
    expect(content).toMatchObject({ offset: 5, totalBytes: 10 });
    expect(await textOf(content)).toBe('56789');
    expect(store.seen[0]?.headers).toMatchObject({ range: 'bytes=5-', 'if-range': '"a"' });
  });

  it('shows a store no weak tag in If-Range', async () => {
    const part = { status: 206, body: '9', headers: { ...MP4, etag: 'W/"a"', 'content-range': 'bytes 9-9/10' } };
    const { store, provider } = await stored(part);
    await textOf(await provider.openContent('v', { variant: 'video', offset: 9, etag: 'W/"a"' }, call));
    expect(store.seen[0]?.headers['if-range']).toBeUndefined();
  });

  it.each([undefined, 'W/"a"'])('shows a store the date where its tag is %j', async (etag) => {
    const part = { status: 206, body: '56789', headers: { ...MP4, 'content-range': 'bytes 5-9/10' } };
    const { store, provider } = await stored(part);
    await textOf(await provider.openContent('v', { ...HELD, etag }, call));
    expect(store.seen[0]?.headers['if-range']).toBe(EARLIER);
  });

  it('begins at 0 when the store ignores the range', async () => {
    const { provider } = await stored({ body: '0123456789', headers: MP4 });
    const content = await provider.openContent('v', HELD, call);
    expect(content.offset).toBe(0);
    expect(await textOf(content)).toBe('0123456789');
  });

  it.each<{ title: string; part: Scripted }>([
    { title: 'the range lies beyond the end', part: { status: 416, headers: { 'content-range': 'bytes */10' } } },
    {
      title: 'the tag has changed',
      part: { status: 206, body: '56789', headers: { ...MP4, etag: '"b"', 'content-range': 'bytes 5-9/10' } },
    },
    {
      title: 'the length of the whole has changed',
      part: { status: 206, body: '56789', headers: { ...MP4, 'content-range': 'bytes 5-9/11' } },
    },
    {
      title: 'the date has changed',
      part: {
        status: 206,
        body: '56789',
        headers: { ...MP4, 'content-range': 'bytes 5-9/10', 'last-modified': LATER },
      },
    },
    {
      title: 'the part begins elsewhere',
      part: { status: 206, body: '6789', headers: { ...MP4, 'content-range': 'bytes 6-9/10' } },
    },
    {
      title: 'the part is compressed: its offset is one of compressed bytes',
      part: gzipped({ status: 206, body: '56789', headers: { ...MP4, etag: '"a"', 'content-range': 'bytes 5-9/10' } }),
    },
    { title: 'the part does not say where it begins', part: { status: 206, body: '56789', headers: MP4 } },
  ])('starts over when $title', async ({ part }) => {
    const { store, provider } = await stored(part, { body: '0123456789', headers: MP4 });
    const content = await provider.openContent('v', HELD, call);
    expect(content.offset).toBe(0);
    expect(await textOf(content)).toBe('0123456789');
    expect(store.seen[1]?.headers.range).toBeUndefined();
  });

  it.each([400, 401, 416, 500, 501])(
    'starts over by the same link when the store answers %i to a range',
    async (status) => {
      const refused: Scripted = { status, body: status === 501 ? 'Range is not implemented' : 'not by halves' };
      const tries = status === 500 ? 5 : 1;
      const { store, provider } = await stored(...Array<Scripted>(tries).fill(refused), {
        body: '0123456789',
        headers: MP4,
      });
      const content = await provider.openContent('v', HELD, call);
      expect(content.offset).toBe(0);
      expect(await textOf(content)).toBe('0123456789');
      expect(store.seen.map(({ headers }) => headers.range)).toEqual([...Array(tries).fill('bytes=5-'), undefined]);
    },
  );

  it.each([
    {
      title: 'goes on with what is held where only the link had run out',
      refusals: 1,
      ranges: ['bytes=5-', 'bytes=5-'],
    },
    { title: 'starts over where it is the range', refusals: 2, ranges: ['bytes=5-', 'bytes=5-', undefined] },
  ])('takes a new link when the store answers 403 to a range, and $title', async ({ refusals, ranges }) => {
    const refused: Scripted = { status: 403, body: 'AccessDenied' };
    const part = { status: 206, body: '56789', headers: { ...MP4, etag: '"a"', 'content-range': 'bytes 5-9/10' } };
    const whole = { body: '0123456789', headers: MP4 };
    const { store, provider } = await stored(...Array<Scripted>(refusals).fill(refused), refusals === 1 ? part : whole);
    const content = await provider.openContent('v', HELD, call);
    expect([content.offset, await textOf(content)]).toEqual(refusals === 1 ? [5, '56789'] : [0, '0123456789']);
    expect(store.seen.map(({ headers }) => headers.range)).toEqual(ranges);
  });

  it.each([404, 410])(
    'does not start over where the store answers %i to a range of a new link, too',
    async (status) => {
      const { store, provider } = await stored(...Array<Scripted>(2).fill({ status, body: 'no such file' }));
      expect(await failureOf(provider.openContent('v', HELD, call))).toMatchObject({ code: 'refused' });
      expect(store.seen.map(({ headers }) => headers.range)).toEqual(['bytes=5-', 'bytes=5-']);
    },
  );

  it.each([403, 404, 410])('asks the host for a new link when the store answers %i', async (status) => {
    const { server, store, provider } = await setUp(dialect);
    server.answer(dialect.leadsTo(`${store.url}/old.mp4`), dialect.leadsTo(`${store.url}/new.mp4`));
    store.answer({ status, body: 'AccessDenied' }, { body: 'bytes', headers: MP4 });
    expect(await textOf(await provider.openContent('v', WHOLE, call))).toBe('bytes');
    expect(store.seen.map(({ path }) => path)).toEqual(['/old.mp4', '/new.mp4']);
  });

  it.each([
    { status: 404, body: 'no such file' },
    { status: 403, body: 'the token in the address is not valid' },
    { status: 401, body: 'unauthorized' },
  ])('does so once only, and does not blame the key for the $status of a store', async (gone) => {
    const { store, provider } = await stored(...Array<Scripted>(gone.status === 401 ? 1 : 2).fill(gone));
    const error = await failureOf(provider.openContent('v', WHOLE, call));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(gone.body) });
    expect(error.hint).not.toMatch(/\bkey\b/);
    expect(store.seen.length).toBeLessThanOrEqual(2);
  });

  it.each([
    { title: 'JSON', answer: { body: { error: { message: 'not ready' } } }, says: 'not ready' },
    {
      title: 'a web page',
      answer: { body: '<title>Login</title>', headers: { 'content-type': 'text/html' } },
      says: 'Login',
    },
  ])('refuses $title in place of the video with what was said (P3)', async ({ answer, says }) => {
    const { provider } = await stored(answer);
    const error = await failureOf(provider.openContent('v', WHOLE, call));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(says) });
  });

  it.each([
    { title: 'a job that is not finished', answer: dialect.notReady },
    ...dialect
      .refusals(404, 'No such job')
      .map((answer) => ({ title: `an id that is not known (${JSON.stringify(answer.body)})`, answer })),
    { title: 'plain http elsewhere', answer: dialect.leadsTo('http://files.example/v.mp4?sig=secret') },
    { title: 'a file', answer: dialect.leadsTo('file:///etc/passwd') },
  ])('refuses $title', async ({ answer }) => {
    const { server, provider } = await setUp(dialect);
    server.answer(answer, ...(answer.status === 404 && dialect.afterNoContent ? [dialect.afterNoContent] : []));
    const error = await failureOf(provider.openContent('v', WHOLE, call));
    expect(error.code).toBe('refused');
    expect(error.message).not.toContain('sig=secret');
  });

  it('follows no link that holds the key to another origin (P5)', async () => {
    const { server, store, provider } = await setUp(dialect);
    server.answer(dialect.leadsTo(`${store.url}/v.mp4?a=${KEY}`));
    const error = await failureOf(provider.openContent('v', WHOLE, call));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('contains the key') });
    expect(error.message).not.toContain(KEY);
    expect(store.seen).toEqual([]);
  });

  if (!dialect.variants) {
    it.each(['thumbnail', 'spritesheet'] as const)('has no %s, and asks nobody for one', async (variant) => {
      const { server, provider } = await setUp(dialect);
      expect((await failureOf(provider.openContent('v', { ...WHOLE, variant }, call))).code).toBe('usage');
      expect(server.seen).toEqual([]);
    });
  }
});

const UPLOADERS = Object.values<Dialect>(DIALECTS).flatMap(({ ticket, ...dialect }) =>
  ticket ? [{ ...dialect, ticket }] : [],
);

describe.each(UPLOADERS)('an upload to $name', (dialect) => {
  const { ticket } = dialect;
  const BY = { method: dialect.form ? 'POST' : 'PUT' };

  /** What a store was sent: a file, beside headers or behind the fields of its form. */
  async function sentTo(seen: Seen | undefined) {
    if (!seen) throw new Error('nothing was sent');
    const { headers, body } = seen;
    let fields: Readonly<Record<string, unknown>> = {};
    if (!dialect.form) return { headers, fields, file: body };
    const parts = [...(await readForm(seen))];
    const last = parts.pop();
    if (last?.[0] !== 'file' || !(last[1] instanceof File)) throw new Error('the file is not the last part');
    fields = Object.fromEntries(parts);
    return { headers, fields, file: Buffer.from(await last[1].arrayBuffer()) };
  }

  const send = async (provider: Provider, clipPath?: string): Promise<unknown> =>
    provider.clips?.upload({ clipPath: clipPath ?? (await clip()), fileName: 'zoë.mp4' }, call);

  async function withTicket(
    make: (store: TestServer) => Scripted = (store) => ticket(store),
    ...answers: Scripted[]
  ): Promise<Bench> {
    const bench = await setUp(dialect);
    bench.server.answer(make(bench.store));
    bench.store.answer(...answers);
    return bench;
  }

  it('puts the whole clip with exactly the headers of its ticket, and never shows the store the key (P5)', async () => {
    const headers = { 'Content-Type': 'video/x-mp4; a=b', 'X-Amz-Security-Token': 'tok-1234', 'x-goog-meta-owner': 42 };
    const isSigned = dialect.unsigned !== true && !dialect.form;
    const { server, store, provider, lines } = await withTicket((at) => ticket(at, headers), {});
    const bytes = Buffer.alloc(300_000, 'frame');
    expect(await send(provider, await clip(bytes))).toMatchObject({ url: FILE_URL });
    expect(server.seen).toMatchObject([{ method: 'POST', headers: { authorization: authOf(dialect) } }]);
    const [seen] = store.seen;
    expect(seen).toMatchObject({ ...BY, path: '/put?sig=abc' });
    const signed = { 'x-amz-security-token': 'tok-1234', 'x-goog-meta-owner': '42' };
    const { fields, file, headers: sent } = await sentTo(seen);
    expect(sent).toMatchObject({
      ...(isSigned
        ? { 'content-type': 'video/x-mp4; a=b', ...signed }
        : !dialect.form && { 'content-type': 'video/mp4' }),
      ...(!dialect.form && { 'content-length': '300000' }),
      host: `127.0.0.1:${store.port}`,
    });
    if (dialect.form) expect(fields).toEqual({ ...headers, 'x-goog-meta-owner': '42' });
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(seen?.headers)).not.toContain(KEY);
    expect(file.equals(bytes)).toBe(true);
    expect(lines.join('\n')).not.toMatch(new RegExp(`tok-1234|sig=abc|${KEY}`));
  });

  it('leaves the key out even when the place is on the host’s own origin (P5)', async () => {
    const { server, provider } = await setUp(dialect);
    server.answer(ticket(server), { status: 204 });
    await send(provider);
    expect(server.seen[1]).toMatchObject(BY);
    if (!dialect.form) expect(server.seen[1]?.headers['content-type']).toBe('video/mp4');
    expect(server.seen[1]?.headers).not.toHaveProperty('authorization');
  });

  it('is repeated after trouble, with the same bytes: it costs nothing', async () => {
    const { server, store, provider } = await setUp(dialect);
    server.answer({ status: 502 }, ticket(store));
    store.answer({ fault: 'reset' }, { status: 503 }, {});
    await send(provider);
    const sent = await Promise.all(store.seen.map(sentTo));
    expect(sent.map(({ file }) => String(file))).toEqual(['mp4', 'mp4', 'mp4']);
  });

  it('happens each time it is asked for, and only then', async () => {
    const { server, store, provider } = await withTicket(undefined, {}, {});
    server.answer(ticket(store));
    for (const _ of [1, 2]) expect(await send(provider)).toMatchObject({ url: FILE_URL });
    expect(store.seen).toHaveLength(2);
  });

  it('does not blame the key when the store refuses', async () => {
    const { provider } = await withTicket(undefined, { status: 403, body: '<Error>invalid token, credential</Error>' });
    expect((await failureOf(send(provider))).code).toBe('refused');
  });

  it.each([
    { title: 'the key is wrong', status: 401, code: 'auth' },
    { title: 'money has run out', status: 402, code: 'budget' },
    { title: 'the clip is refused', status: 400, code: 'refused' },
  ])('fails as $code when $title, and makes no character then', async ({ status, code }) => {
    for (const way of dialect.refusals(status, 'No.')) {
      const { server, provider } = await setUp(dialect);
      server.answer(way);
      expect((await failureOf(send(provider))).code).toBe(code);
      if (!provider.characters) continue;
      server.answer(way);
      const made = provider.characters.create({ name: 'Joe', clipPath: await clip(), fileName: 'j.mp4' }, call);
      expect((await failureOf(made)).code).toBe(code);
      expect(server.seen.map(({ path }) => path)).toEqual(Array(2).fill(server.seen[0]?.path));
    }
  });

  it.each([
    { title: 'to plain http elsewhere', place: 'http://store.example/put' },
    { title: 'to an address that contains the key', place: `https://store.example/put?a=${KEY}` },
  ])('is not made $title (P5)', async ({ place }) => {
    const { provider } = await withTicket((store) => ticket(store, {}, place));
    const error = await failureOf(send(provider));
    expect(error.code).toBe('refused');
    expect(error.message).not.toContain(KEY);
  });

  it('refuses an address of the file that holds the key: it would be kept, and shown to others (P5)', async () => {
    const { provider } = await withTicket((store) => {
      const body = JSON.stringify(ticket(store).body).replace(FILE_URL, `${FILE_URL}?key=${KEY}`);
      return { body, headers: { 'content-type': 'application/json' } };
    });
    expect((await failureOf(send(provider))).code).toBe('refused');
  });

  it('shows the store nothing of a key that stands in the ticket’s own headers (P5)', async () => {
    const store = await createTestServer();
    const { provider } = await withTicket(() => ticket(store, { 'x-note': `for ${KEY}` }));
    store.answer({});
    await send(provider);
    const { fields, headers } = await sentTo(store.seen[0]);
    expect((dialect.form ? fields : headers)['x-note']).toBe(dialect.unsigned ? undefined : 'for ***');
  });

  it('needs a clip that can be read', async () => {
    const { server, provider } = await setUp(dialect);
    const message = '/nowhere/joe.mp4 cannot be read.';
    expect(await failureOf(send(provider, '/nowhere/joe.mp4'))).toMatchObject({ code: 'machine', message });
    expect(server.seen).toEqual([]);
  });
});
