/**
 * What a command will cost: free, the host's own price, or the table's estimate; and whether `--max-cost` allows it. The
 * rule of `--budget`, over several commands, is in budget.ts, and what it counts is kept in ledger.ts.
 */

import { hostTitle, providerEntry } from '../providers/index.ts';
import type { NewVideo, Provider } from '../providers/provider.ts';
import { preferredMode } from '../providers/references.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Registration } from '../shared/character.ts';
import { withDeadline } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Size } from '../shared/geometry.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { capitalizeThe, sentence } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type BillItem, costFromPriceTable, describeBill, formatUsd, knownUsd, totalOf } from './cost.ts';

export interface VideoToPrice {
  readonly provider: Provider;
  readonly model: string | undefined;
  readonly size: Size;
  /** Those that are paid for. */
  readonly seconds: number;
  /** Of all characters together, whose clips some models bill. */
  readonly clipSeconds: number;
  /** What the host may be asked the price of, and with whose key. */
  readonly ask?: { readonly video: NewVideo; readonly purpose: Purpose } | undefined;
}

/** Hosts that did not tell a price, of which that was said. */
const SILENT = new WeakSet<Provider>();

/** What one video costs: as the host says, else by the table. Undefined while nobody knows. */
export async function estimateVideoCost(workspace: Workspace, priced: VideoToPrice): Promise<Cost | undefined> {
  const { provider, ask, clipSeconds, ...wish } = priced;
  const entry = providerEntry(provider);
  const today = new Date(workspace.runtime.clock.now()).toISOString().slice(0, 10);
  if (entry.isFree) return { usd: 0, asOf: today, source: `the ${provider.name} is free` };
  const told = ask && (await askPrice(workspace, provider, ask));
  if (typeof told === 'number') return { usd: told, asOf: today, source: `the price call of ${hostTitle(provider)}` };
  const { characterInputs } = await provider.limits(priced.model, { signal: workspace.runtime.signal });
  const takesClips = preferredMode(characterInputs).startsWith('clip-');
  const billed = { ...wish, clipSeconds: takesClips ? clipSeconds : 0 };
  const cost = asGuide(provider, costFromPriceTable({ facts: await entry.models(), ...billed }));
  // That a server has no such call, or no price for a model, is no news where the table has one.
  if (told && (told.code === 'network' || !cost) && !SILENT.has(provider)) {
    SILENT.add(provider);
    const instead = cost ? 'The table of prices is used.' : 'What this costs is not known.';
    const host = capitalizeThe(hostTitle(provider));
    workspace.reporter.note(`${host} did not tell its price: ${sentence(told.message)} ${instead}`);
  }
  return cost;
}

/** What it costs to register so many characters where they have ids. */
export async function costOfCharacters(provider: Provider, count: number): Promise<BillItem> {
  const each = asGuide(provider, await providerEntry(provider).characterCost());
  return { what: 'character', count: each?.usd === 0 ? 0 : count, each };
}

/** Holds all registrations of one command to what they may cost. Both say the cost, and throw `budget` when it is too much. */
export interface RegistrationLimit {
  /** How many will be sent, before the first of them. */
  expect(count: number): Promise<void>;
  /** Before each of them: counts it, and looks again when there are more than were expected. */
  admit(): Promise<void>;
}

export function registrationLimit({ reporter }: Workspace, provider: Provider, flags: CostLimits): RegistrationLimit {
  let expected = 0;
  let sent = 0;
  const check = async (count: number): Promise<void> => {
    const item = await costOfCharacters(provider, count);
    if (item.count === 0) return;
    reporter.note(`Cost: ${describeBill([item])}`);
    checkMaxCost(flags, { bill: [item], provider });
  };
  return {
    async expect(count) {
      expected = count;
      await check(count);
    },
    async admit() {
      sent += 1;
      if (sent > expected) await check(sent);
    },
  };
}

/**
 * What the record of a registration keeps of its cost, by the number of requests that were sent for it, each of which may
 * have been charged: nothing where it is free, no amount where nobody knows one.
 */
export async function costToKeep(provider: Provider): Promise<(requests: number) => Pick<Registration, 'cost'>> {
  const bill = await costOfCharacters(provider, 1);
  return (requests) => {
    if (bill.count === 0) return {};
    const total = totalOf([{ ...bill, count: requests }]);
    return { cost: total ? { estimateUsd: total.usd, asOf: total.asOf, source: total.source } : {} };
  };
}

/** The table is of the host's own prices; at another base URL somebody else may ask for more. */
function asGuide(provider: Provider, cost: Cost | undefined): Cost | undefined {
  const { defaultBaseUrl } = providerEntry(provider);
  if (!cost || cost.usd === 0 || provider.baseUrl === defaultBaseUrl) return cost;
  return { ...cost, source: `${cost.source}; ${hostTitle(provider)} may ask for another price` };
}

/** The table is good enough when the host takes longer. */
const PRICE_MS = 15_000;

/** The error of a host that could not tell it: the work goes on. */
async function askPrice(
  workspace: Workspace,
  provider: Provider,
  { video, purpose }: NonNullable<VideoToPrice['ask']>,
): Promise<number | SoraError | undefined> {
  const { signal } = workspace.runtime;
  if (!provider.price || (await workspace.connection(purpose)).key === undefined) return undefined;
  try {
    return await withDeadline(PRICE_MS, signal, async (limited) => provider.price?.(video, { signal: limited }));
  } catch (error) {
    if (signal.aborted || !isSoraError(error)) throw error;
    return error;
  }
}

/** Throws `budget` when everything together costs more than `--max-cost`, or nobody knows what it costs. */
export function checkMaxCost(
  { maxCost, allowUnknownCost }: CostLimits,
  { bill, provider }: { bill: readonly BillItem[]; provider: Provider },
): void {
  if (maxCost === undefined) return;
  const isCast = bill.every(({ what }) => what === 'character');
  const undone = isCast ? 'No request was sent for it.' : 'No job was sent.';
  const known = knownUsd(bill);
  const total = totalOf(bill);
  if (known > maxCost) {
    const words = total ? describeBill(bill) : `at least ${formatUsd(known)}`;
    throw new SoraError('budget', `This costs ${words}; ${option('maxCost')} allows ${formatUsd(maxCost)}. ${undone}`, {
      hint: isCast
        ? `Raise ${option('maxCost')}, or register fewer: sync takes names, and create takes ${option('local')}.`
        : `Ask for fewer, shorter or smaller videos, use another model, or raise ${option('maxCost')}.`,
    });
  }
  if (total || allowUnknownCost) return;
  const what =
    bill.find(({ each }) => !each)?.what === 'character' ? 'What a character costs there' : 'What this costs';
  throw new SoraError(
    'budget',
    `${what} is unknown, so it cannot be checked against ${option('maxCost')} ${formatUsd(maxCost)}. ${undone}`,
    {
      hint: isCast
        ? `To register it whatever it costs, add ${option('allowUnknownCost')}.`
        : `See known prices: sora provider models ${provider.name}. Or add ${option('allowUnknownCost')}.`,
    },
  );
}
