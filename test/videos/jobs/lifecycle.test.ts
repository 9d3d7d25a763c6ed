import { describe, expect, it } from 'vitest';
import type { RemoteVideo } from '../../../src/providers/provider.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Refused, Remote, Unanswered, Unresolved } from '../../../src/shared/job.ts';
import { jobError } from '../../../src/videos/jobs/error.ts';
import { fingerprintOf } from '../../../src/videos/jobs/fingerprint.ts';
import {
  applyRemote,
  describe as describeJob,
  mergeJobRecords,
  refreshJob,
} from '../../../src/videos/jobs/lifecycle.ts';

import { fakeClock, fakeProvider, JOB, NEVER, START } from '../../helpers/polling.ts';

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
    // A create may be answered with an id alone.
    const silent = { ...remote, status: 'unknown', remoteStatus: '' } as const;
    expect(applyRemote(JOB, silent, START)).not.toHaveProperty('remoteStatus');
  });

  it('never leaves a final status, whatever the host says later', () => {
    expect(applyRemote({ ...JOB, status: 'succeeded' }, remote, START).status).toBe('succeeded');
    const failed = applyRemote({ ...JOB, status: 'failed', failure: { message: 'no', policy: false } }, remote, START);
    expect(failed).toMatchObject({ status: 'failed', failure: { message: 'no' } });
  });

  it('keeps the place in the queue while there is one, and shows it', () => {
    const queued = { ...remote, status: 'queued', remoteStatus: 'IN_QUEUE', queuePosition: 3 } as const;
    const waiting = applyRemote(JOB, queued, START);
    expect(waiting).toMatchObject({ status: 'queued', queuePosition: 3 });
    const { progress: _progress, ...without } = waiting;
    expect(describeJob(without)).toBe('queued, 3 before it');
    expect(describeJob({ ...without, queuePosition: 0 })).toBe('queued');
    expect(applyRemote(waiting, remote, START)).not.toHaveProperty('queuePosition');
  });

  it('is throttled, and not queued, as long as the host says so', () => {
    const throttled = { ...remote, status: 'queued', remoteStatus: 'THROTTLED', isThrottled: true } as const;
    const { progress: _progress, ...waiting } = applyRemote(JOB, throttled, START);
    expect(waiting).toMatchObject({ status: 'queued', throttled: true });
    expect(describeJob(waiting)).toBe('throttled (account limit)');
    expect(applyRemote(waiting, remote, START)).not.toHaveProperty('throttled');
  });

  it('takes the most that the host may charge for it in the place of an estimate, and what a failure was charged', () => {
    const table = { ...JOB, cost: { estimateUsd: 0.4, asOf: '2026-01-01', source: 'a table' } };
    const told = applyRemote(table, { ...remote, estimateUsd: 1.44 }, START);
    const cost = { estimateUsd: 1.44, asOf: '2026-11-21', source: 'the host, of this job: at most' };
    expect(told.cost).toEqual(cost);
    expect(applyRemote(told, { ...remote, estimateUsd: 1.44 }, START + 2 * 86_400_000).cost).toEqual(cost);
    const failure = { message: 'no', policy: true };
    const failed = applyRemote(told, { ...remote, status: 'failed', failure, costUsd: 1.44 }, START);
    expect(failed).toMatchObject({ status: 'failed', cost: { ...cost, actualUsd: 1.44 } });
  });

  it('keeps the first moment that was told until which a finished video is kept: a host may count anew each time', () => {
    const [early, late] = ['2026-11-21T13:00:00.000Z', '2026-11-21T14:00:00.000Z'];
    const done = { ...remote, status: 'succeeded', remoteStatus: 'completed' } as const;
    const first = applyRemote(JOB, { ...done, expiresAt: early }, START);
    expect(applyRemote(first, { ...done, expiresAt: late }, START).expiresAt).toBe(early);
    expect(applyRemote({ ...first, expiresAt: late }, { ...done, expiresAt: early }, START).expiresAt).toBe(early);
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

  it('stays what another process saw of it', () => {
    const seen: Remote = { ...JOB, status: 'succeeded', finishedAt: at(90) };
    expect(mergeJobRecords(seen, { ...seen, finishedAt: at(100) }).finishedAt).toBe(at(90));
    const { finishedAt: _, ...unseen } = seen;
    expect(mergeJobRecords(seen, unseen).finishedAt).toBe(at(90));
  });
});

describe('refreshJob', () => {
  it('takes a 404 for final only when the job is no longer new', async () => {
    const clock = fakeClock();
    const young = await refreshJob(JOB, {
      provider: fakeProvider([undefined]).provider,
      clock,
      signal: NEVER,
      accounts: undefined,
    });
    expect(young.job).toBe(JOB);
    await clock.sleep(200_000);
    const old = await refreshJob(JOB, {
      provider: fakeProvider([undefined]).provider,
      clock,
      signal: NEVER,
      accounts: undefined,
    });
    expect(old.job.status).toBe('expired');
  });

  it.each([
    ['refused a moment ago', '0123abcd', '0123abcd', 119_000, 'network'],
    ['refused a moment ago, of which no account is known', undefined, undefined, 0, 'network'],
    ['refused later', '0123abcd', '0123abcd', 121_000, 'auth'],
    ['of another account', '0123abcd', 'other', 0, 'auth'],
  ])('takes the key of a new job for good, whatever is answered: %s', async (_what, own, account, ageMs, code) => {
    const clock = fakeClock();
    await clock.sleep(ageMs);
    const job: Remote = { ...JOB, ...(own !== undefined && { account: own }) };
    const { provider } = fakeProvider([new SoraError('auth', 'v.example answered 401: Bad key')]);
    await expect(
      refreshJob(job, { provider, clock, signal: NEVER, accounts: account === undefined ? undefined : [account] }),
    ).rejects.toMatchObject({
      code,
      jobId: JOB.id,
      message: expect.stringContaining('v.example answered 401: Bad key'),
    });
  });

  it.each([
    ['of the account that made it', '0123abcd', '0123abcd', 200_000, 'expired'],
    ['of a record that names no account', undefined, '0123abcd', 200_000, 'expired'],
    ['that no account is known to have asked for', '0123abcd', undefined, 200_000, 'expired'],
    ['of another account', '0123abcd', 'other', 200_000, 'auth'],
    ['of another account, when no host keeps it any more', '0123abcd', 'other', 31 * 86_400_000, 'expired'],
  ])('ends a job by a 404 %s: %#', async (_what, own, account, ageMs, expected) => {
    const clock = fakeClock();
    await clock.sleep(ageMs);
    const job: Remote = { ...JOB, ...(own !== undefined && { account: own }) };
    const asked = refreshJob(job, {
      provider: fakeProvider([undefined]).provider,
      clock,
      signal: NEVER,
      accounts: account === undefined ? undefined : [account],
    });
    const end = await asked.then(
      (answer) => answer.job.status,
      (error: { code: string }) => error.code,
    );
    expect(end).toBe(expected);
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
