import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDayCache } from '../../src/disk/day-cache.ts';
import { tempFolder } from '../helpers/temp.ts';

const HOUR_MS = 3_600_000;

async function setUp() {
  const dir = join(await tempFolder(), 'cache', 'hosts');
  const clock = { ms: Date.parse('2026-11-21T10:00:00Z') };
  return { dir, clock, cache: createDayCache({ dir: () => dir, now: () => clock.ms }) };
}

describe('a document that is kept for a day', () => {
  it('is there for a day, by whatever name, in a small file of its own', async () => {
    const { dir, clock, cache } = await setUp();
    await cache.write('../a name/..', 'text');
    await cache.write('other', 'more');
    clock.ms += 23 * HOUR_MS;
    expect([await cache.read('../a name/..'), await cache.read('other')]).toEqual(['text', 'more']);
    expect((await readdir(dir)).every((name) => /^[0-9a-f]{64}\.json$/.test(name))).toBe(true);
    clock.ms += HOUR_MS;
    expect(await cache.read('other')).toBeUndefined();
  });

  it('is not there where the clock says that it is of another time', async () => {
    const { clock, cache } = await setUp();
    await cache.write('a', 'text');
    clock.ms -= 1;
    expect(await cache.read('a')).toBeUndefined();
  });

  it.each(['', '{', '[]', '{"at":1}', '{"at":"soon","text":"x"}', 'null'])(
    'is none where the file says %j',
    async (text) => {
      const { dir, cache } = await setUp();
      await cache.write('a', 'text');
      const [name = ''] = await readdir(dir);
      await writeFile(join(dir, name), text);
      expect(await cache.read('a')).toBeUndefined();
    },
  );

  it('is left out where nothing can be kept, without a word', async () => {
    const { dir, cache } = await setUp();
    await mkdir(join(dir, '..'), { recursive: true });
    await writeFile(dir, 'a file in its place');
    await cache.write('a', 'text');
    expect(await cache.read('a')).toBeUndefined();
  });
});
