/** What is known about models, as data, and the bounds that more than one host has. */

import type { Size } from '../shared/geometry.ts';
import type { ModelPrice } from '../shared/money.ts';
import type { CharacterMode } from './provider.ts';

/** What is shown of a model, and what its price is reckoned from. */
export interface ModelFacts {
  readonly id: string;
  readonly characterMode: CharacterMode;
  /** Characters in one video. */
  readonly characters: number;
  readonly sizes: readonly Size[];
  /** The shapes of those sizes, such as `16:9`. */
  readonly ratios: readonly string[];
  readonly seconds: readonly number[];
  readonly price?: ModelPrice;
  /** Since when; ISO 8601 date. */
  readonly retired?: string;
}

/** Code points in one prompt. */
export const PROMPT_CHARS = 32_000;

/** Characters of the cast in one video. */
export const CHARACTERS_PER_VIDEO = 2;
