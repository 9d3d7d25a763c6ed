/**
 * Changes of the resolution within a clip, as in a call when a phone is turned, and the part of it with one resolution.
 */
import { resolve } from 'node:path';
import { formatSize, type Size } from '../../shared/geometry.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { PICTURE_INPUT, pictureStream } from '../ffmpeg/picture-input.ts';
import type { VideoInfo } from '../info.ts';
import { MAX_SECONDS, MIN_SECONDS } from '../limits.ts';
import type { BestPart } from '../plan/media-plan.ts';
import { DECODER_THREADS, runDecoder } from '../verify/decode.ts';
import { type DecodedFrame, parseFirstFrames } from './first-frames.ts';
import type { Timeline } from './timeline.ts';

/** A part of the clip in which the picture has one size. */
export interface ResolutionSegment {
  /** Seconds into the source. */
  readonly start: number;
  readonly end: number;
  readonly size: Size;
}

const TIMEOUT_MS = 60_000;

/** Decodes the keyframes of a part: a size changes nowhere else, but in VP9, whose decoder leaves no frame out. Throws only on abort, and when ffmpeg cannot be started. */
export async function findResolutionSegments(
  path: string,
  ffmpeg: Ffmpeg,
  part: { readonly stream: number; readonly start: number; readonly end: number; readonly signal: AbortSignal },
): Promise<readonly ResolutionSegment[]> {
  const { start, end, signal } = part;
  const args = [
    ...[...untrustedInputOptions(), '-loglevel', 'level+info', '-nostats', ...PICTURE_INPUT],
    ...[...DECODER_THREADS, '-skip_frame', 'nokey'],
    // The keyframe before the start tells the size at the start.
    ...['-noaccurate_seek', ...(start > 0 ? ['-ss', start.toFixed(6)] : []), '-t', (end - start).toFixed(3)],
    ...['-i', fileUrl(resolve(path)), '-map', pictureStream(part), '-filter:v', 'showinfo', '-f', 'null', '-'],
  ];
  const { result } = await runDecoder(ffmpeg, args, { signal, timeoutMs: TIMEOUT_MS });
  return stretchesOf(parseFirstFrames(result.stderr).frames, start, end);
}

const ONLY_AT_KEYFRAMES = /^(?:H\.264|HEVC)$/;

/**
 * Whether the size may change before this second of the source. In H.264 and HEVC it cannot where the packets show no
 * keyframe but the first, and then nothing has to be decoded. Pure.
 */
export function mayChangeSize(
  { timeline, video }: { timeline?: Timeline | undefined; video: Pick<VideoInfo, 'codec'> },
  end: number,
): boolean {
  if (!timeline || !ONLY_AT_KEYFRAMES.test(video.codec) || timeline.from > 0 || timeline.hidden > 0) return true;
  if (!timeline.isComplete && timeline.end < end) return true;
  return timeline.keys.length === 0 || timeline.keys.filter((key) => key < end).length > 1;
}

/** The times of the frames count from the start. Pure. */
export function stretchesOf(frames: readonly DecodedFrame[], start: number, end: number): ResolutionSegment[] {
  const stretches: ResolutionSegment[] = [];
  for (const { width, height, seconds } of frames) {
    const last = stretches.at(-1);
    if (last && last.size.width === width && last.size.height === height) continue;
    const at = Math.max(start, start + (Number.isFinite(seconds) ? seconds : 0));
    if (last) stretches.splice(-1, 1, { ...last, end: at });
    stretches.push({ start: last ? at : start, end, size: { width, height } });
  }
  return stretches;
}

/** The longest stretch, or that at a start that was asked for; undefined where there is but one. Pure. */
export function bestSegment(
  stretches: readonly ResolutionSegment[],
  isStartAsked: boolean,
): ResolutionSegment | undefined {
  const [first, ...others] = stretches;
  if (!first || others.length === 0) return undefined;
  const usable = ({ start, end }: ResolutionSegment): number => Math.min(MAX_SECONDS, end - start);
  return isStartAsked ? first : others.reduce((a, b) => (usable(b) > usable(a) + 0.001 ? b : a), first);
}

/** That stretch as the part of the clip that is taken, at most `duration` seconds of it; a sentence where it is too short. Pure. */
export function partInOneResolution(
  stretches: readonly ResolutionSegment[],
  { start, end }: ResolutionSegment,
  duration: number | null,
): BestPart | string {
  const sizes = [...new Set(stretches.map(({ size }) => formatSize(size)))].join(', ');
  const changes = stretches.slice(1, 4).map((stretch) => `${Number(stretch.start.toFixed(2))} s`);
  const because = `its picture changes its shape (${sizes}) at ${changes.join(', ')}`;
  // Container times are rounded to milliseconds.
  const seconds = Math.round((end - start) * 1000 + 1) / 1000;
  const needed = duration ?? MIN_SECONDS;
  if (seconds < needed)
    return `I${because.slice(1)}: from ${Number(start.toFixed(2))} s on only ${Number((end - start).toFixed(2))} s have one, and ${needed} s are needed.`;
  return {
    start,
    seconds: Math.min(MAX_SECONDS, seconds, duration ?? MAX_SECONDS),
    because: `${because}, and one is taken`,
    until: end,
  };
}
