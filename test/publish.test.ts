import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkFree, machineError, publishFile } from '../src/publish.ts';
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

/** Something that is neither a file nor a folder, as /dev/null is. */
async function socketIn(folder: string): Promise<string> {
  const path = join(folder, 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return path;
}

describe('checkFree', () => {
  it('lets a free name pass, and a file that may be replaced', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'old'), '');
    await checkFree(join(folder, 'new'), { force: false, example: 'a' });
    await checkFree(join(folder, 'old'), { force: true, example: 'a' });
  });

  it.each([false, true])('refuses what is no file, and a name that is too long (force: %s)', async (force) => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'sub'));
    const socket = await socketIn(folder);
    await symlink(socket, join(folder, 'link'));
    const refusals = [
      [join(folder, 'sub'), /is a folder/],
      [socket, /is a device or a pipe/],
      [join(folder, 'link'), /is a device or a pipe/],
      [join(folder, 'x'.repeat(256)), /^The name of the file is too long: .{1,130}$/],
    ] as const;
    for (const [path, message] of refusals) {
      await expect(checkFree(path, { force, example: 'a.mp4' })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(message),
        hint: expect.any(String),
      });
    }
  });

  it.each([
    ['a file', (path: string) => writeFile(path, '')],
    ['a link to nothing', (path: string) => symlink('nowhere', path)],
  ])('P4: refuses %s that is there unless it is forced', async (_what, make) => {
    const path = join(await tempFolder(), 'old');
    await make(path);
    await expect(checkFree(path, { force: false, example: 'a' })).rejects.toMatchObject({ code: 'usage' });
    await checkFree(path, { force: true, example: 'a' });
  });
});

describe('publishFile', () => {
  it('P4: replaces no device or pipe, even when it is forced and appeared meanwhile', async () => {
    const folder = await tempFolder();
    const temporary = join(folder, 'made');
    await writeFile(temporary, 'new');
    const socket = await socketIn(folder);
    await expect(publishFile(temporary, socket, { force: true, taken: 'usage' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('not a file'),
    });
    expect((await lstat(socket)).isSocket()).toBe(true);
    expect(await readFile(temporary, 'utf8')).toBe('new');
  });

  it.each([
    [true, 'new'],
    [false, 'old'],
  ])('keeps a file that is there unless it is forced (force: %s)', async (force, content) => {
    const folder = await tempFolder();
    const [temporary, target] = [join(folder, 'made'), join(folder, 'there')];
    await writeFile(temporary, 'new');
    await writeFile(target, 'old');
    const done = publishFile(temporary, target, { force, taken: 'unverified' });
    if (force) await done;
    else await expect(done).rejects.toMatchObject({ code: 'unverified' });
    expect(await readFile(target, 'utf8')).toBe(content);
  });
});
