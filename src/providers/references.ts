/**
 * How models take the characters of a video, as data: by which inputs, within which limits, and what a prompt calls them. And
 * what those limits mean for a clip: whether it is taken as it is, or as which copy. Pure.
 */

import type { Clip, Focus } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize, type Orientation, orientationOf, type Size } from '../shared/geometry.ts';

/**
 * How a character travels: as the id of a registration, as the URL of its clip, as its clip inside of the request, or as the
 * URLs of pictures of it.
 */
export type CharacterMode = 'id' | 'clip-url' | 'clip-inline' | 'image';

/** Both inclusive; a side that is absent is not limited. */
export interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/** What the clips of one request may be. What is absent is not limited, or nobody says. */
export interface ClipLimits {
  /** In one request. */
  readonly count: number;
  /** Of each. */
  readonly seconds?: Bounds;
  /** Of all together. */
  readonly totalSeconds?: Bounds;
  /** Width by height. */
  readonly pixels?: Bounds;
  /** Of either side, in pixels. */
  readonly side?: Bounds;
  readonly fps?: Bounds;
  /** Width to height. */
  readonly ratio?: Bounds;
  /** Of each, at most. */
  readonly bytes?: number;
}

/** What the pictures of one request may be, a first picture of the video among them. */
export interface StillLimits {
  readonly count: number;
  /** The model makes nothing without one. */
  readonly isRequired?: boolean;
  readonly side?: Bounds;
  readonly ratio?: Bounds;
  readonly bytes?: number;
}

/** What a prompt calls a character. */
interface Named {
  /** The longest name, in code points, where the host is told one. */
  readonly nameChars?: number;
  /**
   * What points to the first clip or picture; the number in it is one higher for each that follows (`@Video1`, `Video 1`,
   * `<VIDEO_REF_0>`). Absent where a prompt says the name alone.
   */
  readonly marker?: string;
  /** Counted like the marker: what the model itself calls the one who is shown, beside the name. */
  readonly subject?: string;
}

/** One of the inputs by which a model takes characters. Of an `id`, `clips` are those that it may be made from. */
export type CharacterInput = Named &
  (
    | { readonly mode: 'id' | 'clip-url' | 'clip-inline'; readonly clips: ClipLimits }
    | { readonly mode: 'image'; readonly stills: StillLimits }
  );

/** A character as a request carries it: one id, one URL or path of a clip, or the URLs of its pictures, the best one first. */
export interface CharacterReference {
  readonly mode: CharacterMode;
  readonly values: readonly string[];
}

/** Characters in one video, at most, by the best input. */
export function mostCharacters([best]: readonly CharacterInput[]): number {
  return best ? countOf(best) : 0;
}

export function countOf(input: CharacterInput): number {
  return input.mode === 'image' ? input.stills.count : input.clips.count;
}

/** The mode that the model is asked by unless a character cannot travel so; `id` where it takes none. */
export function preferredMode(inputs: readonly CharacterInput[]): CharacterMode {
  return inputs[0]?.mode ?? 'id';
}

/** The marker of the clip or picture of that index, counted from 0; undefined where there is none. */
export function markerAt(marker: string | undefined, index: number): string | undefined {
  return marker?.replace(/\d+/, (first) => String(Number(first) + index));
}

/** The values of all, in their order: what a field is made of that takes one mode only. */
export function valuesOf(characters: readonly CharacterReference[], ...modes: readonly CharacterMode[]): string[] {
  return characters.filter(({ mode }) => modes.includes(mode)).flatMap(({ values }) => values);
}

/** Throws `usage` for characters that travel in none of these modes: a request that has no field for them would leave them out. */
export function refuseLeftOut(characters: readonly CharacterReference[], ...modes: readonly CharacterMode[]): void {
  const left = characters.find(({ mode }) => !modes.includes(mode));
  if (!left) return;
  throw new SoraError('usage', `The request takes no character as ${WORDS[left.mode]}: it would leave it out.`, {
    hint: 'Ask for the video anew: sora video generate <prompt>',
  });
}

const WORDS = {
  id: 'an id',
  'clip-url': 'the URL of a clip',
  'clip-inline': 'a clip of its own',
  image: 'pictures',
} satisfies Record<CharacterMode, string>;

/** What limits speak of. */
export type ClipFacts = Pick<Clip, 'seconds' | 'width' | 'height' | 'fps' | 'bytes'>;

/** What a copy has to be where the clip itself is not taken: no longer than, of exactly that size and frame rate. */
export interface ClipCopy {
  readonly seconds?: number;
  readonly size?: Size;
  readonly fps?: number;
  /** How it is brought into its frame, where that is wanted otherwise than the clip was made. */
  readonly fit?: 'pad' | 'crop';
  readonly focus?: Focus;
}

/** What becomes of one clip: taken as it is without a copy. */
export interface ClipFit {
  readonly copy?: ClipCopy;
  /** Why there is a copy, as ends of a sentence: `at most 927408 pixels`. */
  readonly because: readonly string[];
  /** What no copy can mend, as ends of a sentence: `2 s long, and at least 3 s are needed`. */
  readonly problems: readonly string[];
}

/** A copy is no shorter than the shortest clip that is prepared for anybody. */
const SHORTEST_COPY_SECONDS = 2;

/** Containers count a little more than their pictures last. */
const SECONDS_MARGIN = 0.1;

/** The short sides that copies are made in. */
const COPY_SHORT_SIDES = [1080, 720];

/** What one clip has to be for a model of these limits; `mostSeconds` is its share where all together are limited. */
export function fitClip(clip: ClipFacts, limits: ClipLimits, mostSeconds?: number): ClipFit {
  const because: string[] = [];
  const problems: string[] = [];
  const seconds = cutTo(clip, { limits, mostSeconds, because, problems });
  const size = sizeFor(clip, limits, { because, problems });
  const fps = clamp(clip.fps, limits.fps);
  if (fps !== clip.fps) because.push(`${boundsText(limits.fps)} frames per second`);
  const copy: ClipCopy = {
    ...(seconds !== undefined && { seconds }),
    ...(size && { size }),
    ...(fps !== clip.fps && { fps }),
  };
  return { ...(Object.keys(copy).length > 0 && { copy }), because, problems };
}

function cutTo(
  clip: ClipFacts,
  {
    limits: { seconds: { least = 0, most = Number.POSITIVE_INFINITY } = {}, totalSeconds },
    mostSeconds = Number.POSITIVE_INFINITY,
    because,
    problems,
  }: {
    limits: ClipLimits;
    mostSeconds: number | undefined;
    because: string[];
    problems: string[];
  },
): number | undefined {
  if (clip.seconds < least) {
    problems.push(
      `${rounded(clip.seconds)} s long, and ${most < 1000 ? `${least} to ${most}` : `at least ${least}`} s are needed`,
    );
    return undefined;
  }
  if (clip.seconds <= Math.min(most, mostSeconds)) return undefined;
  because.push(mostSeconds < most ? `${boundsText(totalSeconds)} s of all clips together` : `at most ${most} s`);
  return rounded(Math.min(most - SECONDS_MARGIN, mostSeconds));
}

function sizeFor(
  clip: ClipFacts,
  limits: ClipLimits,
  { because, problems }: { because: string[]; problems: string[] },
): Size | undefined {
  const own = sizeProblems(clip, limits);
  const isHeavy = limits.bytes !== undefined && clip.bytes > limits.bytes;
  if (own.length === 0 && !isHeavy) return undefined;
  const found = COPY_SHORT_SIDES.map((short) => frameOf(short, orientationOf(clip))).find(
    (size) =>
      sizeProblems(size, limits).length === 0 && (!isHeavy || size.width * size.height < clip.width * clip.height),
  );
  const why = isHeavy ? [...own, `at most ${limits.bytes} bytes`] : own;
  (found ? because : problems).push(...(found ? why : why.map((one) => `${formatSize(clip)}, and it takes ${one}`)));
  return found;
}

function sizeProblems({ width, height }: Size, { pixels, side, ratio }: ClipLimits): readonly string[] {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  return [
    ...(isWithin(width * height, pixels) ? [] : [`${boundsText(pixels)} pixels`]),
    ...(isWithin(short, side) && isWithin(long, side) ? [] : [`${boundsText(side)} pixels a side`]),
    ...(isWithin(width / height, ratio) ? [] : [`a ratio of ${boundsText(ratio)}`]),
  ];
}

/** A frame of 16:9 or 9:16 whose shorter side has so many pixels. */
export function frameOf(short: number, orientation: Orientation): Size {
  const long = (short * 16) / 9;
  return orientation === 'portrait' ? { width: short, height: long } : { width: long, height: short };
}

export function isWithin(
  value: number,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bounds = {},
): boolean {
  return value >= least && value <= most;
}

function clamp(value: number, { least = value, most = value }: Bounds = {}): number {
  return Math.max(least, Math.min(most, value));
}

/** `3-30`, `at least 3`, `at most 15`. */
export function boundsText({ least, most }: Bounds = {}): string {
  const [from, to] = [least, most].map((bound) => (bound === undefined ? undefined : Number(bound.toFixed(3))));
  if (from !== undefined && to !== undefined) return `${from}-${to}`;
  return from !== undefined ? `at least ${from}` : `at most ${to}`;
}

function rounded(seconds: number): number {
  return Math.floor(seconds * 10 + 1e-6) / 10;
}

/** What becomes of the clips of one request together. */
export interface ClipsFit {
  /** In their order. */
  readonly clips: readonly ClipFit[];
  /** What is wrong with all of them together, as sentences. */
  readonly problems: readonly string[];
}

/**
 * What the clips of one request have to be. Where all together would last too long, the longest are cut until they fit, as
 * long as each stays long enough: a reference shows the same one in a second less.
 */
export function fitClips(clips: readonly ClipFacts[], limits: ClipLimits): ClipsFit {
  const alone = clips.map((clip) => fitClip(clip, limits));
  const { most = Number.POSITIVE_INFINITY, least = 0 } = limits.totalSeconds ?? {};
  const lengths = clips.map((clip, index) => alone[index]?.copy?.seconds ?? clip.seconds);
  const total = lengths.reduce((sum, seconds) => sum + seconds, 0);
  const sums = `${lengths.map((seconds) => `${rounded(seconds)} s`).join(' + ')} = ${rounded(total)} s`;
  if (total < least)
    return { clips: alone, problems: [`The clips last ${sums} together, and at least ${least} s are needed.`] };
  if (total <= most) return { clips: alone, problems: [] };
  const share = rounded(shareOf(lengths, most));
  if (share < Math.max(SHORTEST_COPY_SECONDS, limits.seconds?.least ?? 0))
    return { clips: alone, problems: [`The clips last ${sums} together, and ${most} s are allowed.`] };
  return { clips: clips.map((clip) => fitClip(clip, limits, share)), problems: [] };
}

/** The length to which the longest are cut so that all together last no longer than `most`. */
function shareOf(lengths: readonly number[], most: number): number {
  const ascending = lengths.toSorted((a, b) => a - b);
  let left = most;
  for (const [index, seconds] of ascending.entries()) {
    const share = left / (ascending.length - index);
    if (seconds > share) return share;
    left -= seconds;
  }
  return Number.POSITIVE_INFINITY;
}

/** Equal for copies that are the same: what a registration of one is kept by. Undefined for the clip itself. */
export function copyName({ size, seconds, fps, fit, focus }: ClipCopy = {}): string | undefined {
  const words = [
    ...(size ? [formatSize(size)] : []),
    ...(seconds !== undefined ? [`${seconds} s`] : []),
    ...(fps !== undefined ? [`${rounded(fps)} fps`] : []),
    ...(fit ? [fit === 'crop' ? `cut${focus ? ` around ${focus.x},${focus.y}` : ''}` : 'with bars'] : []),
  ];
  return words.length === 0 ? undefined : words.join(', ');
}
