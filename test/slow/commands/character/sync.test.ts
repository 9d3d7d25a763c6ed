import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCharacterCreate } from '../../../../src/commands/character/create.ts';
import {
  runCharacterList,
  runCharacterRemove,
  runCharacterRename,
  runCharacterShow,
} from '../../../../src/commands/character/manage.ts';
import { runCharacterAdopt, runCharacterSync } from '../../../../src/commands/character/sync.ts';
import { runCharacterExport, runCharacterImport } from '../../../../src/commands/character/transfer.ts';
import { runGenerate } from '../../../../src/commands/video/generate.ts';
import type { Character, Registration } from '../../../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../../src/shared/clip.ts';
import { makeClip } from '../../../helpers/clips.ts';
import { addCharacter, KEY, refusal, videoObject, withHost } from '../../../helpers/far-end.ts';
import { smallJoe } from '../../../helpers/joe.ts';
import { createTestContext, START, type TestContext } from '../../../helpers/runtime.ts';
import { keepSample } from '../../../helpers/samples.ts';
import { createTestServer, type Scripted } from '../../../helpers/server.ts';

const HOST = 'https://gateway.example.com/v1';
const NO_CLIP = { clips: false };
const made = (id: string, name: string | null = 'Joe'): Scripted => ({ body: { id, name, created_at: 1 } });

const FLAGS = {
  ...{ prompt: 'Joe waves.', character: ['Joe'], inject: true, wait: false, count: 1, resend: false },
  ...{ dryRun: false, timeout: 60, force: false, allowDrift: false },
};

async function castFile(
  test: TestContext,
  names: readonly string[] = [],
  { clips = true, output = 'cast.json' } = {},
): Promise<string> {
  await runCharacterExport(test.context, { names, output, withClips: clips, force: false });
  return join(test.dir, output);
}

const find = async ({ context }: TestContext, name: string): Promise<Character | undefined> =>
  (await context.characters()).find(name);

const values = async (test: TestContext, name = 'Joe') =>
  (await find(test, name))?.registrations.map(({ value }) => value);

const doc = (path: string) => readFile(path, 'utf8').then((text) => JSON.parse(text));

describe('character sync', () => {
  it('registers those whom the host does not know, and asks about the others', async () => {
    const test = await withHost({ json: true });
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    await addCharacter(test, 'Mia');
    test.server.answer(made('char_Joe'), made('char_2', 'Mia'));
    expect(await runCharacterSync(test.context, [])).toBe(0);
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/videos/characters/char_Joe',
      'POST /v1/videos/characters',
    ]);
    expect(JSON.parse(test.stdout.text())).toMatchObject([
      { name: 'Joe', did: 'known', registration: { value: 'char_Joe' } },
      { name: 'Mia', did: 'registered', registration: { value: 'char_2' } },
    ]);
    expect(await values(test, 'Mia')).toEqual(['char_2']);
  });

  it('registers anew whom the host has forgotten, and marks the old id stale', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer({ status: 404, body: { error: { message: 'No such character.' } } }, made('char_2'));
    expect(await runCharacterSync(test.context, ['Joe'])).toBe(0);
    expect(test.stdout.text()).toBe(`Joe: ${new URL(test.baseUrl).host} knows it now as char_2\n`);
    expect((await find(test, 'Joe'))?.registrations.map(({ value, stale }) => [value, stale === true])).toEqual([
      ['char_Joe', true],
      ['char_2', false],
    ]);
  });

  it.each<[string, Scripted]>([
    ['has no such route', { status: 404, body: { detail: 'Not Found' } }],
    ['shows a page', { status: 404, body: '<html><title>Not here</title></html>' }],
    ['does not allow it', { status: 405 }],
    ['refuses the question', refusal(400, 'invalid_value')],
  ])('P3: says that it could not ask a host that %s, and keeps what it has', async (_title, answer) => {
    const test = await withHost({ json: true });
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer(answer);
    expect(await runCharacterSync(test.context, ['Joe'])).toBe(0);
    expect(JSON.parse(test.stdout.text())).toMatchObject([{ did: 'unchecked', registration: { value: 'char_Joe' } }]);
    expect(await find(test, 'Joe')).not.toMatchObject({ registrations: [{ stale: true }] });
  });

  it('does not take a wrong key for an answer about a character', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer(refusal(401, 'invalid_api_key'));
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject({ code: 'auth' });
  });

  it.each<[number, string, string]>([
    [206, 'known', 'old'],
    [404, 'registered', 'new'],
    [503, 'unchecked', 'old'],
  ])('of a clip whose place answers %i says %s', async (status, did, value) => {
    const [server, store] = [await createTestServer(), await createTestServer()];
    const env = { EACHLABS_API_KEY: KEY, EACHLABS_BASE_URL: server.url };
    const test = await createTestContext({ provider: 'eachlabs', json: true }, { env });
    await addCharacter(test, 'Joe');
    const registration: Registration = {
      ...{ provider: 'eachlabs', baseUrl: server.url, orientation: 'landscape', kind: 'url', name: 'Joe' },
      ...{ value: `${store.url}/old.mp4`, createdAt: new Date(START).toISOString() },
    };
    await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [registration] }));
    store.answer({ status, headers: { 'content-type': 'video/mp4' }, body: 'x' });
    if (did === 'registered') {
      const place = { presigned_url: `${store.url}/put`, public_url: `${store.url}/new.mp4`, required_headers: {} };
      server.answer({ body: { id: 'u', ...place } });
      store.answer({});
    }
    expect(await runCharacterSync(test.context, [])).toBe(0);
    expect(JSON.parse(test.stdout.text())).toMatchObject([
      { did, registration: { value: `${store.url}/${value}.mp4` } },
    ]);
  });

  it('goes on after a refusal, and exits with the worst code of several', async () => {
    const test = await withHost();
    for (const name of ['Ann', 'Bob', 'Cid']) await addCharacter(test, name);
    test.server.answer(refusal(400, 'invalid_value'), refusal(400, 'people-in-user-uploads'), made('char_3', 'Cid'));
    expect(await runCharacterSync(test.context, [])).toBe(11);
    expect(test.stderr.text()).toMatch(/error: Ann: .*\n(.*\n)*error: Bob: /);
    expect(test.stdout.text()).toMatch(/^Ann: not registered\nBob: not registered\nCid: .* as char_3\n$/);
  });

  it('stops at a wrong key, since nobody else would fare better', async () => {
    const test = await withHost();
    for (const name of ['Ann', 'Bob']) await addCharacter(test, name);
    test.server.answer(refusal(401, 'invalid_api_key'));
    expect(await runCharacterSync(test.context, [])).toBe(4);
    expect(test.stderr.text()).toContain('Not tried: Bob');
  });

  it('of one character fails as that one does', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(refusal(400, 'invalid_value', 'Too dark.'));
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^Joe: .*Too dark/),
    });
  });

  it('names every unknown name at once, before anything is sent', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    await expect(runCharacterSync(test.context, ['Joe', 'Ann', 'Bea', 'Jo'])).rejects.toMatchObject({
      code: 'usage',
      problems: ['There is no character "Ann".', 'There is no character "Bea".', 'There is no character "Jo".'],
      hint: 'See the cast: sora character list. Did you mean Joe?',
    });
  });

  it('P3: of the whole cast is refused when a record cannot be read', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    await writeFile(join(test.context.paths().characters, 'ffff.json'), '{');
    await expect(runCharacterSync(test.context, [])).rejects.toMatchObject({ code: 'machine' });
    expect(test.server.seen).toEqual([]);
  });

  it('is refused where the backend takes no characters', async () => {
    const test = await withHost({ backend: 'vllm-omni' });
    await addCharacter(test, 'Joe');
    test.server.answer({ body: { data: [{ id: 'Wan-AI/Wan2.2' }] } });
    await expect(runCharacterSync(test.context, [])).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('character adopt', () => {
  const adopt = (test: TestContext, more: object = {}) =>
    runCharacterAdopt(test.context, { id: 'char_9', name: 'Joe', asRegistered: false, ...more });

  it('asks the host for the id, and keeps it as a registration of the local character', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(made('char_9'));
    await adopt(test, { name: 'joe' });
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/videos/characters/char_9',
    ]);
    expect((await find(test, 'Joe'))?.registrations).toEqual([
      {
        ...{ provider: 'openai', baseUrl: test.baseUrl, profile: 'default', orientation: 'landscape', kind: 'id' },
        ...{ value: 'char_9', name: 'Joe', createdAt: new Date(START).toISOString() },
      },
    ]);
  });

  it('is what later videos use, before what was registered earlier; twice is once', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer(made('char_9'), made('char_9'), made('char_Joe'));
    await adopt(test);
    await adopt(test);
    expect(await values(test)).toEqual(['char_Joe', 'char_9']);
    await adopt(test, { id: 'char_Joe' });
    expect(await values(test)).toEqual(['char_9', 'char_Joe']);
  });

  it('keeps what was paid for the registration that is taken over once more, and for no other', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    const cost = { estimateUsd: 0.25, asOf: '2026-11-21', source: 'a page' };
    await (await test.context.characters()).update('Joe', (joe) => ({
      ...joe,
      registrations: joe.registrations.map((one) => ({ ...one, cost })),
    }));
    test.server.answer(made('char_9'), made('char_Joe'));
    await adopt(test);
    await adopt(test, { id: 'char_Joe' });
    const costs = (await find(test, 'Joe'))?.registrations.map((one) => [one.value, one.cost]);
    expect(costs).toEqual([
      ['char_9', undefined],
      ['char_Joe', cost],
    ]);
  });

  it('refuses an id that the host does not know', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer({ status: 404, body: {} });
    await expect(adopt(test)).rejects.toMatchObject({
      code: 'usage',
      message: `${new URL(test.baseUrl).host} does not know a character char_9.`,
    });
    expect(await values(test)).toEqual([]);
  });

  it('P1: refuses another name at the host; --as-registered makes prompts say that', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(made('char_9', 'joe.smith'), made('char_9', 'joe.smith'), videoObject('queued'));
    await expect(adopt(test)).rejects.toMatchObject({
      code: 'usage',
      message: `${new URL(test.baseUrl).host} knows char_9 as joe.smith, not as Joe.`,
      hint: expect.stringContaining('--as-registered'),
    });
    expect(await values(test)).toEqual([]);
    await adopt(test, { asRegistered: true });
    await runGenerate(test.context, {
      ...{ prompt: 'He waves.', character: ['Joe'], inject: true, wait: false, count: 1, resend: false },
      ...{ dryRun: false, timeout: 60, force: false, allowDrift: false },
    });
    const sent = JSON.parse(String(test.server.seen[2]?.body));
    expect(sent).toMatchObject({ prompt: 'Featuring joe.smith. He waves.', characters: [{ id: 'char_9' }] });
  });

  it('takes an id at the user’s word where the host cannot be asked', async () => {
    const test = await createTestContext({ provider: 'eachlabs' }, { env: { EACHLABS_API_KEY: KEY } });
    await addCharacter(test, 'Joe');
    await adopt(test);
    expect(test.stderr.text()).toMatch(/^warning: .*cannot be asked.* char_9 is accepted as given\.$/m);
    expect(await values(test)).toEqual(['char_9']);
  });

  it('needs no clip: the character is then used where it is registered, and refused elsewhere before anything is sent', async () => {
    const test = await withHost();
    test.server.answer(made('char_9'), videoObject('queued'));
    await adopt(test);
    expect(await find(test, 'Joe')).toEqual({
      ...{ version: 1, name: 'Joe', createdAt: new Date(START).toISOString() },
      registrations: [
        {
          ...{ provider: 'openai', baseUrl: test.baseUrl, profile: 'default', orientation: 'landscape', kind: 'id' },
          ...{ value: 'char_9', name: 'Joe', createdAt: new Date(START).toISOString() },
        },
      ],
    });
    expect(test.stderr.text()).toContain(
      'Joe has no clip: it can be used where it is registered, and nowhere else. ' +
        'To give it one: sora character create <clip> --name "Joe"',
    );
    // Nothing can be turned: what the host has must do for a portrait video too.
    await runGenerate(test.context, { ...FLAGS, size: { width: 720, height: 1280 } });
    expect(JSON.parse(String(test.server.seen[1]?.body)).characters).toEqual([{ id: 'char_9' }]);

    const other = await createTestServer();
    const env = { OPENAI_BASE_URL: `${other.url}/v1`, OPENAI_API_KEY: KEY };
    const refusal = {
      code: 'usage',
      message: `Joe has no clip here, and ${new URL(other.url).host} does not know it. It is registered with openai (${test.baseUrl}).`,
      hint: 'Add its clip: sora character create <clip> --name "Joe"',
    };
    const elsewhere = await test.again({}, { env });
    await expect(runGenerate(elsewhere.context, FLAGS)).rejects.toMatchObject(refusal);
    await expect(runGenerate(elsewhere.context, { ...FLAGS, dryRun: true })).rejects.toMatchObject(refusal);
    await expect(runCharacterSync(elsewhere.context, ['Joe'])).rejects.toMatchObject({ code: 'usage' });
    expect(other.seen).toEqual([]);
  });

  it('without a clip makes videos that lie as --orientation says', async () => {
    const test = await withHost();
    test.server.answer(made('char_9'), videoObject('queued'));
    await adopt(test, { orientation: 'portrait' });
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
    expect(JSON.parse(String(test.server.seen[1]?.body)).size).toBe('720x1280');
  });

  it('without a clip is no use where a model takes the clip itself', async () => {
    const env = { WAVESPEED_API_KEY: KEY };
    const test = await createTestContext({ provider: 'wavespeed' }, { env });
    await adopt(test);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('this model of wavespeed takes the clip itself'),
    });
  });

  it('without a clip is listed and shown so, and given its clip by create, which keeps what hosts know', async () => {
    const test = await withHost();
    test.server.answer(made('char_9'));
    await adopt(test);
    await runCharacterList(test.context);
    await runCharacterShow(test.context, 'Joe');
    expect(test.stdout.text()).toMatch(/^Joe +no clip +127\.0\.0\.1:\d+ char_9 /m);
    expect(test.stdout.text()).toMatch(/^ {2}clip {8}no clip$/m);
    expect(test.stdout.text()).not.toMatch(/made from|undefined/);

    await copyFile(await makeClip('fits', test.dir), join(test.dir, 'joe.mp4'));
    const input = { file: 'joe.mp4', options: DEFAULT_CLIP_OPTIONS, force: false, local: false, dryRun: false };
    const close = runCharacterCreate(test.context, { ...input, name: 'JOE' });
    await expect(close).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('too close to Joe') });
    await runCharacterCreate(test.context, { ...input, name: 'Joe' });
    expect(test.server.seen).toHaveLength(1);
    const joe = await find(test, 'Joe');
    expect(joe).toMatchObject({ clip: { source: { fileName: 'joe.mp4' } }, registrations: [{ value: 'char_9' }] });
    expect(await (await test.context.characters()).checkClip(joe?.clip?.master.sha256 ?? '')).toBe('whole');
  });

  it('without a clip is removed and renamed like any other', async () => {
    const test = await withHost();
    test.server.answer(made('char_9'));
    await adopt(test);
    await runCharacterRename(test.context, 'Joe', 'Jim');
    await runCharacterRemove(test.context, 'Jim', true);
    expect(test.stdout.text()).toMatch(/Joe is now Jim\.\nJim is removed\.\n$/);
  });

  it('refuses a clip that is not there, before the host is asked', async () => {
    const test = await withHost();
    await expect(adopt(test, { clip: 'none.mp4' })).rejects.toMatchObject({ code: 'usage' });
    expect(await find(test, 'Joe')).toBeUndefined();
  });

  it('prepares and keeps the clip that is given; another one under a taken name is refused', async () => {
    const test = await withHost();
    await copyFile(await smallJoe(), join(test.dir, 'joe.mp4'));
    test.server.answer({ status: 404, body: {} }, made('char_9'), made('char_9'));
    await expect(adopt(test, { clip: 'joe.mp4' })).rejects.toMatchObject({ code: 'usage' });
    expect(await find(test, 'Joe')).toBeUndefined();
    await adopt(test, { clip: 'joe.mp4' });
    await adopt(test, { clip: 'joe.mp4' });
    const joe = await find(test, 'Joe');
    expect(joe).toMatchObject({ clip: { source: { fileName: 'joe.mp4' } }, registrations: [{ value: 'char_9' }] });
    expect(await (await test.context.characters()).checkClip(joe?.clip?.master.sha256 ?? '')).toBe('whole');
    await writeFile(join(test.dir, 'joe.mp4'), 'another');
    await expect(adopt(test, { clip: 'joe.mp4' })).rejects.toMatchObject({
      message: expect.stringMatching(/already exists/),
    });
  });
});

describe('character export', () => {
  it('writes the whole cast or those that are named, in the order of the names', async () => {
    const test = await createTestContext({ json: true });
    for (const name of ['Zoë', 'Joe', 'Mia']) await addCharacter(test, name, { baseUrl: HOST });
    const all = await castFile(test, [], NO_CLIP);
    expect(JSON.parse(test.stdout.text())).toEqual({ path: all, characters: ['Joe', 'Mia', 'Zoë'], clips: [] });
    expect((await doc(all)).characters.map(({ name }: Character) => name)).toEqual(['Joe', 'Mia', 'Zoë']);
    const two = await doc(await castFile(test, ['zoë', 'Zoë', 'Mia'], { clips: false, output: 'two.json' }));
    expect(two.characters.map(({ name, clip }: { name: string; clip?: string }) => [name, clip])).toEqual([
      ['Zoë', undefined],
      ['Mia', undefined],
    ]);
    expect((await readdir(test.dir)).toSorted()).toEqual(['cast.json', 'two.json']);
  });

  it('P5: holds no key and no profile', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(made('char_1'));
    await runCharacterSync(test.context, []);
    const text = await readFile(await castFile(test), 'utf8');
    expect(text).toContain('char_1');
    expect(text).not.toMatch(/sk-|profile/);
  });

  it('puts each clip beside the file once, under its hash', async () => {
    const test = await createTestContext();
    const store = await test.context.characters();
    const joe = await keepSample(store, 'Joe', { content: 'shared' });
    await keepSample(store, 'Mia', { content: 'shared' });
    const cast = await doc(await castFile(test));
    const clip = `cast.clips/${joe.clip.master.sha256}.mp4`;
    expect(cast.characters.map((one: { clip: string }) => one.clip)).toEqual([clip, clip]);
    expect(await readdir(join(test.dir, 'cast.clips'))).toEqual([`${joe.clip.master.sha256}.mp4`]);
    expect(await readFile(join(test.dir, clip), 'utf8')).toBe('shared');
  });

  it('P4: replaces nothing without --force, and leaves nothing half', async () => {
    const test = await createTestContext();
    const joe = await addCharacter(test, 'Joe');
    await writeFile(join(test.dir, 'cast.json'), 'mine');
    await expect(castFile(test)).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--force') });
    expect([await readFile(join(test.dir, 'cast.json'), 'utf8'), await readdir(test.dir)]).toEqual([
      'mine',
      ['cast.json'],
    ]);
    const other = join(test.dir, 'cast.clips', `${joe.clip.master.sha256}.mp4`);
    await mkdir(join(test.dir, 'cast.clips'));
    await writeFile(other, 'not Joe');
    await rm(join(test.dir, 'cast.json'));
    await expect(castFile(test)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(other) });
    expect(await readdir(test.dir)).toEqual(['cast.clips']);
    await runCharacterExport(test.context, { names: [], output: 'cast.json', withClips: true, force: true });
    expect(await readFile(other, 'utf8')).toBe('Joe');
  });

  it('with clips is refused when one is missing or damaged; nothing is written', async () => {
    const test = await createTestContext();
    const store = await test.context.characters();
    const [joe, mia] = [await addCharacter(test, 'Joe'), await addCharacter(test, 'Mia')];
    await addCharacter(test, 'Zoë');
    await rm(store.clipPath(joe.clip.master.sha256));
    await writeFile(store.clipPath(mia.clip.master.sha256), 'torn');
    await expect(castFile(test)).rejects.toMatchObject({
      code: 'machine',
      problems: ['The clip of Joe is missing.', 'The clip of Mia is damaged.'],
    });
    expect(await readdir(test.dir)).toEqual([]);
  });

  it.each([
    ['no characters', 'cast.json', /The cast is empty/],
    ['stdout', '-', /names the file/],
    ['a folder', 'sub/', /names the file/],
    ['a folder that is not there', 'sub/cast.json', /does not exist/],
  ])('of or to %s is refused', async (_title, output, message) => {
    const test = await createTestContext();
    await expect(castFile(test, [], { output })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
  });

  it('P3: of the whole cast is refused when a record cannot be read', async () => {
    const test = await createTestContext();
    await addCharacter(test, 'Joe');
    await writeFile(join(test.context.paths().characters, 'ffff.json'), '{');
    await expect(castFile(test)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('ffff.json'),
    });
    await castFile(test, ['Joe']);
  });
});

describe('character import', () => {
  const bring = (test: TestContext, file: string, force = false) => runCharacterImport(test.context, { file, force });

  it('gives an empty machine the whole cast, and does nothing the second time', async () => {
    const [one, two] = [await createTestContext(), await createTestContext({ json: true })];
    const joe = await addCharacter(one, 'Joe', { baseUrl: HOST });
    const mia = await addCharacter(one, 'Mia');
    const file = await castFile(one);
    await bring(two, file);
    expect([await find(two, 'Joe'), await find(two, 'Mia')]).toEqual([joe, mia]);
    const store = await two.context.characters();
    expect(await store.checkClip(joe.clip.master.sha256)).toBe('whole');
    const again = await two.again();
    await bring(again, file);
    expect(JSON.parse(again.stdout.text())).toEqual([
      { name: 'Joe', did: 'unchanged', hasClip: true },
      { name: 'Mia', did: 'unchanged', hasClip: true },
    ]);
  });

  it('loses no registration on either side', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await addCharacter(one, 'Joe', { baseUrl: 'https://a.example.com/v1' });
    await addCharacter(two, 'Joe', { baseUrl: 'https://b.example.com/v1' });
    await bring(two, await castFile(one));
    const urls = (await find(two, 'Joe'))?.registrations.map(({ baseUrl }) => baseUrl);
    expect(urls?.toSorted()).toEqual(['https://a.example.com/v1', 'https://b.example.com/v1']);
    expect(two.stdout.text()).toBe('Joe: merged\n');
  });

  it('refuses another clip under a name that is taken, and changes nothing at all', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await addCharacter(one, 'Ann');
    const theirs = await keepSample(await one.context.characters(), 'Joe', { content: 'their Joe' });
    const mine = await addCharacter(two, 'Joe', { baseUrl: HOST });
    const file = await castFile(one);
    await expect(bring(two, file)).rejects.toMatchObject({
      code: 'usage',
      message: 'Joe already exists, with another clip.',
      hint: expect.stringContaining('--force'),
    });
    expect([await find(two, 'Joe'), await find(two, 'Ann')]).toEqual([mine, undefined]);
    await bring(two, file, true);
    expect(await find(two, 'Joe')).toEqual(theirs);
    expect(two.stdout.text()).toBe('Ann: added\nJoe: replaced\n');
  });

  it('replaces no clip by none, not even with --force', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await keepSample(await one.context.characters(), 'Joe', { content: 'their Joe' });
    const mine = await addCharacter(two, 'Joe');
    await expect(bring(two, await castFile(one, [], NO_CLIP), true)).rejects.toMatchObject({ code: 'usage' });
    expect(await find(two, 'Joe')).toEqual(mine);
  });

  it('keeps a character that comes without a clip, says so, and gives it its clip later', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    const joe = await addCharacter(one, 'Joe', { baseUrl: HOST });
    await bring(two, await castFile(one, [], NO_CLIP));
    expect(two.stderr.text()).toMatch(/Joe has no clip/);
    expect(await find(two, 'Joe')).toEqual({ ...joe, clipless: true });
    await bring(two, await castFile(one, [], { output: 'whole.json' }));
    expect(await find(two, 'Joe')).toEqual(joe);
    expect(await (await two.context.characters()).checkClip(joe.clip.master.sha256)).toBe('whole');
    expect(await values(two)).toEqual(['char_Joe']);
  });

  it('checks every clip before it changes anything', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await addCharacter(one, 'Ann');
    const joe = await addCharacter(one, 'Joe');
    const file = await castFile(one);
    await writeFile(join(one.dir, 'cast.clips', `${joe.clip.master.sha256}.mp4`), 'other');
    await expect(bring(two, file)).rejects.toMatchObject({
      code: 'clip',
      message: expect.stringMatching(/clip of Joe/),
    });
    expect((await (await two.context.characters()).list()).records).toEqual([]);
  });

  it('writes to this machine even while a cast lies over it', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await addCharacter(one, 'Joe');
    const file = await castFile(one);
    const under = await two.again({ cast: file });
    await bring(under, file);
    expect(under.stdout.text()).toBe('Joe: added\n');
    expect((await find(two, 'Joe'))?.name).toBe('Joe');
  });
});

describe('--cast', () => {
  it('lets an empty machine use a registration without a clip, and writes nothing', async () => {
    const maker = await withHost();
    await addCharacter(maker, 'Joe', { baseUrl: maker.baseUrl });
    const cast = await castFile(maker, [], NO_CLIP);
    const env = { OPENAI_BASE_URL: maker.baseUrl, OPENAI_API_KEY: KEY, SORA_CAST: cast };
    const ci = await createTestContext({}, { env });
    maker.server.answer(videoObject('queued'));
    expect(await runGenerate(ci.context, FLAGS)).toBe(0);
    expect(JSON.parse(String(maker.server.seen[0]?.body)).characters).toEqual([{ id: 'char_Joe' }]);
    await expect(readdir(ci.context.paths().characters)).rejects.toThrow('ENOENT');
  });

  it('P5: a base URL in a cast is never talked to, and gets no key', async () => {
    const theirs = await createTestServer();
    const mine = await withHost();
    const maker = await createTestContext();
    await addCharacter(maker, 'Joe', { baseUrl: `${theirs.url}/v1` });
    const cast = await castFile(maker);
    const ci = await mine.again({ cast });
    mine.server.answer(made('char_mine'), videoObject('queued'));
    expect(await runGenerate(ci.context, FLAGS)).toBe(0);
    expect(theirs.seen).toEqual([]);
    expect(JSON.parse(String(mine.server.seen[1]?.body)).characters).toEqual([{ id: 'char_mine' }]);
    // The local record was made from the cast's, and has what the cast knows too.
    expect(await values(await mine.again())).toEqual(['char_Joe', 'char_mine']);
  });

  it('says what is missing where a clip is needed and the cast has none', async () => {
    const maker = await createTestContext();
    await addCharacter(maker, 'Joe', { baseUrl: HOST });
    const ci = await withHost({ cast: await castFile(maker, [], NO_CLIP) });
    await expect(runGenerate(ci.context, FLAGS)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringMatching(/^The clip of Joe is missing/),
    });
    expect(ci.server.seen).toEqual([]);
  });

  it('is taken from the flag before SORA_CAST, relative to the working directory', async () => {
    const test = await createTestContext(
      { cast: 'cast.json', quiet: true },
      { env: { SORA_CAST: '/nowhere/cast.json' } },
    );
    const maker = await createTestContext();
    await addCharacter(maker, 'Joe');
    await copyFile(await castFile(maker, [], NO_CLIP), join(test.dir, 'cast.json'));
    await runCharacterList(test.context);
    expect(test.stdout.text()).toBe('Joe\n');
    const wrong = await test.again({ cast: 'none.json' });
    await expect(runCharacterList(wrong.context)).rejects.toMatchObject({ code: 'usage' });
  });

  it('exported again holds what was registered meanwhile', async () => {
    const maker = await createTestContext();
    await addCharacter(maker, 'Joe', { baseUrl: HOST });
    const cast = await castFile(maker);
    const ci = await withHost({ cast });
    ci.server.answer(made('char_2'));
    await runCharacterSync(ci.context, ['Joe']);
    const next = await doc(await castFile(await ci.again()));
    expect(next.characters[0].registrations.map(({ value }: { value: string }) => value)).toEqual([
      'char_Joe',
      'char_2',
    ]);
  });
});
