/** The ffmpeg with a cache that tests of whole commands use says and writes what it would without the cache, also the second time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ffmpegPath, makerPath, run, tryRun, words } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg, cachedFfmpegPath } from '../helpers/ffmpeg-cache.ts';
import { KEPT_FOLDER } from '../helpers/kept.ts';
import { madeOnce } from '../helpers/once.ts';
import { quickFfmpeg, writeProgram } from '../helpers/quick-ffmpeg.ts';
import { tempFolder } from '../helpers/temp.ts';

let source: string;
beforeAll(async () => {
  source = await madeOnce('cache-source.mp4', (path) =>
    run([...words('-v error -f lavfi -i testsrc=s=320x180:r=24:d=0.5 -c:v libx264 -preset ultrafast'), path]),
  );
});

/** What it wrote to stdout, to file descriptor 3 and into its folder, whose only input is the source. */
async function resultOf(ffmpeg: string, args: readonly string[]) {
  const cwd = join(await tempFolder(), 'work');
  await mkdir(cwd);
  const outputs = { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], encoding: 'buffer' } as const;
  const { exitCode, stdout, stdio } = await execa(ffmpeg, args, { ...outputs, cwd, reject: false });
  const files: [string, Buffer][] = [];
  for (const name of (await readdir(cwd)).toSorted()) files.push([name, await readFile(join(cwd, name))]);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { exitCode, stdout: base64(stdout), extra: base64(stdio[3]), files };
}

const MEASURE = 'signalstats,metadata=print';

it.each([
  ['a conversion', '-c:v libx264 -preset veryfast -crf 15 -fflags +bitexact -f mp4 file:out.mp4'],
  ['a measurement', `-vf ${MEASURE} -c:v rawvideo -f rawvideo pipe:1`],
  ['pictures of a decoded one', '-f null - -s 32x18 -pix_fmt gray -c:v rawvideo -f rawvideo pipe:3'],
  ['a measurement that is written beside', `-vf ${MEASURE}:file=values -c:v rawvideo -f rawvideo pipe:1`],
  ['a conversion that fails', '-c:v libx264 -preset veryfast -vf no-such-filter -f mp4 file:out.mp4'],
])('%s is what it would be without it', async (_, options) => {
  const args = ['-v', 'error', '-i', `file:${source}`, ...words(options)];
  const real = await resultOf(quickFfmpeg(), args);
  expect(await resultOf(cachedFfmpegPath, args)).toEqual(real);
  expect(await resultOf(cachedFfmpegPath, args)).toEqual(real);
});

it('another input or another option is another conversion', async () => {
  const args = (seconds: string) =>
    words(`-v error -t ${seconds} -i file:${source} -c:v libx264 -preset veryfast -f mp4 file:out.mp4`);
  const sizes: number[] = [];
  for (const seconds of ['0.1', '0.4']) {
    const cwd = await tempFolder();
    await execa(cachedFfmpegPath, args(seconds), { cwd, stdin: 'ignore' });
    sizes.push((await stat(join(cwd, 'out.mp4'))).size);
  }
  expect(new Set(sizes).size).toBe(2);
});

it('two videos of the sandbox are one input, which differ by a box that nobody reads', async () => {
  const folder = await tempFolder();
  const log = join(folder, 'log');
  const counting = writeProgram('counting', `#!/bin/sh\necho run >> '${log}'\nexec '${ffmpegPath}' "$@"\n`);
  const ffmpeg = cachedFfmpeg(ffmpegPath, counting);
  for (const box of ['free000000000001', 'free000000000002', 'skip000000000003']) {
    const video = join(folder, `${box}.mp4`);
    await writeFile(video, Buffer.concat([await readFile(source), Buffer.from([0, 0, 0, 20]), Buffer.from(box)]));
    const args = words(`-v error -i file:${video} -c:v libx264 -preset veryfast -f mp4 file:${video}.out`);
    await execa(ffmpeg, args, { stdin: 'ignore' });
  }
  expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(2);
});

it('what is written to both outputs can be read in step', async () => {
  const args = words(`-v info -f lavfi -i testsrc=s=64x36:r=24:d=10 -vf ${MEASURE} -c:v rawvideo -f rawvideo pipe:1`);
  for (const time of ['first', 'second']) {
    const child = spawn(cachedFfmpegPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // Longer than what a pipe holds, and not read before there is a picture.
    await once(child.stdout, 'readable');
    let bytes = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    child.stdout.resume();
    expect([time, ...(await once(child, 'close'))]).toEqual([time, 0, null]);
    expect(bytes).toBeGreaterThan(128 * 1024);
  }
});

describe('what the maker of clips makes', () => {
  /** Whether the second of two runs is given what was kept of the first: its bytes are spoilt in between. */
  async function isKept(first: readonly string[], second: readonly string[] = first, between = async () => {}) {
    const kept = await tempFolder();
    vi.stubEnv(KEPT_FOLDER, kept);
    const output = join(await tempFolder(), 'out.mkv');
    await tryRun([...first, output], { path: makerPath });
    for (const name of await readdir(kept, { recursive: true }))
      if (name.endsWith('.made')) await writeFile(join(kept, name), 'kept');
    await between();
    await tryRun([...second, output], { path: makerPath });
    return (await readFile(output, 'latin1')) === 'kept';
  }

  const clip = (seconds: number) => words(`-v error -f lavfi -i testsrc=s=64x36:r=24:d=${seconds}`);

  it('is kept for the same arguments, and for no others', async () => {
    expect(await isKept(clip(0.1))).toBe(true);
    expect(await isKept(clip(0.1), clip(0.2))).toBe(false);
  });

  it('is kept for the same input wherever it is, and for no other', async () => {
    const [here, there] = [join(await tempFolder(), 'a.mp4'), join(await tempFolder(), 'b.mp4')];
    for (const path of [here, there]) await copyFile(source, path);
    const copyOf = (path: string) => ['-v', 'error', '-i', path, '-c', 'copy'];
    expect(await isKept(copyOf(here), copyOf(there))).toBe(true);
    const change = () => run([...clip(0.2), '-y', there], { path: makerPath }).then(() => {});
    expect(await isKept(copyOf(here), copyOf(there), change)).toBe(false);
  });

  it('is read once: what is said of the same input is the same, whatever the end', async () => {
    vi.stubEnv(KEPT_FOLDER, await tempFolder());
    const [here, there] = [join(await tempFolder(), 'a.mp4'), join(await tempFolder(), 'b.mp4')];
    for (const path of [here, there]) await copyFile(source, path);
    const sumsOf = (path: string, more = '') =>
      tryRun(['-v', 'error', '-i', path, ...words(`${more} -f framecrc -`)], { path: makerPath });
    const first = await sumsOf(here);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.toString().split('\n').length).toBeGreaterThan(12);
    expect(await sumsOf(there)).toEqual(first);
    expect((await sumsOf(there, '-frames:v 3')).stdout.length).toBeLessThan(first.stdout.length);
    const failed = await sumsOf(there, '-vf no-such-filter');
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('no-such-filter') });
    expect(await sumsOf(here, '-vf no-such-filter')).toEqual(failed);
  });

  it('is not kept where other files decide it, and where something was said', async () => {
    const list = join(await tempFolder(), 'list.txt');
    await writeFile(list, `file '${source}'\n`);
    expect(await isKept(['-v', 'error', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy'])).toBe(false);
    expect(await isKept(clip(0.1).map((word) => (word === 'error' ? 'info' : word)))).toBe(false);
  });
});
