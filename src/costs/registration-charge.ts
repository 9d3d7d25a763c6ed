/** The registration of a character in the ledger: written down before its request leaves, crossed out when it made nothing. */

import type { Provider } from '../providers/provider.ts';
import type { Character } from '../shared/character.ts';
import { isSoraError } from '../shared/errors.ts';
import type { Orientation } from '../shared/geometry.ts';
import type { BudgetOptions } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import type { Correction } from './ledger.ts';
import { costOfCharacters } from './max-cost.ts';

export interface RegistrationCharge {
  /** In the ledger. */
  readonly id: string;
  /** The character's record tells of the request, which may leave now. Never fails: what is not told is looked up there. */
  sent(): Promise<void>;
  /** The host made nothing of it. Never fails: the estimate stays then. */
  refused(): Promise<void>;
}

/** Undefined where registering is free. Throws `budget` where the budget does not allow it. */
export async function reserveRegistration(
  workspace: Workspace,
  character: Character,
  {
    provider,
    orientation,
    limits,
  }: { readonly provider: Provider; readonly orientation: Orientation; readonly limits: BudgetOptions },
): Promise<RegistrationCharge | undefined> {
  const { count, each } = await costOfCharacters(provider, 1);
  if (count === 0) return undefined;
  const { runtime } = workspace;
  const ledger = await workspace.costs();
  const id = `registration:${globalThis.crypto.randomUUID()}`;
  await ledger.reserve(
    {
      ...{ id, at: new Date(runtime.clock.now()).toISOString(), what: 'character' },
      ...{ provider: provider.name, baseUrl: provider.baseUrl, characters: [character.name], tags: limits.tags ?? [] },
      ...(each && { estimateUsd: each.usd }),
      staged: orientation,
    },
    limits,
  );
  const tell = async (correction: Correction): Promise<void> => {
    await ledger.correct(new Map([[id, correction]])).catch((error: unknown) => {
      if (!isSoraError(error)) throw error;
    });
  };
  return { id, sent: () => tell({ sent: true }), refused: () => tell({ refused: true }) };
}

/**
 * Crosses out what a killed command reserved for a character and never came to send: its record does not tell of it. To be called
 * while nobody else registers the same. `charge` is what the record tells of.
 */
export async function forgetUnsent(
  workspace: Workspace,
  { name }: Character,
  at: { readonly provider: Provider; readonly orientation: Orientation; readonly charge: string | undefined },
): Promise<void> {
  const ledger = await workspace.costs();
  // A ledger that cannot be read is no reason to register nobody.
  const left = (await ledger.entries().catch(nothingOf)).filter(
    ({ staged, sent, refused, provider, baseUrl, characters: [own] }) =>
      staged === at.orientation &&
      !(sent || refused) &&
      own === name &&
      provider === at.provider.name &&
      baseUrl === at.provider.baseUrl,
  );
  if (left.length === 0) return;
  await ledger.correct(
    new Map(left.map(({ id }): [string, Correction] => [id, id === at.charge ? { sent: true } : { refused: true }])),
  );
}

function nothingOf(error: unknown): readonly [] {
  if (!isSoraError(error)) throw error;
  return [];
}
