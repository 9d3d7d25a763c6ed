import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jerk, liveliness, median, PRINTED_FILES, type Printed, readPrinted } from '../../src/media/readings.ts';

/** A second of ffmpeg 5.1: half of it a still room between bars, then another shot that shakes. */
const RECORDED = Object.fromEntries(
  PRINTED_FILES.map((name) => [
    name,
    readFileSync(new URL(`../../fixtures/look/${name}.txt`, import.meta.url), 'utf8'),
  ]),
) as Printed;
const NOTHING = Object.fromEntries(PRINTED_FILES.map((name) => [name, ''])) as Printed;
const WHERE = { offset: 10, longSide: 320 };

describe('what the filters print', () => {
  const readings = readPrinted(RECORDED, WHERE);

  it('gives a sample for each of its looks, at times of the source', () => {
    expect(readings.samples).toHaveLength(12);
    expect(readings.samples[1]).toMatchObject({ low: 16, mean: 132.509, high: 212, change: 2.41755, x: 0, y: 0 });
    expect(readings.samples[1]?.at).toBeCloseTo(10 + 1 / 12, 5);
  });

  it('tells movement in per cent of the long side', () => {
    expect(readings.samples[6]).toMatchObject({ x: -5, y: 0 });
    expect(readings.samples[7]).toMatchObject({ x: -1.875, y: -1.5625 });
  });

  it('finds the cut at its frame, and takes no shaking for one', () => {
    expect(readings.cuts).toEqual([10.5]);
  });

  it('finds edges that are fine and narrow', () => {
    expect(readings.detail.map(({ at, value }) => [at, Number(value.toFixed(2))])).toEqual([
      [10, 0.48],
      [10.25, 0.48],
      [10.5, 0.35],
      [10.75, 0.36],
    ]);
    expect(readings.blur).toEqual([3.178906, 3.214323, 3.889996, 3.939191]);
  });

  it('takes the last word on what is lit', () => {
    expect(readings.lit?.loose).toEqual({ x: 0, y: 40, width: 618, height: 280 });
  });

  it('reads nothing from filters that wrote nothing, or nonsense', () => {
    const nothing = { samples: [], cuts: [], detail: [], blur: [], lit: undefined };
    expect(readPrinted(NOTHING, WHERE)).toEqual(nothing);
    const nonsense = Object.fromEntries(PRINTED_FILES.map((name) => [name, 'lavfi.x=1\n\n=\nframe:x'])) as Printed;
    expect(readPrinted(nonsense, WHERE)).toEqual(nothing);
  });

  it('finds nothing lit in black, where the width is below 0', () => {
    const black = 'frame:3 pts:3 pts_time:.75\nlavfi.cropdetect.w=-640\nlavfi.cropdetect.h=-360\n';
    expect(readPrinted({ ...NOTHING, loose: black, tight: black }, WHERE).lit).toBeUndefined();
  });
});

describe('figures', () => {
  it('is the middle one', () => {
    expect([median([3, 1, 2]), median([1]), median([])]).toEqual([2, 1, 0]);
  });

  it('calls a steady pan no jerk, and a shake one', () => {
    const pan = Array.from({ length: 10 }, () => ({ x: 2, y: 0 }));
    const shake = Array.from({ length: 10 }, (_, index) => ({ x: index % 2 === 0 ? 2 : -2, y: 0 }));
    expect([jerk(pan), jerk(shake), jerk([])]).toEqual([0, 4, 0]);
  });

  it('measures change against contrast', () => {
    const bright = Array.from({ length: 5 }, () => ({ change: 2, low: 50, high: 150 }));
    const dark = bright.map(({ change }) => ({ change: change / 5, low: 20, high: 40 }));
    expect(liveliness(bright)).toBe(2);
    expect(liveliness(dark)).toBeCloseTo(2);
  });
});
