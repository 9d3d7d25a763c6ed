import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOtherSize, otherSizeIn } from '../../../src/media/probe/h264-sizes.ts';
import { makeClip } from '../../helpers/clips.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const { signal } = new AbortController();
const HD = { width: 1280, height: 720 };
const NONE = { width: 1, height: 1 };

/** One picture as MP4 and Matroska store it: each unit behind its length. */
async function stored(size: string, options: string): Promise<Buffer> {
  const source = words(`-v error -f lavfi -i color=teal:s=${size}:r=25 -frames:v 1 -c:v libx264 -preset ultrafast`);
  const { stdout } = await run([...source, ...words(`${options} -f h264 -`)], { path: makerPath });
  // The last zero of a longer start code belongs to no unit.
  const units = stdout
    .toString('latin1')
    .split('\0\0\u0001')
    .slice(1)
    .map((unit) => unit.replace(/\0$/, ''));
  return Buffer.concat(
    units.map((unit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      return Buffer.concat([length, Buffer.from(unit, 'latin1')]);
    }),
  );
}

describe('the size that a stream announces', () => {
  it.each([
    ['1280x720', '-pix_fmt yuv420p', 1280, 720],
    ['1922x1078', '-pix_fmt yuv420p', 1922, 1078],
    ['1920x1080', '-pix_fmt yuv420p -flags +ildct+ilme', 1920, 1080],
    ['640x362', '-pix_fmt yuv422p', 640, 362],
    ['642x362', '-pix_fmt yuv444p -x264-params cqm=jvt', 642, 362],
    ['320x180', '-pix_fmt yuv420p -profile:v baseline', 320, 180],
  ])('is read: %s with %s', async (size, options, width, height) => {
    const bytes = await stored(size, options);
    expect(otherSizeIn(bytes, NONE)).toEqual({ width, height });
    expect(otherSizeIn(bytes, { width, height })).toBeUndefined();
  });

  it('is read behind bytes that keep three zeros from standing in a row', () => {
    const golomb = (value: number) => {
      const code = (value + 1).toString(2);
      return '0'.repeat(code.length - 1) + code;
    };
    // An order of pictures of type 1, with an offset so large that it is nearly all zeros; then 40 by 23 blocks.
    const order = [...[0, 0, 1].map(golomb), '0', ...[2 ** 26 - 1, 0, 0].map(golomb)];
    const bits = [...order, golomb(1), '0', golomb(39), golomb(22), '11001'].join('');
    const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? [];
    const plain = Buffer.from([0x67, 66, 0, 30, ...bytes.map((byte) => Number.parseInt(byte, 2))]);
    const escaped: number[] = [];
    for (const byte of plain) {
      if (byte <= 3 && escaped.at(-1) === 0 && escaped.at(-2) === 0) escaped.push(3);
      escaped.push(byte);
    }
    const unit = Buffer.from(escaped);
    expect(unit.length).toBeGreaterThan(plain.length);
    const stream = Buffer.concat([Buffer.from([0, 0, 0, unit.length]), unit, Buffer.from([0, 0, 0, 2, 0x68, 0xce])]);
    expect(otherSizeIn(stream, NONE)).toEqual({ width: 640, height: 368 });
  });

  it('is found where two chunks of a file meet', async () => {
    const picture = await stored('320x180', '-pix_fmt yuv420p');
    const path = join(await tempFolder(), 'x.bin');
    for (const before of [20, 4, 1]) {
      await writeFile(path, Buffer.concat([Buffer.alloc(1024 * 1024 - before, 0xff), picture]));
      expect(await findOtherSize(path, HD, signal)).toEqual({ width: 320, height: 180 });
    }
  });

  it('is not taken from what only looks like it', async () => {
    const picture = await stored('320x180', '-pix_fmt yuv420p');
    expect(otherSizeIn(Buffer.alloc(2_000_000), NONE)).toBeUndefined();
    // Cut off, of no known profile, and with nothing behind it that belongs there.
    expect(otherSizeIn(picture.subarray(0, 12), NONE)).toBeUndefined();
    expect(otherSizeIn(Buffer.from(picture).fill(3, 5, 6), NONE)).toBeUndefined();
    expect(
      otherSizeIn(Buffer.concat([picture.subarray(0, 4 + (picture[3] ?? 0)), Buffer.alloc(9, 1)]), NONE),
    ).toBeUndefined();
  });
});

it('a clip that changes its size tells the second one, and a steady clip none', async () => {
  const [changing, steady] = [
    await makeClip('size that changes', await tempFolder()),
    await makeClip('2.0 s', await tempFolder()),
  ];
  expect(await findOtherSize(changing, HD, signal)).toEqual({ width: 640, height: 360 });
  expect(await findOtherSize(steady, HD, signal)).toBeUndefined();
  expect(otherSizeIn(await readFile(steady), HD)).toBeUndefined();
});

it('ends with the signal', async () => {
  const path = await makeClip('2.0 s', await tempFolder());
  await expect(findOtherSize(path, HD, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
});
