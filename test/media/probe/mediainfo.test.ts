import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openReader, withReader } from '../../../src/media/probe/mediainfo.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

type Reader = Awaited<ReturnType<typeof openReader>>;

const report = async (reader: Reader, bytes: Buffer): Promise<object> =>
  reader.analyzeData(bytes.length, (length, offset) => bytes.subarray(offset, offset + length));

it('reads several files with one instance as each with its own', async () => {
  const folder = await tempFolder();
  const source = '-v error -f lavfi -i testsrc=s=64x48:r=10:d=1 -pix_fmt yuv420p';
  for (const file of ['a.mp4', 'b.webm', 'c.ts', 'a.mp4']) {
    await run([...words(`${source} -y`), join(folder, file)], { path: makerPath });
    const bytes = await readFile(join(folder, file));
    const fresh = await openReader();
    expect(await withReader((reader) => report(reader, bytes))).toEqual(await report(fresh, bytes));
    fresh.close();
  }
});

it('gives an instance to one at a time, and one that failed to nobody', async () => {
  const used: Reader[] = [];
  const note = async (reader: Reader): Promise<void> => {
    used.push(reader);
  };
  await withReader(note);
  await Promise.all([withReader(note), withReader(note)]);
  expect(used[1]).toBe(used[0]);
  expect(used[2]).not.toBe(used[1]);
  const failed = withReader(async (reader) => {
    used.push(reader);
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  await Promise.all([withReader(note), withReader(note), withReader(note)]);
  expect(used.slice(4)).not.toContain(used[3]);
});
