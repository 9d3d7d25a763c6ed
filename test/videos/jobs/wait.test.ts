import { describe, expect, it } from 'vitest';
import type { Provider, RemoteVideo } from '../../../src/providers/provider.ts';
import { createDeadline } from '../../../src/shared/deadline.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Remote } from '../../../src/shared/job.ts';
import { waitForJob } from '../../../src/videos/jobs/wait.ts';

import { type Answer, fakeClock, fakeProvider, JOB, NEVER, START } from '../../helpers/polling.ts';

function wait(
  answers: readonly Answer[],
  { endsAt = START + 1_800_000, ...more }: Partial<Parameters<typeof waitForJob>[0]> & { endsAt?: number } = {},
  clock = fakeClock(),
) {
  const far = fakeProvider(answers);
  const saved: Remote[] = [];
  const failures: string[] = [];
  const result = waitForJob({
    job: JOB,
    provider: far.provider,
    clock,
    signal: NEVER,
    deadline: createDeadline(clock, endsAt),
    pollIntervalMs: undefined,
    together: () => 1,
    firstPauseMs: undefined,
    resume: 'sora video wait job_1',
    save: async (job) => void saved.push(job),
    onPollError: (error) => failures.push(error.message),
    ...more,
  });
  return { result, clock, saved, failures, asked: far.asked };
}

describe('waitForJob', () => {
  it('asks at rising pauses from 5 to 20 seconds', async () => {
    const { result, clock } = wait([{}, {}, {}, {}, {}, { status: 'succeeded', remoteStatus: 'completed' }]);
    expect((await result).status).toBe('succeeded');
    expect(clock.slept).toEqual([5000, 7500, 11_250, 16_875, 20_000, 20_000]);
  });

  it('follows the pause that the host or the user names', async () => {
    const host = wait([{ pollAfterMs: 700 }, { status: 'succeeded' }], { firstPauseMs: 0 });
    await host.result;
    expect(host.clock.slept).toEqual([700]);
    const user = wait([{ pollAfterMs: 700 }, { status: 'succeeded' }], { pollIntervalMs: 3000 });
    await user.result;
    expect(user.clock.slept).toEqual([3000, 3000]);
  });

  it('asks less often where very many wait, but as often as the user says', async () => {
    const answers = [{}, {}, { pollAfterMs: 700 }, { status: 'succeeded' }] as const;
    const many = wait(answers, { together: () => 500 });
    await many.result;
    expect(many.clock.slept).toEqual([50_000, 50_000, 50_000, 50_000]);
    const some = wait(answers, { together: () => 100 });
    await some.result;
    expect(some.clock.slept).toEqual([10_000, 10_000, 11_250, 10_000]);
    const user = wait(answers, { together: () => 500, pollIntervalMs: 3000 });
    await user.result;
    expect(user.clock.slept).toEqual([3000, 3000, 3000, 3000]);
  });

  it('asks no more often than the host allows, whatever the user says', async () => {
    const answers = [{}, { pollAfterMs: 700 }, { status: 'succeeded' }] as const;
    const { provider } = fakeProvider(answers);
    const user = wait(answers, { provider: { ...provider, leastPollMs: 5000 }, pollIntervalMs: 100 });
    await user.result;
    expect(user.clock.slept).toEqual([5000, 5000, 5000]);
  });

  it('saves each change and nothing else', async () => {
    const { result, saved } = wait([
      { progress: 10 },
      { progress: 10 },
      { status: 'running', progress: 50 },
      { status: 'succeeded' },
    ]);
    await result;
    expect(saved.map(({ status, progress }) => [status, progress])).toEqual([
      ['queued', 10],
      ['running', 50],
      ['succeeded', 100],
    ]);
  });

  it.each<[string, Partial<RemoteVideo>, Partial<Remote>]>([
    ['the status', { status: 'running', progress: 10 }, { status: 'running', progress: 10 }],
    ['the progress', { progress: 20 }, { status: 'queued', progress: 20 }],
    ['the host’s own word', { status: 'unknown', remoteStatus: 'warming', progress: 10 }, { remoteStatus: 'warming' }],
  ])('saves a record in which only %s has changed', async (_what, change, kept) => {
    const { result, saved } = wait([{ progress: 10 }, change, { status: 'succeeded' }]);
    await result;
    expect(saved).toHaveLength(3);
    expect(saved[1]).toMatchObject(kept);
  });

  it('survives failed polls of every kind', async () => {
    const errors = ['network', 'refused', 'ambiguous', 'auth', 'budget'] as const;
    const answers = [{}, ...errors.map((code) => new SoraError(code, code)), { status: 'succeeded' } as const];
    const { result, failures } = wait(answers, { job: { ...JOB, ...LATER } });
    expect((await result).status).toBe('succeeded');
    expect(failures).toEqual(errors);
  });

  const OUT_OF_TIME = new SoraError('network', 'No complete answer arrived within 1 s.', { reason: 'out-of-time' });

  it.each([
    {
      title: 'an earlier poll',
      answers: [new SoraError('network', 'v.example answered 503: overloaded'), OUT_OF_TIME],
    },
    {
      title: 'the same poll',
      answers: [
        {},
        new SoraError('network', OUT_OF_TIME.message, {
          reason: 'out-of-time',
          cause: new SoraError('network', 'v.example answered 503: overloaded'),
        }),
      ],
    },
  ])('that runs out of time tells what the host said last, in $title', async ({ answers }) => {
    const { result } = wait(answers, { endsAt: START + 10_000 });
    await expect(result).rejects.toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/The last poll failed: v\.example answered 503: overloaded$/),
    });
  });

  it('that is stopped tells what the host said last', async () => {
    const stop = new AbortController();
    const { result } = wait([new SoraError('network', 'v.example answered 503: overloaded'), {}], {
      signal: stop.signal,
      onPollError: () => stop.abort(new SoraError('interrupted', 'Interrupted.')),
    });
    await expect(result).rejects.toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/^Stopped waiting; .* The last poll failed: v\.example answered 503: overloaded$/),
    });
  });

  const WRONG_KEY = new SoraError('auth', 'The host answered 401', { hint: 'Check the key' });
  const LATER = { createdAt: new Date(START - 120_000).toISOString() };

  it('ends at once when the key does not work at the first question about an earlier job: with id and way on', async () => {
    const { result, asked } = wait([WRONG_KEY], { job: { ...JOB, ...LATER } });
    await expect(result).rejects.toMatchObject({
      ...{ code: 'auth', jobId: 'job_1', message: 'The host answered 401' },
      hint: 'Check the key. Job job_1 is kept; continue with: sora video wait job_1',
    });
    expect(asked()).toBe(1);
  });

  it('P2: goes on when the key is refused that has made the job a moment ago', async () => {
    const { result, failures } = wait([WRONG_KEY, WRONG_KEY, {}, WRONG_KEY, { status: 'succeeded' }]);
    expect((await result).status).toBe('succeeded');
    expect(failures[0]).toContain('The host answered 401. The same key made the job a moment ago.');
    expect(failures).toHaveLength(3);
  });

  it('P2: ends two minutes later when the key is still refused: with id and way on', async () => {
    const { result, clock } = wait(Array.from({ length: 20 }, () => WRONG_KEY));
    await expect(result).rejects.toMatchObject({
      ...{ code: 'auth', jobId: 'job_1' },
      hint: expect.stringContaining('continue with: sora video wait job_1'),
    });
    const waitedMs = clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(120_000);
    expect(waitedMs).toBeLessThan(145_000);
  });

  it('P2: a timeout leaves the id and the command that continues', async () => {
    const { result } = wait(
      Array.from({ length: 10 }, () => ({})),
      { endsAt: START + 30_000 },
    );
    await expect(result).rejects.toMatchObject({
      code: 'pending',
      jobId: 'job_1',
      hint: expect.stringContaining('sora video wait job_1'),
    });
  });

  it('P2: an interruption leaves the id and the command that continues', async () => {
    const controller = new AbortController();
    controller.abort(new SoraError('interrupted', 'Interrupted.'));
    const { result, asked } = wait([], { signal: controller.signal });
    await expect(result).rejects.toMatchObject({
      code: 'pending',
      jobId: 'job_1',
      hint: expect.stringContaining('sora video wait job_1'),
    });
    expect(asked()).toBe(0);
  });

  it('asks once more after the deadline has passed asleep', async () => {
    const { result } = wait([{ status: 'succeeded' }], { endsAt: START - 1 });
    expect((await result).status).toBe('succeeded');
  });

  it.each([3_600_000, -3_600_000])(
    'does not count what the machine slept, nor a clock that is set: %i ms',
    async (ms) => {
      const clock = fakeClock();
      const { sleep } = clock;
      let slept = 0;
      const sleepy = {
        ...clock,
        async sleep(pause: number, signal?: AbortSignal) {
          await sleep(slept++ === 1 ? pause + ms : pause, signal);
        },
      };
      // 5 s, 7.5 s (and an hour), 11.25 s, 6.25 s: the half minute that was allowed.
      const { result, asked } = wait(
        Array.from({ length: 9 }, () => ({})),
        { endsAt: START + 30_000 },
        sleepy,
      );
      await expect(result).rejects.toMatchObject({ code: 'pending' });
      expect(asked()).toBe(4);
    },
  );

  it('asks again after a question during which the machine slept beyond the deadline', async () => {
    const clock = fakeClock();
    const far = fakeProvider([new SoraError('network', 'gone'), { status: 'succeeded' }]);
    let questions = 0;
    const provider = {
      async getVideo(...args: Parameters<Provider['getVideo']>) {
        if (questions++ === 0) await clock.sleep(3_600_000);
        return far.provider.getVideo(...args);
      },
    } as unknown as Provider;
    const { result } = wait([], { provider, clock, endsAt: START + 60_000 }, clock);
    expect((await result).status).toBe('succeeded');
  });

  it.each([
    [30_000, 30_000],
    [600_000, 60_000],
    [100, 7500],
  ])(
    'comes back when a host in trouble asks for it: after %i ms, and a minute at most',
    async (retryAfterMs, slept) => {
      const busy = new SoraError('network', 'busy', { retryAfterMs });
      const { result, clock } = wait([busy, { status: 'succeeded' }]);
      await result;
      expect(clock.slept).toEqual([5000, slept]);
      const hurried = wait([busy, { status: 'succeeded' }], { pollIntervalMs: 7500 });
      await hurried.result;
      expect(hurried.clock.slept).toEqual([7500, slept]);
    },
  );

  it('survives any number of failed polls until the deadline, and says what the last one was', async () => {
    const { result, failures } = wait(
      Array.from({ length: 200 }, (_, index) => new SoraError('network', `failure ${index}`)),
      { endsAt: START + 1_800_000 },
    );
    await expect(result).rejects.toMatchObject({ code: 'pending', message: expect.stringMatching(/failure \d+$/) });
    expect(failures.length).toBeGreaterThan(80);
  });

  it('passes on an error that is not the far end’s', async () => {
    const { result } = wait([{ progress: 5 }], {
      save: async () => {
        throw new SoraError('machine', 'disk full');
      },
    });
    await expect(result).rejects.toMatchObject({ code: 'machine' });
  });

  it('knows when the job ended, after questions that came in time', async () => {
    const { result } = wait([{ status: 'running' }, { status: 'running' }, { status: 'succeeded' }]);
    expect((await result).finishedAt).toBe(new Date(START + 23_750).toISOString());
  });
});
