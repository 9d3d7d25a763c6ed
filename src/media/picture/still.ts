/** A picture that was given for a character, made into one that hosts take: upright, without metadata, not too large. */

import type { ImageMime } from '../../shared/clip.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize, type Size } from '../../shared/geometry.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { throwIfAborted } from '../ffmpeg/process.ts';
import { MAX_SIDE } from '../limits.ts';
import { checkImage, convertImage, uprightImageFilters, withinFilters } from './fit.ts';
import { imageSize, sniffImage, stripMetadata } from './formats.ts';

/** Hosts refuse more, and some of them less than this short side. */
export const MOST_STILL_BYTES = 10_000_000;
const LEAST_STILL_SIDE = 256;
/** What a picture should have: models of people lose the face below. */
const GOOD_STILL_SIDE = 720;
/** Of one that has to become smaller. */
const REDUCED_SIDE = 4096;

export interface StillImage {
  readonly bytes: Uint8Array;
  readonly mime: ImageMime;
  readonly size: Size;
  /** What was changed of it, or how it falls short: a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The same pixels where they can stay. One that EXIF turns is turned, and one of more than 10 MB becomes a JPEG. `name` is for
 * what is said of it. Throws `clip` for a picture that is none, too small or damaged, `machine`, or the signal's reason.
 */
export async function prepareStill(
  bytes: Uint8Array,
  { name, ffmpeg, signal }: { name: string; ffmpeg: Ffmpeg; signal: AbortSignal },
): Promise<StillImage> {
  throwIfAborted(signal);
  const mime = sniffImage(bytes);
  if (mime === undefined)
    throw new SoraError('clip', `${name} is not a JPEG, PNG or WebP picture.`, {
      hint: 'Convert it, for example: ffmpeg -i picture.gif picture.png',
    });
  checkSize(name, imageSize(bytes));
  const upright = uprightImageFilters(bytes);
  const stripped = stripMetadata(bytes);
  const request = { mime, upright, box: [], ffmpeg, signal };
  try {
    // Decoded in any case: a host would find damage only after the upload.
    const isTurned = upright.length > 0;
    let image = isTurned ? await convertImage(stripped, request) : stripped;
    if (!isTurned) await checkImage(stripped, request);
    const notes = isTurned ? [`${name} is turned as its EXIF data say.`] : [];
    if (image.length > MOST_STILL_BYTES) {
      image = await convertImage(stripped, { ...request, box: withinFilters(REDUCED_SIDE), to: 'image/jpeg' });
      notes.push(`${name} has more than ${MOST_STILL_BYTES / 1_000_000} MB, and is kept as a JPEG.`);
    }
    const size = imageSize(image);
    const kept = sniffImage(image);
    if (!size || !kept || image.length > MOST_STILL_BYTES) throw damaged(name);
    if (Math.min(size.width, size.height) < GOOD_STILL_SIDE)
      notes.push(`${name} is ${formatSize(size)}: a short side of ${GOOD_STILL_SIDE} pixels shows a character better.`);
    return { bytes: image, mime: kept, size, notes };
  } catch (error) {
    if (error instanceof SoraError && error.code === 'clip') throw damaged(name, error);
    throw error;
  }
}

function checkSize(name: string, size: Size | undefined): void {
  if (!size) throw damaged(name);
  const { width, height } = size;
  if (Math.max(width, height) > MAX_SIDE)
    throw new SoraError('clip', `${name} is ${formatSize(size)}; at most ${MAX_SIDE}x${MAX_SIDE} is supported.`, {
      hint: 'Make it smaller first: 2000 pixels are more than any model uses.',
    });
  if (Math.min(width, height) < LEAST_STILL_SIDE)
    throw new SoraError(
      'clip',
      `${name} is ${formatSize(size)}; a picture of a character has at least ${LEAST_STILL_SIDE} pixels on its short side.`,
      { hint: 'Use the original in its full size, if there is one.' },
    );
}

function damaged(name: string, cause?: SoraError): SoraError {
  const why = cause ? cause.message.replace(/^The picture/, '') : ' is damaged: its size cannot be read.';
  return new SoraError('clip', `${name}${why}`, {
    hint: 'Open it in an image editor and save it again as PNG or JPEG.',
    ...(cause && { cause }),
  });
}
