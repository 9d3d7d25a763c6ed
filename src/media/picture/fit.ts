/** Brings a reference picture to the exact size of the video: hosts refuse anything else. */

import type { ImageMime } from '../../shared/clip.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { crashWords, firstWords, machineProblem, throwIfAborted } from '../ffmpeg/process.ts';
import { runProgram } from '../ffmpeg/run-program.ts';
import { MAX_SIDE } from '../limits.ts';
import { imageOrientation, imageSize, stripMetadata } from './formats.ts';

export interface FitImageRequest {
  readonly bytes: Uint8Array;
  readonly mime: ImageMime;
  readonly size: Size;
  readonly fit: 'pad' | 'crop';
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 100_000_000;

/** Demuxers that read one picture from a pipe; the bytes decide which, not a name. */
const DEMUXERS = {
  'image/jpeg': 'jpeg_pipe',
  'image/png': 'png_pipe',
  'image/webp': 'webp_pipe',
} as const satisfies Record<ImageMime, string>;

/** EXIF orientations as filters. */
const UPRIGHT: readonly string[][] = [
  [],
  ['hflip'],
  ['hflip', 'vflip'],
  ['vflip'],
  ['transpose=cclock_flip'],
  ['transpose=clock'],
  ['transpose=clock_flip'],
  ['transpose=cclock'],
];

/**
 * A JPEG stays a JPEG, others become PNG. A picture of that size passes with the same pixels, without its metadata.
 * Throws `clip` for a picture that cannot be decoded.
 */
export async function fitImage(request: FitImageRequest): Promise<Uint8Array> {
  const { bytes, mime, size, fit, ffmpeg, signal } = request;
  throwIfAborted(signal);
  const own = imageSize(bytes);
  if (!own)
    throw new SoraError('clip', 'The picture is damaged: its size cannot be read.', {
      hint: 'Open it in an image editor and save it again as PNG or JPEG.',
    });
  if (own.width > MAX_SIDE || own.height > MAX_SIDE)
    throw new SoraError(
      'clip',
      `The picture is ${own.width}x${own.height}; at most ${MAX_SIDE}x${MAX_SIDE} is supported.`,
      { hint: 'Make it smaller first: the video’s own size is enough.' },
    );
  const upright = uprightImageFilters(bytes);
  const stripped = stripMetadata(bytes);
  if (upright.length === 0 && own.width === size.width && own.height === size.height) return stripped;

  return convertImage(stripped, { mime, upright, box: boxFilters(size, fit), ffmpeg, signal });
}

export interface ConvertImageRequest {
  readonly mime: ImageMime;
  /** What brings it upright. */
  readonly upright: readonly string[];
  /** What changes its size. */
  readonly box: readonly string[];
  /** JPEG for a JPEG and PNG for others unless given. */
  readonly to?: 'image/jpeg' | undefined;
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
}

/** Filters for the EXIF orientation of a picture; none where it is upright. */
export function uprightImageFilters(bytes: Uint8Array): readonly string[] {
  return UPRIGHT[imageOrientation(bytes) - 1] ?? [];
}

/** Decodes a picture without metadata, and encodes it anew. Throws `clip` where it cannot be decoded. */
export async function convertImage(bytes: Uint8Array, request: ConvertImageRequest): Promise<Uint8Array> {
  const { stdout } = await decodeImage(bytes, request, convertArgs(request));
  return stdout.length > 0 ? stdout : Promise.reject(undecodable('nothing of it was decoded'));
}

/** Throws `clip` where a picture without metadata cannot be decoded to its end. */
export async function checkImage(bytes: Uint8Array, request: DecodeImageRequest): Promise<void> {
  await decodeImage(bytes, request, ['-f', 'null', '-']);
}

/** The pixels of a picture without metadata at that size: red, green, blue. Throws `clip` where it cannot be decoded. */
export async function imagePixels(
  bytes: Uint8Array,
  { size: { width, height }, ...request }: DecodeImageRequest & { readonly size: Size },
): Promise<Uint8Array> {
  const scaled = ['-vf', `scale=w=${width}:h=${height}:flags=area,format=rgb24`, '-frames:v', '1'];
  const { stdout } = await decodeImage(bytes, request, [...scaled, '-f', 'rawvideo', 'pipe:1']);
  return stdout.length === width * height * 3 ? stdout : Promise.reject(undecodable('it is not whole'));
}

type DecodeImageRequest = Pick<ConvertImageRequest, 'mime' | 'ffmpeg' | 'signal'>;

async function decodeImage(
  bytes: Uint8Array,
  { mime, ffmpeg, signal }: DecodeImageRequest,
  output: readonly string[],
): Promise<{ readonly stdout: Uint8Array }> {
  const result = await runProgram(ffmpeg.path, [...inputArgs(mime, bytes.length), ...output], {
    // Stripped: newer versions of ffmpeg turn the picture by its EXIF themselves.
    ...{ input: bytes, signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OUTPUT_BYTES },
  });
  throwIfAborted(signal);
  if (!result.failed) return result;
  const machine = machineProblem(result.stderr);
  if (machine) throw machine;
  throw undecodable(crashWords(result.signal) ?? firstWords(result.stderr));
}

function undecodable(why: string): SoraError {
  return new SoraError('clip', `The picture cannot be decoded: ${why}.`, {
    hint: 'Open it in an image editor and save it again as PNG or JPEG.',
  });
}

const FLAGS = 'flags=lanczos+accurate_rnd+full_chroma_int';

function boxFilters({ width, height }: Size, fit: 'pad' | 'crop'): readonly string[] {
  const scaled = (how: string): string => `scale=w=${width}:h=${height}:force_original_aspect_ratio=${how}:${FLAGS}`;
  return fit === 'crop'
    ? [scaled('increase'), `crop=w=${width}:h=${height}`]
    : [scaled('decrease'), `pad=w=${width}:h=${height}:x=(ow-iw)/2:y=(oh-ih)/2:color=black`];
}

/** Not enlarged. */
export function withinFilters(mostSide: number): readonly string[] {
  return [`scale=w=min(iw\\,${mostSide}):h=min(ih\\,${mostSide}):force_original_aspect_ratio=decrease:${FLAGS}`];
}

/** Filters after which RGB is what a JPEG holds, and the options that write one. */
export const JPEG = {
  filters: [`scale=out_range=pc:${FLAGS}`, 'format=yuvj444p'],
  encoder: ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj444p'],
} as const;

function inputArgs(mime: ImageMime, bytes: number): string[] {
  // ffmpeg 4 cannot tell where a WebP ends: told the length, it reads it as one packet.
  const whole = mime === 'image/webp' ? ['-frame_size', String(bytes)] : [];
  return [
    ...['-hide_banner', '-v', 'error', '-xerror', '-err_detect', 'explode'],
    ...['-protocol_whitelist', 'pipe', '-max_pixels', String(MAX_SIDE * MAX_SIDE)],
    ...['-f', DEMUXERS[mime], ...whole, '-i', 'pipe:0'],
  ];
}

function convertArgs({ mime, upright, box, to }: ConvertImageRequest): string[] {
  const isJpeg = (to ?? mime) === 'image/jpeg';
  const encoder = isJpeg ? JPEG.encoder : ['-c:v', 'png'];
  // Flattened on black, as clips are: what transparent pixels hold is unspecified.
  const flat = mime === 'image/jpeg' ? ['format=gbrp'] : ['format=gbrap', 'premultiply=inplace=1', 'format=gbrp'];
  const last = isJpeg ? JPEG.filters : ['format=rgb24'];
  return [
    ...['-vf', [...flat, ...upright, ...box, 'setsar=1', ...last].join(',')],
    ...['-frames:v', '1', ...encoder, '-map_metadata', '-1', '-fflags', '+bitexact', '-f', 'image2pipe', 'pipe:1'],
  ];
}
