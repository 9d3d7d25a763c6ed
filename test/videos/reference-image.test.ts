import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageSize, sniffImage } from '../../src/media/picture/formats.ts';
import { readReference } from '../../src/videos/reference-image.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { createTestContext } from '../helpers/runtime.ts';

const SIZE = { width: 64, height: 36 };

/** Pictures of 64x36 and one of 40x40, by their codecs. */
const pictures = new Map<string, Buffer>();

beforeAll(async () => {
  for (const [name, codec, size, format] of [
    ['png', 'png', '64x36', 'image2pipe'],
    ['jpeg', 'mjpeg -pix_fmt yuvj420p', '64x36', 'image2pipe'],
    ['webp', 'libwebp', '64x36', 'webp'],
    ['square', 'png', '40x40', 'image2pipe'],
  ]) {
    const args = words(
      `-v error -f lavfi -i color=teal:s=${size} -frames:v 1 -c:v ${codec} -flags +bitexact -f ${format} -`,
    );
    pictures.set(name ?? '', (await run(args, { path: makerPath })).stdout);
  }
});

function picture(name: string): Buffer {
  return pictures.get(name) ?? Buffer.alloc(0);
}

const hash = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a picture of the exact size', () => {
  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
  ])('that is a %s passes byte by byte, under the type that its bytes have', async (kind, mime) => {
    const { context, dir, stderr } = await createTestContext({}, { env: { SORA_FFMPEG: '/none' } });
    // The name lies.
    await writeFile(join(dir, 'picture.gif'), picture(kind));
    expect(await readReference(context, 'picture.gif', SIZE)).toEqual({
      reference: { kind: 'bytes', bytes: picture(kind), mime, fileName: 'picture.gif' },
      record: {
        ...{ kind: 'image', sha256: hash(picture(kind)), label: 'picture.gif' },
        source: join(dir, 'picture.gif'),
      },
    });
    expect(stderr.text()).toBe('');
  });

  it('P5: loses its place and device, and nothing else', async () => {
    const { context, dir } = await createTestContext();
    const exif = Buffer.from('....Exif\0\0MM\0*\0\0\0\u0008\0\0Wildcam3000', 'latin1');
    exif.writeUInt16BE(0xffe1);
    exif.writeUInt16BE(exif.byteLength - 2, 2);
    const [start, rest] = [picture('jpeg').subarray(0, 2), picture('jpeg').subarray(2)];
    await writeFile(join(dir, 'photo.jpg'), Buffer.concat([start, exif, rest]));
    const { reference } = await readReference(context, 'photo.jpg', SIZE);
    expect(reference.kind === 'bytes' && Buffer.from(reference.bytes).equals(picture('jpeg'))).toBe(true);
  });

  it.each([
    ['a data URL', () => `data:image/png;base64,${picture('png').toString('base64')}`],
    ['a data URL of no type', () => `DATA:;base64,${picture('png').toString('base64')}`],
    ['bytes', () => picture('png')],
  ])('is taken from %s', async (_title, source) => {
    const { context } = await createTestContext();
    expect(await readReference(context, source(), SIZE)).toEqual({
      reference: { kind: 'bytes', bytes: picture('png'), mime: 'image/png', fileName: 'reference' },
      record: { kind: 'image', sha256: hash(picture('png')), label: 'reference' },
    });
  });
});

describe('a picture of another size', () => {
  it('is brought to the size of the video, and the record keeps what was given', async () => {
    const { context, dir, stderr } = await createTestContext();
    await writeFile(join(dir, 'square.png'), picture('square'));
    const { reference, record } = await readReference(context, 'square.png', SIZE);
    if (reference.kind !== 'bytes') throw new Error('it is sent as a URL');
    expect(imageSize(reference.bytes)).toEqual(SIZE);
    expect([reference.mime, sniffImage(reference.bytes)]).toEqual(['image/png', 'image/png']);
    expect(record).toMatchObject({ kind: 'image', sha256: hash(picture('square')), label: 'square.png' });
    expect(stderr.text()).toBe('square.png is 40x40; it is sent as 64x36, with bars where needed.\n');
  });

  it('that is a WebP becomes the PNG that it is sent as', async () => {
    const { context, dir } = await createTestContext();
    await writeFile(join(dir, 'picture.webp'), picture('webp'));
    const { reference } = await readReference(context, 'picture.webp', { width: 36, height: 64 });
    if (reference.kind !== 'bytes') throw new Error('it is sent as a URL');
    expect([reference.mime, sniffImage(reference.bytes)]).toEqual(['image/png', 'image/png']);
    expect(imageSize(reference.bytes)).toEqual({ width: 36, height: 64 });
  });
});

describe('an https URL', () => {
  it('is passed on with a warning, and the record keeps no more than its host', async () => {
    const { context, stderr } = await createTestContext();
    const url = 'https://pictures.example.com/a.png?token=secret';
    expect(await readReference(context, url, SIZE)).toEqual({
      reference: { kind: 'url', url },
      record: { kind: 'url', sha256: hash(url), label: 'pictures.example.com' },
    });
    expect(stderr.text()).toMatch(/^warning: .*pictures\.example\.com.*exactly 64x36/);
    expect(stderr.text()).not.toContain('secret');
  });
});

describe('what is no picture', () => {
  it.each([
    ['a missing file', 'none.png', 'usage', /There is no picture/],
    ['a folder', 'folder', 'usage', /is not a file/],
    ['a text', 'words.png', 'clip', /words\.png is not a JPEG, PNG or WebP/],
    ['an empty file', 'empty.png', 'clip', /not a JPEG/],
    ['a cut picture of another size', 'cut.png', 'clip', /cannot be decoded/],
    ['a plain http URL', 'http://pictures.example.com/a.png', 'usage', /https URL/],
    ['a URL that cannot be read', 'https://', 'usage', /not a URL/],
    ['a data URL without data', 'data:image/png;base64', 'usage', /data URL/],
    ['a data URL that is badly escaped', 'data:image/png,%ZZ', 'usage', /data URL/],
    ['words in a data URL', 'data:,words', 'clip', /not a JPEG/],
    ['no bytes', Buffer.alloc(0), 'clip', /not a JPEG/],
  ])('is refused: %s', async (_title, source, code, message) => {
    const { context, dir } = await createTestContext();
    await mkdir(join(dir, 'folder'));
    await writeFile(join(dir, 'words.png'), 'These are words.');
    await writeFile(join(dir, 'empty.png'), '');
    await writeFile(join(dir, 'cut.png'), picture('square').subarray(0, 60));
    await expect(readReference(context, source, SIZE)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
