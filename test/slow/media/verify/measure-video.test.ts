import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ffmpeg } from '../../../../src/media/ffmpeg/find.ts';
import { hashDistance } from '../../../../src/media/judge/picture-hash.ts';
import { findRemarks } from '../../../../src/media/judge/remarks.ts';
import type { VideoMeasurements } from '../../../../src/media/judge/video-look.ts';
import { measureVideo } from '../../../../src/media/verify/downloaded.ts';
import { describeBuilds } from '../../../helpers/builds.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { findTestFfmpeg } from '../../../helpers/prepare.ts';

const { signal } = new AbortController();
const JOE = fileURLToPath(new URL('../../../../fixtures/joe.mp4', import.meta.url));
const SIZE = { width: 640, height: 360 };
/** What is done to two good seconds of it. */
const SPOILED = {
  good: 'null',
  'standing still': 'loop=loop=-1:size=1:start=24',
  'standing still for half a second': 'loop=loop=-1:size=1:start=36',
  black: 'lutyuv=y=16:u=128:v=128',
  'black at first': 'drawbox=t=fill:color=black:enable=lt(n\\,24)',
  noise: 'scale=80:45,lutyuv=y=128:u=128:v=128,noise=alls=100:allf=t,scale=640:360:flags=neighbor',
  blocks: 'scale=20:12,scale=640:360:flags=neighbor',
  'in bars': 'scale=640:272,pad=640:360:0:44',
  'of two shots': 'negate=enable=gte(n\\,24)',
  mirrored: 'hflip',
  small: 'scale=320:180',
} as const;
type Kind = keyof typeof SPOILED;

const REMARKS: readonly (readonly [Kind, readonly string[]])[] = [
  ['good', []],
  ['standing still', ['It stands still from 1.0 s to its end.']],
  ['standing still for half a second', []],
  ['black', ['It is black.']],
  ['black at first', ['It is black until 1.0 s.']],
  ['noise', ['It is noise.']],
  ['blocks', ['Its picture is made of blocks.']],
  ['in bars', ['Black bars take 24 % of the frame.']],
  ['of two shots', ['Another shot begins at 1.0 s.']],
  ['mirrored', []],
  ['small', []],
];

let folder: string;
const made = new Map<Kind, Promise<string>>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-measure-'));
  const cut = words('-t 2.1 -vf crop=1920:1080,scale=640:360,fps=24 -frames:v 48 -c:v mpeg4 -q:v 3 -c:a aac');
  await run(['-v', 'error', '-i', JOE, ...cut, join(folder, 'joe.mp4')], { path: makerPath });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** With keyframes in what stands still, which change it a little. */
function clip(kind: Kind): Promise<string> {
  const known =
    made.get(kind) ??
    encode(join(folder, 'joe.mp4'), `${SPOILED[kind]},setpts=N/24/TB`, '-b:v 900k -g 12 -c:a copy', `${made.size}.mp4`);
  made.set(kind, known);
  return known;
}

async function encode(source: string, filter: string, options: string, name: string): Promise<string> {
  const path = join(folder, name);
  const video = words(`-frames:v 48 -c:v libx264 -preset ultrafast ${options}`);
  await run(['-v', 'error', '-i', source, '-vf', filter, ...video, path], { path: makerPath });
  return path;
}

async function measure(path: string, ffmpeg: Ffmpeg): Promise<VideoMeasurements> {
  const { seen, decoded, damage } = await measureVideo(path, { ffmpeg, signal });
  expect([decoded, damage]).toEqual([true, undefined]);
  if (!seen) throw new Error('nothing was measured');
  return seen;
}

const plain = ({ hashes }: VideoMeasurements) => hashes.map((one) => one.plain);

describeBuilds('a video that a host made', (build) => {
  it.each(REMARKS)('that is %s is told to be so, and nothing else of it', async (kind, expected) => {
    const ffmpeg = await findTestFfmpeg(build.path);
    const seen = await measure(await clip(kind), ffmpeg);
    const hasBlocks =
      (ffmpeg.lavfi?.[0] ?? 0) > 8 || ((ffmpeg.lavfi?.[0] ?? 0) === 8 && (ffmpeg.lavfi?.[1] ?? 0) >= 44);
    expect([seen.blockiness !== undefined, seen.loudness !== undefined]).toEqual([hasBlocks, true]);
    const found = findRemarks(seen, { size: SIZE, sound: true }).map(({ message }) => message);
    expect(found).toEqual(kind === 'blocks' && !hasBlocks ? [] : expected);
  });

  it('without a sound, or with silence, is told to be silent where one was ordered', async () => {
    const ffmpeg = await findTestFfmpeg(build.path);
    const good = await clip('good');
    const silent = async (options: string, name: string) => {
      const seen = await measure(await encode(good, 'null', options, name), ffmpeg);
      return [true, false].map((sound) => findRemarks(seen, { size: SIZE, sound }).map(({ message }) => message));
    };
    expect(await silent('-an', 'mute.mp4')).toEqual([['It has no sound.'], []]);
    expect(await silent('-af volume=0 -c:a aac', 'still.mp4')).toEqual([['Its sound is silence.'], []]);
  });

  it('looks the same encoded anew, mirrored too, and unlike any other', async () => {
    const ffmpeg = await findTestFfmpeg(build.path);
    const [good, small, mirrored, bars] = await Promise.all(
      (['good', 'small', 'mirrored', 'in bars'] as const).map(async (kind) => measure(await clip(kind), ffmpeg)),
    );
    if (!good || !small || !mirrored || !bars) throw new Error('nothing was measured');
    expect(hashDistance(plain(good), plain(small))).toBeLessThan(2);
    expect(
      hashDistance(
        plain(mirrored),
        good.hashes.map((one) => one.mirrored),
      ),
    ).toBeLessThan(2);
    for (const other of [mirrored, bars, await measure(await clip('noise'), ffmpeg)])
      expect(hashDistance(plain(good), plain(other))).toBeGreaterThan(8);
  });
});
