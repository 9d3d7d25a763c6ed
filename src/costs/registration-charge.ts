/** The registration of a character in the ledger: written down before its request leaves, crossed out when it made nothing. */

import type { Provider } from '../providers/provider.ts';
import type { Character } from '../shared/character.ts';
import { isSoraError } from '../shared/errors.ts';
import type { BudgetOptions } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import { costOfCharacters } from './max-cost.ts';

export interface RegistrationCharge {
  /** The host made nothing of it. Never fails: the estimate stays then. */
  refused(): Promise<void>;
}

/** Undefined where registering is free. Throws `budget` where the budget does not allow it. */
export async function reserveRegistration(
  workspace: Workspace,
  character: Character,
  { provider, limits }: { readonly provider: Provider; readonly limits: BudgetOptions },
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
    },
    limits,
  );
  return {
    async refused() {
      await ledger.correct(new Map([[id, { refused: true }]])).catch((error: unknown) => {
        if (!isSoraError(error)) throw error;
      });
    },
  };
}
