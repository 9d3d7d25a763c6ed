import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { assembleFilm } from '../../../src/films/assemble-film.ts';
import { joinVideos } from '../../../src/films/join.ts';
import { readTrack } from '../../../src/films/take.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { beep, makeBeeps, makeSound, sound } from '../../helpers/beeps.ts';
import { describeBuilds } from '../../helpers/builds.ts';
import { decode, makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { assembleIn, filmOf, loudnessOf, playedSound, type ShotWish, subtitlesOf } from '../../helpers/films.ts';
import { readMp4, sampleRanges, sliceHashes } from '../../helpers/mp4.ts';
import { makeNumbered, readNumbers } from '../../helpers/numbered.ts';
import { madeOnce } from '../../helpers/once.ts';
import { createTestContext } from '../../helpers/runtime.ts';
import { tempFolder } from '../../helpers/temp.ts';

const X264 = '-c:v libx264 -preset veryfast -crf 5';
/** Small pictures are of BT.601 otherwise. */
const TAGS = '-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv';
const SECONDS = 1.28;

/** A flash and a beep after a second, in 32 pictures of 25 a second. */
const BEEPING = {
  'stereo AAC': { sounds: [sound('stereo', [beep(), beep()])], audio: '-c:a aac' },
  'mono AAC at 44.1 kHz, longer than the picture': {
    sounds: [sound('mono', [beep()], 44_100)],
    lasts: 1.6,
    audio: '-c:a aac -ar 44100',
  },
  'AAC that ends before the picture': { sounds: [sound('stereo', [beep(), beep()])], lasts: 1.15, audio: '-c:a aac' },
  'other settings of x264': { sounds: [sound('mono', [beep()])], audio: '-c:a aac -refs 5 -bf 4' },
} as const;

async function beeping(name: keyof typeof BEEPING): Promise<string> {
  return madeOnce(`film-${name.replaceAll(/\W+/g, '-')}.mp4`, (path) =>
    makeBeeps(path, { seconds: SECONDS, size: '64x48', ...BEEPING[name] }),
  );
}

/** Where flashes and beeps begin, in seconds. */
async function flashesAndBeeps(path: string, fps: number): Promise<{ flashes: number[]; beeps: number[] }> {
  const gray = words('-map 0:v -vf scale=1:1 -pix_fmt gray -vsync passthrough -f rawvideo -');
  const { stdout } = await run(['-v', 'error', '-i', path, ...gray], { path: makerPath });
  const bright = [...stdout].map((value) => value > 180);
  const samples = await playedSound(path);
  const beeps: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  samples.forEach((value, at) => {
    if (Math.abs(value) < 0.15) return;
    if (at - last > 24_000) beeps.push(at / 48_000);
    last = at;
  });
  return { flashes: bright.flatMap((on, frame) => (on && !bright[frame - 1] ? [frame / fps] : [])), beeps };
}

describeBuilds('forty scenes that flash and beep at one instant', ({ path: build }) => {
  it('have their pictures as planned, and their sound within a millisecond of them to the end', async () => {
    const { context } = await createTestContext({}, { env: { SORA_FFMPEG: build } });
    const kinds = Object.keys(BEEPING) as (keyof typeof BEEPING)[];
    const paths = await Promise.all(kinds.map(beeping));
    const shots = Array.from({ length: 40 }, (_, index) => ({ path: paths[index % paths.length] ?? '' }));
    const film = await assembleIn(context, filmOf(shots));
    expect(film).toMatchObject({ frames: 40 * 32, seconds: 51.2, fps: 25, audio: true });
    const { flashes, beeps } = await flashesAndBeeps(film.path, 25);
    expect(flashes).toEqual(shots.map((_, index) => expect.closeTo(index * SECONDS + 1, 6)));
    expect(beeps).toHaveLength(40);
    const late = beeps.map((at, index) => (at - (flashes[index] ?? 0)) * 1000);
    expect(Math.max(...late.map(Math.abs)), `${late.map((ms) => ms.toFixed(2)).join(' ')} ms`).toBeLessThan(1);
    const { tracks } = await readMp4(film.path);
    const [picture] = tracks;
    expect(picture?.durations).toHaveLength(1);
    expect(tracks.map(({ seconds }) => seconds)).toEqual([51.2, expect.closeTo(51.21, 1)]);
  }, 240_000);
});

interface Other {
  readonly file?: string;
  readonly size?: string;
  /** Of its pictures, from one to another. */
  readonly expects?: readonly [number, number];
}

describeBuilds('the pictures of a film', ({ path: build }) => {
  const open = () => createTestContext({}, { env: { SORA_FFMPEG: build } });

  it('are copied where all takes have one header, each slice as it was', async () => {
    const { context, dir } = await open();
    const [a, b] = [join(dir, 'a.mp4'), join(dir, 'b.mp4')];
    await makeNumbered(a, `${X264} -bf 2 ${TAGS}`, { frames: 20 });
    await makeNumbered(b, `${X264} -bf 2 ${TAGS}`, { frames: 15 });
    const film = await assembleIn(context, filmOf([{ path: a }, { path: b }, { path: a }]));
    expect(film).toMatchObject({ frames: 55, audio: false, pieces: { copied: 3 } });
    expect(await readNumbers(film.path)).toEqual([...upTo(20), ...upTo(15), ...upTo(20)]);
    const slices = await Promise.all([a, b].map(sliceHashes));
    expect(await sliceHashes(film.path)).toEqual([slices[0], slices[1], slices[0]].flat());
  });

  it.each<[string, Partial<ShotWish>, string, Other]>([
    ['one take has other settings of x264', {}, `${X264} -bf 0 -refs 5`, {}],
    ['one take is VP9', {}, '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 0 -crf 10', { file: 'b.webm' }],
    ['one take is HEVC', {}, '-c:v libx265 -preset ultrafast -x265-params crf=8:log-level=none', {}],
    ['one take has ten bits', {}, `${X264} -pix_fmt yuv420p10le`, {}],
    ['one take is larger', {}, X264, { size: '128x96' }],
    ['one is trimmed', { trim: { from: 0.2, to: 0.6 } }, X264, { expects: [5, 15] }],
  ])('are encoded all alike where %s', async (_, shot, options, { file = 'b.mp4', size, expects = [0, 20] }: Other) => {
    const { context, dir } = await open();
    const [a, b] = [join(dir, 'a.mp4'), join(dir, file)];
    await makeNumbered(a, `${X264} -bf 2`, { frames: 20 });
    await makeNumbered(b, options, { frames: 20, ...(size && { size }) });
    const film = await assembleIn(context, filmOf([{ path: a }, { path: b, ...shot }, { path: a }]));
    expect(film.pieces).toMatchObject({ copied: 0 });
    expect(await readNumbers(film.path)).toEqual([...upTo(20), ...upTo(expects[1]).slice(expects[0]), ...upTo(20)]);
    const { complaints, frames } = await decode(film.path);
    expect(complaints).toBe('');
    expect(frames).toHaveLength(film.frames);
    // One header for all of them.
    const pieces = (await piecesIn(dir)).map((name) => readTrack(join(dir, 'pieces', name)));
    const headers = new Set((await Promise.all(pieces)).map((track) => track?.avcC));
    expect([...headers]).toEqual([(await readTrack(film.path))?.avcC]);
  });

  it('say which of them were scaled, given bars or brought to another rate, and how', async () => {
    const { context, dir, stderr } = await open();
    const [a, b, c, d] = [join(dir, 'a.mp4'), join(dir, 'b.mp4'), join(dir, 'c.mp4'), join(dir, 'd.mp4')];
    await makeNumbered(a, X264, { frames: 5, size: '64x48' });
    await makeNumbered(b, X264, { frames: 5, size: '128x48' });
    await makeNumbered(c, X264, { frames: 5, size: '48x48', fps: '50' });
    await makeNumbered(d, X264, { frames: 5, size: '128x96' });
    const join4 = { videos: [a, b, c, b, d], output: join(dir, 'out.mp4'), force: false, fadeSeconds: 0 };
    const film = await joinVideos(context, { ...join4, musicDb: 0, duck: false, loudness: 'off' });
    expect(film.scenes.map(({ fitted }) => fitted)).toEqual([
      undefined,
      { width: 128, height: 48, scaled: true, bars: 'top and bottom' },
      { width: 48, height: 48, scaled: false, bars: 'sides', fps: 50 },
      { width: 128, height: 48, scaled: true, bars: 'top and bottom' },
      { width: 128, height: 96, scaled: true },
    ]);
    const notes = stderr
      .text()
      .split('\n')
      .filter((line) => /\b(?:was|were)\b/.test(line));
    expect(notes).toEqual([
      'b.mp4 (128x48) was scaled to fit 64x48 and given black bars at the top and bottom.',
      'c.mp4 (48x48) was given black bars at the sides and brought from 50 to 25 fps.',
      'd.mp4 (128x96) was scaled to fit 64x48.',
    ]);
  });

  it('are of the rate of the film, whatever the rate of a take is, as many as it lasts', async () => {
    const { context, dir } = await open();
    const [even, slow, varying] = ['even.mp4', 'slow.mp4', 'varying.mkv'].map((name) => join(dir, name));
    await makeNumbered(even ?? '', X264, { frames: 25 });
    await makeNumbered(slow ?? '', X264, { frames: 10, fps: '10' });
    await makeNumbered(varying ?? '', `${X264} -vsync vfr`, { frames: 25, filter: 'select=not(mod(n\\,5))' });
    const paths = [even, slow, varying].map((path) => ({ path: path ?? '' }));
    const film = await assembleIn(context, filmOf(paths));
    expect(film.frames).toBe(75);
    const shown = await readNumbers(film.path);
    expect(shown.slice(0, 25)).toEqual(upTo(25));
    // 2.5 pictures for each of the ten.
    expect(shown.slice(25, 50).filter((number, index, all) => number !== all[index - 1])).toEqual(upTo(10));
    expect(shown.slice(50)).toEqual(upTo(25).map((index) => 5 * Math.floor(index / 5)));
    expect(shown).toHaveLength(film.frames);
  });

  it.each(['24', '30', '24000/1001'])('are as many as planned at %s a second, dissolves among them', async (fps) => {
    const { context, dir } = await open();
    const paths = [join(dir, 'a.mp4'), join(dir, 'b.mp4')];
    for (const [index, path] of paths.entries()) await makeNumbered(path, `${X264} -bf ${index}`, { frames: 48, fps });
    const shots = paths.map((path, index) => ({ path, fadeSeconds: index / 2 }));
    const film = await assembleIn(context, filmOf(shots));
    const shared = Math.round(film.fps / 2);
    expect(film.frames).toBe(96 - shared);
    const shown = await readNumbers(film.path);
    expect([shown.slice(0, 48 - shared), shown.slice(48)]).toEqual([upTo(48 - shared), upTo(48).slice(shared)]);
    expect(shown).toHaveLength(film.frames);
  });

  it('hold the last one where a scene is held', async () => {
    const { context, dir } = await open();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    const film = await assembleIn(context, filmOf([{ path, holdSeconds: 0.2 }, { path }]));
    expect(await readNumbers(film.path)).toEqual([...upTo(10), 9, 9, 9, 9, 9, ...upTo(10)]);
  });

  it('dissolve evenly from the one scene into the other', async () => {
    const { context, dir } = await open();
    // Number 0 all the time, and number 40.
    const dark = await makeNumbered(join(dir, 'dark.mp4'), X264, { frames: 1, filter: 'loop=19:1,setpts=N/25/TB' });
    const lit = 'trim=start_frame=40,loop=19:1,setpts=N/25/TB';
    const light = await makeNumbered(join(dir, 'light.mp4'), X264, { frames: 41, filter: lit });
    const film = await assembleIn(context, filmOf([{ path: dark }, { path: light, fadeSeconds: 0.36 }]));
    expect(film.frames).toBe(31);
    const steps = Array.from({ length: 9 }, (_, index) => 4 * (index + 1));
    expect(await readNumbers(film.path)).toEqual([...Array(11).fill(0), ...steps, ...Array(11).fill(40)]);
  });

  it('dissolve while both move, and out of a held one', async () => {
    const { context, dir } = await open();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 20 });
    const shots = [
      { path, holdSeconds: 0.2 },
      { path, fadeSeconds: 0.2 },
      { path, fadeSeconds: 0.04 },
    ];
    const film = await assembleIn(context, filmOf(shots));
    expect(film.frames).toBe(25 + 20 + 20 - 5 - 1);
    const shown = await readNumbers(film.path);
    // From 19, five pictures into 0 to 4; then one picture in the middle of 19 and 0.
    const into = upTo(5).map((index) => Math.round(19 + ((index - 19) * (index + 1)) / 6));
    const expected = [...upTo(20), ...into, ...upTo(19).slice(5), 9.5, ...upTo(20).slice(1)];
    expect(shown.map((number, index) => Math.abs(number - (expected[index] ?? 0)) <= 1)).not.toContain(false);
    expect(shown).toHaveLength(film.frames);
  });
});

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function ends(ranges: readonly { readonly offset: number; readonly length: number }[]): number[] {
  return ranges.map(({ offset, length }) => offset + length);
}

describeBuilds('a take that is damaged in its second half', ({ path: build }) => {
  it.each([
    ['would be copied', ''],
    ['is encoded', '-refs 5'],
  ])('is named, and no film is made where it %s', async (_, options) => {
    const { context, dir } = await createTestContext({}, { env: { SORA_FFMPEG: build } });
    const [whole, damaged] = [join(dir, 'whole.mp4'), join(dir, 'damaged.mp4')];
    const moving = words('-v error -f lavfi -i testsrc2=s=160x120:r=25:d=2 -c:v libx264 -preset ultrafast');
    const tagged = [...words(TAGS), '-pix_fmt', 'yuv420p'];
    await run([...moving, ...tagged, whole], { path: makerPath });
    await run([...moving, ...words(options), ...tagged, damaged], { path: makerPath });
    const bytes = await readFile(damaged);
    const pictures = await sampleRanges(damaged, 'vide');
    for (const { offset, length } of pictures.slice(25)) bytes.fill(0x2a, offset + 5, offset + length);
    await writeFile(damaged, bytes);
    const shots = [whole, damaged, whole].map((path) => ({ path, name: path }));
    await expect(assembleIn(context, filmOf(shots))).rejects.toMatchObject({
      code: 'clip',
      message: expect.stringContaining(damaged),
    });
    expect(existsSync(join(dir, 'film.mp4'))).toBe(false);
  });
});

const piecesIn = async (dir: string): Promise<string[]> =>
  (await readdir(join(dir, 'pieces'))).filter((name) => name.endsWith('.mp4'));

describe('a film that is assembled again', () => {
  it('makes only the piece that has changed', async () => {
    const { context, dir } = await createTestContext();
    const paths = ['a', 'b', 'c'].map((name) => join(dir, `${name}.mp4`));
    for (const [index, path] of paths.entries())
      await makeNumbered(path, `${X264} -bf ${index}`, { frames: 10 + index });
    const shots = paths.map((path) => ({ path }));
    expect((await assembleIn(context, filmOf(shots))).pieces).toEqual({ made: 3, reused: 0, copied: 0 });
    const before = await readFile(join(dir, 'film.mp4'));
    expect((await assembleIn(context, filmOf(shots))).pieces).toEqual({ made: 0, reused: 3, copied: 0 });
    expect(await readFile(join(dir, 'film.mp4'))).toEqual(before);
    await makeNumbered(paths[1] ?? '', X264, { frames: 14 });
    expect((await assembleIn(context, filmOf(shots))).pieces).toEqual({ made: 1, reused: 2, copied: 0 });
    expect(await readNumbers(join(dir, 'film.mp4'))).toEqual([...upTo(10), ...upTo(14), ...upTo(12)]);
  });

  it('makes a damaged piece anew, and sweeps those that nobody has used for thirty days', async () => {
    const { context, dir, clock } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    const shots = [{ path, trim: { from: 0, to: 0.2 } }];
    await assembleIn(context, filmOf(shots));
    // Whatever git is told of the folder of the takes, it is told nothing of pieces.
    expect(await readFile(join(dir, 'pieces', '.gitignore'), 'utf8')).toBe('*\n');
    const [name = ''] = await piecesIn(dir);
    const piece = join(dir, 'pieces', name);
    const [bytes, film] = [await readFile(piece), await readFile(join(dir, 'film.mp4'))];
    const pictures = await sampleRanges(piece, 'vide');
    // Of its first picture, and the last byte of its last one, which decodes all the same.
    for (const [at, count] of [
      [pictures[0]?.offset ?? 0, 400] as const,
      [(ends(pictures).at(-1) ?? 0) - 1, 1] as const,
    ]) {
      await writeFile(piece, Buffer.from(bytes).fill(bytes.readUInt8(at) ^ 0x55, at, at + count));
      expect((await assembleIn(context, filmOf(shots))).pieces).toEqual({ made: 1, reused: 0, copied: 0 });
      expect(await readFile(join(dir, 'film.mp4'))).toEqual(film);
    }

    const old = new Date(clock.ms - 31 * 86_400_000);
    await utimes(piece, old, old);
    await writeFile(join(dir, 'pieces', 'mine.mp4'), 'mine');
    await utimes(join(dir, 'pieces', 'mine.mp4'), old, old);
    await assembleIn(context, filmOf([{ path, trim: { from: 0, to: 0.24 } }]));
    expect(await readdir(join(dir, 'pieces'))).toEqual(expect.arrayContaining(['mine.mp4']));
    expect(existsSync(piece)).toBe(false);
  });

  it('copies its sound, until something that is heard in it changes', async () => {
    const { context, dir } = await createTestContext();
    const [silent, voice] = [await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 25 }), join(dir, 'voice.wav')];
    await makeSound(voice, sound('mono', ['0.4*sin(2*PI*500*t)']), { seconds: 0.5 });
    const kept = async (): Promise<ReadonlyMap<string, number>> => {
      const names = await piecesIn(dir);
      return new Map(
        await Promise.all(names.map(async (name) => [name, (await stat(join(dir, 'pieces', name))).ino] as const)),
      );
    };
    const assembled = async (more: Partial<ShotWish> = {}): Promise<Buffer> => {
      await assembleIn(context, filmOf([{ path: silent, voice, ...more }]));
      return readFile(join(dir, 'film.mp4'));
    };
    const film = await assembled();
    const first = await kept();
    expect(first.size).toBe(2);
    expect(await assembled()).toEqual(film);
    expect(await kept()).toEqual(first);

    // A title is not heard.
    await assembled({ title: 'One' });
    expect(await kept()).toEqual(first);
    await makeSound(voice, sound('mono', ['0.4*sin(2*PI*700*t)']), { seconds: 0.5 });
    expect(await assembled()).not.toEqual(film);
    const second = await kept();
    expect([...second].filter(([name]) => !first.has(name))).toHaveLength(1);

    const [made = ''] = [...second.keys()].filter((name) => !first.has(name));
    const path = join(dir, 'pieces', made);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.from(bytes).fill(0, 200, 300));
    await assembled();
    expect(await readFile(path)).toEqual(bytes);
  });

  it('keeps no sound of which something is to be told, so that it is told each time', async () => {
    const { context, dir, stderr } = await createTestContext();
    const [path, voice] = [await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 25 }), join(dir, 'voice.wav')];
    await makeSound(voice, sound('mono', ['0']), { seconds: 0.5 });
    for (const _ of ['once', 'again']) await assembleIn(context, { ...filmOf([{ path, voice }]), loudness: -14 });
    expect(stderr.text().split('Its sound is silence')).toHaveLength(3);
    expect(await piecesIn(dir)).toHaveLength(1);
  });

  it('takes as long where no pieces can be kept, which is told', async () => {
    const { context, dir, stderr } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    await writeFile(join(dir, 'pieces'), 'a file');
    vi.stubEnv('TMPDIR', await tempFolder());
    expect((await assembleIn(context, filmOf([{ path }]))).pieces).toMatchObject({ made: 1 });
    expect(stderr.text()).toContain(
      'The pieces of the film are not kept, so that the next film takes as long as this one. Cannot make',
    );
    expect(await readdir(tmpdir())).toEqual([]);
  });

  it('leaves nothing when it is interrupted, neither film nor half a piece', async () => {
    const { context, dir, abort } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 40 });
    const task = { update: () => abort('interrupted'), done() {}, fail() {}, stop() {} };
    const reporter = { ...context.reporter, task: async () => task };
    const shots = [{ path, trim: { from: 0, to: 1 } }, { path }];
    await expect(assembleIn({ ...context, reporter }, filmOf(shots))).rejects.toMatchObject({ code: 'interrupted' });
    const left = (await readdir(dir, { recursive: true })).filter((name) => name !== 'a.mp4' && name !== 'pieces');
    expect(left).toEqual([]);
  });
});

describeBuilds('the sound of a film', ({ path: build }) => {
  const open = () => createTestContext({}, { env: { SORA_FFMPEG: build } });
  const tone = (name: string, graph: string, seconds: number) =>
    madeOnce(`film-${name}.wav`, (path) =>
      run(['-v', 'error', '-f', 'lavfi', '-t', String(seconds), '-i', graph, path], { path: makerPath }),
    );
  const silentTake = () =>
    madeOnce('film-silent.mp4', (path) =>
      run(
        [...words('-v error -f lavfi -t 2 -i color=gray:s=64x48:r=25 -f lavfi -t 2 -i anullsrc -c:v libx264'), path],
        { path: makerPath },
      ),
    );
  const loudTake = () =>
    madeOnce('film-loud.mp4', (path) =>
      run(
        [
          ...words('-v error -f lavfi -t 2 -i color=gray:s=64x48:r=25 -f lavfi -t 2 -i'),
          'aevalsrc=0.5*sin(2*PI*300*t):s=48000',
          ...words('-c:v libx264 -c:a aac'),
          path,
        ],
        { path: makerPath },
      ),
    );

  it('has music that begins anew, is lowered while others sound, and fades at both ends', async () => {
    const { context } = await open();
    const [quiet, loud] = [await silentTake(), await loudTake()];
    // Louder in the first half second of each.
    const music = await tone('music', 'aevalsrc=0.4*sin(2*PI*3000*t)*(1-0.5*gte(t\\,0.5)):s=44100', 1);
    const shots = [{ path: quiet }, { path: loud, soundDb: -12 }, { path: quiet }];
    const wish = { music: { path: music, levelDb: -6, duck: true, fadeSeconds: 0.5 } };
    const film = await assembleIn(context, filmOf(shots, wish));
    expect(film.seconds).toBe(6);
    const { stdout } = await run(
      [
        '-v',
        'error',
        '-i',
        film.path,
        ...words('-map 0:a -af highpass=f=2000:p=2,highpass=f=2000:p=2,pan=mono|c0=c0 -ar 48000 -f f32le -'),
      ],
      { path: makerPath },
    );
    const level = loudnessOf(new Float32Array(new Uint8Array(stdout).buffer));
    expect(level).toHaveLength(60);
    const [first = 0, early = 0] = [level[0], level[7]];
    // It rises; each second begins loud again; it is lowered by the second scene, and comes back.
    expect(first).toBeLessThan(0.3 * (level[12] ?? 0));
    expect(level[12]).toBeCloseTo(2 * early, 1);
    expect(level[22]).toBeLessThan(0.55 * (level[12] ?? 0));
    expect(level[33]).toBeLessThan(0.55 * (level[12] ?? 0));
    expect(level[52]).toBeCloseTo(level[12] ?? 0, 1);
    expect(level[59]).toBeLessThan(0.3 * (level[52] ?? 0));
    expect(level[12]).toBeCloseTo((0.4 * 10 ** (-6 / 20)) / Math.SQRT2, 1);
  });

  it('is brought to a loudness as a whole, and turned down where it would be clipped', async () => {
    const { context } = await open();
    const loud = await loudTake();
    const shots = [
      { path: loud, soundDb: -20 },
      { path: loud, soundDb: -26 },
    ];
    const film = await assembleIn(context, filmOf(shots, { loudness: -16 }));
    const measure = words('-map 0:a -af ebur128 -f null -');
    const { stderr } = await run(['-v', 'info', '-i', film.path, ...measure], { path: makerPath });
    const heard = Number(/I:\s+(-[\d.]+) LUFS\s+Threshold/.exec(stderr)?.[1]);
    expect(Math.abs(heard + 16), `${heard} LUFS`).toBeLessThan(1);
    const level = loudnessOf(await playedSound(film.path));
    // The quieter scene stays quieter.
    expect((level[30] ?? 0) / (level[10] ?? 1)).toBeCloseTo(10 ** (-6 / 20), 1);

    const clipped = await assembleIn(context, filmOf([{ path: loud, soundDb: 12 }]));
    const samples = await playedSound(clipped.path);
    expect(samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThan(1.05);
  });

  it('has a voice from the beginning of its scene on, over the next one, and none of a scene that is off', async () => {
    const { context } = await open();
    const [quiet, loud] = [await silentTake(), await loudTake()];
    const voice = await tone('voice', 'aevalsrc=0.4*sin(2*PI*500*t):s=22050', 3);
    const shots = [{ path: loud, soundDb: 'off' as const }, { path: quiet, voice }, { path: quiet }];
    const film = await assembleIn(context, filmOf(shots));
    const level = loudnessOf(await playedSound(film.path));
    expect(Math.max(...level.slice(0, 19))).toBeLessThan(0.001);
    expect(Math.min(...level.slice(21, 49))).toBeGreaterThan(0.2);
    expect(Math.max(...level.slice(52))).toBeLessThan(0.001);
  });

  it('falls and rises in a dissolve, and its sum stays', async () => {
    const { context } = await open();
    const loud = await loudTake();
    const film = await assembleIn(context, filmOf([{ path: loud }, { path: loud, fadeSeconds: 1 }]));
    expect(film.seconds).toBe(3);
    const level = loudnessOf(await playedSound(film.path));
    // Both tones have one phase there.
    expect(Math.min(...level.slice(1, 29))).toBeGreaterThan(0.33);
    expect(Math.max(...level)).toBeLessThan(0.37);
  });
});

describeBuilds('texts of a film', ({ path: build }) => {
  it('stay text, whatever is in them', async () => {
    const { context, dir } = await createTestContext({}, { env: { SORA_FFMPEG: build } });
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 25 });
    const hostile = [
      'Chapter #1: Rain, over the "harbour"; a=b \\ back\nnext [CHAPTER]\nSTART=0',
      '<b>bold</b> {\\an8}top \\N new --> 00:00:09,000',
      "Joe: “That is her boat.” 'q' % ; = #",
    ];
    const shots = hostile.map((text) => ({
      path,
      title: text,
      subtitle: `${text}\n\n3\n00:00:00,000 --> 00:00:09,000`,
    }));
    const film = await assembleIn(context, filmOf(shots, { title: 'A film; of=three\nlines #1 \\' }));
    const plain = (text: string) => text.replaceAll('\u2060', '');
    expect((await subtitlesOf(film.path)).map(plain)).toEqual(
      shots.map(({ subtitle }) =>
        subtitle
          .split('\n')
          .filter((line) => line !== '')
          .join('\n'),
      ),
    );
    const { stdout } = await run(['-v', 'error', '-i', film.path, '-f', 'ffmetadata', '-'], { path: makerPath });
    expect(plain(stdout.toString())).toContain('title=A film\\; of\\=three lines \\#1 \\\\\n');
    const titles = [...stdout.toString().matchAll(/^title=((?:[^\n\\]|\\[\s\S])*)$/gm)].map(([, title = '']) =>
      title.replaceAll(/\\([\s\S])/g, '$1'),
    );
    expect(titles.slice(1)).toEqual(hostile.map((text) => text.replaceAll('\n', ' ')));
    expect(stdout.toString().match(/^START=\d+/gm)).toEqual(['START=0', 'START=1000', 'START=2000']);
  });
});

describe('a sound that a person has named', () => {
  /** An M4A of four seconds; of the bytes of its sound, from one share of them to another, nothing is left. */
  const voiceWith = async (dir: string, [from, to]: readonly [number, number]): Promise<string> => {
    const path = join(dir, 'voice.m4a');
    await makeSound(path, sound('mono', ['0.4*sin(2*PI*500*t)']), { seconds: 4 });
    const bytes = await readFile(path);
    const begin = bytes.indexOf('mdat') + 4;
    const length = bytes.readUInt32BE(begin - 8) - 8;
    await writeFile(path, bytes.fill(0xff, begin + Math.floor(from * length), begin + to * length));
    return path;
  };

  it.each<[string, readonly [number, number], RegExp]>([
    ['all of it', [0, 1], /The sound of .*voice\.m4a cannot be decoded: /],
    ['half of it', [0.5, 1], /The sound of .*voice\.m4a is damaged, [12]\.\d of its 4 s can be decoded: /],
  ])('is never replaced by silence: where %s is lost nothing is made', async (_, lost, message) => {
    const { context, dir, stderr } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    const voice = await voiceWith(dir, lost);
    const refusal = { code: 'clip', message: expect.stringMatching(message) };
    await expect(assembleIn(context, filmOf([{ path, voice }]))).rejects.toMatchObject(refusal);
    const music = { path: voice, levelDb: -6, duck: true, fadeSeconds: 0.5 };
    await expect(assembleIn(context, filmOf([{ path }], { music }))).rejects.toMatchObject(refusal);
    expect(existsSync(join(dir, 'film.mp4'))).toBe(false);
    expect(existsSync(join(dir, 'pieces'))).toBe(false);
    expect(stderr.text()).not.toContain('left out');
  });

  it('goes on over the next scene, and is cut where the film ends; both are told', async () => {
    const { context, dir, stderr } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 25 });
    const voice = await makeSound(join(dir, 'voice.wav'), sound('mono', ['0.4*sin(2*PI*500*t)']), { seconds: 1.5 });
    const spoken = filmOf([{ path, voice, name: 'one' }, { path }, { path, voice, name: 'three' }]);
    expect(await assembleIn(context, spoken)).toMatchObject({ seconds: 3 });
    expect(stderr.text()).toContain('one: its voice is 1.5 s long, and the scene 1 s: it goes on over the next scene.');
    expect(stderr.text()).toContain('three: its voice is 1.5 s long, and the scene 1 s: its last 0.5 s are cut,');
  });
});

describe('videos that are joined', () => {
  it('need no home folder, and leave no pieces where there is none', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    const homeless: Workspace = {
      ...context,
      paths: () => {
        throw new SoraError('machine', 'There is nowhere to keep anything: this user has no home folder.');
      },
    };
    const before = await readdir(tmpdir());
    const wish = {
      output: 'film.mp4',
      force: false,
      fadeSeconds: 0,
      musicDb: -18,
      duck: true,
      loudness: 'off',
    } as const;
    expect(await joinVideos(homeless, { videos: [path, path], ...wish })).toMatchObject({ frames: 20 });
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('sora-pieces-') && !before.includes(name));
    expect(left).toEqual([]);
  });
});

describeBuilds('P4: a full disk and a film', ({ path: build }) => {
  it('is told as one, whatever did not fit, and leaves nothing', async ({ skip }) => {
    const { context, dir } = await createTestContext({}, { env: { SORA_FFMPEG: build } });
    const path = join(dir, 'a.mp4');
    const noisy = words(
      '-v error -f lavfi -i testsrc2=s=160x120:r=25:d=2,noise=alls=20:allf=t -c:v libx264 -preset ultrafast',
    );
    await run([...noisy, path], { path: makerPath });
    const wish = filmOf([{ path }, { path, trim: { from: 0, to: 1 } }]);
    const { bytes } = await assembleIn(context, wish);
    const disk = join(dir, 'disk');
    await mkdir(disk);
    const most = Math.floor((bytes - 1) / 4096);
    // Of the last pages nothing but the end of the file is missing, which some builds pass over.
    for (const pages of [most, most - 1, Math.ceil(most / 2)]) {
      const size = `size=${Math.max(1, pages) * 4096}`;
      if ((await execa('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', disk], { reject: false })).failed)
        return skip('a tmpfs cannot be mounted here');
      try {
        const place = { output: join(disk, 'film.mp4'), force: false, pieces: join(dir, 'pieces') };
        await expect(assembleFilm(context, wish, place), size).rejects.toMatchObject({
          ...{ code: 'machine', message: expect.stringMatching(/disk is full/i) },
        });
        expect(await readdir(disk)).toEqual([]);
      } finally {
        await execa('umount', [disk]);
      }
    }
  });
});

describe('a film that cannot be made', () => {
  it('is refused with every reason, and writes nothing', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 10 });
    await writeFile(join(dir, 'text.mp4'), 'no video');
    const bad = filmOf([{ path: join(dir, 'none.mp4') }, { path: join(dir, 'text.mp4') }, { path }]);
    await expect(assembleIn(context, bad)).rejects.toMatchObject({
      code: 'usage',
      problems: [expect.stringContaining('none.mp4'), expect.stringContaining('text.mp4')],
    });
    const short = filmOf([
      { path },
      { path, fadeSeconds: 0.3 },
      { path, fadeSeconds: 0.3 },
      { path, trim: { from: 1, to: 2 } },
    ]);
    await expect(assembleIn(context, short)).rejects.toMatchObject({
      code: 'usage',
      problems: [
        expect.stringMatching(/trim begins at 1 s/),
        expect.stringMatching(/0\.4 s long .* dissolves take 0\.64 s/),
      ],
    });
    await writeFile(join(dir, 'film.mp4'), 'mine');
    const place = { output: 'film.mp4', force: false, pieces: join(dir, 'pieces') };
    await expect(assembleFilm(context, filmOf([{ path }]), place)).rejects.toMatchObject({ code: 'usage' });
    expect(await readFile(join(dir, 'film.mp4'), 'utf8')).toBe('mine');
  });
});
