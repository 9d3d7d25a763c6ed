import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkBudget, describeBudget } from '../../src/costs/budget.ts';
import type { CostEntry } from '../../src/costs/spending.ts';
import type { Budget } from '../../src/shared/money.ts';

const cost = (fields: Partial<CostEntry> = {}): CostEntry => ({
  ...{ id: randomUUID(), at: '2026-11-28T10:00:00Z', what: 'video', provider: 'openai' },
  ...{ baseUrl: 'https://gateway.example/v1', characters: [], tags: [], estimateUsd: 0.4 },
  ...fields,
});
const day: Budget = { usd: 1, perDay: true, tags: [] };

function refusal(spent: readonly CostEntry[], entry: CostEntry, budget = day, allowUnknownCost = false) {
  try {
    checkBudget(spent, { entry, budget, allowUnknownCost });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a budget', () => {
  it('allows what fits to the cent, and refuses what does not', () => {
    const spent = [cost(), cost({ estimateUsd: 0.2 })];
    expect(refusal(spent, cost())).toBeUndefined();
    expect(refusal(spent, cost({ estimateUsd: 0.41 }))).toMatchObject({
      code: 'budget',
      message: 'This costs ~$0.41, and of the budget of $1.00 a day $0.60 is spent. Nothing was sent.',
      hint: 'Raise --budget, or wait for the next day (UTC). See what was spent: sora costs',
    });
  });

  it('adds tenths as a person does', () => {
    const spent = [cost({ estimateUsd: 0.1 }), cost({ estimateUsd: 0.2 })];
    expect(refusal(spent, cost({ estimateUsd: 0.7 }))).toBeUndefined();
  });

  it.each<[string, Partial<CostEntry>, boolean]>([
    ['a failure, unless its host says that it was free', { actualUsd: 0 }, true],
    ['what the host charged, more than the estimate as it was', { estimateUsd: 0.1, actualUsd: 0.9 }, false],
    ['what the host charged, less than the estimate as it was', { estimateUsd: 0.9, actualUsd: 0.1 }, true],
    ['nothing for what was refused', { estimateUsd: 0.9, refused: true }, true],
    ['nothing of yesterday, by UTC', { estimateUsd: 0.9, at: '2026-11-27T23:59:59Z' }, true],
    ['what is under way', { estimateUsd: 0.9 }, false],
  ])('of a day counts %s', (_title, fields, isAllowed) => {
    expect(refusal([cost(fields)], cost()) === undefined).toBe(isAllowed);
  });

  it('in all counts every day', () => {
    const old = cost({ estimateUsd: 0.9, at: '2025-01-01T00:00:00Z' });
    expect(refusal([old], cost(), { ...day, perDay: false })).toMatchObject({
      code: 'budget',
      hint: /^Raise --budget\. See/,
    });
  });

  it('of a tag counts what has it, alone or among others', () => {
    const budget = { ...day, tags: ['night'] };
    expect(refusal([cost({ estimateUsd: 0.9, tags: ['day'] })], cost(), budget)).toBeUndefined();
    expect(refusal([cost({ estimateUsd: 0.9, tags: ['day', 'night'] })], cost(), budget)).toMatchObject({
      message: expect.stringContaining('the budget of $1.00 a day for night'),
    });
  });

  it('refuses an unknown price unless it is allowed, and never what is free', () => {
    const { estimateUsd: _, ...unknown } = cost();
    expect(refusal([], unknown)).toMatchObject({ code: 'budget', message: expect.stringContaining('is unknown') });
    expect(refusal([], unknown, day, true)).toBeUndefined();
    expect(refusal([cost({ estimateUsd: 9 })], cost({ estimateUsd: 0 }))).toBeUndefined();
  });

  it('that is spent holds for unknown prices, too', () => {
    const { estimateUsd: _, ...unknown } = cost();
    expect(refusal([cost({ estimateUsd: 1 })], unknown, day, true)).toMatchObject({
      message: expect.stringContaining('the budget of $1.00 a day, of which $1.00 is spent'),
    });
  });

  it('of a day is that on which the request is booked, at midnight', () => {
    const late = { at: '2026-11-28T23:59:59.900Z' };
    expect(refusal([cost({ estimateUsd: 0.9, ...late })], cost(late))).toMatchObject({ code: 'budget' });
  });

  it('does not count a request twice that is asked for again', () => {
    const entry = cost({ estimateUsd: 0.8 });
    expect(refusal([entry], entry)).toBeUndefined();
  });

  it('is told in words', () => {
    expect(describeBudget({ usd: 50, perDay: true, tags: ['night', 'trailer'] })).toBe(
      '$50.00 a day for night and trailer',
    );
    expect(describeBudget({ usd: 5, perDay: false, tags: [] })).toBe('$5.00');
  });
});
