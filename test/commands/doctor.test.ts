import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/commands/doctor.ts';
import { runDoctor } from '../../src/commands/doctor.ts';
import { createContext } from '../../src/context.ts';
import { storeKey } from '../../src/store/keys.ts';
import { fakeFfmpeg, versionText } from '../helpers/fake-ffmpeg.ts';
import { createTestContext, type HostOptions } from '../helpers/host.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';

const KEY = 'sk-proj-0123456789-wxyz';
const SANDBOX = { SORA_PROVIDER: 'sandbox' };

interface Report {
  readonly exit: number;
  readonly checks: readonly Check[];
  readonly text: string;
  of(name: string): Check | undefined;
}

interface Wishes extends HostOptions {
  readonly api?: boolean;
  readonly node?: string;
  readonly before?: (home: string) => unknown;
}

async function doctor({ api = false, node = '20.20.0', before, ...options }: Wishes = {}): Promise<Report> {
  const test = await createTestContext({ json: true }, options);
  await before?.(test.home);
  const { host, globals, ui } = test.context;
  const context = createContext({ ...host, nodeVersion: node }, globals, ui);
  try {
    const exit = await runDoctor(context, { api });
    const text = test.stdout.text();
    const checks = JSON.parse(text) as Check[];
    return { exit, checks, text: text + test.stderr.text(), of: (name) => checks.find(({ check }) => check === name) };
  } finally {
    await context.close();
  }
}

/** Asks a scripted host. */
async function asking(provider: string, answers: readonly Scripted[], root = '/v1', env: Record<string, string> = {}) {
  const server = await createTestServer();
  server.answer(...answers);
  const name = provider.toUpperCase();
  const variables = { SORA_PROVIDER: provider, [`${name}_BASE_URL`]: `${server.url}${root}`, [`${name}_API_KEY`]: KEY };
  return { server, ...(await doctor({ api: true, env: { ...variables, ...env } })) };
}

describe('sora doctor', () => {
  it('finds a machine fit, and makes nothing on it', async () => {
    const { exit, checks, of } = await doctor({
      env: SANDBOX,
      before: async (home) => expect(await readdir(join(home, '..'))).toEqual(['work']),
    });
    expect(exit).toBe(0);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(of('node')?.detail).toBe('20.20.0');
    expect(of('ffmpeg')?.detail).toMatch(/^\S+ at \/.+ \(from SORA_FFMPEG\)$/);
    expect(of('ffmpeg libx264')?.detail).toBe('can encode H.264');
    expect(of('mediainfo.js')?.detail).toBe('loads');
    expect(of('store readable')?.detail).toBe('0 characters, 0 jobs: all whole.');
    expect(of('provider')?.detail).toBe('sandbox, with a key');
  });

  it('takes it as a remark that no provider is chosen, but not when one is to be asked', async () => {
    const { exit, of } = await doctor();
    expect(exit).toBe(0);
    expect(of('provider')).toMatchObject({ ok: false, fix: expect.stringContaining('--provider sandbox') });
    expect((await doctor({ api: true })).exit).toBe(12);
  });

  it.each([
    ['20.18.3', 12],
    ['18.20.0', 12],
    ['20.19.0', 0],
    ['v26.0.0', 0],
  ])('Node %s: exit %s', async (node, exit) => {
    expect((await doctor({ env: SANDBOX, node })).exit).toBe(exit);
  });

  it('says what is wrong with ffmpeg and how to get one', async () => {
    const { path } = await fakeFfmpeg(`printf '${versionText('3.4', '57.107.100')}'`);
    const { exit, of } = await doctor({ env: { ...SANDBOX, SORA_FFMPEG: path } });
    expect(exit).toBe(12);
    expect(of('ffmpeg')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('its version is 3.4; 4.1 or later is needed'),
      fix: expect.stringContaining('SORA_FFMPEG'),
    });
  });

  it('fails an ffmpeg without libx264, and only remarks on what few clips need', async () => {
    const { path } = await fakeFfmpeg(
      `case "$*" in -version) printf '${versionText('7.0', '61.3.100')}';; *filters*) echo ' ... scale V->V x';; esac`,
    );
    const { exit, of } = await doctor({ env: { ...SANDBOX, SORA_FFMPEG: path } });
    expect(exit).toBe(12);
    expect(of('ffmpeg')).toMatchObject({ ok: true });
    expect(of('ffmpeg libx264')).toMatchObject({ ok: false, fix: expect.stringContaining('libx264') });
    expect(of('ffmpeg zscale')).toMatchObject({ ok: false, detail: expect.stringContaining('HDR') });
  });

  it('an ffmpeg that lacks only what few clips need fails nothing', async () => {
    const { path } = await fakeFfmpeg(
      `case "$*" in -version) printf '${versionText('7.0', '61.3.100')}';; *libx264*) echo 'Encoder libx264 [x]:';; esac`,
    );
    const { exit, of } = await doctor({ env: { ...SANDBOX, SORA_FFMPEG: path } });
    expect([exit, of('ffmpeg zscale')?.ok, of('ffmpeg libx264')?.ok]).toEqual([0, false, true]);
  });

  it('names a store that is broken, and a store that cannot be written', async () => {
    const broken = await doctor({
      env: SANDBOX,
      before: async (home) => {
        await mkdir(join(home, 'jobs'), { recursive: true });
        await writeFile(join(home, 'jobs', 'job_00000000000000000000000000.json'), '{');
      },
    });
    expect([broken.exit, broken.of('store readable')?.ok]).toEqual([12, false]);
    expect(broken.of('store readable')?.fix).toBe('sora store check names what is broken.');
    const blocked = await doctor({ env: SANDBOX, before: (home) => writeFile(home, 'a file') });
    expect([blocked.exit, blocked.of('store writable')?.ok]).toEqual([12, false]);
  });

  it.each([
    ['settings that cannot be read', 'config.json', '{', 'settings', 12],
    ['a field that means nothing', 'config.json', '{"version":1,"colour":1}', 'settings', 0],
    ['stored keys that cannot be read', 'keys.json', `{"keys":"${KEY}"`, 'stored keys', 12],
  ])('names %s', async (_what, file, content, check, exit) => {
    const report = await doctor({
      env: SANDBOX,
      before: async (home) => {
        await mkdir(home);
        await writeFile(join(home, file), content, { mode: 0o600 });
      },
    });
    expect(report.exit).toBe(exit);
    expect(report.checks.filter(({ ok }) => !ok)).toMatchObject([{ check, fix: expect.any(String) }]);
    expect(report.text).not.toContain(KEY);
  });

  it('P5: shows keys masked, where they are from, and that others may read them', async () => {
    const report = await doctor({
      env: { ...SANDBOX, WAVESPEED_API_KEY: 'ws-environment-1234' },
      before: async (home) => {
        await storeKey(home, 'openai', KEY);
        await chmod(join(home, 'keys.json'), 0o644);
      },
    });
    expect(report.exit).toBe(0);
    expect(report.of('key of openai')?.detail).toBe('sk-…wxyz (stored)');
    expect(report.of('key of wavespeed')?.detail).toBe('…1234 (WAVESPEED_API_KEY)');
    expect(report.of('key of eachlabs')?.detail).toBe('none');
    expect(report.checks.filter(({ ok }) => !ok)).toMatchObject([{ fix: expect.stringContaining('chmod 600') }]);
    expect(report.text).not.toMatch(/0123456789|environment-/);
  });

  it.each([
    ['a chosen host without its key', { SORA_PROVIDER: 'wavespeed' }, 4, 'provider'],
    ['a host that does not exist', { SORA_PROVIDER: 'opnai' }, 12, 'provider'],
    ['a base URL that is none', { SORA_PROVIDER: 'openai', OPENAI_BASE_URL: 'gateway' }, 12, 'provider'],
    ['a key over plain http', { OPENAI_BASE_URL: 'http://gateway.example/v1', OPENAI_API_KEY: KEY }, 12, 'base URL'],
    ['a host that has ended', { OPENAI_API_KEY: KEY }, 0, 'base URL'],
    ['a proxy that is none', { ...SANDBOX, HTTPS_PROXY: 'socks5://proxy' }, 12, 'proxy'],
  ])('names %s', async (_what, env, exit, check) => {
    const report = await doctor({ env });
    expect(report.exit).toBe(exit);
    expect(report.checks.filter(({ ok }) => !ok)).toMatchObject([{ check, fix: expect.any(String) }]);
  });

  it('P5: shows proxies without their passwords', async () => {
    const env = { ...SANDBOX, HTTPS_PROXY: 'http://me:secret@proxy:3128', http_proxy: 'me:secret@other:3128' };
    const { of, text } = await doctor({ env });
    expect(of('proxy')?.detail).toBe('HTTPS_PROXY=http://***@proxy:3128, HTTP_PROXY=***@other:3128');
    expect(text).not.toContain('secret');
  });
});

describe('sora doctor --api', () => {
  it('asks the sandbox', async () => {
    const { exit, of } = await doctor({ api: true, env: SANDBOX });
    expect([exit, of('GET /videos')]).toMatchObject([0, { ok: true }]);
  });

  it.each([
    ['openai', '/v1', { object: 'list', data: [], has_more: false }, '/v1/videos?limit=1&order=desc', 'GET /videos'],
    ['wavespeed', '/api/v3', { code: 200, data: { balance: 7.5 } }, '/api/v3/balance', 'GET /balance'],
    [
      'eachlabs',
      '',
      { slug: 's', request_schema: {} },
      '/v1/model?slug=bytedance-seedance-2-0-reference-to-video',
      'GET /v1/model',
    ],
  ])('asks %s with one read', async (provider, root, body, path, check) => {
    const { exit, of, server, text } = await asking(provider, [{ body }], root);
    expect([exit, of(check)]).toMatchObject([0, { ok: true, detail: expect.stringMatching(/^is served/) }]);
    expect(server.seen.map(({ method, path: asked }) => `${method} ${asked}`)).toEqual([`GET ${path}`]);
    expect(server.seen[0]?.headers.authorization).toBe(provider === 'eachlabs' ? undefined : `Bearer ${KEY}`);
    expect(text).not.toContain(KEY);
  });

  it.each<[string, string, Scripted, number]>([
    ['a wrong key', 'openai', { status: 401, body: { error: { message: 'Incorrect API key provided' } } }, 4],
    ['a wrong key in the body', 'wavespeed', { body: { code: 401, message: 'Unauthorized' } }, 4],
    ['a route that is not there', 'openai', { status: 404, body: { error: { message: 'Not Found' } } }, 5],
    ['a web page', 'wavespeed', { body: '<html></html>' }, 6],
    ['a host in trouble', 'eachlabs', { status: 503, body: {}, forever: true }, 6],
    ['no answer', 'eachlabs', { fault: 'reset', forever: true }, 6],
  ])('%s of %s is told with what to do', async (_what, provider, answer, code) => {
    const { exit, checks } = await asking(provider, [answer]);
    expect(exit).toBe(code);
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([
      { check: expect.stringMatching(/^GET /), fix: expect.any(String) },
    ]);
  });

  it('P5: asks nothing where the key would be readable on the way', async () => {
    const env = { OPENAI_BASE_URL: 'http://gateway.example/v1', OPENAI_API_KEY: KEY };
    const { exit, of } = await doctor({ api: true, env });
    expect([exit, of('GET /videos')]).toEqual([12, undefined]);
  });
});
