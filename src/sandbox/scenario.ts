/**
 * Faults on demand: the one place from which the sandbox misbehaves. A scenario is a JSON file:
 *
 *     {
 *       "version": 1,
 *       "jobSeconds": 0,                  from a job's creation to its end; 4 unless given
 *       "rules": [                        for requests; the first rule that matches and is not used up is applied
 *         {
 *           "match": {                    both are optional; an empty match is every request
 *             "method": "GET",
 *             "path": "/videos/*"         below the base URL; `*` is part of a segment, `**` any number of segments;
 *           },                            with a `?` in it, the query must match too. What has no base URL is named
 *                                         whole: `/storage/*` takes the PUTs of files, `/files/*` gives them
 *           "skip": 1,                    lets so many matching requests pass first
 *           "times": 2,                   applies to so many, then is used up; without it, to all
 *           "delayMs": 500,               before anything else; alone, the request is then served as usual
 *           "respond": {                  answers this; nothing is carried out
 *             "status": 500, "headers": {"retry-after": "1"}, "body": "text, or any JSON value"
 *           },
 *           "applyFirst": true,           with `respond`: carries the request out, then answers `respond`
 *           "reset": "before" | "after",  drops the connection without an answer, before or after carrying it out
 *           "truncateBytes": 1000         sends so many bytes of the real answer's body, then drops the connection
 *         }
 *       ],
 *       "jobs": [                         for jobs in the order of their creation; later ones end well
 *         {
 *           "fail": {"code": "moderation_blocked", "message": "..."},
 *           "status": "dreaming",         told in place of `in_progress` or `processing`
 *           "end": "expired",             told in place of `completed` or `success`
 *           "jobSeconds": 1,              for this job alone
 *           "made": {"model": "sora-2", "size": "720x1280", "seconds": "8"}    made in place of what was asked for
 *         },
 *         {}                              an ordinary job
 *       ]
 *     }
 *
 * `respond`, `reset` and `truncateBytes` exclude each other. Counting starts with the server (or, for a file named in
 * the header `x-sandbox-scenario`, with its first use), and belongs to one process.
 */
import type { Fate } from './jobs.ts';

export interface Fault {
  readonly delayMs?: number;
  readonly respond?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly applyFirst?: boolean;
  readonly reset?: 'before' | 'after';
  readonly truncateBytes?: number;
}

interface Rule extends Fault {
  readonly match: { readonly method?: string; readonly path?: string };
  readonly skip?: number;
  readonly times?: number;
}

interface Scenario {
  readonly version: 1;
  readonly jobSeconds?: number;
  readonly rules?: readonly Rule[];
  readonly jobs?: readonly Fate[];
}

/** A scenario being played. */
export interface Player {
  /** What happens to this request; counts. `path` is below the base URL, with its query. */
  fault(method: string, path: string): Fault | undefined;
  /** What happens to the next job; counts. */
  fate(): Fate;
  readonly jobSeconds: number;
}

export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** Starts a scenario from parsed JSON; undefined is one without faults. Throws ScenarioError that names every problem. */
export function playScenario(json: unknown): Player {
  const scenario = json === undefined ? ({ version: 1 } as const) : parseScenario(json);
  const rules = (scenario.rules ?? []).map((rule) => ({ rule, matches: matcher(rule.match), seen: 0 }));
  let jobs = 0;
  return {
    jobSeconds: scenario.jobSeconds ?? 4,
    fault(method, path) {
      for (const entry of rules) {
        const { skip = 0, times = Number.POSITIVE_INFINITY } = entry.rule;
        if (!entry.matches(method, path) || entry.seen >= skip + times) continue;
        entry.seen += 1;
        if (entry.seen > skip) return entry.rule;
      }
      return undefined;
    },
    fate: () => scenario.jobs?.[jobs++] ?? {},
  };
}

function matcher({ method, path }: Rule['match']): (method: string, path: string) => boolean {
  const glob = path
    ?.replace(/[.+^${}()|[\]\\?]/g, '\\$&')
    .replace(/\*\*|\*/g, (star) => (star === '*' ? '[^/?]*' : '.*'));
  const pattern = glob === undefined ? undefined : new RegExp(`^${glob}$`);
  return (ofMethod, ofPath) =>
    (method === undefined || method.toUpperCase() === ofMethod) &&
    (pattern === undefined || pattern.test(path?.includes('?') ? ofPath : (ofPath.split('?')[0] ?? '')));
}

/** Adds a sentence to `problems` for everything wrong with the value that stands at `at`. */
type Check = (value: unknown, at: string, problems: string[]) => void;

function must(what: string, holds: (value: unknown) => boolean): Check {
  return (value, at, problems) => {
    if (!holds(value)) problems.push(`${at} must be ${what}, not ${JSON.stringify(value)?.slice(0, 60)}.`);
  };
}

function listOf(item: Check): Check {
  return (value, at, problems) => {
    if (!Array.isArray(value)) return problems.push(`${at} must be a list.`);
    return value.forEach((entry, index) => {
      item(entry, `${at}[${index}]`, problems);
    });
  };
}

function shape(fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, at, problems) => {
    if (!isRecord(value)) return problems.push(`${at} must be an object.`);
    const names = Object.keys(fields);
    for (const name of required.filter((field) => !(field in value))) problems.push(`${at} needs "${name}".`);
    for (const [name, entry] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (check) check(entry, `${at}.${name}`, problems);
      else problems.push(`${at} has no field "${name}"; known are ${names.join(', ')}.`);
    }
    return undefined;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1e9;
}

const text = must('a text', (value) => typeof value === 'string' && value !== '');
const count = must('a whole number from 0', (value) => isNumber(value) && Number.isInteger(value));
const seconds = must('seconds from 0', isNumber);
const anything: Check = () => {};

const respond = shape(
  {
    status: must(
      'an HTTP status from 200 to 599',
      (it) => Number.isInteger(it) && Number(it) >= 200 && Number(it) < 600,
    ),
    headers: must(
      'an object of texts',
      (it) => isRecord(it) && Object.values(it).every((one) => typeof one === 'string'),
    ),
    body: anything,
  },
  ['status'],
);

const ruleFields = shape(
  {
    match: shape({
      method: text,
      path: must('a path that begins with / or *', (it) => typeof it === 'string' && /^[/*]/.test(it)),
    }),
    skip: count,
    times: count,
    delayMs: count,
    respond,
    applyFirst: must('true or false', (it) => typeof it === 'boolean'),
    reset: must('"before" or "after"', (it) => it === 'before' || it === 'after'),
    truncateBytes: count,
  },
  ['match'],
);

const rule: Check = (value, at, problems) => {
  ruleFields(value, at, problems);
  if (!isRecord(value)) return;
  const chosen = ['respond', 'reset', 'truncateBytes'].filter((name) => name in value);
  if (chosen.length > 1) problems.push(`${at} has ${chosen.join(' and ')}, which exclude each other.`);
  if (chosen.length === 0 && !('delayMs' in value)) {
    problems.push(`${at} does nothing: it needs one of respond, reset, truncateBytes, delayMs.`);
  }
  if ('applyFirst' in value && !('respond' in value)) problems.push(`${at} has applyFirst without respond.`);
};

const scenarioFile = shape(
  {
    version: must('1', (it) => it === 1),
    jobSeconds: seconds,
    rules: listOf(rule),
    jobs: listOf(
      shape({
        fail: shape({ code: text, message: text }, ['code', 'message']),
        status: text,
        end: text,
        jobSeconds: seconds,
        made: shape({
          model: text,
          size: must('even sides such as "720x1280"', (it) => /^\d{1,3}[02468]x\d{1,3}[02468]$/.test(String(it))),
          seconds: must('a text of whole seconds', (it) => typeof it === 'string' && /^[1-9]\d?$/.test(it)),
        }),
      }),
    ),
  },
  ['version'],
);

function parseScenario(json: unknown): Scenario {
  const problems: string[] = [];
  scenarioFile(json, 'scenario', problems);
  if (problems.length > 0) throw new ScenarioError(problems.join('\n'));
  return json as Scenario;
}
