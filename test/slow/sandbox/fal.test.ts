import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { type Answer, type Json, makeClip, QUICK, sandbox } from '../../sandbox/harness.ts';

const MODEL = 'bytedance/seedance-2.0/reference-to-video';
const KEY = { authorization: 'Key test' };
const LIFECYCLE = 'x-fal-object-lifecycle';
const DAY_MS = 86_400_000;

async function fal(options: Partial<SandboxOptions> = {}) {
  const on = await sandbox(options);
  const base = on.urls.fal;
  const ask = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    on.ask(method, path.startsWith('http') ? path : base + path, {
      ...{ headers: { ...KEY, ...headers }, bare: true as const },
      ...(json === undefined ? {} : { json }),
    });
  const submit = async (input: Json = { prompt: 'A hill' }, model = MODEL): Promise<Json> =>
    (await ask('POST', `/${model}`, input)).json;
  const ticket = (headers: Record<string, string>): Promise<Answer> =>
    ask(
      'POST',
      '/storage/upload/initiate?storage_type=fal-cdn-v3',
      { content_type: 'video/mp4', file_name: 'joe.mp4' },
      headers,
    );
  return { ...on, base, ask, submit, ticket };
}

describe('a request to the sandbox’s fal', () => {
  it('names URLs below its app, and is known nowhere else', async () => {
    const on = await fal();
    const made = await on.submit();
    const url = `${on.base}/bytedance/seedance-2.0/requests/${made.request_id}`;
    expect(made).toEqual({
      ...{ status: 'IN_QUEUE', request_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
      ...{ queue_position: 0, response_url: url, status_url: `${url}/status`, cancel_url: `${url}/cancel` },
    });
    expect((await on.ask('GET', `${url}/status`)).status).toBe(202);
    expect((await on.ask('GET', `/${MODEL}/requests/${made.request_id}/status`)).status).toBe(405);
    expect((await on.ask('GET', `/kling/v4/requests/${made.request_id}/status`)).status).toBe(404);
    expect((await on.ask('GET', url)).json).toEqual({ detail: 'Request is still in progress' });
  });

  it.each([
    ['Bearer test', 401],
    ['Key', 401],
    ['Key test', 200],
  ])('wants its key behind the word Key: %j', async (authorization, status) => {
    const on = await fal({ key: 'test' });
    const answer = await on.ask('POST', `/${MODEL}`, { prompt: 'A hill' }, { authorization });
    expect(answer.status).toBe(status);
  });

  it('is completed when it has failed, and tells so by a 422 or by an error of what ran it', async () => {
    const jobs = [
      { fail: { code: 'moderation_blocked', message: 'No likeness.' } },
      { fail: { code: 'runner_disconnected', message: 'It died.' } },
    ];
    const on = await fal({ scenario: { version: 1, jobSeconds: 0, jobs } });
    const [blocked, died] = [await on.submit(), await on.submit()];
    expect((await on.ask('GET', String(blocked.status_url))).json).not.toHaveProperty('error');
    expect(await on.ask('GET', String(blocked.response_url))).toMatchObject({
      ...{ status: 422, json: { detail: [{ loc: ['body', 'prompt'], type: 'content_policy_violation' }] } },
    });
    expect((await on.ask('GET', String(died.status_url))).json).toMatchObject({
      ...{ status: 'COMPLETED', error: 'It died.', error_type: 'runner_disconnected' },
    });
  });

  it.each([
    [{ prompt: 'A', duration: 8 }, 'duration'],
    [{ prompt: 'A', resolution: '720P' }, 'resolution'],
    [{ prompt: 'A', video_urls: ['https://nowhere.example/a.mp4'] }, 'video_urls'],
  ])('is taken whatever stands in it, and refused by its model: %j', async (input, at) => {
    const on = await fal({ scenario: QUICK });
    const made = await on.submit(input);
    expect(await on.ask('GET', String(made.response_url))).toMatchObject({
      ...{ status: 422, json: { detail: [{ loc: ['body', at], type: 'value_error' }] } },
    });
  });

  it('has a result for an hour, which the list has longer, and a file for a week', async () => {
    const on = await fal({ scenario: QUICK });
    const made = await on.submit();
    const { json } = await on.ask('GET', String(made.response_url));
    const { url } = json.video as { url: string };
    on.clock.ms += 3_600_000;
    expect((await on.ask('GET', String(made.response_url))).status).toBe(404);
    expect((await on.ask('GET', String(made.status_url))).json).toMatchObject({ status: 'COMPLETED' });
    const query = `endpoint_id=${MODEL}&request_id=${made.request_id}`;
    const listed = await on.ask('GET', `/v1/models/requests/by-endpoint?${query}&expand=payloads`);
    expect(listed.json.items).toMatchObject([{ status_code: 200, json_output: { video: { url } } }]);
    expect((await on.ask('GET', `/v1/models/requests/by-endpoint?${query}`)).json.items).not.toMatchObject([
      { json_output: expect.anything() },
    ]);
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url, { headers: KEY })).status).toBe(400);
  });
});

describe('the list of the sandbox’s fal', () => {
  it('is of one endpoint, page by page, of a day unless told, and without what waits', async () => {
    const on = await fal({ scenario: { version: 1, jobSeconds: 100 } });
    const list = (more: string) => on.ask('GET', `/v1/models/requests/by-endpoint?endpoint_id=${MODEL}${more}`);
    for (const _ of [1, 2, 3]) await on.submit();
    await on.submit({ prompt: 'Another' }, 'kling/v4/reference-to-video');
    expect((await list('')).json.items).toEqual([]);
    on.clock.ms += 50_000;
    const page = await list('&limit=2');
    expect(page.json).toMatchObject({ has_more: true, items: [{ status_code: null, ended_at: null }, {}] });
    const rest = await list(`&limit=2&cursor=${page.json.next_cursor}`);
    expect(rest.json).toMatchObject({ has_more: false, next_cursor: null, items: [{ endpoint_id: MODEL }] });
    on.clock.ms += 2 * DAY_MS;
    expect((await list('')).json.items).toEqual([]);
    expect((await list('&start=2020-01-01')).json.items).toHaveLength(3);
    expect((await list('&start=2020-01-01&status=error')).json.items).toHaveLength(0);
    for (const wrong of ['&limit=101', '&start=soon', '&cursor=x'])
      expect([wrong, (await list(wrong)).status]).toEqual([wrong, 400]);
  });
});

describe('an upload to the sandbox’s fal', () => {
  it('is at an origin of its own, for as long as its header says', async () => {
    const on = await fal({ scenario: QUICK });
    const { json } = await on.ticket({ [LIFECYCLE]: '{"expiration_duration_seconds":86400}' });
    const body = new Uint8Array(await (await makeClip()).arrayBuffer());
    const put = { method: 'PUT', body, headers: { 'content-type': 'video/mp4' } };
    expect((await fetch(String(json.upload_url), { ...put, headers: { ...put.headers, ...KEY } })).status).toBe(400);
    expect((await fetch(String(json.upload_url), put)).status).toBe(200);
    expect(new URL(String(json.file_url)).origin).not.toBe(new URL(on.base).origin);
    expect((await fetch(String(json.file_url))).status).toBe(200);
    on.clock.ms += DAY_MS;
    expect((await fetch(String(json.file_url))).status).toBe(404);
    const late = await on.submit({ prompt: 'A', video_urls: [json.file_url] });
    expect((await on.ask('GET', String(late.response_url))).bytes.toString()).toContain('deleted after 1 days');
  });

  it.each([
    [{ [LIFECYCLE]: 'soon' }, 422],
    [
      {
        [LIFECYCLE]: '{"expiration_duration_seconds":60}',
        [`${LIFECYCLE}-preference`]: '{"expiration_duration_seconds":61}',
      },
      422,
    ],
    [{ [`${LIFECYCLE}-preference`]: '{"expiration_duration_seconds":60}' }, 200],
    [{}, 200],
  ])('takes %j with %i', async (headers, status) => {
    const on = await fal();
    expect((await on.ticket(headers as Record<string, string>)).status).toBe(status);
  });
});

describe('the platform of the sandbox’s fal', () => {
  it('tells a schema to anybody, inputs by reference', async () => {
    const on = await fal();
    const answer = await on.ask('GET', `/v1/models?endpoint_id=${MODEL}&expand=openapi-3.0`, undefined, {
      authorization: '',
    });
    expect(answer.json.models).toMatchObject([
      {
        endpoint_id: MODEL,
        openapi: { components: { schemas: { BytedanceSeedance20ReferenceToVideoInput: { required: ['prompt'] } } } },
      },
    ]);
    expect((await on.ask('GET', '/v1/models?endpoint_id=nobody/there')).json).toMatchObject({
      error: { type: 'not_found' },
    });
  });

  it('prices by unit, blind to all else', async () => {
    const on = await fal();
    expect((await on.ask('GET', `/v1/models/pricing?endpoint_id=${MODEL}`)).json.prices).toEqual([
      { endpoint_id: MODEL, unit_price: 0.303, unit: 'seconds', currency: 'USD' },
    ]);
    const wish = { estimate_type: 'unit_price', endpoints: { [MODEL]: { unit_quantity: 10 } } };
    expect((await on.ask('POST', '/v1/models/pricing/estimate', wish)).json).toMatchObject({ total_cost: 3.03 });
  });
});
