/** What a dry run shows: the exact request, and what it would cost. */
import type { WireRequest } from '../providers/provider.ts';

/** A request as a person reads it. */
export function requestText({ method, url, contentType, body }: WireRequest): string {
  return `${method} ${url} (${contentType})\n${JSON.stringify(body, null, 2)}`;
}
