import { describe, expect, it } from 'vitest';
import { characterIdentity, checkName } from '../../src/characters/names.ts';
import { isSoraError } from '../../src/shared/errors.ts';

describe('checkName', () => {
  it.each([
    ['Joe', 'Joe'],
    ['  Joe Smith\t', 'Joe Smith'],
    ['Zoe\u0308', 'Zo\u00eb'],
    ['李雷', '李雷'],
    ['J. R. "Bob"', 'J. R. "Bob"'],
    ['$&', '$&'],
    ['👩‍🚀', '👩‍🚀'],
    ['😀'.repeat(80), '😀'.repeat(80)],
    ['e\u0301'.repeat(80), 'é'.repeat(80)],
    ['../../etc/passwd', '../../etc/passwd'],
    ['__proto__', '__proto__'],
  ])('keeps %j as %j', (text, name) => {
    expect(checkName(text)).toBe(name);
  });

  it.each([
    ['', 'visible'],
    [' \u00a0\n', 'visible'],
    ['\u200b', 'visible'],
    ['\u{e0041}', 'visible'],
    ['x'.repeat(81), '81'],
    ['😀'.repeat(81), '81'],
    ['Joe\nSmith', 'control'],
    ['Joe\u0000', 'control'],
    ['Joe\u0085x', 'control'],
    ['Joe\u2028x', 'control'],
    ['Joe\u202eeoJ', 'direction'],
    ['a\u2066b', 'direction'],
    ['a\u061cb', 'direction'],
    ['Joe\ud800', 'surrogate'],
    ['\udc00Joe', 'surrogate'],
  ])('refuses %j', (text, word) => {
    expect(() => checkName(text)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(word) }),
    );
  });

  it('P6: names every problem at once', () => {
    try {
      checkName(`${'x'.repeat(81)}\u0007\u202e`);
      expect.unreachable();
    } catch (error) {
      expect(isSoraError(error, 'usage') && error.problems.length).toBe(3);
    }
  });
});

describe('characterIdentity', () => {
  it.each([
    ['Joe', 'JOE'],
    ['Zoë', 'ZOE\u0308'],
    ['Straße', 'STRASSE'],
    ['ẞ', 'ss'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδος', 'οδοσ'],
    ['ﬁn', 'FIN'],
    ['Ǆ', 'ǆ'],
    ['ǅ', 'ǆ'],
    ['\u212aim', 'kim'],
    ['ᏸ', 'Ᏸ'],
  ])('is the same for %s and %s', (a, b) => {
    expect(characterIdentity(a)).toBe(characterIdentity(b));
  });

  it.each([
    ['Joe', 'Joey'],
    ['Zoë', 'Zoe'],
    ['A', 'А'],
    ['Joe Smith', 'Joe  Smith'],
  ])('differs for %s and %s', (a, b) => {
    expect(characterIdentity(a)).not.toBe(characterIdentity(b));
  });

  it('is the same for both cases of every letter', () => {
    const different: string[] = [];
    for (let point = 0; point < 0x1_f000; point += 1) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const letter = String.fromCodePoint(point);
      const identity = characterIdentity(letter);
      for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
        if (other !== letter && characterIdentity(other) !== identity) different.push(letter);
      }
      if (characterIdentity(identity) !== identity) different.push(identity);
    }
    expect(different).toEqual([]);
  });
});
