/** The grid of a film: its pictures, the samples of its sound, and times as other programs write them. Pure. */
import { fpsOf, type Rate } from '../media/plan/frame.ts';

export const SAMPLE_RATE = 48_000;

/** The sample that belongs to the beginning of a picture. */
export function sampleAt(frame: number, { num, den }: Rate): number {
  return Math.round((frame * den * SAMPLE_RATE) / num);
}

/** Microseconds from the beginning to a picture. */
export function microsecondsAt(frame: number, { num, den }: Rate): number {
  return Math.round((frame * den * 1_000_000) / num);
}

/** Seconds, as text. */
export function secondsText(microseconds: number): string {
  return (microseconds / 1_000_000).toFixed(6);
}

/** Units of time to a second in which each picture lasts a whole number of units, and not only one. */
export function timescaleOf({ num }: Rate): number {
  return num >= 10_000 ? num : num * 512;
}

/** Pictures between two keyframes: two seconds. */
export function keyframeInterval(rate: Rate): number {
  return Math.max(1, Math.round(2 * fpsOf(rate)));
}
