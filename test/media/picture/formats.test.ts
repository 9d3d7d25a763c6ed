import { describe, expect, it } from 'vitest';
import { imageOrientation, imageSize, sniffImage, stripMetadata } from '../../../src/media/picture/formats.ts';
import { exifSegment, pictureOf, pngChunk } from '../../helpers/pictures.ts';

describe('pictures by their bytes', () => {
  it.each([
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['lossless webp', 'image/webp'],
    ['transparent webp', 'image/webp'],
  ] as const)('knows %s and its size', async (kind, mime) => {
    const bytes = await pictureOf(kind, { width: 90, height: 60 });
    expect(sniffImage(bytes)).toBe(mime);
    expect(imageSize(bytes)).toEqual({ width: 90, height: 60 });
    expect(imageOrientation(bytes)).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['a GIF', 'GIF89a'],
    ['text', 'hello world, this is text'],
    ['a wave file', 'RIFF0000WAVE'],
  ])('does not know %s', (_, text) => {
    expect(sniffImage(Buffer.from(text))).toBeUndefined();
    expect(imageSize(Buffer.from(text))).toBeUndefined();
  });

  it('reads no size from a picture that is cut off in its header', async () => {
    for (const kind of ['jpeg', 'png', 'webp'] as const) {
      expect(imageSize((await pictureOf(kind, { width: 90, height: 60 })).subarray(0, 18))).toBeUndefined();
    }
  });

  it.each([1, 3, 6, 8])('reads EXIF orientation %d in both byte orders', async (orientation) => {
    const jpeg = await pictureOf('jpeg', { width: 90, height: 60 });
    for (const little of [true, false]) {
      const tagged = Buffer.concat([jpeg.subarray(0, 2), exifSegment(orientation, little), jpeg.subarray(2)]);
      expect(imageOrientation(tagged)).toBe(orientation);
      expect(imageSize(tagged)).toEqual({ width: 90, height: 60 });
    }
  });

  it('reads the orientation in the EXIF data of a PNG and a WebP', async () => {
    const tiff = exifSegment(6, true).subarray(10);
    const png = await pictureOf('png', { width: 90, height: 60 });
    const tagged = Buffer.concat([png.subarray(0, 33), pngChunk('eXIf', tiff.toString('latin1')), png.subarray(33)]);
    expect(imageOrientation(tagged)).toBe(6);
    const webp = await pictureOf('transparent webp', { width: 90, height: 60 });
    const exif = Buffer.concat([Buffer.from('EXIF'), Buffer.from([tiff.length, 0, 0, 0]), tiff]);
    expect(imageOrientation(Buffer.concat([webp, exif]))).toBe(6);
  });
});

describe('P5: stripMetadata', () => {
  it.each(['jpeg', 'png'] as const)(
    'cuts off what follows the picture in a %s: phones put a video there',
    async (kind) => {
      const picture = Buffer.from(stripMetadata(await pictureOf(kind, { width: 90, height: 60 })));
      const video = Buffer.from('\0\0\0\x18ftypmp42 with a place');
      expect(Buffer.from(stripMetadata(Buffer.concat([picture, video])))).toEqual(picture);
      const half = picture.subarray(0, picture.length - 20);
      expect(Buffer.from(stripMetadata(half))).toEqual(half);
    },
  );

  it('cuts EXIF and comments out of a JPEG and nothing else', async () => {
    const jpeg = stripMetadata(await pictureOf('jpeg', { width: 90, height: 60 }));
    const comment = Buffer.from([0xff, 0xfe, 0, 8, ...Buffer.from('secret')]);
    const tagged = Buffer.concat([jpeg.subarray(0, 2), exifSegment(6, true), comment, jpeg.subarray(2)]);
    expect(Buffer.from(stripMetadata(tagged))).toEqual(Buffer.from(jpeg));
  });

  it('cuts text and EXIF out of a PNG and nothing else', async () => {
    const png = stripMetadata(await pictureOf('png', { width: 90, height: 60 }));
    const chunks = [pngChunk('tEXt', 'Author\0Joe'), pngChunk('eXIf', 'MM\0*'), pngChunk('tIME', '1234567')];
    const tagged = Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
    expect(Buffer.from(stripMetadata(tagged))).toEqual(Buffer.from(png));
  });

  it('cuts EXIF and XMP out of a WebP and keeps its length and flags true', async () => {
    const webp = Buffer.from(await pictureOf('transparent webp', { width: 90, height: 60 }));
    expect(webp.toString('latin1', 12, 16)).toBe('VP8X');
    const chunk = (kind: string, size: number) =>
      Buffer.concat([Buffer.from(kind), Buffer.from([size, 0, 0, 0]), Buffer.alloc(size + (size % 2), 0x41)]);
    const tagged = Buffer.concat([webp, chunk('EXIF', 7), chunk('XMP ', 8)]);
    tagged.writeUInt32LE(tagged.length - 8, 4);
    tagged[20] = (tagged[20] ?? 0) | 0x0c;
    expect(Buffer.from(stripMetadata(tagged))).toEqual(webp);
  });
});
