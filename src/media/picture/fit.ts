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
  const { bytes, size, ffmpeg, signal } = request;
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
  const upright = UPRIGHT[imageOrientation(bytes) - 1] ?? [];
  const stripped = stripMetadata(bytes);
  if (upright.length === 0 && own.width === size.width && own.height === size.height) return stripped;

  const result = await runProgram(ffmpeg.path, imageArgs(request, upright, stripped.length), {
    // Stripped: newer versions of ffmpeg turn the picture by its EXIF themselves.
    ...{ input: stripped, signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OUTPUT_BYTES },
  });
  throwIfAborted(signal);
  if (!result.failed && result.stdout.length > 0) return result.stdout;
  const { stderr } = result;
  const machine = machineProblem(stderr);
  if (machine) throw machine;
  throw new SoraError('clip', `The picture cannot be decoded: ${crashWords(result.signal) ?? firstWords(stderr)}.`, {
    hint: 'Open it in an image editor and save it again as PNG or JPEG.',
  });
}

function imageArgs({ mime, size, fit }: FitImageRequest, upright: readonly string[], bytes: number): string[] {
  const { width, height } = size;
  const flags = 'flags=lanczos+accurate_rnd+full_chroma_int';
  const box =
    fit === 'crop'
      ? [`scale=w=${width}:h=${height}:force_original_aspect_ratio=increase:${flags}`, `crop=w=${width}:h=${height}`]
      : [
          `scale=w=${width}:h=${height}:force_original_aspect_ratio=decrease:${flags}`,
          `pad=w=${width}:h=${height}:x=(ow-iw)/2:y=(oh-ih)/2:color=black`,
        ];
  const encoder = mime === 'image/jpeg' ? ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj444p'] : ['-c:v', 'png'];
  // Flattened on black, as clips are: what transparent pixels hold is unspecified.
  const flat = mime === 'image/jpeg' ? ['format=gbrp'] : ['format=gbrap', 'premultiply=inplace=1', 'format=gbrp'];
  const last = mime === 'image/jpeg' ? [`scale=out_range=pc:${flags}`, 'format=yuvj444p'] : ['format=rgb24'];
  // ffmpeg 4 cannot tell where a WebP ends: told the length, it reads it as one packet.
  const whole = mime === 'image/webp' ? ['-frame_size', String(bytes)] : [];
  return [
    ...['-hide_banner', '-v', 'error', '-xerror', '-err_detect', 'explode'],
    ...['-protocol_whitelist', 'pipe', '-max_pixels', String(MAX_SIDE * MAX_SIDE)],
    ...['-f', DEMUXERS[mime], ...whole, '-i', 'pipe:0'],
    ...['-vf', [...flat, ...upright, ...box, 'setsar=1', ...last].join(',')],
    ...['-frames:v', '1', ...encoder, '-map_metadata', '-1', '-fflags', '+bitexact', '-f', 'image2pipe', 'pipe:1'],
  ];
}
