import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planFilm } from '../../src/films/assemble-film.ts';
import { exportOtio } from '../../src/films/export.ts';
import { subtitlesText } from '../../src/films/texts.ts';
import { filmOf } from '../helpers/films.ts';
import { makeNumbered } from '../helpers/numbered.ts';
import { createTestContext } from '../helpers/runtime.ts';

const X264 = '-c:v libx264 -preset veryfast -crf 5';

interface Child {
  readonly OTIO_SCHEMA: string;
  readonly name: string;
  readonly kind?: string;
  readonly children?: readonly Child[];
  readonly source_range?: {
    readonly start_time: { value: number };
    readonly duration: { value: number; rate: number };
  };
  readonly effects?: readonly { readonly OTIO_SCHEMA: string }[];
  readonly markers?: readonly { readonly name: string }[];
  readonly in_offset?: { readonly value: number };
  readonly out_offset?: { readonly value: number };
  readonly media_reference?: { readonly target_url: string };
}

describe('a film', () => {
  it('is exported for editors with the cuts, dissolves and held pictures of its plan, and media beside the file', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a #1; ü.mp4'), X264, { frames: 20 });
    const shots = [
      { path, title: 'Harbour "#1"', holdSeconds: 0.2 },
      { path, fadeSeconds: 0.2, trim: { from: 0.2, to: 0.8 } },
      { path, fadeSeconds: 0.12, title: 'Ashore' },
    ];
    const plan = await planFilm(context, filmOf(shots, { title: 'Rain' }));
    const otio = JSON.parse(exportOtio(plan, dir)) as { OTIO_SCHEMA: string; name: string; tracks: Child };
    expect(otio).toMatchObject({ OTIO_SCHEMA: 'Timeline.1', name: 'Rain', tracks: { OTIO_SCHEMA: 'Stack.1' } });
    const [pictures, ...sounds] = otio.tracks.children ?? [];
    const told = (pictures?.children ?? []).map((child) => {
      if (child.OTIO_SCHEMA === 'Transition.1') return [child.in_offset?.value, child.out_offset?.value];
      const { start_time, duration } = child.source_range ?? { start_time: { value: -1 }, duration: { value: -1 } };
      return `${start_time.value}+${duration.value}${child.effects?.length ? ' still' : ''}`;
    });
    expect(told).toEqual(['0+20', '19+2 still', [2, 3], '7+11', [1, 2], '1+19']);
    // As long as the film: transitions take no time of their own.
    const clips = (pictures?.children ?? []).filter((child) => child.OTIO_SCHEMA === 'Clip.1');
    const frames = clips.reduce((sum, child) => sum + (child.source_range?.duration.value ?? 0), 0);
    expect(frames).toBe(plan.frames);
    expect(clips.flatMap((child) => child.markers?.map(({ name }) => name))).toEqual(['Harbour "#1"', 'Ashore']);
    const url = clips[0]?.media_reference?.target_url ?? '';
    expect(fileURLToPath(new URL(url, `file://${dir}/film.otio`))).toBe(path);
    expect(sounds).toEqual([]);
    expect(dirname(path)).toBe(dir);
  });

  it('is exported as subtitles at the times of its scenes', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 20 });
    const shots = [
      { path, subtitle: 'Joe: <b>“Her”</b>\n\n--> boat' },
      { path },
      { path, fadeSeconds: 0.2, subtitle: 'Ashore.' },
    ];
    const plan = await planFilm(context, filmOf(shots));
    expect(subtitlesText(plan).replaceAll('\u2060', '')).toBe(
      '1\n00:00:00,000 --> 00:00:00,800\nJoe: <b>“Her”</b>\n--> boat\n\n2\n00:00:01,400 --> 00:00:02,200\nAshore.\n',
    );
    expect(subtitlesText(plan)).not.toMatch(/^--> /m);
    expect(await readFile(path)).toBeDefined();
  });
});
