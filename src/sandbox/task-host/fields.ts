/** Hosts that describe each model by a schema of its inputs: reading them, refusing them, telling the schema. Pure. */
import { type Incoming, readObject } from '../http.ts';

/** A host's no. Each dialect puts it into its own error shape. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What one input may be. `clip` and `clips` are URLs of MP4 files, `picture` and `pictures` URLs of images. */
export type Field =
  /** With `most`, of at most so many UTF-16 code units. */
  | { readonly is: 'prompt'; readonly required?: true; readonly most?: number }
  | { readonly is: 'name'; readonly required: true }
  | {
      readonly is: 'choice';
      readonly of: readonly (string | number)[];
      readonly otherwise: string | number;
      readonly required?: true;
    }
  /** With `auto`, that word may stand in its place. */
  | {
      readonly is: 'whole';
      readonly from: number;
      readonly to: number;
      readonly otherwise: number;
      readonly auto?: true;
      readonly required?: true;
    }
  /** An object of choices, on which nothing here depends. */
  | { readonly is: 'options'; readonly of: Readonly<Record<string, readonly string[]>> }
  | { readonly is: 'flag' }
  /** A whole number, and a text: nothing here depends on either. */
  | { readonly is: 'seed' }
  | { readonly is: 'note' }
  /** URLs of sounds, which are not looked at. */
  | { readonly is: 'sounds'; readonly most: number; readonly asUri?: AsUri }
  | { readonly is: 'clip'; readonly required: true }
  | { readonly is: 'picture'; readonly required: true }
  /** With `orOne`, one URL may stand in place of the list; with `asUri`, each stands in an object, beside that type. */
  | { readonly is: 'clips'; readonly most: number; readonly orOne?: true; readonly asUri?: AsUri }
  | {
      readonly is: 'pictures';
      readonly most: number;
      readonly orOne?: true;
      readonly required?: true;
      readonly asUri?: AsUri;
    }
  /** Objects with a frontal picture, and others of the same thing. */
  | { readonly is: 'elements'; readonly most: number }
  | { readonly is: 'characters'; readonly most: number };

/** `{"uri": "..."}`, and a type where there is one. */
export interface AsUri {
  readonly type: string | undefined;
  /** Of a picture: where in the video it may stand. */
  readonly positions?: { readonly of: readonly string[]; readonly required?: true };
}

export type Fields = Readonly<Record<string, Field>>;

/** A URL and the name of the input that it came in. */
export interface Link {
  readonly at: string;
  readonly url: string;
}

/** Inputs by what they mean; the names that hosts give them are behind us. */
export interface Inputs {
  readonly prompt: string;
  readonly name: string;
  /** Values of choices, whole numbers and flags, with what stands for the missing ones. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly clips: readonly Link[];
  readonly pictures: readonly Link[];
  readonly characters: readonly string[];
}

const PROMPT_CHARS = 32_000;
const NAME_CHARS = 80;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of a request. Throws Refusal for anything but a JSON object. */
export function objectOf(request: Incoming): Readonly<Record<string, unknown>> {
  const value = readObject(request);
  if (isObject(value)) return value;
  throw new Refusal(400, 'The body must be a JSON object.');
}

/** Throws Refusal at the first input that is missing, unknown, or not what its field says. */
export function readInputs(fields: Fields, values: Readonly<Record<string, unknown>>): Inputs {
  const stranger = Object.keys(values).find((name) => !Object.hasOwn(fields, name));
  if (stranger !== undefined) {
    throw new Refusal(400, `Unknown field "${stranger.slice(0, 60)}": expected ${Object.keys(fields).join(', ')}.`);
  }
  let [prompt, name] = ['', ''];
  const settings: Record<string, string | number | boolean> = {};
  const clips: Link[] = [];
  const pictures: Link[] = [];
  let characters: readonly string[] = [];
  for (const [at, field] of Object.entries(fields)) {
    const value = values[at];
    if (value === undefined) {
      if ('required' in field) throw new Refusal(400, `Field "${at}" is required.`);
      if ('otherwise' in field) settings[at] = field.otherwise;
      continue;
    }
    switch (field.is) {
      case 'prompt':
        prompt = readPrompt(at, value, field.most);
        break;
      case 'name':
        name = readText(at, value, NAME_CHARS);
        break;
      case 'characters':
        characters = readCharacters(at, value, field.most);
        break;
      case 'clip':
        clips.push({ at, url: readText(at, value) });
        break;
      case 'picture':
        pictures.push({ at, url: readText(at, value) });
        break;
      case 'clips':
        clips.push(...readLinks(at, value, field));
        break;
      case 'pictures':
        pictures.push(...readLinks(at, value, field));
        break;
      case 'elements':
        pictures.push(...readElements(at, value, field.most));
        break;
      case 'sounds':
        readLinks(at, value, field);
        break;
      case 'options':
        readOptions(at, value, field.of);
        break;
      case 'note':
        readText(at, value);
        break;
      default:
        settings[at] = readSetting(at, value, field);
    }
  }
  return { prompt, name, settings, clips, pictures, characters };
}

function readText(at: string, value: unknown, most = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') throw new Refusal(400, `Field "${at}" must be a string.`);
  const length = Array.from(value).length;
  if (value.trim() === '') throw new Refusal(400, `Field "${at}" must not be empty.`);
  if (length > most) throw new Refusal(400, `Field "${at}" must be at most ${most} characters, but has ${length}.`);
  return value;
}

function readPrompt(at: string, value: unknown, most: number | undefined): string {
  const text = readText(at, value, most === undefined ? PROMPT_CHARS : Number.POSITIVE_INFINITY);
  if (most === undefined || text.length <= most) return text;
  throw new Refusal(400, `Field "${at}" must be at most ${most} UTF-16 code units, but has ${text.length}.`);
}

function readList(at: string, value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal(400, `Field "${at}" must be an array.`);
  if (value.length <= most) return value;
  throw new Refusal(400, `Field "${at}" must hold at most ${most} items, but holds ${value.length}.`);
}

function readLinks(
  at: string,
  value: unknown,
  { most, orOne, asUri }: { most: number; orOne?: true; asUri?: AsUri },
): readonly Link[] {
  if (orOne && typeof value === 'string') return [{ at, url: readText(at, value) }];
  return readList(at, value, most).map((item, index) => {
    const place = `${at}[${index}]`;
    return asUri ? readUri(place, item, asUri) : { at: place, url: readText(place, item) };
  });
}

function readUri(at: string, item: unknown, { type, positions }: AsUri): Link {
  const known = ['uri', ...(type === undefined ? [] : ['type']), ...(positions ? ['position'] : [])];
  if (!isObject(item)) throw new Refusal(400, `Field "${at}" must be an object.`);
  refuseStranger(at, item, known);
  if (type !== undefined && item.type !== type) throw new Refusal(400, `Field "${at}.type" must be "${type}".`);
  if (positions && (positions.required || item.position !== undefined))
    readSetting(`${at}.position`, item.position, { is: 'choice', of: positions.of, otherwise: '' });
  return { at: `${at}.uri`, url: readText(`${at}.uri`, item.uri) };
}

function refuseStranger(at: string, item: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const stranger = Object.keys(item).find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new Refusal(400, `Unknown field "${at}.${stranger.slice(0, 60)}": expected ${known.join(', ')}.`);
}

function readOptions(at: string, value: unknown, of: Readonly<Record<string, readonly string[]>>): void {
  if (!isObject(value)) throw new Refusal(400, `Field "${at}" must be an object.`);
  refuseStranger(at, value, Object.keys(of));
  for (const [name, chosen] of Object.entries(value))
    readSetting(`${at}.${name}`, chosen, { is: 'choice', of: of[name] ?? [], otherwise: '' });
}

function readCharacters(at: string, value: unknown, most: number): readonly string[] {
  return readList(at, value, most).map((entry, index) => {
    // A number would have lost its last digits on the way.
    if (isObject(entry) && typeof entry.id === 'string') return entry.id;
    throw new Refusal(400, `Field "${at}[${index}]" must be an object with an "id" that is a string.`);
  });
}

function readElements(at: string, value: unknown, most: number): readonly Link[] {
  return readList(at, value, most).flatMap((entry, index) => {
    const place = `${at}[${index}]`;
    if (!isObject(entry)) throw new Refusal(400, `Field "${place}" must be an object.`);
    const { frontal_image_url: frontal, reference_image_urls: others = [] } = entry;
    const front = { at: `${place}.frontal_image_url`, url: readText(`${place}.frontal_image_url`, frontal) };
    return [front, ...readLinks(`${place}.reference_image_urls`, others, { most: 3 })];
  });
}

const LARGEST_SEED = 2 ** 32 - 1;

function readSetting(at: string, value: unknown, field: Extract<Field, { is: 'choice' | 'whole' | 'flag' | 'seed' }>) {
  if (field.is === 'flag') {
    if (typeof value === 'boolean') return value;
    throw new Refusal(400, `Field "${at}" must be true or false.`);
  }
  if (field.is === 'choice') {
    const known = field.of.find((one) => one === value);
    if (known !== undefined) return known;
    throw new Refusal(400, `Field "${at}" must be one of ${field.of.map((one) => JSON.stringify(one)).join(', ')}.`);
  }
  const { from, to } = field.is === 'seed' ? { from: -1, to: LARGEST_SEED } : field;
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
  const isAuto = field.is === 'whole' && field.auto;
  if (isAuto && value === 'auto') return value;
  throw new Refusal(400, `Field "${at}" must be a whole number from ${from} to ${to}${isAuto ? ', or "auto"' : ''}.`);
}

/** The JSON schema of a model's inputs, as hosts publish it. */
export function schemaOf(fields: Fields) {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, propertyOf(field)]));
  const required = Object.keys(fields).filter((name) => 'required' in (fields[name] ?? {}));
  return { type: 'object', properties, required };
}

function propertyOf(field: Field): Readonly<Record<string, unknown>> {
  const uri = { type: 'string', format: 'uri' };
  switch (field.is) {
    case 'prompt':
      return { type: 'string', minLength: 1, maxLength: field.most ?? PROMPT_CHARS };
    case 'name':
      return { type: 'string', minLength: 1, maxLength: NAME_CHARS };
    case 'choice':
      return {
        type: typeof field.otherwise === 'number' ? 'integer' : 'string',
        enum: field.of,
        default: field.otherwise,
      };
    case 'whole':
      return { type: 'integer', minimum: field.from, maximum: field.to, default: field.otherwise };
    case 'flag':
      return { type: 'boolean' };
    case 'seed':
      return { type: 'integer' };
    case 'note':
      return { type: 'string' };
    case 'options':
      return { type: 'object' };
    case 'clip':
    case 'picture':
      return uri;
    case 'clips':
    case 'pictures':
    case 'sounds':
      return { type: 'array', items: uri, maxItems: field.most };
    case 'elements': {
      const others = { type: 'array', items: uri, maxItems: 3 };
      const properties = { frontal_image_url: uri, reference_image_urls: others };
      const items = { type: 'object', properties, required: ['frontal_image_url'] };
      return { type: 'array', items, maxItems: field.most };
    }
    case 'characters': {
      const items = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
      return { type: 'array', items, maxItems: field.most };
    }
  }
}
