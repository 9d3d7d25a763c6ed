/** Black bars that are already in a picture: what counts as one. Pure. */
import type { Rect, Size } from '../domain.ts';

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
export function pictureBetweenBars(
  whole: Size,
  lit: { readonly loose: Rect; readonly tight: Rect } | undefined,
): Rect | undefined {
  if (!lit) return undefined;
  const [x, width] = between(whole.width, [lit.loose.x, lit.loose.width], [lit.tight.x, lit.tight.width]);
  const [y, height] = between(whole.height, [lit.loose.y, lit.loose.height], [lit.tight.y, lit.tight.height]);
  return x === 0 && y === 0 ? undefined : { x, y, width, height };
}

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
