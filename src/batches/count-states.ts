/** How a batch that runs stands: counted as its lines change, since each of thousands changes several times. Pure. */
import type { SlotState } from '../journal/state.ts';
import type { BatchTotals } from './report.ts';

export interface StateCount {
  /** The line is in that state now. */
  set(id: string, state: SlotState): void;
  totals(money: { readonly spentUsd: number; readonly maxCost: number | undefined }): BatchTotals;
}

/** Of so many lines, and of those beyond them that are told of. */
export function createStateCount(lines: number): StateCount {
  const states = new Map<string, SlotState>();
  const counts = new Map<SlotState, number>();
  const add = (state: SlotState, count: number): void => void counts.set(state, (counts.get(state) ?? 0) + count);
  const of = (state: SlotState): number => counts.get(state) ?? 0;
  return {
    set(id, state) {
      const before = states.get(id);
      if (before !== undefined) add(before, -1);
      states.set(id, state);
      add(state, 1);
    },
    totals({ spentUsd, maxCost }) {
      const total = Math.max(lines, states.size);
      const [done, running, unknown] = [of('chosen'), of('open'), of('unknown')];
      const failed = of('failed') + of('unreadable');
      return {
        ...{ total, done, running, failed, unknown, spentUsd },
        waiting: Math.max(0, total - done - running - failed - unknown),
        ...(maxCost !== undefined && { maxCostUsd: maxCost }),
      };
    },
  };
}
