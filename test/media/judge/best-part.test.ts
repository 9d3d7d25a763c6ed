import { describe, expect, it } from 'vitest';
import { chooseBestPart, planScan, type Span } from '../../../src/media/judge/best-part.ts';
import type { Measurements } from '../../../src/media/judge/filter-output.ts';
import { judge } from '../../../src/media/judge/judge.ts';
import type { Sample } from '../../../src/media/judge/meter.ts';
import { planMedia } from '../../../src/media/plan/plan.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { mediaInfo } from '../../helpers/media-info.ts';

/** Light, sharpness, change and swing of a clip at every second. */
type Look = Partial<{
  mean: number;
  /** Fineness of edges, and their width where it is measured. */
  sharp: number;
  blur: number;
  change: number;
  swing: number;
  /** From the mean to the brightest and the darkest tenth. */
  tones: number;
}>;

/** Between two candidates, in seconds. */
const STEP = 0.25;
const GOOD_WORDS = ['sharp', 'well lit', 'moving', 'steady'];
const GOOD = { mean: 120, sharp: 0.45, change: 3, swing: 0, tones: 60 };

function lookAt(seconds: readonly Look[], { cuts = [], start = 0 }: { cuts?: readonly number[]; start?: number } = {}) {
  const at = (index: number, rate: number): Look => ({ ...GOOD, ...seconds[Math.floor(index / rate)] });
  const samples = Array.from({ length: seconds.length * 12 }, (_, index): Sample => {
    const { mean = 0, change = 0, swing = 0, tones: half = 0 } = at(index, 12);
    const x = index % 2 === 0 ? swing / 2 : -swing / 2;
    const tones = { mean, p5: mean - half - 10, low: mean - half, high: mean + half, p95: mean + half + 10 };
    return { at: start + index / 12, ...tones, change, disorder: 0, x, y: 0 };
  });
  const detail = Array.from({ length: seconds.length * 4 }, (_, index) => ({
    at: start + index / 4,
    value: at(index, 4).sharp ?? 0,
  }));
  const blur = detail.flatMap((one, index) => {
    const value = at(index, 4).blur;
    return value === undefined ? [] : [{ ...one, value }];
  });
  const readings: Measurements = { samples, detail, cuts, blur, lit: undefined };
  const span: Span = { start, seconds: seconds.length };
  return { span, readings };
}

/** `bad` but for the seconds from `from` to `to`. */
function between(length: number, [from, to]: readonly [number, number], bad: Look): Look[] {
  return Array.from({ length }, (_, second) => (second >= from && second < to ? {} : bad));
}

describe('chooseMoment', () => {
  it.each<[string, Look]>([
    ['sharp', { sharp: 0.2 }],
    ['of narrow edges, whatever their fineness', { blur: 9, sharp: 0.6 }],
    ['lit', { mean: 35 }],
    ['not overexposed', { mean: 222 }],
    ['moving', { change: 0 }],
    ['steady', { swing: 4 }],
  ])('takes the only 4 s that are %s', (_, bad) => {
    const moment = chooseBestPart([lookAt(between(20, [9, 13], bad))], null);
    expect(moment?.seconds).toBe(4);
    expect(Math.abs((moment?.start ?? 0) - 9)).toBeLessThanOrEqual(STEP);
  });

  it('takes the beginning of a clip that is good all over', () => {
    expect(chooseBestPart([lookAt(between(20, [0, 20], {}))], null)).toEqual({
      start: 0,
      seconds: 4,
      because: 'the best of 73 places: no cut inside, well lit, moving, steady',
    });
  });

  it('has no cut inside, and begins with a shot', () => {
    const moment = chooseBestPart([lookAt(between(12, [0, 12], {}), { cuts: [1.52, 3.1, 7.24, 9] })], null);
    expect(moment).toMatchObject({ start: 3.1, seconds: 4 });
  });

  it('takes a shorter part where no shot is longer', () => {
    const cuts = [0, 2.5, 5, 8.2, 10.3, 12].slice(1, -1);
    const moment = chooseBestPart([lookAt(between(12, [0, 12], {}), { cuts })], null);
    expect(moment).toMatchObject({ start: 5, seconds: 3, because: expect.stringContaining('no cut inside') });
  });

  it('prefers a good 2 s to a bad 4 s', () => {
    const moment = chooseBestPart([lookAt(between(8, [5, 7], { swing: 4, sharp: 0.2 }))], null);
    expect(moment?.seconds).toBe(2);
    expect(Math.abs((moment?.start ?? 0) - 5)).toBeLessThanOrEqual(STEP);
  });

  it('keeps the length that was asked for, and owns up to a cut in it', () => {
    const moment = chooseBestPart([lookAt(between(5, [0, 5], {}), { cuts: [1, 2, 3, 4] })], 3.5);
    expect(moment?.seconds).toBe(3.5);
    expect(moment?.because).toMatch(/: 3 cuts inside/);
  });

  it('takes a clip that is a frame short of the length that was asked for', () => {
    const { span, readings } = lookAt(between(4, [0, 4], {}));
    const short = { span: { ...span, seconds: 3.96 }, readings };
    expect(chooseBestPart([short], 4)).toMatchObject({ start: 0, seconds: 3.96 });
  });

  it.each<[Look, readonly string[]]>([
    [{}, ['well lit', 'moving', 'steady']],
    [{ blur: 3.7 }, ['sharp', 'well lit', 'moving', 'steady']],
    [{ blur: 6 }, ['a little soft', 'well lit', 'moving', 'steady']],
    [{ blur: 9, mean: 40, change: 0, swing: 3 }, ['blurred', 'rather dark', 'still', 'shaking']],
    [{ mean: 30, tones: 25, change: 0.2 }, ['dark', 'hardly moving', 'steady']],
    [{ tones: 25, change: 8 }, ['well lit', 'flat', 'moving a lot', 'steady']],
    [{ swing: 1.2 }, ['well lit', 'moving', 'restless']],
    [{ mean: 215, change: 60 }, ['very bright', 'all in motion', 'steady']],
  ])('says of the best there is what clip inspect says of it: %o', (look, words) => {
    const seen = lookAt(between(6, [0, 0], look));
    expect(chooseBestPart([seen], null)?.because.split(': ')[1]?.split(', ')).toEqual(['no cut inside', ...words]);
    const info = mediaInfo();
    const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
    if (plan.kind === 'reject' || !info.video) throw new Error('it is rejected');
    const evidence = { info: { ...info, video: info.video }, options: DEFAULT_CLIP_OPTIONS, plan };
    const found = judge({ ...evidence, readings: seen.readings, sounds: [], between: undefined });
    const isBad = (word: string): boolean => !GOOD_WORDS.includes(word);
    const judged = ['sharpness', 'exposure', 'contrast', 'fade', 'motion', 'steadiness'];
    expect(found.filter(({ what, level }) => judged.includes(what) && level !== 'good')).toHaveLength(
      words.filter(isBad).length,
    );
  });

  it('takes a clip of less than 4 s whole', () => {
    expect(chooseBestPart([lookAt(between(3, [0, 3], {}))], null)).toMatchObject({ start: 0, seconds: 3 });
  });

  it('compares the samples of a long clip, at times of the source', () => {
    const looks = [100, 500, 900].map((start) =>
      lookAt(between(8, start === 500 ? [2, 6] : [0, 0], { sharp: 0.2 }), { start }),
    );
    expect(Math.abs((chooseBestPart(looks, null)?.start ?? 0) - 502)).toBeLessThanOrEqual(STEP);
  });

  it('finds nothing where nothing was seen', () => {
    expect(chooseBestPart([], null)).toBeUndefined();
    expect(chooseBestPart([lookAt(between(3, [0, 3], {}))], 4)).toBeUndefined();
  });
});

describe('the score', () => {
  /** As sharp as makes the worth of a part that is good in all else. */
  const worth = (rate: number): Look => ({ sharp: 0.1 + 0.4 * rate });
  const uniform = (look: Look, cuts: readonly number[] = []) => ({ seconds: [look, look, look, look], cuts });

  /** Which of two clips of 4 s is taken. */
  function better(...both: readonly { readonly seconds: readonly Look[]; readonly cuts: readonly number[] }[]) {
    const looks = both.map(({ seconds, cuts }, index) => {
      const start = 100 * index;
      return lookAt(seconds, { start, cuts: cuts.map((at) => start + at) });
    });
    return chooseBestPart(looks, 4)?.start === 0 ? 'first' : 'second';
  }

  it.each([
    [0, 0.3],
    [0.1, 0.3],
    [0.38, 0.44],
    [1.22, 0.86],
    [1.5, 1],
    [15, 1],
    [20, 0.86],
    [35, 0.44],
    [40, 0.3],
    [60, 0.3],
  ])('of a part whose pictures change by %d %% of their contrast is %d of what it would be', (percent, factor) => {
    // The clips of `lookAt` have a contrast of 120.
    const change = 1.2 * percent;
    expect(better(uniform(worth(factor - 0.02)), uniform({ ...worth(1), change }))).toBe('second');
    if (factor < 1) expect(better(uniform({ ...worth(1), change }), uniform(worth(factor + 0.02)))).toBe('second');
  });

  it.each([
    ['no more than', 0.42, 'first'],
    ['less than', 0.44, 'second'],
  ])('of a part that is half good and half bad is %s that of a part of %d throughout', (_, rate, taken) => {
    const half = { seconds: [worth(1), worth(1), worth(0), worth(0)], cuts: [] };
    expect(better(half, uniform(worth(rate)))).toBe(taken);
  });

  it.each<[string, number, readonly number[], number, readonly number[]]>([
    ['with a cut inside is a tenth: more than less', 0.09, [], 1, [2]],
    ['with two cuts inside is a hundredth: less than with one', 1, [1, 3], 0.2, [2]],
    ['with three cuts inside is no less than with two', 0.9, [1, 3], 1, [1, 2, 3]],
  ])('of a part %s', (_, firstRate, firstCuts, secondRate, secondCuts) => {
    expect(better(uniform(worth(firstRate), firstCuts), uniform(worth(secondRate), secondCuts))).toBe('second');
  });

  it('of a part without a cut is more than ten times that of one with a cut', () => {
    expect(better(uniform(worth(1), [2]), uniform(worth(0.11)))).toBe('second');
  });

  it.each([
    [0.8, 4],
    [0.6, 3],
  ])('of a longer part counts for more, but not at any price: a last second of %d leaves %d s', (rate, seconds) => {
    const look = lookAt([worth(1), worth(1), worth(1), worth(rate)]);
    expect(chooseBestPart([look], null)).toMatchObject({ start: 0, seconds });
  });
});

describe('planScan', () => {
  const HD = { width: 1920, height: 1080, fps: 30 };

  it('looks at all of a short clip', () => {
    expect(planScan(100, HD)).toEqual([{ start: 0, seconds: 100 }]);
  });

  it.each([
    ['two hours of 1080p', 7200, HD, 120],
    ['two hours of a webcam', 7200, { width: 640, height: 360, fps: 25 }, 240],
    ['two hours of 4K at 60 fps', 7200, { width: 3840, height: 2160, fps: 60 }, 40],
    ['a day', 86_400, HD, 120],
  ])('looks at samples of %s, all over it, and no more', (_, seconds, video, most) => {
    const spans = planScan(seconds, video);
    expect(spans.reduce((sum, span) => sum + span.seconds, 0)).toBe(most);
    expect(spans.every((span, index) => span.start >= (spans[index - 1]?.start ?? -8) + 8)).toBe(true);
    expect(spans[0]?.start).toBeLessThan(seconds / spans.length);
    expect(spans.at(-1)?.start).toBeGreaterThan(seconds * (1 - 1 / spans.length));
    expect((spans.at(-1)?.start ?? 0) + 8).toBeLessThanOrEqual(seconds);
  });

  it('knows no frame rate and still has a bound', () => {
    expect(planScan(7200, { ...HD, fps: undefined })).toHaveLength(15);
  });
});
