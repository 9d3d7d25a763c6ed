/**
 * What the converting ffmpeg makes of a clip's first frames. Headers and streams may contradict each other, and tools read
 * them differently; what comes out of the decoder that is used is what counts.
 */
import { resolve } from 'node:path';
import { SoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import type { FfmpegProgram } from '../ffmpeg/find.ts';
import { DECODER_THREADS, runDecoder } from '../verify/decode.ts';

/** One stream as ffmpeg lists it. */
export interface FfmpegStream {
  readonly index: number;
  readonly kind: 'video' | 'audio' | 'subtitle' | 'data' | 'attachment';
  /** ffmpeg's name; `none` when it does not know the codec. */
  readonly codec: string;
  /** Such as `default`, `attached pic`. */
  readonly dispositions: readonly string[];
  /** What is listed after the codec. */
  readonly details: string;
  readonly sideData: SideData;
}

/** What travels beside a stream or a frame. Absent is unknown: older builds list less. */
export interface SideData {
  /** Degrees by which players turn the picture clockwise. */
  readonly rotation?: number;
  /** ffmpeg's words: `side by side`, `top and bottom`. */
  readonly stereo?: string;
  /** ffmpeg's words: `equirectangular`. */
  readonly projection?: string;
  readonly dolbyVision?: { readonly profile: number; readonly compatibility: number };
}

/** One decoded frame, not turned by any display matrix. */
export interface DecodedFrame extends Size {
  /** Seconds after the beginning of the file; NaN when the frame has no time stamp. */
  readonly seconds: number;
  readonly pixelFormat: string;
  /** Undefined when unknown. */
  readonly pixelAspect: number | undefined;
  readonly interlaced: boolean;
  readonly key: boolean;
  readonly range: 'limited' | 'full' | undefined;
  /** ffmpeg's names (`bt709`); undefined when unknown. */
  readonly matrix: string | undefined;
  readonly primaries: string | undefined;
  readonly transfer: string | undefined;
  readonly sideData: SideData;
}

export interface FirstFrames {
  readonly streams: readonly FfmpegStream[];
  /** In the order of presentation; empty when none could be decoded. */
  readonly frames: readonly DecodedFrame[];
  /** ffmpeg's error lines. */
  readonly complaints: readonly string[];
}

export interface FirstLook extends FirstFrames {
  /** All that ffmpeg printed; its version and its libraries come first. */
  readonly printed: string;
}

const FRAMES = 5;
/** A first look takes no longer, on the busiest machine. */
export const FIRST_LOOK_TIMEOUT_MS = 30_000;

/**
 * The frames and all that ffmpeg knows are printed at its `info` level, marked so that errors can be told apart, and first of
 * all what it says of itself.
 */
export function firstFramesArgs(path: string, stream: number, frames = FRAMES): string[] {
  return [
    ...[...untrustedInputOptions({ banner: true }), '-loglevel', 'level+info', '-nostats', '-noautorotate'],
    ...[...DECODER_THREADS, '-i', fileUrl(resolve(path)), '-map', `0:V:${stream}`, '-filter:v', 'showinfo'],
    ...['-frames:v', String(frames), '-f', 'null', '-'],
  ];
}

/** `stream` counts the video streams that are no cover art. Throws on abort, and `machine` for an ffmpeg that hangs or cannot be started. */
export async function decodeFirstFrames(
  path: string,
  ffmpeg: FfmpegProgram,
  options: { readonly stream: number; readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<FirstLook> {
  const { stream, signal, timeoutMs = FIRST_LOOK_TIMEOUT_MS } = options;
  const { result } = await runDecoder(ffmpeg, firstFramesArgs(path, stream), { signal, timeoutMs });
  if (result.timedOut)
    throw new SoraError(
      'machine',
      `ffmpeg did not decode the first frames within ${timeoutMs / 1000} s, and was stopped.`,
      { hint: 'Try again when the machine is less busy, or with another ffmpeg: SORA_FFMPEG names one.' },
    );
  return { ...parseFirstFrames(result.stderr), printed: result.stderr };
}

const LEVEL = /\[(quiet|panic|fatal|error|warning|info|verbose)\] ?/;
const STREAM =
  /^\s+Stream #0:(\d+)(?:\[0x[\da-f]+\])?(?:\([^)]*\))?: (Video|Audio|Subtitle|Data|Attachment): ([\w-]+)(.*)$/;
const FRAME = /\bn: *\d+ pts: *\S+ pts_time:(\S+) .*?\bfmt:(\S+) .*?\bsar:(\d+)\/(\d+) s:(\d+)x(\d+) i:(\S) iskey:(\d)/;
const COLOURS = /\bcolor_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)/;
const DISPOSITIONS = /(?: \((?:default|dub|original|comment|lyrics|karaoke|forced|[a-z]+(?: [a-z]+)+|captions)\))+$/;

/** Reads what ffmpeg 4.1 to 9.0 print for `firstFramesArgs`. Pure; never throws. */
export function parseFirstFrames(stderr: string): FirstFrames {
  const streams: FfmpegStream[] = [];
  const frames: DecodedFrame[] = [];
  const complaints: string[] = [];
  let isInput = false;
  for (const printed of stderr.split(/[\r\n]+/)) {
    const level = LEVEL.exec(printed)?.[1];
    const line = printed.replace(LEVEL, '');
    if (level === 'error' || level === 'fatal' || level === 'panic') complaints.push(line);
    else if (/^Input #0/.test(line)) isInput = true;
    else if (/^(?:Output #0|Stream mapping:)/.test(line)) isInput = false;
    else if (line.includes('Parsed_showinfo')) readShown(line, frames);
    else if (isInput) readListed(line, streams);
  }
  return { streams, frames, complaints };
}

function readListed(line: string, streams: FfmpegStream[]): void {
  const stream = STREAM.exec(line);
  if (stream) {
    const [, index, kind = '', codec = '', rest = ''] = stream;
    const dispositions = [...(DISPOSITIONS.exec(rest)?.[0] ?? '').matchAll(/\(([^)]+)\)/g)].map(
      ([, name = '']) => name,
    );
    const named = kind.toLowerCase() as FfmpegStream['kind'];
    streams.push({ index: Number(index), kind: named, codec, dispositions, details: rest, sideData: {} });
    return;
  }
  const last = streams.pop();
  if (last) streams.push({ ...last, sideData: { ...last.sideData, ...readSideData(line) } });
}

function readShown(line: string, frames: DecodedFrame[]): void {
  const frame = FRAME.exec(line);
  if (frame) {
    const [, time, pixelFormat = '', num, den, width, height, interlacing, key] = frame;
    const aspect = Number(num) / Number(den);
    frames.push({
      ...{ width: Number(width), height: Number(height), seconds: Number(time), pixelFormat },
      pixelAspect: aspect > 0 && Number.isFinite(aspect) ? aspect : undefined,
      interlaced: interlacing !== 'P',
      key: key === '1',
      ...{ range: undefined, matrix: undefined, primaries: undefined, transfer: undefined, sideData: {} },
    });
    return;
  }
  // What follows a frame belongs to it.
  const last = frames.pop();
  if (!last) return;
  const colours = COLOURS.exec(line);
  if (!colours) {
    const isSideData = line.includes('side data - ');
    frames.push(isSideData ? { ...last, sideData: { ...last.sideData, ...readSideData(line) } } : last);
    return;
  }
  const [range, matrix, primaries, transfer] = colours.slice(1).map((name) => (isUnknown(name) ? undefined : name));
  const known = range === 'tv' ? 'limited' : range === 'pc' ? 'full' : undefined;
  frames.push({ ...last, range: known, matrix, primaries, transfer });
}

function isUnknown(name: string): boolean {
  return /^(?:unknown|unspecified|reserved)$/.test(name);
}

/** Lists of streams and showinfo word it alike, builds do not. */
function readSideData(line: string): SideData {
  const rotation = /display ?matrix: rotation of (-?[\d.]+) degrees/.exec(line)?.[1];
  const stereo = /(?:stereo3d: |stereoscopic information: type - |Stereo 3D: type - )([^,(]+)/.exec(line)?.[1];
  const projection = /(?:spherical: |spherical information: |Spherical Mapping: )([\w -]+)/i.exec(line)?.[1];
  const dolby = /DOVI configuration record: .*?profile: (\d+),.*?compatibility id: (\d+)/.exec(line);
  return {
    // ffmpeg counts counter-clockwise.
    ...(rotation !== undefined && { rotation: (360 - Math.round(Number(rotation))) % 360 }),
    ...(stereo !== undefined && !/^(?:2D|mono)\b/.test(stereo) && { stereo: stereo.trim() }),
    ...(projection !== undefined && !projection.startsWith('rectilinear') && { projection: projection.trim() }),
    ...(dolby && { dolbyVision: { profile: Number(dolby[1]), compatibility: Number(dolby[2]) } }),
  };
}
