/** A character: a name, its clip, and what hosts call it. Plain data. */

import type { Clip, ClipOptions, ImageMime, SourceFacts } from './clip.ts';
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
  /** What was made of the clip first, such as `1280x720`; absent for the clip itself, and in records of earlier versions. */
  readonly copy?: string;
  readonly value: string;
  /** The character's name as the host knows it: what the prompt must say. */
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly stale?: boolean;
  /** What this machine paid for it: no amount where nobody knew the price. Absent where it was free, adopted or imported. */
  readonly cost?: Pick<JobCost, 'estimateUsd' | 'asOf' | 'source'>;
}

interface PendingBase {
  readonly provider: string;
  readonly baseUrl: string;
  readonly profile?: string;
  readonly orientation: Orientation;
  /** Which copy of the clip was sent, as in `Registration`. */
  readonly copy?: string;
  /** As it was sent. */
  readonly name: string;
  /** How many requests were sent for it whose answers were lost, this one included; 1 unless given. */
  readonly requests?: number;
  /** What it is called in the ledger of costs. */
  readonly charge?: string;
  /** What came in the place of an answer to the last of them. */
  readonly said?: string;
  /** When the last of them was sent. */
  readonly createdAt: string;
}

/** Written before the request leaves: nobody knows whether the host has taken it. */
export interface SentRegistration extends PendingBase {
  readonly stage: 'sent';
}

/** The host has taken the request, and makes it in a task. */
export interface RegistrationTask extends PendingBase {
  readonly stage: 'task';
  /** The host's id of the task. */
  readonly taskId: string;
}

/** A registration that was sent for and is not there yet; gone when its fate is known. */
export type PendingRegistration = SentRegistration | RegistrationTask;

/** What a clip was made from. */
export interface CharacterSource {
  readonly fileName: string;
  readonly sha256: string;
  /** Records before plan version 4 may lack them. */
  readonly facts?: SourceFacts;
}

/** What a character looks and sounds like: a master, and what it was made of by which rules. */
export interface CharacterClip {
  readonly master: Clip;
  readonly source: CharacterSource;
  readonly options: ClipOptions;
  readonly planVersion: number;
}

/** A picture of a character: upright, without metadata, and kept under its content. */
export interface Still {
  /** Lower-case hex SHA-256 of the file that is kept. */
  readonly sha256: string;
  readonly mime: ImageMime;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Of the picture that was given, without its folder. */
  readonly fileName: string;
}

/** A picture of a character that a host has been given: a cache, as a registration is. Of one machine: never in a cast. */
export interface StillUpload {
  readonly provider: string;
  readonly baseUrl: string;
  /** Of the picture. */
  readonly sha256: string;
  readonly url: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  /** Its host no longer has it. */
  readonly stale?: boolean;
}

/** What a character is. Some models refuse people. */
export type CharacterKind = 'person' | 'drawn' | 'animal' | 'object';
export const CHARACTER_KINDS: readonly CharacterKind[] = ['person', 'drawn', 'animal', 'object'];

/** The permission of whoever is shown: in words, as a file that is kept with the character, or both. */
export interface Consent {
  readonly text?: string;
  readonly file?: { readonly fileName: string; readonly sha256: string; readonly bytes: number };
  readonly recordedAt: string;
}

/** What is known of a character besides its pictures. */
export interface Particulars {
  readonly description?: string;
  readonly kind?: CharacterKind;
  readonly consent?: Consent;
}

interface CharacterBase extends Particulars {
  readonly version: 1;
  /** NFC, trimmed, 1-80 code points. */
  readonly name: string;
  /** Pictures that were given, the frontal one first: in the place of those that are chosen from its clip. Never empty. */
  readonly stills?: readonly Still[];
  readonly registrations: readonly Registration[];
  /** Of its pictures, at hosts. */
  readonly uploads?: readonly StillUpload[];
  /** Of one machine: never in a cast. */
  readonly pending?: readonly PendingRegistration[];
  /** The record came without its clip, so that nothing is lost when that is not here. Of one machine. */
  readonly clipless?: boolean;
  readonly createdAt: string;
}

/** A character that can be registered anywhere. */
export interface CharacterWithClip extends CharacterBase {
  readonly clip: CharacterClip;
}

/** A character of pictures alone, or one that is only where it is registered: an adopted id. */
export interface CharacterWithoutClip extends CharacterBase {
  readonly clip?: never;
}

/** By what it has: a clip, pictures, registrations, or several of them. Its record is decoded and written by `characters/record.ts`. */
export type Character = CharacterWithClip | CharacterWithoutClip;

/** What a list shows of a master; its hash is only needed where it may be missing. */
export type ListedMaster = Pick<Clip, 'width' | 'height' | 'seconds'> & Partial<Pick<Clip, 'sha256'>>;

/** What a list shows of a character. */
export interface CharacterDigest extends Pick<CharacterBase, 'name' | 'clipless' | 'createdAt'> {
  /** Those that were given. */
  readonly stills?: readonly Pick<Still, 'sha256'>[];
  readonly clip?: Pick<CharacterClip, 'planVersion'> & {
    readonly master: ListedMaster;
    readonly options: Pick<ClipOptions, 'start' | 'audio'>;
    /** Only of a clip by earlier rules. */
    readonly source?: Pick<CharacterSource, 'facts'>;
  };
  readonly registrations: readonly (Pick<Registration, 'provider' | 'baseUrl' | 'value' | 'stale'> & {
    readonly cost?: Pick<JobCost, 'estimateUsd'>;
  })[];
  readonly pending?: readonly Pick<PendingRegistration, 'provider' | 'baseUrl'>[];
}

/** The orientation of the character's videos unless told otherwise: that of its clip, or of its newest registration. */
export function orientationOfCharacter({ clip, registrations }: Character): Orientation {
  return clip ? orientationOf(clip.master) : (registrations.at(-1)?.orientation ?? 'landscape');
}

/** A file that a character needs beside its record. */
export interface KeptFile {
  readonly sha256: string;
  /** Without a dot: `mp4`, `png`. */
  readonly extension: string;
}

const PICTURE_EXTENSIONS = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
} as const satisfies Record<ImageMime, string>;

export function clipFile({ master: { sha256 } }: Pick<CharacterClip, 'master'>): KeptFile {
  return { sha256, extension: 'mp4' };
}

export function stillFile({ sha256, mime }: Pick<Still, 'sha256' | 'mime'>): KeptFile {
  return { sha256, extension: PICTURE_EXTENSIONS[mime] };
}

/** The extension of what was given, where it is a plain one: programs open files by it. */
export function consentFile({ sha256, fileName }: NonNullable<Consent['file']>): KeptFile {
  const extension = /\.([a-z0-9]{1,8})$/i.exec(fileName)?.[1]?.toLowerCase() ?? 'bin';
  return { sha256, extension };
}

/** Everything that is kept beside the record: clip, pictures that were given, and the file of the consent. */
export function filesOf({ clip, stills = [], consent }: Character): readonly KeptFile[] {
  return [
    ...(clip ? [clipFile(clip)] : []),
    ...stills.map(stillFile),
    ...(consent?.file ? [consentFile(consent.file)] : []),
  ];
}
