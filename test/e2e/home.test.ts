/** Where the built program keeps things when the environment does not say, or says what cannot be meant. */
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BIN, FIXTURES, makeMachine } from '../helpers/cli.ts';
import { ffmpegPath } from '../helpers/ffmpeg.ts';
import { tempFolder } from '../helpers/temp.ts';

/** Of a user whom no list of users knows, as in a container that is run under any number. */
const NOBODY = 54_321;

/** Whether such a user can be had here, and may read the program. */
const canBeNobody = process.getuid?.() === 0 && [BIN, FIXTURES, ffmpegPath, process.execPath].every(isPublic);

function isPublic(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o005) === 0) return false;
  return true;
}

/** Runs the program as that user, with nothing in the environment but what is named. */
function soraAsNobody(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>, input = '') {
  const all = { PATH: process.env.PATH ?? '', SORA_FFMPEG: ffmpegPath, CI: '1', ...env };
  const who = { uid: NOBODY, gid: NOBODY };
  return execa(process.execPath, [BIN, ...args], { reject: false, extendEnv: false, cwd, env: all, input, ...who });
}

async function nobodysFolder(): Promise<string> {
  const folder = await tempFolder();
  chmodSync(folder, 0o777);
  return folder;
}

const joe = join(FIXTURES, 'joe.mp4');
const ANY_KEY = 'sk-any-0123456789abcdef';

describe.skipIf(!canBeNobody)('a user without an entry and without a home folder', { timeout: 60_000 }, () => {
  const HOMES = [{}, { HOME: '' }, { HOME: 'relative' }];

  it.each(HOMES)('is told what to set, and P5: has no key put into the working folder: %o', async (env) => {
    const cwd = await nobodysFolder();
    for (const args of [['auth', 'login', 'openai'], ['video', 'list'], ['config', 'set', 'model', 'sora-2'], []]) {
      const { exitCode, stderr } = await soraAsNobody(cwd, args, env, ANY_KEY);
      expect(stderr).toMatch(/^error: There is nowhere to keep anything: .*\nhint: Set SORA_HOME to /);
      expect(exitCode).toBe(12);
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('has what needs no place', async () => {
    const cwd = await nobodysFolder();
    for (const args of [['--version'], ['--help'], ['help', 'video'], ['clip', 'inspect', '-q', joe]]) {
      const { exitCode, stdout } = await soraAsNobody(cwd, args, {});
      expect(stdout).not.toBe('');
      expect(exitCode).toBe(0);
    }
  });

  it.each(['SORA_HOME', 'XDG'])('keeps everything where %s says', async (name) => {
    const cwd = await nobodysFolder();
    const xdg = (kind: string): [string, string] => [`XDG_${kind}_HOME`, join(cwd, kind)];
    const env =
      name === 'XDG'
        ? Object.fromEntries(['CONFIG', 'DATA', 'STATE', 'CACHE'].map(xdg))
        : { SORA_HOME: join(cwd, 'home') };
    const settings = name === 'XDG' ? join(cwd, 'CONFIG', 'sora') : join(cwd, 'home');
    expect((await soraAsNobody(cwd, ['auth', 'login', 'openai'], env, ANY_KEY)).exitCode).toBe(0);
    // The settings are read by a library that would ask for the home folder.
    for (const args of [
      ['config', 'set', 'provider', 'sandbox'],
      ['config', 'list'],
      ['character', 'list'],
    ]) {
      expect(await soraAsNobody(cwd, args, env)).toMatchObject({ exitCode: 0 });
    }
    const made = await soraAsNobody(cwd, ['video', 'generate', 'A pier.', '--json'], env);
    expect(made).toMatchObject({ exitCode: 0 });
    expect(readdirSync(settings)).toEqual(expect.arrayContaining(['config.json', 'keys.json']));
  });
});

describe('the home folder', () => {
  it.each(['', 'relative', './here', '/no\nplace'])(
    'P5: is that of the list of users where HOME is %j',
    async (HOME) => {
      const machine = makeMachine();
      const env = { SORA_HOME: undefined, HOME };
      const { stdout } = await machine.sora(['store', 'path', '--json'], { env });
      expect(JSON.parse(stdout).settings).toBe(join(userInfo().homedir, '.config', 'sora'));
      expect(readdirSync(machine.dir)).toEqual([]);
    },
  );
});

describe('SORA_HOME', () => {
  it.each(['~/sora', '~', '/srv/sora\r', '/srv/caf\ufffd'])(
    'P5: that cannot be meant is refused, and nothing is made: %j',
    async (home) => {
      const machine = makeMachine({ SORA_HOME: home });
      const { exitCode, stderr } = await machine.sora(['auth', 'login', 'openai'], { input: ANY_KEY });
      expect(stderr).toMatch(/^error: SORA_HOME (is ~|has a line break|is not UTF-8).*\nhint: /);
      expect(exitCode).toBe(2);
      expect(existsSync(join(machine.dir, '~'))).toBe(false);
      expect(readdirSync(machine.dir)).toEqual([]);
    },
  );

  it('that is relative is of the working folder, which is said', async () => {
    const machine = makeMachine({ SORA_HOME: 'cast' });
    const { exitCode, stderr } = await machine.sora(['config', 'set', 'model', 'sora-2']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('SORA_HOME is relative: here it is ');
    expect(readdirSync(join(machine.dir, 'cast'))).toEqual(['config.json']);
  });
});

describe('a working folder that was removed', () => {
  it('is named as what is wrong, and the version is told all the same', async () => {
    const machine = makeMachine();
    const shell = (line: string) =>
      execa('/bin/sh', ['-c', line, process.execPath, BIN], { reject: false, env: machine.env, cwd: machine.dir });
    const away = 'mkdir away && cd away && rmdir ../away &&';
    const version = await shell(`${away} "$0" "$1" --version`);
    expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    const list = await shell(`${away} "$0" "$1" video list`);
    expect(list).toMatchObject({
      exitCode: 12,
      stderr: expect.stringContaining('The current folder no longer exists'),
    });
  });
});

describe.skipIf(process.platform !== 'linux')('an argument', () => {
  const shell = (words: string) => {
    const { env, dir } = makeMachine({ SORA_PROVIDER: 'sandbox' });
    return execa('/bin/bash', ['-c', `"$0" "$1" ${words}`, process.execPath, BIN], {
      ...{ env, extendEnv: false, cwd: dir, reject: false },
    });
  };

  it.each([
    "video generate $'caf\\xe9' --dry-run",
    "character show $'caf\\xe9'",
    "clip inspect $'caf\\xe9.mp4'",
    "video generate A. --tag $'caf\\xe9' --json",
  ])('that is not UTF-8 is refused: %s', async (words) => {
    const { exitCode, stderr } = await shell(words);
    expect(stderr).toMatch(/The argument \\?"caf\ufffd(\.mp4)?\\?" is not UTF-8\./);
    expect(exitCode).toBe(2);
  });

  it('may name a file by U+FFFD itself', async () => {
    const { stderr } = await shell("clip inspect 'caf\ufffd.mp4'");
    expect(stderr).toMatch(/^error: .*caf\ufffd\.mp4.*\nhint: Check the path/);
  });
});
