import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BIN, makeMachine } from '../helpers/cli.ts';

const PRELOAD = fileURLToPath(new URL('../helpers/loaded.js', import.meta.url));
const HEAVY = ['conf', 'undici', 'ora', 'execa', 'fluent-ffmpeg', 'mediainfo.js', 'proper-lockfile', 'ffmpeg-static'];

async function modulesOf(args: readonly string[]): Promise<{ stdout: string; modules: string[] }> {
  const { env, dir } = makeMachine();
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

/** It is part of the bundle: a name of its own schemas tells which chunk has it. */
async function usesValibot(args: readonly string[]): Promise<boolean> {
  const chunks = (await modulesOf(args)).modules.filter((url) => url.startsWith('/') && url.includes('/dist/'));
  expect(chunks.length).toBeGreaterThan(0);
  return chunks.some((url) => readFileSync(url, 'utf8').includes('exact_optional'));
}

describe('start-up', () => {
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
    expect(heavy(modules)).toEqual(['execa', 'mediainfo.js']);
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

  it('lets Node keep compiled code, where it can, once there is something of the user here', async () => {
    const { sora, home } = makeMachine();
    const code = join(home, 'cache', 'code');
    await sora(['character', 'list']);
    expect(existsSync(home)).toBe(false);

    mkdirSync(join(home, 'characters'), { recursive: true });
    await sora(['--version']);
    expect(existsSync(code)).toBe(false);
    await sora(['character', 'list']);
    expect(existsSync(code)).toBe('enableCompileCache' in module);
    if (!existsSync(code)) return;
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
