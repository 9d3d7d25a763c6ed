/** A cast file over the store of this machine: its characters are there too, and nothing is ever written to it. */
import { existsSync } from 'node:fs';
import { removeQuietly } from '../disk/atomic-write.ts';
import type { Character, CharacterWithClip } from '../shared/character.ts';
import { SoraError } from '../shared/errors.ts';
import { shellQuote } from '../shared/text.ts';
import { castClip, copyClip, pathBeside } from './cast-file.ts';
import { type Cast, type CastCharacter, isSameClip, mergeRegistrations } from './cast-format.ts';
import { characterIdentity } from './names.ts';
import { type CharacterStore, inNameOrder } from './store.ts';

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
  const byClip = new Map(
    cast.characters.flatMap((one) =>
      one.clip === undefined || !one.character.clip ? [] : [[one.character.clip.master.sha256, one]],
    ),
  );
  const clips = new Map<string, Promise<string | undefined>>();
  const warned = new Set<string>();

  const overlaid = (name: string): CastCharacter | undefined => byName.get(characterIdentity(name));

  /** Read and compared once per command. */
  const clipBeside = (sha256: string): Promise<string | undefined> => {
    const entry = byClip.get(sha256);
    if (entry === undefined) return Promise.resolve(undefined);
    const found = clips.get(sha256) ?? castClip(cast, entry);
    clips.set(sha256, found);
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
    if (own.clip && (await local.hasClip(own.clip.master.sha256))) return undefined;
    return (await clipBeside(other.clip.master.sha256)) === undefined ? undefined : { ...other, name: own.name };
  };

  const merge = async (own: Character): Promise<Character> => {
    const merged = mergeHosts(own);
    const healer = await healerOf(own);
    return healer ? { ...merged, clip: healer.clip } : merged;
  };

  /** Gives a character of the cast its local record, with the clip where the cast has it. */
  const bringIn = async (character: Character): Promise<void> => {
    const clip = character.clip && (await clipBeside(character.clip.master.sha256));
    if (clip === undefined || !character.clip) {
      await local.claim(character, { clipless: true });
      return;
    }
    const temp = await local.tempClipPath();
    try {
      await copyClip(clip, temp, character.clip.master.sha256);
      await local.keep(character, temp);
    } catch (error) {
      // Another process may have been first; then its record serves.
      const own = await local.find(character.name);
      if (own === undefined || (own.clip && !(await local.hasClip(own.clip.master.sha256)))) throw error;
    } finally {
      await removeQuietly(temp);
    }
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
      const entry = overlaid(name);
      if (entry !== undefined) {
        const own = await local.find(name);
        const missing = own === undefined ? entry.character : await healerOf(own);
        if (missing) await bringIn(missing);
      }
      return local.update(name, (current) => change(mergeHosts(current)));
    },

    async rename(name, newName) {
      await refuseReadOnly(name);
      return local.rename(name, newName);
    },

    async remove(name) {
      await refuseReadOnly(name);
      return local.remove(name);
    },

    clipPath(sha256) {
      const own = local.clipPath(sha256);
      const entry = byClip.get(sha256);
      if (entry?.clip === undefined || existsSync(own)) return own;
      const beside = pathBeside(cast, entry.clip);
      return existsSync(beside) ? beside : own;
    },

    hasClip: async (sha256) => (await local.hasClip(sha256)) || (await clipBeside(sha256)) !== undefined,

    async checkClip(sha256) {
      const own = await local.checkClip(sha256);
      if (own !== 'missing') return own;
      const beside = await clipBeside(sha256).catch(() => 'damaged' as const);
      return beside === undefined ? 'missing' : beside === 'damaged' ? 'damaged' : 'whole';
    },
  };
  return overlay;
}
