import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/journal/journal.ts';
import type { Asked } from '../../src/journal/lines.ts';
import type { JournalOwner } from '../../src/journal/names.ts';
import { tempFolder } from '../helpers/temp.ts';
import { asked, done, FP, KEY, KEY_2, KEY_3, OTHER_FP, sent } from './samples.ts';

const at = async (owner: JournalOwner = {}, file?: string) => {
  const path = file ?? join(await tempFolder(), 'p.jsonl');
  return { file: path, journal: openJournal(path, { ...owner, now: () => 0 }) };
};

describe('a journal on the disk', () => {
  it('is what was appended, by whoever reads it', async () => {
    const { file, journal } = await at();
    const lines = [asked(), sent(), done()];
    for (const line of lines) await journal.append(line);
    expect((await journal.read()).lines).toEqual(lines);
    expect((await (await at({}, file)).journal.read()).lines).toEqual(lines);
  });

  it('is read on from where it was, and anew where it was written anew', async () => {
    const { journal } = await at();
    await journal.append(asked());
    expect((await journal.read()).lines).toHaveLength(1);
    await journal.append(sent());
    expect((await journal.read()).lines.map(({ line }) => line)).toEqual(['asked', 'sent']);
    const other = `${journal.path}.new`;
    await writeFile(other, `${JSON.stringify(asked(KEY_2, { scene: 'ö' }))}\n`);
    await rename(other, journal.path);
    expect((await journal.read()).lines.map(({ key }) => key)).toEqual([KEY_2]);
    await journal.append(sent(KEY_2));
    expect((await journal.read()).lines.map(({ line }) => line)).toEqual(['asked', 'sent']);
    // In place, as some editors do, and longer than before.
    const text = await readFile(journal.path, 'utf8');
    await writeFile(journal.path, `${JSON.stringify(asked())}\n${text}`);
    expect((await journal.read()).lines.map(({ key }) => key)).toEqual([KEY, KEY_2, KEY_2]);
  });

  it('gives each journal as one list that grows, so that what is new of it is known', async () => {
    const { file, journal } = await at();
    await journal.append(asked());
    const [before] = (await journal.read()).parts;
    await journal.append(sent());
    const reading = await journal.read();
    expect(reading.parts[0]?.lines).toBe(before?.lines);
    expect([before?.count, reading.parts[0]?.count]).toEqual([1, 2]);
    await writeFile(`${file}.journal.ci.jsonl`, JSON.stringify(asked(KEY_2)));
    expect(await journal.read()).toMatchObject({ rest: [{ key: KEY_2 }], lines: { length: 3 } });
  });

  it('[torn] begins a line of its own behind one that a killed process did not finish', async () => {
    const { journal } = await at();
    await journal.append(asked());
    await appendFile(journal.path, JSON.stringify(sent()).slice(0, 50));
    expect((await journal.read()).torn).toEqual([`${journal.path}:2`]);
    await journal.append(done());
    const { lines, torn } = await journal.read();
    expect(lines.map(({ line }) => line)).toEqual(['asked', 'done']);
    expect(torn).toEqual([`${journal.path}:2`]);
  });

  it('that cannot be written says what helps beside a file of the user’s, which is no other home', async () => {
    const { file, journal } = await at();
    await writeFile(`${file}.journal.lock`, '');
    await mkdir(journal.path);
    for (const work of [() => journal.exclusively(async () => {}), () => journal.append(asked())]) {
      const error: unknown = await work().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'machine', message: expect.stringContaining(file) });
      expect(error).toMatchObject({ hint: expect.stringMatching(/^Move that f/) });
    }
  });

  it('counts a last line that an editor left without its end', async () => {
    const { journal } = await at();
    await writeFile(journal.path, JSON.stringify(asked()));
    expect(await journal.read()).toMatchObject({ lines: [{ line: 'asked' }], torn: [] });
  });

  it.each([
    ['conflict markers', `<<<<<<< HEAD\n`],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n'],
  ])('that has %s stops everything', async (_what, text) => {
    const { journal } = await at();
    await writeFile(journal.path, text);
    await expect(journal.read()).rejects.toMatchObject({ code: 'machine' });
    await expect(journal.claim(async () => asked())).rejects.toMatchObject({ code: 'machine' });
  });

  it('[ci] is read together with those of other names and of shards', async () => {
    const { file, journal } = await at({ name: 'ci' });
    const { journal: shard } = await at({ shard: { index: 2, count: 3 } }, file);
    await journal.append(asked());
    await shard.append(sent());
    expect((await shard.read()).lines.map(({ line }) => line).toSorted()).toEqual(['asked', 'sent']);
    expect(journal.path).not.toBe(shard.path);
  });
});

describe('a claim', () => {
  it('is on the disk before anything can be sent', async () => {
    const { journal } = await at();
    const line = asked();
    expect(await journal.claim(async () => line)).toEqual(line);
    expect(await readFile(journal.path, 'utf8')).toBe(`${JSON.stringify(line)}\n`);
  });

  it('is not made where the lines say that nothing is wanted', async () => {
    const { journal } = await at();
    await journal.append(asked());
    const decide = async ({ lines }: { lines: readonly unknown[] }): Promise<Asked | undefined> =>
      lines.length > 0 ? undefined : asked(KEY_2);
    expect(await journal.claim(decide)).toBeUndefined();
    expect((await journal.read()).lines).toHaveLength(1);
  });

  it('[bShards, stolen] is taken back when another journal has the same request that was not there before', async () => {
    const { file, journal } = await at();
    const { journal: shard } = await at({ shard: { index: 1, count: 3 } }, file);
    const claimed = await journal.claim(async () => {
      // Another machine, whose lock this one does not see.
      await shard.append(asked(KEY_2));
      return asked();
    });
    expect(claimed).toBe('taken');
    expect((await journal.read()).lines).toContainEqual(
      expect.objectContaining({ key: KEY, line: 'failed', made: 'no', why: 'taken back' }),
    );
  });

  it('is kept when what came meanwhile is another request, or was there before', async () => {
    const { file, journal } = await at();
    const { journal: shard } = await at({ name: 'ci' }, file);
    await shard.append(asked(KEY_2));
    const claimed = await journal.claim(async () => {
      await shard.append(asked(KEY_3, { fp: OTHER_FP }));
      return asked();
    });
    expect(claimed).toMatchObject({ key: KEY });
  });

  it('lets one process at a time decide', async () => {
    const { file, journal } = await at();
    const { journal: other } = await at({ name: 'ci' }, file);
    const one = (from: typeof journal, key: string) =>
      from.claim(async ({ lines }) => (lines.length > 0 ? undefined : asked(key)));
    const claimed = await Promise.all([one(journal, KEY), one(other, KEY_2), one(journal, KEY_3)]);
    expect(claimed.filter(Boolean)).toHaveLength(1);
  });
});

describe('[copied] journals of other files beside it', () => {
  it('are searched for the same requests', async () => {
    const { file, journal } = await at();
    const other = join(file, '..', 'old.jsonl');
    await (await at({}, other)).journal.append(asked(), sent());
    expect(await journal.findElsewhere(new Set([FP]))).toMatchObject([
      { file: other, journal: `${other}.journal.jsonl`, fp: FP },
    ]);
    expect(await journal.findElsewhere(new Set([OTHER_FP]))).toEqual([]);
  });
});
