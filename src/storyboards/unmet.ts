/** What a run was told to make and did not, scene by scene, however the scene stands. Pure. */
import { isTakenBack, type Take } from '../journal/fold.ts';
import { whyFailed } from '../journal/lines.ts';
import { codeOfExit, SoraError } from '../shared/errors.ts';
import type { FilmCommand, FilmLook } from './film.ts';
import type { SceneView } from './scene-state.ts';

export interface RunWishes {
  /** How many more takes of each named scene. */
  readonly retake: number | undefined;
  /** How many more requests of a scene are approved. */
  readonly approved: ((view: SceneView) => number) | undefined;
  /** The command that makes the approved plan anew. */
  readonly planAgain: string | undefined;
  readonly commandOf: FilmCommand;
  /** What stopped a scene. */
  errorOf(id: string): SoraError | undefined;
  /** Whether this run has followed the take. */
  isFollowed(take: Take): boolean;
}

/** The errors of those scenes that did not get what they were to get, by their ids. */
export function unmetWishes(
  ids: readonly string[],
  { before, after }: { readonly before: FilmLook; readonly after: FilmLook },
  wishes: RunWishes,
): ReadonlyMap<string, SoraError> {
  const known = new Set(before.takes.map(({ key }) => key));
  const unmet = new Map<string, SoraError>();
  for (const id of ids) {
    const fresh = after.takes.filter((take) => take.scene === id && !known.has(take.key) && !isTakenBack(take));
    const view = after.views.get(id);
    const error = wishes.retake === undefined ? unapproved(view, wishes) : unmade(fresh, wishes.retake, { id, wishes });
    if (error) unmet.set(id, error);
  }
  return unmet;
}

function unmade(
  fresh: readonly Take[],
  count: number,
  { id, wishes }: { id: string; wishes: RunWishes },
): SoraError | undefined {
  if (fresh.filter((take) => take.done && wishes.isFollowed(take)).length >= count) return undefined;
  const failures = fresh.flatMap(({ n, failed }) => (failed ? [{ n, ...failed }] : []));
  const last = failures.find(({ exit }) => exit === 11) ?? failures.at(-1);
  if (last)
    return new SoraError(codeOfExit(last.exit), `take ${last.n} failed: ${whyFailed(last)}`, {
      hint: `To make one more: ${wishes.commandOf('retake', { operands: [id] })}`,
    });
  return (
    wishes.errorOf(id) ??
    new SoraError('pending', 'not every take that was to be made of it is there', {
      hint: `See what is there: ${wishes.commandOf('takes', { operands: [id] })}`,
    })
  );
}

function unapproved(view: SceneView | undefined, { approved, planAgain = '' }: RunWishes): SoraError | undefined {
  if (!approved || !view || view.need === 0 || approved(view) > 0) return undefined;
  return new SoraError('pending', 'every take that was approved of it was asked for: make the plan anew for more', {
    hint: `Have the new one approved: ${planAgain}`,
  });
}
