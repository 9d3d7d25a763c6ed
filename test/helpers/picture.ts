import type { Size } from '../../src/shared/geometry.ts';
import { ffmpegPath, run, words } from './ffmpeg.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Picture extends Size {
  /** rgb24. */
  readonly data: Uint8Array;
}

type Rgb = readonly [red: number, green: number, blue: number];

export const RED: Rgb = [220, 40, 40];
export const GREEN: Rgb = [40, 190, 60];
export const BLUE: Rgb = [50, 60, 220];
export const GREY: Rgb = [112, 112, 112];

/** The side of a corner mark: a quarter of the short side. */
export function markSide({ width, height }: Size): number {
  return Math.floor(Math.min(width, height) / 8) * 2;
}

/** Grey (or fully transparent white), with a red, a green and a blue square in the first three corners. As rgba. */
export function markedPicture(size: Size, { transparent = false } = {}): Uint8Array {
  const { width, height } = size;
  const side = markSide(size);
  const data = Buffer.alloc(width * height * 4, Buffer.from(transparent ? [255, 255, 255, 0] : [...GREY, 255]));
  const corners = [
    { colour: RED, x: 0, y: 0 },
    { colour: GREEN, x: width - side, y: 0 },
    { colour: BLUE, x: 0, y: height - side },
  ];
  for (const { colour, x, y } of corners) {
    const line = Buffer.alloc(side * 4, Buffer.from([...colour, 255]));
    for (let row = y; row < y + side; row += 1) line.copy(data, (row * width + x) * 4);
  }
  return data;
}

/** Decodes one frame; the picture is read as bt709 limited, which a master is. */
export async function readFrame(path: string, size: Size, number = 0): Promise<Picture> {
  const filter = `select=eq(n\\,${number}),scale=in_color_matrix=bt709:in_range=tv,format=rgb24`;
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', '-vf', filter, ...words('-frames:v 1 -f rawvideo -')];
  const { stdout } = await run(args, { path: ffmpegPath });
  if (stdout.length !== size.width * size.height * 3) throw new Error(`Frame ${number} of ${path} is not there.`);
  return { ...size, data: stdout };
}

/** The colour of one pixel. */
export function pixel({ data, width }: Picture, x: number, y: number): Rgb {
  const at = (y * width + x) * 3;
  return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
}

/** 0 to 255, the channels' mean. */
export function brightness([red, green, blue]: Rgb): number {
  return (red + green + blue) / 3;
}

/** The smallest rectangle around every pixel that `matches`. */
export function boundsOf(picture: Picture, matches: (colour: Rgb) => boolean): Rect {
  const { data } = picture;
  // Pictures of tests are flat: a colour that goes on is asked about once.
  let [asked, isMatch] = [-1, false];
  const isOne = (x: number, y: number): boolean => {
    const at = (y * picture.width + x) * 3;
    const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    if (colour !== asked) [asked, isMatch] = [colour, matches(pixel(picture, x, y))];
    return isMatch;
  };
  let [left, top, right, bottom] = [picture.width, picture.height, -1, -1];
  for (let y = 0; y < picture.height; y += 1) {
    let [first, last] = [0, picture.width - 1];
    while (first < picture.width && !isOne(first, y)) first += 1;
    if (first === picture.width) continue;
    while (!isOne(last, y)) last -= 1;
    [left, right] = [Math.min(left, first), Math.max(right, last)];
    [top, bottom] = [Math.min(top, y), y];
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

export const isLit = ([r, g, b]: Rgb): boolean => Math.max(r, g, b) > 48;
export const isRed = ([r, g, b]: Rgb): boolean => r > 70 && r > 1.7 * Math.max(g, b);
export const isGreen = ([r, g, b]: Rgb): boolean => g > 70 && g > 1.7 * Math.max(r, b);
export const isBlue = ([r, g, b]: Rgb): boolean => b > 70 && b > 1.7 * Math.max(r, g);

/** Where the three marks must be when the whole source picture stands in `rect`, upright and unstretched. */
export function expectedMarks(source: Size, rect: Rect): { red: Rect; green: Rect; blue: Rect } {
  const side = (markSide(source) * rect.width) / source.width;
  const square = { width: side, height: side };
  return {
    red: { x: rect.x, y: rect.y, ...square },
    green: { x: rect.x + rect.width - side, y: rect.y, ...square },
    blue: { x: rect.x, y: rect.y + rect.height - side, ...square },
  };
}

/** The largest difference, in pixels, between any two sides. */
export function offBy(a: Rect, b: Rect): number {
  const sides = ({ x, y, width, height }: Rect) => [x, y, x + width, y + height];
  const other = sides(b);
  return Math.max(...sides(a).map((side, i) => Math.abs(side - (other[i] ?? 0))));
}
