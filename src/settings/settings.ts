/** Settings and profiles: what the user wrote into `config.json`, checked, and changed field by field. */
import { basename, dirname, join } from 'node:path';
import {
  ensureFolder,
  exists,
  machineError,
  publish,
  removeQuietly,
  sweepFolder,
  writeTemp,
} from '../disk/atomic-write.ts';
import { followLinks } from '../disk/links.ts';
import { withLock } from '../disk/lock.ts';
import { permissionWarnings } from '../disk/permissions.ts';
import { readTextSync } from '../disk/read-file.ts';
import {
  boolean,
  mapOf,
  number,
  oneOf,
  optional,
  parseJson,
  recordDecoder,
  refine,
  rule,
  shape,
  string,
  unusableFile,
} from '../disk/schema.ts';
import { GATEWAY_PROVIDER } from '../providers/index.ts';
import { BACKENDS, type Backend } from '../providers/provider.ts';
import { SoraError } from '../shared/errors.ts';
import { parseBudget } from '../shared/money.ts';

/** Defaults below flags and environment. */
export interface Profile {
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly backend?: Backend;
  readonly model?: string;
  /** Where the server sees the folder of clips of the store: an https URL, or a path there. */
  readonly clipsAt?: string;
  /** Plain http beyond loopback may carry a key. */
  readonly allowHttp?: boolean;
  /** Whether those are cast whom a prompt says without `-c`; undefined asks, or warns. */
  readonly autoCast?: boolean;
  /** US dollars: as `--max-cost` for every command that does not say otherwise. */
  readonly maxCost?: number;
  /** As `--budget`, for everything that is sent from this home: `50` or `50/day`. */
  readonly budget?: string;
  /** After so many days an uploaded clip goes, where its host lets that be said. */
  readonly uploadDays?: number;
  /** Where its key is: `stored`, or `env:` and the name of a variable. Never the key itself. */
  readonly keyFrom?: string;
}

export function isUploadDays(days: number): boolean {
  return Number.isInteger(days) && days >= 1 && days <= 365;
}

/** Variables of other names would be passed on to the programs that are run here, and a key must not be. */
const KEY_SOURCE = /^(?:stored|env:[A-Za-z_][A-Za-z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD))$/;

export function isKeySource(text: string): boolean {
  return KEY_SOURCE.test(text);
}

/** Where a server may see a folder. */
export function isClipFolder(text: string): boolean {
  return /^\/[^\0\n]*$/.test(text) || (/^https:\/\//.test(text) && URL.canParse(text) && !new URL(text).username);
}

export interface Settings {
  /** Of the file, whether or not it is there. */
  readonly path: string;
  /** `default` unless the file says otherwise. */
  readonly defaultProfile: string;
  /** Names in the order of the file. */
  readonly profiles: readonly string[];
  /** Throws SoraError `usage` for a name that is not there; `default` need not be. */
  profile(name?: string): Profile;
}

const FILE = 'config.json';
const VERSION = 1;
const DEFAULT = 'default';

export interface ReadSettingsOptions {
  readonly platform: string;
  /** Takes a sentence for each field that means nothing, and when others may read or replace the file. */
  readonly warn: (sentence: string) => void;
}

/**
 * Reads `<configDir>/config.json`; without one, everything is at its default. Throws SoraError `machine` that names the
 * file and the field that is wrong.
 */
export async function readSettings(configDir: string, options?: ReadSettingsOptions): Promise<Settings> {
  const path = join(configDir, FILE);
  const file = await readSettingsFile(configDir);
  if (options && (await exists(path))) {
    for (const sentence of await permissionWarnings(path, options.platform)) options.warn(sentence);
    for (const name of unknownFields(file)) options.warn(`${path} has an unknown field: ${name}`);
  }

  const profiles = new Map(Object.entries(file.profiles ?? {}));
  const defaultProfile = file.defaultProfile ?? DEFAULT;
  if (defaultProfile !== DEFAULT && !profiles.has(defaultProfile)) {
    throw wrong(path, `defaultProfile names ${defaultProfile}, which is not among the profiles`);
  }
  return {
    path,
    defaultProfile,
    profiles: [...profiles.keys()],
    profile(name = defaultProfile) {
      const profile = profiles.get(name);
      if (profile) return profile;
      if (name === DEFAULT) return {};
      throw new SoraError('usage', `There is no profile named ${name}.`, {
        hint:
          profiles.size === 0
            ? `There are none yet. Create one by setting a field: sora config set profiles.work.provider ${GATEWAY_PROVIDER}`
            : `Profiles in ${path}: ${[...profiles.keys()].join(', ')}`,
      });
    },
  };
}

/** The file as it stands; fields that are not ours are in it too. */
export interface SettingsFile {
  readonly version: number;
  readonly defaultProfile?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
}

export function settingsPath(configDir: string): string {
  return join(configDir, FILE);
}

/** Throws as `readSettings`, but takes a default profile that is not there, so that it can be corrected. */
export async function readSettingsFile(configDir: string): Promise<SettingsFile> {
  const path = settingsPath(configDir);
  // conf takes a good part of the start-up time, and makes the folder that it does not find.
  return (await exists(path)) ? load(configDir, path) : { version: VERSION };
}

/**
 * Writes what `change` makes of the file; the same object changes nothing. Fields that are not ours stay. A file that
 * cannot be read is left as it is. What would not be read again throws SoraError `machine` and is not written.
 */
export async function changeSettings(
  configDir: string,
  change: (file: SettingsFile) => SettingsFile,
): Promise<SettingsFile> {
  const path = settingsPath(configDir);
  let result: SettingsFile = { version: VERSION };
  await rewriteFile(path, async () => {
    const before = await readSettingsFile(configDir);
    result = change(before);
    if (result === before) return undefined;
    const text = `${JSON.stringify(result, null, 2)}\n`;
    parse(text, path);
    return text;
  });
  return result;
}

/**
 * Replaces a file of the settings folder by the text that `make` returns: whole or not at all, readable by its owner
 * only, one process at a time. conf would publish a cut file on a full disk.
 */
export async function rewriteFile(path: string, make: () => Promise<string | undefined>): Promise<void> {
  await ensureFolder(dirname(path));
  await withLock(`${path}.lock`, async (held) => {
    const text = await make();
    if (text === undefined) return;
    try {
      // Settings are often links into a folder under version control: the link stays.
      const target = await followLinks(path);
      const temp = await writeTemp(dirname(target), text);
      try {
        held.assertHeld();
        await publish(temp, target);
      } catch (error) {
        await removeQuietly(temp);
        throw error;
      }
    } catch (error) {
      throw machineError(error, 'write', path);
    }
  });
  await sweepFolder(dirname(path));
}

const httpUrl = rule<string>((value) => {
  const protocol = typeof value === 'string' && URL.canParse(value) ? new URL(value).protocol : '';
  return protocol === 'https:' || protocol === 'http:';
}, 'is not an http(s) URL');

/** What stands there instead may be a key, so it is not repeated. */
const keySource = refine(string, isKeySource, 'is neither "stored" nor "env:NAME_KEY"');

const PROFILE_FIELDS = {
  provider: optional(string),
  baseUrl: optional(httpUrl),
  backend: optional(oneOf(...BACKENDS)),
  model: optional(string),
  clipsAt: optional(refine(string, isClipFolder, 'is neither an https URL nor an absolute path')),
  allowHttp: optional(boolean),
  autoCast: optional(boolean),
  maxCost: optional(refine(number, (usd) => usd >= 0, 'is less than nothing')),
  budget: optional(refine(string, (text) => parseBudget(text) !== undefined, 'is not an amount like 50 or 50/day')),
  uploadDays: optional(refine(number, isUploadDays, 'is not 1 to 365 days')),
  keyFrom: optional(keySource),
};

/** The fields of a profile, in the order in which they are listed. */
export const PROFILE_KEYS = Object.keys(PROFILE_FIELDS) as readonly (keyof Profile)[];

const FILE_FIELDS = {
  version: oneOf(VERSION),
  defaultProfile: optional(string),
  profiles: optional(mapOf(shape<Profile>(PROFILE_FIELDS))),
};

const decodeSettings = recordDecoder(VERSION, shape<SettingsFile>(FILE_FIELDS));

async function load(configDir: string, path: string): Promise<SettingsFile> {
  const { default: Conf } = await import('conf');
  try {
    // conf would wait for a pipe, and read a device without an end.
    readTextSync(path);
    const conf = new Conf<Record<string, unknown>>({
      cwd: configDir,
      configName: basename(FILE, '.json'),
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      deserialize: (text) => parse(text, path),
    });
    return conf.store as unknown as SettingsFile;
  } catch (error) {
    throw machineError(error, 'read', path);
  }
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return { ...decodeSettings(parseJson(text)) };
  } catch (error) {
    throw wrong(path, error);
  }
}

function unknownFields(file: SettingsFile): string[] {
  const top = Object.keys(file).filter((key) => !Object.hasOwn(FILE_FIELDS, key));
  const inside = Object.entries(file.profiles ?? {}).flatMap(([name, profile]) =>
    Object.keys(profile)
      .filter((key) => !Object.hasOwn(PROFILE_FIELDS, key))
      .map((key) => `profiles.${name}.${key}`),
  );
  return [...top, ...inside];
}

function wrong(path: string, error: unknown): SoraError {
  const repair = 'Correct the file; sora does not change a file that it cannot read.';
  return unusableFile('machine', { subject: `The settings in ${path}`, error, repair });
}
