import { describe, expect, it } from 'vitest';
import type { HeardTrack, TrackLevels } from '../../../src/media/ffmpeg/sound.ts';
import type { VideoInfo } from '../../../src/media/info.ts';
import type { Measurements } from '../../../src/media/judge/filter-output.ts';
import { type AspectVerdict, type Judgement, judge, judgementLines } from '../../../src/media/judge/judge.ts';
import type { Sample } from '../../../src/media/judge/meter.ts';
import { planMedia } from '../../../src/media/plan/plan.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import type { Rect } from '../../../src/shared/geometry.ts';
import { audioInfo, mediaInfo } from '../../helpers/media-info.ts';
import { parseRect } from '../../helpers/upright.ts';

interface Case {
  readonly light?: readonly [low: number, mean: number, high: number];
  readonly change?: number;
  /** Per cent of the long side by which the camera swings from sample to sample. */
  readonly swing?: number;
  /** Per cent of the long side by which the camera moves on from sample to sample. */
  readonly pan?: number;
  readonly disorder?: number;
  readonly readings?: Partial<Measurements>;
  readonly between?: Rect;
  readonly video?: Partial<VideoInfo>;
  readonly options?: Partial<ClipOptions>;
  readonly mute?: boolean;
  /** Of the track that is used, and of others. */
  readonly heard?: TrackLevels | string;
  readonly others?: readonly HeardTrack[];
}

const SPEECH: TrackLevels = { seconds: 2.9, rms: -20, peak: -2, complaint: undefined };
const WHISPER = { ...SPEECH, rms: -45, peak: -30 };
const SILENCE = { ...SPEECH, rms: -100, peak: -100 };
const NOTHING = { ...SILENCE, seconds: 0 };

function findings({
  light = [58, 118, 185],
  change = 3.2,
  swing = 0,
  pan = 0,
  disorder = 0,
  ...rest
}: Case = {}): readonly AspectVerdict[] {
  const info = mediaInfo(rest.video, rest.mute ? null : {});
  const { video } = info;
  if (!video) throw new Error('there is no video');
  const options = { ...DEFAULT_CLIP_OPTIONS, ...rest.options };
  const { cropBars } = options;
  const plan = planMedia(info, options, { crop: cropBars ? rest.between : undefined });
  if (plan.kind === 'reject') throw new Error('it is rejected');
  const [low, mean, high] = light;
  const tones = { p5: Math.max(16, low - 12), low, mean, high, p95: Math.min(235, high + 12) };
  const samples = Array.from({ length: 36 }, (_, index): Sample => {
    return { at: index / 12, ...tones, change, disorder, x: pan + (index % 2 === 0 ? swing / 2 : -swing / 2), y: 0 };
  });
  const plain: Measurements = { samples, cuts: [], detail: [], blur: edges(3.7), lit: undefined };
  const used = info.audio ? [{ audio: info.audio, heard: rest.heard ?? SPEECH }] : [];
  return judge({
    ...{ info: { ...info, video }, options, plan, between: rest.between },
    readings: { ...plain, ...rest.readings },
    sounds: options.audio ? [...used, ...(rest.others ?? [])] : [],
  });
}

function edges(pixels: number): Measurements['blur'] {
  return [{ at: 0, value: pixels }];
}

function level(what: AspectVerdict['what'], of: Case): string | undefined {
  return findings(of).find((finding) => finding.what === what)?.level;
}

describe('judge', () => {
  it('finds nothing wrong with a good clip, and says so of every quality', () => {
    expect(findings().map(({ what, level, advice }) => [what, level, advice])).toEqual(
      ['sharpness', 'exposure', 'contrast', 'fade', 'cuts', 'motion', 'steadiness', 'bars', 'size', 'sound'].map(
        (what) => [what, 'good', undefined],
      ),
    );
  });

  it('says what to do about everything that is not good, with a number', () => {
    const all = findings({
      ...{ light: [16, 30, 50], change: 0, swing: 5, mute: true, video: { width: 320, height: 240 } },
      readings: { blur: edges(12), cuts: [1.5], lit: undefined },
    });
    const bad = all.filter((finding) => finding.level !== 'good');
    expect(bad.map(({ what }) => what)).toEqual([
      'sharpness',
      'exposure',
      'cuts',
      'motion',
      'steadiness',
      'bars',
      'size',
      'sound',
    ]);
    for (const { what, meaning, advice, value } of bad) {
      expect(meaning).toMatch(/^[A-Z0-9].*\.$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
      expect(typeof value).toBe(what === 'sound' ? 'object' : 'number');
    }
  });

  // blurdetect, sharpest quarter of 32-pixel blocks: measured on four clips as they are and blurred by sigma 1 to 8.
  it.each([
    [3.5, 'good', 'a cartoon'],
    [4.4, 'good', 'a webcam of 640x360'],
    [5.2, 'good', 'the same, sigma 1'],
    [6, 'remark', '720p, sigma 4'],
    [8.2, 'problem', 'the webcam, sigma 4'],
    [10.1, 'problem', '720p, sigma 8'],
  ])('calls edges of %d px %s: %s', (blur, expected) => {
    expect(level('sharpness', { readings: { blur: edges(blur) } })).toBe(expected);
  });

  // Luma of the darkest tenth, mean, brightest tenth.
  it.each<[readonly [number, number, number], string, string]>([
    [[58, 118, 185], 'good', 'a meadow'],
    [[99, 166, 212], 'good', 'a bright cartoon'],
    [[60, 190, 235], 'good', 'a face before a white wall'],
    [[18, 40, 160], 'good', 'a lit face in the dark'],
    [[37, 42, 51], 'problem', 'a fifth of the light'],
    [[30, 62, 110], 'remark', 'an evening'],
    [[235, 231, 235], 'problem', 'two and a half times the light'],
    [[120, 205, 235], 'remark', 'against the sun'],
  ])('calls light of %o %s: %s', (light, expected) => {
    expect(level('exposure', { light })).toBe(expected);
  });

  it('does not judge the light and the contrast of HDR', () => {
    const video = { hdr: 'PQ', transfer: 'PQ', bitDepth: 10 } as const;
    expect([level('exposure', { video }), level('contrast', { video })]).toEqual([undefined, undefined]);
  });

  // The helper adds 12 on either side: the 5th and the 95th percentile.
  it.each<[readonly [number, number, number], string, string]>([
    [[124, 145, 193], 'good', 'bottles before a white wall'],
    [[93, 117, 143], 'remark', 'log footage'],
    [[112, 125, 128], 'problem', 'fog'],
    [[60, 190, 235], 'good', 'a face before a white wall'],
    [[37, 42, 51], 'good', 'a fifth of the light, which is said to be dark'],
    [[16, 40, 75], 'good', 'a night'],
  ])('calls the contrast of tones of %o %s: %s', (light, expected) => {
    expect(level('contrast', { light })).toBe(expected);
  });

  it.each([
    ['in', 1.5, 1.25, 'problem'],
    ['in', 0.4, 0.33, 'remark'],
    ['out', 1.5, 1.25, 'problem'],
  ] as const)('tells a fade %s over %d s', (way, seconds, value, expected) => {
    const samples = Array.from({ length: 36 }, (_, index): Sample => {
      const from = way === 'in' ? index : 35 - index;
      const share = Math.min(1, from / 12 / seconds);
      const tone = (luma: number): number => 16 + (luma - 16) * share;
      const tones = { p5: tone(46), low: tone(58), mean: tone(118), high: tone(185), p95: tone(211) };
      return { at: index / 12, ...tones, change: 3, disorder: 0, x: 0, y: 0 };
    });
    const found = findings({ readings: { samples } }).find(({ what }) => what === 'fade');
    expect(found).toMatchObject({ level: expected, meaning: expect.stringContaining(`fade ${way}`) });
    expect(Math.abs((found?.value ?? 0) - value)).toBeLessThan(0.1);
  });

  // Change of luma in an eighth of a second, of a contrast of 127.
  it.each([
    [3.2, 'good', 'a figure that moves'],
    [1.48, 'good', 'a bird at a feeder'],
    [0.47, 'remark', 'the noise of a camera'],
    [0, 'problem', 'one frame again and again'],
    [11.2, 'good', 'a cartoon with strong noise'],
    [21.6, 'remark', 'static, compressed to a blur'],
    [53, 'problem', 'static'],
  ])('calls a change of %d %s: %s', (change, expected) => {
    expect(level('motion', { change })).toBe(expected);
  });

  it('takes the change of a pan for no fault', () => {
    expect(level('motion', { change: 40, pan: 2.5 })).toBe('good');
    expect(level('motion', { change: 40, pan: 0.3 })).toBe('problem');
  });

  // What is left of a picture in the next one: noise in blocks of 1 to 64 pixels, and what moves most of all else.
  it.each([
    [0.15, 'good', 'a cartoon with strong noise'],
    [0.65, 'good', 'a pan of 200 % a second'],
    [0.87, 'good', 'a wild shake'],
    [0.99, 'problem', 'noise'],
    [1.02, 'problem', 'noise in large blocks'],
  ])('calls a disorder of %d %s, also where a camera seems to move: %s', (disorder, expected) => {
    expect(level('motion', { change: 43, pan: 2.5, disorder })).toBe(expected);
  });

  // Swing of the whole picture from look to look, in per cent of its long side.
  it.each([
    [0, 'good', 'a tripod'],
    [0.6, 'good', 'a pan, which is found to half a pixel'],
    [1.2, 'remark', 'a hand'],
    [2.2, 'problem', 'a shake of 12 pixels in 640'],
    [3.6, 'problem', 'a shake of 30 pixels in 1920'],
  ])('calls a swing of %d %% %s: %s', (swing, expected) => {
    expect(level('steadiness', { swing })).toBe(expected);
    expect(level('steadiness', { swing, pan: 2.5 })).toBe(expected);
  });

  it('names the cuts', () => {
    const [found] = findings({ readings: { cuts: [1.5, 2.25, 3, 3.5] } }).filter(({ what }) => what === 'cuts');
    expect(found).toMatchObject({
      level: 'problem',
      value: 4,
      meaning: 'Another shot begins at 1.5 s, 2.25 s, 3 s and later.',
    });
  });

  it.each<[string, Case, string, number, string | undefined]>([
    [
      '16:9 in 4:3',
      { video: { width: 960, height: 720 }, between: parseRect('960x540+0+90') },
      'problem',
      44,
      '--crop-bars',
    ],
    ['4:3 in 16:9', { between: parseRect('960x720+160+0') }, 'problem', 25, '--crop-bars --fit crop'],
    ['2.39:1 in 16:9', { between: parseRect('1280x536+0+92') }, 'problem', 26, '--crop-bars --fit crop'],
    ['4:3 without bars, which are added', { video: { width: 960, height: 720 } }, 'problem', 25, '--fit crop'],
    [
      '4:3 in 16:9 whose bars are cropped, and added again',
      { between: parseRect('960x720+160+0'), options: { cropBars: true } },
      ...(['problem', 25, '--fit crop'] as const),
    ],
    [
      '16:9 in 4:3 whose bars are cropped',
      { video: { width: 960, height: 720 }, between: parseRect('960x540+0+90'), options: { cropBars: true } },
      ...(['good', 0, undefined] as const),
    ],
    [
      '16:9 in 4:3 that is cropped to fill the frame, its bars with it',
      { video: { width: 960, height: 720 }, between: parseRect('960x540+0+90'), options: { fit: 'crop' } },
      ...(['good', 0, undefined] as const),
    ],
    [
      '4:3 in 16:9 that is cropped and fills the frame',
      { between: parseRect('960x720+160+0'), options: { cropBars: true, fit: 'crop' } },
      ...(['good', 0, undefined] as const),
    ],
    [
      'a portrait of 3:4 in 16:9',
      { video: { width: 1920, height: 1080 }, between: parseRect('810x1080+555+0') },
      ...(['problem', 58, '--crop-bars --fit crop'] as const),
    ],
  ])('judges the bars that a master would show, of %s', (_, of, expected, value, flags) => {
    const found = findings(of).find(({ what }) => what === 'bars');
    expect(found).toMatchObject({ level: expected, value });
    expect(/^Add (.*) to fill/.exec(found?.advice ?? '')?.[1]).toBe(flags);
    if (flags === undefined) return;
    // What is advised helps.
    const options = { ...of.options, ...(flags.includes('--crop-bars') && { cropBars: true }) };
    const helped = flags.includes('--fit crop') ? ({ ...options, fit: 'crop' } as const) : options;
    expect(level('bars', { ...of, options: helped })).toBe('good');
  });

  it('does not deny a bar on one side alone', () => {
    const found = findings().find(({ what }) => what === 'bars');
    expect(found?.meaning).toBe('There are no black bars of equal width in it.');
  });

  it('says the number of movement and shaking also where they are good', () => {
    const found = findings({ change: 3.2, swing: 0.6 });
    for (const what of ['motion', 'steadiness'] as const) {
      const { value, meaning, level: judged } = found.find((one) => one.what === what) ?? {};
      expect(judged).toBe('good');
      expect(meaning).toContain(`${value} %`);
    }
    const still = findings({ swing: 0 }).find(({ what }) => what === 'steadiness');
    expect(still).toMatchObject({ value: 0, meaning: 'The camera is steady.' });
  });

  it.each([
    ['1280x720', 'good', 1],
    ['1920x1440', 'good', 0.75],
    ['1100x619', 'good', 1.16],
    ['640x360', 'remark', 2],
    ['320x240', 'problem', 3],
  ])('calls %s %s: enlarged %d times', (size, expected, value) => {
    const [width = 0, height = 0] = size.split('x').map(Number);
    const found = findings({ video: { width, height } }).find(({ what }) => what === 'size');
    expect(found).toMatchObject({ level: expected, value });
  });

  it.each<[string, Case, string]>([
    ['speech', { heard: SPEECH }, 'good'],
    ['a whisper', { heard: WHISPER }, 'remark'],
    ['silence', { heard: SILENCE }, 'remark'],
    ['a part after its sound has ended', { heard: NOTHING }, 'remark'],
    ['no sound', { mute: true }, 'remark'],
    ['sound that does not decode', { heard: 'Invalid data' }, 'remark'],
    ['sound that is not wanted', { options: { audio: false } }, 'good'],
  ])('hears %s', (_, of, expected) => {
    expect(level('sound', of)).toBe(expected);
  });

  it.each([
    [SPEECH, SPEECH, 'It has sound (-20 dB). Another track has sound: audio track 2 (Opus), -20 dB.'],
    [SILENCE, SPEECH, 'Its sound is silence. Another track has sound: audio track 2 (Opus), -20 dB.'],
    [NOTHING, SPEECH, 'It has no sound in this part. Another track has sound: audio track 2 (Opus), -20 dB.'],
    [SPEECH, SILENCE, 'It has sound (-20 dB).'],
    [SPEECH, 'Invalid data', 'It has sound (-20 dB).'],
  ])('says that another track has sound (%#)', (heard, other, meaning) => {
    const others = [{ audio: audioInfo({ track: 1, codec: 'Opus' }), heard: other }];
    expect(findings({ heard, others }).find(({ what }) => what === 'sound')?.meaning).toBe(meaning);
  });

  it('leaves out what was not measured', () => {
    const what = findings({ readings: { blur: [], samples: [] } }).map((finding) => finding.what);
    expect(what).toEqual(['cuts', 'bars', 'size', 'sound']);
  });
});

describe('judgementLines', () => {
  it('has a line for each finding, its level as a word, and one for what is unknown', () => {
    const judgement: Judgement = {
      part: { start: 1.5, seconds: 2 },
      findings: [
        { what: 'cuts', level: 'good', value: 0, unit: 'cuts', meaning: 'It is one shot.' },
        { what: 'sound', level: 'remark', value: null, unit: 'dB', meaning: 'It has no sound.', advice: 'Speak.' },
      ],
      unmeasured: ['This is not known.'],
    };
    expect(judgementLines(judgement)).toEqual([
      'As a reference of a character, 1.50 s to 3.50 s:',
      '  good     cuts        It is one shot.',
      '  remark   sound       It has no sound.',
      '                       Speak.',
      '  unknown  This is not known.',
    ]);
  });
});
