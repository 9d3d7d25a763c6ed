import { describe, expect, it } from 'vitest';
import { isSoraError } from '../../src/shared/errors.ts';
import { RECIPES } from '../helpers/clips.ts';
import { run } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { createMasters, expectRow, type Row } from '../helpers/matrix.ts';
import * as marks from '../helpers/picture.ts';
import { expectColours, expectUpright, parseRect } from '../helpers/upright.ts';

const ROWS: readonly Row[] = [
  { kind: '15 fps', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: '23.976 fps', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 95, fps: 23.976 },
  { kind: '29.97 fps', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 119, fps: 29.97 },
  { kind: '59.94 fps', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 122, fps: 59.94 },
  { kind: '120 fps', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'VFR', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: '10-bit', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: '4:2:2', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'alpha', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'alpha in VP9', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'full range', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'bt601 colours', plan: 'convert', size: '1280x720', picture: '960x720+160+0' },
  { kind: 'interlaced', plan: 'convert', size: '1280x720', picture: '960x720+160+0' },
  { kind: 'interlaced, right size', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'animated GIF', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'HEVC', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
];

/** Tone mapping is a matter of taste: what is checked is that red is red, and neither washed out nor dark. */
const TONE_MAPPED_STEPS = 64;

/** How far the bar of the interlaced clip moves from one field to the next. */
const FIELD_STEP = 8;

const masterOf = createMasters(cachedFfmpeg());

describe('the master', () => {
  it.each(ROWS)('is right for $kind', async (row) => {
    await expectRow(row, await masterOf(row.kind));
  });
});

describe('an HDR clip', () => {
  it('is tone-mapped, or refused by name where ffmpeg cannot', async () => {
    const { stdout } = await run(['-v', 'error', '-filters']);
    if (!stdout.includes(' zscale ')) {
      const error = await masterOf('HDR PQ').catch((reason: unknown) => reason);
      expect(isSoraError(error, 'clip') && error.message).toContain('zscale');
      return;
    }
    const { path, master } = await masterOf('HDR PQ');
    const [source, rect] = [RECIPES['HDR PQ'].size, parseRect('1280x720+0+0')];
    const frame = await expectUpright(path, master.size, source, rect);
    expectColours(frame, source, rect, TONE_MAPPED_STEPS);
    const grey = marks.pixel(frame, 640, 360);
    expect(Math.max(...grey) - Math.min(...grey)).toBeLessThan(8);
  });
});

describe('transparency', () => {
  it.each(['alpha', 'alpha in VP9'] as const)('becomes black in "%s"', async (kind) => {
    const { path, master } = await masterOf(kind);
    const frame = await marks.readFrame(path, master.size);
    expect(marks.brightness(marks.pixel(frame, 640, 360))).toBeLessThan(12);
  });
});

describe('interlacing', () => {
  it('leaves no comb on what moved', async () => {
    const { path, master } = await masterOf('interlaced');
    const frame = await marks.readFrame(path, master.size, Math.floor(master.fps));
    const edges = Array.from({ length: 180 }, (_, i) => firstWhite(frame, 270 + i));
    const steps = edges.slice(1).map((x, i) => Math.abs(x - (edges[i] ?? 0)));
    expect(Math.min(...edges)).toBeGreaterThan(400);
    expect(Math.max(...steps)).toBeLessThan(FIELD_STEP / 2);
  });
});

/** Where a line first becomes white, or -1. */
function firstWhite(frame: marks.Picture, y: number): number {
  for (let x = 0; x < frame.width; x += 1) if (marks.brightness(marks.pixel(frame, x, y)) > 184) return x;
  return -1;
}
