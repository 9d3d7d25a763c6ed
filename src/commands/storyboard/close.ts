/** `sora storyboard close` and `adopt`: a person's word on a take of which nobody knows what became of it. */
import type { Context } from '../../context.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import type { TakeName } from '../../storyboards/takes/choose.ts';
import { adoptNamedTake, closeNamedTake } from '../../storyboards/takes/lost.ts';

export async function runStoryboardClose(
  context: Context,
  { scene, take: word, remoteId, ...request }: TakesRequest & TakeName & { readonly remoteId?: string },
): Promise<undefined> {
  const { film, scenes } = await readTakes(context, request);
  const take = await closeNamedTake(context, film, { scenes, name: { scene, take: word }, remoteId });
  context.ui.result({
    json: { scene, take: take.n, closed: true },
    text: `Take ${take.n} of ${scene} is given up. To make another: ${film.commandOf('render')}`,
    quiet: [take.key],
  });
}

export async function runStoryboardAdopt(
  context: Context,
  { scene, take: word, remoteId, ...request }: TakesRequest & TakeName & { readonly remoteId: string },
): Promise<undefined> {
  const { film, scenes } = await readTakes(context, request);
  const take = await adoptNamedTake(context, film, { scenes, name: { scene, take: word }, remoteId });
  context.ui.result({
    json: { scene, take: take.n, remoteId },
    text: `Take ${take.n} of ${scene} is ${remoteId}. To fetch it: ${film.commandOf('render')}`,
    quiet: [remoteId],
  });
}
