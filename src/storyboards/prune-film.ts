/** Files beside a film that it can do without: rejected takes, takes that lost to a pick, pieces of assembled films. */
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FilmLook, lastFramePlace, type OpenFilm } from './film.ts';

export interface PruneWishes {
  readonly rejected: boolean;
  /** Takes of scenes of which another one is picked. */
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
  const views = [...look.views.values()];
  const kept = new Set(
    views.flatMap((view) => {
      const used = view.chosen ? [view.chosen] : view.candidates;
      return [...used, ...(view.picked ? [view.picked] : [])].flatMap(({ done }) => done?.sha256 ?? []);
    }),
  );
  const found: PrunedFile[] = [];
  for (const take of look.takes) {
    const { done, scene } = take;
    if (!done || kept.has(done.sha256) || look.presenceOf(take) !== 'here') continue;
    const choice = look.choices.of(scene);
    const isRejected = choice.rejected.has(done.sha256);
    const isUnpicked = choice.sha256 !== undefined && !isRejected;
    if (!((wishes.rejected && isRejected) || (wishes.unpicked && isUnpicked))) continue;
    const path = ledger.placeOf(done.file);
    const why = isRejected ? 'rejected' : 'unpicked';
    found.push({ path, bytes: done.bytes, why });
    const frame = lastFramePlace(path);
    if (existsSync(frame)) found.push({ path: frame, bytes: (await stat(frame)).size, why });
  }
  return [...found, ...(wishes.pieces ? await piecesIn(folder) : [])];
}

async function piecesIn(folder: string): Promise<readonly PrunedFile[]> {
  const pieces = join(folder, '.pieces');
  const names = await readdir(pieces).catch((): string[] => []);
  return Promise.all(
    names.map(async (name) => {
      const path = join(pieces, name);
      return { path, bytes: (await stat(path)).size, why: 'piece' as const };
    }),
  );
}

export async function pruneFiles(files: readonly PrunedFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true, recursive: true });
}
