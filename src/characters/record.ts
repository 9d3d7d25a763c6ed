/** The record of a character: what may stand in it, and how much of it a list shows. Pure. */

import {
  boolean,
  date,
  field,
  list,
  nullable,
  number,
  oneOf,
  optional,
  positive,
  recordDecoder,
  refine,
  rule,
  sha256,
  shape,
  string,
} from '../disk/schema.ts';
import { withCanonicalUrl } from '../providers/index.ts';
import {
  CHARACTER_KINDS,
  type Character,
  type CharacterClip,
  type CharacterDigest,
  type CharacterSource,
  type CharacterWithoutClip,
  type Consent,
  type PendingRegistration,
  type Registration,
  type RegistrationTask,
  type Still,
  type StillUpload,
} from '../shared/character.ts';
import { type Clip, type ClipOptions, type Focus, PLAN_VERSION, type SourceFacts } from '../shared/clip.ts';
import type { Rect } from '../shared/geometry.ts';
import { oneLine } from '../shared/text.ts';
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
  focus: optional(shape<Focus>({ x: number, y: number })),
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
  copy: optional(string),
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

const pending = shape<PendingJson>({
  provider: string,
  baseUrl: string,
  profile: optional(string),
  orientation: oneOf('landscape', 'portrait'),
  copy: optional(string),
  taskId: optional(string),
  name: string,
  requests: optional(positive),
  charge: optional(string),
  said: optional(string),
  createdAt: date,
});

/** A name without a folder, which is shown and written into cast files. */
const fileName = refine(string, (name) => name !== '' && oneLine(name, 255) === name, 'is not the name of a file');

const still = shape<Still>({
  ...{ sha256, mime: oneOf('image/jpeg', 'image/png', 'image/webp') },
  ...{ width: positive, height: positive, bytes: positive, fileName },
});

const upload = shape<StillUpload>({
  ...{ provider: string, baseUrl: string, sha256, url: string, createdAt: date },
  ...{ expiresAt: optional(date), stale: optional(boolean) },
});

const consent = shape<Consent>({
  text: optional(string),
  file: optional(shape<NonNullable<Consent['file']>>({ fileName, sha256, bytes: number })),
  recordedAt: date,
});

export type PendingJson = Omit<RegistrationTask, 'stage' | 'taskId'> & Partial<Pick<RegistrationTask, 'taskId'>>;

/** A character as one JSON object: on the disk, in casts, and in every `--json`. */
export interface CharacterJson extends Omit<CharacterWithoutClip, 'clip' | 'pending'>, Partial<CharacterClip> {
  readonly pending?: readonly PendingJson[];
}

const CLIP = {
  master: clip,
  source: shape<CharacterSource>({ fileName: string, sha256, facts: optional(facts) }),
  options: clipOptions,
  planVersion: number,
};

const decodeClip = recordDecoder<CharacterClip>(1, shape(CLIP));

type Rest = Omit<CharacterJson, keyof CharacterClip>;

const decodeRest = recordDecoder<Rest>(
  1,
  shape<Rest>({
    version: oneOf(1),
    name: characterName,
    description: optional(string),
    kind: optional(oneOf(...CHARACTER_KINDS)),
    consent: optional(consent),
    stills: optional(refine(list(still), ({ length }) => length > 0, 'is empty')),
    registrations: list(registration),
    uploads: optional(list(upload)),
    pending: optional(list(pending)),
    clipless: optional(boolean),
    createdAt: date,
  }),
);

/** Throws an Error that says what is wrong; unknown fields are kept. */
export function decodeCharacter(json: unknown): Character {
  const fields = decodeRest(json);
  // What belongs to a clip is there as a whole, or not at all. `clip` is ours alone: no version may write that field.
  const hasClip = Object.keys(CLIP).some(
    (key) => field(fields as object as Record<string, unknown>, key) !== undefined,
  );
  const { pending: sent, clip: _other, ...rest } = fields as Rest & { readonly clip?: unknown };
  const base = {
    ...rest,
    registrations: rest.registrations.map(withCanonicalUrl),
    ...(rest.uploads && { uploads: rest.uploads.map(withCanonicalUrl) }),
    ...(sent && { pending: sent.map(withCanonicalUrl).map(decodePending) }),
  };
  if (!hasClip) return base;
  const { master, source, options, planVersion } = decodeClip(json);
  const {
    master: _master,
    source: _source,
    options: _options,
    planVersion: _version,
    ...own
  } = base as typeof base & CharacterClip;
  return { ...own, clip: { master, source, options, planVersion } };
}

/** What is pending, by its document. */
export function decodePending({ taskId, ...entry }: PendingJson): PendingRegistration {
  return taskId === undefined ? { ...entry, stage: 'sent' } : { ...entry, stage: 'task', taskId };
}

/** The document of a character, with the field names that never change: its record, and what `--json` shows. */
export function characterJson({ clip: has, pending: sent, ...character }: Character): CharacterJson {
  return { ...character, ...has, ...(sent && { pending: sent.map(({ stage: _, ...entry }) => entry) }) };
}

/** Of the form of `CharacterDigest`, and of the rules by which a clip is one of earlier rules. */
export const CHARACTER_DIGEST_VERSION = 100 * 45 + PLAN_VERSION;

/** What a list shows of it. */
export function characterDigest(character: Character): CharacterDigest {
  const { name, clipless, createdAt, stills, registrations, pending: sent } = character;
  return {
    ...{ name, createdAt },
    ...(stills && { stills: stills.map(({ sha256 }) => ({ sha256 })) }),
    ...(character.clip && { clip: clipDigest(character.clip, clipless === true) }),
    ...(clipless !== undefined && { clipless }),
    registrations: registrations.map(({ provider, baseUrl, value, stale, cost }) => ({
      ...{ provider, baseUrl, value },
      ...(stale !== undefined && { stale }),
      ...(cost && { cost: cost.estimateUsd === undefined ? {} : { estimateUsd: cost.estimateUsd } }),
    })),
    ...(sent && { pending: sent.map(({ provider, baseUrl }) => ({ provider, baseUrl })) }),
  };
}

/** Little of it: of a long list, reading what is kept takes longer than showing it. */
function clipDigest(
  { master: { width, height, seconds, sha256: hash }, planVersion, options, source }: CharacterClip,
  clipless: boolean,
): NonNullable<CharacterDigest['clip']> {
  const master = { width, height, seconds, ...(clipless && { sha256: hash }) };
  return {
    ...{ master, planVersion, options: { start: options.start, audio: options.audio } },
    ...(planVersion !== PLAN_VERSION && source.facts && { source: { facts: source.facts } }),
  };
}
