import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePending, type PendingJson } from '../../src/characters/record.ts';
import { ensureRegistered } from '../../src/characters/register.ts';
import { syncCommand } from '../../src/characters/registration-errors.ts';
import type { RegistrationTarget } from '../../src/characters/registration-target.ts';
import { runCharacterRemove, runCharacterRename, runCharacterShow } from '../../src/commands/character/manage.ts';
import { runCharacterAdopt, runCharacterSync } from '../../src/commands/character/sync.ts';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import type { CostEntry } from '../../src/costs/spending.ts';
import type { Character, PendingRegistration } from '../../src/shared/character.ts';
import { addCharacter, KEY, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';

const MODEL = 'openai/sora-2/text-to-video';

const GENERATE: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: ['Joe'], inject: true, wait: false, count: 1, allowRetired: true },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false, model: MODEL },
};

interface Wavespeed extends TestContext {
  readonly server: TestServer;
  readonly baseUrl: string;
  readonly place: RegistrationTarget;
}

/** Joe, and a scripted host that makes characters by tasks. */
async function withTasks(globals: Parameters<typeof createTestContext>[0] = {}): Promise<Wavespeed> {
  const server = await createTestServer();
  const baseUrl = `${server.url}/api/v3`;
  const env = { WAVESPEED_API_KEY: KEY, WAVESPEED_BASE_URL: baseUrl };
  const test = await createTestContext({ provider: 'wavespeed', ...globals }, { env });
  await addCharacter(test, 'Joe');
  const place: RegistrationTarget = { provider: await test.context.provider(), orientation: 'landscape', mode: 'id' };
  return { ...test, server, baseUrl, place };
}

const ok = (data: object): Scripted => ({ body: { code: 200, message: 'success', data } });
const task = (status: string, more: object = {}): Scripted => ok({ id: 'task-7', status, ...more });
const DONE = task('completed', { outputs: [{ id: 'char_1', name: 'Joe' }] });

/** The upload of the clip, up to the request that makes the character. */
function upload({ server }: { server: TestServer }): Scripted[] {
  const put = { method: 'PUT', url: `${server.url}/put`, headers: {} };
  return [ok({ download_url: 'https://files.example/joe.mp4', upload: put }), {}];
}

const find = async ({ context }: TestContext): Promise<Character> =>
  (await (await context.characters()).find('Joe')) as Character;

const register = async (test: Wavespeed, options: { resend?: boolean } = {}) =>
  ensureRegistered(test.context, await find(test), test.place, options);

async function leave(test: Wavespeed, more: Partial<PendingJson> = {}): Promise<PendingRegistration> {
  const entry = decodePending({
    ...{ provider: 'wavespeed', baseUrl: test.baseUrl, orientation: 'landscape', name: 'Joe' },
    ...{ createdAt: new Date(START - 3_600_000).toISOString(), ...more },
  });
  await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, pending: [entry] }));
  return entry;
}

const creates = ({ server }: Wavespeed): number =>
  server.seen.filter(({ path }) => path.endsWith('openai/sora-2/characters')).length;

/** What the disk holds at this moment. */
function onDisk({ context }: TestContext): Character {
  const folder = context.paths().characters;
  const [record = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return JSON.parse(readFileSync(join(folder, record), 'utf8'));
}

describe('P2: a character that is made by a task', () => {
  it('is on the disk before its request leaves, with its task before that is asked about, and pending no more at the end', async () => {
    const test = await withTasks();
    const seen: (readonly PendingRegistration[] | undefined)[] = [];
    const look = (): void => void seen.push(onDisk(test).pending);
    const [ticket = {}, put = {}] = upload(test);
    test.server.answer(
      { ...ticket, onRequest: look },
      put,
      { ...task('created'), onRequest: look },
      { ...DONE, onRequest: look },
    );
    expect(await register(test)).toMatchObject({ value: 'char_1', kind: 'id' });
    const entry = { provider: 'wavespeed', orientation: 'landscape', name: 'Joe' };
    expect(seen).toMatchObject([undefined, [entry], [{ ...entry, taskId: 'task-7' }]]);
    expect(seen[1]?.[0]).not.toHaveProperty('taskId');
    const joe = await find(test);
    expect(joe.registrations.map(({ value }) => value)).toEqual(['char_1']);
    expect(joe).not.toHaveProperty('pending');
  });

  it('is kept with its task when the wait is interrupted; the next run asks about that one and makes no other', async () => {
    const test = await withTasks();
    const stop = { ...task('processing'), onRequest: () => test.abort('interrupted') };
    test.server.answer(...upload(test), task('created'), stop, DONE);
    const first = await register(test).catch((error: unknown) => error);
    expect(first).toMatchObject({
      code: 'pending',
      message: expect.stringContaining('task-7'),
      hint: expect.stringContaining('sora character sync Joe --provider wavespeed'),
    });
    expect((await find(test)).pending).toMatchObject([{ taskId: 'task-7' }]);
    const next = { ...test, ...(await test.again()) };
    const again = { ...next, place: { ...test.place, provider: await next.context.provider() } };
    expect(await register(again)).toMatchObject({ value: 'char_1' });
    expect(creates(test)).toBe(1);
    expect(await find(again)).not.toHaveProperty('pending');
  });

  it.each([
    ['never came to send is crossed out', undefined, [true, undefined]],
    ['had sent, and did not come to say so, counts', 'registration:killed', [undefined, true]],
  ])('what a killed command had reserved and %s', async (_what, charge, [refused, sent]) => {
    const test = await withTasks();
    const reserved = (id: string, staged: string): CostEntry => ({
      ...{ id, at: new Date(START).toISOString(), what: 'character', provider: 'wavespeed', baseUrl: test.baseUrl },
      ...{ characters: ['Joe'], tags: [], estimateUsd: 0.01, staged },
    });
    const costs = await test.context.costs();
    await costs.reserve(reserved('registration:killed', 'landscape'), {});
    // Of another orientation, another process may be sending it right now.
    await costs.reserve(reserved('registration:other', 'portrait'), {});
    if (charge !== undefined) await leave(test, { taskId: 'task-7', charge });
    test.server.answer(...(charge === undefined ? [...upload(test), task('created')] : []), DONE);
    expect(await register(test)).toMatchObject({ value: 'char_1' });
    const [killed, other, own] = await costs.entries();
    expect([killed?.refused, killed?.sent]).toEqual([refused, sent]);
    expect([other?.refused, other?.sent]).toEqual([undefined, undefined]);
    // That of this run is told of by the record before it leaves, and stays.
    expect(own?.sent).toBe(charge === undefined ? true : undefined);
    expect(own?.refused).toBeUndefined();
  });

  it('names the command that goes on, whatever the name begins with', async () => {
    const test = await withTasks();
    const command = syncCommand(test.context, { ...(await find(test)), name: '-q' });
    expect(command).toBe('sora character sync --provider wavespeed -- -q');
  });

  it('is gone on with by character sync', async () => {
    const test = await withTasks();
    await leave(test, { taskId: 'task-7' });
    const settings = { version: 1, profiles: { default: { model: MODEL } } };
    await writeFile(join(test.context.paths().config, 'config.json'), JSON.stringify(settings), { mode: 0o600 });
    test.server.answer(DONE);
    expect(await runCharacterSync((await test.again()).context, ['Joe'])).toBe(0);
    expect(creates(test)).toBe(0);
    expect((await find(test)).registrations.map(({ value }) => value)).toEqual(['char_1']);
  });

  it('is gone on with by video generate, whose request then names it', async () => {
    const test = await withTasks();
    await leave(test, { taskId: 'task-7' });
    // The price is asked last, and not told.
    test.server.answer(DONE, { status: 404 }, ok({ id: 'video-1', status: 'created' }));
    expect(await runGenerate(test.context, GENERATE)).toBe(0);
    expect(creates(test)).toBe(0);
    expect(JSON.parse(String(test.server.seen.at(-1)?.body)).characters).toEqual([{ id: 'char_1' }]);
  });

  it('frees its place when the task has failed, and says why', async () => {
    const test = await withTasks();
    await leave(test, { taskId: 'task-7' });
    test.server.answer(task('failed', { error: 'clip too short' }));
    await expect(register(test)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('clip too short'),
      hint: expect.stringContaining('The same command starts another.'),
    });
    expect(await find(test)).not.toHaveProperty('pending');
  });

  it('is made anew when the host no longer knows the task', async () => {
    const test = await withTasks();
    await leave(test, { taskId: 'task-old', createdAt: new Date(START - 120_000).toISOString() });
    test.server.answer({ status: 404 }, ...upload(test), task('created'), DONE);
    expect(await register(test)).toMatchObject({ value: 'char_1' });
    expect(test.stderr.text()).toContain(
      `${new URL(test.baseUrl).host} no longer knows the task that was making Joe; another is started.`,
    );
    expect(await find(test)).not.toHaveProperty('pending');
  });

  it.each([1, 119])('is waited for when the host does not know a task that began %i s ago', async (seconds) => {
    const test = await withTasks();
    const entry = await leave(test, { taskId: 'task-7', createdAt: new Date(START - seconds * 1000).toISOString() });
    test.server.answer({ status: 404 });
    await expect(register(test)).rejects.toMatchObject({ code: 'pending' });
    expect((await find(test)).pending).toEqual([entry]);
  });

  it.each<[string, Scripted, string]>([
    ['with a key that is refused', { status: 401, body: { message: 'bad key' } }, 'auth'],
    ['with a question that is refused', { status: 400, body: { message: 'bad id' } }, 'pending'],
    ['when the task ends without an id', task('completed', { outputs: [] }), 'ambiguous'],
  ])('stays pending %s', async (_title, answer, code) => {
    const test = await withTasks();
    const entry = await leave(test, { taskId: 'task-7' });
    test.server.answer(answer);
    await expect(register(test)).rejects.toMatchObject({ code });
    expect((await find(test)).pending).toEqual([entry]);
    if (code !== 'ambiguous') {
      // What can still be asked about is not sent again, whatever the user says.
      test.server.answer(answer);
      await expect(register(test, { resend: true })).rejects.toMatchObject({ code });
      expect((await find(test)).pending).toEqual([entry]);
    }
    expect(creates(test)).toBe(0);
  });

  it('that ended without an id is made anew by --resend; one that goes on is waited for all the same', async () => {
    const test = await withTasks();
    await leave(test, { taskId: 'task-7' });
    test.server.answer(task('completed', { outputs: [] }), ...upload(test), task('created'), DONE);
    expect(await register(test, { resend: true })).toMatchObject({ value: 'char_1' });
    await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [] }));
    await leave(test, { taskId: 'task-7' });
    test.server.answer(task('processing'), DONE);
    expect(await register(test, { resend: true })).toMatchObject({ value: 'char_1' });
    expect(creates(test)).toBe(1);
  });

  it('is made once by two that want it at once', async () => {
    const test = await withTasks();
    test.server.answer(...upload(test), task('created'), DONE);
    const joe = await find(test);
    const other = await test.again();
    const place = { ...test.place, provider: await other.context.provider() };
    const both = await Promise.all([
      ensureRegistered(test.context, joe, test.place),
      ensureRegistered(other.context, joe, place),
    ]);
    expect(both.map(({ value }) => value)).toEqual(['char_1', 'char_1']);
    expect(creates(test)).toBe(1);
    expect((await find(test)).registrations).toHaveLength(1);
  });
});

describe('P2: a character whose request was sent and whose answer was lost', () => {
  const made: Scripted = { body: { id: 'char_9', name: 'Joe', created_at: 1 } };

  it.each<[string, Scripted, RegExp]>([
    ['was a server error', refusal(500, 'server_error'), /answered 500/],
    ['named no id', { body: { id: null, name: null } }, /answered 200 without the character's id/],
    ['never came', { fault: 'reset' }, /was lost before the answer/],
  ])('is not sent for again when it %s: exit 7, with every way out', async (_title, answer, said) => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    const place: RegistrationTarget = { provider: await test.context.provider(), orientation: 'landscape', mode: 'id' };
    test.server.answer(answer);
    const hint = expect.stringMatching(
      /Look for "Joe" .* sora character adopt <id> --name Joe\. To send the request once more, add --resend\./,
    );
    await expect(ensureRegistered(test.context, joe, place)).rejects.toMatchObject({ code: 'ambiguous', hint });
    await expect(ensureRegistered(test.context, joe, place)).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringContaining(`its outcome is not known: ${(await find(test)).pending?.[0]?.said}`),
      hint,
    });
    expect((await find(test)).pending?.[0]?.said).toMatch(said);
    expect(test.server.seen).toHaveLength(1);

    test.server.answer(made);
    expect(await ensureRegistered(test.context, joe, place, { resend: true })).toMatchObject({ value: 'char_9' });
    expect(await find(test)).not.toHaveProperty('pending');
  });

  it('is refused by sync and generate too, before a video is sent, unless they --resend', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer({ fault: 'reset' });
    const { model: _, ...flags } = GENERATE;
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject({ code: 'ambiguous' });
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject({ code: 'ambiguous' });
    await expect(runGenerate(test.context, flags)).rejects.toMatchObject({ code: 'ambiguous' });
    expect(test.server.seen).toHaveLength(1);
    test.server.answer(made, videoObject('queued'));
    expect(await runGenerate(test.context, { ...flags, resend: true })).toBe(0);
    expect(test.server.seen.map(({ path }) => path).slice(1)).toEqual(['/v1/videos/characters', '/v1/videos']);
  });

  it('is settled by adopting the id that was found', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer({ fault: 'reset' });
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject({ code: 'ambiguous' });
    test.server.answer(made);
    await runCharacterAdopt(test.context, { id: 'char_9', name: 'Joe', asRegistered: false });
    const joe = await find(test);
    expect(joe).not.toHaveProperty('pending');
    expect(joe.registrations.map(({ value }) => value)).toEqual(['char_9']);
  });

  it.each<[string, Scripted]>([
    ['refused', refusal(400, 'invalid_value')],
    ['without a key', refusal(401, 'invalid_api_key')],
    ['too many at once', { ...refusal(429, 'insufficient_quota') }],
  ])('is not one whose request was %s: the next run sends it', async (_title, answer) => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    const place: RegistrationTarget = { provider: await test.context.provider(), orientation: 'landscape', mode: 'id' };
    test.server.answer(answer, made);
    await expect(ensureRegistered(test.context, joe, place)).rejects.not.toMatchObject({ code: 'ambiguous' });
    expect(await find(test)).not.toHaveProperty('pending');
    expect(await ensureRegistered(test.context, joe, place)).toMatchObject({ value: 'char_9' });
  });

  it('hides nothing of another place', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    const entry: PendingRegistration = {
      stage: 'sent',
      ...{ provider: 'openai', baseUrl: 'https://elsewhere.example.com/v1', orientation: 'landscape', name: 'Joe' },
      createdAt: joe.createdAt,
    };
    await (await test.context.characters()).update('Joe', (current) => ({ ...current, pending: [entry] }));
    const place: RegistrationTarget = { provider: await test.context.provider(), orientation: 'landscape', mode: 'id' };
    test.server.answer(made);
    await ensureRegistered(test.context, joe, place);
    expect((await find(test)).pending).toEqual([entry]);
  });
});

describe('a host that makes no characters', () => {
  const { model: _, ...flags } = GENERATE;
  const unsupported = refusal(500, '500', 'litellm.APIConnectionError: create_character is not supported for gemini');

  it.each<[string, Scripted]>([
    ['a 500', unsupported],
    ['a 501', refusal(501, 'api_not_implemented', 'API not implemented')],
    ['a missing route', { status: 405, body: { detail: 'Method Not Allowed' } }],
  ])('says so once and for all by %s: exit 5, and nothing is pending', async (_title, answer) => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(answer, answer);
    const told = {
      code: 'refused',
      message: expect.stringContaining(`127.0.0.1:${test.server.port} cannot make characters.`),
      hint: expect.stringMatching(/--provider.*without -c/),
    };
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject(told);
    expect(await find(test)).not.toHaveProperty('pending');
    await expect(runGenerate(test.context, flags)).rejects.toMatchObject(told);
    expect(test.server.seen.map(({ path }) => path)).toEqual(Array(2).fill('/v1/videos/characters'));
    test.server.answer(videoObject('queued'));
    expect(await runGenerate(test.context, { ...flags, character: [] })).toBe(0);
  });

  it('frees the place of a request that an earlier version took for unknown, when that is sent once more', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    const { baseUrl } = test;
    const entry: PendingRegistration = {
      stage: 'sent',
      ...{ provider: 'openai', baseUrl, orientation: 'landscape', name: 'Joe' },
      createdAt: new Date(START - 3_600_000).toISOString(),
    };
    await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, pending: [entry] }));
    const told = { code: 'ambiguous', hint: expect.stringContaining('add --resend') };
    await expect(runCharacterSync(test.context, ['Joe'])).rejects.toMatchObject(told);
    expect(test.server.seen).toEqual([]);
    test.server.answer(unsupported);
    await expect(runCharacterSync(test.context, ['Joe'], { resend: true })).rejects.toMatchObject({ code: 'refused' });
    expect(await find(test)).not.toHaveProperty('pending');
  });
});

describe('what is pending', () => {
  it('is shown, renamed with its character, and named when that is removed', async () => {
    const test = await withTasks();
    const entry = await leave(test, { taskId: 'task-7' });
    await runCharacterRename(test.context, 'Joe', 'Jim');
    const jim = await (await test.context.characters()).find('Jim');
    expect(jim?.pending).toEqual([entry]);
    await runCharacterShow(test.context, 'Jim');
    expect(test.stdout.text()).toMatch(/^ {2}pending {5}with wavespeed at .*, as Joe, since .* \(task task-7\)$/m);
    await runCharacterRemove(test.context, 'Jim', true);
    expect(test.stderr.text()).toContain(`${new URL(test.baseUrl).host} may still be making it (in its task task-7)`);
  });
});
