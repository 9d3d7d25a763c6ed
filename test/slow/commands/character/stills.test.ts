import { readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CreateInput, runCharacterCreate } from '../../../../src/commands/character/create.ts';
import { runCharacterList, runCharacterRemove, runCharacterShow } from '../../../../src/commands/character/manage.ts';
import { runCharacterEdit, runCharacterStills } from '../../../../src/commands/character/stills.ts';
import { runCharacterExport, runCharacterImport } from '../../../../src/commands/character/transfer.ts';
import { hashFile } from '../../../../src/disk/hash.ts';
import { imageSize, sniffImage } from '../../../../src/media/picture/formats.ts';
import type { Character } from '../../../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../../src/shared/clip.ts';
import { bringJoe, fittingJoe } from '../../../helpers/joe.ts';
import { pictureOf } from '../../../helpers/pictures.ts';
import { createTestContext, type TestContext } from '../../../helpers/runtime.ts';
import { keepSample } from '../../../helpers/samples.ts';

const CREATE = {
  ...{ name: 'Mia', options: DEFAULT_CLIP_OPTIONS, images: ['front.png', 'side.jpg'] },
  ...{ force: false, local: true, dryRun: false },
} satisfies CreateInput;
const SHOW = { name: 'Joe', reset: false, show: false };

/** A folder with two pictures that are good, a home that is empty. */
async function studio(globals: Parameters<typeof createTestContext>[0] = {}): Promise<TestContext> {
  const test = await createTestContext(globals);
  await writeFile(join(test.dir, 'front.png'), front);
  await writeFile(join(test.dir, 'side.jpg'), side);
  return test;
}

const front = await pictureOf('png', { width: 800, height: 1000 });
const side = await pictureOf('jpeg', { width: 720, height: 720 });

const find = async ({ context }: TestContext, name = 'Mia'): Promise<Character | undefined> =>
  (await context.characters()).find(name);

const fileNames = (character: Character | undefined) => character?.stills?.map(({ fileName }) => fileName);

describe('character stills', () => {
  it('chooses pictures of the clip when they are first asked for, and keeps them', async () => {
    const test = await createTestContext({ json: true });
    await bringJoe(test.home);
    await runCharacterShow(test.context, 'Joe');
    expect(JSON.parse(test.stdout.text())).not.toHaveProperty('pictures');
    const first = await test.again();
    await runCharacterStills(first.context, SHOW);
    const { from, stills } = JSON.parse(first.stdout.text());
    expect({ from, count: stills.length }).toEqual({ from: 'clip', count: 4 });
    for (const still of stills) {
      const bytes = await readFile(still.path);
      expect(sniffImage(bytes)).toBe('image/jpeg');
      // The clip is padded on either side, and its picture is 960 wide.
      expect(imageSize(bytes)).toEqual({ width: 960, height: 720 });
      expect(await hashFile(still.path)).toBe(still.sha256);
    }
    const made = await stat(stills[0].path);
    const second = await test.again();
    await runCharacterStills(second.context, SHOW);
    expect(JSON.parse(second.stdout.text()).stills).toEqual(stills);
    expect((await stat(stills[0].path)).ctimeMs).toBe(made.ctimeMs);
    const shown = await test.again();
    await runCharacterShow(shown.context, 'Joe');
    expect(JSON.parse(shown.stdout.text())).toMatchObject({ pictures: stills });
  });

  it('makes those again that were lost or damaged', async () => {
    const test = await createTestContext({ json: true });
    await bringJoe(test.home);
    await runCharacterStills(test.context, SHOW);
    const { stills } = JSON.parse(test.stdout.text());
    for (const spoil of [(path: string) => writeFile(path, 'x'), unlink]) {
      await spoil(stills[1].path);
      const again = await test.again();
      await runCharacterStills(again.context, SHOW);
      expect(JSON.parse(again.stdout.text()).stills).toEqual(stills);
      expect(await hashFile(stills[1].path)).toBe(stills[1].sha256);
    }
  });

  it('takes given pictures instead, in their order, until a reset', async () => {
    const test = await studio({ quiet: true });
    await keepSample(await test.context.characters(), 'Joe');
    await runCharacterStills(test.context, { ...SHOW, set: ['side.jpg', 'front.png'] });
    const paths = test.stdout.text().trim().split('\n');
    expect(paths).toEqual([expect.stringMatching(/\.jpg$/), expect.stringMatching(/\.png$/)]);
    expect(fileNames(await find(test, 'Joe'))).toEqual(['side.jpg', 'front.png']);
    const set = await test.again();
    await runCharacterStills(set.context, { ...SHOW, set: ['front.png'] });
    await expect(readFile(paths[0] ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
    // Its clip is no clip, so that no pictures can be taken from it.
    await expect(runCharacterStills((await test.again()).context, { ...SHOW, reset: true })).rejects.toThrow();
    expect(await find(test, 'Joe')).not.toHaveProperty('stills');
  });

  it('P6: refuses everything that is wrong with given pictures at once, and keeps those that were', async () => {
    const test = await studio();
    await keepSample(await test.context.characters(), 'Joe');
    await runCharacterStills(test.context, { ...SHOW, set: ['front.png'] });
    await writeFile(join(test.dir, '壊れた.png'), 'no picture');
    await writeFile(join(test.dir, 'small.png'), await pictureOf('png', { width: 100, height: 100 }));
    const set = (...pictures: string[]) => runCharacterStills(test.context, { ...SHOW, set: pictures });
    await expect(set('壊れた.png', 'small.png', 'side.jpg')).rejects.toMatchObject({
      code: 'clip',
      message: expect.stringMatching(/壊れた\.png is not a JPEG[\s\S]*small\.png is 100x100/),
    });
    await expect(set('nope.png', '.', 'side.jpg')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/no picture .*nope\.png[\s\S]*is not a file/),
    });
    await expect(set('side.jpg', './side.jpg')).rejects.toThrow(/are the same picture/);
    await expect(set(...Array.from({ length: 10 }, () => 'side.jpg'))).rejects.toThrow(/at most 9 pictures/);
    expect(fileNames(await find(test, 'Joe'))).toEqual(['front.png']);
  });

  it('refuses two wishes at once, and says what a character lacks that has neither pictures nor a clip', async () => {
    const test = await studio();
    await expect(runCharacterStills(test.context, { ...SHOW, set: ['front.png'], reset: true })).rejects.toThrow(
      /Only one/,
    );
    const ann = { version: 1, name: 'Ann', registrations: [], createdAt: '2026-11-21T10:00:00.000Z' } as const;
    await (await test.context.characters()).claim(ann, { clipless: true });
    const shown = runCharacterStills(test.context, { ...SHOW, name: 'Ann' });
    await expect(shown).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--set front.png') });
    const reset = runCharacterStills(test.context, { ...SHOW, name: 'Ann', reset: true });
    await expect(reset).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('character create <clip>'),
    });
  });
});

describe('a character of pictures alone', () => {
  it('is made, listed, shown, exported, imported and removed', async () => {
    const test = await studio();
    await writeFile(join(test.dir, 'permit.pdf'), 'signed');
    await runCharacterCreate(test.context, { ...CREATE, kind: 'person', description: 'a girl', consent: 'permit.pdf' });
    expect(test.stdout.text()).toBe('Mia: kept on this machine, with 2 pictures\n');
    expect(await find(test)).toMatchObject({ kind: 'person', description: 'a girl', registrations: [] });
    const list = await test.again();
    await runCharacterList(list.context);
    expect(list.stdout.text()).toMatch(/^Mia +2 pictures +- /m);
    const show = await test.again();
    await runCharacterShow(show.context, 'Mia');
    expect(show.stdout.text()).toMatch(
      /pictures +\S+\.png\n +\S+\.jpg\n +kind +person\n +described +a girl\n +consent +permit\.pdf, kept as \S+\.pdf/,
    );
    await runCharacterExport(test.context, { names: [], output: 'cast.json', withClips: true, force: false });
    const other = await createTestContext({ json: true });
    await runCharacterImport(other.context, { file: join(test.dir, 'cast.json'), force: false });
    expect(JSON.parse(other.stdout.text())).toEqual([{ name: 'Mia', did: 'added', hasClip: false }]);
    expect(other.stderr.text()).toBe('');
    expect(await find(other)).toEqual(await find(test));
    const shown = await other.again();
    await runCharacterShow(shown.context, 'Mia');
    for (const { path, sha256 } of JSON.parse(shown.stdout.text()).pictures) expect(await hashFile(path)).toBe(sha256);
    const again = await other.again();
    await runCharacterImport(again.context, { file: join(test.dir, 'cast.json'), force: false });
    expect(JSON.parse(again.stdout.text())).toMatchObject([{ did: 'unchanged' }]);
    await runCharacterRemove(test.context, 'Mia', true);
    expect(test.stdout.text()).toContain('Mia is removed, and its pictures.');
    expect(await (await test.context.characters()).orphanFiles()).toEqual([]);
  });

  it('has a sheet of them, and one of a clip has those that were given behind its frames', async () => {
    const test = await studio({ quiet: true });
    await runCharacterCreate(test.context, CREATE);
    await runCharacterShow(test.context, 'Mia', { sheet: 'mia.png' });
    const { width, height } = imageSize(await readFile(join(test.dir, 'mia.png'))) ?? {};
    expect([width, height]).toEqual([1680, expect.any(Number)]);
    await runCharacterCreate(test.context, { ...CREATE, images: [], file: await fittingJoe() });
    await runCharacterShow(test.context, 'Mia', { sheet: 'clip.png' });
    await runCharacterStills(test.context, { ...SHOW, name: 'Mia', reset: true });
    await runCharacterShow(test.context, 'Mia', { sheet: 'bare.png' });
    const heightOf = async (name: string) => imageSize(await readFile(join(test.dir, name)))?.height ?? 0;
    expect(await heightOf('clip.png')).toBeGreaterThan(await heightOf('bare.png'));
  });

  it('has its pictures missed where they were left behind, and gets them back', async () => {
    const test = await studio();
    await runCharacterCreate(test.context, CREATE);
    await runCharacterExport(test.context, { names: [], output: 'bare.json', withClips: false, force: false });
    await runCharacterExport(test.context, { names: [], output: 'cast.json', withClips: true, force: false });
    const other = await createTestContext();
    await runCharacterImport(other.context, { file: join(test.dir, 'bare.json'), force: false });
    expect(other.stderr.text()).toContain('The pictures of Mia are not here');
    await expect(runCharacterStills(other.context, { ...SHOW, name: 'Mia' })).rejects.toMatchObject({
      code: 'machine',
    });
    await runCharacterImport(other.context, { file: join(test.dir, 'cast.json'), force: false });
    expect(other.stdout.text()).toContain('Mia: merged');
    await runCharacterStills(other.context, { ...SHOW, name: 'Mia' });
  });

  it('is the same one with the same pictures, and another with others, which only --force puts in its place', async () => {
    const test = await studio();
    await runCharacterCreate(test.context, CREATE);
    const before = await find(test);
    await runCharacterCreate(test.context, CREATE);
    expect(await find(test)).toEqual(before);
    const others = { ...CREATE, images: ['side.jpg'] };
    await expect(runCharacterCreate(test.context, others)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('sora character stills Mia --set'),
    });
    await expect(runCharacterCreate(test.context, { ...CREATE, name: 'MIA' })).rejects.toThrow(/too close to Mia/);
    await runCharacterExport(test.context, { names: [], output: 'cast.json', withClips: true, force: false });
    await runCharacterCreate(test.context, { ...others, force: true });
    expect(fileNames(await find(test))).toEqual(['side.jpg']);
    const consent = { text: 'signed by Mia', recordedAt: '2026-11-21T10:00:00.000Z' };
    await (await test.context.characters()).update('Mia', (mia) => ({ ...mia, kind: 'person', consent }));
    const bring = (force: boolean) => runCharacterImport(test.context, { file: 'cast.json', force });
    await expect(bring(false)).rejects.toThrow(/Mia already exists, with another pictures|with other pictures/);
    await bring(true);
    expect(fileNames(await find(test))).toEqual(['front.png', 'side.jpg']);
    // What is known of whoever bears the name stays.
    expect(await find(test)).toMatchObject({ kind: 'person', consent });
  });

  it('takes the place of one of a clip by force, and of one that has a name and an id alone without', async () => {
    const test = await studio();
    const store = await test.context.characters();
    const { clip } = await keepSample(store, 'Mia');
    await expect(runCharacterCreate(test.context, CREATE)).rejects.toThrow(/already exists, made from a clip/);
    await runCharacterCreate(test.context, { ...CREATE, force: true });
    expect(await find(test)).not.toHaveProperty('clip');
    expect(await store.hasClip(clip.master.sha256)).toBe(false);
    const ann = { version: 1, name: 'Ann', registrations: [], createdAt: '2026-11-21T10:00:00.000Z' } as const;
    await store.claim(ann, { clipless: true });
    await runCharacterCreate(test.context, { ...CREATE, name: 'Ann' });
    expect(fileNames(await find(test, 'Ann'))).toEqual(['front.png', 'side.jpg']);
  });

  it('gets a clip later, and keeps its pictures', async () => {
    const test = await studio();
    await runCharacterCreate(test.context, CREATE);
    await runCharacterCreate(test.context, { ...CREATE, images: [], file: await fittingJoe() });
    const mia = await find(test);
    expect(mia?.clip).toBeDefined();
    expect(fileNames(mia)).toEqual(['front.png', 'side.jpg']);
  });

  it('shows with --dry-run what would be kept, and keeps nothing', async () => {
    const test = await studio({ json: true });
    await runCharacterCreate(test.context, { ...CREATE, dryRun: true });
    expect(JSON.parse(test.stdout.text())).toMatchObject({ name: 'Mia', stills: [{ width: 800 }, {}], request: null });
    expect(await find(test)).toBeUndefined();
    expect(await (await test.context.characters()).orphanFiles()).toEqual([]);
  });

  it('P6: needs a clip or pictures, and pictures know no options of a clip', async () => {
    const { context } = await studio();
    await expect(runCharacterCreate(context, { ...CREATE, images: [] })).rejects.toThrow(/needs a clip, or pictures/);
    const cut = { ...CREATE, options: { ...DEFAULT_CLIP_OPTIONS, start: 2 } };
    await expect(runCharacterCreate(context, cut)).rejects.toThrow(/options of a clip mean nothing/);
  });
});

describe('what is said of a character', () => {
  it('is changed and taken away one by one, and an equal consent keeps its date', async () => {
    const test = await studio({ json: true });
    await keepSample(await test.context.characters(), 'Joe');
    const edit = async (given: object) => {
      await runCharacterEdit(test.context, { name: 'joe', ...given });
      return find(test, 'Joe');
    };
    const said = await edit({ kind: 'person', consent: 'Joe said yes.', description: 'a man' });
    expect(said).toMatchObject({ kind: 'person', description: 'a man', consent: { text: 'Joe said yes.' } });
    test.clock.ms += 1000;
    expect(await edit({ consent: 'Joe said yes.', kind: 'drawn' })).toEqual({ ...said, kind: 'drawn' });
    expect(await edit({ description: null, consent: null })).not.toMatchObject({ consent: {} });
    expect(await find(test, 'Joe')).not.toHaveProperty('description');
    expect(await find(test, 'Joe')).toMatchObject({ kind: 'drawn' });
    await expect(edit({})).rejects.toThrow(/Nothing is to be changed/);
  });

  it('keeps a file as the consent, byte for byte, and drops the one before', async () => {
    const test = await studio();
    await keepSample(await test.context.characters(), 'Joe');
    const store = await test.context.characters();
    for (const text of ['first', 'second']) {
      await writeFile(join(test.dir, '同意.txt'), text);
      await runCharacterEdit(test.context, { name: 'Joe', consent: '同意.txt' });
    }
    const file = (await find(test, 'Joe'))?.consent?.file;
    expect(file).toMatchObject({ fileName: '同意.txt', bytes: 6 });
    expect(await readFile(store.filePath({ sha256: file?.sha256 ?? '', extension: 'txt' }), 'utf8')).toBe('second');
    expect(await store.orphanFiles()).toEqual([]);
  });

  it.each(['letter.pdf', 'papers/letter', './letter'])(
    'refuses %s where that is no file: it would be no permission',
    async (consent) => {
      const test = await studio();
      await expect(runCharacterCreate(test.context, { ...CREATE, consent })).rejects.toMatchObject({ code: 'usage' });
      expect(await find(test)).toBeUndefined();
    },
  );

  it('refuses an empty file and a folder as a consent, and texts beyond measure', async () => {
    const test = await studio();
    await writeFile(join(test.dir, 'empty'), '');
    const create = (given: Partial<CreateInput>) => runCharacterCreate(test.context, { ...CREATE, ...given });
    await expect(create({ consent: 'empty' })).rejects.toThrow(/it is empty/);
    await expect(create({ consent: '.' })).rejects.toThrow(/it is not a file/);
    await expect(create({ consent: `yes ${'a '.repeat(3000)}` })).rejects.toThrow(/at most 4000 characters/);
    await expect(create({ description: 'a'.repeat(1001) })).rejects.toThrow(/at most 1000 characters/);
    await rm(join(test.dir, 'empty'));
  });

  it('is kept of a clip before it is registered, with the pictures that were given', async () => {
    const test = await studio();
    const input = { ...CREATE, file: await fittingJoe(), name: 'Joe', local: false, consent: 'Joe said yes.' };
    // No host is chosen.
    await expect(runCharacterCreate(test.context, input)).rejects.toMatchObject({ code: 'usage' });
    expect(await find(test, 'Joe')).toMatchObject({ clip: {}, stills: [{}, {}], consent: { text: 'Joe said yes.' } });
  });
});
