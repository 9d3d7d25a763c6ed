import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../../src/providers/index.ts';
import type { CharacterCall, NewVideo, ProviderOptions } from '../../../src/providers/provider.ts';
import { createWavespeed } from '../../../src/providers/wavespeed/adapter.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { createTestServer, readForm, type Scripted, type TestServer } from '../../helpers/server.ts';
import { type Bench, DIALECTS, setUp as setUpHost } from '../dialects.ts';
import { call, cast, charactersOf, clip, failureOf, KEY, MP4, PICTURE, textOf, VIDEO, WHOLE } from '../harness.ts';

const WEEK_MS = 7 * 24 * 3600 * 1000;

const setUp = (options: Partial<ProviderOptions> = {}): Promise<Bench> => setUpHost(DIALECTS.wavespeed, options);

function ok(data: object): Scripted {
  return { body: { code: 200, message: 'success', data } };
}

function ticketFor(
  store: TestServer,
  headers: object = { 'Content-Type': 'video/mp4', 'X-Amz-Acl': 'private' },
): Scripted {
  const upload = { method: 'PUT', url: `${store.url}/up/1?sig=abc`, headers };
  return ok({ download_url: 'https://files.example/joe.mp4', upload });
}

const sent = (server: TestServer, index = 0): unknown => JSON.parse(String(server.seen[index]?.body));

describe('createVideo', () => {
  const SHAPE = { aspect_ratio: '16:9', resolution: '720p' };
  const queued = ok({ id: 't1', status: 'created' });

  it.each<{ title: string; input: Partial<NewVideo>; path: string; body: object }>([
    {
      title: 'Seedance 2.0 when no model is named',
      input: {},
      path: '/api/v3/bytedance/seedance-2.0/text-to-video',
      body: { prompt: VIDEO.prompt, aspect_ratio: '16:9', resolution: '720p', duration: 8 },
    },
    {
      title: 'reference clips in the order given, and a picture by its URL',
      input: {
        model: 'bytedance/seedance-2.5/text-to-video',
        characters: cast('https://f.example/b.mp4', 'https://f.example/a.mp4'),
        reference: { kind: 'url', url: 'https://p.example/a.png?x=1' },
        size: { width: 2160, height: 3840 },
      },
      path: '/api/v3/bytedance/seedance-2.5/text-to-video',
      body: {
        prompt: VIDEO.prompt,
        reference_videos: ['https://f.example/b.mp4', 'https://f.example/a.mp4'],
        reference_images: ['https://p.example/a.png?x=1'],
        aspect_ratio: '9:16',
        resolution: '4k',
        duration: 8,
      },
    },
    {
      title: 'a Sora size with an asterisk, a length as a number, characters as objects',
      input: {
        model: 'openai/sora-2/text-to-video',
        characters: cast('char_b', 'char_a'),
        size: { width: 720, height: 1280 },
      },
      path: '/api/v3/openai/sora-2/text-to-video',
      body: { prompt: VIDEO.prompt, size: '720*1280', duration: 8, characters: [{ id: 'char_b' }, { id: 'char_a' }] },
    },
    {
      title: 'a picture to Sora without a size',
      input: { model: 'openai/sora-2/image-to-video', reference: { kind: 'url', url: 'https://p.example/a.png' } },
      path: '/api/v3/openai/sora-2/image-to-video',
      body: { prompt: VIDEO.prompt, image: 'https://p.example/a.png', duration: 8 },
    },
    {
      title: 'a picture to Sora pro with a resolution',
      input: {
        model: 'openai/sora-2/image-to-video-pro',
        reference: { kind: 'url', url: 'https://p.example/a.png' },
        size: { width: 1920, height: 1080 },
      },
      path: '/api/v3/openai/sora-2/image-to-video-pro',
      body: { prompt: VIDEO.prompt, image: 'https://p.example/a.png', resolution: '1080p', duration: 8 },
    },
    {
      title: 'an unlisted Sora in the words of Sora',
      input: { model: 'someone/sora-2', characters: cast('char_a') },
      path: '/api/v3/someone/sora-2',
      body: { prompt: VIDEO.prompt, size: '1280*720', duration: 8, characters: [{ id: 'char_a' }] },
    },
    {
      title: 'any other unlisted model in the words of Seedance',
      input: { model: 'others/v9#x', characters: cast('https://f.example/a.mp4'), size: { width: 854, height: 480 } },
      path: '/api/v3/others/v9%23x',
      body: {
        prompt: VIDEO.prompt,
        reference_videos: ['https://f.example/a.mp4'],
        aspect_ratio: '16:9',
        resolution: '480p',
        duration: 8,
      },
    },
  ])('sends $title, as describeVideo shows it', async ({ input, path, body }) => {
    const { server, provider } = await setUp();
    const described = await provider.describeVideo({ ...VIDEO, ...input }, call);
    expect(server.seen).toEqual([]);
    expect(described).toMatchObject({ method: 'POST', url: `${server.url}${path}`, contentType: 'application/json' });
    expect(described.body).toEqual(body);
    // Of a model whose inputs no page names, the host is asked first.
    if (described.note !== undefined) server.answer(ok([]));
    server.answer(queued);
    const video = await provider.createVideo({ ...VIDEO, ...input }, call);
    expect(video).toEqual({ id: 't1', status: 'queued', remoteStatus: 'created' });
    expect(server.seen.at(-1)).toMatchObject({ method: 'POST', path, headers: { authorization: `Bearer ${KEY}` } });
    expect(sent(server, server.seen.length - 1)).toEqual(body);
  });

  const KLING = 'kwaivgi/kling-v4.0/reference-to-video';
  const characters = cast('https://f.example/a.mp4');
  const listed = (properties: object): Scripted =>
    ok([{ model_id: 'x' }, { model_id: KLING, api_schema: { api_schemas: [{ request_schema: { properties } }] } }]);

  it.each<[string, Scripted, object]>([
    ['as its schema says', listed({ videos: {}, images: {} }), { videos: ['https://f.example/a.mp4'] }],
    ['as usual where the list has it not', ok([]), { reference_videos: ['https://f.example/a.mp4'] }],
    ['as usual where there is no list', { status: 404, body: {} }, { reference_videos: ['https://f.example/a.mp4'] }],
  ])('names the clips of a model whose inputs no page names, %s', async (_title, models, fields) => {
    const { server, provider } = await setUp();
    server.answer(models, queued);
    await provider.createVideo({ ...VIDEO, model: KLING, characters }, call);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/api/v3/models' });
    expect(sent(server, 1)).toEqual({ ...fields, ...{ prompt: VIDEO.prompt, duration: 8 }, ...SHAPE });
  });

  it('pays for nothing where its schema has no field for them, and asks for none where nothing needs one', async () => {
    const { server, provider } = await setUp();
    server.answer(listed({ prompt: {}, images: {} }));
    const made = provider.createVideo({ ...VIDEO, model: KLING, characters }, call);
    expect(await failureOf(made)).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('no field for clips'),
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, model: KLING }, call);
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it.each([
    { model: undefined, field: { reference_images: ['https://files.example/joe.mp4'] }, shown: 'reference_images' },
    { model: 'openai/sora-2/image-to-video', field: { image: 'https://files.example/joe.mp4' }, shown: 'image' },
  ])('uploads a local picture first ($shown)', async ({ model, field, shown }) => {
    const { server, provider } = await setUp();
    const store = await createTestServer();
    const input = { ...VIDEO, model, reference: PICTURE };
    const described = (await provider.describeVideo(input, call)).body[shown];
    expect([described].flat()).toEqual(['<image/png, 8 bytes, uploaded first>']);
    server.answer(ticketFor(store, {}), queued);
    store.answer({ status: 200 });
    await provider.createVideo(input, call);
    expect(sent(server)).toEqual({ filename: PICTURE.fileName, size: 8, content_type: 'image/png' });
    expect(store.seen[0]?.headers['content-type']).toBe('image/png');
    expect(new Uint8Array(store.seen[0]?.body ?? [])).toEqual(PICTURE.bytes);
    expect(sent(server, 1)).toMatchObject(field);
  });

  it.each<{ title: string; input: Partial<NewVideo>; says: string }>([
    {
      title: 'a picture where the model takes none',
      input: { model: 'openai/sora-2/text-to-video', reference: PICTURE },
      says: 'takes no reference picture',
    },
    {
      title: 'no picture where the model begins with one',
      input: { model: 'openai/sora-2/image-to-video' },
      says: 'begins with a picture',
    },
    {
      title: 'characters where the model has no place for them',
      input: { model: 'openai/sora-2/image-to-video', reference: PICTURE, characters: cast('char_a') },
      says: 'takes no characters',
    },
    { title: 'a shape that has no name', input: { size: { width: 1792, height: 1024 } }, says: '1792x1024' },
    {
      title: '4k of Seedance 2.0',
      input: { size: { width: 3840, height: 2160 }, reference: PICTURE },
      says: '3840x2160',
    },
    { title: 'a model that leads elsewhere', input: { model: '../balance' }, says: 'not the id of a model' },
  ])('refuses $title before anything is uploaded (P6)', async ({ input, says }) => {
    const { server, provider } = await setUp();
    const error = await failureOf(provider.createVideo({ ...VIDEO, ...input }, call));
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(says) });
    expect(server.seen).toEqual([]);
  });

  it.each([
    { code: 403, message: 'Your role may not use this model', means: 'auth' },
    { code: 400, message: 'Content flagged as potentially sensitive.', means: 'policy' },
    { code: 400, message: 'InputImageSensitiveContentDetected', means: 'policy' },
    { code: 403, message: 'The image may contain real person', means: 'policy' },
  ])('takes $code "$message" for $means, as a status and inside a 200', async ({ code, message, means }) => {
    const { server, provider } = await setUp();
    const requestId = { 'x-request-id': 'req_1' };
    server.answer(
      { status: code, body: { message, error_code: 'e' }, headers: requestId },
      { body: { code, message, data: {} }, headers: requestId },
    );
    for (const _ of [1, 2]) {
      const error = await failureOf(provider.createVideo(VIDEO, call));
      expect(error).toMatchObject({ code: means, message: expect.stringContaining(message), requestId: 'req_1' });
    }
  });

  it('reads a task without an envelope', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { id: 't', status: 'processing' } });
    expect(await provider.createVideo(VIDEO, call)).toMatchObject({ id: 't', status: 'running' });
  });
});

describe('getVideo', () => {
  it('tells the model, the time, and until when the host keeps the result', async () => {
    const { server, provider } = await setUp();
    const model = 'openai/sora-2/text-to-video';
    server.answer({
      ...ok({ id: 't', model, status: 'processing', created_at: '2026-11-21T10:00:00.5Z', outputs: null, error: '' }),
      headers: { 'retry-after': '7' },
    });
    expect(await provider.getVideo('t', call)).toEqual({
      id: 't',
      status: 'running',
      remoteStatus: 'processing',
      model,
      createdAt: '2026-11-21T10:00:00.500Z',
      expiresAt: '2026-11-28T10:00:00.500Z',
      pollAfterMs: 7000,
    });
  });

  it.each([
    {
      title: 'an error object',
      data: { error: { code: 'E7', message: 'bad clip' } },
      failure: { code: 'E7', message: 'bad clip', policy: false },
    },
    {
      title: 'moderation',
      data: { error: 'Content flagged as potentially sensitive' },
      failure: { message: 'Content flagged as potentially sensitive', policy: true },
    },
    {
      title: 'an unsafe result',
      data: { error: 'blocked', has_nsfw_contents: [false, true] },
      failure: { message: 'blocked', policy: true },
    },
    {
      title: 'no reason',
      data: { error: '' },
      failure: { message: 'The host gave no reason; it calls the task failed.', policy: false },
    },
  ])('reads a failure inside HTTP 200 that tells of $title', async ({ data, failure }) => {
    const { server, provider } = await setUp();
    server.answer(ok({ id: 't', status: 'failed', ...data }));
    expect(await provider.getVideo('t', call)).toEqual({ id: 't', status: 'failed', remoteStatus: 'failed', failure });
  });

  it('takes a failed task for one although its envelope has another code', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { code: 500, message: 'x', data: { id: 't', status: 'failed', error: 'bad clip' } } });
    expect(await provider.getVideo('t', call)).toMatchObject({ status: 'failed', failure: { message: 'bad clip' } });
  });

  it('calls a task that is complete but kept back for its content a failure of policy', async () => {
    const { server, provider } = await setUp();
    server.answer(ok({ id: 't', status: 'completed', outputs: [], has_nsfw_contents: [true] }));
    expect(await provider.getVideo('t', call)).toMatchObject({ status: 'failed', failure: { policy: true } });
  });

  it.each([
    { code: 500, message: 'trouble', means: 'network' },
    { code: 429, message: 'slow down', means: 'network' },
  ])('takes code $code inside a 200 for $means', async ({ code, message, means }) => {
    const { server, provider } = await setUp();
    server.answer({ body: { code, message } });
    expect(await failureOf(provider.getVideo('t', call))).toMatchObject({
      code: means,
      message: expect.stringContaining(message),
    });
  });

  it('asks where the task says, when that is the base URL’s own origin', async () => {
    const { server, provider } = await setUp();
    server.answer(
      ok({ id: 't', status: 'created', urls: { get: `${server.url}/elsewhere/t?x=1` } }),
      ok({ id: 't', status: 'completed' }),
    );
    await provider.createVideo(VIDEO, call);
    await provider.getVideo('t', call);
    expect(server.seen[1]?.path).toBe('/elsewhere/t?x=1');
  });

  it('never takes the key to another origin that a task names (P5)', async () => {
    const { server, provider } = await setUp();
    const other = await createTestServer();
    server.answer(
      ok({ id: 't', status: 'created', urls: { get: `${other.url}/steal` } }),
      ok({ id: 't', status: 'completed' }),
    );
    await provider.createVideo(VIDEO, call);
    await provider.getVideo('t', call);
    expect(other.seen).toEqual([]);
    expect(server.seen[1]?.path).toBe('/api/v3/predictions/t/result');
  });
});

describe('openContent', () => {
  const done = (...outputs: unknown[]): Scripted => ok({ id: 't', status: 'completed', outputs });

  it.each([{ wrap: (url: string): unknown => url }, { wrap: (url: string): unknown => ({ url }) }])(
    'opens the first output, however it is wrapped',
    async ({ wrap }) => {
      const { server, store, provider } = await setUp();
      server.answer(done(wrap(`${store.url}/v.mp4?sig=1`), `${store.url}/second.mp4`));
      store.answer({ body: '0123456789', headers: MP4 });
      expect(await textOf(await provider.openContent('t', WHOLE, call))).toBe('0123456789');
      expect(store.seen[0]?.path).toBe('/v.mp4?sig=1');
    },
  );

  it('does not blame the key for a link that has expired', async () => {
    const { server, provider } = await setUp();
    const store = await createTestServer();
    server.answer(done(`${store.url}/v.mp4`), done(`${store.url}/v.mp4`));
    const gone = { status: 403, body: 'Request has expired' };
    store.answer(gone, gone);
    const error = await failureOf(provider.openContent('t', WHOLE, call));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(gone.body) });
    expect(error.hint).toMatch(/has expired, or its storage is having problems\./);
  });

  it.each([
    { title: 'is not finished', data: { status: 'processing' }, code: 'refused', says: 'processing' },
    { title: 'failed', data: { status: 'failed', error: 'bad clip' }, code: 'refused', says: 'bad clip' },
    { title: 'was moderated', data: { status: 'failed', error: 'NSFW' }, code: 'policy', says: 'NSFW' },
    { title: 'has no output', data: { status: 'completed', outputs: [] }, code: 'refused', says: 'names no video' },
    {
      title: 'names plain http elsewhere',
      data: { status: 'completed', outputs: ['http://files.example/v.mp4?sig=secret'] },
      code: 'refused',
      says: 'http://files.example/v.mp4?sig=***',
    },
    {
      title: 'names a file',
      data: { status: 'completed', outputs: ['file:///etc/passwd'] },
      code: 'refused',
      says: 'file:///etc/passwd',
    },
  ])('refuses when the task $title', async ({ data, code, says }) => {
    const { server, provider } = await setUp();
    server.answer(ok({ id: 't', ...data }));
    expect(await failureOf(provider.openContent('t', WHOLE, call))).toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });
});

describe('clips.upload', () => {
  it('says what is to come, keeps its own idea of the connection, and tells until when the clip is there', async () => {
    const { server, store, provider } = await setUp();
    server.answer(ticketFor(store, { 'Content-Type': 'video/mp4', Host: 'x.example' }));
    store.answer({});
    const before = Date.now();
    const clipPath = await clip(Buffer.alloc(300_000, 'frame'));
    const uploaded = await provider.clips?.upload({ clipPath, fileName: 'zoë.mp4' }, call);
    expect(uploaded?.url).toBe('https://files.example/joe.mp4');
    const keptMs = Date.parse(uploaded?.expiresAt ?? '') - WEEK_MS;
    expect(keptMs).toBeGreaterThanOrEqual(before);
    expect(keptMs).toBeLessThanOrEqual(Date.now());
    expect(server.seen[0]?.path).toBe('/api/v3/media/uploads');
    expect(sent(server)).toEqual({ filename: 'zoë.mp4', size: 300_000, content_type: 'video/mp4' });
    expect(store.seen[0]?.headers.host).toBe(`127.0.0.1:${store.port}`);
  });

  it.each([404, 405])('falls back to the form when tickets answer %i', async (status) => {
    const { server, provider } = await setUp();
    server.answer(
      { status },
      ok({ type: 'video', download_url: 'https://files.example/j.mp4', filename: 'j', size: 3 }),
    );
    const uploaded = await provider.clips?.upload({ clipPath: await clip(), fileName: 'j.mp4' }, call);
    expect(uploaded).toEqual({ url: 'https://files.example/j.mp4', expiresAt: expect.any(String) });
    const seen = server.seen[1];
    if (!seen) throw new Error('nothing was sent');
    expect(seen).toMatchObject({ path: '/api/v3/media/upload/binary', headers: { authorization: `Bearer ${KEY}` } });
    const file = (await readForm(seen)).get('file') as File;
    expect([file.name, file.type, await file.text()]).toEqual(['j.mp4', 'video/mp4', 'mp4']);
  });

  it.each([
    { title: 'there is no place in the ticket', answer: ok({ download_url: 'https://f.example/a' }), code: 'refused' },
    {
      title: 'another method is wanted',
      answer: ok({ download_url: 'https://f.example/a', upload: { method: 'POST', url: 'https://f.example/up' } }),
      code: 'refused',
    },
  ])('fails as $code when $title', async ({ answer, code }) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    const uploaded = provider.clips?.upload({ clipPath: await clip(), fileName: 'j.mp4' }, call);
    expect((await failureOf(uploaded)).code).toBe(code);
  });
});

describe('createCharacter', () => {
  const joe = { name: 'Joe', fileName: 'joe.mp4' };

  /** A host that has the clip already; the answers are those of the task. */
  async function withClip(
    ...answers: Scripted[]
  ): Promise<Bench & { made: (options?: CharacterCall) => Promise<unknown> }> {
    const bench = await setUp();
    const store = await createTestServer();
    bench.server.answer(ticketFor(store), ...answers);
    store.answer({ status: 200 });
    const clipPath = await clip();
    return { ...bench, made: (options = call) => charactersOf(bench.provider).create({ ...joe, clipPath }, options) };
  }

  it('uploads the clip, begins a task, and asks until it is final', async () => {
    const { server, sleeps, made } = await withClip(
      ok({ id: 't', status: 'created' }),
      ok({ id: 't', status: 'processing' }),
      { body: { code: 500, message: 'trouble' } },
      ok({ id: 't', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] }),
    );
    expect(await made()).toEqual({ id: 'char_1', name: 'Joe' });
    expect(server.seen.map(({ path }) => path).slice(1)).toEqual([
      '/api/v3/openai/sora-2/characters',
      ...Array<string>(3).fill('/api/v3/predictions/t/result'),
    ]);
    expect(sent(server, 1)).toEqual({ video: 'https://files.example/joe.mp4', name: 'Joe' });
    expect(sleeps).toHaveLength(3);
    expect(Math.min(...sleeps)).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    { output: '{"id":"char_1","name":"Joe"}', id: 'char_1', name: 'Joe' },
    { output: '"char_2"', id: 'char_2', name: undefined },
  ])('reads $output, at once when the task is', async ({ output, id, name }) => {
    const { sleeps, made } = await withClip({
      body: `{"code":200,"data":{"id":"t","status":"completed","outputs":[${output}]}}`,
    });
    expect(await made()).toEqual({ id, name });
    expect(sleeps).toEqual([]);
  });

  it.each([
    { title: 'is no longer known', answer: { status: 404, forever: true }, says: 'does not know it' },
    {
      title: 'cannot be asked about',
      answer: { status: 401, body: { message: 'bad key' }, forever: true },
      says: 'bad key',
    },
  ])('calls a character pending whose task $title, and names the task (P2)', async ({ answer, says }) => {
    const { made } = await withClip(ok({ id: 'task-7', status: 'created' }), answer);
    expect(await failureOf(made())).toMatchObject({
      code: 'pending',
      message: expect.stringMatching(new RegExp(`task-7.*${says}`)),
    });
  });

  it('calls a character ambiguous whose task ends without an id, and names the task (P2)', async () => {
    const outputs = ['https://f.example/v.mp4', KEY];
    const { made } = await withClip(
      ok({ id: 'task-7', status: 'created' }),
      ok({ id: 't', status: 'completed', outputs }),
    );
    const error = await failureOf(made());
    expect(error).toMatchObject({ code: 'ambiguous', message: expect.stringMatching(/Task t .*does not say its id/) });
    expect(error.message).not.toContain(KEY);
  });

  it('P2: tells of the request before it leaves, and of the task before it is asked about', async () => {
    const told: string[] = [];
    const { server, made } = await withClip(
      ok({ id: 'task-7', status: 'created' }),
      ok({ id: 'task-7', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] }),
    );
    await made({
      signal: call.signal,
      onSend: async () => void told.push(`send ${server.seen.length}`),
      onPending: async (id) => void told.push(`${id} ${server.seen.length}`),
    });
    // The ticket of the upload, then the task.
    expect(told).toEqual(['send 1', 'task-7 2']);
  });

  it('P2: begins no task when what comes before it fails', async () => {
    const { server, made } = await withClip();
    const onSend = async (): Promise<void> => {
      throw new Error('The disk is full.');
    };
    await expect(made({ signal: call.signal, onSend })).rejects.toThrow('disk is full');
    expect(server.seen).toHaveLength(1);
  });

  it('P2: goes on with an earlier task: asked at once, and waited for', async () => {
    const { server, provider, sleeps } = await setUp();
    server.answer(
      ok({ id: 'task-7', status: 'processing' }),
      ok({ id: 'task-7', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] }),
    );
    expect(await provider.characters?.resume?.('task-7', call)).toEqual({ id: 'char_1', name: 'Joe' });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array<string>(2).fill('GET /api/v3/predictions/task-7/result'),
    );
    expect(sleeps).toHaveLength(1);
  });

  it('knows nothing of an earlier task that the host has forgotten, and says why one has failed', async () => {
    const { server, provider } = await setUp();
    server.answer({ status: 404 }, ok({ id: 'task-7', status: 'failed', error: 'flagged as NSFW' }));
    expect(await provider.characters?.resume?.('task-7', call)).toBeUndefined();
    expect(await failureOf(Promise.resolve(provider.characters?.resume?.('task-7', call)))).toMatchObject({
      code: 'policy',
    });
  });

  it('calls an earlier task pending that it cannot ask about, whatever the refusal', async () => {
    const { server, provider } = await setUp();
    server.answer({ status: 400, body: { message: 'bad id' } });
    const error = await failureOf(Promise.resolve(provider.characters?.resume?.('task-7', call)));
    expect(error).toMatchObject({ code: 'pending', message: expect.stringMatching(/task-7.*bad id/) });
  });

  it('calls a character pending whose task never ends', async () => {
    const { sleeps, made } = await withClip({ ...ok({ id: 't', status: 'processing' }), forever: true });
    expect((await failureOf(made())).code).toBe('pending');
    const waited = sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(900_000);
    expect(waited).toBeLessThan(920_000);
  });

  it('calls a character pending when the wait for its task is interrupted (P2)', async () => {
    const stop = new AbortController();
    const { server, provider } = await setUp({
      sleep: async (_ms, signal) => {
        stop.abort();
        signal.throwIfAborted();
      },
    });
    const store = await createTestServer();
    server.answer(ticketFor(store), ok({ id: 't', status: 'created' }));
    store.answer({ status: 200 });
    const made = charactersOf(provider).create({ ...joe, clipPath: await clip() }, { signal: stop.signal });
    expect(await failureOf(made)).toMatchObject({ code: 'pending', message: expect.stringContaining('interrupted') });
  });

  it('really waits between two looks, and stops when it is interrupted', async () => {
    const stop = new AbortController();
    let answers = 0;
    const { http } = createTestHttp({
      debug: (line) => {
        // The ticket, the store, the task: the next thing to do is to wait.
        if (line.startsWith('< 200') && ++answers === 3) setTimeout(() => stop.abort(), 100);
      },
    });
    const server = await createTestServer();
    const store = await createTestServer();
    const provider = createWavespeed(PROVIDERS.wavespeed, { baseUrl: server.url, key: KEY, backend: undefined, http });
    server.answer(ticketFor(store), ok({ id: 'task-7', status: 'created' }));
    store.answer({ status: 200 });
    const made = charactersOf(provider).create({ ...joe, clipPath: await clip() }, { signal: stop.signal });
    expect(await failureOf(made)).toMatchObject({ code: 'pending', message: expect.stringContaining('task-7') });
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    { error: 'clip too short', code: 'refused' },
    { error: 'flagged as NSFW', code: 'policy' },
  ])('fails as $code when the task says "$error"', async ({ error, code }) => {
    const { made } = await withClip(ok({ id: 't', status: 'failed', error }));
    expect(await failureOf(made())).toMatchObject({ code, message: expect.stringContaining(error) });
  });
});

describe('what is known of the models', () => {
  const limits = async (model?: string) => (await setUp()).provider.limits(model, call);

  it('is that Seedance takes clips, within limits, and is what is sent by default', async () => {
    const { provider } = await setUp();
    expect(provider).toMatchObject({ name: 'wavespeed', defaultModel: 'bytedance/seedance-2.0/text-to-video' });
    const known = await provider.limits(undefined, call);
    expect(known).toMatchObject({
      characterInputs: [
        {
          mode: 'clip-url',
          clips: { count: 3, totalSeconds: { most: 15 }, pixels: { least: 409_600, most: 927_408 } },
        },
        { mode: 'image', stills: { count: 9 } },
      ],
    });
    expect(known.retired).toBeUndefined();
    expect([known.seconds[0], known.seconds.at(-1)]).toEqual([4, 15]);
    const later = await provider.limits('bytedance/seedance-2.5/text-to-video', call);
    expect(later.characterInputs[0]).toMatchObject({ clips: { count: 10, totalSeconds: { most: 30 } } });
    expect(later.seconds.at(-1)).toBe(30);
  });

  it.each(['text-to-video', 'text-to-video-pro', 'image-to-video', 'image-to-video-pro', 'unlisted'])(
    'is that openai/sora-2/%s has ids and is retired',
    async (name) => {
      expect(await limits(`openai/sora-2/${name}`)).toMatchObject({
        characterInputs: name.startsWith('image') ? [] : [{ mode: 'id' }],
        retired: '2026-09-24',
        seconds: [4, 8, 12, 16, 20],
      });
    },
  );

  it.each([
    { model: 'others/open-sora', mode: 'id', count: 2 },
    { model: 'bytedance/seedance-2.5/fast', mode: 'clip-url', count: 10 },
    { model: 'kling/v9', mode: 'clip-url', count: 5 },
    { model: 'others/anything', mode: 'clip-url', count: 3 },
  ])('is, for the unlisted $model, that of its family ($mode)', async ({ model, mode, count }) => {
    const known = await limits(model);
    expect(known.retired).toBeUndefined();
    expect(known.characterInputs[0]).toMatchObject({ mode, clips: { count } });
  });
});

describe('price', () => {
  it('asks for exactly what would be sent, without uploading a picture', async () => {
    const { server, provider } = await setUp();
    server.answer(ok({ price: 1.92, discounted_price: 1.92, currency: 'USD' }));
    expect(await provider.price?.({ ...VIDEO, reference: PICTURE }, call)).toBe(1.92);
    expect(server.seen[0]).toMatchObject({
      ...{ method: 'POST', path: '/api/v3/model/price' },
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(server.seen).toHaveLength(1);
    const { body } = await provider.describeVideo({ ...VIDEO, reference: PICTURE }, call);
    expect(sent(server)).toEqual({ model_id: 'bytedance/seedance-2.0/text-to-video', inputs: body });
  });

  it.each<[string, object, number | undefined]>([
    ['with the discount', { price: 1.2, discounted_price: 0.9 }, 0.9],
    ['without a discount', { price: 1.2, discounted_price: null, currency: 'usd' }, 1.2],
    ['as text', { price: '1.20' }, 1.2],
    ['that is not there', {}, undefined],
    ['of zero', { price: 0, discounted_price: 0 }, undefined],
    ['in another currency', { price: 7, currency: 'CNY' }, undefined],
    ['in words', { price: 'free' }, undefined],
  ])('reads one %s', async (_title, data, usd) => {
    const { server, provider } = await setUp();
    server.answer(ok(data));
    expect(await provider.price?.(VIDEO, call)).toBe(usd);
  });

  it('is asked again after a failure of the host: nothing is made', async () => {
    const { server, provider } = await setUp();
    server.answer({ status: 503 }, ok({ price: 2 }));
    expect(await provider.price?.(VIDEO, call)).toBe(2);
  });

  it('throws a refusal inside the envelope', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { code: 400, message: 'no such model' } });
    await expect(provider.price?.(VIDEO, call)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('list', () => {
  it('asks for the inputs, and tells what they say of the video that was asked for', async () => {
    const { server, provider } = await setUp();
    const inputs = { prompt: 'Joe waves.', duration: 8, size: '1280*720' };
    const task = {
      status: 'processing',
      model: 'openai/sora-2/text-to-video',
      created_at: '2026-11-21T10:00:00.123456789Z',
    };
    server.answer(
      ok({
        page: 1,
        items: [{ id: 't1', ...task, inputs }, { id: 't2', ...task, input: { prompt: 'A hill.' } }, 'no task'],
      }),
    );
    const page = await provider.list?.({ limit: 100 }, call);
    expect(sent(server)).toEqual({ page: 1, page_size: 100, include_inputs: true });
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/api/v3/predictions' });
    const common = { status: 'running', model: task.model, createdAt: '2026-11-21T10:00:00.123Z' };
    expect(page?.videos).toMatchObject([
      { id: 't1', ...common, prompt: 'Joe waves.', seconds: 8, size: '1280*720' },
      { id: 't2', ...common, prompt: 'A hill.' },
    ]);
    expect(page).not.toHaveProperty('next');
  });

  it.each([
    [
      'a route that is missing',
      { status: 404, body: { message: 'Model predictions not found.' } },
      'refused',
      /no call that lists/,
    ],
    ['a wrong key', { status: 401, body: { message: 'No.' } }, 'auth', /key/],
    ['no list', ok({ page: 1 }), 'network', /./],
  ] as const)('fails on %s', async (_title, answer, code, hint) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    expect(await failureOf(provider.list?.({ limit: 1 }, call))).toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
  });
});

describe('the numbers of the vendor', () => {
  it.each([
    [1200, 'failed', { code: '1200', policy: true }],
    [1400, 'failed', { code: '1400', policy: false }],
    [1402, 'failed', { code: '1402', policy: false, unreachable: true }],
    [1405, 'failed', { code: '1405', policy: false }],
    [5000, 'failed', { code: '5000', policy: false }],
    [0, 'failed', { message: 'It did not work.', policy: false }],
    [5004, 'running', undefined],
  ])('%i of a failed task', async (code, status, failure) => {
    const { server, provider } = await setUp();
    server.answer(ok({ id: 't1', status: 'failed', code, error: 'It did not work.', outputs: [] }));
    const video = await provider.getVideo('t1', call);
    expect(video?.status).toBe(status);
    expect(video?.failure).toEqual(failure && { message: 'It did not work.', ...failure });
  });

  it('tell a failure that gives no reason', async () => {
    const { server, provider } = await setUp();
    server.answer(ok({ id: 't1', status: 'failed', code: 5003, error: '' }));
    expect((await provider.getVideo('t1', call))?.failure).toMatchObject({ code: '5003', policy: false });
  });

  it.each([
    [1200, 'policy'],
    [1401, 'refused'],
    [1402, 'refused'],
    [1403, 'ambiguous'],
    [5000, 'ambiguous'],
  ])('%i in answer to a create is %s', async (code, expected) => {
    const { server, provider } = await setUp();
    server.answer({ body: { code, message: 'No.' } });
    expect(await failureOf(provider.createVideo(VIDEO, call))).toMatchObject({ code: expected });
    expect(server.seen).toHaveLength(1);
  });
});

describe('remove', () => {
  const gone: Scripted = { status: 404, body: { message: 'Prediction t1 not found.', error_code: 'not_found' } };

  it.each<[string, Scripted]>([
    ['does not know it any more', gone],
    ['says so in the body', { body: { code: 404, message: 'not found' } }],
    ['calls it deleted', ok({ id: 't1', status: 'deleted' })],
  ])('has deleted the task when the host then %s', async (_title, after) => {
    const { server, provider } = await setUp();
    server.answer(ok({ ids: ['t1'] }), after);
    expect(await provider.remove?.('t1', call)).toBe(true);
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v3/predictions/delete',
      'GET /api/v3/predictions/t1/result',
    ]);
    expect(JSON.parse(String(server.seen[0]?.body))).toEqual({ ids: ['t1'] });
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('says when the host did not know it', async () => {
    const { server, provider } = await setUp();
    server.answer(gone, gone);
    expect(await provider.remove?.('t1', call)).toBe(false);
  });

  it('is no success while the host still has it (P3)', async () => {
    const { server, provider } = await setUp();
    server.answer(ok({}), ok({ id: 't1', status: 'completed', outputs: ['https://files.example/a.mp4'] }));
    const error = await failureOf(provider.remove?.('t1', call) ?? Promise.resolve());
    expect([error.code, error.message]).toEqual(['refused', 'The host kept the video: it still calls it completed.']);
    server.answer({ status: 401, body: { message: 'Invalid API key.' } });
    expect((await failureOf(provider.remove?.('t1', call) ?? Promise.resolve())).code).toBe('auth');
  });

  it('goes with no call that cancels: the host has none', async () => {
    expect((await setUp()).provider.cancel).toBeUndefined();
  });
});
