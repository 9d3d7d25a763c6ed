/** The table of the hosts: a host is added by its import and its row here, and in sandbox/dialects.ts. Loads no adapter until one is asked for. */
import { eachlabs } from './eachlabs/index.ts';
import type { ProviderEntry } from './entry.ts';
import { openai } from './openai/index.ts';
import type { Provider } from './provider.ts';
import { sandbox } from './sandbox/index.ts';
import { wavespeed } from './wavespeed/index.ts';

/** In the order in which they are shown. */
export const PROVIDERS = {
  openai,
  wavespeed,
  eachlabs,
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

/** What a model is called at every host: a take that was asked for stays the same elsewhere. The id itself where nobody knows. */
export function modelFamily(id: string): string {
  for (const { families = {} } of Object.values<ProviderEntry>(PROVIDERS)) {
    if (Object.hasOwn(families, id)) return families[id] ?? id;
  }
  return id;
}
