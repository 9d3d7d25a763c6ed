import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Clock } from '../src/domain.ts';
import { createPart, FOLDER_PREFIX, sweepFolders, sweepParts } from '../src/parts.ts';
import { START } from './helpers/host.ts';
import { tempFolder } from './helpers/temp.ts';

const LEFT = '.sora-mi8ovgg0-0123abcd.part';
const { signal } = new AbortController();

/** A clock whose pauses are nothing but what happens in them. */
function clockWith(during: () => unknown = () => {}): Clock & { pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    now: () => START,
    async sleep(ms, stopped) {
      stopped?.throwIfAborted();
      pauses.push(ms);
      await during();
    },
  };
}

it('what nobody works on is removed after it was watched for 1.5 s', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, LEFT), 'x');
  await writeFile(join(folder, 'video.mp4'), 'x');
  const clock = clockWith();
  expect(await sweepParts(folder, { clock, signal })).toBe(true);
  expect(await readdir(folder)).toEqual(['video.mp4']);
  expect(clock.pauses.reduce((sum, ms) => sum + ms)).toBe(1500);
});

it('what moves while it is watched stays, and is watched no longer than that', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, LEFT), 'x');
  let beats = 0;
  const clock = clockWith(() => (++beats === 3 ? utimes(join(folder, LEFT), 1, beats) : undefined));
  expect(await sweepParts(folder, { clock, signal })).toBe(false);
  expect(await readdir(folder)).toEqual([LEFT]);
  expect(clock.pauses).toHaveLength(3);
});

it('what this process works on is not watched at all, and goes when it is disposed of', async () => {
  const [folder, clock] = [await tempFolder(), clockWith()];
  const part = createPart(folder, clock);
  await writeFile(part.path, 'x');
  expect(await sweepParts(folder, { clock, signal })).toBe(false);
  expect(await readdir(folder)).toHaveLength(1);
  expect(clock.pauses).toEqual([]);
  await part.dispose();
  expect(await readdir(folder)).toEqual([]);
});

it('a living one shows it, without being written to', async () => {
  const part = createPart(await tempFolder(), clockWith());
  await writeFile(part.path, 'x');
  await utimes(part.path, 1, 1);
  await vi.waitFor(async () => expect((await stat(part.path)).mtimeMs).toBeGreaterThan(1_000_000), { timeout: 20_000 });
  await part.dispose();
});

it('a signal ends the watch, and nothing is removed', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, LEFT), 'x');
  expect(await sweepParts(folder, { clock: clockWith(), signal: AbortSignal.abort() })).toBe(false);
  expect(await readdir(folder)).toEqual([LEFT]);
  expect(await sweepParts(join(folder, 'none'), { clock: clockWith(), signal })).toBe(false);
});

it('folders of downloads to a stream go with what is in them, and empty ones may be somebody’s', async () => {
  const root = await tempFolder();
  vi.stubEnv('TMPDIR', root);
  const [dead, empty] = [`${FOLDER_PREFIX}aaaaaa`, `${FOLDER_PREFIX}bbbbbb`];
  for (const name of [dead, empty, 'sora-other']) await mkdir(join(root, name));
  for (const name of [dead, 'sora-other']) await writeFile(join(root, name, LEFT), 'x');
  await sweepFolders({ clock: clockWith(), signal });
  expect(await readdir(root)).toEqual(['sora-other', empty]);
});
