/** A host that makes characters by tasks, and a command whose time ends meanwhile. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerMissing } from '../../src/characters/register-cast.ts';
import type { RegistrationTarget } from '../../src/characters/registration-target.ts';
import type { Character } from '../../src/shared/character.ts';
import { EXIT_CODES } from '../../src/shared/errors.ts';
import { addCharacter, KEY } from '../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../helpers/runtime.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';

// Only the timers of time limits: a second is over when the host says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const ok = (data: object): Scripted => ({ body: { code: 200, message: 'success', data } });
const task = (status: string, more: object = {}): Scripted => ok({ id: 'task-7', status, ...more });
const later = (one: Scripted, seconds = 1.1): Scripted => ({
  ...one,
  onRequest: () => void vi.advanceTimersByTime(seconds * SECOND),
});

async function withTasks() {
  const server = await createTestServer();
  const env = { WAVESPEED_API_KEY: KEY, WAVESPEED_BASE_URL: `${server.url}/api/v3` };
  const test = await createTestContext({ provider: 'wavespeed' }, { env });
  await addCharacter(test, 'Joe');
  const put = { method: 'PUT', url: `${server.url}/put`, headers: {} };
  const ticket = ok({ download_url: 'https://files.example/joe.mp4', upload: put });
  const find = async ({ context }: TestContext): Promise<Character> =>
    (await (await context.characters()).find('Joe')) as Character;
  const register = async (on: TestContext, deadlineMs?: number) => {
    const target: RegistrationTarget = { provider: await on.context.provider(), orientation: 'landscape', mode: 'id' };
    const [known] = await registerMissing(on.context, [{ character: await find(on), target }], { deadlineMs });
    return known;
  };
  const creates = () => server.seen.filter(({ path }) => path.endsWith('openai/sora-2/characters')).length;
  return { test, server, ticket, find, register, creates };
}

const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('P2: the time of a command that ends while a character is registered', () => {
  it('ends the wait for its task, which is kept: exit 8, and the next run goes on with it', async () => {
    const { test, server, ticket, find, register, creates } = await withTasks();
    server.answer(ticket, {}, task('created'), later(task('processing')));
    const error = await failureOf(register(test, START + SECOND));
    expect(error).toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/task-7, and the time to wait for it is over/),
      hint: expect.stringMatching(/sora character sync Joe .*\nThe command that was ended here goes on with it/),
    });
    expect(EXIT_CODES.pending).toBe(8);
    expect((await find(test)).pending).toMatchObject([{ taskId: 'task-7' }]);
    server.answer(task('completed', { outputs: [{ id: 'char_1', name: 'Joe' }] }));
    expect(await register({ ...test, ...(await test.again()) })).toMatchObject({ value: 'char_1' });
    expect(creates()).toBe(1);
  });

  it('spares the answer that names what was paid for, and ends what comes after it', async () => {
    const { test, server, ticket, find, register, creates } = await withTasks();
    server.answer(ticket, {}, later(task('created'), 20), later(task('processing')));
    expect(await failureOf(register(test, START + SECOND))).toMatchObject({ code: 'pending' });
    expect((await find(test)).pending).toMatchObject([{ taskId: 'task-7' }]);
    expect(creates()).toBe(1);
  });

  it('ends an upload: nothing is paid for, and nothing is left open', async () => {
    const { test, server, ticket, find, register, creates } = await withTasks();
    server.answer(later(ticket));
    const error = await failureOf(register(test, START + SECOND));
    expect(error).toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/^The time of --timeout ended before Joe was registered with 127\.0\.0\.1:\d+\./),
      hint: 'Nothing of it was paid for. Run the same command again.',
    });
    expect(creates()).toBe(0);
    expect(await find(test)).not.toHaveProperty('pending');
  });
});
