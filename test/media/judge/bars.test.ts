import { describe, expect, it } from 'vitest';
import { activePicture } from '../../../src/media/judge/bars.ts';
import { parseSize, type Rect } from '../../../src/shared/geometry.ts';
import { parseRect } from '../../helpers/upright.ts';

const between = (whole: string, loose: string, tight = loose): Rect | undefined =>
  activePicture(parseSize(whole) ?? { width: 0, height: 0 }, { loose: parseRect(loose), tight: parseRect(tight) });

describe('pictureBetweenBars', () => {
  it.each([
    ['a letterbox', '1280x720', '1280x536+0+92', '1280x536+0+92'],
    ['pillars', '1280x720', '960x720+160+0', '960x720+160+0'],
    ['both', '1280x720', '800x600+240+60', '800x600+240+60'],
    ['bars that differ by a rounding', '1280x720', '1280x538+0+92', '1280x538+0+92'],
    ['odd places, which it widens by a pixel', '1280x720', '1280x533+0+93', '1280x534+0+92'],
  ])('finds %s', (_, whole, lit, picture) => {
    expect(between(whole, lit)).toEqual(parseRect(picture));
  });

  it.each([
    ['a picture that fills its frame', '1280x720', '1280x720+0+0'],
    ['a line of black', '1280x720', '1280x714+0+4'],
    ['a dark floor', '1280x720', '1280x600+0+0'],
    ['a dark side', '1280x720', '1000x720+200+0'],
    ['a small light in the dark', '1280x720', '100x100+590+310'],
  ])('leaves %s alone', (_, whole, lit) => {
    expect(between(whole, lit)).toBeUndefined();
  });

  it('leaves darkness alone that fades in', () => {
    expect(between('1280x720', '1280x600+0+60', '1280x520+0+100')).toBeUndefined();
  });

  it('crops one axis only where the other is no bar', () => {
    expect(between('1280x720', '1100x536+0+92')).toEqual(parseRect('1280x536+0+92'));
  });

  it('finds nothing in black', () => {
    expect(activePicture({ width: 1280, height: 720 }, undefined)).toBeUndefined();
  });
});
