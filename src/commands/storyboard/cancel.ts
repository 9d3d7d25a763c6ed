/** `sora storyboard cancel`: stops what is under way. */

import type { Context } from '../../context.ts';
import { exitOf } from '../../shared/errors.ts';
import { counted } from '../../shared/text.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import { cancelFilm } from '../../storyboards/takes/cancel.ts';

export async function runStoryboardCancel(
  context: Context,
  { scene, ...request }: TakesRequest & { readonly scene?: string },
): Promise<number> {
  const { film } = await readTakes(context, request);
  const all = await cancelFilm(context, film, scene);
  const stopped = all.filter(({ error }) => error === undefined);
  for (const { error } of all) if (error) context.ui.error(error);
  context.ui.result({
    json: all.map(({ id, jobId, error }) => ({ scene: id, jobId, cancelled: error === undefined })),
    text: `Stopped ${stopped.length} of ${counted(all.length, 'take')} under way.`,
    quiet: stopped.map(({ id }) => id),
  });
  return exitOf(all);
}
