/** Keeps keys out of logs and messages (P5). */

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

/** Hides the given secrets wherever they stand in a text: plain, in another case, escaped, percent-encoded or in base64. */
export function createRedact(secrets: Iterable<string>): Redact {
  const needles = [...secrets]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    // The longest first, so that a secret that begins with another one leaves no tail.
    .sort((a, b) => b.length - a.length)
    .flatMap((secret) => [new RegExp(secret.split('').map(written).join(''), 'gi'), ...base64Cores(secret)]);
  return (text) => needles.reduce((rest, needle) => rest.replace(needle, MASK), text);
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

/** The ways to write one character in a URL, in JSON and in HTML, as a pattern. */
function written(char: string): string {
  const code = char.charCodeAt(0);
  const hex = code.toString(16).padStart(2, '0');
  const plain = `\\u${hex.padStart(4, '0')}`;
  // JSON may escape these by a backslash, JSON within JSON by several; before any other character it would belong to
  // something else.
  const literal = '"\\/'.includes(char) ? `\\\\*${plain}` : plain;
  return `(?:${literal}|%(?:25)*${hex}|\\${plain}|&#(?:${code}|x${hex});)`;
}

/** What of a secret's base64 does not depend on its neighbours, for each of the three ways in which it may lie. */
function base64Cores(secret: string): RegExp[] {
  return [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.from(`${' '.repeat(shift)}${secret}`);
    const core = bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
    // Too short a one may be a piece of any picture.
    if (core.length < SHORTEST_CORE) return [];
    return [new RegExp(core.replaceAll('+', '(?:[+-]|%2B)').replaceAll('/', '(?:\\\\*/|_|%2F)'), 'g')];
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
