import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { decodePending } from '../../src/characters/record.ts';
import { runCli } from '../../src/cli/run.ts';
import { type DeriveFlags, runVideoDerive } from '../../src/commands/video/derive.ts';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import { checkMaxCost, costToKeep, estimateVideoCost } from '../../src/costs/max-cost.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Character } from '../../src/shared/character.ts';
import type { Derivation, Job } from '../../src/shared/job.ts';
import { FIXTURES } from '../helpers/cli.ts';
import { addCharacter, addJob, addMadeFrom, KEY, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';
import { untilAborted } from '../helpers/until-aborted.ts';

const FOLLOW = {
  ...{ wait: false, resend: false, dryRun: false },
  ...{ timeout: 1800, force: false, allowDrift: false },
};
const FLAGS: GenerateFlags = { ...FOLLOW, character: [], inject: true, count: 1 };
const SORA = 'openai/sora-2/text-to-video';

const generate = ({ context }: TestContext, flags: Partial<GenerateFlags>): Promise<number> =>
  runGenerate(context, { ...FLAGS, prompt: 'Joe waves.', ...flags });

const derive = (
  { context }: TestContext,
  wish: Partial<DeriveFlags> & { kind: Derivation; id: string },
): Promise<number> => runVideoDerive(context, { ...FOLLOW, prompt: 'He walks on.', ...wish });

async function withWavespeed(globals = {}) {
  const server = await createTestServer();
  const env = { WAVESPEED_BASE_URL: `${server.url}/api/v3`, WAVESPEED_API_KEY: KEY };
  return { ...(await createTestContext({ provider: 'wavespeed', ...globals }, { env })), server };
}

/** What settings choose: a model that takes ids, as `character create` and `sync` need it. */
async function chooseSora({ runtime }: TestContext, provider = 'wavespeed', model = SORA): Promise<void> {
  await runCli(['config', 'set', 'model', model, '--profile', 'default'], runtime);
  await runCli(['config', 'set', 'provider', provider, '--profile', 'default'], runtime);
}

async function jobs({ context }: TestContext): Promise<readonly Job[]> {
  return (await (await context.jobs()).list()).records;
}

describe('the price that a host is asked for', () => {
  const WISH = { model: SORA, size: { width: 1280, height: 720 }, seconds: 4, clipSeconds: 0 };

  async function ask(price: NonNullable<Provider['price']>) {
    const test = await withWavespeed();
    const provider = { ...(await test.context.provider()), price };
    const video = {
      prompt: 'Joe waves.',
      model: SORA,
      seconds: 4,
      size: WISH.size,
      characters: [],
      reference: undefined,
    };
    return { ...test, cost: estimateVideoCost(test.context, { ...WISH, provider, ask: { video, purpose: 'use' } }) };
  }

  it('is taken from the table when the host has not said it after 15 s', async () => {
    const told = await (await ask(async () => undefined)).cost;
    expect(told).toMatchObject({ usd: 0.4 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const ended = vi.fn();
    const slow = await ask((_video, { signal }) => untilAborted(signal));
    const asked = slow.cost.then(ended);
    await vi.advanceTimersByTimeAsync(14_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(ended).toHaveBeenCalledWith({ ...told, source: expect.stringContaining('page at wavespeed.ai') });
    expect(slow.stderr.text()).toMatch(
      /^127\.0\.0\.1:\d+ did not tell its price: No complete answer arrived within 15 s\. The table of prices is used\.\n$/,
    );
  });

  it('is not waited for after Ctrl-C', async () => {
    const { abort, cost } = await ask((_video, { signal }) => untilAborted(signal));
    abort('interrupted');
    await expect(cost).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('what a derived video costs', () => {
  const SIZE = { width: 1280, height: 720 };

  /** Finished: 8 s of 720p. */
  const source = (test: Awaited<ReturnType<typeof withHost>>, model = 'sora-2'): Promise<Job> =>
    addJob(test, {
      ...{ baseUrl: test.baseUrl, status: 'succeeded', result: { seconds: 8, size: '1280x720' } },
      request: { prompt: 'Joe waves.', model, seconds: 8, size: SIZE, characters: [] },
    });

  it.each([
    ['extend', 'what it adds', 0.4],
    ['edit', 'the whole of the new video', 0.8],
    ['remix', 'the whole of the new video', 0.8],
  ] as const)('is, for %s, %s: in the dry run and in the record', async (kind, _what, usd) => {
    const test = await withHost({ json: true });
    const { id } = await source(test);
    await derive(test, { kind, id, dryRun: true });
    const cost = { usd, asOf: '2026-09-24', source: expect.stringContaining('price page') };
    expect(JSON.parse(test.stdout.text()).cost).toEqual({ ...cost, estimateUsd: usd });
    test.server.answer(videoObject('queued', { id: 'n' }));
    await derive(test, { kind, id });
    expect((await jobs(test)).find(({ request }) => request.from)?.cost).toEqual({
      ...{ estimateUsd: usd, asOf: cost.asOf, source: cost.source },
    });
  });

  it('P6: ends with `budget` beyond --max-cost, or when nobody knows it, before anything is sent', async () => {
    const test = await withHost();
    const { id } = await source(test);
    await expect(derive(test, { kind: 'extend', id, seconds: 8, maxCost: 0.79 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringMatching(/^This costs \$0\.80 \(.*--max-cost allows \$0\.79/),
    });
    const other = await source(test, 'another');
    await expect(derive(test, { kind: 'edit', id: other.id, maxCost: 100 })).rejects.toMatchObject({
      code: 'budget',
      hint: expect.stringContaining('--allow-unknown-cost'),
    });
    expect(test.server.seen).toEqual([]);
    expect(await jobs(test)).toHaveLength(2);
    test.server.answer(videoObject('queued', { id: 'n' }), videoObject('queued', { id: 'm' }));
    expect(await derive(test, { kind: 'extend', id, seconds: 8, maxCost: 0.8 })).toBe(0);
    expect(await derive(test, { kind: 'edit', id: other.id, maxCost: 1, allowUnknownCost: true })).toBe(0);
  });

  it('P2: gives the job of a key that was sent already, though it would be too dear now', async () => {
    const test = await withHost();
    const { id } = await source(test);
    test.server.answer(videoObject('queued', { id: 'n' }));
    await derive(test, { kind: 'edit', id, key: 'nightly' });
    expect(await derive(test, { kind: 'edit', id, key: 'nightly', maxCost: 0.1 })).toBe(0);
    expect(await derive(test, { kind: 'edit', id, key: 'nightly', maxCost: 0.1, dryRun: true })).toBe(0);
    expect(test.stderr.text()).toMatch(/existing: job_\w+\nCost: none/);
    expect(test.server.seen).toHaveLength(1);
  });
});

describe('a limit', () => {
  const each = { usd: 0.4, asOf: '2026-01-02', source: 'a page' };
  const partly = [
    { what: 'video', count: 2, each },
    { what: 'character', count: 1, each: undefined },
  ] as const;

  it('that the known part exceeds already is not passed by --allow-unknown-cost', async () => {
    const { context } = await createTestContext({ provider: 'eachlabs' });
    const provider = await context.provider('preview');
    const check = (maxCost: number, allowUnknownCost: boolean) => () =>
      checkMaxCost({ maxCost, allowUnknownCost }, { bill: partly, provider });
    expect(check(0.79, true)).toThrow('This costs at least $0.80; --max-cost allows $0.79. No job was sent.');
    expect(check(0.8, false)).toThrow('What a character costs there is unknown');
    expect(check(0.8, true)).not.toThrow();
  });
});

describe('characters that cost money', () => {
  const sora = { model: SORA, allowRetired: true, character: ['Joe', 'Mia'] };

  it('are part of the estimate of a video that has to register them', async () => {
    const test = await withWavespeed({ json: true });
    await addCharacter(test, 'Joe');
    await addCharacter(test, 'Mia');
    await generate(test, { ...sora, count: 2, dryRun: true });
    // Two videos of 4 s at $0.10, and each of both characters once.
    expect(JSON.parse(test.stdout.text()).cost.usd).toBe(0.802);
    const text = await test.again({ json: false });
    await generate(text, { ...sora, count: 2, dryRun: true });
    expect(text.stderr.text()).toMatch(/Cost: \$0\.802 \(2 x \$0\.40.* \+ 2 characters at \$0\.001; /);
  });

  it('P6: count for --max-cost before anything is uploaded', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    await addCharacter(test, 'Mia');
    await expect(generate(test, { ...sora, maxCost: 0.401 })).rejects.toMatchObject({ code: 'budget' });
    expect(test.server.seen).toEqual([]);
    expect(await generate(test, { ...sora, maxCost: 0.402, dryRun: true }).catch((error: unknown) => error)).toBe(0);
  });

  it('count again when a host has forgotten one, together with what was paid for the first', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    const ok = (data: object): Scripted => ({ body: { code: 200, data } });
    const place = { method: 'PUT', url: `${test.server.url}/put`, headers: {} };
    const made = (id: string): Scripted =>
      ok({ id: `task_${id}`, status: 'completed', outputs: [{ id, name: 'Joe' }] });
    const upload = [ok({ download_url: 'https://files.example/joe.mp4', upload: place }), {}];
    const price = ok({ price: 0.4 });
    test.server.answer(...upload, made('char_old'), price, refusal(400, 'no_character', 'No character char_old.'));
    await expect(generate(test, { ...sora, character: ['Joe'], maxCost: 0.4015 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('2 characters at $0.001'),
    });
  });

  it('P6: are registered, and no video is sent, when its price has risen meanwhile', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    const ok = (data: object): Scripted => ({ body: { code: 200, data } });
    const place = { method: 'PUT', url: `${test.server.url}/put`, headers: {} };
    const made = ok({ id: 'task_1', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] });
    test.server.answer(ok({ download_url: 'https://files.example/joe.mp4', upload: place }), {}, made);
    test.server.answer(ok({ price: 0.5 }));
    // By the table it is $0.40 for the video and $0.001 for Joe.
    await expect(generate(test, { ...sora, character: ['Joe'], maxCost: 0.401 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('This costs $0.501'),
    });
    expect(test.server.seen.at(-1)?.path).toBe('/api/v3/model/price');
    expect(await jobs(test)).toEqual([]);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations).toMatchObject([{ value: 'char_1' }]);
  });

  it('are said with their price before the first is registered, by sync and create', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    await addCharacter(test, 'Mia');
    await chooseSora(test);
    let before = '';
    const onRequest = (): void => {
      before = test.stderr.text();
    };
    test.server.answer({ ...refusal(401, 'no_key'), onRequest });
    expect(await runCli(['character', 'sync'], test.runtime)).toBe(4);
    expect(before).toContain('Cost: $0.002 (2 characters at $0.001; as of 2026-11-21: ');

    test.server.answer({ ...refusal(401, 'no_key'), onRequest });
    const path = join(FIXTURES, 'joe.mp4');
    await addMadeFrom(test, 'Max', path);
    expect(await runCli(['character', 'create', path, '--name', 'Max'], test.runtime)).toBe(4);
    expect(before).toContain('Cost: $0.001 (1 character at $0.001; ');
  });

  it('at no published price make the whole unknown, and never pass a limit that the rest exceeds', async () => {
    const env = { SORA_PROVIDER: 'eachlabs' };
    const test = await createTestContext({ json: true }, { env });
    await addCharacter(test, 'Joe');
    const wish = { model: 'sora-2-text-to-video', allowRetired: true, character: ['Joe'], dryRun: true };
    await generate(test, wish);
    expect(JSON.parse(test.stdout.text()).cost).toBeNull();
    await expect(generate(test, { ...wish, maxCost: 100 })).rejects.toMatchObject({ code: 'budget' });
    expect(await generate(test, { ...wish, maxCost: 0, allowUnknownCost: true })).toBe(0);
  });
});

describe('what registering costs', () => {
  const JOE = join(FIXTURES, 'joe.mp4');
  const ok = (data: object): Scripted => ({ body: { code: 200, data } });
  const done = (id: string): Scripted => ok({ id: `task_${id}`, status: 'completed', outputs: [{ id }] });
  const paid = { estimateUsd: 0.001, asOf: '2026-11-21', source: expect.stringContaining('may ask for another price') };

  /** The cast, and a host that makes characters at $0.001 each. */
  async function withCast(...names: string[]) {
    const test = await withWavespeed();
    for (const name of names) await addCharacter(test, name);
    await chooseSora(test);
    const put = { method: 'PUT', url: `${test.server.url}/put`, headers: {} };
    const upload = [ok({ download_url: 'https://files.example/x.mp4', upload: put }), {}];
    const sora = async (...words: string[]) => {
      const next = await test.again();
      return { exit: await runCli(words, next.runtime), said: next.stderr.text(), told: next.stdout.text() };
    };
    const leave = async (name: string, taskId?: string) => {
      const createdAt = new Date(START - 3_600_000).toISOString();
      const at = { provider: 'wavespeed', baseUrl: `${test.server.url}/api/v3`, orientation: 'landscape' } as const;
      const entry = decodePending({ ...at, name, createdAt, ...(taskId !== undefined && { taskId }) });
      await (await test.context.characters()).update(name, (one) => ({ ...one, pending: [entry] }));
    };
    const find = async (name: string) => (await (await test.context.characters()).find(name)) as Character;
    return { ...test, upload, sora, leave, find };
  }

  it('P6: ends with 10 beyond --max-cost, before anything is sent or prepared, by sync and create', async () => {
    const test = await withCast('Joe', 'Mia');
    const sync = await test.sora('character', 'sync', '--max-cost', '0.0015');
    expect(sync.exit).toBe(10);
    expect(sync.said).toMatch(
      /This costs \$0\.002 \(2 characters at .*--max-cost allows \$0\.0015\. No request was sent/,
    );
    const create = ['character', 'create', JOE, '--name', 'Max', '--max-cost', '0.0009'];
    expect((await test.sora(...create, '--dry-run')).exit).toBe(10);
    expect((await test.sora(...create)).exit).toBe(10);
    expect(await test.find('Max')).toBeUndefined();
    expect(test.server.seen).toEqual([]);
    test.server.answer(refusal(401, 'no_key'));
    expect((await test.sora('character', 'sync', '--max-cost', '0.002')).exit).toBe(4);
  });

  it('is kept with the registration and told by list and show; the cast file has none of it', async () => {
    const test = await withCast('Joe', 'Mia');
    test.server.answer(...test.upload, done('char_1'), ...test.upload, done('char_2'));
    expect((await test.sora('character', 'sync', '--max-cost', '0.002')).exit).toBe(0);
    expect((await test.find('Joe')).registrations).toMatchObject([{ value: 'char_1', cost: paid }]);
    expect((await test.sora('character', 'list')).said).toContain('Paid for registrations: ~$0.002');
    expect((await test.sora('character', 'show', 'Joe')).told).toContain(', as Joe, paid: ~$0.001\n');
    await test.sora('character', 'export', '-o', 'cast.json');
    expect(await readFile(join(test.dir, 'cast.json'), 'utf8')).not.toMatch(/cost|0\.001/);
    expect((await test.sora('character', 'adopt', 'char_1', '--name', 'Joe')).exit).toBe(0);
    expect((await test.find('Joe')).registrations).toMatchObject([{ value: 'char_1', cost: paid }]);
  });

  it('is not asked for again where the host’s task goes on, but is where that is lost', async () => {
    const test = await withCast('Joe', 'Mia');
    await test.leave('Joe', 'task_1');
    await test.leave('Mia', 'task_2');
    test.server.answer(done('char_1'), { status: 404 });
    const sync = await test.sora('character', 'sync', '--max-cost', '0', '--resend');
    expect(sync.exit).toBe(10);
    expect(sync.told).toMatch(/^Joe: 127\.0\.0\.1:\d+ knows it now as char_1\nMia: not registered\n$/);
    expect(sync.said).toContain('Mia: This costs $0.001 (1 character at $0.001; ');
    expect((await test.find('Joe')).registrations).toMatchObject([{ value: 'char_1', cost: paid }]);
    expect(test.server.seen).toHaveLength(2);
  });

  it('counts for a request of unknown fate only when that is sent once more', async () => {
    const test = await withCast('Joe');
    await test.leave('Joe');
    expect((await test.sora('character', 'sync', '--max-cost', '0')).exit).toBe(7);
    expect((await test.sora('character', 'sync', '--max-cost', '0', '--resend')).exit).toBe(10);
    await addMadeFrom(test, 'Max', JOE);
    await test.leave('Max', 'task_1');
    const dry = await test.sora('character', 'create', JOE, '--name', 'Max', '--dry-run', '--max-cost', '0');
    expect(dry.exit).toBe(0);
    expect(dry.said).toMatch(/127\.0\.0\.1:\d+ may be making Max already: nothing would be sent\./);
    expect(test.server.seen).toEqual([]);
  });

  it('P6: is not paid where nobody knows it, unless --allow-unknown-cost says so; it is kept as unknown', async () => {
    const { server, ...test } = await withHost({ provider: 'eachlabs' }, { env: { EACHLABS_API_KEY: KEY } });
    await addCharacter(test, 'Joe');
    await chooseSora(test, 'eachlabs', 'sora-2-text-to-video');
    const sync = async (...flags: string[]) => {
      const next = await test.again();
      const to = ['--provider', 'eachlabs', '--base-url', server.url];
      return { exit: await runCli(['character', 'sync', ...to, ...flags], next.runtime), said: next.stderr.text() };
    };
    const refused = await sync('--max-cost', '100');
    expect(refused.exit).toBe(10);
    expect(refused.said).toContain('What a character costs there is unknown');
    expect(server.seen).toEqual([]);
    server.answer(refusal(401, 'no_key'));
    expect(await sync('--max-cost', '0', '--allow-unknown-cost')).toMatchObject({ exit: 4 });
    expect((await costToKeep(await test.context.provider('preview')))(1)).toEqual({ cost: {} });
  });

  it('is nothing at a host that asks for nothing: no limit stands in its way, and no record tells of it', async () => {
    const test = await withHost({ json: true });
    await addCharacter(test, 'Joe');
    test.server.answer({ body: { id: 'char_1', name: 'Joe', created_at: 1 } });
    expect(await runCli(['character', 'sync', '--max-cost', '0', '--provider', 'openai'], test.runtime)).toBe(0);
    const [registration] = (await (await test.context.characters()).find('Joe'))?.registrations ?? [];
    expect(registration?.value).toBe('char_1');
    expect(registration).not.toHaveProperty('cost');
    const dry = await test.again({ json: false });
    await runCli(['character', 'create', JOE, '--name', 'Max', '--dry-run', '--provider', 'openai'], dry.runtime);
    expect(dry.stderr.text()).toContain('Cost: free (1 character at $0.00; ');
    expect(dry.stderr.text()).not.toContain('another price');
  });
});
