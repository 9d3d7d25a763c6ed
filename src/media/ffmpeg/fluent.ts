/**
 * Runs one command. The only file that knows fluent-ffmpeg, which is archived and kept on a short lead: it must not look for
 * codecs (it misreads ffmpeg 7 and later), must not be asked for its `progress` event (that runs ffprobe, without any
 * whitelist, on a file that a stranger made), and gets every option as an argument of its own (it splits texts at spaces).
 */
import type { FfmpegCommand } from './arguments.ts';
import { isSevere } from './complaints.ts';
import type { Ffmpeg } from './find.ts';
import { KILL_AFTER_MS } from './process.ts';

const RUN_TIMEOUT_MS = 900_000;

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  /** Told how many frames have been encoded. */
  readonly onFrames: (frames: number) => void;
}

/** How a run ended. */
export interface FluentRun {
  readonly error: Error | undefined;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** What is kept of ffmpeg's words: the first lines, which are specific, and the last. */
const KEPT_LINES = 40;

/** Runs it to its end. An abort is an end, too; `timedOut` says that it was stopped after `timeoutMs`. */
export async function runFluent(
  ffmpeg: Pick<Ffmpeg, 'path'>,
  parts: FfmpegCommand,
  { signal, timeoutMs = RUN_TIMEOUT_MS, onFrames }: RunOptions,
): Promise<FluentRun> {
  const { default: createCommand } = await import('fluent-ffmpeg');
  const command = createCommand({ stdoutLines: KEPT_LINES });
  Object.assign(command, {
    _checkCapabilities: (done: (error: null) => void) => done(null),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
    // Its own lookup is cached for the whole process, so that two builds could not be used side by side.
    _getFfmpegPath: (done: (error: null, path: string) => void) => done(null, ffmpeg.path),
  });
  for (const { options, url } of parts.inputs) command.input(url).inputOptions(...options);
  // A second attempt writes over the first; the path is ours.
  const told = ['-y', '-loglevel', 'level+info', '-nostats', '-progress', 'pipe:2'];
  command.output(parts.target).outputOptions(...parts.output, ...told);

  const said: string[] = [];
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  const stop = (): void => {
    command.kill('SIGTERM');
    timers.push(setTimeout(() => command.kill('SIGKILL'), KILL_AFTER_MS));
  };
  return new Promise<FluentRun>((done) => {
    const settle = (error: Error | undefined): void => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      done({ error, stderr: said.join('\n'), timedOut });
    };
    command
      .on('start', () => {
        timers.push(
          setTimeout(() => {
            timedOut = true;
            stop();
          }, timeoutMs),
        );
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
      })
      .on('stderr', (line: string) => {
        const progress = /^(\w+)=\s*(\S*)$/.exec(line);
        if (progress?.[1] === 'frame') onFrames(Number(progress[2]));
        else if (!progress && isSevere(line) && said.push(line) > KEPT_LINES) said.splice(KEPT_LINES / 2, 1);
      })
      .on('error', (error: Error) => settle(error))
      .on('end', () => settle(undefined))
      .run();
  });
}
