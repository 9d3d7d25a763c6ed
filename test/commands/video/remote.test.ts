import { describe, expect, it } from 'vitest';
import { runVideoCancel, runVideoDelete, runVideoListRemote } from '../../../src/commands/video/remote.ts';
import type { Context } from '../../../src/context.ts';
import type { Job } from '../../../src/shared/job.ts';
import { addJob, refusal, videoObject, withHost } from '../../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../../helpers/runtime.ts';
import type { JobFields } from '../../helpers/samples.ts';
import { createTestServer, type Scripted } from '../../helpers/server.ts';

const GONE = refusal(404, 'not_found');

async function recordOf({ context }: TestContext, { id }: Job): Promise<Job | undefined> {
  return (await context.jobs()).find(id);
}

function page(ids: readonly string[], more: object): Scripted {
  return { body: { object: 'list', data: ids.map((id) => ({ id, status: 'completed' })), ...more } };
}

describe('video list --remote', () => {
  it('pages to the end, and shows which videos are known here', async () => {
    const test = await withHost({ json: true });
    const known = await addJob(test, { baseUrl: test.baseUrl, remoteId: 'video_b' });
    await addJob(test, { baseUrl: 'https://other.example/v1', remoteId: 'video_a' });
    test.server.answer(
      page(['video_c', 'video_b'], { has_more: true, last_id: 'video_b' }),
      page(['video_a'], { has_more: false, last_id: 'video_a' }),
    );
    await runVideoListRemote(test.context, {});
    const listed = JSON.parse(test.stdout.text());
    expect(listed).toMatchObject([{ id: 'video_c' }, { id: 'video_b', jobId: known.id }, { id: 'video_a' }]);
    expect(listed.map((one: object) => 'jobId' in one)).toEqual([false, true, false]);
    expect(test.server.seen.map(({ path }) => path)).toEqual([
      '/v1/videos?limit=100&order=desc',
      '/v1/videos?limit=100&order=desc&after=video_b',
    ]);
  });

  it('ends at a host that gives the same page for ever', async () => {
    const test = await withHost({ quiet: true });
    const same = page(['video_b', 'video_a'], { has_more: true });
    test.server.answer(same, same);
    await runVideoListRemote(test.context, {});
    expect(test.stdout.text()).toBe('video_b\nvideo_a\n');
  });

  it('ends at a host that has new videos for ever, and says so', async () => {
    const test = await withHost({ quiet: true });
    const pages = Array.from({ length: 4 }, (_, n) =>
      page(
        Array.from({ length: 6000 }, (_, i) => `video_${n}_${i}`),
        { has_more: true },
      ),
    );
    test.server.answer(...pages);
    await runVideoListRemote(test.context, {});
    expect(test.server.seen).toHaveLength(4);
    expect(test.stderr.text()).toMatch(/^warning: 127\.0\.0\.1:\d+ lists more than 20000 videos/m);
  });

  it('keeps to one status', async () => {
    const test = await withHost({ quiet: true });
    const data = [
      { id: 'a', status: 'in_progress' },
      { id: 'b', status: 'failed' },
    ];
    test.server.answer({ body: { data, has_more: false } });
    await runVideoListRemote(test.context, { status: 'running' });
    expect(test.stdout.text()).toBe('a\n');
  });

  it('is a table that the host’s words cannot break', async () => {
    const test = await withHost();
    const data = [
      { id: 'video_1', status: 'warming up', model: 'm', size: '64x36', seconds: '4', prompt: 'a\n\u001b[2Jb' },
    ];
    test.server.answer({ body: { data, has_more: false } });
    await runVideoListRemote(test.context, {});
    expect(test.stdout.text()).toMatch(/^video_1 +warming up +m +64x36 4 s +- +- +a \[2Jb$/m);
  });

  it('shows nothing when a page is missing (P3)', async () => {
    const test = await withHost();
    test.server.answer(page(['a'], { has_more: true }), { status: 401, body: { error: 'Invalid token' } });
    await expect(runVideoListRemote(test.context, {})).rejects.toMatchObject({ code: 'auth' });
    expect(test.stdout.text()).toBe('');
  });
});

describe('video delete', () => {
  it('deletes at the host, and keeps the record with its status', async () => {
    const test = await withHost({ json: true });
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', outputPath: '/films/a.mp4' });
    test.server.answer({ body: { id: job.remoteId, object: 'video.deleted', deleted: true } });
    await runVideoDelete(test.context, { id: job.id, yes: true });
    const kept = { ...job, remoteDeleted: true, updatedAt: expect.any(String) };
    expect(await recordOf(test, job)).toEqual(kept);
    const { output: _, ...shown } = { ...kept, output: 0 };
    expect(JSON.parse(test.stdout.text())).toEqual({ ...shown, outputPath: '/films/a.mp4' });
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `DELETE /v1/videos/${job.remoteId}`,
    ]);
    // The second time there is nothing to ask for.
    await runVideoDelete(test.context, { id: job.id, yes: true });
  });

  it('that is stopped while it is asked for again tells what the host said', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(refusal(503, 'busy', 'overloaded'), {
      fault: 'hang',
      onRequest: () => test.abort('interrupted'),
    });
    await expect(runVideoDelete(test.context, { id: job.id, yes: true })).rejects.toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/its answer was not awaited\. Before that: .* answered 503: overloaded$/),
    });
  });

  it('is done when the host no longer has it', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'expired' });
    test.server.answer(GONE, GONE);
    await runVideoDelete(test.context, { id: job.id, yes: true });
    expect(await recordOf(test, job)).toMatchObject({ status: 'expired', remoteDeleted: true });
    expect(test.stderr.text()).toContain('no longer knew');
  });

  it('marks nothing as deleted that another account has made and this one does not know', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', account: '0123abcd' });
    test.server.answer(GONE, GONE);
    await expect(runVideoDelete(test.context, { id: job.id, yes: true })).rejects.toMatchObject({ code: 'auth' });
    expect(await recordOf(test, job)).toEqual(job);
  });

  it('is refused for a job that is not finished', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'queued' });
    test.server.answer(videoObject('in_progress', { id: job.remoteId }));
    await expect(runVideoDelete(test.context, { id: job.id, yes: true })).rejects.toMatchObject({ code: 'pending' });
  });

  it('is refused without --yes where there is nobody to ask', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    await expect(runVideoDelete(test.context, { id: job.id, yes: false })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--yes'),
    });
    expect(await recordOf(test, job)).toEqual(job);
  });

  it('is refused where the host has no such call, and where there never was a video', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', backend: 'litellm' });
    await expect(runVideoDelete(test.context, { id: job.id, yes: true })).rejects.toMatchObject({
      code: 'refused',
      message: 'litellm has no call that deletes videos.',
    });
    const never = await addJob(test, { baseUrl: test.baseUrl, status: 'failed', remoteId: undefined });
    await expect(runVideoDelete(test.context, { id: never.id, yes: true })).rejects.toMatchObject({ code: 'refused' });
  });

  it('leaves the record as it was when the host refuses (P3)', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(refusal(400, 'invalid_video_status'));
    await expect(runVideoDelete(test.context, { id: job.id, yes: true })).rejects.toMatchObject({ code: 'refused' });
    expect(await recordOf(test, job)).toEqual(job);
  });
});

describe('video cancel', () => {
  const video = (job: Job, status: string): Scripted => videoObject(status, { id: job.remoteId });
  const done: Scripted = { body: { deleted: true } };

  async function running(fields: JobFields = {}): Promise<TestContext & { job: Job; server: Servers }> {
    const test = await withHost();
    return { ...test, job: await addJob(test, { baseUrl: test.baseUrl, backend: 'vllm-omni', ...fields }) };
  }
  type Servers = Awaited<ReturnType<typeof withHost>>['server'];

  it.each<[string, (job: Job) => Scripted]>([
    ['forgets it', () => GONE],
    ['says so', (job) => video(job, 'cancelled')],
  ])('has cancelled the job when the host then %s', async (_title, after) => {
    const test = await running();
    test.server.answer(video(test.job, 'in_progress'), done, after(test.job));
    await runVideoCancel(test.context, test.job.id);
    expect((await recordOf(test, test.job))?.status).toBe('cancelled');
    expect(test.server.seen.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'GET']);
    // Again is no mistake, and asks nobody.
    await runVideoCancel(test.context, test.job.id);
  });

  it('is no success when the host goes on or had finished (P3)', async () => {
    const test = await running();
    test.server.answer(video(test.job, 'in_progress'), done, video(test.job, 'in_progress'));
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({ code: 'pending' });
    test.server.answer(video(test.job, 'in_progress'), done, video(test.job, 'completed'));
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({ code: 'refused' });
    expect((await recordOf(test, test.job))?.status).toBe('succeeded');
  });

  it('never deletes a video that is finished already', async () => {
    const test = await running();
    test.server.answer(video(test.job, 'completed'));
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('has ended as succeeded: there is nothing to cancel'),
      hint: `Fetch it: sora video download ${test.job.id}`,
    });
    expect(test.server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('is refused where the host cannot, and says why', async () => {
    const test = await running({ backend: 'openai' });
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({
      code: 'refused',
      message: 'openai has no call that stops a job.',
      jobId: test.job.id,
    });
    expect(test.server.seen).toEqual([]);
  });

  it.each([
    ['is young', 0, 'running', 'did not cancel job'],
    ['is old', 3 * 60_000, 'expired', 'has expired: The host does not know this job any more'],
  ])('P3: is not what has happened when the host knew nothing of it at the call, and the job %s', async (...row) => {
    const [, laterMs, status, message] = row;
    const test = await running({ status: 'running', createdAt: new Date(START).toISOString() });
    test.clock.ms = START + laterMs;
    // The call, a look whether the host has deleted it all the same, and the question after it.
    test.server.answer(video(test.job, 'in_progress'), GONE, GONE, GONE);
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(message),
    });
    expect((await recordOf(test, test.job))?.status).toBe(status);
  });

  it.each([
    ['wavespeed', 'stops a job', (context: Context, id: string) => runVideoCancel(context, id)],
    ['eachlabs', 'deletes videos', (context: Context, id: string) => runVideoDelete(context, { id, yes: true })],
  ] as const)('P6: %s has no call that %s, and is not asked anything first', async (provider, what, ask) => {
    const server = await createTestServer();
    const name = provider.toUpperCase();
    const env = { [`${name}_API_KEY`]: 'k-0123456789', [`${name}_BASE_URL`]: server.url };
    const test = await createTestContext({}, { env });
    const job = await addJob(test, { provider, baseUrl: server.url, status: 'running' });
    await expect(ask(test.context, job.id)).rejects.toMatchObject({
      code: 'refused',
      message: `${new URL(server.url).host} has no call that ${what}.`,
      hint: expect.stringMatching(/Wait for it: sora video wait|until the host deletes it/),
    });
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['is shown no more', { status: 404, body: { error: 'No such task.' } }, /may be on the bill/],
    ['is shown as stopped', { body: { id: 't1', status: 'CANCELLED', cost: { credits: 12 } } }, undefined],
  ] as const)('says what is not known of a job at Runway that %s afterwards', async (_title, after, message) => {
    const server = await createTestServer();
    const env = { RUNWAYML_API_SECRET: 'k-0123456789', RUNWAYML_BASE_URL: server.url };
    const test = await createTestContext({}, { env });
    const job = await addJob(test, { provider: 'runway', baseUrl: server.url, remoteId: 't1', status: 'running' });
    server.answer({ body: { id: 't1', status: 'RUNNING' } }, { status: 204 }, after);
    await runVideoCancel(test.context, job.id);
    const kept = await recordOf(test, job);
    expect(kept?.status).toBe('cancelled');
    expect(test.stderr.text()).toMatch(message ?? /^/);
    const failure = message ? { failure: { message: expect.stringMatching(message), policy: false } } : {};
    expect(kept).toMatchObject({ ...failure, ...(!message && { cost: { actualUsd: 0.12 } }) });
  });

  it('changes nothing when the host does not know the job', async () => {
    const test = await running();
    test.server.answer(GONE);
    await expect(runVideoCancel(test.context, test.job.id)).rejects.toMatchObject({ code: 'refused' });
    expect(await recordOf(test, test.job)).toEqual(test.job);
  });
});
