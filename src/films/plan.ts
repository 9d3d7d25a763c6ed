/**
 * A film as a plan: how many pictures each shot has in it, which pieces are made, where sounds, subtitles and chapters lie.
 * Everything is counted in pictures of the film, and in samples from its beginning: times are never added up. Pure.
 */
import { type AudioInfo, shownSize, type VideoInfo } from '../media/info.ts';
import { fpsOf, type Placement, place, type Rate } from '../media/plan/frame.ts';
import { pictureAt } from '../media/probe/timeline.ts';
import { problemsError } from '../shared/errors.ts';
import type { Size } from '../shared/geometry.ts';
import { sampleAt } from './raster.ts';
import type { Take } from './take.ts';

/** One take as it is wanted in a film. */
export interface Shot {
  /** What messages call it. */
  readonly name: string;
  readonly take: FilmTake;
  /** Seconds from its first picture on; all of it unless given. */
  readonly trim?: { readonly from: number; readonly to: number };
  /** Gain of its own sound in dB; 0 leaves it as it is. */
  readonly soundDb: number | 'off';
  /** Seconds for which its last picture is held longer. */
  readonly holdSeconds: number;
  /** Seconds of the dissolve from the shot before into this one; 0 is a cut. */
  readonly fadeSeconds: number;
  /** A sound that is laid over it from its beginning on. */
  readonly voice?: SoundSource;
  /** Of the chapter that begins here. */
  readonly title?: string;
  readonly subtitle?: string;
}

export interface FilmTake extends Take {
  /** Of the file, lower-case hex. */
  readonly sha256: string;
  /** The header of its pictures where they could be copied as they are; see `findHeader`. */
  readonly header: string | undefined;
}

/** A sound track of a file. */
export interface SoundSource {
  readonly path: string;
  readonly audio: AudioInfo;
}

export interface Music extends SoundSource {
  /** Gain in dB. */
  readonly levelDb: number;
  /** Lowered while there is other sound. */
  readonly duck: boolean;
  /** Seconds of the fade at either end. */
  readonly fadeSeconds: number;
}

export interface AssemblyWish {
  readonly title?: string;
  readonly size: Size;
  readonly rate: Rate;
  readonly shots: readonly Shot[];
  readonly music?: Music;
  /** Integrated loudness in LUFS. */
  readonly loudness: number | 'off';
  /** Whether subtitles become a track of the film. */
  readonly subtitles: boolean;
}

export interface AssemblyPlan extends Omit<AssemblyWish, 'shots'> {
  readonly frames: number;
  readonly shots: readonly PlannedShot[];
  /** In the order of the film, without gaps. */
  readonly pieces: readonly PlannedPiece[];
  readonly sounds: readonly PlannedSound[];
  readonly cues: readonly Span[];
  readonly chapters: readonly Span[];
}

export interface PlannedShot extends Shot {
  /** The first of its pictures in the film, from 0. */
  readonly at: number;
  /** How many of them, the held ones among them. */
  readonly frames: number;
  /** Those that are not held. */
  readonly moving: number;
  /** How many are shared with the shot before, in a dissolve. */
  readonly shared: number;
  /** Seconds into its file at which the first is shown. */
  readonly start: number;
}

/** Pictures of a shot, counted from its first. */
export interface Stretch {
  readonly shot: PlannedShot;
  readonly from: number;
  readonly frames: number;
}

export type PlannedPiece =
  /** All pictures of a take, as they are stored. */
  | { readonly kind: 'copy'; readonly frames: number; readonly shot: PlannedShot }
  | { readonly kind: 'encode'; readonly frames: number; readonly stretch: Stretch }
  | { readonly kind: 'dissolve'; readonly frames: number; readonly out: Stretch; readonly into: Stretch };

/** A sound in the film; samples of 48 kHz. */
export interface PlannedSound extends SoundSource {
  /** A person has named its file: where it cannot be decoded there is no film, and no silence in its place. */
  readonly isAskedFor: boolean;
  /** Seconds into its file. */
  readonly start: number;
  /** The time stamp at which its file begins, where its pictures are used too. */
  readonly origin: number | undefined;
  /** Where it begins in the film, and how long it may be. */
  readonly at: number;
  readonly samples: number;
  readonly gainDb: number;
  /** It rises over its first samples, and falls over its last ones. */
  readonly fadeIn: number;
  readonly fadeOut: number;
}

/** A text from one picture of the film to another, which it no longer covers. */
export interface Span {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Where the pictures of a take lie in those of a film. One of another size is always fitted: films have no master's rule about small ones. */
export function placementOf(video: VideoInfo, size: Size): Placement {
  return place(shownSize(video, undefined), size, { fit: 'pad', resolution: '720p' }, video.pixelAspect === 1);
}

/** Throws `usage` for trims, holds and dissolves that a take is too short for, all of them at once. */
export function planAssembly({ shots: wished, ...film }: AssemblyWish): AssemblyPlan {
  const fps = fpsOf(film.rate);
  const shots = placeShots(wished, fps);
  const last = shots.at(-1);
  const frames = last ? last.at + last.frames : 0;
  /** Where the next one begins to be seen. */
  const endOf = (index: number): number => shots[index + 1]?.at ?? frames;
  const spans = (textOf: (shot: Shot) => string | undefined, toEnd: (index: number) => number): Span[] =>
    shots.flatMap((shot, index) => {
      const text = textOf(shot)?.trim();
      return text ? [{ text, from: shot.at, to: toEnd(index) }] : [];
    });
  const nextTitled = (index: number): number => shots.slice(index + 1).find(({ title }) => title?.trim())?.at ?? frames;
  return {
    ...film,
    frames,
    shots,
    pieces: cutPieces(shots, film),
    sounds: placeSounds(shots, frames, film.rate),
    cues: film.subtitles ? spans(({ subtitle }) => subtitle, endOf) : [],
    chapters: spans(({ title }) => title, nextTitled),
  };
}

function placeShots(wished: readonly Shot[], fps: number): PlannedShot[] {
  const problems: string[] = [];
  let at = 0;
  const shots = wished.map((shot, index): PlannedShot => {
    const { start, seconds, problem } = partOf(shot);
    if (problem !== undefined) problems.push(`${shot.name}: ${problem}`);
    const moving = Math.max(1, Math.round(seconds * fps));
    const frames = moving + Math.round(shot.holdSeconds * fps);
    const shared = index === 0 ? 0 : Math.round(shot.fadeSeconds * fps);
    const placed = { ...shot, at: at - shared, frames, moving, shared, start };
    at = placed.at + frames;
    return placed;
  });
  shots.forEach(({ name, frames, shared }, index) => {
    const next = shots[index + 1]?.shared ?? 0;
    if (shared + next > frames)
      problems.push(
        `${name}: it is ${seconds(frames, fps)} s long in the film, and its dissolves take ${seconds(shared + next, fps)} s.`,
      );
  });
  if (problems.length > 0)
    throw problemsError('usage', problems, { hint: 'Make the dissolves or the trims shorter, or the takes longer.' });
  return shots;
}

function seconds(frames: number, fps: number): number {
  return Number((frames / fps).toFixed(3));
}

/** Which seconds of its file a shot shows. */
function partOf({ trim, take }: Shot): { start: number; seconds: number; problem?: string } {
  const { timeline, video } = take;
  const [first = 0] = timeline.times;
  const { end } = timeline;
  if (!trim) {
    // Counted, where it can be: time stamps are rounded.
    const counted = video.constantRate && video.fps ? timeline.times.length / video.fps : end - first;
    const isCounted = Math.abs(counted - (end - first)) < 1.5 / (video.fps ?? 1);
    return { start: first, seconds: isCounted ? counted : end - first };
  }
  const fps = video.fps ?? 1;
  const start = pictureAt(timeline, first + trim.from, fps) ?? end;
  const to = Math.min(end, first + trim.to);
  if (start < to - 0.5 / fps) return { start, seconds: to - start };
  const problem = `its trim begins at ${trim.from} s, and it is ${Number((end - first).toFixed(3))} s long.`;
  return { start, seconds: 0, problem };
}

function cutPieces(shots: readonly PlannedShot[], film: Pick<AssemblyWish, 'size' | 'rate'>): PlannedPiece[] {
  const header = commonHeader(shots, film);
  return shots.flatMap((shot, index): PlannedPiece[] => {
    const next = shots[index + 1];
    const shared = next?.shared ?? 0;
    const alone = shot.frames - shot.shared - shared;
    const body: PlannedPiece[] =
      alone === 0
        ? []
        : header !== undefined
          ? [{ kind: 'copy', frames: alone, shot }]
          : [{ kind: 'encode', frames: alone, stretch: { shot, from: shot.shared, frames: alone } }];
    if (!next || shared === 0) return body;
    const out = { shot, from: shot.frames - shared, frames: shared };
    return [...body, { kind: 'dissolve', frames: shared, out, into: { shot: next, from: 0, frames: shared } }];
  });
}

/**
 * The header that all takes have in common where all of them can be copied. One that is encoded has another, and players
 * take only the first: Chromium stops at a second one.
 */
function commonHeader(
  shots: readonly PlannedShot[],
  { size, rate }: Pick<AssemblyWish, 'size' | 'rate'>,
): string | undefined {
  const header = shots[0]?.take.header;
  const isCopied = ({ take, trim, holdSeconds, shared, moving }: PlannedShot): boolean =>
    take.header === header &&
    trim === undefined &&
    holdSeconds === 0 &&
    shared === 0 &&
    take.video.width === size.width &&
    take.video.height === size.height &&
    moving === take.timeline.times.length &&
    Math.abs((take.video.fps ?? 0) - fpsOf(rate)) < 1e-6;
  return shots.every(isCopied) ? header : undefined;
}

function placeSounds(shots: readonly PlannedShot[], frames: number, rate: Rate): PlannedSound[] {
  const sample = (frame: number): number => sampleAt(frame, rate);
  return shots.flatMap((shot, index): PlannedSound[] => {
    const { take, at, moving, shared, soundDb, voice } = shot;
    const next = shots[index + 1]?.shared ?? 0;
    const { audio } = take.info;
    const begin = sample(at);
    const own: PlannedSound[] =
      audio && soundDb !== 'off'
        ? [
            {
              ...{
                isAskedFor: false,
                path: take.path,
                audio,
                start: shot.start,
                origin: take.timeline.origin,
                gainDb: soundDb,
              },
              ...{ at: begin, samples: sample(at + moving) - begin },
              fadeIn: sample(at + shared) - begin,
              // What is held is silent: only what still sounds in the dissolve falls.
              fadeOut: Math.max(0, sample(at + moving) - sample(at + shot.frames - next)),
            },
          ]
        : [];
    if (!voice) return own;
    const over = { ...voice, isAskedFor: true, start: 0, origin: undefined, gainDb: 0, fadeIn: 0, fadeOut: 0 };
    return [...own, { ...over, at: begin, samples: sample(frames) - begin }];
  });
}
