/** A cast file that is merged into the characters of this machine: everything is checked before anything is changed. */

import { resolve } from 'node:path';
import { temporary } from '../../disk/temporary.ts';
import { type Character, clipFile, filesOf, type KeptFile } from '../../shared/character.ts';
import { isSoraError, SoraError, throwProblems } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import type { Workspace } from '../../workspace.ts';
import { lackOf } from '../lack.ts';
import { isSameClip, mergeOwn, mergeRegistrations, particularsOf } from '../merge.ts';
import { type CharacterStore, createCharacterStore, type MadeFile } from '../store.ts';
import { castFile, copyClip, type ReadCastOptions, readCast, warnOfProviders } from './cast-file.ts';
import type { Cast, CastCharacter } from './cast-format.ts';

export interface ImportOptions {
  /** From the working directory. */
  readonly file: string;
  /** Replaces characters of the same name and another clip. */
  readonly force?: boolean;
  /** What `/dev/stdin` stands for. */
  readonly stdin?: ReadCastOptions['stdin'];
}

export interface ImportedCharacter {
  readonly name: string;
  readonly did: 'added' | 'merged' | 'unchanged' | 'replaced';
  /** Whether its clip is on this machine now. */
  readonly hasClip: boolean;
}

interface Arrival {
  readonly entry: CastCharacter;
  /** Whole and checked; undefined where the cast has none. */
  readonly clip: string | undefined;
  /** Its pictures and the file of its consent, as far as they are there. */
  readonly others: readonly (KeptFile & { readonly from: string })[];
  readonly existing: Character | undefined;
}

/**
 * Merges a cast into the store of this machine, whatever cast file lies over it. Throws `usage` with every reason against it
 * before anything is changed.
 */
export async function importCast(
  { reporter, runtime, paths }: Workspace,
  { file, force = false, stdin }: ImportOptions,
): Promise<readonly ImportedCharacter[]> {
  const store = createCharacterStore({ charactersDir: paths().characters, clipsDir: paths().clips });
  const cast = await readCast(resolve(runtime.cwd, file), { signal: runtime.signal, ...(stdin && { stdin }) });
  warnOfProviders(reporter, cast);
  const arrivals = await checkArrivals(store, cast, force);
  await store.sweep();
  const done: ImportedCharacter[] = [];
  for (const arrival of arrivals) {
    runtime.signal.throwIfAborted();
    const { name } = arrival.entry.character;
    const did = await bringIn(store, arrival, runtime.clock.now());
    const stored = await store.find(name);
    const hasClip = stored?.clip !== undefined && (await store.hasClip(stored.clip.master.sha256));
    const lack = stored && (await lackOf(store, stored));
    if (lack !== undefined) reporter.warn(`${lack}.`);
    done.push({ name, did, hasClip });
  }
  return done;
}

/** Every reason against the import, before anything is changed. */
async function checkArrivals(store: CharacterStore, cast: Cast, force: boolean): Promise<readonly Arrival[]> {
  const problems: SoraError[] = [];
  const arrivals: Arrival[] = [];
  for (const entry of cast.characters) {
    const { character } = entry;
    const { name } = character;
    const find = async (file: KeptFile): Promise<string | undefined> =>
      (await castFile(cast, entry, file)) ??
      ((await store.checkFile(file)) === 'whole' ? store.filePath(file) : undefined);
    try {
      const clip = character.clip && (await find(clipFile(character.clip)));
      const others: Arrival['others'][number][] = [];
      const { clip: _, ...rest } = character;
      for (const file of filesOf(rest)) {
        const from = await find(file);
        if (from !== undefined) others.push({ ...file, from });
      }
      const existing = await store.find(name);
      if (existing && !isSameClip(existing, character)) {
        const what = character.clip ? 'clip' : 'pictures';
        if (!force) throw new SoraError('usage', `${existing.name} already exists, with another ${what}.`);
        const isThere = character.clip ? clip !== undefined : others.length > 0;
        if (!isThere) throw new SoraError('usage', `The cast has no ${what} of ${name} to replace the one here.`);
      }
      arrivals.push({ entry, clip, others, existing });
    } catch (error) {
      if (!isSoraError(error)) throw error;
      problems.push(error);
    }
  }
  throwProblems(problems, {
    usual: `Nothing was imported. Rename the character here or there, or add ${option('force')} to replace it.`,
  });
  return arrivals;
}

async function bringIn(store: CharacterStore, arrival: Arrival, nowMs: number): Promise<ImportedCharacter['did']> {
  const did = await bringClipIn(store, arrival, nowMs);
  const changed = await bringFilesIn(store, arrival, did);
  return changed && did === 'unchanged' ? 'merged' : did;
}

async function bringClipIn(
  store: CharacterStore,
  { entry, clip, existing }: Arrival,
  nowMs: number,
): Promise<ImportedCharacter['did']> {
  const { character } = entry;
  const isSame = existing !== undefined && isSameClip(existing, character);
  const needsClip = !(isSame && existing.clip && (await store.hasClip(existing.clip.master.sha256)));
  if (clip === undefined && existing === undefined) {
    if (!(await store.claim(character, { clipless: true }))) throw appeared(character.name);
    return 'added';
  }
  // Of pictures alone, which come with the other files.
  if (!isSame && !character.clip) return 'replaced';
  if (clip !== undefined && needsClip && character.clip) {
    const temp = temporary(await store.tempClipPath());
    try {
      await copyClip(clip, temp.path, character.clip.master.sha256);
      // The clip of a character that had lost its own, or had none: the same bytes, or another build's of the same work.
      const name = existing && isSame ? existing.name : character.name;
      await store.keep({ ...character, name }, temp.path, { replace: existing !== undefined && !isSame });
    } finally {
      await temp.dispose();
    }
  }
  let changed = needsClip && clip !== undefined;
  // Also where it is new: another process may have made the same meanwhile.
  await store.update(character.name, (current) => {
    const registrations = mergeRegistrations(current.registrations, character.registrations, nowMs);
    const same = JSON.stringify(registrations) === JSON.stringify(current.registrations);
    changed ||= !same;
    return same ? current : { ...current, registrations };
  });
  if (clip !== undefined && needsClip && !isSame) return existing ? 'replaced' : 'added';
  return changed ? 'merged' : 'unchanged';
}

/** Its pictures, what is known of it, and the file of its consent; true where something of that was not here. */
async function bringFilesIn(
  store: CharacterStore,
  { entry: { character }, others }: Arrival,
  did: ImportedCharacter['did'],
): Promise<boolean> {
  const next = (current: Character | undefined): Character => {
    if (!current) return character;
    const isOther = did === 'replaced' && !character.clip;
    return isOther
      ? { ...particularsOf(current), ...character, name: current.name }
      : { ...current, ...mergeOwn(current, character) };
  };
  const current = await store.find(character.name);
  const wanted = next(current);
  const needed = new Set(filesOf(wanted).map(({ sha256 }) => sha256));
  const made: MadeFile[] = [];
  try {
    for (const { from, sha256, extension } of others) {
      if (!needed.has(sha256) || (await store.hasFile({ sha256, extension }))) continue;
      const { path } = temporary(await store.tempClipPath(extension));
      made.push({ path, sha256, extension });
      await copyClip(from, path, sha256);
    }
    if (made.length === 0 && JSON.stringify(wanted) === JSON.stringify(current)) return false;
    await store.place(wanted.name, made, next);
    return true;
  } finally {
    await Promise.all(made.map(({ path }) => temporary(path).dispose()));
  }
}

function appeared(name: string): SoraError {
  return new SoraError('usage', `${name} has appeared in the meantime.`, { hint: 'Run the command again.' });
}
