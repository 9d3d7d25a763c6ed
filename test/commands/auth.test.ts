import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { runAuthLogin, runAuthLogout, runAuthStatus } from '../../src/commands/auth.ts';
import { type HostName, PROVIDERS } from '../../src/providers/index.ts';
import { maskKey, storeKey } from '../../src/settings/keys.ts';
import { addJob } from '../helpers/far-end.ts';
import { createTestContext, createTestRuntime, type RuntimeOptions } from '../helpers/runtime.ts';
import { createTestServer } from '../helpers/server.ts';

const KEY = 'sk-proj-0123456789-wxyz';
const TTY = ['stdin', 'stderr'] as const;

async function login(options: RuntimeOptions, provider = 'openai') {
  const test = await createTestContext({}, options);
  const error = await runAuthLogin(test.context, provider).catch((caught: unknown) => caught);
  const stored = await readFile(join(test.home, 'keys.json'), 'utf8').then(
    (text) => JSON.parse(text).keys,
    () => undefined,
  );
  return { ...test, error, stored, said: test.stdout.text() + test.stderr.text() };
}

/** A terminal whose modes are recorded. */
function terminal(): PassThrough & { modes: boolean[] } {
  const modes: boolean[] = [];
  return Object.assign(new PassThrough(), { modes, setRawMode: (raw: boolean) => void modes.push(raw) });
}

describe('maskKey', () => {
  it.each([
    [KEY, 'sk-…wxyz'],
    ['ws_0123456789', '…6789'],
    ['sk-456789012', '…'],
    ['short', '…'],
  ])('shows %s as %s', (key, shown) => {
    expect(maskKey(key)).toBe(shown);
  });
});

describe('sora auth login', () => {
  it.each([`${KEY}\n`, `  ${KEY}\r\n`, KEY])('stores what stdin says: %j', async (stdin) => {
    const { stored, said, home } = await login({ stdin });
    expect(stored).toEqual({ openai: KEY });
    expect(said).toContain(`(sk-…wxyz) in ${join(home, 'keys.json')}`);
    expect(said).not.toContain(KEY);
    expect((await stat(join(home, 'keys.json'))).mode & 0o777).toBe(0o600);
  });

  it('P5: asks on a terminal, which echoes nothing', async () => {
    const keyboard = terminal();
    keyboard.write(`${KEY}\r`);
    const { stored, said } = await login({ stdin: keyboard, tty: TTY });
    expect(stored).toEqual({ openai: KEY });
    expect(said).toContain('Key of openai (not shown): \n');
    expect(said).not.toContain(KEY.slice(0, 8));
    expect(keyboard.modes).toEqual([true, false]);
  });

  it('Ctrl-C at the question stores nothing and gives the terminal back', async () => {
    const keyboard = terminal();
    keyboard.write(`${KEY}\u0003`);
    const { stored, error } = await login({ stdin: keyboard, tty: TTY });
    expect(error).toMatchObject({ code: 'interrupted' });
    expect(stored).toBeUndefined();
    expect(keyboard.modes).toEqual([true, false]);
  });

  it.each([
    ['nothing on stdin', { stdin: '' }, 'No key was given'],
    ['two words', { stdin: 'sk-one two' }, 'not one word'],
    ['two lines', { stdin: 'sk-one\nsk-two' }, 'not one word'],
    ['quotation marks of a text editor', { stdin: '“sk-one”' }, 'not one word'],
    ['a whole file', { stdin: 'x'.repeat(5000) }, 'longer than'],
    ['an empty line on a terminal', { stdin: Readable.from(['\r']), tty: TTY }, 'The key is empty'],
    ['a terminal without anybody to see the question', { tty: ['stdin'] }, 'no terminal to ask on'],
    ['a terminal in CI', { tty: TTY, env: { CI: '1' } }, 'no terminal to ask on'],
  ] as const)('refuses %s and stores nothing', async (_what, options, message) => {
    const { error, stored } = await login(options);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
    expect((error as Error).message).not.toContain('sk-');
    expect(stored).toBeUndefined();
  });

  it('P5: takes no key from an argument, and does not repeat one', async () => {
    for (const args of [['openai', KEY], [KEY]]) {
      const { runtime, stderr, home } = await createTestRuntime({ stdin: KEY });
      expect(await runCli(['auth', 'login', ...args], runtime)).toBe(2);
      expect(stderr.text()).not.toContain(KEY);
      await expect(stat(home)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  it('has no key for the sandbox, and names what was nearly typed', async () => {
    expect((await login({ stdin: KEY }, 'sandbox')).error).toMatchObject({ message: 'The sandbox needs no key.' });
    expect((await login({ stdin: KEY }, 'opnai')).error).toMatchObject({
      hint: expect.stringContaining('Did you mean openai?'),
    });
  });

  it('says when the environment has a key that wins', async () => {
    const { said, stored } = await login({ stdin: KEY, env: { OPENAI_API_KEY: 'sk-from-environment' } });
    expect(said).toContain('OPENAI_API_KEY is set, and is used before');
    expect(stored).toEqual({ openai: KEY });
  });
});

describe('a stored key', () => {
  it('P5: is sent to the host that is named, and stands in no log', async () => {
    const server = await createTestServer();
    server.answer({ body: { object: 'list', data: [], has_more: false } });
    const { runtime, home, stdout, stderr } = await createTestRuntime({ env: { OPENAI_BASE_URL: `${server.url}/v1` } });
    await storeKey(home, 'openai', KEY);
    expect(await runCli(['video', 'list', '--remote', '--debug'], runtime)).toBe(0);
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(stderr.text()).toContain('/v1/videos');
    expect(stdout.text() + stderr.text()).not.toContain(KEY);
  });

  it('earns a warning in every command that uses keys while others may read it', async () => {
    const { context, home, stderr } = await createTestContext();
    await storeKey(home, 'openai', KEY);
    await chmod(join(home, 'keys.json'), 0o644);
    await runAuthStatus(context, undefined);
    expect(stderr.text()).toContain('chmod 600');
  });
});

describe('sora auth logout', () => {
  it('removes the key of one provider, twice if need be', async () => {
    const { context, home, stdout } = await createTestContext();
    await storeKey(home, 'openai', KEY);
    await storeKey(home, 'eachlabs', 'el');
    await runAuthLogout(context, 'openai');
    await runAuthLogout(context, 'openai');
    expect(stdout.text()).toBe('Removed the stored key of openai.\nNo key of openai was stored.\n');
    expect(JSON.parse(await readFile(join(home, 'keys.json'), 'utf8')).keys).toEqual({ eachlabs: 'el' });
  });

  it('says when the environment still has one', async () => {
    const { context, stderr } = await createTestContext({}, { env: { OPENAI_API_KEY: KEY } });
    await runAuthLogout(context, 'openai');
    expect(stderr.text()).toContain('OPENAI_API_KEY is still set');
  });
});

describe('sora auth status', () => {
  it('tells of every provider which key wins, masked', async () => {
    const env = { WAVESPEED_API_KEY: 'ws-environment-1234' };
    const { context, home, stdout } = await createTestContext({ json: true }, { env });
    await storeKey(home, 'openai', KEY);
    await storeKey(home, 'wavespeed', 'ws-stored-5678');
    await runAuthStatus(context, undefined);
    const row = (provider: HostName, source: string | null, stored: boolean, key: string | null) => ({
      ...{ provider, source, variable: PROVIDERS[provider].keyVariable, stored, key },
    });
    expect(JSON.parse(stdout.text())).toEqual([
      row('openai', 'stored', true, 'sk-…wxyz'),
      row('wavespeed', 'environment', true, '…1234'),
      row('eachlabs', null, false, null),
      row('fal', null, false, null),
      row('runway', null, false, null),
    ]);
  });

  describe('with a profile that says where its key is (keyFrom)', () => {
    const TEAM = { provider: 'wavespeed', keyFrom: 'env:TEAM_KEY' };
    const env = { WAVESPEED_API_KEY: 'ws-environment-1234', TEAM_KEY: 'team-0123456789' };

    async function withProfiles(profiles: object, options: RuntimeOptions = { env }) {
      const test = await createTestRuntime(options);
      await mkdir(test.home, { recursive: true });
      await writeFile(join(test.home, 'config.json'), JSON.stringify({ version: 1, profiles }), { mode: 0o600 });
      await storeKey(test.home, 'wavespeed', 'ws-stored-5678');
      return test;
    }

    it.each([
      ['a variable', TEAM, '…6789', 'TEAM_KEY (profile default)'],
      ['the stored one', { ...TEAM, keyFrom: 'stored' }, '…5678', 'stored (profile default)'],
      [
        'a variable that is not set',
        { ...TEAM, keyFrom: 'env:OTHER_TOKEN' },
        'none',
        'OTHER_TOKEN, where there is none',
      ],
      ['nothing', { provider: 'wavespeed' }, '…1234', 'WAVESPEED_API_KEY (before the stored one)'],
      ['one of another provider', { ...TEAM, provider: 'eachlabs' }, '…1234', 'WAVESPEED_API_KEY (before'],
    ])('shows that %s wins', async (_what, profile, key, from) => {
      const { runtime, stdout } = await withProfiles({ default: profile });
      expect(await runCli(['auth', 'status'], runtime)).toBe(0);
      const line = stdout
        .text()
        .split('\n')
        .find((one) => one.startsWith('wavespeed'));
      expect(line).toMatch(/^wavespeed +/);
      expect(line).toContain(key);
      expect(line).toContain(from);
    });

    it('tells so with --json', async () => {
      const { runtime, stdout } = await withProfiles({ default: TEAM });
      await runCli(['auth', 'status', 'wavespeed', '--json'], runtime);
      expect(JSON.parse(stdout.text())).toEqual({
        ...{ provider: 'wavespeed', source: 'environment', variable: 'TEAM_KEY', stored: true, key: '…6789' },
        ...{ keyFrom: 'env:TEAM_KEY', profile: 'default' },
      });
    });

    it('is exit 4 where there is none, naming the variable', async () => {
      const { runtime, stderr } = await withProfiles({ default: { ...TEAM, keyFrom: 'env:OTHER_TOKEN' } });
      expect(await runCli(['auth', 'status', 'wavespeed'], runtime)).toBe(4);
      expect(stderr.text()).toContain('OTHER_TOKEN is not set');
      expect(await runCli(['video', 'generate', 'A hill.', '--provider', 'wavespeed'], runtime)).toBe(4);
    });

    it.each([
      [TEAM, 'team-0123456789'],
      [{ ...TEAM, keyFrom: 'stored' }, 'ws-stored-5678'],
    ])('P5: sends that key and no other, and shows it nowhere %#', async (profile, key) => {
      const server = await createTestServer();
      const answers = [{ balance: 1 }, [], { items: [] }].map((data) => ({ body: { code: 200, data } }));
      server.answer(...answers);
      const { runtime, stdout, stderr } = await withProfiles({
        default: { ...profile, baseUrl: `${server.url}/api/v3` },
      });
      await runCli(['doctor', '--api', '--debug'], runtime);
      expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
      expect(stdout.text() + stderr.text()).not.toMatch(/team-0123456789|ws-stored-5678|ws-environment-1234/);
    });

    it('P5: keeps the keys of two profiles apart, also at one host and in one command', async () => {
      const server = await createTestServer();
      const queued = { body: { id: 'v', object: 'video', status: 'queued' } };
      server.answer(queued, queued);
      const baseUrl = `${server.url}/v1`;
      const profiles = {
        one: { provider: 'openai', baseUrl, keyFrom: 'env:ONE_KEY' },
        two: { provider: 'openai', baseUrl, keyFrom: 'env:TWO_KEY' },
      };
      const test = await createTestContext({}, { env: { ONE_KEY: 'key-of-one', TWO_KEY: 'key-of-two' } });
      await mkdir(test.home, { recursive: true });
      await writeFile(join(test.home, 'config.json'), JSON.stringify({ version: 1, profiles }), { mode: 0o600 });
      await addJob(test, { baseUrl, profile: 'one', remoteId: 'v1', status: 'queued' });
      await addJob(test, { baseUrl, profile: 'two', remoteId: 'v2', status: 'queued' });
      expect(await runCli(['video', 'status'], test.runtime)).toBe(0);
      const seen = server.seen.map(({ path, headers }) => `${path} ${headers.authorization}`);
      expect(seen.toSorted()).toEqual(['/v1/videos/v1 Bearer key-of-one', '/v1/videos/v2 Bearer key-of-two']);
    });

    it('warns at login that the profile does not look there', async () => {
      const { runtime, stderr } = await withProfiles(
        { default: { ...TEAM, keyFrom: 'env:OTHER_TOKEN' } },
        { env, stdin: KEY },
      );
      expect(await runCli(['auth', 'login', 'wavespeed'], runtime)).toBe(0);
      expect(stderr.text()).toContain('keyFrom is env:OTHER_TOKEN');
    });
  });

  it('of one provider without a key is exit 4, after the answer', async () => {
    const { runtime, stdout, stderr } = await createTestRuntime();
    expect(await runCli(['auth', 'status', 'openai'], runtime)).toBe(4);
    expect(stdout.text()).toContain('none');
    expect(stderr.text()).toContain('sora auth login openai');
  });
});
