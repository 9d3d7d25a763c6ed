import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { machineError, publishFile } from '../src/publish.ts';
import { tempFolder } from './helpers/temp.ts';

const links = vi.hoisted(() => ({ are: 'there' as 'there' | 'unknown' }));
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const link: typeof real.link = async (...args) => {
    if (links.are === 'there') return real.link(...args);
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  return { ...real, link };
});

afterEach(() => {
  links.are = 'there';
});

describe.each(['there', 'unknown'] as const)('publishFile where hard links are %s', (are) => {
  it('gives the file its name, and never that of another', async () => {
    links.are = are;
    const folder = await tempFolder();
    const [made, target] = [join(folder, 'made'), join(folder, 'target')];
    await writeFile(made, 'new');
    await publishFile(made, target, { force: false, taken: 'usage' });
    expect(await readFile(target, 'utf8')).toBe('new');
    await rm(made, { force: true });
    await writeFile(made, 'newer');
    const again = publishFile(made, target, { force: false, taken: 'usage' });
    await expect(again).rejects.toMatchObject({
      code: 'usage',
      message: `${target} has appeared meanwhile and was not replaced.`,
    });
    expect(await readFile(target, 'utf8')).toBe('new');
    await publishFile(made, target, { force: true, taken: 'usage' });
    expect(await readFile(target, 'utf8')).toBe('newer');
  });

  it('leaves nothing under the name when it fails', async () => {
    links.are = are;
    const folder = await tempFolder();
    const failed = publishFile(join(folder, 'none'), join(folder, 'target'), { force: false, taken: 'usage' });
    await expect(failed).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('machineError', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EIO'])(
    'says of %s what happened and what to do',
    (code) => {
      const error = machineError(Object.assign(new Error(code), { code }), '/films/a.mp4');
      expect(error).toMatchObject({
        code: 'machine',
        message: expect.stringMatching(/^\/films\/a\.mp4 could not be written: .+\.$/),
        hint: expect.stringMatching(/\.$/),
      });
    },
  );

  it('leaves alone what is no matter of the disk', () => {
    const error = new Error('mine');
    expect(machineError(error, 'x')).toBe(error);
  });
});
