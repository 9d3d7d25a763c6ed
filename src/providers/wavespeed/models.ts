/** The video models of WaveSpeedAI, as data: what each takes, and what stands in for a model that is not in the table. */

import type { Size } from '../../shared/geometry.ts';
import type { Cost, ModelPrice } from '../../shared/money.ts';
import type { ModelLimits, ProviderLimits } from '../limits.ts';
import {
  GEMINI_OMNI_CHARACTERS,
  KLING_40_CHARACTERS,
  type ModelFacts,
  PROMPT_CHARS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
  SEEDANCE_25_EDIT_WORDS,
  SORA_CHARACTERS,
  WAN_30_CHARACTERS,
  wholeSeconds,
} from '../models.ts';
import { RATIOS, type Ratio, ratiosOf, sizesOf } from '../ratios.ts';

export interface WavespeedModel {
  readonly id: string;
  /** What it is called at every host. */
  readonly family?: string;
  /** Which words its requests are written in: those of Sora, or of models that take clips and pictures by their URLs. */
  readonly words: 'sora' | 'references';
  /** Whether it begins with a picture: only so, never, or as you like. */
  readonly picture: 'required' | 'none' | 'optional';
  /** The words for the shorter side of the picture; empty where the request has none. */
  readonly resolutions: readonly Resolution[];
  readonly limits: ModelLimits;
  /** No page says by which names it takes clips and pictures: the host's own schema is asked before something is sent. */
  readonly asksSchema?: boolean;
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
  characterInputs: SORA_CHARACTERS,
  retired: SORA_RETIRED,
  promptChars: PROMPT_CHARS,
  seconds: [4, 8, 12, 16, 20],
  sizeTerm: 'pixels',
};

/** The inputs that are documented for pictures have no characters. */
const SORA_IMAGE: typeof SORA = { ...SORA, characterInputs: [], sizeTerm: 'ratio' };

/** A model that takes clips and pictures by their URLs, and is told the shape and the shorter side of its videos. */
function byReferences(
  id: string,
  resolutions: readonly Resolution[],
  {
    family,
    ratios = RATIOS,
    ...limits
  }: Pick<ModelLimits, 'characterInputs' | 'seconds' | 'editWords' | 'people'> & {
    readonly family: string;
    readonly ratios?: readonly Ratio[];
  },
): WavespeedModel {
  const sides = resolutions.map(({ shortSide }) => shortSide);
  return {
    ...{ id, family, words: 'references', picture: 'optional', resolutions },
    limits: { promptChars: PROMPT_CHARS, sizeTerm: 'ratio', sizes: sizesOf(sides, ratios), ...limits },
  };
}

const SEEDANCE_20 = byReferences(WAVESPEED_DEFAULT_MODEL, [P480, P720, P1080], {
  family: 'seedance-2.0',
  characterInputs: SEEDANCE_20_CHARACTERS,
  people: false,
  seconds: wholeSeconds(4, 15),
});

const SEEDANCE_25 = byReferences('bytedance/seedance-2.5/text-to-video', [P480, P720, P1080, K4], {
  family: 'seedance-2.5',
  characterInputs: SEEDANCE_25_CHARACTERS,
  people: false,
  seconds: wholeSeconds(4, 30),
  editWords: SEEDANCE_25_EDIT_WORDS,
});

const KLING_40: WavespeedModel = {
  asksSchema: true,
  ...byReferences('kwaivgi/kling-v4.0/reference-to-video', [P720, P1080, K4], {
    family: 'kling-4.0',
    ratios: ['16:9', '9:16', '1:1'],
    characterInputs: KLING_40_CHARACTERS,
    seconds: wholeSeconds(3, 30),
  }),
};

/** The host publishes no lengths of this one. */
const WAN_30: WavespeedModel = {
  asksSchema: true,
  ...byReferences('alibaba/wan-3.0/reference-to-video', [P720, P1080], {
    family: 'wan-3.0',
    characterInputs: WAN_30_CHARACTERS,
    seconds: [],
  }),
};

const GEMINI_OMNI: WavespeedModel = {
  asksSchema: true,
  ...byReferences('google/gemini-omni-1.1-flash/reference-to-video', [P720, P1080], {
    family: 'gemini-omni-1.1-flash',
    ratios: WIDE_AND_TALL,
    characterInputs: GEMINI_OMNI_CHARACTERS,
    seconds: [],
  }),
};

const SORA_TEXT_PRO: WavespeedModel = {
  id: 'openai/sora-2/text-to-video-pro',
  family: 'sora-2-pro',
  words: 'sora',
  picture: 'none',
  resolutions: [],
  limits: { ...SORA, sizes: [...SIZES_720, ...SIZES_1024] },
};

export const WAVESPEED_MODELS: readonly WavespeedModel[] = [
  SEEDANCE_20,
  SEEDANCE_25,
  { ...SEEDANCE_25, id: 'bytedance/seedance-2.5/reference-to-video' },
  KLING_40,
  WAN_30,
  GEMINI_OMNI,
  {
    id: 'openai/sora-2/text-to-video',
    family: 'sora-2',
    words: 'sora',
    picture: 'none',
    resolutions: [],
    limits: { ...SORA, sizes: SIZES_720 },
  },
  SORA_TEXT_PRO,
  {
    id: 'openai/sora-2/image-to-video',
    family: 'sora-2',
    words: 'sora',
    picture: 'required',
    resolutions: [],
    limits: { ...SORA_IMAGE, sizes: SIZES_720 },
  },
  {
    id: 'openai/sora-2/image-to-video-pro',
    family: 'sora-2-pro',
    words: 'sora',
    picture: 'required',
    resolutions: [P720, P1080],
    limits: { ...SORA_IMAGE, sizes: [...SIZES_720, ...SIZES_1080] },
  },
];

/** The model of that id. One that is not in the table is taken for a relative by its name, else for one of
 * Seedance 2.0. */
export function wavespeedModel(id: string = WAVESPEED_DEFAULT_MODEL): WavespeedModel {
  const known = WAVESPEED_MODELS.find((model) => model.id === id);
  if (known) return known;
  const { family: _other, ...relative } = relativeOf(id);
  const { retired, ...living } = relative.limits;
  // Others have models with Sora in their name, which nobody retired.
  const isRetired = retired !== undefined && id.startsWith('openai/sora-2');
  return {
    ...relative,
    id,
    picture: 'optional',
    asksSchema: relative.words === 'references',
    limits: isRetired ? { ...living, retired } : living,
  };
}

function relativeOf(id: string): WavespeedModel {
  if (/sora/i.test(id)) return SORA_TEXT_PRO;
  const relatives = [
    [/seedance-2\.5/i, SEEDANCE_25],
    [/kling/i, KLING_40],
    [/\bwan\b/i, WAN_30],
    [/omni/i, GEMINI_OMNI],
  ] as const;
  return relatives.find(([name]) => name.test(id))?.[1] ?? SEEDANCE_20;
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
  'bytedance/seedance-2.5/reference-to-video': { usdPerSecond: { 720: 0.36 }, billsClips: true, ...READ },
  'alibaba/wan-3.0/reference-to-video': { usdPerSecond: { 720: 0.1 }, ...READ },
  'openai/sora-2/text-to-video': { usdPerSecond: { 720: 0.1 }, ...READ },
  'openai/sora-2/text-to-video-pro': { usdPerSecond: { 720: 0.3, 1024: 0.5 }, ...READ },
  'openai/sora-2/image-to-video': { usdPerSecond: { 720: 0.1 }, ...READ },
  'openai/sora-2/image-to-video-pro': { usdPerSecond: { 720: 0.3, 1080: 0.5 }, ...READ },
};

/** What one run of `CHARACTERS_MODEL` costs. */
export const WAVESPEED_CHARACTER: Cost = { usd: 0.001, ...READ };

export function wavespeedFacts(): readonly ModelFacts[] {
  return WAVESPEED_MODELS.map(({ id, family, limits }) => {
    const price = PRICES[id];
    const { characterInputs, people, promptChars, sizes, seconds, retired } = limits;
    return {
      ...{ id, characterInputs, promptChars, sizes, ratios: ratiosOf(sizes), seconds },
      ...(family !== undefined && { family }),
      ...(people === false && { people }),
      ...(price && { price }),
      ...(retired !== undefined && { retired }),
    };
  });
}
