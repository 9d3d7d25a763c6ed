import { createReadStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCharacterList } from '../../../src/commands/character/manage.ts';
import { runCharacterExport, runCharacterImport } from '../../../src/commands/character/transfer.ts';
import { runStoreCheck } from '../../../src/commands/store.ts';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import type { Character, CharacterWithClip, Registration } from '../../../src/shared/character.ts';
import { addCharacter, videoObject, withHost } from '../../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../../helpers/runtime.ts';
import { changeRecord, keepSample } from '../../helpers/samples.ts';

const HOST = 'https://gateway.example.com/v1';

const FLAGS = {
  ...{ prompt: 'Joe waves.', character: ['Joe'], inject: true, wait: false, count: 1, resend: false },
  ...{ dryRun: false, timeout: 60, force: false, allowDrift: false },
};

const registration = (value: string, more: Partial<Registration> = {}): Registration => ({
  ...{ provider: 'openai', baseUrl: HOST, orientation: 'landscape', kind: 'id', value, name: 'Joe' },
  ...{ createdAt: new Date(START).toISOString(), ...more },
});

/** Joe as `adopt` makes him on an empty machine. */
async function addClipless({ context }: TestContext, ...registrations: Registration[]): Promise<Character> {
  const joe: Character = { version: 1, name: 'Joe', registrations, createdAt: new Date(START).toISOString() };
  await (await context.characters()).claim(joe, { clipless: true });
  return joe;
}

const find = async ({ context }: TestContext): Promise<Character | undefined> =>
  (await context.characters()).find('Joe');

const values = async (test: TestContext) => (await find(test))?.registrations.map(({ value }) => value);

async function castFile(test: TestContext, withClips = true): Promise<string> {
  await runCharacterExport(test.context, { names: [], output: 'cast.json', withClips, force: false });
  return join(test.dir, 'cast.json');
}

const bring = (test: TestContext, file: string) => runCharacterImport(test.context, { file, force: false });

/** A file whose first registration is changed. */
async function change(file: string, fields: object): Promise<void> {
  const cast = JSON.parse(await readFile(file, 'utf8'));
  Object.assign(cast.characters[0].registrations[0], fields);
  await writeFile(file, JSON.stringify(cast));
}

describe('a character without a clip', () => {
  it('goes into a file and out of it as what it is', async () => {
    const [one, two] = [await createTestContext(), await createTestContext({ json: true })];
    const joe = await addClipless(one, registration('char_1'));
    await addCharacter(one, 'Mia');
    const file = await castFile(one);
    expect(JSON.parse(await readFile(file, 'utf8')).characters[0]).not.toHaveProperty('master');
    await bring(two, file);
    expect(JSON.parse(two.stdout.text())).toEqual([
      { name: 'Joe', did: 'added', hasClip: false },
      { name: 'Mia', did: 'added', hasClip: true },
    ]);
    expect(await find(two)).toEqual(joe);
  });

  it('is merged with the one of that name, on whichever side the clip is', async () => {
    const [clipless, whole] = [await createTestContext(), await createTestContext()];
    await addClipless(clipless, registration('char_1'));
    const joe = await addCharacter(whole, 'Joe', { baseUrl: 'https://b.example.com/v1' });
    const [without, having] = [await castFile(clipless), await castFile(whole)];
    await bring(clipless, having);
    await bring(whole, without);
    for (const test of [clipless, whole]) {
      expect(await find(test)).toMatchObject({ clip: { master: joe.clip.master, source: joe.clip.source } });
      expect((await values(test))?.toSorted()).toEqual(['char_1', 'char_Joe']);
      expect(await (await test.context.characters()).checkClip(joe.clip.master.sha256)).toBe('whole');
    }
  });

  it('is no fault of the store, whether adopted or imported; one whose clip was lost is', async () => {
    const [maker, test] = [await createTestContext(), await createTestContext({ json: true })];
    const joe = await keepSample(await maker.context.characters(), 'Mia');
    await addClipless(test, registration('char_1'));
    await bring(test, await castFile(maker, false));
    const later = await test.again();
    expect(await runStoreCheck(later.context)).toBeUndefined();
    expect(JSON.parse(later.stdout.text())).toMatchObject({
      problems: [],
      remarks: [expect.stringMatching(/^Joe has no clip/), expect.stringMatching(/^Mia has no clip/)],
    });
    const shown = await test.again({ json: false });
    await runCharacterList(shown.context);
    expect(shown.stdout.text()).toMatch(/^Joe +no clip +(?:127\.0\.0\.1|\S+\.example)/m);
    expect(shown.stdout.text()).toMatch(/^Mia +no clip here /m);
    await rm((await maker.context.characters()).clipPath(joe.clip.master.sha256));
    await expect(runStoreCheck(maker.context)).rejects.toMatchObject({ code: 'machine' });
  });

  it('of a cast that lies over the store is used where it is known', async () => {
    const test = await withHost();
    const maker = await createTestContext();
    await addClipless(maker, registration('char_1', { baseUrl: test.baseUrl }));
    const ci = await test.again({ cast: await castFile(maker, false) });
    test.server.answer(videoObject('queued'));
    expect(await runGenerate(ci.context, FLAGS)).toBe(0);
    expect(JSON.parse(String(test.server.seen[0]?.body)).characters).toEqual([{ id: 'char_1' }]);
  });
});

describe('what is of one machine', () => {
  it('is in no cast: what is pending, and that a clip is elsewhere', async () => {
    const test = await createTestContext();
    await addCharacter(test, 'Joe');
    const pending = { provider: 'openai', baseUrl: HOST, orientation: 'landscape', name: 'Joe' } as const;
    const createdAt = new Date(START).toISOString();
    await (await test.context.characters()).update('Joe', (joe) => ({
      ...joe,
      clipless: true,
      pending: [{ ...pending, stage: 'task', taskId: 'task-7', createdAt }],
    }));
    const text = await readFile(await castFile(test), 'utf8');
    expect(text).toContain('"name": "Joe"');
    expect(text).not.toMatch(/pending|task-7|clipless/);
  });
});

describe('registrations that cannot be taken at their word', () => {
  it('do not outrank others for being dated in the future, now or later', async () => {
    const [one, two] = [await createTestContext(), await withHost()];
    await addCharacter(one, 'Joe', { baseUrl: two.baseUrl });
    const file = await castFile(one);
    await change(file, { value: 'char_future', createdAt: '2099-01-01T00:00:00Z' });
    await addCharacter(two, 'Joe', { baseUrl: two.baseUrl });
    await bring(two, file);
    expect(await values(two)).toEqual(['char_future', 'char_Joe']);
    two.server.answer(videoObject('queued'));
    await runGenerate(two.context, FLAGS);
    expect(JSON.parse(String(two.server.seen[0]?.body)).characters).toEqual([{ id: 'char_Joe' }]);
  });

  it('stay stale where the file has them as new from the future', async () => {
    const [one, two] = [await createTestContext(), await createTestContext()];
    await addCharacter(one, 'Joe', { baseUrl: HOST });
    const file = await castFile(one);
    await change(file, { createdAt: '2099-01-01T00:00:00Z' });
    await addCharacter(two, 'Joe', { baseUrl: HOST });
    const stale = (joe: Character): Character => ({
      ...joe,
      registrations: joe.registrations.map((entry) => ({ ...entry, stale: true })),
    });
    await (await two.context.characters()).update('Joe', stale);
    await bring(two, file);
    expect((await find(two))?.registrations).toMatchObject([{ stale: true }]);
  });

  it('of providers that nobody knows are kept, said once, and used by nobody', async () => {
    const [one, two] = [await createTestContext(), await withHost()];
    await addCharacter(one, 'Joe', { baseUrl: HOST });
    const file = await castFile(one, false);
    await change(file, { provider: 'lumière' });
    await bring(two, file);
    const said = /^warning: .*cast\.json has registrations with lumière, which this sora does not know\./gm;
    expect(two.stderr.text().match(said)).toHaveLength(1);
    expect((await find(two))?.registrations).toMatchObject([{ provider: 'lumière', value: 'char_Joe' }]);
    const over = await two.again({ cast: file });
    await runCharacterList(over.context);
    await runCharacterList(over.context);
    expect(over.stderr.text().match(said)).toHaveLength(1);
    await expect(runGenerate(over.context, FLAGS)).rejects.toMatchObject({ code: 'machine' });
    expect(JSON.parse(await readFile(await castFile(two, false), 'utf8')).characters[0].registrations).toHaveLength(1);
  });
});

describe('a cast over a store that has lost a clip', () => {
  /** Two machines whose ffmpeg make different bytes of one source; the second has lost its clip. */
  async function lost(): Promise<{ file: string; test: TestContext; theirs: CharacterWithClip }> {
    const [one, two] = [await createTestContext(), await withHost()];
    const theirs = await keepSample(await one.context.characters(), 'Joe', { content: 'other bytes' });
    const store = await two.context.characters();
    const mine = await keepSample(store, 'Joe');
    const source = { ...theirs.clip.source };
    await (await one.context.characters()).update('Joe', (joe) => changeRecord(joe, { source: mine.clip.source }));
    await store.update('Joe', (joe) => ({ ...joe, registrations: [registration('char_1')] }));
    await rm(store.clipPath(mine.clip.master.sha256));
    expect(source).not.toEqual(mine.clip.source);
    return { file: await castFile(one), test: two, theirs };
  }

  it('lends its own of the same work, and gives it for good where something is written', async () => {
    const { file, test, theirs } = await lost();
    const over = await test.again({ cast: file });
    const store = await over.context.characters();
    expect(await find(over)).toMatchObject({
      clip: { master: theirs.clip.master },
      registrations: [{ value: 'char_1' }],
    });
    expect(await store.checkClip(theirs.clip.master.sha256)).toBe('whole');
    expect(await (await test.context.characters()).hasClip(theirs.clip.master.sha256)).toBe(false);
    await store.update('Joe', (joe) => ({ ...joe, registrations: [...joe.registrations, registration('char_2')] }));
    const local = await test.again();
    expect(await find(local)).toMatchObject({ clip: { master: theirs.clip.master } });
    expect(await values(local)).toEqual(['char_1', 'char_2']);
    expect(await (await local.context.characters()).checkClip(theirs.clip.master.sha256)).toBe('whole');
  });

  it('does as an import does', async () => {
    const { file, test, theirs } = await lost();
    await bring(test, file);
    expect(await find(test)).toMatchObject({
      clip: { master: theirs.clip.master },
      registrations: [{ value: 'char_1' }],
    });
  });
});

describe('a cast from a pipe', () => {
  it('is read from /dev/stdin, without clips, by --cast and by import', async () => {
    const maker = await createTestContext();
    await addCharacter(maker, 'Joe', { baseUrl: HOST });
    const file = await castFile(maker);
    const stdin = () => ({ stdin: createReadStream(file) });
    const over = await createTestContext({ cast: '/dev/stdin', quiet: true }, stdin());
    await runCharacterList(over.context);
    expect(over.stdout.text()).toBe('Joe\n');
    const store = await over.context.characters();
    expect(await store.hasClip((await find(over))?.clip?.master.sha256 ?? '')).toBe(false);
    const test = await createTestContext({}, stdin());
    await bring(test, '/dev/stdin');
    expect(await values(test)).toEqual(['char_Joe']);
  });

  it('is refused from a terminal, which would wait for ever', async () => {
    const test = await createTestContext({ cast: '/dev/stdin' }, { tty: ['stdin'] });
    await expect(runCharacterList(test.context)).rejects.toMatchObject({
      code: 'usage',
      message: 'The cast /dev/stdin cannot be used: it is a terminal.',
    });
  });
});
