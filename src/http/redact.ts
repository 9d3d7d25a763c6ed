/** Keeps keys out of logs, messages and records (P5). */
import { type Normalization, normalizations, normalizeWithOffsets } from './normalize.ts';

/** What the sandbox takes for a key. Its documentation tells it, so it is no secret, and it is a word of paths and sentences. */
export const SANDBOX_KEY = 'sandbox';

const MASK = '***';

/** Headers whose value is a secret whoever sends them. */
const SECRET_HEADER = /authori[sz]ation|api-?key|token|cookie|secret|signature|credential|password/i;

/** Query parameters that are known to be harmless; any other may be part of a signed URL. */
const HARMLESS_QUERY = new Set(['variant', 'limit', 'order', 'after', 'api-version']);

/** Shorter ones are placeholders (`none`, `x`), and hiding them would eat ordinary words. */
const SHORTEST_SECRET = 4;
const SHORTEST_CORE = 10;

export type Redact = (text: string) => string;

export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name);
}

/**
 * Hides the given secrets wherever they stand in a text: plain, in another case, escaped, percent-encoded or in base64, also
 * when something invisible stands between their letters. Unmistakable ones are also found where the text was wrapped, unless
 * it is known not to be.
 */
export function createRedactor(secrets: Iterable<string>, { wrapped = true } = {}): Redact {
  const long = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET && secret !== SANDBOX_KEY);
  const groups = [true, false].flatMap((breaks) => {
    const own = long.filter((secret) => (wrapped && isUnmistakable(secret)) === breaks);
    return own.length === 0 ? [] : [createGroup(own, breaks)];
  });
  return (text) => {
    const found = groups.flatMap((group) => find(text, group));
    return found.length === 0 ? text : mask(text, found);
  };
}

interface Group {
  /** Line breaks between their letters count as nothing. */
  readonly breaks: boolean;
  readonly base64: readonly string[];
  /** The secrets as that reading of a text would show them. */
  plain(reading: Normalization): readonly string[];
}

function createGroup(secrets: readonly string[], breaks: boolean): Group {
  const known = new Map<string, readonly string[]>();
  return {
    breaks,
    base64: secrets.flatMap(base64Cores),
    plain(reading) {
      const name = `${reading.escapes} ${reading.sequences}`;
      const needles = known.get(name) ?? secrets.map((secret) => lowerCase(normalizeWithOffsets(secret, reading).text));
      known.set(name, needles);
      return needles;
    },
  };
}

type Range = readonly [start: number, end: number];

function find(text: string, { breaks, plain, base64 }: Group): readonly Range[] {
  const found: Range[] = [];
  for (const reading of normalizations(text, breaks)) {
    const searches = [
      { needles: plain(reading), hay: lowerCase(reading.text) },
      { needles: base64, hay: base64Letters(reading.text) },
    ] as const;
    if (!searches.some(({ needles, hay }) => needles.some((needle) => hay.includes(needle)))) continue;
    const { starts, ends } = normalizeWithOffsets(text, reading);
    for (const { needles, hay } of searches) {
      for (const needle of needles) {
        for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) {
          found.push([starts[at] ?? 0, ends[at + needle.length - 1] ?? 0]);
        }
      }
    }
  }
  return found;
}

function mask(text: string, found: readonly Range[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const [from, to] of found.toSorted(([a], [b]) => a - b)) {
    if (from >= end) parts.push(text.slice(end, from), MASK);
    end = Math.max(end, to);
  }
  return parts.join('') + text.slice(end);
}

/** Of the same length as the text: the one letter that would become two stays one. */
function lowerCase(text: string): string {
  return text.replaceAll('\u0130', 'I').toLowerCase();
}

/** Base64 for URLs as ordinary base64. */
function base64Letters(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/');
}

/**
 * Long and odd enough to stand nowhere by chance: such a secret can be taken out of what a host says before anything
 * reads it. Servers that people run themselves have keys like `test`, which is an ordinary word.
 */
export function isUnmistakable(secret: string): boolean {
  return secret.length >= 20 || (secret.length >= 12 && /\d/.test(secret) && /[a-z]/i.test(secret));
}

/** True when a secret stood in that text. */
export function isMasked(text: string): boolean {
  return text.includes(MASK);
}

/** What of a secret's base64 does not depend on its neighbours, for each of the three ways in which it may lie. */
function base64Cores(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.from(`${' '.repeat(shift)}${secret}`);
    const core = bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
    // Too short a one may be a piece of any picture.
    return core.length < SHORTEST_CORE ? [] : [core];
  });
}

/** Hides the values of unknown query parameters and the user part of every URL in a text; of one URL, `hideUser` knows more. */
export function redactUrls(text: string): string {
  return text
    .replace(/([?&])([^=&\s?]+)=([^&\s"'<>]*)/g, (whole, mark: string, name: string) =>
      HARMLESS_QUERY.has(name) ? whole : `${mark}${name}=${MASK}`,
    )
    .replace(/:\/\/[^/?#\s]+@/g, `://${MASK}@`);
}

/**
 * One URL, or what was meant to be one, without its user and what its query says. A password may hold any character, and
 * be written without its escapes: all that stands before the last `@` counts as one.
 */
export function hideUser(url: string): string {
  const at = url.lastIndexOf('@');
  if (at < 0) return hideQuery(url);
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(url)?.[0] ?? '';
  // Where a query may have begun, what follows the `@` may be of a secret too.
  if (url.slice(0, at).includes('?')) return `${scheme}${MASK}`;
  return `${scheme}${MASK}@${hideQuery(url.slice(at + 1))}`;
}

function hideQuery(url: string): string {
  return url.replace(/([?&])([^=&?]+)=[^&]*/g, (whole, mark: string, name: string) =>
    HARMLESS_QUERY.has(name) ? whole : `${mark}${name}=${MASK}`,
  );
}

/** One header as a log may show it. */
export function redactHeader(name: string, value: string): string {
  return isSecretHeader(name) ? `${name}: ${MASK}` : `${name}: ${redactUrls(value)}`;
}
