import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCachedDigests } from '../../src/disk/list-cache.ts';
import { tempFolder } from '../helpers/temp.ts';

const NAMES = Array.from({ length: 60 }, (_, index) => `r${String(index).padStart(2, '0')}`);

/** A folder of records, each a file that holds its text, and a cache of their texts in capitals. */
async function setUp(names: readonly string[] = NAMES) {
  const dir = await tempFolder();
  const folder = join(dir, 'records');
  const file = join(dir, 'cache', 'records.json');
  await mkdir(folder);
  for (const name of names) await writeFile(join(folder, name), name);
  const read: string[] = [];
  const broken: string[] = [];
  const list = async (ids: readonly string[] = names, version = 1) => {
    read.length = 0;
    broken.length = 0;
    return await readCachedDigests({
      ...{ file, version, ids },
      pathOf: (id) => join(folder, id),
      read(id) {
        read.push(id);
        const text = readFileSync(join(folder, id), 'utf8');
        if (text === 'bad') throw new Error('it is bad');
        return text.toUpperCase();
      },
      onBroken: (id) => void broken.push(id),
    });
  };
  return { dir, folder, file, read, broken, list };
}

const CAPITALS = NAMES.map((name) => name.toUpperCase());

describe('digests of records', () => {
  it('are read from the records once, then from the cache', async () => {
    const { list, read } = await setUp();
    expect(await list()).toEqual(CAPITALS);
    expect(read).toEqual(NAMES);
    expect(await list()).toEqual(CAPITALS);
    expect(read).toEqual([]);
  });

  it('are read anew of what has changed, even within the same size and time', async () => {
    const { folder, list, read } = await setUp();
    await list();
    const path = join(folder, 'r07');
    const before = new Date(0);
    await utimes(path, before, before);
    await list();
    await writeFile(path, 'new');
    await utimes(path, before, before);
    expect((await list())[7]).toBe('NEW');
    expect(read).toEqual(['r07']);
  });

  it('leave out what has gone, and take in what has come', async () => {
    const { folder, list, read } = await setUp();
    await list();
    await rm(join(folder, 'r00'));
    await writeFile(join(folder, 'r99'), 'last');
    const now = [...NAMES.slice(1), 'r99'];
    expect(await list(now)).toEqual([...CAPITALS.slice(1), 'LAST']);
    expect(read).toEqual(['r99']);
  });

  it('name a record that cannot be read each time, and never keep it', async () => {
    const { folder, list, broken } = await setUp();
    await writeFile(join(folder, 'r05'), 'bad');
    for (const _ of [1, 2]) {
      expect(await list()).toHaveLength(NAMES.length - 1);
      expect(broken).toEqual(['r05']);
    }
  });

  it('are made without a cache where that is damaged or of another version', async () => {
    const { file, list, read } = await setUp();
    await list();
    for (const text of ['{"version":1,"records":[["r00"', '[]', '{"version":1,"records":{}}', 'null']) {
      await writeFile(file, text);
      expect(await list()).toEqual(CAPITALS);
      expect(read).toEqual(NAMES);
    }
    expect(await list(NAMES, 2)).toEqual(CAPITALS);
    expect(read).toEqual(NAMES);
  });

  it('are made where nothing can be kept', async () => {
    const { dir, list } = await setUp();
    await writeFile(join(dir, 'cache'), 'a file is where the folder should be');
    expect(await list()).toEqual(CAPITALS);
  });

  it('leave nothing behind for a handful of records', async () => {
    const { dir, list } = await setUp(NAMES.slice(0, 3));
    await list();
    expect(await readdir(dir)).toEqual(['records']);
  });
});
