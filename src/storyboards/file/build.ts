/** PURE: the storyboard of one quality and one variant, out of a file as it is written. */

import { resolve } from 'node:path';
import { fileNameOf } from '../../journal/names.ts';
import { sizeOf } from '../../providers/ratios.ts';
import type { Size } from '../../shared/geometry.ts';
import { nearest } from '../../shared/text.ts';
import {
  CUT,
  type Film,
  type Music,
  type NamedFile,
  plannedSeconds,
  type Scene,
  type Storyboard,
} from '../storyboard.ts';
import type { Located, Path } from './located.ts';
import type { Problem } from './problem.ts';
import type { FilmSettings, SceneSettings, Sheet } from './settings.ts';
import { NONE, SHORT_SIDES } from './values.ts';
import { expand } from './variables.ts';

/** Which of the storyboards of a file is meant. */
export interface Choice {
  /** The first one of the file unless given. */
  readonly quality?: string;
  readonly variant?: string;
  /** These win over those of the file. */
  readonly vars: ReadonlyMap<string, string>;
}

export interface BuildOptions {
  /** Absolute; names of files are relative to it. */
  readonly folder: string;
  readonly choice: Choice;
}

export interface Built {
  readonly storyboard: Storyboard;
  readonly quality?: string;
  readonly problems: readonly Problem[];
  /** Variables that texts name. */
  readonly used: ReadonlySet<string>;
}

const MUSIC_DEFAULTS = { level: -18, duck: true, fade: 1.5 } as const;
const LOUDNESS = -14;
const PREVIOUS = 'previous';

interface Layer {
  readonly path: Path;
  readonly settings: FilmSettings;
}

/** `choice` names a quality and a variant that the sheet has. */
export function buildStoryboard(sheet: Sheet, lineOf: Located['lineOf'], { folder, choice }: BuildOptions): Built {
  const problems: Problem[] = [];
  const used = new Set<string>();
  const complain = (path: Path, text: string, part?: string): void =>
    void problems.push({ line: lineOf(path, part), text });

  const quality = choice.quality ?? [...sheet.qualities.keys()][0];
  const layers = layersOf(sheet, { quality, variant: choice.variant });
  const vars = new Map([...layers.flatMap(({ settings }) => [...(settings.vars ?? [])]), ...choice.vars]);
  const put = (text: string, path: Path): string =>
    expand(text, vars, {
      onUsed: (name) => used.add(name),
      onUnknown: (written, name) => complain(path, unknownVariable(written, name, [...vars.keys()]), written),
    });
  const fileAt = (name: string, path: Path): NamedFile => {
    const file = put(name, path);
    return { name: file, path: isUrl(file) ? file : resolve(folder, file) };
  };
  /** Of the last layer that says it. */
  const last = <K extends keyof FilmSettings>(key: K): { value: FilmSettings[K]; path: Path } => {
    const { settings, path } = layers.findLast((layer) => layer.settings[key] !== undefined) ?? {
      settings: {},
      path: [],
    };
    return { value: (settings as FilmSettings)[key], path: [...path, key] };
  };
  const textOf = (key: 'title' | 'style'): string | undefined => {
    const { value, path } = last(key);
    return value === undefined ? undefined : put(value, path);
  };

  const filmSize = sizeOfFilm(layers);
  const film: Film = {
    ...optional('size', filmSize),
    ...optional('fps', last('fps').value),
    ...optional('music', musicOf(last('music'), fileAt)),
    loudness: last('loudness').value ?? LOUDNESS,
  };
  const style = textOf('style');
  const kept = keptScenes(sheet.scenes, { variant: choice.variant, variants: [...sheet.variants.keys()], complain });
  const ids = idsOf(sheet.scenes, complain);
  const before = predecessorsOf(sheet.scenes, { ids, kept, variant: choice.variant, complain });

  const scenes = kept.map((settings, position): Scene => {
    const index = sheet.scenes.indexOf(settings);
    const at = (key: string): Path => ['scenes', index, key];
    const id = ids[index] ?? '';
    const words = put(settings.prompt ?? '', at('prompt'));
    if (words === '') complain(['scenes', index], 'the scene has no prompt.');
    const own =
      settings.style === undefined ? style : settings.style === NONE ? undefined : put(settings.style, at('style'));
    const text = (key: 'title' | 'subtitle'): string | undefined => {
      const { [key]: value } = settings;
      return value === undefined ? undefined : put(value, at(key));
    };
    const file = (key: 'reference' | 'voice'): NamedFile | undefined => {
      const { [key]: value } = settings;
      return value === undefined ? undefined : fileAt(value, at(key));
    };
    if (settings.reference !== undefined && settings.continues !== undefined) {
      complain(at('reference'), '"reference" and "continues" cannot be used together: a scene has one first picture.');
    }
    if (index === 0 && settings.transition?.kind === 'fade') {
      complain(at('transition'), 'the first scene has no scene before it to fade from.');
    }
    const heading = settings.heading ?? id;
    return {
      ...{ id, fileName: fileNameOf(id, () => true), heading },
      ...optional('line', lineOf(['scenes', index])),
      words,
      ...optional('style', own),
      prompt: [words, own].filter((part) => part !== undefined && part !== '').join('\n\n'),
      ...optional(
        'cast',
        settings.cast?.map((name) => put(name, at('cast'))),
      ),
      ...optional('seconds', settings.seconds ?? last('seconds').value),
      ...optional('model', settings.model ?? last('model').value),
      ...optional('size', settings.size ?? filmSize),
      ...optional('continues', before.get(id)),
      ...optional('reference', file('reference')),
      takes: settings.takes ?? last('takes').value ?? 1,
      title: text('title') ?? heading,
      ...optional('subtitle', text('subtitle')),
      ...optional('voice', file('voice')),
      soundDb: settings.sound ?? last('sound').value ?? 0,
      ...optional('trim', settings.trim),
      holdSeconds: settings.hold ?? 0,
      transition: position === 0 ? CUT : (settings.transition ?? last('transition').value ?? CUT),
    };
  });
  if (sheet.scenes.length > 0 && scenes.length === 0)
    complain(['scenes'], `the variant "${choice.variant}" skips every scene.`);
  checkLengths(scenes, (id, key, text) => complain(['scenes', ids.indexOf(id), key], text));
  const title = textOf('title');
  return { storyboard: { ...optional('title', title), film, scenes }, ...optional('quality', quality), problems, used };
}

/** From what is said first to what is said last: the film, a quality of it, a variant. */
function layersOf(
  sheet: Sheet,
  { quality, variant }: { quality: string | undefined; variant: string | undefined },
): readonly Layer[] {
  const of = (name: string | undefined, kind: 'qualities' | 'variants'): readonly Layer[] => {
    const settings = name === undefined ? undefined : sheet[kind].get(name);
    return name === undefined || settings === undefined ? [] : [{ settings, path: [kind, name] }];
  };
  return [{ settings: sheet.film, path: [] }, ...of(quality, 'qualities'), ...of(variant, 'variants')];
}

/** A size in pixels and one by its shape replace each other. */
function sizeOfFilm(layers: readonly Layer[]): Size | undefined {
  let size: Size | undefined;
  let shape: Pick<FilmSettings, 'aspect' | 'resolution'> = {};
  for (const { settings } of layers) {
    const { aspect, resolution } = settings;
    if (settings.size) [size, shape] = [settings.size, {}];
    else if (aspect !== undefined || resolution !== undefined) {
      size = undefined;
      shape = { ...shape, ...optional('aspect', aspect), ...optional('resolution', resolution) };
    }
  }
  if (size || (shape.aspect === undefined && shape.resolution === undefined)) return size;
  return sizeOf(shape.aspect ?? '16:9', shape.resolution ?? SHORT_SIDES['720p']);
}

function musicOf(
  { value, path }: { value: FilmSettings['music']; path: Path },
  fileAt: (name: string, path: Path) => NamedFile,
): Music | undefined {
  if (value?.file === undefined) return undefined;
  const { level, duck, fade } = { ...MUSIC_DEFAULTS, ...value };
  return { file: fileAt(value.file, path), levelDb: level, duck, fadeSeconds: fade };
}

type Complain = (path: Path, text: string, part?: string) => void;

function keptScenes(
  scenes: readonly SceneSettings[],
  { variant, variants, complain }: { variant: string | undefined; variants: readonly string[]; complain: Complain },
): readonly SceneSettings[] {
  for (const [index, { skip = [] }] of scenes.entries()) {
    for (const name of skip.filter((one) => !variants.includes(one))) {
      complain(['scenes', index, 'skip'], noSuch('variant', name, variants));
    }
  }
  return variant === undefined ? scenes : scenes.filter(({ skip = [] }) => !skip.includes(variant));
}

/** Of each scene: the one that it has, or one made of its heading. */
function idsOf(scenes: readonly SceneSettings[], complain: Complain): readonly string[] {
  const seen = new Map<string, number>();
  return scenes.map(({ id, heading = '' }, index) => {
    const own = id ?? idOfHeading(heading);
    const at: Path = ['scenes', index];
    if (own === '') {
      complain(at, 'no id can be made of the heading: write one behind it, such as {#harbour}.');
      // Different from every other.
      return `scene ${index + 1}`;
    }
    if (own === PREVIOUS || own === NONE)
      complain(at, `"${own}" is a word of its own here: give the scene another id.`);
    const folded = own.toLowerCase();
    const first = seen.get(folded);
    if (first !== undefined) {
      complain(
        at,
        `the id "${own}" is that of scene ${first + 1} too: write another one behind the heading, such as {#${own}-2}.`,
      );
      return `${own} ${index + 1}`;
    }
    seen.set(folded, index);
    return own;
  });
}

/** Letters and digits of any script, in small letters, with `-` for everything between them. */
export function idOfHeading(heading: string): string {
  const words =
    heading
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];
  return [...words.join('-')]
    .slice(0, 100)
    .join('')
    .replace(/^\p{M}+/u, '');
}

/** By the id of a scene, the id of the one that it continues. */
function predecessorsOf(
  scenes: readonly SceneSettings[],
  {
    ids,
    kept,
    variant,
    complain,
  }: { ids: readonly string[]; kept: readonly SceneSettings[]; variant: string | undefined; complain: Complain },
): ReadonlyMap<string, string> {
  const before = new Map<string, string>();
  const present = kept.map((scene) => ids[scenes.indexOf(scene)] ?? '');
  for (const scene of kept) {
    const { continues } = scene;
    if (continues === undefined) continue;
    const index = scenes.indexOf(scene);
    const id = ids[index] ?? '';
    const at: Path = ['scenes', index, 'continues'];
    if (continues === PREVIOUS) {
      const previous = present[present.indexOf(id) - 1];
      if (previous === undefined) complain(at, 'the first scene has no previous scene to continue.');
      else before.set(id, previous);
    } else if (present.includes(continues)) before.set(id, continues);
    else if (ids.includes(continues))
      complain(at, `"${continues}" is not in the variant "${variant}", which skips it.`);
    else complain(at, noSuch('scene', continues, ids));
  }
  for (const id of circular(before)) {
    complain(['scenes', ids.indexOf(id), 'continues'], `"${id}" would continue itself, through "${before.get(id)}".`);
    before.delete(id);
  }
  return before;
}

/** One of each circle. */
function circular(before: ReadonlyMap<string, string>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  for (const start of before.keys()) {
    const way = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && !done.has(at) && !way.has(at)) {
      way.add(at);
      at = before.get(at);
    }
    if (at !== undefined && way.has(at)) found.push(at);
    for (const one of way) done.add(one);
  }
  return found;
}

function checkLengths(scenes: readonly Scene[], complain: (id: string, key: string, text: string) => void): void {
  for (const [position, scene] of scenes.entries()) {
    const { id, trim, seconds, transition } = scene;
    if (trim && seconds !== undefined && trim.to > seconds) {
      complain(id, 'trim', `the part ends at ${trim.to} s, and the take has ${seconds} s.`);
    }
    // How long the host's default is, is not known here.
    if (seconds === undefined && trim === undefined) continue;
    const next = scenes[position + 1]?.transition ?? CUT;
    const fades = [transition, next].map((one) => (one.kind === 'fade' ? one.seconds : 0));
    const [inside = 0, out = 0] = fades;
    if (inside + out > plannedSeconds(scene)) {
      const where = inside > 0 ? 'transition' : 'seconds';
      complain(
        id,
        where,
        `the fades into and out of the scene are longer than the scene: ${inside} s and ${out} s of ${plannedSeconds(scene)} s.`,
      );
    }
  }
}

/** `there is no variant "tal"; did you mean "tall"?` */
export function noSuch(kind: string, name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  const all = known.length === 0 ? '.' : `. There are: ${known.slice(0, 20).join(', ')}.`;
  return `there is no ${kind} "${name}"${close === undefined ? all : `; did you mean "${close}"?`}`;
}

function unknownVariable(written: string, name: string | undefined, known: readonly string[]): string {
  if (name === undefined) return 'a variable is written {{name}}; \\{{ stands for two braces.';
  const close = nearest(name, known);
  return `${written} is none of the variables${close === undefined ? `: add it to "vars", or write \\{{ for two braces.` : `; did you mean {{${close}}}?`}`;
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text);
}

function optional<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}
