/** How an adapter reaches its host: the base URL, the key that goes there and nowhere else, and the two kinds of requests. */

import type { Answer } from '../http/answer.ts';
import type { RequestBody } from '../http/body.ts';
import { isMasked } from '../http/redact.ts';
import type { Auth, Call, HttpRequest } from '../http/request.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { apiRootOf, type KeyHeader, type ProviderEntry } from './entry.ts';
import type { NewVideo, ProviderOptions } from './provider.ts';

export interface Route {
  /** What paths are appended to. */
  readonly root: string;
  /** A request that is harmless and is repeated with patience: a GET with the key, unless `more` says otherwise. */
  read(url: string, call: Call, more?: Partial<HttpRequest>): HttpRequest;
  /** Sends what may cost money, once, and hands back whatever is answered. `settles` as in `HttpRequest`. */
  create(url: string, body: RequestBody, call: Call, more?: Pick<HttpRequest, 'settles'>): Promise<Answer>;
}

/** What a row says of keys and headers, put into requests. */
export function createRoute(
  entry: Pick<ProviderEntry, 'keyHeader' | 'headers' | 'apiRoot'>,
  { baseUrl, url, key, backend, http }: ProviderOptions,
): Route {
  const root = apiRootOf(entry, url ?? baseUrl);
  const auth = authFor(key, root, entry.keyHeader(backend));
  /** A store that a host names is sent what it asks for, and nothing of the host's own. */
  // A host may name addresses elsewhere, and nothing of its own goes there.
  const headersOf = (to: string, more: Partial<HttpRequest>): Pick<HttpRequest, 'headers'> =>
    entry.headers && more.keyless !== true && URL.canParse(to) && new URL(to).origin === new URL(root).origin
      ? { headers: { ...entry.headers, ...more.headers } }
      : {};
  return {
    root,
    read: (to, { signal }, more = {}) => ({
      ...{ method: 'GET', kind: 'read', url: to, baseUrl: url ?? baseUrl, auth, signal },
      ...more,
      ...headersOf(to, more),
    }),
    create: (to, body, { signal }, more = {}) =>
      http.send({
        ...{ method: 'POST', kind: 'create', url: to, baseUrl: url ?? baseUrl, auth, body, signal },
        ...more,
        ...headersOf(to, {}),
      }),
  };
}

/**
 * A host's or a user's id as one segment of a path. Throws `usage` for one that would name another path, and with it another
 * request: URL parsers resolve `.` and `..`, which cannot be escaped (https://url.spec.whatwg.org/#double-dot-path-segment).
 */
export function pathSegment(id: string): string {
  if (usableId(id) !== undefined) return encodeURIComponent(id);
  throw new SoraError('usage', `"${oneLine(id)}" is not an id that a host can be asked about.`, {
    hint: 'Ids are shown by: sora video list, sora character show <name>',
  });
}

/**
 * The id, or undefined for one that `pathSegment` refuses: a host that answers with such a one has named nothing. What held
 * the key goes into no record and no URL.
 */
export function usableId(id: string | undefined): string | undefined {
  return id === undefined || /^\.{0,2}$/.test(id) || !id.isWellFormed() || isMasked(id) ? undefined : id;
}

/** Undefined without a key, and where no origin says who may see it. */
export function authFor(key: string | undefined, root: string, keyHeader: KeyHeader): Auth | undefined {
  if (key === undefined || !URL.canParse(root)) return undefined;
  const { origin } = new URL(root);
  return 'header' in keyHeader
    ? { header: keyHeader.header, value: key, origin }
    : { header: 'authorization', value: `${keyHeader.scheme} ${key}`, origin };
}

/** A shorter name may stand in any sentence. */
const LEAST_CHARS = 4;

/** Runs `create`; a refusal of it is told the characters that it names, by their ids or the file names of their clips. */
export async function tellRefusedCharacters<T>(
  { characters }: Pick<NewVideo, 'characters'>,
  create: () => Promise<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (isSoraError(error, 'refused')) {
      const { message } = error;
      error.refusedCharacters = characters
        .flatMap(({ values }) => values)
        .filter((value) => {
          const name = nameOf(value);
          return name.length >= LEAST_CHARS && message.includes(name);
        });
    }
    throw error;
  }
}

function nameOf(value: string): string {
  if (!/^https?:/.test(value) || !URL.canParse(value)) return value;
  return new URL(value).pathname.split('/').at(-1) ?? '';
}
