import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import azure from '../../../fixtures/wire/azure.json' with { type: 'json' };
import litellm from '../../../fixtures/wire/litellm.json' with { type: 'json' };
import newApi from '../../../fixtures/wire/new-api.json' with { type: 'json' };
import openai from '../../../fixtures/wire/openai.json' with { type: 'json' };
import sglang from '../../../fixtures/wire/sglang.json' with { type: 'json' };
import vllmOmni from '../../../fixtures/wire/vllm-omni.json' with { type: 'json' };
import { PROVIDERS } from '../../../src/providers/index.ts';
import { createOpenai } from '../../../src/providers/openai/adapter.ts';
import {
  type Backend,
  type NewVideo,
  type Provider,
  type ProviderOptions,
  type Reference,
  takesCharacters,
} from '../../../src/providers/provider.ts';
import { keyOf } from '../../../src/settings/choose-provider.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { createTestServer, readForm, type Scripted } from '../../helpers/server.ts';
import { type Bench, DIALECTS, setUp as setUpHost } from '../dialects.ts';
import {
  call,
  cast,
  charactersOf,
  clip,
  failureOf,
  KEY,
  MP4,
  PICTURE,
  textOf,
  WHOLE,
  VIDEO as WISH,
} from '../harness.ts';

const VIDEO: NewVideo = { ...WISH, model: 'sora-2' };

const setUp = (options: Partial<ProviderOptions> = {}): Promise<Bench> => setUpHost(DIALECTS.openai, options);

interface Message {
  title: string;
  operation: string;
  status: number;
  headers?: Record<string, string>;
  body?: object;
  text?: string;
  means?: object & { id?: string };
  refuses?: { code: string; message: string; requestId?: string };
}

const MESSAGES = [azure, litellm, newApi, openai, sglang, vllmOmni].flatMap(({ server, messages }) =>
  (messages as Message[]).map((message) => ({ ...message, server })),
);

describe('recorded messages', () => {
  it.each(MESSAGES)('of $server: reads $title', async ({ operation, means, refuses, status, headers, body, text }) => {
    const { server, provider } = await setUp();
    const answer: Scripted = { status, body: text ?? body ?? '', headers: headers ?? {} };
    server.answer(answer);
    const asked = {
      video: () => provider.createVideo(VIDEO, call),
      poll: () => provider.getVideo(means?.id ?? '', call),
      character: async () =>
        charactersOf(provider).create({ name: 'Joe', clipPath: await clip(), fileName: 'joe.mp4' }, call),
      lookup: () => provider.characters?.get?.('char_1', call),
      extend: async () => provider.derive?.create({ kind: 'extend', videoId: 'v', prompt: 'On.', seconds: 4 }, call),
      list: async () => provider.list?.({ limit: 1 }, call),
    }[operation];
    if (!asked) throw new Error(`unknown operation ${operation}`);
    if (means) expect(await asked()).toEqual(means);
    else {
      const error = await failureOf(asked());
      expect(server.seen).toHaveLength(1);
      expect(error).toMatchObject({ ...refuses, message: expect.stringContaining(refuses?.message ?? '') });
    }
  });
});

describe('createVideo', () => {
  const queued = { body: { id: 'video_1', status: 'queued' } };

  it('sends JSON with seconds as a string', async () => {
    const { server, provider } = await setUp();
    server.answer(queued);
    await provider.createVideo(VIDEO, call);
    const seen = server.seen[0];
    expect(seen).toMatchObject({ method: 'POST', path: '/v1/videos', headers: { authorization: `Bearer ${KEY}` } });
    expect(seen?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(seen?.body))).toEqual({
      prompt: VIDEO.prompt,
      model: 'sora-2',
      seconds: '8',
      size: '1280x720',
    });
  });

  it('sends characters in the order given, and a local picture beside them as a data URL', async () => {
    const { server, provider } = await setUp();
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, characters: cast('char_b', 'char_a'), reference: PICTURE }, call);
    expect(JSON.parse(String(server.seen[0]?.body))).toMatchObject({
      characters: [{ id: 'char_b' }, { id: 'char_a' }],
      input_reference: { image_url: `data:image/png;base64,${Buffer.from(PICTURE.bytes).toString('base64')}` },
    });
  });

  it('sends a local picture without characters as a file with its real type', async () => {
    const { server, provider } = await setUp();
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, reference: PICTURE }, call);
    const seen = server.seen[0];
    if (!seen) throw new Error('nothing was sent');
    const form = await readForm(seen);
    expect([...form.keys()]).toEqual(['prompt', 'model', 'seconds', 'size', 'input_reference']);
    expect(form.get('prompt')).toBe(VIDEO.prompt);
    expect(form.get('seconds')).toBe('8');
    const file = form.get('input_reference') as File;
    expect([file.name, file.type]).toEqual(['a "b"\n.png', 'image/png']);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(PICTURE.bytes);
    expect(Number(seen.headers['content-length'])).toBe(seen.body.byteLength);
  });

  const url: Reference = { kind: 'url', url: 'https://pictures.example/a.png?x=1' };

  it.each<{ backend: Backend | undefined; field: object }>([
    { backend: undefined, field: { input_reference: { image_url: url.url } } },
    { backend: 'litellm', field: { input_reference: { image_url: url.url } } },
    { backend: 'sglang', field: { input_reference: url.url } },
    { backend: 'json', field: { input_reference: url.url } },
  ])('passes a picture URL on in JSON (backend $backend)', async ({ backend, field }) => {
    const { server, provider } = await setUp({ backend });
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, reference: url }, call);
    expect(JSON.parse(String(server.seen[0]?.body))).toMatchObject(field);
  });

  it('sends a gateway that takes no forms a local picture as a data URL, and everything else as ever', async () => {
    const { server, provider } = await setUp({ backend: 'json' });
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, model: 'sora-2', reference: PICTURE }, call);
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(server.seen[0]?.body))).toEqual({
      ...{ prompt: VIDEO.prompt, model: 'sora-2', seconds: '8', size: '1280x720' },
      input_reference: `data:image/png;base64,${Buffer.from(PICTURE.bytes).toString('base64')}`,
    });
  });

  it('sends vLLM-Omni a form without a model, with a picture URL in its own field', async () => {
    const { server, provider } = await setUp({ backend: 'vllm-omni' });
    server.answer(queued);
    await provider.createVideo({ ...VIDEO, model: undefined, reference: url }, call);
    const seen = server.seen[0];
    if (!seen) throw new Error('nothing was sent');
    expect(Object.fromEntries(await readForm(seen))).toEqual({
      prompt: VIDEO.prompt,
      seconds: '8',
      size: '1280x720',
      image_reference: JSON.stringify({ image_url: url.url }),
    });
  });

  it('sends Azure its key in its own header', async () => {
    const { server, provider } = await setUp({ backend: 'azure' });
    server.answer(queued);
    await provider.createVideo(VIDEO, call);
    expect(server.seen[0]?.headers).toMatchObject({ 'api-key': KEY });
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('sends no key when there is none', async () => {
    const { server, provider } = await setUp({ key: undefined });
    server.answer(queued);
    await provider.createVideo(VIDEO, call);
    expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each<Backend>(['vllm-omni', 'sglang'])('refuses characters for %s, which would drop them', async (backend) => {
    const { server, provider } = await setUp({ backend });
    const error = await failureOf(provider.createVideo({ ...VIDEO, characters: cast('char_a') }, call));
    expect(error.code).toBe('usage');
    expect(server.seen).toEqual([]);
  });

  it('refuses a picture that is too large for a data URL before it sends anything', async () => {
    const { server, provider } = await setUp();
    const reference = { ...PICTURE, bytes: new Uint8Array(15_728_640) };
    const error = await failureOf(provider.createVideo({ ...VIDEO, characters: cast('char_a'), reference }, call));
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('20971520') });
    expect(server.seen).toEqual([]);
  });
});

describe('describeVideo', () => {
  it.each<{ backend: Backend | undefined; reference: Reference | undefined; characters: NewVideo['characters'] }>([
    { backend: undefined, reference: PICTURE, characters: cast('char_a') },
    { backend: 'vllm-omni', reference: PICTURE, characters: [] },
    { backend: 'sglang', reference: { kind: 'url', url: 'https://p.example/a.png' }, characters: [] },
    { backend: 'json', reference: PICTURE, characters: [] },
  ])(
    'shows what is sent (backend $backend, $characters.length characters)',
    async ({ backend, reference, characters }) => {
      const { server, provider } = await setUp({ backend });
      const input = { ...VIDEO, reference, characters };
      const described = await provider.describeVideo(input, call);
      expect(server.seen).toEqual([]);
      server.answer({ body: { id: 'v' } });
      await provider.createVideo(input, call);
      const seen = server.seen[0];
      if (!seen) throw new Error('nothing was sent');
      expect(described).toMatchObject({ method: 'POST', url: `${server.url}/v1/videos` });
      expect(seen.headers['content-type']?.split(';')[0]).toBe(described.contentType);
      const sent =
        described.contentType === 'application/json'
          ? (JSON.parse(String(seen.body)) as Record<string, unknown>)
          : Object.fromEntries(
              [...(await readForm(seen))].map(([name, value]) => [
                name,
                typeof value === 'string' ? value : `<${value.type}, ${value.size} bytes>`,
              ]),
            );
      const picture = `data:image/png;base64,${Buffer.from(PICTURE.bytes).toString('base64')}`;
      expect(JSON.stringify(described.body).replace('<image/png, 8 bytes>', picture)).toBe(
        JSON.stringify(sent).replace('<image/png, 8 bytes>', picture),
      );
      expect(JSON.stringify(described)).not.toContain(KEY);
    },
  );
});

describe('characters.create', () => {
  it('streams the clip as video/mp4 with its name', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { id: 'char_1', name: 'Zoë' } });
    const bytes = Buffer.alloc(300_000, 'frame');
    const made = await charactersOf(provider).create(
      { name: 'Zoë', clipPath: await clip(bytes), fileName: 'zoë.mp4' },
      call,
    );
    expect(made).toEqual({ id: 'char_1', name: 'Zoë' });
    const seen = server.seen[0];
    if (!seen) throw new Error('nothing was sent');
    expect(seen.path).toBe('/v1/videos/characters');
    const form = await readForm(seen);
    expect(form.get('name')).toBe('Zoë');
    const file = form.get('video') as File;
    expect([file.name, file.type]).toEqual(['zoë.mp4', 'video/mp4']);
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('P2: tells of the request before it leaves, and sends nothing when that fails', async () => {
    const { server, provider } = await setUp();
    const input = { name: 'Joe', clipPath: await clip(), fileName: 'j.mp4' };
    const onSend = async (): Promise<void> => {
      throw new Error(`after ${server.seen.length} requests`);
    };
    await expect(charactersOf(provider).create(input, { ...call, onSend })).rejects.toThrow('after 0 requests');
    expect(server.seen).toEqual([]);
  });
});

describe('an upload', () => {
  it('that moves slowly is not cut off', async () => {
    const server = await createTestServer();
    server.answer({ body: 'ok' });
    const { http } = createTestHttp({ timeouts: { headersMs: 100, idleMs: 2000 } });
    const body = {
      contentType: 'text/plain',
      bytes: 4,
      async *chunks() {
        for (const letter of 'slow') {
          await delay(50);
          yield Buffer.from(letter);
        }
      },
    };
    await http.send({ method: 'POST', kind: 'create', url: server.url, body, ...call });
    expect(server.seen[0]?.body.toString()).toBe('slow');
  });

  it('that stands still ends as ambiguous', async () => {
    const sockets: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { http } = createTestHttp({ timeouts: { idleMs: 200 } });
    const provider = createOpenai(PROVIDERS.openai, {
      baseUrl: `http://127.0.0.1:${port}`,
      key: undefined,
      backend: undefined,
      http,
    });
    const clipPath = await clip(Buffer.alloc(16_000_000));
    const error = await failureOf(charactersOf(provider).create({ name: 'Joe', clipPath, fileName: 'j.mp4' }, call));
    expect(error.code).toBe('ambiguous');
    expect(error.message).toContain('made no progress for 0.2 s');
  });
});

describe('characters.get', () => {
  it('asks by the percent-encoded id, and keeps it when the host leaves it out', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { name: 'Joe' } });
    expect(await provider.characters?.get?.('char_a+b/c=', call)).toEqual({ id: 'char_a+b/c=', name: 'Joe' });
    expect(server.seen[0]?.path).toBe('/v1/videos/characters/char_a%2Bb%2Fc%3D');
  });

  it.each([{ error: { message: 'broken' } }, { error: 'broken', name: 'Joe' }])(
    'take no error for a character, whatever its status is: %j',
    async (body) => {
      const { server, provider } = await setUp();
      server.answer({ body });
      await expect(provider.characters?.get?.('c1', call)).rejects.toMatchObject({
        code: 'network',
        message: expect.stringContaining('gave no usable answer about the character: broken'),
        hint: expect.stringContaining('base URL'),
      });
    },
  );

  it('keeps the id that was asked for', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { name: 'Joe' } });
    expect(await provider.characters?.get?.('c1', call)).toEqual({ id: 'c1', name: 'Joe' });
  });

  it.each([
    { status: 404, body: { detail: 'Not Found' } },
    { status: 404, body: '404 page not found' },
    { status: 404, body: { error: { message: 'Invalid URL (GET /v1/videos/characters/c)' } } },
    { status: 404, body: '<pre>Cannot GET /v1/videos/characters/c</pre>' },
    { status: 405, body: { detail: 'Method Not Allowed' } },
  ])('take $status $body for a host that cannot be asked about characters', async (answer) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    expect(await failureOf(provider.characters?.get?.('c', call))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('cannot be asked about a character'),
    });
  });
});

describe('derive', () => {
  it.each([
    {
      input: { kind: 'extend', videoId: 'video_1', prompt: 'On.', seconds: 8 } as const,
      path: '/v1/videos/extensions',
      body: { prompt: 'On.', seconds: '8', video: { id: 'video_1' } },
    },
    {
      input: { kind: 'edit', videoId: 'video_1', prompt: 'Blue.' } as const,
      path: '/v1/videos/edits',
      body: { prompt: 'Blue.', video: { id: 'video_1' } },
    },
    {
      input: { kind: 'remix', videoId: 'a/b+c=', prompt: 'Anew.' } as const,
      path: '/v1/videos/a%2Fb%2Bc%3D/remix',
      body: { prompt: 'Anew.' },
    },
  ])('sends $input.kind as it is described', async ({ input, path, body }) => {
    const { server, provider } = await setUp();
    server.answer({ body: { id: 'video_2', status: 'queued', seconds: '12' } });
    expect(await provider.derive?.create(input, call)).toMatchObject({ id: 'video_2', status: 'queued', seconds: 12 });
    expect(server.seen).toMatchObject([{ method: 'POST', path, headers: { authorization: `Bearer ${KEY}` } }]);
    expect(JSON.parse(String(server.seen[0]?.body))).toEqual(body);
    const contentType = server.seen[0]?.headers['content-type'];
    expect(provider.derive?.describe(input)).toEqual({ method: 'POST', url: server.url + path, contentType, body });
  });

  it.each<{ title: string; answer: Scripted; code: string }>([
    { title: 'a 500 ambiguous', answer: { status: 500 }, code: 'ambiguous' },
    { title: 'a lost answer ambiguous', answer: { fault: 'reset' }, code: 'ambiguous' },
    { title: 'a 200 without an id ambiguous', answer: { body: { status: 'queued' } }, code: 'ambiguous' },
    { title: 'a 404 refused', answer: { status: 404, body: { detail: 'Not Found' } }, code: 'refused' },
  ])('calls $title, and asks once (P2)', async ({ answer, code }) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    const sent = provider.derive?.create({ kind: 'edit', videoId: 'v', prompt: 'x' }, call);
    expect((await failureOf(Promise.resolve(sent))).code).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it('says of a host without the route that it may not serve it', async () => {
    const { server, provider } = await setUp();
    server.answer({ status: 405, body: { detail: 'Method Not Allowed' } });
    const sent = provider.derive?.create({ kind: 'remix', videoId: 'v', prompt: 'x' }, call);
    expect((await failureOf(Promise.resolve(sent))).hint).toContain('does not serve video remix');
  });
});

describe('list', () => {
  const page = { limit: 2 };
  const videos = [
    { id: 'video_3', status: 'in_progress' },
    { id: 'video_2', status: 'completed' },
  ];

  it('asks for a page, newest first, from where the last one ended', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: { object: 'list', data: videos, last_id: 'video_2', has_more: true } });
    expect(await provider.list?.({ ...page, after: 'video_4/+' }, call)).toMatchObject({
      videos: [
        { id: 'video_3', status: 'running' },
        { id: 'video_2', status: 'succeeded' },
      ],
      next: 'video_2',
    });
    expect(server.seen[0]?.path).toBe('/v1/videos?limit=2&order=desc&after=video_4%2F%2B');
  });

  it.each([
    { title: 'the last page', body: { data: videos, last_id: 'video_2', has_more: false }, next: undefined },
    { title: 'a full page that does not say', body: { data: videos }, next: 'video_2' },
    { title: 'a short page that does not say', body: { data: videos.slice(1) }, next: undefined },
    { title: 'a bare array', body: videos, next: 'video_2' },
    { title: 'a relay’s page', body: { code: 'success', data: { items: videos } }, next: 'video_2' },
  ])('reads $title', async ({ body, next }) => {
    const { server, provider } = await setUp();
    server.answer({ body });
    const read = await provider.list?.(page, call);
    expect(read?.videos.at(-1)?.id).toBe('video_2');
    expect(read?.next).toBe(next);
  });

  it.each([
    [{ date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, Date.parse('2026-11-21T10:00:00Z')],
    [{ date: 'Sat, 21 Nov 2026 10:00:00 GMT', age: '30' }, Date.parse('2026-11-21T10:00:30Z')],
    [{ date: 'soon' }, undefined],
  ])('tells what the host’s clock said: %j', async (headers, hostNow) => {
    const { server, provider } = await setUp();
    server.answer({ body: { data: videos, has_more: false }, headers });
    expect((await provider.list?.(page, call))?.hostNow).toBe(hostNow);
  });

  it.each([
    { title: 'something else than a list', answer: { body: { message: 'hello' } }, code: 'network' },
    { title: 'a host without the route', answer: { status: 405 }, code: 'refused' },
  ])('is $code for $title', async ({ answer, code }) => {
    const { server, provider } = await setUp();
    server.answer(answer);
    expect((await failureOf(provider.list?.(page, call))).code).toBe(code);
  });
});

describe('remove and cancel', () => {
  const gone = { status: 404, body: { detail: 'Not Found' } };

  it.each<Scripted>([{ body: { id: 'v', object: 'video.deleted', deleted: true } }, { status: 204 }])(
    'are done when the host says so: %j',
    async (answer) => {
      const { server, provider } = await setUp({ backend: 'vllm-omni' });
      server.answer(answer, answer);
      expect(await provider.remove?.('a/b', call)).toBe(true);
      expect(await provider.cancel?.('a/b', call)).toBe(true);
      expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(
        Array(2).fill('DELETE /v1/videos/a%2Fb'),
      );
    },
  );

  it('are asked again while vLLM-Omni says that the job is just changing, for some seconds', async () => {
    const changing = { status: 409, body: { error: { message: 'The job is changing.' } } };
    const { server, provider, sleeps } = await setUp({ backend: 'vllm-omni' });
    server.answer(changing, changing, { status: 204 });
    expect(await provider.cancel?.('v', call)).toBe(true);
    expect(sleeps).toEqual([1000, 1000]);
    server.answer(...Array<Scripted>(6).fill(changing));
    expect((await failureOf(provider.remove?.('v', call))).code).toBe('refused');
    const other = await setUp();
    other.server.answer(changing);
    expect((await failureOf(other.provider.remove?.('v', call))).message).toContain('is changing');
  });

  it('know by new-api’s own words that a task is gone', async () => {
    const unknown = { status: 400, body: { code: 'task_not_exist', message: 'task_not_exist', data: null } };
    const { server, provider } = await setUp();
    server.answer(unknown, unknown, unknown);
    expect(await provider.remove?.('v', call)).toBe(false);
    expect(await provider.getVideo('v', call)).toBeUndefined();
  });

  it('tell a video that is gone from a host that has no such call (P3)', async () => {
    const { server, provider } = await setUp();
    server.answer(gone, gone);
    expect(await provider.remove?.('v', call)).toBe(false);
    server.answer(gone, { body: { id: 'v', status: 'completed' } });
    expect(await failureOf(provider.remove?.('v', call))).toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('no call that deletes'),
    });
  });

  it.each<{ title: string; answers: Scripted[]; code: string }>([
    { title: 'deleted: false', answers: [{ body: { id: 'v', deleted: false } }], code: 'refused' },
    { title: 'a web page', answers: [{ body: '<title>Hi</title>' }], code: 'network' },
    { title: 'a video that is not finished', answers: [{ status: 400, body: { error: 'busy' } }], code: 'refused' },
  ])('are no success with $title (P3)', async ({ answers, code }) => {
    const { server, provider } = await setUp();
    server.answer(...answers);
    expect((await failureOf(provider.remove?.('v', call))).code).toBe(code);
  });

  it('are there where the host is known to have them', () => {
    const { http } = createTestHttp();
    const has = (backend: Backend | undefined) => {
      const provider = createOpenai(PROVIDERS.openai, { baseUrl: 'https://a.example/v1', key: KEY, backend, http });
      return [provider.remove !== undefined, provider.cancel !== undefined];
    };
    expect([undefined, 'openai', 'litellm', 'vllm-omni'].map((one) => has(one as Backend))).toEqual([
      [true, false],
      [true, false],
      [false, false],
      [true, true],
    ]);
  });
});

describe('openContent', () => {
  it('asks for the mp4 without a variant', async () => {
    const { server, provider } = await setUp();
    server.answer({ body: '0123456789', headers: MP4 });
    expect(await textOf(await provider.openContent('v/1', WHOLE, call))).toBe('0123456789');
    expect(server.seen[0]).toMatchObject({ path: '/v1/videos/v%2F1/content' });
    expect(server.seen[0]?.headers.range).toBeUndefined();
  });

  it.each(['thumbnail', 'spritesheet'] as const)('names the variant %s', async (variant) => {
    const { server, provider } = await setUp();
    server.answer({ body: 'x', headers: { 'content-type': 'image/webp' } });
    await textOf(await provider.openContent('v', { ...WHOLE, variant }, call));
    expect(server.seen[0]?.path).toBe(`/v1/videos/v/content?variant=${variant}`);
  });

  it.each([
    {
      title: 'a 404',
      answer: { status: 404, body: { detail: 'Generation is still in-progress' } },
      says: 'still in-progress',
      status: { body: { id: 'v', status: 'in_progress', url: 'https://files.example/half.mp4' } },
    },
    {
      title: 'a 405 of a host whose status names no place',
      answer: { status: 405, body: { detail: 'Method Not Allowed' } },
      says: 'Method Not Allowed',
      status: { body: { id: 'v', status: 'completed', url: null } },
    },
    {
      title: 'a 404 of a host that cannot be asked',
      answer: { status: 404, body: { detail: 'Not Found' } },
      says: 'Not Found',
      status: { status: 401, body: {} },
    },
    { title: 'JSON with status 200', answer: { body: { error: { message: 'not ready' } } }, says: 'not ready' },
    {
      title: 'a web page',
      answer: { body: '<title>Login</title>', headers: { 'content-type': 'text/html' } },
      says: 'Login',
    },
  ])('refuses $title with what the host said', async ({ answer, says, status }) => {
    const { server, provider } = await setUp();
    server.answer(answer, ...(status ? [status] : []));
    expect(await failureOf(provider.openContent('v', WHOLE, call))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining(says),
    });
  });
});

describe('a finished video whose host serves no content', () => {
  const NONE: Scripted = { status: 404, body: { detail: 'Not Found' } };
  const done = (fields: object): Scripted => ({ body: { id: 'v', status: 'completed', ...fields } });

  it.each<[string, (url: string) => object]>([
    ['url', (url) => ({ url })],
    ['video_url', (video_url) => ({ video_url })],
    ['unsigned_urls', (url) => ({ unsigned_urls: [url] })],
    ['urls', (url) => ({ urls: [url] })],
    ['output.url', (url) => ({ output: { url } })],
    ['data[0].url', (url) => ({ data: [{ url }] })],
    ['metadata.url', (url) => ({ metadata: { url } })],
    ['outputs.video_url', (video_url) => ({ outputs: { cost: 1, video_url } })],
    [
      'the fields inside of a relay’s envelope',
      (url) => ({ id: undefined, data: { id: 'v', status: 'success', url } }),
    ],
  ])('is fetched from %s, without the key at another origin (P5)', async (_title, fields) => {
    const { server, provider } = await setUp();
    const store = await createTestServer();
    server.answer(NONE, done(fields(`${store.url}/v.mp4?sig=1`)));
    store.answer({ body: 'bytes', headers: MP4 });
    expect(await textOf(await provider.openContent('v', WHOLE, call))).toBe('bytes');
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/videos/v/content', '/v1/videos/v']);
    expect(store.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(store.seen)).not.toContain(KEY);
  });

  it.each<Scripted>([
    { status: 405, body: { detail: 'Method Not Allowed' } },
    { status: 400, body: { code: 'task_not_exist', message: 'No.' } },
    { status: 410, body: {} },
    { status: 501, body: { error: { message: 'not implemented', code: 'api_not_implemented' } } },
    { status: 500, body: { error: { message: 'video content is not supported' } } },
  ])('is fetched from its place after %j, with the key at the host’s own origin', async (answer) => {
    const { server, provider } = await setUp();
    server.answer(answer, done({ url: '/files/v.mp4' }), { body: 'bytes', headers: MP4 });
    expect(await textOf(await provider.openContent('v', WHOLE, call))).toBe('bytes');
    expect(server.seen[2]).toMatchObject({ path: '/files/v.mp4', headers: { authorization: `Bearer ${KEY}` } });
  });

  it('is resumed there, and its place is asked for again when the link has run out', async () => {
    const { server, provider } = await setUp();
    const store = await createTestServer();
    server.answer(NONE, done({ url: `${store.url}/old.mp4` }), done({ url: `${store.url}/new.mp4` }));
    const headers = { ...MP4, 'content-range': 'bytes 2-4/5' };
    store.answer({ status: 403, body: 'expired' }, { status: 206, body: 'tes', headers });
    const content = await provider.openContent('v', { ...WHOLE, offset: 2 }, call);
    expect([content.offset, await textOf(content)]).toEqual([2, 'tes']);
    expect(store.seen.map(({ path }) => path)).toEqual(['/old.mp4', '/new.mp4']);
  });

  it.each([
    ['http://files.example/v.mp4?sig=secret', /is not called/],
    ['file:///etc/passwd', /is not called/],
    [`https://files.example/v.mp4?key=${KEY}`, /contains the key/],
  ])('is not fetched from %s (P5)', async (url, says) => {
    const { server, provider } = await setUp();
    server.answer(NONE, done({ url }));
    const error = await failureOf(provider.openContent('v', WHOLE, call));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringMatching(says) });
    expect(error.message).not.toMatch(new RegExp(`secret|${KEY}`));
  });

  it('has no thumbnail there', async () => {
    const { server, provider } = await setUp();
    server.answer(NONE);
    expect((await failureOf(provider.openContent('v', { ...WHOLE, variant: 'thumbnail' }, call))).code).toBe('refused');
    expect(server.seen).toHaveLength(1);
  });
});

describe('what is known of a host', () => {
  const make = ({
    name = 'openai',
    ...options
  }: Partial<ProviderOptions> & { name?: 'openai' | 'sandbox' }): Provider =>
    createOpenai(PROVIDERS[name], {
      baseUrl: 'https://gateway.example/v1',
      key: KEY,
      backend: undefined,
      http: createTestHttp().http,
      ...options,
    });

  it.each<{ options: Parameters<typeof make>[0]; takes: string; model: string | undefined }>([
    { options: { baseUrl: 'https://api.openai.com/v1' }, takes: 'yes', model: 'sora-2' },
    { options: { backend: 'openai' }, takes: 'yes', model: 'sora-2' },
    { options: { name: 'sandbox', baseUrl: 'sandbox:', url: 'http://127.0.0.1:9' }, takes: 'yes', model: 'sora-2' },
    { options: {}, takes: 'unknown', model: 'sora-2' },
    { options: { backend: 'litellm' }, takes: 'unknown', model: 'sora-2' },
    { options: { backend: 'azure' }, takes: 'unknown', model: undefined },
    { options: { backend: 'vllm-omni' }, takes: 'no', model: undefined },
    { options: { backend: 'sglang' }, takes: 'no', model: undefined },
  ])('is, for $options: characters $takes, model $model', ({ options, takes, model }) => {
    const provider = make(options);
    const { characters } = provider;
    const known = characters ? (characters.isDocumented ? 'yes' : 'unknown') : 'no';
    expect([known, takesCharacters(provider), provider.defaultModel]).toEqual([takes, takes !== 'no', model]);
  });

  it('is its documented limits, or nothing where a server runs its own model', async () => {
    expect(await make({}).limits(undefined, call)).toMatchObject({
      promptChars: 32_000,
      characterInputs: [{ mode: 'id', clips: { count: 2 } }],
      seconds: [4, 8, 12, 16, 20],
    });
    // Unless the model is named, the server is asked which one it runs.
    expect(await make({ backend: 'sglang' }).limits('Wan2.2', call)).toMatchObject({ sizes: [], seconds: [] });
  });
});

describe('PROVIDERS', () => {
  it.each([
    { env: { OPENAI_API_KEY: ' sk-1\n' }, key: 'sk-1' },
    { env: { OPENAI_API_KEY: '' }, key: undefined },
    { env: {}, key: undefined },
  ])('finds the key in $env', ({ env, key }) => {
    expect(keyOf('openai', { env, keys: {} })?.key).toBe(key);
  });

  it('asks for a key at api.openai.com only', () => {
    expect(PROVIDERS.openai.needsKey(PROVIDERS.openai.defaultBaseUrl)).toBe(true);
    expect(PROVIDERS.openai.needsKey('http://localhost:4000/v1')).toBe(false);
  });

  it('makes a sandbox that speaks to its url and is recorded under its name', async () => {
    const server = await createTestServer();
    server.answer({ body: { id: 'v', status: 'queued' } });
    const { http } = createTestHttp();
    const provider = await PROVIDERS.sandbox.create({
      baseUrl: 'sandbox:',
      url: `${server.url}/v1`,
      key: keyOf('sandbox', { env: {}, keys: {} })?.key,
      backend: undefined,
      http,
    });
    await provider.createVideo(VIDEO, call);
    expect(provider).toMatchObject({ name: 'sandbox', baseUrl: 'sandbox:' });
    expect(server.seen[0]).toMatchObject({ path: '/v1/videos', headers: { authorization: 'Bearer sandbox' } });
  });
});
