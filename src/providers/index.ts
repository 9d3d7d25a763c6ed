/** The providers by name: how each is configured, and how it is made. Loads no adapter until one is asked for. */
import type { Http } from './http.ts';
import type { Backend, Provider, ProviderName } from './provider.ts';

export interface ProviderOptions {
  /** Normalised, or `sandbox:`: what records are matched by. */
  readonly baseUrl: string;
  /** Where requests really go, when that is not the base URL. */
  readonly url?: string | undefined;
  readonly key: string | undefined;
  readonly backend: Backend | undefined;
  readonly http: Http;
}

export interface ProviderEntry {
  /** The environment variable of its key; undefined when it needs none. */
  readonly keyVariable: string | undefined;
  /** The environment variable of its base URL; empty when it has none. */
  readonly baseUrlVariable: string;
  readonly defaultBaseUrl: string;
  /** The key in an environment; an empty variable is none. */
  key(env: Readonly<Record<string, string | undefined>>): string | undefined;
  needsKey(baseUrl: string): boolean;
  create(options: ProviderOptions): Promise<Provider>;
}

const OPENAI_BASE_URL = 'https://api.openai.com/v1';

export const PROVIDERS = {
  openai: {
    keyVariable: 'OPENAI_API_KEY',
    baseUrlVariable: 'OPENAI_BASE_URL',
    defaultBaseUrl: OPENAI_BASE_URL,
    key: (env) => env.OPENAI_API_KEY?.trim() || undefined,
    // Servers that people run themselves mostly ask for none.
    needsKey: (baseUrl) => new URL(baseUrl).host === new URL(OPENAI_BASE_URL).host,
    create: async (options) => (await import('./openai.ts')).createOpenai({ name: 'openai', ...options }),
  },
  sandbox: {
    keyVariable: undefined,
    baseUrlVariable: '',
    defaultBaseUrl: 'sandbox:',
    key: () => 'sandbox',
    needsKey: () => false,
    create: async (options) => (await import('./openai.ts')).createOpenai({ name: 'sandbox', ...options }),
  },
} as const satisfies Record<ProviderName, ProviderEntry>;
