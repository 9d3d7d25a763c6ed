/** How a picture is to be shown, as headers say it that builds of ffmpeg read differently or not at all. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Size } from '../../src/shared/geometry.ts';
import { describeBuilds } from '../helpers/builds.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import * as headers from '../helpers/headers.ts';
import { runHere } from '../helpers/here.ts';
import { measureMaster } from '../helpers/master.ts';
import { markedPicture } from '../helpers/picture.ts';
import { prepare } from '../helpers/prepare.ts';
import { expectUpright, parseRect } from '../helpers/upright.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-shape-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const made = new Map<string, Promise<string>>();
let count = 0;

/** A fresh copy of a clip of two seconds, whose upright picture is laid down by `filter`. */
async function clip(name: string, size: Size, filter: string): Promise<string> {
  const key = `${size.width}-${filter.replace(/\W/g, '-')}-${name}`;
  const encode = async (): Promise<string> => {
    const path = join(folder, key);
    const chain = `format=rgb24,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,${filter},loop=-1:1:0,setpts=N,trim=duration=2`;
    const codec = name.endsWith('.webm') ? '-c:v libvpx -deadline realtime -b:v 2M' : '-c:v libx264 -preset ultrafast';
    const crc = name.endsWith('.mp4') ? '' : '-write_crc32 0';
    await run(
      [
        ...words(`-v error -f rawvideo -pix_fmt rgba -s ${size.width}x${size.height} -r 25 -i pipe:0 -vf`),
        ...[chain, ...words(`${codec} ${crc} -colorspace bt709 -color_range tv`), path],
      ],
      { path: makerPath, input: markedPicture(size) },
    );
    return path;
  };
  const source = made.get(key) ?? encode();
  made.set(key, source);
  count += 1;
  const path = join(folder, `${count}-${name}`);
  await copyFile(await source, path);
  return path;
}

const WIDE: Size = { width: 640, height: 360 };
const HIGH: Size = { width: 360, height: 640 };
/** From the upright picture to the stored one, which a player turns clockwise. */
const STORED = { 0: 'null', 90: 'transpose=cclock', 180: 'hflip,vflip', 270: 'transpose=clock' } as const;

describeBuilds('the master', (build) => {
  /** The whole picture stands upright in `rect` of a master of this size, and nothing turns it any further. */
  async function expectMaster(source: string, upright: Size, [master, rect]: [Size, string]): Promise<string[]> {
    const path = `${source}-master.mp4`;
    const { plan } = await prepare(source, path, {}, cachedFfmpeg(build.path));
    const measured = await measureMaster(path, { madeByUs: true });
    expect(measured.faults).toEqual([]);
    expect(measured.size).toEqual(master);
    await expectUpright(path, master, upright, parseRect(rect));
    return plan.steps.map((step) => step.do);
  }
  const LANDSCAPE: [Size, string] = [{ width: 1280, height: 720 }, '1280x720+0+0'];
  const PORTRAIT: [Size, string] = [{ width: 720, height: 1280 }, '720x1280+0+0'];

  it.each([
    ...headers.MATRICES.map((turn) => ({ ...turn, at: 'tkhd' as const })),
    // test/media/container.test.ts reads the others.
    ...headers.MATRICES.filter(({ rotation }) => rotation === 90).map((turn) => ({ ...turn, at: 'mvhd' as const })),
  ])('of an MP4 with the matrix $matrix in its $at is upright', async ({ at, matrix, mirrored, rotation }) => {
    const [upright, master] = rotation % 180 === 0 ? [WIDE, LANDSCAPE] : [HIGH, PORTRAIT];
    const source = await clip('a.mp4', upright, `${STORED[rotation]}${mirrored ? ',hflip' : ''}`);
    await headers.setMatrix(source, at, matrix);
    const steps = await expectMaster(source, upright, master);
    expect(steps.includes('mirror')).toBe(mirrored);
    expect(steps.includes('rotate')).toBe(rotation !== 0);
  });

  it.each([
    [90, 'transpose=clock'],
    [-90, 'transpose=cclock'],
    [180, 'hflip,vflip'],
  ])('of a WebM with a roll of %d is upright', async (roll, filter) => {
    const [upright, master] = roll === 180 ? [WIDE, LANDSCAPE] : [HIGH, PORTRAIT];
    const source = await clip('a.webm', upright, filter);
    await headers.addToVideo(source, headers.element(0x7670, headers.element(0x7675, headers.float32(roll))));
    expect(await expectMaster(source, upright, master)).toContain('rotate');
  });

  it('of a Matroska with cropped lines shows the rest, round', async () => {
    const source = await clip('a.mkv', WIDE, 'pad=640:440:0:40:color=magenta');
    await headers.addToVideo(source, Buffer.concat([headers.element(0x54aa, [40]), headers.element(0x54bb, [40])]));
    expect(await expectMaster(source, WIDE, LANDSCAPE)).toContain('crop');
  });

  it.each([
    ['a squeezed eye on the left', 1, 'scale=320:360,split[l][r];[r]negate[n];[l][n]hstack,setsar=1'],
    ['a whole eye on the left', 1, 'split[l][r];[r]negate[n];[l][n]hstack'],
    ['a squeezed eye above', 3, 'scale=640:180,split[l][r];[r]negate[n];[l][n]vstack,setsar=1'],
    ['a whole eye above', 3, 'split[l][r];[r]negate[n];[l][n]vstack'],
  ])('of %s shows one eye in its own shape', async (_, mode, filter) => {
    const source = await clip('a.mkv', WIDE, filter);
    await headers.addToVideo(source, headers.element(0x53b8, [mode]));
    expect(await expectMaster(source, WIDE, LANDSCAPE)).toContain('take one eye');
  });

  it('of two eyes that the stream tells shows one', async () => {
    const filter = 'scale=320:360,split[l][r];[r]negate[n];[l][n]hstack,setsar=1';
    const plain = await clip('a.mkv', WIDE, filter);
    const source = join(folder, `sei-${build.name.replace(/\W/g, '-')}.mp4`);
    await run(
      ['-v', 'error', '-i', plain, ...words('-c:v libx264 -preset ultrafast -x264-params frame-packing=3'), source],
      {
        path: makerPath,
      },
    );
    expect(await expectMaster(source, WIDE, LANDSCAPE)).toContain('take one eye');
  });

  it('of an MP4 shows the video track that is enabled, and says what is left out', async () => {
    const shown = await clip('a.mp4', WIDE, 'null');
    const source = join(folder, `two-${build.name.replace(/\W/g, '-')}.mp4`);
    const card = words('-v error -f lavfi -i testsrc=s=320x240:r=25:d=2 -i');
    await run([...card, shown, ...words('-map 0 -map 1 -c:v:0 libx264 -preset ultrafast -c:v:1 copy'), source], {
      path: makerPath,
    });
    await headers.setEnabled(source, 0, false);
    await headers.setEnabled(source, 1, true);
    expect(await expectMaster(source, WIDE, LANDSCAPE)).toContain('leave out');
  });

  it('of a Matroska shows the video track that is marked', async () => {
    const shown = await clip('a.mkv', WIDE, 'null');
    const source = join(folder, `marked-${build.name.replace(/\W/g, '-')}.mkv`);
    const card = words('-v error -f lavfi -i testsrc=s=320x240:r=25:d=2 -i');
    const marks = words('-disposition:v:0 0 -disposition:v:1 default');
    await run(
      [...card, shown, ...words('-map 0 -map 1 -c:v:0 libx264 -preset ultrafast -c:v:1 copy'), ...marks, source],
      {
        path: makerPath,
      },
    );
    expect(await expectMaster(source, WIDE, LANDSCAPE)).toContain('leave out');
  });

  it.each([
    { kind: 'mp4', order: ['wide', 'high', 'high'], at: 2 },
    { kind: 'mkv', order: ['wide', 'high', 'high'], at: 2 },
    { kind: 'mp4', order: ['high', 'high', 'wide'], at: 4 },
  ])(
    'of an H.264 in $kind that changes its shape ($order) has the longer one alone, and says so',
    async ({ kind, order, at }) => {
      const stream = (name: string) => join(folder, `${name}.h264`);
      const source = join(folder, `${count}-turns-${at}.${kind}`);
      const wide = words(
        '-v error -f lavfi -i color=blue:s=640x360:r=25:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p',
      );
      await run([...wide, stream('wide')], { path: makerPath });
      await run(['-v', 'error', '-i', await clip('a.mp4', HIGH, 'null'), ...words('-c copy'), stream('high')], {
        path: makerPath,
      });
      const parts = await Promise.all(order.map((name) => readFile(stream(name))));
      await writeFile(stream('both'), Buffer.concat(parts));
      await run([...words('-v error -framerate 25 -i'), stream('both'), ...words('-c copy'), source], {
        path: makerPath,
      });
      const path = `${source}-master.mp4`;
      const machine = { dir: folder, env: { SORA_FFMPEG: cachedFfmpeg(build.path), SORA_HOME: join(folder, 'home') } };
      const { exitCode, stdout } = await runHere(machine, ['clip', 'prepare', source, '-o', path]);
      expect(stdout).toMatch(new RegExp(`its picture changes its shape .* at ${at} s`));
      expect(exitCode).toBe(0);
      const measured = await measureMaster(path, { madeByUs: true });
      expect(measured).toMatchObject({ size: { width: 720, height: 1280 }, frames: 100, faults: [] });
      for (const frame of [0, 99]) await expectUpright(path, measured.size, HIGH, parseRect('720x1280+0+0'), frame);
    },
  );
});
