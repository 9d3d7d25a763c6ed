/** The video models of WaveSpeedAI, as data: what each takes, and what stands in for a model that is not in the table. */

import type { Size } from '../../shared/geometry.ts';
import type { Cost, ModelPrice } from '../../shared/money.ts';
import { CHARACTERS_PER_VIDEO, type ModelFacts, PROMPT_CHARS } from '../models.ts';
import type { ModelLimits, ProviderLimits } from '../provider.ts';
import { ratiosOf, sizesOf } from '../ratios.ts';

export interface WavespeedModel {
  readonly id: string;
  /** Which words its requests are written in. */
  readonly family: 'sora' | 'seedance';
  /** Whether it begins with a picture: only so, never, or as you like. */
  readonly picture: 'required' | 'none' | 'optional';
  /** The words for the shorter side of the picture; empty where the request has none. */
  readonly resolutions: readonly Resolution[];
  readonly limits: ModelLimits;
}

export interface Resolution {
  readonly name: string;
  readonly shortSide: number;
}

/** Sent when the user names none: the vendor's recommended successor of Sora. */
export const WAVESPEED_DEFAULT_MODEL = 'bytedance/seedance-2.0/text-to-video';

/** Makes characters; no video. */
export const CHARACTERS_MODEL = 'openai/sora-2/characters';

/** Uploads, tasks and outputs are deleted after that. */
export const KEPT_MS = 7 * 86_400_000;

const P480: Resolution = { name: '480p', shortSide: 480 };
const P720: Resolution = { name: '720p', shortSide: 720 };
const P1080: Resolution = { name: '1080p', shortSide: 1080 };
const K4: Resolution = { name: '4k', shortSide: 2160 };

const WIDE_AND_TALL = ['16:9', '9:16'] as const;
const SIZES_720 = sizesOf([720], WIDE_AND_TALL);
const SIZES_1080 = sizesOf([1080], WIDE_AND_TALL);
const SIZES_1024: readonly Size[] = [
  { width: 1792, height: 1024 },
  { width: 1024, height: 1792 },
];

/** OpenAI's own end of service; since then the host says that other models may answer in the name of these. */
const SORA_RETIRED = '2026-09-24';

const SORA: Omit<ModelLimits, 'sizes'> = {
  characterMode: 'id',
  retired: SORA_RETIRED,
  promptChars: PROMPT_CHARS,
  characters: CHARACTERS_PER_VIDEO,
  seconds: [4, 8, 12, 16, 20],
  sizeTerm: 'pixels',
};

/** The inputs that are documented for pictures have no characters. */
const SORA_IMAGE: typeof SORA = { ...SORA, characters: 0, sizeTerm: 'ratio' };

function seedance(
  seconds: number,
  resolutions: readonly Resolution[],
  referenceClips: NonNullable<ModelLimits['referenceClips']>,
): ModelLimits {
  return {
    characterMode: 'clip-url',
    referenceClips,
    promptChars: PROMPT_CHARS,
    characters: 3,
    sizeTerm: 'ratio',
    sizes: sizesOf(resolutions.map(({ shortSide }) => shortSide)),
    seconds: Array.from({ length: seconds - 3 }, (_, index) => index + 4),
  };
}

const SEEDANCE_20_RESOLUTIONS = [P480, P720, P1080];
const SEEDANCE_25_RESOLUTIONS = [...SEEDANCE_20_RESOLUTIONS, K4];

const SEEDANCE_20: WavespeedModel = {
  id: WAVESPEED_DEFAULT_MODEL,
  family: 'seedance',
  picture: 'optional',
  resolutions: SEEDANCE_20_RESOLUTIONS,
  limits: seedance(15, SEEDANCE_20_RESOLUTIONS, { totalSeconds: 15, pixels: 927_000 }),
};

const SEEDANCE_25: WavespeedModel = {
  id: 'bytedance/seedance-2.5/text-to-video',
  family: 'seedance',
  picture: 'optional',
  resolutions: SEEDANCE_25_RESOLUTIONS,
  // No limit on the pixels of a clip is documented: what was made for any host, 1080p, is within it.
  limits: seedance(30, SEEDANCE_25_RESOLUTIONS, { totalSeconds: 30, pixels: 1920 * 1080 }),
};

const SORA_TEXT_PRO: WavespeedModel = {
  id: 'openai/sora-2/text-to-video-pro',
  family: 'sora',
  picture: 'none',
  resolutions: [],
  limits: { ...SORA, sizes: [...SIZES_720, ...SIZES_1024] },
};

export const WAVESPEED_MODELS: readonly WavespeedModel[] = [
  SEEDANCE_20,
  SEEDANCE_25,
  {
    id: 'openai/sora-2/text-to-video',
    family: 'sora',
    picture: 'none',
    resolutions: [],
    limits: { ...SORA, sizes: SIZES_720 },
  },
  SORA_TEXT_PRO,
  {
    id: 'openai/sora-2/image-to-video',
    family: 'sora',
    picture: 'required',
    resolutions: [],
    limits: { ...SORA_IMAGE, sizes: SIZES_720 },
  },
  {
    id: 'openai/sora-2/image-to-video-pro',
    family: 'sora',
    picture: 'required',
    resolutions: [P720, P1080],
    limits: { ...SORA_IMAGE, sizes: [...SIZES_720, ...SIZES_1080] },
  },
];

/** The model of that id. One that is not in the table is taken for a relative, by its name: of Sora, else of Seedance. */
export function wavespeedModel(id: string = WAVESPEED_DEFAULT_MODEL): WavespeedModel {
  const known = WAVESPEED_MODELS.find((model) => model.id === id);
  if (known) return known;
  if (!/sora/i.test(id)) return { ...(/seedance-2\.5/i.test(id) ? SEEDANCE_25 : SEEDANCE_20), id };
  const { retired, ...living } = SORA_TEXT_PRO.limits;
  // Others have models with Sora in their name, which nobody retired.
  const isRetired = retired !== undefined && id.startsWith('openai/sora-2');
  return { ...SORA_TEXT_PRO, id, picture: 'optional', limits: isRetired ? { ...living, retired } : living };
}

/** Those of one model; `isVendors` is whether the host is the vendor's own. */
export function wavespeedLimits(id: string | undefined, isVendors: boolean): ProviderLimits {
  const model = wavespeedModel(id);
  return { ...model.limits, isBinding: isVendors && WAVESPEED_MODELS.includes(model) };
}

const READ = { asOf: '2026-11-21', source: 'the model’s page at wavespeed.ai' };

const PRICES: Readonly<Record<string, ModelPrice>> = {
  'bytedance/seedance-2.0/text-to-video': { usdPerSecond: { 720: 0.24 }, ...READ },
  'bytedance/seedance-2.5/text-to-video': { usdPerSecond: { 720: 0.36 }, billsClips: true, ...READ },
  'openai/sora-2/text-to-video': { usdPerSecond: { 720: 0.1 }, ...READ },
  'openai/sora-2/text-to-video-pro': { usdPerSecond: { 720: 0.3, 1024: 0.5 }, ...READ },
  'openai/sora-2/image-to-video': { usdPerSecond: { 720: 0.1 }, ...READ },
  'openai/sora-2/image-to-video-pro': { usdPerSecond: { 720: 0.3, 1080: 0.5 }, ...READ },
};

/** What one run of `CHARACTERS_MODEL` costs. */
export const WAVESPEED_CHARACTER: Cost = { usd: 0.001, ...READ };

export function wavespeedFacts(): readonly ModelFacts[] {
  return WAVESPEED_MODELS.map(({ id, limits }) => {
    const price = PRICES[id];
    const { characterMode, characters, sizes, seconds, retired } = limits;
    return {
      ...{ id, characterMode, characters, sizes, ratios: ratiosOf(sizes), seconds },
      ...(price && { price }),
      ...(retired !== undefined && { retired }),
    };
  });
}
