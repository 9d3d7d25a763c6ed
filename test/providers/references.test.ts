import { describe, expect, it } from 'vitest';
import { HOST_NAMES, PROVIDERS } from '../../src/providers/index.ts';
import {
  GEMINI_OMNI_CHARACTERS,
  H3_CLIPS,
  KLING_40_CHARACTERS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
} from '../../src/providers/models.ts';
import {
  type CharacterInput,
  type ClipLimits,
  copyName,
  fitClip,
  fitClips,
  isWithin,
  markerAt,
  mostCharacters,
} from '../../src/providers/references.ts';

const MASTER = { seconds: 3.5, width: 1280, height: 720, fps: 30, bytes: 2_000_000 };
const LARGE = { ...MASTER, width: 1920, height: 1080 };

function clipsOf([input]: readonly CharacterInput[]): ClipLimits {
  if (!input || input.mode === 'image') throw new Error('it takes no clips');
  return input.clips;
}

const SEEDANCE_20 = clipsOf(SEEDANCE_20_CHARACTERS);
const SEEDANCE_25 = clipsOf(SEEDANCE_25_CHARACTERS);
const KLING = clipsOf(KLING_40_CHARACTERS);
const OMNI = clipsOf(GEMINI_OMNI_CHARACTERS);

describe('fitClip', () => {
  it.each<[string, object, ClipLimits, object | undefined]>([
    ['720p at Seedance 2.0', {}, SEEDANCE_20, undefined],
    ['1080p at Seedance 2.0', LARGE, SEEDANCE_20, { size: { width: 1280, height: 720 } }],
    [
      'upright 1080p at Seedance 2.0',
      { width: 1080, height: 1920 },
      SEEDANCE_20,
      { size: { width: 720, height: 1280 } },
    ],
    ['738p at Seedance 2.0', { width: 1312, height: 738 }, SEEDANCE_20, { size: { width: 1280, height: 720 } }],
    ['1080p at Seedance 2.5', LARGE, SEEDANCE_25, undefined],
    ['3.5 s at Gemini Omni', {}, OMNI, { seconds: 2.9 }],
    ['exactly 3 s at Gemini Omni', { seconds: 3 }, OMNI, undefined],
    ['23.976 fps at Kling', { fps: 24_000 / 1001 }, KLING, { fps: 24 }],
    ['23.976 fps at H3', { fps: 24_000 / 1001 }, H3_CLIPS, undefined],
    ['a heavy one', { ...LARGE, bytes: 9e6 }, { count: 1, bytes: 5e6 }, { size: { width: 1280, height: 720 } }],
    [
      'all at once',
      { ...LARGE, fps: 23.976 },
      { ...SEEDANCE_20, seconds: { most: 3 } },
      { seconds: 2.9, size: { width: 1280, height: 720 }, fps: 24 },
    ],
  ])('of %s', (_title, more, limits, copy) => {
    const fit = fitClip({ ...MASTER, ...more }, limits);
    expect(fit.copy).toEqual(copy);
    expect(fit.problems).toEqual([]);
    expect(fit.because).toHaveLength(Object.keys(copy ?? {}).length);
  });

  it.each<[string, object, ClipLimits, readonly string[]]>([
    ['2 s at Kling', { seconds: 2 }, KLING, ['2 s long, and 3 to 30 s are needed']],
    [
      'a shape',
      { width: 1920, height: 600 },
      { count: 1, ratio: { most: 1 } },
      ['1920x600, and it takes a ratio of at most 1'],
    ],
    ['what is heavy at 720p', {}, { count: 1, bytes: 1000 }, ['1280x720, and it takes at most 1000 bytes']],
  ])('knows no copy for %s', (_title, more, limits, problems) => {
    expect(fitClip({ ...MASTER, ...more }, limits)).toMatchObject({ problems });
  });
});

describe('fitClips', () => {
  const of = (...lengths: readonly number[]) => lengths.map((seconds) => ({ ...MASTER, seconds }));
  const cuts = (lengths: readonly number[], limits: ClipLimits) =>
    fitClips(of(...lengths), limits).clips.map(({ copy }) => copy?.seconds);

  it('cuts the longest until all together fit, and leaves the short ones as they are', () => {
    expect(cuts([6, 6, 6], SEEDANCE_20)).toEqual([5, 5, 5]);
    expect(cuts([2, 9, 9], SEEDANCE_20)).toEqual([undefined, 6.5, 6.5]);
    expect(cuts([4, 4, 4], SEEDANCE_20)).toEqual([undefined, undefined, undefined]);
    expect(cuts(Array(10).fill(4), SEEDANCE_25)).toEqual(Array(10).fill(3));
  });

  it('adds up to no more than is allowed, whatever the clips are', () => {
    for (let seed = 1; seed < 300; seed += 1) {
      const lengths = Array.from({ length: 1 + (seed % 10) }, (_, index) => 2 + ((seed * (index + 3)) % 21) / 10);
      const fit = fitClips(of(...lengths), SEEDANCE_25);
      const total = lengths.reduce((sum, seconds, index) => sum + (fit.clips[index]?.copy?.seconds ?? seconds), 0);
      expect([fit.problems, total <= 30 + 1e-9]).toEqual([[], true]);
    }
  });

  it('refuses with the sums what cannot be cut so far', () => {
    const limits = { count: 9, seconds: { least: 3 }, totalSeconds: { most: 7 } };
    expect(fitClips(of(3.5, 3.5, 4), limits).problems).toEqual([
      'The clips last 3.5 s + 3.5 s + 4 s = 11 s together, and 7 s are allowed.',
    ]);
    expect(fitClips(of(2), { count: 1, totalSeconds: { least: 3 } }).problems).toEqual([
      'The clips last 2 s = 2 s together, and at least 3 s are needed.',
    ]);
  });
});

describe('a copy', () => {
  const tables = HOST_NAMES.map(async (host) => (await PROVIDERS[host].models()).map((model) => ({ host, model })));
  const masters = [
    [1280, 720],
    [720, 1280],
    [1312, 738],
    [1920, 1080],
    [1080, 1920],
  ].flatMap(([width = 0, height = 0]) =>
    [2, 2.5, 3, 3.1, 4].flatMap((seconds) =>
      [24_000 / 1001, 24, 30, 60].map((fps) => ({ width, height, seconds, fps, bytes: 2_000_000 })),
    ),
  );

  it('is within the limits of its model, of every host, whatever the clip is; else it is a problem', async () => {
    const rows = (await Promise.all(tables)).flat();
    for (const { host, model } of rows) {
      for (const input of model.characterInputs) {
        if (input.mode === 'image' || input.mode === 'id') continue;
        const { clips } = input;
        for (let index = 0; index < masters.length; index += 1) {
          const cast = masters.slice(index, index + clips.count);
          const fit = fitClips(cast, clips);
          const made = cast.map((clip, at) => {
            const { size, ...copy } = fit.clips[at]?.copy ?? {};
            return { ...clip, ...size, ...copy };
          });
          const isRefused = fit.problems.length > 0 || fit.clips.some(({ problems }) => problems.length > 0);
          if (!isRefused)
            expect([host, model.id, made, made.flatMap((clip) => outside(clip, clips))]).toEqual([
              host,
              model.id,
              made,
              [],
            ]);
          const total = made.reduce((sum, { seconds }) => sum + seconds, 0);
          expect(isRefused || isWithin(Number(total.toFixed(6)), clips.totalSeconds)).toBe(true);
          // What is refused is too short, and nothing else can be: masters are otherwise made to fit.
          expect(!isRefused || cast.some(({ seconds }) => seconds < (clips.seconds?.least ?? 0))).toBe(true);
        }
      }
    }
  });

  function outside(clip: typeof MASTER, limits: ClipLimits): readonly string[] {
    const { width, height, seconds, fps } = clip;
    return [
      ...(isWithin(seconds, limits.seconds) ? [] : ['seconds']),
      ...(isWithin(width * height, limits.pixels) ? [] : ['pixels']),
      ...(isWithin(width, limits.side) && isWithin(height, limits.side) ? [] : ['side']),
      ...(isWithin(fps, limits.fps) ? [] : ['fps']),
      ...(isWithin(width / height, limits.ratio) ? [] : ['ratio']),
    ];
  }
});

describe('copyName', () => {
  it('differs for what is made differently, and is nothing for the clip itself', () => {
    const size = { width: 1280, height: 720 };
    const copies = [{ size }, { seconds: 2.9 }, { seconds: 3 }, { fps: 24 }, { size, seconds: 2.9, fps: 24 }];
    expect(copies.map(copyName)).toEqual(['1280x720', '2.9 s', '3 s', '24 fps', '1280x720, 2.9 s, 24 fps']);
    expect(copyName()).toBeUndefined();
  });
});

describe('a model', () => {
  it('takes as many characters as its best input does', () => {
    expect(mostCharacters(SEEDANCE_20_CHARACTERS)).toBe(3);
    expect(mostCharacters([])).toBe(0);
  });

  it('counts its markers from the first', () => {
    expect(['@Video1', '<VIDEO_REF_0>', undefined].map((marker) => markerAt(marker, 2))).toEqual([
      '@Video3',
      '<VIDEO_REF_2>',
      undefined,
    ]);
  });
});
