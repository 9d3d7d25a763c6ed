/** Amounts of US dollars as people write them, and the limits that a command has. Pure. */

/** What may be spent, by all commands of this home together. */
export interface Budget {
  readonly usd: number;
  /** Of each day by UTC; of all time unless given. */
  readonly perDay: boolean;
  /** Only what was sent for one of these counts; everything without any. */
  readonly tags: readonly string[];
}

/** What holds for everything that a command sends and that may be paid for. */
export interface BudgetOptions {
  /** What it is sent for, by the user's own words. */
  readonly tags?: readonly string[];
  readonly budget?: Budget;
  readonly allowUnknownCost?: boolean;
}

export interface CostLimits extends BudgetOptions {
  /** US dollars for everything that the command sends. */
  readonly maxCost?: number;
}

/** What spending is told by. */
export const SPENDING_BY = ['tag', 'character', 'host', 'model', 'day'] as const;
export type SpendingBy = (typeof SPENDING_BY)[number];

/** `2`, `0.50`, `$3`; undefined for anything else. */
export function parseUsd(text: string): number | undefined {
  const usd = /^\$?(\d+(?:\.\d+)?|\.\d+)$/.exec(text)?.[1];
  return usd === undefined ? undefined : Number(usd);
}

/** `50` in all, `50/day` of each day; undefined for anything else. */
export function parseBudget(text: string): { readonly usd: number; readonly perDay: boolean } | undefined {
  const [, amount = '', day] = /^([^/]+)(\/day)?$/.exec(text) ?? [];
  const usd = parseUsd(amount);
  return usd === undefined ? undefined : { usd, perDay: day !== undefined };
}

/** What a video with reference clips costs. */
export interface ClipPrice {
  readonly usdPerSecond: Readonly<Record<number, number>>;
  /** At least so many times the seconds of the video are billed. */
  readonly leastTimes?: number;
}

export interface ModelPrice {
  /** US dollars for a second of video, by the shorter side of the picture in pixels. */
  readonly usdPerSecond: Readonly<Record<number, number>>;
  /** Seconds of reference clips are billed like seconds of video. */
  readonly billsClips?: boolean;
  /** Where a video with reference clips has a price of its own, of its seconds and those of the clips; or one that nobody says. */
  readonly withClips?: ClipPrice | 'unknown';
  /** ISO 8601 date on which the price was read, and where. */
  readonly asOf: string;
  readonly source: string;
}

export interface Cost {
  /** US dollars. */
  readonly usd: number;
  /** ISO 8601 date on which the price was true, and who said so. */
  readonly asOf: string;
  readonly source: string;
}
