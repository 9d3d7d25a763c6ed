/** What is wanted of a video: its size by size, aspect ratio, resolution or character, its length; as far as that needs no host. */

import type { ProviderLimits } from '../providers/limits.ts';
import { isRatio, RATIOS, ratioOf, shortSideOf, sizeOf } from '../providers/ratios.ts';
import { type Character, orientationOfCharacter } from '../shared/character.ts';
import type { Framing } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import type { Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';

/** Of a video of which no length is asked, as long as its model is not known. */
export const DEFAULT_SECONDS = 4;

export interface VideoInput {
  readonly prompt: string;
  readonly characters: readonly Character[];
  readonly size: Size;
  /** By what words the size was asked for; absent where it was not. */
  readonly sizeWish?: SizeWish;
  /** Undefined where no length is asked for. */
  readonly seconds: number | undefined;
  /** An https or data URL, the path of a picture, or its bytes. */
  readonly reference?: string | Uint8Array;
  /** How clips of another shape are brought into the frame of the video; as each was prepared unless given. */
  readonly framing?: Framing;
}

/** What its model is asked for. */
export interface FittedInput extends VideoInput {
  readonly seconds: number;
}

/** The input with a size and a length that the model makes, as far as they were not asked for in the model's own terms. */
export function fitInput(
  input: VideoInput,
  { frame, seconds }: Pick<ProviderLimits, 'frame' | 'seconds'>,
): FittedInput {
  return { ...input, size: fitFrame(input.size, frame), seconds: input.seconds ?? defaultSeconds(seconds) };
}

/** The length of a video of which none is asked: the nearest to 4 s of those that the model makes; of two, the longer one. */
export function defaultSeconds(lengths: readonly number[]): number {
  const distance = (seconds: number): number => Math.abs(seconds - DEFAULT_SECONDS);
  return lengths.toSorted((a, b) => distance(a) - distance(b) || b - a)[0] ?? DEFAULT_SECONDS;
}

/**
 * The size that a model is asked for: that one where its sides are such as the model makes, else the same shape with the model's own
 * shorter side, and a longer one that is no longer than the shape has it.
 */
export function fitFrame(size: Size, frame: ProviderLimits['frame']): Size {
  if (!frame) return size;
  if ('shortSides' in frame) {
    const shape = ratioOf(size);
    const isMade = frame.shortSides.includes(shortSideOf(size));
    return isMade || shape === undefined ? size : sizeOf(shape, frame.shortSide);
  }
  if (size.width % frame.sideMultiple === 0 && size.height % frame.sideMultiple === 0) return size;
  const { shortSide, sideMultiple } = frame;
  const ratio = Math.max(size.width, size.height) / Math.min(size.width, size.height);
  const long = Math.floor((shortSide * ratio) / sideMultiple) * sideMultiple;
  return size.width >= size.height ? { width: long, height: shortSide } : { width: shortSide, height: long };
}

/** How a size is asked for: in pixels, or by its ratio and its short side. */
export interface SizeWish {
  readonly size?: Size;
  readonly aspect?: string;
  readonly resolution?: string;
}

/** The words for a size among others. */
export function sizeWishOf({ size, aspect, resolution }: { [K in keyof SizeWish]: SizeWish[K] | undefined }): SizeWish {
  return {
    ...(size && { size }),
    ...(aspect !== undefined && { aspect }),
    ...(resolution !== undefined && { resolution }),
  };
}

const SHORT_SIDES: Readonly<Record<string, number>> = {
  ...{ '480p': 480, '720p': 720, '768p': 768, '1080p': 1080, '4k': 2160 },
};

/** 720p as the first character's clip lies, unless the user says otherwise. Throws `usage` for what is no size. */
export function chooseSize({ size, aspect, resolution }: SizeWish, first: Character | undefined): Size {
  if (size && (aspect !== undefined || resolution !== undefined)) {
    throw new SoraError(
      'usage',
      `${option('size')} cannot be combined with ${option('aspect')} or ${option('resolution')}.`,
      {
        hint: `Leave out ${option('size')}, or the other two.`,
      },
    );
  }
  if (size) return size;
  const short = SHORT_SIDES[resolution ?? '720p'];
  if (short === undefined)
    throw new SoraError('usage', `${option('resolution')} ${resolution} is not known.`, {
      hint: `Use one of ${Object.keys(SHORT_SIDES).join(', ')}, or name pixels with ${option('size')}.`,
    });
  const lies = first ? orientationOfCharacter(first) : 'landscape';
  const ratio = aspect ?? (lies === 'landscape' ? '16:9' : '9:16');
  if (isRatio(ratio)) return sizeOf(ratio, short);
  throw new SoraError('usage', `${option('aspect')} ${aspect} is not known.`, {
    hint: `Use one of ${RATIOS.join(', ')}, or name pixels with ${option('size')}.`,
  });
}
