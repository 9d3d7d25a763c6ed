/** Where things are kept. Nothing is made here. Pure. */
import { posix, win32 } from 'node:path';
import { SoraError } from '../shared/errors.ts';
import { listOf, oneLine, shellQuote } from '../shared/text.ts';

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
  /** The ledger of what was paid for; part of the state. */
  readonly costs: string;
  /** What the built-in sandbox remembers; part of the state. */
  readonly sandbox: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Base = 'config' | 'data' | 'state' | 'cache';

/** The machine as far as it decides where things are kept. */
export interface Surroundings {
  readonly env: Environment;
  /** As `process.platform`. */
  readonly platform: string;
  /** Absolute; undefined where the user has none. */
  readonly homeDir: string | undefined;
  readonly cwd: string;
}

/**
 * `SORA_HOME` puts everything under one folder (a relative one is taken from `cwd`). Else each kind follows its XDG
 * variable, else the platform's habit. Relative XDG values are ignored, as that specification says:
 * https://specifications.freedesktop.org/basedir-spec/latest/
 * Throws SoraError `usage` for a value that cannot be meant as a path, `machine` where a kind has no place.
 */
export function storePaths({ env, platform, homeDir, cwd }: Surroundings): StorePaths {
  const { join, resolve } = flavour(platform);
  const layout = (base: Pick<StorePaths, Base>): StorePaths => ({
    ...base,
    characters: join(base.data, 'characters'),
    clips: join(base.data, 'clips'),
    jobs: join(base.state, 'jobs'),
    costs: join(base.state, 'costs.jsonl'),
    sandbox: join(base.state, 'sandbox'),
  });

  const home = wholePath(env, 'SORA_HOME');
  if (home !== undefined) {
    // Only an unquoted ~ is expanded by a shell; a Dockerfile and a unit file leave each as it is.
    if (home.startsWith('~'))
      throw new SoraError('usage', `SORA_HOME is ${oneLine(home)}, in which the ~ was not expanded.`, {
        hint: 'Write the full path. In a shell, write $HOME, or leave the ~ outside of quotes.',
      });
    const folder = resolve(cwd, home);
    return layout({ config: folder, data: folder, state: folder, cache: join(folder, 'cache') });
  }

  const usual = usualBases(env, platform, homeDir);
  const missing: string[] = [];
  const base = (kind: Base): string => {
    const variable = `XDG_${kind.toUpperCase()}_HOME`;
    const place = absolutePath(env, variable, platform) ?? usual?.[kind];
    if (place === undefined) missing.push(variable);
    return join(place ?? '', 'sora');
  };
  const bases = { config: base('config'), data: base('data'), state: base('state'), cache: base('cache') };
  if (missing.length > 0)
    throw new SoraError('machine', 'There is nowhere to keep anything: this user has no home folder.', {
      hint: `Set SORA_HOME to the full path of a folder of your own, or ${listOf(missing)}.`,
    });
  return layout(bases);
}

/** Undefined unless the variable holds an absolute path. Throws as `storePaths` for one that cannot be meant. */
export function absolutePath(env: Environment, variable: string, platform: string): string | undefined {
  const path = wholePath(env, variable);
  return path !== undefined && flavour(platform).isAbsolute(path) ? path : undefined;
}

/** A carriage return at the end of a line of a settings file would make a folder that nobody can see the name of. */
function wholePath(env: Environment, variable: string): string | undefined {
  const path = env[variable] || undefined;
  if (path?.includes('\ufffd'))
    throw new SoraError('usage', `${variable} is not UTF-8: ${oneLine(path)}`, {
      hint: 'Set it in UTF-8, or rename the folder.',
    });
  if (path === undefined || !/\p{Cc}/u.test(path)) return path;
  throw new SoraError('usage', `${variable} has a line break or another control character in it.`, {
    hint: `Without it, it would be: ${variable}=${shellQuote(path.replace(/\p{Cc}/gu, ''))}`,
  });
}

function flavour(platform: string): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

type Bases = Readonly<Record<Base, string>>;

function usualBases(env: Environment, platform: string, homeDir: string | undefined): Bases | undefined {
  if (platform === 'win32') {
    const ofHome = (name: string) => homeDir && win32.join(homeDir, 'AppData', name);
    const roaming = absolutePath(env, 'APPDATA', platform) ?? ofHome('Roaming');
    const local = absolutePath(env, 'LOCALAPPDATA', platform) ?? ofHome('Local');
    if (!roaming || !local) return undefined;
    return { config: roaming, data: local, state: local, cache: win32.join(local, 'Temp') };
  }
  if (homeDir === undefined) return undefined;
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
