/** What JSON from a file must be, in our words over valibot. Unknown fields are kept; known ones must be right. Pure. */

import * as v from 'valibot';
import { SoraError } from '../shared/errors.ts';
import { parseBoundedJson } from '../shared/json.ts';
import { oneLine } from '../shared/text.ts';

/** What a value must be. Its complaint follows the name of the place: `is not text`. */
export type Schema<T = unknown> = v.GenericSchema<unknown, T>;

/** No format of ours is nested deeper; what reads or writes JSON later may run out of stack. */
const MAX_DEPTH = 100;

/** As `parseBoundedJson`, of what is in the form of ours. */
export function parseJson(text: string): unknown {
  return parseBoundedJson(text, MAX_DEPTH);
}

/** Our own keys only: a file may hold `__proto__`, `constructor` and the like. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function field(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A rule of its own. */
export function rule<T>(holds: (value: unknown) => boolean, complaint: string): Schema<T> {
  return v.custom<T>(holds, complaint);
}

/** The same, narrowed. */
export function refine<T>(schema: Schema<T>, holds: (value: T) => boolean, complaint: string): Schema<T> {
  return v.pipe(schema, v.check(holds, complaint));
}

export const string: Schema<string> = v.string('is not text');

export const boolean: Schema<boolean> = v.boolean('is not true or false');

export const number = rule<number>(Number.isFinite, 'is not a number');

export const positive = rule<number>(
  (value) => Number.isFinite(value) && Number(value) > 0,
  'is not a positive number',
);

export const date = rule<string>(
  (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  'is not a date',
);

/** Of a host. */
export const hostUrl = rule<string>(
  (value) => typeof value === 'string' && URL.canParse(value) && /^(https?|sandbox):/.test(value),
  'is not a base URL',
);

/** Hashes become file names, so nothing else may pass for one. */
export const sha256 = rule<string>(
  (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  'is not a SHA-256',
);

export function oneOf<const T extends string | number>(...allowed: readonly T[]): Schema<T> {
  return v.picklist(allowed, `is not one of ${allowed.join(', ')}`);
}

/** The field may be left out. */
export function optional<T>(schema: Schema<T>): Schema<T> {
  return v.exactOptional(schema) as Schema<T>;
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return v.nullable(schema);
}

export function list<T>(schema: Schema<T>): Schema<readonly T[]> {
  return v.array(schema, 'is not a list');
}

/** An object with every field of `T`: a field that is added to the type must be added here. */
export function shape<T>(fields: { readonly [K in keyof T]-?: Schema<T[K]> }): Schema<T> {
  const schemas: Readonly<Record<string, Schema>> = fields;
  // A field that is missing is told in the words of one that is wrong.
  const complaint = ({ path }: { readonly path?: readonly v.IssuePathItem[] | undefined }): string => {
    const missing = path?.[0] && schemas[String(path[0].key)];
    return missing ? (complain(missing, undefined)?.message ?? 'is missing') : 'is not an object';
  };
  return v.pipe(rule(isObject, 'is not an object'), v.looseObject(schemas, complaint)) as unknown as Schema<T>;
}

/** Keys under which every object has something already; valibot passes over them unchecked. */
const RESERVED = ['__proto__', 'constructor', 'prototype'];

/** An object whose keys are free. */
export function mapOf<T>(schema: Schema<T>): Schema<Readonly<Record<string, T>>> {
  const object = rule<Readonly<Record<string, unknown>>>(isObject, 'is not an object');
  const complaint = `has a field with a reserved name: ${RESERVED.join(', ')}`;
  const named = refine(object, (value) => !RESERVED.some((key) => Object.hasOwn(value, key)), complaint);
  return v.pipe(named, v.record(v.string(), schema));
}

/** The first problem of a value, as `<where> <what>`, or undefined when there is none. */
export function problemOf(schema: Schema, value: unknown, where = ''): string | undefined {
  const issue = complain(schema, value);
  if (issue === undefined) return undefined;
  const place = (issue.path ?? []).reduce(
    (path, { key }) =>
      typeof key === 'number' ? `${path}[${key}]` : `${path === '' ? '' : `${path}.`}${oneLine(String(key), 80)}`,
    where,
  );
  return `${place || 'it'} ${issue.message}`;
}

function complain(schema: Schema, value: unknown): v.BaseIssue<unknown> | undefined {
  return schema['~run']({ value }, { abortEarly: true, abortPipeEarly: true }).issues?.[0];
}

/** A file that is in a format of a later version of sora. */
class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError';
}

/**
 * Throws an Error whose message says what is wrong with the format's version, without a full stop: it must be a whole
 * number, and not newer than `known` (NewerFormatError).
 */
export function checkVersion(value: unknown, known: number): void {
  if (!isObject(value)) throw new Error('it is not an object');
  const version = field(value, 'version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) throw new Error('it has no version');
  if (version > known) {
    throw new NewerFormatError(
      `it was written by a newer version of sora (format ${version}; this one reads up to ${known})`,
    );
  }
}

/** A file that cannot be used, as a sentence that begins with `subject`, and how to mend it: by `repair`, unless a later sora wrote it. */
export function unusableFile(
  code: 'machine' | 'usage',
  {
    subject,
    error,
    repair,
    reason = error instanceof Error ? error.message : String(error),
  }: { readonly subject: string; readonly error: unknown; readonly repair: string; readonly reason?: string },
): SoraError {
  return new SoraError(code, `${subject} cannot be used: ${reason}.`, {
    hint: error instanceof NewerFormatError ? 'Update sora.' : repair,
    cause: error,
  });
}

/** A decoder for records: returns the value, or throws an Error whose message says the first problem. */
export function recordDecoder<T>(knownVersion: number, schema: Schema<T>): (json: unknown) => T {
  return (json) => {
    checkVersion(json, knownVersion);
    const problem = problemOf(schema, json);
    if (problem !== undefined) throw new Error(problem);
    return json as T;
  };
}
