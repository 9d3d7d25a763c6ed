/** Aspect ratios by name and the sizes that they mean: one arithmetic for what users say and what hosts are told. Pure. */

import { SoraError } from '../shared/errors.ts';
import { formatSize, type Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import type { ProviderLimits } from './limits.ts';

export const RATIOS = ['16:9', '9:16', '4:3', '3:4', '1:1', '21:9'] as const;
export type Ratio = (typeof RATIOS)[number];

export function isRatio(text: string): text is Ratio {
  return RATIOS.some((ratio) => ratio === text);
}

/** The size of that shape whose shorter side has so many pixels. Sides are even: 4:2:0 pictures have no odd ones. */
export function sizeOf(ratio: Ratio, shortSide: number): Size {
  const [across = 1, down = 1] = ratio.split(':').map(Number);
  const long = 2 * Math.round((shortSide * Math.max(across, down)) / Math.min(across, down) / 2);
  return across >= down ? { width: long, height: shortSide } : { width: shortSide, height: long };
}

/** Every shape at every length of the shorter side. */
export function sizesOf(shortSides: readonly number[], ratios: readonly Ratio[] = RATIOS): readonly Size[] {
  return shortSides.flatMap((short) => ratios.map((ratio) => sizeOf(ratio, short)));
}

export function shortSideOf({ width, height }: Size): number {
  return Math.min(width, height);
}

/** How far a size may be off its ratio: 854x480 and 864x480 are 16:9 to everyone. */
const TOLERANCE = 0.015;

/** The name of a size's shape; undefined when it has none. */
export function ratioOf({ width, height }: Size): Ratio | undefined {
  return RATIOS.find((ratio) => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return Math.abs((width / height / across) * down - 1) < TOLERANCE;
  });
}

/** The named shape that comes nearest. */
export function nearestRatio(size: Size): Ratio {
  const distance = (ratio: Ratio): number => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return Math.abs(Math.log((size.width * down) / (size.height * across)));
  };
  return RATIOS.toSorted((a, b) => distance(a) - distance(b))[0] ?? '16:9';
}

/** The same, or the shape in its smallest numbers. */
export function ratioName(size: Size): string {
  const divisor = greatestCommonDivisor(size.width, size.height);
  return ratioOf(size) ?? `${size.width / divisor}:${size.height / divisor}`;
}

/** The shapes among the sizes, each once. */
export function ratiosOf(sizes: readonly Size[]): readonly string[] {
  return [...new Set(sizes.map(ratioName))];
}

/** Most people ask for 720p by asking for nothing: a model that does not make it makes the nearest. */
export function frameOf(sides: readonly number[]): Pick<ProviderLimits, 'frame'> {
  if (sides.length === 0 || sides.includes(720)) return {};
  const [shortSide = 720] = sides.toSorted((a, b) => Math.abs(a - 720) - Math.abs(b - 720));
  return { frame: { shortSide, shortSides: sides } };
}

/**
 * Throws `usage` for a size that is none of these, where the model is told a ratio or a resolution: it would make another
 * one without a word. Without any size nothing is known, and nothing is refused.
 */
export function checkSayable(model: string, size: Size, sizes: readonly Size[]): void {
  const isSaid = sizes.some((one) => ratioOf(one) === ratioOf(size) && shortSideOf(one) === shortSideOf(size));
  if (sizes.length === 0 || (isSaid && ratioOf(size) !== undefined)) return;
  const sides = [...new Set(sizes.map(shortSideOf))];
  throw new SoraError('usage', `${model} does not make videos of ${formatSize(size)}.`, {
    hint: `It makes ${ratiosOf(sizes).join(', ')} with a shorter side of ${sides.join(', ')}: say ${option('aspect')}, or ${option('size')} with one of these sides.`,
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
