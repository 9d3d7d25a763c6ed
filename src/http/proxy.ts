/** Which proxy the environment names for a URL, and which URLs go without one. Pure. */
import { SoraError } from '../shared/errors.ts';

export interface ProxySettings {
  /** For http:// URLs. */
  readonly http?: string;
  /** For https:// URLs. */
  readonly https?: string;
  readonly noProxy?: string;
  /** Where each was named; HTTP_PROXY, HTTPS_PROXY and NO_PROXY unless given. */
  readonly variables?: { readonly http: string; readonly https: string; readonly noProxy?: string };
}

/** A proxy that stands between, and the variable that names it. */
export interface Via {
  readonly url: URL;
  readonly variable: string;
}

/** The proxies that an environment names; a variable in small letters counts before the same one in capitals. */
export function proxyOf(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const http = env.http_proxy ?? env.HTTP_PROXY;
  const https = env.https_proxy ?? env.HTTPS_PROXY;
  const noProxy = env.no_proxy ?? env.NO_PROXY;
  const variables = {
    http: env.http_proxy === undefined ? 'HTTP_PROXY' : 'http_proxy',
    https: env.https_proxy === undefined ? 'HTTPS_PROXY' : 'https_proxy',
    noProxy: env.no_proxy === undefined ? 'NO_PROXY' : 'no_proxy',
  };
  return { variables, ...(http && { http }), ...(https && { https }), ...(noProxy && { noProxy }) };
}

/** True for this machine's own names and addresses, which never go through a proxy. */
export function isLoopback(url: URL): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
}

/** The proxy that the settings name for a URL; undefined for loopback and for what NO_PROXY names. Throws `usage` when it is not a proxy's URL. */
export function proxyFor(url: URL, proxy: ProxySettings): Via | undefined {
  const kind = url.protocol === 'https:' ? 'https' : 'http';
  const text = proxy[kind];
  if (!text || isLoopback(url) || isExempt(url, proxy.noProxy ?? '')) return undefined;
  const variable = proxy.variables?.[kind] ?? `${kind.toUpperCase()}_PROXY`;
  const full = text.includes('://') ? text : `http://${text}`;
  const parsed = URL.canParse(full) ? new URL(full) : undefined;
  // An `@` so late is of a password that was not escaped, and what stands for the host is its beginning.
  const isSplit = parsed && `${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@');
  if (parsed && !isSplit && /^https?:$/.test(parsed.protocol)) {
    // A proxy has no path: curl ignores one, and undici refuses it.
    Object.assign(parsed, { pathname: '', search: '', hash: '' });
    return { url: parsed, variable };
  }
  throw new SoraError('usage', `The proxy in ${variable} is not an http:// or https:// URL.`, {
    hint: `Correct ${variable}, or unset it.`,
  });
}

/** `*`, or names that stand for themselves and all below them, each with a port if it is for that port only. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  if (noProxy.trim() === '*') return true;
  const entries = noProxy.split(/[,\s]+/).filter(Boolean);
  return entries.some((entry) => {
    const [, name = entry, ownPort] = /^(.+):(\d+)$/.exec(entry) ?? [];
    const host = name.replace(/^\*?\./, '').toLowerCase();
    const isPort = ownPort === undefined || ownPort === (port || (protocol === 'https:' ? '443' : '80'));
    return isPort && (hostname === host || hostname.endsWith(`.${host}`));
  });
}
