/** Finds an ffmpeg that works. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { SoraError, systemCode } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { throwIfAborted } from './process.ts';

/** A program that should be ffmpeg. */
export interface FfmpegProgram {
  /** Absolute. */
  readonly path: string;
}

export interface Ffmpeg extends FfmpegProgram {
  /** As the program says it: `5.1.9`, `n7.0`, or a commit of a development build. */
  readonly version: string;
  readonly source: 'SORA_FFMPEG' | 'ffmpeg-static' | 'PATH';
  /** Version of libavfilter: which filters there are, without a start of ffmpeg to list them. */
  readonly lavfi?: readonly [major: number, minor: number];
}

const require = createRequire(import.meta.url);

type Env = Readonly<Record<string, string | undefined>>;

/** libavcodec of ffmpeg 4.1: development builds name no other version. */
const OLDEST_LAVC: readonly [number, number] = [58, 35];
const ANSWER_TIMEOUT_MS = 15_000;
const INSTALL_HINT =
  'Install it (Debian and Ubuntu: sudo apt-get install ffmpeg; macOS: brew install ffmpeg; anywhere: npm install -g ffmpeg-static), or set SORA_FFMPEG to its path.';

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** What `firstProgram` has printed in another run. If that says its version, it is not started for it. */
  readonly banner?: string | undefined;
}

/**
 * The first of SORA_FFMPEG, ffmpeg-static and PATH that answers and is 4.1 or later. Throws `machine` when there is none,
 * and when SORA_FFMPEG names one that does not work: what was asked for is not silently replaced.
 */
export async function findFfmpeg(env: Env, options: FindOptions = {}): Promise<Ffmpeg> {
  const wished = env.SORA_FFMPEG;
  if (wished) {
    const found = await tryFfmpeg(resolve(wished), 'SORA_FFMPEG', options);
    if (typeof found !== 'string') return found;
    throw new SoraError('machine', `SORA_FFMPEG is ${oneLine(wished)}, and ${found}.`, {
      hint: 'Point SORA_FFMPEG at an ffmpeg of version 4.1 or later, or unset it.',
    });
  }
  const problems: string[] = [];
  const { signal } = options;
  for (const [index, { path, source }] of (await unasked(env)).entries()) {
    const found = await tryFfmpeg(path, source, index === 0 ? options : { signal });
    if (typeof found !== 'string') return found;
    problems.push(`${path}: ${found}`);
  }
  throw new SoraError(
    'machine',
    problems.length === 0 ? 'ffmpeg was not found.' : `No ffmpeg that works was found (${problems.join('; ')}).`,
    { hint: INSTALL_HINT },
  );
}

/**
 * The one that `findFfmpeg` asks first, whether it works or not, so that it can be used while it tells its version. Starts
 * nothing; undefined when there is none.
 */
export async function firstProgram(env: Env): Promise<FfmpegProgram | undefined> {
  const wished = env.SORA_FFMPEG;
  return wished ? { path: resolve(wished) } : (await unasked(env))[0];
}

/** Those that are there although nobody asked for one, in order. */
async function unasked(env: Env): Promise<{ path: string; source: Ffmpeg['source'] }[]> {
  const bundled = await staticPath();
  return [
    ...(bundled === undefined ? [] : [{ path: bundled, source: 'ffmpeg-static' as const }]),
    ...(await onPath(env)).map((path) => ({ path, source: 'PATH' as const })),
  ];
}

async function staticPath(): Promise<string | undefined> {
  try {
    // Its only export is a path; asked for in this way, a missing package costs next to nothing.
    const path: unknown = require('ffmpeg-static');
    if (typeof path !== 'string') return undefined;
    await access(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

async function onPath(env: Env): Promise<string[]> {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => folder !== '');
  const found: string[] = [];
  for (const folder of new Set(folders)) {
    for (const name of delimiter === ';' ? ['ffmpeg.exe'] : ['ffmpeg']) {
      const path = resolve(join(folder, name));
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        found.push(path);
    }
  }
  return found;
}

/** The program, or why it cannot be used. */
async function tryFfmpeg(
  path: string,
  source: Ffmpeg['source'],
  { signal, banner: printed = '' }: FindOptions,
): Promise<Ffmpeg | string> {
  const known = readBanner(printed);
  if (known && !known.isOld) {
    const { isOld: _, ...found } = known;
    return { ...found, path, source };
  }
  // Cheaper than starting it.
  const code = await access(path).then(() => undefined, systemCode);
  if (code === 'ENOENT') return 'nothing is there';
  const { runProgram } = await import('./run-program.ts');
  const result = await runProgram(path, ['-version'], { signal, timeoutMs: ANSWER_TIMEOUT_MS });
  if (signal) throwIfAborted(signal);
  if (result.timedOut) return 'it does not answer';
  if (result.code === 'ENOENT') return 'nothing is there';
  if (result.failed) {
    const ended = result.signal === undefined ? `exit code ${result.exitCode}` : `ended by ${result.signal}`;
    return `it does not work (${oneLine(result.stderr || (result.code ?? ended), 120)})`;
  }
  const banner = readBanner(result.stdout.toString());
  if (!banner) return 'it is not ffmpeg';
  const { isOld, ...found } = banner;
  return isOld ? `its version is ${oneLine(found.version, 40)}; 4.1 or later is needed` : { ...found, path, source };
}

interface Banner extends Pick<Ffmpeg, 'version' | 'lavfi'> {
  readonly isOld: boolean;
}

/** Reads what `-version` prints, and every run that does not hide it, with its log levels or without. Undefined where it is not ffmpeg's. Pure. */
function readBanner(printed: string): Banner | undefined {
  const version = /^(?:\[info\] )?ffmpeg version (\S+)/m.exec(printed)?.[1];
  const [lavc, lavfi] = ['libavcodec', 'libavfilter'].map((name) => libraryVersion(printed, name));
  if (version === undefined || !lavc) return undefined;
  const isOld = lavc[0] < OLDEST_LAVC[0] || (lavc[0] === OLDEST_LAVC[0] && lavc[1] < OLDEST_LAVC[1]);
  return { version: oneLine(version, 80), isOld, ...(lavfi && { lavfi }) };
}

function libraryVersion(printed: string, name: string): readonly [number, number] | undefined {
  const [, major, minor] =
    new RegExp(`^(?:\\[info\\] )?[ \\t]*${name}\\s+(\\d+)\\.\\s*(\\d+)`, 'm').exec(printed) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** Names of the filters or decoders of a build. */
export async function listParts(
  ffmpeg: Ffmpeg,
  kind: 'filters' | 'decoders',
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { runProgram } = await import('./run-program.ts');
  const limits = { signal, timeoutMs: ANSWER_TIMEOUT_MS };
  const { stdout } = await runProgram(ffmpeg.path, ['-hide_banner', `-${kind}`], limits);
  throwIfAborted(signal);
  return new Set(
    stdout
      .toString()
      .split('\n')
      .map((line) => /^\s*[A-Z.|]+\s+(\S+)/.exec(line)?.[1] ?? ''),
  );
}
