/** The models of OpenAI as data. Sizes and lengths are those of the vendor's guide, which runs ahead of its schema. */

import type { Size } from '../../shared/geometry.ts';
import type { Cost, ModelPrice } from '../../shared/money.ts';
import { type ModelFacts, PROMPT_CHARS, SORA_CHARACTERS } from '../models.ts';
import { ratiosOf } from '../ratios.ts';

export interface Model {
  readonly id: string;
  /** What it is called at every host, where that is not its id. */
  readonly family?: string;
  readonly sizes: readonly Size[];
  /** Lengths that may be asked for. */
  readonly seconds: readonly number[];
}

/** What a request means that names no model, at the hosts that know it. */
export const DEFAULT_MODEL = 'sora-2';

/** The longest data URL that a JSON request may carry as a picture. */
export const DATA_URL_CHARS = 20_971_520;

const SECONDS = [4, 8, 12, 16, 20] as const;

const STANDARD_SIZES: readonly Size[] = [
  { width: 720, height: 1280 },
  { width: 1280, height: 720 },
  { width: 1024, height: 1792 },
  { width: 1792, height: 1024 },
];

const PRO_SIZES: readonly Size[] = [...STANDARD_SIZES, { width: 1080, height: 1920 }, { width: 1920, height: 1080 }];

export const MODELS: readonly Model[] = [
  { id: 'sora-2', sizes: STANDARD_SIZES, seconds: SECONDS },
  { id: 'sora-2-2025-10-06', family: 'sora-2', sizes: STANDARD_SIZES, seconds: SECONDS },
  { id: 'sora-2-2025-12-08', family: 'sora-2', sizes: STANDARD_SIZES, seconds: SECONDS },
  { id: 'sora-2-pro', sizes: PRO_SIZES, seconds: SECONDS },
  { id: 'sora-2-pro-2025-10-06', family: 'sora-2-pro', sizes: PRO_SIZES, seconds: SECONDS },
];

/** The model of that id; undefined for a deployment's or another vendor's name. */
export function findModel(id: string): Model | undefined {
  return MODELS.find((model) => model.id === id);
}

/** Every size and length that some model of the family makes. */
export const FAMILY: Omit<Model, 'id'> = { sizes: PRO_SIZES, seconds: SECONDS };

/** api.openai.com serves no videos any more; the prices are the last that it asked for. */
const OPENAI_RETIRED = '2026-09-24';
const OPENAI_PRICE = { asOf: '2026-09-24', source: 'the vendor’s price page' };
const STANDARD_PRICE: ModelPrice = { usdPerSecond: { 720: 0.1, 1024: 0.1 }, ...OPENAI_PRICE };
const PRO_PRICE: ModelPrice = { usdPerSecond: { 720: 0.3, 1024: 0.5, 1080: 0.7 }, ...OPENAI_PRICE };

/** Its price page names seconds of video and nothing else. */
export const OPENAI_CHARACTER: Cost = { usd: 0, ...OPENAI_PRICE };

/** The sandbox asks for nothing. */
export const FREE: Cost = { usd: 0, asOf: OPENAI_RETIRED, source: 'the sandbox is free' };

export function openaiFacts(): readonly ModelFacts[] {
  return MODELS.map((model) => ({
    ...model,
    ratios: ratiosOf(model.sizes),
    characterInputs: SORA_CHARACTERS,
    promptChars: PROMPT_CHARS,
    price: model.id.startsWith('sora-2-pro') ? PRO_PRICE : STANDARD_PRICE,
    retired: OPENAI_RETIRED,
  }));
}

/** The sandbox takes the same ones, all alive and for nothing. */
export function sandboxFacts(): readonly ModelFacts[] {
  const price = { usdPerSecond: { 720: 0, 1024: 0, 1080: 0 }, asOf: FREE.asOf, source: FREE.source };
  return openaiFacts().map(({ retired, ...model }) => ({ ...model, price }));
}
