import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { characterJson, decodeCharacter } from '../../../src/characters/record.ts';
import { type CharacterStore, createCharacterStore } from '../../../src/characters/store.ts';
import type { Character, Registration } from '../../../src/shared/character.ts';
import { bundleWorkers, type Workers } from '../../disk/processes.ts';
import { hashOf, keepPictures, keepSample, madeFiles, sampleCharacter, samplePictures } from '../../helpers/samples.ts';
import { tempFolder } from '../../helpers/temp.ts';

let workers: Workers;
beforeAll(async () => {
  workers = await bundleWorkers();
});
afterAll(() => workers.close());

async function cast(): Promise<{ store: CharacterStore; home: string }> {
  const home = await tempFolder();
  return { store: openCast(home), home };
}

function openCast(home: string): CharacterStore {
  return createCharacterStore({ charactersDir: join(home, 'characters'), clipsDir: join(home, 'clips') });
}

const registration: Registration = {
  provider: 'sandbox',
  baseUrl: 'sandbox:',
  orientation: 'landscape',
  kind: 'id',
  value: 'char_1',
  name: 'Joe',
  createdAt: '2026-11-21T10:00:00.000Z',
};

describe('the cast', () => {
  it('finds a character by any spelling of its name, after a restart too', async () => {
    const { store, home } = await cast();
    const zoe = await keepSample(store, 'Zoë');
    for (const name of ['Zoë', 'zoë', 'ZOE\u0308']) expect(await openCast(home).find(name)).toEqual(zoe);
    expect(await store.find('Zoe')).toBeUndefined();
    expect(await store.find('../Zoë')).toBeUndefined();
  });

  it('is listed in the order of names', async () => {
    const { store } = await cast();
    for (const name of ['mia', 'Zoë', 'Joe', 'Ann']) await keepSample(store, name);
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Ann', 'Joe', 'mia', 'Zoë']);
  });

  it('P5: keeps clips private and names no file after a character', async () => {
    const { store, home } = await cast();
    const { master } = (await keepSample(store, '../../Joe')).clip;
    const path = store.clipPath(master.sha256);
    expect(await readFile(path, 'utf8')).toBe('../../Joe');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'clips'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(home, 'characters'))).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.json$/)]);
    expect(await readdir(home)).toEqual(['characters', 'clips']);
  });

  it('refuses a name that is taken, in whatever case, and keeps what it had', async () => {
    const { store } = await cast();
    const joe = await keepSample(store, 'Joe');
    await expect(keepSample(store, 'JOE', { content: 'other' })).rejects.toMatchObject({
      code: 'usage',
      message: 'The name JOE is too close to Joe.',
    });
    expect(await store.find('joe')).toEqual(joe);
    expect(await store.hasClip(hashOf('other'))).toBe(false);
    expect(await store.hasClip(joe.clip.master.sha256)).toBe(true);
  });

  it('leaves the same work as it is, which another process has stored meanwhile', async () => {
    const { store } = await cast();
    await keepSample(store, 'Joe');
    const known = await store.update('Joe', (joe) => ({ ...joe, description: 'a man' }));
    expect(await keepSample(store, 'Joe')).toEqual(known);
    expect(await store.find('Joe')).toEqual(known);
  });

  it('replaces a character on demand, and drops the clip that nobody needs any more', async () => {
    const { store } = await cast();
    await keepSample(store, 'Joe', { content: 'old' });
    await keepSample(store, 'Joe', { content: 'new', replace: true });
    expect((await store.find('Joe'))?.clip?.master.sha256).toBe(hashOf('new'));
    expect([await store.hasClip(hashOf('old')), await store.hasClip(hashOf('new'))]).toEqual([false, true]);
  });

  it('gives a character its lost clip back, with its registrations', async () => {
    const { store, home } = await cast();
    await keepSample(store, 'Joe');
    await store.update('Joe', (joe) => ({ ...joe, registrations: [registration] }));
    await writeFile(join(home, 'clips', 'readme'), '');
    const { rm } = await import('node:fs/promises');
    await rm(store.clipPath(hashOf('Joe')));
    expect((await keepSample(store, 'Joe')).registrations).toEqual([registration]);
    expect(await store.checkClip(hashOf('Joe'))).toBe('whole');
  });

  it('keeps a character without a clip, gives it its first, and never another over that', async () => {
    const { store, home } = await cast();
    const joe: Character = {
      version: 1,
      name: 'Joe',
      registrations: [registration],
      createdAt: registration.createdAt,
    };
    await expect(store.claim(joe)).rejects.toMatchObject({ code: 'machine' });
    expect(await store.claim(joe, { clipless: true })).toBe(true);
    expect(await openCast(home).find('joe')).toEqual(joe);
    const renamed = (current: Character): Character => ({ ...current, registrations: [] });
    expect((await store.update('Joe', renamed)).registrations).toEqual([]);
    await store.update('Joe', () => joe);
    await expect(keepSample(store, 'JOE')).rejects.toMatchObject({ code: 'usage' });
    expect(await keepSample(store, 'Joe')).toEqual({ ...sampleCharacter('Joe'), ...joe });
    await expect(keepSample(store, 'Joe', { content: 'other' })).rejects.toMatchObject({ code: 'usage' });
    expect(await store.remove('Joe')).toMatchObject({ clipRemoved: true });
    await store.claim(joe, { clipless: true });
    expect(await store.remove('Joe')).toMatchObject({ clipRemoved: false });
  });

  it('remembers of a record that it came without its clip, until it has that', async () => {
    const { store } = await cast();
    await store.claim(sampleCharacter('Joe'), { clipless: true });
    expect(await store.find('Joe')).toEqual({ ...sampleCharacter('Joe'), clipless: true });
    expect(await keepSample(store, 'Joe')).toEqual(sampleCharacter('Joe'));
    await store.claim(sampleCharacter('Mia', 'Joe'), { clipless: true });
    expect(await store.find('Mia')).toEqual(sampleCharacter('Mia', 'Joe'));
  });

  it('never takes a clip for what it is not', async () => {
    const { store } = await cast();
    const temp = await store.tempClipPath();
    await writeFile(temp, 'not Joe');
    await expect(store.keep(sampleCharacter('Joe'), temp)).rejects.toThrow(TypeError);
    expect(await store.find('Joe')).toBeUndefined();
    expect(await store.hasClip(hashOf('Joe'))).toBe(false);
  });

  it.each(['../../etc/passwd', 'ABC', `${'0'.repeat(63)}g`, ''])('has no clip path for %j', async (hash) => {
    const { store } = await cast();
    expect(() => store.clipPath(hash)).toThrow(TypeError);
  });

  it('claims a name only for a clip that is there', async () => {
    const { store } = await cast();
    await expect(store.claim(sampleCharacter('Joe'))).rejects.toMatchObject({ code: 'machine' });
    const temp = await store.tempClipPath();
    await writeFile(temp, 'Joe');
    await store.keepClip(temp, hashOf('Joe'));
    expect(await store.orphanFiles()).toEqual([store.clipPath(hashOf('Joe'))]);
    expect(await store.claim(sampleCharacter('Joe'))).toBe(true);
    expect(await store.claim(sampleCharacter('joe', 'Joe'))).toBe(false);
    expect(await store.orphanFiles()).toEqual([]);
  });

  it('tells a whole clip from a damaged and a missing one', async () => {
    const { store } = await cast();
    const { sha256 } = (await keepSample(store, 'Joe')).clip.master;
    expect(await store.checkClip(sha256)).toBe('whole');
    await writeFile(store.clipPath(sha256), 'Jo');
    expect(await store.checkClip(sha256)).toBe('damaged');
    expect(await store.checkClip(hashOf('none'))).toBe('missing');
  });

  it('changes a character, but not its name or master', async () => {
    const { store } = await cast();
    await keepSample(store, 'Joe');
    const changed = await store.update('joe', (joe) => ({ ...joe, registrations: [registration] }));
    expect(changed.registrations).toEqual([registration]);
    await expect(store.update('Joe', (joe) => ({ ...joe, name: 'Mia' }))).rejects.toThrow(TypeError);
    const { clip } = sampleCharacter('Mia');
    await expect(store.update('Joe', (joe) => ({ ...joe, clip }))).rejects.toThrow(TypeError);
    expect(await store.find('Joe')).toEqual(changed);
    await expect(store.update('Mia', (mia) => mia)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('files beside the record', () => {
  const stillsOf = (names: readonly string[]) => samplePictures('Joe', names).stills ?? [];

  it('are kept with a character, and go when nobody needs them', async () => {
    const { store, home } = await cast();
    const mia = await keepPictures(store, 'Mia', ['front', 'side']);
    await keepPictures(store, 'Ann', ['side']);
    expect(await store.find('mia')).toEqual(mia);
    const kept = ['front.png', 'side.png', 'consent.pdf'].map((name) => name.split('.'));
    for (const [content = '', extension = ''] of kept)
      expect(await store.checkFile({ sha256: hashOf(content), extension })).toBe('whole');
    await store.remove('Mia');
    expect((await readdir(join(home, 'clips'))).sort()).toEqual(
      [`${hashOf('consent')}.pdf`, `${hashOf('side')}.png`].sort(),
    );
    expect(await store.orphanFiles()).toEqual([]);
    await store.remove('Ann');
    expect(await readdir(join(home, 'clips'))).toEqual([]);
  });

  it('are changed in one step with the record, and not by an update', async () => {
    const { store } = await cast();
    await keepSample(store, 'Joe');
    const set = (names: string[]) =>
      madeFiles(store, names).then((files) =>
        store.place('joe', files, (joe) => ({ ...(joe ?? sampleCharacter('Joe')), stills: stillsOf(names) })),
      );
    expect((await set(['a', 'b'])).clip).toEqual(sampleCharacter('Joe').clip);
    await set(['b', 'c']);
    const has = (content: string) => store.hasFile({ sha256: hashOf(content), extension: 'png' });
    expect(await Promise.all(['a', 'b', 'c'].map(has))).toEqual([false, true, true]);
    await expect(store.update('Joe', (joe) => ({ ...joe, stills: stillsOf(['a']) }))).rejects.toThrow(TypeError);
    const [made] = await madeFiles(store, ['d']);
    const wrong = store.place('Joe', made ? [{ ...made, sha256: hashOf('e') }] : [], () => sampleCharacter('Joe'));
    await expect(wrong).rejects.toThrow(TypeError);
    expect((await store.find('Joe'))?.stills).toEqual(stillsOf(['b', 'c']));
  });

  it('leaves nothing of a change that fails', async () => {
    const { store } = await cast();
    const refused = store.place('Joe', await madeFiles(store, ['a']), () => {
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    expect(await store.hasFile({ sha256: hashOf('a'), extension: 'png' })).toBe(false);
    expect(await store.find('Joe')).toBeUndefined();
  });

  it('stay with the same source, and what is known of a character with its name, when its clip is replaced', async () => {
    const { store } = await cast();
    await keepSample(store, 'Joe');
    const { description = '', kind = 'drawn' } = samplePictures('Joe', []);
    await store.place('Joe', await madeFiles(store, ['a']), (joe) => ({
      ...{ ...(joe ?? sampleCharacter('Joe')), description, kind, stills: stillsOf(['a']) },
    }));
    expect(await keepSample(store, 'Joe', { replace: true })).toMatchObject({
      description,
      kind,
      stills: stillsOf(['a']),
    });
    const other = await keepSample(store, 'Joe', { content: 'another clip', replace: true });
    expect(other).toMatchObject({ description, kind });
    expect(other).not.toHaveProperty('stills');
    expect(await store.hasFile({ sha256: hashOf('a'), extension: 'png' })).toBe(false);
  });

  it('P5: takes what was made from a clip away with it', async () => {
    const { store, home } = await cast();
    const { sha256 } = (await keepSample(store, 'Joe')).clip.master;
    await writeFile(store.derivedPath(sha256, 'still-1.png'), 'a picture');
    await writeFile(store.derivedPath(hashOf('another'), 'still-1.png'), 'a picture');
    expect(await store.orphanFiles()).toEqual([]);
    await store.remove('Joe');
    expect(await readdir(join(home, 'clips'))).toEqual([`${hashOf('another')}.still-1.png`]);
  });
});

describe('rename', () => {
  it('moves the character to the new name', async () => {
    const { store } = await cast();
    const joe = await keepSample(store, 'Joe');
    expect(await store.rename('joe', ' Zoe\u0308 ')).toEqual({ ...joe, name: 'Zoë' });
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Zoë']);
    expect(await store.hasClip(joe.clip.master.sha256)).toBe(true);
  });

  it('changes the case of a name in place', async () => {
    const { store } = await cast();
    await keepSample(store, 'joe');
    expect((await store.rename('joe', 'Joe')).name).toBe('Joe');
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Joe']);
  });

  it.each([
    ['Joe', 'mia', 'already exists'],
    ['Ann', 'Bea', 'no character named Ann'],
    ['Joe', 'a\u0007b', 'control'],
    ['Ann', 'ANN', 'no character named Ann'],
  ])('refuses %j to %j and loses nobody', async (from, to, reason) => {
    const { store } = await cast();
    await keepSample(store, 'Joe');
    await keepSample(store, 'Mia');
    await expect(store.rename(from, to)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(reason),
    });
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Joe', 'Mia']);
  });
});

describe('remove', () => {
  it('drops the clip with the last character that needs it', async () => {
    const { store } = await cast();
    const joe = await keepSample(store, 'Joe', { content: 'shared' });
    await keepSample(store, 'Mia', { content: 'shared' });
    expect(await store.remove('joe')).toEqual({ removed: joe, clipRemoved: false });
    expect(await store.hasClip(hashOf('shared'))).toBe(true);
    expect(await store.remove('Mia')).toMatchObject({ clipRemoved: true });
    expect(await store.hasClip(hashOf('shared'))).toBe(false);
    await expect(store.remove('Mia')).rejects.toMatchObject({ code: 'usage' });
  });

  it('keeps a clip that a record which cannot be read may need', async () => {
    const { store, home } = await cast();
    await keepSample(store, 'Joe');
    await writeFile(join(home, 'characters', 'ffff.json'), 'torn');
    expect(await store.remove('Joe')).toMatchObject({ clipRemoved: false });
    expect(await store.hasClip(hashOf('Joe'))).toBe(true);
  });
});

describe('P4: processes at once', { timeout: 60_000 }, () => {
  it('create a hundred characters each and lose none', async () => {
    const { store, home } = await cast();
    await Promise.all(['left', 'right'].map((prefix) => workers.run('create', home, prefix, 100)));
    const { records, broken } = await store.list();
    expect([records.length, broken]).toEqual([200, []]);
    for (const { clip } of records) expect(await store.checkClip(clip?.master.sha256 ?? '')).toBe('whole');
    expect((await readdir(join(home, 'clips'))).every((name) => /^[0-9a-f]{64}\.mp4$/.test(name))).toBe(true);
  });

  it('get a name each, never both: the other is told', async () => {
    const { store, home } = await cast();
    const won = await Promise.all(['left', 'right'].map((owner) => workers.run('compete', home, owner, 25)));
    const [left, right] = won as [string[], string[]];
    expect([...left, ...right].sort()).toEqual((await store.list()).records.map(({ name }) => name).sort());
    expect(new Set([...left, ...right]).size).toBe(25);
    for (const [owner, names] of [['left', left] as const, ['right', right] as const]) {
      for (const name of names) {
        expect((await store.find(name))?.clip?.master.sha256).toBe(hashOf(`${owner} ${name.replace('Same ', '')}`));
      }
    }
    expect(await store.orphanFiles()).toEqual([]);
  });

  it('never drop a clip that another one is about to need', async () => {
    const { store, home } = await cast();
    await Promise.all(['Joe', 'Mia'].map((name) => workers.run('share', home, name, 60)));
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Joe', 'Mia']);
    expect(await store.checkClip(hashOf('shared'))).toBe('whole');
  });
});

describe('registering', () => {
  it('is for one at a time, of one character at one place', { timeout: 60_000 }, async () => {
    const { store, home } = await cast();
    const holder = await workers.start('register', home, 'Joe', 'place');
    const order: string[] = [];
    const work = (name: string, place: string) =>
      store.registering(name, place, async () => void order.push(`${name} ${place}`));
    const onBusy = (): void => void order.push('busy');
    const waits = store.registering('JOE', 'place', async () => void order.push('JOE place'), { onBusy });
    await work('Joe', 'elsewhere');
    await work('Mia', 'place');
    // Killed in the middle: what it held is free again soon.
    await holder.kill();
    await waits;
    expect(order.toSorted()).toEqual(['JOE place', 'Joe elsewhere', 'Mia place', 'busy']);
    expect(order.at(-1)).toBe('JOE place');
    expect(await readdir(join(home, 'characters'))).toEqual([]);
  });
});

describe('decodeCharacter', () => {
  const { clip: made, ...bare } = { ...sampleCharacter('Joe'), registrations: [registration] };
  const whole = { ...bare, ...made };
  /** Decoded, and as it is written then. */
  const decode = (value: unknown): object => characterJson(decodeCharacter(JSON.parse(JSON.stringify(value))));

  it('takes a whole record, and fields it does not know', () => {
    expect(decode({ ...whole, mood: 'fine' })).toEqual({ ...whole, mood: 'fine' });
  });

  it('takes registrations with and without what they cost', () => {
    for (const cost of [{}, { estimateUsd: 0.001, asOf: '2026-11-21', source: 'a page' }]) {
      const paid = { ...whole, registrations: [{ ...registration, cost }, registration] };
      expect(decode(paid)).toEqual(paid);
    }
    const wrong = { ...registration, cost: { estimateUsd: 'much' } };
    expect(() => decode({ ...whole, registrations: [wrong] })).toThrow('cost.estimateUsd is not a number');
  });

  it('takes records of before bars were cropped and pictures written down, and of after', () => {
    const { cropBars, ...options } = whole.options;
    expect(cropBars).toBe(false);
    expect(decode({ ...whole, options })).toEqual({ ...whole, options });
    const picture = { x: 160, y: 0, width: 960, height: 720 };
    const later = {
      ...whole,
      master: { ...whole.master, picture },
      options: { ...options, start: 'auto', cropBars: true },
    };
    expect(decode(later)).toEqual(later);
  });

  it.each([
    [
      { master: { ...whole.master, picture: { x: 0, y: 0, width: 0, height: 9 } } },
      'master.picture.width is not a positive number',
    ],
    [{ options: { ...whole.options, start: 'later' } }, 'options.start is not a number'],
    [{ options: { ...whole.options, cropBars: 'yes' } }, 'options.cropBars is not true or false'],
    [{ name: ' Joe ' }, 'name is not one that a character can have'],
    [{ name: 'a\u202eb' }, 'name is not one that a character can have'],
    [{ master: { ...whole.master, sha256: '../../../etc/passwd' } }, 'master.sha256 is not a SHA-256'],
    [{ master: { ...whole.master, fps: 0 } }, 'master.fps is not a positive number'],
    [{ source: undefined }, 'source is not an object'],
    [{ options: { ...whole.options, start: undefined } }, 'options.start is not a number'],
    [{ options: { ...whole.options, fit: 'stretch' } }, 'options.fit is not one of pad, crop'],
    [{ registrations: {} }, 'registrations is not a list'],
    [{ registrations: [registration, { ...registration, value: 7 }] }, 'registrations[1].value is not text'],
    [{ createdAt: 'yesterday' }, 'createdAt is not a date'],
    [{ version: 2 }, 'it was written by a newer version of sora (format 2; this one reads up to 1)'],
  ])('refuses %j', (change, reason) => {
    expect(() => decode({ ...whole, ...change })).toThrow(reason);
  });

  it('takes a record with nothing that belongs to a clip, and what is pending', () => {
    expect(decode(bare)).toEqual(bare);
    const pending = [{ ...registration, taskId: 'task-7' }];
    expect(decode({ ...whole, pending })).toEqual({ ...whole, pending });
    expect(() => decode({ ...whole, pending: [{ ...pending[0], taskId: 7 }] })).toThrow(
      'pending[0].taskId is not text',
    );
    expect(() => decode({ ...bare, planVersion: 1 })).toThrow('master is not an object');
  });

  it('is not fooled by keys of the prototype', () => {
    const text = JSON.stringify({ ...whole, name: undefined }).replace('{', '{"__proto__":{"name":"Joe"},');
    expect(() => decodeCharacter(JSON.parse(text))).toThrow('name is not one that a character can have');
    expect(({} as { name?: string }).name).toBeUndefined();
  });
});

describe('a home that cannot be written', () => {
  it('is refused with its path', async () => {
    const { home, store } = await cast();
    await mkdir(join(home, 'characters'));
    await writeFile(join(home, 'clips'), 'a file');
    await expect(store.tempClipPath()).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining(join(home, 'clips')),
    });
  });
});
