import { describe, expect, it } from 'vitest';
import { displayedSize } from '../../../src/media/info.ts';
import { chooseBox, formatRate, place, rateOf, targetRate } from '../../../src/media/plan/frame.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { formatSize, parseSize, type Size } from '../../../src/shared/geometry.ts';

const size = (text: string): Size => parseSize(text) ?? { width: 0, height: 0 };
const options = (change: Partial<ClipOptions>): ClipOptions => ({ ...DEFAULT_CLIP_OPTIONS, ...change });

describe('displayedSize', () => {
  it.each([
    ['1920x1080', 1, 90, '1080x1920'],
    ['1280x720', 2, 0, '2560x720'],
    ['720x576', 64 / 45, 0, '1024x576'],
    ['1280x720', 0.5, 0, '1280x1440'],
    ['1280x720', 2, 270, '720x2560'],
  ] as const)('shows %s with pixels of %d turned by %d as %s', (stored, pixelAspect, rotation, shown) => {
    expect(formatSize(displayedSize({ ...size(stored), pixelAspect, rotation }))).toBe(shown);
  });
});

describe('chooseBox', () => {
  it.each<[string, Partial<ClipOptions>, string]>([
    ['320x240', {}, '1280x720'],
    ['1280x720', {}, '1280x720'],
    ['720x720', {}, '1280x720'],
    ['1920x1440', {}, '1920x1080'],
    ['3840x2160', {}, '1920x1080'],
    ['1366x768', {}, '1376x774'],
    ['1440x810', {}, '1440x810'],
    ['2560x1080', {}, '1920x1080'],
    ['1080x1920', {}, '1080x1920'],
    ['720x1280', {}, '720x1280'],
    ['800x1000', {}, '810x1440'],
    ['800x1000', { orientation: 'landscape' }, '1792x1008'],
    ['1280x720', { orientation: 'portrait' }, '1080x1920'],
    ['3840x2160', { resolution: '720p' }, '1280x720'],
    ['320x240', { resolution: '1080p' }, '1920x1080'],
    ['720x1280', { resolution: '1080p' }, '1080x1920'],
  ])('puts %s with %o into %s', (shown, wish, box) => {
    expect(formatSize(chooseBox(size(shown), options(wish)))).toBe(box);
  });

  it('is always exactly 16:9 or 9:16 with even sides', () => {
    for (let width = 16; width < 4000; width += 37) {
      for (let height = 16; height < 4000; height += 41) {
        const box = chooseBox({ width, height }, DEFAULT_CLIP_OPTIONS);
        const [short, long] = [Math.min(box.width, box.height), Math.max(box.width, box.height)];
        expect([long * 9 === short * 16, short % 2, long % 2, short >= 720, short <= 1080]).toEqual([
          true,
          0,
          0,
          true,
          true,
        ]);
      }
    }
  });
});

describe('place', () => {
  const at = (shown: string, box: string, wish: Partial<ClipOptions> = {}, square = true) => {
    const { picture, mode, x, y } = place(size(shown), size(box), options(wish), square);
    return `${mode} ${formatSize(picture)} at ${x},${y}`;
  };

  it.each<[string, string, Partial<ClipOptions>, string]>([
    ['1280x720', '1280x720', {}, 'exact 1280x720 at 0,0'],
    ['960x720', '1280x720', {}, 'pad 960x720 at 160,0'],
    ['1280x720', '720x1280', { fit: 'crop' }, 'crop 2276x1280 at 778,0'],
    ['1280x720', '720x1280', { fit: 'crop', focus: { x: 0.25, y: 0.5 } }, 'crop 2276x1280 at 210,0'],
    ['1280x720', '720x1280', { fit: 'crop', focus: { x: 0, y: 0 } }, 'crop 2276x1280 at 0,0'],
    ['1280x720', '720x1280', { fit: 'crop', focus: { x: 1, y: 1 } }, 'crop 2276x1280 at 1556,0'],
    ['320x240', '1280x720', {}, 'pad 960x720 at 160,0'],
    ['640x360', '1280x720', {}, 'exact 1280x720 at 0,0'],
    ['854x480', '1280x720', {}, 'exact 1280x720 at 0,0'],
    ['641x361', '1280x720', {}, 'exact 1280x720 at 0,0'],
    ['1151x640', '1280x720', {}, 'pad 1280x712 at 0,4'],
    ['1152x648', '1280x720', {}, 'pad 1152x648 at 64,36'],
    ['1201x683', '1280x720', {}, 'pad 1201x683 at 38,18'],
    ['16x700', '1280x720', {}, 'pad 16x700 at 632,10'],
    ['1920x1440', '1920x1080', {}, 'pad 1440x1080 at 240,0'],
    ['3840x2160', '1920x1080', {}, 'exact 1920x1080 at 0,0'],
    ['2560x1080', '1920x1080', {}, 'pad 1920x810 at 0,134'],
    ['960x720', '1280x720', { fit: 'crop' }, 'crop 1280x960 at 0,120'],
    ['640x360', '1280x720', { fit: 'crop' }, 'exact 1280x720 at 0,0'],
    ['720x1280', '1920x1080', { fit: 'crop' }, 'crop 1920x3414 at 0,1166'],
    ['1280x720', '1920x1080', { resolution: '1080p' }, 'exact 1920x1080 at 0,0'],
  ])('places %s in %s with %o: %s', (shown, box, wish, placed) => {
    expect(at(shown, box, wish)).toBe(placed);
  });

  it('rounds a picture that is resampled anyway to even sides', () => {
    expect(at('1201x683', '1280x720', {}, false)).toBe('pad 1202x684 at 38,18');
  });
});

describe('rates', () => {
  it.each([
    [23.976, '24000/1001'],
    [29.97, '30000/1001'],
    [59.94, '60000/1001'],
    [30, '30'],
    [25, '25'],
    [29.833, '29833/1000'],
    [29.5, '59/2'],
  ])('reads %d as %s', (fps, rate) => {
    expect(formatRate(rateOf(fps))).toBe(rate);
  });

  it.each([
    [15, '30'],
    [10, '30'],
    [12, '24'],
    [12.5, '25'],
    [11.988, '24000/1001'],
    [1, '24'],
    [23.976, '24000/1001'],
    [60, '60'],
    [90, '45'],
    [100, '50'],
    [119.88, '60000/1001'],
    [240, '60'],
  ])('makes %d fps %s fps', (fps, rate) => {
    expect(formatRate(targetRate(fps))).toBe(rate);
  });

  it.each([Number.POSITIVE_INFINITY, 0, Number.NaN])('does not take %d for a rate', (fps) => {
    expect(() => targetRate(fps)).toThrow(TypeError);
  });
});
