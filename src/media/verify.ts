/** Whether a file is what it should be: its frames decode, and its facts are those of a master. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { formatSize, type Size } from '../domain.ts';
import type { SoraError } from '../errors.ts';
import { fileUrl, hostileInput, STRICT } from './arguments.ts';
import type { Ffmpeg } from './find.ts';
import type { MediaInfo } from './info.ts';
import { MAX_BYTES, MAX_SECONDS, MIN_SECONDS } from './limits.ts';
import type { PlanTarget } from './plan.ts';
import {
  crashWords,
  endedError,
  firstWords,
  KILL_AFTER_MS,
  machineProblem,
  requireStarted,
  throwIfAborted,
} from './process.ts';

export type Decoded = { readonly ok: true; readonly frames: number } | { readonly ok: false; readonly reason: string };

export interface DecodeOptions {
  /** False leaves the sound out. */
  readonly audio?: boolean;
  /** What every picture must measure: a stream may change its size on the way, and headers tell the first one only. */
  readonly size?: Size;
  readonly timeoutMs?: number;
}

export const DECODE_TIMEOUT_MS = 300_000;

/** ffmpeg would take one more than there are cores, and a tenth longer. */
export const DECODER_THREADS: readonly string[] = ['-threads', String(Math.min(16, availableParallelism()))];

/** Decodes a file once, to nothing, and stops at the first damage. Damage is an answer; `machine` and `interrupted` are thrown. */
export async function verifyDecodes(
  path: string,
  ffmpeg: Ffmpeg,
  signal: AbortSignal,
  { audio = true, size, timeoutMs = DECODE_TIMEOUT_MS }: DecodeOptions = {},
): Promise<Decoded> {
  const args = [
    ...hostileInput(),
    ...['-v', 'error', '-nostats', '-progress', 'pipe:1', ...STRICT, ...DECODER_THREADS],
    ...['-i', fileUrl(resolve(path)), '-map', '0:V:0', ...(audio ? ['-map', '0:a:0?'] : [])],
    ...(size ? ['-filter:v', sizeGuard(size)] : []),
    ...['-f', 'null', '-'],
  ];
  const { result, frames } = await runDecoder(ffmpeg, args, { signal, timeoutMs });
  if (result.timedOut) return { ok: false, reason: `decoding took longer than ${Math.round(timeoutMs / 1000)} s` };
  if (result.failed) {
    throwIfDefined(machineProblem(result.stderr));
    if (size && result.stderr.includes(GUARD_WORDS))
      return { ok: false, reason: `its pictures are not all ${formatSize(size)}` };
    const crash = crashWords(result.signal);
    if (crash === undefined && result.signal !== undefined) throw endedError(`it was killed with ${result.signal}`);
    return { ok: false, reason: crash ?? firstWords(result.stderr) };
  }
  return frames > 0 ? { ok: true, frames } : { ok: false, reason: 'there is not one frame in it' };
}

/** How a run of ffmpeg ended that writes nothing. */
export interface DecoderRun {
  readonly stderr: string;
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** The name of the signal that ended it. */
  readonly signal?: string | undefined;
}

/** Runs ffmpeg to its end and counts the frames that `-progress pipe:1` tells. Throws when it cannot be started, and on abort. */
export async function runDecoder(
  ffmpeg: Ffmpeg,
  args: readonly string[],
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<{ result: DecoderRun; frames: number }> {
  throwIfAborted(signal);
  const { execa } = await import('execa');
  const result = await execa(ffmpeg.path, args, {
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    maxBuffer: 1_000_000,
    cancelSignal: signal,
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  throwIfAborted(signal);
  if (result.failed && !result.timedOut) requireStarted(result);
  const frames = Number([...result.stdout.matchAll(/^frame=\s*(\d+)/gm)].at(-1)?.[1] ?? 0);
  return { result, frames };
}

/**
 * Cuts nothing, and cannot be set up for a picture of another size: ffmpeg sets its filters up anew for each size.
 * `-autoscale 0` would tell the same, but only since 4.4.
 */
function sizeGuard({ width, height }: Size): string {
  return `crop=w=if(eq(iw\\,${width})*eq(ih\\,${height})\\,iw\\,0):h=ih`;
}

const GUARD_WORDS = "Invalid too big or non positive size for width '0'";

function throwIfDefined(error: SoraError | undefined): void {
  if (error) throw error;
}

/** How a prepared file differs from what it should be; empty when it is a master. A copy may be untagged. Pure. */
export function masterProblems(info: MediaInfo, target: PlanTarget, kind: 'remux' | 'convert'): string[] {
  const { video, audio } = info;
  if (!video) return ['it has no video'];
  const seconds = info.seconds ?? 0;
  const tags = [video.primaries, video.transfer, video.matrix];
  const tagged = tags.every((tag) => tag === 'BT.709' || (kind === 'remux' && tag === undefined));
  return [
    info.container !== 'MPEG-4' && `it is ${info.container}`,
    video.codec !== 'H.264' && `its codec is ${video.codec}`,
    (video.bitDepth !== 8 || video.chroma !== '4:2:0' || video.range === 'full') &&
      'its pixels are not 8 bit 4:2:0 limited',
    !tagged && `its colours are tagged ${tags.join(', ')}`,
    formatSize(video) !== formatSize(target) && `it is ${formatSize(video)}, not ${formatSize(target)}`,
    video.pixelAspect !== 1 && 'its pixels are not square',
    video.rotation !== 0 && 'it is rotated',
    video.mirrored && 'it is mirrored',
    video.scan !== 'progressive' && 'it is interlaced',
    !video.constantRate && 'its frame rate varies',
    Math.abs((video.fps ?? 0) - target.fps) > 0.01 && `its frame rate is ${video.fps}`,
    !(seconds > MIN_SECONDS - 0.0006 && seconds < MAX_SECONDS + 0.0006) && `it lasts ${seconds} s`,
    (video.seconds ?? 0) < MIN_SECONDS - 0.0006 && `its picture lasts ${video.seconds} s`,
    info.bytes > MAX_BYTES && 'it is too large',
    target.audio && !audio && 'its sound is missing',
    audio && audio.codec !== 'AAC' && `its sound is ${audio.codec}`,
    audio && (audio.seconds ?? 0) > (video.seconds ?? 0) + 0.0011 && 'its sound outlasts its picture',
  ].filter((problem) => typeof problem === 'string');
}
