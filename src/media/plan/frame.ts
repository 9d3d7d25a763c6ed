/** Geometry and time of the master: which box of which aspect ratio, which frame rate, how many frames. Pure. */

import type { ClipOptions } from '../../shared/clip.ts';
import { orientationOf, type Size } from '../../shared/geometry.ts';
import { MAX_FPS, MAX_SECONDS, MAX_SHORT, MIN_FPS, MIN_SECONDS, MIN_SHORT } from '../limits.ts';

/** Sides of 16:9 are whole and even when the short one is a multiple of this. */
const SHORT_STEP = 18;
/** Frame rates in files are often rounded to three decimals. */
const FPS_SLACK = 0.005;

/** Frames per second as a fraction: 23.976 is 24000/1001. */
export interface Rate {
  readonly num: number;
  readonly den: number;
}

export function fpsOf(rate: Rate): number {
  return rate.num / rate.den;
}

/** `30` or `30000/1001`, as ffmpeg reads it. */
export function formatRate(rate: Rate): string {
  return rate.den === 1 ? String(rate.num) : `${rate.num}/${rate.den}`;
}

/** The exact rate that a rounded number stands for. */
export function rateOf(fps: number): Rate {
  if (!(fps > 0 && Number.isFinite(fps))) throw new TypeError(`not a frame rate: ${fps}`);
  const whole = Math.round(fps);
  if (whole > 0 && Math.abs(fps - whole) < 0.0005) return { num: whole, den: 1 };
  const ntsc = Math.round(fps * 1.001);
  if (ntsc >= 10 && Math.abs(fps - (ntsc * 1000) / 1001) < 0.0015) return { num: ntsc * 1000, den: 1001 };
  return reduce({ num: Math.max(1, Math.round(fps * 1000)), den: 1000 });
}

export function isAllowedFps(fps: number): boolean {
  return fps >= MIN_FPS - FPS_SLACK && fps <= MAX_FPS + FPS_SLACK;
}

/** The master's rate: the source's own, or the nearest multiple or part of it that hosts take, so that motion stays even. */
export function targetRate(fps: number): Rate {
  const rate = rateOf(fps);
  if (isAllowedFps(fps)) return rate;
  if (fps < MIN_FPS) return reduce({ num: rate.num * Math.ceil((MIN_FPS - FPS_SLACK) / fps), den: rate.den });
  return reduce({ num: rate.num, den: rate.den * Math.ceil(fps / (MAX_FPS + FPS_SLACK)) });
}

/** Cut by count: a whole number of frames never exceeds 4 s, where a cut by time does. */
export function frameLimits(fps: number): { min: number; max: number } {
  return { min: Math.ceil(MIN_SECONDS * fps - 1e-6), max: Math.floor(MAX_SECONDS * fps + 1e-6) };
}

/** Whole frames in `seconds`; container times are rounded to milliseconds, hence the slack of a twentieth of a frame. */
export function framesIn(seconds: number, fps: number): number {
  return Math.floor(seconds * fps + 0.05);
}

/** The smallest allowed 16:9 or 9:16 picture that holds `shown`; a wish for a resolution wins. */
export function chooseBox(shown: Size, options: Pick<ClipOptions, 'orientation' | 'resolution'>): Size {
  const orientation = options.orientation === 'auto' ? orientationOf(shown) : options.orientation;
  const [along, across] = orientation === 'landscape' ? [shown.width, shown.height] : [shown.height, shown.width];
  const needed = Math.ceil(Math.max(across, (along * 9) / 16) / SHORT_STEP) * SHORT_STEP;
  const short =
    options.resolution === 'auto'
      ? Math.min(MAX_SHORT, Math.max(MIN_SHORT, needed))
      : Number.parseInt(options.resolution, 10);
  const long = (short * 16) / 9;
  return orientation === 'landscape' ? { width: long, height: short } : { width: short, height: long };
}

/** Where the picture goes. `x`, `y`: its corner in the box when padded, the box's corner in it when cropped. */
export interface Placement {
  readonly box: Size;
  /** The picture after resampling; equal to the stored size, turned upright, when it is not resampled. */
  readonly picture: Size;
  readonly mode: 'exact' | 'pad' | 'crop';
  readonly x: number;
  readonly y: number;
}

/** A picture that takes less than this share of both sides of its box is enlarged: detail counts more than a resampling. */
const SMALL_SHARE = 0.9;

/**
 * Places a picture in its box: within it and centred (`pad`), or filling it (`crop`). A picture that nearly fills the box
 * is not resampled, unless a resolution was asked for.
 */
export function place(
  shown: Size,
  box: Size,
  options: Pick<ClipOptions, 'fit' | 'resolution' | 'focus'>,
  square: boolean,
): Placement {
  if (shown.width === box.width && shown.height === box.height)
    return { box, picture: shown, mode: 'exact', x: 0, y: 0 };
  const ratios = [box.width / shown.width, box.height / shown.height];
  if (options.fit === 'crop') {
    const scale = Math.max(...ratios);
    const picture = {
      width: Math.max(box.width, even(shown.width * scale)),
      height: Math.max(box.height, even(shown.height * scale)),
    };
    const { focus } = options;
    const x = cutOff(picture.width, box.width, focus?.x);
    const y = cutOff(picture.height, box.height, focus?.y);
    return { box, picture, mode: x === 0 && y === 0 && sameSize(picture, box) ? 'exact' : 'crop', x, y };
  }
  const fitting = Math.min(...ratios);
  const isNear = fitting > 1 && fitting * SMALL_SHARE <= 1;
  const scale = options.resolution === 'auto' && isNear ? 1 : fitting;
  const picture =
    scale === 1 && square
      ? shown
      : {
          width: snap(even(shown.width * scale), box.width),
          height: snap(even(shown.height * scale), box.height),
        };
  const mode = sameSize(picture, box) ? 'exact' : 'pad';
  return { box, picture, mode, x: half(box.width - picture.width), y: half(box.height - picture.height) };
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function even(pixels: number): number {
  return Math.max(2, Math.round(pixels / 2) * 2);
}

/** A bar of two pixels is no use to anybody. */
function snap(side: number, limit: number): number {
  return side >= limit - 2 ? limit : side;
}

/** What is cut off before the box, so that the focus stands in its middle, or as near to it as the picture allows. */
function cutOff(picture: number, box: number, focus: number | undefined): number {
  const over = picture - box;
  if (focus === undefined) return half(over);
  return 2 * Math.round(Math.max(0, Math.min(over, focus * picture - box / 2)) / 2);
}

/** Half of it, on an even pixel, because chroma is stored for pairs. */
function half(pixels: number): number {
  return Math.floor(pixels / 4) * 2;
}

function reduce({ num, den }: Rate): Rate {
  const divisor = gcd(num, den);
  return { num: num / divisor, den: den / divisor };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
