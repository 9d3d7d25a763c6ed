/** The cast: one record per character, and the master clip that each of them needs. */

import { join } from 'node:path';
import { ensureFolder } from '../disk/atomic-write.ts';
import { hashText } from '../disk/hash.ts';
import type { Listing } from '../disk/listing.ts';
import { type HeldLock, LOCK_TIMING, type LockTiming, type LockWait, withLock } from '../disk/lock.ts';
import { createRecords } from '../disk/records.ts';
import {
  type Character,
  type CharacterDigest,
  type CharacterWithClip,
  clipFile,
  filesOf,
  type KeptFile,
} from '../shared/character.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { shellOption, shellQuote } from '../shared/text.ts';
import { createClipFolder } from './clip-store.ts';
import { inNameOrder, isSameWork, replaced, withClip } from './merge.ts';
import { characterIdentity, checkName, nameTaken } from './names.ts';
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
   * one that was lost. Without, the name must be free: `usage`. Exceptions: the same character whose clip was lost gets
   * it back, and one that never had a clip gets its first; both keep their registrations. The same work that is there already
   * stays as it is. Returns what is stored.
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
  /** Changes anything but the name and the files that it needs, under the record's lock. */
  update(name: string, change: (current: Character) => Character): Promise<Character>;
  /**
   * The same, of its files too: `files` are moved to their places first, and those that nobody needs afterwards go. Where
   * there is no such character, `change` makes it. What is returned has the same name. Throws `machine` where a file that
   * it needs is missing, unless the character lacked it before.
   */
  place(
    name: string,
    files: readonly MadeFile[],
    change: (current: Character | undefined) => Character,
  ): Promise<Character>;
  /**
   * Runs `work` while no other process registers that character at that place, which may be any text. Waits for as long
   * as a registration may take.
   */
  registering<R>(name: string, place: string, work: (held: HeldLock) => Promise<R>, wait?: LockWait): Promise<R>;
  rename(name: string, newName: string): Promise<Character>;
  /** Removes the record, and its files unless another character (or a record that cannot be read) may need them. */
  remove(name: string): Promise<{ readonly removed: Character; readonly clipRemoved: boolean }>;
  clipPath(sha256: string): string;
  /** A free name for a clip, or another file, in the making, in a folder that exists. The caller removes what it does not keep. */
  tempClipPath(extension?: string): Promise<string>;
  /** Moves a clip to its place without a character: nothing protects it before a record names it. Prefer `keep`. */
  keepClip(tempPath: string, sha256: string): Promise<void>;
  /** Whether the clip is there. */
  hasClip(sha256: string): Promise<boolean>;
  /** Reads the whole clip. */
  checkClip(sha256: string): Promise<'whole' | 'missing' | 'damaged'>;
  /** Of whatever characters need, clips too. */
  filePath(file: KeptFile): string;
  hasFile(file: KeptFile): Promise<boolean>;
  checkFile(file: KeptFile): Promise<'whole' | 'missing' | 'damaged'>;
  /** Where something that is made from a clip is kept: it goes when the clip does. */
  derivedPath(sha256: string, name: string): string;
  /** Paths of files that no record names. With broken records in the list it cannot be known whose they are. */
  orphanFiles(): Promise<readonly string[]>;
  /** Removes what killed processes left more than a day ago; never fails. */
  sweep(): Promise<number>;
}

/** A file that was written under a name of `tempClipPath`. */
export interface MadeFile extends KeptFile {
  readonly path: string;
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

  /** Under the clips' lock: those that were removed. A record that cannot be read may need any file. */
  const dropUnshared = async (files: readonly KeptFile[], held: HeldLock): Promise<readonly KeptFile[]> => {
    if (files.length === 0) return [];
    const cast = await records.list();
    held.assertHeld();
    if (cast.broken.length > 0) return [];
    const needed = new Set(cast.records.flatMap((one) => filesOf(one).map(fileId)));
    const dropped: KeptFile[] = [];
    for (const file of files) if (!needed.has(fileId(file)) && (await clips.remove(file))) dropped.push(file);
    return dropped;
  };

  const put = async (
    id: string,
    character: CharacterWithClip,
    { existing, replace, heals }: { existing: Character | undefined; replace: boolean; heals: boolean },
  ): Promise<CharacterWithClip> => {
    if (existing === undefined) {
      if (await records.claim(id, character)) return character;
      throw isThereAlready(character.name);
    }
    const change = (current: Character): Character =>
      replace ? replaced(current, character, { heals }) : withClip(current, character);
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
      const file = clipFile(character.clip);
      const { sha256: hash } = file;
      return clips.locked(async (held) => {
        const existing = await records.read(id);
        if (existing && !replace) {
          const isSame = existing.clip && (existing.clip.master.sha256 === hash || isSameWork(existing, character));
          const isThere = existing.clip !== undefined && (await clips.has(clipFile(existing.clip)));
          // Made by another process while this one prepared the clip.
          if (existing.clip && isThere && isSameWork(existing, character)) return existing;
          const isFree = existing.clip ? isSame && !isThere : existing.name === character.name;
          if (!isFree) throw nameTaken(existing, character.name);
        }
        await clips.publish(tempPath, file);
        try {
          held.assertHeld();
          const stored = await put(id, character, { existing, replace, heals });
          if (existing) await dropUnshared(filesOf(existing), held).catch(() => []);
          return stored;
        } catch (error) {
          // The error matters more than a clip that nobody names.
          await dropUnshared([file], held).catch(() => []);
          throw error;
        }
      });
    },

    async claim(character, { clipless = false } = {}) {
      return clips.locked(async () => {
        const file = character.clip && clipFile(character.clip);
        const lacks = file !== undefined && !(await clips.has(file));
        if (!clipless && (lacks || file === undefined)) {
          const where = file === undefined ? '' : `: ${clips.path(file)}`;
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
        if (next.name !== current.name || idsOf(next) !== idsOf(current)) {
          throw new TypeError('An update cannot change the name or the files of a character.');
        }
        return next;
      });
      if (updated === undefined) throw unknownName(name);
      return updated;
    },

    async place(name, files, change) {
      const id = idOf({ name });
      return clips.locked(async (held) => {
        const before = await records.read(id);
        const published: KeptFile[] = [];
        try {
          for (const { path, sha256, extension } of files) {
            await clips.publish(path, { sha256, extension });
            published.push({ sha256, extension });
          }
          held.assertHeld();
          const apply = (current: Character | undefined): Character => {
            const next = change(current);
            if (current && next.name !== current.name) throw new TypeError('A name is changed by a rename.');
            return next;
          };
          const made = before ? undefined : apply(undefined);
          if (made && !(await records.claim(id, made))) throw isThereAlready(made.name);
          const stored = made ?? (await records.update(id, apply));
          if (stored === undefined) throw unknownName(name);
          if (before) await dropUnshared(filesOf(before), held).catch(() => []);
          return stored;
        } catch (error) {
          await dropUnshared(published, held).catch(() => []);
          throw error;
        }
      });
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
      if (moved === 'taken') throw isThereAlready(kept, 'Choose another name.');
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
        const dropped = await dropUnshared(filesOf(removed), held);
        const clip = removed.clip && fileId(clipFile(removed.clip));
        return { removed, clipRemoved: dropped.some((file) => fileId(file) === clip) };
      });
    },

    clipPath: (sha256) => clips.path({ sha256, extension: 'mp4' }),
    tempClipPath: clips.tempPath,
    keepClip: (tempPath, sha256) => clips.locked(() => clips.publish(tempPath, { sha256, extension: 'mp4' })),
    hasClip: (sha256) => clips.has({ sha256, extension: 'mp4' }),
    checkClip: (sha256) => clips.check({ sha256, extension: 'mp4' }),
    filePath: clips.path,
    hasFile: clips.has,
    checkFile: clips.check,
    derivedPath: clips.derivedPath,

    async orphanFiles() {
      const there = await clips.list();
      const { records: cast } = await records.list();
      const needed = new Set(cast.flatMap((one) => filesOf(one).map(fileId)));
      return there.filter((file) => !needed.has(fileId(file))).map(clips.path);
    },

    sweep: async () => (await records.sweep()) + (await clips.sweep()),
  };
}

function fileId({ sha256, extension }: KeptFile): string {
  return `${sha256}.${extension}`;
}

function idsOf(character: Character): string {
  return filesOf(character).map(fileId).join();
}

function isThereAlready(
  name: string,
  hint = `Choose another name, or add ${option('force')} to replace it.`,
): SoraError {
  return new SoraError('usage', `A character named ${name} already exists.`, { hint });
}

function unknownName(name: string): SoraError {
  return new SoraError('usage', `There is no character named ${name}.`, { hint: 'See the cast: sora character list' });
}

/** Of a change to a record that another process has removed. */
export function removedMeanwhile(name: string): SoraError {
  return new SoraError('usage', `${name} was removed in the meantime.`, { hint: 'See the cast: sora character list' });
}
