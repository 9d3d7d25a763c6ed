/** What is fal's own: results in a question of their own, results that are gone, uploads, schemas, prices, and its three origins. */
import { describe, expect, it } from 'vitest';
import { appOf, falPlaces } from '../../../src/providers/fal/places.ts';
import type { DocumentCache, NewVideo } from '../../../src/providers/provider.ts';
import type { Scripted } from '../../helpers/server.ts';
import { type Bench, DIALECTS, FILE_URL, setUp } from '../dialects.ts';
import { call, cast, clip, failureOf, jsonIn, KEY, MP4, PICTURE, textOf, VIDEO, WHOLE } from '../harness.ts';

const { fal } = DIALECTS;
const KLING = 'kling/v4/reference-to-video';
const OTHER = 'example/reels/v2/reference-to-video';

const completed = (more: object = {}): Scripted => ({ body: { request_id: 'v', status: 'COMPLETED', ...more } });
const gone: Scripted = { status: 404, body: { detail: 'Request not found.' } };
const listing = (...items: object[]): Scripted => ({ body: { items, next_cursor: null, has_more: false } });
const MADE = { request_id: 'v', status_code: 200, json_output: { video: { url: FILE_URL } } };

async function asked(...answers: Scripted[]): Promise<Bench> {
  const bench = await setUp(fal);
  bench.server.answer(...answers);
  return bench;
}

const pathsOf = ({ server }: Bench): string[] => server.seen.map(({ method, path }) => `${method} ${path}`);

describe('a request at fal', () => {
  it('is sent once, to its endpoint, without the headers that would change what happens to it', async () => {
    const bench = await asked(fal.created('"v"'));
    await bench.provider.createVideo(VIDEO, call);
    const [seen] = bench.server.seen;
    expect(seen?.headers.authorization).toBe(`Key ${KEY}`);
    expect(Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-fal'))).toEqual([]);
    expect(jsonIn(seen)).toEqual({
      ...{ prompt: VIDEO.prompt, aspect_ratio: '16:9', resolution: '720p', duration: '8' },
    });
  });

  it('is asked about where the host has named it, below its app and not below its endpoint', async () => {
    const bench = await setUp(fal);
    const url = `${bench.server.url}/fal/kling/v4/requests/v`;
    const urls = { status_url: `${url}/status`, response_url: url, cancel_url: `${url}/cancel` };
    bench.server.answer(
      { body: { request_id: 'v', status: 'IN_QUEUE', queue_position: 2, ...urls } },
      { status: 202, body: { request_id: 'v', status: 'IN_QUEUE', queue_position: 1, ...urls } },
      { status: 202, body: { status: 'CANCELLATION_REQUESTED' } },
    );
    const video = await bench.provider.createVideo({ ...VIDEO, model: KLING }, call);
    expect(video).toEqual({ id: 'v', status: 'queued', remoteStatus: 'IN_QUEUE', queuePosition: 2 });
    const known = { ...call, model: KLING };
    expect(await bench.provider.getVideo('v', known)).toMatchObject({ status: 'queued', queuePosition: 1 });
    await bench.provider.cancel?.('v', known);
    expect(pathsOf(bench)).toEqual([
      'POST /fal/kling/v4/reference-to-video',
      'GET /fal/kling/v4/requests/v/status',
      'PUT /fal/kling/v4/requests/v/cancel',
    ]);
  });

  it('is asked about in another process by what its record says of its model', async () => {
    const bench = await asked({ status: 202, body: { status: 'IN_PROGRESS' } });
    await bench.provider.getVideo('v', { ...call, model: 'fal-ai/wan/v2.7/reference-to-video' });
    expect(pathsOf(bench)).toEqual(['GET /fal/fal-ai/wan/requests/v/status']);
  });

  it.each([
    [
      'a 422 of the model',
      { status: 422, body: { detail: [{ loc: ['body', 'duration'], msg: 'too long', type: 'value_error' }] } },
      'duration: too long',
      false,
    ],
    [
      'a policy',
      { status: 422, body: { detail: [{ loc: ['body', 'prompt'], msg: 'No.', type: 'content_policy_violation' }] } },
      'prompt: No.',
      true,
    ],
    [
      'a face',
      { status: 422, body: { detail: 'input video may contain real person' } },
      'input video may contain real person',
      true,
    ],
    ['what runs it', { status: 504, body: { detail: 'Too slow.', error_type: 'request_timeout' } }, 'Too slow.', false],
  ] as const)(
    'that is completed has failed by %s in answer to the second question',
    async (_by, answer, message, policy) => {
      const bench = await asked(completed(), answer);
      expect(await bench.provider.getVideo('v', call)).toMatchObject({
        status: 'failed',
        failure: { message, policy },
      });
      expect(bench.server.seen).toHaveLength(2);
    },
  );

  it('that is completed with an error has failed, and its result is not asked for', async () => {
    const bench = await asked(completed({ error: 'The runner died.', error_type: 'runner_disconnected' }));
    expect(await bench.provider.getVideo('v', call)).toMatchObject({
      ...{ status: 'failed', failure: { code: 'runner_disconnected', message: 'The runner died.' } },
    });
  });

  it('tells a clip that the host could not read', async () => {
    const detail = [{ loc: ['body', 'video_urls', 0], msg: 'Failed to download.', type: 'file_download_error' }];
    const bench = await asked(completed(), { status: 422, body: { detail } });
    expect(await bench.provider.getVideo('v', call)).toMatchObject({
      failure: { code: 'file_download_error', policy: false, unreachable: true },
    });
  });

  it('that was cancelled is told so', async () => {
    const bench = await asked(completed({ error: 'Cancelled.', error_type: 'client_cancelled' }));
    expect(await bench.provider.getVideo('v', call)).toMatchObject({ status: 'cancelled' });
  });

  it('that is completed has not failed over an outage: the wait goes on (P2)', async () => {
    const trouble = Array<Scripted>(5).fill({ status: 503, body: { detail: 'Service unavailable' } });
    const bench = await asked(completed(), ...trouble, listing({ ...MADE, json_output: null }));
    expect((await failureOf(bench.provider.getVideo('v', call))).code).toBe('network');
  });

  it('has failed where the list says that it ended so, although its result looks like an outage', async () => {
    const trouble = Array<Scripted>(5).fill({ status: 500, body: { detail: 'Internal Server Error' } });
    const bench = await asked(
      completed(),
      ...trouble,
      listing({ request_id: 'v', status_code: 500, ended_at: '2026-11-21T10:00:00Z' }),
    );
    expect(await bench.provider.getVideo('v', call)).toMatchObject({ status: 'failed' });
  });
});

describe('a result of fal', () => {
  it('is kept for an hour from when it is seen, and for six minutes where it is large', async () => {
    const output = { video: { url: FILE_URL } };
    const bench = await asked(completed(), { body: output }, completed(), {
      body: { ...output, logs: 'x'.repeat(10_000) },
    });
    const leftOf = async () => Date.parse((await bench.provider.getVideo('v', call))?.expiresAt ?? '') - Date.now();
    const near = (ms: number) => expect.closeTo(ms / 60_000, 0);
    expect([(await leftOf()) / 60_000, (await leftOf()) / 60_000]).toEqual([near(3_600_000), near(360_000)]);
  });

  it('that is gone is read from the list, with its payload', async () => {
    const bench = await asked(completed(), gone, listing(MADE));
    expect(await bench.provider.getVideo('v', call)).toMatchObject({ status: 'succeeded' });
    const query = new URLSearchParams(bench.server.seen[2]?.path.split('?')[1]);
    expect(Object.fromEntries(query)).toMatchObject({
      ...{ endpoint_id: 'bytedance/seedance-2.0/reference-to-video', request_id: 'v', expand: 'payloads' },
    });
  });

  it('that is gone is downloaded all the same, without the key', async () => {
    const other = await setUp(fal);
    other.server.answer(gone, listing({ ...MADE, json_output: { video_url: `${other.store.url}/v.mp4` } }));
    other.store.answer({ body: 'bytes', headers: MP4 });
    expect(await textOf(await other.provider.openContent('v', WHOLE, call))).toBe('bytes');
    expect(other.store.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    ['was made', listing(MADE), { status: 'succeeded' }],
    ['was made, without its payload', listing({ ...MADE, json_output: null }), { status: 'expired' }],
    ['has failed', listing({ ...MADE, status_code: 422, json_output: null }), { status: 'failed' }],
    ['was stopped', listing({ ...MADE, status_code: 499, json_output: null }), { status: 'cancelled' }],
    ['goes on', listing({ request_id: 'v', status_code: null, json_output: null }), { status: 'running' }],
  ])('of a request that the queue has forgotten is what the list says: it %s', async (_what, list, video) => {
    const bench = await asked(gone, list);
    expect(await bench.provider.getVideo('v', call)).toMatchObject(video);
  });

  it.each([
    ['is not known there', listing(), undefined],
    ['has no list', { status: 404, body: {} }, undefined],
  ])('of a request that the queue has forgotten is unknown where it %s', async (_what, list, video) => {
    const bench = await asked(gone, list);
    expect(await bench.provider.getVideo('v', call)).toBe(video);
  });

  it.each([
    ['the list has no payload', listing({ ...MADE, json_output: null })],
    ['the list does not know it', listing()],
  ])('that is gone, where %s, is told as paid and gone and not as failed (P3)', async (_where, list) => {
    const bench = await asked(completed(), gone, list);
    expect(await bench.provider.getVideo('v', call)).toMatchObject({
      ...{ status: 'expired', failure: { message: expect.stringMatching(/paid for.*gone/) } },
    });
  });
});

describe('a file for fal', () => {
  it.each([
    [undefined, 7],
    [30, 30],
  ])('is kept for as long as is said: %s days', async (uploadDays, days) => {
    const bench = await setUp(fal, { uploadDays });
    bench.server.answer(fal.ticket?.(bench.store) ?? {});
    bench.store.answer({});
    const { expiresAt } =
      (await bench.provider.clips?.upload({ clipPath: await clip(), fileName: 'joe.mp4' }, call)) ?? {};
    const seconds = days * 86_400;
    const said = JSON.stringify({ expiration_duration_seconds: seconds });
    expect(bench.server.seen[0]?.path).toBe('/fal/storage/upload/initiate?storage_type=fal-cdn-v3');
    expect(bench.server.seen[0]?.headers).toMatchObject({
      ...{ 'x-fal-object-lifecycle': said, 'x-fal-object-lifecycle-preference': said },
    });
    expect((Date.parse(expiresAt ?? '') - Date.now()) / 1000).toBeCloseTo(seconds, -2);
    expect(bench.provider.clips?.isPublicFor).toBe(`${days} days`);
  });
});

/** As the host publishes one: inputs by reference. */
function openApi(properties: object, required: readonly string[] = ['prompt']): Scripted {
  const openapi = {
    components: { schemas: { ReelsInput: { type: 'object', properties, required } } },
    paths: {
      [`/${OTHER}`]: {
        post: {
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/ReelsInput' } } } },
        },
      },
    },
  };
  return { body: { models: [{ endpoint_id: OTHER, metadata: { status: 'active' }, openapi }] } };
}

const TEXT = { type: 'string' };
const URLS = { type: 'array', items: TEXT };

describe('a model of fal that is in no table', () => {
  const wish = { ...VIDEO, model: OTHER, characters: cast('https://f.example/a.mp4') };

  it.each([
    [
      { reference_video_urls: URLS, video_urls: URLS, duration: { type: 'integer' } },
      { reference_video_urls: ['https://f.example/a.mp4'], duration: 8 },
    ],
    [
      { video_urls: URLS, duration: { enum: ['4', '8'], type: 'string' } },
      { video_urls: ['https://f.example/a.mp4'], duration: '8' },
    ],
    [
      { video_urls: URLS, duration: { anyOf: [{ type: 'null' }, { enum: ['4s', '8s'], type: 'string' }] } },
      { video_urls: ['https://f.example/a.mp4'], duration: '8s' },
    ],
    [
      { video_urls: URLS, aspect_ratio: { enum: ['16:9', '9:16'] }, resolution: { enum: ['480P', '720P'] } },
      { video_urls: ['https://f.example/a.mp4'], aspect_ratio: '16:9', resolution: '720P' },
    ],
  ])('is asked in the words of its own schema: %j', async (properties, expected) => {
    const bench = await asked(openApi({ prompt: TEXT, ...properties }), fal.created('"v"'));
    await bench.provider.createVideo(wish, call);
    expect(jsonIn(bench.server.seen[1])).toEqual({ prompt: VIDEO.prompt, ...expected });
    expect(bench.server.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('has the limits of its schema, which bind', async () => {
    const schema = openApi({
      prompt: { ...TEXT, maxLength: 900 },
      video_urls: { ...URLS, maxItems: 2, description: 'Refer to them as <VIDEO_REF_0>.' },
      image_urls: { ...URLS, maxItems: 4 },
      duration: { type: 'integer', minimum: 3, maximum: 6 },
      resolution: { enum: ['480p', '540p'] },
    });
    const { provider } = await asked(schema);
    expect(await provider.limits(OTHER, call)).toMatchObject({
      characterInputs: [
        { mode: 'clip-url', marker: '<VIDEO_REF_0>', clips: { count: 2 } },
        { mode: 'image', marker: '@Image1', stills: { count: 4 } },
      ],
      ...{ promptChars: 900, seconds: [3, 4, 5, 6], isBinding: true },
      frame: { shortSide: 540, shortSides: [480, 540] },
    });
  });

  it.each([
    [
      'needs what nothing stands for',
      openApi({ prompt: TEXT, lora_url: TEXT }, ['prompt', 'lora_url']),
      /needs lora_url/,
    ],
    ['has no prompt', openApi({ image_url: TEXT }, []), /no prompt/],
    ['is not known', { status: 404, body: { error: { type: 'not_found', message: 'No.' } } }, /does not know a model/],
    [
      'has no schema',
      { body: { models: [{ endpoint_id: OTHER, openapi: { error: { code: 'x', message: 'y' } } }] } },
      /no schema/,
    ],
  ] as const)('is refused by name where it %s, before anything is sent', async (_where, answer, says) => {
    const bench = await asked(answer);
    expect(await failureOf(bench.provider.createVideo(wish, call))).toMatchObject({
      ...{ code: 'refused', message: expect.stringMatching(says), hint: expect.stringMatching(/provider models fal/) },
    });
    expect(bench.server.seen).toHaveLength(1);
  });

  it.each([
    ['video_urls', { video_urls: URLS }],
    ['image_url', { image_url: TEXT }],
  ])('is not asked without %s where it needs that: what is refused may be billed', async (name, properties) => {
    const bench = await asked(openApi({ prompt: TEXT, ...properties }, ['prompt', name]));
    const refused = bench.provider.createVideo({ ...VIDEO, model: OTHER }, call);
    expect(await failureOf(refused)).toMatchObject({
      code: 'usage',
      message: `${OTHER} makes nothing without ${name}.`,
    });
    expect(bench.server.seen).toHaveLength(1);
  });

  it('whose schema names itself many times is read in no time', async () => {
    const itself = { $ref: '#/components/schemas/ReelsInput/properties/more' };
    const bench = await asked(openApi({ prompt: TEXT, more: { anyOf: Array(9).fill(itself), items: itself } }));
    expect(await bench.provider.limits(OTHER, call)).toMatchObject({ isBinding: true });
  }, 5000);

  it('has its pictures in the one field that it has for them, and none where it has no field', async () => {
    const reference = { kind: 'url', url: 'https://p.example/a.png' } as const;
    const withField = await asked(openApi({ prompt: TEXT, image_url: TEXT }), fal.created('"v"'));
    await withField.provider.createVideo({ ...VIDEO, model: OTHER, reference }, call);
    expect(jsonIn(withField.server.seen[1])).toEqual({ prompt: VIDEO.prompt, image_url: reference.url });
    const without = await asked(openApi({ prompt: TEXT }));
    expect(
      (await failureOf(without.provider.createVideo({ ...VIDEO, model: OTHER, reference: PICTURE }, call))).code,
    ).toBe('usage');
  });

  it('is a thing with pictures of its own where its schema has elements', async () => {
    const bench = await asked(
      openApi({ prompt: TEXT, elements: { type: 'array', items: { type: 'object' } } }),
      fal.created('"v"'),
    );
    const characters = [{ mode: 'image', values: ['https://p/front.png', 'https://p/side.png'] }] as const;
    await bench.provider.createVideo({ ...VIDEO, model: OTHER, characters }, call);
    expect(jsonIn(bench.server.seen[1])).toMatchObject({
      elements: [{ frontal_image_url: 'https://p/front.png', reference_image_urls: ['https://p/side.png'] }],
    });
  });

  it('is asked for once, and by other processes not before a day is over', async () => {
    const kept = new Map<string, string>();
    const documents: DocumentCache = {
      read: async (name) => kept.get(name),
      write: async (name, text) => void kept.set(name, text),
    };
    const bench = await setUp(fal, { documents });
    bench.server.answer(openApi({ prompt: TEXT, video_urls: URLS }));
    await bench.provider.limits(OTHER, call);
    await bench.provider.limits(OTHER, call);
    const { provider } = await setUp(fal, { documents, baseUrl: `${bench.server.url}/fal` });
    expect((await provider.limits(OTHER, call)).characterInputs).toMatchObject([{ mode: 'clip-url' }]);
    expect(bench.server.seen).toHaveLength(1);
  });

  it.each([['../v1/x'], ['a/../b'], ['a b/c'], ['']])('is no way to another address: %j', async (model) => {
    const bench = await setUp(fal);
    const code = (await failureOf(bench.provider.createVideo({ ...VIDEO, model }, call))).code;
    expect(code).toBe('usage');
    expect(bench.server.seen).toEqual([]);
  });
});

describe('a price of fal', () => {
  const prices = (unit: string): Scripted => ({
    body: { prices: [{ endpoint_id: OTHER, unit_price: 0.1, unit, currency: 'USD' }] },
  });
  const total = (usd: unknown, currency = 'USD'): Scripted => ({ body: { total_cost: usd, currency } });
  const timed = openApi({ prompt: TEXT, video_urls: URLS, duration: { type: 'integer' } });

  it.each([
    ['seconds', 8],
    ['video_second', 8],
    ['videos', 1],
  ])('is the host’s estimate of its own unit where the table has none: %s', async (unit, quantity) => {
    const bench = await asked(timed, prices(unit), total(0.9));
    expect(await bench.provider.price?.({ ...VIDEO, model: OTHER }, call)).toBe(0.9);
    expect(jsonIn(bench.server.seen[2])).toEqual({
      ...{ estimate_type: 'unit_price', endpoints: { [OTHER]: { unit_quantity: quantity } } },
    });
  });

  it.each([
    ['a unit that no video has', [prices('megapixels')]],
    ['a unit of the machine that makes it', [prices('compute seconds')]],
    ['a unit of a GPU', [prices('H100 second')]],
    ['another currency', [prices('seconds'), total(1, 'EUR')]],
    ['nothing', [prices('seconds'), total(0)]],
    ['a refusal', [{ status: 404, body: {} }]],
  ] as const)('is unknown where the host says %s', async (_what, answers) => {
    const bench = await asked(timed, ...answers);
    expect(await bench.provider.price?.({ ...VIDEO, model: OTHER }, call)).toBeUndefined();
  });

  it.each<[string, object, Partial<NewVideo>]>([
    [
      'clips, whose seconds may be billed',
      { duration: { type: 'integer' } },
      { characters: cast('https://f.example/a.mp4') },
    ],
    ['one of several resolutions', { resolution: { enum: ['480p', '720p'] }, duration: { type: 'integer' } }, {}],
  ])('is unknown and not asked for of a video with %s: the estimate is blind to them', async (_, more, wish) => {
    const bench = await asked(openApi({ prompt: TEXT, video_urls: URLS, ...more }));
    expect(await bench.provider.price?.({ ...VIDEO, model: OTHER, ...wish }, call)).toBeUndefined();
    expect(bench.server.seen).toHaveLength(1);
  });

  it('is unknown by the second where the model decides its length', async () => {
    const bench = await asked(openApi({ prompt: TEXT }), prices('seconds'));
    expect(await bench.provider.price?.({ ...VIDEO, model: OTHER }, call)).toBeUndefined();
  });

  it('is not asked for where the table has a formula: the estimate knows neither sizes nor clips', async () => {
    const bench = await setUp(fal);
    expect(await bench.provider.price?.(VIDEO, call)).toBeUndefined();
    expect(bench.server.seen).toEqual([]);
  });
});

describe('the origins of fal', () => {
  it('are three at the vendor, and one below any other base URL', () => {
    expect(falPlaces('https://queue.fal.run/')).toEqual({
      ...{ queue: 'https://queue.fal.run', storage: 'https://rest.fal.ai', platform: 'https://api.fal.ai/v1' },
    });
    expect(falPlaces('https://gateway.example/fal/')).toEqual({
      ...{
        queue: 'https://gateway.example/fal',
        storage: 'https://gateway.example/fal',
        platform: 'https://gateway.example/fal/v1',
      },
    });
    expect(falPlaces('https://queue.fal.run.example').queue).toBe('https://queue.fal.run.example');
  });

  it.each([
    ['fal-ai/wan/v2.7/reference-to-video', 'fal-ai/wan'],
    ['owner/app', 'owner/app'],
    ['workflows/joe/film/x', 'workflows/joe/film'],
  ])('ask of %s below %s', (endpoint, app) => {
    expect(appOf(endpoint)).toBe(app);
  });
});

describe('the list of fal', () => {
  it('is of one model, as far back as is wanted and a day more', async () => {
    const bench = await asked(listing());
    const sinceMs = Date.parse('2026-11-21T10:00:00Z');
    await bench.provider.list?.({ limit: 500, sinceMs, model: KLING }, call);
    const query = Object.fromEntries(new URLSearchParams(bench.server.seen[0]?.path.split('?')[1]));
    expect(query).toEqual({ endpoint_id: KLING, expand: 'payloads', limit: '100', start: '2026-11-20T10:00:00.000Z' });
    expect(bench.provider.listsBy).toBe('model');
  });

  it('tells what was asked for, when, and what came of it', async () => {
    const times = { sent_at: '2026-11-21T10:00:00Z', started_at: '2026-11-21T10:00:05Z' };
    const input = { json_input: { prompt: 'A hill.', duration: '8' } };
    const bench = await asked(
      listing(
        { ...MADE, ...times, ...input, endpoint_id: KLING, ended_at: '2026-11-21T10:01:00Z' },
        { request_id: 'r', ...times, ...input, status_code: null, ended_at: null },
        {
          request_id: 'f',
          ...times,
          status_code: 422,
          ended_at: '2026-11-21T10:01:00Z',
          json_output: { detail: 'No.' },
        },
      ),
    );
    expect((await bench.provider.list?.({ limit: 10, model: KLING }, call))?.videos).toMatchObject([
      {
        ...{ id: 'v', status: 'succeeded', model: KLING, prompt: 'A hill.', seconds: 8 },
        ...{ createdAt: '2026-11-21T10:00:00.000Z', completedAt: '2026-11-21T10:01:00.000Z' },
      },
      { id: 'r', status: 'running' },
      { id: 'f', status: 'failed', failure: { message: 'No.', policy: false } },
    ]);
  });
});

describe('a wish to stop a request at fal', () => {
  it.each([
    [{ status: 202, body: { status: 'CANCELLATION_REQUESTED' } }, true],
    [{ status: 200, body: { status: 'OK' } }, true],
    [{ status: 400, body: { status: 'ALREADY_COMPLETED' } }, true],
    [{ status: 404, body: { status: 'NOT_FOUND' } }, false],
  ])('is answered by %j', async (answer, taken) => {
    const { provider } = await asked(answer);
    expect(await provider.cancel?.('v', call)).toBe(taken);
  });
});
