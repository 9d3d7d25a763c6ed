/** What a request is about, in whatever dialect it is made. Pure. */

/** `create` is all that begins work: videos, characters, tasks, and videos made from others. */
export const CALLS = ['create', 'status', 'content', 'list', 'upload', 'delete', 'cancel', 'price'] as const;

export type Call = (typeof CALLS)[number];

/** The paths of one host by what they are about; the first that fits is the one. */
export type CallRoute = readonly [Call, method: string, path: RegExp];

/** Undefined for a request that is none of them. */
export function callAmong(routes: readonly CallRoute[], method: string, path: string): Call | undefined {
  return routes.find(([, wanted, pattern]) => wanted === method && pattern.test(path))?.[0];
}
