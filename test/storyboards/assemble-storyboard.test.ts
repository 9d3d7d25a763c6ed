import { describe, expect, it } from 'vitest';
import { chosenFiles, planStoryboard } from '../../src/storyboards/assemble-storyboard.ts';
import { lookAtFilm, NO_WISHES } from '../../src/storyboards/film.ts';
import { findTestFfmpeg } from '../helpers/prepare.ts';
import { filmOf, filmWorld } from './world.ts';

describe('a scene whose text has changed since its only take', () => {
  it('is refused with both ways on, and used with its last take where that is allowed, which is told', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: 'A harbour.', hill: '- continues: harbour\n\nA hill.' }));
    await world.render();
    await world.write(filmOf({ harbour: 'A harbour at night.', hill: '- continues: harbour\n\nA hill.' }));
    const plan = (allowStale: boolean) =>
      world.with(async ({ film, plan: { scenes: planned } }, workspace) => {
        const look = await lookAtFilm(film, planned, { wishes: NO_WISHES });
        const scenes = planned.map(({ scene }) => scene);
        const storyboard = { film: { loudness: 'off' as const }, skipped: [], scenes };
        const files = chosenFiles({ scenes }, { film, look, allowStale });
        const here = { ...workspace, ffmpeg: () => findTestFfmpeg() };
        await planStoryboard(here, { storyboard, film, look }, { allowStale });
        return [...files.keys()];
      });
    await expect(plan(false)).rejects.toMatchObject({
      ...{
        code: 'usage',
        hint: expect.stringMatching(/^To use take 1 as it is, add --allow-stale\. To make a new one: /),
      },
      problems: [
        'What scene harbour asks for has changed since take 1.',
        'Take 1 of scene hill goes on from an older take of harbour.',
      ],
    });
    world.told.notes.length = 0;
    expect(await plan(true)).toEqual(['harbour', 'hill']);
    expect(world.told.notes).toContain('harbour: take 1 is used, though what its scene asks for has changed since.');
    await world.reject('harbour', '1');
    await expect(plan(true)).rejects.toMatchObject({ message: expect.stringMatching(/harbour has no take to use/) });
  });
});
