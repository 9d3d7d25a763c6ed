import { describe, expect, it } from 'vitest';
import { chooseFrames, hashDistance, hashPicture, isTelling } from '../../../src/media/judge/picture-hash.ts';

const SIZE = { width: 72, height: 40 };

/** A picture of hills; `seed` moves them. */
function picture(seed: number, size = SIZE, isMirrored = false): Uint8Array {
  return Uint8Array.from({ length: size.width * size.height }, (_, place) => {
    const column = place % size.width;
    const x = ((isMirrored ? size.width - 1 - column : column) + 0.5) / size.width;
    const y = (Math.floor(place / size.width) + 0.5) / size.height;
    return 110 + 50 * Math.sin(7 * x + seed) + 40 * Math.cos(9 * y - 5 * x * seed);
  });
}

const hashes = (...seeds: number[]) => seeds.map((seed) => hashPicture(picture(seed), SIZE).plain);

describe('the hash of a picture', () => {
  it('is 64 bits, nearly the same at another size, and another for another picture', () => {
    const [here] = hashes(1);
    expect(here).toMatch(/^[0-9a-f]{16}$/);
    const large = { width: 320, height: 180 };
    expect(hashDistance([here ?? ''], [hashPicture(picture(1, large), large).plain])).toBeLessThan(3);
    expect(hashDistance([here ?? ''], hashes(4))).toBeGreaterThan(15);
  });

  it('comes with that of its mirror image', () => {
    const { plain, mirrored } = hashPicture(picture(1), SIZE);
    const turned = hashPicture(picture(1, SIZE, true), SIZE);
    expect([turned.plain, turned.mirrored]).toEqual([mirrored, plain]);
    expect(hashDistance([plain], [mirrored])).toBeGreaterThan(15);
  });

  it('says nothing where the picture is even', () => {
    const black = hashPicture(new Uint8Array(SIZE.width * SIZE.height).fill(16), SIZE);
    expect([isTelling([black.plain]), isTelling(hashes(1))]).toEqual([false, true]);
  });
});

it('the distance of two videos is that of their frames in the mean, and unknown where they have not as many', () => {
  expect(hashDistance(['0000000000000000', '8000000000000001'], ['0000000000000000', '0000000000000000'])).toBe(1);
  expect(hashDistance(['ffffffffffffffff'], ['0000000000000000'])).toBe(64);
  expect(hashDistance(['0000000000000000'], [])).toBe(Number.POSITIVE_INFINITY);
  expect(hashDistance([], [])).toBe(Number.POSITIVE_INFINITY);
});

it('eight frames stand for a video, at even distances', () => {
  expect(chooseFrames(Array.from({ length: 80 }, (_, index) => index))).toEqual([5, 15, 25, 35, 45, 55, 65, 75]);
  expect(chooseFrames([1, 2, 3])).toEqual([1, 2, 3]);
});
