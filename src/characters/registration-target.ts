/**
 * Where a registration must be valid (host, orientation, mode), and which of a character's is: neither stale nor
 * expired. Pure.
 */

import type { StillPicture } from '../clips/stills.ts';
import type { Provider } from '../providers/provider.ts';
import { type CharacterMode, type ClipCopy, copyName } from '../providers/references.ts';
import { type Character, isFromFuture, type Registration, type Still, type StillUpload } from '../shared/character.ts';
import type { Orientation } from '../shared/geometry.ts';
import { isLiving } from './registration-expiry.ts';

/** Where a registration has to hold. */
export interface RegistrationTarget {
  readonly provider: Provider;
  /** Of the video: an id stands for a clip of one orientation. */
  readonly orientation: Orientation;
  readonly mode: CharacterMode;
  /** What is made of the clip first; the clip itself is registered without one. */
  readonly copy?: ClipCopy;
  /** Why, as a clause about the model. */
  readonly because?: string;
  /** Of mode `image`: those that travel, the best one first. */
  readonly pictures?: readonly StillPicture[];
}

/** What a host knows a character as; `values` where it is several things, such as pictures, the first of which is `value`. */
export interface Known extends Registration {
  readonly values?: readonly string[];
}

/** A character of a video, and where it has to be registered for it. */
export interface CastTarget {
  readonly character: Character;
  readonly target: RegistrationTarget;
}

/** What a registration is, by how the model takes characters. */
export const KINDS = { id: 'id', 'clip-url': 'url', 'clip-inline': 'url', image: 'url' } as const satisfies Record<
  CharacterMode,
  Registration['kind']
>;

/** The living registration of a character there, if there is one: the newest, and one from the future only if need be. */
export function registrationAt(character: Character, target: RegistrationTarget, nowMs: number): Known | undefined {
  const { provider, orientation, mode, copy } = target;
  if (mode === 'image') return picturesAt(character, target, nowMs);
  const living = character.registrations.filter(
    (one) =>
      one.provider === provider.name &&
      one.baseUrl === provider.baseUrl &&
      // Without a clip nothing can be made of it: what the host has must do.
      ((one.orientation === orientation && one.copy === copyName(copy)) || !character.clip) &&
      one.kind === KINDS[mode] &&
      isLiving(one, nowMs),
  );
  return living.findLast((one) => !isFromFuture(one, nowMs)) ?? living.at(-1);
}

/** Where the host has a picture. */
export function uploadAt(
  { uploads = [] }: Character,
  { provider }: Pick<RegistrationTarget, 'provider'>,
  { still: { sha256 }, nowMs }: { still: Pick<Still, 'sha256'>; nowMs: number },
): StillUpload | undefined {
  return uploads.findLast(
    (one) =>
      one.provider === provider.name &&
      one.baseUrl === provider.baseUrl &&
      one.sha256 === sha256 &&
      isLiving(one, nowMs),
  );
}

/** All pictures that travel, as one registration; undefined where the host lacks one of them. */
function picturesAt(character: Character, target: RegistrationTarget, nowMs: number): Known | undefined {
  const { provider, orientation, pictures = [] } = target;
  const found = pictures.map((still) => uploadAt(character, target, { still, nowMs }));
  const [first] = found;
  if (!first || found.includes(undefined)) return undefined;
  const uploads = found.flatMap((one) => one ?? []);
  const isUnlimited = uploads.some(({ expiresAt }) => expiresAt === undefined);
  const expiresAt = isUnlimited ? undefined : uploads.map((one) => one.expiresAt ?? '').toSorted()[0];
  return {
    ...{ provider: provider.name, baseUrl: provider.baseUrl, orientation, kind: 'url', name: character.name },
    ...{ value: first.url, values: uploads.map(({ url }) => url) },
    // The oldest: what is doubtful of one is doubtful of all.
    createdAt: uploads.map((one) => one.createdAt).toSorted()[0] ?? first.createdAt,
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
