import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFont, fontFolders } from '../../../src/media/sheet/font-lookup.ts';
import { makeFont } from '../../helpers/font.ts';
import { tempFolder } from '../../helpers/temp.ts';

const NAME = 'ジョー';

async function folderOf(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const folder = await tempFolder();
  await mkdir(join(folder, 'deep'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

describe('findFont', () => {
  it.each([
    ['of short codes', NAME, { form: 4 }],
    ['of long codes', 'ジ𠮷', { form: 12 }],
    ['that leads a collection', NAME, { form: 12, collection: true }],
  ] as const)('finds a font %s, wherever it lies in the folder, that has every letter', async (_, text, shape) => {
    const folder = await folderOf({
      'a.ttf': makeFont('ジョ'),
      'deep/b.otf': makeFont(text, shape),
      'c.txt': makeFont(text),
    });
    expect(await findFont(`${text} ${text}`, [join(folder, 'none'), folder])).toBe(join(folder, 'deep/b.otf'));
    expect(await findFont(`${text}A`, [folder])).toBeUndefined();
  });

  it('takes a plain one before one with serifs, and both before a bold one', async () => {
    const font = makeFont(NAME);
    const files = { 'ASerif-Regular.ttf': font, 'BSans-Bold.ttf': font, 'CSans-Regular.ttf': font };
    const folder = await folderOf(files);
    expect(await findFont(NAME, [folder])).toBe(join(folder, 'CSans-Regular.ttf'));
    const less = await folderOf({ ...files, 'CSans-Regular.ttf': 'gone' });
    expect(await findFont(NAME, [less])).toBe(join(less, 'ASerif-Regular.ttf'));
  });

  it('passes over what is no font, and over a damaged one', async () => {
    const font = makeFont(NAME, { form: 12 });
    const cuts = Object.fromEntries([0, 3, 20, 140, 160].map((bytes) => [`a${bytes}.ttf`, font.subarray(0, bytes)]));
    const endless = Buffer.from(font).fill(0xff, 12 + 7 * 16 + 12 + 12, 12 + 7 * 16 + 12 + 16);
    const folder = await folderOf({ ...cuts, 'b.ttf': 'These are words.', 'c.ttf': endless, 'z.ttf': font });
    await mkdir(join(folder, 'd.ttf'));
    expect(await findFont(`${NAME}A`, [folder])).toBeUndefined();
    expect(await findFont(NAME, [folder])).toMatch(/[cz]\.ttf$/);
  });

  it.each([
    [4_000_000, true],
    [4_000_001, false],
    [0xffffffff, false],
  ])('reads a table that says it has %i bytes: %s', async (bytes, isRead) => {
    const font = Buffer.from(makeFont(NAME));
    font.writeUInt32BE(bytes, 12 + 12);
    const folder = await folderOf({ 'a.ttf': font });
    expect(await findFont(NAME, [folder])).toBe(isRead ? join(folder, 'a.ttf') : undefined);
  });
});

describe('fontFolders', () => {
  it.each([
    ['linux', {}, '/usr/share/fonts', '/home/joe/.local/share/fonts'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/usr/local/share/fonts', '/data/fonts'],
    ['darwin', {}, '/System/Library/Fonts', '/home/joe/Library/Fonts'],
    ['win32', {}, 'C:\\Windows\\Fonts', '\\home\\joe\\AppData\\Local\\Microsoft\\Windows\\Fonts'],
  ] as const)('of %s are those of the system and the user %#', (platform, env, system, own) => {
    expect(fontFolders(env, platform, '/home/joe')).toEqual(expect.arrayContaining([system, own]));
  });
});
