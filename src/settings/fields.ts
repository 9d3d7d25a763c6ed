/**
 * The settings file field by field: what a key such as `profiles.work.model` names, what is set, and the file after a
 * change. Nothing here repeats what may be a secret. Pure.
 */
import { hideUser } from '../http/redact.ts';
import { GATEWAY_PROVIDER, PROVIDER_NAMES } from '../providers/index.ts';
import { BACKENDS } from '../providers/provider.ts';
import { normalizeBaseUrl } from '../shared/base-url.ts';
import { SoraError } from '../shared/errors.ts';
import { parseBudget, parseUsd } from '../shared/money.ts';
import { nearest, oneLine } from '../shared/text.ts';
import { isClipFolder, isKeySource, isUploadDays, PROFILE_KEYS, type Profile, type SettingsFile } from './settings.ts';

type Field = keyof Profile;
type Value = string | boolean | number;

/** What a key names: the default profile, one field, or (without a field) a whole profile. */
export type SettingKey =
  | { readonly kind: 'default' }
  | { readonly kind: 'field'; readonly profile: string; readonly field: Field }
  | { readonly kind: 'profile'; readonly profile: string };

/** One setting under its full key. Of a URL no password is in it. */
export interface Setting {
  readonly key: string;
  readonly value: Value;
}

const DEFAULT = 'default';
const KEYS_HINT = `Keys: defaultProfile, ${PROFILE_KEYS.join(', ')} (of the chosen profile), profiles.<name>.<field>`;

/** Everything that is set. */
export function listSettings(file: SettingsFile): readonly Setting[] {
  return [
    ...(file.defaultProfile === undefined ? [] : [{ key: 'defaultProfile', value: file.defaultProfile }]),
    ...Object.keys(file.profiles ?? {}).flatMap((profile) => settingsOf(file, profile)),
  ];
}

/** What is set of a profile. Throws `usage` for one that there is not. */
export function profileSettings(file: SettingsFile, profile: string): readonly Setting[] {
  return settingsOf(file, existing(file, profile));
}

/** The value under a key: of a whole profile, its fields. Throws `usage` for what is not set. */
export function getSetting(file: SettingsFile, key: SettingKey): Value | Profile {
  if (key.kind === 'profile') return shownProfile(profileOf(file, existing(file, key.profile))) ?? {};
  const value =
    key.kind === 'default' ? (file.defaultProfile ?? DEFAULT) : shownProfile(profileOf(file, key.profile))?.[key.field];
  if (value !== undefined) return value;
  throw new SoraError('usage', `${nameOfKey(key)} is not set.`, { hint: 'See what is set: sora config list' });
}

/**
 * The file with the value under that key, and the setting as it is shown. A profile that is not there yet is made. Throws `usage`
 * for a value that cannot be one.
 */
export function setSetting(
  file: SettingsFile,
  key: SettingKey,
  given: string,
): { readonly changed: SettingsFile; readonly setting: Setting } {
  if (key.kind === 'profile') {
    throw new SoraError('usage', `${nameOfKey(key)} is a profile, not a setting.`, {
      hint: `Set one of its fields, such as ${nameOfKey(key)}.provider`,
    });
  }
  const value = key.kind === 'default' ? profileName(given) : READ[key.field](given.trim());
  const isUrl = key.kind === 'field' && key.field === 'baseUrl';
  const setting = { key: nameOfKey(key), value: isUrl ? hideUser(`${value}`) : value };
  if (key.kind === 'default') {
    const name = `${value}`;
    return { changed: { ...file, defaultProfile: name === DEFAULT ? name : existing(file, name) }, setting };
  }
  const profile = profileOf(file, key.profile);
  const name = profile ? key.profile : profileName(key.profile);
  return {
    changed: { ...file, profiles: { ...file.profiles, [name]: { ...profile, [key.field]: value } } },
    setting,
  };
}

/** The file without what the key names, and whether that was set. Throws `usage` for a profile that is the default one. */
export function unsetSetting(
  file: SettingsFile,
  key: SettingKey,
): { readonly changed: SettingsFile; readonly removed: boolean } {
  if (key.kind === 'default') {
    const { defaultProfile, ...rest } = file;
    return { changed: rest, removed: defaultProfile !== undefined };
  }
  const profile = profileOf(file, key.profile);
  if (!profile) return { changed: file, removed: false };
  if (key.kind === 'field') {
    if (profile[key.field] === undefined) return { changed: file, removed: false };
    const { [key.field]: _gone, ...rest } = profile;
    return { changed: { ...file, profiles: { ...file.profiles, [key.profile]: rest } }, removed: true };
  }
  if (file.defaultProfile === key.profile && key.profile !== DEFAULT) {
    throw new SoraError('usage', `${key.profile} is the default profile.`, {
      hint: 'Choose another one first: sora config set defaultProfile default',
    });
  }
  const others = Object.entries(file.profiles ?? {}).filter(([name]) => name !== key.profile);
  return { changed: { ...file, profiles: Object.fromEntries(others) }, removed: true };
}

/**
 * What a key names; a field alone is one of `profile`, or of the default one. The name of a profile may hold dots: the field is what
 * follows the last one. Throws `usage` for a setting that there is not.
 */
export function parseSettingKey(
  text: string,
  { file, profile: chosen }: { readonly file: SettingsFile; readonly profile: string | undefined },
): SettingKey {
  if (text === 'defaultProfile') return { kind: 'default' };
  const short = PROFILE_KEYS.find((field) => field === text);
  if (short) {
    return { kind: 'field', profile: chosen ?? file.defaultProfile ?? DEFAULT, field: short };
  }
  const path = /^profiles\.(.+)$/.exec(text)?.[1];
  if (path !== undefined) {
    const dot = path.lastIndexOf('.');
    const field = PROFILE_KEYS.find((one) => one === path.slice(dot + 1));
    if (dot > 0 && field) return { kind: 'field', profile: path.slice(0, dot), field };
    if (dot < 0 || profileOf(file, path)) return { kind: 'profile', profile: path };
  }
  const last = text.slice(text.lastIndexOf('.') + 1);
  const close = nearest(last, ['defaultProfile', ...PROFILE_KEYS]);
  const isKey = /key|token|secret/i.test(last);
  throw new SoraError('usage', `There is no setting "${oneLine(text, 60)}".`, {
    hint: isKey
      ? 'Keys are not settings. Store one with: sora auth login <provider>. keyFrom says where a profile finds it.'
      : `${close ? `Did you mean ${close}? ` : ''}${KEYS_HINT}`,
  });
}

export function nameOfKey(key: SettingKey): string {
  if (key.kind === 'default') return 'defaultProfile';
  return key.kind === 'profile' ? `profiles.${key.profile}` : `profiles.${key.profile}.${key.field}`;
}

function profileOf(file: SettingsFile, name: string): Profile | undefined {
  const profiles = file.profiles ?? {};
  return Object.hasOwn(profiles, name) ? profiles[name] : undefined;
}

/** Whoever writes the file by hand may leave a password in it, which is not shown. */
function shownProfile(profile: Profile | undefined): Profile | undefined {
  return profile?.baseUrl === undefined ? profile : { ...profile, baseUrl: hideUser(profile.baseUrl) };
}

function settingsOf(file: SettingsFile, profile: string): readonly Setting[] {
  const fields = shownProfile(profileOf(file, profile)) ?? {};
  return PROFILE_KEYS.flatMap((field) => {
    const value = fields[field];
    return value === undefined ? [] : [{ key: `profiles.${profile}.${field}`, value }];
  });
}

function existing(file: SettingsFile, name: string): string {
  if (profileOf(file, name)) return name;
  const names = Object.keys(file.profiles ?? {});
  throw new SoraError('usage', `There is no profile named ${oneLine(name, 80)}.`, {
    hint:
      names.length === 0
        ? `There are none yet. Create one by setting a field: sora config set profiles.work.provider ${GATEWAY_PROVIDER}`
        : `Profiles: ${names.join(', ')}`,
  });
}

function profileName(text: string): string {
  const isReserved = text === 'constructor' || text === 'prototype';
  if (/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,79}$/u.test(text) && text.trim() === text && !isReserved) return text;
  throw refuse(`"${oneLine(text, 80)}" cannot be the name of a profile`, 'letters, digits, spaces and . _ -');
}

const READ: Readonly<Record<Field, (text: string) => Value>> = {
  provider: (text) => oneOf('provider', text, PROVIDER_NAMES),
  backend: (text) => oneOf('backend', text, BACKENDS),
  baseUrl(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw refuse('The base URL is not an http(s) URL', 'https://gateway.example.com/v1');
    }
    if (url.username || url.password || url.search || url.hash.includes('@')) {
      throw new SoraError('usage', 'A base URL must not contain a user, a password or a query.', {
        hint: 'Store the key with: sora auth login <provider>',
      });
    }
    return normalizeBaseUrl(text);
  },
  model(text) {
    if (/^sk-/.test(text)) {
      throw new SoraError('usage', 'That looks like a key, and a key is never a setting.', {
        hint: 'Store it with: sora auth login <provider>',
      });
    }
    if (text !== '' && text === oneLine(text, 200)) return text;
    throw refuse('The model is empty or is no name', 'sora-2');
  },
  clipsAt(text) {
    if (isClipFolder(text)) return text;
    throw refuse('clipsAt is neither an https URL nor an absolute path', '/mnt/sora-clips');
  },
  allowHttp: (text) => trueOrFalse('allowHttp', text),
  autoCast: (text) => trueOrFalse('autoCast', text),
  maxCost(text) {
    const usd = parseUsd(text);
    if (usd === undefined) throw refuse('maxCost is no amount of US dollars', '2.50');
    return usd;
  },
  budget(text) {
    if (parseBudget(text)) return text;
    throw refuse('The budget is no amount of US dollars', '50 or 50/day');
  },
  uploadDays(text) {
    const days = Number(text);
    if (isUploadDays(days)) return days;
    throw refuse('uploadDays is no number of days from 1 to 365', '7');
  },
  // What was typed may be a key: it is not repeated.
  keyFrom(text) {
    if (isKeySource(text)) return text;
    throw new SoraError('usage', 'keyFrom says where the key is, and is never the key itself.', {
      hint:
        'Use stored (by sora auth login), or env: and the name of a variable that ends in _KEY, _TOKEN, _SECRET or ' +
        '_PASSWORD: sora config set keyFrom env:TEAM_API_KEY',
    });
  },
};

function trueOrFalse(what: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw refuse(`${what} is neither true nor false`, 'true or false');
}

function oneOf(what: string, text: string, names: readonly string[]): string {
  if (names.includes(text)) return text;
  const close = nearest(text, names);
  throw new SoraError('usage', `There is no ${what} "${oneLine(text, 60)}".`, {
    hint: `${close ? `Did you mean ${close}? ` : ''}Choices: ${names.join(', ')}`,
  });
}

function refuse(message: string, example: string): SoraError {
  return new SoraError('usage', `${message}.`, { hint: `It looks like this: ${example}` });
}
