/** Which colours a file means, and what ffmpeg calls them. Pure. */
import type { VideoInfo } from '../info.ts';

/** Names of ffmpeg's scale filter for the matrices that MediaInfo reports. */
const MATRICES: Readonly<Record<string, string>> = {
  'BT.709': 'bt709',
  'BT.601': 'bt601',
  'BT.470 System B/G': 'bt601',
  'BT.470 System M': 'fcc',
  'FCC 73.682': 'fcc',
  'SMPTE 170M': 'bt601',
  'SMPTE 240M': 'smpte240m',
  'BT.2020 non-constant': 'bt2020',
  'BT.2020 constant': 'bt2020',
};

const WIDE_PRIMARIES: Readonly<Record<string, string>> = {
  'BT.2020': 'bt2020',
  'Display P3': 'smpte432',
  'DCI P3': 'smpte431',
};

/** The YUV matrix of the picture. An untagged one is guessed as players do: BT.601 up to PAL size and in JPEG, else BT.709. */
export function inputMatrix(video: VideoInfo): string {
  const tagged = video.matrix === undefined ? undefined : MATRICES[video.matrix];
  if (tagged !== undefined) return tagged;
  if (video.codec === 'JPEG') return 'bt601';
  const [short, long] = [Math.min(video.width, video.height), Math.max(video.width, video.height)];
  return long < 1280 && short <= 576 ? 'bt601' : 'bt709';
}

export function hasWideGamut(video: VideoInfo): boolean {
  return widePrimaries(video) !== undefined;
}

/** ffmpeg's name of primaries that hold more colours than BT.709, when it is not HDR. */
export function widePrimaries(video: VideoInfo): string | undefined {
  return video.hdr || video.primaries === undefined ? undefined : WIDE_PRIMARIES[video.primaries];
}
