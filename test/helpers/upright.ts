/** What a test says about the place of a picture in a frame. */
import { expect } from 'vitest';
import type { Size } from '../../src/shared/geometry.ts';
import * as marks from './picture.ts';

/** Chroma is half as fine as luma, and scaling blurs an edge. */
export const EDGE_PIXELS = 3;

/** `WxH+X+Y` as a rectangle. */
export function parseRect(text: string): marks.Rect {
  const [width = 0, height = 0, x = 0, y = 0] = text.split(/[x+]/).map(Number);
  return { x, y, width, height };
}

/** The three marks stand where a picture that fills `rect` has them: upright, square and whole. Gives that frame. */
export async function expectUpright(
  path: string,
  master: Size,
  source: Size,
  rect: marks.Rect,
  frame = 0,
): Promise<marks.Picture> {
  const picture = await marks.readFrame(path, master, frame);
  const expected = marks.expectedMarks(source, rect);
  for (const [colour, matches] of Object.entries({ red: marks.isRed, green: marks.isGreen, blue: marks.isBlue })) {
    const found = marks.boundsOf(picture, matches);
    const wanted = expected[colour as keyof typeof expected];
    expect(marks.offBy(found, wanted), `${colour}: ${JSON.stringify({ found, wanted })}`).toBeLessThanOrEqual(
      EDGE_PIXELS,
    );
  }
  return picture;
}

/** The marks have the colours they were drawn in, give or take `tolerance` of 255. */
export function expectColours(picture: marks.Picture, source: Size, rect: marks.Rect, tolerance: number): void {
  const inset = (marks.markSide(source) * rect.width) / source.width / 2;
  const points = [
    { colour: marks.RED, x: rect.x + inset, y: rect.y + inset },
    { colour: marks.GREEN, x: rect.x + rect.width - inset, y: rect.y + inset },
    { colour: marks.BLUE, x: rect.x + inset, y: rect.y + rect.height - inset },
  ];
  for (const { colour, x, y } of points) {
    const found = marks.pixel(picture, Math.round(x), Math.round(y));
    const off = Math.max(...found.map((value, i) => Math.abs(value - (colour[i] ?? 0))));
    expect(off, `${found} where ${colour} was drawn`).toBeLessThanOrEqual(tolerance);
  }
}
