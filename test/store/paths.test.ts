import { describe, expect, it } from 'vitest';
import { storePaths } from '../../src/store/paths.ts';

describe('storePaths', () => {
  it('puts everything under SORA_HOME', () => {
    const paths = storePaths({ SORA_HOME: '/srv/sora', XDG_DATA_HOME: '/data' }, 'linux', '/home/ann');
    expect(paths).toEqual({
      config: '/srv/sora',
      data: '/srv/sora',
      state: '/srv/sora',
      cache: '/srv/sora/cache',
      characters: '/srv/sora/characters',
      clips: '/srv/sora/clips',
      jobs: '/srv/sora/jobs',
      sandbox: '/srv/sora/sandbox',
    });
  });

  it('takes a relative SORA_HOME from the working folder', () => {
    expect(storePaths({ SORA_HOME: './cast' }, 'linux', '/home/ann', '/work').clips).toBe('/work/cast/clips');
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
    expect(storePaths(env, platform, '/home/ann')).toMatchObject({ config, clips, jobs });
  });

  it('follows the application folders of Windows', () => {
    const env = { APPDATA: 'C:\\Users\\ann\\AppData\\Roaming' };
    expect(storePaths(env, 'win32', 'C:\\Users\\ann')).toMatchObject({
      config: 'C:\\Users\\ann\\AppData\\Roaming\\sora',
      jobs: 'C:\\Users\\ann\\AppData\\Local\\sora\\jobs',
    });
  });
});
