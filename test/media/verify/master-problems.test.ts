import { describe, expect, it } from 'vitest';
import type { MediaInfo, VideoInfo } from '../../../src/media/info.ts';
import type { PlanTarget } from '../../../src/media/plan/media-plan.ts';
import {
  copiedSoundProblems,
  countFrozenFrames,
  masterProblems,
  shownProblems,
} from '../../../src/media/verify/master-problems.ts';
import { mediaInfo } from '../../helpers/media-info.ts';

const TARGET: PlanTarget = {
  width: 1280,
  height: 720,
  rate: { num: 30, den: 1 },
  fps: 30,
  frames: 90,
  seconds: 3,
  audio: true,
};

describe('masterProblems', () => {
  it('finds none in a master', () => {
    expect(masterProblems(mediaInfo(), TARGET, 'convert')).toEqual([]);
  });

  it('lets a copy be untagged, but not an encode', () => {
    const untagged = mediaInfo({ primaries: undefined, transfer: undefined, matrix: undefined, range: undefined });
    expect(masterProblems(untagged, TARGET, 'remux')).toEqual([]);
    expect(masterProblems(untagged, TARGET, 'convert')).toHaveLength(1);
  });

  it.each<[Partial<VideoInfo>, Partial<MediaInfo>, RegExp]>([
    [{ codec: 'HEVC' }, {}, /codec is HEVC/],
    [{ bitDepth: 10 }, {}, /8 bit/],
    [{ range: 'full' }, {}, /limited/],
    [{ matrix: 'BT.601' }, {}, /tagged/],
    [{ width: 1278 }, {}, /1278x720, not 1280x720/],
    [{ pixelAspect: 1.01 }, {}, /square/],
    [{ rotation: 90 }, {}, /rotated/],
    [{ scan: 'interlaced' }, {}, /interlaced/],
    [{ constantRate: false }, {}, /varies/],
    [{ fps: 25, seconds: 3 }, {}, /frame rate is 25/],
    [{}, { seconds: 4.02 }, /lasts 4\.02/],
    [{ seconds: 1.9 }, { seconds: 2.1, audio: undefined }, /picture lasts 1\.9/],
    [{}, { bytes: 50_000_001 }, /too large/],
    [{}, { audio: undefined }, /sound is missing/],
    [{ seconds: 2.5 }, {}, /outlasts/],
    [{}, { container: 'AVI' }, /AVI/],
  ])('finds %o %o', (video, rest, problem) => {
    expect(masterProblems(mediaInfo(video, {}, rest), TARGET, 'convert')).toContainEqual(
      expect.stringMatching(problem),
    );
  });
});

describe('shownProblems', () => {
  const even = Array.from({ length: 90 }, (_, n) => n / 30);
  const problems = (
    times: readonly number[],
    kind: 'remux' | 'convert' = 'convert',
    more: { stored?: number; isSilent?: boolean } = {},
  ) =>
    shownProblems({ times, sound: more.isSilent ? undefined : { peak: -3, rms: -20, start: 0, end: 2 } }, TARGET, {
      kind,
      stored: more.stored,
    });

  it('finds none where as many pictures as planned are shown, at an even rate from 0 on, with sound', () => {
    expect(problems(even, 'convert', { stored: 90 })).toEqual([]);
  });

  it.each<[string, readonly number[], object, RegExp]>([
    ['a picture too few', even.slice(1).map((at) => at - 1 / 30), {}, /shows 89 pictures, not 90/],
    ['a late beginning', even.map((at) => at + 0.02), {}, /first picture is shown at 0\.02 s/],
    ['a gap', even.map((at, n) => (n > 50 ? at + 0.01 : at)), {}, /uneven times/],
    ['what is not shown', even, { stored: 135 }, /45 of its 135 pictures are not shown/],
    ['a sound track without sound', even, { isSilent: true }, /no sound in its sound track/],
  ])('finds %s', (_, times, more, problem) => {
    expect(problems(times, 'convert', more)).toEqual([expect.stringMatching(problem)]);
  });

  it('lets a copy begin later by less than a frame, and count one frame more for it', () => {
    const late = even.map((at) => at + 0.02);
    expect(problems(late, 'remux', { stored: 91 })).toEqual([]);
    expect(problems(even, 'remux', { stored: 91 })).toHaveLength(1);
    expect(
      problems(
        even.map((at) => at + 0.04),
        'remux',
      ),
    ).toHaveLength(1);
  });
});

describe('countFrozenFrames', () => {
  it.each([
    [[0, 0, 0.01, 0, 0, 3, 0], 5],
    [[0, 0, 2, 0, 0, 0, 0, 0], 0],
    [[0, 0, 0, 0, 0], 5],
    [[], 0],
  ])('of %j are %d', (changes, count) => {
    expect(countFrozenFrames({ changes })).toBe(count);
  });
});

describe('copiedSoundProblems', () => {
  const problems = (played: { start?: number; end: number }, stored: number, sourceSeconds = 3) => {
    const audio = (seconds: number, all: number) => {
      const { audio: usual } = mediaInfo();
      return usual && { ...usual, seconds, stored: all, sampleRate: 48_000, samplesPerFrame: 1024 };
    };
    const sound = { peak: -3, rms: -20, start: 0, ...played };
    return copiedSoundProblems(
      { sound },
      { source: audio(sourceSeconds, 3), copy: audio(played.end, stored), until: 3 },
    );
  };

  it.each<[string, { start?: number; end: number }, number, number?]>([
    ['all of it but what encoders add is played', { end: 2.96 }, 3.02],
    ['it begins later, as in the source', { start: 0.5, end: 3 }, 2.52],
    ['it ends earlier, as in the source', { end: 1.5 }, 1.52, 1.5],
  ])('finds none where %s', (_, played, stored, sourceSeconds) => {
    expect(problems(played, stored, sourceSeconds)).toEqual([]);
  });

  it.each<[string, { start?: number; end: number }, number, RegExp]>([
    ['what is stored and not played', { end: 3 }, 3.5, /^0\.50 s of its sound are not played/],
    ['what is played over other sound', { start: 0.5, end: 3 }, 3.02, /^0\.52 s of its sound are not played/],
    ['an end that is missing', { end: 2 }, 2.02, /^the last 1\.00 s of its sound are missing/],
  ])('finds %s', (_, played, stored, problem) => {
    expect(problems(played, stored)).toEqual([expect.stringMatching(problem)]);
  });
});
