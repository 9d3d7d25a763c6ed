/**
 * Batches as people and machines treat them, in any order: what was paid for is counted from the host's own list, never from our
 * records. A failure prints fast-check's seed and path; `SORA_TEST_RUNS=500 SORA_TEST_SEED=7` runs others.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LineReport } from '../../../src/batches/report.ts';
import { hashFile } from '../../../src/disk/hash.ts';
import { isSoraError, SoraError } from '../../../src/shared/errors.ts';
import { type BatchWorld, batchWorld } from '../../batches/world.ts';
import { TEST_ALL } from '../../helpers/covering.ts';
import { tempFolder } from '../../helpers/temp.ts';

const RUNS = Number(process.env.SORA_TEST_RUNS ?? (TEST_ALL ? 40 : 8));
const SEED = Number(process.env.SORA_TEST_SEED ?? 20_261_128);

const IDS = ['a', 'b', 'c'];

/** What the host does to the first create of a run, besides carrying it out. */
const TROUBLES = {
  none: {},
  lostBefore: { rules: [{ match: { call: 'create' }, times: 1, reset: 'before' }] },
  lostAfter: { rules: [{ match: { call: 'create' }, times: 1, reset: 'after' }] },
  lostUnlisted: {
    rules: [
      { match: { call: 'create' }, times: 1, reset: 'after' },
      { match: { call: 'list' }, respond: { status: 404 } },
    ],
  },
  limited: { rules: [{ match: { call: 'create' }, times: 2, respond: { status: 429 } }] },
  down: { rules: [{ match: { call: 'create' }, times: 3, respond: { status: 503 } }] },
  fails: { jobs: [{ fail: { code: 'server_error', message: 'Busy.' } }] },
  refuses: { rules: [{ match: { call: 'create' }, times: 1, respond: { status: 400 } }] },
  slow: { jobSeconds: 900 },
} as const;

type Step =
  | {
      readonly do: 'run';
      readonly trouble: keyof typeof TROUBLES;
      readonly changed: boolean;
      readonly shard: number;
      readonly jobs: number;
    }
  | { readonly do: 'kill'; readonly at: number; readonly shard: number; readonly jobs: number }
  | { readonly do: 'resend' | 'edit'; readonly id: string }
  | { readonly do: 'tear'; readonly bytes: number }
  | { readonly do: 'loseHome' | 'loseFolder' | 'wait' };

const shard = fc.integer({ min: 0, max: 3 });
const jobs = fc.integer({ min: 1, max: 3 });
const id = fc.constantFrom(...IDS);
const trouble = fc.constantFrom(...(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('run' as const), trouble, changed: fc.boolean(), shard, jobs }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('kill' as const), at: fc.integer({ min: 1, max: 9 }), shard, jobs }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('resend' as const, 'edit' as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tear' as const), bytes: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('loseHome' as const, 'loseFolder' as const, 'wait' as const) }),
  },
);

interface Model {
  readonly world: BatchWorld;
  /** Of each id the text that stands in the file now. */
  readonly text: Map<string, 'old' | 'new'>;
  /** How many requests of a text a person has asked for, beyond the first. */
  readonly more: Map<string, number>;
}

const promptOf = (line: string, text: 'old' | 'new'): string => `The ${text} text of ${line}.`;

async function write({ world, text }: Model): Promise<void> {
  await world.write(IDS.map((line) => ({ id: line, prompt: promptOf(line, text.get(line) ?? 'old') })));
}

/** A run that may be refused; what it throws is as much of an answer as a report. */
async function run(
  model: Model,
  ...[options, more]: Parameters<BatchWorld['run']>
): Promise<{ exit: number; unknown: LineReport[]; failed: string[] }> {
  const { world } = model;
  const deadlineMs = world.clock.ms + 120_000;
  try {
    const { exit, lines } = await world.run({ deadlineMs, retries: 0, ...options }, more);
    const idsOf = (state: string): string[] => lines.flatMap((line) => (line.state === state ? [line.id] : []));
    return {
      exit,
      unknown: lines.filter(({ state }) => state === 'unknown'),
      failed: [...idsOf('failed'), ...idsOf('absent')],
    };
  } catch (error) {
    if (!isSoraError(error) || !['usage', 'interrupted', 'pending', 'ambiguous'].includes(error.code)) throw error;
    return { exit: error.code === 'usage' ? 2 : 8, unknown: [], failed: [] };
  }
}

function shardOf(number: number): object {
  return number === 0 ? {} : { shard: { index: number > 2 ? 2 : 1, count: number > 2 ? 2 : number } };
}

/** Everything on the disk as it is at the host's `at`-th answer; from then on the process reaches nobody, and what it writes is lost. */
async function runAndKill(
  model: Model,
  { at, jobs: atOnce, shard: part }: Extract<Step, { do: 'kill' }>,
): Promise<void> {
  const { world } = model;
  const kept = await tempFolder();
  const stop = new AbortController();
  let answers = 0;
  world.play({});
  world.onAnswer = () => {
    answers += 1;
    if (answers !== at) return;
    for (const name of ['work', 'home'] as const) {
      const folder = name === 'work' ? world.dir : world.home;
      if (existsSync(folder)) cpSync(folder, join(kept, name), { recursive: true, preserveTimestamps: true });
    }
    world.play({ rules: [{ match: {}, reset: 'before' }] });
    stop.abort(new SoraError('interrupted', 'Killed.'));
  };
  await run(model, { jobs: atOnce, ...shardOf(part) }, { signal: stop.signal });
  world.onAnswer = undefined;
  world.play({});
  if (answers < at) return;
  for (const [name, folder] of [
    ['work', world.dir],
    ['home', world.home],
  ] as const) {
    rmSync(folder, { recursive: true, force: true });
    if (existsSync(join(kept, name))) cpSync(join(kept, name), folder, { recursive: true, preserveTimestamps: true });
    dropLocks(folder);
  }
}

/** Left by a killed process, they are old by the time that another one comes. */
function dropLocks(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.lock')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** A process that was killed in the middle of a line; one that asks was then never sent, and is torn behind the others. */
function tear({ world }: Model, bytes: number): void {
  const path = `${world.file}.journal.jsonl`;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  if (last === '') return;
  if (last.includes('"line":"asked"')) writeFileSync(path, `${text}${last.slice(0, bytes)}`);
  else truncateSync(path, statSync(path).size - Math.min(bytes, last.length - 1));
}

async function take(model: Model, one: Step): Promise<void> {
  const { world, text } = model;
  switch (one.do) {
    case 'run':
      world.play(TROUBLES[one.trouble]);
      await run(model, { changed: one.changed, jobs: one.jobs, ...shardOf(one.shard) });
      world.play({});
      break;
    case 'kill':
      await runAndKill(model, one);
      break;
    case 'resend':
      await resend(model, [one.id]);
      break;
    case 'edit':
      text.set(one.id, text.get(one.id) === 'new' ? 'old' : 'new');
      await write(model);
      break;
    case 'tear':
      tear(model, one.bytes);
      break;
    case 'loseHome':
      rmSync(world.home, { recursive: true, force: true });
      break;
    case 'loseFolder':
      rmSync(join(world.dir, 'out'), { recursive: true, force: true });
      break;
    case 'wait':
      world.clock.ms += 600_000;
      break;
    default:
      one satisfies never;
  }
}

/** A person's word for lines that are unknown: each may be made once more by its present text. */
async function resend(model: Model, ids: readonly string[]): ReturnType<typeof run> {
  const { text, more } = model;
  for (const line of ids) {
    const prompt = promptOf(line, text.get(line) ?? 'old');
    more.set(prompt, (more.get(prompt) ?? 0) + 1);
  }
  return run(model, { resend: ids, changed: true });
}

/** The same where a host lists what a lost request may have made: what it lists first is the video, else there is none. */
async function adopt(model: Model, unknown: readonly LineReport[]): Promise<void> {
  const adoptions = unknown.map(({ id: line, candidates = [] }) => ({ id: line, videoId: candidates[0]?.id }));
  for (const { id: line, videoId } of adoptions) {
    const prompt = promptOf(line, model.text.get(line) ?? 'old');
    if (videoId === undefined) model.more.set(prompt, (model.more.get(prompt) ?? 0) + 1);
  }
  await run(model, { adopt: adoptions, changed: true });
}

/** No text was asked for more often than a person has said, or than the host has failed it. */
async function checkPaid({ world, more }: Model): Promise<void> {
  const counts = new Map<string, number>();
  for (const { prompt, fate } of await world.made()) {
    if (!fate.fail) counts.set(prompt, (counts.get(prompt) ?? 0) + 1);
  }
  for (const [prompt, count] of counts) expect(count, prompt).toBeLessThanOrEqual(1 + (more.get(prompt) ?? 0));
}

/** Exit 0: every line has its file, as it was written down, and every video that the host has made is in a line, or given up by a person. */
async function checkDone({ world, more }: Model): Promise<void> {
  const lines = await world.journal();
  const done = lines.filter(({ line }) => line === 'done');
  for (const one of IDS) expect(lines.some(({ line, scene }) => line === 'asked' && scene === one)).toBe(true);
  const named = new Set(lines.flatMap(({ line, remoteId }) => (line === 'sent' ? [String(remoteId)] : [])));
  const lost = (await world.made()).filter(({ id: video, fate }) => !fate.fail && !named.has(video));
  const given = [...more.values()].reduce((total, count) => total + count, 0);
  expect(lost.length, 'paid for, and in no line').toBeLessThanOrEqual(given);
  const files = new Map(done.map(({ file, sha256 }) => [String(file), String(sha256)]));
  for (const [file, sha256] of files) {
    const path = join(world.dir, file);
    if (existsSync(path)) expect(await hashFile(path), file).toBe(sha256);
  }
}

/** The commands that a report names lead to its end, with a host that is well. */
async function leadOn(model: Model): Promise<void> {
  const { world } = model;
  world.play({});
  world.clock.ms += 3_600_000 * 3;
  const seen: number[] = [];
  for (let round = 0; round < 8; round++) {
    const { exit, unknown, failed } = await run(model);
    seen.push(exit);
    await checkPaid(model);
    if (exit === 0) return checkDone(model);
    if (exit === 2) await run(model, { changed: true });
    else if (unknown.length > 0) {
      const { unknown: listed } = await resend(
        model,
        unknown.map(({ id: line }) => line),
      );
      await checkPaid(model);
      if (listed.length > 0) await adopt(model, listed);
    } else if (failed.length > 0) {
      for (const line of failed) {
        const prompt = promptOf(line, model.text.get(line) ?? 'old');
        model.more.set(prompt, (model.more.get(prompt) ?? 0) + 1);
      }
      await run(model, { anew: failed, changed: true });
    }
    await checkPaid(model);
  }
  throw new Error(`no end: ${seen}`);
}

describe('a batch, whatever happens to it', () => {
  it('pays for nothing that nobody asked for, and leads to its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const model: Model = { world: await batchWorld(), text: new Map(), more: new Map() };
        await write(model);
        for (const one of steps) {
          await take(model, one);
          await checkPaid(model);
        }
        await leadOn(model);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SORA_TEST_SHRINK === undefined },
    );
  }, 600_000);
});
