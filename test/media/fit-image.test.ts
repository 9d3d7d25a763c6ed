import { expect, it } from 'vitest';
import { findFfmpeg } from '../../src/media/find.ts';
import { fitImage } from '../../src/media/fit-image.ts';
import { imageSize, sniffImage } from '../../src/media/image.ts';
import type { ImageMime } from '../../src/providers/provider.ts';
import { ffmpegPath, run } from '../helpers/ffmpeg.ts';
import { exifSegment, pictureOf } from '../helpers/pictures.ts';

const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
const size = { width: 320, height: 180 };

function fitTo(
  bytes: Uint8Array,
  how: 'pad' | 'crop' = 'pad',
  signal = new AbortController().signal,
): Promise<Uint8Array> {
  return fitImage({ bytes, mime: sniffImage(bytes) as ImageMime, size, fit: how, ffmpeg, signal });
}

/** Red, green and blue at a place of a 320x180 picture. */
async function colourAt(bytes: Uint8Array, x: number, y: number): Promise<number[]> {
  const args = ['-v', 'error', '-f', 'image2pipe', '-i', '-', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const { stdout } = await run(args, { input: bytes });
  const at = (y * size.width + x) * 3;
  return [...stdout.subarray(at, at + 3)].map((value) => Math.round(value / 32) * 32);
}

const [RED, BLUE, BLACK] = [
  [256, 0, 0],
  [0, 0, 256],
  [0, 0, 0],
];

it.each([
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['webp', 'image/png'],
  ['lossless webp', 'image/png'],
] as const)('brings a %s to the exact size, in the middle, on black', async (kind, mime) => {
  const out = await fitTo(await pictureOf(kind, { width: 160, height: 160 }));
  expect(sniffImage(out)).toBe(mime);
  expect(imageSize(out)).toEqual(size);
  expect(await colourAt(out, 20, 90)).toEqual(BLACK);
  expect(await colourAt(out, 100, 90)).toEqual(RED);
  expect(await colourAt(out, 220, 90)).toEqual(BLUE);
});

it('fills the size when it may crop', async () => {
  const out = await fitTo(await pictureOf('png', { width: 160, height: 160 }), 'crop');
  expect(await colourAt(out, 2, 2)).toEqual(RED);
  expect(await colourAt(out, 317, 177)).toEqual(BLUE);
});

it('flattens transparency on black', async () => {
  const out = await fitTo(await pictureOf('transparent png', { width: 160, height: 90 }));
  expect(await colourAt(out, 100, 90)).toEqual([128, 0, 0]);
});

it('passes a picture of the right size with the same pixels, without its metadata', async () => {
  const jpeg = Buffer.from(await pictureOf('jpeg', size));
  const tagged = Buffer.concat([jpeg.subarray(0, 2), exifSegment(1, true), jpeg.subarray(2)]);
  const out = Buffer.from(await fitTo(tagged));
  expect(out.includes('Exif')).toBe(false);
  expect(out.subarray(-500).equals(jpeg.subarray(-500))).toBe(true);
});

it('turns a picture upright as its EXIF says', async () => {
  const jpeg = await pictureOf('jpeg', { width: 90, height: 160 });
  const tagged = Buffer.concat([jpeg.subarray(0, 2), exifSegment(6, false), jpeg.subarray(2)]);
  const out = await fitTo(tagged);
  expect(imageSize(out)).toEqual(size);
  expect([await colourAt(out, 160, 20), await colourAt(out, 160, 160)]).toEqual([RED, BLUE]);
});

it.each(['jpeg', 'png', 'webp'] as const)('refuses a broken %s', async (kind) => {
  const bytes = await pictureOf(kind, { width: 400, height: 300 });
  await expect(fitTo(bytes.subarray(0, 40))).rejects.toMatchObject({ code: 'clip' });
});

it('stops when it is interrupted', async () => {
  const bytes = await pictureOf('png', { width: 160, height: 160 });
  await expect(fitTo(bytes, 'pad', AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
});
