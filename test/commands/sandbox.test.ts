import { describe, expect, it } from 'vitest';
import { runSandboxServe } from '../../src/commands/sandbox.ts';
import { createTestContext } from '../helpers/host.ts';

describe('sandbox serve', () => {
  it('prints the variables that point every provider at it, answers there until it is stopped', async () => {
    const test = await createTestContext({ json: true });
    const served = runSandboxServe(test.context, {});
    while (test.stdout.text() === '') await new Promise(setImmediate);
    const { url, urls, env } = JSON.parse(test.stdout.text());
    expect(env).toEqual({
      OPENAI_BASE_URL: urls.openai,
      OPENAI_API_KEY: 'sandbox',
      WAVESPEED_BASE_URL: urls.wavespeed,
      WAVESPEED_API_KEY: 'sandbox',
      EACHLABS_BASE_URL: urls.eachlabs,
      EACHLABS_API_KEY: 'sandbox',
    });
    expect(url).toBe(urls.openai);
    const ask = async (path: string) =>
      (await fetch(path, { headers: { authorization: `Bearer ${env.OPENAI_API_KEY}` } })).json();
    expect(await ask(`${env.OPENAI_BASE_URL}/videos`)).toMatchObject({ object: 'list' });
    expect(await ask(`${env.WAVESPEED_BASE_URL}/balance`)).toMatchObject({ code: 200, data: { balance: 100 } });
    expect(await ask(`${env.EACHLABS_BASE_URL}/v1/prediction/x`)).toMatchObject({ error: 'Not Found' });
    test.abort('interrupted');
    await served;
    await expect(ask(`${env.OPENAI_BASE_URL}/videos`)).rejects.toThrow();
  });
});
