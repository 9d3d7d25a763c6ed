/** Where the files of takes lie, and whether they are what the journal says. Nothing here changes one. */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { hashFile } from '../disk/hash.ts';
import { isSoraError } from '../shared/errors.ts';
import { isJournalName } from '../shared/journal-name.ts';
import type { Take } from './fold.ts';
import type { Journal } from './journal.ts';
import type { Asked } from './lines.ts';
import type { Presence } from './state.ts';

export interface TakeFiles {
  /** Where the file of a take that is done is. */
  presence(take: Take): Promise<Presence>;
  /** Relative to the folder of the storyboard or the batch, with `/`: as lines say it. */
  pathOf(absolute: string): string;
  /** Absolute. */
  placeOf(path: string): string;
  /** The name that only the file of this take can have, absolute; undefined where files have names of others' choice. */
  ownPlace(take: Pick<Asked, 'key' | 'scene' | 'n'>): string | undefined;
  /** Whether a video may be made at an absolute path because a line says so: others write journals, too. */
  mayHold(path: string): boolean;
}

export interface TakeFilesOptions {
  /** As the files' `ownPlace`. A take whose line names a place that may not hold it, or that is gone, counts as one that lies there. */
  ownPlace?(take: Pick<Asked, 'key' | 'scene' | 'n'>): string | undefined;
  /** As the files' `mayHold`; the folder of the storyboard or the batch, but for hidden places and journals, unless given. */
  mayHold?(path: string): boolean;
}

interface Placing {
  /** The take with the places where its files are now, if they were renamed with the film. */
  placed(take: Take): Take;
  /** Whether anything lies where the file of a take may be. */
  isHere(asked: Pick<Asked, 'key' | 'scene' | 'n' | 'file'>): boolean;
}

/** Of takes of a file in `folder`. */
export function createTakeFiles(folder: string, journal: Journal, options: TakeFilesOptions): TakeFiles & Placing {
  const hashes = new Map<string, { readonly stamp: string; readonly sha256: string }>();

  const placeOf = (path: string): string => resolve(folder, path);
  const ownPlace: TakeFiles['ownPlace'] = (take) => options.ownPlace?.(take);
  const mayHold: TakeFiles['mayHold'] = options.mayHold ?? ((path) => isPlainPlace(folder, path));
  const pathOf: TakeFiles['pathOf'] = (absolute) => {
    const path = relative(folder, absolute);
    return (isAbsolute(path) ? absolute : path).split(sep).join('/');
  };

  /** Whoever gives a file its name holds the lock from its line on: a file that still lies under its first name may be moved. */
  const onceMoved = async (file: string): Promise<void> => {
    if (!existsSync(placeOf(file))) return;
    // In a folder that cannot be written to, nothing is moved.
    await journal
      .exclusively(async () => {})
      .catch((error: unknown) => {
        if (!isSoraError(error, 'machine')) throw error;
      });
  };

  return {
    ...{ placeOf, ownPlace, mayHold, pathOf },
    placed(take) {
      const own = ownPlace(take);
      if (own === undefined) return take;
      const { done } = take;
      const first = placeOf(take.file);
      // A folder that was renamed with the film is not made again.
      const isMoved = dirname(first) !== dirname(own) && !existsSync(dirname(first));
      const file = isMoved ? pathOf(join(dirname(own), basename(first))) : take.file;
      if (!done) return isMoved ? { ...take, file } : take;
      const told = placeOf(done.file);
      const isOwn = own !== told && (!mayHold(told) || hasMoved(told, { own, bytes: done.bytes }));
      return isOwn || isMoved ? { ...take, file, done: isOwn ? { ...done, file: pathOf(own) } : done } : take;
    },
    async presence({ done, file }) {
      if (!done) return 'absent';
      const place = placeOf(done.file);
      if (!existsSync(place)) await onceMoved(file);
      const stats = statSync(place, { throwIfNoEntry: false });
      if (!stats) return 'absent';
      if (!stats.isFile() || stats.size !== done.bytes) return 'other';
      const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
      const known = hashes.get(place);
      // Also after Ctrl-C: what a batch has done by then is told.
      const sha256 = known?.stamp === stamp ? known.sha256 : await hashFile(place);
      hashes.set(place, { stamp, sha256 });
      return sha256 === done.sha256 ? 'here' : 'other';
    },
    isHere: (asked) => existsSync(placeOf(asked.file)) || isFile(ownPlace(asked)),
  };
}

function isPlainPlace(folder: string, path: string): boolean {
  const way = relative(folder, path);
  const isHidden = way.split(sep).some((name) => name === '' || name.startsWith('.'));
  return !isAbsolute(way) && !isHidden && !isJournalName(path);
}

/** Whether a take is to be looked for under its own name: the file, or the whole folder, that a line names was renamed with the film. */
function hasMoved(told: string, { own, bytes }: { readonly own: string; readonly bytes: number }): boolean {
  if (existsSync(told)) return false;
  return statSync(own, { throwIfNoEntry: false })?.size === bytes || !existsSync(dirname(told));
}

function isFile(path: string | undefined): boolean {
  return path !== undefined && existsSync(path);
}

/** Where a take's file first lies: hidden, under its key's uuid, so that no file of another kind is taken for it. */
export function firstPlace(folder: string, uuid: string): string {
  return join(folder, `.${uuid}.mp4`);
}
