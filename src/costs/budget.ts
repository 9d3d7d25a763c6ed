/** Whether `--budget`, over several commands and processes, allows one more request. Pure; what is counted comes from the ledger. */

import { SoraError } from '../shared/errors.ts';
import type { Budget, BudgetOptions } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { formatUsd, roundUsd } from './cost.ts';
import { type Charge, type CostEntry, usdOf } from './spending.ts';

/** Of the options of a command, those that each of its paid requests is sent with. */
export function budgetOptionsOf({ tags, budget, allowUnknownCost }: BudgetOptions): BudgetOptions {
  return {
    ...(tags && { tags }),
    ...(budget && { budget }),
    ...(allowUnknownCost !== undefined && { allowUnknownCost }),
  };
}

/** Throws SoraError `budget` when the entry would be more than the budget allows, or its price is unknown and has to be known. */
export function checkBudget(
  entries: readonly Charge[],
  {
    entry,
    budget,
    allowUnknownCost,
  }: {
    entry: Pick<CostEntry, 'id' | 'at' | 'provider' | 'estimateUsd'>;
    budget: Budget;
    allowUnknownCost: boolean;
  },
): void {
  if (entry.estimateUsd === 0) return;
  const words = describeBudget(budget);
  // The day that it is booked on: a request that is written down at midnight counts for one of the two.
  const day = entry.at.slice(0, 10);
  const counted = entries.filter(
    ({ id, at, tags }) =>
      id !== entry.id &&
      (!budget.perDay || at.startsWith(day)) &&
      (budget.tags.length === 0 || tags.some((tag) => budget.tags.includes(tag))),
  );
  const spent = roundUsd(counted.reduce((sum, one) => sum + (usdOf(one) ?? 0), 0));
  const next = budget.perDay
    ? `Raise ${option('budget')}, or wait for the next day (UTC).`
    : `Raise ${option('budget')}.`;
  if (entry.estimateUsd === undefined) {
    if (allowUnknownCost && spent < budget.usd) return;
    const known = allowUnknownCost ? `, of which ${formatUsd(spent)} is spent` : '';
    throw new SoraError(
      'budget',
      `What this costs is unknown, so it cannot be held to the budget of ${words}${known}. Nothing was sent.`,
      {
        hint: allowUnknownCost
          ? next
          : `See known prices: sora provider models ${entry.provider}. Or add ${option('allowUnknownCost')}.`,
      },
    );
  }
  if (roundUsd(spent + entry.estimateUsd) <= budget.usd) return;
  throw new SoraError(
    'budget',
    `This costs ~${formatUsd(entry.estimateUsd)}, and of the budget of ${words} ${formatUsd(spent)} is spent. Nothing was sent.`,
    { hint: `${next} See what was spent: sora costs` },
  );
}

/** `$50.00 a day for night and trailer` */
export function describeBudget({ usd, perDay, tags }: Budget): string {
  return `${formatUsd(usd)}${perDay ? ' a day' : ''}${tags.length === 0 ? '' : ` for ${tags.join(' and ')}`}`;
}
