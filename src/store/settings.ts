/** EFFECT: settings and profiles: what the user wrote into `config.json`, checked. Nothing is written here. */
import { basename, join } from 'node:path';
import { SoraError } from '../errors.ts';
import { BACKENDS, type Backend } from '../providers/provider.ts';
import { boolean, type Check, isObject, mapOf, oneOf, optional, shape, string, versionProblem } from './decode.ts';
import { exists, machineError } from './files.ts';

/** Defaults below flags and environment. */
export interface Profile {
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly backend?: Backend;
  readonly model?: string;
  /** Plain http beyond loopback may carry a key. */
  readonly allowHttp?: boolean;
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

/**
 * Reads `<configDir>/config.json`; without one, everything is at its default. Throws SoraError `machine` that names the
 * file and the field that is wrong. Fields that mean nothing are passed to `warn` as sentences.
 */
export async function readSettings(configDir: string, warn?: (sentence: string) => void): Promise<Settings> {
  const path = join(configDir, FILE);
  // conf takes a good part of the start-up time, and makes the folder that it does not find.
  const file = (await exists(path)) ? await load(configDir, path) : { version: VERSION };
  for (const name of unknownFields(file)) warn?.(`${path} has a field that means nothing: ${name}`);

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
            ? `Profiles are written in ${path}; there are none yet.`
            : `Profiles in ${path}: ${[...profiles.keys()].join(', ')}`,
      });
    },
  };
}

interface SettingsFile {
  readonly version: number;
  readonly defaultProfile?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
}

const httpUrl: Check = (value, where) => {
  const protocol = typeof value === 'string' && URL.canParse(value) ? new URL(value).protocol : '';
  return protocol === 'https:' || protocol === 'http:' ? undefined : `${where} is not an http(s) URL`;
};

const PROFILE_FIELDS = {
  provider: optional(string),
  baseUrl: optional(httpUrl),
  backend: optional(oneOf(...BACKENDS)),
  model: optional(string),
  allowHttp: optional(boolean),
} satisfies Record<keyof Profile, Check>;

const FILE_FIELDS = {
  version: oneOf(VERSION),
  defaultProfile: optional(string),
  profiles: optional(mapOf(shape<Profile>(PROFILE_FIELDS))),
} satisfies Record<keyof SettingsFile, Check>;

async function load(configDir: string, path: string): Promise<SettingsFile> {
  const { default: Conf } = await import('conf');
  try {
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
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw wrong(path, 'it is not valid JSON', cause);
  }
  const problem = versionProblem(json, VERSION) ?? shape<SettingsFile>(FILE_FIELDS)(json, '');
  if (problem !== undefined || !isObject(json)) throw wrong(path, problem ?? 'it is not an object');
  return json;
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

function wrong(path: string, reason: string, cause?: unknown): SoraError {
  return new SoraError('machine', `The settings in ${path} cannot be used: ${reason}.`, {
    hint: reason.includes('newer version') ? 'Update sora.' : 'Correct the file; sora does not change it.',
    cause,
  });
}
