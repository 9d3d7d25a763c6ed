/** `sora config`: the settings file, one field at a time. */
import type { Context } from '../context.ts';
import { hideUser } from '../http/redact.ts';
import { GATEWAY_PROVIDER, PROVIDER_NAMES } from '../providers/index.ts';
import { BACKENDS } from '../providers/provider.ts';
import {
  changeSettings,
  isKeySource,
  PROFILE_KEYS,
  type Profile,
  readSettingsFile,
  type SettingsFile,
  settingsPath,
} from '../settings/settings.ts';
import { normalizeBaseUrl } from '../shared/base-url.ts';
import { SoraError } from '../shared/errors.ts';
import { nearest, oneLine } from '../shared/text.ts';

type Field = keyof Profile;
type Value = string | boolean;

/** What a key names: the default profile, one field, or (without a field) a whole profile. */
type Key =
  | { readonly kind: 'default' }
  | { readonly kind: 'field'; readonly profile: string; readonly field: Field }
  | { readonly kind: 'profile'; readonly profile: string };

const DEFAULT = 'default';
const KEYS_HINT = `Keys: defaultProfile, ${PROFILE_KEYS.join(', ')} (of the chosen profile), profiles.<name>.<field>`;

/** `sora config path` */
export async function runConfigPath({ ui, paths }: Context): Promise<undefined> {
  const path = settingsPath(paths().config);
  ui.result({ json: { path }, text: path, quiet: [path] });
}

/** `sora config list`: everything that is set, under its full key. */
export async function runConfigList({ ui, paths }: Context): Promise<undefined> {
  const file = await readSettingsFile(paths().config);
  const rows = [
    ...(file.defaultProfile === undefined ? [] : [{ key: 'defaultProfile', value: file.defaultProfile as Value }]),
    ...Object.keys(file.profiles ?? {}).flatMap((profile) => rowsOf(file, profile)),
  ];
  ui.result({
    json: rows,
    text: rows.length === 0 ? 'Nothing is set.' : rows.map(({ key, value }) => `${key}=${value}`).join('\n'),
    quiet: rows.map(({ key }) => key),
  });
}

/** `sora config get <key>`: throws `usage` for what is not set. */
export async function runConfigGet(context: Context, text: string): Promise<undefined> {
  const { ui, paths } = context;
  const file = await readSettingsFile(paths().config);
  const key = parseKey(text, context, file);
  if (key.kind === 'profile') {
    const rows = rowsOf(file, existing(file, key.profile));
    ui.result({
      json: { key: nameOf(key), value: shownProfile(profileOf(file, key.profile)) },
      text: rows.map((row) => `${row.key}=${row.value}`).join('\n'),
      quiet: rows.map(({ value }) => `${value}`),
    });
    return;
  }
  const value =
    key.kind === 'default' ? (file.defaultProfile ?? DEFAULT) : shownProfile(profileOf(file, key.profile))?.[key.field];
  if (value === undefined) {
    throw new SoraError('usage', `${nameOf(key)} is not set.`, { hint: 'See what is set: sora config list' });
  }
  ui.result({ json: { key: nameOf(key), value }, text: `${value}`, quiet: [`${value}`] });
}

/** `sora config set <key> <value>`: a profile that is not there yet is made. */
export async function runConfigSet(context: Context, text: string, given: string): Promise<undefined> {
  const { ui, paths } = context;
  let said = { key: '', value: '' as Value };
  await changeSettings(paths().config, (file) => {
    const key = parseKey(text, context, file);
    if (key.kind === 'profile') {
      throw new SoraError('usage', `${nameOf(key)} is a profile, not a setting.`, {
        hint: `Set one of its fields, such as ${nameOf(key)}.provider`,
      });
    }
    const value = key.kind === 'default' ? profileName(given) : READ[key.field](given.trim());
    said = { key: nameOf(key), value: key.kind === 'field' && key.field === 'baseUrl' ? hideUser(`${value}`) : value };
    if (key.kind === 'default') {
      const name = `${value}`;
      return { ...file, defaultProfile: name === DEFAULT ? name : existing(file, name) };
    }
    const profile = profileOf(file, key.profile);
    const name = profile ? key.profile : profileName(key.profile);
    return { ...file, profiles: { ...file.profiles, [name]: { ...profile, [key.field]: value } } };
  });
  ui.result({
    json: { ...said, path: settingsPath(paths().config) },
    text: `${said.key}=${said.value}`,
    quiet: [said.key],
  });
}

/** `sora config unset <key>`: a field, the default profile's name, or a whole profile; what is not set stays so. */
export async function runConfigUnset(context: Context, text: string): Promise<undefined> {
  const { ui, paths } = context;
  let said = { key: '', removed: false };
  // A look first: a home where nothing is set needs no file, lock or folder.
  const unset = (file: SettingsFile): SettingsFile => {
    const key = parseKey(text, context, file);
    const { changed, removed } = without(file, key);
    said = { key: nameOf(key), removed };
    return changed;
  };
  unset(await readSettingsFile(paths().config));
  if (said.removed) await changeSettings(paths().config, unset);
  if (!said.removed) ui.note(`${said.key} was not set.`);
  ui.result({ json: said, text: said.removed ? `${said.key} is no longer set.` : '', quiet: [said.key] });
}

function without(file: SettingsFile, key: Key): { readonly changed: SettingsFile; readonly removed: boolean } {
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

/** The name of a profile may hold dots: the field is what follows the last one. */
function parseKey(text: string, { globals, runtime }: Context, file: SettingsFile): Key {
  if (text === 'defaultProfile') return { kind: 'default' };
  const short = PROFILE_KEYS.find((field) => field === text);
  if (short) {
    const profile = globals.profile ?? (runtime.env.SORA_PROFILE || undefined) ?? file.defaultProfile ?? DEFAULT;
    return { kind: 'field', profile, field: short };
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

function nameOf(key: Key): string {
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

function rowsOf(file: SettingsFile, profile: string): { readonly key: string; readonly value: Value }[] {
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
  allowHttp: (text) => trueOrFalse('allowHttp', text),
  autoCast: (text) => trueOrFalse('autoCast', text),
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
