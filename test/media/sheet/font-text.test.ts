import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderText, type TextRequest } from '../../../src/media/sheet/font-text.ts';
import { makeFont } from '../../helpers/font.ts';
import { findTestFfmpeg } from '../../helpers/prepare.ts';
import { tempFolder } from '../../helpers/temp.ts';

const { signal } = new AbortController();
/** What ffmpeg would read otherwise in a filter, in a path or in a text. */
const TRICKY = "ジ',[x];:%{pts}\\n";

async function request(text: string, more: Partial<TextRequest> = {}): Promise<TextRequest> {
  const folder = join(await tempFolder());
  // Its path is no easier than the text.
  await writeFile(join(folder, "a'b:c,[d].ttf"), makeFont([...new Set(`${TRICKY}ジョー\u0301`)].join('')));
  return { text, fontFolders: [folder], ffmpeg: await findTestFfmpeg(), signal, size: 40, width: 1500, ...more };
}

const folders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sora-text-'));

describe('letter', () => {
  it('draws a text in a font that has it, as large as it was asked for, and leaves nothing behind', async () => {
    const before = folders();
    const mask = await renderText(await request('ジョー'));
    // Three squares of 0.9 em, side by side.
    expect(Math.abs((mask?.width ?? 0) - 2.9 * 40)).toBeLessThanOrEqual(2);
    expect(Math.abs((mask?.height ?? 0) - 0.9 * 40)).toBeLessThanOrEqual(2);
    expect(mask?.data[20]).toBe(255);
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('takes every character for itself', async () => {
    const mask = await renderText(await request(TRICKY));
    expect(Math.abs((mask?.width ?? 0) - ([...TRICKY].length - 0.1) * 40)).toBeLessThanOrEqual(2);
  });

  it('makes smaller what is too wide', async () => {
    const { width = 0, height = 0 } = (await renderText(await request('ジョー'.repeat(20), { width: 600 }))) ?? {};
    expect(width).toBeLessThanOrEqual(601);
    expect(width).toBeGreaterThan(500);
    expect(height).toBeLessThan(12);
  });

  it.each([
    ['whose letters no font has', 'ジョX', {}],
    ['whose marks would be misplaced', 'ジ\u0301', {}],
    ['that this build cannot draw', 'ジョー', { ffmpeg: { path: '/bin/false', version: '9', source: 'PATH' } }],
  ] as const)('draws nothing of a text %s', async (_, text, more) => {
    expect(await renderText(await request(text, more))).toBeUndefined();
  });

  it('stops when it is told to', async () => {
    const stopped = AbortSignal.abort();
    await expect(renderText(await request('ジョー', { signal: stopped }))).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});
