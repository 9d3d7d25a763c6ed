/** What a container says of its video tracks: how they are to be shown. Plain data with its small pure helpers. */
import type { Size } from '../../shared/geometry.ts';

/** One video track, cover art left out. */
export interface TrackHeader {
  /** False for tracks that players do not show unless told to. */
  readonly chosen: boolean;
  readonly turn: Turn;
  /** As the header says it; undefined where it does not. */
  readonly stored: Size | undefined;
  /** Lines and columns of the stored picture that are not shown. */
  readonly crop: Insets | undefined;
  /** The ratio at which the cropped picture is shown; undefined when its pixels say so. */
  readonly display: Size | undefined;
  /** How the pictures of two eyes lie in one: ffmpeg's words. */
  readonly stereo: string | undefined;
  /** Of a picture that is not flat, such as `equirectangular`. */
  readonly projection: string | undefined;
  readonly dolbyVision: DolbyVision | undefined;
  readonly alpha: boolean;
  readonly encrypted: boolean;
  /** All its pictures are shown at one time. */
  readonly timeless: boolean;
  /** Of MP4: how many pictures it stores. */
  readonly samples?: number;
  /** Of MP4: the `avcC` box of its only sample entry, in hex; undefined for other codecs, and where there are several. */
  readonly avcC?: string;
}

/** First mirrored left to right, then turned clockwise. */
export interface Turn {
  readonly mirrored: boolean;
  readonly rotation: 0 | 90 | 180 | 270;
}

export interface Insets {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Compatibility 0: its base layer has colours of its own, which nothing but Dolby Vision shows. */
export interface DolbyVision {
  readonly profile: number;
  readonly compatibility: number;
}

export const PLAIN_TRACK: TrackHeader = {
  chosen: true,
  turn: { mirrored: false, rotation: 0 },
  ...{ stored: undefined, crop: undefined, display: undefined, stereo: undefined, projection: undefined },
  ...{ dolbyVision: undefined, alpha: false, encrypted: false, timeless: false },
};

export interface ContainerHeader {
  readonly tracks: readonly TrackHeader[];
  /** The file ends inside one of its own boxes; undefined where the container has no boxes that tell. */
  readonly cut: boolean | undefined;
}

/** Reads bytes of a file; fewer than asked for at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** A quarter turn from what a transformation makes of the axes: x' = a x + c y, y' = b x + d y, y downwards. */
export function turnOf(a: number, b: number, c: number, d: number): Turn {
  const mirrored = a * d - b * c < 0;
  const [x, y] = mirrored ? [-a, -b] : [a, b];
  const quarter = x === 0 && y === 0 ? 0 : Math.round(Math.atan2(y, x) / (Math.PI / 2));
  return { mirrored, rotation: turnedBy(quarter * 90) };
}

/** The nearest quarter turn. */
export function turnedBy(degrees: number): Turn['rotation'] {
  const quarter = ((Math.round(degrees / 90) % 4) + 4) % 4;
  return quarter === 1 ? 90 : quarter === 2 ? 180 : quarter === 3 ? 270 : 0;
}

/** Dolby Vision's configuration record (`dvcC`, `dvvC`): profile in bits 16-22, compatibility in bits 32-35. */
export function readDolbyVision(record: Buffer): DolbyVision {
  return { profile: record.readUInt8(2) >> 1, compatibility: record.readUInt8(4) >> 4 };
}
