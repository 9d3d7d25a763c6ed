import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Beaten, beep, makeBeeps, makeSound, prepareWith, sound, withSound } from '../helpers/beeps.ts';
import { describeBuilds } from '../helpers/builds.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-sound-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const STEREO = sound('stereo', [beep(), beep()]);
const SILENCE = sound('stereo', ['0', '0']);
const SURROUND = sound('5.1', [beep(0.4), beep(0.4), '0', '0', '0', '0']);

/** 64 packets of AC-3, 96 of AAC. */
const HALF_SECONDS = 2.048;

/** Two streams of packets, one behind the other, as a broadcast changes from one programme to the next. */
async function change(codec: string, graphs: readonly string[], options: readonly string[]): Promise<string> {
  const name = join(
    folder,
    [codec, ...graphs.map((graph) => graph.slice(-3)), ...options].join('-').replace(/\W/g, ''),
  );
  const parts = graphs.map((graph, index) => {
    const [path, from] = [`${name}-${index}.${codec === 'aac' ? 'aac' : 'mkv'}`, index * HALF_SECONDS];
    return makeSound(path, graph, { from, seconds: HALF_SECONDS, options: `-c:a ${codec} ${options[index]}` });
  });
  return withSound(
    `${name}.ts`,
    await (codec === 'aac' ? append : concatenate)(`${name}-sound`, await Promise.all(parts)),
  );
}

async function concatenate(name: string, parts: readonly string[]): Promise<string> {
  await writeFile(`${name}.txt`, parts.map((part) => `file '${part}'\n`).join(''));
  const [list, path] = [words(`-v error -f concat -safe 0 -i ${name}.txt -c copy`), `${name}.mkv`];
  await run([...list, path], { path: makerPath });
  return path;
}

/** Packets of ADTS, without the first of each part: it holds what the encoder puts before the sound. */
async function append(name: string, parts: readonly string[]): Promise<string> {
  const streams = await Promise.all(parts.map((part) => readFile(part)));
  const path = `${name}.aac`;
  await writeFile(
    path,
    Buffer.concat(streams.map((stream) => stream.subarray((stream.readUInt32BE(2) >> 5) & 0x1fff))),
  );
  return path;
}

/** Beeps within 30 ms of the flashes, from the first to the last. */
function expectSync({ flashes, beeps }: Beaten, count: number): void {
  expect(flashes).toHaveLength(count);
  expect(beeps).toHaveLength(count);
  const apart = flashes.map((flash, index) => Math.abs(flash - (beeps[index] ?? 99)));
  expect(Math.max(...apart), `flashes at ${flashes}, beeps at ${beeps}`).toBeLessThanOrEqual(0.03);
}

describeBuilds('the sound of a master', (build) => {
  it.each([
    ['stereo AC-3, then 5.1', 'ac3', [STEREO, SURROUND], ['', '']],
    ['5.1 AC-3, then stereo', 'ac3', [SURROUND, STEREO], ['', '']],
    ['stereo AAC, then 5.1', 'aac', [STEREO, SURROUND], ['', '']],
    ['mono MP2, then stereo', 'mp2', [sound('mono', [beep()]), STEREO], ['', '']],
    ['AC-3 of 48 kHz, then of 44.1 kHz', 'ac3', [STEREO, STEREO], ['', '-ar 44100']],
  ])('goes on when the stream changes midway: %s', async (_, codec, graphs, options) => {
    const { plan, beaten } = await prepareWith(build, await change(codec, graphs, options));
    expect(plan.target.audio).toBe(true);
    expectSync(beaten, 3);
    expect(beaten.soundSeconds).toBeGreaterThan(3.9);
    for (const one of beaten.peaks) {
      expect(one[10]).toBeGreaterThan(0.15);
      expect(one[30]).toBeGreaterThan(0.15);
    }
  });

  it('is that of the default track, in a copy too, and what is left out is told', async () => {
    const source = await makeBeeps(join(folder, 'default.mkv'), {
      size: '1280x720',
      sounds: [SILENCE, STEREO],
      audio: '-c:a aac -disposition:a:0 0 -disposition:a:1 default',
    });
    const { plan, beaten, notes } = await prepareWith(build, source);
    expect([plan.kind, plan.steps.map(({ detail }) => detail), notes]).toEqual(['remux', ['audio track 1 (AAC)'], []]);
    expectSync(beaten, 2);
  });

  it('is that of the first track that can be decoded', async () => {
    const source = await makeBeeps(join(folder, 'unknown.mov'), {
      sounds: [STEREO, STEREO],
      audio: '-c:a aac -disposition:a:0 default -disposition:a:1 0',
    });
    // As spatial audio is stored: a codec that no ffmpeg of these knows, with a description of its own.
    const bytes = await readFile(source);
    bytes.write('apac', bytes.indexOf('mp4a'));
    bytes.write('dapa', bytes.indexOf('esds'));
    await writeFile(source, bytes);
    const { plan, beaten } = await prepareWith(build, source);
    expect(plan.steps.find(({ do: what }) => what === 'leave out')?.detail).toMatch(
      /^audio track 1 .*cannot be decoded/,
    );
    expectSync(beaten, 2);
  });
});
