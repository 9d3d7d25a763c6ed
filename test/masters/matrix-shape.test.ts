import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isSoraError } from '../../src/shared/errors.ts';
import { formatSize } from '../../src/shared/geometry.ts';
import { RECIPES } from '../helpers/clips.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { measureMaster } from '../helpers/master.ts';
import { createMasters, expectRow, type Row } from '../helpers/matrix.ts';
import * as marks from '../helpers/picture.ts';
import { prepare, tempFolder } from '../helpers/prepare.ts';
import { EDGE_PIXELS, expectUpright, parseRect } from '../helpers/upright.ts';

const JOE = fileURLToPath(new URL('../../fixtures/joe.mp4', import.meta.url));

const ROWS: readonly Row[] = [
  { kind: '4.04 s', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 100 },
  { kind: '60 s', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 96 },
  { kind: 'rotated 90', plan: 'convert', size: '720x1280', picture: '720x1280+0+0' },
  { kind: 'rotated 180', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'rotated 270', plan: 'convert', size: '720x1280', picture: '720x1280+0+0' },
  { kind: 'rotated 90, right size', plan: 'convert', size: '720x1280', picture: '720x1280+0+0' },
  { kind: 'SAR 2:1', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'SAR 8:9, rotated 90', plan: 'convert', size: '720x1280', picture: '720x960+0+160' },
  { kind: '4:3', plan: 'convert', size: '1280x720', picture: '960x720+160+0' },
  { kind: '21:9', plan: 'convert', size: '1696x954', picture: '1680x720+8+117' },
  { kind: '1:1', plan: 'convert', size: '1280x720', picture: '720x720+280+0' },
  { kind: '4K', plan: 'convert', size: '1920x1080', picture: '1920x1080+0+0' },
  { kind: '320x240', plan: 'convert', size: '1280x720', picture: '960x720+160+0' },
  { kind: 'odd size', plan: 'convert', size: '1280x720', picture: '1201x683+38+18' },
  { kind: '1366x768', plan: 'convert', size: '1376x774', picture: '1366x768+5+3' },
];

const masterOf = createMasters(cachedFfmpeg());

describe('the master', () => {
  it.each(ROWS)('is right for $kind', async (row) => {
    await expectRow(row, await masterOf(row.kind));
  });
});

describe('wishes', () => {
  it('start where they say, to the frame', async () => {
    const { path, master } = await masterOf('60 s', { start: 29, duration: 2 });
    const centre = async (frame: number) =>
      marks.brightness(marks.pixel(await marks.readFrame(path, master.size, frame), 640, 360));
    expect(await centre(23)).toBeLessThan(150);
    expect(await centre(24)).toBeGreaterThan(200);
  });

  it('cut to the length they say', async () => {
    const { master } = await masterOf('60 s', { start: 3.5, duration: 2.5 });
    expect(master.frames).toBe(60);
    expect(master.seconds).toBeLessThanOrEqual(2.5);
  });

  it('fill the frame with --fit crop, without stretching', async () => {
    const { path, master } = await masterOf('4:3', { fit: 'crop' });
    const frame = await marks.readFrame(path, master.size);
    expect(marks.boundsOf(frame, marks.isLit)).toEqual({ x: 0, y: 0, ...master.size });
    const red = marks.boundsOf(frame, marks.isRed);
    const side = (marks.markSide(RECIPES['4:3'].size) * master.size.width) / 960;
    const cut = (master.size.width * (3 / 4 - 9 / 16)) / 2;
    expect(marks.offBy(red, { x: 0, y: 0, width: side, height: side - cut })).toBeLessThanOrEqual(EDGE_PIXELS);
  });

  it.each([
    { kind: '4:3', wish: { orientation: 'portrait' }, size: '972x1728', picture: '960x720+6+504' },
    { kind: 'rotated 90', wish: { orientation: 'landscape' }, size: '1280x720', picture: '406x720+437+0' },
    { kind: '1366x768', wish: { resolution: '720p' }, size: '1280x720', picture: '1280x720+0+0' },
  ] as const)('make $kind $size with $wish', async ({ kind, wish, size, picture }) => {
    const { path, master } = await masterOf(kind, wish);
    expect(formatSize(master.size)).toBe(size);
    await expectUpright(path, master.size, RECIPES[kind].size, parseRect(picture));
  });

  it('force 1080p', async () => {
    const { master } = await masterOf('2.0 s', { resolution: '1080p' });
    expect(formatSize(master.size)).toBe('1920x1080');
  });

  it.each([{ duration: 1.5 }, { duration: 4.5 }, { start: 59 }, { start: 100 }])(
    'are refused when they cannot be met: %o',
    async (wish) => {
      const error = await masterOf('60 s', wish).catch((reason: unknown) => reason);
      expect(isSoraError(error, 'usage'), String(error)).toBe(true);
    },
  );
});

describe('the clip of the demo', () => {
  it('is trimmed, scaled and padded', async () => {
    const path = join(await tempFolder(), 'master.mp4');
    const { plan } = await prepare(JOE, path);
    const master = await measureMaster(path, { madeByUs: true });
    expect(plan.kind).toBe('convert');
    expect(master.faults).toEqual([]);
    expect(master).toMatchObject({ size: { width: 1920, height: 1080 }, frames: 96, seconds: 4 });
    expect(master.soundSeconds).toBeGreaterThan(3.8);
    const frame = await marks.readFrame(path, master.size, 50);
    const bounds = marks.boundsOf(frame, marks.isLit);
    expect(marks.offBy(bounds, parseRect('1440x1080+240+0'))).toBeLessThanOrEqual(EDGE_PIXELS);
  });
});
