import { expect, it } from 'vitest';
import { keepLastWords, sayLastWords } from '../src/last-words.ts';

it('what was listed is said at the end, unless it was taken back', () => {
  const said: string[] = [];
  const forget = keepLastWords(() => said.push('one'));
  const keep = keepLastWords(() => said.push('two'));
  forget();
  sayLastWords();
  expect(said).toEqual(['two']);
  keep();
});
