/** Why a file cannot become a clip at all, whatever is wished for. */
import { formatSize } from '../../shared/geometry.ts';
import { displayedSize, type MediaInfo, type VideoInfo, videoSeconds } from '../info.ts';
import { MAX_SIDE, MIN_SECONDS } from '../limits.ts';
import { fpsOf, frameLimits, framesIn, targetRate } from './frame.ts';
import { round } from './steps.ts';

/** A sentence for each reason; none when a clip can be made of it, or a part of a film, which may be of `anyLength`. */
export function findIssues(info: MediaInfo, { anyLength = false }: { readonly anyLength?: boolean } = {}): string[] {
  const { video } = info;
  if (info.motionPhoto)
    return ['It is a motion photo, a picture with a video behind it: export the video from the app that shows it.'];
  if (info.image) return ['It is a single picture, not a video.'];
  if (!video) {
    return [info.audio ? 'It has sound but no video.' : 'It has no video.'];
  }
  const issues: string[] = [];
  issues.push(...unreadable(video));
  const { width, height } = video;
  if (!(width >= 16 && height >= 16)) issues.push(`Its picture is ${formatSize(video)}; at least 16x16 is needed.`);
  if (width > MAX_SIDE || height > MAX_SIDE)
    issues.push(`Its picture is ${formatSize(video)}; at most ${MAX_SIDE}x${MAX_SIDE} is supported.`);
  const shown = displayedSize(video);
  const ratio = Math.max(shown.width, shown.height) / Math.max(1, Math.min(shown.width, shown.height));
  if (ratio > 50) issues.push(`Its picture is ${formatSize(shown)}: too narrow to be placed in a frame.`);
  const seconds = videoSeconds(video);
  if (seconds === undefined || video.fps === undefined || !(video.fps > 0)) {
    issues.push(
      info.timeline && info.timeline.packets > info.timeline.times.length
        ? 'Its pictures all have one time stamp: when to show them is not known.'
        : 'Its length or frame rate is not stored in the file and could not be measured.',
    );
  } else if (!anyLength) {
    const fps = fpsOf(targetRate(video.fps));
    if (framesIn(seconds, fps) < frameLimits(fps).min)
      issues.push(`It is ${round(seconds)} s long; at least ${MIN_SECONDS} s are needed.`);
  }
  return issues;
}

/** Why nothing can be made of its picture, whatever its size and length. */
function unreadable({ encrypted, missingDecoder, dolbyVision }: VideoInfo): string[] {
  if (encrypted)
    return ['It is encrypted, and nothing but its own player can decode it: give a copy without protection.'];
  if (missingDecoder !== undefined)
    return [
      `This ffmpeg has no decoder for ${missingDecoder}: point SORA_FFMPEG at another one, or export the clip as H.264.`,
    ];
  if (dolbyVision?.compatibility !== 0) return [];
  const { profile } = dolbyVision;
  return [
    `It is Dolby Vision profile ${profile}, whose colours only Dolby Vision shows: export it as HDR10, HLG or SDR.`,
  ];
}
