/** The storyboard of one quality and one variant, out of a file as it is written. Pure. */

import { resolve } from 'node:path';
import { fileNameOf } from '../../journal/names.ts';
import { sizeOf } from '../../providers/ratios.ts';
import { type Framing, framingFor } from '../../shared/clip.ts';
import type { Size } from '../../shared/geometry.ts';
import { nearest, oneLine } from '../../shared/text.ts';
import { CUT, type Film, type Music, type NamedFile, type Scene, type Storyboard } from '../storyboard.ts';
import type { Located, Path } from './located.ts';
import type { Problem } from './problem.ts';
import { type Complain, checkLengths, idsOf, keptScenes, predecessorsOf } from './scene-links.ts';
import type { FilmSettings, SceneSettings, Sheet } from './settings.ts';
import { line as lineValue, NONE, SHORT_SIDES } from './values.ts';
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
  readonly files: readonly FilePlace[];
}

/** A file that the storyboard names, and where it does. */
export interface FilePlace {
  readonly setting: 'music' | 'reference' | 'voice';
  readonly file: NamedFile;
  readonly line: number | undefined;
}

const MUSIC_DEFAULTS = { level: -18, duck: true, fade: 1.5 } as const;
const LOUDNESS = -14;

interface Layer {
  readonly path: Path;
  readonly settings: FilmSettings;
}

/** `choice` names a quality and a variant that the sheet has. */
export function buildStoryboard(sheet: Sheet, lineOf: Located['lineOf'], { folder, choice }: BuildOptions): Built {
  const problems: Problem[] = [];
  const complain: Complain = (path, text, part) => void problems.push({ line: lineOf(path, part), text });
  const { variant } = choice;
  const quality = choice.quality ?? [...sheet.qualities.keys()][0];
  const layers = layersOf(sheet, { quality, variant });
  const vars = new Map([...layers.flatMap(({ settings }) => [...(settings.vars ?? [])]), ...choice.vars]);
  const texts = createTexts({ vars, folder, lineOf, complain });
  /** Of the last layer that says it. */
  const last = <K extends keyof FilmSettings>(key: K): Written<FilmSettings[K] | undefined> => {
    const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
    return { value: layer?.settings[key], path: [...(layer?.path ?? []), key] };
  };

  const size = sizeOfFilm(layers);
  const film: Film = {
    ...optional('size', size),
    ...optional('fps', last('fps').value),
    ...optional('music', musicOf(last('music'), texts)),
    loudness: last('loudness').value ?? LOUDNESS,
  };
  const framingOf = createFramings(layers, complain);
  const ids = idsOf(sheet.scenes, complain);
  const kept = keptScenes(sheet.scenes, { variant, variants: [...sheet.variants.keys()], complain });
  const before = predecessorsOf(sheet.scenes, { ids, kept, variant, complain });

  const sceneAt = (index: number, position: number): Scene => {
    const settings = sheet.scenes[index] ?? {};
    const at = (key: string): Path => ['scenes', index, key];
    const written = <K extends keyof SceneSettings>(key: K): Written<SceneSettings[K] | undefined> => {
      return { value: settings[key], path: at(key) };
    };
    const id = ids[index] ?? '';
    const heading = settings.heading ?? id;
    const words = texts.prose(written('prompt')) ?? '';
    const style = texts.prose(settings.style === undefined ? last('style') : written('style'));
    const hasStyle = style !== undefined && style.toLowerCase() !== NONE;
    const cast = settings.cast?.flatMap((value) => texts.line({ value, path: at('cast') }) ?? []);
    const reference = texts.file(written('reference'), 'reference');
    if (words === '') complain(['scenes', index], 'the scene has no prompt.');
    if (reference && settings.continues !== undefined) {
      complain(at('reference'), '"reference" and "continues" cannot be used together: a scene has one first picture.');
    }
    if (index === 0 && settings.transition?.kind === 'fade') {
      complain(at('transition'), 'the first scene has no scene before it to fade from.');
    }
    return {
      ...{ id, fileName: fileNameOf(id, () => true), heading },
      ...optional('line', lineOf(['scenes', index])),
      words,
      ...(hasStyle && { style }),
      prompt: hasStyle ? `${words}\n\n${style}` : words,
      ...optional('cast', cast && [...new Set(cast)]),
      ...optional('seconds', settings.seconds ?? last('seconds').value),
      ...optional('model', settings.model ?? last('model').value),
      ...optional('size', settings.size ?? size),
      ...optional('framing', framingOf(settings, ['scenes', index])),
      ...optional('continues', before.get(id)),
      ...optional('reference', reference),
      takes: settings.takes ?? last('takes').value ?? 1,
      title: texts.line(written('title')) ?? heading,
      ...optional('subtitle', texts.line(written('subtitle'))),
      ...optional('voice', texts.file(written('voice'), 'voice')),
      soundDb: settings.sound ?? last('sound').value ?? 0,
      ...optional('trim', settings.trim),
      holdSeconds: settings.hold ?? 0,
      transition: position === 0 ? CUT : (settings.transition ?? last('transition').value ?? CUT),
    };
  };
  const scenes = kept.map(sceneAt);
  checkLengths(scenes, (id, key, text) => complain(['scenes', ids.indexOf(id), key], text));
  const skipped = ids.filter((_id, index) => !kept.includes(index));
  const storyboard = { ...optional('title', texts.line(last('title'))), film, scenes, skipped };
  return { storyboard, ...optional('quality', quality), problems, used: texts.used, files: texts.files };
}

/** A setting as it is written, and where. */
interface Written<T> {
  readonly value: T;
  readonly path: Path;
}

/** Texts with their variables put in; undefined where there is none, and where variables leave nothing of it. */
function createTexts({
  vars,
  folder,
  lineOf,
  complain,
}: {
  vars: ReadonlyMap<string, string>;
  folder: string;
  lineOf: Located['lineOf'];
  complain: Complain;
}) {
  const used = new Set<string>();
  const files: FilePlace[] = [];
  const put = (text: string, path: Path): string =>
    expand(text, vars, {
      onUsed: (name) => used.add(name),
      onUnknown: (written, name) => complain(path, unknownVariable(written, name, [...vars.keys()]), written),
    });
  const line = ({ value, path }: Written<string | undefined>): string | undefined =>
    value === undefined ? undefined : lineValue.read(put(value, path));
  return {
    used,
    files,
    line,
    prose: ({ value, path }: Written<string | undefined>): string | undefined =>
      value === undefined ? undefined : put(value, path).trim() || undefined,
    file(written: Written<string | undefined>, setting: FilePlace['setting']): NamedFile | undefined {
      const name = line(written);
      if (name === undefined) return undefined;
      const isWeb = isUrl(name);
      if (isWeb && (setting !== 'reference' || !/^https:/i.test(name) || !URL.canParse(name))) {
        const or = setting === 'reference' ? ', or an https URL' : '';
        complain(written.path, `"${setting}" is not the path of a file${or}: ${JSON.stringify(oneLine(name, 60))}.`);
      }
      const file = { name, path: isWeb ? name : resolve(folder, name) };
      files.push({ setting, file, line: lineOf(written.path) });
      return file;
    },
  };
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

/** Fit and focus are one wish: a scene or a layer that says one of them replaces both. */
function createFramings(
  layers: readonly Layer[],
  complain: Complain,
): (settings: Pick<SceneSettings, 'fit' | 'focus'>, path: Path) => Framing | undefined {
  const read = ({ fit, focus }: Pick<SceneSettings, 'fit' | 'focus'>, path: Path): Framing | undefined => {
    const framing = framingFor(fit, focus);
    if (framing !== 'contradiction') return framing;
    complain([...path, 'focus'], '"focus" says what is kept by "fit: crop", and "fit: pad" keeps all.');
    return undefined;
  };
  const ofLayers = layers.map(({ settings, path }) => read(settings, path));
  const ofFilm = ofLayers.findLast((framing) => framing !== undefined);
  return (settings, path) => read(settings, path) ?? ofFilm;
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
  { value, path }: Written<FilmSettings['music']>,
  texts: Pick<ReturnType<typeof createTexts>, 'file'>,
): Music | undefined {
  const file = texts.file({ value: value?.file, path }, 'music');
  const { level, duck, fade } = { ...MUSIC_DEFAULTS, ...value };
  return file && { file, levelDb: level, duck, fadeSeconds: fade };
}

function unknownVariable(written: string, name: string | undefined, known: readonly string[]): string {
  if (name === undefined) return 'a variable is written {{name}}; \\{{ stands for two braces.';
  const close = nearest(name, known);
  return `${written} is none of the variables${close === undefined ? `: add it to "vars", or write \\{{ for two braces.` : `; did you mean {{${close}}}?`}`;
}

/** A letter alone is a drive. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text);
}

function optional<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}
