/** Decodes a file as a player would: whether it decodes, and what comes out. What that should be: `master-problems.ts`. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { SoraError } from '../../shared/errors.ts';
import { formatSize, type Size } from '../../shared/geometry.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import { afterOpening, decoderComplaints, isSevere } from '../ffmpeg/complaints.ts';
import type { FfmpegProgram } from '../ffmpeg/find.ts';
import { branchedGraph, type PictureLook, readMetadata } from '../ffmpeg/picture-look.ts';
import {
  crashWords,
  endedError,
  firstWords,
  machineProblem,
  requireStarted,
  throwIfAborted,
} from '../ffmpeg/process.ts';
import { type OutputReader, type ProgramRun, runProgram } from '../ffmpeg/run-program.ts';

export type Decoded = Shown | { readonly ok: false; readonly reason: string };

/** What came out of a file that decodes. */
export interface Shown {
  readonly ok: true;
  readonly frames: number;
  /** When each frame is shown, in seconds after the beginning of the file. */
  readonly times: readonly number[];
  /** How much of a small copy changes from the frame before: the mean difference of luma, 0 for the first. */
  readonly changes: readonly number[];
  /** Undefined where no sample was decoded. */
  readonly sound: ShownSound | undefined;
  /** What each `metadata` filter of the look printed, in the order of its branches; undefined where nothing else was looked at. */
  readonly printed?: readonly string[];
}

/** When its first sample is played and its last one ends, in seconds after the beginning of the file. */
export interface ShownSound extends Level {
  readonly start: number;
  readonly end: number;
}

/** How loud a sound is, in decibels relative to full scale. */
export interface Level {
  /** Of the loudest sample. */
  readonly peak: number;
  /** Root mean square over all samples. */
  readonly rms: number;
}

export interface DecodeOptions {
  /** False leaves the sound out. */
  readonly audio?: boolean;
  /** What every picture must measure: a stream may change its size on the way, and headers tell the first one only. */
  readonly size?: Size;
  /** What else is measured of the pictures. */
  readonly look?: PictureLook | undefined;
  readonly timeoutMs?: number;
}

/** More outputs of a run that decodes a file, one of which is pictures on file descriptor 3. */
export interface ExtraOutputs {
  /** Options before the input. */
  readonly input: readonly string[];
  /** A filter of the sound that is decoded, which prints what it heard. */
  readonly sound: string;
  readonly outputs: readonly string[];
  /** Reads file descriptor 3 to its end. */
  readonly read: OutputReader;
}

export const DECODE_TIMEOUT_MS = 300_000;

/** ffmpeg would take one more than there are cores, and a tenth longer. */
export const DECODER_THREADS: readonly string[] = threads(availableParallelism());

/** Beside filters that take long one more is a tenth faster: they run in a thread of their own, which waits for pictures. */
export const THREADS_BESIDE_FILTERS: readonly string[] = threads(availableParallelism() + 1);

function threads(count: number): readonly string[] {
  return ['-threads', String(Math.min(16, count))];
}

/** Decodes a file once, to nothing. Damage is an answer; `machine` and `interrupted` are thrown. */
export async function verifyDecodes(
  path: string,
  ffmpeg: FfmpegProgram,
  signal: AbortSignal,
  { audio = true, size, look, timeoutMs = DECODE_TIMEOUT_MS }: DecodeOptions = {},
): Promise<Decoded> {
  const args = [
    ...[
      ...untrustedInputOptions(),
      '-loglevel',
      'level+info',
      '-nostats',
      ...(look ? THREADS_BESIDE_FILTERS : DECODER_THREADS),
      '-i',
      fileUrl(resolve(path)),
    ],
    ...['-filter_complex', verifyGraph(size, look?.branches ?? []), '-map', '[shown]'],
    ...(audio ? ['-map', '0:a:0?', '-filter:a', SOUND_FILTERS] : []),
    ...['-f', 'null', '-', ...(look ? [...look.outputs, ...look.piped, 'pipe:1'] : [])],
  ];
  const { result } = await runDecoder(ffmpeg, args, { signal, timeoutMs, read: look?.read });
  if (result.timedOut) return { ok: false, reason: `decoding took longer than ${Math.round(timeoutMs / 1000)} s` };
  const lines = result.stderr.split(/[\r\n]+/);
  if (result.failed) {
    throwIfDefined(machineProblem(result.stderr));
    if (size && result.stderr.includes(GUARD_WORDS))
      return { ok: false, reason: `its pictures are not all ${formatSize(size)}` };
    const crash = crashWords(result.signal);
    if (crash === undefined && result.signal !== undefined) throw endedError(`it was killed with ${result.signal}`);
    return { ok: false, reason: crash ?? firstWords(lines.filter(isSevere).join('\n')) };
  }
  const complaints = decoderComplaints(audio ? lines : afterOpening(lines));
  if (complaints.length > 0) return { ok: false, reason: firstWords(complaints.join('\n')) };
  const [shown = '', ...printed] = readMetadata(lines);
  const { times, changes } = parseFrameDiffs(shown);
  if (times.length === 0) return { ok: false, reason: 'it contains no frames' };
  return { ok: true, frames: times.length, times, changes, sound: readSound(result.stderr), printed };
}

/** Tells the time of every frame and how much it differs from the one before, of a copy that costs nothing. */
export const FRAME_DIFF_FILTERS =
  'scale=w=160:h=90:flags=neighbor,signalstats,metadata=print:key=lavfi.signalstats.YDIF';

/**
 * Tells the time of every block of samples, each in one line at once: threads write at the same time, and `ashowinfo` prints
 * its lines in parts. The level is only there to have something to print; that of all is told at the end.
 */
export const SOUND_FILTERS =
  'astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level,volumedetect';

function verifyGraph(size: Size | undefined, branches: readonly string[]): string {
  return branchedGraph('0:V:0', size ? [sizeGuard(size)] : [], [`${FRAME_DIFF_FILTERS}[shown]`, ...branches]);
}

/** Reads what a `metadata` filter prints of `signalstats`. Pure. */
export function parseFrameDiffs(printed: string): Pick<Shown, 'times' | 'changes'> {
  const column = (pattern: RegExp): number[] => [...printed.matchAll(pattern)].map(([, value]) => Number(value));
  return {
    times: column(/\bpts_time:\s*(-?[\d.]+(?:e-?\d+)?)/g),
    changes: column(/^lavfi\.signalstats\.YDIF=(\S+)/gm),
  };
}

/** Reads what `volumedetect` says at the end, and the time of each block of samples: the last one is as long as the shortest. */
export function readSound(stderr: string): ShownSound | undefined {
  const decibels = (name: string): number =>
    Number(new RegExp(`\\b${name}_volume: (-?[\\d.]+) dB`).exec(stderr)?.[1] ?? Number.NaN);
  const [peak, rms] = [decibels('max'), decibels('mean')];
  if (Number.isNaN(peak) || Number.isNaN(rms)) return undefined;
  const times = [...stderr.matchAll(/\bParsed_ametadata_.* pts_time:\s*(-?[\d.]+)/g)].map(([, at]) => Number(at));
  const steps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  const last = Math.min(...steps.filter((step) => step > 0.001));
  return { peak, rms, start: times[0] ?? 0, end: (times.at(-1) ?? 0) + (Number.isFinite(last) ? last : 0) };
}

/** How a run of ffmpeg ended that writes nothing. */
export type DecoderRun = Pick<ProgramRun, 'stderr' | 'failed' | 'timedOut' | 'signal'>;

export interface DecoderLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Reads the standard output, which is kept otherwise. */
  readonly read?: PictureLook['read'] | undefined;
  /** Reads file descriptor 3, which is not open otherwise. */
  readonly readExtra?: ExtraOutputs['read'] | undefined;
}

/** Runs ffmpeg to its end and counts the frames that `-progress pipe:1` tells. Throws when it cannot be started, and on abort. */
export async function runDecoder(
  ffmpeg: FfmpegProgram,
  args: readonly string[],
  { signal, timeoutMs, read, readExtra }: DecoderLimits,
): Promise<{ result: DecoderRun; frames: number; stdout: string }> {
  throwIfAborted(signal);
  const result = await runProgram(ffmpeg.path, args, { signal, timeoutMs, readStdout: read, readExtra });
  throwIfAborted(signal);
  if (result.failed && !result.timedOut) requireStarted(result);
  const stdout = result.stdout.toString();
  const frames = Number([...stdout.matchAll(/^frame=\s*(\d+)/gm)].at(-1)?.[1] ?? 0);
  return { result, frames, stdout };
}

/**
 * Cuts nothing, and cannot be set up for a picture of another size: ffmpeg sets its filters up anew for each size.
 * `-autoscale 0` would tell the same, but only since 4.4.
 */
export function sizeGuard({ width, height }: Size): string {
  return `crop=w=if(eq(iw\\,${width})*eq(ih\\,${height})\\,iw\\,0):h=ih`;
}

const GUARD_WORDS = "Invalid too big or non positive size for width '0'";

function throwIfDefined(error: SoraError | undefined): void {
  if (error) throw error;
}
