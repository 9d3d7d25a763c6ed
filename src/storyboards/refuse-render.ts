/** What a run of a film refuses before anything is sent: a person has to say first what is meant. */
import { problemsError } from '../shared/errors.ts';
import type { FilmCommand, FilmLook } from './film.ts';
import type { FilmPlan } from './plan-scenes.ts';

/**
 * A pick of an id that the film no longer has, while a scene has no takes: the heading was reworded, and with it the id. Throws
 * `usage` with the id to write.
 */
export function refuseOrphans(
  { views, orphans }: FilmLook,
  { commandOf, sends }: { readonly commandOf: FilmCommand; readonly sends: ReadonlyMap<string, number> },
): void {
  const [fresh] = [...sends.keys()].filter((id) => views.get(id)?.own.length === 0);
  if (orphans.length === 0 || fresh === undefined) return;
  throw problemsError(
    'usage',
    orphans.map((id) => `A take of ${JSON.stringify(id)} is picked, and the film has no scene of that id.`),
    {
      hint: [
        `Nothing was sent. Was a heading reworded? Write the id behind it: ## … {#${orphans[0]}}`,
        `If the scene is gone: ${commandOf('pick', { operands: [orphans[0] ?? '', 'none'] })}`,
      ].join('\n'),
    },
  );
}

/** Throws `usage` with what stands in the way of sending the scenes that would be sent. */
export function refuseStrangers({ scenes }: FilmPlan, sends: ReadonlyMap<string, number>): void {
  const problems = scenes
    .filter(({ scene }) => sends.has(scene.id))
    .flatMap(({ scene, problems }) => problems.map((text) => `${scene.id}: ${text}`));
  if (problems.length > 0) throw problemsError('usage', problems, { hint: 'Nothing was sent.' });
}
