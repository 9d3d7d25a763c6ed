/** What is assembled of a storyboard: the file of each scene's take, and everything that its text says of the film. */

import { dirname, resolve } from 'node:path';
import { type AssemblyRequest, assembleFilm, planFilm, type WrittenFilm } from '../films/assemble-film.ts';
import { piecesFolder } from '../films/piece-names.ts';
import type { AssemblyPlan } from '../films/plan.ts';
import type { Take } from '../journal/fold.ts';
import { SoraError, throwProblems } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { type FilmLook, type OpenFilm, refuseFilmFile } from './film.ts';
import { compareTakes } from './film-steps.ts';
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

interface UseOptions {
  readonly film: OpenFilm;
  readonly look: FilmLook;
  readonly allowStale: boolean;
}

/**
 * The files of the chosen takes, absolute, by the ids of their scenes; where older texts are allowed, of a scene that has takes
 * of those alone the last one. Throws `usage` with every scene that is missing, to be picked, or stale, unless that is
 * allowed; `unverified` where a take is not here, and `machine` for another file in its place.
 */
export function chosenFiles({ scenes }: Pick<Storyboard, 'scenes'>, options: UseOptions): ReadonlyMap<string, string> {
  const { film, look, allowStale } = options;
  const files = new Map<string, string>();
  const problems = scenes.flatMap(({ id }) => {
    const view = look.views.get(id);
    const problem = view ? problemOf(view, options) : noTake(film, id, 'has no take');
    const place = view && usedTake(view, allowStale)?.done?.file;
    if (place !== undefined) files.set(id, resolve(dirname(film.file), place));
    return problem ?? [];
  });
  throwProblems(problems);
  return files;
}

function usedTake(view: SceneView, allowStale: boolean): Take | undefined {
  return view.chosen ?? (allowStale ? olderTake(view) : undefined);
}

/** The last take of a scene whose present text has none, nor a pick. */
function olderTake({ id, own, chosen, candidates, choice }: SceneView): Take | undefined {
  if (chosen || candidates.length > 0 || choice.isTwice || choice.sha256 !== undefined) return undefined;
  return own.findLast(({ scene, done }) => scene === id && done !== undefined && !choice.rejected.has(done.sha256));
}

function olderNotes(scenes: Storyboard['scenes'], { views }: FilmLook): readonly string[] {
  return scenes.flatMap(({ id }) => {
    const view = views.get(id);
    const take = view && olderTake(view);
    if (!take) return [];
    const why =
      view.state === 'blocked'
        ? `it goes on from an older take of ${view.continues}`
        : 'what its scene asks for has changed since';
    return [`${id}: take ${take.n} is used, though ${why}.`];
  });
}

function noTake({ commandOf }: OpenFilm, id: string, how: string, steps: readonly string[] = []): SoraError {
  return new SoraError('usage', `Scene ${id} ${how}.`, {
    hint: [...steps, `See what to do next: ${commandOf('plan')}`].join('\n'),
  });
}

function problemOf(view: SceneView, { look, allowStale, film }: UseOptions): SoraError | undefined {
  const { id, state, isStale, candidates, continues } = view;
  const { commandOf } = film;
  if (state === 'picked twice') return noTake(film, id, 'has two picks that do not know of each other');
  const used = usedTake(view, allowStale);
  if (!used?.done) {
    const older = olderTake(view);
    if (older)
      return new SoraError(
        'usage',
        state === 'blocked'
          ? `Take ${older.n} of scene ${id} goes on from an older take of ${continues}.`
          : `What scene ${id} asks for has changed since take ${older.n}.`,
        {
          hint: `To use take ${older.n} as it is, add ${option('allowStale')}. To make a new one: ${commandOf('render')}`,
        },
      );
    return candidates.length > 0
      ? noTake(film, id, 'waits for a pick', [compareTakes(film)])
      : noTake(film, id, `has no take to use: it is ${state}`);
  }
  const presence = look.presenceOf(used);
  if (presence === 'absent')
    return new SoraError('unverified', `The chosen take of scene ${id} is not here: ${used.done.file}`, {
      hint: `Fetch it again: ${commandOf('render')}`,
    });
  if (presence === 'other')
    return new SoraError('machine', `${used.done.file} is another file than the chosen take of scene ${id}.`, {
      hint: `Move it away, then fetch the take again: ${commandOf('render')}`,
    });
  if (!isStale || allowStale) return undefined;
  return new SoraError('usage', `What scene ${id} asks for has changed since its take was picked.`, {
    hint: `Use it as it is, with ${option('allowStale')}. Or make it anew: ${commandOf('render', { operands: [id] })}`,
  });
}

export interface AssembleOptions extends FilmWishes {
  /** Takes what is picked, or the last take, of a scene whose text has changed since. */
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
  for (const note of [...olderNotes(storyboard.scenes, look), ...replacedSources(storyboard, look)])
    workspace.reporter.note(note);
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
  for (const note of olderNotes(storyboard.scenes, look)) workspace.reporter.note(note);
  return planFilm(workspace, assemblyOf(storyboard, files, { subtitles: 'track' }));
}
