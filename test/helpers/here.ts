/** The program without a process of its own, on a user's machine, in real time: for what follows on a killed command. */
import { uptime } from 'node:os';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../../src/cli/run.ts';
import type { Machine } from './cli.ts';
import { Captured } from './host.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the clock stands still at `atMs`, a pause is over at once. */
export async function runHere(
  { dir, env }: Pick<Machine, 'dir' | 'env'>,
  args: readonly string[],
  { atMs }: { readonly atMs?: number } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const exitCode = await runCli(args, {
    env,
    cwd: dir,
    platform: process.platform,
    homeDir: dir,
    uptimeSeconds: uptime,
    stdin: { stream: Readable.from([]), isTTY: false },
    stdout: { stream: stdout, isTTY: false, columns: 80 },
    stderr: { stream: stderr, isTTY: false, columns: 80 },
    clock:
      atMs === undefined
        ? { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }) }
        : { now: () => atMs, sleep: async () => {} },
    random: Math.random,
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}
