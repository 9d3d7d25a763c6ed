import { mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLines } from '../../../src/media/ffmpeg/command-lines.ts';
import type { MediaInfo } from '../../../src/media/info.ts';
import { planMedia } from '../../../src/media/plan/plan.ts';
import {
  type Ffmpeg,
  findFfmpeg,
  type Prepared,
  type PrepareRequest,
  prepareClip,
} from '../../../src/media/prepare.ts';
import { probeMedia } from '../../../src/media/probe/probe.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Rect } from '../../../src/shared/geometry.ts';
import { makeClip } from '../../helpers/clips.ts';
import { makeNumbered } from '../../helpers/counter.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { decode, ffmpegPath, makerPath, run, soundPackets, tryRun, words } from '../../helpers/ffmpeg.ts';
import { cachedFfmpegPath } from '../../helpers/ffmpeg-cache.ts';
import { mediaInfo } from '../../helpers/media-info.ts';
import { sampleRanges, sliceHashes } from '../../helpers/mp4.ts';
import { madeOnce } from '../../helpers/once.ts';
import { tempFolder } from '../../helpers/temp.ts';

const real = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
/** As a word of a shell script. */
const REAL = `'${real.path}'`;

interface Change extends Partial<Omit<PrepareRequest, 'source'>> {}

/** A request for this file into `out.mp4` of a fresh folder. */
async function requestFor(source: string, change: Change = {}): Promise<PrepareRequest> {
  const { signal } = new AbortController();
  const info: MediaInfo = change.info ?? (await probeMedia(source, { ffmpeg: real, signal }));
  const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
  return { source, info, plan, ffmpeg: real, outputPath: join(await tempFolder(), 'out.mp4'), signal, ...change };
}

const failure = (request: PrepareRequest) =>
  prepareClip(request).then(
    () => undefined,
    (error: unknown) => error,
  );
const left = (request: PrepareRequest) => readdir(dirname(request.outputPath));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-prepare-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Still extends Prepared {
  readonly request: PrepareRequest;
  /** What was reported as progress. */
  readonly seen: readonly number[];
}

let still: Promise<Still> | undefined;

/** A clip of one picture, in 4:3: prepared once for several tests. */
function preparedStill(): Promise<Still> {
  const prepare = async (): Promise<Still> => {
    const seen: number[] = [];
    const onProgress = (fraction: number) => void seen.push(fraction);
    const outputPath = join(folder, 'still.mp4');
    const request = await requestFor(await makeClip('4:3', folder), { outputPath, onProgress });
    return { ...(await prepareClip(request)), request, seen };
  };
  still ??= prepare();
  return still;
}

describe('a run', () => {
  it('makes the same bytes every time, judged or not', async () => {
    const { request: first, clip } = await preparedStill();
    const second = await requestFor(first.source, { judgeFor: DEFAULT_CLIP_OPTIONS });
    expect(await prepareClip(second)).toMatchObject({ clip, judgement: { findings: expect.any(Array) } });
    expect(clip).toMatchObject({ width: 1280, height: 720, fps: 25, seconds: 2.04, bytes: expect.any(Number) });
    expect(await readFile(first.outputPath)).toEqual(await readFile(second.outputPath));
  });

  it('keeps what can be seen, as SSIM counts it', async () => {
    const source = join(await tempFolder(), 'source.mkv');
    const tagged = words('-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv');
    const grain = 'scale=out_color_matrix=bt709:out_range=tv,noise=alls=6:allf=t:all_seed=3,format=yuv420p';
    const picture = words('-f lavfi -i testsrc2=size=1280x720:rate=24 -frames:v 48 -vf');
    await run([...picture, grain, ...words('-c:v mpeg4 -q:v 2 -g 12'), ...tagged, source]);
    const request = await requestFor(source);
    await prepareClip(request);
    const compared = await run(['-i', request.outputPath, '-i', source, ...words('-lavfi ssim -f null -')]);
    // With preset `fast` at 18 it is 0.917, and 0.916 with `veryfast` at 18.
    expect(Number(/All:([\d.]+)/.exec(compared.stderr)?.[1])).toBeGreaterThan(0.925);
  });

  it('keeps the bytes of a clip that it made when that is prepared again', async () => {
    const first = await requestFor(await makeClip('shorter audio', await tempFolder()));
    await prepareClip(first);
    const second = await requestFor(first.outputPath);
    expect(second.plan.kind).toBe('remux');
    await prepareClip(second);
    expect(await sliceHashes(second.outputPath)).toEqual(await sliceHashes(first.outputPath));
    expect(await soundPackets(second.outputPath)).toEqual(await soundPackets(first.outputPath));
  });

  // Of 25 frames a second: half a frame, and five frames.
  it.each([
    ['copies', 0.02, 'remux', 75],
    ['begins with', 0.2, 'convert', 75],
  ])('%s a picture that starts %d s late, as it was announced', async (_, delay, kind, frames) => {
    const [fits, late] = [await makeClip('fits', await tempFolder()), join(await tempFolder(), 'late.mp4')];
    const inputs = ['-itsoffset', String(delay), '-i', fits, '-i', fits];
    await run(['-v', 'error', ...inputs, ...words('-map 0:v -map 1:a -c copy'), late], { path: makerPath });
    // Old muxers leave the delay out of the track's length, newer ones count it in.
    const bytes = await readFile(late);
    bytes.writeUInt32BE(3000 + delay * 1000, bytes.indexOf('tkhd') + 24);
    await writeFile(late, bytes);
    const request = await requestFor(late);
    const { plan, clip, notes } = await prepareClip(request);
    expect([request.plan.kind, plan.kind, notes]).toEqual([kind, kind, []]);
    expect(clip.seconds).toBe(frames / 25);
    expect((await decode(request.outputPath)).frames).toHaveLength(frames);
  });

  it('reports progress that only rises and ends at 1', async () => {
    const { seen } = await preparedStill();
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it('can be pasted into a shell as it is shown', async () => {
    const folder = await tempFolder();
    const source = join(folder, `it's "$HOME" %03d; 李雷.mp4`);
    await rename(await makeClip('fits', folder), source);
    const request = await requestFor(source);
    const line = commandLines(real, request).command;
    const shell = await tryRun([], { path: await scriptThat(line) });
    expect([shell.code, await left(request)]).toEqual([0, ['out.mp4']]);
    // The shown command has no -y. (ffmpeg 7 exits 0 when it declines to overwrite.)
    await writeFile(request.outputPath, 'mine');
    await tryRun([], { path: await scriptThat(line) });
    expect(await readFile(request.outputPath, 'utf8')).toBe('mine');
  });
});

it('is shown as a command that can be pasted twice and leaves nothing but the clip, also where sound is encoded', async () => {
  const request = await requestFor(await makeClip('two audio tracks', await tempFolder()));
  const line = commandLines(real, request, { force: true }).command;
  for (const attempt of [1, 2]) {
    const shell = await tryRun([], { path: await scriptThat(line) });
    expect([attempt, shell.code, await left(request)]).toEqual([attempt, 0, ['out.mp4']]);
  }
});

async function scriptThat(line: string): Promise<string> {
  return (await fakeFfmpeg(line)).path;
}

describe('a master that is not what was planned', () => {
  /** An ffmpeg whose encodes are made once more by these arguments: wrong on purpose. */
  const spoiling = (args: string): Promise<Ffmpeg> =>
    fakeFfmpeg(
      `for last; do :; done\ncase "$*" in *libx264*) '${cachedFfmpegPath}' "$@" || exit; out="\${last#file:}"; mv "$out" "$out.good"; ${REAL} -v error -y -i "$out.good" ${args} -f mp4 "$out"; code=$?; rm "$out.good"; exit $code;; *) exec ${REAL} "$@";; esac`,
    );
  const ENCODE =
    '-c:v libx264 -preset ultrafast -crf 18 -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -c:a copy';
  const moving = () =>
    makeNumbered({
      file: 'a.mp4',
      fps: '25',
      frames: 52,
      output: '-c:v libx264 -preset ultrafast -c:a aac',
      sound: '-ac 1',
    });

  it.each([
    ['stands still at its beginning', `-vf loop=20:1:0,setpts=N/25/TB,trim=end_frame=52 ${ENCODE}`, /is frozen/],
    ['comes at uneven times', `-vf 'setpts=PTS+gt(N\\,40)*0.02/TB' -vsync 0 ${ENCODE}`, /uneven|varies/],
    ['starts late', '-itsoffset 0.1 -i "$out.good" -map 1:v -map 0:a -c copy', /first picture is shown at 0\.1/],
    [
      'hides pictures',
      `-vf loop=40:1:0,setpts=N/25/TB ${ENCODE} -f mp4 "$out" && mv "$out" "$out.good" && ${REAL} -v error -y -ss 1.6 -i "$out.good" -c copy`,
      /not shown/,
    ],
    ['has lost its sound', `${ENCODE} -an`, /sound is missing/],
    ['has another size', `-vf scale=1280:718 ${ENCODE}`, /not all 1280x720|1280x718/],
    ['has more pictures', `-vf loop=5:1:51,setpts=N/25/TB ${ENCODE}`, /shows 57 pictures, not 52/],
  ])('is refused when it %s', async (_, args, problem) => {
    const request = await requestFor(await moving(), { ffmpeg: await spoiling(args) });
    expect(await failure(request)).toMatchObject({
      code: 'clip',
      message: expect.stringMatching(problem),
      hint: expect.stringMatching(/SORA_FFMPEG/),
    });
    expect(await left(request)).toEqual([]);
  });

  it('may stand still where its source does', async () => {
    expect((await preparedStill()).clip.seconds).toBe(2.04);
  });
});

describe('fallbacks', () => {
  it('encodes a clip whose copy shows less than its headers say', async () => {
    const source = await makeClip('fits', await tempFolder());
    const info = await probeMedia(source, { signal: new AbortController().signal });
    // A copy that drops its tail, as an edit list would.
    const ffmpeg = await fakeFfmpeg(
      `for last; do :; done\ncase "$*" in *"-c copy"*) ${REAL} -v error -y -i '${source}' -t 2.5 -c:v mpeg4 -an "$last";; *) exec ${REAL} "$@";; esac`,
    );
    const request = await requestFor(source, { info, ffmpeg });
    expect(request.plan.kind).toBe('remux');
    const done = await prepareClip(request);
    expect(done.plan.kind).toBe('convert');
    expect(done.plan.steps[0]?.because).toMatch(/as a copy its codec is MPEG-4 Visual/);
  });

  it('asks for less when the clip holds less than its headers say, and says so', async () => {
    const source = await makeClip('4:3', await tempFolder());
    const { plan, clip, notes } = await prepareClip(
      await requestFor(source, { info: mediaInfo({ width: 960, fps: 25, seconds: 3 }, null) }),
    );
    expect([plan.target.frames, clip.seconds]).toEqual([51, 2.04]);
    expect(notes).toEqual([expect.stringMatching(/only 2\.04 s/)]);
  });

  it('drops a sound that cannot be decoded, and does not encode the picture for it', async () => {
    const source = await makeClip('fits', await tempFolder());
    await spoilMiddles(source);
    const { plan, notes } = await prepareClip(await requestFor(source));
    expect(plan).toMatchObject({ kind: 'remux', target: { audio: false } });
    expect(notes).toEqual([expect.stringMatching(/sound could not be decoded/)]);
  });
});

/** The packets of sound begin well and can be copied, but not decoded. */
async function spoilMiddles(path: string): Promise<void> {
  const file = await open(path, 'r+');
  for (const { offset, length } of await sampleRanges(path, 'soun')) {
    await file.write(Buffer.alloc(Math.max(0, length - 12), 0xff), 0, Math.max(0, length - 12), offset + 8);
  }
  await file.close();
}

describe('P4: a failure leaves no file', () => {
  it('when the clip is damaged', async () => {
    const request = await requestFor(await makeClip('corrupt frames in 4:3', await tempFolder()));
    expect(await failure(request)).toMatchObject({ code: 'clip', message: expect.stringMatching(/cannot be decoded/) });
    expect(await left(request)).toEqual([]);
  });

  it('when the clip holds less than 2 s', async () => {
    const info = mediaInfo({ width: 960, fps: 30, seconds: 3 }, null);
    const request = await requestFor(await makeClip('1.9 s', await tempFolder()), { info });
    expect(await failure(request)).toMatchObject({ code: 'clip', message: expect.stringMatching(/Only 1\.90 s/) });
    expect(await left(request)).toEqual([]);
  });

  it.each([
    ['the disk is full', 'echo "x: No space left on device" >&2; exit 1', 'machine', /disk is full/],
    ['ffmpeg is killed', 'kill -9 $$', 'machine', /ended early/],
    ['ffmpeg crashes on the clip', 'kill -ABRT $$', 'clip', /cannot be decoded: ffmpeg crashed on it \(SIGABRT\)\.$/],
    [
      'ffmpeg makes nothing of use',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own
      'for last; do :; done; case "$last" in file:*) echo x > "${last#file:}";; esac; exit 1',
      'clip',
      /cannot be decoded/,
    ],
    ['ffmpeg has no x264', `echo "Unknown encoder 'libx264'" >&2; exit 1`, 'machine', /lacks a part/],
  ])('when %s', async (_, script, code, message) => {
    const request = await requestFor('/nowhere/a.mp4', {
      info: mediaInfo({ codec: 'HEVC' }),
      ffmpeg: await fakeFfmpeg(script),
    });
    expect(await failure(request)).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await left(request)).toEqual([]);
  });

  it('when ffmpeg hangs', async () => {
    const info = mediaInfo({ codec: 'HEVC' });
    const ffmpeg = await fakeFfmpeg('exec tail -f /dev/null');
    const request = await requestFor('/nowhere/a.mp4', { info, ffmpeg, timeoutMs: 200 });
    expect(await failure(request)).toMatchObject({ code: 'clip', message: expect.stringMatching(/too long/) });
  });

  it('when ffmpeg makes no further frame', async () => {
    const info = mediaInfo({ codec: 'HEVC' });
    const encode = 'for n in 1 2 3 4; do echo frame=$n >&2; sleep 0.1; done; exec tail -f /dev/null';
    const ffmpeg = await fakeFfmpeg(`case "$*" in *libx264*) ${encode};; esac; exit 1`);
    const told: number[] = [];
    const onProgress = (fraction: number): void => {
      told.push(fraction);
    };
    const request = await requestFor('/nowhere/a.mp4', { info, ffmpeg, stallMs: 300, onProgress });
    expect(await failure(request)).toMatchObject({
      code: 'machine',
      message: expect.stringMatching(/no frame and wrote nothing for 0 s/),
    });
    expect(told).toHaveLength(4);
  });

  it('when ffmpeg cannot tone-map, which is named', async () => {
    const info = mediaInfo({ codec: 'HEVC', hdr: 'PQ', transfer: 'PQ' });
    const request = await requestFor('/nowhere/a.mp4', { info, ffmpeg: await fakeFfmpeg('echo " T.. scale V->V x"') });
    expect(await failure(request)).toMatchObject({
      code: 'clip',
      message: expect.stringMatching(/HDR \(PQ\).*zscale/),
    });
  });

  it('when the plan is to reject', async () => {
    const request = await requestFor('/nowhere/a.mp4', { info: mediaInfo(null) });
    expect(await failure(request)).toMatchObject({ code: 'clip', problems: ['It has sound but no video.'] });
  });
});

describe('an interruption', () => {
  /** Records its process id, then is ffmpeg. */
  async function watched(then: string): Promise<{ ffmpeg: Ffmpeg; isRunning: () => Promise<boolean> }> {
    const pidFile = join(await tempFolder(), 'pid');
    const ffmpeg = await fakeFfmpeg(`echo $$ > '${pidFile}'\n${then}`);
    const isRunning = async () => {
      const pid = Number(await readFile(pidFile, 'utf8'));
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    return { ffmpeg, isRunning };
  }

  async function interrupt(ffmpeg: Ffmpeg, reason?: unknown): Promise<{ error: unknown; request: PrepareRequest }> {
    const controller = new AbortController();
    const source = await makeClip('4:3', await tempFolder());
    const request = await requestFor(source, {
      ffmpeg,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    return { error: await failure(request), request };
  }

  it('stops ffmpeg and leaves no file', async () => {
    const { ffmpeg, isRunning } = await watched(`exec ${REAL} "$@"`);
    const { error, request } = await interrupt(ffmpeg);
    expect(error).toMatchObject({ code: 'interrupted' });
    expect([await isRunning(), await left(request)]).toEqual([false, []]);
  });

  it('kills an ffmpeg that does not listen', async () => {
    const { ffmpeg, isRunning } = await watched(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own
      'trap "" TERM\nfor last; do :; done\necho x > "${last#file:}"\necho frame=1 >&2\nexec tail -f /dev/null',
    );
    const { error, request } = await interrupt(ffmpeg);
    expect(error).toMatchObject({ code: 'interrupted' });
    expect([await isRunning(), await left(request)]).toEqual([false, []]);
  });

  it('keeps the reason that the program gave', async () => {
    const reason = new SoraError('terminated', 'Terminated.');
    const { error } = await interrupt(real, reason);
    expect(error).toBe(reason);
  });

  it('starts nothing when it came first', async () => {
    const request = await requestFor('/nowhere/a.mp4', {
      info: mediaInfo(),
      ffmpeg: await fakeFfmpeg('exit 9'),
      signal: AbortSignal.abort(),
    });
    expect(await failure(request)).toMatchObject({ code: 'interrupted' });
  });
});

describe('a part of the picture that stands still', () => {
  it.each<[string, Partial<ClipOptions>, Rect | undefined]>([
    ['--fit crop', { fit: 'crop', orientation: 'portrait', resolution: '720p' }, undefined],
    ['cropping bars', {}, { x: 220, y: 0, width: 840, height: 720 }],
  ])('is no fault where %s cuts off what moves', async (_, wishes, crop) => {
    const scene = 'color=0x406080:s=1280x720:r=25[p];color=white:s=200x200:r=25[b];[p][b]overlay=x=0:y=mod(n*40\\,720)';
    const encode = words('-frames:v 55 -c:v mpeg4 -q:v 3');
    const path = await madeOnce('still-middle.mkv', (made) =>
      run(['-v', 'error', '-f', 'lavfi', '-i', scene, ...encode, made], { path: makerPath }),
    );
    const request = await requestFor(path);
    const plan = planMedia(request.info, { ...DEFAULT_CLIP_OPTIONS, ...wishes }, { crop });
    await expect(prepareClip({ ...request, plan })).resolves.toMatchObject({ clip: { seconds: 2.2 } });
  });
});
