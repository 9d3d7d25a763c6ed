import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePending, type PendingJson } from '../../src/characters/record.ts';
import { ensureRegistered, type RegisterOptions } from '../../src/characters/register.ts';
import type { RegistrationTarget } from '../../src/characters/registration-target.ts';
import { runCharacterAdopt, runCharacterSync } from '../../src/commands/character/sync.ts';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import type { Context } from '../../src/context.ts';
import { PROVIDERS, type ProviderName } from '../../src/providers/index.ts';
import type { CharacterCalls, Provider } from '../../src/providers/provider.ts';
import type { Character, PendingRegistration } from '../../src/shared/character.ts';
import { SoraError } from '../../src/shared/errors.ts';
import { addCharacter, KEY, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestContext, START, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';
import { charactersOf } from '../providers/harness.ts';

interface Bench extends TestContext {
  readonly server: TestServer;
  readonly provider: Provider;
}

/** Joe, and a host whose price is known: its requests go to a scripted server. */
async function knownPrice(name: 'wavespeed' | 'sandbox'): Promise<Bench> {
  const server = await createTestServer();
  const { defaultBaseUrl: baseUrl } = PROVIDERS[name];
  const url = name === 'sandbox' ? `${server.url}/v1` : `${server.url}/api/v3`;
  const test = await createTestContext();
  const { http } = createTestHttp();
  const more = { backend: undefined, sleep: test.runtime.clock.sleep };
  const provider = await PROVIDERS[name].create({ baseUrl, url, key: KEY, http, ...more });
  await addCharacter(test, 'Joe');
  return { ...withProvider(test, provider), server, provider };
}

/** The same, with that host chosen for every command. */
function withProvider(test: TestContext, provider: Provider): TestContext {
  const model = provider.name === 'wavespeed' ? 'openai/sora-2/text-to-video' : undefined;
  const { context } = test;
  const chosen: Context = {
    ...context,
    provider: async () => provider,
    connection: async () => ({
      ...{ name: provider.name as ProviderName, baseUrl: provider.baseUrl, key: KEY, backend: undefined, model },
      ...{ allowHttp: false, clipsAt: undefined, retired: undefined },
    }),
  };
  return { ...test, context: chosen };
}

const find = async ({ context }: TestContext): Promise<Character> =>
  (await (await context.characters()).find('Joe')) as Character;

async function register(test: Bench, options: RegisterOptions = {}): Promise<unknown> {
  const place: RegistrationTarget = { provider: test.provider, orientation: 'landscape', mode: 'id' };
  return ensureRegistered(test.context, await find(test), place, options);
}

async function leave(test: Bench, more: Partial<PendingJson> = {}): Promise<PendingRegistration> {
  const { name: provider, baseUrl } = test.provider;
  const createdAt = new Date(START - 3_600_000).toISOString();
  const entry = decodePending({ provider, baseUrl, orientation: 'landscape', name: 'Joe', createdAt, ...more });
  await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, pending: [entry] }));
  return entry;
}

/** What the disk holds of it at this moment. */
function onDisk({ context }: TestContext): readonly PendingRegistration[] | undefined {
  const folder = context.paths().characters;
  const [record = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return JSON.parse(readFileSync(join(folder, record), 'utf8')).pending;
}

const made: Scripted = { body: { id: 'char_1', name: 'Joe', created_at: 1 } };
const LOST = [
  ['a server error', refusal(500, 'server_error')],
  ['a lost connection', { fault: 'reset' }],
  ['an answer without an id', { body: { id: null, name: null } }],
] as const satisfies readonly [string, Scripted][];
const [[, lost]] = LOST;

describe('P2: the lost answer to a registration that is known to cost next to nothing', () => {
  it.each(LOST)(
    'is repeated by itself, and said, after %s; the record counts before each leaves',
    async (_title, answer) => {
      const test = await knownPrice('sandbox');
      const seen: (number | undefined)[] = [];
      const onRequest = (): void => void seen.push(...(onDisk(test) ?? []).map(({ requests = 1 }) => requests));
      test.server.answer({ ...answer, onRequest }, { ...answer, onRequest }, { ...made, onRequest });
      expect(await register(test)).toMatchObject({ value: 'char_1' });
      expect(seen).toEqual([1, 2, 3]);
      expect(await find(test)).not.toHaveProperty('pending');
      expect(test.stderr.text()).toMatch(
        /Joe: .* with the sandbox is free, so the request is sent once more \(2 of at most 3\)/,
      );
      expect(test.stderr.text()).toContain('(3 of at most 3)');
      expect(test.pauses.filter((ms) => ms > 0)).toHaveLength(2);
      // Nothing leaves this machine, so there is nobody whose rule it would be.
      expect(test.stderr.text()).not.toContain('permission');
    },
  );

  it('is unknown after two repeats, as it was after none: exit 7, and the next command sends nothing', async () => {
    const test = await knownPrice('sandbox');
    test.server.answer(lost, lost, lost);
    await expect(register(test)).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringContaining('the request was sent 3 times'),
      hint: expect.stringMatching(/adopt <id> .* --resend/),
    });
    expect((await find(test)).pending).toMatchObject([{ requests: 3 }]);
    const again = { code: 'ambiguous', message: expect.stringContaining('3 requests were sent, the last at') };
    await expect(register(test)).rejects.toMatchObject(again);
    expect(test.server.seen).toHaveLength(3);
    test.server.answer(made);
    expect(await register(test, { resend: true })).toMatchObject({ value: 'char_1' });
  });

  it('is repeated no more often by two that want it at once', async () => {
    const test = await knownPrice('sandbox');
    test.server.answer(lost, lost, lost);
    const other = { ...test, ...withProvider(await test.again(), test.provider) };
    const both = await Promise.allSettled([register(test), register(other)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(test.server.seen).toHaveLength(3);
    expect((await find(test)).pending).toMatchObject([{ requests: 3 }]);
  });

  it.each([
    [undefined, 2],
    [2, 1],
    [3, 0],
  ])(
    'that a killed command, or an earlier version, left after %s requests is repeated %i times',
    async (requests, more) => {
      const test = await knownPrice('sandbox');
      await leave(test, requests === undefined ? {} : { requests });
      test.server.answer(...Array<Scripted>(more).fill(lost));
      await expect(register(test)).rejects.toMatchObject({ code: 'ambiguous' });
      expect(test.server.seen).toHaveLength(more);
      expect((await find(test)).pending).toMatchObject([{ requests: 3 }]);
      if (more > 0) expect(test.stderr.text()).toContain('its outcome is not known. A registration with the sandbox');
    },
  );

  it('is not repeated after Ctrl-C, in the request or in the pause; the next command goes on', async () => {
    const test = await knownPrice('sandbox');
    test.server.answer({ ...lost, onRequest: () => test.abort('interrupted') });
    await expect(register(test)).rejects.toMatchObject({ code: 'ambiguous' });
    expect(test.server.seen).toHaveLength(1);

    const next = { ...test, ...withProvider(await test.again(), test.provider) };
    const { runtime } = next.context;
    const sleep = async (): Promise<void> => {
      next.abort('interrupted');
      throw runtime.signal.reason;
    };
    const stopped: Context = { ...next.context, runtime: { ...runtime, clock: { ...runtime.clock, sleep } } };
    test.server.answer(lost);
    await expect(register({ ...next, context: stopped })).rejects.toMatchObject({ code: 'ambiguous' });
    expect(test.server.seen).toHaveLength(2);
    expect((await find(test)).pending).toMatchObject([{ requests: 2 }]);
    test.server.answer(made);
    expect(await register({ ...test, ...withProvider(await test.again(), test.provider) })).toMatchObject({
      value: 'char_1',
    });
  });

  it('stays pending when the repeat is refused, with the reason of the refusal', async () => {
    const test = await knownPrice('sandbox');
    test.server.answer(lost, refusal(401, 'invalid_api_key'));
    await expect(register(test)).rejects.toMatchObject({ code: 'auth' });
    expect(test.server.seen).toHaveLength(2);
    const [entry] = (await find(test)).pending ?? [];
    expect(entry).toMatchObject({ name: 'Joe' });
    expect(entry).not.toHaveProperty('requests');
  });

  it('stays unknown when the repeat does not reach the host: "nothing was created" would be too much', async () => {
    const test = await knownPrice('sandbox');
    test.server.answer(lost);
    let calls = 0;
    const own = charactersOf(test.provider);
    const characters: CharacterCalls = {
      ...own,
      async create(input, call) {
        calls += 1;
        if (calls === 1) return own.create(input, call);
        await call.onSend?.();
        throw new SoraError('network', 'No address was found.');
      },
    };
    const provider: Provider = { ...test.provider, characters };
    await expect(register({ ...test, provider })).rejects.toMatchObject({ code: 'ambiguous' });
    expect(calls).toBe(2);
    expect((await find(test)).pending?.[0]).not.toHaveProperty('requests');
  });

  describe('at a price', () => {
    const ok = (data: object): Scripted => ({ body: { code: 200, message: 'success', data } });
    const upload = ({ server }: Bench): Scripted[] => {
      const put = { method: 'PUT', url: `${server.url}/put`, headers: {} };
      return [ok({ download_url: 'https://files.example/joe.mp4', upload: put }), {}];
    };
    const DONE = ok({ id: 'task-7', status: 'completed', outputs: [{ id: 'char_1', name: 'Joe' }] });
    const paid = ({ server }: Bench): number =>
      server.seen.filter(({ path }) => path.endsWith('/openai/sora-2/characters')).length;

    it('says what it costs', async () => {
      const test = await knownPrice('wavespeed');
      test.server.answer(...upload(test), lost, ...upload(test), DONE);
      expect(await register(test)).toMatchObject({ value: 'char_1' });
      expect(test.stderr.text()).toContain(
        'A registration with wavespeed costs $0.001, so the request is sent once more',
      );
    });

    it('keeps what all its requests may have cost, as made by the last or adopted', async () => {
      const test = await knownPrice('wavespeed');
      test.server.answer(...upload(test), lost, ...upload(test), lost, ...upload(test), DONE);
      await register(test);
      expect((await find(test)).registrations).toMatchObject([{ cost: { estimateUsd: 0.003 } }]);
      await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [] }));
      await leave(test, { requests: 2 });
      await runCharacterAdopt(test.context, {
        id: 'char_1',
        name: 'Joe',
        asRegistered: false,
        orientation: 'landscape',
      });
      expect((await find(test)).registrations).toMatchObject([{ cost: { estimateUsd: 0.002 } }]);
    });

    it.each([
      [0.001, 1],
      [0.0025, 2],
      [0.003, 3],
    ])('is held to --max-cost %f: %i requests', async (maxCost, requests) => {
      const test = await knownPrice('wavespeed');
      for (let sent = 0; sent < requests; sent++) test.server.answer(...upload(test), lost);
      await expect(runCharacterSync(test.context, ['Joe'], { maxCost })).rejects.toMatchObject({ code: 'ambiguous' });
      expect(paid(test)).toBe(requests);
    });

    it('counts in the cost of a video, before the video is sent', async () => {
      const test = await knownPrice('wavespeed');
      test.server.answer(...upload(test), lost, ...upload(test), lost);
      // $0.40 for the video, and two of three registrations.
      const flags = { ...FLAGS, allowRetired: true, maxCost: 0.402 };
      const priced: Provider = { ...test.provider, price: async () => undefined };
      const { context } = withProvider(test, priced);
      await expect(runGenerate(context, flags)).rejects.toMatchObject({ code: 'ambiguous' });
      expect(paid(test)).toBe(2);
      expect(test.server.seen.some(({ path }) => path.endsWith('text-to-video'))).toBe(false);
    });
  });
});

const FLAGS: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'Joe waves.', character: ['Joe'], inject: true, wait: false, count: 1 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

describe('P2: exactly one request leaves', () => {
  it.each(LOST)(
    'for a registration at a base URL of one’s own, whose price is not known, after %s',
    async (_title, answer) => {
      const test = await withHost();
      await addCharacter(test, 'Joe');
      test.server.answer(answer);
      await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'ambiguous' });
      expect(test.server.seen.map(({ path }) => path)).toEqual(['/v1/videos/characters']);
      expect((await find(test)).pending?.[0]).not.toHaveProperty('requests');
    },
  );

  it.each(LOST)('for a video whose characters are free, after %s', async (_title, answer) => {
    const test = await knownPrice('sandbox');
    test.server.answer(made, answer);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'ambiguous' });
    expect(test.server.seen.map(({ path }) => path)).toEqual(['/v1/videos/characters', '/v1/videos']);
  });

  it.each<[string, Scripted, string]>([
    ['is lost', lost, 'ambiguous'],
    ['is refused for its key', refusal(401, 'invalid_api_key'), 'auth'],
  ])('for a video that %s: no registration is doubted, none is made anew', async (_title, answer, code) => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    test.server.answer(answer);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code });
    expect(test.server.seen.map(({ path }) => path)).toEqual(['/v1/videos']);
    expect((await find(test)).registrations.map(({ stale }) => stale)).toEqual([undefined]);
  });

  it('for a video that does not reach the host', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    let calls = 0;
    const createVideo = async (): Promise<never> => {
      calls += 1;
      throw new SoraError('network', 'No address was found.');
    };
    const { context } = withProvider(test, { ...(await test.context.provider()), createVideo });
    await expect(runGenerate(context, FLAGS)).rejects.toMatchObject({ code: 'network' });
    expect([calls, test.server.seen]).toEqual([1, []]);
  });

  it.each<[string, Scripted, string]>([
    ['is lost', lost, 'ambiguous'],
    ['is refused for its key', refusal(401, 'invalid_api_key'), 'auth'],
    ['is refused', refusal(400, 'invalid_value'), 'refused'],
  ])(
    'for the one new registration after a definite refusal that %s; no second video is sent',
    async (_title, answer, code) => {
      const test = await withHost();
      await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
      test.server.answer(refusal(400, 'invalid_value', 'Unknown character.'), { status: 404, body: {} }, answer);
      await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code });
      const sent = test.server.seen.map(({ method, path }) => `${method} ${path}`);
      expect(sent).toEqual(['POST /v1/videos', 'GET /v1/videos/characters/char_Joe', 'POST /v1/videos/characters']);
    },
  );

  it('for the new registration of each forgotten character, and one more video: a second refusal is final', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    const forgotten = refusal(400, 'invalid_value', 'Unknown character.');
    test.server.answer(forgotten, { status: 404, body: {} }, made, forgotten);
    await expect(runGenerate(test.context, FLAGS)).rejects.toMatchObject({ code: 'refused' });
    expect(test.server.seen.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
      ...['/v1/videos', '/v1/videos/characters', '/v1/videos'],
    ]);
    test.server.answer(videoObject('queued'));
    expect(await runGenerate(test.context, FLAGS)).toBe(0);
  });
});
