import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { READ_RETRIES } from '../../../src/http/retry.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';
import { createOpenai } from '../../../src/providers/openai/adapter.ts';
import { H3_LIMITS, isH3 } from '../../../src/providers/openai/h3.ts';
import type { NewVideo, Provider, ProviderOptions } from '../../../src/providers/provider.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { createTestServer, readForm, type Scripted, type TestServer } from '../../helpers/server.ts';
import { call, clip, failureOf, jsonIn, PICTURE, VIDEO } from '../harness.ts';

const listOf = (...ids: string[]): Scripted => ({ body: { object: 'list', data: ids.map((id) => ({ id })) } });
const H3 = listOf('MiniMaxAI/MiniMax-H3');
const QUEUED: Scripted = { body: { id: 'video_gen_1', status: 'queued' } };

async function setUp(options: Partial<ProviderOptions>): Promise<{ server: TestServer; provider: Provider }> {
  const server = await createTestServer();
  const { http } = createTestHttp();
  const own = { baseUrl: `${server.url}/v1`, key: undefined, backend: undefined, http };
  return { server, provider: createOpenai(PROVIDERS.openai, { ...own, ...options }) };
}

async function video(count: number, more: Partial<NewVideo> = {}): Promise<NewVideo> {
  const paths = await Promise.all(Array.from({ length: count }, (_, index) => clip(Buffer.from(`clip ${index}`))));
  const characters = paths.map((path) => ({ mode: 'clip-inline' as const, values: [path] }));
  return { ...VIDEO, seconds: 5, size: { width: 1344, height: 768 }, characters, ...more };
}

it.each([
  ['MiniMaxAI/MiniMax-H3', true],
  ['/models/minimax_h3-fp8', true],
  ['minimax-h3-max', true],
  ['MiniMax-Hailuo-02', false],
  ['Wan2.2-H3', false],
])('takes %s for MiniMax H3: %s', (name, expected) => {
  expect(isH3(name)).toBe(expected);
});

describe.each(['vllm-omni', 'sglang'] as const)('a server of %s', (backend) => {
  it('takes clips where its own list names MiniMax H3, and is asked once', async () => {
    const { server, provider } = await setUp({ backend });
    server.answer(H3);
    expect(await provider.limits(undefined, call)).toBe(H3_LIMITS);
    expect(await provider.limits(undefined, call)).toBe(H3_LIMITS);
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/models']);
  });

  it('is asked nothing where the model is named', async () => {
    const { provider } = await setUp({ backend });
    expect(await provider.limits('MiniMaxAI/MiniMax-H3', call)).toBe(H3_LIMITS);
    expect((await provider.limits('Wan-AI/Wan2.2', call)).frame).toBeUndefined();
  });

  it.each<[string, Scripted]>([
    ['lists another model', listOf('Wan-AI/Wan2.2-T2V')],
    ['has no list', { status: 404, body: { detail: 'Not Found' } }],
    ['lists nothing', { body: '<html></html>' }],
  ])('that %s takes no characters', async (_title, answer) => {
    const { server, provider } = await setUp({ backend });
    server.answer(answer);
    expect(await failureOf(provider.createVideo(await video(1), call))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('takes no characters'),
    });
  });

  it('that does not answer is planned for without it, and asked once more before anything is sent', async () => {
    const { server, provider } = await setUp({ backend });
    const down = Array.from({ length: 1 + READ_RETRIES }, () => ({ status: 503 }));
    server.answer(...down, H3);
    expect((await provider.limits(undefined, call)).frame).toBeUndefined();
    expect(await failureOf(provider.createVideo(await video(0), call))).toMatchObject({
      code: 'network',
      message: expect.stringContaining('which model it runs'),
    });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(down.length + 1).fill('GET /v1/models'),
    );
  });

  it('that cannot be asked is asked again the next time', async () => {
    const { server, provider } = await setUp({ backend });
    server.answer({ status: 401, body: { error: 'no' } }, H3);
    expect((await failureOf(provider.limits(undefined, call))).code).toBe('auth');
    expect(await provider.limits(undefined, call)).toBe(H3_LIMITS);
  });

  it('is sent a video without characters as ever', async () => {
    const { server, provider } = await setUp({ backend });
    server.answer(QUEUED);
    await provider.createVideo({ ...VIDEO, characters: [] }, call);
    expect(String(server.seen[0]?.body)).toContain('1280x720');
  });
});

describe('to vLLM-Omni', () => {
  it('clips travel in the form themselves, with their type, and a picture behind them', async () => {
    const { server, provider } = await setUp({ backend: 'vllm-omni' });
    server.answer(H3, QUEUED);
    const input = await video(2, { reference: PICTURE });
    const described = await provider.describeVideo(input, call);
    const [first = '', second = ''] = input.characters.flatMap(({ values }) => values);
    expect(described).toMatchObject({
      contentType: 'multipart/form-data',
      body: {
        input_references: [
          `<video/mp4, ${basename(first)}>`,
          `<video/mp4, ${basename(second)}>`,
          `<image/png, ${PICTURE.bytes.byteLength} bytes>`,
        ],
      },
    });
    expect(await provider.createVideo(input, call)).toMatchObject({ id: 'video_gen_1', status: 'queued' });
    const form = await readForm(server.seen[1] as NonNullable<(typeof server.seen)[1]>);
    const { input_references: _files, ...texts } = Object.fromEntries(form);
    expect(texts).toEqual({
      ...{ prompt: input.prompt, seconds: '5', width: '1344', height: '768', fps: '24' },
      extra_params: JSON.stringify({ task: 'ref2va', duration: 5, audio_flow_shift: 3 }),
    });
    const files = form.getAll('input_references') as File[];
    expect(files.map(({ type }) => type)).toEqual(['video/mp4', 'video/mp4', 'image/png']);
    expect(await Promise.all(files.slice(0, 2).map((file) => file.text()))).toEqual(['clip 0', 'clip 1']);
  });

  it('a model is named only where the user names it', async () => {
    const { server, provider } = await setUp({ backend: 'vllm-omni' });
    server.answer(QUEUED);
    await provider.createVideo(await video(1, { model: 'MiniMaxAI/MiniMax-H3' }), call);
    expect((await readForm(server.seen[0] as NonNullable<(typeof server.seen)[0]>)).get('model')).toBe(
      'MiniMaxAI/MiniMax-H3',
    );
  });

  it('no picture goes by its URL, and no clip that is gone', async () => {
    const { server, provider } = await setUp({ backend: 'vllm-omni' });
    server.answer(H3);
    const reference = { kind: 'url', url: 'https://p.example/a.png' } as const;
    expect((await failureOf(provider.createVideo(await video(1, { reference }), call))).code).toBe('usage');
    const characters = [{ mode: 'clip-inline' as const, values: ['/nowhere/clip.mp4'] }];
    expect((await failureOf(provider.createVideo(await video(0, { characters }), call))).code).toBe('machine');
    expect(server.seen).toHaveLength(1);
  });
});

describe('to SGLang', () => {
  it.each([
    ['a folder of the server', '/mnt/clips/', '/mnt/clips/'],
    ['a URL', 'https://files.example/clips', 'https://files.example/clips/'],
  ])('clips are named by where it sees them: %s', async (_title, clipsAt, place) => {
    const { server, provider } = await setUp({ backend: 'sglang', clipsAt });
    server.answer(H3, QUEUED);
    const input = await video(1, { size: { width: 768, height: 1344 } });
    const described = await provider.describeVideo(input, call);
    const [path = ''] = input.characters[0]?.values ?? [];
    await provider.createVideo(input, call);
    expect(jsonIn(server.seen[1])).toEqual({
      ...{ prompt: input.prompt, seconds: '5', task: 'ref2va' },
      conditions: [{ type: 'video', uri: `${place}${basename(path)}`, role: 'reference' }],
      target: { short_edge: 768, aspect_ratio: '9:16', duration_seconds: 5 },
    });
    expect(described.body).toEqual(jsonIn(server.seen[1]));
  });

  it('nothing is sent where it is not said where it sees them', async () => {
    const { server, provider } = await setUp({ backend: 'sglang' });
    server.answer(H3);
    expect(await failureOf(provider.createVideo(await video(1), call))).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('sora config set clipsAt'),
    });
    expect(server.seen).toHaveLength(1);
  });

  it('a local picture is a data URL among the references', async () => {
    const { server, provider } = await setUp({ backend: 'sglang', clipsAt: '/c' });
    server.answer(H3, QUEUED);
    await provider.createVideo(await video(1, { reference: PICTURE }), call);
    const { conditions } = jsonIn(server.seen[1]) as { conditions: { type: string; uri: string }[] };
    expect(conditions[1]).toEqual({
      type: 'image',
      uri: `data:image/png;base64,${Buffer.from(PICTURE.bytes).toString('base64')}`,
      role: 'reference',
    });
  });
});
