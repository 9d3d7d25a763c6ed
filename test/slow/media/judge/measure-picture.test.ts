import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ffmpeg, findFfmpeg, listParts } from '../../../../src/media/ffmpeg/find.ts';
import { measureTracks } from '../../../../src/media/ffmpeg/sound.ts';
import type { MediaInfo } from '../../../../src/media/info.ts';
import { type Measurements, motionAmount } from '../../../../src/media/judge/filter-output.ts';
import { type AspectVerdict, judge } from '../../../../src/media/judge/judge.ts';
import { measureBetweenBars } from '../../../../src/media/judge/measure-kept.ts';
import { measureGraph, measurePicture } from '../../../../src/media/judge/measure-picture.ts';
import { planMedia } from '../../../../src/media/plan/plan.ts';
import { probeMedia } from '../../../../src/media/probe/probe.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../../src/shared/clip.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { cachedFfmpegPath } from '../../../helpers/ffmpeg-cache.ts';
import { goodJoe } from '../../../helpers/joe.ts';
import { videoInfo } from '../../../helpers/media-info.ts';
import { findTestFfmpeg } from '../../../helpers/prepare.ts';

const { signal } = new AbortController();
const JOE = fileURLToPath(new URL('../../../../fixtures/joe.mp4', import.meta.url));
/** What is done to a good clip of 1280x720 to make it bad, or other and still good. */
const SPOILED = {
  good: 'null',
  blurred: 'boxblur=8:2',
  dark: 'lutyuv=y=16+(val-16)*0.15',
  overexposed: 'lutyuv=y=clip(16+(val-16)*4\\,16\\,235)',
  frozen: 'loop=-1:1:0,trim=duration=2.1,setpts=N/24/TB',
  shaken: 'crop=iw-64:ih-36:32+24*sin(n*2.3)*cos(n*1.7):18+18*sin(n*1.9+1),scale=1280:720,setsar=1',
  'with bars': 'pad=1280:960:0:120',
  '4:3': 'crop=960:720',
  '4:3 in 16:9': 'crop=960:720,pad=1280:720:160:0',
  'with a cut': 'hue=h=180:enable=gte(n\\,30),negate=enable=gte(n\\,30)',
  small: 'scale=320:180',
  flat: 'lutyuv=y=val*0.4+70',
  'faded in': 'fade=in:d=1.5',
  static: "scale=320:180,geq=lum='random(1)*255':cb=128:cr=128,scale=1280:720:flags=neighbor",
  // Large enough to look like what a camera has moved.
  'noise in blocks': 'scale=20:12,lutyuv=y=128:u=128:v=128,noise=alls=100:allf=t,scale=1280:720:flags=bicubic',
  panned: 'crop=854:480:min(426\\,200*t):120,scale=1280:720,setsar=1',
  'panned at 8 fps': 'fps=8,crop=854:480:min(426\\,200*t):120,scale=1280:720,setsar=1',
  'at 5 fps': 'fps=5',
  'dark, with a cut': 'hue=h=180:enable=gte(n\\,30),negate=enable=gte(n\\,30),lutyuv=y=16+(val-16)*0.5',
} as const;
type Kind = keyof typeof SPOILED;

let folder: string;
let ffmpeg: Ffmpeg;
const made = new Map<string, Promise<string>>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-look-test-'));
  ffmpeg = await findTestFfmpeg(cachedFfmpegPath);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Of real pictures, a third of the time that x264 takes at its fastest. */
const FAST = '-c:v mpeg4 -q:v 3';

function clip(kind: Kind, sound = '-c:a copy'): Promise<string> {
  const key = `${kind}${sound}`;
  const make = async (): Promise<string> => {
    const path = join(folder, `${made.size}.mp4`);
    await run([...words('-v error -i'), await goodJoe(), '-vf', SPOILED[kind], ...words(`${sound} ${FAST}`), path], {
      path: makerPath,
    });
    return path;
  };
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}

async function look(
  path: string,
  want: Parameters<typeof measureGraph>[1],
  by: Ffmpeg = ffmpeg,
): Promise<{ info: MediaInfo; readings: Measurements }> {
  const info = await probeMedia(path, { signal });
  return {
    info,
    readings: await measurePicture({ source: path, info, ffmpeg: by, signal, start: 0, seconds: 2, want }),
  };
}

async function levels(
  path: string,
  want: Parameters<typeof measureGraph>[1],
  by = ffmpeg,
): Promise<Record<string, string>> {
  const info = await probeMedia(path, { signal });
  const request = { source: path, info, ffmpeg: by, signal, start: 0, seconds: 2, want };
  const { readings, between } = await measureBetweenBars(request);
  const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
  if (plan.kind === 'reject' || !info.video) throw new Error('it is rejected');
  const found: readonly AspectVerdict[] = judge({
    info: { ...info, video: info.video },
    options: DEFAULT_CLIP_OPTIONS,
    ...{ plan, readings, between },
    sounds: await measureTracks(info, request, request),
  });
  return Object.fromEntries(found.filter(({ level }) => level !== 'good').map(({ what, level }) => [what, level]));
}

describe('clips that were made good and bad', () => {
  it.each<[Kind, Record<string, string>]>([
    ['good', {}],
    ['dark', { exposure: 'problem' }],
    ['overexposed', { exposure: 'problem' }],
    ['frozen', { motion: 'problem' }],
    ['shaken', { steadiness: 'problem' }],
    ['with bars', { bars: 'problem' }],
    ['with a cut', { cuts: 'problem' }],
    ['small', { size: 'problem' }],
    ['4:3', { bars: 'problem' }],
    ['4:3 in 16:9', { bars: 'problem' }],
    ['flat', { contrast: 'remark' }],
    ['faded in', { fade: 'problem' }],
    ['static', { motion: 'problem' }],
    ['noise in blocks', { motion: 'problem', steadiness: 'problem' }],
    ['panned', {}],
    ['panned at 8 fps', {}],
    ['at 5 fps', {}],
  ])('finds what is wrong with the one that is %s, and nothing else', async (kind, expected) => {
    expect(await levels(await clip(kind), {})).toEqual(expected);
  });

  it.each([
    ['no sound', '-an'],
    ['silence', '-af volume=0'],
  ])('hears %s', async (_, options) => {
    expect(await levels(await clip('good', options), {})).toEqual({ sound: 'remark' });
  });

  it('measures sharpness where ffmpeg can (5.1 and later)', async ({ skip }) => {
    const able = await withBlurdetect();
    if (!able) return skip('no ffmpeg with blurdetect is here');
    const want = { blur: true };
    expect(await levels(await clip('good', '-an'), want, able)).toEqual({ sound: 'remark' });
    expect(await levels(await clip('blurred', '-an'), want, able)).toEqual({ sound: 'remark', sharpness: 'problem' });
  });

  it('tells sharp from blurred with every build, to compare parts of one clip', async () => {
    const [sharp = 0, blurred = 0] = await Promise.all(
      (['good', 'blurred'] as const).map(async (kind) => {
        const { readings } = await look(await clip(kind, '-an'), { detail: true });
        return readings.detail[3]?.value;
      }),
    );
    expect(sharp).toBeGreaterThan(0.4);
    expect(blurred).toBeLessThan(0.28);
  });

  it('measures what lies between bars as if there were none', async () => {
    const measured = async (kind: Kind) => {
      const path = await clip(kind, '-an');
      const info = await probeMedia(path, { signal });
      const { readings } = await measureBetweenBars({
        ...{ source: path, info, ffmpeg, signal, start: 0, seconds: 2, want: {} },
      });
      return motionAmount(readings.samples);
    };
    const [plain, barred] = [await measured('good'), await measured('with bars')];
    expect(barred / plain).toBeGreaterThan(0.8);
    expect(barred / plain).toBeLessThan(1.25);
  });

  it('finds the cut and the bars where they are', async () => {
    for (const kind of ['with a cut', 'dark, with a cut'] as const) {
      const cut = await look(await clip(kind), {});
      expect(cut.readings.cuts.map((at) => Number(at.toFixed(2)))).toEqual([1.25]);
    }
    const barred = await look(await clip('with bars'), { bars: true });
    expect(barred.readings.lit?.loose).toEqual({ x: 0, y: 120, width: 1280, height: 720 });
  });
});

/** The one under test, or the machine's own. */
async function withBlurdetect(): Promise<Ffmpeg | undefined> {
  const own = await findFfmpeg({ PATH: process.env.PATH }).catch(() => undefined);
  for (const one of [ffmpeg, own]) {
    if (one && (await listParts(one, 'filters', signal)).has('blurdetect')) return one;
  }
  return undefined;
}

describe('lookInto', () => {
  it('says how far it is, and leaves nothing behind', async () => {
    const place = await ownPlace();
    const seconds: number[] = [];
    const source = await clip('good');
    const info = await probeMedia(source, { signal });
    const used: number[] = [];
    const onSeconds = (done: number): void => {
      seconds.push(done);
      used.push(readdirSync(place).length);
    };
    await measurePicture({ source, info, ffmpeg, signal, start: 0.5, seconds: 1, want: {}, onSeconds });
    expect(seconds.length).toBeGreaterThan(0);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(1);
    expect(used[0]).toBe(1);
    expect(await readdir(place)).toEqual([]);
  });

  it('tells times of the source when it begins later', async () => {
    const source = await clip('with a cut');
    const info = await probeMedia(source, { signal });
    const { cuts, samples } = await measurePicture({ source, info, ffmpeg, signal, start: 1, seconds: 1, want: {} });
    expect(cuts.map((at) => Number(at.toFixed(2)))).toEqual([1.25]);
    expect(samples[0]?.at).toBeCloseTo(1, 1);
  });

  it.each(['panned', 'panned at 8 fps', 'at 5 fps'] as const)(
    'sees every picture of the clip once, at its own time: %s',
    async (kind) => {
      const source = await clip(kind);
      const info = await probeMedia(source, { signal });
      const { samples } = await measurePicture({ source, info, ffmpeg, signal, start: 0.4, seconds: 1.2, want: {} });
      const { fps = 0 } = info.video ?? {};
      const step = Math.max(1, Math.round(fps / 12)) / fps;
      const first = Math.ceil(0.4 * fps - 0.001) / fps;
      const expected = Array.from(
        { length: Math.ceil((1.6 - first) / step - 0.001) },
        (_, index) => first + index * step,
      );
      expect(samples).toHaveLength(expected.length);
      samples.forEach(({ at }, index) => {
        expect(Math.abs(at - (expected[index] ?? 0))).toBeLessThan(1 / fps);
      });
    },
  );

  it('stops when it is told to', async () => {
    const source = await clip('good');
    const info = await probeMedia(source, { signal });
    const stopped = AbortSignal.abort();
    const look = measurePicture({ source, info, ffmpeg, signal: stopped, start: 0, seconds: 1, want: {} });
    await expect(look).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('stops in the middle, and leaves nothing behind', async () => {
    const place = await ownPlace();
    const stop = new AbortController();
    const info = await probeMedia(JOE, { signal });
    const request = { source: JOE, info, ffmpeg, signal: stop.signal, start: 0, seconds: 6, want: {} };
    const look = measurePicture({ ...request, onSeconds: () => stop.abort() });
    await expect(look).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(place)).toEqual([]);
  });

  it('says that it is the clip when nothing can be decoded', async () => {
    const info = await probeMedia(await clip('good'), { signal });
    const look = measurePicture({ source: import.meta.filename, info, ffmpeg, signal, start: 0, seconds: 1, want: {} });
    await expect(look).rejects.toMatchObject({
      code: 'clip',
      message: expect.stringMatching(/cannot be analysed: \w/),
    });
  });
});

/** Where temporary files of this test alone go: other tests make some too. */
async function ownPlace(): Promise<string> {
  const place = await mkdtemp(join(folder, 'own-'));
  vi.stubEnv('TMPDIR', place);
  return place;
}

describe('lookGraph', () => {
  it('measures only what is wanted', () => {
    const plain = measureGraph(videoInfo(), {});
    expect(plain).not.toMatch(/blurdetect|cropdetect|sobel/);
    expect(measureGraph(videoInfo(), { blur: true, bars: true, detail: true })).toMatch(
      /sobel.*blurdetect.*cropdetect/,
    );
  });

  it('looks at the picture as it is shown, and makes whole frames of fields', () => {
    const turned = measureGraph(videoInfo({ width: 1920, height: 1080, rotation: 90, scan: 'interlaced' }), {});
    expect(turned).toMatch(/^\[0:V:0\]yadif=.*,split=1\[v0\];\[v0\]scale=w=180:h=320/);
  });

  it('looks between bars, but for the bars themselves', () => {
    const crop = { x: 0, y: 140, width: 1280, height: 440 };
    const graph = measureGraph(videoInfo(), { blur: true, bars: true, detail: true, crop }).split(';');
    expect(graph.filter((branch) => branch.includes('crop=min(1280\\,iw):min(440\\,ih):0:140,scale=w='))).toHaveLength(
      3,
    );
    expect(graph.find((branch) => branch.includes('fps=8'))).not.toContain('crop=min');
  });

  it('does not enlarge', () => {
    expect(measureGraph(videoInfo({ width: 64, height: 48 }), {})).toContain('scale=w=64:h=48');
  });
});
