/** `sora config`: the settings file, one field at a time. */
import type { Context } from '../context.ts';
import {
  getSetting,
  listSettings,
  nameOfKey,
  parseSettingKey,
  profileSettings,
  type SettingKey,
  setSetting,
  unsetSetting,
} from '../settings/fields.ts';
import { changeSettings, readSettingsFile, type SettingsFile, settingsPath } from '../settings/settings.ts';

/** `sora config path` */
export async function runConfigPath({ ui, paths }: Context): Promise<undefined> {
  const path = settingsPath(paths().config);
  ui.result({ json: { path }, text: path, quiet: [path] });
}

/** `sora config list`: everything that is set, under its full key. */
export async function runConfigList({ ui, paths }: Context): Promise<undefined> {
  const rows = listSettings(await readSettingsFile(paths().config));
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
  const key = keyNamed(context, text, file);
  const json = { key: nameOfKey(key), value: getSetting(file, key) };
  if (key.kind === 'profile') {
    const rows = profileSettings(file, key.profile);
    const lines = rows.map((row) => `${row.key}=${row.value}`);
    ui.result({ json, text: lines.join('\n'), quiet: rows.map(({ value }) => `${value}`) });
    return;
  }
  ui.result({ json, text: `${json.value}`, quiet: [`${json.value}`] });
}

/** `sora config set <key> <value>`: a profile that is not there yet is made. */
export async function runConfigSet(context: Context, text: string, given: string): Promise<undefined> {
  const { ui, paths } = context;
  let said = { key: '', value: '' as string | boolean | number };
  await changeSettings(paths().config, (file) => {
    const { changed, setting } = setSetting(file, keyNamed(context, text, file), given);
    said = setting;
    return changed;
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
    const key = keyNamed(context, text, file);
    const { changed, removed } = unsetSetting(file, key);
    said = { key: nameOfKey(key), removed };
    return changed;
  };
  unset(await readSettingsFile(paths().config));
  if (said.removed) await changeSettings(paths().config, unset);
  if (!said.removed) ui.note(`${said.key} was not set.`);
  ui.result({ json: said, text: said.removed ? `${said.key} is no longer set.` : '', quiet: [said.key] });
}

function keyNamed({ globals, runtime }: Context, text: string, file: SettingsFile): SettingKey {
  return parseSettingKey(text, { file, profile: globals.profile ?? (runtime.env.SORA_PROFILE || undefined) });
}
