/** `sora storyboard pick` and `reject`: which take the film uses, and which is not wanted. */
import type { Context } from '../../context.ts';
import { pickTake, rejectTake, shortName, type TakeName } from '../../storyboards/choose-take.ts';
import { type FilmRequest, readFilm } from '../../storyboards/prepare-film.ts';

export async function runStoryboardPick(
  context: Context,
  { scene, take: word, ...request }: FilmRequest & TakeName,
): Promise<undefined> {
  const { film, plan } = await readFilm(context, request, { purpose: 'preview' });
  const { take, isSame } = await pickTake(film, plan.scenes, { scene, take: word });
  const now = take ? `take ${take.n} (${shortName(take)})` : 'nothing';
  context.ui.result({
    json: { scene, take: take?.n ?? null, sha256: take?.done?.sha256 ?? null, file: take?.done?.file ?? null },
    text: `${now} is ${isSame ? 'picked already' : 'picked now'} of ${scene}.`,
    quiet: take?.done ? [take.done.sha256] : [],
  });
}

export async function runStoryboardReject(
  context: Context,
  { scene, take: word, ...request }: FilmRequest & TakeName,
): Promise<undefined> {
  const { film, plan } = await readFilm(context, request, { purpose: 'preview' });
  const { take } = await rejectTake(film, plan.scenes, { scene, take: word });
  context.ui.result({
    json: { scene, take: take.n, sha256: take.done?.sha256 ?? null, file: take.done?.file ?? null },
    text: `Take ${take.n} (${shortName(take)}) of ${scene} is rejected: it counts no more.`,
    quiet: take.done ? [take.done.sha256] : [],
  });
}
