import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import type { MediaInfo } from '../../../src/media/info.ts';
import { probeMedia } from '../../../src/media/probe/probe.ts';
import { ffmpegPath, makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const { signal } = new AbortController();
const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });

async function make(file: string, args: string): Promise<string> {
  const path = join(await tempFolder(), file);
  await run([...words(args), path], { path: makerPath });
  return path;
}

const SOURCE = '-v error -f lavfi -i testsrc=s=64x48:r=10:d=2.5';

it('reads what an MP4 says, without ffmpeg', async () => {
  const path = await make('a.mp4', `${SOURCE} -f lavfi -i sine=d=2 -pix_fmt yuv420p -c:v libx264 -c:a aac`);
  expect(await probeMedia(path, { signal })).toMatchObject({
    container: 'MPEG-4',
    video: {
      codec: 'H.264',
      width: 64,
      height: 48,
      fps: 10,
      frames: 25,
      seconds: 2.5,
      constantRate: true,
      bitDepth: 8,
    },
    audio: { codec: 'AAC', channels: 1, sampleRate: 44_100 },
    image: false,
    truncated: false,
  } satisfies Partial<Record<keyof MediaInfo, unknown>>);
});

it('measures an animated GIF, which states no length', async () => {
  const path = await make('a.gif', SOURCE);
  expect((await probeMedia(path, { signal })).video?.seconds).toBeUndefined();
  const { video } = await probeMedia(path, { ffmpeg, signal });
  expect(video).toMatchObject({ seconds: 2.5, fps: 10, frames: 25, constantRate: true });
});

it('tells a still GIF from an animated one', async () => {
  const path = await make('a.gif', `${SOURCE} -frames:v 1`);
  expect(await probeMedia(path, { ffmpeg, signal })).toMatchObject({ image: true, video: undefined });
});

it('measures a recording that was written to a pipe', async () => {
  const options = '-c:v libvpx -deadline realtime -cpu-used 8 -f webm -';
  const { stdout } = await run(words(`${SOURCE} ${options}`), { path: makerPath });
  const path = join(await tempFolder(), 'live.webm');
  await writeFile(path, stdout);
  const { video } = await probeMedia(path, { ffmpeg, signal });
  expect(video).toMatchObject({ codec: 'VP8', fps: 10, frames: 25, constantRate: true });
  expect(video?.seconds).toBeCloseTo(2.5, 2);
});

it.each([
  ['with', 'yuva420p', true],
  ['without', 'yuv420p', false],
])('sees WebM %s transparency', async (_, format, alpha) => {
  const path = await make(
    'a.webm',
    `${SOURCE} -pix_fmt ${format} -c:v libvpx -auto-alt-ref 0 -deadline realtime -cpu-used 8`,
  );
  expect((await probeMedia(path, { signal })).video?.alpha).toBe(alpha);
});

it.each([
  ['a path where nothing is', 'missing.mp4', undefined, 'usage', /no file/],
  ['a folder', '.', undefined, 'usage', /folder/],
  ['an empty file', 'a.mp4', '', 'clip', /empty/],
  ['text', 'a.mp4', 'hello', 'clip', /not a video/],
  ['a playlist', 'a.mp4', '#EXTM3U\n#EXTINF:3,\nother.mp4\n#EXT-X-ENDLIST\n', 'clip', /HLS/],
])('refuses %s', async (_, name, text, code, message) => {
  const path = join(await tempFolder(), name);
  if (text !== undefined) await writeFile(path, text);
  const error = await probeMedia(path, { ffmpeg, signal }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

it('tells a picture with a video behind it from a single one', async () => {
  const photo = await make('a.jpg', `${SOURCE} -frames:v 1`);
  expect(await probeMedia(photo, { ffmpeg, signal })).toMatchObject({ image: true, motionPhoto: false });
  await appendFile(photo, await readFile(await make('a.mp4', SOURCE)));
  expect(await probeMedia(photo, { ffmpeg, signal })).toMatchObject({ image: true, motionPhoto: true });
});

it.skipIf(process.platform === 'win32')('says of a pipe that a file is needed', async () => {
  const error = await probeMedia('/dev/null', { ffmpeg, signal }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/pipe/),
    hint: expect.stringMatching(/Save it/),
  });
});

it('reads nothing once it is interrupted', async () => {
  const path = await make('a.gif', SOURCE);
  const error = await probeMedia(path, { signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'interrupted' });
});

it('says of an MP4 without its index that it is cut off, and what helps', async () => {
  const path = await make('a.mp4', `${SOURCE} -c:v libx264`);
  await writeFile(path, (await readFile(path)).subarray(0, -1500));
  await expect(probeMedia(path, { signal, ffmpeg })).rejects.toMatchObject({
    message: expect.stringMatching(/cut off: the index/),
    hint: expect.stringMatching(/copy or download is incomplete/),
  });
});

it('calls the rate of a long clip constant although the pictures at the end of what is listed are not whole', async () => {
  const source = '-v error -f lavfi -i testsrc2=s=64x48:r=30:d=14';
  const path = await make('long.mp4', `${source} -pix_fmt yuv420p -c:v libx264 -bf 3 -x264-params b-adapt=0 -g 300`);
  // Where the listing ends, a picture that others refer to stands before them.
  for (const start of [0, 8])
    expect((await probeMedia(path, { ffmpeg, signal, start })).video).toMatchObject({ fps: 30, constantRate: true });
});
