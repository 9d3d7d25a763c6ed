/** How far the whole picture moved from one to the next: coarse to fine, by the most of its parts. Pure. */

import type { Size } from '../../shared/geometry.ts';
import { median } from './median.ts';

interface Plane extends Size {
  readonly data: Float32Array;
}

/** The picture itself, which is halved and not compared. */
interface Picture extends Size {
  readonly data: Uint8Array;
}

/** A picture at half its size, and at half of that, and so on: the smallest comes last. */
export type Pyramid = readonly Plane[];

export interface MotionVector {
  /** In pixels of the picture; to the right and down. */
  readonly x: number;
  readonly y: number;
}

const LEVELS = 3;
/** Of a side of the picture: what is faster than that from sample to sample is not followed. */
const REACH = 0.2;
const BLOCK = 12;
/** Mean step of luma from pixel to pixel, below which a block has nothing to be followed by. */
const LEAST_TEXTURE = 0.6;

export function pyramidOf(picture: Uint8Array, size: Size): Pyramid {
  const planes: Plane[] = [];
  let plane: Plane | Picture = { ...size, data: picture };
  for (let level = 0; level < LEVELS; level += 1) {
    plane = halved(plane);
    planes.push(plane);
  }
  return planes;
}

function halved({ width, height, data }: Plane | Picture): Plane {
  const [w, h] = [width >> 1, height >> 1];
  const half = new Float32Array(w * h);
  const at = (index: number): number => data[index] ?? 0;
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const from = 2 * y * width + 2 * x;
      half[y * w + x] = (at(from) + at(from + 1) + at(from + width) + at(from + width + 1)) / 4;
    }
  }
  return { width: w, height: h, data: half };
}

/** Zero where there is nothing to be followed. */
export function estimateGlobalMotion(before: Pyramid, after: Pyramid): MotionVector {
  let shift = { x: 0, y: 0 };
  for (let level = LEVELS - 1; level >= 0; level -= 1) {
    const [a, b] = [before[level], after[level]];
    if (!a || !b) return shift;
    const isFirst = level === LEVELS - 1;
    const reach = isFirst ? Math.ceil(Math.max(a.width, a.height) * REACH) : 1;
    const middle = isFirst ? shift : { x: shift.x * 2, y: shift.y * 2 };
    shift = bestWhole(a, b, middle, { reach, gain: isFirst ? FIRST_GAIN : GAIN });
  }
  const [a, b] = [before[0], after[0]];
  if (!a || !b) return { x: 0, y: 0 };
  const still = { x: 0, y: 0 };
  const isFound = mismatch(a, b, shift, whole(a)) <= mismatch(a, b, still, whole(a)) * FIRST_GAIN;
  const fine = byBlocks(a, b, isFound ? shift : still);
  return { x: fine.x * 2, y: fine.y * 2 };
}

/** What is left of the difference, at most, for a shift to be believed: noise fits a little better somewhere. */
const FIRST_GAIN = 0.85;
const GAIN = 0.98;

/** The whole number of pixels about `middle` by which the pictures differ least. */
function bestWhole(
  a: Plane,
  b: Plane,
  middle: MotionVector,
  { reach, gain }: { reach: number; gain: number },
): MotionVector {
  let best = middle;
  let least = mismatch(a, b, middle, whole(a)) * gain;
  for (let y = middle.y - reach; y <= middle.y + reach; y += 1) {
    for (let x = middle.x - reach; x <= middle.x + reach; x += 1) {
      if (Math.abs(y) * 2 > a.height || Math.abs(x) * 2 > a.width) continue;
      const one = mismatch(a, b, { x, y }, whole(a), least);
      if (one < least) [least, best] = [one, { x, y }];
    }
  }
  return best;
}

interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

function whole({ width, height }: Plane): Area {
  return { x: 0, y: 0, width, height };
}

/** Mean difference of an area of `a` to what lies `shift` further in `b`; infinite where none of it is left, and where it is not below `most`. */
function mismatch(a: Plane, b: Plane, shift: MotionVector, area: Area, most = Number.POSITIVE_INFINITY): number {
  const left = Math.max(area.x, -shift.x);
  const right = Math.min(area.x + area.width, b.width - shift.x);
  const top = Math.max(area.y, -shift.y);
  const bottom = Math.min(area.y + area.height, b.height - shift.y);
  if (right <= left || bottom <= top) return Number.POSITIVE_INFINITY;
  const pixels = (right - left) * (bottom - top);
  let sum = 0;
  for (let y = top; y < bottom; y += 1) {
    const from = y * a.width;
    const to = (y + shift.y) * b.width + shift.x;
    for (let x = left; x < right; x += 1) sum += Math.abs((a.data[from + x] ?? 0) - (b.data[to + x] ?? 0));
    // The rest of the picture can only add to it.
    if (sum >= most * pixels) return Number.POSITIVE_INFINITY;
  }
  return sum / pixels;
}

/** The middle one of what its blocks say, to parts of a pixel: whoever walks through the picture is outvoted. */
function byBlocks(a: Plane, b: Plane, guess: MotionVector): MotionVector {
  const found: MotionVector[] = [];
  for (let y = 0; y + BLOCK <= a.height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= a.width; x += BLOCK) {
      const area = { x, y, width: BLOCK, height: BLOCK };
      const isWhole =
        x + guess.x >= 2 &&
        y + guess.y >= 2 &&
        x + guess.x + BLOCK <= b.width - 2 &&
        y + guess.y + BLOCK <= b.height - 2;
      if (isWhole && texture(a, area) >= LEAST_TEXTURE) found.push(refine(a, b, guess, area));
    }
  }
  if (found.length === 0) return guess;
  return { x: median(found.map(({ x }) => x)), y: median(found.map(({ y }) => y)) };
}

/** Along its weaker direction: an edge alone says nothing of movement along it. */
function texture({ width, data }: Plane, area: Area): number {
  let [across, down] = [0, 0];
  for (let y = area.y; y < area.y + area.height - 1; y += 1) {
    for (let x = area.x; x < area.x + area.width - 1; x += 1) {
      const here = data[y * width + x] ?? 0;
      across += Math.abs((data[y * width + x + 1] ?? 0) - here);
      down += Math.abs((data[(y + 1) * width + x] ?? 0) - here);
    }
  }
  return Math.min(across, down) / ((area.width - 1) * (area.height - 1));
}

function refine(a: Plane, b: Plane, guess: MotionVector, area: Area): MotionVector {
  let best = guess;
  let least = mismatch(a, b, guess, area);
  for (let y = guess.y - 1; y <= guess.y + 1; y += 1) {
    for (let x = guess.x - 1; x <= guess.x + 1; x += 1) {
      const one = mismatch(a, b, { x, y }, area, least);
      if (one < least) [least, best] = [one, { x, y }];
    }
  }
  const near = (x: number, y: number): number => mismatch(a, b, { x: best.x + x, y: best.y + y }, area);
  return {
    x: best.x + between(near(-1, 0), least, near(1, 0)),
    y: best.y + between(near(0, -1), least, near(0, 1)),
  };
}

/**
 * Where the least lies between three values a pixel apart, of which the middle one is least: two lines of one slope. No
 * further off than the middle one allows, which is 0 where the pictures are alike.
 */
function between(left: number, middle: number, right: number): number {
  const side = Math.max(left, right);
  if (side <= middle || !Number.isFinite(side)) return 0;
  const most = Math.min(0.5, (2 * middle) / side);
  return Math.max(-most, Math.min(most, (left - right) / (2 * (side - middle))));
}
