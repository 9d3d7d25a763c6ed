/**
 * Black bars (letterbox, pillarbox): what counts as one in a picture, how many a master would show, and how to have
 * fewer. They are measured by the graph in measure-picture.ts. Pure.
 */

import type { ClipOptions } from '../../shared/clip.ts';
import type { Rect, Size } from '../../shared/geometry.ts';
import { option } from '../../shared/options.ts';
import { shownSize, uprightSize, type VideoInfo } from '../info.ts';
import { chooseBox, type Placement, place } from '../plan/frame.ts';
import type { ConvertPlan, RemuxPlan } from '../plan/media-plan.ts';
import { THRESHOLDS } from './thresholds.ts';

/** A line or two of black is how some cameras end a picture. */
const LEAST_BAR = 4;
const LEAST_SHARE = 0.01;
/** Of how exact an edge is, in pixels: chroma pairs, scaling and compression. */
const SLACK = 4;
/** Of a side: whoever crops more away than this has found a dark scene. */
const LEAST_PICTURE = 0.25;

/**
 * The picture without its bars, on even pixels; undefined where it has none. Careful, because a dark room is no bar: bars
 * lie on both sides in equal width, end in an edge (two ideas of black find the same place), and leave a picture.
 */
export function activePicture(
  whole: Size,
  lit: { readonly loose: Rect; readonly tight: Rect } | undefined,
): Rect | undefined {
  if (!lit) return undefined;
  const [x, width] = between(whole.width, [lit.loose.x, lit.loose.width], [lit.tight.x, lit.tight.width]);
  const [y, height] = between(whole.height, [lit.loose.y, lit.loose.height], [lit.tight.y, lit.tight.height]);
  return x === 0 && y === 0 ? undefined : { x, y, width, height };
}

export interface BarFinder {
  /** One byte of luma per pixel, line by line. */
  add(picture: Uint8Array): void;
  /** Per cent of a frame of that size that bars take, in all of what was added. */
  share(frame: Size): number;
}

/** Finds bars in small pictures of a video: as `cropdetect`, a line is lit whose mean is above black in any of them. */
export function createBarFinder({ width, height }: Size): BarFinder {
  const rows = new Float64Array(height);
  const columns = new Float64Array(width);
  const litBy = (limit: number): Rect | undefined => {
    const [x, y] = [columns, rows].map((lines) => lines.findIndex((mean) => mean > limit));
    const [right, bottom] = [columns, rows].map((lines) => lines.findLastIndex((mean) => mean > limit));
    if (x === undefined || y === undefined || right === undefined || bottom === undefined || x < 0 || y < 0)
      return undefined;
    return { x, y, width: right - x + 1, height: bottom - y + 1 };
  };
  return {
    add(picture) {
      const sums = new Float64Array(width);
      for (let row = 0; row < height; row += 1) {
        let sum = 0;
        for (let column = 0; column < width; column += 1) {
          const luma = picture[row * width + column] ?? 0;
          sum += luma;
          sums[column] = (sums[column] ?? 0) + luma;
        }
        rows[row] = Math.max(rows[row] ?? 0, sum / width);
      }
      for (let column = 0; column < width; column += 1)
        columns[column] = Math.max(columns[column] ?? 0, (sums[column] ?? 0) / height);
    },
    share(frame) {
      const [loose, tight] = [litBy(BLACK_LIMIT), litBy(2 * BLACK_LIMIT)];
      const scale = frame.width / width;
      const scaled = ({ x, y, ...size }: Rect): Rect => ({
        ...{ x: x * scale, y: y * scale, width: size.width * scale, height: size.height * scale },
      });
      const part = activePicture(frame, loose && tight && { loose: scaled(loose), tight: scaled(tight) });
      return part ? (1 - shareOf(part, frame)) * 100 : 0;
    },
  };
}

/** As `cropdetect` has it. */
const BLACK_LIMIT = 24;

type Span = readonly [from: number, length: number];

function between(side: number, loose: Span, tight: Span): Span {
  const whole: Span = [0, side];
  const [before, after] = [loose[0], side - loose[0] - loose[1]];
  const [tightBefore, tightAfter] = [tight[0], side - tight[0] - tight[1]];
  const bar = Math.min(before, after);
  if (bar < Math.max(LEAST_BAR, side * LEAST_SHARE) || loose[1] < Math.max(16, side * LEAST_PICTURE)) return whole;
  const slack = Math.max(SLACK, side * 0.005);
  const isEqual = Math.abs(before - after) <= slack;
  const isSharp = Math.abs(before - tightBefore) <= slack && Math.abs(after - tightAfter) <= slack;
  if (!isEqual || !isSharp) return whole;
  const from = before - (before % 2);
  const end = Math.min(side, side - after + ((side - after) % 2));
  return [from, end - from - ((end - from) % 2)];
}

/** The first of the ways that leaves less than a remark, or the one that leaves least; undefined where none is better. */
export function barsAdvice(
  { video, between, options }: { video: VideoInfo; between: Rect | undefined; options: ClipOptions },
  now: number,
): string | undefined {
  const ways = [
    { flags: option('cropBars'), cropBars: true, fit: options.fit },
    { flags: `${option('fit')} crop`, cropBars: options.cropBars, fit: 'crop' },
    { flags: `${option('cropBars')} ${option('fit')} crop`, cropBars: true, fit: 'crop' },
  ] as const;
  const tried = ways.map(({ flags, cropBars, fit }) => {
    const crop = cropBars ? between : undefined;
    const shown = shownSize(video, crop);
    const placement = place(shown, chooseBox(shown, options), { ...options, fit }, video.pixelAspect === 1);
    return { flags, left: barsOf(placement, crop ?? uprightSize(video), crop ? { ...crop, x: 0, y: 0 } : between) };
  });
  const best = tried.find(({ left }) => left < THRESHOLDS.bars.remark) ?? tried.toSorted((a, b) => a.left - b.left)[0];
  if (!best || best.left > now - 0.5) return undefined;
  const loss = best.flags.includes(`${option('fit')} crop`) ? ', if nothing important is at its edges' : '';
  return `Add ${best.flags} to fill the frame${loss}.`;
}

/** Per cent of the frame of a master that are black. `whole`: of the upright frame that `between` is part of. */
export function letterboxShare(plan: RemuxPlan | ConvertPlan, whole: Size, between: Rect | undefined): number {
  const exact = { box: whole, picture: whole, x: 0, y: 0, mode: 'exact' } as const;
  if (plan.kind === 'remux') return barsOf(exact, whole, between);
  return plan.crop
    ? barsOf(plan.placement, plan.crop, { ...plan.crop, x: 0, y: 0 })
    : barsOf(plan.placement, whole, between);
}

/** What a master keeps of the upright picture, on even pixels of that; undefined where that is all of it. */
export function keptPicture(plan: RemuxPlan | ConvertPlan, video: VideoInfo): Rect | undefined {
  if (plan.kind === 'remux' || plan.placement.mode !== 'crop') return undefined;
  const { box, picture, x, y } = plan.placement;
  const base = plan.crop ?? { x: 0, y: 0, ...uprightSize(video) };
  const [across, down] = [base.width / picture.width, base.height / picture.height];
  const even = (pixels: number): number => 2 * Math.round(pixels / 2);
  return {
    x: even(base.x + x * across),
    y: even(base.y + y * down),
    width: Math.min(base.width, even(box.width * across)),
    height: Math.min(base.height, even(box.height * down)),
  };
}

/** Whole per cent of its frame that are black, when they are worth a remark. */
export function barsToTell(plan: RemuxPlan | ConvertPlan, video: VideoInfo): number | undefined {
  const share = letterboxShare(plan, uprightSize(video), undefined);
  return share < THRESHOLDS.bars.remark ? undefined : Math.round(share);
}

/** Per cent of the frame that show nothing: `source` is placed, of which `lit` is no bar. */
function barsOf({ box, picture, mode, x, y }: Placement, source: Size, lit: Rect = { ...source, x: 0, y: 0 }): number {
  const [left, top] = mode === 'crop' ? [-x, -y] : [x, y];
  const along = visible(left, picture.width / source.width, [lit.x, lit.width], box.width);
  const down = visible(top, picture.height / source.height, [lit.y, lit.height], box.height);
  return (1 - along * down) * 100;
}

/** Share of a side of the frame. */
function visible(at: number, scale: number, [from, length]: readonly [number, number], side: number): number {
  const start = Math.max(0, at + from * scale);
  return Math.max(0, Math.min(side, at + (from + length) * scale) - start) / side;
}

/** 0 to 1, by area. */
export function shareOf(part: Size, whole: Size): number {
  return (part.width * part.height) / (whole.width * whole.height);
}
