/** Whether an uploaded clip still lies where it was put: one byte of it is asked for, and no key goes along. */
import { withDeadline } from '../shared/deadline.ts';
import { isSoraError } from '../shared/errors.ts';
import type { Headers } from './answer.ts';
import type { Http } from './client.ts';
import { checkNamedUrl } from './ranged-content.ts';
import type { Call } from './request.ts';

/** A look before a video is sent, or none: it must not hold anybody up. */
const LOOK_MS = 10_000;

/** What a store says of a file that it no longer has, or no longer gives. */
const GONE: ReadonlySet<number> = new Set([403, 404, 410]);

/**
 * False for a definite no alone, undefined when nobody can tell: no answer, trouble at the store, or an address that is
 * neither https nor near the host at `root`. Throws the signal's reason when aborted.
 */
export async function urlExists(
  url: string,
  { http, root, signal }: Call & { readonly http: Http; readonly root: string },
): Promise<boolean | undefined> {
  if (!URL.canParse(url)) return undefined;
  try {
    const request = { method: 'GET', kind: 'read', url: checkNamedUrl(url, root), settles: () => true } as const;
    const answer = await withDeadline(LOOK_MS, signal, async (limited) => {
      // Signed URLs are often good for GET only, so HEAD would be refused where the clip is.
      const ask = async (headers: Headers): ReturnType<Http['open']> => {
        const opened = await http.open({ ...request, headers, signal: limited });
        if ('body' in opened) opened.discard();
        return opened;
      };
      const one = await ask({ range: 'bytes=0-0' });
      // It may be the range that the store refuses.
      return one.status === 403 ? ask({}) : one;
    });
    if (answer.status >= 200 && answer.status < 300) return 'body' in answer ? true : undefined;
    return GONE.has(answer.status) ? false : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!isSoraError(error)) throw error;
    return undefined;
  }
}
