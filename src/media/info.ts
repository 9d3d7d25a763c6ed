/** What a media file is, as facts that a plan can be made from. Plain data with its small pure helpers. */

import type { Rect, Size } from '../shared/geometry.ts';
import { frameRate, type Timeline } from './probe/timeline.ts';
import type { DolbyVision } from './probe/track-header.ts';

export interface MediaInfo {
  /** As MediaInfo names it: `MPEG-4`, `Matroska`, `AVI`. */
  readonly container: string;
  readonly bytes: number;
  /** Of the container: its longest stream. */
  readonly seconds: number | undefined;
  readonly video: VideoInfo | undefined;
  /** The track that is used. */
  readonly audio: AudioInfo | undefined;
  /** All of them, as they stand in the file. */
  readonly audioTracks: readonly AudioInfo[];
  readonly videoStreams: number;
  readonly coverArt: boolean;
  /** A still picture, not a video. */
  readonly image: boolean;
  /** A still picture with a video behind it, which its own app shows. */
  readonly motionPhoto: boolean;
  /** The file ends before its own index says so. */
  readonly truncated: boolean;
  /** Of the video, or of a part of it; undefined where no ffmpeg has read it. */
  readonly timeline?: Timeline;
}

export interface VideoInfo {
  /** `H.264`, `HEVC`, `VP9`. */
  readonly codec: string;
  readonly profile: string | undefined;
  /** Its place among the video streams that are no cover art, from 0: ffmpeg's `0:V:n`. */
  readonly stream: number;
  /** Pixels as stored, in the window: before rotation and pixel aspect ratio are applied. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel divided by its height. */
  readonly pixelAspect: number;
  /** The part of the stored picture that is shown; undefined for all of it. */
  readonly window: Rect | undefined;
  /** Players mirror the stored picture, left to right, before they turn it. */
  readonly mirrored: boolean;
  /** Degrees by which players turn the stored picture clockwise. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** How the pictures of two eyes lie in one, in ffmpeg's words; undefined for a picture of one. */
  readonly stereo: string | undefined;
  /** Of a picture that is not flat, such as `equirectangular`. */
  readonly projection: string | undefined;
  /** The commonest when the rate varies; by the headers alone, the average. */
  readonly fps: number | undefined;
  readonly constantRate: boolean;
  readonly frames: number | undefined;
  /** Frames that the file holds, those that an edit list hides among them; undefined when it does not tell. */
  readonly stored?: number | undefined;
  /** Of the picture itself, without the delay. */
  readonly seconds: number | undefined;
  /** Seconds after the beginning of the file at which the picture starts. */
  readonly delay: number;
  readonly bitDepth: number;
  /** Undefined for RGB. */
  readonly chroma: string | undefined;
  readonly rgb: boolean;
  readonly alpha: boolean;
  readonly range: 'limited' | 'full' | undefined;
  /** As MediaInfo names them (`BT.709`); undefined when untagged. */
  readonly primaries: string | undefined;
  readonly transfer: string | undefined;
  readonly matrix: string | undefined;
  readonly hdr: 'PQ' | 'HLG' | undefined;
  readonly dolbyVision: DolbyVision | undefined;
  readonly encrypted: boolean;
  /** The codec for which the ffmpeg at hand has no decoder; undefined when it has one, or nobody looked. */
  readonly missingDecoder: string | undefined;
  /** `mixed` streams say per frame whether it is interlaced. */
  readonly scan: 'progressive' | 'interlaced' | 'mixed';
}

export interface AudioInfo {
  /** The `n` of ffmpeg's `0:a:n`. */
  readonly track: number;
  readonly codec: string;
  readonly seconds: number | undefined;
  /** Seconds that the file holds, those that an edit list hides among them; undefined when it does not tell. */
  readonly stored?: number | undefined;
  readonly channels: number | undefined;
  /** It is known which channel belongs where; always so for one and for two. */
  readonly laidOut: boolean;
  /** Enabled, or the default: what players take. */
  readonly chosen: boolean;
  /** A commentary or a description, which players take only where there is nothing else. */
  readonly aside: boolean;
  /** False when the ffmpeg at hand cannot decode it; undefined when nobody tried. */
  readonly decodable: boolean | undefined;
  readonly sampleRate: number | undefined;
  readonly samplesPerFrame: number | undefined;
}

/** The size at which players show the picture: pixel aspect ratio and rotation applied; never fewer pixels than stored. */
export function displayedSize(video: Pick<VideoInfo, 'width' | 'height' | 'pixelAspect' | 'rotation'>): Size {
  const { pixelAspect } = video;
  const width = pixelAspect > 1 ? Math.round(video.width * pixelAspect) : video.width;
  const height = pixelAspect < 1 ? Math.round(video.height / pixelAspect) : video.height;
  return video.rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** The size at which players would show this part of the upright picture, or all of it. */
export function shownSize(
  video: Pick<VideoInfo, 'width' | 'height' | 'pixelAspect' | 'rotation'>,
  part: Size | undefined,
): Size {
  if (!part) return displayedSize(video);
  const pixelAspect = video.rotation % 180 === 0 ? video.pixelAspect : 1 / video.pixelAspect;
  return displayedSize({ width: part.width, height: part.height, pixelAspect, rotation: 0 });
}

/** The length of the picture. Frame counts are exact where container times are rounded to milliseconds. */
export function videoSeconds(
  video: Pick<VideoInfo, 'frames' | 'fps' | 'seconds' | 'constantRate'>,
): number | undefined {
  const { frames, fps, seconds } = video;
  if (!video.constantRate || !frames || !fps) return seconds;
  const counted = frames / fps;
  return seconds === undefined || Math.abs(counted - seconds) < 1.5 / fps ? counted : seconds;
}

/** Half a millisecond is rounding. */
const NO_DELAY_SECONDS = 0.0005;

/** The same clip with what the time stamps say, which wins over what headers do. Length and delay follow from the last and the first of them. */
export function withTimeline(info: MediaInfo, timeline: Timeline): MediaInfo {
  const { video } = info;
  const [first = 0] = timeline.times;
  if (!video) return info;
  const rate = frameRate(timeline);
  const isStuck = !rate && timeline.packets > 1;
  const fps = isStuck ? undefined : (rate?.fps ?? (timeline.isComplete ? 1 / (timeline.end - first) : video.fps));
  const constantRate = rate?.constant ?? video.constantRate;
  // A part from the middle does not have the first picture among it.
  const delay = timeline.from > 0 ? video.delay : first > NO_DELAY_SECONDS ? first : 0;
  const timed = { ...video, fps, constantRate, delay };
  if (!timeline.isComplete) return { ...info, timeline, video: timed };
  const frames = timeline.from > 0 ? undefined : timeline.times.length;
  const whole = { ...timed, seconds: timeline.end - delay, frames };
  return { ...info, timeline, seconds: info.seconds ?? timeline.end, video: whole };
}

/** As stored, turned upright: the frame that ffmpeg's filters see. */
export function uprightSize({ width, height, rotation }: VideoInfo): Size {
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}
