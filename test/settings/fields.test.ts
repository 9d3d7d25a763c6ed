import { describe, expect, it } from 'vitest';
import {
  getSetting,
  listSettings,
  parseSettingKey,
  profileSettings,
  setSetting,
  unsetSetting,
} from '../../src/settings/fields.ts';
import type { SettingsFile } from '../../src/settings/settings.ts';

const FILE: SettingsFile = {
  version: 1,
  defaultProfile: 'work',
  profiles: {
    work: { provider: 'openai', baseUrl: 'https://me:secret@gateway.example.com/v1' },
    'a.b': { model: 'm' },
  },
};

const keyOf = (text: string, profile?: string) => parseSettingKey(text, { file: FILE, profile });

describe('a key of the settings', () => {
  it.each([
    ['defaultProfile', undefined, { kind: 'default' }],
    ['model', undefined, { kind: 'field', profile: 'work', field: 'model' }],
    ['model', 'home', { kind: 'field', profile: 'home', field: 'model' }],
    ['profiles.a.b.model', undefined, { kind: 'field', profile: 'a.b', field: 'model' }],
    ['profiles.a.b', undefined, { kind: 'profile', profile: 'a.b' }],
  ])('%s names one thing, with the profile %s', (text, profile, key) => {
    expect(keyOf(text, profile)).toEqual(key);
  });

  it('that does not exist is refused, and one that may be a secret is told where it belongs', () => {
    expect(() => keyOf('modle')).toThrow(/There is no setting "modle"/);
    expect(() => keyOf('apiKey')).toThrow(expect.objectContaining({ hint: expect.stringContaining('auth login') }));
  });
});

describe('the settings file', () => {
  it('is read without passwords, as a whole, by profile and by key', () => {
    const url = 'https://gateway.example.com/v1';
    expect(listSettings(FILE)).toEqual([
      { key: 'defaultProfile', value: 'work' },
      { key: 'profiles.work.provider', value: 'openai' },
      { key: 'profiles.work.baseUrl', value: expect.not.stringContaining('secret') },
      { key: 'profiles.a.b.model', value: 'm' },
    ]);
    expect(profileSettings(FILE, 'a.b')).toEqual([{ key: 'profiles.a.b.model', value: 'm' }]);
    expect(getSetting(FILE, keyOf('baseUrl'))).toEqual(expect.stringContaining(new URL(url).host));
    expect(() => getSetting(FILE, keyOf('autoCast'))).toThrow(/profiles\.work\.autoCast is not set/);
  });

  it('is another one after a change, and the file that was given stays as it was', () => {
    const before = JSON.stringify(FILE);
    const { changed, setting } = setSetting(FILE, keyOf('allowHttp', 'new'), 'true');
    expect(setting).toEqual({ key: 'profiles.new.allowHttp', value: true });
    expect(changed.profiles).toEqual({ ...FILE.profiles, new: { allowHttp: true } });
    expect(unsetSetting(changed, keyOf('allowHttp', 'new'))).toMatchObject({ removed: true });
    expect(unsetSetting(FILE, keyOf('allowHttp', 'new'))).toEqual({ changed: FILE, removed: false });
    expect(() => unsetSetting(FILE, { kind: 'profile', profile: 'work' })).toThrow(/is the default profile/);
    expect(JSON.stringify(FILE)).toBe(before);
  });
});
