import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assembleStoryboard, assemblyOf, chosenFiles } from '../../../src/storyboards/assemble-storyboard.ts';
import { parseStoryboard } from '../../../src/storyboards/file/parse-storyboard.ts';
import { type FilmLook, lookAtFilm, NO_WISHES } from '../../../src/storyboards/film.ts';
import { cachedFfmpegPath } from '../../helpers/ffmpeg-cache.ts';
import { makeNumbered, readNumbers } from '../../helpers/numbered.ts';
import { findTestFfmpeg } from '../../helpers/prepare.ts';
import { filmOf, filmWorld } from '../../storyboards/world.ts';

const WISHES: Omit<Wishes, 'output'> = { subtitles: 'track', allowStale: false, force: false };
type Wishes = Parameters<typeof assembleStoryboard>[2];

describe('the film of a storyboard', () => {
  it('is what its text says, of the takes that are given', async () => {
    const text = `---
sora: 1
title: Rain
size: 640x360
fps: 25
music: {file: theme.wav, level: -20, duck: false, fade: 2}
loudness: -16
transition: fade 0.5
---

## Harbour {#harbour}

- title: Chapter #1
- trim: 0.5-3
- hold: 1
- sound: -6

A grey harbour.

## The boat {#boat}

- subtitle: Joe: “Her.”
- voice: joe.wav
- sound: off

A boat.
`;
    const place = { name: 'rain.md', folder: '/films', choice: { vars: new Map<string, string>() } };
    const { storyboard, problems } = await parseStoryboard(text, place);
    expect(problems).toEqual([]);
    if (!storyboard) throw new Error('no storyboard');
    const files = new Map([
      ['harbour', '/films/a.mp4'],
      ['boat', '/films/b.mp4'],
    ]);
    expect(assemblyOf(storyboard, files, { subtitles: 'none' })).toEqual({
      title: 'Rain',
      size: { width: 640, height: 360 },
      rate: { num: 25, den: 1 },
      loudness: -16,
      subtitles: false,
      music: expect.objectContaining({ path: '/films/theme.wav', levelDb: -20, duck: false, fadeSeconds: 2 }),
      shots: [
        {
          ...{
            name: 'harbour',
            path: '/films/a.mp4',
            title: 'Chapter #1',
            soundDb: -6,
            holdSeconds: 1,
            fadeSeconds: 0,
          },
          trim: { from: 0.5, to: 3 },
        },
        {
          ...{
            name: 'boat',
            path: '/films/b.mp4',
            title: 'The boat',
            soundDb: 'off',
            holdSeconds: 0,
            fadeSeconds: 0.5,
          },
          ...{ subtitle: 'Joe: “Her.”', voice: '/films/joe.wav' },
        },
      ],
    });
    expect(assemblyOf(storyboard, files, { subtitles: 'track', loudness: 'off' })).toMatchObject({
      loudness: 'off',
      subtitles: true,
    });
  });

  it('is assembled of the chosen takes, and refused with every scene that has none, or an old one', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: 'A harbour.', boat: '- takes: 2\n\nA boat.' }));
    const look = (
      work: (
        looked: Parameters<typeof assembleStoryboard>[1],
        workspace: Parameters<typeof assembleStoryboard>[0],
      ) => Promise<unknown>,
    ) =>
      world.with(async ({ film, plan }, workspace) => {
        const storyboard = {
          film: { loudness: 'off' as const },
          skipped: [],
          scenes: plan.scenes.map(({ scene }) => scene),
        };
        return work({ storyboard, film, look: await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES }) }, workspace);
      });
    const assemble = (wishes: Partial<Wishes> = {}) =>
      look((looked, workspace) =>
        assembleStoryboard({ ...workspace, ffmpeg: () => findTestFfmpeg(cachedFfmpegPath) }, looked, {
          ...WISHES,
          ...wishes,
          output: 'film.mp4',
        }),
      );
    await expect(assemble()).rejects.toMatchObject({
      code: 'usage',
      problems: [
        expect.stringMatching(/harbour has no take to use: it is missing/),
        expect.stringMatching(/boat has no take/),
      ],
    });
    await world.render();
    await expect(assemble()).rejects.toMatchObject({ code: 'usage', message: 'Scene boat waits for a pick.' });
    await world.pick('boat', '2');
    expect(await assemble()).toMatchObject({ frames: 192, fps: 24, scenes: [{ name: 'harbour' }, { name: 'boat' }] });
    await world.write(filmOf({ harbour: 'A harbour.', boat: '- takes: 2\n\nA red boat.' }));
    await expect(assemble({ force: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/scene boat asks for has changed/),
    });
    expect(await assemble({ force: true, allowStale: true })).toMatchObject({ pieces: { made: 0 } });
  });

  it('says which take goes on from another one than the film uses', async () => {
    const world = await filmWorld();
    await world.write(
      filmOf({ harbour: '- trim: 0-0.5\n\nA harbour.', boat: '- trim: 0-0.5\n- continues: harbour\n\nA boat.' }),
    );
    await world.render();
    const assembled = async (): Promise<readonly string[]> => {
      world.told.notes.length = 0;
      await world.with(async ({ film, plan }, workspace) => {
        const look = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
        const storyboard = {
          film: { loudness: 'off' as const },
          skipped: [],
          scenes: plan.scenes.map(({ scene }) => scene),
        };
        const here = { ...workspace, ffmpeg: () => findTestFfmpeg(cachedFfmpegPath) };
        const looked = { storyboard, film, look };
        await assembleStoryboard(here, looked, { ...WISHES, allowStale: true, force: true, output: 'film.mp4' });
      });
      return world.told.notes.filter((note) => note.includes('goes on from'));
    };
    expect(await assembled()).toEqual([]);
    await world.render({ scenes: ['harbour'], retake: 1 });
    await world.pick('harbour', '2');
    expect(await assembled()).toEqual([
      'boat: its take 1 goes on from take 1 of harbour, and the film uses take 2 of that, which was chosen since.',
    ]);
    await world.render({ follow: true });
    expect(await assembled()).toEqual([]);
  });

  it('is not made of a take that is not here, or of another file in its place', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: 'A harbour.' }));
    await world.render();
    const files = (presence: 'here' | 'absent' | 'other') =>
      world.with(async ({ film, plan }) => {
        const found = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
        const look: FilmLook = { ...found, presenceOf: () => presence };
        return chosenFiles({ scenes: plan.scenes.map(({ scene }) => scene) }, { film, look, allowStale: false });
      });
    await expect(files('absent')).rejects.toMatchObject({ code: 'unverified' });
    await expect(files('other')).rejects.toMatchObject({ code: 'machine' });
    const [path = ''] = (await files('here')).values();
    await copyFile(await makeNumbered(join(world.dir, 'a.mp4'), '-c:v libx264 -crf 5', { frames: 5 }), path);
    expect(await readNumbers(path)).toHaveLength(5);
    await rm(path);
  });
});
