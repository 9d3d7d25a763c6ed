/** A coding agent that knows nothing but the skill: what it costs, how often it calls, and how much it has to read. */
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Machine, makeMachine } from '../helpers/cli.ts';
import { examplesOf, SKILL, tableBehind } from '../helpers/documents.ts';
import { film720 } from '../helpers/film.ts';
import { fittingJoe } from '../helpers/joe.ts';
import { runtimeIn } from '../helpers/runtime.ts';
import { tempFolder } from '../helpers/temp.ts';
import { rendererOf } from '../sandbox/harness.ts';

const MOST_CALLS = 8;
const MOST_BYTES = 8192;

interface World extends Machine {
  /** What the host was asked to make, in order. */
  readonly videos: () => number;
  readonly characters: () => number;
  /** Ends the process of the next call, once the host has answered such a request: what a tool does that loses patience. */
  killAt(request: RegExp): void;
  /** One command of the agent; undefined where it was killed. */
  call(line: string): Promise<{ readonly exit: number | undefined; readonly read: string }>;
}

/** A machine and a host whose jobs take 30 s. A pause of a command moves the clock of both, and takes no time. */
async function world(): Promise<World> {
  /** What was slept and did not pass. */
  let skippedMs = 0;
  const now = (): number => Date.now() + skippedMs;
  const stateDir = await tempFolder();
  let killed: { readonly request: RegExp; kill?: () => void } | undefined;
  const sandbox = await startSandbox({
    ...{ stateDir, ffmpeg: 'none', renderer: rendererOf(readFileSync(await film720())), now },
    scenario: { version: 1, jobSeconds: 30 },
    log(line) {
      if (killed?.request.test(line)) killed.kill?.();
    },
  });
  onTestFinished(() => sandbox.close());
  // The user has named this host.
  const machine = makeMachine({ OPENAI_BASE_URL: sandbox.url, OPENAI_API_KEY: 'sandbox' });
  for (const name of ['joe.mp4', 'ann.mp4']) copyFileSync(await fittingJoe(), join(machine.dir, name));
  const count = (kind: string): number => {
    const folder = join(stateDir, kind);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0;
  };
  return {
    ...machine,
    videos: () => count('jobs'),
    characters: () => count('characters'),
    killAt(request) {
      killed = { request };
    },
    async call(line) {
      const args = wordsOf(line);
      if (killed) {
        const process = machine.sora(args);
        killed = { ...killed, kill: () => void process.kill('SIGKILL') };
        const { signal, stdout, stderr } = await process;
        expect(signal).toBe('SIGKILL');
        killed = undefined;
        return { exit: undefined, read: `${stdout}${stderr}` };
      }
      const { runtime, stdout, stderr } = runtimeIn(machine, { env: machine.env });
      const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
        signal?.throwIfAborted();
        skippedMs += ms;
      };
      const exit = await runCli(args, {
        ...{ ...runtime, clock: { now, sleep } },
        uptimeSeconds: () => uptime() + skippedMs / 1000,
      });
      return { exit, read: stdout.text() + stderr.text() };
    },
  };
}

/** Of a line of the skill, without `sora`; quotes hold words together. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(1);
}

/** The commands under a heading of the skill. */
function linesUnder(title: string): readonly string[] {
  const example = examplesOf(SKILL).find((one) => one.title === title);
  return (example?.script ?? '').split('\n').filter((line) => line.startsWith('sora '));
}

/** What the skill says of the end of a command. */
const advice = (exit: number): string =>
  tableBehind('## Exit codes', SKILL.path).find(([code]) => code === String(exit))?.[1] ?? '';

describe('an agent that follows the skill', () => {
  it.each([
    ['while it waits', /GET \/v1\/videos\/video_/],
    ['as soon as its request is carried out', /POST \/v1\/videos /],
  ])(
    'P2: makes one video of two characters though it is killed %s: at most 8 calls and 8 KB',
    async (_title, request) => {
      const host = await world();
      const [create = '', dryRun = '', send = ''] = linesUnder('One video');
      expect([create, dryRun, send].map((line) => line.split(' ')[2])).toEqual(['create', 'generate', 'generate']);
      expect(SKILL.text).toContain('`-c` once for each character');
      const both = (line: string): string =>
        line.replace('Joe waves at the sea.', 'Joe and Ann dance.').replace('-c Joe', '-c Joe -c Ann');
      // Its tool stops commands after 25 s.
      const wait = both(send).replace('--timeout 90s', '--timeout 20s');
      let calls = 0;
      let bytes = 0;
      const call = async (line: string): Promise<number | undefined> => {
        calls += 1;
        const { exit, read } = await host.call(line);
        bytes += Buffer.byteLength(read);
        return exit;
      };

      expect(await call(create)).toBe(0);
      expect(await call(create.replaceAll(/joe/gi, (name) => (name === 'joe' ? 'ann' : 'Ann')))).toBe(0);
      expect(await call(both(dryRun))).toBe(0);
      expect(host.videos()).toBe(0);
      host.killAt(request);
      expect(await call(wait)).toBe(undefined);
      // A command that was killed: the sixth rule.
      expect(SKILL.text).toMatch(/A command that was killed, .*: `sora video status`, then the same command again\./);
      expect(await call('sora video status')).toBe(0);
      const exits: (number | undefined)[] = [];
      do exits.push(await call(wait));
      while (calls < MOST_CALLS && exits.at(-1) !== 0 && advice(exits.at(-1) ?? 0).includes('the same command again'));

      expect(exits).toEqual([8, 0]);
      expect(existsSync(join(host.dir, 'sea.mp4'))).toBe(true);
      expect({ videos: host.videos(), characters: host.characters() }).toEqual({ videos: 1, characters: 2 });
      expect(calls).toBeLessThanOrEqual(MOST_CALLS);
      expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
      // The skill itself is read once, too.
      expect(bytes + Buffer.byteLength(SKILL.text)).toBeLessThanOrEqual(MOST_BYTES);
    },
    60_000,
  );
});
