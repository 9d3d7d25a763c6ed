/** What is known about models, as data, and the bounds that more than one host has. */

import type { Size } from '../shared/geometry.ts';
import type { ModelPrice } from '../shared/money.ts';
import type { CharacterInput } from './references.ts';

/** What is shown of a model, and what its price is reckoned from. */
export interface ModelFacts {
  readonly id: string;
  /** What the model is called at every host; its id unless given. */
  readonly family?: string;
  /** By what it takes characters, the best input first. */
  readonly characterInputs: readonly CharacterInput[];
  /** False where it refuses people. */
  readonly people?: false;
  readonly promptChars: number;
  readonly sizes: readonly Size[];
  /** The shapes of those sizes, such as `16:9`. */
  readonly ratios: readonly string[];
  readonly seconds: readonly number[];
  readonly price?: ModelPrice;
  /** Since when; ISO 8601 date. */
  readonly retired?: string;
  /** Its host says that it is on its way out. */
  readonly deprecated?: true;
}

/** Code points in one prompt. */
export const PROMPT_CHARS = 32_000;

/** Every whole number of seconds between two. */
export function wholeSeconds(least: number, most: number): readonly number[] {
  return Array.from({ length: most - least + 1 }, (_, index) => least + index);
}

/** Registered once by a clip, which hosts stretch or cut themselves where it is not of 16:9 or 9:16. */
export const SORA_CHARACTERS: readonly CharacterInput[] = [
  {
    mode: 'id',
    clips: {
      count: 2,
      seconds: { least: 2, most: 4 },
      side: { least: 720, most: 1920 },
      ratio: { least: 0.5, most: 2.67 },
    },
    nameChars: 80,
  },
];

const SEEDANCE_CLIP = {
  seconds: { least: 1.8 },
  fps: { least: 24, most: 60 },
  side: { least: 300, most: 6000 },
  ratio: { least: 0.4, most: 2.5 },
} as const;

/** 1280x720 is within its pixels, 1920x1080 is not. */
export const SEEDANCE_20_CHARACTERS: readonly CharacterInput[] = [
  {
    ...{ mode: 'clip-url', marker: '@Video1' },
    clips: {
      ...SEEDANCE_CLIP,
      count: 3,
      totalSeconds: { most: 15 },
      pixels: { least: 409_600, most: 927_408 },
    },
  },
  { mode: 'image', marker: '@Image1', stills: { count: 9 } },
];

export const SEEDANCE_25_CHARACTERS: readonly CharacterInput[] = [
  { mode: 'clip-url', marker: '@Video1', clips: { ...SEEDANCE_CLIP, count: 10, totalSeconds: { most: 30 } } },
  { mode: 'image', marker: '@Image1', stills: { count: 30 } },
];

/** Words by which Seedance 2.5 guesses that a clip is to be edited or extended. */
export const SEEDANCE_25_EDIT_WORDS: readonly string[] = [
  ...['add', 'remove', 'replace', 'change', 'keep unchanged', 'extend', 'continue'],
];

export const KLING_40_CHARACTERS: readonly CharacterInput[] = [
  {
    ...{ mode: 'clip-url', marker: '@Video1' },
    clips: { count: 5, seconds: { least: 3, most: 30 }, side: { least: 700 }, fps: { least: 24 } },
  },
  { mode: 'image', marker: '@Image1', stills: { count: 10, side: { least: 300 } } },
];

export const WAN_30_CHARACTERS: readonly CharacterInput[] = [
  { mode: 'clip-url', clips: { count: 3, totalSeconds: { most: 15 } } },
  { mode: 'image', stills: { count: 10 } },
];

export const GEMINI_OMNI_CHARACTERS: readonly CharacterInput[] = [
  { mode: 'clip-url', marker: '<VIDEO_REF_0>', clips: { count: 3, seconds: { most: 3 } } },
  { mode: 'image', marker: '<IMAGE_REF_0>', stills: { count: 6 } },
];

/** MiniMax H3 and its relatives, but for how a clip travels and what a prompt calls it: that is the host's. */
export const H3_CLIPS = {
  count: 3,
  seconds: { least: 2, most: 15 },
  totalSeconds: { most: 15 },
  // 24000/1001, as it is often rounded.
  fps: { least: 23.97, most: 60 },
  ratio: { least: 0.4, most: 2.5 },
} as const;

export const H3_STILLS = { count: 9, side: { least: 256 } } as const;
