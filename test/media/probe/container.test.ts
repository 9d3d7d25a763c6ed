import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenTrack, readContainer } from '../../../src/media/probe/container.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import * as headers from '../../helpers/headers.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-container-'));
  const source = words('-v error -f lavfi -i testsrc=s=320x180:r=25:d=0.4 -f lavfi -i color=red:s=160x90:r=25:d=0.4');
  const video = words('-c:v libx264 -preset ultrafast -pix_fmt yuv420p');
  await run([...source, ...words('-map 0 -map 1'), ...video, join(folder, 'a.mp4')], { path: makerPath });
  await run([...source, ...words('-map 0 -map 1 -write_crc32 0'), ...video, join(folder, 'a.mkv')], {
    path: makerPath,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function fresh(name: 'a.mp4' | 'a.mkv'): Promise<string> {
  count += 1;
  const path = join(folder, `${count}-${name}`);
  await copyFile(join(folder, name), path);
  return path;
}

async function read(path: string): ReturnType<typeof readContainer> {
  const file = await open(path);
  try {
    return await readContainer(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

describe('MP4', () => {
  it.each(headers.MATRICES)('reads the matrix $matrix of a track', async ({ matrix, ...turn }) => {
    const path = await fresh('a.mp4');
    await headers.setMatrix(path, 'tkhd', matrix);
    expect((await read(path))?.tracks[0]?.turn).toEqual(turn);
  });

  it.each(headers.MATRICES)('reads the matrix $matrix of the movie', async ({ matrix, ...turn }) => {
    const path = await fresh('a.mp4');
    await headers.setMatrix(path, 'mvhd', matrix);
    expect((await read(path))?.tracks.map((track) => track.turn)).toEqual([turn, turn]);
  });

  it('applies the matrix of the track before that of the movie', async () => {
    const path = await fresh('a.mp4');
    await headers.setMatrix(path, 'tkhd', [-1, 0, 0, 1]);
    await headers.setMatrix(path, 'mvhd', [0, 1, -1, 0]);
    expect((await read(path))?.tracks[0]?.turn).toEqual({ mirrored: true, rotation: 90 });
  });

  it('takes a matrix of zeros for none', async () => {
    const path = await fresh('a.mp4');
    await headers.setMatrix(path, 'tkhd', [0, 0, 0, 0]);
    expect((await read(path))?.tracks[0]?.turn).toEqual({ mirrored: false, rotation: 0 });
  });

  it('chooses the first track that is enabled', async () => {
    const path = await fresh('a.mp4');
    expect(chosenTrack(await read(path))).toBe(0);
    await headers.setEnabled(path, 0, false);
    await headers.setEnabled(path, 1, true);
    expect(chosenTrack(await read(path))).toBe(1);
    await headers.setEnabled(path, 1, false);
    expect(chosenTrack(await read(path))).toBe(0);
  });

  it.each([
    ['Dolby Vision 5', headers.dolbyVisionBox(5, 0), { dolbyVision: { profile: 5, compatibility: 0 } }],
    ['Dolby Vision 8.4', headers.dolbyVisionBox(8, 4), { dolbyVision: { profile: 8, compatibility: 4 } }],
    ['two eyes', headers.box('st3d', [0, 0, 0, 0, 2]), { stereo: 'side by side' }],
    ['one eye', headers.box('st3d', [0, 0, 0, 0, 0]), { stereo: undefined }],
    [
      'a sphere',
      headers.box(
        'sv3d',
        headers.box('proj', headers.box('prhd', Buffer.alloc(16)), headers.box('equi', Buffer.alloc(20))),
      ),
      { projection: 'equirectangular' },
    ],
    ['encryption', headers.box('sinf', headers.box('frma', Buffer.from('avc1'))), { encrypted: true }],
  ])('reads %s', async (_, boxes, expected) => {
    const path = await fresh('a.mp4');
    await headers.addToEntry(path, 'avc1', boxes);
    expect((await read(path))?.tracks[0]).toMatchObject(expected);
  });

  it.each<[string, (file: Buffer) => Buffer, boolean]>([
    ['a whole file', (file) => file, false],
    [
      'a file with something else behind its last box',
      (file) => Buffer.concat([file, Buffer.from('\0\0\x01\0CamX trailer')]),
      false,
    ],
    ['a file with zeros behind its last box', (file) => Buffer.concat([file, Buffer.alloc(64)]), false],
    ['a file that ends in its header', (file) => file.subarray(0, file.length - 1), true],
    ['a file that ends before its header', (file) => file.subarray(0, file.indexOf('moov') - 4), true],
  ])('tells whether %s is cut', async (_, change, cut) => {
    const path = await fresh('a.mp4');
    await writeFile(path, change(await readFile(path)));
    expect((await read(path))?.cut).toBe(cut);
  });
});

describe('Matroska', () => {
  it.each<[string, Buffer, object]>([
    ['nothing', Buffer.alloc(0), { chosen: true, crop: undefined, alpha: false, stored: { width: 320, height: 180 } }],
    [
      'cropped lines',
      Buffer.concat([headers.element(0x54aa, [20]), headers.element(0x54bb, [10])]),
      { crop: { left: 0, top: 10, right: 0, bottom: 20 } },
    ],
    ['transparency', headers.element(0x53c0, [1]), { alpha: true }],
    ['eyes side by side', headers.element(0x53b8, [1]), { stereo: 'side by side' }],
    ['eyes above each other', headers.element(0x53b8, [3]), { stereo: 'top and bottom' }],
    ['a sphere', headers.element(0x7670, headers.element(0x7671, [1])), { projection: 'equirectangular' }],
  ])('reads %s', async (_, elements, expected) => {
    const path = await fresh('a.mkv');
    await headers.addToVideo(path, elements);
    expect((await read(path))?.tracks[0]).toMatchObject(expected);
  });

  it.each([
    [90, 270],
    [-90, 90],
    [180, 180],
  ])('turns by a roll of %d, which is counter-clockwise', async (roll, rotation) => {
    const path = await fresh('a.mkv');
    await headers.addToVideo(path, headers.element(0x7670, headers.element(0x7675, headers.float32(roll))));
    expect((await read(path))?.tracks[0]?.turn).toEqual({ mirrored: false, rotation });
  });

  it('chooses the first track that is marked', async () => {
    const path = join(folder, 'default.mkv');
    await run(
      [
        '-v',
        'error',
        '-i',
        join(folder, 'a.mkv'),
        ...words('-map 0 -c copy -disposition:v:0 0 -disposition:v:1 default'),
        path,
      ],
      {
        path: makerPath,
      },
    );
    expect((await read(path))?.tracks.map(({ chosen }) => chosen)).toEqual([false, true]);
  });
});

it.each(['', 'RIFF....AVI LIST', 'not a video at all', '\x1aE\xdf\xa3\xff\xff\xff\xff\xff\xff\xff\xff\xff'])(
  'knows nothing of %j',
  async (text) => {
    const path = join(folder, 'other');
    await writeFile(path, text, 'latin1');
    expect((await read(path))?.tracks ?? []).toEqual([]);
  },
);
