import { describe, expect, it } from 'vitest';
import type { Provider, RemoteVideo } from '../../src/providers/provider.ts';
import { createDeadline } from '../../src/shared/deadline.ts';
import { SoraError } from '../../src/shared/errors.ts';
import type { Refused, Remote, Unanswered, Unresolved } from '../../src/shared/job.ts';
import type { Clock } from '../../src/shared/time.ts';
import {
  applyRemote,
  fingerprintOf,
  forgetRemote,
  jobError,
  mergeJobRecords,
  refreshJob,
  waitForJob,
} from '../../src/videos/lifecycle.ts';

const START = Date.parse('2026-11-21T10:00:00Z');

const JOB: Remote = {
  version: 1,
  id: 'job_1',
  provider: 'openai',
  baseUrl: 'https://gateway.example.com/v1',
  remoteId: 'video_1',
  request: { prompt: 'Joe runs.', model: 'sora-2', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
  fingerprint: 'f',
  characters: [],
  status: 'queued',
  createdAt: new Date(START).toISOString(),
  updatedAt: new Date(START).toISOString(),
};

const NEVER = new AbortController().signal;

/** A clock that only moves when somebody sleeps. */
function fakeClock(): Clock & { readonly slept: number[] } {
  let now = START;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

type Answer = Partial<RemoteVideo> | SoraError | undefined;

/** A far end that gives one answer after the other and fails on a question too many. */
function fakeProvider(answers: readonly Answer[]): { provider: Provider; asked: () => number } {
  let asked = 0;
  const provider = {
    async getVideo(id: string): Promise<RemoteVideo | undefined> {
      if (asked >= answers.length) throw new Error('asked too often');
      const answer = answers[asked++];
      if (answer instanceof SoraError) throw answer;
      return answer && { id, status: 'queued', remoteStatus: 'queued', ...answer };
    },
  };
  return { provider: provider as unknown as Provider, asked: () => asked };
}

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

describe('applyRemote', () => {
  const remote: RemoteVideo = { id: 'video_1', status: 'running', remoteStatus: 'in_progress', progress: 40 };

  it.each([
    ['running', { status: 'running', progress: 40 }],
    ['succeeded', { status: 'succeeded', progress: 100 }],
    ['expired', { status: 'expired' }],
    ['cancelled', { status: 'cancelled' }],
  ] as const)('takes over %s', (status, expected) => {
    expect(applyRemote(JOB, { ...remote, status, remoteStatus: status }, START)).toMatchObject(expected);
  });

  it('keeps going on a word that no protocol has, and remembers the word', () => {
    const next = applyRemote(
      { ...JOB, status: 'running' },
      { ...remote, status: 'unknown', remoteStatus: 'REHYDRATING' },
      START,
    );
    expect(next).toMatchObject({ status: 'running', remoteStatus: 'REHYDRATING' });
    expect(applyRemote(next, remote, START)).not.toHaveProperty('remoteStatus');
  });

  it('never leaves a final status, whatever the host says later', () => {
    expect(applyRemote({ ...JOB, status: 'succeeded' }, remote, START).status).toBe('succeeded');
    const failed = applyRemote({ ...JOB, status: 'failed', failure: { message: 'no', policy: false } }, remote, START);
    expect(failed).toMatchObject({ status: 'failed', failure: { message: 'no' } });
  });

  it('keeps why a job failed', () => {
    const failure = { code: 'moderation_blocked', message: 'blocked', policy: true };
    const failed = applyRemote(JOB, { ...remote, status: 'failed', remoteStatus: 'failed', failure }, START);
    expect(failed.failure).toEqual(failure);
    expect(jobError(failed)).toMatchObject({ code: 'policy', hint: expect.stringContaining('Likeness') });
  });
});

describe('when a job ended', () => {
  const [created, completed] = ['2026-11-21T12:00:00Z', '2026-11-21T12:01:30Z'];
  const HOUR = 3_600_000;
  const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
  const { remoteId: _id, ...rest } = JOB;
  const FOUND: Unresolved = { ...rest, status: 'unknown' };
  const end = (job: Unresolved | Partial<Remote>, remote: Partial<RemoteVideo>, nowMs: number) =>
    applyRemote(
      job === FOUND ? FOUND : { ...JOB, ...(job as Partial<Remote>) },
      { id: 'video_1', status: 'succeeded', remoteStatus: 'completed', ...remote },
      nowMs,
    ).finishedAt;

  it.each<[string, Unresolved | Partial<Remote>, Partial<RemoteVideo>, number, string | undefined]>([
    ['told by the host, whatever its clock says', {}, { createdAt: created, completedAt: completed }, HOUR, at(90)],
    ['now, where it was going on a moment ago', { updatedAt: at(100) }, {}, 130_000, at(130)],
    ['not known when it was not watched', {}, {}, HOUR, undefined],
    ['not known from one time of the host alone', {}, { completedAt: completed }, HOUR, undefined],
    ['not after now', {}, { createdAt: created, completedAt: completed }, 60_000, undefined],
    ['not before it began', {}, { createdAt: completed, completedAt: created }, HOUR, undefined],
    ['not known of a job that was found again', FOUND, {}, 1000, undefined],
    ['not told of one that goes on', {}, { status: 'running' }, 1000, undefined],
    ['said once', { status: 'succeeded', finishedAt: at(5) }, {}, 1000, at(5)],
  ])('is %s', (_title, job, remote, afterMs, expected) => {
    expect(end(job, remote, START + afterMs)).toBe(expected);
  });

  it('is known after a wait whose questions came in time', async () => {
    const { result } = wait([{ status: 'running' }, { status: 'running' }, { status: 'succeeded' }]);
    expect((await result).finishedAt).toBe(at(23.75));
  });

  it('stays what another process saw of it', () => {
    const seen: Remote = { ...JOB, status: 'succeeded', finishedAt: at(90) };
    expect(mergeJobRecords(seen, { ...seen, finishedAt: at(100) }).finishedAt).toBe(at(90));
    const { finishedAt: _, ...unseen } = seen;
    expect(mergeJobRecords(seen, unseen).finishedAt).toBe(at(90));
  });
});

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
    const { result, failures } = wait([
      {},
      ...errors.map((code) => new SoraError(code, code)),
      { status: 'succeeded' },
    ]);
    expect((await result).status).toBe('succeeded');
    expect(failures).toEqual(errors);
  });

  it('ends at once when the key does not work at the first question', async () => {
    const { result, asked } = wait([new SoraError('auth', 'wrong key')]);
    await expect(result).rejects.toMatchObject({ code: 'auth' });
    expect(asked()).toBe(1);
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
});

describe('refreshJob', () => {
  it('takes a 404 for final only when the job is no longer new', async () => {
    const clock = fakeClock();
    const young = await refreshJob(JOB, { provider: fakeProvider([undefined]).provider, clock, signal: NEVER });
    expect(young.job).toBe(JOB);
    await clock.sleep(200_000);
    const old = await refreshJob(JOB, { provider: fakeProvider([undefined]).provider, clock, signal: NEVER });
    expect(old.job.status).toBe('expired');
  });
});

describe('what a host charged', () => {
  const estimate = { estimateUsd: 0.4, asOf: '2026-09-24', source: 'a page' };
  const told: RemoteVideo = { id: 'video_1', status: 'succeeded', remoteStatus: 'success', costUsd: 0.35 };

  it('is kept beside the estimate, also where there is none', () => {
    expect(applyRemote({ ...JOB, cost: estimate }, told, START).cost).toEqual({ ...estimate, actualUsd: 0.35 });
    expect(applyRemote(JOB, told, START).cost).toEqual({ actualUsd: 0.35 });
    expect(applyRemote(JOB, { ...told, costUsd: 0 }, START).cost).toEqual({ actualUsd: 0 });
  });

  it('leaves an estimate alone where nothing is told', () => {
    const { costUsd: _none, ...silent } = told;
    expect(applyRemote({ ...JOB, cost: estimate }, silent, START).cost).toEqual(estimate);
  });

  it('outlives the record of a process that was not told', () => {
    const paid: Remote = { ...JOB, status: 'succeeded', cost: { ...estimate, actualUsd: 0.35 } };
    expect(mergeJobRecords(paid, { ...paid, cost: estimate }).cost).toEqual(paid.cost);
    expect(mergeJobRecords({ ...paid, cost: estimate }, paid).cost).toEqual(paid.cost);
    const { cost: _none, ...bare } = paid;
    expect(mergeJobRecords(paid, bare).cost).toEqual(paid.cost);
  });
});

describe('mergeJobRecords', () => {
  it('keeps what another process wrote down meanwhile', () => {
    const done: Remote = { ...JOB, status: 'succeeded' };
    const saved: Remote = { ...done, output: { path: '/films/a.mp4', sha256: 'a', decoded: true } };
    expect(mergeJobRecords({ ...saved, remoteDeleted: true }, done)).toEqual({ ...saved, remoteDeleted: true });
    expect(mergeJobRecords(done, { ...saved, remoteDeleted: true })).toEqual({ ...saved, remoteDeleted: true });
    expect(mergeJobRecords(saved, { ...JOB, status: 'running' })).toBe(saved);
  });

  const { remoteId: _id, ...rest } = JOB;
  const cost = { estimateUsd: 0.4 };
  const failure = { message: 'No answer.', policy: false };
  it.each<[string, Unanswered | Refused]>([
    ['of a request that is being sent', { ...rest, cost, status: 'submitting' }],
    ['without an answer', { ...rest, cost, status: 'unknown', failure }],
    ['without a job', { ...rest, cost, status: 'failed', failure }],
  ])('takes the answer of a host over a record %s', (_title, current) => {
    expect(mergeJobRecords(current, JOB)).toEqual({ ...JOB, cost });
  });
});

describe('jobError', () => {
  it('names the command that makes such a job again', () => {
    const from = { jobId: 'job_0', kind: 'extend' } as const;
    const failed: Remote = { ...JOB, status: 'failed' };
    expect(jobError(failed)?.hint).toContain('`sora video generate`');
    expect(jobError({ ...failed, request: { ...JOB.request, from } })?.hint).toContain('`sora video extend`');
  });

  it.each([
    ['failed', 'refused', /failed: boom \[E1\]/],
    ['expired', 'refused', /has expired/],
    ['cancelled', 'refused', /was cancelled/],
  ] as const)('%s is %s', (status, code, message) => {
    const error = jobError({ ...JOB, status, failure: { code: 'E1', message: 'boom', policy: false } });
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });

  it('is nothing for a job that goes on or has succeeded', () => {
    expect(jobError(JOB)).toBeUndefined();
    expect(jobError({ ...JOB, status: 'succeeded' })).toBeUndefined();
    expect(jobError(forgetRemote(JOB, START))?.message).toMatch(/does not know this job/);
  });
});

describe('fingerprintOf', () => {
  const work = { provider: 'openai', baseUrl: 'https://a/v1', request: JOB.request };
  it('is equal for equal work, whatever the ids of its characters are', () => {
    const joe = (value: string) => ({ ...work, request: { ...work.request, characters: [{ name: 'Joe', value }] } });
    expect(fingerprintOf(joe('char_1'))).toBe(fingerprintOf(joe('char_2')));
    expect(fingerprintOf(joe('char_1'))).not.toBe(fingerprintOf(work));
  });
  it.each([
    ['prompt', { prompt: 'Mia runs.' }],
    ['model', { model: 'sora-2-pro' }],
    ['length', { seconds: 8 }],
    ['size', { size: { width: 720, height: 1280 } }],
    ['reference', { reference: { kind: 'image' as const, sha256: 'x', label: 'x.png' } }],
  ])('differs by %s', (_what, change) => {
    expect(fingerprintOf({ ...work, request: { ...work.request, ...change } })).not.toBe(fingerprintOf(work));
  });
});
