import { describe, expect, it } from 'vitest';
import { choicesOf, type FilmVersion } from '../../src/journal/choices.ts';
import type { Pick } from '../../src/journal/lines.ts';

/** Takes by the words that they were made for. */
const MADE: Readonly<Record<string, string>> = { wide1: 'wide', wide2: 'wide', tall1: 'tall', red1: 'red' };

interface Told {
  readonly key: string;
  readonly take: string;
  /** Absent in lines of earlier versions. */
  readonly words?: string;
  readonly variant?: string;
  readonly after?: readonly string[];
  readonly at?: number;
}

const pickOf = ({ key, take, after = [], at = 0, ...rest }: Told): Pick => ({
  ...{ v: 1, at: new Date(at * 1000).toISOString(), line: 'pick', scene: 'harbour', key, sha256: take, after, ...rest },
});

const P1 = { key: 'p1', take: 'wide1', words: 'wide' };
const P2 = { key: 'p2', take: 'tall1', words: 'tall', variant: 'tall', after: ['p1'], at: 1 };

describe('the pick that counts for the words of a scene', () => {
  it.each<[string, readonly Told[], Partial<FilmVersion> & { words: string }, string | undefined | 'twice']>([
    ['is the one that was made for them', [P1, P2], { words: 'wide' }, 'wide1'],
    ['is never moved by one of another variant', [P1, P2], { words: 'tall', variant: 'tall' }, 'tall1'],
    [
      'is the newest of those for them, whatever was picked for others in between',
      [P1, P2, { key: 'p3', take: 'wide2', words: 'wide', after: ['p2'], at: 2 }],
      { words: 'wide' },
      'wide2',
    ],
    [
      'is of whatever take a person has said, also of other words',
      [P1, { ...P2, take: 'wide1' }],
      { words: 'tall' },
      'wide1',
    ],
    [
      'is that of the same variant in other words, while there is none',
      [P1, P2],
      { words: 'tall, but red', variant: 'tall' },
      'tall1',
    ],
    ['is that of no variant, too', [P1, P2], { words: 'wide, but red' }, 'wide1'],
    ['is the newest of any, where the variant has none', [P1, P2], { words: 'Regen', variant: 'de' }, 'tall1'],
    [
      'is taken away by none of these words',
      [P1, P2, { key: 'n', take: 'none', words: 'tall', variant: 'tall', after: ['p2'], at: 2 }],
      { words: 'tall', variant: 'tall' },
      undefined,
    ],
    [
      'is not taken away by none of other words',
      [P1, P2, { key: 'n', take: 'none', words: 'tall', variant: 'tall', after: ['p2'], at: 2 }],
      { words: 'wide' },
      'wide1',
    ],
    [
      'contradicts one that does not know of it and is for the same words',
      [P1, { key: 'q1', take: 'wide2', words: 'wide' }],
      { words: 'wide' },
      'twice',
    ],
    ['contradicts none for other words', [P1, { ...P2, after: [] }], { words: 'wide' }, 'wide1'],
    [
      'does not contradict itself, made in two clones',
      [P1, { key: 'q1', take: 'wide1', words: 'wide' }],
      { words: 'wide' },
      'wide1',
    ],
    [
      'is known by its take, in lines that do not say for what they are',
      [
        { key: 'p1', take: 'wide1' },
        { key: 'p2', take: 'tall1', after: ['p1'], at: 1 },
      ],
      { words: 'wide' },
      'wide1',
    ],
    [
      'is taken away by such a line for all words',
      [P1, { key: 'n', take: 'none', after: ['p1'], at: 1 }],
      { words: 'wide' },
      undefined,
    ],
    [
      'protects for all words where nobody knows its take',
      [P1, { key: 'lost', take: 'lost', after: ['p1'], at: 1 }],
      { words: 'wide' },
      'lost',
    ],
  ])('%s', (_, lines, by, expected) => {
    for (const order of [lines, lines.toReversed()]) {
      const choice = choicesOf(order.map(pickOf), (_scene, sha256) => MADE[sha256]).of('harbour', by);
      expect(choice.isTwice ? 'twice' : choice.sha256).toBe(expected);
    }
  });

  it('is among those that stand, for whatever words; none of them does once it is replaced', () => {
    const lines = [P1, P2, { key: 'p3', take: 'wide2', words: 'wide', after: ['p2'], at: 2 }].map(pickOf);
    const choices = choicesOf(lines, (_scene, sha256) => MADE[sha256]);
    expect([...choices.standing('harbour')].toSorted()).toEqual(['tall1', 'wide2']);
    expect(choices.latest('harbour')).toEqual(['p3']);
    expect(choices.picked).toEqual(['harbour']);
    const gone = choicesOf([...lines, pickOf({ key: 'n', take: 'none', after: ['p3'], at: 3 })]);
    expect(gone).toMatchObject({ picked: [] });
  });
});
