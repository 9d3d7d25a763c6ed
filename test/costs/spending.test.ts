import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type CostEntry, spentBy, totalSpent } from '../../src/costs/spending.ts';

const cost = (fields: Partial<CostEntry> = {}): CostEntry => ({
  ...{ id: randomUUID(), at: '2026-11-28T10:00:00Z', what: 'video', provider: 'openai' },
  ...{ baseUrl: 'https://gateway.example/v1', characters: [], tags: [], estimateUsd: 0.4 },
  ...fields,
});

describe('what was spent', () => {
  const entries = [
    cost({ characters: ['Joe', 'Mia'], tags: ['night'], model: 'sora-2' }),
    cost({ characters: ['Joe'], actualUsd: 0.5, at: '2026-11-27T10:00:00Z' }),
    cost({ provider: 'wavespeed', refused: true }),
    cost({ what: 'character', characters: ['Mia'], estimateUsd: 0.01, provider: 'wavespeed' }),
    { ...cost(), estimateUsd: undefined } as unknown as CostEntry,
  ];

  it('is estimated, reported, or unknown', () => {
    expect(totalSpent(entries)).toEqual({
      ...{ videos: 3, registrations: 1, usd: 0.91, estimatedUsd: 0.41, reportedUsd: 0.5, unknown: 1 },
    });
  });

  it.each([
    ['host', ['openai', 'wavespeed'], [0.9, 0.01]],
    ['character', ['Joe', 'Mia', undefined], [0.7, 0.21, 0]],
    ['tag', [undefined, 'night'], [0.51, 0.4]],
    ['model', [undefined, 'sora-2'], [0.51, 0.4]],
    ['day', ['2026-11-27', '2026-11-28'], [0.5, 0.41]],
  ] as const)('by %s adds up to the total', (by, names, amounts) => {
    const rows = spentBy(entries, by);
    expect(rows.map(({ name }) => name)).toEqual(names);
    expect(rows.map(({ usd }) => usd)).toEqual(amounts);
  });
});
