/** The cast: one record per character, and the master clip that each of them needs. */

import { join } from 'node:path';
import { ensureFolder } from '../disk/atomic-write.ts';
import { hashText } from '../disk/hash.ts';
import type { Listing } from '../disk/listing.ts';
import { type HeldLock, LOCK_TIMING, type LockTiming, type LockWait, withLock } from '../disk/lock.ts';
import { createRecords } from '../disk/records.ts';
import type { Character, CharacterDigest, CharacterWithClip } from '../shared/character.ts';
import { sameClipOptions } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { shellOption, shellQuote } from '../shared/text.ts';
import { createClipFolder } from './clip-store.ts';
import { characterIdentity, checkName } from './names.ts';
import { CHARACTER_DIGEST_VERSION, characterDigest, characterJson, decodeCharacter } from './record.ts';

/**
 * Names are compared by `characterIdentity`. Every method that changes something throws SoraError: `usage` for a name
 * that is unknown or taken, `machine` when the disk or another process is in the way; what was there is then unchanged.
 */
export interface CharacterStore {
  find(name: string): Promise<Character | undefined>;
  /** In the order of their names. */
  list(): Promise<Listing<Character>>;
  /** The same, as much of each as a list shows: many times faster where there are hundreds. */
  digests(): Promise<Listing<CharacterDigest>>;
  /**
   * Stores a new character together with its clip, which is moved from `tempPath` (a `tempClipPath`). With `replace`, a
   * character of that name and a clip that no other needs go; registrations stay if the clip is the same, or if it `heals`
   * one that was lost. Without, the name must be free: `usage`. Two exceptions: the same character whose clip was lost gets
   * it back, and one that never had a clip gets its first; both keep their registrations. Returns what is stored.
   */
  keep(
    character: CharacterWithClip,
    tempPath: string,
    options?: { readonly replace?: boolean; readonly heals?: boolean },
  ): Promise<CharacterWithClip>;
  /**
   * Stores a new character whose clip is there already; false when the name is taken. With `clipless` the clip may be
   * missing, even unknown: such a character lives by its registrations, and `keep` gives it its clip later.
   */
  claim(character: Character, options?: { readonly clipless?: boolean }): Promise<boolean>;
  /** Changes anything but the name and the master, under the record's lock. */
  update(name: string, change: (current: Character) => Character): Promise<Character>;
  /**
   * Runs `work` while no other process registers that character at that place, which may be any text. Waits for as long
   * as a registration may take.
   */
  registering<R>(name: string, place: string, work: (held: HeldLock) => Promise<R>, wait?: LockWait): Promise<R>;
  rename(name: string, newName: string): Promise<Character>;
  /** Removes the record, and the clip unless another character (or a record that cannot be read) may need it. */
  remove(name: string): Promise<{ readonly removed: Character; readonly clipRemoved: boolean }>;
  clipPath(sha256: string): string;
  /** A free name for a clip in the making, in a folder that exists. The caller removes what it does not keep. */
  tempClipPath(): Promise<string>;
  /** Moves a clip to its place without a character: nothing protects it before a record names it. Prefer `keep`. */
  keepClip(tempPath: string, sha256: string): Promise<void>;
  /** Whether the clip is there. */
  hasClip(sha256: string): Promise<boolean>;
  /** Reads the whole clip. */
  checkClip(sha256: string): Promise<'whole' | 'missing' | 'damaged'>;
  /** Paths of clips that no record names. With broken records in the list it cannot be known whose they are. */
  orphanClips(): Promise<readonly string[]>;
  /** Removes what killed processes left more than a day ago; never fails. */
  sweep(): Promise<number>;
}

export interface CharacterStoreOptions {
  readonly charactersDir: string;
  readonly clipsDir: string;
  /** For what may be lost; without it, nothing is kept there. */
  readonly cacheDir?: string;
  readonly lock?: LockTiming;
}

/** A host that makes characters by tasks is asked about one for up to a quarter of an hour. */
const REGISTERING_MS = 20 * 60_000;

/** The name of a character's file: a hash, so that no name can be too long, reserved, or a path. */
function idOf({ name }: Pick<Character, 'name'>): string {
  return hashText(characterIdentity(name)).slice(0, 32);
}

export function createCharacterStore(options: CharacterStoreOptions): CharacterStore {
  const { charactersDir, clipsDir, cacheDir, lock } = options;
  const timing = lock && { lock };
  const records = createRecords<Character>({
    dir: charactersDir,
    decode: decodeCharacter,
    encode: characterJson,
    idOf,
    ...timing,
  });
  const clips = createClipFolder(clipsDir, lock);

  /** Under the clips' lock. A record that cannot be read may need any clip. */
  const dropUnshared = async (hash: string, held: HeldLock): Promise<boolean> => {
    const cast = await records.list();
    held.assertHeld();
    if (cast.broken.length > 0 || cast.records.some(({ clip }) => clip?.master.sha256 === hash)) return false;
    return clips.remove(hash);
  };

  const put = async (
    id: string,
    character: CharacterWithClip,
    { existing, replace, heals }: { existing: Character | undefined; replace: boolean; heals: boolean },
  ): Promise<CharacterWithClip> => {
    if (existing === undefined) {
      if (await records.claim(id, character)) return character;
      throw nameTaken(character.name);
    }
    const change = (current: Character): Character => {
      if (!replace) return withClip(current, character);
      // Whatever hosts were given of this clip is still true, also what they were given a moment ago.
      const isStillTrue = heals || current.clip?.master.sha256 === character.clip.master.sha256;
      const { registrations, pending } = current;
      return isStillTrue ? { ...character, registrations, ...(pending && { pending }) } : character;
    };
    const stored = await records.update(id, change);
    if (!stored?.clip) throw unknownName(character.name);
    return stored;
  };

  return {
    find: (name) => records.read(idOf({ name })),

    list: async () => inNameOrder(await records.list()),

    async digests() {
      if (cacheDir === undefined) return inNameOrder(await records.list());
      const file = join(cacheDir, 'characters.json');
      return inNameOrder(await records.digests({ file, version: CHARACTER_DIGEST_VERSION, of: characterDigest }));
    },

    async keep(character, tempPath, { replace = false, heals = false } = {}) {
      const id = idOf(character);
      const { sha256: hash } = character.clip.master;
      return clips.locked(async (held) => {
        const existing = await records.read(id);
        if (existing && !replace) {
          const free = existing.clip
            ? (existing.clip.master.sha256 === hash || isSameWork(existing, character)) &&
              !(await clips.has(existing.clip.master.sha256))
            : existing.name === character.name;
          if (!free) throw nameTaken(existing.name);
        }
        await clips.publish(tempPath, hash);
        try {
          held.assertHeld();
          const stored = await put(id, character, { existing, replace, heals });
          if (existing?.clip && existing.clip.master.sha256 !== hash)
            await dropUnshared(existing.clip.master.sha256, held).catch(() => false);
          return stored;
        } catch (error) {
          // The error matters more than a clip that nobody names.
          await dropUnshared(hash, held).catch(() => false);
          throw error;
        }
      });
    },

    async claim(character, { clipless = false } = {}) {
      return clips.locked(async () => {
        const hash = character.clip?.master.sha256;
        const lacks = hash !== undefined && !(await clips.has(hash));
        if (!clipless && (lacks || hash === undefined)) {
          const where = hash === undefined ? '' : `: ${clips.path(hash)}`;
          throw new SoraError('machine', `The clip of ${character.name} is missing${where}`, {
            hint: `Make it again: sora character create <clip> ${shellOption('name', shellQuote(character.name))} ${option('force')}`,
          });
        }
        return records.claim(idOf(character), lacks ? { ...character, clipless: true } : character);
      });
    },

    async update(name, change) {
      const updated = await records.update(idOf({ name }), (current) => {
        const next = change(current);
        if (next.name !== current.name || next.clip?.master.sha256 !== current.clip?.master.sha256) {
          throw new TypeError('An update cannot change the name or the master of a character.');
        }
        return next;
      });
      if (updated === undefined) throw unknownName(name);
      return updated;
    },

    async registering(name, place, work, wait) {
      await ensureFolder(charactersDir);
      const mark = hashText(place).slice(0, 16);
      const { staleMs } = lock ?? LOCK_TIMING;
      return withLock(join(charactersDir, `${idOf({ name })}.${mark}.lock`), work, {
        ...{ staleMs, waitMs: REGISTERING_MS },
        ...wait,
      });
    },

    async rename(name, newName) {
      const from = idOf({ name });
      const kept = checkName(newName);
      const to = idOf({ name: kept });
      const change = (current: Character): Character => ({ ...current, name: kept });
      if (from === to) {
        const renamed = await records.update(from, change);
        if (renamed === undefined) throw unknownName(name);
        return renamed;
      }
      // Whoever counts the users of a clip must see the character under one name or the other.
      const moved = await clips.locked(() => records.move(from, to, change));
      if (moved === 'missing') throw unknownName(name);
      if (moved === 'taken') throw nameTaken(kept, 'Choose another name.');
      return moved;
    },

    async remove(name) {
      const id = idOf({ name });
      if ((await records.read(id)) === undefined) throw unknownName(name);
      return clips.locked(async (held) => {
        const removed = await records.read(id);
        if (removed === undefined) throw unknownName(name);
        // The record first: a crash between the two leaves a clip too many, never a character without its clip.
        await records.remove(id);
        const hash = removed.clip?.master.sha256;
        return { removed, clipRemoved: hash !== undefined && (await dropUnshared(hash, held)) };
      });
    },

    clipPath: clips.path,
    tempClipPath: clips.tempPath,
    keepClip: (tempPath, hash) => clips.locked(() => clips.publish(tempPath, hash)),
    hasClip: clips.has,
    checkClip: clips.check,

    async orphanClips() {
      const there = await clips.list();
      const { records: cast } = await records.list();
      const needed = new Set(cast.map(({ clip }) => clip?.master.sha256));
      return there.filter((hash) => !needed.has(hash)).map(clips.path);
    },

    sweep: async () => (await records.sweep()) + (await clips.sweep()),
  };
}

/** The record with the clip that was made for it: the one that it had lost, or its first. */
function withClip({ clipless: _, ...current }: Character, { clip }: CharacterWithClip): Character {
  return { ...current, clip: current.clip ? { ...current.clip, master: clip.master } : clip };
}

/** In the order of their names. */
export function inNameOrder<T extends { readonly name: string }>({ records, broken }: Listing<T>): Listing<T> {
  const keyed = records.map((character) => ({ character, key: characterIdentity(character.name) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { records: keyed.map(({ character }) => character), broken };
}

/** The same source, wishes and rules of preparation. */
export function isSameWork(a: CharacterWithClip, b: CharacterWithClip): boolean {
  return (
    a.name === b.name &&
    a.clip.source.sha256 === b.clip.source.sha256 &&
    a.clip.planVersion === b.clip.planVersion &&
    sameClipOptions(a.clip.options, b.clip.options)
  );
}

function nameTaken(name: string, hint = `Choose another name, or add ${option('force')} to replace it.`): SoraError {
  return new SoraError('usage', `A character named ${name} already exists.`, { hint });
}

function unknownName(name: string): SoraError {
  return new SoraError('usage', `There is no character named ${name}.`, { hint: 'See the cast: sora character list' });
}
