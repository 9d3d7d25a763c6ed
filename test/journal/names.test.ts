import { describe, expect, it } from 'vitest';
import { fileNameOf, fileOfJournal, isInShard, isJournalOf, journalPath } from '../../src/journal/names.ts';
import { isJournalName } from '../../src/shared/journal-name.ts';

describe('the name of a file made from an id', () => {
  it.each([
    ['sea', 'sea'],
    ['scene-12_b', 'scene-12_b'],
    ['S01', 's01'],
    ['Zoë', 'zoë'],
    ['Zoe\u0308', 'zoë'],
    ['海', '海'],
    ['a b', /^a-b-[0-9a-f]{6}$/],
    ['../../etc/passwd', /^etc-passwd-[0-9a-f]{6}$/],
    ['con', /^_con-[0-9a-f]{6}$/],
    ['COM1.x', /^_com1.x-[0-9a-f]{6}$/],
    ['.hidden', /^hidden-[0-9a-f]{6}$/],
    ['-rf', /^rf-[0-9a-f]{6}$/],
    ['x.', /^x-[0-9a-f]{6}$/],
    ['%03d', /^03d-[0-9a-f]{6}$/],
    ['***', /^line-[0-9a-f]{6}$/],
    ['a\nb', /^a-b-[0-9a-f]{6}$/],
    ['x'.repeat(41), /^x{33}-[0-9a-f]{6}$/],
    ['海'.repeat(20), /^海{11}-[0-9a-f]{6}$/],
  ])('%j', (id, name) => {
    if (typeof name === 'string') expect(fileNameOf(id)).toBe(name);
    else expect(fileNameOf(id)).toMatch(name);
    expect(Buffer.byteLength(fileNameOf(id))).toBeLessThanOrEqual(40);
  });

  it('has digits of the id where another id has the same name', () => {
    const [a, b] = ['S01', 's01'].map((id) => fileNameOf(id, () => true));
    expect(a).toMatch(/^s01-[0-9a-f]{6}$/);
    expect(a).not.toBe(b);
  });
});

describe('a journal', () => {
  it('lies beside its file, under a name for everybody, for CI and for each shard', () => {
    expect(journalPath('/w/p.jsonl')).toBe('/w/p.jsonl.journal.jsonl');
    expect(journalPath('/w/p.jsonl', { name: 'ci' })).toBe('/w/p.jsonl.journal.ci.jsonl');
    expect(journalPath('/w/p.jsonl', { shard: { index: 1, count: 3 } })).toBe('/w/p.jsonl.journal.1of3.jsonl');
    expect(journalPath('/w/p.jsonl', { name: 'ci', shard: { index: 1, count: 3 } })).toBe(
      '/w/p.jsonl.journal.ci.1of3.jsonl',
    );
  });

  it('is told from a batch, and from the journal of another file, by its name', () => {
    expect(isJournalName('/w/p.jsonl.journal.ci.1of3.jsonl')).toBe(true);
    expect(isJournalName('/w/RAIN.MD.JOURNAL.CI.JSONL')).toBe(true);
    expect(isJournalName('/w/journal.jsonl')).toBe(false);
    expect(isJournalOf('p.jsonl.journal.ci.jsonl', '/w/p.jsonl')).toBe(true);
    expect(isJournalOf('p2.jsonl.journal.jsonl', '/w/p.jsonl')).toBe(false);
  });

  it('is of a file that has such a name itself', () => {
    const owners = [
      {},
      { name: 'ci' },
      { shard: { index: 1, count: 3 } },
      { name: 'ci', shard: { index: 1, count: 3 } },
    ];
    for (const owner of owners) {
      const path = journalPath('/w.journal.d/trip.journal.csv', owner);
      expect(fileOfJournal(path)).toBe('/w.journal.d/trip.journal.csv');
      expect(isJournalOf(path.slice('/w.journal.d/'.length), 'trip.journal.csv')).toBe(true);
      expect(isJournalOf(path.slice('/w.journal.d/'.length), 'trip')).toBe(false);
    }
  });
});

describe('a shard', () => {
  it('has each id once, whatever their number', () => {
    const ids = Array.from({ length: 200 }, (_, index) => `line-${index}`);
    for (const count of [1, 3, 7]) {
      const shards = Array.from({ length: count }, (_, index) => ({ index: index + 1, count }));
      for (const id of ids) expect(shards.filter((shard) => isInShard(id, shard))).toHaveLength(1);
      for (const shard of shards) expect(ids.some((id) => isInShard(id, shard))).toBe(true);
    }
    expect(isInShard('a', undefined)).toBe(true);
  });
});
