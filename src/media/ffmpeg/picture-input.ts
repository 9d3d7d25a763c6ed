/** How the picture of a clip is read: which stream, by which decoder, and what brings it upright. The same for every look. Pure. */

import type { Rect } from '../../shared/geometry.ts';
import type { VideoInfo } from '../info.ts';

/** The stream, as ffmpeg's `-map` and graphs of filters name it. */
export function pictureStream({ stream }: Pick<VideoInfo, 'stream'>): string {
  return `0:V:${stream}`;
}

/**
 * Options before `-i`: the picture is turned by our own filters: builds before 5.0 do not mirror, and those before 5.1 know
 * nothing of the rotation of Matroska.
 */
export const PICTURE_INPUT: readonly string[] = ['-noautorotate'];

/** The decoder that reads transparency, where ffmpeg's own does not. */
export function alphaDecoder(codec: string): string | undefined {
  return codec === 'VP9' ? 'libvpx-vp9' : codec === 'VP8' ? 'libvpx' : undefined;
}

/** Whole frames, of what is shown of them, mirrored and turned. */
export function uprightFilters(video: VideoInfo): string[] {
  return [
    ...deinterlaceFilters(video),
    ...(video.window ? [cropFilter(video.window)] : []),
    ...(video.mirrored ? ['hflip'] : []),
    ...TURNS[video.rotation],
    // Later builds would hand the matrix on to the encoder.
    ...(video.mirrored || video.rotation !== 0 ? ['sidedata=mode=delete:type=DISPLAYMATRIX'] : []),
  ];
}

const TURNS = {
  0: [],
  90: ['transpose=clock'],
  180: ['hflip', 'vflip'],
  270: ['transpose=cclock'],
} as const satisfies Record<VideoInfo['rotation'], readonly string[]>;

/** Whole frames from fields. */
function deinterlaceFilters({ scan }: VideoInfo): string[] {
  if (scan === 'progressive') return [];
  return [`yadif=mode=send_frame:parity=auto:deint=${scan === 'mixed' ? 'interlaced' : 'all'}`];
}

export function cropFilter({ width, height, x, y }: Rect): string {
  return `crop=w=${width}:h=${height}:x=${x}:y=${y}`;
}
