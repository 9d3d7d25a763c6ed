/**
 * Automatic retry of a registration whose answer was lost, twice at most, and only where it is known to cost a cent or
 * less: the only exception to P2 (nothing is paid twice).
 */

import { formatUsd } from '../costs/cost.ts';
import { retryDelayMs } from '../http/retry.ts';
import { hostTitle, providerEntry } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import type { Character, PendingRegistration } from '../shared/character.ts';
import { isSoraError, type SoraError } from '../shared/errors.ts';
import type { Cost } from '../shared/money.ts';
import { sentence } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import type { RegistrationTarget } from './registration-target.ts';

/** How often a registration is repeated, over all commands: the record counts. */
const REPEATS = 2;

/** US dollars up to which a registration is repeated. */
const REPEATABLE_USD = 0.01;

/** How many requests were sent for what is pending; 1 where the record does not say. */
export function requestsOf(entry: PendingRegistration | undefined): number {
  return entry?.requests ?? 1;
}

/** At a base URL of the user's own somebody else may ask for more than the table says: nothing is known of that price. */
async function repeatableCost(provider: Provider): Promise<Cost | undefined> {
  const { characterCost, defaultBaseUrl } = providerEntry(provider);
  const each = provider.baseUrl === defaultBaseUrl ? await characterCost() : undefined;
  return each && each.usd <= REPEATABLE_USD ? each : undefined;
}

/** What is said of a repeat of the requests that `entry` tells of; undefined where there is to be none. */
export async function retryNotice(provider: Provider, entry: PendingRegistration): Promise<string | undefined> {
  const sent = requestsOf(entry);
  const cost = entry.stage === 'sent' && sent <= REPEATS ? await repeatableCost(provider) : undefined;
  if (!cost) return undefined;
  const price = cost.usd === 0 ? 'is free' : `costs ${formatUsd(cost.usd)}`;
  return `A registration with ${hostTitle(provider)} ${price}, so the request is sent once more (${sent + 1} of at most ${REPEATS + 1}).`;
}

/** Announces the repeat of a request whose answer was lost, and resolves when it may leave; false where it may not. */
export async function waitBeforeRetry(
  { reporter, runtime }: Workspace,
  {
    character,
    target,
    entry,
    error,
    admit,
  }: {
    character: Character;
    target: RegistrationTarget;
    entry: PendingRegistration;
    error: SoraError;
    /** Right before something is sent that may cost money; throws `budget` to refuse it. */
    admit: (() => Promise<void>) | undefined;
  },
): Promise<boolean> {
  const said = runtime.signal.aborted ? undefined : await retryNotice(target.provider, entry);
  if (said === undefined) return false;
  try {
    await admit?.();
  } catch (refusal) {
    if (isSoraError(refusal, 'budget')) return false;
    throw refusal;
  }
  reporter.warn(`${character.name}: ${sentence(error.message)} ${said}`);
  try {
    await runtime.clock.sleep(retryDelayMs(requestsOf(entry), undefined, runtime.random), runtime.signal);
    return true;
  } catch {
    // Stopped: what was sent stays unknown.
    return false;
  }
}
