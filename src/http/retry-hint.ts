/**
 * When a host wants to be asked again, by whatever it says so: `Retry-After`, the headers of its limits, or a field or a
 * sentence of its answer. Pure, in linear time.
 */
import { type Answer, hostTimeOf, isRecord, parseJson } from './answer.ts';

type Said = Pick<Answer, 'status' | 'headers' | 'text' | 'receivedAt'>;

/** Longer than any limit that a command could wait for: what says so was meant as something else, or does not pass. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Milliseconds after which the host wants to be asked again; undefined where it does not say, or says more than a day. Of a
 * success only what is certain counts: `Retry-After`, and a limit of which nothing is left.
 */
export function retryAfterOf(answer: Said): number | undefined {
  const { status, headers } = answer;
  // Times of day are by the host's clock.
  const now = { ms: hostTimeOf(answer) ?? answer.receivedAt };
  const isSuccess = status >= 200 && status < 300;
  const isLimit = isSuccess || status === 429 || status === 503;
  const told =
    milliseconds(headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms']) ??
    parseRetryAfter(headers['retry-after'], now.ms) ??
    seconds(headers['x-ratelimit-retry-after'] ?? headers['x-retry-after'], now) ??
    (isSuccess ? undefined : ofBody(answer.text, now)) ??
    (isLimit ? ofLimits(headers, { isSuccess, now }) : undefined) ??
    (status === 429 ? ofSentence(answer.text) : undefined);
  return told === undefined || told > LONGEST_MS ? undefined : Math.ceil(told);
}

interface Now {
  readonly ms: number;
}

/** Headers of limits, by what comes before and behind the word: OpenAI has one for requests and one for tokens, LiteLLM as well. */
const LIMITS: readonly { readonly reset: string; readonly remaining: string }[] = [
  { reset: 'ratelimit-reset', remaining: 'ratelimit-remaining' },
  { reset: 'x-ratelimit-reset', remaining: 'x-ratelimit-remaining' },
  { reset: 'x-rate-limit-reset', remaining: 'x-rate-limit-remaining' },
  ...['requests', 'tokens'].flatMap((what) => [
    { reset: `x-ratelimit-reset-${what}`, remaining: `x-ratelimit-remaining-${what}` },
    { reset: `anthropic-ratelimit-${what}-reset`, remaining: `anthropic-ratelimit-${what}-remaining` },
  ]),
];

/** The longest time of those limits that are used up; of a refusal, one that does not say what is left counts as used up. */
function ofLimits(
  headers: Said['headers'],
  { isSuccess, now }: { readonly isSuccess: boolean; readonly now: Now },
): number | undefined {
  const isUsedUp = (left: string | undefined): boolean => (left === undefined ? !isSuccess : Number(left) === 0);
  const times = LIMITS.filter(({ remaining }) => isUsedUp(headers[remaining]?.split(',')[0]?.trim())).map(({ reset }) =>
    seconds(headers[reset], now),
  );
  const structured = itemsOf(headers.ratelimit ?? '')
    .filter(({ left }) => isUsedUp(left))
    .map(({ reset }) => seconds(reset, now));
  const known = [...times, ...structured].filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/**
 * `"minute";r=0;t=12, "day";r=3;t=4000` of the draft of today, and `limit=10, remaining=0, reset=12` of those before:
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
function itemsOf(header: string): readonly { readonly left: string | undefined; readonly reset: string | undefined }[] {
  const text = header.slice(0, 2000);
  const groupOf = (item: string, name: RegExp): string | undefined => name.exec(item)?.[1];
  if (/(?:^|[,;\s])reset=/.test(text)) {
    return [{ left: groupOf(text, /(?:^|[,;\s])remaining=(\d+)/), reset: groupOf(text, /(?:^|[,;\s])reset=(\d+)/) }];
  }
  return text.split(',').map((item) => ({ left: groupOf(item, /;\s*r=(\d+)/), reset: groupOf(item, /;\s*t=(\d+)/) }));
}

/** Fields of an answer in JSON, without regard to their case and their underscores. */
const FIELDS: Readonly<Record<string, (value: unknown, now: Now) => number | undefined>> = {
  ...{ retryafter: seconds, retryafterseconds: seconds, retryafters: seconds, retryin: seconds, retrydelay: seconds },
  ...{ retryafterms: milliseconds, retryaftermilliseconds: milliseconds, retrydelayms: milliseconds },
  ...{ resetat: seconds, retryat: seconds, xratelimitreset: seconds, ratelimitreset: seconds },
};

/** Where such fields stand: in the answer, in its error, and in what either has of details. */
const PLACES = ['error', 'detail', 'details', 'data', 'metadata', 'meta', 'headers', 'parameters'] as const;

const MOST_LEVELS = 4;

function ofBody(text: string, now: Now): number | undefined {
  // What says when is short.
  return text.length > 65_536 ? undefined : ofField(parseJson(text), now, 0);
}

function ofField(value: unknown, now: Now, level: number): number | undefined {
  if (level > MOST_LEVELS) return undefined;
  if (Array.isArray(value)) return first(value.slice(0, 20), (item) => ofField(item, now, level + 1));
  if (!isRecord(value)) return undefined;
  const told = first(Object.entries(value).slice(0, 100), ([name, field]) =>
    FIELDS[name.replace(/[-_]/g, '').toLowerCase()]?.(field, now),
  );
  return told ?? first([...PLACES], (place) => ofField(value[place], now, level + 1));
}

function first<T>(items: readonly T[], find: (item: T) => number | undefined): number | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** OpenAI and Google say it in their message, too: `Please try again in 6m0s.` */
function ofSentence(text: string): number | undefined {
  const words = /\b(?:try again|retry) (?:in|after) (\d{1,6} (?:seconds?|minutes?)|\d[\dhms.]{0,20})/i.exec(
    text.slice(0, 65_536),
  )?.[1];
  if (words === undefined) return undefined;
  const [, count = '', unit] = /^(\d+) (second|minute)/i.exec(words) ?? [];
  return unit === undefined
    ? durationOf(words.replace(/\.$/, ''))
    : Number(count) * (unit.toLowerCase() === 'minute' ? 60_000 : 1000);
}

/** Before this a number is of seconds from now; then it is a time: of seconds since the epoch, or of milliseconds. */
const EPOCH_S = 1e8;
const EPOCH_MS = 1e11;

/** Seconds, a time since the epoch, `6m0s`, or a date. Never negative. */
function seconds(value: unknown, now: Now): number | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number < EPOCH_S) return number * 1000;
    return Math.max(0, (number < EPOCH_MS ? number * 1000 : number) - now.ms);
  }
  const duration = durationOf(text);
  if (duration !== undefined) return duration;
  // A date of RFC 3339, or as in HTTP: nothing else that Date.parse would take for one.
  if (!/^(?:\d{4}-\d\d-\d\d[T ]|[A-Za-z]{3,9},? )/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.ms);
}

function milliseconds(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `1s`, `6m0s`, `12ms`, `1h2m3.5s`. */
function durationOf(text: string): number | undefined {
  if (text === '' || text.length > 40) return undefined;
  const part = /(\d+(?:\.\d+)?)(ms|[smhd])/y;
  let ms = 0;
  while (part.lastIndex < text.length) {
    const [, count, unit = ''] = part.exec(text) ?? [];
    if (count === undefined) return undefined;
    ms += Number(count) * (UNITS_MS[unit] ?? 0);
  }
  return ms;
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date; undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Date.parse reads far more than HTTP dates: "-5" is the year 2001 to it.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(at - nowMs, 0);
}
