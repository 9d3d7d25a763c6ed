import { describe, expect, it } from 'vitest';
import type { DecodedFrame } from '../../../src/media/probe/first-frames.ts';
import { bestSegment, mayChangeSize, partInOneResolution, stretchesOf } from '../../../src/media/probe/shapes.ts';
import type { Timeline } from '../../../src/media/probe/timeline.ts';

const [WIDE, HIGH] = [
  { width: 640, height: 360 },
  { width: 360, height: 640 },
];

function frame(seconds: number, size: { width: number; height: number }): DecodedFrame {
  return {
    ...{ ...size, seconds, pixelFormat: 'yuv420p', pixelAspect: 1, interlaced: false, key: true },
    ...{ range: undefined, matrix: undefined, primaries: undefined, transfer: undefined, sideData: {} },
  };
}

/** Of a picture a second, from the beginning of a file to its end. */
function timeline(keys: readonly number[], more: Partial<Timeline> = {}): Timeline {
  return {
    ...{
      times: [0, 1, 2, 3, 4, 5],
      packets: 6,
      keys,
      end: 6,
      hidden: 0,
      leading: 0,
      tick: 0.001,
      stream: 0,
      origin: 0,
    },
    ...{ from: 0, isComplete: true, toJSON: () => undefined, ...more },
  };
}

describe('mayChangeSize', () => {
  it.each<[string, boolean, string, Timeline | undefined]>([
    ['no keyframe but the first', false, 'H.264', timeline([0])],
    ['one behind the part', false, 'HEVC', timeline([0, 5])],
    ['one in it', true, 'H.264', timeline([0, 3])],
    ['a codec whose size changes anywhere', true, 'VP9', timeline([0])],
    ['packets that do not tell', true, 'H.264', timeline([])],
    ['packets that an edit list hides', true, 'H.264', timeline([0], { hidden: 3 })],
    ['packets of the beginning only', true, 'H.264', timeline([0], { isComplete: false, end: 3 })],
    ['packets of another part', true, 'H.264', timeline([0], { from: 2 })],
    ['no packets', true, 'H.264', undefined],
  ])('of %s is %s', (_, may, codec, packets) => {
    expect(mayChangeSize({ timeline: packets, video: { codec } }, 4)).toBe(may);
  });
});

const TURNED = [frame(0, WIDE), frame(1, WIDE), frame(1.5, HIGH), frame(3, HIGH), frame(6, WIDE)];

describe('stretchesOf', () => {
  it('ends a stretch where the size changes', () => {
    expect(stretchesOf(TURNED, 0, 8)).toEqual([
      { start: 0, end: 1.5, size: WIDE },
      { start: 1.5, end: 6, size: HIGH },
      { start: 6, end: 8, size: WIDE },
    ]);
  });

  it('takes the size at a start from the keyframe before it', () => {
    expect(stretchesOf([frame(-0.8, WIDE), frame(0.7, HIGH)], 5, 9)).toEqual([
      { start: 5, end: 5.7, size: WIDE },
      { start: 5.7, end: 9, size: HIGH },
    ]);
  });
});

describe('the part that is taken', () => {
  const stretches = stretchesOf(TURNED, 0, 8);

  it('is the longest in one shape, or that at a start that was asked for', () => {
    expect(bestSegment(stretches, false)).toBe(stretches[1]);
    expect(bestSegment(stretches, true)).toBe(stretches[0]);
  });

  it('is none where the size does not change', () => {
    expect(bestSegment(stretchesOf([frame(0, WIDE), frame(2, WIDE)], 0, 4), false)).toBeUndefined();
  });

  it('ends before the next shape, and says why', () => {
    expect(partInOneResolution(stretches, { start: 1.5, end: 4, size: HIGH }, null)).toEqual({
      ...{ start: 1.5, seconds: 2.501, until: 4 },
      because: 'its picture changes its shape (640x360, 360x640) at 1.5 s, 6 s, and one is taken',
    });
  });

  it('has 4 s at most', () => {
    expect(partInOneResolution(stretches, { start: 1.5, end: 6, size: HIGH }, null)).toMatchObject({
      seconds: 4,
      until: 6,
    });
  });

  it.each([
    [null, { start: 0, end: 1.5, size: WIDE }, /from 0 s on only 1.5 s have one, and 2 s are needed/],
    [4, { start: 1, end: 3.5, size: WIDE }, /from 1 s on only 2.5 s have one, and 4 s are needed/],
  ])('is refused where it is shorter than %s', (duration, stretch, words) => {
    expect(partInOneResolution(stretches, stretch, duration)).toMatch(words);
  });
});
