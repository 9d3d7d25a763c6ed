/** The table of the hosts that the sandbox stands in for. */
import { type Call, type CallRoute, callAmong } from './calls.ts';
import type { DialectOptions, HostDialect } from './dialect.ts';
import { eachlabs } from './eachlabs/index.ts';
import { fal } from './fal/index.ts';
import type { Dialect } from './http.ts';
import { openai } from './openai/index.ts';
import { runway } from './runway/index.ts';
import { STORE_MOUNTS } from './task-host/uploads.ts';
import { wavespeed } from './wavespeed/index.ts';

/** What is below no base URL is refused as the first would. */
export const DIALECTS = {
  openai,
  wavespeed,
  eachlabs,
  fal,
  runway,
} satisfies Record<string, HostDialect>;

export type DialectName = keyof typeof DIALECTS;

interface Mount {
  readonly prefix: readonly string[];
  /** How many segments of a path are the base URL's. */
  readonly base: number;
  readonly calls: readonly CallRoute[];
  create(options: DialectOptions): Dialect;
}

const segmentsOf = (path: string): readonly string[] => path.split('/').slice(1);

const MOUNTS: readonly Mount[] = [...Object.values(DIALECTS), ...STORE_MOUNTS]
  .flatMap(({ base, mounts, calls, create }) =>
    mounts.map((prefix) => ({ prefix: segmentsOf(prefix), base: segmentsOf(base).length, calls, create })),
  )
  .toSorted((a, b) => b.prefix.length - a.prefix.length);

/** How many segments are the base URL's: clients that take an origin for the base put it before their own. */
function baseLength(path: readonly string[], { base, prefix }: Mount): number {
  const own = prefix.slice(0, base);
  const isTwice = base > 0 && own.every((segment, index) => path[base + index] === segment);
  return isTwice ? 2 * base : base;
}

function mountOf(path: readonly string[]): Mount | undefined {
  return MOUNTS.find(({ prefix }) => prefix.every((segment, index) => path[index] === segment));
}

/** Every dialect, made once. */
export function createDialects(options: DialectOptions) {
  const made = new Map<Mount['create'], Dialect>();
  const dialectOf = (create: Mount['create']): Dialect => {
    const dialect = made.get(create) ?? create(options);
    made.set(create, dialect);
    return dialect;
  };
  const [first = DIALECTS.openai] = Object.values(DIALECTS);
  return {
    /** Whose path it is, by its segments, and how many of them are the base URL's. */
    at(path: readonly string[]): { dialect: Dialect; base: number; isMounted: boolean } {
      const mount = mountOf(path);
      if (mount) return { dialect: dialectOf(mount.create), base: baseLength(path, mount), isMounted: true };
      return { dialect: dialectOf(first.create), base: segmentsOf(first.base).length, isMounted: false };
    },
  };
}

/** `pathname` is whole, as it stands in a URL; undefined for what is none of the calls. */
export function callOf(method: string, pathname: string): Call | undefined {
  const path = segmentsOf(pathname);
  const mount = mountOf(path);
  return mount && callAmong(mount.calls, method, `/${path.slice(baseLength(path, mount)).join('/')}`);
}

/** What stands in place of each host's own base URL. */
export function baseUrls(origin: string): Readonly<Record<DialectName, string>> {
  const urls = Object.entries(DIALECTS).map(([name, { base }]) => [name, origin + base]);
  return Object.fromEntries(urls) as Record<DialectName, string>;
}
