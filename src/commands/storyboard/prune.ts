/** `sora storyboard prune`: files beside a film that it can do without. */

import type { Context } from '../../context.ts';
import { SoraError } from '../../shared/errors.ts';
import { counted } from '../../shared/text.ts';
import { lookAtFilm, NO_WISHES } from '../../storyboards/film.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import { filesToPrune, type PruneWishes, pruneFiles } from '../../storyboards/takes/prune.ts';

/** Says what it would delete; with `yes` it deletes that. Throws `usage` where nothing is chosen to be deleted. */
export async function runStoryboardPrune(
  context: Context,
  { rejected, unpicked, pieces, yes, ...request }: TakesRequest & PruneWishes & { readonly yes: boolean },
): Promise<undefined> {
  if (!rejected && !unpicked && !pieces) {
    throw new SoraError('usage', 'It is not said what is to be deleted.', {
      hint: 'Add --rejected, --unpicked or --pieces; nothing is deleted without --yes.',
    });
  }
  const { film, scenes } = await readTakes(context, request);
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  const files = await filesToPrune(film, look, { rejected, unpicked, pieces });
  if (yes) await pruneFiles(files);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const what = `${counted(files.length, 'file')}, ${(bytes / 1_000_000).toFixed(1)} MB`;
  context.ui.result({
    json: { deleted: yes, files },
    text: [
      ...files.map(({ path, why }) => `${path} (${why})`),
      files.length === 0
        ? 'There is nothing to delete.'
        : yes
          ? `Deleted: ${what}.`
          : `Would be deleted with --yes: ${what}.`,
    ].join('\n'),
    quiet: files.map(({ path }) => path),
  });
}
