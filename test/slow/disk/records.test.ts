import { mkdir, mkdtemp, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRecords } from '../../../src/disk/records.ts';
import { number, recordDecoder, shape, string } from '../../../src/disk/schema.ts';
import { bundleWorkers, type Workers } from '../../disk/processes.ts';
import { counters } from '../../disk/worker.ts';
import { tempFolder } from '../../helpers/temp.ts';

interface Note {
  readonly version: number;
  readonly text: string;
}

const decode = recordDecoder<Note>(1, shape<Note>({ version: number, text: string }));
const notes = (dir: string) => createRecords<Note>({ dir, decode });
const note = (text: string): Note => ({ version: 1, text });

let workers: Workers;
beforeAll(async () => {
  workers = await bundleWorkers();
});
afterAll(() => workers.close());

describe('a record', () => {
  it('is read as it was claimed, and claimed once', async () => {
    const records = notes(join(await tempFolder(), 'a', 'b'));
    expect(await records.read('joe')).toBeUndefined();
    expect(await records.claim('joe', note('first'))).toBe(true);
    expect(await records.claim('joe', note('second'))).toBe(false);
    expect(await records.read('joe')).toEqual(note('first'));
  });

  it('is changed, replaced, moved and removed', async () => {
    const dir = await tempFolder();
    const records = notes(dir);
    await records.claim('joe', note('a'));
    expect(await records.update('joe', (current) => note(`${current.text}b`))).toEqual(note('ab'));
    await records.write('mia', note('c'));
    expect(await records.move('joe', 'mia', (current) => current)).toBe('taken');
    expect(await records.read('joe')).toEqual(note('ab'));
    expect(await records.move('joe', 'zoe', (current) => note(`${current.text}!`))).toEqual(note('ab!'));
    expect(await records.move('joe', 'ann', (current) => current)).toBe('missing');
    expect(await records.remove('mia')).toBe(true);
    expect(await records.remove('mia')).toBe(false);
    expect(await readdir(dir)).toEqual(['zoe.json']);
  });

  it('that is not there is not made by a change', async () => {
    const dir = join(await tempFolder(), 'none');
    expect(await notes(dir).update('joe', () => note('x'))).toBeUndefined();
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps fields that it does not know', async () => {
    const dir = await tempFolder();
    await writeFile(join(dir, 'joe.json'), '{"version":1,"text":"a","colour":"red"}');
    await notes(dir).update('joe', (current) => ({ ...current, text: 'b' }));
    expect(JSON.parse(await readFile(join(dir, 'joe.json'), 'utf8'))).toEqual({ version: 1, text: 'b', colour: 'red' });
  });

  it('P5: is readable by its owner alone', async () => {
    const dir = join(await tempFolder(), 'outer', 'inner');
    const records = notes(dir);
    await records.claim('joe', note('a'));
    await records.claim('mia', note('a'));
    await records.update('mia', () => note('b'));
    const modes = [join(dir, '..'), dir, records.path('joe'), records.path('mia')].map(async (path) => {
      return ((await stat(path)).mode & 0o777).toString(8);
    });
    expect(await Promise.all(modes)).toEqual(['700', '700', '600', '600']);
  });

  it('that could not be read again is not written', async () => {
    const records = notes(await tempFolder());
    await records.claim('joe', note('a'));
    await expect(records.update('joe', () => ({ version: 1 }) as Note)).rejects.toThrow('text is not text');
    expect(await records.read('joe')).toEqual(note('a'));
  });

  it.each(['../joe', 'a/b', '', '.', '..', 'Joe', 'joe.json', 'a\u0000b', '-a', 'x'.repeat(200)])(
    'never lies at a path made of %j',
    async (id) => {
      const records = notes(await tempFolder());
      expect(() => records.path(id)).toThrow(TypeError);
      await expect(records.read(id)).rejects.toThrow(TypeError);
      await expect(records.claim(id, note('a'))).rejects.toThrow(TypeError);
      await expect(records.remove(id)).rejects.toThrow(TypeError);
    },
  );
});

describe('a broken record', () => {
  it.each([
    ['', 'it is not valid JSON'],
    ['{"version":1,"te', 'it is not valid JSON'],
    ['\u0000\u0000\u0000', 'it is not valid JSON'],
    ['null', 'it is not an object'],
    ['[1]', 'it is not an object'],
    ['{"text":"a"}', 'it has no version'],
    ['{"version":"1","text":"a"}', 'it has no version'],
    ['{"version":1}', 'text is not text'],
    ['{"version":1,"__proto__":{"text":"a"}}', 'text is not text'],
    ['{"version":2,"text":"a"}', 'it was written by a newer version of sora (format 2; this one reads up to 1)'],
  ])('holding %j is named, skipped and kept', async (content, reason) => {
    const dir = await tempFolder();
    const records = notes(dir);
    const path = join(dir, 'joe.json');
    await writeFile(path, content);
    await records.claim('mia', note('whole'));
    expect(await records.list()).toEqual({ records: [note('whole')], broken: [{ path, reason }] });
    const refusal = { code: 'machine', message: `The record ${path} cannot be used: ${reason}.` };
    await expect(records.read('joe')).rejects.toMatchObject(refusal);
    await expect(records.update('joe', () => note('new'))).rejects.toMatchObject(refusal);
    expect(await records.claim('joe', note('new'))).toBe(false);
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('is one that was copied to another name', async () => {
    const dir = await tempFolder();
    const records = createRecords<Note>({ dir, decode, idOf: ({ text }) => text });
    await writeFile(join(dir, 'joe.json'), '{"version":1,"text":"mia"}');
    await expect(records.read('joe')).rejects.toMatchObject({ code: 'machine' });
  });

  it('is a folder that stands in its place', async () => {
    const dir = await tempFolder();
    await mkdir(join(dir, 'joe.json'));
    const { broken } = await notes(dir).list();
    expect(broken).toEqual([{ path: join(dir, 'joe.json'), reason: 'a folder is where a file should be' }]);
  });
});

describe('the folder', () => {
  it('lists nothing when it does not exist', async () => {
    expect(await notes(join(await tempFolder(), 'none')).list()).toEqual({ records: [], broken: [] });
  });

  it('lists neither locks nor temporary files, and loses those of yesterday', async () => {
    const dir = await tempFolder();
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await writeFile(join(dir, '.old.tmp'), 'half');
    await writeFile(join(dir, '.new.tmp'), 'half');
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await mkdir(join(dir, 'joe.lock'));
    for (const name of ['.old.tmp', 'notes.txt', 'joe.lock']) await utimes(join(dir, name), yesterday, yesterday);
    const records = notes(dir);
    expect(await records.list()).toEqual({ records: [], broken: [] });
    await records.claim('joe', note('a'));
    expect((await readdir(dir)).sort()).toEqual(['.new.tmp', 'joe.json', 'notes.txt']);
  });

  it('that cannot be made is named with the reason', async () => {
    const file = join(await tempFolder(), 'file');
    await writeFile(file, '');
    await expect(notes(join(file, 'records')).claim('joe', note('a'))).rejects.toMatchObject({
      code: 'machine',
      message: `Cannot make the folder ${join(file, 'records')}: a file is where a folder should be.`,
    });
  });
});

describe('P4: processes at once', { timeout: 60_000 }, () => {
  it('lose no change of one record', async () => {
    const dir = await tempFolder();
    await counters(dir).claim('joe', { count: 0, text: '' });
    await Promise.all([1, 2].map(() => workers.run('count', dir, 'joe', 100)));
    expect((await counters(dir).read('joe'))?.count).toBe(200);
    expect(await readdir(dir)).toEqual(['joe.json']);
  });

  it('get each id once, and what stands there is the winner’s', async () => {
    const dir = await tempFolder();
    const owners = ['left', 'right', 'third'];
    const won = (await Promise.all(owners.map((owner) => workers.run('claim', dir, owner, 300)))) as string[][];
    expect(won.flat().length).toBe(300);
    for (const [index, ids] of won.entries()) {
      for (const id of ids) expect((await counters(dir).read(id))?.text).toBe(owners[index]);
    }
    expect((await readdir(dir)).length).toBe(300);
  });

  it('lose no change made within one process', async () => {
    const dir = await tempFolder();
    const records = counters(dir);
    await records.claim('joe', { count: 0, text: '' });
    const change = () => records.update('joe', (current) => ({ ...current, count: current.count + 1 }));
    await Promise.all(Array.from({ length: 50 }, change));
    expect((await records.read('joe'))?.count).toBe(50);
  });

  it('see every record whole while it is written, and after a kill', async () => {
    const dir = await tempFolder();
    const records = counters(dir);
    await records.claim('joe', { count: 1, text: 'a' });
    const writer = await workers.start('churn', dir, 'joe');
    const seen = new Set<number>();
    const look = async () => {
      const { records: found, broken } = await records.list();
      expect(broken).toEqual([]);
      const [record] = found;
      expect(new Set(record?.text).size).toBe(1);
      expect(record?.text.length).toBe(record?.count);
      seen.add(record?.count ?? 0);
    };
    for (let times = 0; times < 500 || seen.size < 4; times += 1) await look();
    await writer.kill();
    await look();
  });
});

describe('P4: a full disk', () => {
  it('loses nothing that was there', async (context) => {
    const dir = await mountSmallDisk();
    if (!dir) return context.skip('a tmpfs cannot be mounted here');
    const records = notes(join(dir, 'records'));
    await records.claim('joe', note('before'));
    await fill(join(dir, 'filler'));
    const long = note('x'.repeat(100_000));
    const full = { code: 'machine', message: expect.stringContaining('the disk is full') };
    await expect(records.update('joe', () => long)).rejects.toMatchObject(full);
    await expect(records.write('joe', long)).rejects.toMatchObject(full);
    await expect(records.claim('mia', note('y'))).rejects.toMatchObject({
      ...full,
      message: `Cannot write ${records.path('mia')}: the disk is full.`,
    });
    expect(await records.list()).toEqual({ records: [note('before')], broken: [] });
    expect(await readdir(join(dir, 'records'))).toEqual(['joe.json']);
    await writeFile(join(dir, 'filler'), '');
    expect(await records.claim('mia', note('y'))).toBe(true);
  });
});

/** A tmpfs of 256 KiB, or undefined where the test may not mount one. */
async function mountSmallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { execa } = await import('execa');
  const dir = await mkdtemp(join(await tempFolder(), 'disk-'));
  const { failed } = await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { reject: false });
  if (failed) return undefined;
  onTestFinished(async () => void (await execa('umount', ['--lazy', dir])));
  return dir;
}

async function fill(path: string): Promise<void> {
  await expect(writeFile(path, Buffer.alloc(1_000_000))).rejects.toMatchObject({ code: 'ENOSPC' });
}
