/** The one line of a batch that runs, and when it is worth saying again. Pure. */
import { formatUsd } from '../costs/cost.ts';
import { formatRange } from '../shared/time.ts';
import type { BatchTotals } from './report.ts';

/** `212 of 300 · 6 running · 1 failed · $84.80 of $120 · 12-18 min` */
export function totalsText(totals: BatchTotals, left?: { readonly low: number; readonly high: number }): string {
  const { done, total, running, failed, unknown } = totals;
  return [
    `${done} of ${total}`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...moneyOf(totals),
    ...(left ? [formatRange(left.low, left.high).replace(' to ', '-')] : []),
  ].join(' · ');
}

function moneyOf({ spentUsd, maxCostUsd }: BatchTotals): readonly string[] {
  if (maxCostUsd !== undefined) return [`${formatUsd(spentUsd)} of ${formatUsd(maxCostUsd).replace(/\.00$/, '')}`];
  return spentUsd > 0 ? [formatUsd(spentUsd)] : [];
}

const LEAST_CHANGE = 0.1;
const LONGEST_SILENCE_MS = 30_000;
/** Before so many lines are done, nobody can say how long the others take. */
const LEAST_DONE = 3;

export interface TotalsMeter {
  /** The line, with how long it will still take. */
  text(totals: BatchTotals): string;
  /** The same where it is worth a line of its own: after a change of a tenth, or half a minute; else undefined. */
  due(totals: BatchTotals): string | undefined;
}

/** `now` gives milliseconds since the epoch; the time that lines take is reckoned from here on. */
export function createTotalsMeter(now: () => number): TotalsMeter {
  const startedAt = now();
  let first: BatchTotals | undefined;
  let last: { readonly text: string; readonly share: number; readonly at: number } | undefined;
  const text = (totals: BatchTotals): string => {
    first ??= totals;
    const finished = totals.done - first.done;
    const rest = totals.total - totals.done - totals.failed - totals.unknown;
    if (finished < LEAST_DONE || rest <= 0) return totalsText(totals);
    const seconds = ((now() - startedAt) / 1000 / finished) * rest;
    return totalsText(totals, { low: seconds * 0.8, high: seconds * 1.25 });
  };
  return {
    text,
    due(totals) {
      const at = now();
      const share = totals.total === 0 ? 1 : totals.done / totals.total;
      const said = text(totals);
      const isDue = !last || share - last.share >= LEAST_CHANGE || at - last.at >= LONGEST_SILENCE_MS;
      if (!isDue || said === last?.text) return undefined;
      last = { text: said, share, at };
      return said;
    },
  };
}
