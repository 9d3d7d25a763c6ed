import { describe, expect, it } from 'vitest';
import { runVideoStatus } from '../../../src/commands/video/status.ts';
import type { Job } from '../../../src/shared/job.ts';
import { addJob, NO_LIST, refusal, videoObject, withHost } from '../../helpers/far-end.ts';
import { createTestContext, START } from '../../helpers/runtime.ts';
import type { JobFields } from '../../helpers/samples.ts';
import { createTestServer, type Scripted } from '../../helpers/server.ts';

const ALL = { ids: [], watch: false, exitStatus: false };

function video(id: string | undefined, status: string, more: object = {}): Scripted {
  return videoObject(status, { id, ...more });
}

describe('video status', () => {
  it('asks each unfinished job at the host that made it, and no other', async () => {
    const test = await withHost({ json: true });
    const other = await createTestServer();
    const here = await addJob(test, { baseUrl: test.baseUrl });
    const there = await addJob(test, { baseUrl: `${other.url}/v2` });
    await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    await addJob(test, { baseUrl: test.baseUrl, status: 'failed' });
    test.server.answer(video(here.remoteId, 'in_progress', { progress: 40 }));
    other.answer(video(there.remoteId, 'completed'));

    const keyless = await test.again({}, { env: {} });
    expect(await runVideoStatus(keyless.context, ALL)).toBe(0);
    expect(JSON.parse(keyless.stdout.text())).toMatchObject([
      { id: there.id, status: 'succeeded', progress: 100 },
      { id: here.id, status: 'running', progress: 40 },
    ]);
    expect(test.server.seen.map(({ path }) => path)).toEqual([`/v1/videos/${here.remoteId}`]);
    expect(other.seen.map(({ path }) => path)).toEqual([`/v2/videos/${there.remoteId}`]);
    const stored = (await (await keyless.context.jobs()).list()).records;
    expect(stored.map(({ status }) => status)).toEqual(['failed', 'succeeded', 'succeeded', 'running']);
  });

  it('P5: sends the key to none but its own host, and says so', async () => {
    const test = await withHost({ json: true });
    const other = await createTestServer();
    const here = await addJob(test, { baseUrl: test.baseUrl });
    const there = await addJob(test, { baseUrl: `${other.url}/v1` });
    test.server.answer(video(here.remoteId, 'queued'));
    expect(await runVideoStatus(test.context, ALL)).toBe(4);
    expect(other.seen).toEqual([]);
    expect(test.stderr.json()).toEqual([
      { error: expect.objectContaining({ code: 'auth', jobId: there.id, hint: expect.stringContaining(other.url) }) },
    ]);
    expect(JSON.parse(test.stdout.text())).toHaveLength(2);
  });

  it('says that there is nothing to ask', async () => {
    const { context, stdout } = await createTestContext();
    expect(await runVideoStatus(context, ALL)).toBe(0);
    expect(stdout.text()).toBe('No job is unfinished.\n');
  });

  it('never asks about a job that is final', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    expect(await runVideoStatus(test.context, { ...ALL, ids: [job.id] })).toBe(0);
    expect(test.stdout.text()).toContain(`${job.id}  made, not here`);
    expect(test.stderr.text()).toContain(`sora video download ${job.id}`);
    expect(test.server.seen).toEqual([]);
  });

  it('names every id that is not there', async () => {
    const { context } = await createTestContext();
    await expect(runVideoStatus(context, { ...ALL, ids: ['job_a', 'video_b'] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('job_a, video_b'),
    });
  });

  it('exits 0 for a job that failed if it could ask, and 6 if it could not', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(...Array.from({ length: 5 }, () => refusal(503, 'overloaded')));
    expect(await runVideoStatus(test.context, { ...ALL, ids: [job.id] })).toBe(6);
    expect((await (await test.context.jobs()).find(job.id))?.status).toBe('queued');
    test.server.answer(video(job.remoteId, 'failed', { error: { code: 'x', message: 'No oven.' } }));
    expect(await runVideoStatus(test.context, { ...ALL, ids: [job.id] })).toBe(0);
  });

  it('says of a request whose answer was lost what to look for, and tells whether it is still being sent', async () => {
    const test = await withHost();
    const store = await test.context.jobs();
    const jobs: Job[] = [];
    for (const prompt of ['One.', 'Two.']) {
      const { id } = await addJob(test, { baseUrl: test.baseUrl, status: 'submitting' });
      jobs.push(await store.update(id, (now): Job => ({ ...now, request: { ...now.request, prompt } })));
    }
    const [dead, living] = jobs.map(({ id }) => id) as [string, string];
    test.server.answer(NO_LIST);
    await store.whileSending(living, async () => {
      expect(await runVideoStatus(test.context, ALL)).toBe(0);
    });
    expect(test.stderr.text()).toContain(`sora video resend ${dead}`);
    expect(test.stderr.text()).toContain(`Job ${living} is being sent to ${new URL(test.baseUrl).host} right now`);
    expect((await store.find(dead))?.status).toBe('unknown');
    expect((await store.find(living))?.status).toBe('submitting');
  });

  it('tells a job that its host has forgotten from one that is too new', async () => {
    const test = await withHost();
    const old = await addJob(test, { baseUrl: test.baseUrl });
    const young = await addJob(test, { baseUrl: test.baseUrl, createdAt: new Date(START - 60_000).toISOString() });
    test.server.answer(refusal(404, 'not_found'), refusal(404, 'not_found'));
    expect(await runVideoStatus(test.context, { ...ALL, ids: [old.id, young.id] })).toBe(0);
    const store = await test.context.jobs();
    expect((await store.find(old.id))?.status).toBe('expired');
    expect((await store.find(young.id))?.status).toBe('queued');
  });

  it('forgets the host’s own word when the host speaks the protocol again', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(videoObject('rendering', { id: job.remoteId }), videoObject('completed', { id: job.remoteId }));
    const asked = { ids: [job.id], watch: false, exitStatus: false };
    await runVideoStatus(test.context, asked);
    expect(await (await test.context.jobs()).find(job.id)).toHaveProperty('remoteStatus', 'rendering');
    await runVideoStatus(test.context, asked);
    expect(await (await test.context.jobs()).find(job.id)).not.toHaveProperty('remoteStatus');
  });
});

describe('--exit-status', () => {
  const POLICY = { failure: { message: 'No.', policy: true } };
  const FATES: readonly [number, JobFields][] = [
    [0, { status: 'succeeded' }],
    [5, { status: 'failed' }],
    [5, { status: 'expired' }],
    [5, { status: 'cancelled' }],
    [11, { status: 'failed', ...POLICY }],
  ];

  it.each(FATES)('is %i for %j', async (exit, fields) => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, ...fields });
    expect(await runVideoStatus(test.context, { ids: [job.id], watch: false, exitStatus: true })).toBe(exit);
  });

  it.each([
    [8, 'queued'],
    [8, 'in_progress'],
    [8, 'a word of its own'],
    [0, 'completed'],
    [5, 'failed'],
  ])('is %i when the host says %s', async (exit, status) => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job.remoteId, status));
    expect(await runVideoStatus(test.context, { ids: [job.id], watch: false, exitStatus: true })).toBe(exit);
  });

  it('is 7 when nobody knows whether the job exists', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'unknown' });
    test.server.answer(NO_LIST);
    expect(await runVideoStatus(test.context, { ids: [job.id], watch: false, exitStatus: true })).toBe(7);
  });

  it.each<[number, readonly JobFields[]]>([
    [5, [{ status: 'succeeded' }, { status: 'failed' }]],
    [11, [{ status: 'failed' }, { status: 'failed', ...POLICY }, { status: 'succeeded' }]],
    [7, [{ status: 'failed', ...POLICY }, { status: 'unknown' }]],
  ])('of several ids is the worst: %i', async (exit, all) => {
    const test = await withHost();
    const ids: string[] = [];
    for (const fields of all) {
      const { remoteId, id } = await addJob(test, { baseUrl: test.baseUrl, ...fields });
      if (fields.status === 'unknown') {
        test.server.answer(NO_LIST);
      }
      ids.push(fields.status === 'unknown' ? id : (remoteId ?? ''));
    }
    expect(await runVideoStatus(test.context, { ids, watch: false, exitStatus: true })).toBe(exit);
  });
});

describe('--watch', () => {
  it('asks until all are finished, and survives a failed question', async () => {
    const test = await withHost({ json: true });
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(
      video(job.remoteId, 'in_progress', { progress: 10 }),
      ...Array.from({ length: 5 }, () => refusal(503, 'overloaded')),
      video(job.remoteId, 'completed'),
    );
    expect(await runVideoStatus(test.context, { ids: ['@last'], watch: true, exitStatus: true })).toBe(0);
    expect(JSON.parse(test.stdout.text())).toMatchObject({ id: job.id, status: 'succeeded' });
    const said = test.stderr.json();
    expect(said[0]).toEqual({ event: 'progress', jobId: job.id, status: 'running', progress: 10 });
    expect(said).toContainEqual({ warning: expect.stringContaining('still watching') });
    expect(said.at(-1)).toEqual({ event: 'progress', jobId: job.id, status: 'succeeded', progress: 100 });
  });

  it('ends with 8 and the command that continues when it is stopped', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer({ ...video(job.remoteId, 'queued'), onRequest: () => test.abort('interrupted') });
    expect(await runVideoStatus(test.context, { ids: [job.id], watch: true, exitStatus: false })).toBe(8);
    expect(test.stderr.text()).toContain(`sora video status ${job.id} --watch`);
  });
});
