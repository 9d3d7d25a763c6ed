import { expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import { imageOrientation, imageSize, sniffImage } from '../../../src/media/picture/formats.ts';
import { MOST_STILL_BYTES, prepareStill } from '../../../src/media/picture/still.ts';
import { ffmpegPath, run } from '../../helpers/ffmpeg.ts';
import { exifSegment, type PictureKind, pictureOf } from '../../helpers/pictures.ts';

const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
const { signal } = new AbortController();
const LARGE = { width: 900, height: 720 };

const prepare = (bytes: Uint8Array) => prepareStill(bytes, { name: '顔.png', ffmpeg, signal });

it.each<[PictureKind, string]>([
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['transparent png', 'image/png'],
  ['webp', 'image/webp'],
])('keeps the pixels of a %s as they are', async (kind, mime) => {
  const bytes = await pictureOf(kind, LARGE);
  const still = await prepare(bytes);
  expect(still).toMatchObject({ mime, size: LARGE, notes: [] });
  expect(still.bytes.length).toBeLessThanOrEqual(bytes.length);
});

it('P5: turns a picture as its EXIF data say, which it leaves out', async () => {
  const jpeg = Buffer.from(await pictureOf('jpeg', LARGE));
  const tagged = Buffer.concat([jpeg.subarray(0, 2), exifSegment(6, true), jpeg.subarray(2)]);
  const still = await prepare(tagged);
  expect(still.size).toEqual({ width: 720, height: 900 });
  expect(imageOrientation(still.bytes)).toBe(1);
  expect(Buffer.from(still.bytes).includes('Exif')).toBe(false);
  expect(still.notes).toEqual(['顔.png is turned as its EXIF data say.']);
  // Turned clockwise, what was red on the left is above.
  const rgb = await run(['-v', 'error', '-f', 'image2pipe', '-i', '-', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'], {
    input: still.bytes,
  });
  expect(rgb.stdout[0]).toBeGreaterThan(200);
  expect(rgb.stdout.at(-1)).toBeGreaterThan(200);
});

it('makes a JPEG of one that has more bytes than hosts take', async () => {
  const jpeg = Buffer.from(await pictureOf('jpeg', LARGE));
  const filler = Buffer.concat([Buffer.from([0xff, 0xe5, 0xff, 0xff]), Buffer.alloc(0xfffd)]);
  const large = Buffer.concat([jpeg.subarray(0, 2), ...Array.from({ length: 160 }, () => filler), jpeg.subarray(2)]);
  expect(large.length).toBeGreaterThan(MOST_STILL_BYTES);
  const still = await prepare(large);
  expect(still).toMatchObject({ mime: 'image/jpeg', size: LARGE });
  expect(still.bytes.length).toBeLessThan(MOST_STILL_BYTES);
  expect(imageSize(still.bytes)).toEqual(LARGE);
  expect(sniffImage(still.bytes)).toBe('image/jpeg');
  expect(still.notes.join()).toMatch(/more than 10 MB/);
});

it('says of a small picture that a larger one is better', async () => {
  const still = await prepare(await pictureOf('png', { width: 640, height: 360 }));
  expect(still.notes).toEqual(['顔.png is 640x360: a short side of 720 pixels shows a character better.']);
});

it.each<[string, () => Promise<Uint8Array>, RegExp]>([
  ['text', async () => Buffer.from('<svg/>'), /^顔\.png is not a JPEG, PNG or WebP picture\.$/],
  ['one that is too small', () => pictureOf('png', { width: 400, height: 200 }), /is 400x200; .* at least 256 pixels/],
  [
    'a header alone',
    async () => (await pictureOf('jpeg', LARGE)).subarray(0, 18),
    /is damaged: its size cannot be read/,
  ],
  ['half a picture', async () => (await pictureOf('png', LARGE)).subarray(0, 900), /^顔\.png cannot be decoded/],
])('refuses %s', async (_what, make, message) => {
  await expect(prepare(await make())).rejects.toMatchObject({ code: 'clip', message: expect.stringMatching(message) });
});
