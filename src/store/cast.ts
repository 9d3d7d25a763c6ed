/** A cast as a file: its format, what may stand in it, and what two casts are together. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Character,
  isFromFuture,
  isMade,
  type MadeCharacter,
  normalizeBaseUrl,
  type Registration,
} from '../domain.ts';
import { SoraError, systemCode } from '../errors.ts';
import { hashFile } from '../hash.ts';
import { oneLine } from '../text.ts';
import { characterName, decodeCharacter, isSameWork } from './characters.ts';
import { field, isObject, list, parseJson, problemOf, refine, rule, shape, string, versionProblem } from './decode.ts';
import { exists, machineError } from './files.ts';
import { characterIdentity } from './names.ts';
import { readPipe, readStream } from './pipe.ts';

/** A character as a cast file has it: without what is of one machine. */
export interface CastCharacter {
  readonly character: Character;
  /** Path of the master, relative to the file's folder, with `/`; undefined where the cast travels without it. */
  readonly clip: string | undefined;
}

/** A cast that was read: characters of different names, in the order of the file. */
export interface Cast {
  /** Absolute. */
  readonly path: string;
  readonly characters: readonly CastCharacter[];
}

export const CAST_VERSION = 1;

/** Some ten thousand characters. */
const MAX_FILE_BYTES = 16_000_000;

/** Decodes a cast file. Throws an Error that says what is wrong, without a full stop; unknown fields are dropped. */
export function decodeCast(json: unknown): readonly CastCharacter[] {
  const fields = isObject(json) ? json : {};
  const problem = versionProblem(json, CAST_VERSION) ?? problemOf(ANY_LIST, field(fields, 'characters'), 'characters');
  if (problem !== undefined) throw new Error(problem);
  const names = new Map<string, string>();
  return (field(fields, 'characters') as readonly unknown[]).map((value, index) => {
    const where = `characters[${index}]`;
    const decoded = decodeOne(value, where);
    const { name } = decoded.character;
    const twin = names.get(characterIdentity(name));
    if (twin !== undefined) throw new Error(`it has two characters of one name, ${twin} and ${name}`);
    names.set(characterIdentity(name), name);
    return decoded;
  });
}

function decodeOne(value: unknown, where: string): CastCharacter {
  if (!isObject(value)) throw new Error(`${where} is not an object`);
  const given = pick(value, CHARACTER_FIELDS);
  let character: Character;
  try {
    character = decodeCharacter({ ...given, version: 1 });
  } catch (error) {
    throw new Error(`${where}.${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const clip = field(value, 'clip');
  const problem =
    character.registrations
      .map((one, index) => registrationProblem(one, `${where}.registrations[${index}]`))
      .find((found) => found !== undefined) ??
    (clip === undefined ? undefined : problemOf(CLIP_PATH, clip, `${where}.clip`));
  if (problem !== undefined) throw new Error(problem);
  return {
    character: {
      ...character,
      ...(isMade(character) && clipFields(character)),
      registrations: character.registrations.map((one) => {
        const { baseUrl, ...rest } = pick(one, REGISTRATION_FIELDS) as unknown as Registration;
        return { ...rest, baseUrl: baseUrl === SANDBOX ? baseUrl : normalizeBaseUrl(baseUrl) };
      }),
    },
    clip: clip as string | undefined,
  };
}

function clipFields({ master, source, options }: MadeCharacter): Pick<MadeCharacter, 'master' | 'source' | 'options'> {
  return {
    master: pick(master, MASTER_FIELDS) as unknown as MadeCharacter['master'],
    source: pick(source, ['fileName', 'sha256']) as unknown as MadeCharacter['source'],
    options: pick(options, OPTION_FIELDS) as unknown as MadeCharacter['options'],
  };
}

/** All but what is of one machine: what is pending there, and whether the clip is. */
const CHARACTER_FIELDS = [
  'name',
  'master',
  'source',
  'options',
  'planVersion',
  'registrations',
  'createdAt',
] as const satisfies readonly (keyof Character)[];

const MASTER_FIELDS = [
  'sha256',
  'seconds',
  'width',
  'height',
  'fps',
  'bytes',
  'picture',
] as const satisfies readonly (keyof MadeCharacter['master'])[];

const OPTION_FIELDS = [
  'start',
  'duration',
  'fit',
  'orientation',
  'resolution',
  'audio',
  'cropBars',
] as const satisfies readonly (keyof MadeCharacter['options'])[];

/** All but the profile, which names settings of one machine. */
const REGISTRATION_FIELDS = [
  'provider',
  'baseUrl',
  'model',
  'orientation',
  'kind',
  'value',
  'name',
  'createdAt',
  'expiresAt',
  'stale',
] as const satisfies readonly (keyof Registration)[];

const SANDBOX = 'sandbox:';
const NO_PLAIN_URL = 'is not an http(s) URL without a password';

/** Own fields only, and only these: a file may hold `__proto__` and the like. */
function pick(object: object, keys: readonly string[]): Record<string, unknown> {
  const own = object as Record<string, unknown>;
  return Object.fromEntries(keys.flatMap((key) => (field(own, key) === undefined ? [] : [[key, own[key]]])));
}

const ANY_LIST = list(rule(() => true, ''));

/** Beyond what a record checks: a cast comes from others, and holds no secrets. */
const PUBLIC_REGISTRATION = shape<Pick<Registration, 'provider' | 'name' | 'value' | 'baseUrl'>>({
  provider: refine(string, (name) => name !== '' && oneLine(name, 80) === name, 'is not a name'),
  name: characterName,
  value: refine(string, (value) => value !== '' && oneLine(value, 4000) === value, 'is not an id'),
  baseUrl: refine(string, (url) => url === SANDBOX || isPlainUrl(url), NO_PLAIN_URL),
});

const PUBLIC_URL = shape<Pick<Registration, 'value'>>({ value: refine(string, isPlainUrl, NO_PLAIN_URL) });

function registrationProblem(registration: Registration, where: string): string | undefined {
  const problem = problemOf(PUBLIC_REGISTRATION, registration, where);
  return problem ?? (registration.kind === 'url' ? problemOf(PUBLIC_URL, registration, where) : undefined);
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** A path inside the cast's folder, spelled so that every system reads it alike. */
export function isClipPath(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    !/[\\\0]|^[a-z]:/i.test(value) &&
    value.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

const CLIP_PATH = rule<string>(isClipPath, 'is not a path inside the folder of the cast');

/** The text of a cast file; `clipOf` says where each master lies beside it, if it does. */
export function encodeCast(characters: readonly Character[], clipOf: (sha256: string) => string | undefined): string {
  const documents = characters.map((character) => {
    const clip = character.master && clipOf(character.master.sha256);
    const registrations = character.registrations.filter(isPublic).map((one) => pick(one, REGISTRATION_FIELDS));
    return { ...pick(character, CHARACTER_FIELDS), registrations, ...(clip !== undefined && { clip }) };
  });
  const text = `${JSON.stringify({ version: CAST_VERSION, characters: documents }, null, 2)}\n`;
  // What could not be read again must not leave this machine.
  decodeCast(JSON.parse(text));
  return text;
}

/** False for a URL that may be signed with a key: whoever reads the cast could use it. */
export function isPublic({ kind, value, baseUrl }: Registration): boolean {
  if (baseUrl !== SANDBOX && !isPlainUrl(baseUrl)) return false;
  return kind === 'id' || (isPlainUrl(value) && new URL(value).search === '');
}

/**
 * The same master; or the same work, whose bytes differ from one build of ffmpeg to another. Without a clip a character is
 * whoever bears its name.
 */
export function isSameClip(a: Character, b: Character): boolean {
  if (!isMade(a) || !isMade(b)) return true;
  return a.master.sha256 === b.master.sha256 || isSameWork({ ...a, name: b.name }, b);
}

/**
 * Every registration of both, oldest first. Of one that both have the newer is taken; of equally old ones it is stale when
 * either says so, because a host forgets later than it learns. One from the future is of unknown age and counts as the
 * oldest: a wrong clock must not outrank everybody for ever.
 */
export function mergeRegistrations(
  own: readonly Registration[],
  other: readonly Registration[],
  nowMs: number,
): readonly Registration[] {
  const ageOf = (one: Registration): number =>
    isFromFuture(one, nowMs) ? Number.NEGATIVE_INFINITY : Date.parse(one.createdAt);
  const newerOf = (known: Registration, one: Registration): Registration => {
    if (ageOf(one) > ageOf(known)) return one;
    return ageOf(one) === ageOf(known) && one.stale === true ? { ...known, stale: true } : known;
  };
  const merged = new Map<string, Registration>();
  for (const one of [...own, ...other]) {
    const known = merged.get(registrationId(one));
    merged.set(registrationId(one), known === undefined ? one : newerOf(known, one));
  }
  return [...merged.values()].sort((a, b) => (ageOf(a) === ageOf(b) ? 0 : ageOf(a) - ageOf(b)));
}

/** Names of providers, in registrations of the cast, that are none of `known`: kept, because a later sora may know them. */
export function unknownProviders({ characters }: Cast, known: readonly string[]): readonly string[] {
  const names = characters.flatMap(({ character }) => character.registrations.map(({ provider }) => provider));
  return [...new Set(names)].filter((name) => !known.includes(name));
}

/** Equal for what a host knows as one thing. */
export function registrationId({ provider, baseUrl, model, orientation, kind, value }: Registration): string {
  return JSON.stringify([provider, baseUrl, model, orientation, kind, value]);
}

/** The names under which a system has standard input. */
const STDIN: ReadonlySet<string> = new Set(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** A pipe that goes on and on is given up. */
const PIPE_MS = 30_000;

export interface ReadCastOptions {
  /** What `/dev/stdin` stands for. */
  readonly stdin?: { readonly stream: Readable; readonly isTTY: boolean };
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Reads a cast file, or a cast out of a pipe, which has no clips beside it. Throws SoraError `usage` for a path where none
 * is and for a file that is none, and the signal's reason.
 */
export async function readCast(path: string, options: ReadCastOptions = {}): Promise<Cast> {
  const { stdin, signal, timeoutMs = PIPE_MS } = options;
  const bounds = { maxBytes: MAX_FILE_BYTES, timeoutMs, signal };
  try {
    const isStdin = stdin !== undefined && STDIN.has(path);
    const found = isStdin ? undefined : await stat(path);
    if (found === undefined || found.isFIFO()) {
      if (isStdin && stdin.isTTY) throw new Error('it is a terminal');
      const text = isStdin ? await readStream(stdin.stream, bounds) : await readPipe(path, bounds);
      if (text.trim() === '') throw new Error('nothing came out of it');
      return { path, characters: decodeCast(parseJson(text)).map((one) => ({ ...one, clip: undefined })) };
    }
    // A device may never end.
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is neither a file nor a pipe');
    if (found.size > MAX_FILE_BYTES) throw new Error('it is too large');
    return { path, characters: decodeCast(parseJson(await readFile(path, 'utf8'))) };
  } catch (error) {
    signal?.throwIfAborted();
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new SoraError('usage', `There is no cast file ${path}.`, {
        hint: 'Make one: sora character export -o cast.json',
        cause: error,
      });
    }
    if (code === 'EISDIR')
      throw new SoraError('usage', `${path} is a folder, not a cast file.`, {
        hint: 'Name the JSON file that sora character export wrote.',
        cause: error,
      });
    if (code !== undefined) throw machineError(error, 'read', path);
    const reason = error instanceof Error ? error.message : String(error);
    throw new SoraError('usage', `The cast ${path} cannot be used: ${reason}.`, {
      hint: reason.includes('newer version') ? 'Update sora.' : 'It is a file that sora character export wrote.',
      cause: error,
    });
  }
}

/** Where a clip would lie, by what the cast says. */
export function pathBeside(cast: Cast, clip: string): string {
  return join(dirname(cast.path), ...clip.split('/'));
}

/**
 * The absolute path of a character's clip beside the cast, or undefined when none is there. Throws `usage` when a link
 * leads out of the folder, and `clip` when its content is not the master.
 */
export async function castClip(cast: Cast, { character, clip }: CastCharacter): Promise<string | undefined> {
  if (clip === undefined) return undefined;
  const path = pathBeside(cast, clip);
  if (!(await exists(path))) return undefined;
  try {
    const real = await realpath(path);
    const inside = relative(await realpath(dirname(cast.path)), real);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      throw new SoraError('usage', `The clip of ${character.name} leads out of the folder of the cast: ${path}`, {
        hint: 'Put the clip itself there instead of the link.',
      });
    }
    if ((await lstat(real)).isFile() && (await hashFile(real)) === character.master?.sha256) return real;
  } catch (error) {
    throw machineError(error, 'read', path);
  }
  throw new SoraError('clip', `The clip of ${character.name} is not the one that the cast names: ${path}`, {
    hint: 'Fetch the file anew (a pointer of git-lfs stands for a file that was not fetched).',
  });
}

/** `<file without .json>.clips`, beside the cast. */
export function clipFolder(castPath: string): string {
  return `${basename(castPath).replace(/\.json$/i, '')}.clips`;
}

/** Copies a clip to a new file, on the disk when it returns. Throws `clip` when its content is not what it should be. */
export async function copyClip(from: string, to: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(
    createReadStream(from),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(to, { flags: 'wx', flush: true }),
  );
  if (hash.digest('hex') !== sha256)
    throw new SoraError('clip', `${from} is damaged.`, {
      hint: 'Restore it from a backup, or make the character anew: sora character create <clip> --name <name> --force',
    });
}
