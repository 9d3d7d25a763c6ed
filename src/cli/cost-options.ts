/** Options of whatever may be paid for: what it may cost, and what it is for. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { SoraError } from '../shared/errors.ts';
import { type CostLimits, parseBudget, parseUsd } from '../shared/money.ts';
import { oneLine } from '../shared/text.ts';
import { text } from './options.ts';

/** As they were typed. */
export interface CostFlags {
  readonly maxCost?: number;
  readonly budget?: { readonly usd: number; readonly perDay: boolean };
  readonly allowUnknownCost: boolean;
  readonly tag: readonly string[];
}

export function costOptions(command: Command): Command {
  return command
    .option('--max-cost <usd>', 'refuse if the total is higher, or not known', dollars)
    .option(
      '--budget <usd>',
      'refuse if more than that would have been spent from this home: in all, or 50/day; with --tag, for that tag',
      budget,
    )
    .option('--allow-unknown-cost', 'with a limit: send even if the price is not known', false)
    .option('--tag <word>', 'what it is for, in sora costs and video list; repeat for more', tag, []);
}

/**
 * The flags, with the limits that were typed, else those of the environment and of the profile. Throws `usage` for one that is
 * no amount.
 */
export async function withLimits<Flags extends CostFlags>(
  context: Context,
  { maxCost: typed, budget: typedBudget, allowUnknownCost, tag, ...flags }: Flags,
): Promise<Omit<Flags, keyof CostFlags> & CostLimits> {
  const { env } = context.runtime;
  const profile = await context.profile();
  const maxCost = typed ?? amountOf('SORA_MAX_COST', env.SORA_MAX_COST) ?? profile.maxCost;
  const own = profile.budget === undefined ? undefined : parseBudget(profile.budget);
  return {
    ...flags,
    ...{ tags: tag, allowUnknownCost },
    ...(maxCost !== undefined && { maxCost }),
    // A budget of the profile is that of everything.
    ...(typedBudget ? { budget: { ...typedBudget, tags: tag } } : own && { budget: { ...own, tags: [] } }),
  };
}

function amountOf(variable: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const usd = parseUsd(value);
  if (usd !== undefined) return usd;
  throw new SoraError('usage', `${variable} is "${oneLine(value, 60)}", which is no amount of US dollars.`, {
    hint: `It is an amount like 2 or 0.50: ${variable}=2.50`,
  });
}

function dollars(value: string): number {
  const usd = parseUsd(value);
  if (usd === undefined) throw new InvalidArgumentError('It is an amount of US dollars like 2 or 0.50.');
  return usd;
}

function budget(value: string): { readonly usd: number; readonly perDay: boolean } {
  const parsed = parseBudget(value);
  if (!parsed) throw new InvalidArgumentError('It is an amount of US dollars like 50, or 50/day.');
  return parsed;
}

/** A word: it is typed again to filter by it. */
function tag(value: string, all: readonly string[]): readonly string[] {
  const word = text(value.normalize('NFC').trim());
  if (word.length > 60 || /[\p{Cc},]/u.test(word))
    throw new InvalidArgumentError('It is a word of at most 60 characters, without a comma.');
  return all.includes(word) ? all : [...all, word];
}
