import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createPartFile,
  FOLDER_PREFIX,
  type PartFile,
  sweepOrphanFolders,
  sweepOrphans,
} from '../../src/disk/part-file.ts';
import { START } from '../helpers/runtime.ts';
import { tempFolder } from '../helpers/temp.ts';

const LEFT = '.sora-mi8ovgg0-0123abcd.part';
const clock = { now: () => START, sleep: async () => {} };

/** As if it had last moved so many minutes before this part. */
async function age(path: string, part: PartFile, minutes: number): Promise<void> {
  const seconds = (await stat(part.path)).mtimeMs / 1000 - minutes * 60;
  await utimes(path, seconds, seconds);
}

afterEach(() => {
  vi.useRealTimers();
});

describe('what killed downloads left', () => {
  it('goes when nobody has worked on it for five minutes, and nothing else goes', async () => {
    const folder = await tempFolder();
    const part = await createPartFile(folder, clock);
    for (const name of [LEFT, 'video.mp4', '.other.part']) {
      await writeFile(join(folder, name), 'x');
      await age(join(folder, name), part, 6);
    }
    await sweepOrphans(folder, part);
    await part.dispose();
    expect(await readdir(folder)).toEqual(['.other.part', 'video.mp4']);
  });

  it('stays while somebody may still work on it, and without anything to compare it with', async () => {
    const folder = await tempFolder();
    const part = await createPartFile(folder, clock);
    await writeFile(join(folder, LEFT), 'x');
    await age(join(folder, LEFT), part, 4);
    await sweepOrphans(folder, part);
    await age(join(folder, LEFT), part, 60);
    await part.dispose();
    await sweepOrphans(folder, part);
    expect(await readdir(folder)).toEqual([LEFT]);
    await sweepOrphans(join(folder, 'none'), part);
  });

  it('goes with its folder where it was for a stream, but not with one that may be about to be used', async () => {
    const root = await tempFolder();
    const part = await createPartFile(await tempFolder(), clock);
    vi.stubEnv('TMPDIR', root);
    const [dead, empty, fresh] = ['a', 'b', 'c'].map((end) => `${FOLDER_PREFIX}${end}`) as [string, string, string];
    for (const name of [dead, empty, fresh, 'sora-other']) await mkdir(join(root, name));
    for (const name of [dead, 'sora-other']) {
      await writeFile(join(root, name, LEFT), 'x');
      await age(join(root, name, LEFT), part, 6);
    }
    for (const name of [dead, empty, 'sora-other']) await age(join(root, name), part, 6);
    await sweepOrphanFolders(part);
    await part.dispose();
    expect(await readdir(root)).toEqual(['sora-other', fresh]);
  });
});

describe('what lies beside a part file', () => {
  const BESIDE = `${LEFT}.nut`;

  it.each([
    ['removed when neither was worked on for minutes', 6, 6, []],
    ['kept while the part file is worked on', 6, 1, [LEFT, BESIDE]],
    ['removed when its part file is gone', 6, undefined, []],
    ['kept when it is new itself', 1, undefined, [BESIDE]],
  ] as const)('is %s', async (_, minutes, partMinutes, expected) => {
    const folder = await tempFolder();
    const part = await createPartFile(folder, clock);
    for (const [name, before] of [
      [BESIDE, minutes],
      [LEFT, partMinutes],
    ] as const) {
      if (before === undefined) continue;
      await writeFile(join(folder, name), 'x');
      await age(join(folder, name), part, before);
    }
    await sweepOrphans(folder, part);
    await part.dispose();
    expect(await readdir(folder)).toEqual(expected);
  });
});

describe('a part', () => {
  it('shows that it lives without being written to, until it is disposed of', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const folder = await tempFolder();
    const part = await createPartFile(folder, clock);
    await utimes(part.path, 1, 1);
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(async () => expect((await stat(part.path)).mtimeMs).toBeGreaterThan(1_000_000));
    await part.dispose();
    expect(await readdir(folder)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
