import { describe, expect, it } from 'vitest';
import { createEachlabs } from '../../../src/providers/eachlabs/adapter.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';
import type { CharacterCall, Provider, ProviderOptions, Reference } from '../../../src/providers/provider.ts';
import { preferredMode } from '../../../src/providers/references.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { createTestServer, type Scripted, type TestServer } from '../../helpers/server.ts';
import { type Bench, DIALECTS, setUp as setUpHost } from '../dialects.ts';
import {
  call,
  cast,
  charactersOf,
  clip,
  failureOf,
  jsonIn,
  KEY,
  MP4,
  PICTURE,
  textOf,
  VIDEO,
  WHOLE,
} from '../harness.ts';

const SEEDANCE = 'bytedance-seedance-2-0-reference-to-video';

const setUp = (options: Partial<ProviderOptions> = {}): Promise<Bench> => setUpHost(DIALECTS.eachlabs, options);

const TAKEN = { body: { status: 'success', message: 'Prediction created', predictionID: 'p-1' } };
const NO_SCHEMA = { status: 404, body: { error: 'model not found' } };

/** A presign's answer whose store is another origin. */
function ticket(store: TestServer, more: object = {}): Scripted {
  return {
    body: {
      id: 'up-1',
      presigned_url: `${store.url}/put/up-1?X-Amz-Signature=abc`,
      public_url: 'https://cdn.example/up-1.mp4',
      expires_at: '2026-11-21T12:00:00Z',
      required_headers: {
        'Content-Type': 'video/mp4; codecs=avc1',
        'x-amz-acl': 'public-read',
        'x-goog-meta-owner': 42,
      },
      ...more,
    },
  };
}

describe('createVideo', () => {
  it('sends the default model its reference clips in order, and takes the success of the request for no more than that', async () => {
    const { server, provider } = await setUp();
    server.answer(TAKEN);
    const clips = ['https://cdn.example/joe.mp4', 'https://cdn.example/mia.mp4'];
    const video = await provider.createVideo({ ...VIDEO, characters: cast(...clips) }, call);
    expect(video).toEqual({ id: 'p-1', status: 'queued', remoteStatus: 'created' });
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/prediction',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    });
    expect(jsonIn(server.seen[0])).toEqual({
      model: SEEDANCE,
      input: {
        prompt: VIDEO.prompt,
        aspect_ratio: '16:9',
        duration: 8,
        resolution: '720p',
        video_urls: clips,
      },
    });
  });

  it.each([
    { size: { width: 1920, height: 1080 }, aspect_ratio: '16:9', resolution: '1080p' },
    { size: { width: 720, height: 1280 }, aspect_ratio: '9:16', resolution: '720p' },
    { size: { width: 854, height: 480 }, aspect_ratio: '16:9', resolution: '480p' },
    { size: { width: 720, height: 720 }, aspect_ratio: '1:1', resolution: '720p' },
    { size: { width: 1680, height: 720 }, aspect_ratio: '21:9', resolution: '720p' },
    { size: { width: 720, height: 960 }, aspect_ratio: '3:4', resolution: '720p' },
    // Of a model that is not in the table nobody here knows what it cannot do.
    { size: { width: 1000, height: 700 }, aspect_ratio: '10:7', resolution: '700p', model: 'another-video' },
  ])('writes $size as $aspect_ratio at $resolution', async ({ size, model, ...words }) => {
    const { provider } = await setUp();
    const { body } = await provider.describeVideo({ ...VIDEO, size, model }, call);
    expect(body.input).toMatchObject(words);
  });

  it.each([
    { model: 'sora-2-text-to-video', resolution: undefined, reference: undefined, picture: {} },
    { model: 'sora-2-text-to-video-pro', resolution: '720p', reference: undefined, picture: {} },
    { model: 'sora-2-image-to-video', resolution: undefined, picture: { image_url: 'https://p.example/a.png' } },
    { model: 'sora-2-image-to-video-pro', resolution: '720p', picture: { image_url: 'https://p.example/a.png' } },
    { model: 'another-image-to-video', resolution: '720p', picture: { image_url: 'https://p.example/a.png' } },
    { model: 'another-video', resolution: '720p', picture: { image_urls: ['https://p.example/a.png'] } },
  ])('sends $model what that model takes', async ({ model, resolution, picture }) => {
    const { server, provider } = await setUp();
    server.answer(TAKEN);
    const reference: Reference | undefined =
      Object.keys(picture).length === 0 ? undefined : { kind: 'url', url: 'https://p.example/a.png' };
    await provider.createVideo({ ...VIDEO, model, reference }, call);
    expect(jsonIn(server.seen[0])).toEqual({
      model,
      input: {
        prompt: VIDEO.prompt,
        aspect_ratio: '16:9',
        duration: 8,
        ...(resolution && { resolution }),
        ...picture,
      },
    });
  });

  it.each([
    { title: 'no schema can be read', schema: NO_SCHEMA, sent: { characters: [{ id: 'char_b' }, { id: 'char_a' }] } },
    {
      title: 'the schema names objects with another id',
      schema: {
        body: {
          request_schema: {
            properties: { characters: { items: { properties: { label: {}, character_id: {} } } } },
          },
        },
      },
      sent: { characters: [{ character_id: 'char_b' }, { character_id: 'char_a' }] },
    },
    {
      title: 'the schema names a list of ids',
      schema: {
        body: { request_schema: { properties: { prompt: {}, character_ids: { items: { type: 'string' } } } } },
      },
      sent: { character_ids: ['char_b', 'char_a'] },
    },
  ])('names characters with ids when $title', async ({ schema, sent }) => {
    const { server, provider } = await setUp();
    server.answer(schema, TAKEN);
    const model = 'sora-2-text-to-video';
    await provider.createVideo({ ...VIDEO, model, characters: cast('char_b', 'char_a') }, call);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: `/v1/model?slug=${model}` });
    expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(jsonIn(server.seen[1])).toMatchObject({ model, input: sent });
  });

  it.each([
    { properties: { prompt: {}, video_urls: {} }, sent: { video_urls: ['https://cdn.example/joe.mp4'] } },
    { properties: { reference_videos: {} }, sent: { reference_videos: ['https://cdn.example/joe.mp4'] } },
    { properties: { prompt: {}, video_url: {} }, sent: { video_url: 'https://cdn.example/joe.mp4' } },
  ])(
    'names a clip for a model that is not in the table as its schema $properties does',
    async ({ properties, sent }) => {
      const { server, provider } = await setUp();
      server.answer({ body: { request_schema: { properties } } }, TAKEN);
      const characters = cast('https://cdn.example/joe.mp4');
      await provider.createVideo({ ...VIDEO, model: 'somebody-else', characters }, call);
      expect(jsonIn(server.seen[1])).toMatchObject({ model: 'somebody-else', input: sent });
    },
  );

  it.each([
    { title: 'ids', model: 'sora-2-text-to-video', characters: cast('char_a'), properties: { prompt: {} } },
    {
      title: 'clips',
      model: 'some-text-to-video',
      characters: cast('https://c.example/1'),
      properties: { prompt: {} },
    },
    {
      title: 'more than one clip',
      model: 'some-text-to-video',
      characters: cast('https://c.example/1', 'https://c.example/2'),
      properties: { video_url: {} },
    },
    {
      title: 'pictures',
      model: 'some-text-to-video',
      characters: [{ mode: 'image', values: ['https://c.example/1.png'] }] as const,
      properties: { prompt: {}, video_urls: {} },
    },
    {
      title: 'pictures beside clips',
      model: 'some-text-to-video',
      characters: [...cast('https://c.example/1'), { mode: 'image', values: ['https://c.example/1.png'] }] as const,
      properties: { prompt: {}, video_urls: {} },
    },
  ])('pays for nothing when the schema has no field for $title', async ({ model, characters, properties }) => {
    const { server, provider } = await setUp();
    server.answer({ body: { request_schema: { properties } } });
    expect(await failureOf(provider.createVideo({ ...VIDEO, model, characters }, call))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no field for'),
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('uploads a local picture first and sends its URL', async () => {
    const { server, provider } = await setUp();
    const store = await createTestServer();
    server.answer(
      ticket(store, { public_url: 'https://cdn.example/a.png', required_headers: { 'Content-Type': 'image/png' } }),
      TAKEN,
    );
    store.answer({});
    await provider.createVideo({ ...VIDEO, reference: PICTURE }, call);
    expect(jsonIn(server.seen[0])).toEqual({ content_type: 'image/png', file_type: 'image' });
    expect(store.seen[0]?.headers['content-type']).toBe('image/png');
    expect(new Uint8Array(store.seen[0]?.body ?? [])).toEqual(PICTURE.bytes);
    expect(jsonIn(server.seen[1])).toMatchObject({ input: { image_urls: ['https://cdn.example/a.png'] } });
  });

  it.each([
    { title: 'a picture for a model without one', model: 'sora-2-text-to-video', reference: PICTURE },
    { title: 'no picture for a model that animates one', model: 'sora-2-image-to-video', reference: undefined },
    {
      title: 'a picture beyond 100 MB',
      model: undefined,
      reference: { ...PICTURE, bytes: new Uint8Array(100_000_001) },
    },
  ])('refuses $title before anything is sent', async ({ model, reference }) => {
    const { server, provider } = await setUp();
    const input = { ...VIDEO, model, reference: reference as Reference | undefined };
    expect((await failureOf(provider.createVideo(input, call))).code).toBe('usage');
    expect((await failureOf(provider.describeVideo(input, call))).code).toBe('usage');
    expect(server.seen).toEqual([]);
  });

  it.each([
    {
      status: 402,
      body: { error: 'Insufficient balance' },
      code: 'budget',
      says: 'Insufficient balance',
      hint: 'reserved',
    },
    { status: 402, body: { error: 'Payment required' }, code: 'budget', says: 'Payment', hint: 'jobs still running' },
    { status: 429, body: { error: 'Too many' }, code: 'refused', says: 'Too many', hint: 'at once' },
    {
      status: 400,
      body: { error: 'Validation failed', status: 400, details: 'duration must be one of 4, 8, 12' },
      code: 'refused',
      says: 'Validation failed (duration must be one of 4, 8, 12)',
    },
    {
      status: 422,
      body: { error: 'Invalid input', details: [{ loc: ['input', 'video_urls'], msg: 'too large' }] },
      code: 'refused',
      says: 'too large',
    },
    {
      status: 422,
      body: { error: 'Invalid input', details: { field: 'size' } },
      code: 'refused',
      says: '"field":"size"',
    },
    { status: 404, body: { error: 'model not found' }, code: 'refused', says: 'not found', hint: 'name of the model' },
    { status: 400, body: { error: 'Rejected', details: 'moderation: violence' }, code: 'policy', says: 'violence' },
    {
      status: 400,
      body: { error: { code: 'moderation_blocked', message: 'No' }, details: 'of this' },
      code: 'policy',
      says: 'No (of this)',
    },
    { status: 422, body: { error: 'NSFW content detected' }, code: 'policy', says: 'NSFW' },
  ])('tells a $status with $body as $code', async ({ status, body, code, says, hint }) => {
    const { server, provider } = await setUp();
    server.answer({ status, body, headers: { 'X-Request-Id': 'req-7' } });
    expect(await failureOf(provider.createVideo(VIDEO, call))).toMatchObject({
      code,
      message: expect.stringContaining(says),
      hint: expect.stringContaining(hint ?? ''),
      requestId: 'req-7',
    });
  });
});

describe('describeVideo', () => {
  it('says of a local picture that it is uploaded first', async () => {
    const { provider } = await setUp();
    expect(await provider.describeVideo({ ...VIDEO, reference: PICTURE }, call)).toMatchObject({
      body: { input: { image_urls: ['<image/png, 8 bytes, uploaded first>'] } },
    });
  });

  it('takes a base URL that ends in the version', async () => {
    const { provider } = await setUp({ baseUrl: 'https://api.eachlabs.ai/v1' });
    const { url } = await provider.describeVideo(VIDEO, call);
    expect(url).toBe('https://api.eachlabs.ai/v1/prediction');
  });
});

describe('getVideo', () => {
  it('tells the prompt', async () => {
    const { server, provider } = await setUp();
    server.answer({
      body: { id: 'p-1', input: { prompt: 'Joe waves.' }, status: 'processing', output: null, logs: null },
    });
    expect(await provider.getVideo('p-1', call)).toMatchObject({ status: 'running', prompt: 'Joe waves.' });
  });

  it.each([
    ['a running job', 'processing', 0.12, undefined],
    ['a finished video', 'success', 0.12, 0.12],
    ['a finished video, as text', 'success', '0.12', 0.12],
    ['a finished video that is not reckoned up yet', 'success', 0, undefined],
    ['a failed job', 'error', 0, 0],
    ['a cancelled job', 'cancelled', 0.05, 0.05],
    ['a job that would pay us', 'success', -1, undefined],
    ['a job whose cost is no number', 'success', null, undefined],
  ])('tells what was charged for %s', async (_title, status, cost, costUsd) => {
    const { server, provider } = await setUp();
    const output = status === 'success' ? 'https://cdn.example/a.mp4' : null;
    server.answer({ body: { id: 'p-1', status, output, metrics: { predict_time: 3, cost } } });
    expect((await provider.getVideo('p-1', call))?.costUsd).toBe(costUsd);
  });

  it.each([
    {
      title: 'its code and message',
      fields: { output: { error_code: 'provider_timeout', error_message: 'Took too long', retryable: true } },
      failure: { code: 'provider_timeout', message: 'Took too long', policy: false },
    },
    {
      title: 'a code alone',
      fields: { output: { error_code: 'E42', error_message: null } },
      failure: { code: 'E42', message: 'E42', policy: false },
    },
    {
      title: 'a moderation by its code',
      fields: { output: { error_code: 'OutputVideoSensitiveContentDetected', error_message: 'Refused' } },
      failure: { code: 'OutputVideoSensitiveContentDetected', message: 'Refused', policy: true },
    },
    {
      title: 'a moderation by its text',
      fields: { output: { error_code: '400', error_message: 'The clip was flagged as NSFW.' } },
      failure: { code: '400', message: 'The clip was flagged as NSFW.', policy: true },
    },
    { title: 'a text', fields: { output: 'Out of memory' }, failure: { message: 'Out of memory', policy: false } },
    {
      title: 'a complaint beside an empty output',
      fields: { output: null, error: 'Bad clip' },
      failure: { message: 'Bad clip', policy: false },
    },
    {
      title: 'a preview for an output',
      fields: { output: 'https://cdn.example/half.mp4', error: 'Cut off' },
      failure: { message: 'Cut off', policy: false },
    },
    { title: 'nothing', fields: {}, failure: { message: 'The host gave no reason.', policy: false } },
  ])('reads a failure with $title out of an HTTP 200', async ({ fields, failure }) => {
    const { server, provider } = await setUp();
    server.answer({ body: { id: 'p-1', status: 'error', ...fields } });
    expect(await provider.getVideo('p-1', call)).toMatchObject({ status: 'failed', failure });
  });

  it('does not take a complaint for a video although the status says success (P3)', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { id: 'p', status: 'success', output: { error_code: 'X', error_message: 'no frames' } } });
    expect(await provider.getVideo('p', call)).toMatchObject({ status: 'failed', failure: { message: 'no frames' } });
  });

  it('takes a video with a remark for a video', async () => {
    const { server, provider } = await setUp();
    const output = { url: 'https://cdn.example/v.mp4', error_message: 'the sound was left out' };
    server.answer({ body: { id: 'p', status: 'success', output } });
    expect(await provider.getVideo('p', call)).toMatchObject({ status: 'succeeded' });
  });

  it('reads a wrapped prediction', async () => {
    const { server, provider } = await setUp();
    server.answer(
      { body: { status: 'success', data: { status: 'processing' } } },
      { body: { id: 'p-9', status: 'processing', data: { status: 'success', output: null } } },
    );
    expect(await provider.getVideo('p-9', call)).toMatchObject({ id: 'p-9', status: 'running' });
    expect(await provider.getVideo('p-9', call)).toMatchObject({ id: 'p-9', status: 'running' });
  });
});

describe('list', () => {
  it('tells of executions what they cost and when they were made, and that their prompts are told elsewhere', async () => {
    const { server, provider } = await setUp();
    const times = { created_at: '2026-11-21T10:00:00Z', completed_at: '2026-11-21T10:01:00Z' };
    const one = {
      id: 'e1',
      model: 'm',
      status: 'success',
      execution_cost: 0.3,
      output: 'https://f.example/v.mp4',
      ...times,
    };
    server.answer({
      body: {
        executions: [
          one,
          { id: 'e2', prediction_id: 'p2', status: 'processing' },
          { id: 'e3', exec_id: 'p3', status: 'processing' },
          7,
        ],
        total_count: 4,
      },
    });
    const page = await provider.list?.({ limit: 100 }, call);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/v1/executions?limit=100&offset=0' });
    expect(page).toMatchObject({
      promptsElsewhere: true,
      videos: [
        {
          ...{ id: 'e1', model: 'm', status: 'succeeded', costUsd: 0.3 },
          ...{ createdAt: '2026-11-21T10:00:00.000Z', completedAt: '2026-11-21T10:01:00.000Z' },
        },
        { id: 'p2', status: 'running' },
        { id: 'p3', status: 'running' },
      ],
    });
    expect(page).not.toHaveProperty('next');
  });

  it.each([
    ['a route that is missing', { status: 404, body: { error: 'Not Found' } }, 'refused', /no call that lists/],
    ['no list', { body: { executions: null } }, 'network', /./],
  ] as const)('fails on %s', async (_title, answer, code, hint) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    expect(await failureOf(provider.list?.({ limit: 1 }, call))).toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
  });
});

describe('clips.upload', () => {
  it.each<[string, number | undefined, boolean]>([
    ['until when it is kept', 180 * 86_400, true],
    ['nothing of that from what is the end of the place alone, as on older pages', 15 * 60, false],
    ['nothing of that where the host says nothing', undefined, false],
  ])('asks for a place for a video, and tells %s', async (_, seconds, isTold) => {
    const { server, store, provider } = await setUp();
    const expires_at = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000).toISOString();
    server.answer(ticket(store, { expires_at }));
    store.answer({});
    const uploaded = await provider.clips?.upload({ clipPath: await clip(), fileName: 'joe.mp4' }, call);
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/v1/upload/presign' });
    expect(jsonIn(server.seen[0])).toEqual({ content_type: 'video/mp4', file_type: 'video' });
    expect(uploaded).toEqual({ url: 'https://cdn.example/up-1.mp4', ...(isTold && { expiresAt: expires_at }) });
  });

  it('tells what the store answered', async () => {
    const { server, store, provider } = await setUp();
    server.answer(ticket(store));
    store.answer({ status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code>credential</Error>' });
    const made = provider.clips?.upload({ clipPath: await clip(), fileName: 'j.mp4' }, call);
    expect((await failureOf(made)).message).toContain('did not take the upload (403)');
  });

  it('refuses more than 100 MB before it asks for anything', async () => {
    const { server, provider } = await setUp();
    const made = provider.clips?.upload({ clipPath: await clip(100_000_001), fileName: 'j.mp4' }, call);
    expect(await failureOf(made)).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('100 MB'),
    });
    expect(server.seen).toEqual([]);
  });

  it.each([
    { title: 'no place', more: { presigned_url: undefined } },
    { title: 'no address of the file', more: { public_url: null } },
  ])('refuses a presign with $title', async ({ more }) => {
    const { server, provider } = await setUp();
    server.answer(ticket(server, more));
    const made = provider.clips?.upload({ clipPath: await clip(), fileName: 'j.mp4' }, call);
    expect((await failureOf(made)).code).toBe('refused');
  });
});

describe('characters.create', () => {
  const made = { id: 'p-1', status: 'success', output: { id: 'char_1', name: 'Joe' } };

  async function create(setup: Bench, answers: Scripted[], options: CharacterCall = call): Promise<unknown> {
    setup.server.answer(ticket(setup.server), {}, ...answers);
    const clipPath = await clip();
    return charactersOf(setup.provider).create({ name: 'Joe', clipPath, fileName: 'joe.mp4' }, options);
  }

  it('uploads the clip, starts a prediction and waits for its end', async () => {
    const setup = await setUp();
    const polls = ['created', 'processing', 'reticulating'].map((status) => ({ body: { id: 'p-1', status } }));
    expect(await create(setup, [NO_SCHEMA, TAKEN, ...polls, { body: made }])).toEqual({ id: 'char_1', name: 'Joe' });
    const { seen } = setup.server;
    expect(seen.slice(2, 4).map(({ path }) => path)).toEqual(['/v1/model?slug=sora-2-characters', '/v1/prediction']);
    expect(jsonIn(seen[3])).toEqual({
      model: 'sora-2-characters',
      input: { video_url: 'https://cdn.example/up-1.mp4', name: 'Joe' },
    });
    expect(setup.sleeps).toEqual([1000, 1500, 2250, 3375]);
  });

  it.each([
    { properties: { video: {}, name: {} }, input: { video: 'https://cdn.example/up-1.mp4', name: 'Joe' } },
    {
      properties: { character_name: {}, source_clip: {} },
      input: { source_clip: 'https://cdn.example/up-1.mp4', character_name: 'Joe' },
    },
    {
      properties: { video_urls: { type: 'array' }, name: {} },
      input: { video_urls: ['https://cdn.example/up-1.mp4'], name: 'Joe' },
    },
    {
      properties: { input: { properties: { video: {}, name: {} } } },
      input: { video: 'https://cdn.example/up-1.mp4', name: 'Joe' },
    },
    { properties: {}, input: { video_url: 'https://cdn.example/up-1.mp4', name: 'Joe' } },
  ])('names its inputs as the schema $properties does', async ({ properties, input }) => {
    const setup = await setUp();
    const schema = { body: { slug: 'sora-2-characters', request_schema: { type: 'object', properties } } };
    await create(setup, [schema, TAKEN, { body: made }]);
    expect(jsonIn(setup.server.seen[3])).toMatchObject({ input });
  });

  it.each([
    { output: '{"id":90071992547409931234,"name":"Joe"}', id: '90071992547409931234', name: 'Joe' },
    { output: [{ id: 'char_1', name: 'Joe' }], id: 'char_1', name: 'Joe' },
    { output: { character: { character_id: 'char_1' } }, id: 'char_1', name: undefined },
    { output: 'char_1', id: 'char_1', name: undefined },
    { output: { id: 7 }, id: '7', name: undefined },
  ])('reads the character in $output', async ({ output, id, name }) => {
    const setup = await setUp();
    expect(await create(setup, [NO_SCHEMA, TAKEN, { body: { ...made, output } }])).toEqual({ id, name });
  });

  it('keeps waiting when the host has trouble or does not know the prediction yet', async () => {
    const setup = await setUp();
    const trouble = Array.from({ length: 5 }, () => ({ status: 503 }));
    const answers = [NO_SCHEMA, TAKEN, { status: 404, body: { error: 'not found' } }, ...trouble, { body: made }];
    expect(await create(setup, answers)).toMatchObject({ id: 'char_1' });
    expect(setup.sleeps).toHaveLength(3);
  });

  it.each([
    {
      output: { error_code: 'moderation_blocked', error_message: 'A real person' },
      code: 'policy',
      says: 'A real person',
    },
    { output: { error_code: 'insufficient_balance', error_message: 'Empty' }, code: 'budget', says: 'Empty' },
    { output: { error_code: 'bad_clip', error_message: 'Too long' }, code: 'refused', says: 'Too long' },
  ])('tells a prediction that failed with $output as $code', async ({ output, code, says }) => {
    const setup = await setUp();
    const error = await failureOf(create(setup, [NO_SCHEMA, TAKEN, { body: { id: 'p-1', status: 'failed', output } }]));
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it('calls a prediction that ends without an id ambiguous, and names it', async () => {
    const setup = await setUp();
    const poll = { body: { id: 'p-1', status: 'success', output: { note: 'done' } } };
    const error = await failureOf(create(setup, [NO_SCHEMA, TAKEN, poll]));
    expect(error).toMatchObject({ code: 'ambiguous', message: expect.stringContaining('p-1') });
  });

  it('calls a prediction pending that cannot be asked about any more, and names it and why', async () => {
    const setup = await setUp();
    const refused: Scripted = { status: 401, body: { error: 'Unauthorized' }, forever: true };
    const error = await failureOf(create(setup, [NO_SCHEMA, TAKEN, refused]));
    expect(error).toMatchObject({ code: 'pending', message: expect.stringContaining('p-1'), cause: { code: 'auth' } });
    // The key that has just worked is given two minutes.
    const waitedMs = setup.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect([waitedMs >= 120_000, waitedMs < 135_000]).toEqual([true, true]);
  });

  it('P2: tells of the request before it leaves, and of the prediction before it is asked about', async () => {
    const setup = await setUp();
    const told: string[] = [];
    const paths = (): string => setup.server.seen.map(({ method, path }) => `${method} ${path}`).at(-1) ?? '';
    await create(setup, [NO_SCHEMA, TAKEN, { body: made }], {
      signal: call.signal,
      onSend: async () => void told.push(`send after ${paths()}`),
      onPending: async (id) => void told.push(`${id} after ${paths()}`),
    });
    expect(told).toEqual([
      expect.stringMatching(/^send after GET \/v1\/model\?slug=/),
      'p-1 after POST /v1/prediction',
    ]);
  });

  it('P2: sends nothing when what comes before it fails', async () => {
    const setup = await setUp();
    const onSend = async (): Promise<void> => {
      throw new Error('The disk is full.');
    };
    await expect(create(setup, [NO_SCHEMA], { signal: call.signal, onSend })).rejects.toThrow('disk is full');
    expect(setup.server.seen.map(({ path }) => path)).not.toContain('/v1/prediction');
  });

  it('P2: goes on with an earlier prediction: asked at once, and waited for', async () => {
    const { server, provider, sleeps: waits } = await setUp();
    server.answer({ body: { id: 'p-1', status: 'processing' } }, { body: made });
    expect(await provider.characters?.resume?.('p-1', call)).toMatchObject({ id: 'char_1' });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array<string>(2).fill('GET /v1/prediction/p-1'),
    );
    expect(waits).toHaveLength(1);
  });

  it('knows nothing of an earlier prediction that the host has forgotten, and says why one has failed', async () => {
    const { server, provider } = await setUp();
    const output = { error_code: 'bad_clip', error_message: 'Too long' };
    server.answer({ status: 404 }, { body: { id: 'p-1', status: 'failed', output } });
    expect(await provider.characters?.resume?.('p-1', call)).toBeUndefined();
    expect(await failureOf(Promise.resolve(provider.characters?.resume?.('p-1', call)))).toMatchObject({
      code: 'refused',
    });
  });

  it('calls a wait without an end pending, and names the prediction', async () => {
    const setup = await setUp();
    const error = await failureOf(
      create(setup, [NO_SCHEMA, TAKEN, { body: { id: 'p-1', status: 'processing' }, forever: true }]),
    );
    expect(error).toMatchObject({ code: 'pending', message: expect.stringMatching(/p-1.*15 minutes/) });
    const waited = setup.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(900_000);
    expect(waited).toBeLessThan(920_000);
  });

  it('calls an interrupted wait pending, and names the prediction (P2)', async () => {
    const abort = new AbortController();
    const setup = await setUp({
      async sleep(_ms, signal) {
        abort.abort();
        signal.throwIfAborted();
      },
    });
    const error = await failureOf(create(setup, [NO_SCHEMA, TAKEN], { signal: abort.signal }));
    expect(error).toMatchObject({ code: 'pending', message: expect.stringMatching(/p-1.*interrupted/) });
  });
});

describe('openContent', () => {
  const done = (output: unknown): Scripted => ({ body: { id: 'p', status: 'success', output } });

  it.each([
    { title: 'a URL', wrap: (url: string) => url },
    { title: 'a list', wrap: (url: string) => [url] },
    { title: 'an object with url', wrap: (url: string) => ({ url }) },
    { title: 'an object with a video object', wrap: (url: string) => ({ seed: 7, video: { url } }) },
    { title: 'a list of objects', wrap: (url: string) => [{ video_url: url }] },
    { title: 'JSON in a string', wrap: (url: string) => JSON.stringify([url]) },
  ])('opens an output that is $title', async ({ wrap }) => {
    const { server, store, provider } = await setUp();
    server.answer(done(wrap(`${store.url}/out.mp4?sig=1`)));
    store.answer({ body: '0123456789', headers: MP4 });
    expect(await textOf(await provider.openContent('p', WHOLE, call))).toBe('0123456789');
    expect(store.seen[0]?.path).toBe('/out.mp4?sig=1');
  });

  it.each([
    { title: 'an unknown id', answer: { status: 404 }, says: 'does not know' },
    { title: 'a prediction that runs', answer: { body: { id: 'p', status: 'processing' } }, says: 'processing' },
    { title: 'an output without a URL', answer: done({ id: 'char_1', name: 'Joe' }), says: 'no video' },
    { title: 'a URL on plain http', answer: done('http://store.example/v.mp4'), says: 'store.example' },
  ])('refuses $title', async ({ answer, says }) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    expect(await failureOf(provider.openContent('p', WHOLE, call))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining(says),
    });
  });
});

describe('what is known of the host', () => {
  const provider = (): Provider =>
    createEachlabs(PROVIDERS.eachlabs, {
      baseUrl: 'https://api.eachlabs.ai',
      key: KEY,
      backend: undefined,
      http: createTestHttp().http,
    });

  it('is a default model that takes clips, within what fits', async () => {
    const made = provider();
    expect(made).toMatchObject({ name: 'eachlabs', defaultModel: SEEDANCE, characters: { isDocumented: true } });
    const limits = await made.limits(undefined, call);
    expect(limits).toEqual(await made.limits(SEEDANCE, call));
    expect(limits).toMatchObject({
      characterInputs: [
        {
          mode: 'clip-url',
          clips: { count: 3, totalSeconds: { most: 15 }, pixels: { least: 409_600, most: 927_408 } },
        },
        { mode: 'image', stills: { count: 9 } },
      ],
      seconds: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    });
    expect(limits.retired).toBeUndefined();
    expect(limits.sizes).toEqual(
      expect.arrayContaining([
        { width: 1280, height: 720 },
        { width: 1080, height: 1920 },
        { width: 720, height: 720 },
      ]),
    );
  });

  it.each([
    { model: 'sora-2-text-to-video', sizes: 2 },
    { model: 'sora-2-text-to-video-pro', sizes: 4 },
    { model: 'sora-2-image-to-video', sizes: 2 },
    { model: 'sora-2-image-to-video-pro', sizes: 4 },
  ])('is that $model takes ids and is retired', async ({ model, sizes }) => {
    const limits = await provider().limits(model, call);
    expect(limits).toMatchObject({ seconds: [4, 8, 12], retired: '2026-09-24' });
    expect(limits.characterInputs).toMatchObject([{ mode: 'id', clips: { count: 2 } }]);
    expect(limits.sizes).toHaveLength(sizes);
  });

  it.each([
    { model: 'sora-2-next', mode: 'id', retired: '2026-09-24' },
    { model: 'somebody-else', mode: 'clip-url', retired: undefined },
  ])('is no more than the family of a model like $model', async ({ model, mode, retired }) => {
    const limits = await provider().limits(model, call);
    expect(limits.sizes).toEqual([]);
    expect(preferredMode(limits.characterInputs)).toBe(mode);
    expect(limits.retired).toBe(retired);
  });

  it('is of Seedance 2.5 that it takes ten clips, and words for edits', async () => {
    const limits = await provider().limits('bytedance-seedance-2-5-reference-to-video', call);
    expect(limits).toMatchObject({ editWords: expect.arrayContaining(['extend']) });
    expect(limits.characterInputs[0]).toMatchObject({ mode: 'clip-url', clips: { count: 10 } });
  });

  it('is listed with prices where the host publishes them, and with what is retired', async () => {
    const facts = await PROVIDERS.eachlabs.models();
    expect(facts.map(({ id, price, retired }) => [id, price?.usdPerSecond[720], retired])).toEqual([
      [SEEDANCE, 0.3024, undefined],
      ['sora-2-text-to-video', undefined, '2026-09-24'],
      ['sora-2-text-to-video-pro', undefined, '2026-09-24'],
      ['sora-2-image-to-video', undefined, '2026-09-24'],
      ['sora-2-image-to-video-pro', undefined, '2026-09-24'],
    ]);
  });

  it('is reached through the table of providers', async () => {
    const { http } = createTestHttp();
    const { defaultBaseUrl } = PROVIDERS.eachlabs;
    const made = await PROVIDERS.eachlabs.create({ baseUrl: defaultBaseUrl, key: KEY, backend: undefined, http });
    const { url } = await made.describeVideo(VIDEO, call);
    expect(url).toBe('https://api.eachlabs.ai/v1/prediction');
  });
});
