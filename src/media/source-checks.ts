/** What a conversion that failed or looks wrong is held against: its source, looked at by other means. */
import { rm } from 'node:fs/promises';
import { fileUrl, hostileInput, SOURCE_CLOCK } from './arguments.ts';
import { decoderComplaints } from './complaints.ts';
import type { Ffmpeg } from './find.ts';
import type { MediaInfo } from './info.ts';
import { decodeFrom } from './timeline.ts';
import { DECODE_TIMEOUT_MS, readChanges, runDecoder } from './verify.ts';

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
    await runDecoder(ffmpeg, [...hostileInput(), '-y', '-v', 'error', '-i', fileUrl(source), ...copied], limits);
    const decoded = ['-loglevel', 'level+info', '-nostats', '-i', fileUrl(cut), '-f', 'null', '-'];
    const { result } = await runDecoder(ffmpeg, [...hostileInput(), ...decoded], limits);
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

/** Whether the pictures of that part differ from one another, decoded from further before it than a conversion does. */
export async function movesAt(
  { source, info, ffmpeg, signal }: SourceRequest,
  part: { readonly start: number; readonly seconds: number },
): Promise<boolean> {
  const { timeline } = info;
  if (!timeline) return false;
  const { start } = part;
  const end = start + Math.min(part.seconds, LOOK_SECONDS) - 0.5 / (info.video?.fps ?? 30);
  // One picture that lasts is no movement.
  if (!timeline.times.some((at) => at > start + 0.001 && at < end)) return false;
  const from = start < FAR_SECONDS ? 0 : decodeFrom(timeline, start - LOOK_SECONDS * 10);
  const filters = [
    `setpts=PTS-${(timeline.origin + start).toFixed(6)}/TB`,
    ...['scale=w=32:h=18:flags=area', 'format=gray', 'signalstats'],
    'metadata=print:key=lavfi.signalstats.YDIF:file=-',
  ];
  const input = [...SOURCE_CLOCK, ...(from > 0 ? ['-ss', String(from)] : []), '-t', (end - from).toFixed(3)];
  const args = [...hostileInput(), '-v', 'error', '-nostats', ...input, '-i', fileUrl(source)];
  const output = ['-map', pictureOf(info), '-filter:v', filters.join(','), '-f', 'null', '-'];
  const { stdout } = await runDecoder(ffmpeg, [...args, ...output], { signal, timeoutMs: DECODE_TIMEOUT_MS });
  const { times, changes } = readChanges(stdout);
  return changes.some((change, index) => change >= MOVING && (times[index] ?? 0) > 0.001);
}

function pictureOf({ video }: MediaInfo): string {
  return `0:V:${video?.stream ?? 0}`;
}
