/** Base URLs of hosts, as records hold them. Pure. */

import { trimEnd } from './text.ts';

/** The form in which base URLs are stored and compared: no trailing slash, no query, lower-case host. Throws TypeError on a non-URL. */
export function normalizeBaseUrl(text: string): string {
  const url = new URL(text);
  url.hash = '';
  url.search = '';
  url.username = '';
  url.password = '';
  return trimEnd(url.href, '/');
}
