/** Measures what is judged of a picture: not its bars, and not what is cut off. */

import type { Rect } from '../../shared/geometry.ts';
import { uprightSize } from '../info.ts';
import { activePicture } from './bars.ts';
import type { Measurements } from './filter-output.ts';
import { type MeasureRequest, type Measures, measurePicture } from './measure-picture.ts';

/**
 * Measures the picture between bars where it has some: they are dark and stand still, and are not what is judged. Looks
 * twice then, unless `guess` is that picture: a film has the same bars all over.
 */
export async function measureBetweenBars(
  request: MeasureRequest & { readonly want: Omit<Measures, 'bars' | 'crop'> },
  guess?: Rect,
): Promise<{ readonly readings: Measurements; readonly between: Rect | undefined }> {
  const { info, want } = request;
  const readings = await measurePicture({ ...request, want: { ...want, bars: true, crop: guess } });
  const between = info.video && activePicture(uprightSize(info.video), readings.lit);
  if (isAlike(between, guess)) return { readings, between: guess };
  return { readings: await measurePicture({ ...request, want: { ...want, crop: between } }), between };
}

/**
 * The same, of the part of the upright picture that a master keeps: what is cut off is not judged. Bars are those of the whole.
 */
export async function measureKept(
  request: MeasureRequest & { readonly want: Omit<Measures, 'bars' | 'crop'> },
  kept: Rect | undefined,
): Promise<{ readonly readings: Measurements; readonly between: Rect | undefined }> {
  const { info, want } = request;
  if (!kept || !info.video) return measureBetweenBars(request);
  const readings = await measurePicture({ ...request, want: { ...want, bars: true, crop: kept } });
  const between = activePicture(uprightSize(info.video), readings.lit);
  const lit = between && overlap(between, kept);
  if (!lit || isAlike(lit, kept)) return { readings, between };
  return { readings: await measurePicture({ ...request, want: { ...want, crop: lit } }), between };
}

/** On even pixels; undefined where they have too little in common to be measured. */
export function overlap(a: Rect, b: Rect): Rect | undefined {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const width = 2 * Math.floor((Math.min(a.x + a.width, b.x + b.width) - x) / 2);
  const height = 2 * Math.floor((Math.min(a.y + a.height, b.y + b.height) - y) / 2);
  return width < 32 || height < 32 ? undefined : { x, y, width, height };
}

/** Give or take a line or two. */
export function isAlike(a: Rect | undefined, b: Rect | undefined): boolean {
  if (!a || !b) return a === b;
  return (['x', 'y', 'width', 'height'] as const).every((side) => Math.abs(a[side] - b[side]) <= 4);
}
