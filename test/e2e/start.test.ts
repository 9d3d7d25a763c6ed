import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BIN, makeMachine } from '../helpers/cli.ts';

const PRELOAD = fileURLToPath(new URL('../helpers/loaded.js', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const HEAVY = ['conf', 'undici', 'ora', 'execa', 'fluent-ffmpeg', 'mediainfo.js', 'proper-lockfile', 'ffmpeg-static'];

async function modulesOf(args: readonly string[]): Promise<{ stdout: string; modules: string[] }> {
  const { env, dir } = makeMachine();
  writeFileSync(join(dir, 'film.md'), '---\nsora: 1\n---\n## A\n\nA sea.\n');
  const { stdout, stderr } = await execa(process.execPath, ['--import', PRELOAD, BIN, ...args], {
    env,
    extendEnv: false,
    cwd: dir,
  });
  const loaded = JSON.parse(/^LOADED (.*)$/m.exec(stderr)?.[1] ?? 'null') as string[];
  return { stdout, modules: loaded };
}

function heavy(modules: readonly string[]): string[] {
  // Most are part of the bundle, a file each.
  const isOf = (library: string) => new RegExp(`/node_modules/${library}/|/dist/${library}-[^/]+\\.cjs$`);
  return HEAVY.filter((library) => modules.some((url) => isOf(library).test(url)));
}

/** The files of `dist` by their names without hashes, as often as they are loaded. */
function filesOf(modules: readonly string[]): string[] {
  return modules
    .filter((url) => url.includes('/dist/'))
    .map((url) => basename(url, '.cjs').replace(/-[\w-]{8}$/, ''))
    .toSorted();
}

/** It is part of the bundle: a name of its own schemas tells which chunk has it. */
async function usesValibot(args: readonly string[]): Promise<boolean> {
  const chunks = (await modulesOf(args)).modules.filter((url) => url.startsWith('/') && url.includes('/dist/'));
  expect(chunks.length).toBeGreaterThan(0);
  return chunks.some((url) => readFileSync(url, 'utf8').includes('exact_optional'));
}

const JOE = fileURLToPath(new URL('../../fixtures/joe.mp4', import.meta.url));

/**
 * What each command opens, as files of `dist`, one word for each. Opening a file takes longer than reading it: one more is a
 * decision, not an accident. A row that fails prints what it would have to be.
 */
const LOADED: Readonly<Record<string, string>> = {
  '--version': 'main rolldown-runtime',
  '--help': 'main rolldown-runtime',
  'video generate --help': 'cli main program-video rolldown-runtime',
  'character list': 'cli main manage program-character rolldown-runtime store',
  'video list': 'cli jobs main prices program-video rolldown-runtime status store',
  'video status': 'cli jobs main prices program-video rolldown-runtime settings status status store',
  'video join joe.mp4 -o film.mp4':
    'arguments assemble-film cli clips decode find first-frames fluent-ffmpeg h264-sizes jobs join main mediainfo.js packets piece-names prices probe program-video rolldown-runtime run-plan run-program sound sound-file store take voices',
  'storyboard check film.md':
    'check cli clips jobs main planned-timeline prices program-storyboard rolldown-runtime route send stdin store storyboard voices yaml',
  'video frame joe.mp4 -o frame.png':
    'arguments cli clips decode find first-frames frame frame jobs main mediainfo.js packets prices probe program-video rolldown-runtime run-plan run-program sound store take',
  'config list': 'cli config main program-setup rolldown-runtime settings store',
  'auth status': 'auth cli keys main program-setup rolldown-runtime settings stdin store',
  'store path': 'cli main program-setup rolldown-runtime store',
  'store check': 'cli keys main program-setup rolldown-runtime settings store store store',
  'provider list':
    'cli keys main models models models models models prices program-setup provider rolldown-runtime route settings store',
  'completion bash': 'cli main program-setup rolldown-runtime scripts',
  'clip inspect joe.mp4':
    'arguments bars cli clip clips decode describe filter-output find first-frames inspect-picture judge main measure-kept measure-picture mediainfo.js packets plan probe program-clip rolldown-runtime run-program shapes sound',
  'clip prepare joe.mp4 --dry-run -o out.mp4':
    'arguments cli clip clips command-lines decode find first-frames main mediainfo.js packets plan probe program-clip rolldown-runtime run-program shapes sound',
  'video generate A. --dry-run --provider openai':
    'adapter check-order cli client clips generate jobs keys main models prices program-video refuse-cast rolldown-runtime route send settings stdin store task-wire',
};

describe('start-up', () => {
  it.each(Object.entries(LOADED))('sora %s loads no more than its row says', async (line, row) => {
    const { modules } = await modulesOf(line.split(' ').map((word) => (word === 'joe.mp4' ? JOE : word)));
    const loaded = filesOf(modules);
    const times = (name: string, names: readonly string[]): number => names.filter((one) => one === name).length;
    const more = loaded.filter((name) => times(name, loaded) > times(name, row.split(' ')));
    expect(more, `now it is '${line}': '${loaded.join(' ')}'`).toEqual([]);
  });

  it('has rows of nothing but files of the build', () => {
    const built = filesOf(readdirSync(DIST).map((name) => `/dist/${name}`));
    const named = new Set(Object.values(LOADED).flatMap((row) => row.split(' ')));
    expect([...named].filter((name) => !built.includes(name))).toEqual([]);
  });

  it.each([['--version'], ['--help'], ['character --help'], ['video generate --help']])(
    'sora %s loads no heavy library',
    async (line) => {
      const { modules } = await modulesOf(line.split(' '));
      expect(modules.some((url) => url.endsWith('/dist/main.cjs'))).toBe(true);
      expect(heavy(modules)).toEqual([]);
    },
  );

  it('sora character list loads neither conf nor undici without a settings file', async () => {
    const { modules } = await modulesOf(['character', 'list']);
    expect(heavy(modules)).toEqual([]);
  });

  it('loads the validator of files only where files are read', async () => {
    expect(await usesValibot(['--version'])).toBe(false);
    expect(await usesValibot(['video', 'list'])).toBe(true);
  });

  it('sees a heavy library that is loaded', async () => {
    const { modules } = await modulesOf([
      ...['clip', 'prepare', '--dry-run', '-o', 'out.mp4'],
      fileURLToPath(new URL('../../fixtures/joe.mp4', import.meta.url)),
    ]);
    expect(heavy(modules)).toEqual(['mediainfo.js']);
  });

  it('prints the help that the whole program would make', async () => {
    const [kept, made] = [await modulesOf(['--help']), await modulesOf(['help'])];
    expect(kept.stdout).toBe(made.stdout);
    expect(kept.modules.length).toBeLessThan(made.modules.length);
  });

  it('prints the version of the package', async () => {
    const { stdout } = await modulesOf(['--version']);
    expect(stdout).toBe(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);
  });

  it('lets Node keep compiled code, once there is something of the user here', async ({ skip }) => {
    skip(!('enableCompileCache' in module), 'this Node keeps no compiled code');
    const { sora, home } = makeMachine();
    const code = join(home, 'cache', 'code');
    await sora(['character', 'list']);
    expect(existsSync(home)).toBe(false);

    mkdirSync(join(home, 'characters'), { recursive: true });
    await sora(['--version']);
    expect(existsSync(code)).toBe(false);
    await sora(['character', 'list']);
    expect(statSync(code).mode & 0o777).toBe(0o700);
    expect(readdirSync(code, { recursive: true }).length).toBeGreaterThan(1);
  });

  it('runs no compiled code from a folder that others can write to', async () => {
    const { sora, home } = makeMachine();
    const code = join(home, 'cache', 'code');
    mkdirSync(join(home, 'characters'), { recursive: true });
    mkdirSync(code, { recursive: true });
    chmodSync(code, 0o777);
    const { exitCode } = await sora(['character', 'list']);
    expect(exitCode).toBe(0);
    expect(readdirSync(code)).toEqual([]);
  });
});
