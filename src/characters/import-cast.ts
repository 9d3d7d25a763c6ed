/** A cast file that is merged into the characters of this machine: everything is checked before anything is changed. */

import { resolve } from 'node:path';
import { temporary } from '../disk/temporary.ts';
import type { Character } from '../shared/character.ts';
import { isSoraError, SoraError, throwProblems } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { castClip, copyClip, type ReadCastOptions, readCast, warnOfProviders } from './cast-file.ts';
import { type Cast, type CastCharacter, isSameClip, mergeRegistrations } from './cast-format.ts';
import { type CharacterStore, createCharacterStore } from './store.ts';

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
    if (!hasClip) reporter.warn(`${name} has no clip: it can be used where it is registered, and nowhere else.`);
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
    const master = character.clip?.master;
    try {
      const clip = master && ((await castClip(cast, entry)) ?? (await ownClip(store, master.sha256)));
      const existing = await store.find(name);
      if (existing && !isSameClip(existing, character)) {
        if (!force) throw new SoraError('usage', `${existing.name} already exists, with another clip.`);
        if (clip === undefined)
          throw new SoraError('usage', `The cast has no clip of ${name} to replace the one here.`);
      }
      arrivals.push({ entry, clip, existing });
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

async function ownClip(store: CharacterStore, sha256: string): Promise<string | undefined> {
  return (await store.checkClip(sha256)) === 'whole' ? store.clipPath(sha256) : undefined;
}

async function bringIn(
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
    if (!isSame) return existing ? 'replaced' : 'added';
  }
  let changed = needsClip && clip !== undefined;
  await store.update(character.name, (current) => {
    const registrations = mergeRegistrations(current.registrations, character.registrations, nowMs);
    const same = JSON.stringify(registrations) === JSON.stringify(current.registrations);
    changed ||= !same;
    return same ? current : { ...current, registrations };
  });
  return changed ? 'merged' : 'unchanged';
}

function appeared(name: string): SoraError {
  return new SoraError('usage', `${name} has appeared in the meantime.`, { hint: 'Run the command again.' });
}
