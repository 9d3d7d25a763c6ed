/** Whether a prepared file is a master, by its headers and by what came out when it was decoded. Pure. */
import { formatSize } from '../../shared/geometry.ts';
import type { AudioInfo, MediaInfo } from '../info.ts';
import { MAX_BYTES, MAX_SECONDS, MIN_SECONDS } from '../limits.ts';
import type { PlanTarget } from '../plan/media-plan.ts';
import type { Shown } from './decode.ts';

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

/** Frames begin within this of their place; time stamps are printed with six digits. */
const TIME_SLACK_SECONDS = 0.001;

/**
 * How what is shown of a prepared file differs from what was planned; empty when it does not. `stored`: frames that the file
 * holds. A copy may begin later by less than a frame, and then counts one frame more. Pure.
 */
export function shownProblems(
  { times, sound }: Pick<Shown, 'times' | 'sound'>,
  { fps, frames, audio }: PlanTarget,
  { kind, stored = times.length }: { readonly kind: 'remux' | 'convert'; readonly stored?: number | undefined },
): string[] {
  const first = times[0] ?? 0;
  const latest = kind === 'remux' ? 1 / fps : TIME_SLACK_SECONDS;
  const isEven = times.every((at, index) => Math.abs(at - first - index / fps) <= TIME_SLACK_SECONDS);
  const hidden = stored - times.length;
  return [
    times.length !== frames && `it shows ${times.length} pictures, not ${frames}`,
    first >= latest && `its first picture is shown at ${Number(first.toFixed(3))} s`,
    !isEven && 'its pictures come at uneven times',
    hidden > (kind === 'remux' && first > 0 ? 1 : 0) && `${hidden} of its ${stored} pictures are not shown`,
    audio && !sound && 'there is no sound in its sound track',
  ].filter((problem) => typeof problem === 'string');
}

/** An encoder puts up to three packets before and behind a sound; a cut is as exact as its packets. */
const PACKETS_SLACK = 5;

/**
 * How the sound of a copy differs from that of its source, as edit lists play them; empty when it does not. Muxers keep
 * packets of which an edit list plays nothing, and fill its pauses with them. `until`: where it was cut. Pure.
 */
export function copiedSoundProblems(
  { sound: played }: Pick<Shown, 'sound'>,
  { source, copy, until }: { source: AudioInfo | undefined; copy: AudioInfo | undefined; until: number },
): string[] {
  const { stored, sampleRate, samplesPerFrame } = copy ?? {};
  if (!played || !stored || !sampleRate || !samplesPerFrame) return [];
  const slack = (PACKETS_SLACK * samplesPerFrame) / sampleRate;
  const hidden = stored - (played.end - played.start);
  const lost = Math.min(source?.seconds ?? 0, until) - played.end;
  return [
    hidden > slack && `${hidden.toFixed(2)} s of its sound are not played`,
    lost > slack && `the last ${lost.toFixed(2)} s of its sound are missing`,
  ].filter((problem) => typeof problem === 'string');
}

/** Less than this is what an encoder does to a picture that stands still. */
const STILL = 0.02;
/** Fewer pictures may well be alike. */
const FEWEST_STILL = 4;
/** How many pictures at the beginning are one and the same; 0 where they are few. */
export function countFrozenFrames({ changes }: Pick<Shown, 'changes'>): number {
  const moves = changes.findIndex((change, index) => index > 0 && change >= STILL);
  const count = moves < 0 ? changes.length : moves;
  return count < FEWEST_STILL ? 0 : count;
}
