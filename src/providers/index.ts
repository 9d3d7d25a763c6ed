/** The table of the hosts: a host is added by its import and its row here, and in sandbox/dialects.ts. Loads no adapter until one is asked for. */
import { eachlabs } from './eachlabs/index.ts';
import { apiRootOf, isVendorUrl, type ProviderEntry } from './entry.ts';
import { fal } from './fal/index.ts';
import { openai } from './openai/index.ts';
import type { Provider } from './provider.ts';
import { runway } from './runway/index.ts';
import { sandbox } from './sandbox/index.ts';
import { wavespeed } from './wavespeed/index.ts';

/** In the order in which they are shown. */
export const PROVIDERS = {
  openai,
  wavespeed,
  eachlabs,
  fal,
  runway,
  sandbox,
} satisfies Record<string, ProviderEntry>;

/** Names that `--provider` takes. */
export type ProviderName = keyof typeof PROVIDERS;

/** All but the stand-in that is built in: these have keys and base URLs, and a dialect in the sandbox. */
export type HostName = Exclude<ProviderName, 'sandbox'>;

export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly ProviderName[];
export const HOST_NAMES = PROVIDER_NAMES.filter((name): name is HostName => name !== 'sandbox');

/** Whose format a server speaks that is named by its base URL alone: the gateways that people run serve `/v1/videos`. */
export const GATEWAY_PROVIDER: HostName = 'openai';

/** The row that an adapter was made from. */
export function providerEntry({ name }: Pick<Provider, 'name'>): ProviderEntry {
  const entry: ProviderEntry | undefined = PROVIDERS[name as ProviderName];
  if (entry) return entry;
  throw new TypeError(`no row of the table of providers has the name ${name}`);
}

/**
 * What a record says of a place, with its base URL in the one form in which they are compared: earlier versions kept the form that
 * was configured. For every decoder of records.
 */
export function withCanonicalUrl<P extends { readonly provider: string; readonly baseUrl: string }>(place: P): P {
  const entry: ProviderEntry | undefined = PROVIDERS[place.provider as ProviderName];
  const baseUrl = entry ? apiRootOf(entry, place.baseUrl) : place.baseUrl;
  return baseUrl === place.baseUrl ? place : { ...place, baseUrl };
}

/**
 * What people call the host of a job, of a registration or of an adapter: a vendor by the provider's name, a server at another
 * base URL by its own, and the sandbox by no port.
 */
export function hostTitle(
  place: { readonly baseUrl: string } & ({ readonly provider: string } | Pick<Provider, 'name'>),
): string {
  const name = 'provider' in place ? place.provider : place.name;
  const key = `${name} ${place.baseUrl}`;
  const known = TITLES.get(key) ?? titleOf(name, place.baseUrl);
  TITLES.set(key, known);
  return known;
}

/** The same with all that tells it from another: `openai at https://gateway.example/v1`, or `the sandbox`. */
export function hostAddress(place: { readonly provider: string; readonly baseUrl: string }): string {
  return place.provider === sandbox.name ? hostTitle(place) : `${place.provider} at ${place.baseUrl}`;
}

/** Lists have thousands of rows of a few hosts, and taking a URL apart is slow beside all else that a row needs. */
const TITLES = new Map<string, string>();

function titleOf(name: string, baseUrl: string): string {
  if (name === sandbox.name) return 'the sandbox';
  const entry: ProviderEntry | undefined = PROVIDERS[name as ProviderName];
  if ((entry && isVendorUrl(entry, baseUrl)) || !URL.canParse(baseUrl)) return name;
  return new URL(baseUrl).host || name;
}

/**
 * Reads the tables of all hosts. What a model of that id is called at every host: a take that was asked for stays the same
 * elsewhere. The id itself where nobody knows.
 */
export async function modelFamilies(): Promise<(id: string) => string> {
  const tables = await Promise.all(Object.values<ProviderEntry>(PROVIDERS).map((entry) => entry.models()));
  const families = new Map(tables.flat().flatMap(({ id, family }) => (family === undefined ? [] : [[id, family]])));
  return (id) => families.get(id) ?? id;
}
