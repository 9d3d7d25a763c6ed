import { describe, expect, it } from 'vitest';
import { type StorePaths, type Surroundings, storePaths } from '../../src/disk/paths.ts';

function pathsOf(env: Surroundings['env'], more: Partial<Surroundings> = {}): StorePaths {
  return storePaths({ env, platform: 'linux', homeDir: '/home/ann', cwd: '/work', ...more });
}

describe('storePaths', () => {
  it('puts everything under SORA_HOME', () => {
    const paths = pathsOf({ SORA_HOME: '/srv/sora', XDG_DATA_HOME: '/data' });
    expect(paths).toEqual({
      config: '/srv/sora',
      data: '/srv/sora',
      state: '/srv/sora',
      cache: '/srv/sora/cache',
      characters: '/srv/sora/characters',
      clips: '/srv/sora/clips',
      costs: '/srv/sora/costs.jsonl',
      jobs: '/srv/sora/jobs',
      sandbox: '/srv/sora/sandbox',
    });
  });

  it('takes a relative SORA_HOME from the working folder', () => {
    expect(pathsOf({ SORA_HOME: './cast' }).clips).toBe('/work/cast/clips');
  });

  it.each([
    ['linux', {}, '/home/ann/.config/sora', '/home/ann/.local/share/sora/clips', '/home/ann/.local/state/sora/jobs'],
    [
      'linux',
      { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s' },
      '/c/sora',
      '/d/sora/clips',
      '/s/sora/jobs',
    ],
    [
      'linux',
      { SORA_HOME: '', XDG_CONFIG_HOME: '', XDG_DATA_HOME: 'relative', XDG_STATE_HOME: './s' },
      '/home/ann/.config/sora',
      '/home/ann/.local/share/sora/clips',
      '/home/ann/.local/state/sora/jobs',
    ],
    [
      'darwin',
      {},
      '/home/ann/Library/Application Support/sora',
      '/home/ann/Library/Application Support/sora/clips',
      '/home/ann/Library/Application Support/sora/jobs',
    ],
  ])('keeps config, data and state apart on %s with %o', (platform, env, config, clips, jobs) => {
    expect(pathsOf(env, { platform })).toMatchObject({ config, clips, jobs });
  });

  it('follows the application folders of Windows', () => {
    const env = { APPDATA: 'C:\\Users\\ann\\AppData\\Roaming' };
    expect(pathsOf(env, { platform: 'win32', homeDir: 'C:\\Users\\ann' })).toMatchObject({
      config: 'C:\\Users\\ann\\AppData\\Roaming\\sora',
      jobs: 'C:\\Users\\ann\\AppData\\Local\\sora\\jobs',
    });
  });

  const XDG = { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/k' };
  it.each([
    ['SORA_HOME', { SORA_HOME: '/srv/sora' }, '/srv/sora', '/srv/sora/cache'],
    ['the XDG variables', XDG, '/c/sora', '/k/sora'],
  ])('needs no home folder beside %s', (_what, env, config, cache) => {
    expect(pathsOf(env, { homeDir: undefined })).toMatchObject({ config, cache });
  });

  it.each([
    [{}, 'XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME and XDG_CACHE_HOME'],
    [{ SORA_HOME: '', ...XDG, XDG_STATE_HOME: 'state' }, 'XDG_STATE_HOME'],
  ])('names what to set where there is no place: %o', (env, variables) => {
    expect(() => pathsOf(env, { homeDir: undefined })).toThrow(
      expect.objectContaining({
        code: 'machine',
        message: 'There is nowhere to keep anything: this user has no home folder.',
        hint: `Set SORA_HOME to the full path of a folder of your own, or ${variables}.`,
      }),
    );
  });

  it('has none on Windows without a profile folder', () => {
    const none = { platform: 'win32', homeDir: undefined };
    expect(() => pathsOf({ APPDATA: 'Roaming' }, none)).toThrow(expect.objectContaining({ code: 'machine' }));
    const env = { APPDATA: 'C:\\R', LOCALAPPDATA: 'C:\\L' };
    expect(pathsOf(env, none).config).toBe('C:\\R\\sora');
  });

  it.each(['~', '~/sora', '~ann/sora'])('P5: makes no folder of a ~ that was not expanded: %s', (home) => {
    expect(() => pathsOf({ SORA_HOME: home })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(home) }),
    );
    expect(pathsOf({ SORA_HOME: `./${home}` }).config).toBe(`/work/${home}`);
  });

  it.each(['SORA_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'])(
    'refuses a line break in %s',
    (variable) => {
      expect(() => pathsOf({ [variable]: '/srv/sora\r\n' })).toThrow(
        expect.objectContaining({ code: 'usage', hint: `Without it, it would be: ${variable}=/srv/sora` }),
      );
    },
  );

  it.each(['/', '/srv/sora/', '/srv//sora', '/srv/./x/../sora'])('takes %s as it is meant', (home) => {
    const plain = home === '/' ? '' : '/srv/sora';
    expect(pathsOf({ SORA_HOME: home }).jobs).toBe(`${plain}/jobs`);
    expect(pathsOf({ XDG_STATE_HOME: home }).jobs).toBe(`${plain}/sora/jobs`);
  });

  it('P5: puts nothing into the working folder for a relative XDG variable', () => {
    for (const value of ['', '.', '..', 'x', './x', '~', '~/x']) {
      const env = { XDG_CONFIG_HOME: value, XDG_DATA_HOME: value, XDG_STATE_HOME: value, XDG_CACHE_HOME: value };
      for (const path of Object.values(pathsOf(env))) expect(path).toMatch(/^\/home\/ann\//);
    }
  });
});
