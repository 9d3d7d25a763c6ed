import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../src/providers/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { countRegistrations, spentOn } from '../../src/runs/spending.ts';
import { asked, close, failed, foldTakes, KEY, KEY_2 } from '../journal/samples.ts';

const COST = { estimateUsd: 0.4 };

describe('what takes have cost', () => {
  it.each([
    ['asked for', [asked(KEY, COST)], 0.4],
    ['given up by a person', [asked(KEY, COST), close()], 0.4],
    ['sent again in the place of a lost one', [asked(KEY, COST), asked(KEY_2, { ...COST, closes: KEY })], 0.8],
    ['refused', [asked(KEY, COST), failed(KEY, { made: 'no' })], 0],
    ['failed for a price', [asked(KEY, COST), failed(KEY, { cost: 0.1 })], 0.1],
  ])('counts what may have been paid for: %s', (_what, lines, usd) => {
    expect(spentOn(foldTakes({ lines }))).toEqual({ usd, unknown: 0 });
  });
});

describe('the registrations of a run', () => {
  it('are counted with those that nobody foresaw, before their request leaves', async () => {
    const { name, defaultBaseUrl: baseUrl } = PROVIDERS.wavespeed;
    const counts: number[] = [];
    const registrations = countRegistrations({ name, baseUrl } as Provider, async () => {
      counts.push(registrations.item.count);
    });
    await registrations.expect(2);
    expect(registrations.item).toMatchObject({ count: 2, each: { usd: expect.any(Number) } });
    await registrations.more();
    await registrations.more();
    expect(counts).toEqual([3, 4]);
  });
});
