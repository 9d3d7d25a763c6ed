/** Two records of one character: when they are the same, what they are together, and what one keeps of the other. Pure. */

import type { Listing } from '../disk/listing.ts';
import {
  type Character,
  type CharacterWithClip,
  isFromFuture,
  type Particulars,
  type Registration,
  type Still,
} from '../shared/character.ts';
import { sameClipOptions } from '../shared/clip.ts';
import { characterIdentity } from './names.ts';

/** The record with the clip that was made for it: the one that it had lost, or its first. */
export function withClip({ clipless: _, ...current }: Character, { clip }: CharacterWithClip): Character {
  return { ...current, clip: current.clip ? { ...current.clip, master: clip.master } : clip };
}

/**
 * The record of a character that takes the place of another of its name. What is known of whoever bears the name stays;
 * pictures that were given stay with the source that they belong to, and registrations with the clip: hosts were given that,
 * perhaps a moment ago. `heals`: the clip stands for one that was lost.
 */
export function replaced(current: Character, next: CharacterWithClip, { heals }: { heals: boolean }): Character {
  const isSameMaster = heals || current.clip?.master.sha256 === next.clip.master.sha256;
  const isSameSource = isSameMaster || current.clip?.source.sha256 === next.clip.source.sha256;
  const { registrations, pending, stills } = current;
  return {
    ...next,
    ...particularsOf(current),
    ...particularsOf(next),
    ...(isSameSource && stills && { stills }),
    ...(isSameMaster && { registrations, ...(pending && { pending }) }),
  };
}

/** Description, kind and consent, as far as they are there. */
export function particularsOf({ description, kind, consent }: Particulars): Particulars {
  return {
    ...(description !== undefined && { description }),
    ...(kind !== undefined && { kind }),
    ...(consent !== undefined && { consent }),
  };
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

/**
 * The same master; or the same work, whose bytes differ from one build of ffmpeg to another. Where neither has a clip, the same
 * pictures; without either a character is whoever bears its name.
 */
export function isSameClip(a: Character, b: Character): boolean {
  if (!a.clip && !b.clip && a.stills && b.stills) return sameStills(a.stills, b.stills);
  if (!a.clip || !b.clip) return true;
  return a.clip.master.sha256 === b.clip.master.sha256 || isSameWork({ ...a, name: b.name }, b);
}

export function sameStills(a: readonly Pick<Still, 'sha256'>[], b: readonly Pick<Still, 'sha256'>[]): boolean {
  return a.length === b.length && a.every(({ sha256 }, index) => sha256 === b[index]?.sha256);
}

/** What the one says of itself, and the other where the first says nothing: pictures, description, kind and consent. */
export function mergeOwn(own: Character, other: Character): Pick<Character, 'stills'> & Particulars {
  const stills = own.stills ?? other.stills;
  return { ...particularsOf(other), ...particularsOf(own), ...(stills && { stills }) };
}

/**
 * Every registration of both, oldest first. Of one that both have the newer is taken; of equally old ones it is stale when
 * either says so, because a host forgets later than it learns. One from the future is of unknown age and counts as the
 * oldest: a wrong clock must not outrank everybody for ever.
 */
export function mergeRegistrations(
  own: readonly Registration[],
  other: readonly Registration[],
  nowMs: number,
): readonly Registration[] {
  const ageOf = (one: Registration): number =>
    isFromFuture(one, nowMs) ? Number.NEGATIVE_INFINITY : Date.parse(one.createdAt);
  const newerOf = (known: Registration, one: Registration): Registration => {
    if (ageOf(one) > ageOf(known)) return { ...one, ...(known.cost && { cost: known.cost }) };
    return ageOf(one) === ageOf(known) && one.stale === true ? { ...known, stale: true } : known;
  };
  const merged = new Map<string, Registration>();
  for (const one of [...own, ...other]) {
    const known = merged.get(registrationId(one));
    merged.set(registrationId(one), known === undefined ? one : newerOf(known, one));
  }
  return [...merged.values()].sort((a, b) => (ageOf(a) === ageOf(b) ? 0 : ageOf(a) - ageOf(b)));
}

/** Equal for what a host knows as one thing. */
export function registrationId({ provider, baseUrl, model, orientation, kind, value }: Registration): string {
  return JSON.stringify([provider, baseUrl, model, orientation, kind, value]);
}
