import { mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { followLinks } from '../../src/disk/links.ts';
import { tempFolder } from '../helpers/temp.ts';

describe.skipIf(process.platform === 'win32')('followLinks', () => {
  it.each<[what: string, links: Readonly<Record<string, string>>, path: string, place: string]>([
    ['a file', {}, 'file', 'file'],
    ['nothing', {}, 'none', 'none'],
    ['a link to a file', { link: 'file' }, 'link', 'file'],
    ['a link to a link', { link: 'next', next: 'sub/inner' }, 'link', 'sub/inner'],
    ['a link to nothing', { link: 'sub/none' }, 'link', 'sub/none'],
    ['a link to a folder', { link: 'sub' }, 'link', 'sub'],
    ['a file in a linked folder', { link: 'sub' }, 'link/new', 'sub/new'],
    ['a link out of a linked folder, by ..', { link: 'sub/deep', 'sub/deep/up': '../inner' }, 'link/up', 'sub/inner'],
    ['a link that goes through a link and back', { link: 'far/../inner', far: 'sub/deep' }, 'link', 'sub/inner'],
    ['the folder itself', {}, '.', '.'],
    ['a link to the folder above', { 'sub/up': '..' }, 'sub/up', '.'],
  ])('finds where writing to %s would write', async (_what, links, path, place) => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'sub', 'deep'), { recursive: true });
    for (const file of ['file', 'sub/inner']) await writeFile(join(folder, file), 'old');
    for (const [link, target] of Object.entries(links)) await symlink(target, join(folder, link));
    const found = await followLinks(`${folder}/${path}`);
    expect(found).toBe(join(folder, place));
    // The system says the same.
    if (place.includes('sub/') || place === 'file') {
      await writeFile(`${folder}/${path}`, 'new');
      expect(await readFile(found, 'utf8')).toBe('new');
    }
  });

  it('follows a link to an absolute path', async () => {
    const folder = await tempFolder();
    await symlink(join(folder, 'file'), join(folder, 'link'));
    expect(await followLinks(join(folder, 'link'))).toBe(join(await realpath(folder), 'file'));
  });

  it('ends where links lead to themselves', async () => {
    const folder = await tempFolder();
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    await symlink('self', join(folder, 'self'));
    for (const name of ['a', 'self'])
      await expect(followLinks(join(folder, name))).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('names the place also where its folder is not there, or is a file', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'file'), '');
    await symlink('none/file', join(folder, 'link'));
    await symlink('file/below', join(folder, 'wrong'));
    for (const [path, place] of [
      ['link', 'none/file'],
      ['none/deep/file', 'none/deep/file'],
      ['wrong', 'file/below'],
      ['none/..', '.'],
    ] as const)
      expect(await followLinks(`${folder}/${path}`)).toBe(join(folder, place));
  });

  it.skipIf(process.platform !== 'linux')('takes no open file of a process for the file that it is', async () => {
    const folder = await tempFolder();
    await symlink('/dev/stdout', join(folder, 'link'));
    for (const path of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '/dev/stderr', join(folder, 'link')])
      await expect(followLinks(path)).rejects.toMatchObject({ code: 'EFTYPE' });
  });
});
