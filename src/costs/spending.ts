/** What was paid for: one entry for each request, and their sums by whatever one asks. Pure. */

import type { SpendingBy } from '../shared/money.ts';
import { roundUsd } from './cost.ts';

/** One thing that is paid for: a video by the id of its job, or the registration of a character. */
export interface CostEntry {
  readonly id: string;
  /** When its request left, ISO 8601. */
  readonly at: string;
  readonly what: 'video' | 'character';
  readonly provider: string;
  readonly baseUrl: string;
  readonly model?: string;
  /** By their names here. */
  readonly characters: readonly string[];
  /** What it was sent for (`--tag`). */
  readonly tags: readonly string[];
  /** US dollars as they were expected; absent where nobody knew. */
  readonly estimateUsd?: number;
  /** What the host says that it charged: for a failure, too. */
  readonly actualUsd?: number;
  /** Nothing was charged: the host refused the request, or it never left. */
  readonly refused?: boolean;
  /** Of a registration: of which orientation. Its request leaves only once the character's record tells of it, and `sent` then. */
  readonly staged?: string;
  readonly sent?: boolean;
}

/** What a budget looks at. */
export type Charge = Pick<CostEntry, 'id' | 'at' | 'tags' | 'estimateUsd' | 'actualUsd' | 'refused'>;

/** What an entry has cost, as far as anybody knows; undefined where nobody does. */
export function usdOf({ estimateUsd, actualUsd, refused }: Charge): number | undefined {
  return refused ? 0 : (actualUsd ?? estimateUsd);
}

/** What was spent together. Amounts in US dollars. */
export interface Spent {
  readonly videos: number;
  readonly registrations: number;
  /** Estimated and reported together: what is known of it. */
  readonly usd: number;
  readonly estimatedUsd: number;
  readonly reportedUsd: number;
  /** Requests whose price nobody knows; not in the sums. */
  readonly unknown: number;
}

export interface SpentRow extends Spent {
  /** Absent for what has none: a video without a tag, or without a character. */
  readonly name?: string;
}

/** Everything since then; refused requests are left out. */
export function totalSpent(entries: readonly CostEntry[]): Spent {
  return sumOf(entries.filter(({ refused }) => !refused).map((entry) => ({ entry, share: 1 })));
}

/**
 * What was spent, most first. What has several tags, or characters, counts for each in equal parts, so that the rows add up.
 */
export function spentBy(entries: readonly CostEntry[], by: SpendingBy): readonly SpentRow[] {
  const parts = new Map<string | undefined, Part[]>();
  for (const entry of entries) {
    if (entry.refused) continue;
    const names = NAMES[by](entry);
    const each: readonly (string | undefined)[] = names.length === 0 ? [undefined] : [...new Set(names)];
    for (const name of each) parts.set(name, [...(parts.get(name) ?? []), { entry, share: 1 / each.length }]);
  }
  const rows = [...parts].map(([name, of]) => ({ ...(name !== undefined && { name }), ...sumOf(of) }));
  return by === 'day'
    ? rows.toSorted((a, b) => (a.name ?? '').localeCompare(b.name ?? ''))
    : rows.toSorted((a, b) => b.usd - a.usd || (a.name ?? '').localeCompare(b.name ?? ''));
}

const NAMES: Readonly<Record<SpendingBy, (entry: CostEntry) => readonly string[]>> = {
  tag: ({ tags }) => tags,
  character: ({ characters }) => characters,
  host: ({ provider }) => [provider],
  model: ({ model }) => (model === undefined ? [] : [model]),
  day: ({ at }) => [at.slice(0, 10)],
};

interface Part {
  readonly entry: CostEntry;
  /** Of what it cost. */
  readonly share: number;
}

function sumOf(parts: readonly Part[]): Spent {
  const sum = (amount: (entry: CostEntry) => number): number =>
    roundUsd(parts.reduce((total, { entry, share }) => total + amount(entry) * share, 0));
  return {
    videos: parts.filter(({ entry }) => entry.what === 'video').length,
    registrations: parts.filter(({ entry }) => entry.what === 'character').length,
    usd: sum((entry) => usdOf(entry) ?? 0),
    estimatedUsd: sum(({ actualUsd, estimateUsd }) => (actualUsd === undefined ? (estimateUsd ?? 0) : 0)),
    reportedUsd: sum(({ actualUsd }) => actualUsd ?? 0),
    unknown: parts.filter(({ entry }) => usdOf(entry) === undefined).length,
  };
}
