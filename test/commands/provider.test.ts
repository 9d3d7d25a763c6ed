import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProviderList, runProviderModels } from '../../src/commands/provider.ts';
import { storeKey } from '../../src/settings/keys.ts';
import { createTestContext } from '../helpers/runtime.ts';
import { sandbox } from '../sandbox/harness.ts';

describe('sora provider list', () => {
  it('shows every host, its key and how it takes characters, within 80 columns', async () => {
    const test = await createTestContext({}, { env: { WAVESPEED_API_KEY: 'ws-0123456789' } });
    await storeKey(test.home, 'eachlabs', 'el-0123456789');
    await runProviderList(test.context);
    const lines = test.stdout.text().trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['PROVIDER', 'KEY', 'BASE URL', 'CHARACTERS'],
      ['openai', 'OPENAI_API_KEY: no', 'https://api.openai.com/v1', 'id'],
      ['wavespeed', 'WAVESPEED_API_KEY: yes', 'https://api.wavespeed.ai/api/v3', 'clip/id'],
      ['eachlabs', 'EACHLABS_API_KEY: yes', 'https://api.eachlabs.ai', 'clip/id'],
      ['fal', 'FAL_KEY: no', 'https://queue.fal.run', 'clip/image'],
      ['runway', 'RUNWAYML_API_SECRET: no', 'https://api.dev.runwayml.com', 'clip'],
      ['sandbox', 'none needed', 'sandbox:', 'id'],
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows the base URL and the key of a profile', async () => {
    const test = await createTestContext({}, { env: { OPENAI_API_KEY: 'sk-0123456789' } });
    const profiles = { default: { baseUrl: 'https://gateway.example.com/v1', keyFrom: 'env:WORK_API_KEY' } };
    await mkdir(test.home, { recursive: true });
    await writeFile(join(test.home, 'config.json'), JSON.stringify({ version: 1, profiles }), { mode: 0o600 });
    await runProviderList(test.context);
    expect(test.stdout.text()).toMatch(/openai +WORK_API_KEY: no +https:\/\/gateway\.example\.com\/v1/);
    expect(test.stdout.text()).toMatch(/wavespeed +WAVESPEED_API_KEY: no +https:\/\/api\.wavespeed\.ai/);
  });

  it('P5: shows no password of a base URL', async () => {
    const test = await createTestContext(
      { json: true },
      { env: { OPENAI_BASE_URL: 'https://joe:hunter22@host/v1?k=hunter22' } },
    );
    await runProviderList(test.context);
    expect(test.stdout.text()).toContain('https://***@host/v1?k=***');
    expect(test.stdout.text()).not.toContain('hunter22');
  });

  it.each([...`'"<> #?/@`])('P5: shows no part of a password with %j in it', async (char) => {
    for (const json of [false, true]) {
      const env = { OPENAI_BASE_URL: `https://joe:hunter${char}rabbit@host/v1` };
      const test = await createTestContext({ json }, { env });
      await runProviderList(test.context);
      expect(test.stdout.text()).toContain(char === '?' ? 'https://***' : 'https://***@host/v1');
      expect(test.stdout.text() + test.stderr.text()).not.toMatch(/hunter|rabbit/);
    }
  });

  it('tells with --json what registering a character costs, where that is known', async () => {
    const test = await createTestContext({ json: true });
    await runProviderList(test.context);
    expect(JSON.parse(test.stdout.text())).toMatchObject([
      { name: 'openai', hasKey: false, characterCost: { usd: 0 } },
      { name: 'wavespeed', characterCost: { usd: 0.001, asOf: '2026-11-21', source: expect.any(String) } },
      { name: 'eachlabs', characterCost: null },
      { name: 'fal', keyVariable: 'FAL_KEY', characterCost: null },
      { name: 'runway', characterCost: null, characters: ['reference-video'] },
      { name: 'sandbox', hasKey: true, characterCost: { usd: 0 } },
    ]);
  });
});

describe('sora provider models', () => {
  it('shows all that is known of a model, within 80 columns', async () => {
    const test = await createTestContext();
    await runProviderModels(test.context, undefined);
    const text = test.stdout.text();
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toContain(
      [
        'openai/sora-2/text-to-video-pro',
        '  provider    wavespeed',
        '  characters  2, by id',
        '  clips       2-4 s each',
        '              720-1920 a side, ratio 0.5-2.67',
        '  seconds     4, 8, 12, 16, 20',
        '  ratios      16:9, 9:16, 7:4, 4:7',
        '  sizes       1280x720, 1792x1024, and upright',
        '  price       $0.30/s at 720p, $0.50/s at 1024p',
        '              as of 2026-11-21: the model’s page at wavespeed.ai',
        '  retired     since 2026-09-24: another model may answer',
      ].join('\n'),
    );
    expect(text).toContain(
      [
        'bytedance/seedance-2.5/text-to-video',
        '  provider    wavespeed',
        '  characters  10, by clip',
        '  clips       10, at least 1.8 s each, at most 30 s in all',
        '              300-6000 a side, 24-60 fps, ratio 0.4-2.5',
        '  pictures    30',
        '  people      it refuses them, and what looks like them',
        '  seconds     4-30',
        '  ratios      16:9, 9:16, 4:3, 3:4, 1:1, 21:9',
        '  sizes       480p, 720p, 1080p, 4k',
        '  price       $0.36/s at 720p, clips too',
      ].join('\n'),
    );
    expect(text).toContain('  price       unknown\n');
    expect(text).toContain(
      [
        'kling/v4/reference-to-video',
        '  provider    fal',
        '  characters  5, by clip',
        '  clips       5, 3-30 s each',
        '              at least 700 a side, at least 24 fps',
        '  pictures    10',
        '              at least 300 a side',
        '  seconds     3-30',
        '  ratios      16:9, 9:16, 1:1',
        '  sizes       720p, 1080p',
        '  price       $0.157/s at 720p, $0.235/s at 1080p',
        '              with clips $0.094/s at 720p, $0.141/s at 1080p',
        '              for their seconds too, and at least 2 times those of the video',
      ].join('\n'),
    );
  });

  it('is complete with --json, and only ids with --quiet', async () => {
    const test = await createTestContext({ json: true });
    await runProviderModels(test.context, 'eachlabs');
    const rows = JSON.parse(test.stdout.text());
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(
        expect.arrayContaining(['provider', 'id', 'characterMode', 'characters', 'sizes', 'ratios', 'seconds']),
      );
    }
    expect(rows[0]).toMatchObject({
      ...{ provider: 'eachlabs', characterMode: 'reference-video', characters: 3, family: 'seedance-2.0' },
      characterInputs: [
        { mode: 'clip-url', marker: '@Video1', clips: { count: 3, pixels: { least: 409_600, most: 927_408 } } },
        { mode: 'image', marker: '@Image1', stills: { count: 9 } },
      ],
      ratios: ['16:9', '9:16', '4:3', '3:4', '1:1', '21:9'],
      price: { usdPerSecond: { 720: 0.3024 }, asOf: '2026-05-28', source: 'the model’s page at eachlabs.ai' },
    });
    expect(rows[1].retired).toBe('2026-09-24');
    const quiet = await test.again({ json: false, quiet: true });
    await runProviderModels(quiet.context, 'eachlabs');
    expect(quiet.stdout.text().trim().split('\n')).toEqual(rows.map(({ id }: { id: string }) => id));
  });

  it('of the sandbox are those that it takes, alive and for nothing', async () => {
    const test = await createTestContext({ json: true });
    await runProviderModels(test.context, 'sandbox');
    const rows = JSON.parse(test.stdout.text());
    expect(rows).toHaveLength(5);
    expect(rows[0]).toMatchObject({
      provider: 'sandbox',
      id: 'sora-2',
      characters: 2,
      price: { usdPerSecond: { 720: 0 } },
    });
    expect(rows.filter((row: object) => 'retired' in row)).toEqual([]);
    const text = await test.again({ json: false });
    await runProviderModels(text.context, 'sandbox');
    expect(text.stdout.text()).toContain('sora-2\n  provider    sandbox\n');
    expect(text.stdout.text()).toContain('  price       free\n');
  });

  it('of a host that is not known is refused with the names that are', async () => {
    const test = await createTestContext();
    await expect(runProviderModels(test.context, 'opnai')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('wavespeed'),
    });
  });
});

describe('sora provider models <provider> <id>', () => {
  async function shown(id: string, globals: Parameters<typeof createTestContext>[0] = {}, provider = 'fal') {
    const on = await sandbox();
    const test = await createTestContext(globals, { env: { FAL_BASE_URL: on.urls.fal } });
    await runProviderModels(test.context, provider, id);
    return test.stdout.text();
  }

  it('shows one that is in no table as its host describes it, without a key', async () => {
    expect(await shown('example/reels/v2/reference-to-video')).toBe(
      [
        'example/reels/v2/reference-to-video',
        '  provider    fal',
        '  characters  2, by clip',
        '  clips       2',
        '  seconds     3-12',
        '  ratios      16:9, 9:16',
        '  sizes       480p, 720p',
        '  price       unknown',
        '  inputs      clips: reference_video_urls',
        '              duration: duration, as number',
        '              ratio: aspect_ratio',
        '              resolution: resolution',
        '',
      ].join('\n'),
    );
  });

  it('is one object with --json, and one id with --quiet', async () => {
    const id = 'fal-ai/wan/v2.7/reference-to-video';
    expect(JSON.parse(await shown(id, { json: true }))).toMatchObject({
      ...{ provider: 'fal', id, characterMode: 'reference-video', characters: 3 },
      inputs: { clips: 'reference_video_urls', duration: { name: 'duration', as: 'text' } },
    });
    expect(await shown(id, { quiet: true })).toBe(`${id}\n`);
  });

  it.each([
    ['fal', 'nobody/there', /does not know a model nobody\/there/],
    ['wavespeed', 'nobody/there', /publishes no description/],
  ])('refuses one that nobody describes: %s', async (provider, id, says) => {
    await expect(shown(id, {}, provider)).rejects.toThrow(says);
  });
});
