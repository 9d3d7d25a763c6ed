/** Which pictures of a clip its master shows, and when: read from numbers that are drawn into them. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { ClipOptions } from '../../src/shared/clip.ts';
import { describeBuilds } from '../helpers/builds.ts';
import { makeNumbered, type NumberedClip, readNumbers, runsOf } from '../helpers/counter.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { measureMaster } from '../helpers/master.ts';
import { prepare, tempFolder } from '../helpers/prepare.ts';

interface Row {
  readonly name: string;
  readonly clip: NumberedClip;
  /** What is done to the finished file; gives the path that is used. */
  readonly change?: (path: string) => Promise<string>;
  readonly options?: Partial<ClipOptions>;
  /** Numbers of the master's pictures. */
  readonly shown: string;
  readonly fps: number;
  /** What the steps say. */
  readonly step?: RegExp;
  /** What no note says. */
  readonly unsaid?: string;
}

const X264 = '-c:v libx264 -preset ultrafast -crf 24';
const AAC = '-c:a aac -b:a 64k';
const clip = (file: string, fps: string, frames: number, more: Partial<NumberedClip> = {}): NumberedClip => ({
  ...{ file, fps, frames, output: `${X264} ${AAC}` },
  ...more,
});
const sounding = (file: string, fps: string, frames: number, output: string): NumberedClip =>
  clip(file, fps, frames, { output, sound: '-ac 1' });

/** The same streams, written by ffmpeg once more. */
const copied =
  (file: string, before: string, after: string) =>
  async (path: string): Promise<string> => {
    const copy = join(dirname(path), `copy-${file}`);
    await run(['-v', 'error', ...words(before), '-i', path, ...words(after), copy], { path: makerPath });
    return copy;
  };

const cutBytes =
  (from: number, to: number) =>
  async (path: string): Promise<string> => {
    const bytes = await readFile(path);
    const at = (share: number): number => Math.floor((share * bytes.length) / 188) * 188;
    await writeFile(path, bytes.subarray(at(from), to === 1 ? bytes.length : at(to) + 50));
    return path;
  };

/** All frames of an MP4 without B-frames get one time stamp. */
async function atOneTime(path: string): Promise<string> {
  const bytes = await readFile(path);
  const table = bytes.indexOf('stts') + 12;
  for (let row = 0; row < bytes.readUInt32BE(table - 4); row += 1) bytes.writeUInt32BE(0, table + row * 8 + 4);
  await writeFile(path, bytes);
  return path;
}

/** The last two of an MP4's frame lengths change places: the last frame becomes the long one. */
async function lastFrameLong(path: string): Promise<string> {
  const bytes = await readFile(path);
  const table = bytes.indexOf('stts') + 12;
  const count = bytes.readUInt32BE(table - 4);
  const [a, b] = [table + (count - 2) * 8 + 4, table + (count - 1) * 8 + 4];
  const [long, short] = [bytes.readUInt32BE(a), bytes.readUInt32BE(b)];
  bytes.writeUInt32BE(short, a);
  bytes.writeUInt32BE(long, b);
  await writeFile(path, bytes);
  return path;
}

const ROWS: readonly Row[] = [
  {
    name: 'a TS with a keyframe each two seconds, from 1.4 s',
    clip: sounding('a.ts', '30', 130, `${X264} -g 60 -bf 0 ${AAC}`),
    options: { start: 1.4, duration: 2 },
    shown: '42..101',
    fps: 30,
  },
  {
    name: 'a TS with one keyframe, from 1.37 s',
    clip: sounding('a.ts', '30', 120, `${X264} -g 500 ${AAC}`),
    options: { start: 1.37, duration: 2 },
    shown: '41..100',
    fps: 30,
  },
  {
    name: 'an M2TS with B-frames, from 2.12 s',
    clip: sounding('a.m2ts', '25', 130, `${X264} -g 40 -bf 3 ${AAC} -f mpegts -mpegts_m2ts_mode 1`),
    options: { start: 2.12, duration: 2 },
    shown: '53..102',
    fps: 25,
  },
  {
    name: 'a PS, from 1.4 s',
    clip: sounding('a.mpg', '25', 110, '-c:v mpeg2video -q:v 3 -g 30 -bf 2 -c:a mp2 -f vob'),
    options: { start: 1.4, duration: 2 },
    shown: '35..84',
    fps: 25,
  },
  {
    name: 'a PS at 30 fps, some of whose pictures have a decoding time only',
    clip: sounding('a.mpg', '30', 130, '-c:v mpeg2video -q:v 3 -g 15 -bf 2 -c:a mp2 -f vob'),
    options: { start: 1.41, duration: 2 },
    shown: '42..101',
    fps: 30,
    step: /^(?!.*(?:set frame rate|drop audio))/s,
    unsaid: 'left out',
  },
  {
    name: 'an AVI with B-frames, which knows no presentation times',
    clip: clip('a.avi', '25', 52, { output: `${X264} -bf 2` }),
    shown: '0..51',
    fps: 25,
  },
  {
    name: 'an MP4 from between two frames',
    clip: sounding('a.mp4', '30', 74, `${X264} ${AAC}`),
    options: { start: 0.36 },
    shown: '11..73',
    fps: 30,
  },
  {
    name: 'an MP4 with B-frames far into it',
    clip: clip('a.mp4', '24', 800, { output: `${X264} -g 48 -bf 2` }),
    options: { start: 30.02, duration: 2 },
    shown: '720..767',
    fps: 24,
  },
  {
    name: 'a TS far into it',
    clip: sounding('a.ts', '25', 900, `${X264} -g 50 -bf 2 ${AAC}`),
    options: { start: 33.12, duration: 2 },
    shown: '828..877',
    fps: 25,
  },
  {
    name: 'H.264 with open GOPs, from two frames before a keyframe',
    clip: clip('a.mp4', '25', 115, { output: '-c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3:b-adapt=0' }),
    options: { start: 1.92, duration: 2 },
    shown: '48..97',
    fps: 25,
  },
  {
    name: 'HEVC with open GOPs, from two frames before a keyframe',
    clip: clip('a.mp4', '25', 115, {
      output: '-c:v libx265 -preset ultrafast -x265-params open-gop=1:keyint=25:bframes=4:log-level=none',
    }),
    options: { start: 1.92, duration: 2 },
    shown: '48..97',
    fps: 25,
  },
  {
    name: 'open GOPs, cut without an encode',
    clip: clip('a.mp4', '25', 115, { output: '-c:v libx264 -x264-params open-gop=1:keyint=25:bframes=3:b-adapt=0' }),
    change: copied('a.mp4', '-ss 1.1', '-c copy'),
    options: { duration: 2 },
    shown: '28..77',
    fps: 25,
    step: /hidden by an edit list/,
  },
  {
    name: 'intra refresh, from 2.5 s',
    clip: sounding('a.ts', '25', 118, `-c:v libx264 -x264-params intra-refresh=1:keyint=25 ${AAC}`),
    options: { start: 2.52, duration: 2 },
    shown: '63..112',
    fps: 25,
  },
  {
    name: 'frames that an edit list hides',
    clip: sounding('a.mp4', '30', 93, `${X264} -g 90 -s 1280x720 ${AAC}`),
    change: copied('a.mp4', '-ss 1', '-c copy'),
    shown: '30..92',
    fps: 30,
    step: /30 of its frames are hidden by an edit list/,
  },
  {
    name: '60 fps, from 1 s on 30',
    clip: clip('a.mp4', '60', 125, { filter: 'select=lt(n\\,60)+not(mod(n\\,2))' }),
    shown: `0..60 60 ${Array.from({ length: 31 }, (_, n) => `${62 + 2 * n}x2`).join(' ')} 124`,
    fps: 60,
    step: /most frames come at 60 fps/,
  },
  {
    name: '15 fps with a frame missing',
    clip: clip('a.mp4', '15', 32, { filter: 'select=not(eq(n\\,20))' }),
    shown: `${Array.from({ length: 19 }, (_, n) => `${n}x2`).join(' ')} 19x4 ${Array.from({ length: 11 }, (_, n) => `${21 + n}x2`).join(' ')}`,
    fps: 30,
  },
  {
    name: 'a first frame of two seconds',
    clip: clip('a.mp4', '30', 66, { filter: 'select=not(n)+gte(n\\,60)' }),
    shown: '0x60 60..65',
    fps: 30,
  },
  {
    name: 'a last frame of two seconds',
    clip: clip('a.mp4', '30', 67, { filter: 'select=lt(n\\,7)+eq(n\\,66)', output: `${X264} -s 1280x720` }),
    change: lastFrameLong,
    shown: '0..6 66x60',
    fps: 30,
  },
  {
    name: 'a picture that starts 0.4 s late in Matroska',
    clip: clip('a.mp4', '30', 62),
    change: copied('a.mkv', '-f lavfi -i sine=440:r=48000:d=3 -itsoffset 0.4', '-map 1:v -map 0:a -c:v copy -c:a aac'),
    shown: '0..61',
    fps: 30,
    step: /starts 0\.4\d* s late .*with the first picture; sound before it is cut/,
  },
  {
    name: 'a picture that starts 0.8 s late in MP4',
    clip: clip('a.mp4', '25', 52, { output: `${X264} -bf 0 -s 1280x720` }),
    change: copied('a.mp4', '-f lavfi -i sine=440:r=48000:d=3 -itsoffset 0.8', '-map 1:v -map 0:a -c:v copy -c:a aac'),
    shown: '0..51',
    fps: 25,
    step: /with the first picture; sound before it is cut/,
  },
  {
    // Sound begins 23 ms before the file does.
    name: 'a picture that starts 10 s late, from behind its start',
    clip: clip('a.mp4', '25', 80),
    change: copied('a.mkv', '-f lavfi -i sine=440:r=48000:d=14 -itsoffset 10', '-map 1:v -map 0:a -c:v copy -c:a aac'),
    options: { start: 11, duration: 2 },
    shown: '24..73',
    fps: 25,
  },
  {
    name: '29.97 fps in a timescale of 600',
    clip: clip('a.mp4', '30000/1001', 60, { output: `${X264} -bf 0 -video_track_timescale 600` }),
    shown: '0..59',
    fps: 30_000 / 1001,
  },
  {
    name: '23.976 fps in milliseconds',
    clip: clip('a.mkv', '24000/1001', 50),
    shown: '0..49',
    fps: 24_000 / 1001,
  },
  {
    name: 'B-frames without an edit list',
    clip: clip('a.mp4', '25', 52, { output: `${X264} -bf 2 -use_editlist 0` }),
    shown: '0..51',
    fps: 25,
  },
  {
    name: 'a TS of exactly two seconds',
    clip: clip('a.ts', '25', 50),
    shown: '0..49',
    fps: 25,
  },
  {
    name: 'VP9 with hidden frames as packets of their own',
    clip: clip('a.webm', '24000/1001', 72, {
      output: '-c:v libvpx-vp9 -b:v 300k -deadline good -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 16',
    }),
    change: copied('a.webm', '', '-c copy -bsf:v vp9_superframe_split'),
    shown: '0..71',
    fps: 24_000 / 1001,
  },
  {
    name: 'a recording that begins inside a group of pictures',
    clip: sounding('a.ts', '30', 95, `${X264} -g 30 -bf 0 ${AAC}`),
    change: cutBytes(0.1, 1),
    shown: '30..94',
    fps: 30,
    step: /begins inside a group of pictures.*first keyframe/,
    unsaid: 'could not be decoded',
  },
  {
    name: 'a recording that begins inside an open group of B-frames',
    clip: sounding('a.ts', '30', 95, `-c:v libx264 -x264-params open-gop=1:keyint=30:bframes=3:scenecut=0 ${AAC}`),
    change: cutBytes(0.1, 1),
    shown: '30..94',
    fps: 30,
    step: /begins inside a group of pictures.*first keyframe/,
    unsaid: 'could not be decoded',
  },
  {
    name: 'a cut half a frame off the grid',
    clip: clip('a.mp4', '25', 52, { filter: 'settb=1/12800,setpts=N*512+gte(N\\,20)*256' }),
    shown: '0..51',
    fps: 25,
  },
  {
    name: 'a TS that stopped',
    clip: clip('a.ts', '30', 118, { output: `${X264} -g 30` }),
    change: cutBytes(0, 0.6),
    shown: '0..*',
    fps: 30,
  },
  {
    name: 'a Matroska that stopped',
    clip: clip('a.mkv', '25', 100, { output: `${X264} -g 25` }),
    change: cutBytes(0, 0.6),
    shown: '0..*',
    fps: 25,
  },
  {
    name: 'an MP4 that stopped, its index at the front',
    clip: clip('a.mp4', '25', 150, { output: `${X264} -g 25 -movflags +faststart` }),
    change: cutBytes(0, 0.6),
    shown: '0..*',
    fps: 25,
    step: /cut off/,
  },
];

/** When each picture is shown does not depend on how it is compressed: one in six is compressed as the program does it. */
const TIMED = ROWS.map((row, index) => ({ ...row, asTheProgram: TEST_ALL || index % 6 === 0 }));

describeBuilds('the pictures of a master', ({ path: program }) => {
  it.each(TIMED)('are those of $name', async ({ asTheProgram, ...row }) => {
    const { clip, change, options, shown, fps, step, unsaid } = row;
    const build = asTheProgram ? cachedFfmpeg(program, program) : cachedFfmpeg(program);
    const made = await makeNumbered(clip);
    const source = (await change?.(made)) ?? made;
    const output = join(await tempFolder(), 'master.mp4');
    const { plan, clip: master, notes } = await prepare(source, output, options, build);
    if (unsaid !== undefined) expect(notes.join()).not.toContain(unsaid);
    const numbers = await readNumbers(output);
    const last = numbers.at(-1) ?? 0;
    expect(runsOf(numbers)).toBe(shown.replace('*', String(last)));
    if (shown.endsWith('*')) expect(numbers.length).toBeGreaterThanOrEqual(2 * fps);
    const measured = await measureMaster(output, { madeByUs: plan.kind === 'convert' });
    expect(measured.faults).toEqual([]);
    expect(measured.fps).toBeCloseTo(fps, 2);
    expect([master.seconds, measured.frames / fps]).toEqual([
      expect.closeTo(numbers.length / fps, 3),
      expect.closeTo(numbers.length / fps, 3),
    ]);
    expect(measured.soundSeconds !== undefined).toBe(plan.target.audio);
    const steps = plan.steps.map((one) => `${one.do}: ${one.because} -> ${one.detail}`).join('\n');
    expect(steps).toMatch(step ?? /^/);
  });
  it('are refused where they all have one time stamp', async () => {
    const source = await atOneTime(await makeNumbered(clip('a.mp4', '25', 60, { output: `${X264} -bf 0` })));
    const output = join(await tempFolder(), 'master.mp4');
    await expect(prepare(source, output, {}, program)).rejects.toMatchObject({
      message: 'Its pictures all have one time stamp: when to show them is not known.',
    });
  });
});
