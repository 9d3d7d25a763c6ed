/** Files beside a film that it can do without: rejected takes, takes that lost to a pick, pieces of assembled films. */
import { existsSync } from 'node:fs';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PIECE_NAME, piecesFolder } from '../../films/piece-names.ts';
import { type FilmLook, lastFramePlace, type OpenFilm } from '../film.ts';
import { wordsOfTake } from '../scene-state.ts';

export interface PruneWishes {
  readonly rejected: boolean;
  /** Takes of words for which another one is picked. */
  readonly unpicked: boolean;
  readonly pieces: boolean;
}

export interface PrunedFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly why: 'rejected' | 'unpicked' | 'piece';
}

/** What would be deleted. A file that any scene uses, or that a person may still pick, is never among them. */
export async function filesToPrune(
  { ledger, folder }: OpenFilm,
  look: FilmLook,
  wishes: PruneWishes,
): Promise<readonly PrunedFile[]> {
  const { views, choices } = look;
  const used = [...views.values()].flatMap(({ chosen, candidates }) => (chosen ? [chosen] : candidates));
  const kept = new Set([
    ...used.flatMap(({ done }) => done?.sha256 ?? []),
    // Also by scenes that this text or this variant does not have.
    ...choices.picked.flatMap((id) => [...choices.standing(id)]),
  ]);
  const found: PrunedFile[] = [];
  for (const take of look.takes) {
    const { done, scene } = take;
    if (!done || kept.has(done.sha256) || look.presenceOf(take) !== 'here') continue;
    const words = wordsOfTake(take, ledger.familyOf);
    const choice = choices.of(scene, words === undefined ? undefined : { words });
    // Nobody can say yet what is wanted of these.
    if (choice.isTwice || !views.has(scene)) continue;
    const isRejected = choice.rejected.has(done.sha256);
    // Takes of other words may wait for a pick of their own.
    const isUnpicked = choice.isOwn && choice.sha256 !== undefined && !isRejected;
    if (!((wishes.rejected && isRejected) || (wishes.unpicked && isUnpicked))) continue;
    const path = ledger.placeOf(done.file);
    const why = isRejected ? 'rejected' : 'unpicked';
    found.push({ path, bytes: done.bytes, why });
    const frame = lastFramePlace(path);
    if (existsSync(frame)) found.push({ path: frame, bytes: (await stat(frame)).size, why });
  }
  return [...found, ...(wishes.pieces ? await piecesIn(folder) : [])];
}

/** Of a folder that is one, not a link to another place; whatever else lies in it is somebody else's. */
async function piecesIn(takes: string): Promise<readonly PrunedFile[]> {
  const folder = piecesFolder(takes);
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const names = isFolder ? await readdir(folder) : [];
  const files = await Promise.all(
    names
      .filter((name) => PIECE_NAME.test(name))
      .map(async (name) => ({ path: join(folder, name), found: await lstat(join(folder, name)) })),
  );
  return files
    .filter(({ found }) => found.isFile())
    .map(({ path, found }) => ({ path, bytes: found.size, why: 'piece' as const }));
}

export async function pruneFiles(files: readonly PrunedFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}
