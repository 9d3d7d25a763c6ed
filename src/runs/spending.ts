/** What the takes of a file have cost, and will: one budget over the whole file, whatever its shards. */

import type { BillItem } from '../costs/cost.ts';
import { checkMaxCost, costOfCharacters } from '../costs/max-cost.ts';
import { isTakenBack, type Take } from '../journal/fold.ts';
import type { Provider } from '../providers/provider.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';

/** US dollars; `unknown` counts those of whom nobody knows what they cost. */
export interface Spending {
  readonly usd: number;
  readonly unknown: number;
}

/**
 * What was spent on takes, as the host says it, else as it was estimated; nothing where the host made nothing. What was given up
 * without its host's word may have been paid for, and counts.
 */
export function spentOn(takes: readonly Take[]): Spending {
  const paid = takes.filter((take) => !isTakenBack(take) && take.failed?.made !== 'no');
  const amounts = paid.map(({ done, failed, estimateUsd }) => done?.cost ?? failed?.cost ?? estimateUsd);
  return sumOf(amounts);
}

export function sumOf(amounts: readonly (number | undefined)[]): Spending {
  const known = amounts.filter((amount): amount is number => amount !== undefined);
  const usd = known.reduce((total, amount) => total + amount, 0);
  return { usd: Math.round(usd * 1e6) / 1e6, unknown: amounts.length - known.length };
}

/** What requests are still to cost. */
export function toCome(costs: readonly (Cost | undefined)[]): Spending {
  return sumOf(costs.map((cost) => cost?.usd));
}

export interface BudgetCheck {
  readonly limits: CostLimits;
  readonly provider: Provider;
  readonly spent: Spending;
  readonly coming: Spending;
  /** The registrations that are missing. */
  readonly characters: BillItem;
  readonly today: string;
}

/** Throws `budget` when everything together is more than `--max-cost`, or nobody knows what it costs. */
export function checkFileCost({ limits, provider, spent, coming, characters, today }: BudgetCheck): void {
  const at = (usd: number, source: string): Cost => ({ usd, asOf: today, source });
  const unknown = spent.unknown + coming.unknown;
  checkMaxCost(limits, {
    provider,
    bill: [
      { what: 'video', count: 1, each: at(spent.usd, 'spent on this file so far') },
      { what: 'video', count: 1, each: at(coming.usd, 'still to be sent, in all shards') },
      ...(unknown > 0 ? [{ what: 'video', count: unknown, each: undefined } as const] : []),
      characters,
    ],
  });
}

/** What a run pays for registrations: those that it began with, and more where a host has forgotten somebody. */
export interface RegistrationCount {
  readonly item: BillItem;
  expect(count: number): Promise<void>;
  /** Right before a request that was not expected. Throws what `check` throws with it counted. */
  more(): Promise<void>;
}

export function countRegistrations(provider: Provider, check: () => Promise<void>): RegistrationCount {
  let item: BillItem = { what: 'character', count: 0, each: undefined };
  let count = 0;
  const expect = async (next: number): Promise<void> => {
    count = next;
    item = await costOfCharacters(provider, next);
  };
  return {
    get item() {
      return item;
    },
    expect,
    async more() {
      await expect(count + 1);
      await check();
    },
  };
}

/** A budget of several commands is refused as a whole, too, and each request held to it again when it leaves. Throws `budget`. */
export async function foreseeSpending(
  workspace: Workspace,
  { name }: Provider,
  { limits, costs }: { limits: CostLimits; costs: readonly (Cost | undefined)[] },
): Promise<void> {
  if (!limits.budget || costs.length === 0) return;
  const { usd, unknown } = toCome(costs);
  await (await workspace.costs()).foresee({ provider: name, usd: unknown > 0 ? undefined : usd }, limits);
}
