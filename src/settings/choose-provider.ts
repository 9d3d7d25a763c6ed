/** Which host a command talks to, and which key goes there. Pure: flag, then environment, then profile, then default. */

import { hideUser } from '../http/redact.ts';
import { apiRootOf } from '../providers/entry.ts';
import { GATEWAY_PROVIDER, HOST_NAMES, PROVIDER_NAMES, PROVIDERS, type ProviderName } from '../providers/index.ts';
import { BACKENDS, type Backend } from '../providers/provider.ts';
import { normalizeBaseUrl } from '../shared/base-url.ts';
import { SoraError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import { nearest, oneLine, shellOption, shellQuote } from '../shared/text.ts';
import type { Profile } from './settings.ts';

export interface ProviderFlags {
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly backend?: string;
}

/** What is configured, by any way. */
export interface Configured {
  readonly wishes: ProviderFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile: Profile;
  /** What `sora auth login` stored: used where the environment has no key. */
  readonly keys: Keys;
}

/** Keys by provider. */
export type Keys = Readonly<Partial<Record<ProviderName, string>>>;

export interface Connection {
  readonly name: ProviderName;
  /** Normalised, or `sandbox:`. */
  readonly baseUrl: string;
  readonly key: string | undefined;
  readonly backend: Backend | undefined;
  readonly model: string | undefined;
  /** Where a server of one's own sees the store's clips. */
  readonly clipsAt: string | undefined;
  /** Plain http beyond loopback may carry a key. */
  readonly allowHttp: boolean;
  /** Of the profile, for what is uploaded. */
  readonly uploadDays?: number;
  /** A sentence, when the host is known to serve no videos any more. */
  readonly retired: string | undefined;
}

/** `preview` only describes requests: it needs no key, and nothing is sent without one. */
export type Purpose = 'use' | 'preview';

/** Throws `usage` when the choice is not clear, `auth` when the chosen host needs a key and has none. */
export function chooseProvider(configured: Configured, purpose: Purpose = 'use'): Connection {
  const { wishes, env, profile } = configured;
  const named = wishes.provider ?? (env.SORA_PROVIDER || undefined) ?? profile.provider;
  const name = named === undefined ? onlyConfigured(configured) : providerName(named);
  const entry = PROVIDERS[name];
  if (name === 'sandbox' && wishes.baseUrl !== undefined) {
    throw new SoraError('usage', `${option('baseUrl')} cannot be used with the sandbox: it is built in.`, {
      hint: `Name the provider of that URL too: ${option('provider')} ${GATEWAY_PROVIDER}`,
    });
  }
  const baseUrl = name === 'sandbox' ? 'sandbox:' : baseUrlOf(name, namedBaseUrl(name, configured));
  const key = keyOf(name, configured, baseUrl)?.key;
  if (key === undefined && purpose === 'use' && entry.needsKey(baseUrl)) throw missingKey(name, configured, baseUrl);
  const own = isProfileOf(baseUrl, name, profile) ? profile : {};
  return {
    name,
    baseUrl,
    key,
    backend: backendOf(wishes.backend ?? own.backend),
    model: own.model,
    clipsAt: own.clipsAt,
    allowHttp: own.allowHttp === true,
    ...(own.uploadDays !== undefined && { uploadDays: own.uploadDays }),
    retired: entry.retirement?.(baseUrl),
  };
}

export interface FoundKey {
  readonly key: string;
  readonly source: 'environment' | 'stored';
  /** The variable that it stands in, where it is from the environment. */
  readonly variable?: string;
}

type KeyChoice = Pick<Configured, 'env' | 'keys'> & Partial<Pick<Configured, 'profile'>>;

/**
 * A provider's key and where it is from: where the profile says, else the environment, else what is stored. An empty one
 * is none, and a profile that names a place is not served from another.
 */
export function keyOf(name: ProviderName, { env, keys, profile }: KeyChoice, baseUrl?: string): FoundKey | undefined {
  const { keyVariable, knownKey } = PROVIDERS[name];
  const from = profile && keySourceOf(name, profile, baseUrl);
  const variable = from === undefined ? keyVariable : /^env:(.+)$/.exec(from)?.[1];
  const given = knownKey ?? (variable && env[variable]?.trim());
  if (given) return { key: given, source: 'environment', ...(variable !== undefined && { variable }) };
  if (from !== undefined && from !== 'stored') return undefined;
  const stored = Object.hasOwn(keys, name) ? keys[name]?.trim() : undefined;
  return stored ? { key: stored, source: 'stored' } : undefined;
}

/** Where a profile says that the provider's key is. A profile without a provider is of a server of `/v1/videos`. */
export function keySourceOf(name: ProviderName, profile: Profile, baseUrl?: string): string | undefined {
  if ((profile.provider ?? GATEWAY_PROVIDER) !== name || name === 'sandbox') return undefined;
  const isElsewhere =
    baseUrl !== undefined && profile.baseUrl !== undefined && originOf(profile.baseUrl) !== originOf(baseUrl);
  return isElsewhere ? undefined : profile.keyFrom;
}

/** What a profile says about its host holds for that host only, not for one that a flag or the environment names instead. */
function isProfileOf(baseUrl: string, name: ProviderName, profile: Profile): boolean {
  if (profile.provider === undefined ? name === 'sandbox' : profile.provider !== name) return false;
  return profile.baseUrl === undefined || originOf(profile.baseUrl) === originOf(baseUrl);
}

/** Where something was made: a job, or a take of which this home has no job. */
export interface MadePlace extends Pick<Job, 'provider' | 'baseUrl'> {
  readonly id?: string | undefined;
  readonly backend?: Job['backend'] | undefined;
  /** What messages call it, at the beginning of a sentence; by its id unless given. */
  readonly called?: string;
}

/**
 * The host that made a job. The key goes there only when the user has named that origin by flag, environment or
 * profile, or it is the provider's own: a job record is a file, and files do not decide where keys go.
 */
export function connectionOf(job: MadePlace, configured: Configured, purpose: Purpose = 'use'): Connection {
  const { env, profile } = configured;
  const name = providerName(job.provider);
  const entry = PROVIDERS[name];
  const own = isProfileOf(job.baseUrl, name, profile) ? profile : {};
  const allowHttp = own.allowHttp === true;
  const base = { name, model: undefined, clipsAt: own.clipsAt, allowHttp, retired: undefined };
  const backend = backendOf(job.backend);
  if (name === 'sandbox') return { ...base, baseUrl: 'sandbox:', key: keyOf(name, configured)?.key, backend };
  if (configured.wishes.baseUrl !== undefined)
    refuseExtras(name, { text: configured.wishes.baseUrl, source: option('baseUrl') });
  // A profile names its host for its own provider: the key of another one does not go there.
  const named = fitsProfile(name, profile) ? profile.baseUrl : undefined;
  const trusted = [configured.wishes.baseUrl, env[entry.baseUrlVariable], named, entry.defaultBaseUrl];
  const origin = new URL(job.baseUrl).origin;
  const isTrusted = trusted.some((url) => url !== undefined && url !== '' && originOf(url) === origin);
  const key = keyOf(name, configured, job.baseUrl)?.key;
  if (key !== undefined && !isTrusted) {
    throw new SoraError(
      'auth',
      `${job.called ?? `Job ${job.id}`} was made at ${oneLine(job.baseUrl)}, which is not the host that your key belongs to.`,
      {
        reason: 'other-host',
        hint: `To send it there, add: ${shellOption('baseUrl', shellQuote(job.baseUrl))}`,
        ...(job.id !== undefined && { jobId: job.id }),
      },
    );
  }
  if (key === undefined && purpose === 'use' && entry.needsKey(job.baseUrl)) {
    throw missingKey(name, configured, job.baseUrl);
  }
  return { ...base, baseUrl: job.baseUrl, key, backend };
}

/** The base URL that somebody chose for a provider: flag, environment, then a profile that is of it, or of nobody's. */
export function ownBaseUrl(name: ProviderName, configured: Configured): string | undefined {
  return namedBaseUrl(name, configured)?.text;
}

/** The same with the place where it stands, in words. */
function namedBaseUrl(name: ProviderName, { wishes, env, profile }: Configured): NamedUrl | undefined {
  if (wishes.baseUrl !== undefined) return { text: wishes.baseUrl, source: option('baseUrl') };
  const { baseUrlVariable } = PROVIDERS[name];
  const text = env[baseUrlVariable];
  if (text) return { text, source: baseUrlVariable };
  const own = fitsProfile(name, profile) ? profile.baseUrl : undefined;
  return own === undefined ? undefined : { text: own, source: 'the profile' };
}

interface NamedUrl {
  readonly text: string;
  readonly source: string;
}

/** A profile without a provider is of a server of `/v1/videos`: another provider's key does not go to its base URL. */
function fitsProfile(name: ProviderName, profile: Profile): boolean {
  return (profile.provider ?? GATEWAY_PROVIDER) === name;
}

function onlyConfigured(configured: Configured): ProviderName {
  const { wishes, env, profile } = configured;
  // A base URL that names no provider is a server of `/v1/videos`: it is no sign of any other, nor a place for its key.
  const anybodys = wishes.baseUrl ?? (profile.provider === undefined ? profile.baseUrl : undefined);
  const found = HOST_NAMES.filter(
    (name) =>
      keyOf(name, configured) !== undefined ||
      Boolean(env[PROVIDERS[name].baseUrlVariable]) ||
      (name === GATEWAY_PROVIDER && anybodys !== undefined),
  );
  if (found.length === 1 && found[0]) return found[0];
  const gateway = PROVIDERS[GATEWAY_PROVIDER];
  const problem = found.length === 0 ? 'No provider is configured.' : 'More than one provider is configured.';
  throw new SoraError('usage', problem, {
    reason: 'no-provider-chosen',
    hint:
      `Name one: ${PROVIDER_NAMES.map((name) => `${option('provider')} ${name}`).join(' | ')}. ` +
      `The sandbox is built in and needs no key; ${GATEWAY_PROVIDER} needs ${gateway.keyVariable}, or ${gateway.baseUrlVariable} for a compatible host. ` +
      'Keys are stored by: sora auth login <provider>',
  });
}

/** The provider of that name. Throws `usage` with the names that there are. */
export function providerName(text: string): ProviderName {
  const name = PROVIDER_NAMES.find((candidate) => candidate === text);
  if (name) return name;
  const close = nearest(text, PROVIDER_NAMES);
  throw new SoraError('usage', `There is no provider "${oneLine(text, 60)}".`, {
    hint: `${close ? `Did you mean ${close}? ` : ''}Providers: ${PROVIDER_NAMES.join(', ')}`,
  });
}

function backendOf(text: string | undefined): Backend | undefined {
  if (text === undefined) return undefined;
  const backend = BACKENDS.find((candidate) => candidate === text);
  if (backend) return backend;
  throw new SoraError('usage', `There is no backend "${oneLine(text, 60)}".`, {
    hint: `Backends: ${BACKENDS.join(', ')}`,
  });
}

function baseUrlOf(name: ProviderName, named: NamedUrl | undefined): string {
  const { text, source } = named ?? { text: PROVIDERS[name].defaultBaseUrl, source: '' };
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new SoraError('usage', `The base URL "${oneLine(hideUser(text), 200)}" is not an http(s) URL.`, {
      hint: 'It looks like this: https://gateway.example.com/v1',
    });
  }
  refuseExtras(name, { text, source });
  return apiRootOf(PROVIDERS[name], normalizeBaseUrl(text));
}

/** What records and comparisons leave out would not be sent either. Never repeats it: it may be a secret. */
function refuseExtras(name: ProviderName, { text, source }: NamedUrl): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // An `@` behind the path is of a password that was not escaped, and what stands for the host is its beginning.
  const isSplit = url !== undefined && `${url.search}${url.hash}`.includes('@');
  if (!url || (url.username === '' && url.password === '' && url.search === '' && !isSplit)) return;
  throw new SoraError('usage', `The base URL in ${source} has a user, a password or a query, which is never sent.`, {
    hint: `Use ${isSplit ? 'the host and its path' : normalizeBaseUrl(text)}, and store the key with: sora auth login ${name}`,
  });
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

function missingKey(name: ProviderName, { profile }: Configured, baseUrl: string): SoraError {
  const from = keySourceOf(name, profile, baseUrl);
  if (from !== undefined) return missingSource(name, from);
  return new SoraError('auth', `Provider ${name} needs a key, and ${PROVIDERS[name].keyVariable} is not set.`, {
    hint: `Set ${PROVIDERS[name].keyVariable}, store one with: sora auth login ${name}, or try without a key: --provider sandbox`,
  });
}

/** The error where a profile's own source has no key. */
export function missingSource(name: ProviderName, from: string): SoraError {
  const variable = /^env:(.+)$/.exec(from)?.[1];
  const what = variable === undefined ? 'none is stored' : `${variable} is not set`;
  const mend = variable === undefined ? `Store one with: sora auth login ${name}` : `Set ${variable}`;
  return new SoraError('auth', `Provider ${name} needs a key, and ${what}, where the profile looks for it (keyFrom).`, {
    hint: `${mend}, or use the usual key: sora config unset keyFrom`,
  });
}

/** A dry run only describes what it would send, and needs no key for that. */
export function purposeOf({ dryRun }: { readonly dryRun: boolean }): Purpose {
  return dryRun ? 'preview' : 'use';
}
