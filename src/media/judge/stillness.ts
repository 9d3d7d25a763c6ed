/** Where one picture stands for a while. Pure. */

import type { Size } from '../../shared/geometry.ts';
import { THRESHOLDS } from './thresholds.ts';

/** A stretch of a video, in seconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface FreezeFinder {
  /** One byte of luma per pixel, line by line. */
  add(picture: Uint8Array): void;
  /** Those that are long enough to be told, in order. */
  stretches(): readonly Stretch[];
}

/** Pixels of a side of what may move by itself: a mouth, in a picture in which all else stands. */
const BLOCK = 8;
/** Encoded anew, a picture may change a little at each keyframe: stretches of that many seconds are one. */
const MERGED_SECONDS = 0.8;

/**
 * Compares each picture with the one that the stretch began with, as `freezedetect` (ffmpeg 4.2) does, so that a slow pan is no
 * standing picture; but block by block as well, so that neither is a face of which the mouth alone moves.
 */
export function createFreezeFinder(size: Size, fps: number): FreezeFinder {
  const found: Stretch[] = [];
  let reference: Uint8Array | undefined;
  let [begin, count] = [0, 0];
  const close = (): void => {
    // A picture is shown until the next one: n pictures last for n intervals.
    const stretch = { from: begin / fps, to: count / fps };
    if (stretch.to - stretch.from < MERGED_SECONDS) return;
    const last = found.at(-1);
    if (last?.to === stretch.from) found.splice(-1, 1, { from: last.from, to: stretch.to });
    else found.push(stretch);
  };
  return {
    add(picture) {
      if (reference && !isStill(reference, picture, size)) {
        close();
        reference = undefined;
      }
      if (!reference) [reference, begin] = [picture, count];
      count += 1;
    },
    stretches() {
      if (reference) close();
      reference = undefined;
      return found.filter(({ from, to }) => to - from >= THRESHOLDS.frozen.seconds);
    },
  };
}

function isStill(a: Uint8Array, b: Uint8Array, { width, height }: Size): boolean {
  const { luma, blockLuma } = THRESHOLDS.frozen;
  let total = 0;
  for (let top = 0; top < height; top += BLOCK) {
    const bottom = Math.min(height, top + BLOCK);
    for (let left = 0; left < width; left += BLOCK) {
      const right = Math.min(width, left + BLOCK);
      let sum = 0;
      for (let y = top; y < bottom; y += 1)
        for (let at = y * width + left; at < y * width + right; at += 1) sum += Math.abs((a[at] ?? 0) - (b[at] ?? 0));
      if (sum > blockLuma * (bottom - top) * (right - left)) return false;
      total += sum;
    }
  }
  return total <= luma * width * height;
}
