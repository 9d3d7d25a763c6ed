import { describe, expect, it } from 'vitest';
import type { Measurements } from '../../../src/media/judge/filter-output.ts';
import { chooseStills, STILLS } from '../../../src/media/judge/stills.ts';

interface Look {
  readonly mean: number;
  /** Width of edges; where there is none, their fineness is measured. */
  readonly blur?: number;
  readonly detail?: number;
  readonly spread: number;
  readonly change: number;
}

const GOOD: Look = { mean: 120, blur: 4, spread: 120, change: 3 };

/** Measurements of 4 s, eight of sharpness a second: `look` says how a time differs from a good one. */
function measured(look: (at: number) => Partial<Look> = () => ({}), cuts: readonly number[] = []) {
  const of = (at: number): Look => ({ ...GOOD, ...look(at) });
  const samples = Array.from({ length: 48 }, (_, index): Measurements['samples'][number] => {
    const at = index / 12;
    const { mean, spread, change } = of(at);
    const [half, tone] = [spread / 2, spread / 2 - 10];
    const tones = { mean, p5: mean - half, low: mean - tone, high: mean + tone, p95: mean + half };
    return { at, ...tones, change, disorder: 0, x: 0, y: 0 };
  });
  const times = Array.from({ length: 32 }, (_, index) => index / 8);
  const isFine = of(0).detail !== undefined;
  const blur = isFine ? [] : times.map((at) => ({ at, value: of(at).blur ?? 0 }));
  const detail = isFine ? times.map((at) => ({ at, value: of(at).detail ?? 0 })) : [];
  return chooseStills({ samples, detail, blur, cuts }, 4);
}

const times = (frames: ReturnType<typeof measured>): number[] => frames.map(({ at }) => at);

describe('the stills of a clip', () => {
  it('are one near its middle and three apart from it and from one another, in the words of inspect', () => {
    const frames = measured();
    expect(times(frames)[0]).toBe(2);
    expect(frames).toHaveLength(STILLS);
    const inOrder = times(frames).toSorted((a, b) => a - b);
    for (const [index, at] of inOrder.slice(1).entries()) expect(at - (inOrder[index] ?? 0)).toBeGreaterThan(0.7);
    expect(frames[0]).toMatchObject({
      sharpness: { value: 4, level: 'good', word: 'sharp' },
      exposure: { value: 47, level: 'good', word: 'well lit' },
    });
  });

  it.each<[string, Partial<Look>]>([
    ['blurred', { blur: 10 }],
    ['dark', { mean: 35 }],
    ['overexposed', { mean: 222 }],
    ['faded', { spread: 30 }],
  ])('leave out what is %s, in the middle too', (_word, bad) => {
    const frames = measured((at) => (at > 1 && at < 3 ? bad : {}));
    expect(times(frames).filter((at) => at > 1 && at < 3)).toEqual([]);
    expect([1, 3]).toContain(times(frames)[0]);
  });

  it('are not those beside a cut, in which two shots may be mixed', () => {
    expect(times(measured(undefined, [2]))).not.toContain(2);
  });

  it('tell nothing of the sharpness where the build compares it only, and are chosen by it all the same', () => {
    const frames = measured((at) => ({ detail: at < 2.5 ? 0.15 : 0.5 }));
    expect(times(frames)[0]).toBe(2.5);
    expect(frames[0]).not.toHaveProperty('sharpness');
  });

  it('are one of what stands still', () => {
    expect(times(measured(() => ({ change: 0 })))).toEqual([2]);
  });

  it('take what there is of a clip that is nowhere good', () => {
    const frames = measured(() => ({ blur: 14, mean: 30 }));
    expect(frames).toHaveLength(STILLS);
    expect(frames[0]).toMatchObject({ sharpness: { word: 'blurred' }, exposure: { word: 'dark' } });
  });

  it('are none where nothing was measured', () => {
    expect(chooseStills({ samples: [], detail: [], blur: [], cuts: [] }, 4)).toEqual([]);
  });
});
