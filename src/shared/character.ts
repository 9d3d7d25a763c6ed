/** A character: a name, its clip, and what hosts call it. Plain data. */

import type { Clip, ClipOptions, SourceFacts } from './clip.ts';
import { type Orientation, orientationOf } from './geometry.ts';
import type { JobCost } from './job.ts';

/** Clocks of two machines are never quite the same. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** True for a date that cannot be: it came from a clock that is wrong, or was made up. */
export function isFromFuture({ createdAt }: { readonly createdAt: string }, nowMs: number): boolean {
  return Date.parse(createdAt) > nowMs + CLOCK_SKEW_MS;
}

/** A provider's name for a master clip: a cache, made anew from the master when it is stale. */
export interface Registration {
  readonly provider: string;
  /** As `normalizeBaseUrl` writes it; `sandbox:` for the built-in sandbox. */
  readonly baseUrl: string;
  readonly profile?: string;
  readonly model?: string;
  readonly orientation: Orientation;
  readonly kind: 'id' | 'url';
  readonly value: string;
  /** The character's name as the host knows it: what the prompt must say. */
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly stale?: boolean;
  /** What this machine paid for it: no amount where nobody knew the price. Absent where it was free, adopted or imported. */
  readonly cost?: Pick<JobCost, 'estimateUsd' | 'asOf' | 'source'>;
}

/** A registration that was sent for and is not there yet: written before the request leaves, gone when its fate is known. */
export interface PendingRegistration {
  readonly provider: string;
  readonly baseUrl: string;
  readonly profile?: string;
  readonly orientation: Orientation;
  /** The host's id of the task that makes it; absent while nobody knows whether the host has taken the request. */
  readonly taskId?: string;
  /** As it was sent. */
  readonly name: string;
  /** How many requests were sent for it whose answers were lost, this one included; 1 unless given. */
  readonly requests?: number;
  /** When the last of them was sent. */
  readonly createdAt: string;
}

/** What a clip was made from. */
export interface CharacterSource {
  readonly fileName: string;
  readonly sha256: string;
  /** Records before plan version 4 may lack them. */
  readonly facts?: SourceFacts;
}

/** Of `master`, `source`, `options` and `planVersion` all are there, or none: an adopted id may come without a clip. */
export interface Character {
  readonly version: 1;
  /** NFC, trimmed, 1-80 code points. */
  readonly name: string;
  readonly master?: Clip;
  readonly source?: CharacterSource;
  readonly options?: ClipOptions;
  readonly planVersion?: number;
  readonly registrations: readonly Registration[];
  /** Of one machine: never in a cast. */
  readonly pending?: readonly PendingRegistration[];
  /** The record came without its clip, so that nothing is lost when that is not here. Of one machine. */
  readonly clipless?: boolean;
  readonly createdAt: string;
}

/** What a list shows of a character. */
export interface CharacterDigest extends Pick<Character, 'name' | 'master' | 'clipless' | 'createdAt' | 'planVersion'> {
  readonly options?: Pick<ClipOptions, 'start' | 'audio'>;
  /** Only of a clip by earlier rules. */
  readonly source?: Pick<CharacterSource, 'facts'>;
  readonly registrations: readonly (Pick<Registration, 'provider' | 'value' | 'stale'> & {
    readonly cost?: Pick<JobCost, 'estimateUsd'>;
  })[];
  readonly pending?: readonly Pick<PendingRegistration, 'provider'>[];
}

/** A character with a master. */
export type MadeCharacter = Character & Required<Pick<Character, 'master' | 'source' | 'options' | 'planVersion'>>;

export function isMade(character: Character): character is MadeCharacter {
  return character.master !== undefined;
}

/** How videos of the character lie unless told otherwise: as its clip, or as its newest registration says. */
export function orientationOfCharacter({ master, registrations }: Character): Orientation {
  return master ? orientationOf(master) : (registrations.at(-1)?.orientation ?? 'landscape');
}
