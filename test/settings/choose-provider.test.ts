import { describe, expect, it } from 'vitest';
import { type Configured, chooseProvider, connectionOf } from '../../src/settings/choose-provider.ts';
import { isSoraError, type SoraError } from '../../src/shared/errors.ts';

const GATEWAY = 'https://gateway.example.com/v1';

function configured(change: Partial<Configured> = {}): Configured {
  return { wishes: {}, env: {}, profile: {}, keys: {}, ...change };
}

function errorOf(work: () => unknown): SoraError {
  try {
    work();
  } catch (error) {
    if (isSoraError(error)) return error;
  }
  throw new Error('nothing was refused');
}

describe('chooseProvider', () => {
  it.each([
    ['a flag', { wishes: { provider: 'sandbox' }, env: { OPENAI_API_KEY: 'k' } }, 'sandbox', 'sandbox:'],
    ['the environment', { env: { SORA_PROVIDER: 'sandbox', OPENAI_API_KEY: 'k' } }, 'sandbox', 'sandbox:'],
    ['the profile', { profile: { provider: 'sandbox' }, env: { OPENAI_API_KEY: 'k' } }, 'sandbox', 'sandbox:'],
    ['the only key', { env: { OPENAI_API_KEY: 'k' } }, 'openai', 'https://api.openai.com/v1'],
    ['the only stored key', { keys: { wavespeed: 'k' } }, 'wavespeed', 'https://api.wavespeed.ai/api/v3'],
    ['a base URL flag alone', { wishes: { baseUrl: `${GATEWAY}/` } }, 'openai', GATEWAY],
    ['a base URL variable alone', { env: { OPENAI_BASE_URL: GATEWAY } }, 'openai', GATEWAY],
    ['a base URL in the profile alone', { profile: { baseUrl: GATEWAY } }, 'openai', GATEWAY],
  ] as const)('takes %s', (_title, change, name, baseUrl) => {
    expect(chooseProvider(configured(change))).toMatchObject({ name, baseUrl });
  });

  it.each([
    [
      'flag over environment',
      {
        wishes: { baseUrl: 'https://flag/v1' },
        env: { OPENAI_BASE_URL: 'https://env/v1' },
        profile: { baseUrl: 'https://profile/v1' },
      },
      'https://flag/v1',
    ],
    [
      'environment over profile',
      { env: { OPENAI_BASE_URL: 'https://env/v1' }, profile: { baseUrl: 'https://profile/v1' } },
      'https://env/v1',
    ],
  ])('base URL: %s', (_title, change, baseUrl) => {
    expect(chooseProvider(configured(change)).baseUrl).toBe(baseUrl);
  });

  it.each([
    ['wavespeed', 'http://127.0.0.1:4010', 'http://127.0.0.1:4010/api/v3/'],
    ['eachlabs', 'https://gateway.example', 'https://gateway.example/v1'],
    ['runway', 'https://gateway.example/', 'https://gateway.example/v1/'],
  ])('P2: %s at %s is the host at %s, so that a request sent to one is known at the other', (provider, ...forms) => {
    const [one, other] = forms.map((baseUrl) =>
      chooseProvider(configured({ wishes: { provider, baseUrl } }), 'preview'),
    );
    expect(one?.baseUrl).toBe(other?.baseUrl);
  });

  it('never chooses the sandbox silently', () => {
    expect(() => chooseProvider(configured())).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('--provider sandbox') }),
    );
  });

  it.each([
    ['usage', { wishes: { provider: 'opnai' } }, /no provider "opnai"/],
    ['usage', { wishes: { provider: 'openai', baseUrl: 'gateway' } }, /not an http/],
    ['usage', { wishes: { provider: 'openai', baseUrl: 'file:///etc' } }, /not an http/],
    ['usage', { wishes: { provider: 'sandbox', backend: 'vllm' } }, /no backend "vllm"/],
    ['auth', { wishes: { provider: 'openai' } }, /OPENAI_API_KEY is not set/],
    ['auth', { wishes: { provider: 'openai' }, env: { OPENAI_API_KEY: '' } }, /OPENAI_API_KEY is not set/],
  ] as const)('refuses as %s: %j', (code, change, message) => {
    expect(() => chooseProvider(configured(change))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['--base-url', { wishes: { baseUrl: 'https://joe:hunter22@gateway.example.com/v1' } }],
    ['OPENAI_BASE_URL', { env: { OPENAI_BASE_URL: 'https://hunter22@gateway.example.com/v1' } }],
    ['OPENAI_BASE_URL', { env: { OPENAI_BASE_URL: 'https://gateway.example.com/v1?key=hunter22' } }],
    ['the profile', { profile: { baseUrl: 'https://:hunter22@gateway.example.com/v1/' } }],
  ] as const)('P5: refuses a user, a password or a query in %s, and does not repeat it', (source, change) => {
    const refused = errorOf(() => chooseProvider(configured(change)));
    expect(refused).toMatchObject({ code: 'usage', message: expect.stringContaining(`The base URL in ${source} has`) });
    expect(refused.hint).toContain(`Use ${GATEWAY}, and`);
    expect(`${refused.message} ${refused.hint}`).not.toContain('hunter22');
  });

  it.each(['ftp://joe:hunter22@host', 'joe:hunter22@host/v1', 'hunter22@host'])(
    'P5: does not repeat the password of %s, which is no http URL',
    (baseUrl) => {
      const { message } = errorOf(() => chooseProvider(configured({ wishes: { baseUrl } })));
      expect(message).toMatch(/^The base URL .*@host.* is not an http/);
      expect(message).not.toContain('hunter22');
    },
  );

  it.each(['hunter#rabbit', 'hunter/rabbit', 'hunter?rabbit', '12#rabbit', '12?rabbit', "hunter'rab bit"])(
    'P5: repeats no part of the password %s, which is not escaped',
    (password) => {
      const wishes = { baseUrl: `https://joe:${password}@host/v1` };
      const { code, message, hint } = errorOf(() => chooseProvider(configured({ wishes })));
      expect(code).toBe('usage');
      expect(`${message} ${hint}`).not.toMatch(/joe|hunter|12|rabbit|rab bit/);
    },
  );

  it('needs no key away from api.openai.com', () => {
    expect(chooseProvider(configured({ env: { OPENAI_BASE_URL: GATEWAY } })).key).toBeUndefined();
    expect(chooseProvider(configured({ env: { OPENAI_BASE_URL: GATEWAY, OPENAI_API_KEY: 'k' } })).key).toBe('k');
  });

  it.each([
    ['stored without one in the environment', {}, 'stored'],
    ['stored beside an empty one', { OPENAI_API_KEY: ' ' }, 'stored'],
    ['of the environment before the stored one', { OPENAI_API_KEY: 'env' }, 'env'],
  ])('takes the key that is %s', (_title, env, key) => {
    const { key: taken } = chooseProvider(
      configured({ wishes: { provider: 'openai' }, env, keys: { openai: 'stored' } }),
    );
    expect(taken).toBe(key);
  });

  it('counts stored keys and keys of the environment together', () => {
    expect(() => chooseProvider(configured({ env: { OPENAI_API_KEY: 'k' }, keys: { eachlabs: 'k' } }))).toThrow(
      expect.objectContaining({ code: 'usage', message: 'More than one provider is configured.' }),
    );
  });

  it('P5: never takes a base URL without a provider for the host of the only key', () => {
    const wishes = { baseUrl: GATEWAY };
    expect(() => chooseProvider(configured({ wishes, keys: { wavespeed: 'k' } }))).toThrow(
      expect.objectContaining({ code: 'usage', message: 'More than one provider is configured.' }),
    );
  });

  it('P5: never takes the base URL of a profile without a provider for a reseller’s', () => {
    const choice = {
      wishes: { provider: 'wavespeed' },
      env: { WAVESPEED_API_KEY: 'k' },
      profile: { baseUrl: GATEWAY },
    };
    expect(chooseProvider(configured(choice)).baseUrl).toBe('https://api.wavespeed.ai/api/v3');
    const job = { id: 'job_1', provider: 'wavespeed', baseUrl: GATEWAY };
    expect(() => connectionOf(job, configured(choice))).toThrow(expect.objectContaining({ code: 'auth' }));
  });

  it('P5: never takes the stored key of another provider', () => {
    const keys = { openai: 'k' };
    expect(() => chooseProvider(configured({ wishes: { provider: 'wavespeed' }, keys }))).toThrow(
      expect.objectContaining({ code: 'auth', hint: expect.stringContaining('sora auth login wavespeed') }),
    );
  });

  it('says that api.openai.com has ended, and only of api.openai.com', () => {
    expect(chooseProvider(configured({ env: { OPENAI_API_KEY: 'k' } })).retired).toMatch(/2026-09-24/);
    expect(chooseProvider(configured({ env: { OPENAI_BASE_URL: GATEWAY } })).retired).toBeUndefined();
  });
});

describe('connectionOf', () => {
  const job = { id: 'job_1', provider: 'openai', baseUrl: GATEWAY };
  const env = { OPENAI_API_KEY: 'k' };

  it('goes to the host that made the job, whatever is configured now', () => {
    expect(connectionOf({ ...job, provider: 'sandbox', baseUrl: 'sandbox:' }, configured({ env }))).toMatchObject({
      name: 'sandbox',
    });
    expect(connectionOf(job, configured()).baseUrl).toBe(GATEWAY);
  });

  it.each([
    ['flag', { wishes: { baseUrl: GATEWAY } }],
    ['environment', { env: { ...env, OPENAI_BASE_URL: 'https://gateway.example.com/other' } }],
    ['profile', { profile: { baseUrl: GATEWAY } }],
  ])('P5: sends the key to an origin that is named by %s', (_by, change) => {
    expect(connectionOf(job, configured({ env, ...change }))).toMatchObject({ key: 'k', baseUrl: GATEWAY });
  });

  it('P5: refuses a user or a query in the flag, which would be said again in every command that continues', () => {
    const wishes = { baseUrl: 'https://joe:hunter22@gateway.example.com/v1' };
    const refused = errorOf(() => connectionOf(job, configured({ env, wishes })));
    expect(refused).toMatchObject({ code: 'usage', message: expect.stringContaining('--base-url') });
    expect(refused.message).not.toContain('hunter22');
  });

  it('P5: never sends a key to an origin that only a job file names', () => {
    expect(() => connectionOf(job, configured({ env }))).toThrow(
      expect.objectContaining({ code: 'auth', hint: expect.stringContaining(`--base-url ${GATEWAY}`) }),
    );
  });

  it('sends a stored key to the provider’s own host, and to one that is named', () => {
    const keys = { openai: 'k' };
    const own = { ...job, baseUrl: 'https://api.openai.com/v1' };
    expect(connectionOf(own, configured({ keys })).key).toBe('k');
    expect(connectionOf(job, configured({ keys, wishes: { baseUrl: GATEWAY } })).key).toBe('k');
  });

  it.each([
    ['to an origin that only a job file names', {}],
    ['to the host that a profile names for another provider', { provider: 'wavespeed', baseUrl: GATEWAY }],
  ])('P5: never sends a stored key %s', (_title, profile) => {
    expect(() => connectionOf(job, configured({ keys: { openai: 'k' }, profile }))).toThrow(
      expect.objectContaining({ code: 'auth', hint: expect.stringContaining('--base-url') }),
    );
  });
});

describe('keyFrom of a profile', () => {
  const env = { OPENAI_API_KEY: 'usual', TEAM_KEY: 'team' };
  const keys = { openai: 'stored', wavespeed: 'other' };
  const profile = { baseUrl: GATEWAY, keyFrom: 'env:TEAM_KEY' };

  it.each([
    ['its variable', { profile }, 'team'],
    ['the stored key', { profile: { ...profile, keyFrom: 'stored' } }, 'stored'],
    ['nothing, where its variable is not set', { profile: { ...profile, keyFrom: 'env:NO_KEY' } }, undefined],
    ['nothing of another provider', { profile, wishes: { provider: 'wavespeed' } }, 'other'],
    ['nothing at the host of a flag', { profile, wishes: { baseUrl: 'https://elsewhere.example/v1' } }, 'usual'],
  ])('takes %s', (_title, change, key) => {
    const wishes = { provider: 'openai', ...('wishes' in change ? change.wishes : {}) };
    expect(chooseProvider(configured({ env, keys, ...change, wishes })).key).toBe(key);
  });

  it('holds for the jobs of that host', () => {
    const job = { provider: 'openai', baseUrl: GATEWAY, id: 'job_1' };
    expect(connectionOf(job, configured({ env, keys, profile })).key).toBe('team');
  });

  it('is named where there is no key, and needed by no preview', () => {
    const change = { profile: { provider: 'wavespeed', keyFrom: 'env:NO_KEY' }, env, keys };
    expect(() => chooseProvider(configured(change))).toThrow(
      expect.objectContaining({
        code: 'auth',
        message: 'Provider wavespeed needs a key, and NO_KEY is not set, where the profile looks for it (keyFrom).',
      }),
    );
    expect(chooseProvider(configured(change), 'preview').key).toBeUndefined();
  });
});
