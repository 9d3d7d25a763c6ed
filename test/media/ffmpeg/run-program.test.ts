import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { linesOf, runProgram } from '../../../src/media/ffmpeg/run-program.ts';
import { runExitSteps } from '../../../src/shared/at-exit.ts';
import { advanceUntilTold } from '../../helpers/advance.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const LIMITS = { timeoutMs: 60_000 };
const HANGS = 'echo ready; exec tail -f /dev/null';
const program = async (script: string): Promise<string> => (await fakeFfmpeg(script)).path;
afterEach(() => void vi.useRealTimers());

/** Runs it, and does something once it says that it is ready. */
async function whenReady(script: string, act: () => unknown, options: Partial<Parameters<typeof runProgram>[2]> = {}) {
  return runProgram(await program(script), [], {
    ...LIMITS,
    ...options,
    async readStdout(output) {
      for await (const line of linesOf(output)) if (line === 'ready') await act();
    },
  });
}

it('tells both outputs and how it ended', async () => {
  const run = await runProgram(await program('echo "$1"; echo worse >&2; exit 3'), ['a b'], LIMITS);
  expect(run).toMatchObject({ stderr: 'worse\n', exitCode: 3, signal: undefined, failed: true, timedOut: false });
  expect(run.stdout.toString()).toBe('a b\n');
  expect(await runProgram(await program('exit 0'), [], LIMITS)).toMatchObject({ exitCode: 0, failed: false });
  expect(await runProgram(await program('kill -SEGV $$'), [], LIMITS)).toMatchObject({
    signal: 'SIGSEGV',
    failed: true,
  });
});

it('runs in a folder, with an input that may be left unread, and with none', async () => {
  const cwd = await tempFolder();
  const input = new Uint8Array(1_000_000).fill(65);
  const run = await runProgram(await program('pwd; wc -c'), [], { ...LIMITS, cwd, input });
  expect(
    run.stdout
      .toString()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([cwd, '1000000', '']);
  expect(await runProgram(await program('exit 0'), [], { ...LIMITS, input })).toMatchObject({ failed: false });
  expect((await runProgram(await program('wc -c'), [], LIMITS)).stdout.toString().trim()).toBe('0');
});

it('has the code of the system where it cannot be started', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'text'), 'text');
  expect(await runProgram(join(folder, 'none'), [], LIMITS)).toMatchObject({ code: 'ENOENT', failed: true });
  expect(await runProgram(join(folder, 'text'), [], LIMITS)).toMatchObject({ code: 'EACCES', exitCode: undefined });
});

it('ends it after its time, and for good where it does not heed that', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  let passedMs = 0;
  const late = async (): Promise<void> => {
    passedMs = await advanceUntilTold(vi.getTimerCount());
  };
  expect(await whenReady(HANGS, late)).toMatchObject({ timedOut: true, failed: true, signal: 'SIGTERM' });
  expect(passedMs).toBeGreaterThanOrEqual(60_000);
  const stubborn = await whenReady(`trap '' TERM; ${HANGS}`, async () => {
    await late();
    await vi.advanceTimersByTimeAsync(2_000);
  });
  expect(stubborn).toMatchObject({ timedOut: true, failed: true, signal: 'SIGKILL' });
});

it('ends it when the caller gives up, also before it has begun', async () => {
  const [now, before] = [new AbortController(), AbortSignal.abort()];
  const ended = { failed: true, timedOut: false };
  expect(await whenReady(HANGS, () => now.abort(), { signal: now.signal })).toMatchObject(ended);
  expect(await runProgram(await program(HANGS), [], { ...LIMITS, signal: before })).toMatchObject(ended);
});

it('ends it when this process ends', async () => {
  expect(await whenReady(HANGS, runExitSteps)).toMatchObject({ signal: 'SIGKILL' });
});

it('keeps no more than it may', async () => {
  const run = await runProgram(await program('exec yes'), [], { ...LIMITS, maxBytes: 1000 });
  expect(run).toMatchObject({ failed: true, timedOut: false });
  expect(run.stdout.length).toBeLessThan(200_000);
});

it('throws what a reader throws, once the program has ended', async () => {
  const run = whenReady(HANGS, () => {
    throw new Error('no picture');
  });
  await expect(run).rejects.toThrow('no picture');
});

it('ends with a reader that has seen enough', async () => {
  const path = await program('while echo more; do :; done 2>/dev/null; exit 4');
  const seen: string[] = [];
  const run = await runProgram(path, [], {
    ...LIMITS,
    async readStdout(output) {
      for await (const line of linesOf(output)) if (seen.push(line) === 3) return;
    },
  });
  expect(seen).toEqual(['more', 'more', 'more']);
  expect(run.failed).toBe(true);
});

it('reads lines wherever they are cut', async () => {
  const bytes = Buffer.from('eins\r\nzwei ä\n\nvier');
  const lines: string[][] = [];
  for (let at = 0; at <= bytes.length; at += 1) {
    async function* pieces() {
      yield bytes.subarray(0, at);
      yield bytes.subarray(at);
    }
    const found: string[] = [];
    for await (const line of linesOf(pieces())) found.push(line);
    lines.push(found);
  }
  expect(new Set(lines.map((one) => one.join('|')))).toEqual(new Set(['eins|zwei ä||vier']));
});
