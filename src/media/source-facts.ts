/** What a record keeps of a source: that by which its plan was decided. Pure. */

import type { SourceFacts } from '../shared/clip.ts';
import type { AudioInfo, MediaInfo } from './info.ts';

/** What is as in most files is left out. */
export function sourceFacts({ container, video, audio, audioTracks, timeline }: MediaInfo): SourceFacts | undefined {
  if (!video) return undefined;
  const { codec, bitDepth, fps, rotation, pixelAspect, scan, delay } = video;
  const { chroma, range, primaries, transfer, matrix, hdr, window, stereo, projection } = video;
  return {
    ...{ container, codec, bitDepth },
    ...defined({ fps, chroma, range, primaries, transfer, matrix, hdr, window, stereo, projection }),
    ...(video.alpha && { alpha: true }),
    ...(video.mirrored && { mirrored: true }),
    ...(rotation !== 0 && { rotation }),
    ...(pixelAspect !== 1 && { pixelAspect }),
    ...(scan !== 'progressive' && { scan }),
    ...(!video.constantRate && { varies: true }),
    ...(delay > 0 && { delay }),
    ...(timeline && timeline.hidden > 0 && { hidden: timeline.hidden }),
    ...(timeline && timeline.leading > 0 && { leading: timeline.leading }),
    ...(audio && { sound: soundFacts(audio) }),
    ...(audioTracks.length > 1 && { soundTracks: audioTracks.length }),
  };
}

function soundFacts({ codec, track, channels, laidOut }: AudioInfo): NonNullable<SourceFacts['sound']> {
  return { codec, track, ...defined({ channels }), ...(!laidOut && { laidOut }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
