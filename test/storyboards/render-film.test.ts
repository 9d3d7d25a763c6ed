import { existsSync, readdirSync } from 'node:fs';
import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAtFilm, NO_WISHES } from '../../src/storyboards/film.ts';
import { plannedFilm } from '../../src/storyboards/planned-film.ts';
import { type RenderOptions, sendsOf } from '../../src/storyboards/render-film.ts';
import { filmOf, filmWorld } from './world.ts';

const TWO = { harbour: 'A grey harbour at dawn.', boat: '- continues: harbour\n\nA white boat comes in.' };

describe('a render of a film', () => {
  it('writes down what is in the file of a take, so that nobody has to look for it', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: 'A harbour.' }));
    await world.render();
    expect((await world.journal()).find(({ line }) => line === 'done')).toMatchObject({
      ...{ frames: 16, fps: 4, width: 1280, height: 720, seconds: 4, audio: false },
      avcC: expect.stringMatching(/^[0-9a-f]{8}61766343[0-9a-f]{20,}$/),
    });
  });

  it('removes what a killed one left among the takes, and nothing that is worked on', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: 'A harbour.' }));
    await world.render();
    const folder = join(world.dir, 'rain.takes');
    const [old, young] = ['.sora-mbcdefgh-0123abcd.part', '.sora-mbcdefgh-4567abcd.part'];
    for (const name of [old, young]) await writeFile(join(folder, name ?? ''), 'half a take');
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, old ?? ''), longAgo, longAgo);
    await world.render();
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([young]);
  });

  it('makes every scene once, each chain in its order, and is repeated for nothing', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const report = await world.render();
    expect(report).toMatchObject({ exit: 0, scenes: [{ state: 'chosen' }, { state: 'chosen' }] });
    for (const { chosen } of report.scenes) {
      expect(chosen?.file).toMatch(/^rain\.takes\/[a-z]+-[0-9a-f]{6}-001-[0-9a-f]{6}\.mp4$/);
      expect(existsSync(join(world.dir, chosen?.file ?? ''))).toBe(true);
    }
    expect((await world.made()).map(({ prompt }) => prompt)).toEqual([
      'A grey harbour at dawn.',
      'A white boat comes in.',
    ]);
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(2);
  });

  it('asks for the framing that a scene says, and for another request when it says another', async () => {
    const world = await filmWorld();
    const withFocus = (focus: string) => filmOf({ harbour: `- focus: ${focus}\n\nA harbour.` });
    await world.write(withFocus('0.2,0.5'));
    const framing = { fit: 'crop', focus: { x: 0.2, y: 0.5 } };
    expect(await world.with(async ({ plan }) => plan.scenes[0]?.order?.input.framing)).toEqual(framing);
    await world.render();
    expect(await world.with(async ({ film }) => (await film.ledger.takes())[0]?.ask?.framing)).toEqual(framing);
    expect(await world.scene('harbour')).toMatchObject({ state: 'chosen' });
    await world.write(withFocus('0.8,0.5'));
    expect(await world.scene('harbour')).toMatchObject({
      ...{ state: 'changed', why: 'framing changed since its newest take' },
    });
  });

  it('counts a file that is not here as waiting, and not as failed before it was asked for', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ ...TWO, sea: 'The sea.' }));
    const { scenes } = await world.render();
    for (const { chosen } of scenes) await rm(join(world.dir, chosen?.file ?? ''));
    expect(await world.plan()).toMatchObject({ exit: 9, totals: { done: 0, waiting: 3, failed: 0 } });
    const { lines } = await world.with((given) => plannedFilm(given, { wishes: NO_WISHES, maxCost: undefined }));
    expect(lines.filter((line) => line.includes('sora storyboard render'))).toEqual([
      'harbour, boat, sea: sora storyboard render rain.md --provider openai',
    ]);
    world.reports.length = 0;
    expect(await world.render()).toMatchObject({ exit: 0, totals: { done: 3, waiting: 0 } });
    expect(world.reports.length).toBeGreaterThan(0);
    expect(Math.max(...world.reports.map(({ totals }) => totals.failed))).toBe(0);
    expect(await world.paid()).toBe(3);
  });

  it('leaves nothing beside a film of which nothing is made, where it is refused', async () => {
    const world = await filmWorld();
    await world.write(filmOf(TWO));
    const begun: string[] = [];
    const onBegin = async (): Promise<void> => void begun.push(world.file);
    await world.render({ onBegin });
    const [first] = begun;
    expect(first).toBe(world.file);
    await rename(world.file, join(world.dir, 'movie.md'));
    Object.assign(world, { file: 'movie.md' });
    const before = readdirSync(world.dir);
    await expect(world.render({ onBegin })).rejects.toMatchObject({ code: 'usage' });
    expect(new Set(begun)).toEqual(new Set([first]));
    expect(readdirSync(world.dir)).toEqual(before);
  });

  it('shows a line for each take until its file is here, and counts what is under way', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: '- takes: 2\n\nA harbour.', sea: 'The sea.' }));
    const told: string[] = [];
    const showTake: RenderOptions['showTake'] = async ({ scene, n }) => {
      const tell = (what: string) => () => void told.push(`${scene} ${n} ${what}`);
      const task = { update() {}, done: tell('done'), fail: tell('failed'), stop: tell('ends') };
      return { task, update: ({ status }) => tell(status)() };
    };
    let running = 0;
    const onReport: RenderOptions['onReport'] = ({ totals }) => {
      // Nothing is here yet.
      if (totals.done + totals.toPick === 0) running = Math.max(running, totals.running);
    };
    await world.render({ showTake, onReport, jobs: 3 });
    expect(running).toBe(2);
    const ends = ['harbour 1', 'harbour 2', 'sea 1'].flatMap((take) => [`${take} succeeded`, `${take} ends`]);
    expect(told.filter((line) => /succeeded|done|failed|ends/.test(line)).toSorted()).toEqual(ends.toSorted());
  });

  it('counts, before it sends anything, the scenes behind one that is made anew', async () => {
    const world = await filmWorld();
    const three = { ...TWO, sea: '- continues: boat\n\nThe sea.' };
    await world.write(filmOf(three));
    await world.render();
    await world.write(filmOf({ ...three, harbour: 'A red harbour at dawn.' }));
    const scenes = Object.keys(three);
    const wishes = { ...NO_WISHES, scenes };
    const sends = await world.with(async ({ film, plan }) =>
      sendsOf(await lookAtFilm(film, plan.scenes, { wishes }), plan, { scenes, plan: undefined, retake: undefined }),
    );
    expect(Object.fromEntries(sends)).toEqual({ harbour: 1, boat: 1, sea: 1 });
    expect(await world.render(wishes)).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(6);
  });
});
