/**
 * Faults on demand: the one place from which the sandbox misbehaves. A scenario is a JSON file:
 *
 *     {
 *       "version": 1,
 *       "use": ["rate-limit"],            short names for common faults, listed in named.ts
 *       "jobSeconds": 0,                  from a job's creation to its end; 4 unless given
 *       "skewSeconds": -90,               how far the host's clock is off: in the Date header and in every time it tells
 *       "rules": [                        for requests; the first rule that matches and is not used up is applied
 *         {
 *           "match": {                    all are optional; an empty match is every request
 *             "call": "create",           what the request is about, in any dialect: create (all that begins work),
 *                                         status, content, list, upload, delete, cancel, price
 *             "method": "GET",
 *             "path": "/videos/*"         below the base URL; `*` is part of a segment, `**` any number of segments;
 *           },                            with a `?` in it, the query must match too. What has no base URL is named
 *                                         whole: `/storage/*` takes the PUTs of files, `/files/*` gives them
 *           "skip": 1,                    lets so many matching requests pass first
 *           "times": 2,                   applies to so many, then is used up; without it, to all
 *           "delayMs": 500,               before anything else
 *           "respond": {                  answers this; nothing is carried out. A redirect is a status and a `location`
 *             "status": 500, "headers": {"retry-after": "1"}, "body": "text, or any JSON value"
 *           },                            without a body, an error is told in the host's own shape
 *           "applyFirst": true,           with `respond`: carries the request out, then answers `respond`
 *           "reset": "before" | "after",  drops the connection without an answer: before the request's body is read, or
 *                                         after the request was carried out
 *           "truncateBytes": 1000,        sends so many bytes of the answer's body, then drops the connection
 *           "headers": {"content-type": "text/html"},    in place of the answer's own
 *           "corrupt": {                  changes the answer's body, under headers that fit what is sent
 *             "at": 1000, "bytes": 16,    from where (negative: from the end), and how many; without `bytes`, all the rest
 *             "with": "zeros" | "flipped" | "nothing"    `nothing` leaves them out
 *           },
 *           "trickle": {"bytes": 100, "everyMs": 50}     sends the body in pieces, with a pause before each
 *         }
 *       ],
 *       "jobs": [                         for jobs in the order of their creation; later ones end well
 *         {
 *           "fail": {"code": "moderation_blocked", "message": "..."},
 *           "status": "dreaming",         told while it runs, in place of `in_progress` or `processing`; of a list each is
 *                                         told in turn, for an equal part of the job's time
 *           "progress": 250,              the same for the progress in per cent; task hosts tell none otherwise
 *           "end": "expired",             told in place of `completed` or `success`
 *           "jobSeconds": 1,              for this job alone
 *           "keepSeconds": 60,            for how long its video can be had once it is done: an hour at OpenAI, a week at
 *                                         task hosts unless given
 *           "linkSeconds": 60,            task hosts: for how long a link is good, from when it was told; then it is 403
 *           "shows": "noise" | "frozen" | "reused",    in place of a good video: noise, a second half that stands still, or
 *                                         the video of the newest job before it that asked for something else
 *           "made": {"model": "sora-2", "size": "720x1280", "seconds": "8"}    made in place of what was asked for
 *         },
 *         {}                              an ordinary job
 *       ]
 *     }
 *
 * `respond`, `reset` and `truncateBytes` exclude each other. Counting starts with the server (or, for a file named in
 * the header `x-sandbox-scenario`, with its first use), and belongs to one process.
 */
import type { Call } from '../calls.ts';
import type { Fate } from '../jobs.ts';
import { FAULTS, type NamedFault } from './named.ts';
import type { Fault, Rule } from './rule.ts';
import { parseScenario, type Scenario } from './scenario-file.ts';

export { ScenarioError } from './scenario-file.ts';

/** A request as rules see it. */
export interface Matched {
  readonly method: string;
  /** Below the base URL, with its query. */
  readonly path: string;
  /** Undefined for what is no call of any dialect. */
  readonly call?: Call | undefined;
}

/** A scenario being played. */
export interface Player {
  /** What happens to this request; counts. */
  fault(request: Matched): Fault | undefined;
  /** What happens to the next job; counts. */
  fate(): Fate;
  readonly jobSeconds: number;
  /** Added to every time that is told. */
  readonly skewMs: number;
}

/** Starts a scenario from parsed JSON; undefined is one without faults. Throws ScenarioError that names every problem. */
export function playScenario(json: unknown): Player {
  const scenario: Scenario = json === undefined ? { version: 1 } : parseScenario(json);
  const used: readonly NamedFault[] = (scenario.use ?? []).map((name) => FAULTS[name]);
  const rules = [...(scenario.rules ?? []), ...used.flatMap((fault) => fault.rules ?? [])].map((rule) => ({
    rule,
    matches: matcher(rule.match),
    seen: 0,
  }));
  const common: Fate = Object.assign({}, ...used.map(({ job }) => job));
  const skewSeconds = used.reduce((sum, fault) => sum + (fault.skewSeconds ?? 0), scenario.skewSeconds ?? 0);
  let jobs = 0;
  return {
    jobSeconds: scenario.jobSeconds ?? 4,
    skewMs: skewSeconds * 1000,
    fault(request) {
      for (const entry of rules) {
        const { skip = 0, times = Number.POSITIVE_INFINITY } = entry.rule;
        if (!entry.matches(request) || entry.seen >= skip + times) continue;
        entry.seen += 1;
        if (entry.seen > skip) return entry.rule;
      }
      return undefined;
    },
    fate: () => ({ ...common, ...scenario.jobs?.[jobs++] }),
  };
}

function matcher({ call, method, path }: Rule['match']): (request: Matched) => boolean {
  return (request) =>
    (call === undefined || call === request.call) &&
    (method === undefined || method.toUpperCase() === request.method) &&
    (path === undefined || fitsGlob(path.includes('?') ? request.path : (request.path.split('?')[0] ?? ''), path));
}

/**
 * `*` stands for anything within one part of a path, `**` for anything. Keeps all places where the glob read so far may end,
 * so that many stars take no longer than few: a regular expression would try every way to share the path among them.
 */
function fitsGlob(path: string, glob: string): boolean {
  let ends = new Set([0]);
  for (const part of glob.split(/(\*\*|\*)/)) {
    const next = new Set<number>();
    for (const end of ends) {
      if (part !== '*' && part !== '**') {
        if (path.startsWith(part, end)) next.add(end + part.length);
        continue;
      }
      for (let at = end; at <= path.length && !next.has(at); at++) {
        next.add(at);
        if (part === '*' && /[/?]/.test(path[at] ?? '')) break;
      }
    }
    ends = next;
  }
  return ends.has(path.length);
}
