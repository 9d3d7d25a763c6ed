import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DeriveFlags, runVideoDerive } from '../../../src/commands/video/derive.ts';
import type { Derivation, Job } from '../../../src/shared/job.ts';
import { fingerprintOf } from '../../../src/videos/jobs/fingerprint.ts';
import { addJob, content, KEY, makeVideo, NO_LIST, refusal, videoObject, withHost } from '../../helpers/far-end.ts';
import type { TestContext } from '../../helpers/runtime.ts';
import type { JobFields } from '../../helpers/samples.ts';

const FLAGS: DeriveFlags = {
  ...{ wait: false, resend: false, dryRun: false },
  ...{ timeout: 1800, force: false, allowDrift: false },
};

type Test = Awaited<ReturnType<typeof withHost>>;

/** A finished job of 8 s at the scripted host. */
async function finished(test: Test, fields: JobFields = {}): Promise<Job> {
  return addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', result: { seconds: 8, size: '64x36' }, ...fields });
}

function derive(
  { context }: TestContext,
  wish: Partial<DeriveFlags> & { kind: Derivation; id: string; prompt?: string },
): Promise<number> {
  return runVideoDerive(context, { ...FLAGS, prompt: 'He walks on.', ...wish });
}

async function newest({ context }: TestContext): Promise<Job | undefined> {
  return (await context.jobs()).find('@last');
}

async function countJobs({ context }: TestContext): Promise<number> {
  return (await (await context.jobs()).list()).records.length;
}

describe('a video from another one', () => {
  it.each([
    ['extend', 12, '/v1/videos/extensions', { prompt: 'He walks on.', seconds: '4' }],
    ['edit', 8, '/v1/videos/edits', { prompt: 'He walks on.' }],
    ['remix', 8, undefined, { prompt: 'He walks on.' }],
  ] as const)('is a job of its own: %s', async (kind, seconds, path, body) => {
    const test = await withHost({ json: true });
    const source = await finished(test, { model: 'sora-2', profile: 'default' });
    let before: unknown;
    const onRequest = (): void => {
      before = readRecords(test).find((job) => job.status === 'submitting');
    };
    test.server.answer({ ...videoObject('queued', { id: 'video_new' }), onRequest });
    expect(await derive(test, { kind, id: source.id })).toBe(0);
    const job = await newest(test);
    expect(job).toMatchObject({
      ...{ status: 'queued', remoteId: 'video_new', baseUrl: source.baseUrl, profile: 'default', model: 'sora-2' },
      request: { prompt: 'He walks on.', seconds, characters: [], from: { jobId: source.id, kind } },
    });
    expect(JSON.parse(test.stdout.text())).toEqual(job);
    // P2: written before the request left, with everything but its answer.
    const { remoteId: _id, ...unsent } = job as Job;
    expect(before).toEqual({ ...unsent, status: 'submitting' });
    const seen = test.server.seen[0];
    expect(seen?.path).toBe(path ?? `/v1/videos/${source.remoteId}/remix`);
    expect(JSON.parse(String(seen?.body))).toEqual({ ...body, ...(path && { video: { id: source.remoteId } }) });
  });

  it.each(['extend', 'edit', 'remix'] as const)(
    'is refused for good by a host without %s: nothing stays unknown',
    async (kind) => {
      const test = await withHost();
      const source = await finished(test);
      test.server.answer(refusal(500, '500', `litellm.APIConnectionError: video ${kind} is not supported for gemini`));
      await expect(derive(test, { kind, id: source.id })).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining(`video ${kind} is not supported`),
        hint: expect.stringContaining('sora video generate'),
      });
      expect(await newest(test)).toMatchObject({ status: 'failed' });
      expect(test.server.seen).toHaveLength(1);
    },
  );

  it('goes to the host that has it, whatever is configured now', async () => {
    const test = await withHost();
    const other = await withHost();
    const source = await finished(test, { baseUrl: other.baseUrl });
    other.server.answer(videoObject('queued'));
    const keyless = await test.again({}, { env: { OPENAI_API_KEY: '' } });
    expect(await derive(keyless, { kind: 'edit', id: source.id })).toBe(0);
    expect((await newest(test))?.baseUrl).toBe(other.baseUrl);
    expect(test.server.seen).toEqual([]);
  });

  it('is awaited and saved with --wait, and compared with what was asked (P3)', async () => {
    const test = await withHost();
    const source = await finished(test, { result: { seconds: 1, size: '64x36' } });
    const file = await makeVideo();
    test.server.answer(videoObject('queued', { id: 'n' }), videoObject('completed', { id: 'n' }), content(file));
    expect(await derive(test, { kind: 'remix', id: source.id, output: 'new.mp4' })).toBe(0);
    expect(readFileSync(join(test.dir, 'new.mp4')).equals(file)).toBe(true);

    test.server.answer(videoObject('queued', { id: 'm' }), videoObject('completed', { id: 'm' }), content(file));
    // Asked for 1 s and 4 more; what comes is 1 s long.
    const short = derive(test, { kind: 'extend', id: source.id, wait: true });
    await expect(short).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringContaining('instead of 5 s'),
    });
  });

  it('is only shown with --dry-run', async () => {
    const test = await withHost({ json: true });
    const source = await finished(test);
    expect(await derive(test, { kind: 'extend', id: source.id, seconds: 8, dryRun: true })).toBe(0);
    expect(JSON.parse(test.stdout.text())).toMatchObject({
      request: {
        url: `${test.baseUrl}/videos/extensions`,
        body: { prompt: 'He walks on.', seconds: '8', video: { id: source.remoteId } },
      },
    });
    expect(test.stdout.text()).not.toContain(KEY);
    expect(await countJobs(test)).toBe(1);
  });

  it('asks the host of a job that was not finished when it was last looked at', async () => {
    const test = await withHost();
    const source = await addJob(test, { baseUrl: test.baseUrl, status: 'running' });
    test.server.answer(videoObject('completed', { id: source.remoteId }), videoObject('queued', { id: 'n' }));
    expect(await derive(test, { kind: 'edit', id: source.id })).toBe(0);
    expect((await (await test.context.jobs()).find(source.id))?.status).toBe('succeeded');
  });
});

describe('P2: a video from another one', () => {
  it('whose answer is lost is unknown, and not sent again by itself', async () => {
    const test = await withHost();
    const source = await finished(test);
    test.server.answer({ fault: 'reset' }, NO_LIST);
    const again = { code: 'ambiguous', hint: expect.stringMatching(/sora video resend job_\w+/) };
    await expect(derive(test, { kind: 'edit', id: source.id })).rejects.toMatchObject(again);
    await expect(derive(test, { kind: 'edit', id: source.id })).rejects.toMatchObject(again);
    expect(await countJobs(test)).toBe(2);
    test.server.answer(videoObject('queued', { id: 'n' }), videoObject('queued', { id: 'o' }));
    // Other work, though the prompt is the same.
    expect(await derive(test, { kind: 'remix', id: source.id })).toBe(0);
    expect(await derive(test, { kind: 'edit', id: source.id, resend: true })).toBe(0);
  });

  it('with a key that has a job gives that job', async () => {
    const test = await withHost({ quiet: true });
    const source = await finished(test);
    test.server.answer(videoObject('queued', { id: 'n' }));
    const again = { kind: 'extend', id: source.id, key: 'k' } as const;
    await derive(test, again);
    await derive(test, again);
    const [first, second] = test.stdout.text().trim().split('\n');
    expect(first).toBe(second);
    await expect(derive(test, { ...again, seconds: 8 })).rejects.toMatchObject({ code: 'usage' });
  });

  it('that is refused is recorded as failed', async () => {
    const test = await withHost();
    const source = await finished(test);
    test.server.answer(refusal(400, 'moderation_blocked'));
    await expect(derive(test, { kind: 'edit', id: source.id })).rejects.toMatchObject({ code: 'policy' });
    expect((await newest(test))?.status).toBe('failed');
  });

  it('has a fingerprint of its own for every source and kind', () => {
    const request = { prompt: 'x', seconds: 4, size: { width: 64, height: 36 }, characters: [] };
    const prints = [undefined, ['edit', 'job_a'], ['edit', 'job_b'], ['remix', 'job_a']].map((from) =>
      fingerprintOf({
        ...{ provider: 'openai', baseUrl: 'https://a' },
        request: { ...request, ...(from && { from: { kind: from[0] as Derivation, jobId: from[1] ?? '' } }) },
      }),
    );
    expect(new Set(prints).size).toBe(4);
  });
});

describe('P6: a video from another one is refused before anything is sent', () => {
  it.each<[string, string, JobFields]>([
    ['failed', 'refused', { status: 'failed' }],
    ['expired', 'refused', { status: 'expired' }],
    ['refused by the content policy', 'policy', { status: 'failed', failure: { message: 'No.', policy: true } }],
    ['deleted at the host', 'refused', { remoteDeleted: true }],
  ])('when that is %s', async (_title, code, fields) => {
    const test = await withHost();
    const source = await finished(test, fields);
    await expect(derive(test, { kind: 'edit', id: source.id })).rejects.toMatchObject({ code, jobId: source.id });
    expect(test.server.seen).toEqual([]);
  });

  it('when that is still running', async () => {
    const test = await withHost();
    const source = await addJob(test, { baseUrl: test.baseUrl, status: 'queued' });
    test.server.answer(videoObject('in_progress', { id: source.remoteId }));
    await expect(derive(test, { kind: 'edit', id: source.id })).rejects.toMatchObject({
      code: 'pending',
      hint: `Wait for it: sora video wait ${source.id}`,
    });
    expect(await countJobs(test)).toBe(1);
  });

  it('with every problem at once', async () => {
    const test = await withHost();
    const wish = { kind: 'edit', id: 'job_none', prompt: ' ', output: 'nowhere/x.mp4' } as const;
    const error = await derive(test, wish).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'usage', problems: expect.objectContaining({ length: 3 }) });
  });

  it.each([
    [3, 8, /4 to 20 s, not 3 s/],
    [21, 8, /4 to 20 s, not 21 s/],
    [20, 101, /121 s long; 120 s are allowed/],
  ])('when an extension adds %i s to %i s', async (seconds, length, message) => {
    const test = await withHost();
    const source = await finished(test, { result: { seconds: length } });
    await expect(derive(test, { kind: 'extend', id: source.id, seconds })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
    expect(await countJobs(test)).toBe(1);
  });

  it('when a video was extended six times in a row, and not one time earlier', async () => {
    const test = await withHost();
    let last = await finished(test, { result: { seconds: 4 } });
    for (let count = 1; count <= 6; count += 1) {
      test.server.answer(videoObject('completed', { id: `video_x${count}`, seconds: String(4 + 4 * count) }));
      expect(await derive(test, { kind: 'extend', id: last.id })).toBe(0);
      last = (await (await test.context.jobs()).find(`video_x${count}`)) as Job;
      expect(last.request.seconds).toBe(4 + 4 * count);
    }
    await expect(derive(test, { kind: 'extend', id: last.id })).rejects.toMatchObject({
      message: 'The video was extended 6 times already; 6 are allowed.',
    });
    test.server.answer(videoObject('queued', { id: 'video_e' }));
    expect(await derive(test, { kind: 'edit', id: last.id })).toBe(0);
  });

  it('when it adds seconds that are documented nowhere, at the vendor’s own base URL, but with --allow-undocumented', async () => {
    const test = await withHost();
    const source = await finished(test, { baseUrl: 'https://api.openai.com/v1' });
    const wish = { kind: 'extend', id: source.id, seconds: 5, dryRun: true } as const;
    await expect(derive(test, wish)).rejects.toMatchObject({
      ...{ code: 'usage', message: '5 s is not one of the documented lengths of sora-2 (4, 8, 12, 16, 20).' },
      hint: expect.stringContaining('--allow-undocumented'),
    });
    expect(await derive(test, { ...wish, allowUndocumented: true })).toBe(0);
    expect(test.stderr.text()).toContain('5 s is not one of the documented lengths of sora-2');
  });

  it('but not by rules that a server of one’s own model may not have', async () => {
    const test = await withHost();
    const source = await finished(test, { backend: 'sglang' });
    test.server.answer(videoObject('queued', { id: 'n' }));
    expect(await derive(test, { kind: 'extend', id: source.id, seconds: 2 })).toBe(0);
  });
});

function readRecords({ context }: TestContext): Job[] {
  return readdirSync(context.paths().jobs)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(context.paths().jobs, name), 'utf8')) as Job);
}
