/** Files that the built program makes for its user: what a kill leaves of them, and what stands where they are to be. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { output } from '../../src/cli/options.ts';
import { BIN, type Machine, makeMachine } from '../helpers/cli.ts';
import { quickened } from '../helpers/here.ts';
import { bringJoe, fittingJoe } from '../helpers/joe.ts';
import { quickFfmpeg } from '../helpers/quick-ffmpeg.ts';

/** Copied and not encoded, which takes a tenth of the time. */
let joe: string;
beforeAll(async () => {
  joe = await fittingJoe();
});

/** The words of a command, in which `CLIP` stands for the clip. */
function onClip(words: readonly string[]): string[] {
  return words.map((word) => (word === 'CLIP' ? joe : word));
}

/** Files in the making, by path. */
function unfinished(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|\/)\.[^/]*$/.test(name) && !name.startsWith('home/'))
    .map((name) => join(folder, name));
}

async function untilOneIsBegun(folder: string): Promise<void> {
  while (unfinished(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
}

function ageByAnHour(path: string): void {
  const seconds = Date.now() / 1000 - 3600;
  utimesSync(path, seconds, seconds);
}

describe('P4: a command that is killed while it makes a file', { timeout: 120_000 }, () => {
  it.each([
    ['clip prepare', ['clip', 'prepare', 'CLIP', '-o', 'joe.mp4'], ['joe.mp4']],
    ['clip sheet', ['clip', 'sheet', 'CLIP', '-o', 'joe.png'], ['joe.png']],
    ['character export', ['character', 'export', '-o', 'cast.json', '--with-clips'], ['cast.clips', 'cast.json']],
  ] as const)('%s leaves nothing that the next one does not remove', async (name, args, files) => {
    // Nothing is kept that would make it too quick to be killed.
    const machine = makeMachine({ SORA_FFMPEG: quickFfmpeg() });
    if (name === 'character export') await bringJoe(machine.home);
    const run = machine.sora(onClip(args));
    await untilOneIsBegun(machine.dir);
    run.kill('SIGKILL');
    expect((await run).signal).toBe('SIGKILL');
    const left = unfinished(machine.dir);
    expect(left.length).toBeGreaterThan(0);
    expect(existsSync(join(machine.dir, files.at(-1) ?? ''))).toBe(false);
    left.forEach(ageByAnHour);

    expect(await quickened(machine).sora(onClip(args))).toMatchObject({ exitCode: 0 });
    expect(unfinished(machine.dir)).toEqual([]);
    expect(
      readdirSync(machine.dir)
        .filter((one) => one !== 'home')
        .sort(),
    ).toEqual(files);
  });
});

describe.skipIf(process.platform === 'win32')('-o', { timeout: 120_000 }, () => {
  const COMMANDS = [
    ['clip prepare', ['clip', 'prepare', 'CLIP']],
    ['clip sheet', ['clip', 'sheet', 'CLIP']],
    ['character export', ['character', 'export']],
    ['video generate', ['video', 'generate', 'A pier.', '--provider', 'sandbox']],
  ] as const;

  describe.each(COMMANDS)('of %s', (name, args) => {
    async function machineFor(): Promise<Machine> {
      const machine = makeMachine();
      if (name === 'character export') await bringJoe(machine.home);
      return machine;
    }

    it('P4: replaces no device, no pipe and nothing that is open, forced or not, and pays nothing', async () => {
      const machine = await machineFor();
      // A link here, and not /dev/stdout itself: it would be gone from this machine if this test failed.
      const links = { device: '/dev/null', open: '/proc/self/fd/1', loop: 'loop', away: 'none/file' };
      for (const [link, target] of Object.entries(links)) symlinkSync(target, join(machine.dir, link));
      execFileSync('mkfifo', [join(machine.dir, 'pipe')]);
      for (const target of [...Object.keys(links), 'pipe'])
        for (const force of [[], ['--force']]) {
          // What is open is the process's own.
          const { sora } = target === 'open' ? machine : quickened(machine);
          const { exitCode = -1, stderr } = await sora([...onClip(args), '-o', target, ...force]);
          expect(stderr).toMatch(/^error: .*\nhint: ./m);
          expect(exitCode, stderr).toBe(2);
          expect(lstatSync(join(machine.dir, target)).isFile()).toBe(false);
        }
      expect(unfinished(machine.dir)).toEqual([]);
      expect(existsSync(join(machine.home, 'jobs'))).toBe(false);
    });

    it('P4: writes what a link leads to, and the link stays', async () => {
      const machine = await machineFor();
      mkdirSync(join(machine.dir, 'sub'));
      writeFileSync(join(machine.dir, 'sub', 'old'), 'old');
      symlinkSync('sub/old', join(machine.dir, 'link'));
      const run = await quickened(machine).sora([...onClip(args), '-o', 'link', '--force', '--json']);
      expect(run).toMatchObject({ exitCode: 0 });
      expect(lstatSync(join(machine.dir, 'link')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(machine.dir, 'sub', 'old')).byteLength).toBeGreaterThan(100);
      expect(run.stdout).toContain(JSON.stringify(join(machine.dir, 'link')));
      expect(unfinished(machine.dir)).toEqual([]);
    });
  });

  it('P4: writes no clip over itself through a link', async () => {
    const machine = makeMachine();
    copyFileSync(joe, join(machine.dir, 'joe.mp4'));
    symlinkSync('joe.mp4', join(machine.dir, 'link.mp4'));
    const prepare = ['clip', 'prepare', 'joe.mp4', '-o', 'link.mp4', '--force'];
    const { exitCode, stderr } = await quickened(machine).sora(prepare);
    expect(stderr).toContain('The clip cannot be written over itself.');
    expect(exitCode).toBe(2);
    expect(readFileSync(join(machine.dir, 'joe.mp4')).equals(readFileSync(joe))).toBe(true);
  });

  it.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '-'])('is stdout as %s', (name) => {
    expect(output(name)).toBe('-');
  });

  it('brings a video to where stdout leads, whatever stdout is called', async () => {
    const machine = makeMachine();
    const made = await quickened(machine).sora(['video', 'generate', 'A pier.', '--provider', 'sandbox', '-q']);
    const line = `"$0" "$1" video wait "$2" -o /dev/stdout > out.mp4`;
    const run = await execa('/bin/sh', ['-c', line, process.execPath, BIN, made.stdout], {
      ...{ env: machine.env, extendEnv: false, cwd: machine.dir, reject: false },
    });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(machine.dir, 'out.mp4')).subarray(4, 8).toString()).toBe('ftyp');
    expect(lstatSync('/dev/stdout').isFile()).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('a stream that cannot be written', { timeout: 60_000 }, () => {
  const shell = (line: string) => {
    const { env, dir } = makeMachine();
    return execa('/bin/bash', ['-c', line, process.execPath, BIN], {
      ...{ env: { ...env, TELLS: TELLING }, extendEnv: false, cwd: dir, reject: false },
    });
  };
  /** A result, with something to say on stderr: that the home is relative. */
  const TELLING = 'provider list';

  it.each(['2>/dev/full', '2>&-', '2> >(exec 0<&-)'])(
    'is no fault of the result where it is stderr: %s',
    async (redirected) => {
      const run = await shell(`SORA_HOME=here "$0" "$1" $TELLS ${redirected}`);
      expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('wavespeed') });
      const refused = await shell(`"$0" "$1" video show none ${redirected}`);
      expect(refused).toMatchObject({ exitCode: 2 });
    },
  );

  it.each([
    ['$TELLS', /^error: stdout could not be written: the disk is full\.\nhint: /m],
    ['$TELLS --json', /^\{"error":\{"code":"machine","exit":12,.*the disk is full/m],
    ['--version', /^error: stdout could not be written/],
  ])('is an error where it is stdout: %s', async (words, said) => {
    const { exitCode, stderr } = await shell(`SORA_HOME=here "$0" "$1" ${words} >/dev/full`);
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(12);
  });
});
