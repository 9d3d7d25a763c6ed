import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Canvas,
  createCanvas,
  encodePng,
  fillRect,
  fitText,
  putMask,
  putPicture,
  putText,
  textWidth,
} from '../../../src/media/sheet/canvas.ts';
import { run, words } from '../../helpers/ffmpeg.ts';

const STYLE = { height: 20, weight: 3, colour: [255, 255, 255] } as const;

function inked({ data, width }: Canvas): { x: number; y: number }[] {
  return Array.from({ length: data.length / 3 }, (_, at) => at)
    .filter((at) => (data[at * 3] ?? 0) > 40)
    .map((at) => ({ x: at % width, y: Math.floor(at / width) }));
}

describe('paper', () => {
  it('keeps rectangles within its edges', () => {
    const paper = createCanvas({ width: 4, height: 3 }, [0, 0, 0]);
    fillRect(paper, { x: 2, y: -5, width: 50, height: 7 }, [255, 0, 0]);
    expect(inked(paper)).toEqual([
      { x: 2, y: 0 },
      { x: 3, y: 0 },
      { x: 2, y: 1 },
      { x: 3, y: 1 },
    ]);
  });

  it('puts a colour as far as a mask says, within its edges', () => {
    const paper = createCanvas({ width: 3, height: 2 }, [0, 100, 200]);
    const mask = { width: 4, height: 2, data: Uint8Array.of(255, 255, 255, 255, 255, 0, 51, 255) };
    putMask(paper, mask, { x: -1, y: -1, colour: [200, 200, 200] });
    expect([...paper.data]).toEqual([
      0,
      100,
      200,
      40,
      120,
      200,
      200,
      200,
      200,
      ...[0, 100, 200, 0, 100, 200, 0, 100, 200],
    ]);
  });

  it('puts a picture where it is told', () => {
    const paper = createCanvas({ width: 6, height: 5 }, [0, 0, 0]);
    putPicture(paper, createCanvas({ width: 2, height: 1 }, [9, 99, 9]), { x: 3, y: 2 });
    expect([...paper.data.subarray((2 * 6 + 3) * 3, (2 * 6 + 5) * 3)]).toEqual([9, 99, 9, 9, 99, 9]);
    expect(paper.data.filter((value) => value > 0)).toHaveLength(6);
  });

  it('writes text as high and as wide as it says, with soft edges', () => {
    const paper = createCanvas({ width: 200, height: 60 }, [0, 0, 0]);
    putText(paper, 'HE', { ...STYLE, x: 10, y: 10 });
    const spots = inked(paper);
    const [xs, ys] = [spots.map(({ x }) => x), spots.map(({ y }) => y)];
    expect(Math.min(...xs)).toBe(10);
    expect(Math.abs(Math.max(...xs) - 10 - textWidth('HE', STYLE))).toBeLessThanOrEqual(2);
    expect(Math.abs(Math.max(...ys) - Math.min(...ys) - 23)).toBeLessThanOrEqual(2);
    const shades = new Set(paper.data);
    expect(shades.size).toBeGreaterThan(3);
  });

  it('does not write beyond its edges', () => {
    const paper = createCanvas({ width: 20, height: 10 }, [0, 0, 0]);
    putText(paper, 'WIDE', { ...STYLE, x: -8, y: -8 });
    expect(paper.data).toHaveLength(600);
    expect(inked(paper).length).toBeGreaterThan(0);
  });

  it('shortens what does not fit', () => {
    expect(fitText('short', STYLE, 500)).toBe('short');
    const cut = fitText('a very long name indeed', STYLE, 120);
    expect(cut).toMatch(/^a very.*…$/);
    expect(textWidth(cut, STYLE)).toBeLessThanOrEqual(120);
  });

  it('is a PNG that ffmpeg reads back, pixel for pixel', async () => {
    const paper = createCanvas({ width: 37, height: 23 }, [36, 37, 40]);
    for (let at = 0; at < paper.data.length; at += 7) paper.data[at] = (at * 31) % 256;
    const folder = await mkdtemp(join(tmpdir(), 'sora-paper-'));
    try {
      await writeFile(join(folder, 'a.png'), encodePng(paper));
      const { stdout } = await run([
        ...words('-v error -i'),
        join(folder, 'a.png'),
        ...words('-f rawvideo -pix_fmt rgb24 -'),
      ]);
      expect(stdout.equals(paper.data)).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
