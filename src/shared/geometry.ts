/** Sizes and shapes of pictures, in pixels. Pure. */

export type Orientation = 'landscape' | 'portrait';

/** Pixels of the displayed picture. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `1280x720` as a size, 10 to 99999 a side, or undefined when the text is not of that form. */
export function parseSize(text: string): Size | undefined {
  const match = /^([1-9]\d{1,4})x([1-9]\d{1,4})$/.exec(text);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}

/** A part of a picture; `x` and `y` are its upper left corner. */
export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

export function formatSize(size: Size): string {
  return `${size.width}x${size.height}`;
}

/** A square counts as landscape. */
export function orientationOf(size: Size): Orientation {
  return size.height > size.width ? 'portrait' : 'landscape';
}
