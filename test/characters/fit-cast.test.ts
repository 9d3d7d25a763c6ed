import { describe, expect, it } from 'vitest';
import { castTargets, fitCast, framingOf } from '../../src/characters/fit-cast.ts';
import { registrationAt } from '../../src/characters/registration-target.ts';
import {
  GEMINI_OMNI_CHARACTERS,
  KLING_40_CHARACTERS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
  SORA_CHARACTERS,
} from '../../src/providers/models.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type CharacterInput, copyName } from '../../src/providers/references.ts';
import type { CharacterWithClip } from '../../src/shared/character.ts';
import type { Framing } from '../../src/shared/clip.ts';
import { sampleCharacter } from '../helpers/samples.ts';

function character(name: string, master: object = {}): CharacterWithClip {
  const sample = sampleCharacter(name);
  return { ...sample, clip: { ...sample.clip, master: { ...sample.clip.master, ...master } } };
}

const LARGE = { width: 1920, height: 1080 };

describe('fitCast', () => {
  it.each<[string, readonly CharacterInput[], object, object | undefined, readonly string[]]>([
    ['Sora takes any', SORA_CHARACTERS, LARGE, undefined, []],
    ['Seedance 2.0 takes 720p', SEEDANCE_20_CHARACTERS, {}, undefined, []],
    [
      'Seedance 2.0 takes a copy of 1080p',
      SEEDANCE_20_CHARACTERS,
      LARGE,
      { size: { width: 1280, height: 720 } },
      ['409600-927408 pixels'],
    ],
    ['Seedance 2.5 takes 1080p', SEEDANCE_25_CHARACTERS, LARGE, undefined, []],
    ['Gemini Omni takes a shorter copy', GEMINI_OMNI_CHARACTERS, {}, { seconds: 2.9 }, ['at most 3 s']],
    ['Kling takes a faster copy', KLING_40_CHARACTERS, { fps: 23.976 }, { fps: 24 }, ['at least 24 frames per second']],
  ])('knows that %s', (_title, inputs, master, copy, because) => {
    const { cast, problems } = fitCast([character('Joe', master)], inputs, 'landscape');
    expect(problems).toEqual([]);
    expect(cast).toMatchObject([{ input: inputs[0], because }]);
    expect(cast[0]?.copy).toEqual(copy);
  });

  it('lays a clip of the other orientation out as large as it is, unless that is too large', () => {
    const upright = (master: object, inputs: readonly CharacterInput[]) =>
      fitCast([character('Joe', master)], inputs, 'portrait').cast[0]?.copy;
    expect(upright({}, SEEDANCE_20_CHARACTERS)).toEqual({ size: { width: 720, height: 1280 } });
    expect(upright(LARGE, SEEDANCE_20_CHARACTERS)).toEqual({ size: { width: 720, height: 1280 } });
    expect(upright(LARGE, SEEDANCE_25_CHARACTERS)).toEqual({ size: { width: 1080, height: 1920 } });
    // A host that registers clips is given what was always made for it.
    expect(upright({}, SORA_CHARACTERS)).toBeUndefined();
  });

  it('cuts clips to what all together may last', () => {
    const ten = Array.from({ length: 10 }, (_, index) => character(`Extra ${index}`, { seconds: 4 }));
    const { cast } = fitCast(ten, SEEDANCE_25_CHARACTERS, 'landscape');
    expect(cast.map(({ copy, because }) => [copy, because])).toEqual(
      Array(10).fill([{ seconds: 3 }, ['at most 30 s of all clips together']]),
    );
  });

  it.each<[string, object, 'landscape' | 'portrait', Framing | undefined, string | undefined]>([
    ['as it was prepared', {}, 'portrait', undefined, undefined],
    ['as it would be anyway', {}, 'portrait', { fit: 'pad' }, undefined],
    ['cut', {}, 'portrait', { fit: 'crop' }, 'cut'],
    ['cut around a place', {}, 'portrait', { fit: 'crop', focus: { x: 0.2, y: 0.5 } }, 'cut around 0.2,0.5'],
    ['whole, where it lies as the video does', {}, 'landscape', { fit: 'crop' }, undefined],
    ['without its bars', { picture: { x: 160, y: 0, width: 960, height: 720 } }, 'landscape', { fit: 'crop' }, 'cut'],
  ])('registers a clip %s', async (_title, master, orientation, framing, copy) => {
    const provider = { name: 'openai', baseUrl: 'https://a.example.com/v1' } as Provider;
    const limits = { characterInputs: SORA_CHARACTERS };
    const joe = character('Joe', master);
    const [one] = castTargets([joe], { provider, model: 'sora-2', limits, orientation, framing });
    expect(copyName(one?.target.copy)).toBe(copy);
    const entry = {
      provider: 'openai',
      baseUrl: provider.baseUrl,
      orientation,
      kind: 'id',
      value: 'char_1',
      name: 'Joe',
    } as const;
    const known = { ...entry, createdAt: '2026-11-21T10:00:00.000Z', ...(copy !== undefined && { copy }) };
    const at = (registration: object) =>
      one && registrationAt({ ...joe, registrations: [registration as typeof known] }, one.target, 0)?.value;
    expect([at(known), at({ ...known, copy: 'another' })]).toEqual(['char_1', undefined]);
  });

  it('P6: knows no focus of what is not cut', () => {
    expect(framingOf({ focus: { x: 0, y: 0 } })).toEqual({ fit: 'crop', focus: { x: 0, y: 0 } });
    expect(framingOf({})).toBeUndefined();
    expect(() => framingOf({ fit: 'pad', focus: { x: 0, y: 0 } })).toThrow(/--fit pad keeps all/);
  });

  it('says whose clip a model does not take, and of whom it has none', () => {
    const { name, ...rest } = character('Mia', { seconds: 2 });
    const cast = [character('Joe', { seconds: 2.5 }), { ...rest, name }];
    expect(fitCast(cast, KLING_40_CHARACTERS, 'landscape')).toEqual({
      cast: [],
      problems: [
        "Joe's clip is 2.5 s long, and 3 to 30 s are needed.",
        "Mia's clip is 2 s long, and 3 to 30 s are needed.",
      ],
      isTooMany: false,
    });
    const [, pictures] = KLING_40_CHARACTERS;
    const { clip: _, ...adopted } = character('Joe');
    expect(fitCast([adopted], pictures ? [pictures] : [], 'landscape').problems).toEqual(['Joe has no picture.']);
    const short = [{ ...SORA_CHARACTERS[0], nameChars: 3 } as CharacterInput];
    expect(fitCast([character('Joe'), character('Jolene')], short, 'landscape').problems).toEqual([
      'The name Jolene has 6 characters, and 3 are allowed.',
    ]);
  });

  it('takes pictures where there are more characters than clips may be, and else says that there are too many', () => {
    const five = ['A', 'B', 'C', 'D', 'E'].map((name) => character(name));
    expect(fitCast(five, SEEDANCE_20_CHARACTERS, 'landscape').isTooMany).toBe(true);
    expect(fitCast(five.slice(2), SEEDANCE_20_CHARACTERS, 'landscape').isTooMany).toBe(false);
    const stills = [{ sha256: 'a', mime: 'image/png', width: 720, height: 720, bytes: 1, fileName: 'a.png' }] as const;
    const pictured = five.map((one) => ({ ...one, stills }));
    const { cast, problems, isTooMany } = fitCast(pictured, SEEDANCE_20_CHARACTERS, 'landscape');
    expect([problems, isTooMany]).toEqual([[], false]);
    expect(cast.map(({ input }) => input.mode)).toEqual(Array(5).fill('image'));
  });

  it('takes the first input by which all can travel', () => {
    const [clip] = KLING_40_CHARACTERS;
    const [other] = GEMINI_OMNI_CHARACTERS;
    const inputs = [clip, other] as readonly CharacterInput[];
    const inputOf = (...lengths: readonly number[]) =>
      fitCast(
        lengths.map((seconds, index) => character(`C${index}`, { seconds })),
        inputs,
        'landscape',
      ).cast.map(({ input }) => inputs.indexOf(input));
    expect(inputOf(4, 4)).toEqual([0, 0]);
    expect(inputOf(4, 2)).toEqual([1, 1]);
    // More than the second takes: each by the first that takes it.
    expect(inputOf(4, 4, 2, 2)).toEqual([0, 0, 1, 1]);
  });
});
