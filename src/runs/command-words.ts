/** Options of commands on a file of many videos, as the user would type them again. */
import type { Shard } from '../shared/batch.ts';
import type { CostLimits } from '../shared/money.ts';
import { type OptionName, option } from '../shared/options.ts';
import { shellOption, shellQuote } from '../shared/text.ts';
import type { Selection } from '../workspace.ts';

/** An option with its value, unless there is none. */
export function valueWord(name: OptionName, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [shellOption(name, shellQuote(value))];
}

/** An option without a value, where it was given. */
export function flagWord(name: OptionName, isGiven: boolean | undefined): readonly string[] {
  return isGiven ? [option(name)] : [];
}

export interface JournalWords {
  readonly shard?: Shard;
  readonly journal?: string;
}

export function journalWords({ shard, journal }: JournalWords): readonly string[] {
  return [...valueWord('shard', shard && `${shard.index}/${shard.count}`), ...valueWord('journal', journal)];
}

/** With the same bounds. */
export function costWords(limits: CostLimits): readonly string[] {
  const { maxCost, tags = [], allowUnknownCost } = limits;
  return [
    ...valueWord('maxCost', maxCost === undefined ? undefined : String(maxCost)),
    // That of the profile, which counts everything, applies without being named.
    ...valueWord('budget', typedBudget(limits)),
    ...tags.flatMap((tag) => valueWord('tag', tag)),
    ...flagWord('allowUnknownCost', allowUnknownCost),
  ];
}

/** With tags, what counts only those; the other one is of the profile. */
function typedBudget({ budget, tags = [] }: CostLimits): string | undefined {
  if (!budget || budget.tags.length !== tags.length) return undefined;
  return `${budget.usd}${budget.perDay ? '/day' : ''}`;
}

/** To the same host, with the same cast. */
export function selectionWords({ provider, baseUrl, profile, cast }: Selection): readonly string[] {
  return [
    ...valueWord('provider', provider),
    ...valueWord('baseUrl', baseUrl),
    ...valueWord('profile', profile),
    ...valueWord('cast', cast),
  ];
}
