import { describe, expect, it } from 'vitest';
import { readPicture } from '../../../src/sandbox/media/picture.ts';
import { makePicture } from '../harness.ts';

describe('readPicture', () => {
  it.each([
    ['png', 'png'],
    ['mjpeg', 'jpeg'],
    ['libwebp', 'webp'],
  ] as const)('reads the size of what %s has written', async (codec, type) => {
    const bytes = Buffer.from(await (await makePicture(codec, '722x406', 'x/y')).arrayBuffer());
    expect(readPicture(bytes)).toEqual({ type, width: 722, height: 406 });
    for (const length of [0, 2, 12, 20]) expect(readPicture(bytes.subarray(0, length))).toBeUndefined();
  });

  it.each([
    ['lossless', 'VP8L', [0x2f, 0x8f, 0x40, 0x2c, 0x00], 144, 178],
    ['extended', 'VP8X', [0, 0, 0, 0, 0xff, 0x06, 0x00, 0xff, 0x03, 0x00], 1792, 1024],
  ])('reads a %s WebP', (_, kind, fields, width, height) => {
    const head = Buffer.from(`RIFF....WEBP${kind}....`, 'latin1');
    expect(readPicture(Buffer.concat([head, Buffer.from(fields)]))).toEqual({ type: 'webp', width, height });
  });

  it.each(['GIF89a', 'hello', '<svg/>'])('knows nothing of %s', (text) => {
    expect(readPicture(Buffer.from(text))).toBeUndefined();
  });
});
