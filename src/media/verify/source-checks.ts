/** Whether the source itself is to blame when a conversion failed or looks wrong. */
import { rm } from 'node:fs/promises';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import { decoderComplaints } from '../ffmpeg/complaints.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { KEEP_TIMESTAMPS } from '../ffmpeg/part-clock.ts';
import { cropFilter, PICTURE_INPUT, uprightFilters } from '../ffmpeg/picture-input.ts';
import type { MediaInfo } from '../info.ts';
import type { Placement } from '../plan/frame.ts';
import type { ConvertPlan } from '../plan/media-plan.ts';
import { seekPointBefore } from '../probe/timeline.ts';
import { DECODE_TIMEOUT_MS, parseFrameDiffs, runDecoder } from './decode.ts';

export interface SourceRequest {
  /** Absolute. */
  readonly source: string;
  readonly info: MediaInfo;
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  /** A path beside which a file may be written. */
  readonly outputPath: string;
}

/**
 * Whether the picture decodes without a complaint for so many seconds since its first one. ffmpeg reads ahead of what it is
 * asked for, so that this much is copied first, without decoding.
 */
export async function decodesUntil(
  { source, info, ffmpeg, signal, outputPath }: SourceRequest,
  seconds: number,
): Promise<boolean> {
  const cut = `${outputPath}.tail.nut`;
  const limits = { signal, timeoutMs: DECODE_TIMEOUT_MS };
  const copied = ['-map', pictureOf(info), '-c', 'copy', '-t', seconds.toFixed(3), '-f', 'nut', fileUrl(cut)];
  try {
    await runDecoder(
      ffmpeg,
      [...untrustedInputOptions(), '-y', '-v', 'error', '-i', fileUrl(source), ...copied],
      limits,
    );
    const decoded = ['-loglevel', 'level+info', '-nostats', '-i', fileUrl(cut), '-f', 'null', '-'];
    const { result } = await runDecoder(ffmpeg, [...untrustedInputOptions(), ...decoded], limits);
    const isInside = (info.timeline?.leading ?? 0) > 0;
    return !result.failed && decoderComplaints(result.stderr.split(/[\r\n]+/), { isInside }).length === 0;
  } finally {
    await rm(cut, { force: true });
  }
}

/** What a picture changes that moves: the mean difference of luma to the one before, of a copy in which noise cancels out. */
const MOVING = 0.5;
/** Of a still beginning no more than this is looked at. */
const LOOK_SECONDS = 1;
/** From here on decoding from the beginning would take too long. */
const FAR_SECONDS = 30;

/**
 * Whether what a plan keeps of the pictures differs from one to the next, in the first seconds of its part. They are decoded
 * from further before it than a conversion does.
 */
export async function movesAt(
  { source, info, ffmpeg, signal }: SourceRequest,
  { start, crop, placement }: Pick<ConvertPlan, 'start' | 'crop' | 'placement'>,
  seconds: number,
): Promise<boolean> {
  const { timeline, video } = info;
  if (!timeline || !video) return false;
  const end = start + Math.min(seconds, LOOK_SECONDS) - 0.5 / (video.fps ?? 30);
  // One picture that lasts is no movement.
  if (!timeline.times.some((at) => at > start + 0.001 && at < end)) return false;
  const from = start < FAR_SECONDS ? 0 : seekPointBefore(timeline, start - LOOK_SECONDS * 10);
  const filters = [
    ...uprightFilters(video),
    `setpts=PTS-${(timeline.origin + start).toFixed(6)}/TB`,
    ...(crop ? [cropFilter(crop)] : []),
    ...keptFilters(placement),
    ...['scale=w=32:h=18:flags=area', 'format=gray', 'signalstats'],
    'metadata=print:key=lavfi.signalstats.YDIF:file=-',
  ];
  const input = [
    ...KEEP_TIMESTAMPS,
    ...PICTURE_INPUT,
    ...(from > 0 ? ['-ss', String(from)] : []),
    '-t',
    (end - from).toFixed(3),
  ];
  const args = [...untrustedInputOptions(), '-v', 'error', '-nostats', ...input, '-i', fileUrl(source)];
  const output = ['-map', pictureOf(info), '-filter:v', filters.join(','), '-f', 'null', '-'];
  const { stdout } = await runDecoder(ffmpeg, [...args, ...output], { signal, timeoutMs: DECODE_TIMEOUT_MS });
  const { times, changes } = parseFrameDiffs(stdout);
  return changes.some((change, index) => change >= MOVING && (times[index] ?? 0) > 0.001);
}

/** Cuts off what the box does, from a picture of any size. */
function keptFilters({ mode, box, picture, x, y }: Placement): string[] {
  if (mode !== 'crop') return [];
  const [across, down] = [`iw/${picture.width}`, `ih/${picture.height}`];
  return [`crop=w=${box.width}*${across}:h=${box.height}*${down}:x=${x}*${across}:y=${y}*${down}`];
}

function pictureOf({ video }: MediaInfo): string {
  return `0:V:${video?.stream ?? 0}`;
}
