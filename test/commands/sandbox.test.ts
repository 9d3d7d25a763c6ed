import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runSandboxServe } from '../../src/commands/sandbox.ts';
import { isSoraError, type SoraError } from '../../src/shared/errors.ts';
import { createTestContext } from '../helpers/runtime.ts';

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
      FAL_BASE_URL: urls.fal,
      FAL_KEY: 'sandbox',
      RUNWAYML_BASE_URL: urls.runway,
      RUNWAYML_API_SECRET: 'sandbox',
    });
    expect(url).toBe(urls.openai);
    const ask = async (path: string) =>
      (await fetch(path, { headers: { authorization: `Bearer ${env.OPENAI_API_KEY}` } })).json();
    expect(await ask(`${env.OPENAI_BASE_URL}/videos`)).toMatchObject({ object: 'list' });
    expect(await ask(`${env.WAVESPEED_BASE_URL}/balance`)).toMatchObject({ code: 200, data: { balance: 100 } });
    expect(await ask(`${env.EACHLABS_BASE_URL}/v1/prediction/x`)).toMatchObject({ error: 'Not Found' });
    expect(await ask(`${env.FAL_BASE_URL}/v1/models?endpoint_id=kling/v4/reference-to-video`)).toMatchObject({
      models: [{ endpoint_id: 'kling/v4/reference-to-video' }],
    });
    test.abort('interrupted');
    await served;
    await expect(ask(`${env.OPENAI_BASE_URL}/videos`)).rejects.toThrow();
  });

  it('says that its port is in use, and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const test = await createTestContext({});
    await expect(runSandboxServe(test.context, { port })).rejects.toMatchObject({
      ...{ code: 'machine', message: `Port ${port} is in use.` },
      hint: 'Choose another with --port, or leave it out to get a free one.',
    });
  });

  async function refusalOf(text: string | undefined): Promise<SoraError> {
    const test = await createTestContext();
    if (text !== undefined) await writeFile(join(test.dir, 'faults.json'), text);
    const error = await runSandboxServe(test.context, { scenario: 'faults.json' }).catch((cause: unknown) => cause);
    expect(test.stdout.text()).toBe('');
    if (!isSoraError(error, 'usage')) throw new Error(`no refusal: ${error}`);
    return error;
  }

  it('refuses a scenario with every problem named', async () => {
    const error = await refusalOf('{"version":3,"rule":[],"jobs":[{"fail":{"code":"x"}}]}');
    expect(error.problems).toEqual([
      'scenario.version must be 1, not 3.',
      'scenario.jobs[0].fail needs "message".',
      'scenario has no field "rule"; known are version, use, jobSeconds, skewSeconds, rules, jobs.',
    ]);
    expect(error.hint).toBe('Correct faults.json, then start again.');
  });

  it.each([
    ['is not there', undefined, /faults\.json cannot be read: it does not exist\.$/],
    ['is no JSON', '{"version": 1,}', /faults\.json is not JSON: /],
    ['is of a later version', '{"version": 2}', /^scenario\.version must be 1, not 2\.$/],
    ['is a list', '[]', /^scenario must be an object\.$/],
  ])('refuses a scenario that %s, in a sentence with a hint', async (_, text, message) => {
    const error = await refusalOf(text);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\.$/);
  });

  it('plays a scenario', async () => {
    const test = await createTestContext({ json: true });
    await writeFile(join(test.dir, 'faults.json'), '{"version":1,"use":["down"]}');
    const served = runSandboxServe(test.context, { scenario: 'faults.json' });
    while (test.stdout.text() === '') await new Promise(setImmediate);
    const { url } = JSON.parse(test.stdout.text());
    expect((await fetch(`${url}/videos`, { headers: { authorization: 'Bearer x' } })).status).toBe(503);
    test.abort('interrupted');
    await served;
  });
});
