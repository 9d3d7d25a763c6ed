/** The vendor's own JavaScript client against the sandbox: two readers of one documentation. */
import { createFalClient } from '@fal-ai/client';
import { describe, expect, it } from 'vitest';
import { KEY } from '../../helpers/far-end.ts';
import { type Json, makeClip, QUICK, sandbox, type TestSandbox } from '../../sandbox/harness.ts';

const MODEL = 'bytedance/seedance-2.0/reference-to-video';

/** As much of it as is used here. */
interface FalClient {
  readonly storage: { upload(file: Blob, options?: object): Promise<string> };
  readonly queue: {
    submit(endpoint: string, options: object): Promise<Json>;
    status(endpoint: string, options: object): Promise<Json>;
    result(endpoint: string, options: object): Promise<{ data: Json; requestId: string }>;
    cancel(endpoint: string, options: object): Promise<void>;
  };
  subscribe(endpoint: string, options: object): Promise<{ data: Json; requestId: string }>;
}

/** The client knows three origins by heart: each is led to the sandbox. */
function clientOf({ urls }: TestSandbox, credentials = KEY): FalClient {
  const base = urls.fal;
  const places = [
    ['https://queue.fal.run', base],
    ['https://rest.fal.ai', base],
    ['https://api.fal.ai', base],
  ] as const;
  const led = (url: string): string => places.reduce((at, [from, to]) => at.replace(from, to), url);
  return createFalClient({
    credentials,
    fetch: (url: string | URL | Request, init?: RequestInit) => fetch(led(String(url)), init),
    retry: { maxRetries: 0 },
  }) as unknown as FalClient;
}

describe('the client of fal and the sandbox', () => {
  it('agree from the upload of a clip to the URL of a video, which needs no key', async () => {
    const on = await sandbox({ scenario: QUICK, key: KEY });
    const client = clientOf(on);
    const clip = await client.storage.upload(await makeClip(), { lifecycle: { expiresIn: '7d' } });
    const input = { prompt: 'Joe waves. Joe is the character in @Video1.', video_urls: [clip], duration: '4' };
    const { data, requestId } = await client.subscribe(MODEL, { input, pollInterval: 10 });
    expect(requestId).toMatch(/./);
    const { url } = data.video as { url: string };
    const video = await fetch(url);
    expect([video.status, video.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    expect(new URL(url).origin).not.toBe(new URL(on.urls.fal).origin);
    expect((await fetch(url, { headers: { authorization: `Key ${KEY}` } })).status).toBe(400);
  });

  it('agree on a file of no known type, which a model reads for what it is', async () => {
    const on = await sandbox({ scenario: QUICK, key: KEY });
    const client = clientOf(on);
    const clip = await client.storage.upload(new Blob([await makeClip()]));
    const input = { prompt: 'A hill. @Video1', video_urls: [clip], duration: '4' };
    expect((await client.subscribe(MODEL, { input, pollInterval: 10 })).data).toHaveProperty('video.url');
  });

  it('agree on every input that the vendor lists for the model', async () => {
    const on = await sandbox({ scenario: QUICK, key: KEY });
    const sound = 'https://sounds.example/a.mp3';
    const picture = 'https://pictures.example/a.png';
    const input = {
      ...{ prompt: 'A hill. @Image1 @Audio1', image_urls: [picture], audio_urls: [sound], resolution: '480p' },
      ...{ duration: 'auto', aspect_ratio: '9:16', generate_audio: false, seed: 42, end_user_id: 'joe' },
    };
    expect((await clientOf(on).subscribe(MODEL, { input, pollInterval: 10 })).data).toHaveProperty('video.url');
  });

  it('agree on the states of a request, its place in the queue, and how it is cancelled', async () => {
    const on = await sandbox({ scenario: { version: 1, jobSeconds: 100 }, key: KEY });
    const client = clientOf(on);
    const input = { prompt: 'A hill.' };
    const first = await client.queue.submit(MODEL, { input });
    const second = await client.queue.submit(MODEL, { input });
    expect([first.status, first.queue_position, second.queue_position]).toEqual(['IN_QUEUE', 0, 1]);
    const requestId = String(first.request_id);
    expect(await client.queue.status(MODEL, { requestId, logs: true })).toMatchObject({ status: 'IN_QUEUE', logs: [] });
    await client.queue.cancel(MODEL, { requestId: String(second.request_id) });
    on.clock.ms += 50_000;
    expect(await client.queue.status(MODEL, { requestId })).toMatchObject({ status: 'IN_PROGRESS' });
    await client.queue.cancel(MODEL, { requestId });
    expect(await client.queue.status(MODEL, { requestId })).toMatchObject({
      ...{ status: 'COMPLETED', error_type: 'client_cancelled' },
    });
  });

  it('agree that inputs are refused by the model, after the request was taken', async () => {
    const on = await sandbox({ scenario: QUICK, key: KEY });
    const client = clientOf(on);
    const { request_id } = await client.queue.submit(MODEL, { input: { prompt: 'A hill.', duration: '99' } });
    const requestId = String(request_id);
    expect(await client.queue.status(MODEL, { requestId })).toMatchObject({ status: 'COMPLETED' });
    await expect(client.queue.result(MODEL, { requestId })).rejects.toMatchObject({
      ...{ status: 422, body: { detail: [{ loc: ['body', 'duration'], type: 'value_error' }] } },
    });
  });

  it('agree on what goes with the time, and on who may ask', async () => {
    const on = await sandbox({ scenario: QUICK, key: KEY });
    const client = clientOf(on);
    const { request_id } = await client.queue.submit(MODEL, { input: { prompt: 'A hill.' } });
    const requestId = String(request_id);
    expect((await client.queue.result(MODEL, { requestId })).data).toHaveProperty('video.url');
    on.clock.ms += 3_600_000;
    await expect(client.queue.result(MODEL, { requestId })).rejects.toMatchObject({ status: 404 });
    const stranger = clientOf(on, 'another-key');
    await expect(stranger.queue.status(MODEL, { requestId })).rejects.toMatchObject({ status: 401 });
  });
});
