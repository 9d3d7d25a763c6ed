import { describe, expect, it } from 'vitest';
import { DEFAULT_CLIP_OPTIONS, sameClipOptions } from '../../src/shared/clip.ts';

describe('sameClipOptions', () => {
  const { cropBars, ...old } = DEFAULT_CLIP_OPTIONS;

  it('takes a field that a record lacks for its default', () => {
    expect(cropBars).toBe(false);
    expect(sameClipOptions(old, DEFAULT_CLIP_OPTIONS)).toBe(true);
    expect(sameClipOptions(DEFAULT_CLIP_OPTIONS, old)).toBe(true);
    expect(sameClipOptions(old, { ...old, cropBars: true })).toBe(false);
  });

  it.each([
    { start: 1 },
    { start: 'auto' },
    { duration: 2 },
    { fit: 'crop' },
    { orientation: 'portrait' },
    { resolution: '720p' },
    { audio: false },
    { cropBars: true },
  ] as const)('tells %o from the default', (change) => {
    const changed = { ...DEFAULT_CLIP_OPTIONS, ...change };
    expect([sameClipOptions(changed, DEFAULT_CLIP_OPTIONS), sameClipOptions(changed, { ...changed })]).toEqual([
      false,
      true,
    ]);
  });
});
