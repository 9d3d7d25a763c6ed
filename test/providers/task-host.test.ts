import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SoraError } from '../../src/shared/errors.ts';
import type { Scripted } from '../helpers/server.ts';
import { DIALECTS, type Dialect, setUp } from './dialects.ts';
import { call, charactersOf, clip, failureOf, VIDEO } from './harness.ts';

const HOSTS = Object.values<Dialect>(DIALECTS).flatMap(({ character, ...dialect }) =>
  character && dialect.ticket ? [{ ...dialect, character }] : [],
);
const CHARACTER = '{"id":"char_1","name":"Joe"}';

it('tries every host that makes characters by tasks', () => {
  expect(HOSTS.map(({ name }) => name)).toEqual(expect.arrayContaining(['wavespeed', 'eachlabs']));
});

describe('where a task is asked about', () => {
  const named = (url: string) => ({ body: { code: 200, data: { id: 'v', status: 'processing', urls: { get: url } } } });

  it('is told to whoever keeps records, where the id does not tell it, and asked by another process', async () => {
    const { server, provider } = await setUp(DIALECTS.wavespeed);
    const odd = `${server.url}/api/v3/elsewhere/v`;
    server.answer(named(odd), named(odd), named(odd));
    const { pollUrl } = await provider.createVideo(VIDEO, call);
    expect(pollUrl).toBe(odd);
    await provider.getVideo('v', call);
    const later = await setUp(DIALECTS.wavespeed, { baseUrl: `${server.url}/api/v3` });
    await later.provider.getVideo('v', { ...call, pollUrl });
    expect(server.seen.slice(1).map(({ path }) => path)).toEqual(['/api/v3/elsewhere/v', '/api/v3/elsewhere/v']);
  });

  it('is not told where the id tells it', async () => {
    const { server, provider } = await setUp(DIALECTS.wavespeed);
    server.answer(named(`${server.url}/api/v3/predictions/v/result`));
    expect(await provider.createVideo(VIDEO, call)).not.toHaveProperty('pollUrl');
  });

  it('is no address of another origin, whoever names it (P5)', async () => {
    const { server, provider } = await setUp(DIALECTS.wavespeed);
    server.answer(named('https://elsewhere.example/v'), named('https://elsewhere.example/v'));
    expect(await provider.createVideo(VIDEO, call)).not.toHaveProperty('pollUrl');
    await provider.getVideo('v', { ...call, pollUrl: 'https://elsewhere.example/v' });
    expect(server.seen[1]?.path).toBe('/api/v3/predictions/v/result');
  });
});

describe.each(HOSTS)('a character that $name makes by a task', (dialect) => {
  const [begun = {}, made = {}] = dialect.character.made(CHARACTER);
  const unknown: Scripted = dialect.refusals(404, 'No such job')[0] ?? {};

  async function create(...answers: readonly Scripted[]) {
    const bench = await setUp(dialect);
    bench.server.answer(...dialect.character.before(bench.store), begun, ...answers);
    bench.store.answer({});
    const input = { name: 'Joe', clipPath: await clip(), fileName: 'joe.mp4' };
    return { sleeps: bench.sleeps, made: charactersOf(bench.provider).create(input, call) };
  }

  it('may not be known at once, whatever way the host says so', async () => {
    for (const way of dialect.refusals(404, 'No such job')) {
      const { sleeps, made: character } = await create(
        way,
        way,
        dialect.job(dialect.words.running, { id: '"t"' }),
        made,
      );
      expect(await character).toEqual({ id: 'char_1', name: 'Joe' });
      expect(sleeps).toEqual([1000, 1500, 2250, 3375]);
    }
  });

  it('may be unknown for a moment again and again after it was seen', async () => {
    const running = dialect.job(dialect.words.running, { id: '"t"' });
    const pairs = Array.from({ length: 30 }, () => [running, unknown]).flat();
    const { sleeps, made: character } = await create(...pairs, made);
    expect(await character).toEqual({ id: 'char_1', name: 'Joe' });
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(4 * 120_000);
  });

  it('is pending, and not gone, when the host has known nothing of it for two minutes (P2)', async () => {
    const { sleeps, made: character } = await create({ ...unknown, forever: true });
    expect(await failureOf(character)).toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/does not know/),
    });
    const waited = sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(120_000);
    // A pause before the first 404, and one after the two minutes at most.
    expect(waited).toBeLessThanOrEqual(131_000);
  });

  it.each([401, 403, 400])(
    'is not given up when a question is answered %i for a moment: the key has worked (P2)',
    async (status) => {
      const running = dialect.job(dialect.words.running, { id: '"t"' });
      for (const way of dialect.refusals(status, 'Invalid API key')) {
        const { sleeps, made: character } = await create(way, way, running, way, made);
        expect(await character).toEqual({ id: 'char_1', name: 'Joe' });
        expect(sleeps).toHaveLength(5);
      }
    },
  );

  it('is pending, with what the host says, when each question was refused for two minutes (P2)', async () => {
    const [refused = {}] = dialect.refusals(401, 'Invalid API key');
    const { sleeps, made: character } = await create({ ...refused, forever: true });
    expect(await failureOf(character)).toMatchObject({
      code: 'pending',
      message: expect.stringContaining('Invalid API key'),
      cause: { code: 'auth' },
    });
    const waited = sleeps.reduce((sum, ms) => sum + ms, 0);
    expect([waited >= 120_000, waited <= 131_000]).toEqual([true, true]);
  });

  it.each([
    [401, 'Invalid API key'],
    [402, 'Please pay'],
  ] as const)(
    'is pending at once when the first question about an earlier one is answered %i',
    async (status, words) => {
      const bench = await setUp(dialect);
      const [refused = {}] = dialect.refusals(status, words);
      bench.server.answer(refused);
      expect((await failureOf(charactersOf(bench.provider).resume?.('t', call) ?? Promise.resolve())).code).toBe(
        'pending',
      );
      expect(bench.sleeps).toEqual([]);
    },
  );

  it('is not given up for one 404 after a pause of minutes that the host asked for, which is capped at one (P2)', async () => {
    const running = dialect.job(dialect.words.running, { id: '"t"' });
    const slow = { ...running, headers: { ...running.headers, 'retry-after': '3600' } };
    const { sleeps, made: character } = await create(slow, unknown, made);
    expect(await character).toEqual({ id: 'char_1', name: 'Joe' });
    expect(sleeps).toContain(60_000);
    expect(Math.max(...sleeps)).toBe(60_000);
  });

  it('is pending after a quarter of an hour, which the host’s answers may take up themselves (P2)', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const running = dialect.job(dialect.words.running, { id: '"t"' });
    const slow = { ...running, onRequest: () => void vi.advanceTimersByTime(100_000) };
    const { made: character } = await create(...Array.from({ length: 9 }, () => slow));
    expect(await failureOf(character)).toMatchObject({
      code: 'pending',
      message: expect.stringContaining('was not ready after 15 minutes'),
    });
  });

  it('is pending when the wait for it is stopped, with what the host said last (P2)', async () => {
    const stop = new AbortController();
    const bench = await setUp(dialect, {
      async sleep(_ms, signal) {
        if (bench.pauses.length > 0) stop.abort(new SoraError('interrupted', 'Interrupted.'));
        signal.throwIfAborted();
      },
    });
    const overloaded = { status: 503, body: { error: { message: 'overloaded' } } };
    bench.server.answer(
      ...dialect.character.before(bench.store),
      begun,
      ...Array.from({ length: 5 }, () => overloaded),
    );
    bench.store.answer({});
    const input = { name: 'Joe', clipPath: await clip(), fileName: 'joe.mp4' };
    const ended = charactersOf(bench.provider).create(input, { signal: stop.signal });
    expect(await failureOf(ended)).toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/the wait for it was interrupted\. The last question failed: .* answered 503/),
    });
  });

  it('is asked about at the pace that the host names, where it is slower', async () => {
    const running = dialect.job(dialect.words.running, { id: '"t"' });
    const { sleeps, made: character } = await create(
      { ...running, headers: { ...running.headers, 'retry-after': '7' } },
      made,
    );
    await character;
    expect(sleeps).toEqual([1000, 7000]);
  });
});
