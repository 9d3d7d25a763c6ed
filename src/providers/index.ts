/** The providers by name: how each is configured, and how it is made. Loads no adapter until one is asked for. */
import type { Cost } from '../costs/cost.ts';
import { SANDBOX_KEY } from '../http/redact.ts';
import type { ModelFacts } from './models.ts';
import type { Provider, ProviderName, ProviderOptions } from './provider.ts';

export interface ProviderEntry {
  /** The environment variable of its key; undefined when it needs none. */
  readonly keyVariable: string | undefined;
  /** The environment variable of its base URL; empty when it has none. */
  readonly baseUrlVariable: string;
  readonly defaultBaseUrl: string;
  /** The key in an environment; an empty variable is none. */
  key(env: Readonly<Record<string, string | undefined>>): string | undefined;
  needsKey(baseUrl: string): boolean;
  /** Nothing that it does costs anything. */
  readonly isFree?: boolean;
  /** What is known of its models. One that is not among them can be used by its id. */
  models(): Promise<readonly ModelFacts[]>;
  /** What registering one character costs, where characters have ids; undefined where nobody says. */
  characterCost(): Promise<Cost | undefined>;
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
    models: async () => (await import('./models.ts')).openaiFacts(),
    characterCost: async () => (await import('./models.ts')).OPENAI_CHARACTER,
    create: async (options) => (await import('./openai/adapter.ts')).createOpenai({ name: 'openai', ...options }),
  },
  wavespeed: {
    keyVariable: 'WAVESPEED_API_KEY',
    baseUrlVariable: 'WAVESPEED_BASE_URL',
    defaultBaseUrl: 'https://api.wavespeed.ai/api/v3',
    key: (env) => env.WAVESPEED_API_KEY?.trim() || undefined,
    needsKey: () => true,
    models: async () => (await import('./wavespeed/models.ts')).wavespeedFacts(),
    characterCost: async () => (await import('./wavespeed/models.ts')).WAVESPEED_CHARACTER,
    create: async (options) => (await import('./wavespeed/adapter.ts')).createWavespeed(options),
  },
  eachlabs: {
    keyVariable: 'EACHLABS_API_KEY',
    baseUrlVariable: 'EACHLABS_BASE_URL',
    defaultBaseUrl: 'https://api.eachlabs.ai',
    key: (env) => env.EACHLABS_API_KEY?.trim() || undefined,
    needsKey: () => true,
    models: async () => (await import('./eachlabs/models.ts')).eachlabsFacts(),
    characterCost: async () => undefined,
    create: async (options) => (await import('./eachlabs/adapter.ts')).createEachlabs(options),
  },
  sandbox: {
    keyVariable: undefined,
    baseUrlVariable: '',
    defaultBaseUrl: 'sandbox:',
    key: () => SANDBOX_KEY,
    needsKey: () => false,
    isFree: true,
    models: async () => (await import('./models.ts')).sandboxFacts(),
    characterCost: async () => (await import('./models.ts')).FREE,
    create: async (options) => (await import('./openai/adapter.ts')).createOpenai({ name: 'sandbox', ...options }),
  },
} as const satisfies Record<ProviderName, ProviderEntry>;
