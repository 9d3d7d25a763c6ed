import { describe, expect, it } from 'vitest';
import { createStateCount } from '../../src/batches/count-states.ts';
import { batchCommand } from '../../src/batches/given-batch.ts';
import { inLineWords } from '../../src/batches/line-words.ts';
import { batchError } from '../../src/batches/outcome.ts';
import type { BatchTotals, LineReport } from '../../src/batches/report.ts';
import { summaryText } from '../../src/batches/write-reports.ts';
import type { SlotState } from '../../src/journal/state.ts';
import { createPace } from '../../src/runs/pace.ts';
import { createQuietReporter } from '../../src/runs/quiet-reporter.ts';
import { createDeadline } from '../../src/shared/deadline.ts';
import { SoraError, worstExit } from '../../src/shared/errors.ts';
import { SILENT } from '../../src/shared/reporter.ts';
import { parseRate } from '../../src/shared/time.ts';
import { createTotalsMeter, totalsText } from '../../src/videos/jobs/totals.ts';

const totals = (more: Partial<BatchTotals> = {}): BatchTotals => ({
  ...{ total: 300, done: 0, running: 0, failed: 0, unknown: 0, waiting: 300, spentUsd: 0 },
  ...more,
});

const lineOf = (id: string, more: Partial<LineReport> = {}): LineReport => ({
  id,
  line: 1,
  state: 'done',
  exit: 0,
  ...more,
});

describe('the line of totals', () => {
  it('has what there is', () => {
    const all = totals({ done: 212, running: 6, failed: 1, spentUsd: 84.8, maxCostUsd: 120 });
    expect(totalsText(all, { low: 720, high: 1080 })).toBe(
      '212 of 300 · 6 running · 1 failed · $84.80 of $120 · 12-18 min',
    );
    expect(totalsText(totals({ unknown: 2 }))).toBe('0 of 300 · 2 unknown');
    expect(totalsText(totals({ spentUsd: 0.4 }))).toBe('0 of 300 · $0.40');
  });

  it('counts lines as they change, and those that are no longer in the file', () => {
    const count = createStateCount(3);
    const steps = ['a open', 'a chosen', 'b open', 'c failed', 'gone unknown'];
    for (const [id = '', state = ''] of steps.map((step) => step.split(' '))) count.set(id, state as SlotState);
    const all = { total: 4, done: 1, running: 1, failed: 1, unknown: 1, waiting: 0, spentUsd: 0.4, maxCostUsd: 1 };
    expect(count.totals({ spentUsd: 0.4, maxCost: 1 })).toEqual(all);
  });

  it('is worth another line after a change of a tenth, or half a minute', () => {
    let now = 0;
    const meter = createTotalsMeter(() => now);
    const due = (done: number, more = {}): string | undefined =>
      meter.due(totals({ done, waiting: 300 - done, ...more }));
    expect(due(0)).toBe('0 of 300');
    expect(due(29)).toBeUndefined();
    expect(due(30)).toMatch(/^30 of 300/);
    now += 29_000;
    expect(due(31)).toBeUndefined();
    now += 2_000;
    expect(due(31)).toMatch(/^31 of 300/);
    now += 31_000;
    expect(due(31)).toMatch(/^31 of 300 · \d+-\d+ min$/);
  });

  it('says how long it will take only once some lines were done', () => {
    let now = 0;
    const meter = createTotalsMeter(() => now);
    meter.text(totals());
    now += 60_000;
    expect(meter.text(totals({ done: 2 }))).toBe('2 of 300');
    // Sixty seconds for thirty: nine minutes for the others.
    expect(meter.text(totals({ done: 30 }))).toBe('30 of 300 · 7-12 min');
    expect(meter.text(totals({ done: 300 }))).toBe('300 of 300');
  });
});

describe('what is said last', () => {
  const words = { name: 'p.jsonl', command: 'sora batch run p.jsonl', status: 'sora batch status p.jsonl' };

  it('is nothing when every line is done', () => {
    expect(batchError({ lines: [lineOf('a')], totals: totals(), exit: 0 }, words)).toBeUndefined();
  });

  it('names each line with its reason, those that only wait last, and one command', () => {
    const lines = [
      lineOf('a', { state: 'missing', exit: 8 }),
      lineOf('b', { line: 2, state: 'failed', exit: 11, why: 'No.' }),
      lineOf('c', { line: 3, state: 'unknown', exit: 7 }),
      lineOf('d', { line: 4 }),
    ];
    const error = batchError({ lines, totals: totals({ total: 4 }), exit: 7 }, words);
    expect(error).toMatchObject({ code: 'ambiguous' });
    expect(error?.message).toBe(
      '3 of 4 lines of p.jsonl are not done:\n- c (line 3): unknown\n- b (line 2): failed: No.\n- a (line 1): missing',
    );
    expect(error?.hint?.split('\n').at(-1)).toBe('Continue with: sora batch run p.jsonl');
    expect(error?.hint).toContain('--resend <id>');
    expect(error?.problems).toHaveLength(3);
  });

  it('has no advice for what the next run sends by itself', () => {
    const failed = { state: 'failed', exit: 10, why: 'No credit.' } as const;
    const hintOf = (more: Partial<LineReport>): string | undefined =>
      batchError({ lines: [lineOf('a', { ...failed, ...more })], totals: totals({ total: 1 }), exit: 10 }, words)?.hint;
    expect(hintOf({ retryable: true })).toBe('Continue with: sora batch run p.jsonl');
    expect(hintOf({})).toContain('--anew <id>');
  });

  it('names twenty of many, and the command that shows all', () => {
    const lines = Array.from({ length: 50 }, (_, index) => lineOf(`n${index}`, { state: 'missing', exit: 8 }));
    const error = batchError({ lines, totals: totals({ total: 50 }), exit: 8 }, words);
    expect(error?.message).toMatch(/- and 30 more: sora batch status p\.jsonl$/);
    expect(error?.message.split('\n')).toHaveLength(22);
  });

  it.each([
    [[0, 8, 7, 12], 12],
    [[8, 7, 9], 7],
    [[8, 9, 11, 10], 9],
    [[5, 11], 11],
    [[10, 5], 10],
    [[5, 4], 5],
    [[6, 8], 6],
    [[2, 12], 2],
    [[0, 0], 0],
  ])('exits by the worst of %j: %i', (exits, exit) => {
    expect(worstExit(exits)).toBe(exit);
  });
});

describe('the command that continues', () => {
  it('says again where, for whom and for how much, quoted', () => {
    const request = {
      ...{
        file: 'my prompts.jsonl',
        output: 'out/{id}.mp4',
        shard: { index: 2, count: 3 },
        journal: 'ci',
        maxCost: 12.5,
      },
      ...{
        allowUnknownCost: true,
        allowUndocumented: false,
        allowOutside: true,
        allowRetired: false,
        allowDrift: true,
      },
    };
    const selection = { provider: 'openai', profile: 'work' };
    expect(batchCommand({ selection }, 'run', { request, words: ['--jobs 2'] })).toBe(
      "sora batch run 'my prompts.jsonl' -o 'out/{id}.mp4' --shard 2/3 --journal ci --max-cost 12.5 --allow-unknown-cost --allow-outside --allow-drift --jobs 2 --provider openai --profile work",
    );
  });
});

describe('a summary', () => {
  it('shows the words of others as words', () => {
    const lines = [
      lineOf('<img src=x>|a', { state: 'failed', exit: 5, why: '[link](http://x) `code`' }),
      lineOf('b', { costUsd: 0.4 }),
    ];
    const text = summaryText(
      { lines, totals: totals({ total: 2, done: 1 }), exit: 5 },
      { name: 'p.jsonl', command: 'sora batch run p.jsonl' },
    );
    expect(text).toContain('# Batch p.jsonl');
    expect(text).not.toMatch(/<img|\[link\]\(|`code`/);
    expect(text.split('\n').filter((line) => line.startsWith('| '))).toHaveLength(4);
    expect(text).toContain('sora batch run p.jsonl');
  });
});

describe('what a batch passes on', () => {
  it('is each warning once, whichever job it is about, and no note', () => {
    const told: string[] = [];
    const say = (text: string): void => void told.push(text);
    const reporter = createQuietReporter(
      { ...SILENT, note: say, warn: say, error: ({ message, hint }) => say(`${message} ${hint}`) },
      inLineWords,
    );
    reporter.note('Job job_000000000000001 is queued.');
    reporter.warn('job_000000000000001: polling failed after 3 s');
    reporter.warn('job_000000000000002: polling failed after 5 s');
    reporter.error(new SoraError('pending', 'Stopped.', { hint: 'sora video wait job_1', jobId: 'job_1' }));
    expect(told).toEqual(['job_000000000000001: polling failed after 3 s', 'Stopped. undefined']);
  });
});

describe('the pace', () => {
  it.each([
    ['2/min', 30_000],
    ['10/s', 100],
    ['100/h', 36_000],
    ['0/s', undefined],
    ['2', undefined],
    ['2/week', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(parseRate(text)).toBe(ms);
  });

  it('spaces requests evenly, and waits longer each time that a host names no time', async () => {
    const sleeps: number[] = [];
    const clock = {
      ms: 1000,
      now: () => clock.ms,
      async sleep(ms: number) {
        sleeps.push(ms);
        clock.ms += ms;
      },
    };
    const pace = createPace(clock, 500);
    const { signal } = new AbortController();
    const turn = (): Promise<void> => pace.turn(createDeadline(clock, 10_000_000), signal);
    await Promise.all([turn(), turn(), turn()]);
    expect(sleeps.splice(0)).toEqual([500, 500]);
    pace.slowDown(undefined);
    await turn();
    pace.slowDown(undefined);
    await turn();
    pace.slowDown(7000);
    await turn();
    pace.speedUp();
    pace.slowDown(undefined);
    await turn();
    expect(sleeps).toEqual([2000, 4000, 7000, 2000]);
  });
});
