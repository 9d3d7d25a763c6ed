/** A cast file over the store of this machine: its characters are there too, and nothing is ever written to it. */
import { existsSync } from 'node:fs';
import { removeQuietly } from '../../disk/atomic-write.ts';
import { type Character, type CharacterWithClip, clipFile, filesOf, type KeptFile } from '../../shared/character.ts';
import { SoraError } from '../../shared/errors.ts';
import { shellQuote } from '../../shared/text.ts';
import { inNameOrder, isSameClip, mergeOwn, mergeRegistrations } from '../merge.ts';
import { characterIdentity } from '../names.ts';
import type { CharacterStore, MadeFile } from '../store.ts';
import { castFile, copyClip, pathBeside } from './cast-file.ts';
import type { Cast, CastCharacter } from './cast-format.ts';

export interface OverlayOptions {
  /** Told of a name that is another clip here than in the cast. */
  readonly warn: (sentence: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The store with the characters of `cast` in it. A name that both have is the local character; its registrations are
 * those of both, as long as it is the same clip, and its clip is the cast's where its own is not here. What is to be
 * changed about a character of the cast gets a local record, and the clip, first.
 */
export function createOverlay(local: CharacterStore, cast: Cast, { warn, now }: OverlayOptions): CharacterStore {
  const byName = new Map(cast.characters.map((one) => [characterIdentity(one.character.name), one]));
  const byFile = new Map(
    cast.characters.flatMap((one) =>
      filesOf(one.character).flatMap(({ sha256 }) => (one.paths[sha256] === undefined ? [] : [[sha256, one] as const])),
    ),
  );
  const files = new Map<string, Promise<string | undefined>>();
  const warned = new Set<string>();

  const overlaid = (name: string): CastCharacter | undefined => byName.get(characterIdentity(name));

  /** Read and compared once per command. */
  const fileBeside = (file: KeptFile): Promise<string | undefined> => {
    const entry = byFile.get(file.sha256);
    if (entry === undefined) return Promise.resolve(undefined);
    const found = files.get(file.sha256) ?? castFile(cast, entry, file);
    files.set(file.sha256, found);
    return found;
  };

  const mergeHosts = (own: Character): Character => {
    const other = overlaid(own.name)?.character;
    if (other === undefined) return own;
    if (isSameClip(own, other)) {
      return { ...own, registrations: mergeRegistrations(own.registrations, other.registrations, now()) };
    }
    if (!warned.has(own.name)) {
      warn(
        `${own.name} of this machine is a different clip from ${other.name} of ${cast.path}; the one of this machine is used.`,
      );
    }
    warned.add(own.name);
    return own;
  };

  /** The character of the cast whose clip stands in for one that is not here. */
  const healerOf = async (own: Character): Promise<CharacterWithClip | undefined> => {
    const other = overlaid(own.name)?.character;
    if (!other?.clip || !isSameClip(own, other)) return undefined;
    if (own.clip && (await local.hasFile(clipFile(own.clip)))) return undefined;
    return (await fileBeside(clipFile(other.clip))) === undefined ? undefined : { ...other, name: own.name };
  };

  const merge = async (own: Character): Promise<Character> => {
    const other = overlaid(own.name)?.character;
    const hosts = mergeHosts(own);
    const merged = other && isSameClip(own, other) ? { ...hosts, ...mergeOwn(own, other) } : hosts;
    const healer = await healerOf(own);
    return healer ? { ...merged, clip: healer.clip } : merged;
  };

  /** Copies of those that the cast has and this machine lacks, under temporary names. */
  const withCopies = async <R>(
    wanted: readonly KeptFile[],
    use: (made: readonly MadeFile[]) => Promise<R>,
  ): Promise<R> => {
    const made: MadeFile[] = [];
    try {
      for (const file of wanted) {
        const beside = (await local.hasFile(file)) ? undefined : await fileBeside(file);
        if (beside === undefined) continue;
        const path = await local.tempClipPath(file.extension);
        made.push({ ...file, path });
        await copyClip(beside, path, file.sha256);
      }
      return await use(made);
    } finally {
      await Promise.all(made.map(({ path }) => removeQuietly(path)));
    }
  };

  /** Gives a character of the cast its local record, with its clip and other files where the cast has them. */
  const bringIn = async (character: Character): Promise<void> => {
    const { clip: _, ...others } = character;
    const clip = character.clip && clipFile(character.clip);
    const isClipThere = clip !== undefined && (await fileBeside(clip)) !== undefined;
    if (!isClipThere || !character.clip) await local.claim(character, { clipless: true });
    else {
      const kept = character;
      await withCopies([clip], async ([made]) => {
        if (made) await local.keep(kept, made.path);
        else await local.claim(kept);
      }).catch(async (error: unknown) => {
        // Another process may have been first; then its record serves.
        const own = await local.find(character.name);
        if (own === undefined || (own.clip && !(await local.hasFile(clipFile(own.clip))))) throw error;
      });
    }
    await withCopies(filesOf(others), async (made) => {
      if (made.length > 0) await local.place(character.name, made, (current) => current ?? character);
    });
  };

  const bringLocal = async (name: string): Promise<void> => {
    const entry = overlaid(name);
    if (entry === undefined) return;
    const own = await local.find(name);
    const missing = own === undefined ? entry.character : await healerOf(own);
    if (missing) await bringIn(missing);
  };

  const refuseReadOnly = async (name: string): Promise<void> => {
    const entry = overlaid(name);
    if (entry === undefined || (await local.find(name))) return;
    throw new SoraError('usage', `${entry.character.name} belongs to the cast ${cast.path}, which is read-only.`, {
      hint: `To import it: sora character import ${shellQuote(cast.path)}`,
    });
  };

  const overlay: CharacterStore = {
    ...local,

    async find(name) {
      const own = await local.find(name);
      return own === undefined ? overlaid(name)?.character : await merge(own);
    },

    async list() {
      const { records, broken } = await local.list();
      const here = new Set(records.map(({ name }) => characterIdentity(name)));
      const others = cast.characters.filter(({ character }) => !here.has(characterIdentity(character.name)));
      const merged = await Promise.all(records.map(merge));
      return inNameOrder({ records: [...merged, ...others.map(({ character }) => character)], broken });
    },

    digests: () => overlay.list(),

    async update(name, change) {
      await bringLocal(name);
      return local.update(name, (current) => change(mergeHosts(current)));
    },

    async place(name, made, change) {
      await bringLocal(name);
      return local.place(name, made, (current) => change(current && mergeHosts(current)));
    },

    async rename(name, newName) {
      await refuseReadOnly(name);
      return local.rename(name, newName);
    },

    async remove(name) {
      await refuseReadOnly(name);
      return local.remove(name);
    },

    filePath(file) {
      const own = local.filePath(file);
      const beside = byFile.get(file.sha256)?.paths[file.sha256];
      if (beside === undefined || existsSync(own)) return own;
      const path = pathBeside(cast, beside);
      return existsSync(path) ? path : own;
    },

    hasFile: async (file) => (await local.hasFile(file)) || (await fileBeside(file)) !== undefined,

    async checkFile(file) {
      const own = await local.checkFile(file);
      if (own !== 'missing') return own;
      const beside = await fileBeside(file).catch(() => 'damaged' as const);
      return beside === undefined ? 'missing' : beside === 'damaged' ? 'damaged' : 'whole';
    },

    clipPath: (sha256) => overlay.filePath({ sha256, extension: 'mp4' }),
    hasClip: (sha256) => overlay.hasFile({ sha256, extension: 'mp4' }),
    checkClip: (sha256) => overlay.checkFile({ sha256, extension: 'mp4' }),
  };
  return overlay;
}
