/** What ffmpeg's filters say of a part of a clip, read into numbers. Pure. */

import type { Rect } from '../../shared/geometry.ts';
import { median } from './median.ts';
import type { Meter, Sample } from './meter.ts';
import { THRESHOLDS } from './thresholds.ts';

export interface Measurements {
  readonly samples: readonly Sample[];
  /** Seconds into the source at which another shot begins. */
  readonly cuts: readonly number[];
  /** How fine the edges are, whatever there is of them: about 0.5 when sharp, 0.2 when not. Where the build cannot do `blur`. */
  readonly detail: readonly Measurement[];
  /** Widths of edges in pixels of a picture of at most 1280; empty where the build cannot measure them. */
  readonly blur: readonly Measurement[];
  /** What is not black, by a dark and by a brighter idea of black; undefined where all is. */
  readonly lit: { readonly loose: Rect; readonly tight: Rect } | undefined;
}

export interface Measurement {
  /** Seconds into the source. */
  readonly at: number;
  readonly value: number;
}

/** The files that the filters wrote, by name; one that is missing is empty. */
export type FilterOutput = Readonly<Record<FilterOutputFile, string>>;

export const FILTER_OUTPUT_FILES = ['times', 'fine', 'edges', 'blur', 'loose', 'tight'] as const;
export type FilterOutputFile = (typeof FILTER_OUTPUT_FILES)[number];

/** `offset`: seconds into the source at which the part begins. `meter`: what the pictures said. `fps`: pictures of it a second. */
export function parseFilterOutput(
  printed: FilterOutput,
  { offset, meter, fps }: { offset: number; meter: Pick<Meter, 'count' | 'read'>; fps: number },
): Measurements {
  const moved = ({ at, value }: Measurement): Measurement => ({ at: offset + at, value });
  const times = readFrames(printed.times).map(({ at }) => offset + at);
  return {
    ...meter.read(timeOfPicture(times, { count: meter.count, fps, offset })),
    detail: readDetail(printed).map(moved),
    blur: readFrames(printed.blur)
      .flatMap(({ at, values: { blur = 0 } }) => (blur > 0 ? [{ at, value: blur }] : []))
      .map(moved),
    lit: readLit(printed),
  };
}

/** Its own where there are as many; of a varying rate, that of the picture of the source which is nearest to its place. */
function timeOfPicture(
  times: readonly number[],
  { count, fps, offset }: { count: number; fps: number; offset: number },
): (index: number) => number {
  if (times.length === count) return (index) => times[index] ?? offset;
  const first = times[0] ?? offset;
  return (index) => {
    const place = first + index / fps;
    // The first that is not before it by more than half a picture.
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] ?? place) < place - 0.5 / fps) low = middle + 1;
      else high = middle;
    }
    const near = times[low] ?? place;
    return Math.abs(near - place) <= 0.5 / fps ? near : place;
  };
}

interface Frame {
  readonly at: number;
  /** By the last word of the key. */
  readonly values: Readonly<Record<string, number>>;
}

/** The form of the metadata filters: a line `frame:0 pts:0 pts_time:0`, then `lavfi.<filter>.<key>=<value>` for each. */
function readFrames(text: string): Frame[] {
  const frames: { at: number; values: Record<string, number> }[] = [];
  for (const line of text.split('\n')) {
    const head = /^frame:.*pts_time:\s*(-?[\d.]+(?:e-?\d+)?)/.exec(line);
    const [, key, value] = /^lavfi\.([^=]*)=(\S+)$/.exec(line) ?? [];
    if (head) frames.push({ at: Number(head[1]), values: {} });
    else if (key !== undefined) {
      const last = frames.at(-1);
      const number = Number(value);
      if (last && Number.isFinite(number)) last.values[key.slice(key.lastIndexOf('.') + 1)] = number;
    }
  }
  return frames;
}

/** Second differences over first ones: their ratio falls as edges widen, and says nothing of how many edges there are. */
function readDetail({ fine, edges }: FilterOutput): { at: number; value: number }[] {
  const all = readFrames(edges);
  return readFrames(fine).flatMap(({ at, values }, index) => {
    const strength = all[index]?.values.YAVG ?? 0;
    return strength > 0.05 ? [{ at, value: (values.YAVG ?? 0) / strength }] : [];
  });
}

/** cropdetect never forgets what was lit: its last word is about the whole part. */
function readLit({ loose, tight }: FilterOutput): Measurements['lit'] {
  const [a, b] = [loose, tight].map((text) => {
    const last = readFrames(text).at(-1)?.values;
    return last?.w && last.h && last.w > 0 && last.h > 0
      ? { x: last.x ?? 0, y: last.y ?? 0, width: last.w, height: last.h }
      : undefined;
  });
  return a && b && { loose: a, tight: b };
}

/** Over which a path is compared with a smooth one; of fewer pictures a second, over as many as it takes. */
const PATH_SECONDS = 0.5;
const LEAST_POINTS = 5;
/** A swing of this many standard deviations is that of a sine from end to end. */
const SWING = 2 * Math.SQRT2;

/**
 * The range over which the picture swings about a smooth path, in per cent of its long side: about a parabola through each
 * half second, which is what the hand of a person who follows something draws. A pan is none, at whatever frame rate.
 */
export function cameraShake(samples: readonly Pick<Sample, 'at' | 'x' | 'y'>[]): number {
  let [x, y] = [0, 0];
  const path = samples.map((one, index) => {
    if (index > 0) [x, y] = [x + one.x, y + one.y];
    return { at: one.at, x, y };
  });
  const spreads: number[] = [];
  for (let from = 0; from < path.length; from += 1) {
    const start = path[from]?.at ?? 0;
    const inside = path.findLastIndex(({ at }) => at <= start + PATH_SECONDS + 0.001) + 1;
    const window = path.slice(from, Math.max(inside, from + LEAST_POINTS));
    if (window.length < Math.min(LEAST_POINTS, path.length) || window.length < 4) break;
    const times = window.map(({ at }) => at - start);
    const [across, down] = [window.map((one) => one.x), window.map((one) => one.y)].map((one) => variance(times, one));
    spreads.push(Math.sqrt((across ?? 0) + (down ?? 0)));
    if (inside === path.length && window.length >= LEAST_POINTS) break;
  }
  return SWING * median(spreads);
}

/** How fast the camera moves, in per cent of the long side a second: in a pan or a shake. */
export function cameraSpeed(samples: readonly Pick<Sample, 'at' | 'x' | 'y'>[]): number {
  return median(
    samples.slice(1).map(({ at, x, y }, index) => {
      const seconds = at - (samples[index]?.at ?? at);
      return seconds > 0 ? Math.hypot(x, y) / seconds : 0;
    }),
  );
}

/** About the parabola that fits best: Gram-Schmidt on 1, t and t squared. */
function variance(times: readonly number[], values: readonly number[]): number {
  const bases: number[][] = [];
  let rest = [...values];
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, one, index) => sum + one * (b[index] ?? 0), 0);
  const without = (of: readonly number[], base: readonly number[]): number[] => {
    const share = dot(of, base) / (dot(base, base) || 1);
    return of.map((one, index) => one - share * (base[index] ?? 0));
  };
  for (const power of [0, 1, 2]) {
    const base = bases.reduce<number[]>(
      without,
      times.map((time) => time ** power),
    );
    bases.push(base);
    rest = without(rest, base);
  }
  return dot(rest, rest) / (values.length - bases.length);
}

/** Of luma: in what is all black or all white, a little noise is no movement. */
const LEAST_CONTRAST = 20;

/**
 * How much changes, in per cent of the picture's own contrast: darkness makes nothing stand still. The mean but for the
 * highest tenth, which may be a flash; a clip in which only some pictures change is no still one.
 */
export function motionAmount(samples: readonly Pick<Sample, 'change' | 'high' | 'low'>[]): number {
  const contrast = Math.max(LEAST_CONTRAST, median(samples.map(({ high, low }) => high - low)));
  const changes = samples.map(({ change }) => change).sort((a, b) => a - b);
  const most = changes.slice(0, Math.ceil(changes.length * 0.9));
  return (most.reduce((sum, one) => sum + one, 0) * 100) / Math.max(1, most.length) / contrast;
}

/**
 * How little one picture has to do with the next, from 0 to 1: what a seventh of the samples exceed. Where an encoder has no
 * bits for noise, much of it stands still.
 */
export function temporalDisorder(samples: readonly Pick<Sample, 'disorder'>[]): number {
  return samples.map(({ disorder }) => disorder).sort((a, b) => a - b)[Math.floor(samples.length * 0.85)] ?? 0;
}

/** Seconds at either end in which the picture is not yet, or no longer, what it is in between. */
export function fades(samples: readonly Pick<Sample, 'at' | 'p5' | 'p95'>[]): {
  readonly start: number;
  readonly end: number;
} {
  return { start: fadeSeconds(samples), end: fadeSeconds(samples.toReversed()) };
}

function fadeSeconds(samples: readonly Pick<Sample, 'at' | 'p5' | 'p95'>[]): number {
  const spreads = samples.map(({ p5, p95 }) => p95 - p5);
  const { faded, whole } = THRESHOLDS.fade;
  const usual = Math.max(1, median(spreads));
  if ((spreads[0] ?? usual) >= faded * usual) return 0;
  const until = spreads.findIndex((spread) => spread >= whole * usual);
  return Math.abs((samples[until]?.at ?? 0) - (samples[0]?.at ?? 0));
}
