import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bashWord, readTypedLine } from '../../src/completion/bash-line.ts';

describe('a typed line', () => {
  it.each([
    ['sora video wa', ['sora', 'video'], { text: 'wa', raw: 'wa', quote: '' }],
    ['sora video ', ['sora', 'video'], { text: '', raw: '', quote: '' }],
    ['sora  show Mia\\ W', ['sora', 'show'], { text: 'Mia W', raw: 'Mia\\ W', quote: '' }],
    ['sora show "Mia W', ['sora', 'show'], { text: 'Mia W', raw: '"Mia W', quote: '"' }],
    ["sora show 'Mia W", ['sora', 'show'], { text: 'Mia W', raw: "'Mia W", quote: "'" }],
    ['sora show "a\\"b\\c" x', ['sora', 'show', 'a"b\\c'], { text: 'x', raw: 'x', quote: '' }],
    ["sora show 'a\\' ", ['sora', 'show', 'a\\'], { text: '', raw: '', quote: '' }],
    ['sora show "" ', ['sora', 'show', ''], { text: '', raw: '', quote: '' }],
    ["sora show Joe\\'s'x", ['sora', 'show'], { text: "Joe'sx", raw: "Joe\\'s'x", quote: "'" }],
    ['sora show a\\', ['sora', 'show'], { text: 'a', raw: 'a\\', quote: '' }],
    ['A=1 B= sora show ', ['sora', 'show'], { text: '', raw: '', quote: '' }],
  ])('%s', (line, words, current) => {
    expect(readTypedLine(line)).toEqual({ words, current });
  });
});

describe('a word for bash', () => {
  const NASTY = [
    'plain',
    'two words',
    `Joe's "Boss" $x`,
    'a`b`\\c',
    '~x',
    '!x',
    '(a|b)&;<>*?[x]{y}#',
    '李雷🦊',
    'tab\there',
  ];

  it.each(['', "'", '"'] as const)('is read back as it was, inside of %j', (quote) => {
    const words = NASTY.map((word) => `${quote}${bashWord(word, quote)}${quote}`);
    const read = execFileSync('bash', ['-c', `printf '%s\\n' ${words.join(' ')}`], { encoding: 'utf8' });
    expect(read.trimEnd().split('\n')).toEqual(NASTY);
  });

  it('stays readable in every script', () => {
    expect(bashWord('みあ ちゃん', '')).toBe('みあ\\ ちゃん');
  });
});
