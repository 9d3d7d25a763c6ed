import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runClipSheet } from '../../src/commands/clip-sheet.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { createTestContext, type TestContext } from '../helpers/runtime.ts';

async function setUp(globals: Parameters<typeof createTestContext>[0] = {}): Promise<TestContext> {
  const test = await createTestContext(globals);
  await writeFile(join(test.dir, 'joe.mp4'), await makeVideo());
  return test;
}

const SHEET = { file: 'joe.mp4', output: undefined, force: false };

describe('clip sheet', () => {
  it('writes one PNG beside where it runs, named after the clip', async () => {
    const { context, dir, stdout } = await setUp({ json: true });
    await runClipSheet(context, SHEET);
    expect((await readdir(dir)).toSorted()).toEqual(['joe-sheet.png', 'joe.mp4']);
    const png = await readFile(join(dir, 'joe-sheet.png'));
    const said = JSON.parse(stdout.text());
    expect(said).toEqual({
      path: join(dir, 'joe-sheet.png'),
      ...{ width: png.readUInt32BE(16), height: png.readUInt32BE(20), times: expect.any(Array) },
    });
    expect(said.times).toHaveLength(12);
  });

  it.each([
    ['a file that is there', 'old.png', /already exists/],
    ['a folder', 'folder', /is a folder/],
    ['a folder by its form', 'new/', /written to a PNG file/],
    ['stdout', '-', /written to a PNG file/],
    ['a missing folder', 'none/x.png', /does not exist/],
    ['another format', 'x.jpg', /is a PNG, but its name is x\.jpg/],
    ['the clip itself', 'joe.mp4', /over itself/],
  ])('P4: refuses to write to %s', async (_title, output, message) => {
    const { context, dir } = await setUp();
    await mkdir(join(dir, 'folder'));
    await writeFile(join(dir, 'old.png'), 'old');
    const before = await readdir(dir);
    await expect(runClipSheet(context, { ...SHEET, output })).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringMatching(message) },
    });
    expect(await readFile(join(dir, 'old.png'), 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(before);
  });

  it('says that a name is not written on it which nothing could draw', async () => {
    const { context, dir, stderr } = await setUp();
    await rename(join(dir, 'joe.mp4'), join(dir, 'प्रिया.mp4'));
    await runClipSheet(context, { ...SHEET, file: 'प्रिया.mp4' });
    expect(await readdir(dir)).toContain('प्रिया-sheet.png');
    expect(stderr.text()).toContain('warning: प्रिया.mp4 is not written on the sheet: ');
  });

  it('replaces a file with --force, and names it with --quiet', async () => {
    const { context, dir, stdout } = await setUp({ quiet: true });
    await writeFile(join(dir, 'old.png'), 'old');
    await runClipSheet(context, { ...SHEET, output: 'old.png', force: true });
    expect((await readFile(join(dir, 'old.png'))).subarray(1, 4).toString()).toBe('PNG');
    expect(stdout.text()).toBe(`${join(dir, 'old.png')}\n`);
  });

  it.each([
    ['words', 'clip', 'These are words.'],
    ['nothing', 'usage', undefined],
  ])('refuses %s as %s, and leaves no file', async (_, code, content) => {
    const { context, dir } = await setUp();
    if (content !== undefined) await writeFile(join(dir, 'words.mp4'), content);
    const before = await readdir(dir);
    await expect(runClipSheet(context, { ...SHEET, file: 'words.mp4' })).rejects.toMatchObject({ code });
    expect(await readdir(dir)).toEqual(before);
  });

  it('leaves no file when it is stopped', async () => {
    const test = await setUp();
    test.abort('interrupted');
    await expect(runClipSheet(test.context, SHEET)).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(test.dir)).toEqual(['joe.mp4']);
  });
});
