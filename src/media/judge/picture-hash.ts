/** Difference hashes (dHash) of pictures: 64 bits that stay nearly the same when a picture is encoded or scaled anew. Pure. */

import type { Size } from '../../shared/geometry.ts';

const COLUMNS = 9;
const ROWS = 8;
/** Of a video. */
const HASHED_FRAMES = 8;

/** What the pictures of a video look like: hashes of frames at even distances, 16 hexadecimal digits each. */
export type FrameHashes = readonly string[];

/** A hash of a picture, and one of its mirror image. */
export interface HashPair {
  readonly plain: string;
  readonly mirrored: string;
}

/** Of one byte of luma per pixel, line by line. */
export function hashPicture(picture: Uint8Array, size: Size): HashPair {
  const cells = shrink(picture, size);
  return { plain: hashCells(cells), mirrored: hashCells(cells.map((row) => row.toReversed())) };
}

/** The mean of each cell of a grid. */
function shrink(picture: Uint8Array, { width, height }: Size): number[][] {
  return Array.from({ length: ROWS }, (_, row) => {
    const [top, bottom] = edges(row, ROWS, height);
    return Array.from({ length: COLUMNS }, (__, column) => {
      const [left, right] = edges(column, COLUMNS, width);
      let sum = 0;
      for (let y = top; y < bottom; y += 1)
        for (let at = y * width + left; at < y * width + right; at += 1) sum += picture[at] ?? 0;
      return sum / ((bottom - top) * (right - left));
    });
  });
}

function edges(index: number, count: number, side: number): readonly [from: number, to: number] {
  const from = Math.floor((index * side) / count);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * side) / count))];
}

/** Of luma: where a picture is even, an encoder decides which of two cells is brighter. */
const LEAST_STEP = 1;

function hashCells(cells: readonly (readonly number[])[]): string {
  return cells
    .map((row) => {
      const bits = row
        .slice(1)
        .reduce((byte, cell, column) => byte * 2 + (cell > (row[column] ?? 0) + LEAST_STEP ? 1 : 0), 0);
      return bits.toString(16).padStart(2, '0');
    })
    .join('');
}

/** Of all frames those at even distances. */
export function chooseFrames<T>(frames: readonly T[]): readonly T[] {
  const count = Math.min(HASHED_FRAMES, frames.length);
  return Array.from({ length: count }, (_, index) => frames[Math.floor(((index + 0.5) * frames.length) / count)] as T);
}

/** Bits, of 64, that differ from frame to frame, in the mean; infinite where there are not as many frames. */
export function hashDistance(a: FrameHashes, b: FrameHashes): number {
  if (a.length === 0 || a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((sum, one, index) => sum + differingBits(one, b[index] ?? ''), 0) / a.length;
}

/** In halves, because a number holds 53 bits and an operator for bits 32: a thousand videos are compared in a moment. */
function differingBits(a: string, b: string): number {
  const half = (from: number): number =>
    ones(Number.parseInt(a.slice(from, from + 8), 16) ^ Number.parseInt(b.slice(from, from + 8), 16));
  return half(0) + half(8);
}

/** How many bits of 32 are set. */
function ones(bits: number): number {
  let [count, left] = [0, bits];
  for (; left !== 0; left &= left - 1) count += 1;
  return count;
}

/** Bits that say something: a hash of an even picture has none. */
export function isTelling(hashes: FrameHashes): boolean {
  const none = '0'.repeat(16);
  return hashes.some((hash) => differingBits(hash, none) >= LEAST_BITS);
}

const LEAST_BITS = 6;
