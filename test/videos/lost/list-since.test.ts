import { describe, expect, it } from 'vitest';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import { runVideoStatus } from '../../../src/commands/video/status.ts';
import type { Job } from '../../../src/shared/job.ts';
import { listSince } from '../../../src/videos/lost/list-since.ts';
import { KEY } from '../../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../../helpers/runtime.ts';
import { createTestServer, type Scripted, type TestServer } from '../../helpers/server.ts';

type Test = TestContext & { readonly server: TestServer };

const GENERATE = {
  ...{ prompt: 'A man waves.', character: [], inject: true, wait: false, count: 1, seconds: 4 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: true, allowUnknownCost: true },
};

/** A host of tasks whose answer to a create is lost after three seconds, a minute ago. */
async function withLost(provider: 'wavespeed' | 'eachlabs'): Promise<{ test: Test; lost: Job }> {
  const server = await createTestServer();
  const name = provider.toUpperCase();
  const env = { [`${name}_API_KEY`]: KEY, [`${name}_BASE_URL`]: server.url };
  const test = { ...(await createTestContext({ provider }, { env })), server };
  if (provider === 'wavespeed') server.answer({ body: { code: 200, data: { price: 1 } } });
  server.answer({ fault: 'reset', onRequest: () => Object.assign(test.clock, { ms: START + 3000 }) });
  await expect(runGenerate(test.context, GENERATE)).rejects.toMatchObject({ code: 'ambiguous' });
  test.clock.ms = START + 60_000;
  const [lost] = (await (await test.context.jobs()).list()).records;
  if (!lost) throw new Error('no record was made');
  return { test, lost };
}

const at = (afterMs: number): string => new Date(START + afterMs).toISOString();

/** As a host says it whose clock is this machine's, a minute after the request. */
const said = (body: object): Scripted => ({ headers: { date: new Date(START + 60_000).toUTCString() }, body });

const status = ({ context }: Test, { id }: Job): Promise<number> =>
  runVideoStatus(context, { ids: [id], watch: false, exitStatus: false });

async function remoteIdOf({ context }: Test): Promise<string | undefined> {
  return (await (await context.jobs()).list()).records[0]?.remoteId;
}

describe('P2: a lost request at WaveSpeedAI', () => {
  const item = (id: string, inputs: object, afterMs = 2000): object => ({
    ...{ id, model: 'bytedance/seedance-2.0/text-to-video', status: 'processing', created_at: at(afterMs) },
    inputs,
  });

  it('is found by the inputs that its list tells', async () => {
    const { test, lost } = await withLost('wavespeed');
    const items = [
      item('other', { prompt: 'A hill.', duration: 4 }),
      item('longer', { prompt: 'A man waves.', duration: 8 }),
      item('mine', { prompt: 'A man waves.', duration: 4 }),
      { ...item('character', { name: 'Joe' }), model: 'openai/sora-2/characters' },
      item('before', { prompt: 'A man waves.', duration: 4 }, -60_000),
    ];
    test.server.answer(said({ code: 200, data: { page: 1, items } }));
    expect(await status(test, lost)).toBe(0);
    expect(await remoteIdOf(test)).toBe('mine');
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`).slice(2)).toEqual([
      'POST /api/v3/predictions',
    ]);
  });

  it('stays unknown where the list tells no inputs: what it may be is named', async () => {
    const { test, lost } = await withLost('wavespeed');
    const { inputs: _none, ...bare } = item('bare', {}) as { inputs: object };
    test.server.answer(said({ code: 200, data: { page: 1, items: [bare] } }));
    expect(await status(test, lost)).toBe(7);
    expect(await remoteIdOf(test)).toBeUndefined();
    expect(test.stderr.text()).toContain('- bare (running');
  });
});

describe('P2: a lost request at eachlabs', () => {
  const MODEL = 'bytedance-seedance-2-0-reference-to-video';
  const execution = (id: string, afterMs = 2000, model = MODEL): object => ({
    ...{ id, model, status: 'processing', created_at: at(afterMs) },
  });
  const page = (executions: object[]): Scripted => said({ executions, total_count: executions.length });
  const prediction = (id: string, prompt: string): Scripted => said({ id, status: 'processing', input: { prompt } });

  it('is found by asking about what was made in its time, since the list tells no prompts', async () => {
    const { test, lost } = await withLost('eachlabs');
    const executions = [execution('later', 50 * 60_000), execution('another-model', 2000, 'flux'), execution('theirs')];
    test.server.answer(page([...executions, execution('mine', 1000), execution('before', -20 * 60_000)]));
    test.server.answer(prediction('theirs', 'A hill.'), prediction('mine', 'A man waves.'));
    expect(await status(test, lost)).toBe(0);
    expect(await remoteIdOf(test)).toBe('mine');
    expect(test.server.seen.map(({ path }) => path).slice(1)).toEqual([
      '/v1/executions?limit=100&offset=0',
      '/v1/prediction/theirs',
      '/v1/prediction/mine',
    ]);
  });

  it('stays unknown where an execution cannot be asked about', async () => {
    const { test, lost } = await withLost('eachlabs');
    test.server.answer(page([execution('mine')]), { status: 404, body: { error: 'not found' } });
    expect(await status(test, lost)).toBe(7);
    expect(test.stderr.text()).toContain('- mine (running');
  });

  it('stays unknown where more was made in its time than is asked about', async () => {
    const { test, lost } = await withLost('eachlabs');
    const many = Array.from({ length: 31 }, (_, index) => execution(`e${index}`));
    test.server.answer(page(many), ...many.map((_, index) => prediction(`e${index}`, 'A man waves.')).slice(0, 30));
    expect(await status(test, lost)).toBe(7);
    expect(test.server.seen).toHaveLength(2 + 30);
  });
});

it('reads on where a host lists the oldest first', async () => {
  const server = await createTestServer();
  const env = { EACHLABS_API_KEY: KEY, EACHLABS_BASE_URL: server.url };
  const { context } = await createTestContext({ provider: 'eachlabs' }, { env });
  const old = Array.from({ length: 100 }, (_, index) => ({
    id: `e${index}`,
    status: 'success',
    created_at: at(index - 9e6),
  }));
  server.answer(said({ executions: old }), said({ executions: [{ id: 'new', status: 'success', created_at: at(0) }] }));
  const sought = { models: [], sinceMs: 0, since: () => START - 60_000, mayBe: () => false };
  const { videos } = await listSince(context, await context.provider(), sought);
  expect(videos.at(-1)?.id).toBe('new');
});
