import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createTestRuntime, type RuntimeOptions } from '../helpers/runtime.ts';

interface Machine {
  readonly path: string;
  readonly home: string;
  /** Runs one command line; its words are separated by spaces. */
  sora(line: string): Promise<{ exit: number; out: string; err: string }>;
  file(): Promise<unknown>;
}

async function machine(content?: unknown, options: RuntimeOptions = {}): Promise<Machine> {
  const { runtime, home, stdout, stderr } = await createTestRuntime(options);
  const path = join(home, 'config.json');
  if (content !== undefined) {
    await mkdir(home);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return {
    path,
    home,
    async sora(line) {
      for (const stream of [stdout, stderr]) stream.chunks.length = 0;
      const exit = await runCli(line.split(' '), runtime);
      return { exit, out: stdout.text(), err: stderr.text() };
    },
    file: async () => JSON.parse(await readFile(path, 'utf8')),
  };
}

describe('sora config', () => {
  it('sets, gets, lists and unsets a field of the chosen profile', async () => {
    const { sora, file, home } = await machine();
    expect(await sora('config set model sora-2')).toEqual({ exit: 0, out: 'profiles.default.model=sora-2\n', err: '' });
    expect(await file()).toEqual({ version: 1, profiles: { default: { model: 'sora-2' } } });
    expect((await stat(join(home, 'config.json'))).mode & 0o777).toBe(0o600);
    expect((await sora('config get model')).out).toBe('sora-2\n');
    expect((await sora('config get profiles.default.model --json')).out).toContain('"value": "sora-2"');
    expect((await sora('config list')).out).toBe('profiles.default.model=sora-2\n');
    expect((await sora('config unset model')).exit).toBe(0);
    expect(await sora('config get model')).toMatchObject({ exit: 2, out: '', err: expect.stringContaining('not set') });
    expect((await sora('config list')).out).toBe('Nothing is set.\n');
    expect(await readdir(home)).toEqual(['config.json']);
  });

  it.each([
    ['--profile', 'config set provider openai --profile work', {}],
    ['SORA_PROFILE', 'config set provider openai', { SORA_PROFILE: 'work' }],
    ['the full key', 'config set profiles.work.provider openai', {}],
  ])('makes the profile that is named by %s', async (_by, line, env) => {
    const { sora, file } = await machine(undefined, { env });
    expect((await sora(line)).exit).toBe(0);
    expect(await file()).toEqual({ version: 1, profiles: { work: { provider: 'openai' } } });
  });

  it('a short key means the default profile that the file names', async () => {
    const { sora, file } = await machine({ version: 1, defaultProfile: 'work', profiles: { work: {} } });
    await sora('config set model m');
    expect(await file()).toMatchObject({ profiles: { work: { model: 'm' } } });
    expect((await sora('config get defaultProfile')).out).toBe('work\n');
  });

  it('keeps fields that are not its own', async () => {
    const { sora, file } = await machine({ version: 1, colour: true, profiles: { work: { later: 7, model: 'm' } } });
    await sora('config set profiles.work.allowHttp true');
    await sora('config unset profiles.work.model');
    expect(await file()).toEqual({ version: 1, colour: true, profiles: { work: { later: 7, allowHttp: true } } });
  });

  it.each([
    ['provider opnai', 'There is no provider \\"opnai\\".', 'Did you mean openai?'],
    ['backend vllm', 'There is no backend', 'vllm-omni'],
    ['baseUrl gateway:4000', 'not an http(s) URL', 'https://gateway'],
    ['baseUrl file:///etc', 'not an http(s) URL', 'https://gateway'],
    ['baseUrl https://me:pass@gateway/v1', 'not contain a user, a password or a query', 'sora auth login'],
    ['allowHttp yes', 'allowHttp is neither true nor false', 'true or false'],
    ['autoCast ask', 'autoCast is neither true nor false', 'true or false'],
    ['modl m', 'There is no setting', 'Did you mean model?'],
    ['profiles.work m', 'a profile, not a setting', 'profiles.work.provider'],
    ['profiles.__proto__.model m', 'cannot be the name of a profile', 'letters'],
    ['defaultProfile work', 'There is no profile named work', 'sora config set'],
    ['keyFrom sk-secret-123', 'is never the key itself', 'env:TEAM_API_KEY'],
    ['keyFrom env:sk-secret-123', 'is never the key itself', 'env:TEAM_API_KEY'],
    ['keyFrom env:HOME', 'is never the key itself', 'ends in _KEY'],
    ['model sk-secret-123', 'looks like a key', 'sora auth login'],
    ['apiKey sk-secret-123', 'There is no setting', 'sora auth login'],
  ])('refuses to set %s and writes nothing', async (words, message, hint) => {
    const { sora, home } = await machine();
    const { exit, out, err } = await sora(`config set ${words} --json`);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(err).not.toMatch(/sk-secret|me:pass/);
    expect(await readdir(home)).toEqual([]);
  });

  it('stores a base URL as it is compared, and a truth as one', async () => {
    const { sora, file } = await machine();
    await sora('config set baseUrl HTTP://Gateway:4000/v1/');
    await sora('config set allowHttp false');
    await sora('config set autoCast true');
    expect(await file()).toMatchObject({
      profiles: { default: { baseUrl: 'http://gateway:4000/v1', allowHttp: false, autoCast: true } },
    });
    expect((await sora('config list')).out).toContain('profiles.default.autoCast=true');
    await sora('config unset autoCast');
    expect((await sora('config get autoCast')).exit).toBe(2);
  });

  it('keeps where a key is, and refuses a file in which a key stands instead, without repeating it (P5)', async () => {
    const { sora, file, path } = await machine();
    await sora('config set keyFrom env:TEAM_API_KEY');
    await sora('config set profiles.work.keyFrom stored');
    expect(await file()).toMatchObject({
      profiles: { default: { keyFrom: 'env:TEAM_API_KEY' }, work: { keyFrom: 'stored' } },
    });
    await writeFile(path, JSON.stringify({ version: 1, profiles: { work: { keyFrom: 'sk-secret-123' } } }));
    const { exit, out, err } = await sora('config list');
    expect([exit, out]).toEqual([12, '']);
    expect(err).toContain('profiles.work.keyFrom is neither "stored" nor "env:NAME_KEY"');
    expect(err).not.toContain('sk-secret');
  });

  it.each(["joe:hunter'rabbit", 'joe:12#rabbit', 'joe:12/rabbit', 'joe:hunter@rabbit'])(
    'P5: shows no part of a base URL that was written into the file by hand as https://%s@host/v1',
    async (user) => {
      const before = { version: 1, profiles: { work: { baseUrl: `https://${user}@host/v1` } } };
      const { sora, file } = await machine(before);
      for (const line of ['list', 'get profiles.work.baseUrl', 'get profiles.work']) {
        for (const flag of ['', ' --json', ' --quiet']) {
          const { exit, out, err } = await sora(`config ${line}${flag}`);
          expect({ exit, err }).toEqual({ exit: 0, err: '' });
          expect(out).toContain(line === 'list' && flag === ' --quiet' ? 'baseUrl' : 'https://***@host/v1');
          expect(out).not.toMatch(/joe|hunter|12|rabbit/);
        }
      }
      expect(await file()).toEqual(before);
    },
  );

  it.each(['joe:12#rabbit', 'joe:12/rabbit'])('P5: repeats no part of https://%s@host that is set', async (user) => {
    const { sora } = await machine();
    const { out, err } = await sora(`config set baseUrl https://${user}@host/v1`);
    expect(out + err).not.toMatch(/joe|12|rabbit/);
  });

  it('removes a whole profile, but not the default one', async () => {
    const before = { version: 1, defaultProfile: 'a.b', profiles: { 'a.b': { model: 'm' }, work: {} } };
    const { sora, file } = await machine(before);
    expect((await sora('config get profiles.a.b.model')).out).toBe('m\n');
    expect(await sora('config unset profiles.a.b')).toMatchObject({ exit: 2 });
    expect(await file()).toEqual(before);
    expect((await sora('config unset profiles.work')).exit).toBe(0);
    expect((await sora('config unset defaultProfile')).exit).toBe(0);
    expect(await file()).toEqual({ version: 1, profiles: { 'a.b': { model: 'm' } } });
  });

  it('unsetting what is not set succeeds and makes nothing', async () => {
    const { sora, home } = await machine();
    expect(await sora('config unset model')).toEqual({
      exit: 0,
      out: '',
      err: 'profiles.default.model was not set.\n',
    });
    await expect(stat(home)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('mends a default profile that is not there', async () => {
    const { sora, file } = await machine({ version: 1, defaultProfile: 'gone', profiles: { work: {} } });
    expect((await sora('config set defaultProfile work')).exit).toBe(0);
    expect(await file()).toMatchObject({ defaultProfile: 'work' });
  });

  it('P4: leaves a file that it cannot read as it is, and still says where it is', async () => {
    const { sora, path } = await machine('{"version":1,');
    expect(await sora('config set model m')).toMatchObject({
      exit: 12,
      err: expect.stringContaining('not valid JSON'),
    });
    expect(await readFile(path, 'utf8')).toBe('{"version":1,');
    expect(await sora('config path')).toMatchObject({ exit: 0, out: `${path}\n` });
  });

  it('P4: loses nothing when several commands write at once', async () => {
    const { runtime, home } = await createTestRuntime();
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    await Promise.all(names.map((name) => runCli(['config', 'set', `profiles.${name}.model`, name], runtime)));
    const { profiles } = JSON.parse(await readFile(join(home, 'config.json'), 'utf8'));
    expect(Object.keys(profiles).toSorted()).toEqual(names);
  });

  it('is obeyed by the commands that follow', async () => {
    const { sora } = await machine();
    await sora('config set provider sandbox');
    expect((await sora('video list --remote --json')).exit).toBe(0);
  });
});
