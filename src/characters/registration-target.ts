/**
 * Where a registration must be valid (host, orientation, mode), and which of a character's is: neither stale nor
 * expired. Pure.
 */

import type { Provider } from '../providers/provider.ts';
import { type CharacterMode, type ClipCopy, copyName } from '../providers/references.ts';
import { type Character, isFromFuture, type Registration } from '../shared/character.ts';
import type { Orientation } from '../shared/geometry.ts';

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

/** A URL that ends while the host still reads the request is no use. */
const EXPIRY_MARGIN_MS = 10 * 60_000;

/** The living registration of a character there, if there is one: the newest, and one from the future only if need be. */
export function registrationAt(
  character: Character,
  { provider, orientation, mode, copy }: RegistrationTarget,
  nowMs: number,
): Registration | undefined {
  const living = character.registrations.filter(
    (one) =>
      one.provider === provider.name &&
      one.baseUrl === provider.baseUrl &&
      // Without a clip nothing can be made of it: what the host has must do.
      ((one.orientation === orientation && one.copy === copyName(copy)) || !character.clip) &&
      one.kind === KINDS[mode] &&
      one.stale !== true &&
      (one.expiresAt === undefined || Date.parse(one.expiresAt) > nowMs + EXPIRY_MARGIN_MS),
  );
  return living.findLast((one) => !isFromFuture(one, nowMs)) ?? living.at(-1);
}
