/** The program without a process of its own, on a user's machine, in real time: for all but what a process alone can show. */
import { getEventListeners, setMaxListeners } from 'node:events';
import { uptime } from 'node:os';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../../src/cli/run.ts';
import { type Machine, makeMachine, type RunOptions } from './cli.ts';
import { Captured } from './runtime.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine whose commands run here: words, files and exit codes are the same, and most take less time than a process takes to start. */
export interface QuickMachine extends Omit<Machine, 'sora'> {
  sora(args: readonly string[], more?: RunOptions): Promise<Ran>;
}

/** Removed after the test. */
export function makeQuickMachine(env: Readonly<Record<string, string>> = {}): QuickMachine {
  return quickened(makeMachine(env));
}

/** The same machine, whose commands run here; see `runHere` for `clock`. */
export function quickened(machine: Machine, clock: { readonly atMs?: number } = {}): QuickMachine {
  return {
    ...machine,
    async sora(args, { env: more = {}, input = '', cwd = machine.dir } = {}) {
      const place = { dir: cwd, env: { ...machine.env, ...more }, input, homeDir: machine.dir };
      const ran = await runHere(place, args, clock);
      // As a shell and the processes of `makeMachine` give it.
      return { ...ran, stdout: ran.stdout.replace(/\n$/, ''), stderr: ran.stderr.replace(/\n$/, '') };
    },
  };
}

/** Where a command runs: its folder, its environment, and what is piped to it. */
interface Place {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** `dir` unless given. */
  readonly homeDir?: string;
}

/**
 * Where the clock stands still at `atMs`, a pause is over at once. Throws where a command leaves listeners on the signal of its
 * process: each piece of work would leave another one in a long run.
 */
export async function runHere(
  { dir, env, input, homeDir = dir }: Place,
  args: readonly string[],
  { atMs }: { readonly atMs?: number } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const { signal } = new AbortController();
  // As of the real one: many jobs that are waited for at once are no leak.
  setMaxListeners(0, signal);
  const exitCode = await runCli(args, {
    env,
    cwd: dir,
    platform: process.platform,
    homeDir,
    uptimeSeconds: uptime,
    stdin: { stream: Readable.from(input ? [Buffer.from(input)] : []), isTTY: false },
    stdout: { stream: stdout, isTTY: false, columns: 80 },
    stderr: { stream: stderr, isTTY: false, columns: 80 },
    clock:
      atMs === undefined
        ? { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }) }
        : { now: () => atMs, sleep: async () => {} },
    random: Math.random,
    signal,
  });
  const left = getEventListeners(signal, 'abort').length;
  if (left > 0) throw new Error(`${left} listeners were left on the signal by: sora ${args.join(' ')}`);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}
