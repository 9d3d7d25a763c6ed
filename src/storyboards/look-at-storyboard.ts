/** A storyboard and how its scenes stand, for what asks no host: assembly, export, report. */
import type { Workspace } from '../workspace.ts';
import { type FilmLook, lookAtFilm, NO_WISHES } from './film.ts';
import { type OpenedFilm, readTakes } from './prepare-film.ts';
import type { StoryboardRequest } from './read-storyboard.ts';

/** A storyboard that was opened and looked at. */
export interface LookedAt extends OpenedFilm {
  readonly look: FilmLook;
}

/**
 * Reads a storyboard and looks at its takes; asks no host. `needsFiles`: whether what it names has to be there. Throws as
 * `readStoryboard`.
 */
export async function lookAtStoryboard(
  workspace: Workspace,
  request: StoryboardRequest,
  { needsFiles }: { readonly needsFiles: boolean },
): Promise<LookedAt> {
  const opened = await readTakes(workspace, request, { needsFiles });
  await opened.film.ledger.peek();
  return { ...opened, look: await lookAtFilm(opened.film, opened.scenes, { wishes: NO_WISHES }) };
}
