/** What is no file where the built program reads one: a pipe that nobody writes into, and a device without an end. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { createCharacterStore } from '../../src/characters/store.ts';
import { createJobStore } from '../../src/videos/jobs/store.ts';
import { BIN, type Machine, makeMachine } from '../helpers/cli.ts';
import { covering } from '../helpers/covering.ts';
import { hashOf, keepSample, sampleJob } from '../helpers/samples.ts';

const STRANGE = [
  ['a pipe', (path: string) => void execFileSync('mkfifo', [path])],
  ['a link to /dev/zero', (path: string) => symlinkSync('/dev/zero', path)],
] as const;

/** The longest that any of these may take: what waits for a pipe waits for good. */
const LIMIT_MS = 30_000;

const JOB = 'job_0mabcdefghijklm';

/** A machine with one character, Joe, and one job. */
async function furnish(): Promise<Machine> {
  const machine = makeMachine({ SORA_PROVIDER: 'sandbox' });
  const at = (folder: string): string => join(machine.home, folder);
  await keepSample(createCharacterStore({ charactersDir: at('characters'), clipsDir: at('clips') }), 'Joe');
  await createJobStore({ dir: at('jobs') }).create(sampleJob(JOB));
  return machine;
}

/** Runs the program without patience: a process whose thread waits in open() outlives SIGINT and SIGTERM. */
async function sora(machine: Machine, args: readonly string[], input = '') {
  const limits = { timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
  const options = { cwd: machine.dir, env: machine.env, extendEnv: false, reject: false, input, ...limits } as const;
  const run = await execa(process.execPath, [BIN, ...args], options);
  expect(run.timedOut, args.join(' ')).toBe(false);
  return { ...run, said: `${run.stdout}\n${run.stderr}` };
}

const JOE = `characters/${hashOf('joe').slice(0, 32)}.json`;
const CLIP = `clips/${hashOf('Joe')}.mp4`;

const FILES: readonly (readonly [place: string, args: string, exitCode: number, said: RegExp])[] = [
  ['config.json', 'config list', 12, /^error: Cannot read .*config\.json: it is not a regular file\.$/m],
  ['config.json', 'config set model sora-2', 12, /config\.json: it is not a regular file/],
  ['config.json', 'video generate A', 12, /config\.json: it is not a regular file/],
  ['keys.json', 'auth status', 12, /^error: Cannot read .*keys\.json: it is not a regular file\.$/m],
  ['keys.json', 'auth login openai', 12, /keys\.json: it is not a regular file/],
  [`jobs/${JOB}.json`, 'video list', 0, /Skipped .*job_.*\.json: it is not a regular file/],
  [`jobs/${JOB}.json`, `video show ${JOB}`, 12, /^error: Cannot read .*job_.*\.json: it is not a regular file\.$/m],
  [`jobs/${JOB}.json`, 'store check', 12, /job_.*\.json: it is not a regular file/],
  [JOE, 'character list', 0, /Skipped .*characters.*\.json: it is not a regular file/],
  [JOE, 'video generate Joe -c Joe', 12, /^error: Cannot read .*characters.*\.json: it is not a regular file\.$/m],
  [JOE, 'store check', 12, /characters.*\.json: it is not a regular file/],
  [CLIP, 'store check', 12, /\.mp4: the clip of Joe is damaged/],
  [CLIP, 'character export -o cast.json --with-clips', 12, /The clip of Joe is damaged/],
  ['cache/jobs.json', 'video list', 0, /job_0mabc/],
  ['cache/characters.json', 'character list', 0, /Joe/],
  ['sandbox/sequence', 'video generate A', 7, /sequence is not a regular file/],
  [
    'jobs/jobs.lock',
    'video generate A',
    12,
    /^error: Cannot lock .*jobs\.lock: a file is where a folder should be\.$/m,
  ],
];

/** Each of the two in the place of each file, and each command with one of them. */
const CELLS = covering(
  FILES.flatMap(([place, args, exitCode, said]) =>
    STRANGE.map(([kind, make]) => ({ kind, make, place, args, exitCode, said })),
  ),
  ({ kind, place, args }) => [`${kind} ${place}`, `${place} ${args}`],
);

describe.skipIf(process.platform === 'win32')('what is no file', () => {
  it.each(CELLS)('as $kind in the place of $place is not waited for: sora $args', async (cell) => {
    const { make, place, args, exitCode, said } = cell;
    const machine = await furnish();
    const path = join(machine.home, place);
    rmSync(path, { force: true });
    mkdirSync(dirname(path), { recursive: true });
    make(path);
    const run = await sora(machine, args.split(' '), 'sk-any-0123456789abcdef');
    expect(run.said).toMatch(said);
    expect(run.exitCode).toBe(exitCode);
  });
});

describe.skipIf(process.platform === 'win32')('what a user names', () => {
  it.each<[args: string, said: RegExp]>([
    ['--cast strange character list', /^error: The cast .*strange cannot be used: it is neither a file nor a pipe\.$/m],
    ['character import strange', /strange cannot be used: it is neither a file nor a pipe\.$/m],
    [
      'sandbox serve --scenario strange',
      /^error: The scenario .*strange cannot be read: it is neither a file nor a pipe/m,
    ],
    ['video generate A --reference strange', /strange is not a file\.$/m],
    ['character create strange --name Mia', /strange is not a file\.$/m],
    ['clip inspect strange', /strange is not a file: a clip is read more than once/],
  ])('that is a device is refused: sora %s', async (args, said) => {
    const machine = await furnish();
    symlinkSync('/dev/zero', join(machine.dir, 'strange'));
    const run = await sora(machine, args.split(' '));
    expect(run.said).toMatch(said);
    expect(run.exitCode).toBe(2);
    expect(readdirSync(machine.dir).sort()).toEqual(['home', 'strange']);
  });

  it.each([
    ['--reference', 'video generate A --reference', /pipe is not a file\.$/m],
    [
      'clip',
      'clip inspect',
      /pipe is not a file: a clip is read more than once, and cannot come from a pipe or a device\.$/m,
    ],
  ])('as a %s that is a pipe is refused', async (_what, args, said) => {
    const machine = await furnish();
    execFileSync('mkfifo', [join(machine.dir, 'pipe')]);
    const run = await sora(machine, [...args.split(' '), 'pipe']);
    expect(run.said).toMatch(said);
    expect(run.exitCode).toBe(2);
  });

  it('as a scenario may be a pipe, as of <(command)', async () => {
    const machine = await furnish();
    const line = `"$0" "$1" sandbox serve --scenario <(echo '{"version": 2}')`;
    const run = await execa('bash', ['-c', line, process.execPath, BIN], {
      ...{ cwd: machine.dir, env: machine.env, reject: false, timeout: LIMIT_MS },
    });
    expect(run.stderr).toContain('scenario.version must be 1, not 2.');
    expect(run.exitCode).toBe(2);
  });
});
