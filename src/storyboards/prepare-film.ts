/** A film before anything of it leaves: opened, and every scene planned and priced. */
import type { JournalOwner } from '../journal/names.ts';
import type { Workspace } from '../workspace.ts';
import { type OpenFilm, openFilm } from './film.ts';
import { type FilmPlan, type PlanScenesOptions, planScenes } from './plan-scenes.ts';
import type { Storyboard } from './storyboard.ts';

export interface GivenFilm {
  readonly film: OpenFilm;
  readonly plan: FilmPlan;
}

/** Throws what choosing the host throws, and what is wrong with this machine; what is wrong with a scene is in its plan. */
export async function prepareFilm(
  workspace: Workspace,
  { storyboard, path, owner }: { readonly storyboard: Storyboard; readonly path: string; readonly owner: JournalOwner },
  options: Omit<PlanScenesOptions, 'takes'>,
): Promise<GivenFilm> {
  const film = openFilm(workspace, { file: path, ...owner });
  const plan = await planScenes(workspace, storyboard, { ...options, takes: await film.ledger.takes() });
  return { film, plan };
}
