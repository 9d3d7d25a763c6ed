import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from '../../src/shared/geometry.ts';
import { defaultSeconds, fitFrame } from '../../src/videos/choose-size.ts';

const asked = (size: string) => parseSize(size) ?? { width: 0, height: 0 };

describe('the size that a model is asked for', () => {
  it.each([
    ['1280x720', '1366x768'],
    ['720x1280', '768x1366'],
    ['1920x1080', '1366x768'],
    ['720x720', '768x768'],
    ['854x480', '854x480'],
    ['1366x768', '1366x768'],
    ['1000x900', '1000x900'],
  ])('of %s is %s where its shorter side is 480 or 768', (size, fitted) => {
    expect(formatSize(fitFrame(asked(size), { shortSide: 768, shortSides: [480, 768] }))).toBe(fitted);
  });

  it('is the one that is wanted where nothing is known of its sides', () => {
    expect(fitFrame(asked('1000x900'), undefined)).toEqual(asked('1000x900'));
  });
});

describe('the length of a video of which none is asked', () => {
  it.each([
    [[], 4],
    [[4, 8, 12], 4],
    [[8], 8],
    [[5, 6, 7], 5],
    [[2, 3], 3],
    [[3, 5], 5],
  ])('is, of %j, %d s', (lengths, seconds) => {
    expect(defaultSeconds(lengths)).toBe(seconds);
  });
});
