/** One clip, its master, and what is measured on it. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { ClipOptions } from '../../src/shared/clip.ts';
import { formatSize } from '../../src/shared/geometry.ts';
import { type ClipKind, makeClip, RECIPES } from './clips.ts';
import { type Master, measureMaster } from './master.ts';
import * as marks from './picture.ts';
import { prepare } from './prepare.ts';
import { EDGE_PIXELS, expectColours, expectUpright, parseRect } from './upright.ts';

export interface Row {
  readonly kind: ClipKind;
  readonly plan: 'remux' | 'convert';
  /** Of the master. */
  readonly size: string;
  /** Where the whole source picture stands in it: `WxH+X+Y`. */
  readonly picture: string;
  readonly frames?: number;
  readonly fps?: number;
  /** When the sound of the source cannot be kept. */
  readonly silent?: boolean;
}

export interface Made {
  readonly source: string;
  readonly path: string;
  readonly prepared: Awaited<ReturnType<typeof prepare>>;
  readonly master: Master;
}

type MakeMaster = (kind: ClipKind, options?: Partial<ClipOptions>) => Promise<Made>;

const COLOUR_STEPS = 14;

/** Masters of one test file, by this build or the one under test, and by every line of DESIGN section 5: each is made once, by whichever test asks first. */
export function createMasters(build?: string): MakeMaster {
  const made = new Map<string, Promise<Made>>();
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  const make: MakeMaster = async (kind, options) => {
    const folder = await mkdtemp(join(tmpdir(), 'sora-media-'));
    folders.push(folder);
    const [source, path] = [await makeClip(kind, folder), join(folder, 'master.mp4')];
    const prepared = await prepare(source, path, options, build);
    const master = await measureMaster(path, { madeByUs: prepared.plan.kind === 'convert' });
    expect(master.faults).toEqual([]);
    return { source, path, prepared, master };
  };
  return (kind, options = {}) => {
    const key = JSON.stringify([kind, options]);
    const known = made.get(key) ?? make(kind, options);
    made.set(key, known);
    return known;
  };
}

/** The plan, the size, the place of the picture, its colours, and what is said of the clip. */
export async function expectRow({ kind, plan, size, picture, silent = false, ...row }: Row, made: Made): Promise<void> {
  const { master, path, prepared } = made;
  expect(prepared.plan.kind).toBe(plan);
  expect(formatSize(master.size)).toBe(size);
  if (row.frames !== undefined) expect(master.frames).toBe(row.frames);
  if (row.fps !== undefined) expect(master.fps).toBeCloseTo(row.fps, 2);
  expect(master.soundSeconds !== undefined).toBe('sound' in RECIPES[kind] && !silent);

  const [source, rect] = [RECIPES[kind].size, parseRect(picture)];
  const frame = await expectUpright(path, master.size, source, rect);
  expectColours(frame, source, rect, COLOUR_STEPS);
  if (!RECIPES[kind].transparent) {
    expect(marks.offBy(marks.boundsOf(frame, marks.isLit), rect)).toBeLessThanOrEqual(EDGE_PIXELS);
  }
  await expectClipFacts(made);
}

async function expectClipFacts({ path, master, prepared: { clip } }: Made): Promise<void> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  expect(clip).toMatchObject({ sha256, ...master.size, bytes: master.bytes });
  expect(clip.fps).toBeCloseTo(master.fps, 2);
  expect(clip.seconds).toBeCloseTo(master.seconds, 1);
}
