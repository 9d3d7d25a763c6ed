import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRegular, readTextSync } from '../../src/disk/read-file.ts';
import { makePipe } from '../helpers/pipe.ts';
import { tempFolder } from '../helpers/temp.ts';

async function readOpened(path: string): Promise<string> {
  const file = await openRegular(path);
  return file.readFile('utf8').finally(() => file.close());
}

const READERS = [
  ['readTextSync', async (path: string) => readTextSync(path)],
  ['openRegular', readOpened],
] as const;

describe.each(READERS)('%s', (_name, read) => {
  it('reads a file, also through a link', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'file'), 'Joë');
    await symlink('file', join(folder, 'link'));
    expect(await read(join(folder, 'file'))).toBe('Joë');
    expect(await read(join(folder, 'link'))).toBe('Joë');
  });

  it('waits for no pipe that nobody writes into', async (context) => {
    const pipe = await makePipe(context);
    await expect(read(pipe)).rejects.toMatchObject({ code: 'EFTYPE' });
  });

  it.each(['/dev/zero', '/dev/null'])('reads nothing of %s, nor of a link to it', async (device) => {
    const link = join(await tempFolder(), 'link');
    await symlink(device, link);
    await expect(read(device)).rejects.toMatchObject({ code: 'EFTYPE' });
    await expect(read(link)).rejects.toMatchObject({ code: 'EFTYPE' });
  });

  it('says of what else is there that it is no file', async () => {
    const folder = await tempFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve));
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    await mkdir(join(folder, 'sub'));
    await symlink('loop', join(folder, 'loop'));
    for (const [name, code] of [
      ['socket', 'ENXIO'],
      ['sub', 'EISDIR'],
      ['loop', 'ELOOP'],
      ['none', 'ENOENT'],
    ] as const)
      await expect(read(join(folder, name))).rejects.toMatchObject({ code });
  });
});

describe('readTextSync', () => {
  it.each([0, 1, 99, 100, 101, 250])(
    'takes no more than a hundred bytes where that is the bound: %i',
    async (bytes) => {
      const path = join(await tempFolder(), 'file');
      await writeFile(path, 'x'.repeat(bytes));
      const read = () => readTextSync(path, 100);
      if (bytes <= 100) expect(read()).toBe('x'.repeat(bytes));
      else expect(read).toThrow(expect.objectContaining({ code: 'ERR_FS_FILE_TOO_LARGE' }));
    },
  );

  it.skipIf(process.platform !== 'linux')('reads a file whose size is not known, up to the bound', () => {
    // Files of /proc say that they are empty.
    const text = readTextSync('/proc/self/mountinfo');
    expect(text).toMatch(/\n$/);
    expect(() => readTextSync('/proc/self/mountinfo', text.length - 1)).toThrow(/too large/);
  });
});
