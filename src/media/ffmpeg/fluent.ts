/**
 * Runs one command. The only file that knows fluent-ffmpeg, which is archived and kept on a short lead: it must not look for
 * codecs (it misreads ffmpeg 7 and later), must not be asked for its `progress` event (that runs ffprobe, without any
 * whitelist, on a file that a stranger made), and gets every option as an argument of its own (it splits texts at spaces).
 */
import { PassThrough } from 'node:stream';
import { atExit } from '../../shared/at-exit.ts';
import type { FfmpegCommand } from './arguments.ts';
import { isOpened, isSevere } from './complaints.ts';
import type { Ffmpeg } from './find.ts';
import { type HangWatch, watchForHang } from './hang-watch.ts';
import { isMetadata } from './picture-look.ts';
import { KILL_AFTER_MS } from './process.ts';
import type { OutputReader } from './run-program.ts';

const RUN_TIMEOUT_MS = 900_000;
/** Without another frame, and with nothing more written, for so long, it hangs. */
export const STALL_MS = 60_000;

export interface RunOptions {
  readonly signal: AbortSignal;
  /** As `watchForHang` counts it. */
  readonly timeoutMs?: number | undefined;
  /** The same, until the next frame, or until more is written, counted from the last. */
  readonly stallMs?: number | undefined;
  /** Told how many frames have been encoded. */
  readonly onFrames: (frames: number) => void;
  /** Another output, to the standard output: options, and what reads it to its end. */
  readonly seen?: { readonly options: readonly string[]; readonly read: OutputReader } | undefined;
}

/** How a run ended. */
export interface FluentRun {
  readonly error: Error | undefined;
  readonly stderr: string;
  /** The lines of the log that `metadata` filters printed. */
  readonly printed: readonly string[];
  /** Why it was stopped before its end. */
  readonly stopped: 'timeout' | 'stall' | undefined;
}

/** What is kept of ffmpeg's words: the first lines, which are specific, and the last. */
const KEPT_LINES = 40;

/** The library, which may be loaded before it is needed. */
export async function loadFluent(): Promise<typeof import('fluent-ffmpeg')> {
  return (await import('fluent-ffmpeg')).default;
}

/** Runs it to its end. An abort is an end, too. */
export async function runFluent(
  ffmpeg: Pick<Ffmpeg, 'path'>,
  parts: FfmpegCommand,
  { signal, timeoutMs = RUN_TIMEOUT_MS, stallMs = STALL_MS, onFrames, seen }: RunOptions,
): Promise<FluentRun> {
  const createCommand = await loadFluent();
  const command = createCommand({ stdoutLines: KEPT_LINES });
  Object.assign(command, {
    _checkCapabilities: (done: (error: null) => void) => done(null),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
    // Its own lookup is cached for the whole process, so that two builds could not be used side by side.
    _getFfmpegPath: (done: (error: null, path: string) => void) => done(null, ffmpeg.path),
  });
  for (const { options, url } of parts.inputs) command.input(url).inputOptions(...options);
  // Its end is no reason to end ffmpeg, as fluent-ffmpeg has it for a stream that closes.
  const piped = seen && new PassThrough({ emitClose: false });
  if (seen && piped) command.output(piped).outputOptions(...seen.options);
  // A second attempt writes over the first; the path is ours.
  const told = ['-y', '-loglevel', 'level+info', '-nostats', '-progress', 'pipe:2'];
  command.output(parts.target).outputOptions(...parts.output, ...told);

  // While its inputs are opened, and since: each of them may be long.
  const said: [string[], string[]] = [[], []];
  let keptIn = said[0];
  const printed: string[] = [];
  const keep = (line: string): void => {
    if (isOpened(line)) keptIn = said[1];
    else if (!isSevere(line)) return;
    if (keptIn.push(line) > KEPT_LINES) keptIn.splice(KEPT_LINES / 2, 1);
  };
  let stopped: FluentRun['stopped'];
  const timers: NodeJS.Timeout[] = [];
  const stop = (): void => {
    command.kill('SIGTERM');
    timers.push(setTimeout(() => command.kill('SIGKILL'), KILL_AFTER_MS));
  };
  const giveUp = (why: FluentRun['stopped']): void => {
    if (stopped !== undefined) return;
    stopped = why;
    stop();
  };
  // A copy tells no frames while it reads on, but what it has written.
  const progress = new Map<string, string>();
  const watches: { stall?: HangWatch; whole?: HangWatch } = {};
  const heed = (name: string, value: string): void => {
    if (!/^(?:frame|total_size)$/.test(name) || progress.get(name) === value) return;
    progress.set(name, value);
    watches.stall?.restart();
    if (name === 'frame') onFrames(Number(value));
  };
  const release = atExit(() => command.kill('SIGKILL'));
  const read = seen && piped && seen.read(piped);
  // What was read of a run that failed is of no use.
  read?.catch(() => {});
  const ended = await new Promise<FluentRun>((done) => {
    const settle = (error: Error | undefined): void => {
      release();
      watches.stall?.stop();
      watches.whole?.stop();
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      done({ error, stderr: said.flat().join('\n'), printed, stopped });
    };
    command
      .on('start', () => {
        const { pid } = (command as { ffmpegProc?: { pid?: number } }).ffmpegProc ?? {};
        watches.stall = watchForHang(pid, stallMs, () => giveUp('stall'));
        watches.whole = watchForHang(pid, timeoutMs, () => giveUp('timeout'));
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
      })
      .on('stderr', (line: string) => {
        const [, name, value = ''] = /^(\w+)=\s*(\S*)$/.exec(line) ?? [];
        if (name !== undefined) heed(name, value);
        else if (isMetadata(line)) printed.push(line);
        else keep(line);
      })
      .on('error', (error: Error) => settle(error))
      .on('end', () => settle(undefined))
      .run();
  });
  if (ended.error) piped?.end();
  else await read;
  return ended;
}
