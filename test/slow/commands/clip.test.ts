import { mkdir, mkdtemp, open, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectClip } from '../../../src/clips/inspect.ts';
import { clipLine, planText } from '../../../src/clips/prepare.ts';
import { runClipInspect, runClipPrepare } from '../../../src/commands/clip.ts';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { beep, makeBeeps, sound } from '../../helpers/beeps.ts';
import { makeClip } from '../../helpers/clips.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath, makerPath, run } from '../../helpers/ffmpeg.ts';
import * as marks from '../../helpers/picture.ts';
import { createTestContext, type RuntimeOptions, type TestContext } from '../../helpers/runtime.ts';

const options = DEFAULT_CLIP_OPTIONS;
const PREPARE = { output: 'ready.mp4', options, force: false, dryRun: false };

let clips: string;
let fits: string;
let small: string;
let short: string;

beforeAll(async () => {
  clips = await mkdtemp(join(tmpdir(), 'sora-clip-'));
  const make = async (kind: Parameters<typeof makeClip>[0], name: string): Promise<string> => {
    await mkdir(join(clips, name));
    return makeClip(kind, join(clips, name));
  };
  fits = await make('2.0 s', 'fits');
  small = await make('320x240', 'it is $small');
  short = await make('1.9 s', 'short');
});

afterAll(() => rm(clips, { recursive: true, force: true }));

async function setUp(
  globals: Parameters<typeof createTestContext>[0] = {},
  host: RuntimeOptions = {},
): Promise<TestContext> {
  return createTestContext(globals, host);
}

describe('clip inspect', () => {
  it.each([
    ['remux', () => fits, 'It fits: it is copied without re-encoding'],
    ['convert', () => small, 'It is converted:\n  - '],
    ['reject', () => short, 'It cannot be used:\n  - '],
  ])('gives the verdict %s in words, as a document and as a word', async (kind, file, words) => {
    const { context, stdout, again } = await setUp();
    await runClipInspect(context, { file: file(), options });
    expect(stdout.text()).toMatch(/^clip\.mp4\n {2}MPEG-4, .*\n {2}video: H\.264 /);
    expect(stdout.text()).toContain(words);

    const json = await again({ json: true });
    await runClipInspect(json.context, { file: file(), options });
    expect(JSON.parse(json.stdout.text())).toMatchObject({
      path: file(),
      info: { container: 'MPEG-4' },
      plan: { kind },
    });

    const quiet = await again({ quiet: true });
    await runClipInspect(quiet.context, { file: file(), options });
    expect(quiet.stdout.text()).toBe(`${kind}\n`);
  });

  it('needs no ffmpeg for a file that says what it is, and says that it was not judged', async () => {
    const { context, stdout, again } = await setUp({ quiet: true }, { env: { SORA_FFMPEG: '/none' } });
    await runClipInspect(context, { file: fits, options });
    expect(stdout.text()).toBe('remux\n');
    const loud = await again({ quiet: false });
    await runClipInspect(loud.context, { file: fits, options });
    expect(loud.stdout.text()).toContain('It fits');
    expect(loud.stdout.text()).toMatch(/unknown {2}It was not judged: that needs an ffmpeg/);
  });

  it('believes no look through an ffmpeg that turns out not to work', async () => {
    const broken = await fakeFfmpeg('exit 1');
    const PATH = [broken.path, ffmpegPath].map(dirname).join(':');
    const { context } = await setUp({}, { env: { SORA_FFMPEG: '', PATH } });
    expect((await inspectClip(context, fits, options)).info.timeline?.times.length).toBe(50);
  });

  it('takes a file that the process holds open for that file', async () => {
    const { context } = await setUp({ quiet: true });
    const held = await open(fits);
    const { path, plan } = await inspectClip(context, `/dev/fd/${held.fd}`, options);
    await held.close();
    expect([path, plan.kind]).toEqual([await realpath(fits), 'remux']);
  });

  it('judges the part that would be used, in words and as a document', async () => {
    const { context, stdout, again } = await setUp();
    await runClipInspect(context, { file: small, options });
    expect(stdout.text()).toMatch(/As a reference of a character, 0\.00 s to 2\.04 s:\n/);
    expect(stdout.text()).toMatch(/ {2}problem {2}motion {6}It is a still picture: 0 % of its contrast changes/);
    expect(stdout.text()).toMatch(/ {2}problem {2}size {8}320x240 is enlarged 3 times/);
    const json = await again({ json: true });
    await runClipInspect(json.context, { file: small, options });
    const { judgement } = JSON.parse(json.stdout.text());
    expect(judgement).toMatchObject({ part: { start: 0, seconds: 2.04 }, unmeasured: expect.any(Array) });
    expect(judgement.findings).toContainEqual({
      ...{ what: 'size', level: 'problem', value: 3, unit: 'x' },
      ...{ meaning: expect.any(String), advice: expect.any(String) },
    });
  });

  it("says of a clip without an edge that its sharpness is not known, with this machine's own ffmpeg too", async () => {
    const path = join(clips, 'flat.mp4');
    const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-t', '2'];
    await run(['-v', 'error', '-f', 'lavfi', '-i', 'color=gray:s=1280x720:r=24', ...encode, path], { path: makerPath });
    const own = await findFfmpeg({ PATH: process.env.PATH }).catch(() => undefined);
    for (const SORA_FFMPEG of own ? [ffmpegPath, own.path] : [ffmpegPath]) {
      const { context, stdout } = await setUp({}, { env: { SORA_FFMPEG } });
      await runClipInspect(context, { file: path, options });
      expect(stdout.text()).toMatch(/ {2}unknown {2}.*sharpness/);
    }
  });

  it('does not judge what cannot be used', async () => {
    const { context, stdout } = await setUp({ json: true });
    await runClipInspect(context, { file: short, options });
    expect(JSON.parse(stdout.text())).toMatchObject({ plan: { kind: 'reject' }, judgement: null });
  });

  it.each([{ start: 'auto' }, { cropBars: true }] as const)(
    'needs an ffmpeg to find what is wished by %o',
    async (wish) => {
      const { context } = await setUp({}, { env: { SORA_FFMPEG: '/none' } });
      const inspect = runClipInspect(context, { file: fits, options: { ...options, ...wish } });
      await expect(inspect).rejects.toMatchObject({ code: 'machine', hint: expect.stringContaining('SORA_FFMPEG') });
    },
  );

  it('says which part --start auto takes, and why', async () => {
    const { context, stdout, stderr } = await setUp();
    await runClipInspect(context, { file: small, options: { ...options, start: 'auto', duration: 2 } });
    expect(stdout.text()).toMatch(
      /trim: --start auto and --duration 2 were given; (the best of \d+ places|the only place): no cut inside/,
    );
    expect(stderr.text()).toMatch(/Chose 0 s to 2 s of clip\.mp4: the /);
  });

  it.each([
    ['usage', 'none.mp4'],
    ['usage', '.'],
    ['clip', 'words.mp4'],
  ])('refuses as %s: %s', async (code, file) => {
    const { context, dir } = await setUp();
    await writeFile(join(dir, 'words.mp4'), 'These are words.');
    await expect(runClipInspect(context, { file, options })).rejects.toMatchObject({ code });
  });
});

describe('clip prepare', () => {
  it('writes the clip and nothing else, and says where and how', async () => {
    const { context, dir, stdout, stderr } = await setUp({ json: true });
    await runClipPrepare(context, { ...PREPARE, file: fits });
    const said = JSON.parse(stdout.text());
    expect(said).toMatchObject({
      path: join(dir, 'ready.mp4'),
      clip: { width: 1280, height: 720 },
      plan: { kind: 'remux' },
    });
    expect((await readFile(join(dir, 'ready.mp4'))).byteLength).toBe(said.clip.bytes);
    expect(await readdir(dir)).toEqual(['ready.mp4']);
    // A copy is judged as a conversion is.
    expect(stderr.text().trim().split('\n')).toEqual([
      expect.stringContaining('flat'),
      expect.stringContaining('still'),
    ]);
  });

  it('--dry-run prints a command that can be pasted, and writes nothing itself', async () => {
    const { context, dir, stdout, stderr } = await setUp();
    await runClipPrepare(context, { ...PREPARE, output: "it's ready.mp4", file: small, dryRun: true });
    expect(await readdir(dir)).toEqual([]);
    expect(stderr.text()).toContain('It is converted:');
    await execa('sh', ['-c', stdout.text()]);
    expect(await readdir(dir)).toEqual(["it's ready.mp4"]);
  });

  it.each([
    ['nothing else', 0.5],
    ['what is run where that finds no sound', 1.2],
  ])('--dry-run also prints %s, of a part from %d s on', async (what, start) => {
    const source = join(clips, 'beeps.mp4');
    await makeBeeps(source, { seconds: 3.5, sounds: [sound('mono', [beep()])], audio: '-c:a aac' });
    const { context, stdout, stderr, again } = await setUp();
    const input = { ...PREPARE, file: source, options: { ...options, start }, dryRun: true };
    await runClipPrepare(context, input);
    const json = await again({ json: true });
    await runClipPrepare(json.context, { ...input, output: join(json.dir, 'ready.mp4') });
    const { command, soundRetry } = JSON.parse(json.stdout.text());
    if (what === 'nothing else') {
      expect(soundRetry).toBeNull();
      expect(stderr.text()).not.toContain('finds no sound');
      return;
    }
    expect(stderr.text()).toMatch(/^If that finds no sound in the part, .*instead:\n/m);
    const seeks = (line: string) => [...line.matchAll(/ -ss (\S+)/g)].map(([, at]) => at);
    // A second before the part, and from the beginning.
    expect([seeks(stdout.text()), seeks(command), seeks(soundRetry)]).toEqual([['0.200000'], ['0.200000'], []]);
    await execa('sh', ['-c', soundRetry]);
    expect(await readdir(json.dir)).toEqual(['ready.mp4']);
  });

  it('announces what it does with a clip whose picture changes its size on the way: inspect, --dry-run and itself', async () => {
    const changing = await makeClip('size that changes', await mkdtemp(join(clips, 'changing-')));
    const { context, stdout, again } = await setUp({ json: true });
    await runClipInspect(context, { file: changing, options });
    const [announced, tried, done] = [JSON.parse(stdout.text()).plan, await again(), await again()];
    await runClipPrepare(tried.context, { ...PREPARE, file: changing, dryRun: true });
    await runClipPrepare(done.context, { ...PREPARE, file: changing });
    const because = 'its picture changes its size midway, to 640x360';
    const oneShape = expect.stringContaining('its picture changes its shape (1280x720, 640x360) at 2.04 s');
    const steps = [
      { do: 'trim', because: oneShape },
      { do: 'encode video', because },
    ];
    expect(announced).toMatchObject({ kind: 'convert', steps });
    expect(JSON.parse(tried.stdout.text())).toMatchObject({
      plan: announced,
      command: expect.stringContaining('libx264'),
    });
    expect(JSON.parse(done.stdout.text()).plan).toEqual(announced);
  });

  it('moves a part that was chosen across a change of size into one size', async () => {
    const changing = await makeClip('size that changes', await mkdtemp(join(clips, 'chosen-')));
    const { context } = await setUp({ json: true });
    const known = { moment: { start: 1, seconds: 2, because: 'x' } };
    const { plan } = await inspectClip(context, changing, options, known);
    expect(plan).toMatchObject({ kind: 'convert', start: 0, target: { width: 1280, height: 720 } });
  });

  it('gives every reason at once for a clip that cannot be used, and leaves no file', async () => {
    const { context, dir } = await setUp();
    const wishes = { ...options, start: 1.5 };
    for (const dryRun of [true, false]) {
      await expect(runClipPrepare(context, { ...PREPARE, file: short, dryRun })).rejects.toMatchObject({
        code: 'clip',
        message: expect.stringContaining('1.9'),
        hint: expect.stringContaining('sora clip inspect'),
      });
    }
    await expect(runClipPrepare(context, { ...PREPARE, file: fits, options: wishes })).rejects.toMatchObject({
      code: 'usage',
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it.each([
    ['a file that is there', 'old.mp4', /already exists/],
    ['a folder', 'folder', /is a folder/],
    ['a missing folder', 'none/x.mp4', /does not exist/],
    ['the clip itself', 'clip.mp4', /over itself/],
    ['another format', 'x.mov', /is an MP4, but its name is x\.mov/],
  ])('P4: refuses to write over %s', async (_title, output, message) => {
    const { context, dir } = await setUp();
    await mkdir(join(dir, 'folder'));
    await writeFile(join(dir, 'old.mp4'), 'old');
    await symlink(fits, join(dir, 'clip.mp4'));
    await expect(runClipPrepare(context, { ...PREPARE, output, file: 'clip.mp4' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
    expect(await readFile(join(dir, 'old.mp4'), 'utf8')).toBe('old');
  });

  it('replaces a file with --force', async () => {
    const { context, dir, stdout } = await setUp({ quiet: true });
    await writeFile(join(dir, 'ready.mp4'), 'old');
    await runClipPrepare(context, { ...PREPARE, file: fits, force: true });
    expect((await readFile(join(dir, 'ready.mp4'))).byteLength).toBeGreaterThan(1000);
    expect(stdout.text()).toBe(`${join(dir, 'ready.mp4')}\n`);
  });

  it('keeps the old file when the new one cannot be made', async () => {
    const { context, dir } = await setUp();
    await writeFile(join(dir, 'ready.mp4'), 'old');
    await expect(runClipPrepare(context, { ...PREPARE, file: short, force: true })).rejects.toMatchObject({
      code: 'clip',
    });
    expect(await readFile(join(dir, 'ready.mp4'), 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['ready.mp4']);
  });

  it('crops bars with --crop-bars, to the pixel, and says where there are none', async () => {
    const { context, dir, stdout, stderr } = await setUp();
    const bars = join(dir, 'bars.mp4');
    const pad = ['-vf', 'pad=960:720:0:90', '-c:v', 'libx264', '-preset', 'ultrafast', '-t', '2'];
    const source = ['-f', 'lavfi', '-i', 'color=gray:s=960x540:r=25', ...pad];
    await run(['-v', 'error', ...source, bars], { path: makerPath });
    const wish = { ...options, cropBars: true };
    await runClipPrepare(context, { ...PREPARE, file: bars, options: wish });
    expect(stdout.text()).toContain('crop bars: 960x720 has black bars in it -> the picture between them, 960x540');
    const frame = await marks.readFrame(join(dir, 'ready.mp4'), { width: 1280, height: 720 });
    expect(marks.boundsOf(frame, marks.isLit)).toEqual({ x: 0, y: 0, width: 1280, height: 720 });
    expect(stderr.text()).not.toContain('no black bars');
    await runClipPrepare(context, { ...PREPARE, file: fits, options: wish, force: true });
    expect(stderr.text()).toContain('There are no black bars of equal width in clip.mp4');
  });

  it('leaves no file when it is stopped', async () => {
    const test = await setUp();
    test.abort('interrupted');
    await expect(runClipPrepare(test.context, { ...PREPARE, file: fits })).rejects.toThrow();
    expect(await readdir(test.dir)).toEqual([]);
  });
});

describe('in words', () => {
  it('is a clip', () => {
    const clip = { sha256: 'a', seconds: 3.9667, width: 1280, height: 720, fps: 30_000 / 1001, bytes: 1_234_567 };
    expect(clipLine(clip)).toBe('1280x720, 3.967 s, 29.97 fps, 1.2 MB');
  });

  it('is a plan that rejects', () => {
    expect(planText({ kind: 'reject', issues: ['It is too short.', 'It has no picture.'] } as never)).toBe(
      'It cannot be used:\n  - It is too short.\n  - It has no picture.',
    );
  });
});
