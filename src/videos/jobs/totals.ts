/** The one line of many jobs, of a wait or of a batch, and when something is worth saying again without a terminal. Pure. */
import { formatUsd } from '../../costs/cost.ts';
import { formatRange } from '../../shared/time.ts';

/** How many jobs stand how. */
export interface Totals {
  readonly total: number;
  /** Whose videos are here. */
  readonly done: number;
  /** Whose videos are here, and wait for a person's choice. */
  readonly toPick?: number;
  readonly running: number;
  /** Whose hosts are done, and whose videos are on their way. */
  readonly downloading?: number;
  readonly failed: number;
  /** Whose fate nobody knows. */
  readonly unknown: number;
  /** US dollars. */
  readonly spentUsd: number;
  readonly maxCostUsd?: number;
}

/** In seconds. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** `212 of 300 · 6 running · 1 failed · $84.80 of $120 · 12-18 min` */
export function totalsText(totals: Totals, left?: Range): string {
  const { done, total, toPick = 0, running, downloading = 0, failed, unknown } = totals;
  return [
    `${done} of ${total}`,
    ...(toPick > 0 ? [`${toPick} ${toPick === 1 ? 'waits' : 'wait'} for a pick`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(downloading > 0 ? [`${downloading} downloading`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...moneyOf(totals),
    ...(left ? [formatRange(left.low, left.high).replace(' to ', '-')] : []),
  ].join(' · ');
}

function moneyOf({ spentUsd, maxCostUsd }: Totals): readonly string[] {
  if (maxCostUsd !== undefined) return [`${formatUsd(spentUsd)} of ${formatUsd(maxCostUsd).replace(/\.00$/, '')}`];
  return spentUsd > 0 ? [formatUsd(spentUsd)] : [];
}

/** Less than a tenth by what sums of decimal fractions lose. */
const LEAST_CHANGE = 0.1 - 1e-9;
const LONGEST_SILENCE_MS = 30_000;

/**
 * Whether lines that do not move are worth another one: at first, for another `word`, after a change of a tenth, or after half a
 * minute. The answer counts as said. `now` gives milliseconds since the epoch.
 */
export function createLineMeter(now: () => number): (share: number, word?: string) => boolean {
  let last: { readonly share: number; readonly word: string; readonly at: number } | undefined;
  return (share, word = '') => {
    const at = now();
    const isDue =
      !last || word !== last.word || share - last.share >= LEAST_CHANGE || at - last.at >= LONGEST_SILENCE_MS;
    if (isDue) last = { share, word, at };
    return isDue;
  };
}

/** Nothing more has to be made. */
function settled({ done, toPick = 0 }: Totals): number {
  return done + toPick;
}

/** Before so many jobs are done, nobody can say how long the others take. */
const LEAST_DONE = 3;

export interface TotalsMeter {
  /** The line, with how long it will still take: by what is done until now unless `left` is known. */
  text(totals: Totals, left?: Range): string;
  /** The same where it is worth a line of its own: after a change of a tenth, or half a minute; else undefined. */
  due(totals: Totals): string | undefined;
}

/** `now` gives milliseconds since the epoch; the time that jobs take is estimated from here on. */
export function createTotalsMeter(now: () => number): TotalsMeter {
  const startedAt = now();
  const isDue = createLineMeter(now);
  let first: Totals | undefined;
  let last: string | undefined;
  const text = (totals: Totals, left?: Range): string => {
    first ??= totals;
    const finished = settled(totals) - settled(first);
    const rest = totals.total - settled(totals) - totals.failed - totals.unknown;
    if (left || finished < LEAST_DONE || rest <= 0) return totalsText(totals, left);
    const seconds = ((now() - startedAt) / 1000 / finished) * rest;
    return totalsText(totals, { low: seconds * 0.8, high: seconds * 1.25 });
  };
  return {
    text,
    due(totals) {
      const said = text(totals);
      if (said === last || !isDue(totals.total === 0 ? 1 : settled(totals) / totals.total)) return undefined;
      last = said;
      return said;
    },
  };
}
