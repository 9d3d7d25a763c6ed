import { describe, expect, it } from 'vitest';
import { formatSize, orientationOf, parseSize } from '../../src/shared/geometry.ts';

describe('parseSize', () => {
  it.each([
    ['1280x720', { width: 1280, height: 720 }],
    ['720x1280', { width: 720, height: 1280 }],
    ['10x99999', { width: 10, height: 99_999 }],
  ])('reads %s, and formatSize writes it', (text, size) => {
    expect(parseSize(text)).toEqual(size);
    expect(formatSize(size)).toBe(text);
  });

  // A side of nothing has no shape, and no record may hold it.
  it.each([
    '',
    '1280',
    '1280X720',
    '1280*720',
    '1280 x 720',
    '9x16',
    '00x00',
    '0720x1280',
    '1e3x720',
    '123456x720',
    'x',
  ])('takes %j for no size', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

it.each([
  [1280, 720, 'landscape'],
  [720, 1280, 'portrait'],
  [720, 720, 'landscape'],
  [720, 721, 'portrait'],
])('%ix%i lies in %s', (width, height, orientation) => {
  expect(orientationOf({ width, height })).toBe(orientation);
});
