/** A cast as a file: its format, and what may stand in it. Pure. */

import {
  checkVersion,
  field,
  isObject,
  list,
  parseJson,
  problemOf,
  refine,
  rule,
  shape,
  string,
} from '../../disk/schema.ts';
import { withCanonicalUrl } from '../../providers/index.ts';
import { normalizeBaseUrl } from '../../shared/base-url.ts';
import {
  type Character,
  type CharacterClip,
  type Consent,
  clipFile,
  consentFile,
  type KeptFile,
  type Registration,
  type Still,
  stillFile,
} from '../../shared/character.ts';
import { oneLine } from '../../shared/text.ts';
import { characterIdentity } from '../names.ts';
import { type CharacterJson, characterJson, characterName, decodeCharacter } from '../record.ts';

/** A character as a cast file has it: without what is of one machine. */
export interface CastCharacter {
  readonly character: Character;
  /**
   * Where its master, its pictures and the file of its consent lie, by their SHA-256: paths relative to the file's folder, with
   * `/`. Those that the cast travels without are not there.
   */
  readonly paths: Readonly<Record<string, string>>;
}

/** A cast that was read: characters of different names, in the order of the file. */
export interface Cast {
  /** Absolute. */
  readonly path: string;
  readonly characters: readonly CastCharacter[];
}

const CAST_VERSION = 1;

/** Decodes a cast file. Throws an Error that says what is wrong, without a full stop; unknown fields are dropped. */
export function decodeCast(json: unknown): readonly CastCharacter[] {
  const fields = isObject(json) ? json : {};
  checkVersion(json, CAST_VERSION);
  const problem = problemOf(ANY_LIST, field(fields, 'characters'), 'characters');
  if (problem !== undefined) throw new Error(problem);
  const names = new Map<string, string>();
  return (field(fields, 'characters') as readonly unknown[]).map((value, index) => {
    const where = `characters[${index}]`;
    const decoded = decodeOne(value, where);
    const { name } = decoded.character;
    const duplicate = names.get(characterIdentity(name));
    if (duplicate !== undefined) throw new Error(`it has two characters of one name, ${duplicate} and ${name}`);
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
  const problem = character.registrations
    .map((one, index) => registrationProblem(one, `${where}.registrations[${index}]`))
    .find((found) => found !== undefined);
  if (problem !== undefined) throw new Error(problem);
  const { stills, consent } = character;
  return {
    character: {
      ...character,
      ...(stills && { stills: stills.map((one) => pick(one, STILL_FIELDS) as unknown as Still) }),
      ...(consent && { consent: consentFields(consent) }),
      ...(character.clip && { clip: clipFields(character.clip) }),
      registrations: character.registrations.map((one) => {
        const { baseUrl, ...rest } = pick(one, REGISTRATION_FIELDS) as unknown as Registration;
        return withCanonicalUrl({ ...rest, baseUrl: baseUrl === SANDBOX ? baseUrl : normalizeBaseUrl(baseUrl) });
      }),
    },
    paths: pathsOf(value, character, where),
  };
}

/** Throws an Error for a path that leads out of the folder. */
function pathsOf(
  document: Record<string, unknown>,
  { clip, stills = [], consent }: Character,
  where: string,
): Readonly<Record<string, string>> {
  const own = (value: unknown, key: string): unknown => (isObject(value) ? field(value, key) : undefined);
  const given = own(document, 'stills');
  const found: (readonly [sha256: string | undefined, path: unknown, where: string])[] = [
    [clip?.master.sha256, own(document, 'clip'), `${where}.clip`],
    ...stills.map(
      ({ sha256 }, index) =>
        [sha256, Array.isArray(given) && own(given[index], 'path'), `${where}.stills[${index}].path`] as const,
    ),
    [consent?.file?.sha256, own(own(own(document, 'consent'), 'file'), 'path'), `${where}.consent.file.path`],
  ];
  return Object.fromEntries(
    found.flatMap(([sha256, path, place]) => {
      if (path === undefined || path === false) return [];
      const problem = problemOf(CLIP_PATH, path, place);
      if (problem !== undefined) throw new Error(problem);
      return sha256 === undefined ? [] : [[sha256, path as string]];
    }),
  );
}

function consentFields({ file, ...consent }: Consent): Consent {
  const { text, recordedAt } = consent;
  return {
    ...(text !== undefined && { text }),
    ...(file && { file: pick(file, CONSENT_FILE_FIELDS) as unknown as NonNullable<Consent['file']> }),
    recordedAt,
  };
}

function clipFields({ master, source, options, planVersion }: CharacterClip): CharacterClip {
  return {
    planVersion,
    master: pick(master, MASTER_FIELDS) as unknown as CharacterClip['master'],
    source: pick(source, ['fileName', 'sha256', 'facts']) as unknown as CharacterClip['source'],
    options: pick(options, OPTION_FIELDS) as unknown as CharacterClip['options'],
  };
}

/** All but what is of one machine: what is pending there, and whether the clip is. */
const CHARACTER_FIELDS = [
  'name',
  'description',
  'kind',
  'consent',
  'stills',
  'master',
  'source',
  'options',
  'planVersion',
  'registrations',
  'createdAt',
] as const satisfies readonly (keyof CharacterJson)[];

const MASTER_FIELDS = [
  'sha256',
  'seconds',
  'width',
  'height',
  'fps',
  'bytes',
  'picture',
] as const satisfies readonly (keyof CharacterClip['master'])[];

const STILL_FIELDS = [
  'sha256',
  'mime',
  'width',
  'height',
  'bytes',
  'fileName',
] as const satisfies readonly (keyof Still)[];

const CONSENT_FILE_FIELDS = ['sha256', 'fileName', 'bytes'] as const satisfies readonly (keyof NonNullable<
  Consent['file']
>)[];

const OPTION_FIELDS = [
  'start',
  'duration',
  'fit',
  'orientation',
  'resolution',
  'audio',
  'focus',
  'cropBars',
] as const satisfies readonly (keyof CharacterClip['options'])[];

/** All but the profile, which names settings of one machine, and what that has paid. */
const REGISTRATION_FIELDS = [
  'provider',
  'baseUrl',
  'model',
  'orientation',
  'kind',
  'copy',
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

/** The text of a cast file; `pathOf` says where each file lies beside it, if it does. */
export function encodeCast(characters: readonly Character[], pathOf: (file: KeptFile) => string | undefined): string {
  const documents = characters.map((character) => {
    const { stills, consent } = character;
    const clip = character.clip && pathOf(clipFile(character.clip));
    const registrations = character.registrations.filter(isPublic).map((one) => pick(one, REGISTRATION_FIELDS));
    const withPath = (path: string | undefined): object => (path === undefined ? {} : { path });
    const file = consent?.file && {
      ...pick(consent.file, CONSENT_FILE_FIELDS),
      ...withPath(pathOf(consentFile(consent.file))),
    };
    return {
      ...pick(characterJson(character), CHARACTER_FIELDS),
      ...(stills && {
        stills: stills.map((one) => ({ ...pick(one, STILL_FIELDS), ...withPath(pathOf(stillFile(one))) })),
      }),
      ...(consent && { consent: { ...consentFields(consent), ...(file && { file }) } }),
      registrations,
      ...(clip !== undefined && { clip }),
    };
  });
  const text = `${JSON.stringify({ version: CAST_VERSION, characters: documents }, null, 2)}\n`;
  // What could not be read again must not leave this machine.
  decodeCast(parseJson(text));
  return text;
}

/** False for a URL that may be signed with a key: whoever reads the cast could use it. */
export function isPublic({ kind, value, baseUrl }: Registration): boolean {
  if (baseUrl !== SANDBOX && !isPlainUrl(baseUrl)) return false;
  return kind === 'id' || (isPlainUrl(value) && new URL(value).search === '');
}

/** Names of providers, in registrations of the cast, that are none of `known`: kept, because a later sora may know them. */
export function unknownProviders({ characters }: Cast, known: readonly string[]): readonly string[] {
  const names = characters.flatMap(({ character }) => character.registrations.map(({ provider }) => provider));
  return [...new Set(names)].filter((name) => !known.includes(name));
}
