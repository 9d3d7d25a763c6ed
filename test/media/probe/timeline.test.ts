import { describe, expect, it } from 'vitest';
import {
  frameRate,
  pictureAt,
  readPackets,
  readShown,
  seekPointBefore,
  type Timeline,
  timelineOf,
} from '../../../src/media/probe/timeline.ts';

/** ffmpeg's listing of packets at these ticks, in decoding order. */
function listing(base: string, times: readonly number[], lasts: number): string[] {
  return ['#software: x', `#tb 0: ${base}`, ...times.map((at, n) => `0, ${n}, ${at}, ${lasts}, 100, 0x1`)];
}

function timeline(lines: readonly string[]): Timeline {
  const listed = readPackets(lines);
  const made = listed && timelineOf(listed, { origin: 0, from: 0, stream: 0 });
  if (!made) throw new Error('no picture');
  return made;
}

const every = (step: number, count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + Math.round(index * step));

describe('timelineOf', () => {
  it('counts pictures and adds the length of the last one', () => {
    const made = timeline(listing('1/100', every(10, 30), 10));
    expect([made.times.length, made.times[0]]).toEqual([30, 0]);
    expect(made.end).toBeCloseTo(3, 6);
  });

  it('orders pictures that are stored in decoding order', () => {
    expect(timeline(listing('1/25', [0, 3, 1, 2], 1))).toMatchObject({ times: [0, 0.04, 0.08, 0.12], end: 0.16 });
  });

  it.each([
    ['lasts longer than the others', 300, 3.9],
    ['is said to last a single tick, as some builds say of all', 1, 1],
  ])('ends with a last picture that %s', (_, lasts, end) => {
    const lines = listing('1/100', every(10, 10), 10);
    const last = `0, 9, 90, ${lasts}, 100, 0x1`;
    expect(timeline([...lines.slice(0, -1), last]).end).toBeCloseTo(end, 6);
  });

  it('leaves out what an edit list hides, and what comes before the first keyframe', () => {
    const flags = ['0x0', '0x5', '0x4', undefined, '0x0', '0x0'];
    const times = [0, 10, 20, 30, 5, 40];
    const lines = times.map((at, n) => `0, ${n}, ${at}, 10, 100, 0x1${flags[n] ? `, F=${flags[n]}` : ''}, S=1, 1`);
    expect(timeline(['#tb 0: 1/100', ...lines])).toMatchObject({
      times: [0.3, 0.4],
      keys: [0.1, 0.3],
      hidden: 2,
      leading: 2,
    });
  });

  it('counts from the beginning of the file, without the noise of a difference', () => {
    const listed = readPackets(listing('1/90000', every(3600, 3, 126_000), 3600));
    const made = listed && timelineOf(listed, { origin: 1.4, from: 0, stream: 0 });
    expect(made).toMatchObject({ times: [0, 0.04, 0.08], end: 0.12 });
  });

  it('makes one picture of packets that have one time', () => {
    expect(timeline(listing('1/100', [0, 4, 8, 8, 12], 4))).toMatchObject({ times: [0, 0.04, 0.08, 0.12], packets: 5 });
  });

  it('finds nothing in an empty listing', () => {
    expect(readPackets(['#software: x'])).toBeUndefined();
    expect(readPackets(['#tb 0: 1/25'])).toMatchObject({ packets: [] });
    expect(timelineOf({ tick: 1, packets: [] }, { origin: 0, from: 0, stream: 0 })).toBeUndefined();
  });

  it('is left out of documents', () => {
    expect(JSON.stringify({ timeline: timeline(listing('1/25', [0, 1], 1)) })).toBe('{}');
  });
});

describe('readPackets', () => {
  it('tells time stamps that ffmpeg moved because they did not rise', () => {
    const moved = ['#tb 0: 1/25', '0, 0, 0, 1, 9, 0x1', '0, 1, 1, 1, 9, 0x1', '0, 1, 1, 1, 9, 0x1'];
    expect([readPackets(moved)?.isMoved, readPackets(moved.slice(0, -1))?.isMoved]).toEqual([true, false]);
  });

  it('tells pictures that have a decoding time only', () => {
    const listed = ['#tb 0: 1/25', '0, 0, 0, 1, 9, 0x1', '0, 1, -9223372036854775808, 1, 9, 0x1, F=0x0'];
    expect([readPackets(listed)?.isPartial, readPackets(listed.slice(0, -1))?.isPartial]).toEqual([true, false]);
  });
});

describe('readShown', () => {
  it('reads the times of decoded frames', () => {
    const lines = [
      '[Parsed_showinfo_1 @ 0x1] config in time_base: 1/12800, frame_rate: 25/1',
      '[Parsed_showinfo_1 @ 0x1] n:   0 pts:      0 pts_time:0       pos:    48 fmt:yuv420p',
      '[Parsed_showinfo_1 @ 0x1] n:   1 pts:    768 pts_time:0.06    pos:    99 fmt:yuv420p',
    ];
    const read = readShown(lines);
    expect([read?.tick, read?.packets.map(({ at }) => at)]).toEqual([1 / 12_800, [0, 768]]);
  });
});

describe('frameRate', () => {
  const rate = (base: string, times: readonly number[]) => frameRate(timeline(listing(base, times, 1)));

  it('is not misled by the last pictures of a decoder, which lie beside the grid', () => {
    const times = every(2, 144).map((at, index) => (index < 142 ? at : at - 1));
    expect(rate('1001/48000', times)?.fps).toBeCloseTo(24_000 / 1001, 3);
  });

  it.each([
    ['1/1000', 1000 / 30, 30, false],
    ['1/1000', 1001 / 30, 30_000 / 1001, false],
    ['1/1000', 1001 / 24, 24_000 / 1001, false],
    ['1/1000', 1000 / 24, 24, false],
    ['1/1000', 1000 / 60, 60, false],
    ['1/1000', 40, 25, true],
    ['1/600', 20.02, 30_000 / 1001, false],
    ['1/600', 20, 30, true],
    ['1/90000', 3003, 30_000 / 1001, true],
    ['1/90000', 3125, 28.8, true],
  ])('sees through times that are rounded to %s s (%d ticks)', (base, step, fps, exact) => {
    const found = rate(base, every(step, 60));
    expect(found).toMatchObject({ constant: true, exact });
    expect(found?.fps).toBeCloseTo(fps, 3);
  });

  it.each([
    ['60 fps for 1.5 s, then 30', [...every(10, 90), ...every(20, 100, 900)], 60],
    ['60 fps for 0.5 s, then 30', [...every(10, 30), ...every(20, 100, 300)], 60],
    ['30 fps with one picture of 60', [...every(20, 50), ...every(20, 50, 990)], 30],
    ['15 fps with one picture missing', every(40, 60).toSpliced(20, 1), 15],
    ['30 fps with each fifth missing', every(20, 90).filter((_, n) => n % 5 !== 4), 30],
    ['30 fps that is not kept exactly', every(20, 90).map((at, n) => at + ((n * 7) % 3) - 1), 30],
    ['30 fps whose first picture lasts a second', [0, ...every(20, 60, 600)], 30],
  ])('is the commonest of %s', (_, times, fps) => {
    expect(rate('1/600', times)).toMatchObject({ fps, constant: false });
  });

  it('is unknown for one picture, and for several of one time', () => {
    expect([rate('1/25', [3]), rate('1/25', [3, 3, 3])]).toEqual([undefined, undefined]);
  });
});

describe('pictureAt', () => {
  it.each([
    [0, 0],
    [0.36, 11 / 30],
    [0.34, 10 / 30],
    [0.351, 11 / 30],
    [9, undefined],
  ])('is the first one at %d s or after it, within half a frame', (seconds, at) => {
    const made = timeline(listing('1/30', every(1, 60), 1));
    const found = pictureAt(made, seconds, 30);
    if (at === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(at, 6);
  });
});

describe('decodeFrom', () => {
  it.each([
    [1, 0],
    [9, 7 - 1],
    [10.2, 8 - 1],
  ])('begins a second before the second keyframe before %d s', (seconds, from) => {
    expect(seekPointBefore({ keys: every(1, 20) }, seconds)).toBe(from);
  });

  it('begins at the beginning where fewer keyframes are known', () => {
    expect(seekPointBefore({ keys: [30] }, 40)).toBe(0);
  });
});
