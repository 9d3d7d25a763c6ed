import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CLIP_OPTIONS,
  formatSize,
  isFinal,
  isUnresolved,
  JOB_STATUSES,
  type JobStatus,
  normalizeBaseUrl,
  orientationOf,
  parseSize,
  sameWishes,
} from '../../src/shared/model.ts';

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

describe('normalizeBaseUrl', () => {
  it.each([
    ['https://gateway.example.com/v1', 'https://gateway.example.com/v1'],
    ['https://gateway.example.com/v1///', 'https://gateway.example.com/v1'],
    ['HTTPS://Gateway.Example.COM:443/V1', 'https://gateway.example.com/V1'],
    ['http://127.0.0.1:80', 'http://127.0.0.1'],
    ['http://127.0.0.1:4010/v1/?a=b#c', 'http://127.0.0.1:4010/v1'],
    ['https://user:pass@gateway.example.com/v1', 'https://gateway.example.com/v1'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example'],
    ['sandbox:', 'sandbox:'],
  ])('writes %s as %s', (text, url) => {
    expect(normalizeBaseUrl(text)).toBe(url);
    expect(normalizeBaseUrl(url)).toBe(url);
  });

  it.each(['', 'gateway.example.com/v1', '/v1', 'https://'])('throws on %j, which is no URL', (text) => {
    expect(() => normalizeBaseUrl(text)).toThrow(TypeError);
  });
});

describe('a status', () => {
  const FINAL: readonly JobStatus[] = ['succeeded', 'failed', 'expired', 'cancelled'];
  const UNRESOLVED: readonly JobStatus[] = ['submitting', 'unknown'];

  it.each(JOB_STATUSES.map((status) => [status, FINAL.includes(status)] as const))(
    '%s: final is %s',
    (status, final) => {
      expect(isFinal(status)).toBe(final);
    },
  );

  it.each(JOB_STATUSES.map((status) => [status, UNRESOLVED.includes(status)] as const))(
    '%s without a remote id: unresolved is %s, with one it never is',
    (status, unresolved) => {
      expect(isUnresolved({ status })).toBe(unresolved);
      expect(isUnresolved({ status, remoteId: 'video_1' })).toBe(false);
    },
  );
});

describe('sameWishes', () => {
  const { cropBars, ...old } = DEFAULT_CLIP_OPTIONS;

  it('takes a field that a record lacks for its default', () => {
    expect(cropBars).toBe(false);
    expect(sameWishes(old, DEFAULT_CLIP_OPTIONS)).toBe(true);
    expect(sameWishes(DEFAULT_CLIP_OPTIONS, old)).toBe(true);
    expect(sameWishes(old, { ...old, cropBars: true })).toBe(false);
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
    expect([sameWishes(changed, DEFAULT_CLIP_OPTIONS), sameWishes(changed, { ...changed })]).toEqual([false, true]);
  });
});
