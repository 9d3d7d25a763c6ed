/** What leads on from a film whose takes are there: to compare them, and to make the film. */
import { parse } from 'node:path';
import { valueWord } from '../runs/command-words.ts';
import { type FilmLook, lookAtFilm, NO_WISHES, type OpenFilm } from './film.ts';
import type { PlannedScene } from './plan-scenes.ts';

type NamedFilm = Pick<OpenFilm, 'file' | 'commandOf'>;

export function compareTakes({ file, commandOf }: NamedFilm): string {
  return `Compare the takes: ${commandOf('report', { words: valueWord('output', `${parse(file).name}.html`) })}`;
}

/**
 * What comes after the takes of all `scenes` of a film, whichever of them a command was for: to compare those that wait for a
 * pick, or, where `assemble` lacks nothing, to make the film. As it stands now.
 */
export async function filmSteps(film: OpenFilm, scenes: readonly PlannedScene[]): Promise<readonly string[]> {
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  if ([...look.views.values()].some(({ state }) => state === 'to pick')) return [compareTakes(film)];
  if (!isWhole(look)) return [];
  const output = valueWord('output', `${parse(film.file).name}.mp4`);
  return [`Every scene has its take. Make the film: ${film.commandOf('assemble', { words: output })}`];
}

/** Whether every scene has a chosen take of what it asks for now. */
export function isWhole({ views }: Pick<FilmLook, 'views'>): boolean {
  return [...views.values()].every(({ state, isStale }) => state === 'chosen' && !isStale);
}
