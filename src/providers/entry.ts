/** A host as one row: how it is configured, what is known of it, and how its adapter is loaded. A start reads every row. */

import type { Headers } from '../http/answer.ts';
import type { Cost } from '../shared/money.ts';
import { trimEnd } from '../shared/text.ts';
import type { ModelFacts } from './models.ts';
import type { Backend, Provider, ProviderOptions } from './provider.ts';
import type { Asked, Question } from './questions.ts';

/** How a key travels: in `authorization` behind that word, or bare under a header of the host's own. */
export type KeyHeader = { readonly scheme: 'Bearer' | 'Key' } | { readonly header: string };

export interface ProviderEntry {
  /** What `--provider` takes: that of its folder, and of its row. */
  readonly name: string;
  /** The environment variable of its key; undefined when it needs none. */
  readonly keyVariable: string | undefined;
  /** The environment variable of its base URL; empty when it has none. */
  readonly baseUrlVariable: string;
  readonly defaultBaseUrl: string;
  /** What paths are appended to, of a base URL in any form that the vendor's own tools and pages use. Of its result, the same. */
  apiRoot?(baseUrl: string): string;
  /** The other forms of what `apiRoot` gives: records of earlier versions were made under any of them. */
  otherForms?(root: string): readonly string[];
  /** A key that everybody knows, in place of a variable. */
  readonly knownKey?: string;
  needsKey(baseUrl: string): boolean;
  keyHeader(backend: Backend | undefined): KeyHeader;
  /** Sent with every request to its base URL. */
  readonly headers?: Headers;
  /** Nothing that it does costs anything. */
  readonly isFree?: boolean;
  /** A sentence where what is at that base URL serves no videos any more. */
  retirement?(baseUrl: string): string | undefined;
  /** What is known of its models. One that is not among them can be used by its id. */
  models(): Promise<readonly ModelFacts[]>;
  /** What registering one character costs, where characters have ids; undefined where nobody says. */
  characterCost(): Promise<Cost | undefined>;
  /** What `doctor --api` asks the host, in that order. */
  questions(to: Asked): Promise<readonly Question[]>;
  /** Loads the adapter. */
  create(options: ProviderOptions): Promise<Provider>;
}

/**
 * A base URL as requests need it, without a slash at its end: the one form in which it is kept and compared, so that a request is
 * known again whichever form was configured.
 */
export function apiRootOf({ apiRoot = (base) => base }: Pick<ProviderEntry, 'apiRoot'>, baseUrl: string): string {
  return apiRoot(trimEnd(baseUrl, '/'));
}

/** Whether a base URL is the vendor's own, or the sandbox that is built in: no gateway, and no server of one's own. */
export function isVendorUrl({ defaultBaseUrl }: Pick<ProviderEntry, 'defaultBaseUrl'>, baseUrl: string): boolean {
  return URL.canParse(baseUrl) && new URL(baseUrl).origin === new URL(defaultBaseUrl).origin;
}

/** One with an account of the user's. */
export interface HostEntry extends ProviderEntry {
  readonly keyVariable: string;
}
