/** PURE: checks that JSON from a file is what a type says. Unknown fields are kept; known ones must be right. */

/** The problem with a value, as `<where> <what>`, or undefined when there is none. */
export type Check = (value: unknown, where: string) => string | undefined;

/** Our own keys only: a file may hold `__proto__`, `constructor` and the like. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function field(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export const string: Check = (value, where) => (typeof value === 'string' ? undefined : `${where} is not a text`);

export const boolean: Check = (value, where) =>
  typeof value === 'boolean' ? undefined : `${where} is not true or false`;

export const number: Check = (value, where) =>
  typeof value === 'number' && Number.isFinite(value) ? undefined : `${where} is not a number`;

export const positive: Check = (value, where) =>
  typeof value === 'number' && value > 0 ? undefined : `${where} is not a positive number`;

export const date: Check = (value, where) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? undefined : `${where} is not a date`;

/** Hashes become file names, so nothing else may pass for one. */
export const sha256: Check = (value, where) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? undefined : `${where} is not a SHA-256`;

export function oneOf(...allowed: readonly (string | number)[]): Check {
  return (value, where) =>
    allowed.some((one) => one === value) ? undefined : `${where} is not one of ${allowed.join(', ')}`;
}

export function optional(check: Check): Check {
  return (value, where) => (value === undefined ? undefined : check(value, where));
}

export function nullable(check: Check): Check {
  return (value, where) => (value === null ? undefined : check(value, where));
}

export function list(check: Check): Check {
  return (value, where) => {
    if (!Array.isArray(value)) return `${where} is not a list`;
    return first(value.map((item, index) => () => check(item, `${where}[${index}]`)));
  };
}

/** An object with every field of `T`: a field that is added to the type must be added here. */
export function shape<T>(fields: { readonly [K in keyof Required<T>]: Check }): Check {
  const checks = Object.entries<Check>(fields);
  return (value, where) => {
    if (!isObject(value)) return `${where || 'it'} is not an object`;
    return first(
      checks.map(
        ([key, check]) =>
          () =>
            check(field(value, key), where ? `${where}.${key}` : key),
      ),
    );
  };
}

/** An object whose keys are free. */
export function mapOf(check: Check): Check {
  return (value, where) => {
    if (!isObject(value)) return `${where} is not an object`;
    return first(
      Object.entries(value).map(
        ([key, item]) =>
          () =>
            check(item, `${where}.${key}`),
      ),
    );
  };
}

/** What is wrong with the format's version: it must be a whole number, and not newer than `known`. */
export function versionProblem(value: unknown, known: number): string | undefined {
  if (!isObject(value)) return 'it is not an object';
  const version = field(value, 'version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return 'it has no version';
  if (version > known) {
    return `it was written by a newer version of sora (format ${version}; this one reads up to ${known})`;
  }
  return undefined;
}

/** A decoder for records: returns the value, or throws an Error whose message says the first problem. */
export function recordDecoder<T>(knownVersion: number, check: Check): (json: unknown) => T {
  return (json) => {
    const problem = versionProblem(json, knownVersion) ?? check(json, '');
    if (problem !== undefined) throw new Error(problem);
    return json as T;
  };
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}
