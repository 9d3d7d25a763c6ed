/**
 * A film as its file has it, with a quality, a variant and the variables put in. It knows no host, no cast and no
 * journal: what is left out in the file is left out here. Pure.
 */
import type { Framing } from '../shared/clip.ts';
import type { Size } from '../shared/geometry.ts';
import { DEFAULT_SECONDS } from '../videos/choose-size.ts';

export interface Storyboard {
  /** Of the film. */
  readonly title?: string;
  readonly film: Film;
  /** In the order of the film, without those that this variant skips; at least one. */
  readonly scenes: readonly Scene[];
  /** The ids of those that it skips: their takes and picks are the film's all the same. */
  readonly skipped: readonly string[];
}

/** What is of the film as a whole. */
export interface Film {
  /** The raster, with even sides; that of the first chosen take unless given. */
  readonly size?: Size;
  /** That of the first chosen take unless given. */
  readonly fps?: Fps;
  readonly music?: Music;
  /** Integrated loudness of the whole film in LUFS; `off` leaves it as it is. */
  readonly loudness: number | 'off';
}

export const FRAME_RATES = [24, 25, 30] as const;
export type Fps = (typeof FRAME_RATES)[number];

export interface Music {
  readonly file: NamedFile;
  /** Gain in dB: 0 is as it is in the file. */
  readonly levelDb: number;
  /** Whether it is lowered while there is other sound. */
  readonly duck: boolean;
  /** Seconds in which it fades in at the beginning of the film, and out at its end. */
  readonly fadeSeconds: number;
}

/** A file that the storyboard names; it need not be there. */
export interface NamedFile {
  /** As it is written: relative to the folder of the storyboard. */
  readonly name: string;
  /** Absolute. Of a picture on the web, its https URL. */
  readonly path: string;
}

export interface Scene {
  /** Unique in the file, of any script; it is what commands, journals and `continues` name. */
  readonly id: string;
  /** The beginning of the names of its files: at most 40 bytes, made from the id. */
  readonly fileName: string;
  readonly heading: string;
  /** Where its heading stands in the file, from 1; undefined in a file that has no lines of its own. */
  readonly line?: number;

  /** The author's words: paragraphs of one line each, an empty line between them. */
  readonly words: string;
  /** The last paragraph of the prompt. */
  readonly style?: string;
  /** `words` and `style`: the text that is sent, before names are injected. */
  readonly prompt: string;
  /** Names of the cast; `[]` for nobody, undefined for those whom the prompt says. */
  readonly cast?: readonly string[];
  /** Length to ask for, whole; the host's default unless given. */
  readonly seconds?: number;
  /** As it is written. */
  readonly model?: string;
  /** To ask for. */
  readonly size?: Size;
  /** How clips of another shape are brought into the frame; as each was prepared unless given. */
  readonly framing?: Framing;
  /** Id of the scene that it goes on from: its first picture is the last one of that scene's chosen take. Excludes `reference`. */
  readonly continues?: string;
  /** Its first picture. */
  readonly reference?: NamedFile;

  /** How many candidates there are to be, at least 1. */
  readonly takes: number;

  /** Of the chapter; the heading unless given. */
  readonly title: string;
  readonly subtitle?: string;
  /** Sound that is laid over the scene from its beginning on. */
  readonly voice?: NamedFile;
  /** Gain in dB of the take's own sound: 0 is as it is. */
  readonly soundDb: number | 'off';
  /** The part of the take that is used; all of it unless given. */
  readonly trim?: Trim;
  /** Seconds for which the last picture is held longer. */
  readonly holdSeconds: number;
  /** From the scene before into this one; of the first scene a cut. */
  readonly transition: Transition;
}

/** Seconds from the beginning of the take, `from` before `to`. */
export interface Trim {
  readonly from: number;
  readonly to: number;
}

/** A fade is a dissolve: both scenes are seen for so many seconds, and the film is so much shorter. */
export type Transition = { readonly kind: 'cut' } | { readonly kind: 'fade'; readonly seconds: number };

export const CUT: Transition = { kind: 'cut' };

/** What a scene lasts in the film if its take is as long as ordered, in seconds; fades are not subtracted. */
export function plannedSeconds({ trim, seconds = DEFAULT_SECONDS, holdSeconds }: Scene): number {
  return (trim ? trim.to - trim.from : seconds) + holdSeconds;
}

/** The scene of an id. */
export function sceneOf({ scenes }: Pick<Storyboard, 'scenes'>, id: string): Scene | undefined {
  return scenes.find((scene) => scene.id === id);
}

/**
 * The id of the first scene of the chain that a scene is in: itself, unless it continues another. What is divided among
 * machines is divided by it, so that a chain stays whole.
 */
export function chainOf({ scenes }: Pick<Storyboard, 'scenes'>, id: string): string {
  const before = new Map(scenes.map((scene) => [scene.id, scene.continues]));
  let first = id;
  for (let next = before.get(id); next !== undefined; next = before.get(next)) first = next;
  return first;
}

/** The scenes in an order in which each follows the one that it continues; else as they are in the film. */
export function inOrderOfMaking({ scenes }: Pick<Storyboard, 'scenes'>): readonly Scene[] {
  const byId = new Map(scenes.map((scene) => [scene.id, scene]));
  const ordered = new Set<Scene>();
  for (const scene of scenes) {
    const chain: Scene[] = [];
    for (let at: Scene | undefined = scene; at && !ordered.has(at); at = byId.get(at.continues ?? '')) chain.push(at);
    for (const one of chain.toReversed()) ordered.add(one);
  }
  return [...ordered];
}
