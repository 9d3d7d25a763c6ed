/**
 * Damaged clips through `clip inspect` and `clip prepare`: 32 of them in a normal run, each kind of damage in each kind of
 * file, always the same. `SORA_FUZZ=2000` makes more, `SORA_FUZZ_SEED=random` makes others and prints their seed, and
 * `SORA_FUZZ_SEED=<number>` repeats them.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { makeMachine } from '../helpers/cli.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { createTestRuntime } from '../helpers/runtime.ts';

const COUNT = Number(process.env.SORA_FUZZ) || 32;
const SEED =
  process.env.SORA_FUZZ_SEED === 'random'
    ? Math.floor(Math.random() * 2 ** 32)
    : Number(process.env.SORA_FUZZ_SEED) || 20_261_121;
/** Of one command. */
const LIMIT_MS = 60_000;

/** Small, of several containers and codecs; each is accepted as it is. */
const SEEDS: readonly { file: string; options: string }[] = [
  { file: 'seed.mp4', options: '-c:v libx264 -preset ultrafast -bf 2 -g 12 -pix_fmt yuv420p -c:a aac -b:a 32k' },
  { file: 'seed.mkv', options: '-c:v libvpx -deadline realtime -cpu-used 8 -b:v 100k -c:a libvorbis' },
  { file: 'seed.mov', options: '-c:v mpeg4 -q:v 8 -c:a pcm_s16le -ar 8000' },
  { file: 'seed.gif', options: '-an -r 8' },
];

type Random = () => number;

/** Mulberry32: the same numbers on every machine. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, end: number): number => Math.floor(random() * end);

/** A place, more often near the beginning, where headers are. */
function place(random: Random, { length }: Buffer): number {
  return below(random, random() < 0.5 ? Math.min(length, 2048) : length);
}

const noise = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => below(random, 256)));

const SIZES = [0, 1, 7, 8, 9, 16, 0x7fffffff, 0x80000000, 0xffffffff];

const MUTATIONS: Readonly<Record<string, (data: Buffer, random: Random, others: readonly Buffer[]) => Buffer>> = {
  'bit flips'(data, random) {
    const copy = Buffer.from(data);
    for (let left = 1 + below(random, 64); left > 0; left -= 1) {
      const at = place(random, copy);
      copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
    }
    return copy;
  },
  truncation: (data, random) => data.subarray(0, below(random, data.length)),
  'a lie about a length'(data, random) {
    const copy = Buffer.from(data);
    // Boxes of MP4 are a length and four letters; elsewhere it is just a number that is wrong.
    const names = [...copy.toString('latin1').matchAll(/[a-z]{3}[a-z0-9]/g)]
      .map(({ index }) => index)
      .filter((at) => at >= 4);
    const at = names.length > 0 ? (names[below(random, names.length)] ?? 4) - 4 : place(random, copy);
    const size = random() < 0.6 ? (SIZES[below(random, SIZES.length)] ?? 0) : below(random, 2 ** 32);
    copy.writeUInt32BE(size, Math.min(at, copy.length - 4));
    return copy;
  },
  'a splice'(data, random, others) {
    const other = others[below(random, others.length)] ?? data;
    return Buffer.concat([data.subarray(0, place(random, data)), other.subarray(place(random, other))]);
  },
  'an insertion'(data, random) {
    const at = place(random, data);
    const length = 1 + below(random, 4096);
    const more = random() < 0.5 ? noise(random, length) : Buffer.alloc(length, below(random, 2) * 255);
    return Buffer.concat([data.subarray(0, at), more, data.subarray(at)]);
  },
  'a part left out'(data, random) {
    const at = place(random, data);
    return Buffer.concat([data.subarray(0, at), data.subarray(at + 1 + below(random, 2000))]);
  },
  'a part overwritten'(data, random) {
    const copy = Buffer.from(data);
    noise(random, 1 + below(random, 500)).copy(copy, place(random, copy));
    return copy;
  },
  'a part repeated'(data, random) {
    const at = place(random, data);
    const part = data.subarray(at, at + 1 + below(random, 4000));
    return Buffer.concat([data.subarray(0, at), part, data.subarray(at)]);
  },
};

const KINDS = Object.keys(MUTATIONS);

let folder: string;
const seeds: { extension: string; data: Buffer }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-fuzz-'));
  const source = words('-v error -f lavfi -i testsrc=s=160x90:r=24:d=2.1 -f lavfi -i sine=440:d=2.1');
  for (const { file, options } of SEEDS) {
    await run([...source, ...words(`${options} -metadata title=Joe`), join(folder, file)], { path: makerPath });
    seeds.push({ extension: extname(file), data: await readFile(join(folder, file)) });
  }
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Case {
  readonly what: string;
  readonly extension: string;
  readonly data: Buffer;
}

function makeCase(index: number): Case {
  const random = randomFrom(SEED + index);
  const seed = seeds[index % seeds.length] ?? { extension: '.mp4', data: Buffer.alloc(0) };
  const kind = KINDS[Math.floor(index / seeds.length) % KINDS.length] ?? '';
  let data = seed.data;
  for (let left = random() < 0.3 ? 2 : 1; left > 0 && data.length > 8; left -= 1) {
    data =
      MUTATIONS[kind]?.(
        data,
        random,
        seeds.map((other) => other.data),
      ) ?? data;
  }
  return {
    what: `SORA_FUZZ_SEED=${SEED} case ${index}: ${kind} in ${seed.extension}`,
    extension: seed.extension,
    data,
  };
}

/** What is wrong with how a command ended; undefined when nothing is. */
function complaint(args: readonly string[], code: number, stdout: string, stderr: string): string | undefined {
  const said = `${stdout}${stderr}`;
  const tell = (words: string) => `${args.slice(0, 2).join(' ')}: ${words}: ${said.slice(0, 600)}`;
  // What a damaged file asks for may be more than any machine has.
  const isBeyond = code === 12 && said.includes('not enough memory');
  if (code !== 0 && code !== 3 && !isBeyond) return tell(`exit ${code}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(said)) return tell('control characters');
  if (said.length > 20_000) return tell('too much was said');
  try {
    if (code === 0) JSON.parse(stdout);
    else if (stdout !== '') return tell('a result and a failure');
    for (const line of stderr.split('\n').filter(Boolean)) JSON.parse(line);
  } catch {
    return tell('no JSON');
  }
  return undefined;
}

async function inProcess(args: readonly string[], dir: string): Promise<string | undefined> {
  const { runtime, stdout, stderr } = await createTestRuntime();
  const late = AbortSignal.timeout(LIMIT_MS);
  const code = await runCli([...args, '--json'], { ...runtime, cwd: dir, signal: late });
  if (late.aborted) return `${args.join(' ')}: took longer than ${LIMIT_MS} ms`;
  return complaint(args, code, stdout.text(), stderr.text());
}

async function strays(dir: string, known: readonly string[]): Promise<string | undefined> {
  const left = (await readdir(dir)).filter((name) => !known.includes(name));
  return left.length > 0 ? `left over: ${left.join(', ')}` : undefined;
}

describe('damaged clips', () => {
  it(
    `end in exit 0 or 3, in time, in words and without a stray file (${COUNT}, seed ${SEED})`,
    async () => {
      const problems: string[] = [];
      for (let index = 0; index < COUNT; index += 1) {
        const { what, extension, data } = makeCase(index);
        const dir = await mkdtemp(join(folder, 'case-'));
        const file = `clip${extension}`;
        await writeFile(join(dir, file), data);
        const found = [await inProcess(['clip', 'inspect', file], dir)];
        found.push(await inProcess(['clip', 'prepare', file, '-o', 'out.mp4'], dir));
        found.push(await strays(dir, [file, 'out.mp4']));
        for (const problem of found) if (problem !== undefined) problems.push(`${what}: ${problem}`);
        await rm(dir, { recursive: true });
      }
      expect(problems).toEqual([]);
    },
    Math.max(300_000, COUNT * 10_000),
  );

  it('do so in the built program too', async () => {
    const machine = makeMachine();
    for (const index of [4, 9, 14]) {
      const { what, extension, data } = makeCase(index);
      const file = `clip${extension}`;
      await writeFile(join(machine.dir, file), data);
      for (const args of [
        ['clip', 'inspect', file],
        ['clip', 'prepare', file, '-o', 'out.mp4', '--force'],
      ]) {
        const { exitCode, stdout, stderr } = await machine.sora([...args, '--json']);
        expect(complaint(args, exitCode ?? -1, stdout, stderr), what).toBeUndefined();
      }
      expect(await strays(machine.dir, [file, 'out.mp4', 'home']), what).toBeUndefined();
      await rm(join(machine.dir, file));
    }
  });
});
