import type { Size } from '../../src/shared/geometry.ts';
import { type Picture, pixel, type Rect } from './picture.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** White, grey, red, green, blue, yellow, cyan, skin. */
export const PATCHES: readonly Rgb[] = [
  [235, 235, 235],
  [128, 128, 128],
  [200, 30, 30],
  [30, 170, 40],
  [40, 60, 200],
  [220, 200, 40],
  [40, 190, 200],
  [205, 150, 120],
];

/** Raw yuv420p10le in the matrix of BT.2020, limited range; the white of paper has 203 nits. */
export function hdrPicture({ width, height }: Size, transfer: 'PQ' | 'HLG'): Uint8Array {
  const samples = PATCHES.map((patch) => ycc(transfer === 'PQ' ? pq(nits(patch)) : hlg(nits(patch))));
  const plane = (index: number, side: number, lines: number): Uint16Array => {
    const line = Uint16Array.from({ length: side }, (_, x) => samples[Math.floor((x * 8) / side)]?.[index] ?? 0);
    const data = new Uint16Array(side * lines);
    for (let row = 0; row < lines; row += 1) data.set(line, row * side);
    return data;
  };
  const planes = [plane(0, width, height), plane(1, width / 2, height / 2), plane(2, width / 2, height / 2)];
  return Buffer.concat(planes.map((data) => Buffer.from(data.buffer)));
}

/** Raw rgb24. */
export function sdrPicture({ width, height }: Size): Uint8Array {
  const line = Buffer.from(Array.from({ length: width }, (_, x) => [...patchAt(x, width)]).flat());
  return Buffer.concat(Array.from({ length: height }, () => line));
}

/** The middle of each patch, where the patches fill `rect`. */
export function readPatches(picture: Picture, rect: Rect): Rgb[] {
  return PATCHES.map((_, index) =>
    pixel(picture, Math.round(rect.x + ((index + 0.5) * rect.width) / 8), Math.round(rect.y + rect.height / 2)),
  );
}

/** The largest difference in any channel of any patch. */
export function patchesOff(a: readonly Rgb[], b: readonly Rgb[]): number {
  return Math.max(...a.flatMap((patch, index) => patch.map((value, i) => Math.abs(value - (b[index]?.[i] ?? 0)))));
}

function patchAt(x: number, width: number): Rgb {
  return PATCHES[Math.floor((x * 8) / width)] ?? [0, 0, 0];
}

/** Linear light in BT.2020. */
function nits(patch: Rgb): Rgb {
  // As a screen shows BT.709 (ITU-R BT.1886).
  const light = patch.map((value) => 203 * (value / 255) ** 2.4);
  const [r = 0, g = 0, b = 0] = light;
  return [
    0.6274 * r + 0.3293 * g + 0.0433 * b,
    0.0691 * r + 0.9195 * g + 0.0114 * b,
    0.0164 * r + 0.088 * g + 0.8956 * b,
  ];
}

function pq(light: Rgb): Rgb {
  return each(light, (value) => {
    const power = (value / 10_000) ** 0.1593017578125;
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375;
  });
}

/** For a screen of 1000 nits, whose system gamma is 1.2. */
function hlg(light: Rgb): Rgb {
  const [r, g, b] = light;
  const luminance = (0.2627 * r + 0.678 * g + 0.0593 * b) / 1000;
  return each(light, (value) => {
    const scene = (value / 1000) * luminance ** (1 / 1.2 - 1);
    return scene <= 1 / 12 ? Math.sqrt(3 * scene) : 0.17883277 * Math.log(12 * scene - 0.28466892) + 0.55991073;
  });
}

function each([r, g, b]: Rgb, change: (value: number) => number): Rgb {
  return [change(r), change(g), change(b)];
}

/** 10 bit, limited range. */
function ycc([r, g, b]: Rgb): Rgb {
  const y = 0.2627 * r + 0.678 * g + 0.0593 * b;
  return [64 + 876 * y, 512 + (896 * (b - y)) / 1.8814, 512 + (896 * (r - y)) / 1.4746].map(
    Math.round,
  ) as unknown as Rgb;
}
