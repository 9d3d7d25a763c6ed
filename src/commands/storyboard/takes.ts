/** `sora storyboard takes`: the takes of a film as people choose among them; asks no host. */
import type { Context } from '../../context.ts';
import { formatUsd } from '../../costs/cost.ts';
import { lookAtFilm, NO_WISHES } from '../../storyboards/film.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import { noScene } from '../../storyboards/takes/choose.ts';
import { listTakes, type TakeReport } from '../../storyboards/takes/list.ts';

export type TakesFlags = TakesRequest;

export async function runStoryboardTakes(
  context: Context,
  { scene, ...request }: TakesRequest & { readonly scene?: string },
): Promise<undefined> {
  const { ui } = context;
  const { film, scenes, storyboard } = await readTakes(context, request);
  await film.ledger.peek();
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  const order = storyboard.scenes.map(({ id }) => id);
  const takes = listTakes(look, { order, scene, isAlive: film.ledger.isAlive });
  if (scene !== undefined && takes.length === 0 && !order.includes(scene)) throw noScene(scene, order);
  const rows = takes.map((take) => [
    ...[take.scene, String(take.take), take.name, take.state, choiceOf(take)],
    take.seconds === undefined ? '-' : `${take.seconds} s`,
    take.costUsd === undefined ? '-' : formatUsd(take.costUsd),
    take.file ?? take.why ?? take.remoteId ?? '-',
  ]);
  ui.result({
    json: takes,
    text:
      takes.length === 0
        ? 'There are no takes yet.'
        : ui.table(['SCENE', 'TAKE', 'NAME', 'STATE', 'CHOICE', 'LENGTH', 'COST', 'FILE'], rows, {
            ...{ SCENE: 10, CHOICE: 8, FILE: 12 },
          }),
    quiet: takes.flatMap(({ file }) => file ?? []),
  });
}

function choiceOf({ isChosen, isPicked, isRejected, isOlder, mismatch }: TakeReport): string {
  const words = [
    ...(isPicked ? ['picked'] : isChosen ? ['chosen'] : []),
    ...(isRejected ? ['rejected'] : []),
    ...(isOlder ? ['older text'] : []),
    ...(mismatch.length > 0 ? ['mismatch'] : []),
  ];
  return words.length === 0 ? '-' : words.join(', ');
}
