import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planFilm } from '../../src/films/assemble-film.ts';
import { exportOtio } from '../../src/films/export.ts';
import { subtitlesText } from '../../src/films/texts.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
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

/** What the reference library reads of each schema: it refuses another type, and objects that it does not know. */
const SCHEMAS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Timeline.1': { name: 'string', metadata: 'object', global_start_time: 'RationalTime.1', tracks: 'Stack.1' },
  'Stack.1': { ...item('null'), children: 'Track.1[]' },
  'Track.1': { ...item('null'), kind: 'string', children: 'Clip.1 Gap.1 Transition.1[]' },
  'Clip.1': { ...item('TimeRange.1'), media_reference: 'ExternalReference.1' },
  'Gap.1': item('TimeRange.1'),
  'Transition.1': {
    ...{ name: 'string', metadata: 'object', transition_type: 'string' },
    ...{ in_offset: 'RationalTime.1', out_offset: 'RationalTime.1' },
  },
  'ExternalReference.1': {
    ...{ name: 'string', metadata: 'object', target_url: 'string', available_range: 'TimeRange.1 null' },
  },
  'FreezeFrame.1': { name: 'string', metadata: 'object', effect_name: 'string', time_scalar: 'number' },
  'Marker.2': {
    ...{ name: 'string', metadata: 'object', color: 'string', comment: 'string', marked_range: 'TimeRange.1' },
  },
  'TimeRange.1': { start_time: 'RationalTime.1', duration: 'RationalTime.1' },
  'RationalTime.1': { rate: 'number', value: 'number' },
};

function item(range: string): Readonly<Record<string, string>> {
  const lists = { effects: 'FreezeFrame.1[]', markers: 'Marker.2[]' };
  return { name: 'string', metadata: 'object', source_range: range, ...lists };
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return 'OTIO_SCHEMA' in value ? String(value.OTIO_SCHEMA) : 'object';
}

/** Where a document is not what its schemas say, as lines. */
function misfitsOf(value: unknown, wanted: string, where = ''): string[] {
  if (wanted.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${where} is no list`];
    return value.flatMap((one, index) => misfitsOf(one, wanted.slice(0, -2), `${where}[${index}]`));
  }
  const kind = kindOf(value);
  if (!wanted.split(' ').includes(kind)) return [`${where} is ${kind}, not ${wanted}`];
  const fields = SCHEMAS[kind];
  if (!fields) return kind === 'number' && !Number.isFinite(value) ? [`${where} is no number`] : [];
  const { OTIO_SCHEMA: _, ...own } = value as Record<string, unknown>;
  return [
    ...Object.keys(own).flatMap((name) => (name in fields ? [] : [`${where}.${name} is no field of ${kind}`])),
    ...Object.entries(fields).flatMap(([name, type]) => misfitsOf(own[name], type, `${where}.${name}`)),
  ];
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

  it('has every field of its schemas, voices as long as they are, and music as often as it is heard', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'a.mp4'), X264, { frames: 25 });
    const sounds = ['voice', 'music'].map((name) => join(dir, `${name}.wav`));
    for (const [index, sound] of sounds.entries())
      await run(words(`-v error -f lavfi -i sine=d=${index === 0 ? 0.4 : 1.2} ${sound}`), { path: makerPath });
    const [voice = '', music = ''] = sounds;
    const shots = [
      { path, voice, title: 'One' },
      { path, holdSeconds: 0.4, fadeSeconds: 0.2 },
      { path, voice },
    ];
    const wish = { music: { path: music, levelDb: -18, duck: true, fadeSeconds: 1 } };
    const plan = await planFilm(context, filmOf(shots, wish));
    const otio = JSON.parse(exportOtio(plan, dir)) as { tracks: Child };
    expect(misfitsOf(otio, 'Timeline.1')).toEqual([]);
    const told = (otio.tracks.children ?? []).map(({ name, children = [] }) =>
      [name, ...children.map((child) => `${child.name} ${child.source_range?.duration.value ?? 'dissolve'}`)].join(
        ', ',
      ),
    );
    expect(told).toEqual([
      'Pictures, a shot 22,  dissolve, a shot 23, a shot 10, a shot 25',
      'Sound 1, voice.wav 10,  45, voice.wav 10',
      'Music, music.wav 30, music.wav 30, music.wav 20',
    ]);
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
