import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { makerPath, tryRun } from '../../helpers/ffmpeg.ts';
import { boundsOf, pixel, readFrame } from '../../helpers/picture.ts';
import {
  type Answer,
  isLime,
  isMagenta,
  type Json,
  LANDSCAPE,
  makeClip,
  makePicture,
  NEW_YEAR,
  QUICK,
  type Request,
  sandbox,
  savedVideo,
  WEEK_MS,
} from '../../sandbox/harness.ts';

const SORA = '/openai/sora-2/text-to-video';
const CHARACTERS = '/openai/sora-2/characters';
const SEEDANCE = '/bytedance/seedance-2.0/text-to-video';

interface Ticket {
  readonly download_url: string;
  readonly upload: { readonly method: string; readonly url: string; readonly headers: Record<string, string> };
}

async function wavespeed(options: Partial<SandboxOptions> = {}) {
  const on = await sandbox(options);
  const ask = (method: string, path: string, request?: Request): Promise<Answer> =>
    on.ask(method, on.urls.wavespeed + path, request);
  /** `data` of a success. */
  const get = async (method: string, path: string, json?: unknown): Promise<Json> => {
    const answer = await ask(method, path, json === undefined ? {} : { json });
    if (answer.status !== 200 || answer.json.code !== 200) {
      throw new Error(`${path} ${answer.status} ${JSON.stringify(answer.json)}`);
    }
    return answer.json.data as Json;
  };
  const ticket = async (size: number): Promise<Ticket> => {
    const json = { filename: 'joe.mp4', size, content_type: 'video/mp4' };
    return (await get('POST', '/media/uploads', json)) as unknown as Ticket;
  };
  const upload = async (clip: Blob): Promise<string> => {
    const body = new Uint8Array(await clip.arrayBuffer());
    const { download_url, upload: put } = await ticket(body.length);
    const answer = await on.ask(put.method, put.url, { body, headers: put.headers, bare: true });
    if (answer.status !== 200) throw new Error(`PUT ${answer.status} ${answer.bytes}`);
    return download_url;
  };
  const submit = async (model: string, inputs: Json): Promise<string> => String((await get('POST', model, inputs)).id);
  const result = (id: string): Promise<Json> => get('GET', `/predictions/${id}/result`);
  const character = async (name: string): Promise<Json> => {
    const video = await upload(await makeClip());
    const id = await submit(CHARACTERS, { video, name });
    on.clock.ms += 4000;
    return ((await result(id)).outputs as Json[])[0] ?? {};
  };
  return { ...on, raw: on.ask, ask, get, ticket, upload, submit, result, character };
}

describe('a WaveSpeed task', () => {
  it('is created, processing and completed as the clock goes, and gives a URL that needs no key', async () => {
    const on = await wavespeed({ scenario: { version: 1, jobs: [{ made: { seconds: '1' } }] } });
    const inputs = { prompt: 'A hill', size: '1280*720', duration: 4 };
    const answer = await on.ask('POST', SORA, { json: inputs });
    const id = String((answer.json.data as Json).id);
    const task = {
      id: expect.stringMatching(/^task_[0-9a-f]{32}$/),
      model: 'openai/sora-2/text-to-video',
      outputs: [],
      urls: { get: `${on.urls.wavespeed}/predictions/${id}/result` },
      has_nsfw_contents: [],
      status: 'created',
      code: 0,
      created_at: new Date(NEW_YEAR).toISOString(),
      error: '',
      timings: { inference: 0 },
    };
    expect(answer.json).toEqual({ code: 200, message: 'success', data: task });
    on.clock.ms += 2000;
    expect(await on.result(id)).toEqual({ ...task, status: 'processing' });
    on.clock.ms += 2000;
    const url = `${new URL(on.url).origin}/files/${id}.mp4`;
    expect(await on.result(id)).toEqual({
      ...task,
      status: 'completed',
      outputs: [url],
      has_nsfw_contents: [false],
      timings: { inference: 4000 },
    });
    const video = await on.raw('GET', url, { bare: true, headers: { range: 'bytes=4-7' } });
    expect([video.status, video.bytes.toString(), video.headers.get('content-type')]).toEqual([
      206,
      'ftyp',
      'video/mp4',
    ]);
  });

  it('has no video before its end, and is gone with it after 7 days', async () => {
    const on = await wavespeed({ scenario: { version: 1, jobs: [{ made: { seconds: '1' } }] } });
    const id = await on.submit(SORA, { prompt: 'A hill' });
    const url = `${new URL(on.url).origin}/files/${id}.mp4`;
    expect((await on.raw('GET', url)).status).toBe(404);
    on.clock.ms += WEEK_MS - 1;
    expect((await on.raw('GET', url)).status).toBe(200);
    on.clock.ms += 4001;
    expect((await on.raw('GET', url)).status).toBe(404);
    expect((await on.ask('GET', `/predictions/${id}/result`)).status).toBe(404);
  });

  it('that fails answers 200 with its reason, and marks what was blocked', async () => {
    const fail = { code: 'moderation_blocked', message: 'No likeness of real people.' };
    const broken = { code: 'internal', message: 'The worker died.' };
    const jobs = [{ fail }, { fail: broken }];
    const on = await wavespeed({ scenario: { version: 1, jobSeconds: 0, jobs } });
    const [blocked, died] = [await on.submit(SORA, { prompt: 'A' }), await on.submit(SORA, { prompt: 'A' })];
    const failed = { status: 'failed', outputs: [] };
    expect(await on.result(blocked)).toMatchObject({
      ...{ ...failed, error: fail.message, code: 1200, has_nsfw_contents: [true] },
    });
    expect(await on.result(died)).toMatchObject({
      ...failed,
      error: broken.message,
      code: 1405,
      has_nsfw_contents: [],
    });
  });

  it('may end in another word, without an output, and be made by another model', async () => {
    const jobs = [{ status: 'starting', end: 'timeout', jobSeconds: 10 }, { made: { model: 'wan/2.5' } }];
    const on = await wavespeed({ scenario: { version: 1, jobs } });
    const [id, other] = [await on.submit(SORA, { prompt: 'A' }), await on.submit(SORA, { prompt: 'A' })];
    on.clock.ms += 9000;
    expect(await on.result(id)).toMatchObject({ status: 'starting' });
    expect(await on.result(other)).toMatchObject({ status: 'completed', model: 'wan/2.5' });
    on.clock.ms += 1000;
    expect(await on.result(id)).toMatchObject({ status: 'timeout', outputs: [] });
    expect((await on.raw('GET', `${new URL(on.url).origin}/files/${id}.mp4`)).status).toBe(404);
  });

  it('goes when it is deleted, and all stay when one of them is unknown', async () => {
    const on = await wavespeed();
    const [a, b] = [await on.submit(SORA, { prompt: 'A' }), await on.submit(SORA, { prompt: 'B' })];
    expect((await on.ask('POST', '/predictions/delete', { json: { ids: [a, 'task_0'] } })).status).toBe(404);
    expect(await on.result(a)).toMatchObject({ id: a });
    await on.get('POST', '/predictions/delete', { ids: [a] });
    expect((await on.ask('GET', `/predictions/${a}/result`)).status).toBe(404);
    expect(await on.result(b)).toMatchObject({ id: b });
    expect((await on.ask('POST', '/predictions/delete', { json: { ids: [7] } })).status).toBe(400);
  });

  it('is unknown to the other dialects, as theirs are to this one', async () => {
    const on = await wavespeed();
    const [task, video] = [await on.submit(SORA, { prompt: 'A' }), await on.video()];
    expect((await on.raw('GET', `/videos/${task}`)).status).toBe(404);
    expect((await on.raw('GET', `${on.urls.eachlabs}/v1/prediction/${task}`)).status).toBe(404);
    expect((await on.ask('GET', `/predictions/${video}/result`)).status).toBe(404);
    expect(await on.raw('GET', '/videos')).toMatchObject({ json: { data: [{ id: video }] } });
  });

  it('meets the faults of a scenario below its base URL', async () => {
    const respond = { status: 429, body: { message: 'Too many requests' } };
    const rules = [{ match: { method: 'POST', path: '/openai/**' }, times: 1, respond, applyFirst: true }];
    const on = await wavespeed({ scenario: { version: 1, rules } });
    const answer = await on.ask('POST', SORA, { json: { prompt: 'A' } });
    expect([answer.status, answer.json]).toEqual([429, { message: 'Too many requests' }]);
    // It was carried out all the same.
    expect(await on.get('GET', '/balance')).toEqual({ balance: 99.6 });
    expect((await on.ask('POST', SORA, { json: { prompt: 'A' } })).status).toBe(200);
  });
});

describe('a WaveSpeed request is refused with', () => {
  it.each<[string, Request]>([
    ['no key', { bare: true }],
    ['a key under the name of another host', { bare: true, headers: { 'x-api-key': 'test' } }],
    ['another key', {}],
  ])('401 for %s', async (_, request) => {
    const on = await wavespeed({ key: 'right' });
    const answer = await on.ask('POST', SORA, { json: { prompt: 'A' }, ...request });
    expect([answer.status, answer.json]).toEqual([
      401,
      { message: expect.stringContaining('API key'), error_code: 'unauthorized' },
    ]);
  });

  it.each<[string, string, unknown, number, string]>([
    ['an unknown model', '/openai/sora-3', { prompt: 'A' }, 404, 'Model openai/sora-3 not found'],
    ['no JSON object', SORA, ['prompt'], 400, 'must be a JSON object'],
    ['no prompt', SORA, {}, 400, '"prompt" is required'],
    ['a size with an x', SORA, { prompt: 'A', size: '1280x720' }, 400, '"720*1280", "1280*720"'],
    ['a size of pro', SORA, { prompt: 'A', size: '1792*1024' }, 400, '"size" must be one of'],
    ['a duration as a string', SORA, { prompt: 'A', duration: '8' }, 400, '"duration" must be one of 4, 8, 12, 16, 20'],
    ['a duration between the steps', SORA, { prompt: 'A', duration: 5 }, 400, '"duration" must be one of'],
    ['seconds', SORA, { prompt: 'A', seconds: 4 }, 400, 'Unknown field "seconds"'],
    ['a character as a number', SORA, { prompt: 'A', characters: [{ id: 9 }] }, 400, '"id" that is a string'],
    ['three characters', SORA, { prompt: 'A', characters: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }, 400, 'at most 2'],
    ['a character nobody made', SORA, { prompt: 'A', characters: [{ id: 'char_1' }] }, 404, "'char_1' not found"],
    ['no picture', '/openai/sora-2/image-to-video', { prompt: 'A' }, 400, '"image" is required'],
    ['3 seconds of Seedance', SEEDANCE, { prompt: 'A', duration: 3 }, 400, 'whole number from 4 to 15'],
    ['16 seconds of Seedance 2.0', SEEDANCE, { prompt: 'A', duration: 16 }, 400, 'whole number from 4 to 15'],
    ['4k of Seedance 2.0', SEEDANCE, { prompt: 'A', resolution: '4k' }, 400, '"resolution" must be one of'],
    ['a ratio nobody makes', SEEDANCE, { prompt: 'A', aspect_ratio: '2:1' }, 400, '"aspect_ratio" must be one of'],
    ['four clips', SEEDANCE, { prompt: 'A', reference_videos: ['a', 'b', 'c', 'd'] }, 400, 'at most 3'],
    ['a clip that is no URL', SEEDANCE, { prompt: 'A', reference_videos: ['/tmp/a.mp4'] }, 400, 'must be a URL'],
    [
      'a clip that is somewhere else',
      SEEDANCE,
      { prompt: 'A', reference_videos: ['https://clips.example/a.mp4'] },
      400,
      'could not be downloaded',
    ],
    ['a name of 81 characters', CHARACTERS, { video: 'https://a.example', name: 'x'.repeat(81) }, 400, 'at most 80'],
  ])('its own words for %s', async (_, model, json, status, words) => {
    const on = await wavespeed();
    const answer = await on.ask('POST', model, { json });
    expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(words)]);
    expect(await on.get('GET', '/balance')).toEqual({ balance: 100 });
  });
});

describe('an upload to WaveSpeed', () => {
  const clip = async () => new Uint8Array(await (await makeClip()).arrayBuffer());

  it('takes a ticket and a PUT to another path, and is then there without a key', async () => {
    const on = await wavespeed();
    const body = await clip();
    const { download_url, upload } = await on.ticket(body.length);
    expect(upload.method).toBe('PUT');
    expect(new URL(upload.url).pathname).toMatch(/^\/storage\//);
    expect((await on.raw('GET', download_url)).status).toBe(404);
    const put = await on.raw('PUT', upload.url, { body, headers: upload.headers, bare: true });
    expect(put.status).toBe(200);
    const file = await on.raw('GET', download_url, { bare: true });
    expect(file.headers.get('content-type')).toBe('video/mp4');
    expect(file.bytes.equals(body)).toBe(true);
    expect(on.log.join()).not.toContain(new URL(upload.url).searchParams.get('token'));
  });

  type Spoil = (put: { url: string; headers: Record<string, string>; body: Uint8Array<ArrayBuffer> }) => Request & {
    readonly url?: string;
  };
  it.each<[string, Spoil, number, string]>([
    ['the key', (put) => ({ headers: { ...put.headers, authorization: 'Bearer test' } }), 400, 'InvalidArgument'],
    ['the key of another host', (put) => ({ headers: { ...put.headers, 'x-api-key': 'k' } }), 400, 'InvalidArgument'],
    [
      'one header less',
      ({ headers }) => ({ headers: { 'Content-Type': String(headers['Content-Type']) } }),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'another content type',
      ({ headers }) => ({ headers: { ...headers, 'Content-Type': 'application/octet-stream' } }),
      403,
      'SignatureDoesNotMatch',
    ],
    ['fewer bytes', ({ headers, body }) => ({ headers, body: body.slice(1) }), 400, 'IncompleteBody'],
    ['another token', ({ headers, url }) => ({ headers, url: `${url}0` }), 403, 'AccessDenied'],
  ])('is refused with %s', async (_, spoil, status, code) => {
    const on = await wavespeed();
    const body = await clip();
    const { download_url, upload } = await on.ticket(body.length);
    const { url = upload.url, ...request } = spoil({ ...upload, body });
    const answer = await on.raw('PUT', url, { body, bare: true, ...request });
    expect([answer.status, answer.bytes.toString()]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
    expect((await on.raw('GET', download_url)).status).toBe(404);
  });

  it('is taken once, and not an hour later', async () => {
    const on = await wavespeed();
    const body = await clip();
    const put = async ({ upload }: Ticket) =>
      (await on.raw('PUT', upload.url, { body, headers: upload.headers, bare: true })).status;
    const [used, late] = [await on.ticket(body.length), await on.ticket(body.length)];
    expect([await put(used), await put(used)]).toEqual([200, 403]);
    on.clock.ms += 3_600_000;
    expect(await put(late)).toBe(403);
  });

  it('may be a form', async () => {
    const on = await wavespeed();
    const answer = await on.ask('POST', '/media/upload/binary', { form: { file: await makeClip() } });
    const { download_url, ...data } = answer.json.data as Json;
    expect(data).toEqual({ type: 'video', filename: 'file', size: (await clip()).length });
    expect((await on.raw('GET', String(download_url), { bare: true })).bytes.equals(await clip())).toBe(true);
  });

  it.each<[string, string, () => Promise<Request>]>([
    ['a ticket without a size', '/media/uploads', async () => ({ json: { filename: 'a', content_type: 'video/mp4' } })],
    [
      'a ticket for a type that nobody knows',
      '/media/uploads',
      async () => ({ json: { filename: 'a', size: 1, content_type: 'text/html' } }),
    ],
    ['a form without a file', '/media/upload/binary', async () => ({ form: { file: 'text' } })],
  ])('is refused for %s', async (_, path, request) => {
    const on = await wavespeed();
    const answer = await on.ask('POST', path, await request());
    expect([answer.status, answer.json.error_code]).toEqual([400, 'invalid_parameters']);
  });

  it('may be octets, or of no type, as the vendor’s own tools send it', async () => {
    const on = await wavespeed();
    const form = { file: await makeClip({}, 'application/octet-stream') };
    const { download_url, type } = (await on.ask('POST', '/media/upload/binary', { form })).json.data as Json;
    expect([type, String(download_url)]).toEqual(['application', expect.stringMatching(/\.bin$/)]);
    const wish = { prompt: '@Video1 waves', reference_videos: [download_url] };
    expect((await on.ask('POST', SEEDANCE, { json: wish })).status).toBe(200);
    for (const json of [
      { filename: 'a.bin', size: 1 },
      { filename: 'a.wav', size: 1, content_type: 'audio/wav' },
    ]) {
      expect((await on.ask('POST', '/media/uploads', { json })).status).toBe(200);
    }
  });

  it('is gone after 7 days, and what points to it is refused', async () => {
    const on = await wavespeed();
    const url = await on.upload(await makeClip());
    const wish = { prompt: '@Video1 waves', reference_videos: [url] };
    on.clock.ms += WEEK_MS - 1;
    expect((await on.ask('POST', SEEDANCE, { json: wish })).status).toBe(200);
    on.clock.ms += 1;
    const refused = await on.ask('POST', SEEDANCE, { json: wish });
    expect([refused.status, refused.json.message]).toEqual([400, expect.stringContaining('deleted after 7 days')]);
    expect((await on.raw('GET', url)).status).toBe(404);
  });
});

describe('the list of WaveSpeed tasks', () => {
  const list = (on: Awaited<ReturnType<typeof wavespeed>>, more: Json = {}) =>
    on.ask('POST', '/predictions', { json: { page: 1, page_size: 100, ...more } });

  it('is of a week, the newest first, page by page, with inputs where they are asked for', async () => {
    const on = await wavespeed();
    const old = await on.submit(SORA, { prompt: 'Old' });
    on.clock.ms += WEEK_MS - 2000;
    const inputs = { prompt: 'A', duration: 8 };
    const [a, b] = [await on.submit(SORA, inputs), await on.submit(SEEDANCE, { prompt: 'B' })];
    const ids = async (more: Json): Promise<unknown> =>
      (((await list(on, more)).json.data as Json).items as Json[]).map(({ id }) => id);
    expect(await ids({})).toEqual([b, a, old]);
    expect(await ids({ page: 2, page_size: 2 })).toEqual([old]);
    expect(await ids({ model: 'openai/sora-2/text-to-video' })).toEqual([a, old]);
    expect(await ids({ status: 'completed' })).toEqual([old]);
    expect(await ids({ created_after: new Date(on.clock.ms - 1000).toISOString() })).toEqual([b, a]);
    expect(await ids({ created_before: new Date(on.clock.ms - 1000).toISOString() })).toEqual([old]);
    const [, told] = ((await list(on, { include_inputs: true })).json.data as Json).items as Json[];
    expect(told).toMatchObject({ id: a, inputs, status: 'created' });
    expect(((await list(on)).json.data as Json).items).toMatchObject([
      expect.not.objectContaining({ inputs: {} }),
      {},
      {},
    ]);
    on.clock.ms += 2000;
    expect(await ids({})).toEqual([b, a]);
  });

  it.each([{ page: 0 }, { page_size: 101 }, { page_size: '100' }, { created_after: 'soon' }, { order: 'asc' }])(
    'is refused for %j',
    async (more) => {
      expect((await list(await wavespeed(), more)).status).toBe(400);
    },
  );

  it('answers below the base of the vendor’s tools as well, which is the origin', async () => {
    const on = await wavespeed();
    const { status } = await on.ask('POST', '/api/v3/predictions', { json: { page: 1, page_size: 20 } });
    expect(status).toBe(200);
  });
});

describe('a WaveSpeed task that is waited for', () => {
  it('is answered once it is over', async () => {
    const on = await wavespeed({ now: Date.now, scenario: { ...QUICK, jobs: [{ jobSeconds: 0.05 }] } });
    const task = await on.get('POST', SORA, { prompt: 'A', enable_sync_mode: true, enable_base64_output: false });
    expect(task).toMatchObject({ status: 'completed', outputs: [expect.stringMatching(/\.mp4$/)] });
    expect((await on.ask('POST', SORA, { json: { prompt: 'A', enable_sync_mode: 'yes' } })).status).toBe(400);
  });
});

describe('a WaveSpeed character', () => {
  it('is the output of a task, and shows in a video that says its name', async () => {
    const on = await wavespeed({ scenario: { ...QUICK, jobSeconds: 4, jobs: [{}, { made: { seconds: '1' } }] } });
    const joe = await on.character('Joe');
    expect(joe).toEqual({ id: expect.stringMatching(/^char_[0-9a-f]{32}$/), name: 'Joe' });
    const id = await on.submit(SORA, { prompt: 'Joe waves', size: '1280*720', characters: [{ id: joe.id }] });
    on.clock.ms += 4000;
    const [url] = (await on.result(id)).outputs as string[];
    const frame = await readFrame(await savedVideo((await on.raw('GET', String(url))).bytes), LANDSCAPE, 0);
    expect(boundsOf(frame, isMagenta).width).toBeGreaterThan(600);
  });

  it('is unknown before its task ends, when it failed, and to other dialects', async () => {
    const fail = { code: 'x', message: 'No.' };
    const on = await wavespeed({ scenario: { version: 1, jobs: [{}, { fail }] } });
    const video = await on.upload(await makeClip());
    const id = await on.submit(CHARACTERS, { video, name: 'Joe' });
    const lost = await on.submit(CHARACTERS, { video, name: 'Mia' });
    on.clock.ms += 4000;
    const [{ id: joe } = {}] = (await on.result(id)).outputs as Json[];
    const wish = { json: { prompt: 'Joe', characters: [{ id: joe }] } };
    expect((await on.raw('POST', '/videos', wish)).status).toBe(404);
    expect(await on.result(lost)).toMatchObject({ status: 'failed', error: 'No.', outputs: [] });
    // Record and clip of the other alone.
    expect(await readdir(join(on.stateDir, 'characters'))).toHaveLength(2);
    on.clock.ms -= 1;
    expect((await on.ask('POST', SORA, wish)).status).toBe(404);
    on.clock.ms += 1;
    expect((await on.ask('POST', SORA, wish)).status).toBe(200);
  });

  it.each<[string, Parameters<typeof makeClip>[0], string]>([
    ['480p', { size: '854x480' }, 'at least 720p'],
    ['a second', { seconds: 1 }, 'at least 2 seconds'],
    ['a ribbon', { size: '2160x720' }, '2.67:1'],
    ['HEVC', { codec: 'libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1' }, 'must be H.264'],
  ])('is not made of %s', async (_, clip, words) => {
    const on = await wavespeed();
    const video = await on.upload(await makeClip(clip));
    const answer = await on.ask('POST', CHARACTERS, { json: { video, name: 'Joe' } });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(words)]);
  });

  it('is made of a clip that is longer and squarer than it will be', async () => {
    const on = await wavespeed();
    const video = await on.upload(await makeClip({ size: '720x720', seconds: 5 }));
    expect(await on.submit(CHARACTERS, { video, name: 'Joe' })).toMatch(/^task_/);
  });
});

describe('reference clips', () => {
  it('are seen where the prompt points to them, each in its own card', async () => {
    const on = await wavespeed({ scenario: QUICK });
    const [joe, mia] = [await on.upload(await makeClip()), await on.upload(await makeClip({ color: 'lime' }))];
    const frameOf = async (prompt: string) => {
      const id = await on.submit(SEEDANCE, { prompt, reference_videos: [joe, mia], duration: 4 });
      const [url] = (await on.result(id)).outputs as string[];
      return readFrame(await savedVideo((await on.raw('GET', String(url))).bytes), LANDSCAPE, 0);
    };
    const both = await frameOf('Joe is the character in @Video1. Mia is the character in @Video2. They dance.');
    const [left, right] = [boundsOf(both, isMagenta), boundsOf(both, isLime)];
    expect(left.width).toBeGreaterThan(400);
    expect(left.x + left.width).toBeLessThan(right.x);
    // @Video12 is not @Video1.
    const one = await frameOf('Joe and @Video12 and @Video2');
    expect(boundsOf(one, isMagenta).width).toBeLessThanOrEqual(0);
    expect(boundsOf(one, isLime).width).toBeGreaterThan(600);
  });

  it('come in threes, or within their URL, and stand beside pictures', async () => {
    const on = await wavespeed({ scenario: QUICK });
    const colors = ['magenta', 'lime', 'yellow'];
    const clips = await Promise.all(colors.map((color) => makeClip({ color })));
    const reference_videos = await Promise.all(
      clips.map(async (it) => `data:video/mp4;base64,${Buffer.from(await it.arrayBuffer()).toString('base64')}`),
    );
    const image = await makePicture('png', '640x360', 'image/png');
    const reference_images = [
      `data:image/png;base64,${Buffer.from(await image.arrayBuffer()).toString('base64')}`,
      'https://pictures.example/a.png',
    ];
    const prompt = '@Video1, @Video2 and @Video3 in @Image1';
    const id = await on.submit(SEEDANCE, { prompt, reference_videos, reference_images });
    const [url] = (await on.result(id)).outputs as string[];
    const frame = await readFrame(await savedVideo((await on.raw('GET', String(url))).bytes), LANDSCAPE, 0);
    const isYellow = ([r, g, b]: readonly [number, number, number]) => r > 220 && g > 220 && b < 60;
    const cards = [isMagenta, isLime, isYellow].map((matches) => boundsOf(frame, matches));
    for (const card of cards) expect(card.width).toBeGreaterThan(300);
    expect(cards.map(({ x }) => x)).toEqual(cards.map(({ x }) => x).sort((a, b) => a - b));
    const [r, g, b] = pixel(frame, 1275, 20);
    expect(r < 60 && g > 90 && g < 160 && b > 90 && b < 160).toBe(true);
  });

  it.each<[string, readonly Parameters<typeof makeClip>[0][], string]>([
    ['1080p', [{ size: '1920x1080' }], 'must be 409600 to 927408 pixels, but is 2073600'],
    ['a second', [{ seconds: 1 }], 'must be at least 1.8 seconds long, but is 1'],
    ['12 frames per second', [{ filter: 'fps=12' }], 'must be 24 to 60 frames per second, but is 12'],
    ['more than 15 seconds together', [{ seconds: 8 }, { seconds: 8, color: 'lime' }], 'but are 16'],
  ])('are refused for %s', async (_, clips, words) => {
    const on = await wavespeed();
    const reference_videos = await Promise.all(clips.map(async (clip) => on.upload(await makeClip(clip))));
    const answer = await on.ask('POST', SEEDANCE, { json: { prompt: '@Video1', reference_videos } });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(words)]);
  });

  it.each<[string, Parameters<typeof makeClip>[0], string]>([
    ['kwaivgi/kling-v4.0', { seconds: 2 }, 'must be 3 to 30 seconds long, but is 2'],
    ['kwaivgi/kling-v4.0', { seconds: 3, size: '1280x640' }, 'must be at least 700 pixels a side, but is 640'],
    ['google/gemini-omni-1.1-flash', { seconds: 4 }, 'must be 0 to 3 seconds long, but is 4'],
  ])('are refused by %s for %o', async (family, clip, words) => {
    const on = await wavespeed();
    const reference_videos = [await on.upload(await makeClip(clip))];
    const answer = await on.ask('POST', `/${family}/reference-to-video`, { json: { prompt: 'A', reference_videos } });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(words)]);
  });

  it('may be longer together for 2.5', async () => {
    const on = await wavespeed();
    const clips = [{ seconds: 8 }, { seconds: 8, color: 'lime' }, { seconds: 2 }];
    const reference_videos = await Promise.all(clips.map(async (clip) => on.upload(await makeClip(clip))));
    const wish = { prompt: '@Video1', duration: 30, reference_videos };
    expect(await on.submit('/bytedance/seedance-2.5/text-to-video', wish)).toMatch(/^task_/);
  });

  it.each([
    ['16:9', '720p', '1280x720'],
    ['9:16', '720p', '720x1280'],
    ['1:1', '480p', '480x480'],
    ['21:9', '480p', '1120x480'],
    ['3:4', '480p', '480x640'],
  ])('make videos of %s at %s', async (aspect_ratio, resolution, size) => {
    const on = await wavespeed({ scenario: QUICK });
    const id = await on.submit(SEEDANCE, { prompt: 'A hill', aspect_ratio, resolution });
    const [url] = (await on.result(id)).outputs as string[];
    const { stderr } = await tryRun(['-i', await savedVideo((await on.raw('GET', String(url))).bytes)], {
      path: makerPath,
    });
    expect(stderr).toMatch(new RegExp(`Video: h264 .*${size}[ ,]`));
  });
});

describe('money at WaveSpeed', () => {
  it.each<[string, Json, number]>([
    [SORA, { prompt: 'A', duration: 8 }, 0.8],
    ['/openai/sora-2/text-to-video-pro', { prompt: 'A', size: '1792*1024', duration: 4 }, 2],
    ['/openai/sora-2/text-to-video-pro', { prompt: 'A', duration: 4 }, 1.2],
    [SEEDANCE, { prompt: 'A', duration: 5 }, 1.2],
    [CHARACTERS, { video: 'https://not.sent.example/yet.mp4', name: 'Joe' }, 0.001],
  ])('has a price: %s %j', async (model, inputs, price) => {
    const on = await wavespeed();
    const body = { model_id: model.slice(1), inputs };
    expect(await on.get('POST', '/model/price', body)).toEqual({
      model_id: body.model_id,
      price,
      discounted_price: price,
      currency: 'USD',
    });
  });

  it('counts the seconds that come in for Seedance 2.5, once they are there', async () => {
    const on = await wavespeed();
    const model_id = 'bytedance/seedance-2.5/text-to-video';
    const price = async (url: string) => {
      const inputs = { prompt: '@Video1', duration: 5, reference_videos: [url] };
      return (await on.get('POST', '/model/price', { model_id, inputs })).price;
    };
    expect(await price('https://not.sent.example/yet.mp4')).toBe(1.8);
    expect(await price(await on.upload(await makeClip()))).toBe(2.52);
  });

  it('is told in the older contract by its older name', async () => {
    const on = await wavespeed();
    const model_id = 'openai/sora-2/text-to-video';
    const json = { model_id, inputs: { prompt: 'A', duration: 8 } };
    const { price } = await on.get('POST', '/model/price', json);
    expect(await on.get('POST', '/model/pricing', json)).toEqual({ model_id, unit_price: price, currency: 'USD' });
  });

  it('refuses to price what it would refuse to make', async () => {
    const on = await wavespeed();
    const ask = async (model_id: string, inputs: Json) =>
      (await on.ask('POST', '/model/price', { json: { model_id, inputs } })).status;
    expect(await ask('openai/sora-2/text-to-video', { prompt: 'A', duration: 5 })).toBe(400);
    expect(await ask('nobody/knows', { prompt: 'A' })).toBe(404);
  });

  it('goes from the balance, but not for what failed', async () => {
    const jobs = [{}, { fail: { code: 'x', message: 'No.' } }];
    const on = await wavespeed({ scenario: { version: 1, jobSeconds: 0, jobs } });
    await on.submit(SORA, { prompt: 'A', duration: 8 });
    await on.submit(SORA, { prompt: 'A', duration: 12 });
    expect(await on.get('GET', '/balance')).toEqual({ balance: 99.2 });
  });

  it('is listed with the models and their inputs', async () => {
    const on = await wavespeed();
    const models = (await on.get('GET', '/models')) as unknown as Json[];
    const sora = models.find(({ model_id }) => model_id === 'openai/sora-2/text-to-video');
    expect(sora).toMatchObject({
      api_schema: {
        api_schemas: [
          {
            request_schema: {
              required: ['prompt'],
              properties: { size: { enum: ['720*1280', '1280*720'] }, duration: { enum: [4, 8, 12, 16, 20] } },
            },
          },
        ],
      },
    });
    expect(models).toHaveLength(11);
  });
});
