/** What is known about models, as data, and the bounds that more than one host has. */

import type { ModelPrice } from '../costs/cost.ts';
import type { Size } from '../shared/geometry.ts';
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

/** Models of all hosts that are one model under several names: what a take was asked for stays the same at another host. */
const FAMILIES: Readonly<Record<string, string>> = {
  'sora-2-2025-10-06': 'sora-2',
  'sora-2-2025-12-08': 'sora-2',
  'sora-2-pro-2025-10-06': 'sora-2-pro',
  'openai/sora-2/text-to-video': 'sora-2',
  'openai/sora-2/image-to-video': 'sora-2',
  'openai/sora-2/text-to-video-pro': 'sora-2-pro',
  'openai/sora-2/image-to-video-pro': 'sora-2-pro',
  'sora-2-text-to-video': 'sora-2',
  'sora-2-image-to-video': 'sora-2',
  'sora-2-text-to-video-pro': 'sora-2-pro',
  'sora-2-image-to-video-pro': 'sora-2-pro',
  'bytedance/seedance-2.5/text-to-video': 'seedance-2.5',
  'bytedance/seedance-2.0/text-to-video': 'seedance-2.0',
  'bytedance-seedance-2-0-reference-to-video': 'seedance-2.0',
};

/** The host-neutral name of a model; the id itself where nobody knows one. */
export function modelFamily(id: string): string {
  return Object.hasOwn(FAMILIES, id) ? (FAMILIES[id] ?? id) : id;
}
