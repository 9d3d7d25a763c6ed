import { describe, expect, it } from 'vitest';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { createIdShortener, shownIds } from '../../../src/videos/jobs/short-id.ts';
import { START } from '../../helpers/runtime.ts';

const idAt = (ms: number, random = 0.5): string => newJobId(START + ms, () => random);

describe('the id that a terminal shows', () => {
  it.each<[string, readonly string[], number]>([
    ['of the only job', [idAt(0)], 11],
    ['of jobs a minute apart', [idAt(0), idAt(60_000), idAt(120_000)], 11],
    ['of two of one millisecond', [idAt(0, 0.1), idAt(0, 0.9)], 14],
    ['of an older one that shares more with it than a newer one', [idAt(0, 0.1), idAt(0, 0.9), idAt(60_000)], 14],
  ])('%s is its beginning, which no other job has', (_, ids, length) => {
    const [first = ''] = ids;
    const shown = createIdShortener(ids)(first);
    expect(shown).toBe(first.slice(0, length));
    expect(ids.filter((id) => id.startsWith(shown))).toEqual([first]);
  });

  it('names that job alone whatever is made two seconds later', () => {
    const shown = createIdShortener([idAt(0)])(idAt(0));
    expect(idAt(2000).startsWith(shown)).toBe(false);
  });

  it('is whole in a pipe, and of a record that was removed still told apart from those that are there', async () => {
    const [kept, removed] = [idAt(0, 0.1), idAt(0, 0.9)];
    const jobs = async () => ({ ids: async () => [kept] });
    expect((await shownIds(jobs, { isTTY: false }, [removed]))(removed)).toBe(removed);
    expect((await shownIds(jobs, { isTTY: true }, [removed]))(removed)).toBe(removed.slice(0, 14));
  });
});
