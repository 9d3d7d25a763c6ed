import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkFree, createOutput, outputWriteError, publishFile, writeOutput } from '../../src/disk/publish.ts';
import { START } from '../helpers/runtime.ts';
import { tempFolder } from '../helpers/temp.ts';

const links = vi.hoisted(() => ({ are: 'there' as 'there' | 'unknown' }));
const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const link: typeof real.link = async (...args) => {
    if (links.are === 'there') return real.link(...args);
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  const write: typeof real.writeFile = async (...args) => {
    if (!disk.isFull) return real.writeFile(...args);
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  return { ...real, link, writeFile: write };
});

afterEach(() => {
  links.are = 'there';
  disk.isFull = false;
});

describe('writeOutput', () => {
  const how = { force: false, taken: 'usage', clock: { now: () => START, sleep: async () => {} } } as const;

  it('writes a whole file', async () => {
    const folder = await tempFolder();
    await writeOutput(join(folder, 'new'), 'whole', how);
    expect(await readFile(join(folder, 'new'), 'utf8')).toBe('whole');
    expect(await readdir(folder)).toEqual(['new']);
  });

  it('says that the disk is full, and leaves nothing there', async () => {
    const folder = await tempFolder();
    disk.isFull = true;
    await expect(writeOutput(join(folder, 'new'), 'whole', how)).rejects.toMatchObject({
      code: 'machine',
      message: `${join(folder, 'new')} could not be written: the disk is full.`,
    });
    expect(await readdir(folder)).toEqual([]);
  });
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
      message: `${target} has appeared in the meantime and was not replaced.`,
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
      const error = outputWriteError(Object.assign(new Error(code), { code }), '/films/a.mp4');
      expect(error).toMatchObject({
        code: 'machine',
        message: expect.stringMatching(/^\/films\/a\.mp4 could not be written: .+\.$/),
        hint: expect.stringMatching(/\.$/),
      });
    },
  );

  it('leaves alone what is no matter of the disk', () => {
    const error = new Error('mine');
    expect(outputWriteError(error, 'x')).toBe(error);
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
  it('lets nothing be written under the name of a journal, which would be read as one', async () => {
    const folder = await tempFolder();
    for (const name of ['film.md.journal.jsonl', 'p.jsonl.journal.ci.1of3.jsonl', 'FILM.MD.JOURNAL.JSONL']) {
      await expect(checkFree(join(folder, name), { force: true, example: 'a' })).rejects.toMatchObject({
        ...{ code: 'usage', message: expect.stringContaining('says what was paid for') },
      });
    }
  });

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

  const RULES = { force: true, example: 'a' };

  it.each([
    ['a file', 'file', 'file'],
    ['nothing', 'none', 'none'],
    ['a link to a file', 'to-file', 'file'],
    ['a link to nothing', 'to-nothing', 'sub/none'],
    ['a name in a folder that is a link', 'to-sub/none', 'sub/none'],
  ])('says where %s is written', async (_what, name, place) => {
    const folder = await linked();
    expect(await checkFree(join(folder, name), RULES)).toBe(join(folder, place));
  });

  it.each([
    ['to itself', 'loop', /loop is a link that leads to itself\.$/],
    ['to a folder', 'to-sub', /to-sub is a folder\.$/],
    ['to a device', 'to-device', /to-device is a device or a pipe, not a file, and is not replaced\.$/],
    ['into a folder that is not there', 'to-gone', /^The folder .*gone, to which .*to-gone leads, does not exist\.$/],
    ['into a file', 'into-file', /file, to which .*into-file leads, is not a folder\.$/],
    ['to what the process has open', 'to-stdout', /to-stdout names something that is open already, not a file/],
  ])('refuses a link %s, forced or not', async (_what, name, message) => {
    const folder = await linked();
    for (const force of [true, false]) {
      await expect(checkFree(join(folder, name), { force, example: 'a' })).rejects.toMatchObject({
        ...{ code: 'usage', message: expect.stringMatching(message), hint: expect.stringMatching(/\w/) },
      });
    }
  });

  it('names stdout to whoever can write there', async () => {
    const path = join(await linked(), 'to-device');
    const error = checkFree(path, { ...RULES, takesStdout: true });
    await expect(error).rejects.toMatchObject({ hint: 'Name a file with -o, or write to stdout: -o -' });
    await expect(checkFree(path, RULES)).rejects.toMatchObject({ hint: 'Name a file with -o.' });
  });

  it.skipIf(process.getuid?.() === 0)('refuses a folder that may not be written to, also behind a link', async () => {
    const folder = await linked();
    await chmod(join(folder, 'sub'), 0o500);
    for (const name of ['sub/new', 'to-sub/new', 'to-nothing'])
      await expect(checkFree(join(folder, name), RULES)).rejects.toMatchObject({
        ...{ code: 'usage', message: expect.stringMatching(/^The folder .* cannot be written to\.$/) },
      });
  });
});

/** A folder with a file, a folder `sub`, and links of every kind. */
async function linked(): Promise<string> {
  const folder = await tempFolder();
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'file'), 'old');
  const links = {
    ...{ 'to-file': 'file', 'to-nothing': 'sub/none', 'to-sub': 'sub', 'to-device': '/dev/null', loop: 'loop' },
    ...{ 'to-gone': 'gone/file', 'into-file': 'file/below', 'to-stdout': '/dev/stdout' },
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
  return folder;
}

describe('createOutput', () => {
  const clock = { now: () => START, sleep: async () => {} };
  const FORCED = { force: true, taken: 'usage' } as const;

  it('makes a file beside its place, gives it its name in one step, and leaves nothing else', async () => {
    const folder = await tempFolder();
    const output = await createOutput(join(folder, 'new'), clock);
    expect(dirname(output.path)).toBe(folder);
    await writeFile(output.path, 'whole');
    expect(await readdir(folder)).not.toContain('new');
    await output.publish({ force: false, taken: 'usage' });
    await output.dispose();
    expect(await readdir(folder)).toEqual(['new']);
    expect(await readFile(join(folder, 'new'), 'utf8')).toBe('whole');
  });

  it('leaves nothing when it is not published', async () => {
    const folder = await tempFolder();
    await (await createOutput(join(folder, 'new'), clock)).dispose();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['to-file', 'file'],
    ['to-nothing', 'sub/none'],
    ['to-sub/none', 'sub/none'],
  ])('P4: lets the link %s stay, and writes what it leads to', async (name, place) => {
    const folder = await linked();
    const before = await readlink(join(folder, name)).catch(() => undefined);
    const output = await createOutput(join(folder, name), clock);
    expect(dirname(output.path)).toBe(dirname(join(folder, place)));
    await writeFile(output.path, 'new');
    await output.publish(FORCED);
    await output.dispose();
    expect(await readFile(join(folder, place), 'utf8')).toBe('new');
    expect(await readlink(join(folder, name)).catch(() => undefined)).toBe(before);
    expect((await readdir(dirname(join(folder, place)))).filter((one) => one.startsWith('.'))).toEqual([]);
  });

  it('says in a sentence why it cannot be begun, or given its name', async () => {
    const folder = await tempFolder();
    const none = join(folder, 'none', 'file');
    await expect(createOutput(none, clock)).rejects.toMatchObject({
      ...{ code: 'machine', message: `${none} could not be written: its folder does not exist (ENOENT).` },
    });
    const output = await createOutput(join(folder, 'taken'), clock);
    await mkdir(join(folder, 'taken', 'full'), { recursive: true });
    await expect(output.publish(FORCED)).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining('a folder is there') },
    });
    await output.dispose();
  });

  it('sweeps what killed processes left in that folder', async () => {
    const folder = await tempFolder();
    const left = join(folder, '.sora-mi8ovgg0-0123abcd.part');
    await writeFile(left, 'half');
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(left, hourAgo, hourAgo);
    await (await createOutput(join(folder, 'new'), clock)).dispose();
    expect(await readdir(folder)).toEqual([]);
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
