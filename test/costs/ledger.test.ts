import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foldCosts, openCostLedger } from '../../src/costs/ledger.ts';
import type { CostEntry } from '../../src/costs/spending.ts';
import { tempFolder } from '../helpers/temp.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const cost = (id: string, fields: Partial<CostEntry> = {}): CostEntry => ({
  ...{ id, at: new Date(NOW).toISOString(), what: 'video', provider: 'openai' },
  ...{ baseUrl: 'https://gateway.example/v1', characters: ['Joe'], tags: [], estimateUsd: 0.4 },
  ...fields,
});
const budget = { usd: 1, perDay: true, tags: [] };

async function openLedger() {
  const path = join(await tempFolder(), 'state/costs.jsonl');
  return { path, ledger: openCostLedger(path, { now: () => NOW }) };
}

describe('the ledger', () => {
  it('makes nothing before something is paid for', async () => {
    const { path, ledger } = await openLedger();
    expect(await ledger.entries()).toEqual([]);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is appended to, and readable by its owner only', async () => {
    const { path, ledger } = await openLedger();
    await ledger.reserve(cost('a'), {});
    const before = await readFile(path, 'utf8');
    await ledger.reserve(cost('b', { tags: ['night'] }), {});
    await ledger.correct(new Map([['a', { actualUsd: 0.5 }]]));
    expect((await readFile(path, 'utf8')).startsWith(before)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ledger.entries()).toEqual([cost('a', { actualUsd: 0.5 }), cost('b', { tags: ['night'] })]);
  });

  it('counts what the host expects of a job in the place of what was expected before, and what it charged before both', async () => {
    const { ledger } = await openLedger();
    for (const id of ['a', 'b']) await ledger.reserve(cost(id), {});
    await ledger.correct(new Map([['a', { estimateUsd: 1.44 }]]));
    await ledger.correct(new Map([['b', { actualUsd: 0 }]]));
    await ledger.correct(new Map([['b', { estimateUsd: 1.44 }]]));
    expect(await ledger.entries()).toEqual([
      cost('a', { estimateUsd: 1.44 }),
      cost('b', { estimateUsd: 1.44, actualUsd: 0 }),
    ]);
  });

  it('holds a budget for requests at once: each is written down before it leaves', async () => {
    const { path } = await openLedger();
    const asked = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((id) => openCostLedger(path, { now: () => NOW }).reserve(cost(id), { budget })),
    );
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(await openCostLedger(path, { now: () => NOW }).entries()).toHaveLength(2);
  });

  it('counts what the records of jobs say, too', async () => {
    const known = async (entries: readonly CostEntry[]) => [...entries, cost('old', { actualUsd: 0.9 })];
    const ledger = openCostLedger(join(await tempFolder(), 'costs.jsonl'), { now: () => NOW, known });
    await expect(ledger.reserve(cost('a'), { budget })).rejects.toMatchObject({ code: 'budget' });
    expect(await ledger.entries()).toEqual([]);
  });

  it('reads on behind a line that was cut off, and behind what it does not know', async () => {
    const { path, ledger } = await openLedger();
    await ledger.reserve(cost('a'), {});
    await appendFile(path, `{"v":1,"id":"x","note":"of a later version"}\n{"v":1,"at":"2026-`);
    await ledger.reserve(cost('b'), {});
    expect((await ledger.entries()).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('is not read past a line that is damaged: a budget would count less than was spent', async () => {
    const { path, ledger } = await openLedger();
    await ledger.reserve(cost('a'), {});
    await appendFile(path, `{${await readFile(path, 'utf8')}`);
    await expect(ledger.reserve(cost('b'), { budget })).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining('is damaged in line 2') },
    });
  });

  it('of a newer version is refused: what was spent is not known', async () => {
    const { path, ledger } = await openLedger();
    await ledger.reserve(cost('a'), {});
    await writeFile(path, '{"v":2,"id":"x"}\n');
    await expect(ledger.entries()).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('newer'),
    });
  });

  it('keeps what a pruned record knew', async () => {
    const { ledger } = await openLedger();
    await ledger.add([cost('a', { actualUsd: 0 }), cost('b', { refused: true })]);
    expect(await ledger.entries()).toEqual([cost('a', { actualUsd: 0 }), cost('b', { refused: true })]);
  });

  it('is added to in whole lines, however many, while others reserve', async () => {
    const { path, ledger } = await openLedger();
    const many = Array.from({ length: 6000 }, (_, index) => cost(`old_${index}`, { actualUsd: 0 }));
    await Promise.all([
      ledger.add(many),
      ...['a', 'b', 'c'].map((id) => ledger.reserve(cost(id), { budget: { ...budget, usd: 9 } })),
    ]);
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(12_003);
    expect(() => lines.map((line) => JSON.parse(line))).not.toThrow();
    expect((await stat(path)).size).toBeGreaterThan(1_000_000);
  });

  it('says the same in whatever order its lines were merged', () => {
    const lines = [
      { v: 1, ...cost('a') },
      { v: 1, at: 'x', id: 'a', actualUsd: 0.2 },
    ];
    expect(foldCosts(lines.toReversed())).toEqual(foldCosts(lines));
  });
});
