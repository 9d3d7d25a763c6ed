/** Facts of a file that already fits, to be varied. */
import type { AudioInfo, MediaInfo, VideoInfo } from '../../src/media/info.ts';

const VIDEO: VideoInfo = {
  codec: 'H.264',
  profile: 'High',
  stream: 0,
  width: 1280,
  height: 720,
  pixelAspect: 1,
  window: undefined,
  mirrored: false,
  rotation: 0,
  stereo: undefined,
  projection: undefined,
  fps: 30,
  constantRate: true,
  frames: 90,
  seconds: 3,
  delay: 0,
  bitDepth: 8,
  chroma: '4:2:0',
  rgb: false,
  alpha: false,
  range: 'limited',
  primaries: 'BT.709',
  transfer: 'BT.709',
  matrix: 'BT.709',
  hdr: undefined,
  dolbyVision: undefined,
  encrypted: false,
  missingDecoder: undefined,
  scan: 'progressive',
};

const AUDIO: AudioInfo = {
  ...{ chosen: true, aside: false, decodable: undefined },
  track: 0,
  laidOut: true,
  codec: 'AAC',
  seconds: 2.9,
  channels: 2,
  sampleRate: 48_000,
  samplesPerFrame: 1024,
};

/** The frame count follows from seconds and fps unless given. */
export function videoInfo(change: Partial<VideoInfo> = {}): VideoInfo {
  const video = { ...VIDEO, ...change };
  const { fps, seconds } = video;
  const frames = fps === undefined || seconds === undefined ? undefined : Math.round(seconds * fps);
  return { ...video, frames: 'frames' in change ? change.frames : frames };
}

export function audioInfo(change: Partial<AudioInfo> = {}): AudioInfo {
  return { ...AUDIO, ...change };
}

export function mediaInfo(
  video: Partial<VideoInfo> | null = {},
  audio: Partial<AudioInfo> | null = {},
  rest: Partial<MediaInfo> = {},
): MediaInfo {
  const picture = video === null ? undefined : videoInfo(video);
  const audioTracks = audio === null ? [] : [audioInfo(audio)];
  return {
    container: 'MPEG-4',
    bytes: 1_000_000,
    seconds: picture?.seconds,
    video: picture,
    audio: audioTracks[0],
    audioTracks,
    videoStreams: video === null ? 0 : 1,
    coverArt: false,
    image: false,
    motionPhoto: false,
    truncated: false,
    ...rest,
  };
}
