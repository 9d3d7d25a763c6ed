/** One line of a batch, out of the object that a file has for it: every complaint about it at once. Pure. */
import { isRatio, RATIOS } from '../providers/ratios.ts';
import { FITS, FOCUS_FORM, type Framing, framingFor, parseFocus } from '../shared/clip.ts';
import { parseSize, type Size } from '../shared/geometry.ts';
import { unknownName } from '../shared/text.ts';

export interface BatchLine {
  /** Where it stands in the file, from 1. */
  readonly number: number;
  readonly id: string;
  readonly prompt: string;
  /** Names of the cast. */
  readonly characters: readonly string[];
  /** Ids of characters at the host, of an OpenAI batch line. */
  readonly characterIds: readonly string[];
  readonly model?: string;
  readonly seconds?: number;
  readonly size?: Size;
  readonly aspect?: string;
  /** How clips of another shape are brought into the frame. */
  readonly framing?: Framing;
  /** A path relative to the file, or an https URL. */
  readonly reference?: string;
  /** A path relative to the file. */
  readonly output?: string;
  readonly tag?: string;
}

export interface ReadLine {
  readonly line?: BatchLine;
  /** Without the place; sentences. */
  readonly problems: readonly string[];
}

/** Everything that a line may say, in the order in which it is documented. */
const FIELDS = [
  ...['id', 'prompt', 'characters', 'model', 'seconds', 'size', 'aspect', 'fit', 'focus', 'reference', 'output', 'tag'],
] as const;

const OPENAI_FIELDS = ['custom_id', 'method', 'url', 'body'] as const;
const BODY_FIELDS = ['prompt', 'model', 'seconds', 'size', 'characters', 'input_reference'] as const;

const MOST_ID_CHARS = 200;

/** `json` is what one line of JSONL holds, or one row of a table as an object of texts. */
export function readBatchLine(json: unknown, number: number): ReadLine {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { problems: ['the line is not an object.'] };
  }
  const object = json as Record<string, unknown>;
  const isOpenAi = ['custom_id', 'body', 'method', 'url'].some((name) => Object.hasOwn(object, name));
  const { fields, problems: odd } = isOpenAi ? ofOpenAi(object) : ofOwn(object);
  const reader = createReader(fields);
  const id = reader.text('id');
  if (id !== undefined && ([...id].length > MOST_ID_CHARS || /[\p{Cc}\p{Cs}]/u.test(id))) {
    reader.complain(`the id is no text of at most ${MOST_ID_CHARS} characters on one line.`);
  }
  if (id === undefined) reader.complain('the line has no "id".');
  const prompt = reader.text('prompt');
  if (prompt === undefined) reader.complain('the line has no "prompt".');
  const size = reader.size();
  const aspect = reader.aspect();
  if (size && aspect !== undefined) reader.complain('"size" and "aspect" cannot be used together.');
  const line = {
    ...{ number, id: id ?? '', prompt: prompt ?? '', characters: reader.names(), characterIds: reader.characterIds() },
    ...defined('model', reader.text('model')),
    ...defined('seconds', reader.seconds()),
    ...defined('size', size),
    ...defined('aspect', aspect),
    ...defined('framing', reader.framing()),
    ...defined('reference', reader.text('reference')),
    ...defined('output', reader.text('output')),
    ...defined('tag', reader.text('tag')),
  };
  const problems = [...odd, ...reader.problems];
  return problems.length === 0 ? { line, problems } : { problems, ...(id !== undefined && { line }) };
}

interface Fields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

export function isSetting(name: string): boolean {
  return FIELDS.some((one) => one === name);
}

/** A complaint about each name that is none of a setting. */
export function unknownSettings(names: readonly string[]): readonly string[] {
  return unknownNames(names, FIELDS, 'a line has no setting');
}

function ofOwn(object: Record<string, unknown>): Fields {
  return { fields: object, problems: unknownSettings(Object.keys(object)) };
}

/** `{custom_id, method, url, body}`, as OpenAI's batches have it. */
function ofOpenAi(object: Record<string, unknown>): Fields {
  const problems = unknownNames(Object.keys(object), OPENAI_FIELDS, 'an OpenAI batch line has no');
  const { custom_id: id, method = 'POST', url = '/v1/videos', body } = object;
  if (method !== 'POST') problems.push('"method" is not "POST".');
  if (url !== '/v1/videos') problems.push('"url" is not "/v1/videos": only videos can be made.');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    problems.push('"body" is not an object.');
    return { fields: { id, prompt: 'none' }, problems };
  }
  const asked = body as Record<string, unknown>;
  problems.push(...unknownNames(Object.keys(asked), BODY_FIELDS, 'the body of a video has no'));
  const { characters, input_reference: picture, ...rest } = asked;
  const ids = Array.isArray(characters) ? characters.map((one) => (one as { id?: unknown } | null)?.id) : characters;
  const reference =
    typeof picture === 'object' && picture !== null ? (picture as { image_url?: unknown }).image_url : picture;
  if (picture !== undefined && typeof reference !== 'string') {
    problems.push('"input_reference" is no {"image_url": ...}: files that were uploaded cannot be used.');
  }
  return {
    fields: { id, ...rest, ...(ids !== undefined && { characterIds: ids }), ...defined('reference', reference) },
    problems,
  };
}

function unknownNames(names: readonly string[], known: readonly string[], words: string): string[] {
  return names.filter((name) => !known.includes(name)).map((name) => unknownName(words, name, known));
}

function createReader(fields: Readonly<Record<string, unknown>>) {
  const problems: string[] = [];
  const complain = (text: string): void => void problems.push(text);
  const get = (name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  /** An empty cell of a table says nothing. */
  const isAbsent = (value: unknown): boolean =>
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
  const listOf = (name: string): readonly string[] => {
    const value = get(name);
    if (isAbsent(value)) return [];
    const items = typeof value === 'string' ? value.split(/[;,]/) : value;
    if (Array.isArray(items) && items.every((one) => typeof one === 'string' && one.trim() !== '')) {
      return [...new Set(items.map((one: string) => one.trim()))];
    }
    complain(`"${name}" is not a list of names.`);
    return [];
  };
  const word = <T>(name: string, read: (text: string) => T | undefined, complaint: string): T | undefined => {
    const value = get(name);
    if (isAbsent(value)) return undefined;
    const found = typeof value === 'string' ? read(value.trim()) : undefined;
    if (found === undefined) complain(`"${name}" ${complaint}`);
    return found;
  };
  return {
    problems,
    complain,
    text(name: string): string | undefined {
      const value = get(name);
      if (isAbsent(value)) return undefined;
      if (typeof value === 'string') return name === 'prompt' ? value : value.trim();
      // A table of numbers and JSON of numbers alike.
      if (name === 'id' && typeof value === 'number') return String(value);
      complain(`"${name}" is not text.`);
      return undefined;
    },
    seconds(): number | undefined {
      const value = get('seconds');
      if (isAbsent(value)) return undefined;
      const seconds = typeof value === 'string' ? Number(value) : value;
      if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= 600) return seconds;
      complain('"seconds" is not a whole number from 1 to 600.');
      return undefined;
    },
    size(): Size | undefined {
      return word('size', parseSize, 'is not a size like 1280x720.');
    },
    aspect(): string | undefined {
      return word('aspect', (text) => (isRatio(text) ? text : undefined), `is not one of ${RATIOS.join(', ')}.`);
    },
    framing(): Framing | undefined {
      const fit = word('fit', (text) => FITS.find((one) => one === text), `is not one of ${FITS.join(', ')}.`);
      const focus = word('focus', parseFocus, `is not ${FOCUS_FORM}.`);
      const framing = framingFor(fit, focus);
      if (framing !== 'contradiction') return framing;
      complain('"focus" says what is kept by "fit" crop, and "fit" pad keeps all.');
      return undefined;
    },
    names: () => listOf('characters'),
    characterIds: () => listOf('characterIds'),
  };
}

function defined<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}
