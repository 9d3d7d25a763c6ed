/** The takes of a film that are under way, stopped at their hosts. */
import { type Cancelled, cancelTakes } from '../../journal/cancel-takes.ts';
import { createQuietReporter } from '../../runs/quiet-reporter.ts';
import type { Workspace } from '../../workspace.ts';
import type { OpenFilm } from '../film.ts';
import { inFilmWords } from '../film-words.ts';

/** Of one scene where it is named. */
export function cancelFilm(
  workspace: Workspace,
  { ledger }: OpenFilm,
  scene: string | undefined,
): Promise<readonly Cancelled[]> {
  const quiet = { ...workspace, reporter: createQuietReporter(workspace.reporter, inFilmWords) };
  return cancelTakes(quiet, ledger, (take) => scene === undefined || take.scene === scene);
}
