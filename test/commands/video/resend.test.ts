import { writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../../src/commands/video/input.ts';
import { type ResendFlags, runVideoResend } from '../../../src/commands/video/resend.ts';
import { runVideoStatus } from '../../../src/commands/video/status.ts';
import type { Job, Refused } from '../../../src/shared/job.ts';
import { correctionOf } from '../../../src/videos/jobs/costs.ts';
import { jobError } from '../../../src/videos/jobs/error.ts';
import { replacedBy } from '../../../src/videos/lost/replace.ts';
import { addCharacter, addJob, NO_LIST, refusal, videoList, videoObject, withHost } from '../../helpers/far-end.ts';
import { pictureOf } from '../../helpers/pictures.ts';
import { START, type TestContext } from '../../helpers/runtime.ts';
import { hashOf, type JobFields, sampleJob } from '../../helpers/samples.ts';

type Test = Awaited<ReturnType<typeof withHost>>;

const FLAGS: ResendFlags = { wait: false, dryRun: false, timeout: 1800, force: false, allowDrift: false };
const GENERATE: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: [], inject: true, wait: false, count: 1, seconds: 4 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

const resend = ({ context }: TestContext, id: string, flags: Partial<ResendFlags> = {}): Promise<number> =>
  runVideoResend(context, { ...FLAGS, ...flags, id });

const generate = ({ context }: TestContext, flags: Partial<typeof GENERATE> = {}): Promise<number> =>
  runGenerate(context, { ...GENERATE, ...flags });

async function jobs({ context }: TestContext): Promise<readonly Job[]> {
  return (await (await context.jobs()).list()).records;
}

/** A request whose answer was lost; the host that sent it has no list. */
async function lose(test: Test, flags: Partial<typeof GENERATE> = {}): Promise<Job> {
  test.server.answer({ fault: 'reset' });
  await expect(generate(test, flags)).rejects.toMatchObject({ code: 'ambiguous' });
  test.clock.ms += 60_000;
  const [job] = await jobs(test);
  if (!job) throw new Error('no record was made');
  return job;
}

async function unknown(test: Test, fields: JobFields): Promise<Job> {
  return addJob(test, { baseUrl: test.baseUrl, ...fields, status: 'unknown' });
}

const bodies = ({ server }: Test): unknown[] =>
  server.seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body.toString()));

describe('P2: a request that is sent once more', () => {
  it.each([
    'It’s "Joe" & $HOME `id` \\ !',
    'A first line.\r\nA second one, after CR LF.\n',
    '-o is no option',
    'Zoë waves.'.normalize('NFC'),
  ])('is the recorded one, byte for byte: %j', async (prompt) => {
    const test = await withHost();
    const lost = await lose(test, { prompt, key: 'nightly', model: 'sora-2-pro', seconds: 8 });
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }));
    expect(await resend(test, lost.id)).toBe(0);
    const [first, second] = bodies(test);
    expect(second).toEqual(first);
    const [made] = await jobs(test);
    expect(made).toMatchObject({
      remoteId: 'video_2',
      request: lost.request,
      key: 'nightly',
      fingerprint: lost.fingerprint,
    });
  });

  it('closes the job that it takes the place of: nothing is offered a third time, and the plain command works', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }));
    await resend(test, lost.id);
    const [made, closed] = await jobs(test);
    expect(closed).toMatchObject({ id: lost.id, status: 'failed', failure: { code: 'closed' }, replacedBy: made?.id });
    const again = await test.again();
    test.server.answer(videoObject('queued', { id: 'video_2' }));
    expect(await runVideoStatus(again.context, { ids: [], watch: false, exitStatus: false })).toBe(0);
    expect(again.stdout.text()).not.toContain(lost.id);
    test.server.answer(videoObject('queued', { id: 'video_3' }));
    expect(await generate(test)).toBe(0);
    expect(bodies(test)).toHaveLength(3);
  });

  it.each([
    ['lost', undefined, undefined],
    ['refused', 'nightly', 401],
  ])('is followed from the job that was %s: its end names the job that took its place', async (_how, key, status) => {
    const test = await withHost();
    if (status !== undefined) {
      test.server.answer(refusal(status, 'invalid_api_key'));
      await expect(generate(test, { key })).rejects.toMatchObject({ code: 'auth' });
    }
    const [old] = status === undefined ? [await lose(test)] : await jobs(test);
    if (!old) throw new Error('no record was made');
    test.server.answer(...(status === undefined ? [NO_LIST] : []), videoObject('queued', { id: 'video_2' }));
    expect(await resend(test, old.id)).toBe(0);
    const [made] = await jobs(test);
    const error = jobError((await (await test.context.jobs()).find(old.id)) as Refused);
    expect(error).toMatchObject({ code: status === undefined ? 'refused' : 'auth' });
    expect(error.hint).toBe(
      `Its request was sent once more, as job ${made?.id}. Follow that one: sora video wait ${made?.id}`,
    );
    const again = await test.again();
    expect(await runVideoStatus(again.context, { ids: [old.id], watch: false, exitStatus: false })).toBe(0);
    expect(again.stdout.text()).toContain('failed (replaced)');
    expect(again.stderr.text()).toContain(`Follow that one: sora video status ${made?.id}`);
    // A refused request costs nothing, also after it was sent once more.
    expect(correctionOf(await (await test.context.jobs()).find(old.id))).toEqual(
      status === undefined ? { estimateUsd: expect.any(Number) } : { refused: true },
    );
  });

  it('by its key, or as a take of one scene, takes the place of those that were refused, and of no other', () => {
    const take = { file: '/film/ad.md', scene: 'boat', n: 1, path: 'a.mp4' };
    const fingerprint = hashOf('work');
    const refused = (id: string, fields: JobFields): Job =>
      sampleJob(`job_0mwq8lds000000${id}`, { status: 'failed', ...fields });
    const keyed = refused('1', { fingerprint: hashOf('other'), key: 'a' });
    const own = refused('2', { fingerprint, take, key: 'b' });
    const otherScene = refused('3', { fingerprint, take: { ...take, scene: 'sea' }, key: 'c' });
    const all = [keyed, own, otherScene, refused('4', { fingerprint })];
    const by = { order: { fingerprint }, key: undefined, resend: false, ownIds: [] };
    expect(replacedBy(all, by)).toEqual([]);
    expect(replacedBy(all, { ...by, key: 'a' })).toEqual([keyed]);
    expect(replacedBy(all, { ...by, key: 'd', take: { ...take, n: 2 } })).toEqual([own]);
  });

  it('by `generate --resend` closes every equal job that was unknown, and no other', async () => {
    const test = await withHost();
    const one = await lose(test);
    const two = await unknown(test, { fingerprint: one.fingerprint, request: one.request });
    const other = await unknown(test, { fingerprint: hashOf('other work') });
    test.server.answer(videoObject('queued', { id: 'video_9' }));
    expect(await generate(test, { resend: true })).toBe(0);
    const by = new Map((await jobs(test)).map((job) => [job.id, job]));
    expect([one, two, other].map(({ id }) => by.get(id)?.status)).toEqual(['failed', 'failed', 'unknown']);
  });

  it('and is lost again takes the place of the first all the same; refused, it leaves it as it was', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(NO_LIST, refusal(400, 'invalid_value'));
    await expect(resend(test, lost.id)).rejects.toMatchObject({ code: 'refused' });
    expect((await jobs(test)).map(({ status }) => status)).toEqual(['failed', 'unknown']);
    test.server.answer(NO_LIST, { fault: 'reset' });
    await expect(resend(test, lost.id)).rejects.toMatchObject({
      code: 'ambiguous',
      hint: expect.stringMatching(/sora video resend job_\w+\n.*sora video close job_\w+$/),
    });
    expect((await jobs(test)).map(({ status }) => status)).toEqual(['unknown', 'failed', 'failed']);
  });

  it('is sent once: the second time names the job that took its place, until that is given up', async () => {
    const test = await withHost();
    const lost = await lose(test);
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }));
    await resend(test, lost.id);
    const [made] = await jobs(test);
    expect(made).toMatchObject({ replaces: lost.id });
    const refused = {
      code: 'usage',
      jobId: made?.id,
      message: expect.stringContaining(`once more already, as job ${made?.id}, which is queued`),
    };
    for (const dryRun of [false, true]) await expect(resend(test, lost.id, { dryRun })).rejects.toMatchObject(refused);
    const store = await test.context.jobs();
    // Its sender was killed before the first record was closed.
    await store.update(lost.id, () => lost);
    await expect(resend(test, lost.id)).rejects.toMatchObject(refused);
    expect(bodies(test)).toHaveLength(2);
    await store.update(made?.id ?? '', (job) => ({ ...job, status: 'failed' }));
    test.server.answer(videoObject('queued', { id: 'video_3' }));
    expect(await resend(test, lost.id)).toBe(0);
  });

  it('is not sent when another command sends it while the host is asked', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const id = `${lost.id.slice(0, -4)}zzzz`;
    const other: Job = { ...lost, id, status: 'queued', remoteId: 'video_2', replaces: lost.id };
    const onRequest = (): void =>
      writeFileSync(join(test.context.paths().jobs, `${id}.json`), `${JSON.stringify(other)}\n`);
    test.server.answer({ ...NO_LIST, onRequest });
    await expect(resend(test, lost.id)).rejects.toMatchObject({ code: 'usage', jobId: id });
    expect(bodies(test)).toHaveLength(1);
  });

  it('closes all that it takes the place of, when it is that of a request which was to replace another', async () => {
    const test = await withHost();
    const lost = await lose(test);
    const second = await unknown(test, { fingerprint: lost.fingerprint, request: lost.request, replaces: lost.id });
    await expect(resend(test, lost.id)).rejects.toMatchObject({
      ...{ code: 'ambiguous', message: expect.stringContaining(`${second.id}, of which nobody knows whether`) },
    });
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_3' }));
    await resend(test, second.id);
    const by = new Map((await jobs(test)).map((job) => [job.id, job]));
    const closed = {
      status: 'failed',
      replacedBy: [...by.values()].find(({ remoteId }) => remoteId === 'video_3')?.id,
    };
    for (const { id } of [lost, second]) expect(by.get(id)).toMatchObject(closed);
  });

  it.each([
    ['unknown', 'failed'],
    ['queued', 'failed'],
    ['failed', 'unknown'],
  ] as const)('and is %s after a kill, which left the first open: that is %s', async (status, left) => {
    const test = await withHost();
    const lost = await lose(test);
    const remoteId = status === 'queued' ? 'video_2' : undefined;
    const second = await addJob(test, { baseUrl: test.baseUrl, replaces: lost.id, status, remoteId });
    test.server.otherwise(() => NO_LIST);
    await runVideoStatus(test.context, { ids: [lost.id], watch: false, exitStatus: false }).catch(() => {});
    const by = new Map((await jobs(test)).map((job) => [job.id, job]));
    expect(by.get(lost.id)).toMatchObject({ status: left, ...(left === 'failed' && { replacedBy: second.id }) });
  });

  it('is none of a key that has its job by now: a dry run says so, and nothing is sent', async () => {
    const test = await withHost();
    test.server.answer(refusal(400, 'invalid_value'));
    await expect(generate(test, { key: 'nightly' })).rejects.toMatchObject({ code: 'refused' });
    const [refused] = await jobs(test);
    test.server.answer(videoObject('queued', { id: 'video_2' }));
    await generate(test, { key: 'nightly' });
    expect(await resend(test, refused?.id ?? '', { dryRun: true, maxCost: 0 })).toBe(0);
    expect(test.stderr.text()).toMatch(/existing: job_\w+\nCost: none, because nothing would be sent/);
    expect(await resend(test, refused?.id ?? '', { maxCost: 0 })).toBe(0);
    expect(bodies(test)).toHaveLength(2);
  });

  it('is not sent when the host has it after all, nor while another command sends it', async () => {
    const test = await withHost();
    test.server.answer({ fault: 'reset' });
    await expect(generate(test)).rejects.toMatchObject({ code: 'ambiguous' });
    const [lost] = await jobs(test);
    const made = { id: 'video_9', prompt: 'A man waves.', seconds: '4', size: '1280x720', created_at: START / 1000 };
    test.server.answer(videoList([made], START));
    await expect(resend(test, lost?.id ?? '')).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringMatching(/is queued at 127\.0\.0\.1:\d+\. Nothing was sent\.$/) },
    });
    expect((await jobs(test))[0]?.remoteId).toBe('video_9');
    const sending = await addJob(test, { baseUrl: test.baseUrl, status: 'submitting' });
    const store = await test.context.jobs();
    await store.whileSending(sending.id, async () => {
      await expect(resend(test, sending.id)).rejects.toMatchObject({ code: 'ambiguous' });
    });
    expect(bodies(test)).toHaveLength(1);
  });

  it('has the ids that its characters had then', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    const lost = await lose(test, { prompt: 'Joe waves.', character: ['Joe'] });
    await (await test.context.characters()).remove('Joe');
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }));
    await resend(test, lost.id);
    expect(bodies(test)[1]).toEqual(bodies(test)[0]);
  });

  it('has its picture, while that is the same', async () => {
    const test = await withHost();
    const path = join(test.dir, 'first.png');
    await writeFile(path, await pictureOf('png', { width: 1280, height: 720 }));
    const lost = await lose(test, { reference: 'first.png' });
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }), NO_LIST);
    await resend(test, lost.id);
    const [first, second] = test.server.seen.filter(({ method }) => method === 'POST').map(({ body }) => body.length);
    expect(second).toBe(first);
    const store = await test.context.jobs();
    await store.update(lost.id, () => lost);
    for (const { id } of await jobs(test)) if (id !== lost.id) await store.remove(id);
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.from('x')]));
    await expect(resend(test, lost.id)).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('is no longer the picture that was sent') },
    });
    await rm(path);
    test.server.answer(NO_LIST);
    await expect(resend(test, lost.id)).rejects.toMatchObject({
      ...{ code: 'usage', jobId: lost.id, hint: expect.stringMatching(/^Put it back, or run .* --resend\.$/) },
    });
  });

  it('is made from the same video, by as much', async () => {
    const test = await withHost();
    const source = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', result: { seconds: 4 } });
    const lost = await unknown(test, {
      request: { ...source.request, prompt: 'On.', seconds: 12, from: { jobId: source.id, kind: 'extend' } },
    });
    test.server.answer(NO_LIST, videoObject('queued', { id: 'video_2' }));
    await resend(test, lost.id);
    expect(bodies(test)).toEqual([{ video: { id: source.remoteId }, prompt: 'On.', seconds: '8' }]);
  });

  it('is shown by a dry run, and sent for no more than is allowed', async () => {
    const test = await withHost();
    const lost = await lose(test);
    expect(await resend(test, lost.id, { dryRun: true })).toBe(0);
    expect(test.stdout.text()).toContain('"prompt": "A man waves."');
    test.server.answer(NO_LIST);
    await expect(resend(test, lost.id, { maxCost: 0.1 })).rejects.toMatchObject({ code: 'budget' });
    expect(bodies(test)).toHaveLength(1);
  });

  it.each([
    ['queued', 'is queued', 'Get its video: '],
    ['succeeded', 'is succeeded', 'Get its video: '],
    ['cancelled', 'has ended as cancelled', 'To try again, run the same'],
  ] as const)('is refused for one that is %s', async (status, state, hint) => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status });
    await expect(resend(test, job.id)).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining(state), hint: expect.stringContaining(hint) },
    });
    expect(test.server.seen).toEqual([]);
  });
});
