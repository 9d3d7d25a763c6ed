import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cast } from '../../../src/characters/cast/cast-format.ts';
import { createOverlay } from '../../../src/characters/cast/cast-overlay.ts';
import { type CharacterStore, createCharacterStore } from '../../../src/characters/store.ts';
import type { Character, CharacterWithClip, Registration } from '../../../src/shared/character.ts';
import { hashOf, keepSample, madeFiles, sampleCharacter, samplePictures } from '../../helpers/samples.ts';
import { tempFolder } from '../../helpers/temp.ts';

const NOW = Date.parse('2026-11-25T00:00:00Z');

const registration = (value: string, fields: Partial<Registration> = {}): Registration => ({
  ...{ provider: 'openai', baseUrl: 'https://a.example.com/v1', orientation: 'landscape', kind: 'id', value },
  ...{ name: 'Joe', createdAt: '2026-11-21T10:00:00.000Z', ...fields },
});

interface Laid {
  readonly local: CharacterStore;
  readonly store: CharacterStore;
  readonly warnings: string[];
  /** Where the cast lies. */
  readonly dir: string;
  readonly charactersDir: string;
}

/** A store under a cast of `characters`, whose clips are there where `clips` says so. */
async function lay(characters: readonly CharacterWithClip[], { clips = true } = {}): Promise<Laid> {
  const casts = characters.map((character) => {
    const { sha256 } = character.clip.master;
    return { character, paths: { [sha256]: `${sha256}.mp4` } };
  });
  return layFiles(casts, clips ? characters.map(({ name, clip }) => [`${clip.master.sha256}.mp4`, name]) : []);
}

/** The same, of files with the contents that are given. */
async function layFiles(characters: Cast['characters'], files: readonly (readonly [string, string])[]): Promise<Laid> {
  const root = await tempFolder();
  const charactersDir = join(root, 'characters');
  const local = createCharacterStore({ charactersDir, clipsDir: join(root, 'clips') });
  const cast: Cast = { path: join(root, 'cast.json'), characters };
  for (const [name, content] of files) await writeFile(join(root, name), content);
  const warnings: string[] = [];
  return {
    local,
    store: createOverlay(local, cast, { warn: (text) => warnings.push(text), now: () => NOW }),
    warnings,
    dir: root,
    charactersDir,
  };
}

const JOE: CharacterWithClip = { ...sampleCharacter('Joe'), registrations: [registration('char_1')] };
const values = (character: Character | undefined) => character?.registrations.map(({ value }) => value);

describe('a character of the cast', () => {
  it('is found and listed among the others, and nothing is written for that', async () => {
    const { local, store, charactersDir } = await lay([JOE, sampleCharacter('Zoë')]);
    await keepSample(local, 'Mia');
    const before = await readdir(charactersDir);
    expect(await store.find('JOE')).toEqual(JOE);
    expect(await store.find('Ann')).toBeUndefined();
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Joe', 'Mia', 'Zoë']);
    expect(await readdir(charactersDir)).toEqual(before);
    expect(await local.find('Joe')).toBeUndefined();
  });

  it('has its clip where the cast lies', async () => {
    const { store, dir } = await lay([JOE]);
    expect(await store.hasClip(JOE.clip.master.sha256)).toBe(true);
    expect(await store.checkClip(JOE.clip.master.sha256)).toBe('whole');
    expect(store.clipPath(JOE.clip.master.sha256)).toBe(join(dir, `${JOE.clip.master.sha256}.mp4`));
  });

  it('lives without a clip', async () => {
    const { store, local } = await lay([JOE], { clips: false });
    expect(await store.find('Joe')).toEqual(JOE);
    expect(await store.hasClip(JOE.clip.master.sha256)).toBe(false);
    expect(await store.checkClip(JOE.clip.master.sha256)).toBe('missing');
    expect(store.clipPath(JOE.clip.master.sha256)).toBe(local.clipPath(JOE.clip.master.sha256));
  });

  it('is never used with a clip that is not its master', async () => {
    const { store, dir } = await lay([JOE]);
    await writeFile(join(dir, `${JOE.clip.master.sha256}.mp4`), 'Mia');
    await expect(store.hasClip(JOE.clip.master.sha256)).rejects.toMatchObject({ code: 'clip' });
  });

  it('gets a local record with its clip when something is to be written', async () => {
    const { store, local, dir } = await lay([JOE]);
    const added = registration('char_2', { baseUrl: 'https://b.example.com/v1' });
    const updated = await store.update('joe', (current) => ({
      ...current,
      registrations: [...current.registrations, added],
    }));
    expect(values(updated)).toEqual(['char_1', 'char_2']);
    expect(await local.find('Joe')).toEqual(updated);
    expect(await readFile(local.clipPath(JOE.clip.master.sha256), 'utf8')).toBe('Joe');
    expect(store.clipPath(JOE.clip.master.sha256)).toBe(local.clipPath(JOE.clip.master.sha256));
    expect((await readdir(join(dir, 'clips'))).filter((name) => name.startsWith('.'))).toEqual([]);
    expect((await stat(join(dir, `${JOE.clip.master.sha256}.mp4`))).isFile()).toBe(true);
  });

  it('gets a local record without a clip where the cast has none', async () => {
    const { store, local } = await lay([JOE], { clips: false });
    const forget = (current: Character): Character => ({
      ...current,
      registrations: current.registrations.map((one) => ({ ...one, stale: true })),
    });
    await store.update('Joe', forget);
    expect((await local.find('Joe'))?.registrations).toMatchObject([{ value: 'char_1', stale: true }]);
    expect((await store.find('Joe'))?.registrations).toMatchObject([{ value: 'char_1', stale: true }]);
  });

  it('survives several updates at once', async () => {
    const { store, local } = await lay([JOE]);
    const add = (value: string) =>
      store.update('Joe', (current) => ({
        ...current,
        registrations: [...current.registrations, registration(value)],
      }));
    await Promise.all(['char_2', 'char_3', 'char_4'].map(add));
    expect(values(await local.find('Joe'))?.toSorted()).toEqual(['char_1', 'char_2', 'char_3', 'char_4']);
  });

  it('cannot be renamed or removed: the cast is only read', async () => {
    const { store } = await lay([JOE]);
    const refusal = { code: 'usage', message: expect.stringMatching(/cast\.json, which is read-only/) };
    await expect(store.rename('Joe', 'Jim')).rejects.toMatchObject(refusal);
    await expect(store.remove('joe')).rejects.toMatchObject({
      ...refusal,
      hint: expect.stringContaining('sora character import'),
    });
    await expect(store.remove('Ann')).rejects.toMatchObject({ message: 'There is no character named Ann.' });
  });
});

describe('a name that is here and in the cast', () => {
  it('is the local character with the registrations of both', async () => {
    const { store, local, warnings } = await lay([{ ...JOE, createdAt: '2020-01-01T00:00:00Z' }]);
    const own = await keepSample(local, 'Joe');
    await local.update('Joe', (joe) => ({ ...joe, registrations: [registration('char_9')] }));
    const found = await store.find('Joe');
    expect(values(found)?.toSorted()).toEqual(['char_1', 'char_9']);
    expect(found?.createdAt).toBe(own.createdAt);
    expect((await store.list()).records).toEqual([found]);
    expect(warnings).toEqual([]);
  });

  it('takes over what the cast knows when it is changed, so that a forgotten id stays forgotten', async () => {
    const { store, local } = await lay([JOE]);
    await keepSample(local, 'Joe');
    await store.update('Joe', (current) => ({
      ...current,
      registrations: current.registrations.map((one) => ({ ...one, stale: true })),
    }));
    expect((await local.find('Joe'))?.registrations).toMatchObject([{ value: 'char_1', stale: true }]);
    expect((await store.find('Joe'))?.registrations).toMatchObject([{ value: 'char_1', stale: true }]);
  });

  it('keeps the local master where another machine’s ffmpeg made other bytes of the same source', async () => {
    const elsewhere = { ...JOE, clip: { ...JOE.clip, master: { ...JOE.clip.master, sha256: hashOf('other bytes') } } };
    const { store, local } = await lay([elsewhere]);
    await keepSample(local, 'Joe');
    expect(await store.find('Joe')).toMatchObject({ clip: { master: { sha256: JOE.clip.master.sha256 } } });
    expect(values(await store.find('Joe'))).toEqual(['char_1']);
  });

  it('is the local character alone where it is another clip, and that is said once', async () => {
    const { store, local, warnings } = await lay([JOE]);
    const own = await keepSample(local, 'Joe', { content: 'another Joe' });
    expect(await store.find('Joe')).toEqual(own);
    expect((await store.list()).records).toEqual([own]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Joe of this machine is a different clip from Joe of .*cast\.json/),
    ]);
  });
});

describe('a character of pictures in the cast', () => {
  const mia = samplePictures('Mia', ['front', 'side']);
  const file = (content: string) => ({ sha256: hashOf(content), extension: 'png' });
  const laid = () =>
    layFiles([{ character: mia, paths: { [hashOf('front')]: 'front.png' } }], [['front.png', 'front']]);

  it('has those that lie beside the cast, and no others', async () => {
    const { store, dir } = await laid();
    expect(await store.find('Mia')).toEqual(mia);
    expect([await store.checkFile(file('front')), await store.checkFile(file('side'))]).toEqual(['whole', 'missing']);
    expect(store.filePath(file('front'))).toBe(join(dir, 'front.png'));
  });

  it('gets a local record with its pictures when something is to be written', async () => {
    const { store, local } = await laid();
    await store.update('Mia', (current) => ({ ...current, kind: 'person' }));
    expect(await local.find('Mia')).toEqual({ ...mia, kind: 'person' });
    expect(await local.checkFile(file('front'))).toBe('whole');
  });

  it('lends its pictures to one of this machine that has none of its own', async () => {
    const { store, local } = await laid();
    await keepSample(local, 'Mia');
    expect(await store.find('Mia')).toMatchObject({
      clip: sampleCharacter('Mia').clip,
      stills: mia.stills,
      kind: 'drawn',
    });
    expect(await local.find('Mia')).not.toHaveProperty('stills');
    await store.update('Mia', (current) => ({ ...current, registrations: [registration('char_1')] }));
    await store.place('Mia', await madeFiles(store, ['own']), (current) => ({
      ...(current ?? mia),
      stills: samplePictures('Mia', ['own']).stills ?? [],
    }));
    expect((await store.find('Mia'))?.stills).toEqual(samplePictures('Mia', ['own']).stills);
  });
});
