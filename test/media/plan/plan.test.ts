import { describe, expect, it } from 'vitest';
import { type AudioInfo, type MediaInfo, type VideoInfo, withTimeline } from '../../../src/media/info.ts';
import { convertInstead, withoutAudio } from '../../../src/media/plan/fallbacks.ts';
import type { ConvertPlan, RemuxPlan } from '../../../src/media/plan/media-plan.ts';
import { planMedia } from '../../../src/media/plan/plan.ts';
import { readPackets, timelineOf } from '../../../src/media/probe/timeline.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { isSoraError, type SoraError } from '../../../src/shared/errors.ts';
import { audioInfo, mediaInfo } from '../../helpers/media-info.ts';

const options = (change: Partial<ClipOptions> = {}): ClipOptions => ({ ...DEFAULT_CLIP_OPTIONS, ...change });

function convert(info: MediaInfo, change: Partial<ClipOptions> = {}): ConvertPlan {
  const plan = planMedia(info, options(change));
  if (plan.kind !== 'convert') throw new Error(`expected convert, not ${JSON.stringify(plan)}`);
  return plan;
}

function remux(info: MediaInfo, change: Partial<ClipOptions> = {}): RemuxPlan {
  const plan = planMedia(info, options(change));
  if (plan.kind !== 'remux') throw new Error(`expected remux, not ${JSON.stringify(plan)}`);
  return plan;
}

function issues(info: MediaInfo): readonly string[] {
  const plan = planMedia(info, options());
  if (plan.kind !== 'reject') throw new Error(`expected reject, not ${JSON.stringify(plan)}`);
  return plan.issues;
}

function refusal(info: MediaInfo, change: Partial<ClipOptions>): SoraError {
  try {
    planMedia(info, options(change));
  } catch (error) {
    if (isSoraError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const does = (plan: ConvertPlan | RemuxPlan): string[] => plan.steps.map((step) => step.do);

describe('what fits', () => {
  it.each<[string, Partial<VideoInfo>]>([
    ['720p landscape', {}],
    ['1080p landscape', { width: 1920, height: 1080 }],
    ['portrait', { width: 720, height: 1280 }],
    ['a size between 720p and 1080p', { width: 1600, height: 900 }],
    ['untagged colours', { range: undefined, primaries: undefined, transfer: undefined, matrix: undefined }],
    ['23.976 fps', { fps: 24_000 / 1001, seconds: 2.002 }],
    ['59.94 fps', { fps: 60_000 / 1001, seconds: 3.003 }],
    ['60 fps', { fps: 60 }],
    ['exactly 2 s', { seconds: 2 }],
    ['exactly 4 s', { seconds: 4 }],
  ])('copies %s', (_, video) => {
    const info = mediaInfo(video, { seconds: (video.seconds ?? 3) - 0.1 });
    expect(remux(info).steps).toEqual([]);
    expect(remux(info).target).toMatchObject({ width: info.video?.width, height: info.video?.height, audio: true });
  });

  it.each<[string, Partial<VideoInfo>, string]>([
    ['HEVC', { codec: 'HEVC' }, 'encode video'],
    ['10 bit', { bitDepth: 10 }, 'encode video'],
    ['4:2:2', { chroma: '4:2:2' }, 'encode video'],
    ['full range', { range: 'full' }, 'convert colours'],
    ['BT.601', { matrix: 'BT.601' }, 'convert colours'],
    ['BT.2020 primaries', { primaries: 'BT.2020' }, 'convert colours'],
    ['PQ', { hdr: 'PQ', transfer: 'PQ' }, 'tone-map'],
    ['a varying frame rate', { constantRate: false }, 'set frame rate'],
    ['15 fps', { fps: 15 }, 'set frame rate'],
    ['120 fps', { fps: 120 }, 'set frame rate'],
    ['a rotation flag', { rotation: 180 }, 'rotate'],
    ['a pixel aspect ratio', { pixelAspect: 0.5 }, 'square pixels'],
    ['4:3', { width: 960 }, 'pad'],
    ['4K', { width: 3840, height: 2160 }, 'scale'],
    ['interlaced fields', { scan: 'interlaced' }, 'deinterlace'],
    ['transparency', { alpha: true }, 'flatten'],
    ['4.04 s', { seconds: 4.04, fps: 25 }, 'trim'],
  ])('converts %s and says why', (_, video, step) => {
    const plan = convert(mediaInfo(video));
    expect(does(plan)).toContain(step);
    expect(plan.steps.every(({ because, detail }) => because !== '' && detail !== '')).toBe(true);
  });

  it.each<[string, Partial<MediaInfo>, Partial<AudioInfo>, string]>([
    ['a file above 50 MB', { bytes: 50_000_001 }, {}, 'encode video'],
    ['another container', { container: 'AVI' }, {}, 'encode video'],
    ['Matroska whose times are rounded', { container: 'Matroska' }, {}, 'encode video'],
    ['sound that is not AAC', {}, { codec: 'Opus' }, 'encode audio'],
  ])('converts %s', (_, rest, audio, step) => {
    expect(does(convert(mediaInfo({}, audio, rest)))).toContain(step);
  });

  it('copies Matroska whose frames last whole milliseconds', () => {
    expect(remux(mediaInfo({ fps: 25 }, {}, { container: 'Matroska' })).kind).toBe('remux');
  });

  it('does not encode a fitting picture to drop its sound', () => {
    const plan = remux(mediaInfo({}, { codec: 'Opus' }), { audio: false });
    expect(plan.target.audio).toBe(false);
    expect(does(plan)).toEqual(['drop audio']);
  });

  it('ends the sound of a copy before its picture', () => {
    expect(remux(mediaInfo({ seconds: 3 }, { seconds: 3.024 })).audioUntil).toBeCloseTo(3 - 2 * (1024 / 48_000), 2);
    expect(remux(mediaInfo({ seconds: 3 }, { seconds: 2.95 })).audioUntil).toBeUndefined();
  });

  it('says which of several video streams is taken, where it is not the first', () => {
    expect(remux(mediaInfo({ stream: 1 }, {}, { videoStreams: 2 })).steps).toEqual([
      expect.objectContaining({ do: 'leave out', detail: '1 more video stream (players show number 2)' }),
    ]);
  });

  it('names the streams that are left out', () => {
    const [audio, ...others] = [
      audioInfo({ track: 1 }),
      audioInfo(),
      audioInfo({ track: 2, codec: 'APAC', decodable: false }),
    ];
    const plan = remux(mediaInfo({}, {}, { videoStreams: 2, audio, audioTracks: [audio, ...others], coverArt: true }));
    const tracks = 'audio track 1 (AAC), audio track 3 (APAC), which cannot be decoded by this ffmpeg';
    expect(plan.steps).toEqual([
      expect.objectContaining({ do: 'leave out', detail: `1 more video stream, ${tracks}, the cover art` }),
    ]);
  });

  it.each([
    ['empty', { seconds: 0 }, 'audio track 1 (AAC) is empty'],
    ['not to be decoded', { decodable: false }, 'audio track 1 (AAC) cannot be decoded by this ffmpeg'],
  ])('copies the picture alone when the only sound is %s', (_, change, because) => {
    const plan = remux(mediaInfo({}, {}, { audio: undefined, audioTracks: [audioInfo(change)] }));
    expect([plan.target.audio, plan.steps]).toEqual([false, [{ do: 'drop audio', because, detail: 'no sound' }]]);
  });

  it('tells what it cuts of a sound that outlasts the picture, in copies too', () => {
    const cut = { do: 'cut sound', because: 'it lasts 5 s, the picture 3 s', detail: 'its last 2 s are left out' };
    expect(remux(mediaInfo({ seconds: 3 }, { seconds: 5 })).steps).toEqual([cut]);
    expect(convert(mediaInfo({ seconds: 3, codec: 'HEVC' }, { seconds: 5 })).steps).toContainEqual(cut);
    expect(remux(mediaInfo({ seconds: 3 }, { seconds: 3.05 })).steps).toEqual([]);
    expect(does(convert(mediaInfo({ seconds: 5 }, { seconds: 7 })))).not.toContain('cut sound');
  });

  it.each([
    [{ channels: 1 }, 'AAC, 48000 Hz, mono'],
    [{ channels: 6 }, 'AAC, 48000 Hz, stereo, mixed from 6 channels'],
    [
      { channels: 10, laidOut: false },
      'AAC, 48000 Hz, stereo, the first two of 10 channels, because the file does not give their positions',
    ],
  ])('says what becomes of the channels (%#)', (change, detail) => {
    const { steps } = convert(mediaInfo({}, { codec: 'PCM', ...change }));
    expect(steps).toContainEqual({ do: 'encode audio', because: 'PCM is not AAC', detail });
  });
});

describe('trim', () => {
  it.each([
    { fps: 25, seconds: 5.28, frames: 100 },
    { fps: 30, seconds: 60, frames: 120 },
    { fps: 24_000 / 1001, seconds: 60.06, frames: 95 },
    { fps: 30_000 / 1001, seconds: 4.004, frames: 119 },
    { fps: 60_000 / 1001, seconds: 60.06, frames: 239 },
    { fps: 50, seconds: 4.02, frames: 200 },
    { fps: 15, seconds: 60, frames: 120 },
    { fps: 240, seconds: 10, frames: 240 },
  ])('keeps $frames frames of $seconds s at $fps fps, never more than 4 s', ({ fps, seconds, frames }) => {
    const { target } = convert(mediaInfo({ fps, seconds }));
    expect(target.frames).toBe(frames);
    expect(target.seconds).toBeLessThanOrEqual(4);
    expect(target.seconds).toBeGreaterThan(3.9);
  });

  it('says what it keeps', () => {
    expect(convert(mediaInfo({ fps: 25, seconds: 5.28 })).steps[0]).toEqual({
      do: 'trim',
      because: '5.28 s is longer than 4 s',
      detail: 'first 100 frames: 4.00 s at 25 fps',
    });
  });

  it('keeps at least 2 s at a rate that does not divide them', () => {
    expect(convert(mediaInfo({ fps: 24_000 / 1001, seconds: 60.06 }), { duration: 2 }).target.frames).toBe(48);
  });

  it('takes what follows --start', () => {
    const plan = convert(mediaInfo({ fps: 25, seconds: 5.28 }), { start: 2 });
    expect(plan).toMatchObject({ start: 2, target: { frames: 82 } });
    expect(plan.steps[0]?.because).toBe('--start 2 was given');
  });

  it('is no reason to convert when --start is 0 and --duration is the whole clip', () => {
    expect(remux(mediaInfo({ seconds: 3 }), { start: 0, duration: 3 }).kind).toBe('remux');
  });

  it.each<[string, Partial<ClipOptions>, RegExp, RegExp]>([
    ['a start that leaves too little', { start: 3.5 }, /leaves 1\.78 s of 5\.28 s/, /at most 3\.28/],
    ['a start behind the end', { start: 90 }, /leaves 0 s/, /at most 3\.28/],
    ['a negative start', { start: -1 }, /negative/, /undefined/],
    ['a duration below 2', { duration: 1 }, /between 2 and 4/, /undefined/],
    ['a duration above 4', { duration: 4.5 }, /between 2 and 4/, /undefined/],
    ['a duration that is not there', { start: 3, duration: 4 }, /more than the 2\.28 s/, /at most 2\.28/],
  ])('refuses %s as a usage error that names what works', (_, wish, message, hint) => {
    const error = refusal(mediaInfo({ fps: 25, seconds: 5.28 }), wish);
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(String(error.hint)).toMatch(hint);
  });

  it('names every wrong wish at once', () => {
    expect(refusal(mediaInfo(), { start: -1, duration: 9 }).problems).toHaveLength(2);
  });

  it('trusts the frame count over times that are rounded to milliseconds', () => {
    expect(remux(mediaInfo({ fps: 30, seconds: 1.9999, frames: 60 })).target.seconds).toBe(2);
  });
});

const WINDOW = { x: 0, y: 40, width: 1280, height: 720 };

describe('how the picture is shown', () => {
  it.each<[string, Partial<VideoInfo>, object]>([
    ['a mirrored picture', { mirrored: true }, { do: 'mirror' }],
    ['a turned picture', { rotation: 90 }, { do: 'rotate', because: expect.stringContaining('90 degrees') }],
    ['cropped lines', { window: WINDOW }, { do: 'crop', detail: '1280x720 of what is stored' }],
    [
      'eyes side by side',
      { window: WINDOW, stereo: 'side by side' },
      { do: 'take one eye', because: 'it is 3D (side by side)', detail: expect.stringMatching(/^the left one/) },
    ],
    ['a file that is cut off', {}, { do: 'read what is there', because: expect.stringContaining('cut off') }],
  ])('is no copy, and told: %s', (what, video, step) => {
    const plan = convert(mediaInfo(video, {}, { truncated: what.includes('cut off') }));
    expect(plan.steps[0]).toMatchObject(step);
  });

  it.each([1, 2, 4, 6])('converts Dolby Vision by its base layer where that is compatible (%i)', (compatibility) => {
    expect(convert(mediaInfo({ dolbyVision: { profile: 8, compatibility }, codec: 'HEVC' })).kind).toBe('convert');
  });
});

describe('what cannot be used', () => {
  it.each<[string, MediaInfo, RegExp]>([
    ['sound alone', mediaInfo(null), /sound but no video/],
    ['a picture', mediaInfo(null, null, { image: true }), /single picture/],
    ['a motion photo', mediaInfo(null, null, { image: true, motionPhoto: true }), /motion photo.*export the video/],
    ['an encrypted file', mediaInfo({ encrypted: true, missingDecoder: 'H.264' }), /encrypted.*without protection/],
    ['a codec without a decoder', mediaInfo({ missingDecoder: 'VVC' }), /no decoder for VVC: point SORA_FFMPEG/],
    ['Dolby Vision 5', mediaInfo({ dolbyVision: { profile: 5, compatibility: 0 } }), /profile 5.*HDR10, HLG or SDR/],
    ['1.9 s', mediaInfo({ seconds: 1.9 }), /1\.9 s long; at least 2 s/],
    ['an unknown length', mediaInfo({ seconds: undefined }), /not stored/],
    ['a picture beyond the limit', mediaInfo({ width: 9000 }), /9000x720/],
    ['a picture of nothing', mediaInfo({ width: 8, height: 8 }), /8x8/],
  ])('rejects %s', (_, info, issue) => {
    expect(issues(info)).toEqual([expect.stringMatching(issue)]);
  });

  it('names all reasons together', () => {
    expect(issues(mediaInfo({ width: 9000, seconds: 1, encrypted: true }))).toHaveLength(3);
  });
});

describe('fallbacks', () => {
  it('turns a copy that failed into an encode of the same frames', () => {
    const plan = convertInstead(remux(mediaInfo()), 'it does not decode');
    expect(plan).toMatchObject({ kind: 'convert', start: 0, target: { frames: 90, width: 1280 } });
    expect(plan.steps[0]?.because).toBe('it does not decode');
  });

  it('drops the sound and says so', () => {
    const plan = withoutAudio(convert(mediaInfo({ codec: 'HEVC' })), 'it cannot be decoded');
    expect(plan.target.audio).toBe(false);
    expect(does(plan)).toEqual(['encode video', 'drop audio']);
  });
});

describe('a picture that starts late', () => {
  it('is copied when it is late by less than a frame', () => {
    expect(remux(mediaInfo({ fps: 25, delay: 0.03 })).target.frames).toBe(75);
  });

  it('is where the clip begins when it is late by more', () => {
    const plan = convert(mediaInfo({ fps: 25, delay: 0.2 }));
    expect(does(plan)).toEqual(['begin later', 'encode audio']);
    expect([plan.start, plan.target.frames]).toEqual([0.2, 75]);
    expect(plan.steps[0]).toMatchObject({
      because: 'the picture starts 0.2 s late',
      detail: 'with the first picture; sound before it is cut',
    });
  });

  it('is where the clip begins when the delay makes it too long for a copy', () => {
    const plan = convert(mediaInfo({ fps: 25, seconds: 4, delay: 0.03 }));
    expect([plan.start, plan.target.frames]).toEqual([0.03, 100]);
  });

  it.each([
    [0.5, 0.5],
    [0.1, 0.2],
  ])('leaves --start %d at %d', (start, at) => {
    const plan = convert(mediaInfo({ fps: 25, delay: 0.2 }), { start });
    expect(plan.start).toBe(at);
    expect(does(plan).includes('begin later')).toBe(start < 0.2);
  });
});

describe('the time stamps', () => {
  /** A clip with these time stamps, in hundredths of a second. */
  const timed = (ticks: readonly number[], flags = ''): MediaInfo => {
    const lines = ticks.map((at, n) => `0, ${n}, ${at}, 1, 9, 0x1${n === 0 ? flags : ', F=0x0'}`);
    const listed = readPackets(['#tb 0: 1/100', ...lines]);
    const timeline = listed && timelineOf(listed, { origin: 0, from: 0, stream: 0 });
    return timeline ? withTimeline(mediaInfo(), timeline) : mediaInfo();
  };
  const even = (count: number): number[] => Array.from({ length: count }, (_, n) => n * 4);

  it('win over what the headers say of rate, length and delay', () => {
    const info = timed(even(75).map((at) => at + 50));
    expect(info.video).toMatchObject({ fps: 25, seconds: 3, delay: 0.5, frames: 75, constantRate: true });
  });

  it('are what a start is moved to: the first picture at or after it, within half a frame', () => {
    expect(convert(timed(even(120)), { start: 0.33 }).start).toBe(0.32);
    expect(convert(timed(even(120)), { start: 0.35 }).start).toBe(0.36);
  });

  it('keep a clip from being copied that would hold more than it shows, or have frames of uneven length', () => {
    const because = (info: MediaInfo) => convert(info).steps.find((step) => step.do === 'encode video')?.because;
    expect(because(timed(even(75), ', F=0x5'))).toBe('1 of its frames are hidden by an edit list');
    expect(because(timed(Array.from({ length: 90 }, (_, n) => Math.round((n * 100) / 30))))).toBe(
      'MPEG-4 rounds the times of 30 fps to 10 ms',
    );
  });

  it('refuse a clip whose pictures all have one', () => {
    const plan = planMedia(timed(even(75).map(() => 8)), options());
    expect(plan).toMatchObject({ kind: 'reject', issues: [expect.stringMatching(/one time/)] });
  });
});

describe('what was found in the picture', () => {
  const crop = { x: 0, y: 92, width: 1280, height: 536 };

  it('is cropped before it is placed', () => {
    const plan = planMedia(mediaInfo(), options({ cropBars: true }), { crop });
    expect(plan).toMatchObject({
      kind: 'convert',
      crop,
      placement: { mode: 'pad', picture: { width: 1280, height: 536 } },
    });
    expect(plan.kind === 'convert' && does(plan)).toEqual(['crop bars', 'pad', 'encode audio']);
  });

  it('has the size that players would show of it', () => {
    const turned = mediaInfo({ width: 1920, height: 1080, rotation: 90 });
    const plan = planMedia(turned, options(), { crop: { x: 60, y: 0, width: 960, height: 1920 } });
    expect(plan).toMatchObject({
      placement: { box: { width: 1080, height: 1920 }, picture: { width: 960, height: 1920 } },
    });
    const wide = planMedia(mediaInfo({ pixelAspect: 2, width: 640 }), options(), { crop: { ...crop, width: 640 } });
    expect(wide).toMatchObject({ placement: { picture: { width: 1280, height: 536 } } });
  });

  it('is another size on the way, which keeps a clip from being copied', () => {
    const plan = planMedia(mediaInfo(), options(), { otherSize: { width: 640, height: 360 } });
    expect(plan).toMatchObject({ kind: 'convert', target: { width: 1280, height: 720 }, placement: { mode: 'exact' } });
    expect(plan.kind === 'convert' && plan.steps[0]?.because).toBe('its picture changes its size midway, to 640x360');
  });

  it('is the part that --start auto takes, with the reason', () => {
    const moment = { start: 7.5, seconds: 3, because: 'the best of 9 places' };
    const plan = planMedia(mediaInfo({ seconds: 20 }), options({ start: 'auto' }), { moment });
    expect(plan).toMatchObject({ kind: 'convert', start: 7.5, target: { frames: 90 } });
    expect(plan.kind === 'convert' && plan.steps[0]?.because).toBe('--start auto was given; the best of 9 places');
  });

  it('counts no sound that a cut-off file promises', () => {
    const info = mediaInfo({ codec: 'VP8' }, { seconds: 9 }, { truncated: true });
    expect(does(convert(info))).not.toContain('cut sound');
    expect(does(convert({ ...info, truncated: false }))).toContain('cut sound');
  });

  it('does not add the delay of the picture to the second that was chosen', () => {
    const packets = Array.from({ length: 150 }, (_, n) => ({
      at: n * 3000 + 1890,
      lasts: 3000,
      isKey: n === 0,
      isHidden: false,
    }));
    const timeline = timelineOf({ tick: 1 / 90_000, packets }, { origin: 0, from: 0, stream: 0 });
    if (!timeline) throw new Error('no timeline');
    const info = withTimeline(mediaInfo({ codec: 'VP8' }), timeline);
    const moment = { start: 0.021, seconds: 2, because: 'x' };
    const plan = planMedia(info, options(), { moment });
    expect(plan).toMatchObject({ kind: 'convert', start: 0.021, target: { frames: 60 } });
  });

  it('leaves a clip a copy of which the best part is all', () => {
    const moment = { start: 0, seconds: 3, because: 'x' };
    expect(planMedia(mediaInfo(), options({ start: 'auto' }), { moment }).kind).toBe('remux');
  });
});
