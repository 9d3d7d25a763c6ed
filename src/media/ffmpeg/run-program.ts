/**
 * Runs ffmpeg to its end, by node:child_process alone: a library for that takes longer to load and to start the first
 * process than ffmpeg takes to look at a clip.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { atExit } from '../../shared/at-exit.ts';
import { systemCode } from '../../shared/errors.ts';
import { watchForHang } from './hang-watch.ts';
import { KILL_AFTER_MS } from './process.ts';

/** Reads an output to its end, or to where it has seen enough: the program finds its output closed then. */
export type OutputReader = (output: AsyncIterable<Uint8Array>) => Promise<void>;

export interface RunOptions {
  /** An abort ends it as a timeout does; what the abort stands for is the caller's to throw. */
  readonly signal?: AbortSignal | undefined;
  /** As `watchForHang` counts it: what a busy machine keeps from the program is not in it. SIGTERM comes then, and SIGKILL two seconds later. */
  readonly timeoutMs: number;
  readonly cwd?: string | undefined;
  /** Its standard input; nothing unless given. */
  readonly input?: Uint8Array | undefined;
  /** Output without a reader is kept. */
  readonly readStdout?: OutputReader | undefined;
  readonly readStderr?: OutputReader | undefined;
  /** Reads file descriptor 3, which is not open otherwise. */
  readonly readExtra?: OutputReader | undefined;
  /** An output that is kept and grows beyond this ends the run, which has failed then; 1 MB unless given. */
  readonly maxBytes?: number;
}

export interface ProgramRun {
  /** Empty where a reader had it. */
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Undefined where a signal ended it, or it could not be started. */
  readonly exitCode: number | undefined;
  /** The name of the signal that ended it. */
  readonly signal: NodeJS.Signals | undefined;
  /** It did not end by itself with 0. */
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** The system's code for why it could not be started, such as ENOENT. */
  readonly code: string | undefined;
  readonly cause: unknown;
}

const MAX_BYTES = 1_000_000;

/** Never throws but what a reader throws, which ends the run as well. */
export async function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<ProgramRun> {
  const { signal, timeoutMs, cwd, input, readStdout, readStderr, readExtra, maxBytes = MAX_BYTES } = options;
  const how = { windowsHide: true, ...(cwd !== undefined && { cwd }) };
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const stdio: StdioOptions = [stdin, 'pipe', 'pipe', ...(readExtra ? (['pipe'] as const) : [])];
  const child = spawn(path, args, { ...how, stdio });
  const [, stdout, stderr, extra] = child.stdio as unknown as readonly [unknown, Readable, Readable, Readable?];
  const ended = new Promise<{ code: number | null; by: NodeJS.Signals | null; error?: unknown }>((done) => {
    child.once('close', (code, by) => done({ code, by }));
    child.once('error', (error) => done({ code: null, by: null, error }));
  });
  // One that ends without reading it all is told by its exit code.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);

  const timers: NodeJS.Timeout[] = [];
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    child.kill('SIGTERM');
    timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS));
  };
  let timedOut = false;
  const watch = watchForHang(child.pid, timeoutMs, () => {
    timedOut = true;
    stop();
  });
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const release = atExit(() => child.kill('SIGKILL'));

  const kept = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const keep =
    (chunks: Uint8Array[]): OutputReader =>
    async (output) => {
      let bytes = 0;
      for await (const chunk of output) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) return stop();
      }
    };
  let failure: { readonly error: unknown } | undefined;
  const read = Promise.all([
    (readStdout ?? keep(kept.stdout))(stdout),
    (readStderr ?? keep(kept.stderr))(stderr),
    extra && readExtra?.(extra),
  ]).catch((error: unknown) => {
    failure = { error };
    stop();
  });
  const { code, by, error } = await ended;
  if (error === undefined) await read;
  watch.stop();
  for (const timer of timers) clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  release();
  if (failure) throw failure.error;
  return {
    stdout: Buffer.concat(kept.stdout),
    stderr: Buffer.concat(kept.stderr).toString(),
    exitCode: code ?? undefined,
    signal: by ?? undefined,
    failed: isStopped || code !== 0,
    timedOut,
    code: error === undefined ? undefined : systemCode(error),
    cause: error,
  };
}

/** The lines of an output, without their ends. */
export async function* linesOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}
