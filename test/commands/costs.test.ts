import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ensureRegistered } from '../../src/characters/register.ts';
import { runCli } from '../../src/cli/run.ts';
import { runCosts } from '../../src/commands/costs.ts';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import { runVideoPrune } from '../../src/commands/video/prune.ts';
import { addCharacter, addJob, KEY, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { createTestContext, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';

const FLAGS: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A sea.', character: [], inject: true, wait: false, count: 1, model: 'sora-2' },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};
const night = { usd: 1, perDay: true, tags: ['night'] };
const tags = ['night'];

async function total(test: TestContext, flags: { by?: 'tag' | 'host' } = {}) {
  const { context, stdout } = await test.again({ json: true });
  await runCosts(context, { by: 'host', tag: [], ...flags });
  return JSON.parse(stdout.text());
}

describe('what a video costs', () => {
  it('is in the ledger before its request leaves, with what it is for', async () => {
    const test = await withHost();
    let written: unknown;
    const onRequest = (): void => {
      written = JSON.parse(readFileSync(test.context.paths().costs, 'utf8'));
    };
    test.server.answer({ ...videoObject('queued', { id: 'a' }), onRequest });
    await runGenerate(test.context, { ...FLAGS, tags });
    expect(written).toMatchObject({ v: 1, what: 'video', model: 'sora-2', tags, estimateUsd: 0.4 });
    const [job] = (await (await test.context.jobs()).list()).records;
    expect(job).toMatchObject({ tags, status: 'queued' });
    expect(await total(test, { by: 'tag' })).toMatchObject({
      total: { videos: 1, usd: 0.4 },
      rows: [{ name: 'night' }],
    });
  });

  it('is held to a budget over several commands; what it refuses leaves no job', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued', { id: 'a' }), videoObject('queued', { id: 'b' }));
    await runGenerate(test.context, { ...FLAGS, tags, budget: night });
    await runGenerate(test.context, { ...FLAGS, prompt: 'Another sea.', tags, budget: night });
    await expect(runGenerate(test.context, { ...FLAGS, prompt: 'A lake.', tags, budget: night })).rejects.toMatchObject(
      {
        ...{
          code: 'budget',
          message: expect.stringContaining('of the budget of $1.00 a day for night $0.80 is spent'),
        },
      },
    );
    expect((await (await test.context.jobs()).list()).records).toHaveLength(2);
    expect(test.server.seen).toHaveLength(2);
  });

  it('of several videos is refused as a whole, before the first leaves', async () => {
    const test = await withHost();
    const three = { ...FLAGS, count: 3, tags, budget: night };
    await expect(runGenerate(test.context, three)).rejects.toMatchObject({ code: 'budget' });
    await expect(runGenerate(test.context, { ...three, dryRun: true })).rejects.toMatchObject({ code: 'budget' });
    expect([test.server.seen, await total(test)]).toMatchObject([[], { total: { videos: 0, usd: 0 } }]);
  });

  it('is nothing when the host refuses the request', async () => {
    const test = await withHost();
    test.server.answer(refusal(400, 'invalid_value'));
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'refused' });
    expect(await total(test)).toMatchObject({ total: { videos: 0, usd: 0 } });
  });

  it('is known after the record of its job is pruned, and of a record that is older than the ledger', async () => {
    const test = await withHost();
    const { baseUrl } = test;
    await addJob(test, {
      baseUrl,
      status: 'succeeded',
      cost: { estimateUsd: 0.4, actualUsd: 0.35 },
      updatedAt: '2020-01-01T00:00:00Z',
    });
    await addJob(test, { baseUrl, status: 'failed', cost: { estimateUsd: 0.4 }, updatedAt: '2020-01-01T00:00:00Z' });
    const before = await total(test);
    expect(before).toMatchObject({ total: { videos: 2, usd: 0.75, reportedUsd: 0.35, estimatedUsd: 0.4 } });
    await runVideoPrune((await test.again()).context, { olderThan: 86_400, dryRun: false });
    expect((await (await test.context.jobs()).list()).records).toEqual([]);
    expect(await total(test)).toEqual(before);
  });
});

describe('what a registration costs', () => {
  it('is in the ledger, crossed out when the host made nothing, and held to the budget', async () => {
    const server = await createTestServer();
    const env = { WAVESPEED_BASE_URL: `${server.url}/api/v3`, WAVESPEED_API_KEY: KEY };
    const test = await createTestContext({ provider: 'wavespeed' }, { env });
    const joe = await addCharacter(test, 'Joe');
    const target = { provider: await test.context.provider(), orientation: 'landscape', mode: 'id' } as const;
    const ok = (data: object): Scripted => ({ body: { code: 200, data } });
    const upload = [
      ok({
        download_url: 'https://files.example/joe.mp4',
        upload: { method: 'PUT', url: `${server.url}/put`, headers: {} },
      }),
      {},
    ];
    const register = (usd: number) => ensureRegistered(test.context, joe, target, { tags, budget: { ...night, usd } });
    server.answer(...upload, refusal(400, 'invalid_value'));
    await expect(register(0.001)).rejects.toMatchObject({ code: 'refused' });
    expect(await total(test)).toMatchObject({ total: { registrations: 0 } });
    server.answer(...upload);
    await expect(register(0.0009)).rejects.toMatchObject({ code: 'budget' });
    expect((await (await test.context.characters()).find('Joe'))?.pending).toBeUndefined();
    server.answer(...upload, ok({ id: 'task_1', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] }));
    await register(0.001);
    const spent = { total: { registrations: 1, usd: 0.001 }, rows: [{ name: 'night' }] };
    expect(await total(test, { by: 'tag' })).toMatchObject(spent);
  });
});

describe('limits without an option', () => {
  const line = ['video', 'generate', 'A sea.', '--provider', 'openai', '--model', 'sora-2', '--dry-run'];
  const env = { OPENAI_BASE_URL: 'https://gateway.example/v1', SORA_MAX_COST: '0.30' };

  it.each([
    ['SORA_MAX_COST', env, [], 10],
    ['--max-cost over it', env, ['--max-cost', '0.50'], 0],
    ['a variable that is no amount', { ...env, SORA_MAX_COST: 'much' }, [], 2],
    ['no variable', { ...env, SORA_MAX_COST: '' }, [], 0],
  ])('are those of %s', async (_title, variables, more, exit) => {
    const test = await createTestContext({}, { env: variables });
    expect(await runCli([...line, ...more], test.runtime), test.stderr.text()).toBe(exit);
  });

  it.each([
    ['maxCost', '0.30', 10],
    ['maxCost', '0.50', 0],
    ['budget', '0.30/day', 10],
    ['budget', '0.50/day', 0],
  ])('are those of the profile: %s %s', async (field, value, exit) => {
    const test = await createTestContext({}, { env: { OPENAI_BASE_URL: env.OPENAI_BASE_URL } });
    expect(await runCli(['config', 'set', field, value], test.runtime)).toBe(0);
    expect(await runCli(line, test.runtime), test.stderr.text()).toBe(exit);
  });
});

describe('sora costs', () => {
  it('says that nothing was spent', async () => {
    const test = await createTestContext();
    await runCosts(test.context, { by: 'tag', tag: [] });
    expect(test.stdout.text()).toBe('Nothing was spent.\n');
  });

  it('is a table with a total, of the time and the tags that are asked for', async () => {
    const test = await withHost();
    const { baseUrl } = test;
    await addJob(test, { baseUrl, cost: { estimateUsd: 0.4 }, tags, characters: ['Joe', 'Mia'] });
    await addJob(test, { baseUrl, cost: { estimateUsd: 0.1 }, createdAt: '2020-01-01T00:00:00Z' });
    await addJob(test, { baseUrl, characters: ['Joe'] });
    await runCosts(test.context, { by: 'character', tag: [] });
    expect(test.stdout.text().replaceAll(/ +/g, ' ').trim().split('\n')).toEqual([
      'CHARACTER VIDEOS PAID REGISTRATIONS ESTIMATED REPORTED UNKNOWN TOTAL',
      'Joe 2 0 $0.20 - 1 $0.20',
      'Mia 1 0 $0.20 - 0 $0.20',
      '(no character) 1 0 $0.10 - 0 $0.10',
      'all 3 0 $0.50 - 1 $0.50',
    ]);
    expect(test.stderr.text()).toContain('Of 1 nobody knows the price');
    const { context, stdout } = await test.again({ quiet: true });
    await runCosts(context, { by: 'host', tag: tags, since: 7 * 86_400 });
    expect(stdout.text()).toBe('0.4\n');
  });
});
