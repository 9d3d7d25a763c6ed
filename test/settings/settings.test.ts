import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { changeSettings, readSettings } from '../../src/settings/settings.ts';
import { tempFolder } from '../helpers/temp.ts';

async function write(content: unknown): Promise<string> {
  const dir = await tempFolder();
  await writeFile(join(dir, 'config.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return dir;
}

describe('readSettings', () => {
  it('has defaults without a file, and makes nothing', async () => {
    const dir = join(await tempFolder(), 'sora');
    const settings = await readSettings(dir);
    expect([settings.defaultProfile, settings.profiles, settings.profile()]).toEqual(['default', [], {}]);
    expect(() => settings.profile('work')).toThrow(expect.objectContaining({ code: 'usage' }));
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reads profiles and which of them is the default', async () => {
    const work = {
      provider: 'openai',
      baseUrl: 'http://gateway:4000/v1',
      backend: 'litellm',
      model: 'sora-2',
      allowHttp: true,
      autoCast: false,
    };
    const dir = await write({ version: 1, defaultProfile: 'work', profiles: { default: { model: 'm' }, work } });
    const settings = await readSettings(dir);
    expect(settings.profiles).toEqual(['default', 'work']);
    expect(settings.profile()).toEqual(work);
    expect(settings.profile('default')).toEqual({ model: 'm' });
    expect(settings.path).toBe(join(dir, 'config.json'));
    expect(await readdir(dir)).toEqual(['config.json']);
  });

  it('takes a file that an editor began with a byte order mark', async () => {
    const dir = await write('\uFEFF{"version":1}');
    expect((await readSettings(dir)).profile()).toEqual({});
  });

  it.each(['constructor', '__proto__', 'toString'])('has no profile named %s of itself', async (name) => {
    const settings = await readSettings(await write({ version: 1, profiles: { work: {} } }));
    expect(() => settings.profile(name)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('work') }),
    );
  });

  it.each([
    ['', 'it is not valid JSON'],
    ['{"version":1,', 'it is not valid JSON'],
    [[], 'it is not an object'],
    ['null', 'it is not an object'],
    [{ profiles: {} }, 'it has no version'],
    [{ version: 2 }, 'it was written by a newer version of sora (format 2; this one reads up to 1)'],
    [{ version: 1, profiles: [] }, 'profiles is not an object'],
    [{ version: 1, profiles: { work: 'openai' } }, 'profiles.work is not an object'],
    [{ version: 1, profiles: { work: { model: 7 } } }, 'profiles.work.model is not text'],
    [{ version: 1, profiles: { work: { baseUrl: 'gateway:4000' } } }, 'profiles.work.baseUrl is not an http(s) URL'],
    [{ version: 1, profiles: { work: { backend: 'ollama' } } }, 'profiles.work.backend is not one of openai, azure'],
    [{ version: 1, profiles: { work: { allowHttp: 'yes' } } }, 'profiles.work.allowHttp is not true or false'],
    [{ version: 1, profiles: { work: { autoCast: 'ask' } } }, 'profiles.work.autoCast is not true or false'],
    [{ version: 1, defaultProfile: 'work' }, 'defaultProfile names work, which is not among the profiles'],
  ])('refuses %j, names the file and the field, and changes nothing', async (content, reason) => {
    const dir = await write(content);
    const path = join(dir, 'config.json');
    const before = await readFile(path, 'utf8');
    await expect(readSettings(dir)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining(`The settings in ${path} cannot be used: ${reason}`),
    });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(dir)).toEqual(['config.json']);
  });

  it('warns of fields that mean nothing', async () => {
    const warn = vi.fn();
    const dir = await write({ version: 1, colour: true, profiles: { work: { baseURL: 'https://x' } } });
    await readSettings(dir, { platform: 'win32', warn });
    expect(warn.mock.calls.flat()).toEqual([
      `${join(dir, 'config.json')} has an unknown field: colour`,
      `${join(dir, 'config.json')} has an unknown field: profiles.work.baseURL`,
    ]);
  });

  it('P5: warns when others may read or change it, and writes it for its owner alone', async () => {
    const dir = await write({ version: 1 });
    const path = join(dir, 'config.json');
    await chmod(path, 0o666);
    const warn = vi.fn();
    await readSettings(dir, { platform: 'linux', warn });
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(/may read or change .*config\.json\. Run: chmod 600/),
    ]);
    await changeSettings(dir, (file) => ({ ...file, profiles: { work: {} } }));
    await readSettings(dir, { platform: 'linux', warn });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('says what stands in the way of reading', async () => {
    const file = join(await tempFolder(), 'file');
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(file, 'config.json'), { recursive: true });
    await expect(readSettings(file)).rejects.toMatchObject({
      code: 'machine',
      message: `Cannot read ${join(file, 'config.json')}: a folder is where a file should be.`,
    });
  });
});
