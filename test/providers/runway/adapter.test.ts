import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../../src/providers/index.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { DIALECTS, setUp } from '../dialects.ts';
import { call, cast, clip, failureOf, jsonIn, VIDEO } from '../harness.ts';

const { runway } = DIALECTS;
const task = (fields: object) => ({ body: { id: 't1', createdAt: '2026-11-28T10:00:00.000Z', ...fields } });

describe('the adapter for Runway', () => {
  it('sends the version with every request to the host, and to nobody else', async () => {
    const { server, store, provider } = await setUp(runway);
    server.answer(runway.ticket?.(store) ?? {}, runway.created('"t1"'), task({ status: 'PENDING' }));
    store.answer({ status: 204 });
    const uploaded = await provider.clips?.upload({ clipPath: await clip(), fileName: 'joe.mp4' }, call);
    await provider.createVideo({ ...VIDEO, characters: cast(uploaded?.url ?? '') }, call);
    await provider.getVideo('t1', call);
    expect(server.seen.map(({ headers }) => headers['x-runway-version'])).toEqual(Array(3).fill('2024-11-06'));
    expect(store.seen[0]?.headers).not.toHaveProperty('x-runway-version');
    expect(jsonIn(server.seen[0])).toEqual({ filename: 'video.mp4', type: 'ephemeral' });
  });

  it.each([
    ['seedance2', { ratio: '1280:720', referenceVideos: [{ type: 'video', uri: 'https://f.example/a.mp4' }] }],
    ['gemini_omni_flash_1.1', { ratio: '1280:720', referenceVideos: [{ uri: 'https://f.example/a.mp4' }] }],
    ['kling9', { ratio: '1280:720' }],
  ])('writes the words of %s', async (model, words) => {
    const { provider } = await setUp(runway);
    const characters = 'referenceVideos' in words ? cast('https://f.example/a.mp4') : [];
    const { body } = await provider.describeVideo({ ...VIDEO, model, characters }, call);
    expect(body).toEqual({ model, promptText: VIDEO.prompt, duration: 8, ...words });
  });

  it('names ratio and resolution of a model that knows no pixels', async () => {
    const { provider } = await setUp(runway);
    const wish = { ...VIDEO, model: 'hailuo3', size: { width: 768, height: 1366 } };
    expect((await provider.describeVideo(wish, call)).body).toMatchObject({ ratio: '9:16', resolution: '768p' });
    const square = { ...VIDEO, model: 'hailuo3', size: { width: 500, height: 500 } };
    expect((await failureOf(provider.describeVideo(square, call))).code).toBe('usage');
  });

  it('refuses what would be left out of a video, and a prompt that the host counts as too long', async () => {
    const { server, provider } = await setUp(runway);
    const h3 = { ...VIDEO, model: 'h3_max', size: { width: 1366, height: 768 } };
    const wishes = [
      { ...h3, characters: cast('https://f.example/a.mp4') },
      { ...h3, reference: { kind: 'url', url: 'https://p.example/a.png' } as const },
      { ...VIDEO, prompt: '😀'.repeat(1751) },
    ];
    for (const wish of wishes) expect((await failureOf(provider.createVideo(wish, call))).code).toBe('usage');
    expect(server.seen).toEqual([]);
  });

  it.each([
    [
      { status: 'THROTTLED', estimatedCost: { credits: 144 } },
      { status: 'queued', isThrottled: true, estimateUsd: 1.44 },
    ],
    [
      { status: 'RUNNING', progress: 0.4, estimatedCost: { credits: 7 } },
      { progress: 40, estimateUsd: 0.07 },
    ],
    [{ status: 'SUCCEEDED', output: ['https://x.example/v.mp4'], cost: { credits: 100 } }, { costUsd: 1 }],
    [
      { status: 'CANCELLED', cost: { credits: 0 } },
      { status: 'cancelled', costUsd: 0 },
    ],
    [
      { status: 'FAILED', failure: 'Sorry.', failureCode: 'SAFETY.INPUT.TEXT', cost: { credits: 144 } },
      { costUsd: 1.44, failure: { message: 'Sorry.', code: 'SAFETY.INPUT.TEXT', policy: true } },
    ],
    [
      { status: 'FAILED', failure: 'Sorry.', failureCode: 'INTERNAL.BAD_OUTPUT.CODE01', cost: { credits: 0 } },
      { costUsd: 0, failure: { message: 'Sorry.', code: 'INTERNAL.BAD_OUTPUT.CODE01', policy: false } },
    ],
  ])('reads %j', async (said, known) => {
    const { server, provider } = await setUp(runway);
    server.answer(task(said));
    expect(await provider.getVideo('t1', call)).toMatchObject(known);
  });

  it('tells with a create the most that it may cost', async () => {
    const { server, provider } = await setUp(runway);
    server.answer(runway.created('"t1"'));
    expect(await provider.createVideo(VIDEO, call)).toMatchObject({ id: 't1', estimateUsd: 2.88 });
  });

  it('shows every issue of a refusal, by its path', async () => {
    const { server, provider } = await setUp(runway);
    const issues = [
      { code: 'too_big', path: ['promptText'], message: 'Too long' },
      { code: 'custom', path: ['referenceVideos', 0, 'uri'], message: 'Not a video' },
    ];
    server.answer({ status: 400, body: { error: 'Validation of body failed', issues } });
    expect((await failureOf(provider.createVideo(VIDEO, call))).message).toMatch(
      /Validation of body failed: promptText: Too long; referenceVideos\.0\.uri: Not a video$/,
    );
  });

  it('knows an empty account', async () => {
    const { server, provider } = await setUp(runway);
    server.answer({ status: 400, body: { error: 'You do not have enough credits to run this task.' } });
    expect((await failureOf(provider.createVideo(VIDEO, call))).code).toBe('budget');
  });

  it('asks the vendor about a task no more often than every 5 seconds', async () => {
    const options = { key: 'k', backend: undefined, http: createTestHttp().http };
    const { defaultBaseUrl: baseUrl } = PROVIDERS.runway;
    expect((await PROVIDERS.runway.create({ ...options, baseUrl })).leastPollMs).toBe(5000);
    const own = await PROVIDERS.runway.create({ ...options, baseUrl: 'https://gateway.example' });
    expect(own.leastPollMs).toBeUndefined();
  });
});
