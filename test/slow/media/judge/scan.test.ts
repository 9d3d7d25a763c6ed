import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measuresBlur } from '../../../../src/media/judge/measure-picture.ts';
import { findBestPart, type ScanRequest } from '../../../../src/media/judge/scan.ts';
import { probeMedia } from '../../../../src/media/probe/probe.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { cachedFfmpegPath } from '../../../helpers/ffmpeg-cache.ts';
import { findTestFfmpeg } from '../../../helpers/prepare.ts';

const { signal } = new AbortController();
const JOE = fileURLToPath(new URL('../../../../fixtures/joe.mp4', import.meta.url));
/** 640x480, 12 fps: 6 s of which only 3 s to 6 s of each are good. Each `spoil` makes the rest bad. */
const SPOILED = {
  blurred: "boxblur=6:2:enable='lt(t,3)'",
  dark: "lutyuv=y=16+(val-16)*0.1:enable='lt(t,3)'",
  shaken: 'crop=600:450:20+18*sin(n*2.3)*lt(t\\,3):15+14*sin(n*1.9+1)*lt(t\\,3)',
  cut: "negate=enable='lt(t,3)'",
} as const;

let folder: string;
let request: (path: string) => Promise<ScanRequest>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-scan-test-'));
  const ffmpeg = await findTestFfmpeg(cachedFfmpegPath);
  const rest = { ffmpeg, signal, duration: null, onProgress: () => {} };
  request = async (source) => ({ ...rest, source, info: await probeMedia(source, { signal }) });
  await make(JOE, 'fps=12,scale=640:480', 'joe.mp4');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(source: string, filter: string, name: string): Promise<string> {
  const path = join(folder, name);
  const encode = words('-an -c:v mpeg4 -q:v 3');
  await run(['-v', 'error', '-i', source, '-vf', filter, ...encode, path], { path: makerPath });
  return path;
}

describe('findMoment', () => {
  it.each(Object.entries(SPOILED))('takes the part that is not %s', async (kind, filter) => {
    const path = await make(join(folder, 'joe.mp4'), filter, `${kind}.mp4`);
    const fractions: number[] = [];
    const ready = await request(path);
    const moment = await findBestPart({ ...ready, onProgress: (fraction) => fractions.push(fraction) });
    // A negative is as sharp as its picture: builds that measure it take the part before the cut, others the one behind it.
    if (kind === 'cut') expect([0, 3]).toContain(moment.start);
    // What changes in other ways than by a cut is found to a quarter of a second.
    else expect(moment.start).toBeGreaterThanOrEqual(2.75);
    expect(moment.start + moment.seconds).toBeLessThanOrEqual(6.01);
    expect(moment.seconds).toBe(3);
    const sharp = (await measuresBlur(ready.ffmpeg, signal)) ? 'sharp, ' : '';
    expect(moment.because).toMatch(
      new RegExp(`^the best of \\d+ places: no cut inside, ${sharp}well lit, moving, steady$`),
    );
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    if (kind === 'cut') expect(await findBestPart(ready)).toEqual(moment);
  });

  it('leaves out bars: with them, what is overexposed would pass for well lit, and what is well lit for dark', async () => {
    const bright = "lutyuv=y=clip(16+(val-16)*3\\,16\\,235):enable='lt(t,2.9)'";
    const path = await make(
      join(folder, 'joe.mp4'),
      `${bright},scale=640:160,setsar=1,pad=640:480:0:160`,
      'barred.mp4',
    );
    const moment = await findBestPart(await request(path));
    expect(moment.start).toBeGreaterThanOrEqual(2.75);
    expect(moment).toMatchObject({
      seconds: 3,
      because: expect.stringMatching(/: no cut inside, (?:sharp, )?well lit, /),
    });
  });

  it('keeps the length that was asked for', async () => {
    const ready = await request(join(folder, 'joe.mp4'));
    expect((await findBestPart({ ...ready, duration: 2.5 })).seconds).toBe(2.5);
  });

  it('refuses a clip of which nothing can be decoded', async () => {
    const ready = await request(join(folder, 'joe.mp4'));
    await expect(findBestPart({ ...ready, source: import.meta.filename })).rejects.toMatchObject({
      code: 'clip',
      hint: expect.stringContaining('--start 0'),
    });
  });
});
