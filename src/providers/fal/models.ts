/** The video models of fal, as data: by which words each is asked, what it takes, and what it costs. */

import type { ModelPrice } from '../../shared/money.ts';
import type { ModelLimits } from '../limits.ts';
import {
  GEMINI_OMNI_CHARACTERS,
  H3_CLIPS,
  H3_STILLS,
  KLING_40_CHARACTERS,
  type ModelFacts,
  PROMPT_CHARS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
  wholeSeconds,
} from '../models.ts';
import { frameOf, RATIOS, type Ratio, ratiosOf, sizesOf } from '../ratios.ts';
import type { CharacterInput } from '../references.ts';

/** The words by which a model is asked: the names of its inputs, and how values are written in them. */
export interface FalInputs {
  /** Lists of URLs. */
  readonly clips?: string;
  readonly stills?: string;
  /** A list of things, each with a frontal picture and others. */
  readonly elements?: string;
  /** One picture, which the video begins with. */
  readonly firstPicture?: string;
  /** Of seconds: a number, `"8"` or `"8s"`. */
  readonly duration?: { readonly name: string; readonly as: 'number' | 'text' | 'text with s' };
  readonly ratio?: { readonly name: string; readonly values: readonly string[] };
  readonly resolution?: { readonly name: string; readonly values: readonly Resolution[] };
  /** What a request with clips says besides. */
  readonly withClips?: Readonly<Record<string, string>>;
}

export interface Resolution {
  /** As the host writes it. */
  readonly word: string;
  readonly shortSide: number;
}

export interface FalModel {
  readonly id: string;
  readonly family?: string;
  readonly inputs: FalInputs;
  readonly limits: ModelLimits;
  /** Inputs of clips and pictures without which it makes nothing, by its schema. */
  readonly needs?: readonly string[];
  /** No page of the vendor says for sure by which words it is asked: its own schema is, and what stands here is for when it is not to be had. */
  readonly asksSchema?: true;
}

/** Sent when the user names none: the one of which most is known. */
export const FAL_DEFAULT_MODEL = 'bytedance/seedance-2.0/reference-to-video';

/** Undefined for a word that names no length of a side. */
export function resolutionOf(word: string): Resolution | undefined {
  const lines = /^(\d{3,4})p$/i.exec(word)?.[1];
  const short = lines === undefined ? NAMED_SIDES[word.toLowerCase()] : Number(lines);
  return short === undefined ? undefined : { word, shortSide: short };
}

const NAMED_SIDES: Readonly<Record<string, number>> = { '2k': 1440, '4k': 2160 };

interface Row extends Pick<ModelLimits, 'characterInputs' | 'seconds' | 'people'> {
  readonly id: string;
  readonly family: string;
  readonly clips?: string;
  readonly stills?: string;
  readonly elements?: string;
  readonly durationAs: NonNullable<FalInputs['duration']>['as'];
  readonly resolutions: readonly string[];
  readonly ratios?: readonly Ratio[];
  readonly withClips?: FalInputs['withClips'];
  readonly asksSchema?: true;
}

function modelOf({ id, family, durationAs, resolutions, ratios = RATIOS, asksSchema, ...row }: Row): FalModel {
  const { clips, stills, elements, withClips, characterInputs, seconds, people } = row;
  const values = resolutions.flatMap((word) => resolutionOf(word) ?? []);
  const sides = values.map(({ shortSide }) => shortSide);
  const sizes = sizesOf(sides, ratios);
  return {
    ...{ id, family },
    inputs: {
      ...(clips !== undefined && { clips }),
      ...(stills !== undefined && { stills }),
      ...(elements !== undefined && { elements }),
      duration: { name: 'duration', as: durationAs },
      ratio: { name: 'aspect_ratio', values: ratios },
      resolution: { name: 'resolution', values },
      ...(withClips && { withClips }),
    },
    limits: {
      ...{ characterInputs, seconds, sizes, promptChars: PROMPT_CHARS, sizeTerm: 'ratio' },
      ...frameOf(sides),
      ...(people === false && { people }),
    },
    ...(asksSchema && { asksSchema }),
  };
}

const URLS = { clips: 'video_urls', stills: 'image_urls' } as const;
const REFERENCE_URLS = { clips: 'reference_video_urls', stills: 'reference_image_urls' } as const;

const SEEDANCE_20: Omit<Row, 'id' | 'family' | 'resolutions'> = {
  ...{ ...URLS, durationAs: 'text', seconds: wholeSeconds(4, 15), people: false },
  characterInputs: SEEDANCE_20_CHARACTERS.map((input) =>
    input.mode === 'image'
      ? input
      : { ...input, clips: { ...input.clips, totalSeconds: { least: 2, most: 15 }, bytes: 50_000_000 } },
  ),
};

const SEEDANCE_25_LENGTHS = { least: 1.8, most: 30.2 };

export const FAL_MODELS: readonly FalModel[] = [
  modelOf({
    ...{ ...SEEDANCE_20, id: FAL_DEFAULT_MODEL, family: 'seedance-2.0' },
    resolutions: ['480p', '720p', '1080p', '4k'],
  }),
  modelOf({
    ...{ ...SEEDANCE_20, id: 'bytedance/seedance-2.0/fast/reference-to-video', family: 'seedance-2.0-fast' },
    resolutions: ['480p', '720p'],
  }),
  modelOf({
    ...{ ...URLS, id: 'bytedance/seedance-2.5/reference-to-video', family: 'seedance-2.5' },
    ...{ durationAs: 'text', seconds: wholeSeconds(4, 30), resolutions: ['480p', '720p', '1080p'] },
    // It says what the clips are for, so that no word of the prompt is taken for an order to edit them.
    withClips: { task: 'reference' },
    people: false,
    characterInputs: SEEDANCE_25_CHARACTERS.map((input) =>
      input.mode === 'image'
        ? input
        : { ...input, clips: { ...input.clips, seconds: SEEDANCE_25_LENGTHS, totalSeconds: SEEDANCE_25_LENGTHS } },
    ),
  }),
  modelOf({
    ...{ ...URLS, id: 'kling/v4/reference-to-video', family: 'kling-4.0', elements: 'elements' },
    ...{ durationAs: 'number', seconds: wholeSeconds(3, 30), resolutions: ['720p', '1080p'] },
    ratios: ['16:9', '9:16', '1:1'],
    characterInputs: KLING_40_CHARACTERS,
  }),
  modelOf({
    ...{ ...REFERENCE_URLS, id: 'minimax/h3-max/reference-to-video', family: 'h3-max', asksSchema: true },
    ...{ durationAs: 'number', seconds: wholeSeconds(5, 15), resolutions: ['480P', '768P'] },
    characterInputs: [
      { mode: 'clip-url', marker: 'Video 1', clips: H3_CLIPS },
      { mode: 'image', marker: 'Image 1', stills: H3_STILLS },
    ],
  }),
  modelOf({
    ...{ ...REFERENCE_URLS, id: 'fal-ai/wan/v2.7/reference-to-video', family: 'wan-2.7', asksSchema: true },
    ...{ durationAs: 'text', seconds: wholeSeconds(2, 10), resolutions: ['720p', '1080p'] },
    characterInputs: [
      { mode: 'clip-url', clips: { count: 3 } },
      { mode: 'image', stills: { count: 5 } },
    ],
  }),
  modelOf({
    ...{ ...URLS, id: 'google/gemini-omni-flash/v1.2/reference-to-video', family: 'gemini-omni-flash-1.2' },
    ...{ asksSchema: true, durationAs: 'text with s', seconds: [], resolutions: ['720p', '1080p'] },
    ratios: ['16:9', '9:16'],
    characterInputs: GEMINI_OMNI_CHARACTERS,
  }),
  modelOf({
    ...{ id: 'fal-ai/veo3.1/reference-to-video', family: 'veo-3.1', stills: 'image_urls', asksSchema: true },
    ...{ durationAs: 'text with s', seconds: [8], resolutions: ['720p', '1080p', '4k'], ratios: ['16:9', '9:16'] },
    characterInputs: [{ mode: 'image', stills: { count: 3, isRequired: true } }],
  }),
  modelOf({
    ...{ id: 'xai/grok-imagine-video/reference-to-video', family: 'grok-imagine', asksSchema: true },
    ...{ stills: 'reference_image_urls', durationAs: 'number', seconds: [], resolutions: ['480p', '720p'] },
    characterInputs: [{ mode: 'image', marker: '@Image1', stills: { count: 7 } }],
  }),
];

const READ = { asOf: '2026-11-27', source: 'the model’s page at fal.ai' };

const SEEDANCE_20_PRICE: ModelPrice = {
  usdPerSecond: { 720: 0.303 },
  withClips: { usdPerSecond: { 720: 0.181 } },
  ...READ,
};

/** A model that is not in it has the price that the host itself estimates. */
export const FAL_PRICES: Readonly<Record<string, ModelPrice>> = {
  [FAL_DEFAULT_MODEL]: SEEDANCE_20_PRICE,
  'bytedance/seedance-2.5/reference-to-video': {
    usdPerSecond: { 720: 0.473 },
    withClips: { usdPerSecond: { 720: 0.473 * 0.6 } },
    ...READ,
  },
  'kling/v4/reference-to-video': {
    usdPerSecond: { 720: 0.157, 1080: 0.235 },
    withClips: { usdPerSecond: { 720: 0.094, 1080: 0.141 }, leastTimes: 2 },
    ...READ,
  },
  // What the tokens of a clip come to, nobody says.
  'minimax/h3-max/reference-to-video': { usdPerSecond: { 480: 0.05, 768: 0.08 }, withClips: 'unknown', ...READ },
};

export function falFacts(): readonly ModelFacts[] {
  return FAL_MODELS.map(factsOf);
}

/** What is shown of a model. */
export function factsOf({ id, family, limits }: FalModel): ModelFacts {
  const { characterInputs, people, promptChars, sizes, seconds, retired, deprecated } = limits;
  const price = FAL_PRICES[id];
  return {
    ...{ id, characterInputs, promptChars, sizes, ratios: ratiosOf(sizes), seconds },
    ...(family !== undefined && { family }),
    ...(people === false && { people }),
    ...(price && { price }),
    ...(retired !== undefined && { retired }),
    ...(deprecated && { deprecated }),
  };
}

/** The input of that mode, where the model has one. */
export function inputOf(inputs: readonly CharacterInput[], mode: CharacterInput['mode']): CharacterInput | undefined {
  return inputs.find((input) => input.mode === mode);
}
