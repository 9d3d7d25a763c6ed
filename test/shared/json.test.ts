import { describe, expect, it } from 'vitest';
import { isNestedDeeper, parseBoundedJson } from '../../src/shared/json.ts';

describe('JSON from outside', () => {
  it.each([
    ['lists', '[', '', ']'],
    ['objects', '{"a":', '1', '}'],
    ['lists beside many flat ones', '[[],[],[],', '1', ']'],
  ])('is read to a depth, and refused beyond it: %s', (_title, open, inner, close) => {
    const nested = (levels: number): string => open.repeat(levels) + inner + close.repeat(levels);
    expect(parseBoundedJson(nested(100), 100 + (open.includes('[]') ? 1 : 0))).toBeDefined();
    for (const levels of [102, 200_000]) {
      expect(() => parseBoundedJson(nested(levels), 100)).toThrow(/^it is nested too deeply$/);
    }
  });

  it('is read whatever brackets stand in its texts', () => {
    const texts = ['['.repeat(300), `\\"${'{'.repeat(300)}`, `"${']'.repeat(300)}["`];
    expect(parseBoundedJson(JSON.stringify(texts), 1)).toEqual(texts);
    expect(isNestedDeeper(JSON.stringify([texts]), 1)).toBe(true);
  });

  it('begins with the mark that some editors write, and is quoted in no error', () => {
    expect(parseBoundedJson('\ufeff{"a":1}', 1)).toEqual({ a: 1 });
    expect(() => parseBoundedJson('{"key":"sk-secret', 1)).toThrow(/^it is not valid JSON$/);
  });
});
