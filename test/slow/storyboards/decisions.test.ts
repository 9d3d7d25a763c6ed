/** What people decide about a film, and what a run refuses until they have. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isUnanswered } from '../../../src/shared/job.ts';
import { type ApprovedPlan, planDocument, readPlan } from '../../../src/storyboards/approved-plan.ts';
import { lookAtFilm, NO_WISHES } from '../../../src/storyboards/film.ts';
import { sendsOf } from '../../../src/storyboards/render-film.ts';
import { adoptNamedTake, closeNamedTake } from '../../../src/storyboards/takes/lost.ts';
import { filesToPrune, type PruneWishes, pruneFiles } from '../../../src/storyboards/takes/prune.ts';
import { closeJob } from '../../../src/videos/jobs/lifecycle.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { type FilmWorld, filmOf, filmWorld } from '../../storyboards/world.ts';

const HARBOUR = 'A grey harbour at dawn.';
const TWO = { harbour: HARBOUR, boat: '- continues: harbour\n\nA white boat comes in.' };
const LOST = {
  rules: [
    { match: { call: 'create' }, times: 1, reset: 'before' },
    { match: { call: 'list' }, respond: { status: 404 } },
  ],
};

const PLAN = { name: 'plan.json', again: 'sora storyboard plan rain.md -o plan.json --force' };

/** The plan as a file would keep it. */
function approvedOf(world: FilmWorld): Promise<ApprovedPlan> {
  return world.with(async ({ film, plan }) => {
    const look = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
    const sends = sendsOf(look, plan, { scenes: [], plan: undefined, retake: undefined });
    return readPlan(JSON.stringify(planDocument(plan, look, { sends, wishes: NO_WISHES })), PLAN);
  });
}

/** How many files it has deleted. */
function prune(world: FilmWorld, wishes: Partial<PruneWishes>): Promise<number> {
  return world.with(async ({ film, plan }) => {
    const look = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
    const files = await filesToPrune(film, look, { rejected: false, unpicked: false, pieces: false, ...wishes });
    await pruneFiles(files);
    return files.length;
  });
}

describe('an approved plan', () => {
  it('is rendered as it stands, also once a blocked scene has its picture, and pays nothing when it is repeated', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const plan = await approvedOf(world);
    expect([...plan.sends]).toEqual([
      ['harbour', 1],
      ['boat', 1],
    ]);
    expect(await world.render({ plan })).toMatchObject({ exit: 0 });
    expect(await world.render({ plan })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it('bounds what is sent in all, also where its takes are rejected and it is rendered again', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    const plan = await approvedOf(world);
    for (const take of ['1', undefined]) {
      await world.render({ plan });
      if (take) await world.reject('harbour', take);
    }
    expect(await world.render({ plan })).toMatchObject({
      ...{ exit: 8, scenes: [{ state: 'missing', why: expect.stringContaining('approved') }] },
    });
    expect(await world.paid()).toBe(1);
    expect(await world.render({ plan: await approvedOf(world) })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it.each([
    ['a text has changed', { ...TWO, harbour: 'Another harbour.' }],
    ['a text in its chain has changed', { ...TWO, boat: '- continues: harbour\n\nA red boat comes in.' }],
    ['a scene is gone', { harbour: HARBOUR }],
  ])('is refused where %s, and nothing is sent', async (_why, text) => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const plan = await approvedOf(world);
    await world.write(filmOf(text));
    await expect(world.render({ plan })).rejects.toMatchObject({ code: 'usage' });
    expect(await world.paid()).toBe(0);
  });

  it('is refused where a price has risen, and where it was changed by hand', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const plan = await approvedOf(world);
    const entries = plan.entries.map((entry) => ({ ...entry, estimateUsd: 0.01 }));
    await expect(world.render({ plan: { ...plan, entries } })).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('$0.01 was approved') },
    });
    const document = { version: 1, wishes: NO_WISHES, scenes: [], hash: '0' };
    expect(() => readPlan(JSON.stringify(document), PLAN)).toThrow(/changed since/);
    const nested = `{"version":1,"hash":"a","wishes":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(() => readPlan(nested, PLAN)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(await world.paid()).toBe(0);
  });
});

describe('a dry run', () => {
  it('refuses what the run would: another plan, a price above --max-cost, a pick of an id that is gone', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const old = await approvedOf(world);
    await world.write(filmOf({ ...TWO, harbour: 'Another harbour.' }));
    await expect(world.refuse({ plan: old })).rejects.toMatchObject({ code: 'usage' });
    await expect(world.refuse({ maxCost: 0.79 })).rejects.toMatchObject({ code: 'budget' });
    await world.refuse({ maxCost: 0.8 });
    await world.render();
    await world.pick('boat', '1');
    await world.write(filmOf({ port: 'A port.' }));
    await expect(world.refuse()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('{#boat}') });
    await world.refuse({ scenes: ['port'], retake: 1 });
  });
});

describe('--max-cost', () => {
  it('is of the whole film, with scenes that wait for others and with what was spent: nothing is sent above it', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    await expect(world.render({ maxCost: 0.79 })).rejects.toMatchObject({ code: 'budget' });
    expect(await world.paid()).toBe(0);
    expect(await world.render({ maxCost: 0.8 })).toMatchObject({ exit: 0, totals: { spentUsd: 0.8, maxCostUsd: 0.8 } });
    await expect(world.render({ maxCost: 1, scenes: ['boat'], retake: 1 })).rejects.toMatchObject({ code: 'budget' });
    expect(await world.paid()).toBe(2);
  });
});

describe('a take of unknown fate', () => {
  const lost = async (): Promise<FilmWorld> => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play(LOST);
    expect(await world.render()).toMatchObject({ exit: 7 });
    return world;
  };
  const name = { scene: 'harbour', take: '1' };

  it('is closed by a person: then, and only then, another is made', async () => {
    const world = await lost();
    expect(await world.render()).toMatchObject({ exit: 7 });
    await world.with(({ film, plan }, workspace) => closeNamedTake(workspace, film, { scenes: plan.scenes, name }));
    world.play({});
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(1);
  });

  it.each(['close', 'adopt'])('is held by the newest job of its key, which %s hears of', async (word) => {
    const world = await lost();
    await world.with(async ({ film, plan }, workspace) => {
      const store = await workspace.jobs();
      const [older] = (await store.list()).records;
      if (!older || !isUnanswered(older)) throw new Error('no job without an answer');
      // As `video resend` leaves it: the key is handed on, and the old job is closed.
      await store.update(older.id, () => closeJob(older, { nowMs: world.clock.ms }));
      world.clock.ms += 1000;
      const newest = { ...older, id: newJobId(world.clock.ms, Math.random) };
      await store.create(newest);
      const given = { scenes: plan.scenes, name };
      if (word === 'close') await closeNamedTake(workspace, film, given);
      else
        await expect(adoptNamedTake(workspace, film, { ...given, remoteId: 'video_none' })).rejects.toMatchObject({
          jobId: newest.id,
        });
      expect((await store.find(newest.id))?.status).toBe(word === 'close' ? 'failed' : older.status);
    });
  });

  it('is under way while its sender lives, also where the film has no such scene any more', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play(LOST);
    await world.render({}, { pid: 1 });
    await world.write(filmOf({ port: 'A port.' }));
    // Its job knows by now that no answer came; another home does not.
    world.home = await tempFolder();
    const of = async (alive: readonly number[]) =>
      (await world.plan({ alive })).scenes.find(({ id }) => id === 'harbour');
    expect(await of([1])).toMatchObject({ state: 'open', exit: 8 });
    expect(await of([])).toMatchObject({ state: 'unknown', exit: 7 });
  });

  it('is waited for while its sender lives, also where the film has no such scene any more', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play(LOST);
    await world.render({}, { pid: 1 });
    world.play({});
    await world.write(filmOf({ port: 'A port.' }));
    await world.render();
    world.home = await tempFolder();
    const before = world.clock.ms;
    const report = await world.render({ deadlineMs: before + 60_000 }, { alive: [1] });
    expect(report.scenes.find(({ id }) => id === 'harbour')).toMatchObject({ state: 'open', exit: 8 });
    expect(world.clock.ms - before).toBeGreaterThanOrEqual(60_000);
  });

  it('is adopted as the video that a person names, which no take and no job has', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play({ rules: [{ ...LOST.rules[0], reset: 'after' }, LOST.rules[1]] });
    expect(await world.render()).toMatchObject({ exit: 7 });
    const [video] = await world.made();
    const adopt = (remoteId: string): Promise<unknown> =>
      world.with(({ film, plan }, workspace) =>
        adoptNamedTake(workspace, film, { scenes: plan.scenes, name, remoteId }),
      );
    await expect(adopt('video_none')).rejects.toMatchObject({ code: 'usage' });
    await adopt(video?.id ?? '');
    expect(await world.render()).toMatchObject({ exit: 0 });
    await expect(adopt(video?.id ?? '')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('done'),
    });
    expect(await world.paid()).toBe(1);
  });
});

describe('a take that was given up and turns out to have been made', () => {
  const name = { scene: 'harbour', take: '1' };

  it.each(['its own', 'another'])('is adopted, with what is known in %s home, and counts again', async (home) => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play({ rules: [{ ...LOST.rules[0], reset: 'after' }, LOST.rules[1]] });
    await world.render();
    await world.with(({ film, plan }, workspace) => closeNamedTake(workspace, film, { scenes: plan.scenes, name }));
    if (home === 'another') world.home = await tempFolder();
    const [video] = await world.made();
    const adopt = (): Promise<unknown> =>
      world.with(({ film, plan }, workspace) =>
        adoptNamedTake(workspace, film, { scenes: plan.scenes, name, remoteId: video?.id ?? '' }),
      );
    await adopt();
    world.play({});
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen', chosen: { take: 1 } }] });
    await expect(adopt()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('is done') });
    expect(await world.paid()).toBe(1);
  });

  it('is none that has failed, or that was given up by the id of its host', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    world.play({ jobs: [{ fail: { code: 'moderation_blocked', message: 'No.' } }] });
    await world.render();
    await expect(
      world.with(({ film, plan }, workspace) =>
        adoptNamedTake(workspace, film, { scenes: plan.scenes, name, remoteId: 'video_1' }),
      ),
    ).rejects.toMatchObject({
      ...{ code: 'usage', message: 'Take 1 of harbour has failed.' },
      hint: 'To make one more: sora storyboard retake rain.md harbour --provider openai',
    });
  });
});

describe('takes that are not wanted', () => {
  it('count no more once they are rejected, and the picked one is none of them', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    await world.render();
    await world.reject('harbour', '1');
    expect(await world.scene('harbour')).toMatchObject({ state: 'missing', notes: ['rejected takes'] });
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ chosen: { take: 2 } }] });
    expect((await world.plan()).totals).toMatchObject({ spentUsd: 0.8, wastedUsd: 0.4 });
    await world.pick('harbour', '2');
    await expect(world.reject('harbour', '2')).rejects.toMatchObject({ code: 'usage' });
  });

  it('are deleted by prune on demand: none that the film uses, and none that waits for a pick', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 3\n\n${HARBOUR}` }));
    await world.render();
    expect(await prune(world, { rejected: true, unpicked: true })).toBe(0);
    await world.reject('harbour', '1');
    await world.pick('harbour', '2');
    expect(await prune(world, { rejected: true })).toBe(1);
    expect(await prune(world, { unpicked: true })).toBe(1);
    const [left] = readdirSync(join(world.dir, 'rain.takes')).filter((file) => file.endsWith('.mp4'));
    expect(left).toMatch(/-002-/);
    expect(existsSync(join(world.dir, 'rain.takes', left ?? ''))).toBe(true);
    // What is picked is settled.
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen', chosen: { take: 2 } }] });
    expect(await world.paid()).toBe(3);
  });
});

describe('prune', () => {
  it('keeps a take that is picked, of a scene that this text does not have and of one that was rejected before', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}`, port: 'A port.' }));
    await world.render();
    await world.reject('harbour', '1');
    await world.pick('harbour', '1');
    await world.write(filmOf({ port: 'A port.' }));
    expect(await prune(world, { rejected: true, unpicked: true })).toBe(0);
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}`, port: 'A port.' }));
    expect(await prune(world, { rejected: true })).toBe(0);
    expect(await prune(world, { unpicked: true })).toBe(1);
    expect(await world.scene('harbour')).toMatchObject({ state: 'chosen', chosen: { take: 1 } });
  });

  it('deletes pieces, and nothing else that lies among them or behind a link in their place', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    const pieces = join(world.dir, 'rain.takes', '.pieces');
    const elsewhere = await tempFolder();
    const piece = `${'0a'.repeat(32)}.mp4`;
    for (const folder of [pieces, elsewhere]) {
      await mkdir(join(folder, 'mine'), { recursive: true });
      for (const name of [piece, 'mine.mp4']) await writeFile(join(folder, name), 'x');
    }
    expect(await prune(world, { pieces: true })).toBe(1);
    expect(readdirSync(pieces).toSorted()).toEqual(['mine', 'mine.mp4']);
    await rm(pieces, { recursive: true });
    await symlink(elsewhere, pieces, 'junction');
    expect(await prune(world, { pieces: true })).toBe(0);
    expect(readdirSync(elsewhere)).toHaveLength(3);
  });
});

describe('a scene with a pick', () => {
  it('is settled, however many takes are wanted and rejected, until it is named', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }));
    await world.render();
    await world.reject('harbour', '1');
    expect(await world.scene('harbour')).toMatchObject({ state: 'short', send: 1 });
    await world.pick('harbour', '2');
    expect(await world.scene('harbour')).toMatchObject({ state: 'chosen', exit: 0, send: 0 });
    await world.render({ takes: 3 });
    await world.render({ changed: true, follow: true });
    expect(await world.paid()).toBe(2);
    expect(await world.render({ scenes: ['harbour'] })).toMatchObject({ exit: 0, scenes: [{ chosen: { take: 2 } }] });
    expect(await world.paid()).toBe(3);
  });

  it('has one for each variant and quality: none is moved by a pick of another, nor by its text, its prune or its none', async () => {
    const world = await filmWorld();
    const text = (style = ''): string =>
      filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }, style).replace(
        'seconds: 4',
        'seconds: 4\nqualities:\n  draft: {model: sora-2}\n  final: {model: sora-2-pro}\nvariants:\n  tall: {size: 720x1280}',
      );
    await world.write(text());
    await world.render();
    await world.pick('harbour', '1');
    const chosen = async (variant: string | undefined): Promise<unknown> => {
      world.variant = variant;
      const { chosen: take, notes } = await world.scene('harbour');
      return [take?.take, notes.includes('stale')];
    };
    // The one that there is protects the other, until there is one of its own.
    expect(await chosen('tall')).toEqual([1, true]);
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
    await world.render({ changed: true });
    expect(await world.paid()).toBe(4);
    await world.pick('harbour', '3');
    expect(await chosen('tall')).toEqual([3, false]);
    expect(await chosen(undefined)).toEqual([1, false]);
    await world.pick('harbour', '2');
    expect(await chosen('tall')).toEqual([3, false]);
    // A take that waits in the one is not unwanted because the other has a pick.
    await world.pick('harbour', 'none');
    world.variant = undefined;
    expect(await prune(world, { unpicked: true })).toBe(1);
    expect(await chosen(undefined)).toEqual([2, false]);
    world.variant = 'tall';
    expect(await world.scene('harbour')).toMatchObject({ state: 'to pick', takes: 2 });
    await world.pick('harbour', '4');
    // After an edit each keeps its own.
    await world.write(text('Soft grain.'));
    expect(await chosen('tall')).toEqual([4, true]);
    expect(await chosen(undefined)).toEqual([2, true]);
    await expect(world.reject('harbour', '4')).rejects.toMatchObject({ code: 'usage' });
    expect(await world.paid()).toBe(4);
  });
});

describe('a scene that waits for a pick', () => {
  it('is finished, unless picks are required', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }));
    expect(await world.render()).toMatchObject({ exit: 0, totals: { done: 0, toPick: 1 } });
    expect(await world.render({ requirePicks: true })).toMatchObject({ exit: 8 });
    expect(await world.paid()).toBe(2);
  });
});

describe('failures of a film', () => {
  it('that pass are asked for once more in a run, a refusal by policy only by retake', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    const fail = { fail: { code: 'server_error', message: 'Busy.' } };
    world.play({ jobs: [fail, fail, fail] });
    expect(await world.render()).toMatchObject({ exit: 5, scenes: [{ state: 'failed' }] });
    expect(await world.paid()).toBe(2);
    world.play({ jobs: [{ fail: { code: 'moderation_blocked', message: 'No.' } }] });
    expect(await world.render()).toMatchObject({ exit: 11 });
    expect(await world.render()).toMatchObject({ exit: 11 });
    expect(await world.paid()).toBe(3);
    world.play({});
    expect(await world.render({ scenes: ['harbour'], retake: 1 })).toMatchObject({ exit: 0 });
  });

  it('end the sending with --fail-fast, and not what is running', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR, port: 'A port.', pier: 'A pier.' }));
    world.play({ jobs: [{ fail: { code: 'moderation_blocked', message: 'No.' } }] });
    expect(await world.render({ jobs: 1, failFast: true })).toMatchObject({ exit: 11 });
    expect(await world.paid()).toBe(1);
    expect(await world.render()).toMatchObject({ exit: 11, totals: { done: 2 } });
  });
});

describe('a take that is wanted of a picked scene and does not come', () => {
  const refusal = { jobs: [{ fail: { code: 'moderation_blocked', message: 'No.' } }] };

  it.each([
    ['was refused', refusal, {}, 11, 'No.'],
    ['has failed', { jobs: [{ fail: { code: 'server_error', message: 'Busy.' } }] }, {}, 5, 'Busy.'],
    ['was not sent in time', {}, { deadlineMs: 0 }, 8, 'not every take'],
  ])('is the exit code of its retake where it %s', async (_why, scenario, options, exit, why) => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    await world.render();
    await world.pick('harbour', '1');
    world.play(scenario);
    const report = await world.render({ scenes: ['harbour'], retake: 1, ...options });
    expect(report).toMatchObject({ exit, scenes: [{ exit, why: expect.stringContaining(why), chosen: { take: 1 } }] });
    expect(await world.render()).toMatchObject({ exit: 0 });
  });

  it.each([{ changed: true }, { scenes: ['harbour'] }])('is the exit code of a render with %o', async (options) => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    await world.render();
    await world.pick('harbour', '1');
    await world.write(filmOf({ harbour: HARBOUR }, 'Soft grain.'));
    world.play(refusal);
    expect(await world.render(options)).toMatchObject({ exit: 11, scenes: [{ state: 'failed', why: 'No.' }] });
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen', notes: ['stale'] }] });
  });
});

describe('a file that is not the one that was downloaded', () => {
  it('is to be moved away, which costs nothing', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    const [scene] = (await world.render()).scenes;
    await writeFile(join(world.dir, scene?.chosen?.file ?? ''), 'x');
    const look = await world.scene('harbour');
    expect(look).toMatchObject({ state: 'unreadable', exit: 12, next: [{ verb: 'render', words: [] }] });
    expect(look.why).toContain(scene?.chosen?.file);
    await rm(join(world.dir, scene?.chosen?.file ?? ''));
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(1);
  });
});

describe('a scene that a variant skips', () => {
  it('is the film’s all the same: its pick, its takes under way and its files stay as they are', async () => {
    const world = await filmWorld();
    const text = filmOf({ harbour: `- skip: tall\n- takes: 2\n\n${HARBOUR}`, port: 'A port.' });
    await world.write(text.replace('seconds: 4', 'seconds: 4\nvariants:\n  tall: {seconds: 4}'));
    await world.render({ scenes: ['harbour'] });
    await world.pick('harbour', '1');
    world.play(LOST);
    expect(await world.render({ scenes: ['harbour'], retake: 1 })).toMatchObject({ exit: 7 });
    world.play({});
    world.variant = 'tall';
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ id: 'port', state: 'chosen' }] });
    expect(await prune(world, { rejected: true, unpicked: true })).toBe(0);
    world.variant = undefined;
    expect(await world.scene('harbour')).toMatchObject({ state: 'unknown', chosen: { take: 1 } });
  });
});

describe('shards of a film', () => {
  it('ask to approve, and refuse, what they send themselves', async () => {
    const world = await filmWorld();
    const scenes = { ...TWO, port: 'A port.', pier: '- continues: port\n\nA pier.', quay: 'A quay.' };
    await world.write(filmOf(scenes));
    const asked: number[] = [];
    for (const index of [1, 2]) {
      const before = await world.paid();
      const approve = async ({ requests }: { readonly requests: number }): Promise<void> => void asked.push(requests);
      await world.render({ shard: { index, count: 2 }, approve });
      expect(asked.at(-1)).toBe((await world.paid()) - before);
    }
    expect(asked).toHaveLength(2);
  });

  it('make each scene once, and leave chains whole', async () => {
    const world = await filmWorld();
    const scenes = { ...TWO, port: 'A port.', pier: '- continues: port\n\nA pier.', quay: 'A quay.' };
    await world.write(filmOf(scenes));
    for (const index of [1, 2]) await world.render({ shard: { index, count: 2 } });
    expect(await world.render()).toMatchObject({ exit: 0, totals: { done: 5 } });
    expect(await world.paid()).toBe(5);
  });
});

describe('the way on, where a take is picked that cannot be used', () => {
  it('is another take that is here, before anything is paid', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }));
    await world.render();
    await world.pick('harbour', '1');
    const { chosen } = await world.scene('harbour');
    await writeFile(join(world.dir, chosen?.file ?? ''), 'other bytes');
    expect(await world.scene('harbour')).toMatchObject({
      ...{
        state: 'unreadable',
        next: [
          { verb: 'pick', words: ['harbour', '2'] },
          { verb: 'render', words: [] },
        ],
      },
    });
  });

  it('is the take of the changed text, once there is one', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR }));
    await world.render();
    await world.pick('harbour', '1');
    await world.write(filmOf({ harbour: 'A red harbour.' }));
    expect((await world.scene('harbour')).next).toEqual([{ verb: 'render', words: ['--changed'] }]);
    await world.render({ changed: true });
    expect((await world.scene('harbour')).next).toEqual([{ verb: 'pick', words: ['harbour', '2'] }]);
  });
});
