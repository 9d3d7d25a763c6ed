import { describe, expect, it } from 'vitest';
import type { DecodedFrame, FirstFrames, SideData } from '../../../src/media/probe/first-frames.ts';
import { PLAIN_TRACK, type TrackHeader } from '../../../src/media/probe/track-header.ts';
import { mergeVideo } from '../../../src/media/probe/video-facts.ts';
import { videoInfo } from '../../helpers/media-info.ts';

const FRAME: DecodedFrame = {
  ...{ width: 1280, height: 720, seconds: 0, pixelFormat: 'yuv420p', pixelAspect: 1, interlaced: false, key: true },
  ...{ range: undefined, matrix: undefined, primaries: undefined, transfer: undefined, sideData: {} },
};

function first(frame: Partial<DecodedFrame>, sideData: SideData = {}): FirstFrames {
  const stream = { index: 0, kind: 'video' as const, codec: 'h264', dispositions: [], details: '', sideData };
  return { streams: [stream], frames: [{ ...FRAME, ...frame }], complaints: [] };
}

function merge(
  { frame = {}, listed, track }: { frame?: Partial<DecodedFrame>; listed?: SideData; track?: Partial<TrackHeader> },
  video: Parameters<typeof videoInfo>[0] = {},
): ReturnType<typeof mergeVideo> {
  return mergeVideo(videoInfo(video), {
    container: 'MPEG-4',
    track: track && { ...PLAIN_TRACK, ...track },
    first: first(frame, listed),
  });
}

it('leaves what MediaInfo read where nothing else is known', () => {
  const video = videoInfo({ rotation: 90, pixelAspect: 1.333, range: 'full' });
  expect(mergeVideo(video, { container: 'MPEG-4', track: undefined, first: undefined })).toEqual(video);
});

it.each<[string, Partial<DecodedFrame>, object]>([
  ['a full range', { range: 'full' }, { range: 'full' }],
  ['a size', { width: 640, height: 360 }, { width: 640, height: 360, window: undefined }],
  ['HLG that only a message in the stream tells', { transfer: 'arib-std-b67' }, { hdr: 'HLG', transfer: 'HLG' }],
  ['transparency', { pixelFormat: 'yuva420p' }, { alpha: true, chroma: '4:2:0', rgb: false }],
  [
    'RGB, whose range says nothing',
    { pixelFormat: 'gbrp10le', range: 'full' },
    { rgb: true, bitDepth: 10, range: undefined },
  ],
  ['grey', { pixelFormat: 'gray', range: 'limited' }, { chroma: '4:0:0', range: 'limited' }],
  ['fields', { interlaced: true }, { scan: 'mixed' }],
  ['a matrix', { matrix: 'smpte170m' }, { matrix: 'BT.601' }],
])('believes the frame: %s', (_, frame, expected) => {
  expect(merge({ frame })).toMatchObject(expected);
});

it('keeps the tags of a container where the frame has none', () => {
  expect(merge({}, { matrix: 'BT.601', range: 'full' })).toMatchObject({ matrix: 'BT.601', range: 'full' });
});

it('takes a pixel aspect ratio that nobody can see for square', () => {
  expect(merge({ frame: { pixelAspect: 5120 / 5121 } }).pixelAspect).toBe(1);
  expect(merge({ frame: { pixelAspect: 64 / 45 } }).pixelAspect).toBe(64 / 45);
});

describe('turning', () => {
  it('believes the header of MP4 and Matroska, which has mirroring too', () => {
    const turn = { mirrored: true, rotation: 270 } as const;
    expect(merge({ track: { turn }, listed: { rotation: 90 } }, { rotation: 90 })).toMatchObject(turn);
  });

  it('believes ffmpeg in every other container', () => {
    expect(merge({ listed: { rotation: 90 } })).toMatchObject({ mirrored: false, rotation: 90 });
    expect(merge({ frame: { sideData: { rotation: 270 } } })).toMatchObject({ mirrored: false, rotation: 270 });
  });
});

describe('cropped lines', () => {
  const crop = { left: 0, top: 200, right: 0, bottom: 200 };
  const track = { crop, stored: { width: 2560, height: 1440 } };

  it('are left out where the decoder leaves them in', () => {
    const found = merge({ frame: { width: 2560, height: 1440, pixelAspect: undefined }, track }, { pixelAspect: 1.38 });
    const window = { x: 0, y: 200, width: 2560, height: 1040 };
    expect(found).toMatchObject({ width: 2560, height: 1040, pixelAspect: 1, window });
  });

  it('are not left out twice', () => {
    const found = merge({ frame: { width: 2560, height: 1040 }, track });
    expect(found).toMatchObject({ width: 2560, height: 1040, pixelAspect: 1, window: undefined });
  });

  it('do not count in the ratio at which the rest is shown', () => {
    const display = { width: 16, height: 9 };
    const found = merge({ frame: { width: 2560, height: 1440, pixelAspect: 1.2 }, track: { ...track, display } });
    expect(found.pixelAspect).toBeCloseTo((16 / 9) * (1040 / 2560), 9);
  });

  it('begin with a pair of lines', () => {
    const odd = { left: 3, top: 1, right: 1, bottom: 2 };
    const found = merge({ frame: { width: 2560, height: 1440 }, track: { ...track, crop: odd } });
    expect(found.window).toEqual({ x: 4, y: 2, width: 2555, height: 1436 });
  });
});

describe('two eyes', () => {
  it.each([
    ['side by side', 1280, 720, { x: 0, y: 0, width: 640, height: 720 }, 2],
    ['side by side', 3840, 1080, { x: 0, y: 0, width: 1920, height: 1080 }, 1],
    ['top and bottom', 1920, 1080, { x: 0, y: 0, width: 1920, height: 540 }, 0.5],
    ['top and bottom', 1920, 2160, { x: 0, y: 0, width: 1920, height: 1080 }, 1],
  ])('%s in %dx%d become one, in its own shape', (stereo, width, height, window, pixelAspect) => {
    const found = merge({ frame: { width, height, sideData: { stereo } } });
    expect(found).toMatchObject({ width: window.width, height: window.height, window, pixelAspect, stereo });
  });

  it('in one another stay what they are, and are told', () => {
    expect(merge({ listed: { stereo: 'checkerboard' } })).toMatchObject({ window: undefined, stereo: 'checkerboard' });
  });
});

it.each([
  ['Decoder (codec vvc) not found for input stream #0:0', 'VVC'],
  ["[webp_pipe @ 0x1] Format not on whitelist 'mov,matroska'", 'files of the kind WebP'],
  ['Invalid data found when processing input', undefined],
])('tells from %j what cannot be decoded', (complaint, expected) => {
  const first: FirstFrames = { streams: [], frames: [], complaints: [complaint] };
  const found = mergeVideo(videoInfo({ codec: 'VVC' }), { container: 'WebP', track: undefined, first });
  expect(found.missingDecoder).toBe(expected);
});
