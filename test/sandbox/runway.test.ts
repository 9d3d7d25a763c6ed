/** The Runway dialect, as strict as its documentation; and the vendor's own client against it. */
import RunwayML from '@runwayml/sdk';
import { describe, expect, it } from 'vitest';
import { type Json, makeClip, sandbox, type TestSandbox } from './harness.ts';

const VERSION = { 'x-runway-version': '2024-11-06' };
const VIDEO = { model: 'seedance2', promptText: 'A lighthouse.', ratio: '1280:720', duration: 4 };

async function start(scenario: Json = {}): Promise<TestSandbox & { call: TestSandbox['ask'] }> {
  const on = await sandbox({ scenario: { version: 1, jobSeconds: 10, ...scenario } });
  const call: TestSandbox['ask'] = (method, path, request = {}) =>
    on.ask(method, `${on.urls.runway}${path}`, { ...request, headers: { ...VERSION, ...request.headers } });
  return { ...on, call };
}

async function create({ call }: Awaited<ReturnType<typeof start>>, wish: Json = VIDEO): Promise<string> {
  return String((await call('POST', '/v1/text_to_video', { json: wish })).json.id);
}

describe('the Runway dialect', () => {
  it('wants its version with every request', async () => {
    const on = await start();
    const bare = await on.ask('GET', `${on.urls.runway}/v1/organization`);
    expect([bare.status, bare.json]).toEqual([400, { error: 'The header X-Runway-Version is required.' }]);
    const odd = await on.call('GET', '/v1/organization', { headers: { 'x-runway-version': '2020-01-01' } });
    expect(odd.status).toBe(400);
  });

  it.each([
    [['promptText'], { promptText: 'x'.repeat(3501) }],
    [['ratio'], { ratio: '16:9' }],
    [['referenceVideos', '0', 'type'], { referenceVideos: [{ uri: 'runway://x' }] }],
    [['references', '0', 'tag'], { references: [{ uri: 'runway://x', tag: 'a' }] }],
    [['referenceVideos', '0', 'uri'], { referenceVideos: [{ type: 'video', uri: 'http://f.example/a.mp4' }] }],
    [['ratio'], { model: 'h3_max' }],
    [['seed'], { seed: 1.5 }],
    [['referenceAudio', '0', 'type'], { referenceAudio: [{ uri: 'https://f.example/a.mp3' }] }],
    [['duration'], { model: 'wan3', duration: 'auto' }],
    [['seed'], { model: 'wan3', seed: 1 }],
    [['model'], { model: 'sora-2' }],
  ])('names what is wrong with a request by its path: %j', async (path, wish) => {
    const on = await start();
    const { status, json } = await on.call('POST', '/v1/text_to_video', { json: { ...VIDEO, ...wish } });
    expect([status, json.issues]).toEqual([400, [{ code: 'custom', path, message: expect.stringMatching(/\w/) }]]);
  });

  it('takes a file by a form whose fields stand before it, once, without a key, and for a day', async () => {
    const on = await start();
    const wish = { filename: 'joe.mp4', type: 'ephemeral' };
    const { uploadUrl, fields, runwayUri } = (await on.call('POST', '/v1/uploads', { json: wish })).json;
    const file = new File([new Uint8Array(await (await makeClip()).arrayBuffer())], 'joe.mp4', { type: 'video/mp4' });
    const send = (form: Record<string, string | Blob>, bare = true) =>
      on.ask('POST', String(uploadUrl), { form, ...(bare && { bare: true }) });
    const own = fields as Record<string, string>;
    expect((await send({ file, ...own })).status).toBe(403);
    expect((await send({ ...own, policy: 'another', file })).status).toBe(403);
    expect((await send({ ...own, file: new File(['x'], 'joe.mp4') })).status).toBe(400);
    expect((await send({ ...own, file }, false)).status).toBe(400);
    expect((await send({ ...own, file })).status).toBe(204);
    expect((await send({ ...own, file })).status).toBe(403);
    const withClip = { ...VIDEO, referenceVideos: [{ type: 'video', uri: runwayUri }] };
    expect(await create(on, withClip)).toMatch(/^task_/);
    on.clock.ms += 25 * 3_600_000;
    expect((await on.call('POST', '/v1/text_to_video', { json: withClip })).status).toBe(400);
  });

  it('throttles what is beyond three at once, and tells estimate, progress and cost', async () => {
    const on = await start();
    const ids = [await create(on), await create(on), await create(on), await create(on)];
    const look = async (id = '') => (await on.call('GET', `/v1/tasks/${id}`)).json;
    expect(await look(ids[3])).toMatchObject({ status: 'THROTTLED', estimatedCost: { credits: 144 } });
    on.clock.ms += 5000;
    expect(await look(ids[0])).toMatchObject({ status: 'RUNNING', progress: expect.closeTo(0.47, 1) });
    on.clock.ms += 6000;
    const { output, ...done } = await look(ids[0]);
    expect(done).toMatchObject({ status: 'SUCCEEDED', cost: { credits: 144 } });
    expect(String(output)).toMatch(/^http:\/\/localhost:/);
    on.clock.ms += 1;
    expect((await look(ids[0])).output).not.toEqual(output);
    expect(await look(ids[3])).toMatchObject({ status: 'RUNNING' });
  });

  it('charges what moderation stops, gives back what fails, and forgets what is deleted but not that it was made', async () => {
    const fail = (code: string) => ({ jobSeconds: 0, fail: { code, message: 'No.' } });
    const on = await start({ jobs: [fail('SAFETY.INPUT.TEXT'), fail('INTERNAL'), { jobSeconds: 0 }] });
    const ids = [await create(on), await create(on), await create(on)];
    const told = await Promise.all(ids.map(async (id) => (await on.call('GET', `/v1/tasks/${id}`)).json));
    expect(told.map(({ failureCode, cost }) => [failureCode, cost])).toEqual([
      ['SAFETY.INPUT.TEXT', { credits: 144 }],
      ['INTERNAL', { credits: 0 }],
      [undefined, { credits: 144 }],
    ]);
    expect((await on.call('DELETE', `/v1/tasks/${ids[2]}`)).status).toBe(204);
    expect((await on.call('GET', `/v1/tasks/${ids[2]}`)).status).toBe(404);
    expect((await on.call('DELETE', `/v1/tasks/${ids[2]}`)).status).toBe(404);
    expect((await on.call('GET', '/v1/organization')).json).toMatchObject({
      creditBalance: 100_000 - 288,
      usage: { models: { seedance2: { dailyGenerations: 3 } } },
    });
  });
});

/** As much of the vendor's client as is used here. */
interface Client {
  readonly organization: { retrieve(): Promise<{ readonly creditBalance: number }> };
  readonly uploads: { createEphemeral(wish: { file: File }): Promise<{ readonly uri: string }> };
  readonly textToVideo: { create(wish: object): Promise<{ readonly id: string }> };
  readonly imageToVideo: { create(wish: object): Promise<{ readonly id: string }> };
  readonly tasks: {
    retrieve(id: string): Promise<{ readonly status: string; readonly output?: readonly string[] }>;
    delete(id: string): Promise<void>;
  };
}

const SOUND = { type: 'audio', uri: 'https://sounds.example/a.mp3' };
const PICTURE = { uri: 'https://pictures.example/a.png' };

describe('the vendor’s own client', () => {
  it.each<[Json, number, charged?: number]>([
    [{ model: 'seedance2', promptText: 'A.', seed: 4_294_967_295, audio: true, referenceAudio: [SOUND] }, 180],
    [{ model: 'seedance2', promptText: 'A.', duration: 'auto', ratio: '640:640' }, 427, 143],
    [
      {
        ...{ model: 'gen4.5', promptText: 'A.', ratio: '720:1280', duration: 10, outputFormat: 'prores', seed: 7 },
        ...{ contentModeration: { publicFigureThreshold: 'low' }, proresProfile: '422' },
      },
      120,
    ],
    [{ model: 'veo3.1', promptText: 'A.', ratio: '1920:1080', audio: true, negativePrompt: 'B.' }, 720],
    [{ model: 'veo3.1_fast', promptText: 'A.', ratio: '720:1280', duration: 4 }, 60],
    [{ model: 'seedance2_5', references: [PICTURE], duration: 4 }, 180],
    [{ model: 'hailuo3', promptText: 'A.', ratio: 'adaptive', resolution: '768P', references: [PICTURE] }, 57],
    [{ model: 'h3_max', promptText: 'A.', seed: 1, promptExpansionMode: 'quality', resolution: '480p' }, 18],
    [{ model: 'wan3', promptText: 'A.', ratio: 'auto_480p', audio: false, referenceAudio: [SOUND] }, 23],
    [{ model: 'gemini_omni_flash_1.1', promptText: 'A.', duration: 'auto', ratio: '3840:2160' }, 900, 450],
  ])(
    'may send what its types say, and is told the most that it can cost: %j',
    async (wish, credits, charged = credits) => {
      const on = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
      const client = new RunwayML({ apiKey: 'k', baseURL: on.urls.runway, maxRetries: 0 }) as unknown as Client;
      const task = await client.textToVideo.create(wish);
      expect(task).toMatchObject({ estimatedCost: { credits } });
      expect(await client.tasks.retrieve(task.id)).toMatchObject({ status: 'SUCCEEDED', cost: { credits: charged } });
    },
  );

  it.each<[Json, number]>([
    [{ model: 'gen4.5', promptText: 'A.', promptImage: PICTURE.uri, ratio: '1584:672', duration: 2 }, 21],
    [{ model: 'gen4_turbo', promptImage: [{ ...PICTURE, position: 'first' }], ratio: '960:960' }, 89],
    [{ model: 'veo3.1', promptImage: [{ ...PICTURE, position: 'last' }], ratio: '1280:720', duration: 6 }, 240],
    [{ model: 'seedance2', promptImage: [PICTURE], duration: 'auto' }, 540],
    [{ model: 'seedance2_5', promptImage: PICTURE.uri, referenceAudio: [SOUND] }, 225],
    [{ model: 'hailuo3', promptImage: PICTURE.uri, promptText: 'A.' }, 57],
    [{ model: 'h3_max', promptImage: PICTURE.uri, promptText: 'A.', promptExpansionMode: 'quality' }, 46],
    [{ model: 'wan3', promptImage: [PICTURE], promptText: 'A.' }, 50],
    [{ model: 'gemini_omni_flash_1.1', promptImage: PICTURE.uri, promptText: 'A.', duration: 3 }, 30],
  ])('may begin a video with a picture: %j', async (wish, credits) => {
    const on = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
    const client = new RunwayML({ apiKey: 'k', baseURL: on.urls.runway, maxRetries: 0 }) as unknown as Client;
    const task = await client.imageToVideo.create(wish);
    expect(task).toMatchObject({ estimatedCost: { credits } });
    expect(await client.tasks.retrieve(task.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it.each<[readonly string[], Json]>([
    [['promptImage'], { model: 'seedance2', promptText: 'A.' }],
    [['promptImage', '0', 'position'], { model: 'gen4_turbo', promptImage: [PICTURE], ratio: '960:960' }],
    [
      ['promptImage', '0', 'position'],
      { model: 'gen4_turbo', promptImage: [{ ...PICTURE, position: 'last' }], ratio: '960:960' },
    ],
    [['ratio'], { model: 'gen4.5', promptText: 'A.', promptImage: PICTURE.uri, duration: 2 }],
    [['duration'], { model: 'veo3.1', promptImage: PICTURE.uri, ratio: '1280:720', duration: 5 }],
    [['references'], { model: 'seedance2', promptImage: PICTURE.uri, references: [PICTURE] }],
    [
      ['contentModeration', 'publicFigureThreshold'],
      {
        model: 'gen4_turbo',
        promptImage: PICTURE.uri,
        ratio: '960:960',
        contentModeration: { publicFigureThreshold: 'off' },
      },
    ],
  ])('is told what is wrong with a picture by its path: %j', async (path, wish) => {
    const on = await sandbox({});
    const client = new RunwayML({ apiKey: 'k', baseURL: on.urls.runway, maxRetries: 0 }) as unknown as Client;
    await expect(client.imageToVideo.create(wish)).rejects.toMatchObject({
      status: 400,
      error: { issues: [{ path }] },
    });
  });

  it('uploads a clip, makes a video of it, fetches and deletes it', async () => {
    const on = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
    const options = { apiKey: 'k', baseURL: on.urls.runway, maxRetries: 0 };
    const client = new RunwayML(options) as unknown as Client;
    const { creditBalance } = await client.organization.retrieve();
    const file = new File([new Uint8Array(await (await makeClip()).arrayBuffer())], 'joe.mp4', { type: 'video/mp4' });
    const { uri } = await client.uploads.createEphemeral({ file });
    expect(uri).toMatch(/^runway:\/\//);
    const { id } = await client.textToVideo.create({ ...VIDEO, referenceVideos: [{ type: 'video', uri }] });
    expect(await client.tasks.retrieve(id)).toMatchObject({ status: 'SUCCEEDED', output: [expect.any(String)] });
    await client.tasks.delete(id);
    await expect(client.tasks.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(client.textToVideo.create({ ...VIDEO, ratio: '1:1' })).rejects.toMatchObject({
      status: 400,
      error: { issues: [{ path: ['ratio'] }] },
    });
    expect((await client.organization.retrieve()).creditBalance).toBe(creditBalance - 144);
  });
});
