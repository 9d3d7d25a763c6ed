import { describe, expect, it } from 'vitest';
import {
  clean,
  formatBytes,
  listOf,
  nearest,
  nearestPart,
  oneLine,
  partOf,
  safeJson,
  shellCommand,
  shellOption,
  shellPhrase,
  shellQuote,
  trimEnd,
} from '../../src/shared/text.ts';

describe('partOf', () => {
  it.each([
    [1, 1, 'The only scene'],
    [1, 3, '1 of 3 scenes'],
    [2, 2, '2 of 2 scenes'],
  ])('calls %i of %i scenes: %s', (count, all, text) => {
    expect(partOf(count, all, 'scene')).toBe(text);
  });
});

describe('clean', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Jb', 'a[2Jb'],
    ['a title change', 'a\u001b]0;owned\u0007b', 'a]0;ownedb'],
    ['a C1 control', 'a\u009b31mb', 'a31mb'],
    ['a bidi override', 'a\u202egpj.exe', 'agpj.exe'],
    ['a carriage return', 'safe\rrm -rf', 'safe\nrm -rf'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ])('removes %s', (_title, text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it('keeps what people write', () => {
    expect(clean('Zoë 李雷 🦊\tand\nmore')).toBe('Zoë 李雷 🦊\tand\nmore');
  });
});

describe('oneLine', () => {
  it('folds white space and bounds the length', () => {
    expect(oneLine(' a\n\n b\tc ')).toBe('a b c');
    expect(oneLine('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(9)}…`);
    expect([...oneLine('🦊'.repeat(50), 10)]).toHaveLength(10);
  });
});

describe('safeJson', () => {
  it('is valid JSON without anything a terminal acts on', () => {
    const value = { text: 'a\u001b[31m\u009b\u202e\u2028\u007f' };
    const json = safeJson(value);
    expect(JSON.parse(json)).toEqual(value);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
  });
});

it.each([
  [[], ''],
  [['Joe'], 'Joe'],
  [['Joe', 'Mia'], 'Joe and Mia'],
  [['Joe', 'Mia', 'Zoë'], 'Joe, Mia and Zoë'],
])('listOf %j is %j', (items, expected) => {
  expect(listOf(items)).toBe(expected);
});

it.each([
  ['opnai', ['openai', 'sandbox'], 'openai'],
  ['joe', ['Joe', 'Mia'], 'Joe'],
  ['zzz', ['Joe', 'Mia'], undefined],
  // The nearest of several, wherever it stands; of two as near, the first.
  ['status', ['stats', 'status', 'statue'], 'status'],
  ['statu', ['states', 'status'], 'status'],
  ['statu', ['status', 'states'], 'status'],
  ['statuz', ['statue', 'status'], 'statue'],
  // A third of its letters may be others, and one of a short name.
  ['xbcdef', ['abcdef'], 'abcdef'],
  ['xycdef', ['abcdef'], 'abcdef'],
  ['xyzdef', ['abcdef'], undefined],
  ['abcdefgh', ['abcdef'], 'abcdef'],
  ['abcdefghi', ['abcdef'], undefined],
  ['m', ['mi'], 'mi'],
  ['xx', ['mi'], undefined],
])('nearest to %s in %j is %s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});

it.each([
  ['veo3', 'fal-ai/veo3.1/video'],
  ['KLING', 'kling/v4/video'],
  ['kling/v4/vide', 'kling/v4/video'],
  ['v4', undefined],
  ['nobody/there', undefined],
])('%s, where parts of names are meant, is %s', (word, expected) => {
  expect(nearestPart(word, ['fal-ai/veo3.1/video', 'kling/v4/video'])).toBe(expected);
});

it.each([
  ['a//', 'a'],
  ['//', ''],
  ['/a', '/a'],
])('trimEnd of %j without its slashes is %j', (text, expected) => {
  expect(trimEnd(text, '/')).toBe(expected);
});

it.each([
  ['plain', 'plain'],
  ['two words', "'two words'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
  ['$(rm)', "'$(rm)'"],
])('shellQuote(%j) is %s', (word, expected) => {
  expect(shellQuote(word)).toBe(expected);
});

it.each([
  ['Joe waves at the sea.', '"Joe waves at the sea."'],
  ["Joe's cat", '"Joe\'s cat"'],
  ['$(rm) `rm`', "'$(rm) `rm`'"],
  ['so "he" says', `'so "he" says'`],
  ['wow!', "'wow!'"],
  ['a\\', "'a'\\\\''"],
  ['one\ntwo', "$'one\\ntwo'"],
])('shellPhrase(%j) is %s', (words, expected) => {
  expect(shellPhrase(words)).toBe(expected);
});

it.each([
  ['Joe', '--name Joe'],
  ['-', '--name -'],
  ['-q', '--name=-q'],
  ['--json', '--name=--json'],
  ['-Joe Smith', "--name='-Joe Smith'"],
])('shellOption of %j is %s', (word, expected) => {
  expect(shellOption('name', shellQuote(word))).toBe(expected);
});

it('shellOption ties a value by the long name', () => {
  expect([shellOption('character', 'Joe'), shellOption('character', '-q')]).toEqual(['-c Joe', '--character=-q']);
});

it.each([
  [['Joe'], 'sora do Joe --yes'],
  [['-'], 'sora do - --yes'],
  [['Mia', '-q'], 'sora do --yes -- Mia -q'],
  [['"-q waves"'], 'sora do --yes -- "-q waves"'],
  [[], 'sora do --yes'],
])('shellCommand with %j is %s', (operands, expected) => {
  expect(shellCommand('sora do', operands, ['--yes'])).toBe(expected);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_999, '1.0 MB'],
  [52_000_000, '52 MB'],
  [2_147_483_648, '2.1 GB'],
])('formatBytes(%i) is %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});
