import { describe, expect, it } from 'vitest';
import {
  boolean,
  date,
  list,
  mapOf,
  nullable,
  number,
  oneOf,
  optional,
  parseJson,
  positive,
  problemOf,
  recordDecoder,
  refine,
  type Schema,
  sha256,
  shape,
  string,
} from '../../src/disk/schema.ts';

interface Note {
  readonly text: string;
  readonly stars?: number;
}

const NOTE = shape<Note>({ text: string, stars: optional(refine(number, (stars) => stars <= 5, 'is more than five')) });

describe('problemOf', () => {
  it.each<[Schema, unknown, string]>([
    [string, 7, 'it is not text'],
    [boolean, 'yes', 'it is not true or false'],
    [number, '1', 'it is not a number'],
    [number, JSON.parse('1e999'), 'it is not a number'],
    [positive, 0, 'it is not a positive number'],
    [date, 'soon', 'it is not a date'],
    [sha256, '../../etc/passwd', 'it is not a SHA-256'],
    [oneOf<string | number>('a', 1), 'b', 'it is not one of a, 1'],
    [nullable(string), 1, 'it is not text'],
    [NOTE, [], 'it is not an object'],
    [NOTE, null, 'it is not an object'],
    [NOTE, {}, 'text is not text'],
    [NOTE, { text: 'a', stars: 6 }, 'stars is more than five'],
    [NOTE, { text: 'a', stars: null }, 'stars is not a number'],
    [list(NOTE), [{ text: 'a' }, { text: 1 }], '[1].text is not text'],
    [mapOf(NOTE), [], 'it is not an object'],
    [mapOf(NOTE), { a: { text: 1 } }, 'a.text is not text'],
  ])('names the place and what is wrong there: %#', (schema, value, problem) => {
    expect(problemOf(schema, value)).toBe(problem);
    expect(problemOf(schema, value, 'notes')).toMatch(/^notes/);
  });

  it('finds none in what is right, and keeps to the fields it knows', () => {
    for (const note of [{ text: 'a' }, { text: 'a', stars: 5, mood: [] }])
      expect(problemOf(NOTE, note)).toBeUndefined();
    expect(problemOf(mapOf(nullable(string)), { a: null, b: 'c' })).toBeUndefined();
  });

  it('takes nothing from the prototype of an object', () => {
    expect(problemOf(NOTE, JSON.parse('{"__proto__":{"text":"a"}}'))).toBe('text is not text');
    expect(problemOf(shape<{ constructor: string }>({ constructor: string }), {})).toBe('constructor is not text');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('lets no free key be called %s', (key) => {
    expect(problemOf(mapOf(string), JSON.parse(`{"${key}":7}`))).toMatch(/^it has a field with a reserved name/);
  });

  it('shows the name of a place without what would steer a terminal, and not at full length', () => {
    const problem = problemOf(mapOf(string), { [`\u001b[2J${'x'.repeat(1000)}`]: 7 });
    expect(problem).toMatch(/^\[2Jx+… is not text$/);
    expect(problem?.length).toBeLessThan(120);
  });
});

describe('parseJson', () => {
  it.each(['', '{"key":"sk-secret"', '[1,]', 'sk-secret'])(
    'P5: says of %j that it is no JSON, and does not quote it',
    (text) => {
      expect(() => parseJson(text)).toThrow(/^it is not valid JSON$/);
    },
  );

  it('takes the last of two equal keys, and a byte order mark', () => {
    expect(parseJson('\uFEFF{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  it.each([5000, 100_000])('refuses %i levels in words', (levels) => {
    expect(() => parseJson(`${'['.repeat(levels)}${']'.repeat(levels)}`)).toThrow(/^it is nested too deeply$/);
    expect(() => parseJson(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)).toThrow(/^it is nested too deeply$/);
  });

  it.each([
    ['lists', '[', '1', ']'],
    ['objects', '{"a":', '1', '}'],
  ])('takes a hundred levels of %s and no more', (_kind, open, inner, close) => {
    const nested = (levels: number) => `${open.repeat(levels)}${inner}${close.repeat(levels)}`.padEnd(2001);
    expect(parseJson(nested(100))).toEqual(JSON.parse(nested(100)));
    expect(() => parseJson(nested(101))).toThrow(/^it is nested too deeply$/);
  });

  it('takes no more of a short text either', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(nested(100))).toEqual(JSON.parse(nested(100)));
    expect(() => parseJson(nested(101))).toThrow(/^it is nested too deeply$/);
  });

  it('takes a long text that is not deep', () => {
    expect(parseJson(JSON.stringify(Array.from({ length: 5000 }, () => [[], null, 'text', 7])))).toHaveLength(5000);
  });
});

describe('recordDecoder', () => {
  const decode = recordDecoder(2, shape<{ version: number; text: string }>({ version: number, text: string }));

  it('gives back the very value, unknown fields and all', () => {
    const value = { version: 1, text: 'a', later: { x: 1 } };
    expect(decode(value)).toBe(value);
  });

  it.each([
    [null, 'it is not an object'],
    [{ text: 'a' }, 'it has no version'],
    [{ version: 1.5, text: 'a' }, 'it has no version'],
    [{ version: 3 }, 'it was written by a newer version of sora (format 3; this one reads up to 2)'],
    [{ version: 2 }, 'text is not text'],
  ])('refuses %j with its first problem', (value, problem) => {
    expect(() => decode(value)).toThrow(problem);
  });
});
