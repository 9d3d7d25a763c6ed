import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { removeUnfinished } from '../../src/disk/temporary.ts';
import { makeTemporaryFolder, temporaryFileError } from '../../src/disk/temporary-folder.ts';
import { SoraError } from '../../src/shared/errors.ts';
import { tempFolder } from '../helpers/temp.ts';

const SRC = join(import.meta.dirname, '../../src');

describe('a temporary folder', () => {
  it('lies where TMPDIR says, and is removed with what is in it', async () => {
    const place = await tempFolder();
    vi.stubEnv('TMPDIR', place);
    const made = await makeTemporaryFolder('sora-any-');
    expect(made.path.startsWith(join(place, 'sora-any-'))).toBe(true);
    await writeFile(join(made.path, 'file'), 'any');
    await made.dispose();
    expect(await readdir(place)).toEqual([]);
  });

  it('is removed on a forced exit', async () => {
    vi.stubEnv('TMPDIR', await tempFolder());
    const { path } = await makeTemporaryFolder('sora-any-');
    removeUnfinished();
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['none', 'it does not exist'],
    ['file', 'a file is where a folder should be'],
  ])('that cannot be made in "%s" is told with the variable to set', async (name, reason) => {
    const place = join(await tempFolder(), name);
    if (name === 'file') await writeFile(place, '');
    vi.stubEnv('TMPDIR', place);
    await expect(makeTemporaryFolder('sora-any-')).rejects.toMatchObject({
      code: 'machine',
      message: `Temporary files cannot be written to ${place}: ${reason}.`,
      hint: expect.stringContaining('Set TMPDIR '),
    });
  });

  it('is made by nothing else', async () => {
    const files = (await readdir(SRC, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const texts = await Promise.all(
      files.map(async (name) => [name, await readFile(join(SRC, name), 'utf8')] as const),
    );
    const making = texts.filter(([, text]) => /\b(?:mkdtemp|mkdtempSync)\(/.test(text)).map(([name]) => name);
    expect(making).toEqual(['disk/temporary-folder.ts']);
  });
});

describe('an error of a temporary file', () => {
  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'the file system is read-only'],
    ['EACCES', 'permission is denied'],
  ])('%s is told with the variable to set', (code, reason) => {
    expect(temporaryFileError(Object.assign(new Error('any'), { code }))).toMatchObject({
      code: 'machine',
      message: expect.stringContaining(`: ${reason}.`),
      hint: expect.stringContaining('Set TMPDIR '),
    });
  });

  it('that is told already, or is none of the system, stays as it is', () => {
    for (const error of [
      new SoraError('unverified', 'It is damaged.'),
      new TypeError('any'),
      Object.assign(new Error('The operation was aborted'), { code: 'ABORT_ERR' }),
    ])
      expect(temporaryFileError(error)).toBe(error);
  });
});
