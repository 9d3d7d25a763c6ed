import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyDownload } from '../../../src/media/verify/downloaded.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const { signal } = new AbortController();

describe('a video in fragments', () => {
  let video: Buffer;

  beforeAll(async () => {
    const source = words('-v error -f lavfi -i color=teal:s=320x180:r=25:d=1 -c:v libx264 -preset ultrafast -g 10');
    const made = await run([...source, ...words('-movflags frag_keyframe+empty_moov -f mp4 -')], { path: makerPath });
    video = made.stdout;
  });

  const kindsOf = (bytes: Buffer) => boxesOf(bytes).map((box) => box.toString('latin1', 4, 8));
  const verify = async (bytes: Buffer) => {
    const path = join(await tempFolder(), 'y.mp4');
    await writeFile(path, bytes);
    return verifyDownload(path, signal);
  };

  it('is whole with its index and its media', async () => {
    expect(kindsOf(video)).toEqual(expect.arrayContaining(['ftyp', 'moov', 'moof', 'mdat']));
    expect(await verify(video)).toMatchObject({ width: 320, height: 180, fps: 25, audio: false });
    expect((await verify(video)).avcC).toMatch(/^[0-9a-f]{8}61766343[0-9a-f]{20,}$/);
  });

  it.each(['mdat', 'moov'])('P3: is not complete without its %s', async (kind) => {
    const rest = Buffer.concat(boxesOf(video).filter((box) => box.toString('latin1', 4, 8) !== kind));
    expect(kindsOf(rest)).toContain('moof');
    await expect(verify(rest)).rejects.toMatchObject({
      ...{ code: 'unverified', message: 'The video is not complete.' },
    });
  });
});

function boxesOf(bytes: Buffer): Buffer[] {
  const boxes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    boxes.push(bytes.subarray(at, at + bytes.readUInt32BE(at)));
  }
  return boxes;
}
