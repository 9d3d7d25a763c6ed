/** What is assembled of a storyboard: the file of each scene's take, and everything that its text says of the film. */

import { dirname, resolve } from 'node:path';
import { type AssemblyRequest, assembleFilm, planFilm, type WrittenFilm } from '../films/assemble-film.ts';
import { piecesFolder } from '../films/piece-names.ts';
import type { AssemblyPlan } from '../films/plan.ts';
import { SoraError, throwProblems } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { type FilmLook, type OpenFilm, refuseFilmFile } from './film.ts';
import type { LookedAt } from './look-at-storyboard.ts';
import type { SceneView } from './scene-state.ts';
import type { Scene, Storyboard } from './storyboard.ts';

export interface FilmWishes {
  /** Over what the storyboard says. */
  readonly loudness?: number | 'off';
  readonly subtitles: 'track' | 'none';
}

/** The film of these takes, whose files are named by the ids of their scenes. Pure. */
export function assemblyOf(
  { title, film, scenes }: Storyboard,
  files: ReadonlyMap<string, string>,
  { loudness = film.loudness, subtitles }: FilmWishes,
): AssemblyRequest {
  const { size, fps, music } = film;
  return {
    ...{ loudness, subtitles: subtitles === 'track' },
    ...(title !== undefined && { title }),
    ...(size && { size }),
    ...(fps !== undefined && { rate: { num: fps, den: 1 } }),
    ...(music && { music: { ...music, path: music.file.path } }),
    shots: scenes.flatMap((scene) => {
      const path = files.get(scene.id);
      return path === undefined ? [] : [shotOf(scene, path)];
    }),
  };
}

function shotOf(scene: Scene, path: string): AssemblyRequest['shots'][number] {
  const { id, title, subtitle, voice, soundDb, trim, holdSeconds, transition } = scene;
  return {
    ...{ name: id, path, title, soundDb, holdSeconds },
    fadeSeconds: transition.kind === 'fade' ? transition.seconds : 0,
    ...(subtitle !== undefined && { subtitle }),
    ...(voice && { voice: voice.path }),
    ...(trim && { trim }),
  };
}

/**
 * The files of the chosen takes, absolute, by the ids of their scenes. Throws `usage` with every scene that is missing, to
 * be picked, or stale, unless that is allowed; `unverified` where a chosen take is not here, and `machine` for another file
 * in its place.
 */
export function chosenFiles(
  { scenes }: Pick<Storyboard, 'scenes'>,
  { film, look, allowStale }: { readonly film: OpenFilm; readonly look: FilmLook; readonly allowStale: boolean },
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const problems = scenes.flatMap(({ id }) => {
    const view = look.views.get(id);
    const problem = view ? problemOf(view, look, { allowStale, film }) : noTake(film, id, 'has no take');
    const place = view?.chosen?.done?.file;
    if (place !== undefined) files.set(id, resolve(dirname(film.file), place));
    return problem ?? [];
  });
  throwProblems(problems);
  return files;
}

function noTake({ commandOf }: OpenFilm, id: string, how: string): SoraError {
  return new SoraError('usage', `Scene ${id} ${how}.`, {
    hint: `See what leads on from there: ${commandOf('plan')}`,
  });
}

function problemOf(
  { id, state, chosen, isStale, candidates }: SceneView,
  look: FilmLook,
  { allowStale, film }: { readonly allowStale: boolean; readonly film: OpenFilm },
): SoraError | undefined {
  const { commandOf } = film;
  if (state === 'picked twice') return noTake(film, id, 'has two picks that do not know of each other');
  if (!chosen?.done)
    return noTake(film, id, candidates.length > 0 ? 'waits for a pick' : `has no take to use: it is ${state}`);
  const presence = look.presenceOf(chosen);
  if (presence === 'absent')
    return new SoraError('unverified', `The chosen take of scene ${id} is not here: ${chosen.done.file}`, {
      hint: `Fetch it again: ${commandOf('render')}`,
    });
  if (presence === 'other')
    return new SoraError('machine', `${chosen.done.file} is another file than the chosen take of scene ${id}.`, {
      hint: `Move it away, then fetch the take again: ${commandOf('render')}`,
    });
  if (!isStale || allowStale) return undefined;
  return new SoraError('usage', `What scene ${id} asks for has changed since its take was picked.`, {
    hint: `Use it as it is, with ${option('allowStale')}. Or make it anew: ${commandOf('render', { operands: [id] })}`,
  });
}

export interface AssembleOptions extends FilmWishes {
  /** Takes a pick whose text has changed since. */
  readonly allowStale: boolean;
}

/** The film as a file. Pieces are kept beside the takes. Throws as `chosenFiles` and `assembleFilm`. */
export async function assembleStoryboard(
  workspace: Workspace,
  { storyboard, film, look }: Omit<LookedAt, 'scenes'>,
  { allowStale, output, force, ...wishes }: AssembleOptions & { readonly output: string; readonly force: boolean },
): Promise<WrittenFilm> {
  await refuseFilmFile(film.file, resolve(workspace.runtime.cwd, output));
  const files = chosenFiles(storyboard, { film, look, allowStale });
  for (const note of replacedSources(storyboard, look)) workspace.reporter.note(note);
  const pieces = piecesFolder(film.folder);
  return assembleFilm(workspace, assemblyOf(storyboard, files, wishes), { output, force, pieces });
}

/** Of takes that go on from another take than the one that the film uses now, a sentence each: the cut before them jumps. */
function replacedSources({ scenes }: Pick<Storyboard, 'scenes'>, { views, takes }: FilmLook): readonly string[] {
  return scenes.flatMap(({ id, continues }) => {
    const chosen = views.get(id)?.chosen;
    const before = continues === undefined ? undefined : views.get(continues)?.chosen;
    const reference = chosen?.ask?.reference;
    if (!chosen || !before?.done || !reference || !('lastFrameOf' in reference)) return [];
    const { lastFrameOf } = reference;
    if (lastFrameOf === before.done.sha256) return [];
    const source = takes.find(({ scene, done }) => scene === continues && done?.sha256 === lastFrameOf);
    const from = source ? `take ${source.n}` : 'another take';
    return [
      `${id}: its take ${chosen.n} goes on from ${from} of ${continues}, and the film uses take ${before.n} of that, which was chosen since.`,
    ];
  });
}

/** The same film as a plan, to be exported: its subtitles are in it, whatever they would become. */
export async function planStoryboard(
  workspace: Workspace,
  { storyboard, film, look }: Omit<LookedAt, 'scenes'>,
  { allowStale }: Pick<AssembleOptions, 'allowStale'>,
): Promise<AssemblyPlan> {
  const files = chosenFiles(storyboard, { film, look, allowStale });
  return planFilm(workspace, assemblyOf(storyboard, files, { subtitles: 'track' }));
}
