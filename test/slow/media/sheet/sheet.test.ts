import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probeMedia } from '../../../../src/media/probe/probe.ts';
import { layOut, makeSheet, type Sheet, sheetFacts, timeLabel } from '../../../../src/media/sheet/sheet.ts';
import { makeClip, RECIPES } from '../../../helpers/clips.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { makeFont } from '../../../helpers/font.ts';
import { mediaInfo } from '../../../helpers/media-info.ts';
import { brightness, isGreen, isRed, type Picture, pixel } from '../../../helpers/picture.ts';
import { findTestFfmpeg, tempFolder } from '../../../helpers/prepare.ts';

const { signal } = new AbortController();

async function sheetOf(
  source: string,
  title = 'Joe',
  fontFolders: readonly string[] = [],
): Promise<Sheet & { picture: Picture }> {
  const info = await probeMedia(source, { signal });
  const ffmpeg = await findTestFfmpeg();
  const sheet = await makeSheet({ source, info, ffmpeg, signal, title, fontFolders, onProgress: () => {} });
  const folder = await tempFolder();
  await writeFile(join(folder, 'sheet.png'), sheet.png);
  const { stdout } = await run([
    ...words('-v error -i'),
    join(folder, 'sheet.png'),
    ...words('-f rawvideo -pix_fmt rgb24 -'),
  ]);
  return { ...sheet, picture: { width: sheet.width, height: sheet.height, data: stdout } };
}

/** The middle of a frame. */
function centre(index: number, { cell, picture, columns }: ReturnType<typeof layOut>): { x: number; y: number } {
  const [column, row] = [index % columns, Math.floor(index / columns)];
  return {
    x: 40 + column * (cell.width + 16) + Math.round(cell.width / 2),
    y: 40 + 92 + row * (cell.height + 16) + Math.round(picture.height / 2),
  };
}

function isBright({ picture }: { picture: Picture }, x: number, y: number): boolean {
  return brightness(pixel(picture, x, y)) > 200;
}

/** A clip of that length whose grey rises evenly from black to white. */
async function rising(seconds: number): Promise<string> {
  const path = join(await tempFolder(), 'rising.mp4');
  const source = `color=black:s=320x180:r=8:d=${seconds},format=gray,geq=lum=255*N/${seconds * 8},format=yuv420p`;
  const encode = words('-c:v libx264 -preset ultrafast -g 16 -colorspace bt709');
  await run(['-v', 'error', '-f', 'lavfi', '-i', source, ...encode, path], { path: makerPath });
  return path;
}

describe('makeSheet', () => {
  it('shows the whole clip upright, twelve times', async () => {
    const kind = 'rotated 90, right size';
    const sheet = await sheetOf(await makeClip(kind, await tempFolder()));
    const layout = layOut(RECIPES[kind].size);
    expect({ width: sheet.width, height: sheet.height }).toEqual({ width: layout.width, height: layout.height });
    for (let index = 0; index < 12; index += 1) {
      const { x, y } = centre(index, layout);
      const [dx, dy] = [layout.picture.width / 2 - 8, layout.picture.height / 2 - 8];
      expect(isRed(pixel(sheet.picture, Math.round(x - dx), Math.round(y - dy)))).toBe(true);
      expect(isGreen(pixel(sheet.picture, Math.round(x + dx), Math.round(y - dy)))).toBe(true);
    }
  });

  // A short clip is read once, a long one is sought in.
  it.each([4, 40])('takes frames at even distances of a clip of %d s', async (seconds) => {
    const sheet = await sheetOf(await rising(seconds));
    const layout = layOut({ width: 320, height: 180 });
    sheet.times.forEach((time, index) => {
      expect(time).toBeCloseTo(((index + 0.5) * seconds) / 12);
      const { x, y } = centre(index, layout);
      const expected = (255 * time) / seconds;
      expect(Math.abs(brightness(pixel(sheet.picture, x, y)) - expected), `frame ${index}`).toBeLessThan(12);
    });
  });

  it('says what it shows: another title gives other pixels in the head, and there only', async () => {
    const source = await makeClip('no audio', await tempFolder());
    const [a, b] = [await sheetOf(source, 'Joe'), await sheetOf(source, 'Mia')];
    const head = 3 * a.width * 100;
    expect(Buffer.from(a.picture.data.subarray(0, head)).equals(b.picture.data.subarray(0, head))).toBe(false);
    expect(Buffer.from(a.picture.data.subarray(head)).equals(b.picture.data.subarray(head))).toBe(true);
  });

  it('writes a name of other letters in a font that has them, and leaves it out where there is none', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'squares.ttf'), makeFont('ジョー'));
    const source = await rising(2);
    const sheet = await sheetOf(source, 'ジョー', [folder]);
    expect(sheet.titled).toBe(true);
    // Squares of the font, around the middle of our own capitals.
    expect(isBright(sheet, 60, 53)).toBe(true);
    expect([isBright(sheet, 60, 40), isBright(sheet, 60, 66), isBright(sheet, 60, 80)]).toEqual([true, true, false]);
    const bare = await sheetOf(source, 'ジョー');
    expect(bare.titled).toBe(false);
    const rows = Array.from({ length: 55 }, (_, y) => y);
    expect(rows.some((y) => isBright(bare, 60, y))).toBe(false);
  });

  it('refuses a file of which nothing can be shown', async () => {
    const info = mediaInfo();
    const rest = { info, ffmpeg: await findTestFfmpeg(), signal, title: 'x', fontFolders: [], onProgress: () => {} };
    await expect(makeSheet({ ...rest, source: import.meta.filename })).rejects.toMatchObject({ code: 'clip' });
    const sound = mediaInfo(null);
    await expect(makeSheet({ ...rest, info: sound, source: '/x' })).rejects.toMatchObject({ code: 'clip' });
  });
});

describe('layOut', () => {
  it.each([
    ['1920x1080', 4, '388x218'],
    ['1080x1920', 6, '253x450'],
    ['720x720', 4, '388x388'],
    ['64x1280', 6, '26x520'],
    ['3200x64', 4, '388x16'],
  ])('lays out %s in %d columns', (size, columns, picture) => {
    const [width = 0, height = 0] = size.split('x').map(Number);
    const layout = layOut({ width, height });
    expect(layout.columns).toBe(columns);
    expect(`${layout.picture.width}x${layout.picture.height}`).toBe(picture);
    expect(layout.width).toBeLessThanOrEqual(1680);
    expect(layout.width).toBeGreaterThan(700);
    expect(layout.height).toBeLessThan(2000);
  });
});

describe('words', () => {
  it('are the facts', () => {
    expect(sheetFacts(mediaInfo({ fps: 30_000 / 1001 }), 3.003)).toBe(
      '1280 × 720  ·  3.00 s  ·  29.97 fps  ·  H.264 and AAC  ·  1.0 MB',
    );
    expect(sheetFacts(mediaInfo({}, null), 3)).toContain('H.264, no sound');
  });

  it.each([
    [1.254, 4, '1.25 s'],
    [61, 100, '1:01'],
    [3723, 7200, '1:02:03'],
  ])('tell %d s of %d s as %s', (time, whole, label) => {
    expect(timeLabel(time, whole)).toBe(label);
  });
});
