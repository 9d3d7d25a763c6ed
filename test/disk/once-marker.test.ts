import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { firstTime } from '../../src/disk/once-marker.ts';
import { tempFolder } from '../helpers/temp.ts';

it('says each notice once per home', async () => {
  const state = join(await tempFolder(), 'state');
  expect(await firstTime(state, 'likeness')).toBe(true);
  expect(await firstTime(state, 'likeness')).toBe(false);
  expect(await firstTime(state, 'shutdown')).toBe(true);
});

it('is said by one of several that ask at once', async () => {
  const state = await tempFolder();
  const answers = await Promise.all(Array.from({ length: 8 }, () => firstTime(state, 'likeness')));
  expect(answers.filter(Boolean)).toEqual([true]);
});

it('is said again where that cannot be remembered', async () => {
  const file = join(await tempFolder(), 'file');
  await writeFile(file, '');
  expect(await firstTime(file, 'likeness')).toBe(true);
  expect(await firstTime(file, 'likeness')).toBe(true);
});

it.each(['../x', '', 'a/b'])('makes no marker named %j', async (notice) => {
  await expect(firstTime(await tempFolder(), notice)).rejects.toThrow(TypeError);
});
