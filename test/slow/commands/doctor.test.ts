import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { runDoctor } from '../../../src/commands/doctor.ts';
import { createContext } from '../../../src/context.ts';
import type { Check } from '../../../src/doctor/finding.ts';
import { checkAuth } from '../../../src/http/origins.ts';
import { storeKey } from '../../../src/settings/keys.ts';
import { fakeFfmpeg, versionText, writeStandIn } from '../../helpers/fake-ffmpeg.ts';
import { refusal } from '../../helpers/far-end.ts';
import { makerPath } from '../../helpers/ffmpeg.ts';
import { madeOnce } from '../../helpers/once.ts';
import { createTestContext, type RuntimeOptions } from '../../helpers/runtime.ts';
import { createTestServer, type Scripted } from '../../helpers/server.ts';
import { sandbox } from '../../sandbox/harness.ts';

const isFault = ({ ok }: Check): boolean => !ok;

const KEY = 'sk-proj-0123456789-wxyz';
const SANDBOX = { SORA_PROVIDER: 'sandbox' };

interface Report {
  readonly exit: number;
  readonly checks: readonly Check[];
  readonly text: string;
  of(name: string): Check | undefined;
}

interface Wishes extends RuntimeOptions {
  readonly api?: boolean;
  readonly node?: string;
  readonly before?: (home: string) => unknown;
}

/** Unless `env` names an ffmpeg it is a stand-in that says what a fit one says: asking a real one takes most of a doctor's time. */
async function doctor({ api = false, node = '20.20.0', before, env, ...options }: Wishes = {}): Promise<Report> {
  const ffmpeg = await madeOnce('fit-ffmpeg', writeStandIn);
  const test = await createTestContext({ json: true }, { ...options, env: { SORA_FFMPEG: ffmpeg, ...env } });
  await before?.(test.home);
  const { runtime, globals, ui } = test.context;
  const context = createContext({ ...runtime, nodeVersion: node }, globals, ui);
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
      env: { ...SANDBOX, SORA_FFMPEG: makerPath },
      before: async (home) => expect(await readdir(join(home, '..'))).toEqual(['work']),
    });
    expect(exit).toBe(0);
    // The encoder that the tests bring is of 2018.
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([
      { check: 'ffmpeg age', fix: expect.stringContaining('5.1') },
    ]);
    expect(of('node')?.detail).toBe('20.20.0');
    expect(of('ffmpeg')?.detail).toMatch(/^\S+ at \/.+ \(from SORA_FFMPEG\)$/);
    expect(of('ffmpeg libx264')?.detail).toBe('can encode H.264');
    expect(of('mediainfo.js')?.detail).toBe('loads');
    expect(of('store readable')?.detail).toBe('0 characters, 0 jobs: all whole.');
    expect(of('provider')?.detail).toBe('sandbox, which needs no key');
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

  it('says what an old ffmpeg is too old for, as a remark', async () => {
    const says = (filters: string) =>
      `case "$*" in -version) printf '${versionText('7.0', '61.3.100')}';; *libx264*) echo 'Encoder libx264 [x]:';; *filters*) echo '${filters}';; esac`;
    const old = await fakeFfmpeg(says(' ... zscale V->V x'));
    const { exit, of } = await doctor({ env: { ...SANDBOX, SORA_FFMPEG: old.path } });
    expect([exit, of('ffmpeg zscale')?.ok]).toEqual([0, true]);
    expect(of('ffmpeg age')).toMatchObject({ ok: false, detail: expect.stringContaining('damage inside a clip') });
    const young = await fakeFfmpeg(says(' ... blurdetect V->V x'));
    expect((await doctor({ env: { ...SANDBOX, SORA_FFMPEG: young.path } })).of('ffmpeg age')).toBeUndefined();
  });

  it('P5: says that others may read or change the settings', async () => {
    const report = await doctor({
      env: SANDBOX,
      before: async (home) => {
        await mkdir(home);
        await writeFile(join(home, 'config.json'), '{"version":1}');
        await chmod(join(home, 'config.json'), 0o640);
      },
    });
    expect(report.exit).toBe(0);
    expect(report.checks.filter(isFault)).toMatchObject([
      {
        check: 'settings',
        detail: expect.stringMatching(/^Others on this machine may read .*config\.json\.$/),
        fix: expect.stringMatching(/^chmod 600 .*config\.json$/),
      },
    ]);
    expect(report.text.match(/chmod/g)).toHaveLength(1);
  });

  it('shows the key that the profile chooses', async () => {
    const { of } = await doctor({
      env: { TEAM_KEY: 'team-0123456789', WAVESPEED_API_KEY: 'ws-environment-1234' },
      before: async (home) => {
        await mkdir(home);
        const profiles = { default: { provider: 'wavespeed', keyFrom: 'env:TEAM_KEY' } };
        await writeFile(join(home, 'config.json'), JSON.stringify({ version: 1, profiles }), { mode: 0o600 });
      },
    });
    expect(of('key of wavespeed')?.detail).toBe('…6789 (TEAM_KEY)');
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
    expect(report.checks.filter(isFault)).toMatchObject([{ check, fix: expect.any(String) }]);
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
    expect(report.checks.filter(isFault)).toMatchObject([{ fix: expect.stringContaining('chmod 600') }]);
    expect(report.text.match(/chmod/g)).toHaveLength(1);
    expect(report.text).not.toMatch(/0123456789|environment-/);
  });

  it.each([
    ['a line break', 'ws-0123\n456789-abcd', { SORA_PROVIDER: 'wavespeed' }, 4],
    ['a line break, at a host that is not chosen', 'ws-0123\n456789-abcd', SANDBOX, 0],
    ['a letter that is not plain', 'ws-0123é456789-abcd', { SORA_PROVIDER: 'wavespeed' }, 4],
    ['a space', 'ws-0123 456789-abcd', { SORA_PROVIDER: 'wavespeed' }, 0],
    ['a tab', 'ws-0123\t456789-abcd', { SORA_PROVIDER: 'wavespeed' }, 0],
    ['a line break at its end, which is not sent', 'ws-0123456789-abcd\n', { SORA_PROVIDER: 'wavespeed' }, undefined],
  ])('says what to do about a key with %s', async (_what, key, env, exit) => {
    const { exit: code, of, checks, text } = await doctor({ env: { ...env, WAVESPEED_API_KEY: key } });
    const found = of('key of wavespeed');
    expect(text).not.toContain('0123');
    if (exit === undefined) return expect({ code, found }).toMatchObject({ code: 0, found: { ok: true } });
    expect({ code, found }).toMatchObject({
      code: exit,
      found: { ok: false, fix: 'Set it again, as one word: export WAVESPEED_API_KEY=<key>' },
    });
    // Nothing more is asked of a host that would get no key.
    expect(checks.some(({ check }) => check === 'provider')).toBe(exit === 0);
  });

  it.each(['\t', ' ', '\n', '\x7f', 'é'])('faults a key with %j in it when no request would carry it', async (char) => {
    const key = `ws-0123${char}456789-abcd`;
    const { of, exit } = await doctor({ env: { SORA_PROVIDER: 'wavespeed', WAVESPEED_API_KEY: key } });
    const isSent = char === '\t' || char === ' ';
    const sends = () => checkAuth({ header: 'authorization', value: `Bearer ${key}`, origin: 'https://host' });
    if (isSent) sends();
    else expect(sends).toThrow('cannot be sent');
    expect([exit, of('key of wavespeed')?.detail]).toEqual([
      isSent ? 0 : 4,
      expect.stringContaining(isSent ? 'has a space in it' : 'cannot be sent in a key'),
    ]);
  });

  it('says how a stored key that cannot be sent is stored anew', async () => {
    const before = (home: string) => storeKey(home, 'wavespeed', 'two\nlines');
    const { of, exit } = await doctor({ env: { SORA_PROVIDER: 'wavespeed' }, before });
    expect({ exit, fix: of('key of wavespeed')?.fix }).toEqual({
      exit: 4,
      fix: 'Store it again: sora auth login wavespeed',
    });
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
    expect(report.checks.filter(isFault)).toMatchObject([{ check, fix: expect.any(String) }]);
  });

  it('P5: shows proxies without their passwords', async () => {
    const env = { ...SANDBOX, HTTPS_PROXY: 'http://me:secret@proxy:3128', http_proxy: 'me:secret@other:3128' };
    const { of, text } = await doctor({ env });
    expect(of('proxy')?.detail).toBe('HTTPS_PROXY=http://***@proxy:3128, http_proxy=***@other:3128');
    expect(text).not.toContain('secret');
  });

  it.each([
    [{ HTTPS_PROXY: "http://joe:hunter'rabbit@proxy:8080" }, 'HTTPS_PROXY=http://***@proxy:8080'],
    [{ NO_PROXY: '*', HTTPS_PROXY: 'joe:hunter#rabbit@proxy:8080' }, 'HTTPS_PROXY=***@proxy:8080, NO_PROXY=*'],
    [{ no_proxy: '*', https_proxy: 'http://joe:hunter/rabbit@p:1' }, 'https_proxy=http://***@p:1, no_proxy=*'],
    [{ NO_PROXY: '*', HTTP_PROXY: 'http://joe:hunter?rabbit@p:1' }, 'HTTP_PROXY=http://***, NO_PROXY=*'],
    [{ HTTPS_PROXY: 'joe:hunter#rabbit@proxy:8080' }, 'The proxy in HTTPS_PROXY is not an http:// or https:// URL.'],
  ])('P5: shows no part of a password that is not escaped: %j', async (env, detail) => {
    const { of, text } = await doctor({ env: { ...SANDBOX, ...env } });
    expect(of('proxy')?.detail).toBe(detail);
    expect(text).not.toMatch(/hunter|rabbit/);
  });

  it('P5: shows no part of a password that looks like a port and a path', async () => {
    const { of, text } = await doctor({ env: { OPENAI_BASE_URL: 'https://joe:12/rabbit@host/v1' } });
    expect(of('base URL')?.detail).toBe('https://***@host/v1');
    expect(text).not.toContain('rabbit');
  });
});

it('warns of plain http on the way to another machine, and not within this one', async () => {
  const detailAt = async (url: string) => (await doctor({ env: { OPENAI_BASE_URL: url } })).of('base URL')?.detail;
  expect(await detailAt('http://127.0.0.1:4010/v1')).toBe('http://127.0.0.1:4010/v1');
  expect(await detailAt('http://gateway.example/v1')).toContain('can be read on the way');
});

describe('sora doctor --api', () => {
  it('finds every route of the sandbox', async () => {
    const { exit, checks } = await doctor({ api: true, env: SANDBOX });
    expect(exit).toBe(0);
    expect(checks.filter(({ check }) => check.startsWith('GET '))).toMatchObject([
      { check: 'GET /videos', ok: true },
      {
        check: 'GET /videos/{id}',
        ok: true,
        detail: 'is served (it answers 404 for an id that does not exist, as it should)',
      },
      { check: 'GET /videos/{id}/content', ok: true },
      { check: 'GET /videos/characters/{id}', ok: true },
    ]);
  });

  const NO_SUCH: Scripted = { status: 404, body: { error: { message: 'Video not found.', code: 'not_found' } } };
  const LIST: Scripted = { body: { object: 'list', data: [], has_more: false } };
  const MODELS: Scripted = { body: { object: 'list', data: [{ id: 'm', owned_by: 'openai' }] } };
  const schema: Scripted = { body: { slug: 's', request_schema: {} } };
  const models = (...ids: string[]): Scripted => ({ body: { code: 200, data: ids.map((model_id) => ({ model_id })) } });
  const SEEDANCE = 'bytedance/seedance-2.0/text-to-video';

  it.each<[string, string, readonly Scripted[], readonly string[]]>([
    [
      'openai',
      '/v1',
      [LIST, NO_SUCH, NO_SUCH, NO_SUCH, MODELS],
      [
        'GET /v1/videos?limit=1&order=desc',
        'GET /v1/videos/video_sora_doctor_0000',
        'GET /v1/videos/video_sora_doctor_0000/content',
        'GET /v1/videos/characters/video_sora_doctor_0000',
        'GET /v1/models',
      ],
    ],
    [
      'wavespeed',
      '/api/v3',
      [
        { body: { code: 200, data: { balance: 7.5 } } },
        models('a', SEEDANCE),
        { body: { code: 200, data: { items: [] } } },
      ],
      ['GET /api/v3/balance', 'GET /api/v3/models', 'POST /api/v3/predictions'],
    ],
    [
      'eachlabs',
      '',
      [schema, schema, NO_SUCH, { body: { executions: [] } }],
      [
        'GET /v1/model?slug=bytedance-seedance-2-0-reference-to-video',
        'GET /v1/model?slug=sora-2-characters',
        'GET /v1/prediction/video_sora_doctor_0000',
        'GET /v1/executions?limit=1&offset=0',
      ],
    ],
  ])('asks %s with reads alone, and sends the key only where one is needed', async (provider, root, answers, paths) => {
    const { exit, checks, server, text } = await asking(provider, answers, root);
    expect(exit).toBe(0);
    expect(checks.filter(({ check }) => /^(GET|POST) /.test(check)).map(({ ok, detail }) => [ok, detail])).toEqual(
      answers.map(() => [true, expect.stringMatching(/^is served|^no other --backend is needed$/)]),
    );
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(paths);
    for (const { path, headers } of server.seen) {
      expect(headers.authorization).toBe(path.startsWith('/v1/model?') ? undefined : `Bearer ${KEY}`);
    }
    expect(text).not.toContain(KEY);
  });

  const NO_ROUTE: Scripted = { status: 404, body: { detail: 'Not Found' } };

  it.each<[string, readonly Scripted[], number, readonly [string, boolean][]]>([
    [
      'no characters is a remark',
      [LIST, NO_SUCH, NO_SUCH, NO_ROUTE, MODELS],
      0,
      [['GET /videos/characters/{id}', false]],
    ],
    [
      'nothing to follow or fetch is a fault',
      [LIST, NO_ROUTE, { status: 405, body: {} }, NO_SUCH, MODELS],
      5,
      [
        ['GET /videos/{id}', true],
        ['GET /videos/{id}/content', true],
      ],
    ],
    [
      'a web page for everything is a fault',
      [LIST, { body: '<html></html>' }, { status: 404, body: '<html></html>' }, NO_SUCH, MODELS],
      5,
      [
        ['GET /videos/{id}', true],
        ['GET /videos/{id}/content', true],
      ],
    ],
    [
      'an error about a made-up id is none',
      [LIST, { status: 500, body: { error: 'no' } }, NO_SUCH, NO_SUCH, MODELS],
      0,
      [],
    ],
  ])('a host of /v1/videos: %s', async (_title, answers, code, wrong) => {
    const { exit, checks } = await asking('openai', answers);
    expect(exit).toBe(code);
    expect(checks.filter(isFault).map(({ check, fix }) => [check, fix])).toEqual(
      wrong.map(([check]) => [check, expect.any(String)]),
    );
  });

  it('a host whose characters are not supported: it does not serve them', async () => {
    const lacks = refusal(500, '500', 'litellm.APIConnectionError: video get character is not supported for gemini');
    const { exit, of } = await asking('openai', [LIST, NO_SUCH, NO_SUCH, lacks, MODELS]);
    expect(exit).toBe(0);
    expect(of('GET /videos/characters/{id}')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('does not serve it: it answered 500 with video get character is not supported'),
    });
  });

  it.each([
    ['Prediction video_sora_doctor_0000 not found.', 0],
    ['No route GET /v1/prediction/video_sora_doctor_0000.', 5],
    ['', 5],
  ])('a host that says Not Found, and as its details "%s": exit %i', async (details, code) => {
    const answer: Scripted = { status: 404, body: { error: 'Not Found', status: 404, details } };
    const { exit, of } = await asking('eachlabs', [schema, schema, answer, { body: { executions: [] } }], '');
    expect([exit, of('GET /v1/prediction/{id}')?.ok]).toEqual([code, code === 0]);
  });

  it.each([
    ['Wan2.2', false, 'sglang takes no characters.'],
    ['MiniMax-H3', true, 'is not needed: clips travel in the requests'],
  ])('of a backend that runs %s says whether it takes characters, and asks for none', async (id, ok, detail) => {
    const server = await createTestServer();
    server.answer(LIST, NO_SUCH, NO_SUCH, { body: { object: 'list', data: [{ id }] } });
    const home = async (folder: string) => {
      await mkdir(folder);
      const profiles = { default: { provider: 'openai', backend: 'sglang' } };
      await writeFile(join(folder, 'config.json'), JSON.stringify({ version: 1, profiles }), { mode: 0o600 });
    };
    const { exit, of } = await doctor({ api: true, env: { OPENAI_BASE_URL: `${server.url}/v1` }, before: home });
    expect(exit).toBe(0);
    expect(of('GET /videos/characters/{id}')).toMatchObject({ ok, detail });
  });

  it.each([
    ['wavespeed', ['GET /balance', 'GET /models', 'POST /predictions']],
    ['eachlabs', ['GET /v1/model', 'GET /v1/model (characters)', 'GET /v1/prediction/{id}', 'GET /v1/executions']],
  ] as const)('finds every route of the sandbox in the dialect of %s', async (provider, routes) => {
    const { urls } = await sandbox();
    const name = provider.toUpperCase();
    const env = { SORA_PROVIDER: provider, [`${name}_BASE_URL`]: urls[provider], [`${name}_API_KEY`]: KEY };
    const { exit, checks } = await doctor({ api: true, env });
    const asked = checks.filter(({ check }) => /^(GET|POST) /.test(check));
    expect([exit, asked.map(({ check, ok }) => [check, ok])]).toEqual([0, routes.map((route) => [route, true])]);
  });

  it('says that WaveSpeedAI does not list the model that would be used', async () => {
    const { exit, of } = await asking(
      'wavespeed',
      [{ body: { code: 200, data: {} } }, models('a'), { body: { code: 200, data: { items: [] } } }],
      '/api/v3',
    );
    expect(exit).toBe(0);
    expect(of('GET /models')).toMatchObject({
      ok: false,
      detail: `It does not list ${SEEDANCE} among its 1 models.`,
      fix: expect.stringContaining('--model'),
    });
  });

  it.each<[string, string, readonly Scripted[], number]>([
    ['a web page', 'wavespeed', [{ body: '<html></html>' }], 6],
    ['a host in trouble', 'eachlabs', [{ status: 503, body: {}, forever: true }], 6],
    ['no answer', 'eachlabs', [{ fault: 'reset', forever: true }], 6],
  ])('%s of %s is told with what to do, and ends the questions', async (_what, provider, answers, code) => {
    const { exit, checks } = await asking(provider, answers);
    expect(exit).toBe(code);
    expect(checks.filter(isFault)).toMatchObject([{ check: expect.stringMatching(/^GET /), fix: expect.any(String) }]);
  });

  const DENIED: Scripted = { status: 401, body: { error: { message: 'Incorrect API key provided' } } };
  it.each<[string, readonly Scripted[]]>([
    ['openai', [DENIED, DENIED]],
    ['wavespeed', [{ body: { code: 401, message: 'Unauthorized' } }, DENIED]],
    ['eachlabs', [schema, schema, DENIED, DENIED]],
  ])(
    'a wrong key of %s is told with what to do, and ends the questions once two routes refuse it',
    async (name, answers) => {
      const { exit, checks } = await asking(name, answers);
      const fault = { check: expect.stringMatching(/^(GET|POST) /), fix: expect.any(String) };
      expect([exit, checks.filter(isFault)]).toMatchObject([4, [fault, fault]]);
    },
  );

  it('one route that refuses the key does not end the questions', async () => {
    const { exit, checks } = await asking('openai', [DENIED, NO_SUCH, NO_SUCH, NO_SUCH, MODELS]);
    const faults = checks.filter(isFault).map(({ check }) => check);
    expect([exit, faults]).toEqual([4, ['GET /videos']]);
  });

  it('a host without a list works all the same: that is a remark', async () => {
    const { exit, of } = await asking('openai', [NO_ROUTE, NO_SUCH, NO_SUCH, NO_SUCH, MODELS]);
    expect([exit, of('GET /videos')]).toEqual([0, expect.objectContaining({ ok: false, fix: expect.any(String) })]);
  });

  it.each([
    ['vllm', 'vllm-omni'],
    ['sglang', 'sglang'],
  ])('a server that says it is %s wants its backend named', async (owned_by, backend) => {
    const models = { body: { object: 'list', data: [{ id: 'Wan', owned_by }] } };
    const { exit, of } = await asking('openai', [LIST, NO_SUCH, NO_SUCH, NO_SUCH, models]);
    expect([exit, of('GET /models')]).toEqual([
      0,
      expect.objectContaining({ ok: false, fix: expect.stringContaining(`--backend ${backend}`) }),
    ]);
  });

  it('P5: asks nothing where the key would be readable on the way', async () => {
    const env = { OPENAI_BASE_URL: 'http://gateway.example/v1', OPENAI_API_KEY: KEY };
    const { exit, of } = await doctor({ api: true, env });
    expect([exit, of('GET /videos')]).toEqual([12, undefined]);
  });
});
