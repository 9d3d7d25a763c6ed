/** What videos will cost before they are sent, and the budget that one command is held to. */

import type { CastTarget } from '../characters/registration-target.ts';
import { type BillItem, totalOf } from '../costs/cost.ts';
import { checkMaxCost, costOfCharacters, estimateVideoCost } from '../costs/max-cost.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import { formatSize } from '../shared/geometry.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import type { VideoPlan } from './plan.ts';
import { warnOfCharacters } from './warn-of-host.ts';

export interface Quote {
  /** Of one video, in US dollars; undefined while nobody knows. */
  readonly cost: Cost | undefined;
  /** The videos, and the characters that are registered for them. Empty until something is quoted. */
  readonly bill: readonly BillItem[];
}

export interface QuoteOptions {
  /** How many equal videos are made of the plan; 1 unless given. */
  readonly count?: number;
  /** How many requests register characters; as many as the plan misses unless given. */
  readonly registrations?: number;
  /** With whose key the host may be asked for its price; it is not asked unless given. */
  readonly ask?: Purpose | undefined;
}

/** Quotes a plan. A host cannot reckon with characters that it does not have yet: the table is used until nobody is missing. */
export async function quoteVideos(
  workspace: Workspace,
  plan: VideoPlan,
  { count = 1, registrations = registrationsOf(plan), ask }: QuoteOptions = {},
): Promise<Quote> {
  const { input, provider, model } = plan.order;
  const { size, seconds } = input;
  const clipSeconds = plan.cast.reduce((total, one) => total + secondsSent(one), 0);
  const asked = ask !== undefined && plan.missing.length === 0 ? { video: plan.video, purpose: ask } : undefined;
  const cost = await estimateVideoCost(workspace, { provider, model, size, seconds, clipSeconds, ask: asked });
  return { cost, bill: await billOf(plan, { cost, count, registrations }) };
}

/** Quotes single videos. Of equal length, size, model and cast the price is one: a host is not asked for each. */
export function createQuotes(
  workspace: Workspace,
  ask: Purpose | undefined,
): (plan: VideoPlan) => Promise<Cost | undefined> {
  const prices = new Map<string, Promise<Cost | undefined>>();
  return (plan) => {
    const { input, model } = plan.order;
    const names = input.characters.map(({ name }) => name);
    const key = JSON.stringify([model, input.seconds, formatSize(input.size), names]);
    const known = prices.get(key) ?? quoteVideos(workspace, plan, { ask }).then(({ cost }) => cost);
    prices.set(key, known);
    return known;
  };
}

/** Of a clip that is not here, the most that it can be. */
function secondsSent({ character: { clip }, target: { mode, copy } }: CastTarget): number {
  return mode === 'image' ? 0 : Math.min(clip?.master.seconds ?? 4, copy?.seconds ?? 4);
}

async function billOf(
  { order: { provider } }: VideoPlan,
  { cost, count, registrations }: { cost: Cost | undefined; count: number; registrations: number },
): Promise<readonly BillItem[]> {
  return [{ what: 'video', count, each: cost }, await costOfCharacters(provider, registrations)];
}

/** Uploads cost nothing. */
function registrationsOf({ missing }: VideoPlan): number {
  return missing.filter(({ target }) => target.mode === 'id').length;
}

export interface VideoBudgetOptions extends CostLimits {
  readonly count: number;
  readonly ask?: Purpose | undefined;
  /** What may go wrong, a sentence each: said once, when nothing stands in the way any more. */
  readonly doubts?: readonly string[];
}

/** Holds one command to what it may cost. Both calls throw `budget` when it is too much. */
export interface VideoBudget {
  readonly quote: Quote;
  /** Before anything of a plan is uploaded, and again when it is complete; what was paid for meanwhile counts. */
  approve(plan: VideoPlan): Promise<void>;
  /** Right before a request leaves that registers a character of the plan. */
  registration(plan: VideoPlan): Promise<void>;
}

export function videoBudget(
  workspace: Workspace,
  { count, ask, doubts = [], ...limits }: VideoBudgetOptions,
): VideoBudget {
  let quote: Quote = { cost: undefined, bill: [] };
  let registrations = 0;
  let registered = 0;
  const check = ({ order: { provider } }: VideoPlan): void => checkMaxCost(limits, { bill: quote.bill, provider });
  // What is refused needs no warning before it, and nobody needs it twice.
  const warnings = new Set(doubts);
  return {
    get quote() {
      return quote;
    },
    async approve(plan) {
      registrations += registrationsOf(plan);
      quote = await quoteVideos(workspace, plan, { count, registrations, ask });
      check(plan);
      const { provider } = plan.order;
      if (limits.budget)
        await (await workspace.costs()).foresee({ provider: provider.name, usd: totalOf(quote.bill)?.usd }, limits);
      await warnOfCharacters(workspace, provider, plan.order.input.characters);
      for (const warning of warnings) workspace.reporter.warn(warning);
      warnings.clear();
    },
    async registration(plan) {
      registered += 1;
      if (registered <= registrations) return;
      registrations = registered;
      quote = { ...quote, bill: await billOf(plan, { cost: quote.cost, count, registrations }) };
      check(plan);
    },
  };
}
