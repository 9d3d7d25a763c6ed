/**
 * A model of fal by its own schema: the inputs that its host publishes (OpenAPI), mapped to ours, with their limits as checks
 * before anything is paid for. Pure.
 */

import { isRecord } from '../../http/answer.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { oneLine } from '../../shared/text.ts';
import type { Setting } from '../limits.ts';
import { PROMPT_CHARS, wholeSeconds } from '../models.ts';
import { frameOf, isRatio, RATIOS, sizesOf } from '../ratios.ts';
import type { CharacterInput } from '../references.ts';
import { type FalInputs, type FalModel, resolutionOf } from './models.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The inputs of a model, with every reference followed: small enough to be kept. */
export interface InputSchema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  /** What the host says of the model beside its schema. */
  readonly deprecated?: true;
}

const MOST_LEVELS = 12;
const MOST_FIELDS = 200;
/** Of one document: schemas that name themselves several times grow with every level. */
const MOST_PARTS = 20_000;

interface Document {
  readonly root: Schema;
  /** Parts that may still be looked at. */
  left: number;
}

/** The inputs in the document of an endpoint; undefined where it has none. */
export function inputSchemaOf(openapi: unknown, endpoint: string): InputSchema | undefined {
  if (!isRecord(openapi)) return undefined;
  const body = schemaOfBody(openapi, endpoint) ?? schemaByName(openapi);
  const schema = body === undefined ? undefined : follow(body, openapi);
  if (!schema || !isRecord(schema.properties)) return undefined;
  const names = Object.keys(schema.properties).slice(0, MOST_FIELDS);
  const { properties } = schema;
  const document: Document = { root: openapi, left: MOST_PARTS };
  return {
    properties: Object.fromEntries(names.map((name) => [name, flat(properties[name], document)])),
    required: textsIn(schema.required),
  };
}

/** Of a document that was kept. */
export function readInputSchema(value: unknown): InputSchema | undefined {
  if (!isRecord(value) || !isRecord(value.properties)) return undefined;
  const properties = Object.entries(value.properties).filter((entry): entry is [string, Schema] => isRecord(entry[1]));
  return {
    ...{ properties: Object.fromEntries(properties), required: textsIn(value.required) },
    ...(value.deprecated === true && { deprecated: true }),
  };
}

function schemaOfBody(openapi: Schema, endpoint: string): unknown {
  const path = isRecord(openapi.paths) ? openapi.paths[`/${endpoint}`] : undefined;
  const post = isRecord(path) ? path.post : undefined;
  const body = isRecord(post) ? post.requestBody : undefined;
  const content = isRecord(body) ? body.content : undefined;
  const json = isRecord(content) ? content['application/json'] : undefined;
  return isRecord(json) ? json.schema : undefined;
}

function schemaByName({ components }: Schema): unknown {
  const schemas = isRecord(components) ? components.schemas : undefined;
  const [, schema] = Object.entries(isRecord(schemas) ? schemas : {}).find(([name]) => /Input$/.test(name)) ?? [];
  return schema;
}

/** What a reference within the document leads to. */
function follow(value: unknown, root: Schema): Schema | undefined {
  let found = value;
  for (let level = 0; isRecord(found) && typeof found.$ref === 'string'; level++) {
    if (level === MOST_LEVELS || !found.$ref.startsWith('#/')) return undefined;
    found = found.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), root);
  }
  return isRecord(found) ? found : undefined;
}

/** One property without what only words it differently: a reference, one part of a whole, one of several that may be null. */
function flat(value: unknown, document: Document, level = 0): Schema {
  const schema = follow(value, document.root);
  document.left -= 1;
  if (!schema || level === MOST_LEVELS || document.left < 0) return {};
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const { allOf: _all, anyOf: _any, oneOf: _one, items, properties: _properties, ...own } = schema;
  const inner = parts
    .map((part) => flat(part, document, level + 1))
    .filter(({ type }) => type !== 'null')
    // Of a list of words and any text, the list says more.
    .toSorted((a, b) => Number(Array.isArray(b.enum)) - Number(Array.isArray(a.enum)));
  const item = items === undefined ? {} : { items: flat(items, document, level + 1) };
  return { ...inner[0], ...own, ...item };
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

const CLIPS = ['reference_video_urls', 'video_urls'];
const STILLS = ['reference_image_urls', 'image_urls'];
const FIRST_PICTURES = ['image_url', 'start_image_url', 'first_frame_url', 'first_frame_image_url'];

const SETTINGS: readonly Setting[] = ['length', 'shape', 'resolution'];

/** The lists that may hold anything where nothing says how many. */
const MANY = 10;

/**
 * The model of that id by its schema. Throws `refused` with the name of the field that it needs and that nothing of ours
 * stands for.
 */
export function modelFromSchema(id: string, schema: InputSchema): FalModel {
  const { properties, required } = schema;
  const listed = (names: readonly string[]) => names.find((name) => properties[name]?.type === 'array');
  const clips = listed(CLIPS);
  const stills = listed(STILLS);
  const elements = listed(['elements']);
  const firstPicture = FIRST_PICTURES.find((name) => isText(properties[name]));
  const ratio = wordsOf(properties.aspect_ratio);
  const resolutions = wordsOf(properties.resolution)?.flatMap((word) => resolutionOf(word) ?? []);
  const duration = durationOf(properties.duration);
  const inputs: FalInputs = {
    ...(clips !== undefined && { clips }),
    ...(stills !== undefined && { stills }),
    ...(elements !== undefined && { elements }),
    ...(firstPicture !== undefined && { firstPicture }),
    ...(duration && { duration: { name: 'duration', as: duration.as } }),
    ...(ratio && { ratio: { name: 'aspect_ratio', values: ratio } }),
    ...(resolutions && resolutions.length > 0 && { resolution: { name: 'resolution', values: resolutions } }),
  };
  refuseUnmapped(id, schema, inputs);
  const sides = [...new Set(resolutions?.map(({ shortSide }) => shortSide))];
  const shapes = ratio?.filter(isRatio) ?? RATIOS;
  const promptChars = numberIn(properties.prompt?.maxLength) ?? PROMPT_CHARS;
  const settings = { length: inputs.duration, shape: inputs.ratio, resolution: inputs.resolution };
  const untold = SETTINGS.filter((setting) => settings[setting] === undefined);
  const needs = [clips, stills, elements, firstPicture].filter(
    (name) => name !== undefined && required.includes(name) && properties[name]?.default === undefined,
  );
  return {
    ...{ id, inputs, needs: needs.flatMap((name) => name ?? []) },
    limits: {
      characterInputs: characterInputsOf(inputs, properties, required),
      ...{ promptChars, sizes: sizesOf(sides, shapes), seconds: duration?.seconds ?? [], sizeTerm: 'ratio' },
      ...frameOf(sides),
      ...(untold.length > 0 && { untold }),
      ...(schema.deprecated && { deprecated: true }),
    },
  };
}

function characterInputsOf(
  { clips, stills, elements }: FalInputs,
  properties: InputSchema['properties'],
  required: readonly string[],
): readonly CharacterInput[] {
  const most = (name: string): number => numberIn(properties[name]?.maxItems) ?? MANY;
  const needs = (name: string) => (required.includes(name) ? ({ isRequired: true } as const) : {});
  const pictures = stills ?? elements;
  return [
    ...(clips === undefined
      ? []
      : [
          {
            mode: 'clip-url',
            clips: { count: most(clips) },
            marker: markerIn(properties[clips], VIDEO_MARKERS) ?? '@Video1',
          } as const,
        ]),
    ...(pictures === undefined
      ? []
      : [
          {
            mode: 'image',
            stills: { count: most(pictures), ...needs(pictures) },
            marker: markerIn(properties[pictures], IMAGE_MARKERS) ?? (stills === undefined ? '@Element1' : '@Image1'),
          } as const,
        ]),
  ];
}

const VIDEO_MARKERS = [/@Video1/i, /<VIDEO_REF_0>/, /\bVideo 1\b/];
const IMAGE_MARKERS = [/@Image1/i, /@Element1/i, /<IMAGE_REF_0>/, /\bImage 1\b/];

/** How the field's own description says that prompts point to it. */
function markerIn(field: Schema | undefined, markers: readonly RegExp[]): string | undefined {
  const text = typeof field?.description === 'string' ? field.description : '';
  return markers.map((marker) => marker.exec(text)?.[0]).find((found) => found !== undefined);
}

function durationOf(
  field: Schema | undefined,
): { as: NonNullable<FalInputs['duration']>['as']; seconds: readonly number[] } | undefined {
  if (!field) return undefined;
  const words = Array.isArray(field.enum) ? field.enum : undefined;
  const texts = words?.filter((word) => typeof word === 'string') ?? [];
  const seconds = (words ?? []).map((word) => Number(String(word).replace(/s$/i, ''))).filter((one) => one > 0);
  if (texts.length > 0) return { as: texts.some((word) => /^\d+s$/i.test(word)) ? 'text with s' : 'text', seconds };
  if (isText(field)) return { as: 'text', seconds };
  if (words) return { as: 'number', seconds };
  const [least, most] = [numberIn(field.minimum), numberIn(field.maximum)];
  const isBounded = least !== undefined && most !== undefined && most >= least && most - least <= MOST_SECONDS;
  return { as: 'number', seconds: isBounded ? wholeSeconds(Math.ceil(least), Math.floor(most)) : [] };
}

const MOST_SECONDS = 600;

/** What we have a value for, or never need one. */
function refuseUnmapped(id: string, { properties, required }: InputSchema, inputs: FalInputs): void {
  const { clips, stills, elements, firstPicture, duration, ratio, resolution } = inputs;
  const mapped = new Set<string | undefined>([
    ...['prompt', clips, stills, elements, firstPicture],
    ...[duration?.name, ratio?.name, resolution?.name],
  ]);
  const refuse = (why: string): SoraError =>
    new SoraError('refused', `${id} cannot be used: ${why}.`, {
      hint: `See what it takes: sora provider models fal ${id}. Name another model with ${option('model')}: sora provider models fal`,
    });
  if (!isText(properties.prompt)) throw refuse('its schema has no prompt');
  const unknown = required.find((name) => !mapped.has(name) && properties[name]?.default === undefined);
  if (unknown !== undefined) {
    throw refuse(`it needs ${oneLine(unknown, 60)}, and nothing here stands for that input`);
  }
}

function isText(field: Schema | undefined): boolean {
  return field?.type === 'string' || (field !== undefined && field.type === undefined && Array.isArray(field.enum));
}

function wordsOf(field: Schema | undefined): readonly string[] | undefined {
  const words = textsIn(field?.enum);
  return words.length === 0 ? undefined : words;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A model of the table with the words of its schema: what the schema says of names and values outweighs what was read elsewhere. */
export function withSchema(model: FalModel, schema: FalModel): FalModel {
  const counts = new Map(schema.limits.characterInputs.map((input) => [input.mode, input]));
  const known = model.limits.characterInputs.flatMap((input): readonly CharacterInput[] => {
    const told = counts.get(input.mode);
    if (!told) return [];
    if (input.mode === 'image') {
      return told.mode === 'image' ? [{ ...input, stills: { ...input.stills, ...told.stills } }] : [];
    }
    return told.mode === 'image' ? [] : [{ ...input, clips: { ...input.clips, count: told.clips.count } }];
  });
  const added = schema.limits.characterInputs.filter(({ mode }) => !known.some((input) => input.mode === mode));
  return {
    ...model,
    ...(schema.needs && { needs: schema.needs }),
    inputs: { ...schema.inputs, ...(model.inputs.withClips && { withClips: model.inputs.withClips }) },
    limits: { ...model.limits, ...schema.limits, characterInputs: [...known, ...added] },
  };
}
