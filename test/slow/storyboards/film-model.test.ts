/**
 * Films as people and machines treat them, in any order: what was paid for is counted from the host's own list, never from our
 * records. A failure prints fast-check's seed and path; `SORA_TEST_RUNS=500 SORA_TEST_SEED=7` runs others.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSoraError } from '../../../src/shared/errors.ts';
import { lookAtFilm, NO_WISHES } from '../../../src/storyboards/film.ts';
import type { FilmReport } from '../../../src/storyboards/film-report.ts';
import type { RenderOptions } from '../../../src/storyboards/render-film.ts';
import { listTakes, type TakeReport } from '../../../src/storyboards/takes/list.ts';
import { adoptNamedTake, closeNamedTake } from '../../../src/storyboards/takes/lost.ts';
import { TEST_ALL } from '../../helpers/covering.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { type FilmWorld, filmOf, filmWorld } from '../../storyboards/world.ts';

const RUNS = Number(process.env.SORA_TEST_RUNS ?? (TEST_ALL ? 40 : 8));
const SEED = Number(process.env.SORA_TEST_SEED ?? 20_261_128);

const IDS = ['a', 'b'] as const;
type Id = (typeof IDS)[number];

/** What the host does to the first create of a run, besides carrying it out. */
const TROUBLES = {
  none: {},
  lostBefore: { rules: [{ match: { call: 'create' }, times: 1, reset: 'before' }] },
  lostUnlisted: {
    rules: [
      { match: { call: 'create' }, times: 1, reset: 'after' },
      { match: { call: 'list' }, respond: { status: 404 } },
    ],
  },
  limited: { rules: [{ match: { call: 'create' }, times: 2, respond: { status: 429 } }] },
  fails: { jobs: [{ fail: { code: 'server_error', message: 'Busy.' } }] },
  refuses: { rules: [{ match: { call: 'create' }, times: 1, respond: { status: 400 } }] },
  slow: { jobSeconds: 900 },
  expired: { rules: [{ match: { call: 'status' }, respond: { status: 404 } }] },
} as const;

type Step =
  | {
      readonly do: 'render';
      readonly trouble: keyof typeof TROUBLES;
      readonly how: 'plain' | 'changed' | 'follow' | 'named';
    }
  | { readonly do: 'edit' | 'retake' | 'pick' | 'reject' | 'settle'; readonly id: Id; readonly newest: boolean }
  | { readonly do: 'style' | 'variant' | 'loseHome' | 'loseFolder' | 'wait' | 'clone' | 'merge' | 'otherAccount' };

const id = fc.constantFrom(...IDS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('render' as const),
      trouble: fc.constantFrom(...(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[])),
      how: fc.constantFrom('plain' as const, 'changed' as const, 'follow' as const, 'named' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('edit' as const, 'retake' as const, 'pick' as const, 'reject' as const, 'settle' as const),
      ...{ id, newest: fc.boolean() },
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...(['style', 'variant', 'loseHome', 'loseFolder', 'wait', 'clone', 'merge', 'otherAccount'] as const),
      ),
    }),
  },
);

interface Model {
  readonly world: FilmWorld;
  readonly text: Map<Id, string>;
  style: string;
  /** How many requests of a text a person has asked for, beyond the first of each picture that it goes on from. */
  readonly more: Map<string, number>;
  /** Journals and homes of other clones. */
  other: { readonly dir: string; readonly home: string } | undefined;
}

const promptOf = ({ text, style }: Model, scene: Id): string =>
  [`The ${text.get(scene) ?? 'old'} text of ${scene}.`, ...(style === '' ? [] : [style])].join('\n\n');

async function write(model: Model): Promise<void> {
  const { world, text, style } = model;
  const words = (scene: Id): string => `The ${text.get(scene) ?? 'old'} text of ${scene}.`;
  const film = filmOf({ a: words('a'), b: `- continues: a\n\n${words('b')}` }, style);
  await world.write(film.replace('seconds: 4', 'seconds: 4\nvariants:\n  pro: {model: sora-2-pro}'));
}

/** What a person has picked for the words of the other variant, if anything. */
async function pickOfTheOther({ world }: Model, scene: Id): Promise<unknown> {
  const { variant } = world;
  world.variant = variant === undefined ? 'pro' : undefined;
  try {
    return await world.with(async ({ film, plan }) => {
      const { views } = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
      const { isOwn, isTwice, sha256 } = views.get(scene)?.choice ?? {};
      return isOwn ? { isTwice, sha256 } : undefined;
    });
  } finally {
    world.variant = variant;
  }
}

function allow({ more }: Model, prompt: string): void {
  more.set(prompt, (more.get(prompt) ?? 0) + 1);
}

/** A run that may be refused; what it throws is as much of an answer as a report. */
async function render(
  { world }: Model,
  options: Partial<RenderOptions> = {},
  key?: string,
): Promise<FilmReport | undefined> {
  try {
    const bounds = { deadlineMs: world.clock.ms + 120_000, pollIntervalMs: 50_000 };
    return await world.render({ ...bounds, ...options }, key === undefined ? {} : { key });
  } catch (error) {
    if (!isSoraError(error) || !['usage', 'pending', 'ambiguous', 'auth'].includes(error.code)) throw error;
    return undefined;
  }
}

function takesOf({ world }: Model): Promise<readonly TakeReport[]> {
  return world.with(async ({ film, plan }) => {
    await film.ledger.peek();
    const look = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
    return listTakes(look, { order: IDS, isAlive: film.ledger.isAlive });
  });
}

async function promptOfTake({ world }: Model, { scene, take }: TakeReport): Promise<string> {
  const lines = await world.journal();
  const asked = lines.find((line) => line.line === 'asked' && line.scene === scene && line.n === take);
  return (asked?.ask as { prompt?: string } | undefined)?.prompt ?? '';
}

/** Nobody's pick is spent on by itself. */
async function plainRender(model: Model): Promise<void> {
  const { world } = model;
  const before = await world.plan();
  const counts = await countByPrompt(model);
  await render(model);
  const after = await countByPrompt(model);
  for (const { id: scene, notes, state } of before.scenes) {
    if (!notes.includes('stale') && state !== 'picked twice') continue;
    const prompt = promptOf(model, scene as Id);
    expect(after.get(prompt) ?? 0, `${scene} is protected`).toBe(counts.get(prompt) ?? 0);
  }
}

async function countByPrompt({ world }: Model): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { prompt, fate } of await world.made()) {
    if (!fate.fail) counts.set(prompt, (counts.get(prompt) ?? 0) + 1);
  }
  return counts;
}

/** No request was made more often than its texts, its pictures and people have asked for. */
async function checkPaid(model: Model): Promise<void> {
  const { more } = model;
  const fps = await fingerprintsOf(model);
  for (const [prompt, count] of await countByPrompt(model)) {
    expect(count, prompt).toBeLessThanOrEqual((fps.get(prompt)?.size ?? 0) + (more.get(prompt) ?? 0));
  }
}

/** By prompts: a text has a request for each picture that it goes on from. */
async function fingerprintsOf({ world }: Model): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const fps = new Map<string, Set<string>>();
  for (const line of await world.journal()) {
    if (line.line !== 'asked') continue;
    const { prompt = '' } = (line.ask ?? {}) as { prompt?: string };
    fps.set(prompt, (fps.get(prompt) ?? new Set()).add(String(line.fp)));
  }
  return fps;
}

function journalIn(dir: string): readonly Record<string, unknown>[] {
  const path = join(dir, 'rain.md.journal.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** What two clones have paid that did not know of each other is inherent; from here on nothing is paid again. */
async function allowBoth(model: Model): Promise<void> {
  const { more } = model;
  const fps = await fingerprintsOf(model);
  for (const [prompt, count] of await countByPrompt(model)) {
    more.set(prompt, Math.max(more.get(prompt) ?? 0, count - (fps.get(prompt)?.size ?? 0)));
  }
}

/** A person's word on every take of unknown fate: adopted where the host has its video, else given up. */
async function settle(model: Model): Promise<void> {
  const { world } = model;
  for (const take of (await takesOf(model)).filter(({ state }) => state === 'unknown')) {
    const prompt = await promptOfTake(model, take);
    const known = new Set(
      (await world.journal()).flatMap(({ remoteId }) => (remoteId === undefined ? [] : [remoteId])),
    );
    const video = (await world.made()).find((one) => one.prompt === prompt && !known.has(one.id));
    const name = { scene: take.scene, take: take.name };
    await world
      .with(async ({ film, plan }, workspace) => {
        const { scenes } = plan;
        if (video) return adoptNamedTake(workspace, film, { scenes, name, remoteId: video.id });
        allow(model, prompt);
        return closeNamedTake(workspace, film, { scenes, name });
      })
      .catch((error: unknown) => {
        if (!isSoraError(error, 'usage')) throw error;
      });
  }
}

async function take(model: Model, one: Step): Promise<void> {
  const { world, text } = model;
  switch (one.do) {
    case 'render': {
      world.play(TROUBLES[one.trouble]);
      if (one.how === 'plain') await plainRender(model);
      else if (one.how === 'named') await render(model, { scenes: ['b'] });
      else await render(model, { [one.how]: true });
      world.play({});
      break;
    }
    case 'retake':
      allow(model, promptOf(model, one.id));
      await render(model, { scenes: [one.id], retake: 1 });
      break;
    case 'edit':
      text.set(one.id, text.get(one.id) === 'new' ? 'old' : 'new');
      await write(model);
      break;
    case 'style':
      model.style = model.style === '' ? 'Soft grain.' : '';
      await write(model);
      break;
    case 'pick':
    case 'reject': {
      const all = (await takesOf(model)).filter(({ scene, sha256 }) => scene === one.id && sha256 !== undefined);
      const chosen = one.newest ? all.at(-1) : all[0];
      if (!chosen) break;
      if (one.do === 'reject') allow(model, await promptOfTake(model, chosen));
      const others = await pickOfTheOther(model, one.id);
      await world[one.do](one.id, chosen.name).catch((error: unknown) => {
        if (!isSoraError(error, 'usage')) throw error;
      });
      expect(await pickOfTheOther(model, one.id), 'no pick moves that of another variant').toEqual(others);
      break;
    }
    case 'variant':
      world.variant = world.variant === undefined ? 'pro' : undefined;
      break;
    case 'settle':
      await settle(model);
      break;
    case 'clone': {
      // The one that is there goes on, where there are two already.
      const next = model.other ?? { dir: await tempFolder(), home: await tempFolder() };
      if (!model.other) await cp(world.dir, next.dir, { recursive: true });
      model.other = { dir: world.dir, home: world.home };
      Object.assign(world, next);
      await write(model);
      break;
    }
    case 'merge': {
      if (!model.other) break;
      const path = `${world.file}.journal.jsonl`;
      const own = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const theirs = journalIn(model.other.dir).map((line) => JSON.stringify(line));
      const all = new Set([...theirs, ...own.split('\n').filter(Boolean)]);
      if (all.size > 0) writeFileSync(path, `${[...all].join('\n')}\n`);
      model.other = undefined;
      await allowBoth(model);
      break;
    }
    case 'otherAccount':
      await render(model, {}, 'sk-test-another-9876');
      break;
    case 'loseHome':
      rmSync(world.home, { recursive: true, force: true });
      break;
    case 'loseFolder':
      rmSync(join(world.dir, 'rain.takes'), { recursive: true, force: true });
      break;
    case 'wait':
      world.clock.ms += 600_000;
      break;
    default:
      one satisfies never;
  }
}

/** The commands that a report names lead to its end, with a host that is well. */
async function leadOn(model: Model): Promise<void> {
  const { world } = model;
  world.play({});
  world.clock.ms += 3_600_000 * 3;
  const seen: string[] = [];
  for (let round = 0; round < 12; round++) {
    const report = await render(model);
    await checkPaid(model);
    seen.push(report ? report.scenes.map(({ state }) => state).join('+') : 'refused');
    if (report?.exit === 0 && report.scenes.every(({ state }) => state === 'chosen')) return;
    await settle(model);
    for (const { id: scene, state } of report?.scenes ?? []) {
      const here = (await takesOf(model)).filter(
        (one) => one.scene === scene && one.state === 'done' && !one.isRejected,
      );
      const last = here.at(-1);
      if (['to pick', 'picked twice', 'absent'].includes(state) && last) await world.pick(scene, last.name);
      else if (['failed', 'absent', 'picked twice', 'missing'].includes(state) && report) {
        allow(model, promptOf(model, scene as Id));
        await render(model, { scenes: [scene], retake: 1 });
      }
    }
    await checkPaid(model);
  }
  throw new Error(`no end: ${seen}`);
}

describe('a film, whatever happens to it', () => {
  it('pays for nothing that nobody asked for, spends on no pick by itself, and leads to its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const model: Model = {
          world: await filmWorld(),
          text: new Map(),
          style: '',
          more: new Map(),
          other: undefined,
        };
        await write(model);
        for (const one of steps) {
          await take(model, one);
          // What a clone pays before it has the journal of the other is inherent.
          if (!model.other) await checkPaid(model);
        }
        if (!model.other) await leadOn(model);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: process.env.SORA_TEST_SHRINK === undefined },
    );
  }, 600_000);
});
