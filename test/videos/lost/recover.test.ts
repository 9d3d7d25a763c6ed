import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import type { FollowFlags, GenerateFlags } from '../../../src/commands/video/input.ts';
import { runVideoCancel } from '../../../src/commands/video/remote.ts';
import { runVideoStatus } from '../../../src/commands/video/status.ts';
import { runVideoDownload, runVideoWait } from '../../../src/commands/video/wait.ts';
import type { Context } from '../../../src/context.ts';
import type { Job } from '../../../src/shared/job.ts';
import { resolveUnknown } from '../../../src/videos/lost/recover.ts';
import {
  addJob,
  content,
  makeVideo,
  NO_LIST,
  refusal,
  videoList,
  videoObject,
  withHost,
} from '../../helpers/far-end.ts';
import { START, type TestContext } from '../../helpers/runtime.ts';
import { asUnanswered } from '../../helpers/samples.ts';
import type { Scripted, TestServer } from '../../helpers/server.ts';

const FLAGS: FollowFlags = { timeout: 1800, force: false, allowDrift: true };
const GENERATE: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: [], inject: true, wait: false, count: 1, seconds: 4 },
  ...{ resend: false, dryRun: false, ...FLAGS },
};
const STATUS = { ids: [], watch: false, exitStatus: false };
const SECOND = 1000;

type Test = TestContext & { server: TestServer; baseUrl: string };

let film: Buffer;
beforeAll(async () => {
  film = await makeVideo();
});

/** What the host has of the lost request, `afterMs` after it was sent. */
const made = (id: string, afterMs = 2 * SECOND, more: object = {}): object => ({
  ...{ id, prompt: 'A man waves.', model: 'sora-2', seconds: '4', size: '1280x720' },
  ...{ created_at: Math.floor((START + afterMs) / SECOND), ...more },
});

const list = (...videos: object[]): Scripted => videoList(videos, START + 60 * SECOND);

/** A request of `generate` whose answer is lost after three seconds, a minute ago. */
async function lose(test: Test, flags: Partial<GenerateFlags> = {}): Promise<Job> {
  test.server.answer({ fault: 'reset', onRequest: () => Object.assign(test.clock, { ms: START + 3 * SECOND }) });
  await expect(generate(test, flags)).rejects.toMatchObject({ code: 'ambiguous' });
  test.clock.ms = START + 60 * SECOND;
  const [job] = await jobs(test);
  if (!job) throw new Error('no record was made');
  return job;
}

const generate = ({ context }: TestContext, flags: Partial<GenerateFlags> = {}): Promise<number> =>
  runGenerate(context, { ...GENERATE, ...flags });

async function jobs({ context }: TestContext): Promise<readonly Job[]> {
  return (await (await context.jobs()).list()).records;
}

const posts = ({ server }: Test): number => server.seen.filter(({ method }) => method === 'POST').length;

describe('P2: a job whose answer was lost', () => {
  it('is found by status, and written down', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(list(made('video_9', 2 * SECOND, { status: 'in_progress' }), made('old', -9 * SECOND)));
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(0);
    expect(await jobs(test)).toMatchObject([{ id: lost.id, remoteId: 'video_9', status: 'running' }]);
    expect(test.stderr.text()).toContain(`Job ${lost.id} was found at ${new URL(test.baseUrl).host} as video_9.`);
    expect(test.server.seen.at(-1)?.path).toBe('/v1/videos?limit=100&order=desc');
  });

  it('is found by wait, which then goes on to its file', async () => {
    const test = await withHost({ json: true });
    const lost = await lose(test);
    const object = videoObject('completed', { id: 'video_9' });
    test.server.answer(list(made('video_9')), object, content(film));
    expect(await runVideoWait(test.context, { ...FLAGS, ids: [lost.id] })).toBe(0);
    expect(await readdir(test.dir)).toEqual([`${lost.id}.mp4`]);
    expect(test.stderr.json()).toContainEqual({
      ...{ event: 'found', jobId: lost.id, remoteId: 'video_9', status: 'queued' },
    });
    expect(posts(test)).toBe(1);
  });

  it('is found by status --watch, by download and by cancel', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const { records } = await (await test.context.jobs()).list();
    const forget = async (): Promise<Job> => (await test.context.jobs()).update(lost.id, () => records[0] as Job);
    test.server.answer(list(made('video_9')), videoObject('completed', { id: 'video_9' }));
    expect(await runVideoStatus(test.context, { ids: [lost.id], watch: true, exitStatus: true })).toBe(0);
    await forget();
    test.server.answer(list(made('video_9', 0, { status: 'completed' })), content(film));
    const flags = { variant: 'video', force: false, allowDrift: true } as const;
    expect(await runVideoDownload(test.context, { ...flags, id: lost.id })).toBe(0);
    await forget();
    test.server.answer(list(made('video_9')));
    await expect(runVideoCancel(test.context, lost.id)).rejects.toMatchObject({ code: 'refused' });
    expect((await jobs(test))[0]?.remoteId).toBe('video_9');
  });

  it('is looked for page by page, as far back as it can have been made', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const page = (videos: object[]): Scripted => {
      const { headers = {}, body } = list(...videos);
      return { headers, body: { ...(body as object), has_more: true } };
    };
    const others = { prompt: 'Another.' };
    test.server.answer(
      page([made('a', 50 * SECOND, others), made('b', 40 * SECOND, others)]),
      page([made('video_9'), made('c', -9 * SECOND, others)]),
    );
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(0);
    expect((await jobs(test))[0]?.remoteId).toBe('video_9');
    expect(test.server.seen.at(-1)?.path).toBe('/v1/videos?limit=100&order=desc&after=b');
  });

  it('is not taken over where not everything was seen that could be it', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const pages = Array.from({ length: 20 }, (_, index) => {
      const { headers = {}, body } = list(
        made(`video_${index}`, 2 * SECOND, index === 3 ? {} : { prompt: 'Another.' }),
      );
      return { headers, body: { ...(body as object), has_more: true } };
    });
    test.server.answer(...pages);
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(7);
    expect(test.stderr.text()).toContain('- video_3 (queued');
    expect((await jobs(test))[0]?.status).toBe('unknown');
  });

  it('that others could have made is not touched: they are named, and the exit is 7', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const two = list(made('mine'), made('a_colleague’s', 1 * SECOND));
    test.server.answer(two, two);
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(7);
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [lost.id] })).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringMatching(
        /Several were made at that time\. It could be:\n- mine \(queued, created 2026-11-21T10:00:02\.000Z\)\n- a_colleague’s/,
      ),
      hint: expect.stringMatching(
        /--adopt <id>\nTo send it once more: sora video resend job_\w+\n.*: sora video close job_\w+$/,
      ),
    });
    expect(await jobs(test)).toMatchObject([{ status: 'unknown' }]);
    expect(posts(test)).toBe(1);
  });

  it('of --count 2 is not taken for the other one', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued', { id: 'first' }));
    await lose(test, { count: 2 });
    // The first is known; only the second can be it.
    test.server.answer(list(made('second'), made('first', 1 * SECOND)));
    expect(await runVideoStatus(test.context, { ...STATUS, ids: ['@last'] })).toBe(0);
    expect((await jobs(test)).map(({ remoteId }) => remoteId)).toEqual(['second', 'first']);
  });

  it('of two that are equal is the older one’s, whichever is asked for; the other one stays unknown', async () => {
    const test = await withHost();
    const older = await lose(test, { key: 'one' });
    test.clock.ms = START + 1000;
    test.server.answer(NO_LIST);
    const younger = { ...asUnanswered(older), id: `${older.id.slice(0, -1)}z`, key: 'two' };
    await (await test.context.jobs()).create({
      ...younger,
      createdAt: new Date(START + 1000).toISOString(),
      uptimeSeconds: 5001,
    });
    test.clock.ms = START + 60 * SECOND;
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [younger.id] })).rejects.toMatchObject({
      code: 'ambiguous',
    });
    test.server.answer(list(made('one')), list(made('one')));
    expect(await runVideoStatus(test.context, STATUS)).toBe(0);
    expect((await jobs(test)).map(({ status, remoteId }) => [status, remoteId])).toEqual([
      ['unknown', undefined],
      ['queued', 'one'],
    ]);
    test.server.answer(list(made('two', 3 * SECOND), made('one')));
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [younger.id] })).toBe(0);
    expect((await jobs(test)).map(({ remoteId }) => remoteId)).toEqual(['two', 'one']);
  });

  it.each([3_600_000, -3_600_000])('is not taken over after the clock was set by %i ms', async (setMs) => {
    const test = await withHost();
    const lost = await lose(test);
    test.clock.ms += setMs;
    test.clock.setMs += setMs;
    // By that clock, a colleague’s video was made in the very second.
    test.server.answer(list(made('a_colleague’s', 2 * SECOND - setMs), made('mine')));
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(7);
    expect((await jobs(test))[0]?.status).toBe('unknown');
  });

  it.each([3_600_000, -3_600_000])('is found although the clock is wrong by %i ms', async (wrongMs) => {
    const test = await withHost();
    const lost = await lose(test);
    const { headers } = videoList([], START + 60 * SECOND + wrongMs);
    const { body } = list(made('a_colleague’s'), made('mine', 2 * SECOND + wrongMs));
    test.server.answer({ ...(headers && { headers }), body: body ?? {} });
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(0);
    expect((await jobs(test))[0]?.remoteId).toBe('mine');
  });

  it('stays unknown where the host cannot list, and the command that sends it again is printed', async () => {
    const test = await withHost();
    const lost = await lose(test, { key: 'nightly' });
    test.server.answer(NO_LIST, NO_LIST);
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(0);
    const command = `sora video resend ${lost.id}\nIf you know that it created nothing: sora video close ${lost.id}`;
    expect(test.stderr.text()).toContain(`To send it once more: ${command}\n`);
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [lost.id] })).rejects.toMatchObject({
      code: 'ambiguous',
      hint: expect.stringContaining(command),
    });
  });

  it('stays unknown when the search for it is stopped, and what the host said is told', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(refusal(503, 'busy', 'overloaded'), {
      fault: 'hang',
      onRequest: () => test.abort('interrupted'),
    });
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [lost.id] })).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringMatching(/Stopped before more could be learned\. .*answered 503: overloaded/),
    });
  });

  it('stays unknown at a host that has no list, which is asked nothing', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const { list: _none, ...provider } = await test.context.provider();
    const workspace: Context = Object.create(test.context, { providerOf: { value: async () => provider } });
    const { job, candidates, ways } = await resolveUnknown(workspace, lost);
    expect([job.status, candidates, ways]).toEqual([
      'unknown',
      [],
      expect.stringContaining(`sora video resend ${lost.id}`),
    ]);
    expect(test.server.seen).toHaveLength(1);
  });

  it('is no network trouble for wait, although the host could not be asked', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const down = Array.from({ length: 5 }, () => refusal(503, 'overloaded', 'Later.'));
    test.server.answer(...down, ...down);
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [lost.id] })).rejects.toMatchObject({
      code: 'ambiguous',
      message: expect.stringMatching(/could not be asked: .*503: Later\./),
    });
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(6);
  });

  it('is an event for scripts', async () => {
    const test = await withHost({ json: true });
    const lost = await lose(test);
    test.server.answer(list(made('old', -9 * SECOND)));
    expect(await runVideoStatus(test.context, { ...STATUS, ids: [lost.id] })).toBe(7);
    expect(test.stderr.json()).toContainEqual({
      ...{ event: 'unresolved', jobId: lost.id, isSending: false },
      ...{ resend: `sora video resend ${lost.id}`, close: `sora video close ${lost.id}` },
      candidates: [{ id: 'old', status: 'queued', createdAt: '2026-11-21T09:59:51.000Z' }],
    });
  });
});

describe('P2: an equal request after one that was lost', () => {
  it('finds that job and sends nothing; the next one is sent', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(list(made('video_9')));
    await expect(generate(test)).rejects.toMatchObject({
      code: 'pending',
      jobId: lost.id,
      hint: expect.stringContaining(`sora video wait ${lost.id}`),
    });
    expect(posts(test)).toBe(1);
    test.server.answer(videoObject('queued', { id: 'video_10' }));
    expect(await generate(test)).toBe(0);
    expect(posts(test)).toBe(2);
  });

  it('with its key gives that job', async () => {
    const test = await withHost({ quiet: true });
    const lost = await lose(test, { key: 'nightly' });
    test.server.answer(list(made('video_9')));
    expect(await generate(test, { key: 'nightly' })).toBe(0);
    expect(test.stdout.text()).toBe(`${lost.id}\n`);
    expect(posts(test)).toBe(1);
  });

  it('is refused with the command that sends it all the same when nothing is found', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(list());
    await expect(generate(test)).rejects.toMatchObject({
      code: 'ambiguous',
      jobId: lost.id,
      message: expect.stringContaining('The host lists no such video.'),
      hint: expect.stringContaining(`sora video resend ${lost.id}`),
    });
    expect(posts(test)).toBe(1);
  });

  it('is sent when that turns out to have failed', async () => {
    const test = await withHost();
    await lose(test);
    test.server.answer(list(made('video_9', 0, { status: 'failed' })), videoObject('queued', { id: 'video_10' }));
    expect(await generate(test)).toBe(0);
    expect((await jobs(test)).map(({ status }) => status)).toEqual(['queued', 'failed']);
  });
});

describe('--adopt', () => {
  it('takes the user’s word', async () => {
    const test = await withHost({ quiet: true });
    const lost = await lose(test);
    const done = videoObject('completed', { id: 'mine' });
    test.server.answer(done, content(film));
    expect(await runVideoWait(test.context, { ...FLAGS, ids: [lost.id], adopt: 'mine' })).toBe(0);
    expect(test.stdout.text()).toBe(`${join(test.dir, `${lost.id}.mp4`)}\n`);
    expect((await jobs(test))[0]).toMatchObject({ remoteId: 'mine', status: 'succeeded' });
  });

  it('refuses what cannot be', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const other = await addJob(test, { baseUrl: test.baseUrl, remoteId: 'theirs' });
    const adopt = (ids: readonly string[], id: string) => runVideoWait(test.context, { ...FLAGS, ids, adopt: id });
    test.server.answer(NO_LIST, videoObject('queued', { id: 'theirs' }));
    await expect(adopt([lost.id], 'none')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/does not know/),
    });
    await expect(adopt([lost.id], 'theirs')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/is the video of job/),
    });
    await expect(adopt([other.id], 'x')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/is queued/),
    });
    await expect(adopt([lost.id, other.id], 'x')).rejects.toMatchObject({ code: 'usage' });
    expect((await jobs(test)).find(({ id }) => id === lost.id)?.status).toBe('unknown');
  });
});

describe('a job that is being sent', () => {
  const sending = async (test: Test): Promise<Job> => {
    return addJob(test, { baseUrl: test.baseUrl, status: 'submitting' });
  };

  it('is awaited by wait until it is known', async () => {
    const test = await withHost({ quiet: true });
    const job = await sending(test);
    const store = await test.context.jobs();
    const sent = store.whileSending(job.id, async () => {
      // As long as the first look takes: the sender shows signs of life every second.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await store.update(job.id, (now) => ({ ...now, status: 'queued', remoteId: 'video_9' }));
    });
    test.server.answer(videoObject('completed', { id: 'video_9' }), content(film));
    expect(await runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).toBe(0);
    await sent;
  });

  it('is not resent by an equal request, nor looked for', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued', { id: 'video_1' }));
    await generate(test);
    const { remoteId: _none, ...job } = (await jobs(test))[0] as Job;
    const store = await test.context.jobs();
    await store.update(job.id, () => ({ ...job, status: 'submitting' }));
    await store.whileSending(job.id, async () => {
      await expect(generate(test)).rejects.toMatchObject({
        code: 'ambiguous',
        message: expect.stringMatching(/is being sent .* right now/),
      });
    });
    expect(test.server.seen).toHaveLength(1);
  });

  it('by a process that is gone is unknown, as of when that was last heard of', async () => {
    const test = await withHost();
    const job = await sending(test);
    test.server.answer(NO_LIST);
    await runVideoStatus(test.context, { ...STATUS, ids: [job.id] });
    expect((await jobs(test))[0]).toMatchObject({ status: 'unknown', updatedAt: job.updatedAt });
  });
});
