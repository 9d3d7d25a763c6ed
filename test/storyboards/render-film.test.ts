import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAtFilm, NO_WISHES } from '../../src/storyboards/film.ts';
import { sendsOf } from '../../src/storyboards/render-film.ts';
import { filmOf, filmWorld } from './world.ts';

const TWO = { harbour: 'A grey harbour at dawn.', boat: '- continues: harbour\n\nA white boat comes in.' };

describe('a render of a film', () => {
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
