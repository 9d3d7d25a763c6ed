/** What a request asks for, whatever host it goes to: equal for equal wishes, on every machine. Pure. */
import { hashText } from '../disk/hash.ts';
import type { ClipOptions, Framing } from '../shared/clip.ts';

/**
 * A character as it was wished for: by its clip's source and how that was prepared (never by the prepared clip, whose
 * bytes differ by machine), by the id that was adopted for it, or by its pictures.
 */
export type AskedCharacter =
  | { readonly name: string; readonly source: string; readonly options: ClipOptions }
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly pictures: readonly string[] };

/** What a fingerprint is made of. What the author left out is left out here. */
export interface Ask {
  readonly v: 1;
  /** Of a batch: two lines with one request are two videos. */
  readonly id?: string;
  /** Before names are injected. */
  readonly prompt: string;
  /** A family where the tables know one, else as it was written. */
  readonly model?: string;
  readonly seconds?: number;
  /** `1280x720` */
  readonly size?: string;
  readonly cast: readonly AskedCharacter[];
  readonly reference?: { readonly sha256: string } | { readonly lastFrameOf: string };
  /** How clips of another shape are brought into the frame. */
  readonly framing?: Framing;
}

/** Whether what was read from elsewhere can be a fingerprint's input. */
export function isAsk(value: unknown): value is Ask {
  return typeof value === 'object' && value !== null && 'prompt' in value && typeof value.prompt === 'string';
}

/** The family of a model of any host; the id itself where no table knows it. */
export type FamilyOf = (model: string) => string;

/** Lower-case hex SHA-256 of the canonical JSON. */
export function fingerprintAsk(ask: Ask): string {
  return hashText(canonicalJson(ask));
}

/** The same as today's tables have it: a take stays what it is when a table learns its model's family. */
export function currentFingerprint(taken: { readonly fp: string; readonly ask?: Ask }, familyOf: FamilyOf): string {
  const { ask } = taken;
  if (ask?.model === undefined) return taken.fp;
  const family = familyOf(ask.model);
  return family === ask.model ? taken.fp : fingerprintAsk({ ...ask, model: family });
}

/** JSON with the fields of objects in the order of their names, without those that are undefined, texts in NFC. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`;
}

const KEY = /^take:([0-9a-f]{64}):([0-9a-f-]{36})$/;

/** The key of a new take, which is also the idempotency key of its job. */
export function takeKey(fp: string, uuid: string): string {
  return `take:${fp}:${uuid}`;
}

/** Undefined for a key that was not made by `takeKey`. */
export function partsOfKey(key: string): { readonly fp: string; readonly uuid: string } | undefined {
  const [, fp, uuid] = KEY.exec(key) ?? [];
  return fp === undefined || uuid === undefined ? undefined : { fp, uuid };
}
