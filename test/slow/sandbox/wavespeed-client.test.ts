/** WaveSpeedAI's own tools against the sandbox: the SDK, and the command line, which holds an SDK of before. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  Client,
  WavespeedPredictionException,
  WavespeedSubmissionException,
  WavespeedSyncTimeoutException,
} from 'wavespeed';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { type Json, makeClip, rendererOf, sandbox, type TestSandbox } from '../../sandbox/harness.ts';

const KEY = 'ws-test';
const DONE = { version: 1, jobSeconds: 0 };
const VIDEO = Buffer.from('as if it were a video');
const SORA = 'openai/sora-2/text-to-video';
const SEEDANCE = 'bytedance/seedance-2.0/text-to-video';
const REFUSED = { version: 1, jobSeconds: 0, jobs: [{ fail: { code: '1200', message: 'No likeness.' } }] };

const start = (options: Partial<SandboxOptions> = {}): Promise<TestSandbox> =>
  sandbox({ scenario: DONE, key: KEY, renderer: rendererOf(VIDEO), ...options });

/** Its base URL is an origin; that of `sora` goes on. */
const clientOf = ({ urls }: TestSandbox, baseUrl = new URL(urls.wavespeed).origin): Client =>
  new Client(KEY, { baseUrl, maxConnectionRetries: 0 });

/** The bytes of a clip under another name. */
async function saved(name: string): Promise<string> {
  const path = join(await tempFolder(), name);
  await writeFile(path, Buffer.from(await (await makeClip()).arrayBuffer()));
  return path;
}

describe('the SDK of WaveSpeedAI and the sandbox', () => {
  it.each(['polling', 'waiting'])('agree on a video, by %s', async (way) => {
    const on = await start();
    const mode = { pollInterval: 0.01, enableSyncMode: way === 'waiting' };
    const { outputs } = await clientOf(on).run(SORA, { prompt: 'A hill.', duration: 8, size: '720*1280' }, mode);
    const video = await fetch(String(outputs[0]));
    expect([video.status, Buffer.from(await video.arrayBuffer())]).toEqual([200, VIDEO]);
  });

  it('agree at the base URL that is printed, too, behind which the SDK says its own', async () => {
    const on = await start();
    const client = clientOf(on, on.urls.wavespeed);
    expect(await client.run(SORA, { prompt: 'A hill.' }, { pollInterval: 0.01 })).toEqual({
      outputs: [expect.any(String)],
    });
  });

  it.each(['joe.mp4', 'joe.bin', 'joe', 'joe.wav', 'joe.mkv', 'joe.gif'])(
    'agree on an upload of %s, which a model reads for what it is',
    async (name) => {
      const on = await start();
      const url = await clientOf(on).upload(await saved(name));
      const wish = { prompt: '@Video1 waves.', reference_videos: [url], duration: 4 };
      expect((await clientOf(on).run(SEEDANCE, wish, { pollInterval: 0.01 })).outputs).toHaveLength(1);
    },
  );

  it('agree on sounds, and a sound as a file', async () => {
    const on = await start();
    const reference_audios = [await clientOf(on).upload(await saved('joe.wav'))];
    const wish = { prompt: 'A hill.', reference_audios };
    expect((await clientOf(on).run(SEEDANCE, wish, { pollInterval: 0.01 })).outputs).toHaveLength(1);
  });

  it('agree on a character, and on a video that says its name', async () => {
    const on = await start();
    const client = clientOf(on);
    const clip = { video: await client.upload(await saved('joe.mp4')), name: 'Joe' };
    const made = await client.run('openai/sora-2/characters', clip, { enableSyncMode: true });
    expect(made.outputs).toEqual([{ id: expect.stringMatching(/^char_/), name: 'Joe' }]);
    const { id } = made.outputs[0] as unknown as Json;
    const wish = { prompt: 'Joe waves.', characters: [{ id }] };
    expect((await client.run(SORA, wish, { enableSyncMode: true })).outputs).toHaveLength(1);
  });

  it('agree on what is refused, and never sent again', async () => {
    const on = await start();
    const refused = (client: Client, model: string, wish: Json) =>
      client.run(model, wish).catch((cause: unknown) => cause);
    expect(await refused(clientOf(on), SORA, { prompt: 'A hill.', size: '1x1' })).toBeInstanceOf(
      WavespeedSubmissionException,
    );
    expect(String(await refused(clientOf(on), 'nobody/knows', { prompt: 'A hill.' }))).toContain('HTTP 404');
    expect(String(await refused(new Client('other', { baseUrl: on.url }), SORA, { prompt: 'A' }))).toContain('HTTP 4');
    expect(on.log).toHaveLength(3);
  });

  it.each(['polling', 'waiting'])('agree on a task that fails, by %s', async (way) => {
    const on = await start({ scenario: REFUSED });
    const mode = { pollInterval: 0.01, enableSyncMode: way === 'waiting' };
    const { outputs, detail } = await clientOf(on).runNoThrow(SORA, { prompt: 'Joe.' }, mode);
    expect([outputs, detail.status, detail.taskId]).toEqual([null, 'failed', expect.stringMatching(/^task_/)]);
    expect(detail.error).toBeInstanceOf(WavespeedPredictionException);
    expect(String(detail.error)).toContain('No likeness.');
  });

  it('agree that a task goes on when it outlasts the request that waits for it', async () => {
    const waited: number[] = [];
    const on = await start({ scenario: { version: 1, jobSeconds: 100 }, sleep: async (ms) => waited.push(ms) });
    const client = clientOf(on);
    const { detail } = await client.runNoThrow(SORA, { prompt: 'A hill.' }, { enableSyncMode: true });
    expect([detail.status, detail.error]).toEqual(['processing', expect.any(WavespeedSyncTimeoutException)]);
    expect(waited).toEqual([60_000]);
    on.clock.ms += 100_000;
    const later = await on.get('GET', detail.resultUrl ?? '', { headers: { authorization: `Bearer ${KEY}` } });
    expect(later.data).toMatchObject({ id: detail.taskId, status: 'completed' });
  });
});

describe('the command line of WaveSpeedAI and the sandbox', { timeout: 120_000 }, () => {
  /** Runs it in a home of its own, where its base URL is a setting; answers what it prints as JSON. */
  async function commandLine({ urls }: TestSandbox) {
    const home = await tempFolder();
    const settings = join(home, 'wavespeed-nodejs', 'config.json');
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, JSON.stringify({ baseUrl: urls.wavespeed }));
    const env = { HOME: home, XDG_CONFIG_HOME: home, WAVESPEED_API_KEY: KEY };
    const installed = createRequire(import.meta.url).resolve('@wavespeed/cli/package.json');
    const program = join(dirname(installed), 'dist/cli.js');
    return async (...args: string[]): Promise<Json> => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], { cwd: home, env });
      return JSON.parse(stdout) as Json;
    };
  }

  it('agree on the inputs of a model, its price, an upload, a video, its record, and the end of it', async () => {
    const on = await start();
    on.clock.ms = Date.now();
    const run = await commandLine(on);
    const wish = ['-i', 'prompt=@Video1 waves.', '-i', 'duration=4'];
    expect(await run('schema', SEEDANCE)).toMatchObject({ properties: { prompt: { type: 'string' } } });
    expect(await run('price', SEEDANCE, ...wish)).toEqual({ model_id: SEEDANCE, unit_price: 0.96, currency: 'USD' });
    const { url } = await run('upload', await saved('joe.mp4'));
    const { saved: files } = await run(
      ...['run', SEEDANCE, ...wish, '-i', `reference_videos=["${url}"]`, '--sync', '--download'],
    );
    expect(await readFile(String((files as string[])[0]))).toEqual(VIDEO);
    const { items } = await run('history', '--status', 'completed');
    const [{ id } = { id: undefined }] = items as Json[];
    expect(items).toMatchObject([{ model: SEEDANCE, inputs: { prompt: '@Video1 waves.' } }]);
    expect(await run('delete', String(id))).toEqual({ deleted: [id] });
    const gone = `${on.urls.wavespeed}/predictions/${id}`;
    expect((await on.ask('GET', gone, { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(404);
  });
});
