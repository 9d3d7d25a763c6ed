/** A clip: how the user wants it prepared, and what was made of it. Plain data. */

import type { Orientation, Rect } from './geometry.ts';
import { shellCommand, shellQuote } from './text.ts';

export type ImageMime = 'image/jpeg' | 'image/png' | 'image/webp';

/** A place in a picture: from 0, 0 at the upper left to 1, 1 at the lower right. */
export interface Focus {
  readonly x: number;
  readonly y: number;
}

/** How a clip is brought into a frame that is not its own. */
export interface Framing {
  readonly fit: 'pad' | 'crop';
  readonly focus?: Focus;
}

export const FITS = ['pad', 'crop'] as const satisfies readonly Framing['fit'][];

/** `0.5,0.3`; undefined for what is no place in a picture. */
export function parseFocus(text: string): Focus | undefined {
  const [, x, y] = /^(\d*\.?\d+)[, x](\d*\.?\d+)$/.exec(text.trim()) ?? [];
  const place = { x: Number(x), y: Number(y) };
  return x === undefined || y === undefined || place.x > 1 || place.y > 1 ? undefined : place;
}

/** To say what a focus looks like. */
export const FOCUS_FORM = 'a place like 0.5,0.3, from 0,0 at the upper left to 1,1 at the lower right';

export function formatFocus({ x, y }: Focus): string {
  return `${x},${y}`;
}

/** What a fit and a focus say together: a focus alone means that the frame is filled. `contradiction` for a focus without anything to cut. */
export function framingFor(
  fit: Framing['fit'] | undefined,
  focus: Focus | undefined,
): Framing | 'contradiction' | undefined {
  if (focus && fit === 'pad') return 'contradiction';
  return focus ? { fit: 'crop', focus } : fit && { fit };
}

/** What the user wished for a clip; `sameClipOptions` compares. */
export interface ClipOptions {
  /** Seconds into the source; null is its beginning, `auto` the best part of it. */
  readonly start: number | 'auto' | null;
  /** Seconds, 2 to 4; null is as much as fits. */
  readonly duration: number | null;
  readonly fit: 'pad' | 'crop';
  readonly orientation: 'auto' | Orientation;
  readonly resolution: 'auto' | '720p' | '1080p';
  readonly audio: boolean;
  /** What `crop` keeps is around here: shares of the width and the height from the upper left; absent is the middle. */
  readonly focus?: Focus;
  /** Black bars that are already in the picture are cut off first. Records of earlier versions lack it, which means false. */
  readonly cropBars?: boolean;
}

export const DEFAULT_CLIP_OPTIONS: ClipOptions = {
  start: null,
  duration: null,
  fit: 'pad',
  orientation: 'auto',
  resolution: 'auto',
  audio: true,
  cropBars: false,
};

/** Equal wishes, whichever version wrote them down: a field that one lacks has its default. */
export function sameClipOptions(a: Partial<ClipOptions>, b: Partial<ClipOptions>): boolean {
  const keys = Object.keys(DEFAULT_CLIP_OPTIONS) as (keyof ClipOptions)[];
  return (
    keys.every((key) => (a[key] ?? DEFAULT_CLIP_OPTIONS[key]) === (b[key] ?? DEFAULT_CLIP_OPTIONS[key])) &&
    a.focus?.x === b.focus?.x &&
    a.focus?.y === b.focus?.y
  );
}

/** A prepared clip in the store, named by its content. */
export interface Clip {
  /** Lower-case hex SHA-256 of the file. */
  readonly sha256: string;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly fps: number;
  readonly bytes: number;
  /** Where the source's picture lies in a clip that was padded; without it the picture fills the clip. */
  readonly picture?: Rect;
}

/**
 * What of a source its plan was decided by, so that a later version can tell whether it would decide otherwise. In the words
 * of `clip inspect --json`; what is as in most files is absent.
 */
export interface SourceFacts {
  readonly container: string;
  readonly codec: string;
  readonly bitDepth?: number;
  readonly fps?: number;
  readonly chroma?: string;
  readonly range?: string;
  readonly primaries?: string;
  readonly transfer?: string;
  readonly matrix?: string;
  readonly hdr?: string;
  readonly alpha?: boolean;
  readonly window?: Rect;
  readonly stereo?: string;
  readonly projection?: string;
  readonly mirrored?: boolean;
  readonly rotation?: number;
  readonly pixelAspect?: number;
  readonly scan?: string;
  /** Its frame rate does. */
  readonly varies?: boolean;
  /** Seconds after the beginning of the file at which the picture starts. */
  readonly delay?: number;
  /** Pictures that an edit list hides, and those before the first keyframe. */
  readonly hidden?: number;
  readonly leading?: number;
  /** Of the track that was used, counted from 0. */
  readonly sound?: {
    readonly codec: string;
    readonly track: number;
    readonly channels?: number;
    readonly laidOut?: boolean;
  };
  readonly soundTracks?: number;
}

/** Raised when the same source and wishes would give another master; characters/outdated.ts says what of which. */
export const PLAN_VERSION = 3;

/** The command that shows what a file is. */
export function inspectCommand(path: string): string {
  return shellCommand('sora clip inspect', [shellQuote(path)]);
}
