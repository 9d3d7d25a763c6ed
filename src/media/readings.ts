/** What ffmpeg's filters say of a part of a clip, read into numbers. Pure. */
import type { Rect } from '../domain.ts';

/** One of twelve looks a second at a small copy of the picture. */
export interface Sample {
  /** Seconds into the source. */
  readonly at: number;
  /** Luma, 16 to 235: of all pixels, of the darkest tenth at most, of the brightest tenth at least. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Mean difference of luma to the sample before. */
  readonly change: number;
  /** How far the whole picture moved since the sample before, in per cent of its long side. */
  readonly x: number;
  readonly y: number;
}

export interface Readings {
  readonly samples: readonly Sample[];
  /** Seconds into the source at which another shot begins. */
  readonly cuts: readonly number[];
  /** How fine the edges are, whatever there is of them: about 0.5 when sharp, 0.2 when not. */
  readonly detail: readonly { readonly at: number; readonly value: number }[];
  /** Widths of edges in pixels of a picture of at most 1280; empty where the build cannot measure them. */
  readonly blur: readonly number[];
  /** What is not black, by a dark and by a brighter idea of black; undefined where all is. */
  readonly lit: { readonly loose: Rect; readonly tight: Rect } | undefined;
}

/** The files that the filters wrote, by name; one that is missing is empty. */
export type Printed = Readonly<Record<PrintedFile, string>>;

export const PRINTED_FILES = ['scene', 'light', 'motion', 'fine', 'edges', 'blur', 'loose', 'tight'] as const;
export type PrintedFile = (typeof PRINTED_FILES)[number];

/** ffmpeg's own idea of a new scene, 0 to 1: cuts score 0.4 and more, a shaken camera up to 0.2. */
const CUT_SCORE = 0.3;
const SILENCE = -100;

/** `offset`: seconds into the source at which the part begins. `longSide`: of the small copy, in pixels. */
export function readPrinted(printed: Printed, { offset, longSide }: { offset: number; longSide: number }): Readings {
  const moves = readMoves(printed.motion);
  const percent = (pixels: number | undefined): number => ((pixels ?? 0) * 100) / longSide;
  return {
    samples: readFrames(printed.light).map(({ at, values }, index) => ({
      at: offset + at,
      mean: values.YAVG ?? 0,
      low: values.YLOW ?? 0,
      high: values.YHIGH ?? 0,
      change: index === 0 ? 0 : (values.YDIF ?? 0),
      x: percent(moves[index]?.x),
      y: percent(moves[index]?.y),
    })),
    cuts: readFrames(printed.scene)
      .filter(({ values }) => (values.scene_score ?? 0) >= CUT_SCORE)
      .map(({ at }) => offset + at),
    detail: readDetail(printed).map(({ at, value }) => ({ at: offset + at, value })),
    blur: readFrames(printed.blur)
      .map(({ values }) => values.blur)
      .filter((value) => value !== undefined && value > 0) as number[],
    lit: readLit(printed),
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
    const head = /^frame:.*pts_time:\s*(-?[\d.]+)/.exec(line);
    const [, key, value] = /^lavfi\.([^=]*)=(\S+)$/.exec(line) ?? [];
    if (head) frames.push({ at: Number(head[1]), values: {} });
    else if (key !== undefined) {
      const last = frames.at(-1);
      const number = value === '-inf' ? SILENCE : Number(value);
      if (last && Number.isFinite(number)) last.values[key.slice(key.lastIndexOf('.') + 1)] = number;
    }
  }
  return frames;
}

/** deshake's log: a line of headings, then for every frame `x found, x averaged, x applied, y found, …`. */
function readMoves(text: string): { x: number; y: number }[] {
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number))
    .map(([x = 0, , , y = 0]) => ({ x: Number.isFinite(x) ? x : 0, y: Number.isFinite(y) ? y : 0 }));
}

/** Second differences over first ones: their ratio falls as edges widen, and says nothing of how many edges there are. */
function readDetail({ fine, edges }: Printed): { at: number; value: number }[] {
  const all = readFrames(edges);
  return readFrames(fine).flatMap(({ at, values }, index) => {
    const strength = all[index]?.values.YAVG ?? 0;
    return strength > 0.05 ? [{ at, value: (values.YAVG ?? 0) / strength }] : [];
  });
}

/** cropdetect never forgets what was lit: its last word is about the whole part. */
function readLit({ loose, tight }: Printed): Readings['lit'] {
  const [a, b] = [loose, tight].map((text) => {
    const last = readFrames(text).at(-1)?.values;
    return last?.w && last.h && last.w > 0 && last.h > 0
      ? { x: last.x ?? 0, y: last.y ?? 0, width: last.w, height: last.h }
      : undefined;
  });
  return a && b && { loose: a, tight: b };
}

/** The middle one; 0 of nothing. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** How much the camera jerks: the change of its movement from sample to sample, in per cent of the long side. */
export function jerk(samples: readonly Pick<Sample, 'x' | 'y'>[]): number {
  return median(
    samples.slice(2).map(({ x, y }, index) => {
      const before = samples[index + 1];
      return Math.hypot(x - (before?.x ?? 0), y - (before?.y ?? 0));
    }),
  );
}

/** How much changes from sample to sample, in per cent of the picture's own contrast: darkness makes nothing stand still. */
export function liveliness(samples: readonly Pick<Sample, 'change' | 'high' | 'low'>[]): number {
  const contrast = Math.max(10, median(samples.map(({ high, low }) => high - low)));
  return (median(samples.slice(1).map(({ change }) => change)) * 100) / contrast;
}
