/** `sora storyboard pick` and `reject`: which take the film uses, and which is not wanted. */
import type { Context } from '../../context.ts';
import { filmSteps } from '../../storyboards/film-steps.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import { pickTake, rejectTake, shortName, type TakeName } from '../../storyboards/takes/choose.ts';

export async function runStoryboardPick(
  context: Context,
  { scene, take: word, ...request }: TakesRequest & TakeName,
): Promise<undefined> {
  const { film, scenes } = await readTakes(context, request);
  const { take, isSame } = await pickTake(film, scenes, { scene, take: word });
  const now = take ? `take ${take.n} (${shortName(take)})` : 'nothing';
  context.ui.result({
    json: { scene, take: take?.n ?? null, sha256: take?.done?.sha256 ?? null, file: take?.done?.file ?? null },
    text: `${scene}: ${now} is ${isSame ? 'picked already' : 'picked'}.`,
    quiet: take?.done ? [take.done.sha256] : [],
  });
  for (const step of await filmSteps(film, scenes)) context.ui.note(step);
}

export async function runStoryboardReject(
  context: Context,
  { scene, take: word, ...request }: TakesRequest & TakeName,
): Promise<undefined> {
  const { film, scenes } = await readTakes(context, request);
  const { take } = await rejectTake(film, scenes, { scene, take: word });
  context.ui.result({
    json: { scene, take: take.n, sha256: take.done?.sha256 ?? null, file: take.done?.file ?? null },
    text: `Take ${take.n} (${shortName(take)}) of ${scene} is rejected: it counts no more.`,
    quiet: take.done ? [take.done.sha256] : [],
  });
}
