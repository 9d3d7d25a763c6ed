/**
 * Whether an encode that has just been made is what was planned, in a tenth of the time that decoding all of it takes. What
 * differs, or cannot be told in this way, is left to `decode.ts`, which has words for it.
 */
import { resolve } from 'node:path';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import { decoderComplaints } from '../ffmpeg/complaints.ts';
import type { FfmpegProgram } from '../ffmpeg/find.ts';
import { readMetadata } from '../ffmpeg/picture-look.ts';
import type { MediaInfo } from '../info.ts';
import type { PlanTarget } from '../plan/media-plan.ts';
import { findOtherSize } from '../probe/h264-sizes.ts';
import { readPackets } from '../probe/timeline.ts';
import {
  DECODE_TIMEOUT_MS,
  DECODER_THREADS,
  type Decoded,
  FRAME_DIFF_FILTERS,
  parseFrameDiffs,
  readSound,
  runDecoder,
  type Shown,
  SOUND_FILTERS,
  sizeGuard,
  verifyDecodes,
} from './decode.ts';
import { countFrozenFrames, shownProblems } from './master-problems.ts';

/** So many of the beginning are decoded one after another: more than may be alike. */
const FIRST_PICTURES = 6;

/** Decodes all of it where that is needed to say what is wrong. Damage is an answer; `machine` and `interrupted` are thrown. */
export async function verifyEncode(
  path: string,
  ffmpeg: FfmpegProgram,
  signal: AbortSignal,
  { target, info }: { readonly target: PlanTarget; readonly info: Promise<MediaInfo> },
): Promise<Decoded> {
  const shown = await showByPackets(path, ffmpeg, signal, target);
  const isPlanned =
    shown && shownProblems(shown, target, { kind: 'convert', stored: (await info).video?.stored }).length === 0;
  return isPlanned ? shown : verifyDecodes(path, ffmpeg, signal, { size: target });
}

/**
 * What is shown of a file, by its packets: each is there at its time, is made of whole units, and has the head of a picture.
 * The beginning, every keyframe and all of the sound are decoded, and every size that the stream announces is the planned one.
 * `changes` are those of the beginning. Undefined where anything is not as it should be, and where the beginning stands still.
 */
async function showByPackets(
  path: string,
  ffmpeg: FfmpegProgram,
  signal: AbortSignal,
  target: PlanTarget,
): Promise<Shown | undefined> {
  const url = fileUrl(resolve(path));
  const input = (...options: string[]): string[] => [...untrustedInputOptions(), ...options, '-i', url];
  const guard = sizeGuard(target);
  const graph = [`[0:V:0]${guard},${FRAME_DIFF_FILTERS}[shown]`, `[1:V:0]${guard}[keys]`].join(';');
  const args = [
    ...['-loglevel', 'level+info', '-nostats', ...DECODER_THREADS],
    ...input('-t', (FIRST_PICTURES / target.fps).toFixed(6)),
    ...input('-threads', '1', '-skip_frame', 'nokey'),
    ...['-filter_complex', graph, '-map', '[shown]', '-f', 'null', '-', '-map', '[keys]', '-f', 'null', '-'],
    ...(target.audio ? ['-map', '1:a:0', '-filter:a', SOUND_FILTERS, '-f', 'null', '-'] : []),
    ...['-map', '1:V:0', '-c', 'copy', '-bsf:v', 'h264_metadata', '-f', 'framecrc', 'pipe:1'],
  ];
  const [{ result, stdout }, otherSize] = await Promise.all([
    runDecoder(ffmpeg, args, { signal, timeoutMs: DECODE_TIMEOUT_MS }),
    findOtherSize(path, target, signal),
  ]);
  const lines = result.stderr.split(/[\r\n]+/);
  if (result.failed || otherSize || decoderComplaints(lines).length > 0) return undefined;
  const listing = readPackets(stdout.split('\n'));
  if (!listing || listing.isMoved || listing.isPartial) return undefined;
  const times = listing.packets
    .filter(({ isHidden }) => !isHidden)
    .map(({ at }) => at * listing.tick)
    .sort((a, b) => a - b);
  const { changes } = parseFrameDiffs(readMetadata(lines).join('\n'));
  const moves = changes.length > countFrozenFrames({ changes });
  return moves ? { ok: true, frames: times.length, times, changes, sound: readSound(result.stderr) } : undefined;
}
