import { access, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { ffmpegPath } from '../helpers/ffmpeg.ts';
import { tempFolder } from '../helpers/temp.ts';
import { type Json, sandbox } from './harness.ts';

const VIDEO = { prompt: 'A hill' };

function play(rule: Json, more: Json = {}) {
  return sandbox({ scenario: { version: 1, jobSeconds: 0, rules: [rule], ...more } });
}

async function countVideos(on: { get: (method: string, path: string) => Promise<Json> }): Promise<number> {
  return ((await on.get('GET', '/videos')).data as Json[]).length;
}

it('refuses JSON that is nested without end, as JSON that is none', async () => {
  const on = await sandbox();
  const nested = `{"prompt":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const headers = { authorization: 'Bearer sandbox', 'content-type': 'application/json' };
  const answer = await fetch(`${on.url}/videos`, { method: 'POST', headers, body: nested });
  expect(answer.status).toBe(400);
});

describe('the memory of a sandbox', () => {
  it('is shared by sandboxes over one folder', async () => {
    const a = await sandbox();
    const b = await sandbox({ stateDir: a.stateDir });
    const joe = await a.character('Joe');
    expect(await b.get('GET', `/videos/characters/${joe}`)).toMatchObject({ id: joe, name: 'Joe' });
    const id = await b.video({ prompt: 'Joe runs', characters: [{ id: joe }] });
    expect(await a.get('GET', `/videos/${id}`)).toEqual(await b.get('GET', `/videos/${id}`));
  });

  it('loses nothing and keeps one order when both are busy at once', async () => {
    const a = await sandbox();
    const b = await sandbox({ stateDir: a.stateDir });
    const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).video()));
    const listed = async (from: typeof a) =>
      ((await from.get('GET', '/videos?limit=100')).data as Json[]).map(({ id }) => id);
    expect(new Set(await listed(a))).toEqual(new Set(ids));
    expect(await listed(a)).toEqual(await listed(b));
    const numbers = await Promise.all(
      ids.map(async (id) => JSON.parse(await readFile(join(a.stateDir, 'jobs', `${id}.json`), 'utf8')).sequence),
    );
    expect(numbers.sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('outlives a restart', async () => {
    const first = await sandbox();
    const joe = await first.character('Joe');
    const id = await first.video();
    await first.close();
    const second = await sandbox({ stateDir: first.stateDir });
    second.clock.ms += 4000;
    expect(await second.get('GET', `/videos/${id}`)).toMatchObject({ status: 'completed' });
    expect(await second.get('GET', `/videos/characters/${joe}`)).toMatchObject({ name: 'Joe' });
  });

  it('is empty after a reset, for both', async () => {
    const a = await sandbox();
    const b = await sandbox({ stateDir: a.stateDir });
    const [joe, id] = [await a.character('Joe'), await a.video()];
    await b.reset();
    expect((await a.ask('GET', `/videos/${id}`)).status).toBe(404);
    expect((await a.ask('GET', `/videos/characters/${joe}`)).status).toBe(404);
    expect(await countVideos(a)).toBe(0);
    expect(await a.video()).toMatch(/^video_/);
  });

  it('is readable by its owner alone', async () => {
    const { stateDir, character, video } = await sandbox({ stateDir: join(await tempFolder(), 'new', 'state') });
    await character('Joe');
    await video();
    const modes = new Set<string>();
    for (const entry of await readdir(stateDir, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      modes.add(`${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`);
    }
    expect(modes).toEqual(new Set(['folder 700', 'file 600']));
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(stateDir, 'tmp'))).toEqual([]);
  });
});

describe('faults', () => {
  it('answer in place of the host, with headers and any body, so many times', async () => {
    const body = { error: { message: 'Slow down', type: 'rate', param: null, code: 'rate_limit_exceeded' } };
    const respond = { status: 429, headers: { 'retry-after': '1' }, body };
    const on = await play({ match: { method: 'POST', path: '/videos' }, times: 1, respond });
    const answer = await on.ask('POST', '/videos', { json: VIDEO });
    expect([answer.status, answer.json, answer.headers.get('retry-after')]).toEqual([429, body, '1']);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(await countVideos(on)).toBe(0);
    expect((await on.ask('POST', '/videos', { json: VIDEO })).status).toBe(200);
  });

  it('answer a page of HTML', async () => {
    const respond = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' };
    const on = await play({ match: {}, respond });
    const answer = await on.ask('GET', '/videos');
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(answer.bytes.toString()).toBe('<h1>Bad gateway</h1>');
  });

  it.each([
    ['answers 500 although it was carried out', { respond: { status: 500 }, applyFirst: true }, 500, 1],
    ['answers 500 and carries nothing out', { respond: { status: 500 } }, 500, 0],
    ['drops the connection before it is carried out', { reset: 'before' }, 'dropped', 0],
    ['drops the connection after it was carried out', { reset: 'after' }, 'dropped', 1],
    ['cuts the answer short', { truncateBytes: 20 }, 'dropped', 1],
    ['cuts the whole body off', { truncateBytes: 0 }, 'dropped', 1],
  ])('a create that %s', async (_, effect, outcome, videos) => {
    const on = await play({ match: { method: 'POST' }, ...effect });
    const seen = await on.ask('POST', '/videos', { json: VIDEO }).then(
      ({ status }) => status,
      () => 'dropped',
    );
    expect([seen, await countVideos(on)]).toEqual([outcome, videos]);
  });

  it('send exactly as many bytes of an answer as they say', async () => {
    const on = await play({ match: { path: '/videos/*' }, truncateBytes: 20 });
    const id = await on.video();
    const seen = await new Promise<{ length: string | undefined; bytes: number; whole: boolean }>((resolve, reject) => {
      httpGet(`${on.url}/videos/${id}`, { headers: { authorization: 'Bearer x' } }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', () => {});
        response.on('close', () => {
          resolve({ length: response.headers['content-length'], bytes, whole: response.complete });
        });
      }).on('error', reject);
    });
    expect(seen).toEqual({ length: expect.stringMatching(/^\d{3}$/), bytes: 20, whole: false });
  });

  it('hold an answer back', async () => {
    const on = await play({ match: { path: '/videos' }, times: 1, delayMs: 80 });
    const started = performance.now();
    expect((await on.ask('GET', '/videos')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(75);
  });

  it('come from the file that a request names, and are counted across requests', async () => {
    const on = await sandbox();
    const path = join(await tempFolder(), 'scenario.json');
    const rules = [{ match: {}, times: 1, respond: { status: 503 } }];
    await writeFile(path, JSON.stringify({ version: 1, rules }));
    const headers = { 'x-sandbox-scenario': path };
    const ask = async () => (await on.ask('GET', '/videos', { headers })).status;
    expect([await ask(), await ask(), (await on.ask('GET', '/videos')).status]).toEqual([503, 200, 200]);
    await on.reset();
    expect(await ask()).toBe(503);
  });

  it.each([
    ['is not there', undefined],
    ['is no JSON', '{'],
    ['is no scenario', '{"version": 1, "rule": []}'],
  ])('are refused when the file %s', async (_, text) => {
    const on = await sandbox();
    const path = join(await tempFolder(), 'scenario.json');
    if (text !== undefined) await writeFile(path, text);
    const answer = await on.ask('GET', '/videos', { headers: { 'x-sandbox-scenario': path } });
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({ message: expect.stringContaining('x-sandbox-scenario cannot be used') });
  });

  it('refuse to start on a bad scenario', async () => {
    const start = startSandbox({ stateDir: await tempFolder(), ffmpeg: ffmpegPath, scenario: { version: 9 } });
    await expect(start).rejects.toThrow('scenario.version must be 1, not 9.');
  });
});

describe('the fate of a job', () => {
  it('is a failure with its reason, and no content', async () => {
    const fail = { code: 'moderation_blocked', message: 'No likeness of real people.' };
    const on = await sandbox({ scenario: { version: 1, jobSeconds: 0, jobs: [{ fail }] } });
    const id = await on.video();
    const video = await on.get('GET', `/videos/${id}`);
    expect(video).toMatchObject({ status: 'failed', error: fail, completed_at: null, expires_at: null });
    expect((await on.ask('GET', `/videos/${id}/content`)).status).toBe(404);
    expect(await on.get('GET', `/videos/${await on.video()}`)).toMatchObject({ status: 'completed', error: null });
  });

  it('may be a word that nobody knows, on the way and at the end, and a length of its own', async () => {
    const jobs = [{ status: 'dreaming', end: 'cancelled', jobSeconds: 10 }];
    const on = await sandbox({ scenario: { version: 1, jobs } });
    const id = await on.video();
    on.clock.ms += 9000;
    expect(await on.get('GET', `/videos/${id}`)).toMatchObject({ status: 'dreaming' });
    on.clock.ms += 1000;
    expect(await on.get('GET', `/videos/${id}`)).toMatchObject({ status: 'cancelled' });
  });

  it('may be another video than was asked for', async () => {
    const made = { model: 'sora-1', size: '320x240', seconds: '2' };
    const on = await sandbox({ scenario: { version: 1, jobs: [{ made }] } });
    expect(await on.get('GET', `/videos/${await on.video()}`)).toMatchObject(made);
  });
});

describe('a sandbox', () => {
  it('listens on the loopback interface alone, at the port it is given', async () => {
    const first = await sandbox();
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const port = Number(new URL(first.url).port);
    await expect(sandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    expect((await sandbox({ port })).url).toBe(first.url);
  });

  it('dates its answers by its own clock', async () => {
    const { ask } = await sandbox();
    expect((await ask('GET', '/videos')).headers.get('date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
  });

  it('logs a line for every answer, without keys', async () => {
    const { ask, log } = await sandbox();
    await ask('GET', '/videos?limit=3', { headers: { authorization: 'Bearer sk-secret' } });
    await ask('GET', '/nothing');
    expect(log).toEqual([
      expect.stringMatching(/^GET \/v1\/videos\?limit=3 200 \d+ ms req_\w+$/),
      expect.stringMatching(/^GET \/v1\/nothing 404 \d+ ms req_\w+$/),
    ]);
  });

  it('closes while a request waits for its task, which may take a minute', async () => {
    const waited: number[] = [];
    const sleep = (ms: number, signal: AbortSignal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        waited.push(ms);
      });
    const on = await sandbox({ sleep, scenario: { version: 1, jobSeconds: 100 } });
    const json = { prompt: 'A hill', enable_sync_mode: true };
    const asked = on.ask('POST', `${on.urls.wavespeed}/openai/sora-2/text-to-video`, { json }).catch(() => 'gone');
    while (waited.length === 0) await new Promise(setImmediate);
    await on.close();
    await asked;
    expect(waited).toEqual([60_000]);
  });

  it('closes while requests wait and while it renders, and leaves nothing behind', async () => {
    const on = await play({ match: { path: '/held' }, delayMs: 3_600_000 });
    const id = await on.video({ size: '1280x720', seconds: '20' });
    const held = on.ask('GET', '/held').catch(() => 'dropped');
    const rendering = on.ask('GET', `/videos/${id}/content`).catch(() => 'dropped');
    const tmp = join(on.stateDir, 'tmp');
    // ffmpeg is at work once its file is there.
    const begun = async () => (await readdir(tmp, { recursive: true })).some((name) => name.endsWith('output.mp4'));
    while (!(await begun())) await new Promise(setImmediate);
    await on.close();
    expect(await readdir(tmp)).toEqual([]);
    await expect(access(join(on.stateDir, 'videos', `${id}.mp4`))).rejects.toThrow('ENOENT');
    expect(await held).toBe('dropped');
    await rendering;
  });
});
