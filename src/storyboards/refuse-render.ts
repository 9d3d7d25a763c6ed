/** What a run of a film refuses before anything is sent: a person has to say first what is meant. */
import { findElsewhere, refuseElsewhere } from '../journal/refuse-elsewhere.ts';
import { problemsError } from '../shared/errors.ts';
import type { FilmCommand, FilmLook, OpenFilm } from './film.ts';
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

interface Sending {
  readonly look: FilmLook;
  /** How many requests, by the ids of the scenes. */
  readonly sends: ReadonlyMap<string, number>;
}

/** Throws `usage` where another file had scenes made that would be sent. */
export async function refuseMadeElsewhere(
  { ledger, commandOf }: Pick<OpenFilm, 'ledger' | 'commandOf'>,
  sending: Sending,
): Promise<void> {
  await refuseElsewhere(ledger, fingerprintsOf(sending), {
    things: 'scenes',
    again: `To make them again all the same: ${commandOf('retake', { operands: [...sending.sends.keys()] })}`,
  });
}

/** What a run would be refused for by `refuseMadeElsewhere`, in words; none where nothing stands in its way. */
export async function madeElsewhere(
  { ledger }: Pick<OpenFilm, 'ledger'>,
  sending: Sending,
): Promise<readonly string[]> {
  const found = await findElsewhere(ledger, fingerprintsOf(sending), { things: 'scenes' });
  return found ? [`${found.text} ${found.hint}`] : [];
}

function fingerprintsOf({ look, sends }: Sending): readonly string[] {
  return [...sends.keys()].flatMap((id) => look.views.get(id)?.fp ?? []);
}
