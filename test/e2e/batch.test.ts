/** A night's batch: many lines, a host in trouble, and processes that are killed. Counted by what the host was asked to make. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultPromise } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchReport } from '../../src/batches/report.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type Machine, makeMachine } from '../helpers/cli.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { tempFolder } from '../helpers/temp.ts';
import { rendererOf } from '../sandbox/harness.ts';

const LINES = TEST_ALL ? 300 : 120;
const MOST_MB = 250;

interface Night extends Machine {
  readonly sandbox: Sandbox;
  /** The prompts that the host was ever asked to make, sorted. */
  made(): string[];
  /** Runs the batch; with `killAt`, kills it as soon as the host has been asked for that many videos in all. */
  run(words?: readonly string[], killAt?: number): ResultPromise;
}

/** A host in this process that makes tiny videos at once, and a machine without ffmpeg: decoding would take longer than all the rest. */
async function night(lines: number, scenario: object): Promise<Night> {
  const stateDir = await tempFolder();
  let creates = 0;
  const waiting: { at: number; kill: () => void }[] = [];
  const sandbox = await startSandbox({
    ...{ stateDir, ffmpeg: 'none', renderer: rendererOf(await makeVideo()) },
    scenario: { version: 1, jobSeconds: 0.05, ...scenario },
    log(line) {
      if (!/POST \/v1\/videos /.test(line)) return;
      creates += 1;
      for (const one of waiting) if (creates >= one.at) one.kill();
    },
  });
  onTestFinished(() => sandbox.close());
  const preload = "process.on('exit',()=>process.stderr.write('RSS '+process.resourceUsage().maxRSS+' kB\\n'))";
  const machine = makeMachine({
    ...{ PATH: '/nonexistent', SORA_FFMPEG: '/nonexistent', OPENAI_BASE_URL: sandbox.url, OPENAI_API_KEY: 'sandbox' },
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
  });
  writeFileSync(
    join(machine.dir, 'p.jsonl'),
    Array.from(
      { length: lines },
      (_, index) => `${JSON.stringify({ id: `n${index}`, prompt: promptOf(index) })}\n`,
    ).join(''),
  );
  return {
    ...{ ...machine, sandbox },
    made: () =>
      readdirSync(join(stateDir, 'jobs'))
        .filter((name) => name.endsWith('.json'))
        .map((name) => JSON.parse(readFileSync(join(stateDir, 'jobs', name), 'utf8')).prompt as string)
        .toSorted(),
    run(words = [], killAt) {
      const fast = ['--jobs', '12', '--poll-interval', '100ms', '--allow-drift', '--max-cost', '1000'];
      const run = machine.sora(['batch', 'run', 'p.jsonl', ...fast, ...words]);
      if (killAt !== undefined) waiting.push({ at: killAt, kill: () => void run.kill('SIGKILL') });
      return run as unknown as ResultPromise;
    },
  };
}

const promptOf = (index: number): string => `A lighthouse, seen for the ${index}th time.`;

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const reset = (how: 'before' | 'after', skip: number): object => ({
  ...{ match: { call: 'create' }, skip, times: 1, reset: how },
});

const limited = (skip: number): object => ({
  ...{ match: { call: 'create' }, skip, times: 2, respond: { status: 429, headers: { 'retry-after': '0.1' } } },
});

/** `{"lines": [...]}` of a run with `--json`. */
function reportOf(stdout: unknown): BatchReport & { readonly next?: string } {
  return JSON.parse(String(stdout));
}

/** At its most. */
function megabytesOf(stderr: unknown): number {
  return Number(/^RSS (\d+) /m.exec(String(stderr))?.[1]) / 1024;
}

/** So many lines behind the first of a night of three hundred. */
const lineAt = (line: number): number => Math.round((line * LINES) / 300);

describe(`${LINES} lines`, () => {
  it('killed five times, in trouble with their host, are made once each by one process below 250 MB, or named with exit 7', async () => {
    const { run, made, dir, home } = await night(LINES, {
      rules: [
        ...[20, 140, 220].map((line) => limited(lineAt(line))),
        reset('after', lineAt(160)),
        reset('before', lineAt(190)),
      ],
      jobs: [
        ...Array.from({ length: lineAt(200) }, () => ({})),
        { fail: { code: 'moderation_blocked', message: 'Not this one.' } },
      ],
    });
    const random = seeded(20_261_128);
    /** Somewhere in the next tenth of the requests. */
    const soon = (): number => made().length + 4 + Math.floor(random() * lineAt(25));
    const killed = async (...runs: ResultPromise[]): Promise<void> => {
      for (const one of await Promise.all(runs)) expect(one.signal, String(one.stderr)).toBe('SIGKILL');
    };
    await killed(run([], soon()));
    rmSync(home, { recursive: true });
    await killed(run([], soon()));
    const both = soon();
    await killed(run([], both), run(['--journal', 'ci'], both));
    await killed(run(['--shard', '1/3'], soon()));
    rmSync(home, { recursive: true });
    await killed(run([], soon()));

    const { exitCode, stdout, stderr } = await run(['--json']);
    const { lines, totals, exit, next = '' } = reportOf(stdout);
    expect(exitCode, String(stderr)).toBe(exit);
    expect(megabytesOf(stderr)).toBeLessThan(MOST_MB);
    const unknown = lines.filter(({ state }) => state === 'unknown');
    const failed = lines.filter(({ state }) => state === 'failed');
    expect(failed.map(({ exit: own, why }) => [own, why])).toEqual([[11, 'Not this one.']]);
    expect(totals).toMatchObject({ total: LINES, done: LINES - unknown.length - 1, running: 0, waiting: 0 });
    expect(exit).toBe(unknown.length > 0 ? 7 : 11);
    for (const { id } of unknown) expect(String(stderr)).toContain(id);
    // The host's own list: none twice, and nobody is missing but those that are named.
    const prompts = made();
    expect(new Set(prompts).size).toBe(prompts.length);
    const missing = lines.filter(({ line = 0 }) => !prompts.includes(promptOf(line - 1))).map(({ id }) => id);
    expect(unknown.map(({ id }) => id)).toEqual(expect.arrayContaining(missing));
    for (const { file, state } of lines)
      if (state === 'done') expect(existsSync(join(dir, file ?? '')), file).toBe(true);
    expect(next).toBe('sora batch run p.jsonl --max-cost 1000 --allow-drift --jobs 12');
    // What the host lists is not sent once more, however a person asks for it; what it does not list was never made.
    const resent = await run(['--json', ...unknown.flatMap(({ id }) => ['--resend', id])]);
    const listed = reportOf(resent.stdout).lines.filter(({ candidates }) => candidates !== undefined);
    const adopted = listed.flatMap(({ id, candidates = [] }) => ['--adopt', `${id}=${candidates[0]?.id}`]);
    const again = await run(['--json', ...adopted]);
    expect(reportOf(again.stdout)).toMatchObject({ exit: 11, totals: { done: LINES - 1, unknown: 0 } });
    expect(new Set(made()).size).toBe(LINES);
    expect(made()).toHaveLength(LINES);
  }, 240_000);
});

describe('what a batch says', () => {
  it('is a line of totals now and then, warnings once, failures last, and one command that continues', async () => {
    const count = 60;
    const { run, made, dir } = await night(count, {
      rules: [limited(20), reset('after', 50)],
      jobs: [
        ...Array.from({ length: 40 }, () => ({})),
        { fail: { code: 'moderation_blocked', message: 'Not this one.' } },
      ],
    });
    const { exitCode, stdout, stderr } = await run(['--summary', 'summary.md', '--results', 'results.jsonl']);
    const said = String(stderr).split('\n');
    expect(exitCode, String(stderr)).toBe(7);
    expect(made()).toHaveLength(count);
    expect(String(stdout).split('\n')).toHaveLength(58);
    expect(String(stdout)).toMatch(/^out\/n\d+\.mp4$/m);
    expect(said).toContain('58 of 60 · 1 failed · 1 unknown · $24.00 of $1000');
    const totals = said.filter((line) => / of 60 /.test(line) && !line.startsWith('error'));
    expect(totals.length).toBeGreaterThan(5);
    expect(totals.length).toBeLessThan(15);
    expect(said.filter((line) => line.startsWith('warning:'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('Continue with:'))).toEqual([
      'Continue with: sora batch run p.jsonl --max-cost 1000 --allow-drift --jobs 12 --summary summary.md --results results.jsonl',
    ]);
    expect(String(stderr)).toMatch(/error: 2 of 60 lines of p\.jsonl are not done:\n- n\d+ \(line \d+\): unknown/);
    expect(said.length).toBeLessThan(30);
    const results = readFileSync(join(dir, 'results.jsonl'), 'utf8').trim().split('\n');
    expect(results.map((line) => JSON.parse(line).id)).toEqual(
      Array.from({ length: count }, (_, index) => `n${index}`),
    );
    expect(readFileSync(join(dir, 'summary.md'), 'utf8')).toMatch(/^# Batch p\.jsonl\n\n58 of 60 done/);
  }, 120_000);
});

describe('Ctrl-C', () => {
  const words = ['--json', '--summary', 'summary.md'];

  it('ends a batch with what is under way named, its summary written and exit 8', async () => {
    const { run, sandbox, dir, made } = await night(6, { jobSeconds: 3600 });
    const running = run(words);
    await asked(made, 6);
    running.kill('SIGINT');
    const { exitCode, stdout, stderr } = await running;
    const { totals, next } = reportOf(stdout);
    expect({ exitCode, totals }, String(stderr)).toMatchObject({ exitCode: 8, totals: { running: 6 } });
    expect(next).toMatch(/^sora batch run p\.jsonl .*--summary summary\.md$/);
    expect(readFileSync(join(dir, 'summary.md'), 'utf8')).toContain('6 running');
    expect(sandbox.url).toContain('127.0.0.1');
  });

  it('for the second time leaves at once, and names every job and one command', async () => {
    const { run, made } = await night(3, { rules: [{ match: { call: 'status' }, delayMs: 60_000 }] });
    const running = run(['--jobs', '3']);
    await asked(made, 3);
    await new Promise((resolve) => setTimeout(resolve, 400));
    running.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 400));
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    const said = String(stderr);
    expect([130, 8], said).toContain(exitCode);
    expect(said.match(/Continue with: sora batch run/g), said).toHaveLength(1);
    expect(said).not.toMatch(/sora video wait/);
  });
});

/** Resolves once the host was asked for so many. */
async function asked(made: () => string[], count: number): Promise<void> {
  while (made().length < count) await new Promise((resolve) => setTimeout(resolve, 50));
}
