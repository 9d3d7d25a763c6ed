import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runVideoClose } from '../../../src/commands/video/close.ts';
import { runVideoWait } from '../../../src/commands/video/wait.ts';
import type { Job } from '../../../src/shared/job.ts';
import { applyRemote, mergeJobRecords } from '../../../src/videos/jobs/lifecycle.ts';
import { addJob, NO_LIST, videoList, videoObject, withHost } from '../../helpers/far-end.ts';
import { START } from '../../helpers/runtime.ts';
import { asUnanswered, type JobFields } from '../../helpers/samples.ts';

type Test = Awaited<ReturnType<typeof withHost>>;

async function unknown(test: Test, fields: JobFields = {}): Promise<Job> {
  return addJob(test, { baseUrl: test.baseUrl, status: 'unknown', ...fields });
}

const close = ({ context }: Pick<Test, 'context'>, id: string, yes = true): Promise<undefined> =>
  runVideoClose(context, { id, yes });

const recordOf = async ({ context }: Test, { id }: Job): Promise<Job | undefined> => (await context.jobs()).find(id);

describe('a job that is closed', () => {
  it('has failed by a person’s word, and prints its record', async () => {
    const test = await withHost({ json: true });
    const job = await unknown(test);
    test.server.answer(NO_LIST);
    await close(test, job.id);
    const closed = { id: job.id, status: 'failed', failure: { code: 'closed', policy: false } };
    expect(await recordOf(test, job)).toMatchObject(closed);
    expect(JSON.parse(test.stdout.text())).toMatchObject(closed);
    // Nothing is asked or changed the second time.
    await close(test, job.id);
    await expect(
      runVideoWait(test.context, { ids: [job.id], timeout: 1, force: false, allowDrift: false }),
    ).rejects.toMatchObject({
      ...{ code: 'refused', message: expect.stringContaining('was closed: Closed by hand') },
      hint: `To send its request once more: sora video resend ${job.id}`,
    });
  });

  it('was asked about on a terminal, and needs --yes elsewhere', async () => {
    const test = await withHost();
    const job = await unknown(test);
    test.server.answer(NO_LIST);
    await expect(close(test, job.id, false)).rejects.toMatchObject({
      ...{ code: 'usage', hint: 'Add --yes to close it without being asked.' },
    });
    for (const [answer, status] of [
      ['n', 'unknown'],
      ['y', 'failed'],
    ] as const) {
      const asked = await test.again({}, { tty: ['stdin', 'stderr'], stdin: Readable.from([`${answer}\n`]) });
      test.server.answer(NO_LIST);
      await close(asked, job.id, false).catch((error: unknown) => expect(error).toMatchObject({ code: 'usage' }));
      expect((await recordOf(test, job))?.status).toBe(status);
      expect(asked.stderr.text().replaceAll('\n', ' ')).toContain('may then be sent and paid for again');
    }
  });

  it('is one that its host refused as well: its reason stays', async () => {
    const test = await withHost();
    const failure = { message: 'No such size.', policy: false };
    const refused = { status: 'failed', remoteId: undefined, failure } as const;
    const job = await addJob(test, { baseUrl: test.baseUrl, ...refused });
    await close(test, job.id, false);
    expect(await recordOf(test, job)).toMatchObject({ failure: { ...failure, code: 'closed' } });
    expect(test.server.seen).toEqual([]);
  });

  it('is closed without its host where that cannot be asked', async () => {
    const test = await withHost({}, { env: { OPENAI_API_KEY: '' } });
    const job = await unknown(test, { provider: 'wavespeed', baseUrl: 'https://api.wavespeed.ai' });
    await close(test, job.id);
    expect(test.stderr.text()).toContain('The host was not asked: ');
    expect((await recordOf(test, job))?.status).toBe('failed');
  });

  it('is none that the host has after all, or that another command is sending', async () => {
    const test = await withHost();
    const uptimeSeconds = 5000 - 60;
    const createdAt = new Date(START - 60_000).toISOString();
    const job = await unknown(test, { createdAt, updatedAt: createdAt, uptimeSeconds });
    const made = { id: 'video_9', prompt: job.request.prompt, created_at: START / 1000 - 59 };
    test.server.answer(videoList([made], START));
    await expect(close(test, job.id)).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('There is nothing to close') },
    });
    expect(await recordOf(test, job)).toMatchObject({ status: 'queued', remoteId: 'video_9' });
    const store = await test.context.jobs();
    const sending = await unknown(test, { status: 'submitting' });
    await store.whileSending(sending.id, async () => {
      await expect(close(test, sending.id)).rejects.toMatchObject({ code: 'ambiguous' });
    });
    expect((await recordOf(test, sending))?.status).toBe('submitting');
  });

  it('is named by eight characters or more that no other begins with, or by its whole id', async () => {
    const test = await withHost();
    const job = await unknown(test);
    await expect(close(test, job.id.slice(0, 7))).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('is too short') },
    });
    const twin = await unknown(test);
    await expect(close(test, job.id.slice(0, 8))).rejects.toMatchObject({
      ...{ code: 'usage', hint: expect.stringContaining(twin.id) },
    });
    await expect(close(test, 'job_zzzzzzz')).rejects.toMatchObject({ code: 'usage' });
    await expect(close(test, '')).rejects.toMatchObject({ code: 'usage' });
    await (await test.context.jobs()).remove(twin.id);
    test.server.answer(NO_LIST);
    await close(test, job.id.slice(0, -1));
    expect((await recordOf(test, job))?.status).toBe('failed');
  });

  it('is that of the host once the host speaks of it after all', async () => {
    const test = await withHost();
    const job = await unknown(test);
    test.server.answer(NO_LIST);
    await close(test, job.id);
    const closed = (await recordOf(test, job)) as Job;
    const answer = applyRemote(
      asUnanswered(job),
      { id: 'video_9', status: 'running', remoteStatus: 'in_progress' },
      START,
    );
    expect(mergeJobRecords(closed, answer)).toMatchObject({ status: 'running', remoteId: 'video_9' });
    expect(mergeJobRecords(closed, answer)).not.toHaveProperty('failure');
    const adopt = { ids: [job.id], adopt: 'video_9', timeout: 1, force: false, allowDrift: false };
    test.server.answer(videoObject('failed', { id: 'video_9' }));
    await expect(runVideoWait(test.context, adopt)).rejects.toMatchObject({ code: 'refused' });
    expect(await recordOf(test, job)).toMatchObject({ status: 'failed', remoteId: 'video_9' });
    expect(await recordOf(test, job)).not.toMatchObject({ failure: { code: 'closed' } });
  });
});
