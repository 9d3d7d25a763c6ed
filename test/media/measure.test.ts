import { describe, expect, it } from 'vitest';
import { readPackets } from '../../src/media/measure.ts';

/** ffmpeg's listing of packets at these ticks. */
function listing(base: string, times: readonly number[], lasts: number): string[] {
  return ['#software: x', `#tb 0: ${base}`, ...times.map((at) => `0, ${at}, ${at}, ${lasts}, 100, 0x1`)];
}

const every = (step: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.round(index * step));

describe('readPackets', () => {
  it('counts frames and adds the length of the last one', () => {
    expect(readPackets(listing('1/100', every(10, 30), 10))).toEqual({
      seconds: 3,
      fps: 10,
      frames: 30,
      constantRate: true,
    });
  });

  it.each([
    [1000 / 30, 30],
    [1000 / 29.97, 30_000 / 1001],
    [40, 25],
  ])('sees through times that are rounded to milliseconds (%d ms)', (step, fps) => {
    const found = readPackets(listing('1/1000', every(step, 90), Math.round(step)));
    expect(found).toMatchObject({ frames: 90, constantRate: true });
    expect(found?.fps).toBeCloseTo(fps, 3);
  });

  it('sees that frames come at uneven times', () => {
    expect(readPackets(listing('1/1000', [0, 40, 200, 240, 400], 40))).toMatchObject({
      constantRate: false,
      frames: 5,
    });
  });

  it('orders frames that are stored in decoding order', () => {
    expect(readPackets(listing('1/25', [0, 3, 1, 2], 1))).toMatchObject({ seconds: 0.16, fps: 25, constantRate: true });
  });

  it('tells a single frame', () => {
    expect(readPackets(listing('1/100', [0], 10))?.frames).toBe(1);
  });

  it('finds nothing in an empty listing', () => {
    expect(readPackets(['#software: x'])).toBeUndefined();
  });
});
