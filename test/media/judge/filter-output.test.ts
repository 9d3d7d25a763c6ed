import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  cameraShake,
  cameraSpeed,
  FILTER_OUTPUT_FILES,
  type FilterOutput,
  fades,
  motionAmount,
  parseFilterOutput,
} from '../../../src/media/judge/filter-output.ts';
import { median } from '../../../src/media/judge/median.ts';

/** A second of ffmpeg 5.1: half of it a still room between bars, then another shot that shakes. */
const RECORDED = Object.fromEntries(
  FILTER_OUTPUT_FILES.map((name) => [
    name,
    readFileSync(new URL(`../../../fixtures/look/${name}.txt`, import.meta.url), 'utf8'),
  ]),
) as FilterOutput;
const NOTHING = Object.fromEntries(FILTER_OUTPUT_FILES.map((name) => [name, ''])) as FilterOutput;
const TONES = { mean: 1, p5: 0, low: 0, high: 2, p95: 2, change: 1, disorder: 0, x: 0, y: 0 };

/** Of so many pictures, with a cut at one of them. */
function where(count: number, cut = 0) {
  const read = (at: (index: number) => number) => ({
    samples: count === 0 ? [] : [0, 1].map((index) => ({ at: at(index), ...TONES })),
    cuts: cut > 0 ? [at(cut)] : [],
  });
  return { offset: 10, fps: 24, meter: { count, read } };
}

describe('what the filters print', () => {
  const readings = parseFilterOutput(RECORDED, where(24, 12));

  it('gives each picture its own time in the source', () => {
    expect(readings.samples.map(({ at }) => at)).toEqual([10, 10.0416667]);
    expect(readings.cuts).toEqual([10.5]);
  });

  it('gives a picture of a varying rate the time of the one that it shows', () => {
    const times = [0.004, 0.05, 0.51, 0.56]
      .map((at) => `frame:0 pts:0 pts_time:${at}\nlavfi.signalstats.YMIN=16\n`)
      .join('');
    const { samples, cuts } = parseFilterOutput({ ...NOTHING, times }, where(16, 12));
    expect(samples.map(({ at }) => at)).toEqual([10.004, 10.05]);
    expect(cuts).toEqual([10.51]);
  });

  it('finds edges that are fine and narrow', () => {
    expect(readings.detail.map(({ at, value }) => [at, Number(value.toFixed(2))])).toEqual([
      [10, 0.48],
      [10.25, 0.48],
      [10.5, 0.35],
      [10.75, 0.36],
    ]);
    expect(readings.blur.map(({ value }) => value)).toEqual([3.178906, 3.214323, 3.889996, 3.939191]);
    expect(readings.blur.map(({ at }) => at)).toEqual([10, 10.25, 10.5, 10.75]);
  });

  it('takes the last word on what is lit', () => {
    expect(readings.lit?.loose).toEqual({ x: 0, y: 40, width: 618, height: 280 });
  });

  it('reads nothing from filters that wrote nothing, or nonsense', () => {
    const nothing = { samples: [], cuts: [], detail: [], blur: [], lit: undefined };
    expect(parseFilterOutput(NOTHING, where(0))).toEqual(nothing);
    const nonsense = Object.fromEntries(
      FILTER_OUTPUT_FILES.map((name) => [name, 'lavfi.x=1\n\n=\nframe:x']),
    ) as FilterOutput;
    expect(parseFilterOutput(nonsense, where(0))).toEqual(nothing);
  });

  it('finds nothing lit in black, where the width is below 0', () => {
    const black = 'frame:3 pts:3 pts_time:.75\nlavfi.cropdetect.w=-640\nlavfi.cropdetect.h=-360\n';
    expect(parseFilterOutput({ ...NOTHING, loose: black, tight: black }, where(0)).lit).toBeUndefined();
  });
});

describe('figures', () => {
  it('is the middle one', () => {
    expect([median([3, 1, 2]), median([1]), median([])]).toEqual([2, 1, 0]);
  });

  /** Steps of a path, in per cent of the long side, at so many samples a second. */
  function steps(rate: number, seconds: number, place: (time: number) => number) {
    return Array.from({ length: rate * seconds }, (_, index) => {
      const at = index / rate;
      return { at, x: index === 0 ? 0 : place(at) - place(at - 1 / rate), y: 0 };
    });
  }

  it.each([5, 8, 10, 12, 12.5, 15, 16])('calls no smooth way of the camera a shake, at %d looks a second', (rate) => {
    expect(cameraShake(steps(rate, 4, (time) => 30 * time))).toBeCloseTo(0);
    expect(cameraShake(steps(rate, 4, (time) => 4 * time * time))).toBeCloseTo(0);
    expect(cameraSpeed(steps(rate, 4, (time) => 30 * time))).toBeCloseTo(30);
  });

  it.each([8, 10, 12, 15, 16])('measures a shake of two per cent from end to end, at %d looks a second', (rate) => {
    const swing = cameraShake(steps(rate, 4, (time) => Math.sin(2 * Math.PI * 3.1 * time)));
    expect(swing).toBeGreaterThan(1.6);
    expect(swing).toBeLessThan(3);
    expect(cameraSpeed(steps(rate, 4, (time) => Math.sin(2 * Math.PI * 3.1 * time)))).toBeGreaterThan(5);
  });

  it('knows no shake of nothing, or of less than it takes', () => {
    expect([cameraShake([]), cameraShake(steps(12, 4, () => 0).slice(0, 3)), cameraSpeed([])]).toEqual([0, 0, 0]);
  });

  it('calls a clip lively that stands still now and then, and a still one that flashes once still', () => {
    const change = (of: readonly number[]) => motionAmount(of.map((one) => ({ change: one, low: 50, high: 150 })));
    expect(change([0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 3])).toBeGreaterThan(0.4);
    expect(change(Array.from({ length: 20 }, (_, index) => (index === 7 ? 60 : 0)))).toBe(0);
  });

  it('finds where a fade ends, at either end', () => {
    const spreads = [0, 30, 60, 90, 100, 100, 100, 100, 100, 100, 60, 20];
    const found = fades(spreads.map((spread, index) => ({ at: index / 4, p5: 30, p95: 30 + spread })));
    expect(found).toEqual({ start: 0.75, end: 0.5 });
    expect(fades([])).toEqual({ start: 0, end: 0 });
  });

  it('measures change against contrast', () => {
    const bright = Array.from({ length: 5 }, () => ({ change: 2, low: 50, high: 150 }));
    const dark = bright.map(({ change }) => ({ change: change / 5, low: 20, high: 40 }));
    expect(motionAmount(bright)).toBe(2);
    expect(motionAmount(dark)).toBeCloseTo(2);
  });
});
