import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import type { MediaInfo, VideoInfo } from '../../../src/media/info.ts';
import type { PlanTarget } from '../../../src/media/plan/plan.ts';
import { countFrozenFrames, masterProblems, shownProblems, verifyDecodes } from '../../../src/media/verify/decode.ts';
import { makeClip } from '../../helpers/clips.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { mediaInfo } from '../../helpers/media-info.ts';
import { tempFolder } from '../../helpers/temp.ts';

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
    shownProblems({ times, sound: more.isSilent ? undefined : { peak: -3, rms: -20 } }, TARGET, {
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

describe('verifyDecodes', () => {
  const { signal } = new AbortController();

  it('counts the frames of a whole file', async () => {
    const path = await makeClip('2.0 s', await tempFolder());
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const decoded = await verifyDecodes(path, ffmpeg, signal);
    expect(decoded).toMatchObject({ ok: true, frames: 50, sound: undefined });
    expect(decoded.ok && decoded.times.map((at, index) => Math.abs(at - index / 25) < 1e-4)).not.toContain(false);
    expect(decoded.ok && countFrozenFrames(decoded)).toBe(50);
  });

  it('finds damage, in sound too unless told to leave it', async () => {
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const frames = await makeClip('corrupt frames', await tempFolder());
    expect((await verifyDecodes(frames, ffmpeg, signal)).ok).toBe(false);
    const sound = await makeClip('unreadable audio', await tempFolder());
    expect((await verifyDecodes(sound, ffmpeg, signal)).ok).toBe(false);
    expect((await verifyDecodes(sound, ffmpeg, signal, { audio: false })).ok).toBe(true);
  });

  it('finds a picture of another size in a stream that changes it, and lets equal ones pass', async () => {
    const size = { width: 1280, height: 720 };
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const changing = await makeClip('size that changes', await tempFolder());
    expect(await verifyDecodes(changing, ffmpeg, signal, { size })).toEqual({
      ok: false,
      reason: 'its pictures are not all 1280x720',
    });
    expect(await verifyDecodes(changing, ffmpeg, signal)).toMatchObject({ ok: true });
    const steady = await makeClip('2.0 s', await tempFolder());
    expect(await verifyDecodes(steady, ffmpeg, signal, { size })).toMatchObject({ ok: true, frames: 50 });
  });

  it('blames the machine when ffmpeg was killed, and the file when ffmpeg ran into its own fault', async () => {
    const check = async (name: string) => verifyDecodes('/x.mp4', await fakeFfmpeg(`kill -${name} $$`), signal);
    for (const name of ['KILL', 'ILL']) await expect(check(name)).rejects.toMatchObject({ code: 'machine' });
    expect(await check('SEGV')).toEqual({ ok: false, reason: 'ffmpeg crashed on it (SIGSEGV)' });
  });

  it('is not satisfied by a file without frames', async () => {
    const ffmpeg = await fakeFfmpeg('echo frame=0');
    expect(await verifyDecodes('/x.mp4', ffmpeg, signal)).toEqual({
      ok: false,
      reason: 'it contains no frames',
    });
  });

  it('ends a decoder that hangs', async () => {
    const ffmpeg = await fakeFfmpeg('exec tail -f /dev/null');
    expect(await verifyDecodes('/x.mp4', ffmpeg, signal, { timeoutMs: 100 })).toMatchObject({ ok: false });
  });

  it('blames the machine for an ffmpeg that is gone', async () => {
    const ffmpeg = { path: join(await tempFolder(), 'gone'), version: '', source: 'PATH' } as const;
    await expect(verifyDecodes('/x.mp4', ffmpeg, signal)).rejects.toMatchObject({ code: 'machine' });
  });
});
