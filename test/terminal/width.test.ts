import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { displayWidth, shorten, wrap } from '../../src/terminal/width.ts';

describe('displayWidth', () => {
  it.each([
    ['Joe', 3],
    ['', 0],
    ['李雷', 4],
    ['みあ', 4],
    ['민수', 4],
    ['ｶﾞ', 2],
    ['🦊', 2],
    ['👨‍👩‍👧', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['❤', 1],
    ['Zo\u0065\u0308', 3],
    ['a\u200bb', 2],
    ['ไทย', 3],
  ])('of %s is %i columns, as string-width has it', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
    expect(stringWidth(text)).toBe(columns);
  });
});

it.each(['👨‍👩‍👧', 'e\u0301', '🇩🇪', '각', '🦊a', 'é'])(
  'displayWidth of a long text of %s is that of its parts',
  (part) => {
    // Wherever the text is taken apart, some length lies across it.
    for (let before = 0; before < 4; before++) {
      const text = `${'x'.repeat(before)}${part.repeat(600)}`;
      expect(displayWidth(text)).toBe(before + 600 * displayWidth(part));
      expect(shorten(text, 10)).toBe(shorten(text.slice(0, 400), 10));
    }
  },
);

describe('shorten', () => {
  it.each([
    ['Joe waves.', 10, 'Joe waves.'],
    ['Joe waves.', 9, 'Joe wave…'],
    ['Joe waves.', 5, 'Joe…'],
    ['李雷は海で手を振る', 8, '李雷は…'],
    ['李雷は海で手を振る', 7, '李雷は…'],
    ['🦊🦊🦊', 4, '🦊…'],
    ['👨‍👩‍👧👨‍👩‍👧', 3, '👨‍👩‍👧…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('of %s to %i columns is %s', (text, columns, expected) => {
    expect(shorten(text, columns)).toBe(expected);
    expect(displayWidth(shorten(text, columns))).toBeLessThanOrEqual(columns);
  });
});

it.each([
  ['one two three', 7, '', ['one two', 'three']],
  ['one two three', 9, '  ', ['one two', '  three']],
  ['immeasurable word', 4, '', ['immeasurable', 'word']],
  ['李雷 は 海', 6, '', ['李雷', 'は 海']],
  ['one\ntwo three', 5, '', ['one', 'two', 'three']],
  ['  one two', 5, '', ['  one', '  two']],
  ['ok  a  one two three', 15, '', ['ok  a  one two', '       three']],
  ['- one two', 6, '', ['- one', '  two']],
  ['a long name  one two', 10, '', ['a long', 'name one', 'two']],
  // A command stays whole, so that it can be copied.
  ['Go on: sora video wait job_1', 12, '', ['Go on:', 'sora video wait job_1']],
  ['Go on: sora video list. Then stop here.', 24, '', ['Go on: sora video list.', 'Then stop here.']],
  ["Go on: sora video wait -o 'It is. So  it is.mp4'", 12, '', ['Go on:', "sora video wait -o 'It is. So  it is.mp4'"]],
  ["Do: sora a 'b  c'. Then words that go on.", 40, '', ["Do: sora a 'b  c'. Then words that go", 'on.']],
  ['Go on: SORA_HOME=/a sora video list', 12, '', ['Go on:', 'SORA_HOME=/a sora video list']],
  ['Run `npm ci && npm test`, then wait.', 12, '', ['Run', '`npm ci && npm test`,', 'then wait.']],
  ['a sora is not a command here', 10, '', ['a sora is', 'not a', 'command', 'here']],
  ['', 10, '', ['']],
])('wrap(%j, %i, %j) is %j', (text, columns, indent, lines) => {
  expect(wrap(text, columns, { indent }).split('\n')).toEqual(lines);
});
