/** PURE: the record of a character: what may stand in it, and how much of it a list shows. */

import {
  boolean,
  date,
  field,
  isObject,
  list,
  nullable,
  number,
  oneOf,
  optional,
  positive,
  recordDecoder,
  rule,
  sha256,
  shape,
  string,
} from '../disk/schema.ts';
import type {
  Character,
  CharacterDigest,
  CharacterSource,
  MadeCharacter,
  PendingRegistration,
  Registration,
} from '../shared/character.ts';
import { type Clip, type ClipOptions, PLAN_VERSION, type SourceFacts } from '../shared/clip.ts';
import type { Rect } from '../shared/geometry.ts';
import { checkName } from './names.ts';

/** A name that `checkName` gives back as it is. */
export const characterName = rule<string>((value) => {
  try {
    return typeof value === 'string' && checkName(value) === value;
  } catch {
    return false;
  }
}, 'is not one that a character can have');

const rect = shape<Rect>({ x: number, y: number, width: positive, height: positive });

const clip = shape<Clip>({
  sha256,
  seconds: positive,
  width: positive,
  height: positive,
  fps: positive,
  bytes: positive,
  picture: optional(rect),
});

const start = rule<ClipOptions['start']>(
  (value) => value === null || value === 'auto' || Number.isFinite(value),
  'is not a number',
);

const clipOptions = shape<ClipOptions>({
  start,
  duration: nullable(number),
  fit: oneOf('pad', 'crop'),
  orientation: oneOf('auto', 'landscape', 'portrait'),
  resolution: oneOf('auto', '720p', '1080p'),
  audio: boolean,
  cropBars: optional(boolean),
});

const facts = shape<SourceFacts>({
  ...{ container: string, codec: string, bitDepth: optional(number), fps: optional(number), chroma: optional(string) },
  ...{ range: optional(string), primaries: optional(string), transfer: optional(string), matrix: optional(string) },
  ...{ hdr: optional(string), alpha: optional(boolean), window: optional(rect), stereo: optional(string) },
  ...{ projection: optional(string), mirrored: optional(boolean), rotation: optional(number) },
  ...{ pixelAspect: optional(number), scan: optional(string), varies: optional(boolean), delay: optional(number) },
  ...{ hidden: optional(number), leading: optional(number), soundTracks: optional(number) },
  sound: optional(
    shape<NonNullable<SourceFacts['sound']>>({
      ...{ codec: string, track: number, channels: optional(number), laidOut: optional(boolean) },
    }),
  ),
});

const registration = shape<Registration>({
  provider: string,
  baseUrl: string,
  profile: optional(string),
  model: optional(string),
  orientation: oneOf('landscape', 'portrait'),
  kind: oneOf('id', 'url'),
  value: string,
  name: string,
  createdAt: date,
  expiresAt: optional(date),
  stale: optional(boolean),
  cost: optional(
    shape<NonNullable<Registration['cost']>>({
      estimateUsd: optional(number),
      asOf: optional(string),
      source: optional(string),
    }),
  ),
});

const pending = shape<PendingRegistration>({
  provider: string,
  baseUrl: string,
  profile: optional(string),
  orientation: oneOf('landscape', 'portrait'),
  taskId: optional(string),
  name: string,
  requests: optional(positive),
  createdAt: date,
});

const MADE = {
  master: clip,
  source: shape<CharacterSource>({ fileName: string, sha256, facts: optional(facts) }),
  options: clipOptions,
  planVersion: number,
};

const decodeMade = recordDecoder<Pick<MadeCharacter, keyof typeof MADE>>(1, shape(MADE));

const decodeWhole = recordDecoder<Omit<Character, keyof typeof MADE>>(
  1,
  shape<Omit<Character, keyof typeof MADE>>({
    version: oneOf(1),
    name: characterName,
    registrations: list(registration),
    pending: optional(list(pending)),
    clipless: optional(boolean),
    createdAt: date,
  }),
);

/** Throws an Error that says what is wrong; unknown fields are kept. */
export function decodeCharacter(json: unknown): Character {
  const character = decodeWhole(json);
  // What belongs to a clip is there as a whole, or not at all.
  if (isObject(json) && Object.keys(MADE).some((key) => field(json, key) !== undefined)) decodeMade(json);
  return character;
}

/** Of the form of `CharacterDigest`, and of the rules by which a clip is one of earlier rules. */
export const CHARACTER_DIGEST_VERSION = 100 * 40 + PLAN_VERSION;

/** What a list shows of it. */
export function characterDigest({
  name,
  master,
  clipless,
  createdAt,
  planVersion,
  options,
  source,
  registrations,
  pending,
}: Character): CharacterDigest {
  return {
    ...{ name, createdAt },
    ...(master && { master }),
    ...(planVersion !== undefined && { planVersion }),
    ...(options && { options: { start: options.start, audio: options.audio } }),
    ...(planVersion !== PLAN_VERSION && source?.facts && { source: { facts: source.facts } }),
    ...(clipless !== undefined && { clipless }),
    registrations: registrations.map(({ provider, value, stale, cost }) => ({
      ...{ provider, value },
      ...(stale !== undefined && { stale }),
      ...(cost && { cost: cost.estimateUsd === undefined ? {} : { estimateUsd: cost.estimateUsd } }),
    })),
    ...(pending && { pending: pending.map(({ provider }) => ({ provider })) }),
  };
}
