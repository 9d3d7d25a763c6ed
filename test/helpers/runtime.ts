/** The outer world of one test: a home, a folder to work in, captured output, and a clock that never waits. */
import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type Context, createContext, type Globals, type Runtime } from '../../src/context.ts';
import { SoraError } from '../../src/shared/errors.ts';
import { createUi } from '../../src/terminal/ui.ts';
import { cachedFfmpegPath } from './ffmpeg-cache.ts';
import { tempFolder } from './temp.ts';

export const START = Date.parse('2026-11-21T10:00:00Z');

export interface RuntimeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Readable | string | Uint8Array;
  /** Which of the streams are a terminal; none unless named. */
  readonly tty?: readonly ('stdin' | 'stdout' | 'stderr')[];
  readonly columns?: number;
}

export interface TestRuntime {
  readonly runtime: Runtime;
  /** The working directory: empty. */
  readonly dir: string;
  readonly home: string;
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** The wall clock; who sets it adds to `setMs` as well, so that the machine has not been up for longer. */
  readonly clock: { ms: number; setMs: number };
  /** Milliseconds of every pause that was asked for. */
  readonly pauses: number[];
  /** What a signal does: `interrupted` is Ctrl-C, `terminated` is SIGTERM. */
  abort(code: 'interrupted' | 'terminated'): void;
}

export interface TestContext extends TestRuntime {
  readonly context: Context;
  /** The same home and folder as another run of the program would find them. */
  again(globals?: Partial<Globals>, options?: RuntimeOptions): Promise<TestContext>;
}

/** A stream that keeps what is written to it. */
export class Captured extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  text(): string {
    return this.bytes().toString();
  }

  /** What NDJSON says, line by line. */
  json(): unknown[] {
    return this.text()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}

export async function createTestRuntime(options: RuntimeOptions = {}): Promise<TestRuntime> {
  const root = await tempFolder();
  const [dir, home] = [join(root, 'work'), join(root, 'home')];
  await mkdir(dir);
  return runtimeIn({ dir, home }, options);
}

/** In folders that are there already, and stay. */
export function runtimeIn({ dir, home }: { dir: string; home: string }, options: RuntimeOptions): TestRuntime {
  const { env = {}, stdin = '', tty = [], columns = 80 } = options;
  const [stdout, stderr] = [new Captured(), new Captured()];
  const clock = { ms: START, setMs: 0 };
  const pauses: number[] = [];
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let seed = 7;
  const runtime: Runtime = {
    env: { SORA_HOME: home, SORA_FFMPEG: cachedFfmpegPath, ...env },
    cwd: dir,
    platform: 'linux',
    homeDir: home,
    uptimeSeconds: () => 5000 + (clock.ms - clock.setMs - START) / 1000,
    stdin: {
      stream: stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]),
      isTTY: tty.includes('stdin'),
    },
    stdout: { stream: stdout, isTTY: tty.includes('stdout'), columns },
    stderr: { stream: stderr, isTTY: tty.includes('stderr'), columns },
    clock: {
      now: () => clock.ms,
      async sleep(ms, signal) {
        signal?.throwIfAborted();
        pauses.push(ms);
        clock.ms += ms;
      },
    },
    random() {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    signal: controller.signal,
  };
  const abort: TestRuntime['abort'] = (code) => controller.abort(new SoraError(code, 'Stopped. Nothing was created.'));
  return { runtime, dir, home, stdout, stderr, clock, pauses, abort };
}

/** A context over a fresh home, closed when the running test ends. Plain text without colours unless `globals` say otherwise. */
export async function createTestContext(
  globals: Partial<Globals> = {},
  options: RuntimeOptions = {},
): Promise<TestContext> {
  return contextOf(await createTestRuntime(options), globals, options);
}

function contextOf(test: TestRuntime, partial: Partial<Globals>, options: RuntimeOptions): TestContext {
  const globals: Globals = { json: false, quiet: false, debug: false, ...partial };
  const { stdout, stderr } = test.runtime;
  const ui = createUi({
    ...{ stdout, stderr, json: globals.json, quiet: globals.quiet },
    ...{ color: { stdout: false, stderr: false }, animate: false },
  });
  const context = createContext(test.runtime, globals, ui);
  onTestFinished(() => context.close());
  return {
    ...test,
    context,
    again: async (more = {}, next = {}) =>
      contextOf(runtimeIn(test, { ...options, ...next }), { ...partial, ...more }, { ...options, ...next }),
  };
}
