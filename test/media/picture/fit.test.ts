import { expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import { fitImage } from '../../../src/media/picture/fit.ts';
import { imageSize, sniffImage } from '../../../src/media/picture/formats.ts';
import type { ImageMime } from '../../../src/shared/clip.ts';
import { ffmpegPath, run } from '../../helpers/ffmpeg.ts';
import { exifSegment, type PictureKind, pictureOf } from '../../helpers/pictures.ts';

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

it.each<[PictureKind, (bytes: Buffer) => unknown]>([
  ['png', (bytes: Buffer) => bytes.writeUInt32BE(60_000, 16)],
  ['jpeg', (bytes: Buffer) => bytes.writeUInt16BE(60_000, bytes.indexOf(Buffer.from([0xff, 0xc0])) + 5)],
  ['lossless webp', (bytes: Buffer) => bytes.writeUInt32LE(0x0fff_ffff, 21)],
])('refuses a %s that expands beyond all measure, without starting ffmpeg', async (kind, enlarge) => {
  const bytes = Buffer.from(await pictureOf(kind, { width: 64, height: 36 }));
  enlarge(bytes);
  const nothing = { path: '/nowhere/ffmpeg', version: '', source: 'PATH' } as const;
  const request = {
    mime: sniffImage(bytes) as ImageMime,
    size,
    fit: 'pad',
    signal: new AbortController().signal,
  } as const;
  await expect(fitImage({ ...request, bytes, ffmpeg: nothing })).rejects.toMatchObject({
    code: 'clip',
    message: expect.stringMatching(/at most 8192x8192 is supported/),
  });
});

it('refuses a picture whose pixels are more than its header says', async () => {
  // The first frame header is what is read here; the second is what a decoder goes by.
  const small = Buffer.from(await pictureOf('jpeg', { width: 64, height: 36 }));
  const at = small.indexOf(Buffer.from([0xff, 0xc0]));
  const header = small.subarray(at, at + 2 + small.readUInt16BE(at + 2));
  const large = Buffer.from(header);
  large.writeUInt16BE(65_000, 5);
  large.writeUInt16BE(65_000, 7);
  const bytes = Buffer.concat([small.subarray(0, at), header, large, small.subarray(at + header.length)]);
  await expect(fitTo(bytes)).rejects.toMatchObject({ code: 'clip' });
});

it('stops when it is interrupted', async () => {
  const bytes = await pictureOf('png', { width: 160, height: 160 });
  await expect(fitTo(bytes, 'pad', AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
});
