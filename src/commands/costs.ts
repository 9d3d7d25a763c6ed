/** `sora costs`: what was spent from this home, by tag, character, host, model or day. */

import type { Context } from '../context.ts';
import { formatUsd } from '../costs/cost.ts';
import { type Spent, spentBy, totalSpent } from '../costs/spending.ts';
import type { SpendingBy } from '../shared/money.ts';
import { spending } from '../videos/spending.ts';

export interface CostsFlags {
  /** Seconds back from now; everything unless given. */
  readonly since?: number;
  readonly by: SpendingBy;
  /** Only what has one of them; everything without any. */
  readonly tag: readonly string[];
}

export async function runCosts(context: Context, { since, by, tag }: CostsFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const from = since === undefined ? undefined : new Date(runtime.clock.now() - since * 1000).toISOString();
  const entries = (await spending(context)).filter(
    ({ at, tags }) => (from === undefined || at >= from) && (tag.length === 0 || tags.some((one) => tag.includes(one))),
  );
  const total = totalSpent(entries);
  const rows = spentBy(entries, by);
  const cells = (name: string, spent: Spent): readonly string[] => [
    ...[name, `${spent.videos}`, `${spent.registrations}`, usd(spent.estimatedUsd), usd(spent.reportedUsd)],
    ...[`${spent.unknown}`, formatUsd(spent.usd)],
  ];
  const head = [by.toUpperCase(), 'VIDEOS', 'PAID REGISTRATIONS', 'ESTIMATED', 'REPORTED', 'UNKNOWN', 'TOTAL'];
  ui.result({
    json: { ...(from !== undefined && { since: from }), by, ...(tag.length > 0 && { tags: tag }), total, rows },
    text:
      rows.length === 0
        ? 'Nothing was spent.'
        : ui.table(head, [
            ...rows.map(({ name = `(no ${by})`, ...spent }) => cells(name, spent)),
            ...(rows.length > 1 ? [cells('all', total)] : []),
          ]),
    quiet: [`${total.usd}`],
  });
  if (total.unknown > 0) ui.note(`Of ${total.unknown} nobody knows the price; they are not in the sums.`);
}

function usd(amount: number): string {
  return amount === 0 ? '-' : formatUsd(amount);
}
