import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probeMedia } from '../../../src/media/probe/probe.ts';
import type { Decoded } from '../../../src/media/verify/decode.ts';
import { verifyEncode } from '../../../src/media/verify/encode.ts';
import { describeBuilds } from '../../helpers/builds.ts';
import { makeNumbered } from '../../helpers/counter.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { sampleRanges } from '../../helpers/mp4.ts';
import { tempFolder } from '../../helpers/temp.ts';

const FRAMES = 52;
const target = {
  width: 320,
  height: 180,
  rate: { num: 25, den: 1 },
  fps: 25,
  frames: FRAMES,
  seconds: 2.08,
  audio: true,
};

/** Of a group of its own, in decoding order. */
const KEYFRAME = 30;

const encoded = (filter?: string): Promise<string> =>
  makeNumbered({
    ...{ file: 'a.mp4', fps: '25', frames: FRAMES, sound: '-ac 1' },
    ...(filter !== undefined && { filter }),
    output: '-c:v libx264 -preset ultrafast -bf 2 -g 30 -movflags +faststart -c:a aac',
  });

/** Writes over a sample of the first track of this kind, from a byte of it on. */
async function spoil(path: string, kind: string, sample: number, from: number, bytes: Buffer): Promise<void> {
  const { offset = 0 } = (await sampleRanges(path, kind))[sample] ?? {};
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset + from);
  await file.close();
}

describeBuilds('an encode that is verified', (build) => {
  /** What is said of it, and whether each run decoded all of it. */
  async function verified(
    path: string,
    change: Partial<typeof target> = {},
  ): Promise<{ said: Decoded; whole: boolean[] }> {
    const log = join(await tempFolder(), 'log');
    const ffmpeg = await fakeFfmpeg(`echo "$*" >> '${log}'\nexec '${build.path}' "$@"`);
    const { signal } = new AbortController();
    const what = { target: { ...target, ...change }, info: probeMedia(path, { signal }) };
    const said = await verifyEncode(path, ffmpeg, signal, what);
    const runs = (await readFile(log, 'utf8')).trim().split('\n');
    return { said, whole: runs.map((words) => !words.includes('-skip_frame nokey')) };
  }

  it('is not decoded whole where its packets, its beginning, its keyframes and its sound are as planned', async () => {
    const { said, whole } = await verified(await encoded());
    expect(whole).toEqual([false]);
    expect(said).toMatchObject({
      ok: true,
      frames: FRAMES,
      sound: { start: expect.closeTo(0, 2), end: expect.closeTo(2.08, 1) },
    });
    expect(said.ok && said.times.map((at) => Math.round(at * 25 * 100) / 100)).toEqual([...Array(FRAMES).keys()]);
  });

  it.each<[string, (path: string) => Promise<void>, RegExp]>([
    [
      'a picture is not made of whole units',
      (path) => spoil(path, 'vide', 20, 0, Buffer.from([0, 0, 0xff, 0xff])),
      /NAL|splitting/,
    ],
    ['a picture has no head', (path) => spoil(path, 'vide', 20, 5, Buffer.alloc(12, 0xff)), /./],
    ['a keyframe does not decode', (path) => spoil(path, 'vide', KEYFRAME, 24, Buffer.alloc(400, 0xff)), /./],
    ['its beginning does not decode', (path) => spoil(path, 'vide', 1, 12, Buffer.alloc(24, 0x55)), /./],
    ['its sound does not decode', (path) => spoil(path, 'soun', 60, 0, Buffer.alloc(40, 0xff)), /./],
  ])('is decoded whole, and refused, where %s', async (_, damage, reason) => {
    const path = await encoded();
    await damage(path);
    expect(await verified(path)).toEqual({
      said: { ok: false, reason: expect.stringMatching(reason) },
      whole: [false, true],
    });
  });

  it.each<[string, string | undefined, Partial<typeof target>]>([
    ['it is shorter', undefined, { frames: FRAMES + 1 }],
    ['it stands still at its beginning', 'loop=12:1:0,setpts=N/25/TB,trim=end_frame=52', {}],
  ])('is decoded whole where %s, for what is to be done about it', async (_, filter, change) => {
    const { said, whole } = await verified(await encoded(filter), change);
    expect(whole).toEqual([false, true]);
    expect(said).toMatchObject({ ok: true, frames: FRAMES, changes: { length: FRAMES } });
  });

  it('is decoded whole, and refused, where it has another size', async () => {
    const { said, whole } = await verified(await encoded(), { height: 182 });
    expect(whole).toEqual([false, true]);
    expect(said).toEqual({ ok: false, reason: 'its pictures are not all 320x182' });
  });
});

describe('an ffmpeg', () => {
  it('that cannot list packets decodes all', async () => {
    const path = await encoded();
    const { signal } = new AbortController();
    const log = join(await tempFolder(), 'log');
    const ffmpeg = await fakeFfmpeg(`case "$*" in *h264_metadata*) exit 1;; esac; echo whole >> '${log}'; exit 1`);
    await verifyEncode(path, ffmpeg, signal, { target, info: probeMedia(path, { signal }) });
    expect(await readFile(log, 'utf8')).toBe('whole\n');
  });
});
