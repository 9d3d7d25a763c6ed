/** Everything that a storyboard may say, of the film and of a scene; and all that is wrong with what it says. Pure. */

import { isObject } from '../../disk/schema.ts';
import { oneLine, unknownName } from '../../shared/text.ts';
import type { Located, Path } from './located.ts';
import type { Problem } from './problem.ts';
import type { Value } from './values.ts';
import * as values from './values.ts';
import { VARIABLE_NAME } from './variables.ts';

/** Of the file. */
export const FORMAT = 1;

type Entries = Readonly<Record<string, Value<unknown>>>;
type Settings<E extends Entries> = { readonly [K in keyof E]?: E[K] extends Value<infer T> ? T : never };

const MUSIC = { file: values.line, level: values.level, duck: values.flag, fade: values.duration };

const FILM = {
  ...{ title: values.line, size: values.rasterSize, aspect: values.aspect, resolution: values.resolution },
  ...{ fps: values.fps, seconds: values.seconds, takes: values.takes, model: values.line, style: values.prose },
  ...{ fit: values.fit, focus: values.focus },
  ...{ loudness: values.loudness, sound: values.sound, transition: values.transition },
};

const SCENE = {
  ...{ cast: values.names, seconds: values.seconds, takes: values.takes, model: values.line, size: values.size },
  ...{ fit: values.fit, focus: values.focus },
  ...{ continues: values.id, reference: values.line, style: values.prose, title: values.line },
  ...{ subtitle: values.line, voice: values.line, sound: values.sound, trim: values.trim },
  ...{ transition: values.transition, hold: values.duration, skip: values.names },
};

/** In Markdown the heading and the text below it. */
const SCENE_TEXT = { id: values.id, heading: values.line, prompt: values.prose };

export type MusicSettings = Settings<typeof MUSIC>;
export type SceneSettings = Settings<typeof SCENE & typeof SCENE_TEXT>;

/** The front matter itself, a quality or a variant: the later ones replace settings of the earlier. */
export type FilmSettings = Settings<typeof FILM> & {
  readonly music?: MusicSettings;
  readonly vars?: ReadonlyMap<string, string>;
};

/** A file as it is written, checked by itself: nothing is put in, and nothing left out. */
export interface Sheet {
  readonly film: FilmSettings;
  readonly qualities: ReadonlyMap<string, FilmSettings>;
  readonly variants: ReadonlyMap<string, FilmSettings>;
  readonly scenes: readonly SceneSettings[];
}

/** Reads all that can be read; what is left out has a problem. Undefined for what is no storyboard of this format. */
export function readSheet({ value, lineOf }: Located): {
  readonly sheet?: Sheet;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const complain = (path: Path, text: string): void => void problems.push({ line: lineOf(path), text });
  if (!isObject(value) || !Object.hasOwn(value, 'sora')) {
    complain([], 'the file does not say "sora: 1". A storyboard begins with three lines: "---", "sora: 1" and "---".');
    return { problems };
  }
  const { sora, qualities, variants, scenes, ...film } = value;
  const format = Number(sora);
  if (format !== FORMAT) {
    const isNewer = Number.isInteger(format) && format > FORMAT;
    const words = isNewer
      ? `the file was written for a newer version of sora (format ${format}; this one reads ${FORMAT}): update sora.`
      : `"sora" is not ${FORMAT}.`;
    complain(['sora'], words);
    return { problems };
  }
  const reader = createReader(complain);
  const sheet = {
    film: reader.film(film, [], { owner: 'the film', others: ['qualities', 'variants'] }),
    qualities: reader.layers(qualities, ['qualities']),
    variants: reader.layers(variants, ['variants']),
    scenes: reader.scenes(scenes),
  };
  return { sheet, problems };
}

function createReader(complain: (path: Path, text: string) => void) {
  const settings = <E extends Entries>(
    given: Readonly<Record<string, unknown>>,
    path: Path,
    { entries, owner, others = [] }: { entries: E; owner: string; others?: readonly string[] },
  ): Settings<E> => {
    const found: Record<string, unknown> = {};
    for (const [key, one] of Object.entries(given)) {
      const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
      if (!entry) {
        complain([...path, key], unknownName(`${owner} has no setting`, key, [...Object.keys(entries), ...others]));
        continue;
      }
      const value = one === '' ? undefined : entry.read(one);
      if (value !== undefined) found[key] = value;
      else complain([...path, key], one === '' ? `"${key}" says nothing.` : `"${key}" ${entry.complaint}.`);
    }
    return found as Settings<E>;
  };

  const objectAt = (given: unknown, path: Path): Readonly<Record<string, unknown>> => {
    if (isObject(given)) return given;
    const shownAs = typeof path.at(-1) === 'number' ? 'a scene' : `"${path.at(-1)}"`;
    if (given !== undefined) complain(path, `${shownAs} is not a list of names and values.`);
    return {};
  };

  const film = (
    given: Readonly<Record<string, unknown>>,
    path: Path,
    { owner, others = [] }: { owner: string; others?: readonly string[] },
  ): FilmSettings => {
    const { music, vars, ...rest } = given;
    const variables = new Map<string, string>();
    for (const [name, one] of Object.entries(objectAt(vars, [...path, 'vars']))) {
      const text = values.variable.read(one);
      const at = [...path, 'vars', name];
      if (!VARIABLE_NAME.test(name))
        complain(at, `${shown(name)} is no name for a variable: letters, digits, - and _.`);
      else if (text === undefined) complain(at, `the variable "${name}" ${values.variable.complaint}.`);
      else variables.set(name.normalize('NFC'), text);
    }
    const sounds =
      music === undefined
        ? undefined
        : settings(
            typeof music === 'string' ? { file: music } : objectAt(music, [...path, 'music']),
            [...path, 'music'],
            {
              ...{ entries: MUSIC, owner: 'the music' },
            },
          );
    if (sounds && sounds.file === undefined && isObject(music) && !Object.hasOwn(music, 'file')) {
      complain([...path, 'music'], 'the music has no "file".');
    }
    const own = settings(rest, path, { entries: FILM, owner, others: ['music', 'vars', ...others] });
    if (own.size && (own.aspect ?? own.resolution) !== undefined) {
      complain([...path, 'size'], '"size" cannot be used together with "aspect" or "resolution".');
    }
    return { ...own, ...(sounds && { music: sounds }), ...(vars !== undefined && { vars: variables }) };
  };

  const layers = (given: unknown, path: Path): ReadonlyMap<string, FilmSettings> => {
    const found = new Map<string, FilmSettings>();
    for (const [name, one] of Object.entries(objectAt(given, path))) {
      const at = [...path, name];
      const owner = path[0] === 'variants' ? 'a variant' : 'a quality';
      if (!LAYER_NAME.test(name)) complain(at, `${shown(name)} is no short name of letters, digits, - and _.`);
      found.set(name.normalize('NFC'), film(objectAt(one, at), at, { owner }));
    }
    return found;
  };

  const scenes = (given: unknown): readonly SceneSettings[] => {
    if (!Array.isArray(given) || given.length === 0) {
      complain(['scenes'], 'the film has no scenes. Each begins with a heading: "## Harbour".');
      return [];
    }
    return given.map((one, index) =>
      settings(objectAt(one, ['scenes', index]), ['scenes', index], {
        ...{ entries: { ...SCENE, ...SCENE_TEXT }, owner: 'a scene' },
      }),
    );
  };
  return { film, layers, scenes };
}

const LAYER_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]{0,59}$/u;

function shown(name: string): string {
  return JSON.stringify(oneLine(name, 60));
}
