/** The video models of Runway, as data: what each takes, and what stands in for a model that is not in the table. */

import { parseSize, type Size } from '../../shared/geometry.ts';
import type { ModelPrice } from '../../shared/money.ts';
import type { ModelLimits, ProviderLimits } from '../limits.ts';
import {
  GEMINI_OMNI_CHARACTERS,
  H3_CLIPS,
  H3_STILLS,
  type ModelFacts,
  PROMPT_CHARS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
  SEEDANCE_25_EDIT_WORDS,
  WAN_30_CHARACTERS,
  wholeSeconds,
} from '../models.ts';
import { frameOf, isRatio, ratiosOf, sizesOf } from '../ratios.ts';

export interface RunwayModel {
  readonly id: string;
  /** What it is called at every host. */
  readonly family?: string;
  /** How the shape of a video is told: its pixels, its ratio by name beside a resolution, or a resolution alone. */
  readonly shape: 'pixels' | 'ratio' | 'resolution';
  /** The words for the shorter side; empty where the shape is told in pixels. */
  readonly resolutions: Readonly<Record<number, string>>;
  /** Whether each clip says that it is a video. */
  readonly hasTypedClips: boolean;
  readonly limits: ModelLimits;
  /** Absent where the host tells it with a request only. */
  readonly price?: ModelPrice;
}

/** Sent when the user names none: the one whose price is known. */
export const RUNWAY_DEFAULT_MODEL = 'seedance2';

/** One credit is a cent. */
export const USD_PER_CREDIT = 0.01;

const READ = { asOf: '2026-11-27', source: 'the price list at docs.dev.runwayml.com' };

const sizesIn = (words: string): readonly Size[] => words.split(' ').flatMap((word) => parseSize(word) ?? []);

const SEEDANCE_25_SIZES = sizesIn(
  '992x432 854x480 752x560 640x640 560x752 480x854 1470x630 1280x720 1112x834 960x960 834x1112 720x1280 ' +
    '2206x946 1920x1080 1664x1248 1440x1440 1248x1664 1080x1920',
);

const SEEDANCE_20_SIZES = sizesIn(
  '992x432 864x496 752x560 640x640 560x752 496x864 1470x630 1280x720 1112x834 960x960 834x1112 720x1280 ' +
    '2206x946 1920x1080 1664x1248 1440x1440 1248x1664 1080x1920 ' +
    '3840x1646 3840x2160 3840x2880 3840x3840 2880x3840 2160x3840',
);

const WAN_SIZES = sizesIn(
  '832x480 720x544 624x624 544x720 480x832 1280x720 1104x832 960x960 832x1104 720x1280 ' +
    '1920x1080 1648x1248 1440x1440 1248x1648 1080x1920',
);

const OMNI_SIZES = sizesIn('640x360 360x640 1280x720 720x1280 1920x1080 1080x1920 3840x2160 2160x3840');

const PIXELS = { shape: 'pixels', resolutions: {}, hasTypedClips: true } as const;

const SEEDANCE_20: RunwayModel = {
  ...PIXELS,
  id: RUNWAY_DEFAULT_MODEL,
  family: 'seedance-2.0',
  limits: {
    characterInputs: SEEDANCE_20_CHARACTERS,
    people: false,
    promptChars: 3500,
    sizes: SEEDANCE_20_SIZES,
    seconds: wholeSeconds(4, 15),
    sizeTerm: 'pixels',
  },
  price: { usdPerSecond: { 720: 0.36 }, ...READ },
};

const SEEDANCE_25: RunwayModel = {
  ...PIXELS,
  id: 'seedance2_5',
  family: 'seedance-2.5',
  limits: {
    characterInputs: SEEDANCE_25_CHARACTERS,
    people: false,
    promptChars: 15_000,
    editWords: SEEDANCE_25_EDIT_WORDS,
    sizes: SEEDANCE_25_SIZES,
    seconds: wholeSeconds(4, 30),
    sizeTerm: 'pixels',
  },
};

const HAILUO_3: RunwayModel = {
  id: 'hailuo3',
  family: 'hailuo-3',
  shape: 'ratio',
  resolutions: { 768: '768p', 1440: '2k' },
  hasTypedClips: true,
  limits: {
    characterInputs: [
      { mode: 'clip-url', marker: 'Video 1', clips: H3_CLIPS },
      { mode: 'image', marker: 'Image 1', stills: H3_STILLS },
    ],
    promptChars: 6000,
    sizes: sizesOf([768, 1440]),
    ...frameOf([768, 1440]),
    seconds: wholeSeconds(5, 15),
    sizeTerm: 'ratio',
  },
};

/** Makes videos of words alone, and is told no shape. */
const H3_MAX: RunwayModel = {
  id: 'h3_max',
  family: 'h3-max',
  shape: 'resolution',
  resolutions: { 480: '480p', 768: '768p' },
  hasTypedClips: false,
  limits: {
    characterInputs: [],
    promptChars: PROMPT_CHARS,
    sizes: sizesOf([480, 768], ['16:9']),
    ...frameOf([480, 768]),
    seconds: wholeSeconds(5, 15),
    sizeTerm: 'ratio',
  },
};

/** The host publishes no lengths of this one. */
const WAN_30: RunwayModel = {
  ...PIXELS,
  id: 'wan3',
  family: 'wan-3.0',
  limits: {
    characterInputs: WAN_30_CHARACTERS,
    promptChars: PROMPT_CHARS,
    sizes: WAN_SIZES,
    seconds: [],
    sizeTerm: 'pixels',
  },
};

const GEMINI_OMNI: RunwayModel = {
  ...PIXELS,
  id: 'gemini_omni_flash_1.1',
  family: 'gemini-omni-1.1-flash',
  hasTypedClips: false,
  limits: {
    characterInputs: GEMINI_OMNI_CHARACTERS,
    promptChars: PROMPT_CHARS,
    sizes: OMNI_SIZES,
    seconds: wholeSeconds(3, 10),
    sizeTerm: 'pixels',
  },
};

export const RUNWAY_MODELS: readonly RunwayModel[] = [SEEDANCE_20, SEEDANCE_25, HAILUO_3, H3_MAX, WAN_30, GEMINI_OMNI];

/** What every model of this host takes. */
const PLAIN = { characterInputs: [], promptChars: PROMPT_CHARS, seconds: [], sizeTerm: 'pixels' } as const;

const RELATIVES = [
  [/^seedance2_5/, SEEDANCE_25],
  [/^seedance2/, SEEDANCE_20],
  [/^hailuo3/, HAILUO_3],
  [/^wan3/, WAN_30],
] as const;

/**
 * The model of that id. One that is not in the table takes what a relative by its name takes; any other is asked for words,
 * pixels and seconds alone, which every model of this host knows.
 */
export function runwayModel(id: string = RUNWAY_DEFAULT_MODEL): RunwayModel {
  const known = RUNWAY_MODELS.find((model) => model.id === id);
  if (known) return known;
  const {
    price: _price,
    family: _family,
    ...relative
  } = RELATIVES.find(([name]) => name.test(id))?.[1] ?? {
    ...PIXELS,
    limits: { ...PLAIN, sizes: [] },
    price: undefined,
    family: undefined,
  };
  const sizes = relative.shape === 'pixels' ? [] : relative.limits.sizes;
  return { ...relative, id, limits: { ...relative.limits, sizes, seconds: [] } };
}

/** Those of one model; `isVendors` is whether the host is the vendor's own. */
export function runwayLimits(id: string | undefined, isVendors: boolean): ProviderLimits {
  const model = runwayModel(id);
  return { ...model.limits, isBinding: isVendors && RUNWAY_MODELS.includes(model) };
}

/** What is shown of the models of the table, and what prices are reckoned from. */
export function runwayFacts(): readonly ModelFacts[] {
  return RUNWAY_MODELS.map(({ id, family, limits, price }) => ({
    ...{ id, characterInputs: limits.characterInputs, promptChars: limits.promptChars, seconds: limits.seconds },
    ...{ sizes: limits.sizes, ratios: ratiosOf(limits.sizes).filter(isRatio) },
    ...(limits.people === false && { people: limits.people }),
    ...(family !== undefined && { family }),
    ...(price && { price }),
  }));
}
