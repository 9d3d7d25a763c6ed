/** What is known about the models of eachlabs, as data, and the inputs that are written for them. */

import { isRecord } from '../../http/answer.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import type { ModelPrice } from '../../shared/money.ts';
import { option } from '../../shared/options.ts';
import type { ProviderLimits } from '../limits.ts';
import {
  type ModelFacts,
  PROMPT_CHARS,
  SEEDANCE_20_CHARACTERS,
  SEEDANCE_25_CHARACTERS,
  SEEDANCE_25_EDIT_WORDS,
  SORA_CHARACTERS,
  wholeSeconds,
} from '../models.ts';
import type { NewVideo } from '../provider.ts';
import { checkSayable, ratioName, ratiosOf, shortSideOf, sizesOf } from '../ratios.ts';
import { type CharacterInput, type CharacterMode, preferredMode, refuseLeftOut, valuesOf } from '../references.ts';

export interface EachlabsModel {
  readonly slug: string;
  /** What it is called at every host. */
  readonly family?: string;
  readonly characterInputs: readonly CharacterInput[];
  /** As in its limits. */
  readonly editWords?: readonly string[];
  readonly people?: false;
  /** The field that takes a picture, and whether the model works without one. */
  readonly picture: 'none' | 'image_url' | 'image_urls';
  readonly pictureRequired: boolean;
  /** Whether the model is told a resolution beside the aspect ratio. */
  readonly takesResolution: boolean;
  readonly sizes: readonly Size[];
  readonly seconds: readonly number[];
  /** Absent where the host publishes none. */
  readonly price?: ModelPrice;
}

/** The model that takes reference clips: Sora's are retired. */
export const EACHLABS_DEFAULT_MODEL = 'bytedance-seedance-2-0-reference-to-video';

/** The model whose output is a character and not a video. */
export const CHARACTER_MODEL = 'sora-2-characters';

/** When the maker of the Sora models stopped serving them: whatever answers in their name since is something else. */
const SORA_RETIRED = '2026-09-24';

const SORA_SIZES = sizesOf([720], ['16:9', '9:16']);
const SORA_PRO_SIZES = sizesOf([720, 1080], ['16:9', '9:16']);

/** The ratios are those that the maker's model has at other hosts; eachlabs names the field and not its words. */
const SEEDANCE_SIZES = sizesOf([480, 720, 1080]);

const SORA = {
  characterInputs: SORA_CHARACTERS,
  seconds: [4, 8, 12],
} as const satisfies Partial<EachlabsModel>;

const TEXT = { ...SORA, picture: 'none', pictureRequired: false } as const satisfies Partial<EachlabsModel>;
const IMAGE = { ...SORA, picture: 'image_url', pictureRequired: true } as const satisfies Partial<EachlabsModel>;

export const EACHLABS_MODELS: readonly EachlabsModel[] = [
  {
    slug: EACHLABS_DEFAULT_MODEL,
    family: 'seedance-2.0',
    characterInputs: SEEDANCE_20_CHARACTERS,
    people: false,
    picture: 'image_urls',
    pictureRequired: false,
    takesResolution: true,
    sizes: SEEDANCE_SIZES,
    seconds: wholeSeconds(4, 15),
    price: {
      usdPerSecond: { 480: 0.1412, 720: 0.3024, 1080: 0.685 },
      asOf: '2026-05-28',
      source: 'the model’s page at eachlabs.ai',
    },
  },
  { slug: 'sora-2-text-to-video', family: 'sora-2', ...TEXT, takesResolution: false, sizes: SORA_SIZES },
  { slug: 'sora-2-text-to-video-pro', family: 'sora-2-pro', ...TEXT, takesResolution: true, sizes: SORA_PRO_SIZES },
  { slug: 'sora-2-image-to-video', family: 'sora-2', ...IMAGE, takesResolution: false, sizes: SORA_SIZES },
  { slug: 'sora-2-image-to-video-pro', family: 'sora-2-pro', ...IMAGE, takesResolution: true, sizes: SORA_PRO_SIZES },
];

/**
 * The model of that slug; undefined is the default. One that is not in the table is read by its name, with lengths and
 * sizes unknown: a `sora-2-…` as Sora's family, any other as one that takes clips and pictures by URL, as
 * its generation of Seedance does.
 */
export function eachlabsModel(slug: string | undefined): EachlabsModel {
  const wanted = slug ?? EACHLABS_DEFAULT_MODEL;
  const known = EACHLABS_MODELS.find((model) => model.slug === wanted);
  if (known) return known;
  const takesOnePicture = /image-to-video/.test(wanted);
  if (isSora(wanted)) {
    const kind = takesOnePicture ? IMAGE : TEXT;
    return { slug: wanted, ...kind, takesResolution: /-pro\b/.test(wanted), sizes: [], seconds: [] };
  }
  const isSeedance25 = /seedance-2[.-]5/i.test(wanted);
  const inputs = isSeedance25 ? SEEDANCE_25_CHARACTERS : SEEDANCE_20_CHARACTERS;
  return {
    slug: wanted,
    characterInputs: takesOnePicture ? inputs.map(withOnePicture) : inputs,
    ...(isSeedance25 && { editWords: SEEDANCE_25_EDIT_WORDS }),
    ...(/seedance/i.test(wanted) && { people: false }),
    picture: takesOnePicture ? 'image_url' : 'image_urls',
    pictureRequired: false,
    takesResolution: true,
    sizes: [],
    seconds: [],
  };
}

function withOnePicture(input: CharacterInput): CharacterInput {
  return input.mode === 'image' ? { ...input, stills: { ...input.stills, count: 1 } } : input;
}

/**
 * Those of one model; `isVendors` is whether the host is the vendor's own. Clips for a model that is not in the table are held
 * to the narrowest limits known.
 */
export function eachlabsLimits(slug: string | undefined, isVendors: boolean): ProviderLimits {
  const model = eachlabsModel(slug);
  return {
    characterInputs: model.characterInputs,
    ...(model.editWords && { editWords: model.editWords }),
    ...(model.people === false && { people: false }),
    ...(isSora(model.slug) && { retired: SORA_RETIRED }),
    promptChars: PROMPT_CHARS,
    sizes: model.sizes,
    seconds: model.seconds,
    // One of the table has the one resolution of its sizes.
    ...(!model.takesResolution && model.sizes.length === 0 && { untold: ['resolution'] as const }),
    sizeTerm: 'ratio',
    isBinding: isVendors && EACHLABS_MODELS.includes(model),
  };
}

/** What is shown of the models of the table, and what prices are reckoned from. */
export function eachlabsFacts(): readonly ModelFacts[] {
  return EACHLABS_MODELS.map(({ slug, family, characterInputs, people, sizes, seconds, price }) => ({
    ...{ id: slug, characterInputs, promptChars: PROMPT_CHARS, sizes, ratios: ratiosOf(sizes), seconds },
    ...(family !== undefined && { family }),
    ...(people === false && { people }),
    ...(price && { price }),
    ...(isSora(slug) && { retired: SORA_RETIRED }),
  }));
}

/** A model's inputs by name, as the host publishes them. */
export type ModelSchema = Readonly<Record<string, unknown>>;

/** The input that tells a model of its characters. */
export interface CharacterField {
  readonly name: string;
  /** Ids or clip URLs, as the model takes them. */
  write(values: readonly string[]): unknown;
}

/** What is written when no schema says otherwise; for ids as the maker of the models writes it, since eachlabs names no field. */
const CHARACTER_FIELDS: Readonly<Record<'id' | 'clip-url', CharacterField>> = {
  id: { name: 'characters', write: (ids) => ids.map((id) => ({ id })) },
  'clip-url': { name: 'video_urls', write: (urls) => [...urls] },
};

/** True when the documentation leaves open how the model is told of characters, or whether it can be. */
export function leavesCharactersOpen({ slug, characterInputs }: EachlabsModel): boolean {
  return preferredMode(characterInputs) === 'id' || !EACHLABS_MODELS.some((model) => model.slug === slug);
}

/** The input for so many characters in a model's schema; undefined when it has none. */
export function characterField(
  schema: ModelSchema,
  mode: CharacterMode,
  characters: number,
): CharacterField | undefined {
  const names = Object.keys(schema);
  if (mode === 'clip-url') {
    const name = names.find((key) => /^(?:reference_|input_)?videos(?:_urls)?$|^(?:reference_)?video_urls$/i.test(key));
    if (name !== undefined) return { name, write: (urls) => [...urls] };
    const single = names.find((key) => /^(?:reference_|input_)?video(?:_url)?$/i.test(key));
    return single === undefined || characters !== 1 ? undefined : { name: single, write: ([url]) => url };
  }
  const name = names.find((key) => /^(?:characters?|character_?ids?|cameos?)$/i.test(key));
  if (name === undefined) return undefined;
  const field = schema[name];
  const items = isRecord(field) ? field.items : undefined;
  if (isRecord(items) && items.type === 'string') return { name, write: (ids) => [...ids] };
  const known = isRecord(items) && isRecord(items.properties) ? Object.keys(items.properties) : [];
  const idName = known.includes('id') ? 'id' : (known.find((key) => /id$/i.test(key)) ?? 'id');
  return { name, write: (ids) => ids.map((id) => ({ [idName]: id })) };
}

/** The inputs of the model that makes characters, under the names of its schema or, without one, the likeliest. */
export function characterInput(
  schema: ModelSchema | undefined,
  clipUrl: string,
  name: string,
): Record<string, unknown> {
  const clipName = named(schema, CLIP_NAMES, /video|clip/i) ?? 'video_url';
  const field = schema?.[clipName];
  const isList = isRecord(field) && field.type === 'array';
  return { [clipName]: isList ? [clipUrl] : clipUrl, [named(schema, NAME_NAMES, /name/i) ?? 'name']: name };
}

const CLIP_NAMES = ['video_url', 'video', 'clip_url', 'clip', 'video_urls', 'videos', 'url'];
const NAME_NAMES = ['name', 'character_name', 'display_name'];

function named(schema: ModelSchema | undefined, known: readonly string[], pattern: RegExp): string | undefined {
  const names = Object.keys(schema ?? {});
  return known.find((name) => names.includes(name)) ?? names.find((name) => pattern.test(name));
}

/** What stands for a picture in the body: its URL, or a description of what is uploaded first. */
export function videoBody(
  input: NewVideo,
  { picture, field }: { picture: string | undefined; field?: CharacterField | undefined },
): { model: string; input: Record<string, unknown> } {
  const model = eachlabsModel(input.model);
  if (picture !== undefined && model.picture === 'none') {
    throw new SoraError('usage', `${model.slug} takes no picture.`, {
      hint: `Leave out ${option('reference')}, or name an image-to-video or reference-to-video model with ${option('model')}.`,
    });
  }
  if (picture === undefined && model.pictureRequired) {
    throw new SoraError('usage', `${model.slug} animates a picture, and none was given.`, {
      hint: `Give one with ${option('reference')}, or name a text-to-video model with ${option('model')}.`,
    });
  }
  checkSayable(model.slug, input.size, model.sizes);
  const { characters } = input;
  const isById = preferredMode(model.characterInputs) === 'id';
  const { name, write } = field ?? CHARACTER_FIELDS[isById ? 'id' : 'clip-url'];
  refuseLeftOut(characters, isById ? 'id' : 'clip-url', ...(isById ? [] : (['image'] as const)));
  const values = valuesOf(characters, 'id', 'clip-url');
  // Markers count pictures from the first on: those of characters come before any other.
  const pictures = [...valuesOf(characters, 'image'), ...(picture === undefined ? [] : [picture])];
  return {
    model: model.slug,
    input: {
      prompt: input.prompt,
      // Of a model that is not in the table a shape without a name is passed on: the host's refusal costs nothing.
      aspect_ratio: ratioName(input.size),
      duration: input.seconds,
      ...(model.takesResolution && { resolution: `${shortSideOf(input.size)}p` }),
      ...(values.length > 0 && { [name]: write(values) }),
      ...(pictures.length > 0 &&
        (model.picture === 'image_urls' ? { image_urls: pictures } : { image_url: pictures[0] })),
    },
  };
}

function isSora(slug: string): boolean {
  return slug.startsWith('sora-2');
}
