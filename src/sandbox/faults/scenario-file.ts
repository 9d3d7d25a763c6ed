/** A scenario as a file says it, checked field by field. What the fields mean stands in scenario.ts. Pure. */
import * as v from 'valibot';
import { CALLS } from '../calls.ts';
import { SPOILED } from '../jobs.ts';
import { FAULT_NAMES } from './named.ts';

/** Names every problem of a scenario, each in a sentence. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type Entries = Readonly<Record<string, v.GenericSchema<unknown, unknown>>>;
type Told = Pick<v.BaseIssue<unknown>, 'expected' | 'received' | 'input'>;

const must =
  (what: string) =>
  ({ input }: Told): string =>
    `must be ${what}, not ${JSON.stringify(input)?.slice(0, 60)}.`;

/** Of these fields alone; a field is required unless its schema says otherwise. */
function object<const T extends Entries>(fields: T) {
  const names = Object.keys(fields);
  // Without a prototype: `toString` in a file is a field like any other.
  const own: T = Object.assign(Object.create(null), fields);
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isRecord, () => 'must be an object.'),
    v.strictObject(own, ({ expected, received }) =>
      expected === 'never' ? `has no field ${received}; known are ${names.join(', ')}.` : `needs ${expected}.`,
    ),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf<const T extends v.GenericSchema<unknown, unknown>>(item: T) {
  return v.array(item, () => 'must be a list.');
}

const maybe = v.exactOptional;

function number(what: string, from: number, to: number, whole = false) {
  const holds = (value: unknown): boolean =>
    typeof value === 'number' && value >= from && value <= to && (!whole || Number.isInteger(value));
  return v.custom<number>(holds, must(what));
}

function textLike(what: string, pattern: RegExp) {
  return v.custom<string>((value) => typeof value === 'string' && pattern.test(value), must(what));
}

function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  const quoted = words.map((word) => `"${word}"`);
  return v.picklist(words, must(`${quoted.slice(0, -1).join(', ')}${quoted.length > 1 ? ' or ' : ''}${quoted.at(-1)}`));
}

/** One, or several that are told one after the other. */
function oneOrList<const T extends v.GenericSchema<unknown, unknown>>(one: T, what: string) {
  const several = v.pipe(v.array(one), v.minLength(1));
  return v.custom<v.InferOutput<T> | readonly v.InferOutput<T>[]>(
    (value) => v.is(one, value) || v.is(several, value),
    must(`${what}, or a list of such`),
  );
}

const FAR = 1e9;
const text = textLike('a text', /./);
const count = number('a whole number from 0', 0, FAR, true);
const countOfSome = number('a whole number from 1', 1, FAR, true);
const seconds = number('seconds from 0', 0, FAR);
const flag = v.boolean(must('true or false'));
const headers = v.custom<Readonly<Record<string, string>>>(
  (value) => isRecord(value) && Object.entries(value).every(isHeader),
  must('an object of texts, named as headers are'),
);

/** What Node writes without a complaint. */
function isHeader([name, value]: readonly [string, unknown]): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

const ruleFields = object({
  match: object({
    call: maybe(oneOf(CALLS)),
    method: maybe(text),
    path: maybe(textLike('a path that begins with / or *', /^[/*]/)),
  }),
  skip: maybe(count),
  times: maybe(count),
  delayMs: maybe(count),
  respond: maybe(
    object({
      status: number('an HTTP status from 200 to 599', 200, 599, true),
      headers: maybe(headers),
      body: maybe(v.unknown()),
    }),
  ),
  applyFirst: maybe(flag),
  reset: maybe(oneOf(['before', 'after'])),
  truncateBytes: maybe(count),
  headers: maybe(headers),
  corrupt: maybe(
    object({
      at: number('a whole number', -FAR, FAR, true),
      bytes: maybe(countOfSome),
      with: oneOf(['zeros', 'flipped', 'nothing']),
    }),
  ),
  trickle: maybe(object({ bytes: countOfSome, everyMs: count })),
});

const EFFECTS = ['respond', 'reset', 'truncateBytes', 'headers', 'corrupt', 'trickle', 'delayMs'] as const;

const rule = v.pipe(
  ruleFields,
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isRecord(value)) return;
    const tell = (message: string): void => addIssue({ message });
    const has = (name: string): boolean => Object.hasOwn(value, name);
    const ends = ['respond', 'reset', 'truncateBytes'].filter(has);
    if (ends.length > 1) tell(`has ${ends.join(' and ')}, which exclude each other.`);
    const idle = ['headers', 'corrupt', 'trickle'].filter(has);
    if (has('reset') && idle.length > 0) tell(`has reset and ${idle.join(' and ')}, but no answer to apply it to.`);
    if (!EFFECTS.some(has)) tell(`does nothing: it needs one of ${EFFECTS.join(', ')}.`);
    if (has('applyFirst') && !has('respond')) tell('has applyFirst without respond.');
  }),
);

const fate = object({
  fail: maybe(object({ code: text, message: text })),
  status: maybe(oneOrList(text, 'a text')),
  progress: maybe(oneOrList(number('a number', -FAR, FAR), 'a number')),
  end: maybe(text),
  jobSeconds: maybe(seconds),
  keepSeconds: maybe(seconds),
  linkSeconds: maybe(seconds),
  shows: maybe(oneOf(SPOILED)),
  made: maybe(
    object({
      model: maybe(text),
      size: maybe(textLike('even sides such as "720x1280"', /^\d{1,3}[02468]x\d{1,3}[02468]$/)),
      seconds: maybe(textLike('a text of whole seconds', /^[1-9]\d?$/)),
    }),
  ),
});

const scenarioFile = object({
  version: v.literal(1, must('1')),
  use: maybe(listOf(oneOf(FAULT_NAMES))),
  jobSeconds: maybe(seconds),
  skewSeconds: maybe(number('seconds', -FAR, FAR)),
  rules: maybe(listOf(rule)),
  jobs: maybe(listOf(fate)),
});

/** A scenario file that has passed. */
export type Scenario = v.InferOutput<typeof scenarioFile>;

/** Throws ScenarioError that names every problem. */
export function parseScenario(json: unknown): Scenario {
  const result = v.safeParse(scenarioFile, json);
  if (result.success) return result.output;
  throw new ScenarioError(
    result.issues.map((issue) => {
      const keys = (issue.path ?? []).map(({ key }) => key);
      // Of a field that is missing or unknown, its place is where it should stand, or should not.
      const at = issue.type === 'strict_object' ? keys.slice(0, -1) : keys;
      return `${['scenario', ...at.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))].join('')} ${issue.message}`;
    }),
  );
}
