/** PURE: what a request is about, in whatever dialect it is made. */

/** `create` is all that begins work: videos, characters, tasks, and videos made from others. */
export const CALLS = ['create', 'status', 'content', 'list', 'upload', 'delete', 'cancel', 'price'] as const;

export type Call = (typeof CALLS)[number];

/** The first that fits is the one. */
const ROUTES: readonly (readonly [Call, method: string, path: RegExp])[] = [
  ['upload', 'POST', /^\/api\/v3\/media\/|^\/v1\/upload\//],
  ['upload', 'PUT', /^\/storage\//],
  ['price', 'POST', /^\/api\/v3\/model\/price$/],
  ['delete', 'POST', /^\/api\/v3\/predictions\/delete$/],
  ['delete', 'DELETE', /^\/v1\/videos\/[^/]+$/],
  ['cancel', 'POST', /^\/v1\/prediction\/[^/]+\/cancel$/],
  ['create', 'POST', /^\/v1\/(?:videos|prediction)(?:\/|$)|^\/api\/v3\//],
  ['list', 'GET', /^\/v1\/videos$/],
  ['status', 'GET', /^\/v1\/(?:videos|prediction)\/[^/]+$|^\/api\/v3\/predictions\//],
  ['content', 'GET', /^\/v1\/videos\/[^/]+\/content$|^\/files\//],
];

/** `pathname` is whole, as it stands in the URL; undefined for what is none of them. */
export function callOf(method: string, pathname: string): Call | undefined {
  return ROUTES.find(([, wanted, path]) => wanted === method && path.test(pathname))?.[0];
}
