import { expect, it } from 'vitest';
import { pathSegment, usableId } from '../../src/providers/route.ts';

it.each([
  ['v1', 'v1'],
  ['a b/c', 'a%20b%2Fc'],
  ['...', '...'],
])('an id of %j is asked about as %s', (id, segment) => {
  expect([usableId(id), pathSegment(id)]).toEqual([id, segment]);
});

it.each(['', '.', '..', '\ud800', '***', 'v-***-1'])(
  'P5: %j is no id: it leads elsewhere, or it held the key',
  (id) => {
    expect(usableId(id)).toBeUndefined();
    expect(() => pathSegment(id)).toThrowError(expect.objectContaining({ code: 'usage' }));
  },
);
