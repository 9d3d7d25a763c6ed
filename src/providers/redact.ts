/** Keeps keys out of logs and messages (P5). */

const MASK = '***';

/** Headers whose value is a secret whoever sends them. */
const SECRET_HEADER = /authori[sz]ation|api-?key|token|cookie|secret|signature|credential|password/i;

/** Query parameters that are known to be harmless; any other may be part of a signed URL. */
const HARMLESS_QUERY = new Set(['variant', 'limit', 'order', 'after', 'api-version']);

/** Shorter ones are placeholders (`none`, `x`), and hiding them would eat ordinary words. */
const SHORTEST_SECRET = 4;

export type Redact = (text: string) => string;

export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name);
}

/** Hides the given secrets, in their plain and percent-encoded form, wherever they stand in a text. */
export function createRedact(secrets: Iterable<string>): Redact {
  const needles = [...secrets]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    // The longest first, so that a secret that begins with another one leaves no tail.
    .sort((a, b) => b.length - a.length);
  return (text) => needles.reduce((rest, needle) => rest.replaceAll(needle, MASK), text);
}

/** Hides the values of unknown query parameters and the user part of every URL in a text. */
export function redactUrls(text: string): string {
  return text
    .replace(/([?&])([^=&\s?]+)=([^&\s"'<>]*)/g, (whole, mark: string, name: string) =>
      HARMLESS_QUERY.has(name) ? whole : `${mark}${name}=${MASK}`,
    )
    .replace(/:\/\/[^/@\s]+@/g, `://${MASK}@`);
}

/** One header as a log may show it. */
export function redactHeader(name: string, value: string): string {
  return isSecretHeader(name) ? `${name}: ${MASK}` : `${name}: ${redactUrls(value)}`;
}
