/** PURE: where things are kept. Nothing is made here. */
import { posix, win32 } from 'node:path';

/** Folders of one home, as absolute as the environment allows. */
export interface StorePaths {
  /** Holds `config.json`. */
  readonly config: string;
  readonly data: string;
  readonly state: string;
  readonly cache: string;
  /** Character records; part of the data. */
  readonly characters: string;
  /** Master clips, named by their content; part of the data. */
  readonly clips: string;
  /** Job records; part of the state. */
  readonly jobs: string;
  /** What the built-in sandbox remembers; part of the state. */
  readonly sandbox: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `SORA_HOME` puts everything under one folder (a relative one is taken from `cwd`, where that is given). Else each kind
 * follows its XDG variable, else the platform's habit. Relative XDG values are ignored, as that specification says:
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function storePaths(env: Environment, platform: string, homeDir: string, cwd?: string): StorePaths {
  const { join, resolve, isAbsolute } = platform === 'win32' ? win32 : posix;
  const layout = (base: Pick<StorePaths, 'config' | 'data' | 'state' | 'cache'>): StorePaths => ({
    ...base,
    characters: join(base.data, 'characters'),
    clips: join(base.data, 'clips'),
    jobs: join(base.state, 'jobs'),
    sandbox: join(base.state, 'sandbox'),
  });

  if (env.SORA_HOME) {
    const home = cwd === undefined ? env.SORA_HOME : resolve(cwd, env.SORA_HOME);
    return layout({ config: home, data: home, state: home, cache: join(home, 'cache') });
  }

  const usual = usualBases(env, platform, homeDir);
  const base = (variable: string, fallback: string) => {
    const value = env[variable];
    return join(value && isAbsolute(value) ? value : fallback, 'sora');
  };
  return layout({
    config: base('XDG_CONFIG_HOME', usual.config),
    data: base('XDG_DATA_HOME', usual.data),
    state: base('XDG_STATE_HOME', usual.state),
    cache: base('XDG_CACHE_HOME', usual.cache),
  });
}

type Bases = Readonly<Record<'config' | 'data' | 'state' | 'cache', string>>;

function usualBases(env: Environment, platform: string, homeDir: string): Bases {
  if (platform === 'win32') {
    const roaming = env.APPDATA || win32.join(homeDir, 'AppData', 'Roaming');
    const local = env.LOCALAPPDATA || win32.join(homeDir, 'AppData', 'Local');
    return { config: roaming, data: local, state: local, cache: win32.join(local, 'Temp') };
  }
  if (platform === 'darwin') {
    const support = posix.join(homeDir, 'Library', 'Application Support');
    return { config: support, data: support, state: support, cache: posix.join(homeDir, 'Library', 'Caches') };
  }
  return {
    config: posix.join(homeDir, '.config'),
    data: posix.join(homeDir, '.local', 'share'),
    state: posix.join(homeDir, '.local', 'state'),
    cache: posix.join(homeDir, '.cache'),
  };
}
