import { describe, expect, it } from 'vitest';
import {
  type BillItem,
  costFromPriceTable,
  describeBill,
  describeCosts,
  formatJobCost,
  formatPaid,
  formatUsd,
  knownUsd,
  totalOf,
} from '../../src/costs/cost.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import type { ModelFacts } from '../../src/providers/models.ts';
import type { Job } from '../../src/shared/job.ts';
import { type JobFields, sampleJob } from '../helpers/samples.ts';

const WIDE = { width: 1280, height: 720 };
const STAND = { asOf: '2026-01-02', source: 'a page' };

const FACTS: readonly ModelFacts[] = (
  [
    { id: 'plain', price: { usdPerSecond: { 720: 0.1, 1080: 0.7 }, ...STAND } },
    { id: 'bills-clips', price: { usdPerSecond: { 720: 0.36 }, billsClips: true, ...STAND } },
    { id: 'unpriced' },
  ] as const
).map((model) => ({ characterInputs: [], promptChars: 100, sizes: [], ratios: [], seconds: [], ...model }));

const video = (usd: number | undefined, count = 1): BillItem => ({
  ...{ what: 'video', count, each: usd === undefined ? undefined : { usd, ...STAND } },
});
const character = (usd: number | undefined, count = 1): BillItem => ({ ...video(usd, count), what: 'character' });

describe('a bill', () => {
  it.each<[string, readonly BillItem[], string, number | undefined, number]>([
    ['one video', [video(0.4)], '$0.40 (as of 2026-01-02: a page)', 0.4, 0.4],
    ['what is free, without a date', [video(0)], 'free (a page)', 0, 0],
    ['several', [video(0.4, 3)], '$1.20 (3 x $0.40; as of 2026-01-02: a page)', 1.2, 1.2],
    ['nobody to register', [video(0.4), character(0.001, 0)], '$0.40 (as of 2026-01-02: a page)', 0.4, 0.4],
    [
      'nobody to register, at no known price',
      [video(0.4), character(undefined, 0)],
      '$0.40 (as of 2026-01-02: a page)',
      0.4,
      0.4,
    ],
    [
      'characters too',
      [video(0.4, 2), character(0.001, 2)],
      '$0.802 (2 x $0.40 + 2 characters at $0.001; as of 2026-01-02: a page)',
      ...([0.802, 0.802] as const),
    ],
    [
      'prices that differ, from two pages',
      [video(0.4, 2), { ...video(1), each: { usd: 1, asOf: '2026-01-02', source: 'another' } }, video(0.7)],
      '$2.50 (2 x $0.40 + $0.70; as of 2026-01-02: a page + $1.00; as of 2026-01-02: another)',
      ...([2.5, 2.5] as const),
    ],
    ['a character at no known price', [video(0.4), character(undefined)], 'unknown, at least $0.40', undefined, 0.4],
    ['a video at no known price', [video(undefined), character(0, 0)], 'unknown', undefined, 0],
  ])('of %s is summed and said in one line', (_title, bill, text, total, known) => {
    expect(describeBill(bill)).toBe(text);
    expect(totalOf(bill)?.usd).toBe(total);
    expect(knownUsd(bill)).toBe(known);
  });
});

describe('an estimate', () => {
  it.each([
    ['the seconds of a video', 'plain', WIDE, 8, 0, 0.8],
    ['the short side, whichever it is', 'plain', { width: 1080, height: 1920 }, 4, 0, 2.8],
    ['three tenths as three tenths', 'plain', WIDE, 3, 0, 0.3],
    ['no clips where the model bills none', 'plain', WIDE, 4, 3.5, 0.4],
    ['clips where the model bills them', 'bills-clips', WIDE, 4, 3.5, 2.7],
  ])('counts %s', (_title, model, size, seconds, clipSeconds, usd) => {
    expect(costFromPriceTable({ facts: FACTS, model, size, seconds, clipSeconds })).toEqual({ usd, ...STAND });
  });

  it.each([
    ['a model that is not in the table', 'another', WIDE],
    ['no model', undefined, WIDE],
    ['a model without a price', 'unpriced', WIDE],
    ['a size without a price', 'plain', { width: 854, height: 480 }],
  ])('is unknown, and not 0, for %s', (_title, model, size) => {
    expect(costFromPriceTable({ facts: FACTS, model, size, seconds: 4, clipSeconds: 0 })).toBeUndefined();
  });

  it.each([
    ['bytedance/seedance-2.0/reference-to-video', WIDE, 1.212],
    ['kling/v4/reference-to-video', { width: 1920, height: 1080 }, 0.94],
    ['minimax/h3-max/reference-to-video', { width: 1366, height: 768 }, 0.32],
  ])('of a video without clips is another one: %s', async (model, size, usd) => {
    const facts = await PROVIDERS.fal.models();
    expect(costFromPriceTable({ facts, model, size, seconds: 4, clipSeconds: 0 })?.usd).toBe(usd);
  });

  it('is unknown with clips where nobody says what they cost', async () => {
    const wish = { model: 'minimax/h3-max/reference-to-video', size: { width: 1366, height: 768 }, seconds: 5 };
    const facts = await PROVIDERS.fal.models();
    expect(costFromPriceTable({ facts, ...wish, clipSeconds: 3 })).toBeUndefined();
  });

  it('is multiplied by the number of videos, to the cent', () => {
    expect(totalOf([video(0.1, 3)])).toEqual({ usd: 0.3, ...STAND });
    expect(totalOf([video(0.1), character(0.2)])).toEqual({ usd: 0.3, ...STAND });
  });

  it.each([
    ['openai', 'sora-2', WIDE, 0.4],
    ['openai', 'sora-2-pro', { width: 1024, height: 1792 }, 2],
    ['openai', 'sora-2-pro', { width: 1920, height: 1080 }, 2.8],
    ['wavespeed', 'bytedance/seedance-2.0/text-to-video', WIDE, 0.96],
    ['wavespeed', 'bytedance/seedance-2.5/text-to-video', WIDE, 2.16],
    ['fal', 'bytedance/seedance-2.0/reference-to-video', WIDE, 1.086],
    ['fal', 'bytedance/seedance-2.5/reference-to-video', WIDE, 1.7028],
    // At least twice the seconds that come out.
    ['fal', 'kling/v4/reference-to-video', WIDE, 0.752],
  ] as const)('of 4 s at %s with %s comes from its table', async (provider, model, size, usd) => {
    const facts = await PROVIDERS[provider].models();
    expect(costFromPriceTable({ facts, model, size, seconds: 4, clipSeconds: 2 })?.usd).toBe(usd);
  });
});

describe('an amount', () => {
  it.each([
    [0, '$0.00'],
    [1.2, '$1.20'],
    [12, '$12.00'],
    [0.001, '$0.001'],
    [0.3024, '$0.3024'],
    [0.00001, 'below $0.0001'],
  ])('of %f is %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });
});

describe('the costs of jobs', () => {
  const job = (cost?: Job['cost'], fields: JobFields = {}): Job =>
    sampleJob('job_0mi8ovgg0000000', { remoteId: 'video_1', ...(cost && { cost }), ...fields });
  const refused: JobFields = { status: 'failed' };
  const never = job({ estimateUsd: 5, ...STAND }, { ...refused, remoteId: undefined });

  it.each<[string, Job]>([
    ['~$0.40', job({ estimateUsd: 0.4, ...STAND })],
    ['$0.35', job({ estimateUsd: 0.4, actualUsd: 0.35, ...STAND })],
    ['$0.00', job({ estimateUsd: 0.4, actualUsd: 0, ...STAND }, refused)],
    ['~$0.40', job({ estimateUsd: 0.4, ...STAND }, refused)],
    ['unknown', job()],
    ['-', never],
  ])('reads %s: %#', (text, one) => {
    expect(formatJobCost(one)).toBe(text);
  });

  it.each([
    ['~$0.003', [{ estimateUsd: 0.001 }, { estimateUsd: 0.002 }]],
    ['~$0.001 and 2 at an unknown price', [{ estimateUsd: 0.001 }, {}, {}]],
    ['unknown', [{}, {}]],
  ])('of registrations reads %s', (text, costs) => {
    expect(formatPaid(costs)).toBe(text);
  });

  it('are summed, each job once: as told, else as estimated, else as unknown', () => {
    const jobs = [
      job({ estimateUsd: 0.1 }),
      job({ estimateUsd: 0.2 }),
      job({ estimateUsd: 0.9 }),
      job({ estimateUsd: 9, actualUsd: 0.4 }),
      job(),
      job({}),
      never,
    ];
    expect(describeCosts(jobs)).toBe('Estimated: $1.20; reported by hosts: $0.40; unknown: 2 jobs');
  });

  it('leave out what there is none of', () => {
    expect(describeCosts([job()])).toBe('Unknown: 1 job');
    expect(describeCosts([job({ actualUsd: 2 })])).toBe('Reported by hosts: $2.00');
    expect(describeCosts([never])).toBeUndefined();
    expect(describeCosts([])).toBeUndefined();
  });
});
