/** Who may see a key, and where a request may be led: the rules about origins. */
import { SoraError } from '../shared/errors.ts';
import { ambiguousCreate, type Headers } from './answer.ts';
import { isLoopback } from './proxy.ts';
import { hideUser, isSecretHeader, type Redact, redactUrls } from './redact.ts';
import type { Auth, HttpRequest } from './request.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

interface Redirect {
  readonly request: HttpRequest;
  readonly first: URL;
  readonly from: URL;
  readonly status: number;
  readonly location: string;
  readonly hop: number;
  readonly redact: Redact;
}

/** Where a redirect may lead. Throws `refused`, or `ambiguous` for a create that was answered with "see other". */
export function redirectTarget({ request, first, from, status, location, hop, redact }: Redirect): URL {
  const refuse = (why: string, hint = 'Check the base URL: name the host that serves the API itself, with https.') =>
    new SoraError('refused', redact(`${from.host} redirects ${why}.`), { hint: redact(hint) });
  if (!URL.canParse(location, from.href)) throw refuse('to something that is not a URL');
  const to = new URL(location, from);
  to.username = '';
  to.password = '';
  const place = to.origin === from.origin ? pathOf(to) : `${to.origin}${pathOf(to)}`;
  if (hop >= MAX_REDIRECTS) throw refuse(`more than ${MAX_REDIRECTS} times, now from ${pathOf(from)} to ${place}`);
  if (!/^https?:$/.test(to.protocol)) throw refuse(`to a ${to.protocol} URL`);
  if (request.kind === 'create') {
    // "See other" is how a form says that it is done.
    if (status === 303) {
      throw ambiguousCreate(redact(`${from.host} answered a create with a redirect to ${place} (303).`));
    }
    if (to.origin !== first.origin || (status !== 307 && status !== 308)) {
      const isScheme = to.host === from.host && to.origin !== from.origin;
      const hint = isScheme
        ? `Use this base URL: ${asScheme(to.protocol, to, request.baseUrl)}`
        : `Correct the base URL, so that this request goes to ${place} by itself, if that is the host's API.`;
      throw refuse(`a create from ${pathOf(from)} to ${place} (${status}), which is not followed`, hint);
    }
  }
  // No key goes to another origin, not even when the host itself has written it into the address.
  if (to.origin !== request.auth?.origin && redact(to.href) !== to.href) {
    throw refuse('to an address that contains the key');
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refuse('from https to plain http');
  const trusted = to.protocol === 'https:' || to.origin === first.origin || (isLoopback(first) && isLoopback(to));
  if (!trusted) throw refuse(`to plain http at ${to.host}`);
  return to;
}

/** The base URL of `url` by another scheme; only its beginning where the request had gone elsewhere, after a redirect. */
export function asScheme(protocol: string, url: URL, baseUrl = ''): string {
  const path = URL.canParse(baseUrl) && new URL(baseUrl).host === url.host ? new URL(baseUrl).pathname : '';
  return `${protocol}//${url.host}${path.replace(/\/+$/, '')}`;
}

/** Of an address, without what a signature may be; as much as a message bears. */
function pathOf({ pathname, search }: URL): string {
  const path = redactUrls(`${pathname}${search}`);
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

/** The key goes to its own origin; a secret under any other name does not leave the origin that was asked. */
export function headersFor(request: HttpRequest, url: URL, first: URL): Headers {
  // No compression is asked for; content-coding.ts says why.
  const headers: Record<string, string> = { 'user-agent': 'sora', accept: '*/*', 'accept-encoding': 'identity' };
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (url.origin === first.origin || !isSecretHeader(name)) headers[name.toLowerCase()] = value;
  }
  if (!request.keyless && request.auth?.origin === url.origin)
    headers[request.auth.header.toLowerCase()] = request.auth.value;
  return headers;
}

/** Throws `usage` when a key would travel unencrypted beyond this machine. */
export function requireHttps(url: URL, auth: Auth | undefined, allowHttp: boolean): void {
  if (url.protocol !== 'http:' || isLoopback(url) || allowHttp || auth?.origin !== url.origin) return;
  throw new SoraError('usage', `The key would be sent to ${url.host} unencrypted.`, {
    hint: 'Use an https:// base URL, or set allowHttp in the profile if the network is yours.',
  });
}

/** False for what no header carries. */
export function canBeSent(value: string): boolean {
  return /^[\t\x20-\x7e]+$/.test(value);
}

/** Throws `auth` for a key that no header can carry. */
export function checkAuth(auth: Auth | undefined): void {
  if (!auth || canBeSent(auth.value)) return;
  throw new SoraError('auth', 'The key contains characters that cannot be sent, such as a line break.', {
    hint: 'Set the key again, without quotes or line breaks.',
  });
}

/** The whole header value and, of `Bearer KEY`, the key alone. */
export function secretsOf(auth: Auth | undefined): string[] {
  return auth ? [auth.value, auth.value.replace(/^\w+ +/, '')] : [];
}

/** Throws `usage` for anything but an http or https URL. */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new SoraError('usage', `${hideUser(text)} is not an http:// or https:// URL.`, {
    hint: 'Check the base URL.',
  });
}
