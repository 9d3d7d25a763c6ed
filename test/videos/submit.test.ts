import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRetryable } from '../../src/shared/errors.ts';
import type { Job, Refused } from '../../src/shared/job.ts';
import { jobError } from '../../src/videos/jobs/error.ts';
import { describe as describeJob } from '../../src/videos/jobs/lifecycle.ts';
import type { RequestPlan } from '../../src/videos/plan.ts';
import { type SubmitOptions, submit } from '../../src/videos/submit.ts';
import { addJob, KEY, NO_LIST, refusal, VIDEO_SIZE, videoObject, withHost } from '../helpers/far-end.ts';
import { START, type TestContext } from '../helpers/runtime.ts';
import { hashOf, type JobFields, writeUnusable } from '../helpers/samples.ts';
import type { Scripted } from '../helpers/server.ts';

const CHARACTER = { name: 'Joe', value: 'char_Joe' };

const DRAFT: RequestPlan = {
  video: {
    ...{ prompt: 'Joe waves.', model: 'sora-2', seconds: 1, size: VIDEO_SIZE },
    ...{ characters: [{ mode: 'id', values: [CHARACTER.value] }], reference: undefined },
  },
  request: { prompt: 'Joe waves.', model: 'sora-2', seconds: 1, size: VIDEO_SIZE, characters: [CHARACTER] },
  injected: [],
  fingerprint: hashOf('this work'),
};

async function send(test: TestContext, options: Partial<SubmitOptions> = {}): ReturnType<typeof submit> {
  const provider = await test.context.provider();
  const plain = { order: DRAFT, provider, key: undefined, resend: false, ownIds: [], wait: undefined };
  return submit(test.context, { ...plain, ...options });
}

async function onlyJob({ context }: TestContext): Promise<Job | undefined> {
  const { records } = await (await context.jobs()).list();
  expect(records).toHaveLength(1);
  return records[0];
}

function recordPath({ context }: TestContext): string {
  const folder = context.paths().jobs;
  const [file = '', ...more] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(more).toEqual([]);
  return join(folder, file);
}

describe('a request', () => {
  it('is recorded before it leaves, whole, and with its remote id afterwards', async () => {
    const test = await withHost();
    let before: unknown;
    const onRequest = (): void => {
      before = JSON.parse(readFileSync(recordPath(test), 'utf8'));
    };
    test.server.answer({ ...videoObject('queued'), onRequest });
    const { job, pollAfterMs } = await send(test);
    expect(job).toMatchObject({
      ...{ provider: 'openai', baseUrl: test.baseUrl, profile: 'default', model: 'sora-2', characters: ['Joe'] },
      ...{ request: DRAFT.request, fingerprint: DRAFT.fingerprint, status: 'queued', remoteId: 'video_1' },
    });
    const { remoteId: _id, ...unsent } = job;
    expect(before).toEqual({ ...unsent, status: 'submitting' });
    expect(await onlyJob(test)).toEqual(job);
    expect(pollAfterMs).toBeUndefined();
    expect(test.server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/videos']);
    expect(JSON.parse(test.server.seen[0]?.body.toString() ?? '')).toMatchObject({ characters: [{ id: 'char_Joe' }] });
  });

  it('P5: leaves no key in its record', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'));
    await send(test);
    expect(readFileSync(recordPath(test), 'utf8')).not.toContain(KEY);
  });

  it('says where it is, whatever word its host has for that', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'), videoObject('a word of its own', { id: 'video_2' }));
    const { job } = await send(test);
    expect(test.stderr.text()).toBe(`Job ${job.id} is queued at ${new URL(test.baseUrl).host} as video_1.\n`);
    expect((await send(test, { wait: { output: 'a.mp4' } })).job.status).toBe('queued');
  });

  it('follows the pause that the host names', async () => {
    const test = await withHost();
    test.server.answer({ ...videoObject('queued'), headers: { 'openai-poll-after-ms': '1500' } });
    expect((await send(test)).pollAfterMs).toBe(1500);
  });

  it('is an event with --json before anything else is said', async () => {
    const test = await withHost({ json: true });
    test.server.answer(videoObject('queued'));
    const { job } = await send(test);
    expect(test.stderr.json()).toEqual([{ event: 'created', jobId: job.id, remoteId: 'video_1', status: 'queued' }]);
  });
});

describe('P2: a request that failed', () => {
  it.each([
    ['refused', 'failed', refusal(400, 'invalid_value', 'No such size.'), false],
    ['policy', 'failed', refusal(400, 'moderation_blocked', 'No faces.'), true],
    ['budget', 'failed', refusal(429, 'insufficient_quota'), false],
    ['ambiguous', 'unknown', refusal(500, 'server_error'), false],
    ['ambiguous', 'unknown', { fault: 'reset' as const }, false],
  ])('as %s leaves the record %s, and its id in the error', async (code, status, answer, policy) => {
    const test = await withHost();
    test.server.answer(answer);
    const error = await send(test).catch((reason: unknown) => reason);
    const job = await onlyJob(test);
    expect(error).toMatchObject({ code, jobId: job?.id });
    if (code === 'ambiguous')
      expect(error).toMatchObject({
        hint: expect.stringMatching(
          /^See what became of it: sora video status .*sora video resend job_\w+\n.*sora video close job_\w+$/s,
        ),
      });
    expect(job?.status).toBe(status);
    expect(job).toHaveProperty('failure.policy', policy);
    expect(job).not.toHaveProperty('remoteId');
  });

  it.each<[string, Scripted, RegExp]>([
    ['a 500', refusal(500, 'server_error', 'The GPU is on fire.'), /The GPU is on fire\./],
    ['an answer without an id', { body: { code: 1001, message: 'Try later.' } }, /1001.*Try later\./],
    ['a connection that broke', { fault: 'reset' }, /was lost/],
  ])(
    'because of %s keeps what came in the place of an answer, and says it afterwards',
    async (_title, answer, told) => {
      const test = await withHost();
      test.server.answer(answer);
      await expect(send(test)).rejects.toMatchObject({ code: 'ambiguous', message: expect.stringMatching(told) });
      const job = await onlyJob(test);
      expect(job).toMatchObject({ status: 'unknown', failure: { message: expect.stringMatching(told) } });
      test.server.answer(NO_LIST);
      await expect(send(test)).rejects.toMatchObject({ code: 'ambiguous', message: expect.stringMatching(told) });
    },
  );

  it.each<[string, JobFields]>([
    ['was stopped before it left', {}],
    ['never reached a host', { baseUrl: 'http://127.0.0.1:9/v1' }],
  ])('because it %s says so afterwards: no host has refused it', async (title, at) => {
    const test = await withHost({}, { env: at.baseUrl === undefined ? {} : { OPENAI_BASE_URL: at.baseUrl } });
    if (title.includes('stopped')) test.abort('interrupted');
    await expect(send(test)).rejects.toMatchObject({
      code: expect.stringMatching(/^(interrupted|network)$/),
    });
    const job = await onlyJob(test);
    expect(job).toMatchObject({ status: 'failed', failure: { code: 'unsent', policy: false } });
    expect(jobError(job as Job)).toMatchObject({
      ...{ code: 'network', message: expect.stringContaining(`Job ${job?.id} was never sent: `) },
      hint: `No host has it, and nothing was paid. To send its request: sora video resend ${job?.id}`,
    });
    expect(isRetryable(jobError(job as Refused))).toBe(false);
    expect(describeJob(job as Job)).toBe('failed (never sent)');
  });

  it.each<[string, Scripted, string, string]>([
    ['a wrong key', refusal(401, 'invalid_api_key'), 'auth', 'Check the key'],
    ['no credit', refusal(402, 'insufficient_quota'), 'budget', 'Add credit'],
    ['too many requests', refusal(429, 'rate_limit_exceeded'), 'refused', 'Wait a while'],
    ['a fault of the request', refusal(400, 'invalid_seconds'), 'refused', 'the host refused the request itself'],
  ])('because of %s says afterwards what to do about that', async (_title, answer, code, hint) => {
    const test = await withHost();
    test.server.answer(answer);
    await expect(send(test)).rejects.toMatchObject({ code });
    const error = jobError((await onlyJob(test)) as Refused);
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(error.hint).toMatch(/^Nothing was made/);
  });

  it('leaves a record alone that another command has found at the host meanwhile', async () => {
    const test = await withHost();
    const find = (): void => {
      const path = recordPath(test);
      const record = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...record, status: 'running', remoteId: 'video_1' }));
    };
    test.server.answer({ fault: 'reset', onRequest: find });
    await expect(send(test)).rejects.toMatchObject({ code: 'ambiguous' });
    expect(await onlyJob(test)).toMatchObject({ status: 'running', remoteId: 'video_1' });
  });

  it('because it was stopped after it had left still gets its id, and says how to go on', async () => {
    const test = await withHost();
    test.server.answer({ ...videoObject('queued'), onRequest: () => test.abort('interrupted') });
    const error = await send(test, { wait: { output: 'a.mp4' } }).catch((reason: unknown) => reason);
    const job = await onlyJob(test);
    expect(job).toMatchObject({ status: 'queued', remoteId: 'video_1' });
    expect(error).toMatchObject({
      ...{ code: 'pending', jobId: job?.id },
      hint: `Nothing is lost. Continue with: sora video wait ${job?.id} -o a.mp4`,
    });
    expect(test.stderr.text()).toContain('Ctrl-C again to exit at once');
  });

  it('is unknown when its answer does not end by --timeout, which leaves it half a minute all the same', async () => {
    const test = await withHost();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const asked = new Promise<void>((resolve) => {
      test.server.answer({ ...videoObject('queued'), fault: 'stall', onRequest: () => resolve() });
    });
    const sent = send(test, { deadlineMs: START + 5000 }).catch((error: unknown) => error);
    await asked;
    await vi.advanceTimersByTimeAsync(29_000);
    expect((await onlyJob(test))?.status).toBe('submitting');
    await vi.advanceTimersByTimeAsync(7000);
    expect(await sent).toMatchObject({
      code: 'ambiguous',
      message: expect.stringMatching(
        /^No complete answer arrived within 30 s\. The beginning of its answer names the id video_1\./,
      ),
      hint: expect.stringMatching(/If it is video_1: sora video wait job_\w+ --adopt video_1\n/),
    });
    expect((await onlyJob(test))?.status).toBe('unknown');
    expect(test.server.seen).toHaveLength(1);
  });

  it('names the commands that send it once more, and that close it', async () => {
    const test = await withHost();
    test.server.answer({ fault: 'reset' });
    await expect(send(test, { key: 'nightly' })).rejects.toMatchObject({
      hint: expect.stringMatching(
        /^See what became of it: sora video status job_\w+\nTo send it once more: sora video resend job_\w+\nIf you know that it created nothing: sora video close job_\w+$/,
      ),
    });
  });

  it('names the remote id when the record could not be written', async () => {
    const test = await withHost();
    test.server.answer({ ...videoObject('queued'), onRequest: () => writeFileSync(recordPath(test), 'torn') });
    await expect(send(test)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringMatching(
        /^Job job_\w+ exists as video_1 at 127\.0\.0\.1:\d+, but that could not be written down\.$/,
      ),
      hint: expect.stringMatching(/Note the id.* sora video wait job_\w+ --adopt video_1$/),
    });
  });
});

describe('P2: a request like an earlier one', () => {
  const unresolved = async (test: Awaited<ReturnType<typeof withHost>>, fields: JobFields = {}): Promise<Job> => {
    return addJob(test, { baseUrl: test.baseUrl, ...fields, status: 'unknown' });
  };

  it('is not sent while nobody knows what became of that', async () => {
    const test = await withHost();
    const earlier = await unresolved(test, { fingerprint: DRAFT.fingerprint });
    test.server.answer(NO_LIST);
    await expect(send(test)).rejects.toMatchObject({
      code: 'ambiguous',
      jobId: earlier.id,
      hint: expect.stringContaining(`sora video resend ${earlier.id}`),
    });
    await onlyJob(test);
  });

  it.each<[string, JobFields, Partial<SubmitOptions>]>([
    ['--resend says so', { fingerprint: DRAFT.fingerprint }, { resend: true }],
    ['it asks for other work', { fingerprint: hashOf('other work') }, {}],
    ['its key is another', { fingerprint: hashOf('other work'), key: 'a' }, { key: 'b' }],
  ])('is sent when %s', async (_title, fields, options) => {
    const test = await withHost();
    await unresolved(test, fields);
    test.server.answer(videoObject('queued'));
    expect((await send(test, options)).job.status).toBe('queued');
  });

  it.each<[string, JobFields, Partial<SubmitOptions>, string]>([
    ['without a key, where that has none', {}, {}, 'failed'],
    ['without a key, where that has one', { key: 'nightly' }, {}, 'unknown'],
    ['by its own key', { key: 'nightly' }, { key: 'nightly' }, 'failed'],
    ['by another key', { key: 'nightly' }, { key: 'weekly' }, 'unknown'],
  ])('is closed by one that is sent again %s, if at all', async (_title, fields, options, status) => {
    const test = await withHost();
    const earlier = await unresolved(test, { fingerprint: DRAFT.fingerprint, ...fields });
    test.server.answer(videoObject('queued'));
    await send(test, { ...options, resend: true });
    expect((await (await test.context.jobs()).find(earlier.id))?.status).toBe(status);
  });

  it('is sent when that is one of its own command', async () => {
    const test = await withHost();
    const earlier = await unresolved(test, { fingerprint: DRAFT.fingerprint });
    test.server.answer(videoObject('queued'));
    expect((await send(test, { ownIds: [earlier.id] })).job.id).not.toBe(earlier.id);
  });

  it.each([['queued'], ['succeeded']] as const)('is sent when that is %s: equal prompts are normal', async (status) => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl, fingerprint: DRAFT.fingerprint, status });
    test.server.answer(videoObject('queued'));
    expect((await send(test)).job.status).toBe('queued');
  });
});

describe('an equal request that is on its way', () => {
  const mine = { fingerprint: DRAFT.fingerprint, createdAt: new Date(START - 180_000).toISOString() };
  const WARNING = /^warning: Job (job_\w+) is an equal request, sent 3 min ago and running.* --key <text>\.$/m;

  it('is warned of with its id and the use of a key, before this one is sent all the same', async () => {
    const test = await withHost();
    const earlier = await addJob(test, { baseUrl: test.baseUrl, ...mine, status: 'running' });
    let before = '';
    const onRequest = (): void => {
      before = test.stderr.text();
    };
    test.server.answer({ ...videoObject('queued'), onRequest });
    expect((await send(test)).job.id).not.toBe(earlier.id);
    expect(WARNING.exec(before)?.[1]).toBe(earlier.id);
  });

  it.each<[string, JobFields, Partial<SubmitOptions>]>([
    ['is finished', { status: 'succeeded' }, {}],
    ['was sent more than an hour ago', { createdAt: new Date(START - 3_600_001).toISOString() }, {}],
    ['asks for other work', { fingerprint: hashOf('other work') }, {}],
    ['came before a request with a key', {}, { key: 'nightly' }],
    ['came before a request that is to be sent all the same', {}, { resend: true }],
  ])('is not warned of when it %s', async (_title, fields, options) => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl, ...mine, status: 'running', ...fields });
    test.server.answer(videoObject('queued'));
    await send(test, options);
    expect(test.stderr.text()).not.toContain('equal request');
  });

  it('is not warned of when this same command has sent it', async () => {
    const test = await withHost();
    const earlier = await addJob(test, { baseUrl: test.baseUrl, ...mine, status: 'running' });
    test.server.answer(videoObject('queued'));
    await send(test, { ownIds: [earlier.id] });
    expect(test.stderr.text()).not.toContain('equal request');
  });
});

describe('P2: a key', () => {
  it.each(['queued', 'running', 'succeeded'] as const)(
    'whose job is %s gives that job and sends nothing',
    async (status) => {
      const test = await withHost();
      const mine = { fingerprint: DRAFT.fingerprint, key: 'nightly' };
      const earlier = await addJob(test, { baseUrl: test.baseUrl, ...mine, status });
      expect(await send(test, { key: 'nightly' })).toEqual({ job: earlier, pollAfterMs: 0 });
      expect(test.server.seen).toEqual([]);
      expect(test.stderr.text()).toContain(`The key "nightly" belongs to job ${earlier.id}`);
    },
  );

  it.each(['failed', 'expired', 'cancelled'] as const)('whose job is %s is free again', async (status) => {
    const test = await withHost();
    const mine = { fingerprint: DRAFT.fingerprint, key: 'nightly' };
    const earlier = await addJob(test, { baseUrl: test.baseUrl, ...mine, status });
    test.server.answer(videoObject('queued'));
    const { job } = await send(test, { key: 'nightly' });
    expect(job.id).not.toBe(earlier.id);
    expect(job.key).toBe('nightly');
  });

  it('that belongs to other work is refused', async () => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl, fingerprint: hashOf('other work'), key: 'nightly' });
    await expect(send(test, { key: 'nightly' })).rejects.toMatchObject({ code: 'usage' });
    expect(test.server.seen).toEqual([]);
  });

  it('warns of records in which an equal job may stand', async () => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl });
    const torn = join(test.context.paths().jobs, 'job_000000000torn00.json');
    writeFileSync(torn, 'torn');
    test.server.answer(videoObject('queued'));
    await send(test);
    expect(test.stderr.text()).toContain(`${torn} cannot be read`);
  });

  it('that may stand in a record which cannot be read is refused, unless --resend says otherwise', async () => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl });
    const torn = join(test.context.paths().jobs, 'job_000000000torn00.json');
    writeFileSync(torn, '{"version":1,"key":"nightly"');
    await expect(send(test, { key: 'nightly' })).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining(`whose record cannot be read: ${torn}: `) },
      hint: expect.stringContaining('Repair that record, or move it away'),
    });
    expect(test.server.seen).toEqual([]);
    // The job that the key has is known, whatever else stands there.
    const mine = await addJob(test, { baseUrl: test.baseUrl, fingerprint: DRAFT.fingerprint, key: 'weekly' });
    expect((await send(test, { key: 'weekly' })).job.id).toBe(mine.id);
    test.server.answer(videoObject('queued'));
    expect((await send(test, { key: 'nightly', resend: true })).job.key).toBe('nightly');
  });

  const LOST_ID = 'job_0mi8ovgg0000000';
  it.each<[string, JobFields, Partial<SubmitOptions>]>([
    ['has another key', { key: 'weekly', fingerprint: DRAFT.fingerprint }, { key: 'nightly' }],
    ['has none', { fingerprint: DRAFT.fingerprint }, { key: 'nightly' }],
    ['has the key of a job that is given up', { key: 'nightly', status: 'expired' }, { key: 'nightly' }],
    ['has the key of a request that is to be sent all the same', { key: 'nightly' }, { key: 'nightly', resend: true }],
    ['asks for the same, as this one does without a key', { fingerprint: DRAFT.fingerprint, status: 'running' }, {}],
  ])('is not held up by an unusable record that %s', async (_title, fields, options) => {
    const test = await withHost();
    await writeUnusable(test.context.paths().jobs, LOST_ID, fields);
    test.server.answer(videoObject('queued'));
    expect((await send(test, options)).job.status).toBe('queued');
  });

  it.each(['queued', 'running', 'succeeded'] as const)(
    'of an unusable record that says %s is refused: its job may be paid for',
    async (status) => {
      const test = await withHost();
      const path = await writeUnusable(test.context.paths().jobs, LOST_ID, { key: 'nightly', status });
      await expect(send(test, { key: 'nightly' })).rejects.toMatchObject({
        code: 'machine',
        message: `The key "nightly" belongs to a job whose record is unusable: ${path}: its status is ${status}, but it has no remoteId.`,
        hint: 'Repair that record, or move it away; --resend sends it anyway.',
      });
      expect(test.server.seen).toEqual([]);
    },
  );

  it('is needed only by those who may mean another job than an unusable record of the same work holds', async () => {
    const test = await withHost();
    const same = await writeUnusable(test.context.paths().jobs, LOST_ID, { fingerprint: DRAFT.fingerprint });
    const other = await writeUnusable(test.context.paths().jobs, 'job_0mi8ovgg0000001');
    test.server.answer(videoObject('queued'));
    await send(test);
    expect(test.stderr.text()).toContain(`${same} cannot be used; it holds an equal job`);
    expect(test.stderr.text()).not.toContain(other);
  });
});
