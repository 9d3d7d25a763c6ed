import { describe, expect, it } from 'vitest';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import type { Registration } from '../../src/shared/character.ts';
import { addCharacter, KEY, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';

const FLAGS: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: ['Joe'], inject: true, wait: false, count: 1 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

const made = (id: string, name: string | null = 'Joe'): Scripted => ({ body: { id, name, created_at: 1 } });

describe('a registration that the host has forgotten', () => {
  it('is marked stale after a refusal and made anew, and the request is sent once more', async () => {
    const test = await withHost();
    const { baseUrl } = test;
    await addCharacter(test, 'Joe', { baseUrl });
    const [old] = (await (await test.context.characters()).find('Joe'))?.registrations ?? [];
    const forgotten = refusal(400, 'invalid_value', 'Unknown character.');
    test.server.answer(forgotten, { status: 404, body: {} }, made('char_new'), videoObject('queued'));
    expect(await runGenerate(test.context, { ...FLAGS, prompt: 'Joe runs.', character: ['Joe'] })).toBe(0);
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/videos',
      `GET /v1/videos/characters/${old?.value}`,
      'POST /v1/videos/characters',
      'POST /v1/videos',
    ]);
    expect(JSON.parse(String(test.server.seen[3]?.body)).characters).toEqual([{ id: 'char_new' }]);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ value, stale }) => [value, stale === true])).toEqual([
      [old?.value, true],
      ['char_new', false],
    ]);
  });

  it('is marked stale together with older ones that are forgotten too', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    await (await test.context.characters()).update('Joe', (joe) => ({
      ...joe,
      registrations: joe.registrations.flatMap((one) => [{ ...one, value: 'char_older' }, one]),
    }));
    const forgotten = { status: 404, body: {} };
    test.server.answer(refusal(400, 'invalid_value', 'Unknown character.'), forgotten, forgotten);
    test.server.answer(made('char_new'), videoObject('queued'));
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ stale }) => stale === true)).toEqual([true, true, false]);
  });

  it('stays as it is when the refusal has another reason', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer(refusal(400, 'invalid_value', 'No such size.'), made('char_Joe'));
    await expect(
      runGenerate(test.context, { ...FLAGS, prompt: 'Joe runs.', character: ['Joe'] }),
    ).rejects.toMatchObject({
      code: 'refused',
    });
    expect(test.server.seen).toHaveLength(2);
  });
});

describe('a registration at a host that cannot be asked about characters', () => {
  const CANNOT: Scripted = { status: 405, body: { detail: 'Method Not Allowed' } };

  /** Joe under that id, and a refusal with those words. */
  async function refused(id: string, words: string): Promise<TestContext & { server: TestServer }> {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    await (await test.context.characters()).update('Joe', (joe) => ({
      ...joe,
      registrations: joe.registrations.map((one) => ({ ...one, value: id })),
    }));
    test.server.answer(refusal(400, 'invalid_value', words), CANNOT);
    return test;
  }

  it('is made anew when its id stands in the refusal', async () => {
    const test = await refused('ch_7', 'No character ch_7.');
    test.server.answer(made('char_new'), videoObject('queued'));
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ value, stale }) => [value, stale === true])).toEqual([
      ['ch_7', true],
      ['char_new', false],
    ]);
  });

  it.each([
    ['its id does not stand in the refusal', 'ch_7', 'No character ch_8.'],
    ['its id is so short that it may stand in any sentence', 'ch7', 'No such size: ch7.'],
  ])('stays when %s', async (_title, id, words) => {
    const test = await refused(id, words);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'refused' });
    expect(test.server.seen).toHaveLength(2);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ stale }) => stale)).toEqual([undefined]);
  });
});

interface Eachlabs extends TestContext {
  readonly server: TestServer;
  /** Where the host keeps clips. */
  readonly store: TestServer;
}

/** Joe as eachlabs has him: by the URL of his clip, so many milliseconds old. */
async function withUpload(ageMs: number): Promise<Eachlabs> {
  const [server, store] = [await createTestServer(), await createTestServer()];
  const env = { EACHLABS_API_KEY: KEY, EACHLABS_BASE_URL: server.url };
  const test = await createTestContext({ provider: 'eachlabs' }, { env });
  await addCharacter(test, 'Joe');
  const registration: Registration = {
    ...{ provider: 'eachlabs', baseUrl: server.url, orientation: 'landscape', kind: 'url', name: 'Joe' },
    ...{ value: `${store.url}/old-clip.mp4`, createdAt: new Date(START - ageMs).toISOString() },
  };
  await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [registration] }));
  return { ...test, server, store };
}

const CREATED: Scripted = { body: { status: 'success', predictionID: 'p-1' } };
const BYTE: Scripted = { status: 206, headers: { 'content-type': 'video/mp4' }, body: 'x' };
const HOUR = 3_600_000;

const sentClips = ({ server }: Eachlabs): unknown => JSON.parse(String(server.seen.at(-1)?.body)).input.video_urls;

/** The answers to an upload to a new place. */
function takeUpload({ server, store }: Eachlabs): void {
  const [presigned_url, public_url] = [`${store.url}/put`, `${store.url}/new-clip.mp4`];
  server.answer({ body: { id: 'u', presigned_url, public_url, required_headers: {} } });
  store.answer({});
}

describe('the URL of a clip of which nobody knows how long it lives', () => {
  it('is used as it is within the hour', async () => {
    const test = await withUpload(HOUR / 2);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(test.store.seen).toEqual([]);
    expect(sentClips(test)).toEqual([`${test.store.url}/old-clip.mp4`]);
  });

  it('P5: is asked for one byte later on, without the key, and used where the clip is still there', async () => {
    const test = await withUpload(2 * HOUR);
    test.store.answer(BYTE);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    const [look] = test.store.seen;
    expect(look).toMatchObject({ method: 'GET', path: '/old-clip.mp4', headers: { range: 'bytes=0-0' } });
    expect(JSON.stringify(look?.headers)).not.toContain(KEY);
    expect(sentClips(test)).toEqual([`${test.store.url}/old-clip.mp4`]);
  });

  // After a 403 it is asked for without a range, which may be what the store refuses.
  it.each([[404], [403, 403], [410]])('is uploaded anew when its place answers %s', async (...statuses) => {
    const test = await withUpload(2 * HOUR);
    test.store.answer(...statuses.map((status) => ({ status })));
    takeUpload(test);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(sentClips(test)).toEqual([`${test.store.url}/new-clip.mp4`]);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ stale }) => stale === true)).toEqual([true, false]);
    expect(test.stderr.text()).toMatch(/127\.0\.0\.1:\d+ no longer knows Joe/);
  });

  it.each<[string, Scripted]>([
    ['has trouble', { status: 503 }],
    ['wants a sign-in', { status: 401 }],
    ['shows a page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ])('is used all the same when its place %s', async (_title, answer) => {
    const test = await withUpload(2 * HOUR);
    test.store.answer(answer);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(test.store.seen).toHaveLength(1);
    expect(sentClips(test)).toEqual([`${test.store.url}/old-clip.mp4`]);
  });

  it('is uploaded anew after a refusal that names no file, when the clip is gone', async () => {
    const test = await withUpload(HOUR / 2);
    test.server.answer({ status: 400, body: { error: 'a reference could not be read' } });
    test.store.answer({ status: 404 });
    takeUpload(test);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(sentClips(test)).toEqual([`${test.store.url}/new-clip.mp4`]);
  });

  it('is uploaded anew after a refusal that names its file, though the clip is there: the host cannot read it', async () => {
    const test = await withUpload(HOUR / 2);
    test.server.answer({ status: 400, body: { error: 'old-clip.mp4 could not be decoded' } });
    takeUpload(test);
    test.server.answer(CREATED);
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(test.store.seen.map(({ method }) => method)).toEqual(['PUT']);
    expect(sentClips(test)).toEqual([`${test.store.url}/new-clip.mp4`]);
  });

  it('stays after a refusal that names no file, when the clip is there', async () => {
    const test = await withUpload(HOUR / 2);
    test.server.answer({ status: 400, body: { error: 'no such aspect ratio' } });
    test.store.answer(BYTE);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'refused' });
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ stale }) => stale)).toEqual([undefined]);
  });
});

describe('a job that failed because the host could not read a clip', () => {
  const task = (id: string, status: string, more: object = {}): Scripted => ({
    body: { code: 200, data: { id, status, ...more } },
  });
  const PRICE: Scripted = { body: { code: 200, data: { price: 1 } } };
  const FAILED = task('t1', 'failed', { code: 1402, error: 'Failed to download.' });

  it.each([
    ['when it is asked about', [task('t1', 'created'), FAILED]],
    ['in answer to its create', [FAILED]],
  ])('%s has the clip uploaded anew for the next video, and nothing is sent by itself', async (_title, answers) => {
    const [server, store] = [await createTestServer(), await createTestServer()];
    const baseUrl = `${server.url}/api/v3`;
    const env = { WAVESPEED_API_KEY: KEY, WAVESPEED_BASE_URL: baseUrl };
    const test = await createTestContext({ provider: 'wavespeed' }, { env });
    await addCharacter(test, 'Joe');
    const registration: Registration = {
      ...{ provider: 'wavespeed', baseUrl, orientation: 'landscape', kind: 'url', name: 'Joe' },
      ...{ value: `${store.url}/old-clip.mp4`, createdAt: new Date(START).toISOString() },
    };
    await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [registration] }));
    server.answer(PRICE, ...answers);
    const failed = runGenerate(test.context, { ...FLAGS, wait: true });
    await expect(failed).rejects.toMatchObject({ code: 'refused', hint: expect.stringMatching(/uploaded again/) });
    expect(server.seen).toHaveLength(1 + answers.length);
    expect(test.stderr.text()).toMatch(/could not read .* clip of Joe .* is uploaded again/);
    const [job] = (await (await test.context.jobs()).list()).records;
    const failure = { code: '1402', message: 'Failed to download.', policy: false, unreachable: true };
    expect(job).toMatchObject({ status: 'failed', failure });
    const ticket = { download_url: `${store.url}/new.mp4`, upload: { method: 'PUT', url: `${store.url}/put` } };
    server.answer({ body: { code: 200, data: ticket } }, PRICE, task('t2', 'created'));
    store.answer({});
    expect(await runGenerate(test.context, { ...FLAGS, prompt: 'Joe runs.' })).toBe(0);
    expect(JSON.parse(String(server.seen.at(-1)?.body)).reference_videos).toEqual([`${store.url}/new.mp4`]);
  });
});
