import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { boundsOf, readFrame } from '../../helpers/picture.ts';
import {
  type Answer,
  isLime,
  isMagenta,
  type Json,
  LANDSCAPE,
  makeClip,
  makePicture,
  QUICK,
  type Request,
  sandbox,
  savedVideo,
  WEEK_MS,
} from '../../sandbox/harness.ts';

const SORA = 'sora-2-text-to-video';
const CHARACTERS = 'sora-2-characters';
const SEEDANCE = 'bytedance-seedance-2-0-reference-to-video';

interface Presigned {
  readonly presigned_url: string;
  readonly public_url: string;
  readonly required_headers: Record<string, string>;
}

async function eachlabs(options: Partial<SandboxOptions> = {}) {
  const on = await sandbox(options);
  const ask = (method: string, path: string, request?: Request): Promise<Answer> =>
    on.ask(method, `${on.urls.eachlabs}/v1${path}`, request);
  const get = (method: string, path: string, json?: unknown): Promise<Json> =>
    on.get(method, `${on.urls.eachlabs}/v1${path}`, json === undefined ? {} : { json });
  const presign = async (more: Json = {}): Promise<Presigned> => {
    const json = { content_type: 'video/mp4', file_type: 'video', ...more };
    return (await get('POST', '/upload/presign', json)) as unknown as Presigned;
  };
  const put = (to: Presigned, clip: Uint8Array<ArrayBuffer>, request: Request = {}): Promise<Answer> =>
    on.ask('PUT', to.presigned_url, { body: clip, headers: to.required_headers, bare: true, ...request });
  const upload = async (clip: Blob): Promise<string> => {
    const to = await presign({ content_type: clip.type });
    const answer = await put(to, new Uint8Array(await clip.arrayBuffer()));
    if (answer.status !== 200) throw new Error(`PUT ${answer.status} ${answer.bytes}`);
    return to.public_url;
  };
  const submit = async (model: string, input: Json): Promise<string> =>
    String((await get('POST', '/prediction', { model, input })).predictionID);
  const prediction = (id: string): Promise<Json> => get('GET', `/prediction/${id}`);
  return { ...on, raw: on.ask, ask, get, presign, put, upload, submit, prediction };
}

describe('an eachlabs prediction', () => {
  it('is created, processing and a success as the clock goes, and gives a URL that needs no key', async () => {
    const on = await eachlabs({ scenario: { version: 1, jobs: [{ made: { seconds: '1' } }] } });
    const input = { prompt: 'A hill', aspect_ratio: '9:16', duration: 8 };
    const answer = await on.ask('POST', '/prediction', {
      json: { model: SORA, input, webhook_url: 'https://a.example' },
    });
    expect(answer.json).toEqual({
      status: 'success',
      message: expect.stringMatching(/\w/),
      predictionID: expect.stringMatching(/^prediction_[0-9a-f]{32}$/),
    });
    expect(answer.headers.get('x-request-id')).toMatch(/^req_\w+$/);
    const id = String(answer.json.predictionID);
    const url = `${on.urls.eachlabs}/v1/prediction/${id}`;
    const prediction = {
      ...{ id, input, status: 'created', output: null, logs: null, metrics: { predict_time: 0, cost: 0 } },
      urls: { cancel: `${url}/cancel`, get: url },
    };
    expect(await on.prediction(id)).toEqual(prediction);
    on.clock.ms += 2000;
    expect(await on.prediction(id)).toEqual({ ...prediction, status: 'processing' });
    on.clock.ms += 2000;
    const output = `${on.urls.eachlabs}/files/${id}.mp4`;
    const metrics = { predict_time: 4, cost: 0.8 };
    expect(await on.prediction(id)).toEqual({ ...prediction, status: 'success', output, metrics });
    const video = await on.raw('GET', output, { bare: true });
    expect(video.bytes.toString('latin1', 4, 8)).toBe('ftyp');
    on.clock.ms += WEEK_MS;
    expect((await on.raw('GET', output)).status).toBe(404);
  });

  it('is taken in the older words, which are ignored, and below a path with a slash at its end', async () => {
    const on = await eachlabs();
    const json = { model: SORA, version: '0.0.1', input: { prompt: 'A' }, webhook_url: '', webhook_secret: 's' };
    expect((await on.ask('POST', '/prediction/', { json })).json).toMatchObject({ predictionID: expect.any(String) });
    expect((await on.ask('POST', '/prediction', { json: { ...json, version: 1 } })).status).toBe(400);
    expect((await on.ask('POST', '/prediction', { json: { ...json, colour: 'red' } })).status).toBe(400);
  });

  it('keeps its webhook, which is listed with what it would be sent, and calls nobody', async () => {
    const on = await eachlabs();
    const wish = { model: SORA, input: { prompt: 'A' }, webhook_url: 'https://a.example/done', webhook_secret: 's' };
    const id = String((await on.get('POST', '/prediction', wish)).predictionID);
    await on.submit(SORA, { prompt: 'B' });
    const place = { execution_id: id, url: wish.webhook_url, source: 'api-gateway' };
    expect(await on.get('GET', `/webhooks/${id}`)).toMatchObject({ ...place, attempts: [] });
    on.clock.ms += 10_000;
    const { request, ...over } = await on.get('GET', `/webhooks/${id}`);
    expect(over).toMatchObject({ ...place, attempts: [{ status: 'PENDING', status_code: null }] });
    expect(JSON.parse(String(request))).toMatchObject({ id, status: 'success', output: expect.stringMatching(/mp4$/) });
    const page = await on.get('GET', '/webhooks?limit=1');
    expect(page).toMatchObject({ webhooks: [place], limit: 1, offset: 0 });
    expect(JSON.stringify(page)).not.toContain('attempts');
    expect((await on.ask('GET', `/webhooks/prediction_${'0'.repeat(32)}`)).status).toBe(404);
    expect((await on.ask('POST', '/prediction', { json: { ...wish, webhook_url: 'a.example' } })).status).toBe(400);
  });

  it('may be waited for', async () => {
    const fail = { code: 'x', message: 'No.' };
    const jobs = [{ jobSeconds: 0.05 }, { fail, jobSeconds: 0 }];
    const on = await eachlabs({ now: Date.now, scenario: { version: 1, jobs } });
    const json = { model: SORA, input: { prompt: 'A' } };
    expect((await on.ask('POST', '/prediction/run', { json })).json).toMatchObject({
      ...{ status: 'success', predictionID: expect.any(String), output: expect.stringMatching(/\.mp4$/), error: '' },
    });
    expect((await on.ask('POST', '/prediction/run', { json })).json).toMatchObject({ status: 'error', error: 'No.' });
  });

  it('is listed without its inputs, the newest first', async () => {
    const on = await eachlabs({ scenario: { version: 1, jobs: [{ jobSeconds: 1 }, {}] } });
    const [a, b] = [await on.submit(SORA, { prompt: 'A' }), await on.submit(SORA, { prompt: 'B' })];
    on.clock.ms += 1000;
    const { executions, ...page } = (await on.get('GET', '/executions')) as { executions: Json[] } & Json;
    expect(page).toEqual({ total_count: 2, offset: 0, limit: 20 });
    expect(executions).toMatchObject([
      { id: b, model: SORA, status: 'processing', output: null, execution_cost: 0, completed_at: null },
      { id: a, model: SORA, status: 'success', output: expect.stringMatching(/\.mp4$/), execution_cost: 0.4 },
    ]);
    expect(JSON.stringify(executions)).not.toContain('prompt');
    const ids = async (query: string): Promise<unknown> =>
      ((await on.get('GET', `/executions?${query}`)).executions as Json[]).map(({ id }) => id);
    expect(await ids('limit=1&offset=1')).toEqual([a]);
    expect(await ids('status=success,error')).toEqual([a]);
    expect(await ids('model=flux')).toEqual([]);
    expect(await ids('workflow_id=w')).toEqual([]);
    expect(await ids('error_classification=content_moderation,unknown')).toEqual([]);
    for (const query of ['limit=0', 'limit=101', 'offset=-1', 'from=soon', 'order=asc', 'error_classification=bad']) {
      expect((await on.ask('GET', `/executions?${query}`)).status).toBe(400);
    }
  });

  it('that fails answers 200 with code and message as its output', async () => {
    const fail = { code: 'moderation_blocked', message: 'No likeness of real people.' };
    const on = await eachlabs({ scenario: { version: 1, jobSeconds: 0, jobs: [{ fail }] } });
    const answer = await on.ask('GET', `/prediction/${await on.submit(SORA, { prompt: 'A' })}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      status: 'error',
      output: { error_code: fail.code, error_message: fail.message, retryable: false },
      metrics: { cost: 0 },
    });
  });

  it('may end in another word, without an output', async () => {
    const jobs = [{ status: 'starting', end: 'failed' }];
    const on = await eachlabs({ scenario: { version: 1, jobs } });
    const id = await on.submit(SORA, { prompt: 'A' });
    on.clock.ms += 2000;
    expect(await on.prediction(id)).toMatchObject({ status: 'starting' });
    on.clock.ms += 2000;
    expect(await on.prediction(id)).toMatchObject({ status: 'failed', output: null });
  });

  it('can be cancelled until it is over, and stays so', async () => {
    const on = await eachlabs();
    const [id, done] = [await on.submit(SORA, { prompt: 'A' }), await on.submit(SORA, { prompt: 'A' })];
    expect(await on.get('POST', `/prediction/${id}/cancel`)).toMatchObject({ status: 'success' });
    expect(await on.prediction(id)).toMatchObject({ status: 'cancelled', output: null });
    on.clock.ms += 4000;
    expect(await on.prediction(id)).toMatchObject({ status: 'cancelled', output: null });
    expect((await on.raw('GET', `${on.urls.eachlabs}/files/${id}.mp4`)).status).toBe(404);
    for (const late of [id, done]) expect((await on.ask('POST', `/prediction/${late}/cancel`)).status).toBe(400);
    expect(await on.prediction(done)).toMatchObject({ status: 'success' });
  });

  it('is unknown to the other dialects, and theirs to it', async () => {
    const on = await eachlabs();
    const [id, video] = [await on.submit(SORA, { prompt: 'A' }), await on.video()];
    expect((await on.raw('GET', `/videos/${id}`)).status).toBe(404);
    expect((await on.raw('GET', `${on.urls.wavespeed}/predictions/${id}/result`)).status).toBe(404);
    expect((await on.ask('GET', `/prediction/${video}`)).status).toBe(404);
  });

  it('meets the faults of a scenario below its base URL, and those of files', async () => {
    const respond = { status: 402, body: { error: 'Insufficient balance' } };
    const rules = [
      { match: { method: 'POST', path: '/v1/prediction' }, times: 1, respond },
      { match: { path: '/files/*' }, times: 1, truncateBytes: 100 },
      { match: { method: 'PUT', path: '/storage/*' }, times: 1, respond: { status: 503 } },
    ];
    const on = await eachlabs({ scenario: { ...QUICK, rules } });
    const refused = await on.ask('POST', '/prediction', { json: { model: SORA, input: { prompt: 'A' } } });
    expect([refused.status, refused.json]).toEqual([402, { error: 'Insufficient balance' }]);
    const { output } = await on.prediction(await on.submit(SORA, { prompt: 'A' }));
    await expect(on.raw('GET', String(output))).rejects.toThrow();
    expect((await on.raw('GET', String(output))).status).toBe(200);
    const to = await on.presign();
    const clip = new Uint8Array(8);
    expect([(await on.put(to, clip)).status, (await on.put(to, clip)).status]).toEqual([503, 200]);
  });
});

describe('a request as it stands in the documentation of eachlabs, or as its own libraries send it, is taken:', () => {
  const input = { prompt: 'A beautiful sunset.', aspect_ratio: '16:9' };
  const oneRun = { status: 'success', output: expect.stringMatching(/\.mp4$/), error: '' };
  const created = { status: 'success', predictionID: expect.stringMatching(/./) };

  it.each<readonly [string, string, string, Json | undefined, Json]>([
    ['a prediction', 'POST', '/prediction', { model: SORA, input }, created],
    ['one with a version', 'POST', '/prediction', { model: SORA, version: '1.0.0', input }, created],
    [
      ...(['one with a webhook', 'POST', '/prediction'] as const),
      { model: SORA, version: '1.0.0', input, webhook_url: 'https://a.example', webhook_secret: 'your-secret-key' },
      created,
    ],
    ['one of the library', 'POST', '/prediction/', { input, version: '0.0.1', model: SORA }, created],
    ['one that is waited for', 'POST', '/prediction/run', { input, version: '0.0.1', model: SORA }, oneRun],
    ['the state of one', 'GET', '/prediction/ID', undefined, { status: 'success', logs: null, input }],
    [
      'the list of all',
      'GET',
      '/executions',
      undefined,
      { total_count: 1, executions: [{ model: SORA, requested_model: null }] },
    ],
    ['some of them', 'GET', '/executions?limit=10&offset=0&status=success', undefined, { limit: 10, total_count: 1 }],
    ['the inputs of a model', 'GET', `/model?slug=${SORA}`, undefined, { slug: SORA, output_type: 'string' }],
    [
      ...(['a place for a picture', 'POST', '/upload/presign'] as const),
      { content_type: 'image/png', file_type: 'image' },
      { public_url: expect.stringMatching(/\.png$/), required_headers: expect.any(Object) },
    ],
    ['a place for a sound', 'POST', '/upload/presign', { content_type: 'audio/mpeg' }, { id: expect.any(String) }],
  ])('%s', async (_, method, path, json, answered) => {
    const on = await eachlabs({ key: 'right', scenario: { version: 1, jobSeconds: 0 } });
    const send = (how: string, to: string, key: Json, body?: Json) =>
      on.ask(how, to, { bare: true, headers: key as Record<string, string>, ...(body && { json: body }) });
    const key = { authorization: 'Bearer right' };
    const { predictionID } = (await send('POST', '/prediction', key, { model: SORA, input })).json;
    for (const own of [key, { 'x-api-key': 'right' }]) {
      const { status, json: said } = await send(method, path.replace('ID', String(predictionID)), own, json);
      expect(status).toBe(200);
      expect(said).toMatchObject(answered);
    }
  });
});

describe('an eachlabs request is refused with', () => {
  it.each<[string, Request, number]>([
    ['no key', { bare: true }, 401],
    ['another key', {}, 401],
    ['another key of the older kind', { bare: true, headers: { 'x-api-key': 'wrong' } }, 401],
    ['nothing for the right key', { headers: { authorization: 'Bearer right' } }, 200],
    ['nothing for the right key of the older kind', { bare: true, headers: { 'x-api-key': 'right' } }, 200],
  ])('%s: its status', async (_, request, status) => {
    const on = await eachlabs({ key: 'right' });
    const answer = await on.ask('POST', '/prediction', { json: { model: SORA, input: { prompt: 'A' } }, ...request });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.json).toEqual({ error: 'Unauthorized', status, details: expect.any(String) });
  });

  it.each<[string, unknown, number, string]>([
    ['an unknown model', { model: 'sora-3', input: {} }, 404, 'Model sora-3 not found'],
    ['inputs at the top', { model: SORA, prompt: 'A' }, 400, 'Unknown field "prompt"'],
    ['no inputs', { model: SORA }, 400, 'must be a JSON object'],
    ['no JSON object', 'prompt', 400, 'must be a JSON object'],
    ['an empty prompt', { model: SORA, input: { prompt: ' ' } }, 400, 'must not be empty'],
    ['a size', { model: SORA, input: { prompt: 'A', size: '1280*720' } }, 400, 'Unknown field "size"'],
    ['16 seconds', { model: SORA, input: { prompt: 'A', duration: 16 } }, 400, 'one of 4, 8, 12'],
    ['a resolution without pro', { model: SORA, input: { prompt: 'A', resolution: '720p' } }, 400, '"resolution"'],
    ['1:1 for Sora', { model: SORA, input: { prompt: 'A', aspect_ratio: '1:1' } }, 400, '"16:9", "9:16"'],
    ['a character nobody made', { model: SORA, input: { prompt: 'A', characters: [{ id: 'char_1' }] } }, 404, 'char_1'],
    ['no image', { model: 'sora-2-image-to-video', input: { prompt: 'A' } }, 400, '"image_url" is required'],
    [
      'ten images',
      { model: SEEDANCE, input: { prompt: 'A', image_urls: Array.from({ length: 10 }, () => 'https://a.example') } },
      400,
      'at most 9',
    ],
  ])('words for %s', async (_, json, status, words) => {
    const on = await eachlabs();
    const answer = await on.ask('POST', '/prediction', { json });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error: expect.any(String), status, details: expect.stringContaining(words) });
  });
});

describe('an upload to eachlabs', () => {
  const clip = async () => new Uint8Array(await (await makeClip()).arrayBuffer());

  it('is presigned, sent with the required headers, and there without a key', async () => {
    const on = await eachlabs();
    const to = await on.presign();
    expect(to).toEqual({
      id: expect.stringMatching(/^upload_/),
      presigned_url: expect.stringContaining('/storage/'),
      public_url: expect.stringMatching(/\/files\/upload_\w+\.mp4$/),
      // That of the file, half a year on: the PUT is allowed for a quarter of an hour.
      expires_at: '2026-06-30T00:00:00.000Z',
      required_headers: { 'Content-Type': 'video/mp4', 'x-amz-meta-upload': expect.any(String) },
    });
    expect((await on.put(to, await clip())).status).toBe(200);
    expect((await on.raw('GET', to.public_url, { bare: true })).bytes.equals(await clip())).toBe(true);
  });

  it.each<[string, (to: Presigned) => Request, number]>([
    ['the key', (to) => ({ headers: { ...to.required_headers, authorization: 'Bearer test' } }), 400],
    ['the key of the older kind', (to) => ({ headers: { ...to.required_headers, 'x-api-key': 'test' } }), 400],
    ['a header less', () => ({ headers: { 'content-type': 'video/mp4' } }), 403],
    ['another type', (to) => ({ headers: { ...to.required_headers, 'Content-Type': 'video/webm' } }), 403],
  ])('is refused with %s', async (_, spoil, status) => {
    const on = await eachlabs();
    const to = await on.presign();
    expect((await on.put(to, await clip(), spoil(to))).status).toBe(status);
    expect((await on.raw('GET', to.public_url)).status).toBe(404);
    expect((await on.put(to, await clip())).status).toBe(200);
    expect((await on.put(to, await clip())).status).toBe(403);
  });

  it('is refused a quarter of an hour after it was asked for', async () => {
    const on = await eachlabs();
    const [early, late] = [await on.presign(), await on.presign({ expires_in_seconds: 86_400 })];
    on.clock.ms += 15 * 60_000 - 1;
    expect((await on.put(early, await clip())).status).toBe(200);
    on.clock.ms += 1;
    expect((await on.put(late, await clip())).status).toBe(403);
  });

  it.each<[string, Json]>([
    ['no type', { content_type: undefined }],
    ['a kind of file that nobody knows', { file_type: 'film' }],
    ['bytes of no type', { content_type: 'application/octet-stream' }],
    ['a time in words', { expires_in_seconds: '60' }],
  ])('is not presigned for %s', async (_, more) => {
    const on = await eachlabs();
    const json = { content_type: 'video/mp4', file_type: 'video', ...more };
    expect((await on.ask('POST', '/upload/presign', { json })).status).toBe(400);
  });

  it.each<[number | undefined, number]>([
    [undefined, 180 * 86_400],
    [7 * 86_400, 7 * 86_400],
    [1, 60],
    [400 * 86_400, 365 * 86_400],
  ])('that is to be kept for %s seconds is gone after %i, and what points to it is refused', async (asked, seconds) => {
    const on = await eachlabs();
    const to = await on.presign({ expires_in_seconds: asked });
    expect((await on.put(to, await clip())).status).toBe(200);
    const url = to.public_url;
    const json = { model: SEEDANCE, input: { prompt: '@Video1 waves', video_urls: [url] } };
    on.clock.ms += seconds * 1000 - 1;
    expect((await on.ask('POST', '/prediction', { json })).status).toBe(200);
    on.clock.ms += 1;
    const refused = await on.ask('POST', '/prediction', { json });
    expect([refused.status, refused.json.details]).toEqual([400, expect.stringContaining('was deleted after')]);
    expect((await on.raw('GET', url)).status).toBe(404);
  });
});

describe('an eachlabs model', () => {
  it('tells its inputs without a key', async () => {
    const on = await eachlabs({ key: 'right' });
    const answer = await on.ask('GET', `/model?slug=${CHARACTERS}`, { bare: true });
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        slug: CHARACTERS,
        title: CHARACTERS,
        version: expect.stringMatching(/\d/),
        output_type: 'object',
        request_schema: {
          type: 'object',
          properties: {
            video_url: { type: 'string', format: 'uri' },
            name: { type: 'string', minLength: 1, maxLength: 80 },
          },
          required: ['video_url', 'name'],
        },
      },
    ]);
    expect((await on.ask('GET', '/model?slug=nobody', { bare: true })).status).toBe(404);
    expect((await on.ask('GET', '/model', { bare: true })).status).toBe(400);
  });
});

describe('an eachlabs character', () => {
  it('is the output of a prediction, and shows in a video that says its name', async () => {
    const on = await eachlabs({ scenario: { ...QUICK, jobs: [{}, { made: { seconds: '1' } }] } });
    const made = await on.submit(CHARACTERS, { video_url: await on.upload(await makeClip()), name: 'Joe' });
    const { output: joe } = (await on.prediction(made)) as { output: Json };
    expect(joe).toEqual({ id: expect.stringMatching(/^char_[0-9a-f]{32}$/), name: 'Joe' });
    const id = await on.submit(SORA, { prompt: 'Joe waves', characters: [{ id: joe.id }] });
    const { output } = await on.prediction(id);
    const frame = await readFrame(await savedVideo((await on.raw('GET', String(output))).bytes), LANDSCAPE, 0);
    expect(boundsOf(frame, isMagenta).width).toBeGreaterThan(600);
    // Another host did not make it.
    const elsewhere = { json: { prompt: 'Joe', characters: [{ id: joe.id }] } };
    expect(
      (await on.raw('POST', `${on.urls.wavespeed}/openai/${SORA.replace('sora-2-', 'sora-2/')}`, elsewhere)).status,
    ).toBe(404);
  });

  it('does not come to be when its prediction is cancelled', async () => {
    const on = await eachlabs();
    const made = () => readdir(join(on.stateDir, 'characters'));
    const video_url = await on.upload(await makeClip());
    const id = await on.submit(CHARACTERS, { video_url, name: 'Joe' });
    expect(await made()).toHaveLength(2);
    await on.get('POST', `/prediction/${id}/cancel`);
    on.clock.ms += 4000;
    expect(await on.prediction(id)).toMatchObject({ status: 'cancelled', output: null });
    expect(await made()).toEqual([]);
  });

  it.each<[string, Parameters<typeof makeClip>[0], string]>([
    ['a second', { seconds: 1 }, '2 to 4 seconds'],
    ['five seconds', { seconds: 5 }, '2 to 4 seconds'],
    ['480p', { size: '854x480' }, 'at least 720p'],
    ['a ribbon', { size: '2160x720' }, '1.78:1'],
  ])('is not made of %s', async (_, clip, words) => {
    const on = await eachlabs();
    const input = { video_url: await on.upload(await makeClip(clip)), name: 'Joe' };
    const answer = await on.ask('POST', '/prediction', { json: { model: CHARACTERS, input } });
    expect([answer.status, answer.json.details]).toEqual([400, expect.stringContaining(words)]);
  });
});

describe('reference clips at eachlabs', () => {
  it('are seen where the prompt points to them, in a list or alone', async () => {
    const on = await eachlabs({ scenario: QUICK });
    const [joe, mia] = [await on.upload(await makeClip()), await on.upload(await makeClip({ color: 'lime' }))];
    const frameOf = async (prompt: string, video_urls: unknown) => {
      const { output } = await on.prediction(await on.submit(SEEDANCE, { prompt, video_urls, duration: 4 }));
      return readFrame(await savedVideo((await on.raw('GET', String(output))).bytes), LANDSCAPE, 0);
    };
    const second = await frameOf('@Video2 waves', [joe, mia]);
    expect([boundsOf(second, isMagenta).width > 0, boundsOf(second, isLime).width > 600]).toEqual([false, true]);
    const alone = await frameOf('Joe is the character in @Video1.', joe);
    expect(boundsOf(alone, isMagenta).width).toBeGreaterThan(600);
  });

  it.each<[string, readonly Parameters<typeof makeClip>[0][], string]>([
    ['1080p', [{ size: '1920x1080' }], 'must be 409600 to 927408 pixels'],
    ['more than 15 seconds together', [{ seconds: 8 }, { seconds: 8, color: 'lime' }], '0 to 15 seconds in all'],
  ])('are refused for %s', async (_, clips, words) => {
    const on = await eachlabs();
    const video_urls = await Promise.all(clips.map(async (clip) => on.upload(await makeClip(clip))));
    const answer = await on.ask('POST', '/prediction', {
      json: { model: SEEDANCE, input: { prompt: '@Video1', video_urls } },
    });
    expect([answer.status, answer.json.details]).toEqual([400, expect.stringContaining(words)]);
  });

  it('are not a picture, nor is a picture a clip', async () => {
    const on = await eachlabs();
    const picture = await on.upload(await makePicture('png', '640x360', 'image/png'));
    const clip = await on.upload(await makeClip());
    const refused = async (input: Json) =>
      (await on.ask('POST', '/prediction', { json: { model: SEEDANCE, input: { prompt: 'A', ...input } } })).json
        .details;
    expect(await refused({ video_urls: [picture] })).toContain('is not an MP4 video');
    expect(await refused({ image_urls: [clip] })).toContain('is not a JPEG, PNG or WebP image');
  });
});

it('a file is deleted once it has come, as often as one likes, and is read by nobody from then on', async () => {
  const on = await eachlabs();
  const { id, ...ticket } = (await on.presign()) as Presigned & { readonly id: string };
  const remove = async (file: string): Promise<number> => (await on.ask('DELETE', `/files/${file}`)).status;
  expect(await remove(id)).toBe(409);
  await on.put(ticket, new Uint8Array(await (await makeClip()).arrayBuffer()));
  expect((await on.raw('GET', ticket.public_url, { bare: true })).status).toBe(200);
  expect([await remove(id), await remove(id)]).toEqual([204, 204]);
  expect((await on.raw('GET', ticket.public_url, { bare: true })).status).toBe(404);
  expect(await remove('0dce0f44-b8a5-4f30-91d4-5f6b0c221bf0')).toBe(204);
  expect(await remove('joe')).toBe(400);
});
