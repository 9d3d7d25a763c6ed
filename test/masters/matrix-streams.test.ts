import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSoraError } from '../../src/shared/errors.ts';
import { type ClipKind, DEVICE, makeClip, PLACE } from '../helpers/clips.ts';
import { decode, pitchOf, readSound, soundPackets } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { createMasters, expectRow, type Row } from '../helpers/matrix.ts';
import { sliceHashes } from '../helpers/mp4.ts';
import { prepare, tempFolder } from '../helpers/prepare.ts';

const ROWS: readonly Row[] = [
  { kind: 'fits', plan: 'remux', size: '1280x720', picture: '1280x720+0+0', frames: 75, fps: 25 },
  { kind: 'fits in portrait', plan: 'remux', size: '720x1280', picture: '720x1280+0+0', frames: 51 },
  { kind: '2.0 s', plan: 'remux', size: '1280x720', picture: '1280x720+0+0', frames: 50 },
  { kind: 'no audio', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'shorter audio', plan: 'convert', size: '1280x720', picture: '1280x720+0+0', frames: 51 },
  { kind: 'longer audio', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: '44.1 kHz audio', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'two audio tracks', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'two audio tracks, right size', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'unreadable audio', plan: 'remux', size: '1280x720', picture: '1280x720+0+0', silent: true },
  { kind: 'cover art', plan: 'convert', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'cover art, right size', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'GPS as tag', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'GPS as tag in MP4', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'GPS as tag in Matroska', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'GPS as trailing uuid box', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'GPS as tag, 4:3', plan: 'convert', size: '1280x720', picture: '960x720+160+0' },
  { kind: 'GPS inside the stream', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
  { kind: 'timecode track', plan: 'remux', size: '1280x720', picture: '1280x720+0+0' },
];

const FITTING: readonly ClipKind[] = ['fits', 'fits in portrait', 'two audio tracks, right size', 'GPS as tag'];

const WITH_SECRETS: readonly ClipKind[] = [
  'GPS as tag',
  'GPS as tag in MP4',
  'GPS as tag in Matroska',
  'GPS as trailing uuid box',
  'GPS as tag, 4:3',
  'GPS inside the stream',
];

const CORRUPT: readonly ClipKind[] = ['corrupt frames', 'corrupt frames in 4:3', 'missing bytes in frames'];

/** Compressed as the program does it: one with sound and one without. The others are encoded quickly, or copied. */
const AS_THE_PROGRAM: readonly ClipKind[] = ['shorter audio', 'GPS as tag, 4:3'];
const [byTheProgram, quickly] = [createMasters(), createMasters(cachedFfmpeg())];
const masterOf: typeof quickly = (kind, options) =>
  (AS_THE_PROGRAM.includes(kind) ? byTheProgram : quickly)(kind, options);

describe('the master', () => {
  it.each(ROWS)('is right for $kind', async (row) => {
    await expectRow(row, await masterOf(row.kind));
  });
});

describe('sound', () => {
  it.each(['two audio tracks', 'two audio tracks, right size'] as const)('is the first track of "%s"', async (kind) => {
    const { path } = await masterOf(kind);
    expect(pitchOf(await readSound(path))).toBeCloseTo(440, -1);
  });

  it('keeps its own length when it is shorter than the picture', async () => {
    const { master } = await masterOf('shorter audio');
    expect(master.soundSeconds).toBeGreaterThan(0.9);
    expect(master.soundSeconds).toBeLessThan(1.1);
  });

  it('never outlasts the picture', async () => {
    const { master } = await masterOf('longer audio');
    expect(master.seconds).toBeLessThanOrEqual(master.frames / master.fps);
    expect(master.soundSeconds).toBeGreaterThan(master.seconds - 0.2);
  });

  it('is left out on request', async () => {
    const { master } = await masterOf('fits', { audio: false });
    expect(master.soundSeconds).toBeUndefined();
  });
});

describe('a clip that fits', () => {
  it.each(FITTING)('keeps every frame, slice and sound packet of "%s"', async (kind) => {
    const { source, path, prepared } = await masterOf(kind);
    expect(prepared.plan.kind).toBe('remux');
    expect((await decode(path)).frames).toEqual((await decode(source)).frames);
    expect(await sliceHashes(path)).toEqual(await sliceHashes(source));
    expect(await soundPackets(path)).toEqual(await soundPackets(source));
  });
});

describe('P5: a master', () => {
  it.each(WITH_SECRETS)('says nothing of place and device of "%s"', async (kind) => {
    const { source, path } = await masterOf(kind);
    expect((await readFile(source)).includes(DEVICE)).toBe(true);
    const master = await readFile(path);
    expect([DEVICE, PLACE, 'loci', 'uuid'].filter((text) => master.includes(text))).toEqual([]);
  });
});

describe('P3: corrupt frames inside a well-formed file', () => {
  it.each(CORRUPT)('end the preparation of "%s" and leave no file', async (kind) => {
    const folder = await tempFolder();
    const source = await makeClip(kind, folder);
    const before = await readdir(folder);
    const error = await prepare(source, join(folder, 'master.mp4')).catch((reason: unknown) => reason);
    expect(isSoraError(error, 'clip'), String(error)).toBe(true);
    expect(await readdir(folder)).toEqual(before);
  });
});
