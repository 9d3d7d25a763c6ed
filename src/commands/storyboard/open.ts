/** `sora storyboard open`: a take, in the program that this machine opens videos with. */
import type { Context } from '../../context.ts';
import { SoraError } from '../../shared/errors.ts';
import { lookAtFilm, NO_WISHES } from '../../storyboards/film.ts';
import { readTakes, type TakesRequest } from '../../storyboards/prepare-film.ts';
import { findTake, noScene, takesOf } from '../../storyboards/takes/choose.ts';

/** Starts a program that shows the file; rejects where none can be started. */
export type OpenFile = (path: string) => Promise<unknown>;

const openFile: OpenFile = async (path) => (await import('open')).default(path);

/** Throws `usage` for a take that is not on this machine, and `machine` for another file in its place, and where nothing opens it. */
export async function runStoryboardOpen(
  context: Context,
  { scene: named, take: word, ...request }: TakesRequest & { readonly scene?: string; readonly take?: string },
  { open = openFile }: { readonly open?: OpenFile } = {},
): Promise<undefined> {
  const { film, scenes, storyboard } = await readTakes(context, request);
  const { ledger } = film;
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  const ids = storyboard.scenes.map(({ id }) => id);
  const scene = named ?? ids[0] ?? '';
  if (!look.views.has(scene)) throw noScene(scene, ids);
  const view = look.views.get(scene);
  const takes = takesOf(look, scene);
  const take =
    word === undefined
      ? (view?.chosen ?? view?.candidates.at(-1))
      : findTake(takes, { scene, take: word }, film.commandOf);
  const path = take?.done && ledger.placeOf(take.done.file);
  const presence = take && (await ledger.presence(take));
  if (path !== undefined && presence === 'other') {
    throw new SoraError('machine', `${path} is another file than take ${take?.n} of ${scene}.`, {
      hint: `Move it away, then fetch the take again: ${film.commandOf('render')}`,
    });
  }
  if (!take || path === undefined || presence !== 'here') {
    throw new SoraError('usage', `There is no take of ${scene} on this machine to be opened.`, {
      hint: `Make or fetch it first: ${film.commandOf('render', { operands: [scene] })}`,
    });
  }
  await open(path).catch((cause: unknown) => {
    throw new SoraError('machine', `No program could be started that opens ${path}: ${(cause as Error).message}`, {
      hint: 'Open the file by hand. On Linux, xdg-utils brings xdg-open, which is asked.',
      cause,
    });
  });
  context.ui.result({ json: { scene, take: take.n, path }, text: path, quiet: [path] });
}
