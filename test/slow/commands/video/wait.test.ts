import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../../src/cli/run.ts';
import type { FollowFlags } from '../../../../src/commands/video/input.ts';
import { runVideoDownload, runVideoWait } from '../../../../src/commands/video/wait.ts';
import type { Job } from '../../../../src/shared/job.ts';
import {
  addCharacter,
  addJob,
  content,
  damaged,
  makeVideo,
  NO_LIST,
  refusal,
  videoObject,
  withHost,
} from '../../../helpers/far-end.ts';
import { ffmpegPath } from '../../../helpers/ffmpeg.ts';
import { START } from '../../../helpers/runtime.ts';
import type { JobFields } from '../../../helpers/samples.ts';
import type { Scripted } from '../../../helpers/server.ts';

const FLAGS: FollowFlags = { timeout: 1800, force: false, allowDrift: false };
const DOWNLOAD = { variant: 'video', force: false, allowDrift: false } as const;

let film: Buffer;

beforeAll(async () => {
  film = await makeVideo();
});

const video = (job: Job, status: string, more: object = {}): Scripted =>
  videoObject(status, { id: job.remoteId, ...more });
const done = (job: Job): Scripted => video(job, 'completed', { progress: 100 });

/** Polls of several jobs, all of them queued: which of them asks first is a matter of chance. */
function queuedFor(count: number): Scripted[] {
  const answer: Scripted = {};
  const onRequest: Scripted['onRequest'] = ({ path }) =>
    Object.assign(answer, videoObject('queued', { id: path.split('/').at(-1) }));
  return Array.from({ length: count }, () => Object.assign(answer, { onRequest }));
}

describe('video wait', () => {
  it('asks at once, at rising pauses, then downloads, and remembers where', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job, 'queued'), video(job, 'in_progress', { progress: 50 }), done(job), content(film));
    expect(await runVideoWait(test.context, { ...FLAGS, ids: ['@last'] })).toBe(0);
    const path = join(test.dir, `${job.id}.mp4`);
    expect(test.stdout.text()).toBe(`${path}\n`);
    expect(await readFile(path)).toEqual(film);
    expect(test.pauses).toEqual([7500, 11_250]);
    expect(await (await test.context.jobs()).find(job.id)).toMatchObject({ status: 'succeeded', output: { path } });
    expect(test.server.seen.at(-1)?.path).toBe(`/v1/videos/${job.remoteId}/content`);
  });

  it('remembers whether the pictures were decoded, which takes an ffmpeg, and works without one', async () => {
    for (const [SORA_FFMPEG, outputDecoded] of [
      [ffmpegPath, true],
      ['/nowhere/ffmpeg', false],
    ] as const) {
      const test = await withHost({ json: true }, { env: { SORA_FFMPEG } });
      await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
      test.server.answer(content(film));
      expect(await runVideoWait(test.context, { ...FLAGS, ids: ['@last'] })).toBe(0);
      const { outputCheck, ...document } = JSON.parse(test.stdout.text());
      expect(document).toMatchObject({ outputDecoded });
      expect(outputCheck?.remarks).toEqual(outputDecoded ? [] : undefined);
      expect(test.stderr.text()).toBe('');
    }
  });

  it('P3: of a video that is damaged each time is no success, however often it is tried', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    const aside = join(test.dir, `${job.id}.damaged.mp4`);
    for (const _ of ['once', 'again']) {
      test.server.answer(content(damaged(film)), content(damaged(film)));
      await expect(runVideoWait(test.context, { ...FLAGS, ids: ['@last'] })).rejects.toMatchObject({
        code: 'unverified',
        message: expect.stringContaining(`What arrived is kept: ${aside}`),
        hint: expect.stringMatching(`Play .*sora video download ${job.id}`),
        jobId: job.id,
      });
      expect(await readdir(test.dir)).toEqual([`${job.id}.damaged.mp4`]);
    }
    expect(test.stderr.text()).toMatch(`${job.id}: the download is damaged and is fetched once more: `);
    expect(await (await test.context.jobs()).find(job.id)).not.toHaveProperty('output');
  });

  it('for a job whose file is here asks nobody', async () => {
    const test = await withHost({ quiet: true });
    const outputPath = join(test.dir, 'here.mp4');
    await writeFile(outputPath, film);
    const outputSha256 = createHash('sha256').update(film).digest('hex');
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', outputPath, outputSha256 });
    expect(await runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).toBe(0);
    expect(test.stdout.text()).toBe(`${outputPath}\n`);
    expect(test.server.seen).toEqual([]);
  });

  it('never takes another video at that place for its own', async () => {
    const test = await withHost();
    const outputPath = join(test.dir, 'here.mp4');
    await writeFile(outputPath, film);
    const outputSha256 = 'ab'.repeat(32);
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', outputPath, outputSha256 });
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id], output: outputPath })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it.each<[string, Partial<FollowFlags>, boolean]>([
    ['another place is named', { output: 'other.mp4' }, true],
    ['--force asks for it', { force: true }, true],
    ['its file is gone', {}, false],
  ])('downloads a finished job once more when %s, without asking how it is', async (_title, flags, there) => {
    const test = await withHost({ quiet: true });
    const outputPath = join(test.dir, 'here.mp4');
    if (there) await writeFile(outputPath, film);
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', outputPath });
    test.server.answer(content(film));
    expect(await runVideoWait(test.context, { ...FLAGS, ...flags, ids: [job.id] })).toBe(0);
    const path = join(test.dir, flags.output ?? `${job.id}.mp4`);
    expect(test.stdout.text()).toBe(`${path}\n`);
    expect(await readFile(path)).toEqual(film);
    expect(await (await test.context.jobs()).find(job.id)).toHaveProperty('output.path', path);
  });

  it('of a job that nobody knows only looks for it, and is ambiguous', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'unknown' });
    test.server.answer(NO_LIST);
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject({
      code: 'ambiguous',
      jobId: job.id,
    });
    expect(test.server.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('P2: names the profile and the target in the command that continues', async () => {
    const test = await withHost({ profile: 'my work' });
    await mkdir(test.home, { recursive: true });
    await writeFile(join(test.home, 'config.json'), '{"version":1,"profiles":{"my work":{}}}');
    const job = await addJob(test, { baseUrl: test.baseUrl, profile: 'my work' });
    test.server.answer(video(job, 'queued'));
    const flags = { ...FLAGS, timeout: 0, output: 'a b.mp4', ids: [job.id] };
    await expect(runVideoWait(test.context, flags)).rejects.toMatchObject({
      code: 'pending',
      jobId: job.id,
      hint: expect.stringContaining(`sora video wait ${job.id} -o 'a b.mp4' --profile 'my work'`),
    });
  });

  it('P2: stopped during the download says how to go on, and leaves no file', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(done(job), { ...content(film), fault: 'stall', onRequest: () => test.abort('interrupted') });
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject({
      code: 'pending',
      hint: expect.stringContaining(`sora video wait ${job.id}`),
    });
    expect(await readdir(test.dir)).toEqual([]);
    expect((await (await test.context.jobs()).find(job.id))?.status).toBe('succeeded');
  });

  it('that ends while its download fails again and again tells why', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    // One attempt of five reads.
    test.server.answer(done(job), ...Array.from({ length: 5 }, () => ({ fault: 'reset' as const })));
    test.server.answer({ ...content(film), fault: 'stall', onRequest: () => test.abort('interrupted') });
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/safe at its host\. The last attempt failed: The connection to .* was lost/),
    });
  });

  it('that is stopped while its download is tried again tells what the host said', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(
      done(job),
      { status: 503, body: { error: { message: 'the store is overloaded' } } },
      { fault: 'hang', onRequest: () => test.abort('interrupted') },
    );
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject({
      code: 'pending',
      message: expect.stringMatching(/The last attempt failed: .* answered 503: the store is overloaded/),
    });
  });

  it('forgets the host’s own word at the end of a wait', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(
      videoObject('rendering', { id: job.remoteId }),
      videoObject('completed', { id: job.remoteId }),
      content(film),
    );
    await runVideoWait(test.context, { ids: [job.id], timeout: 1800, force: false, allowDrift: false });
    expect(await (await test.context.jobs()).find(job.id)).not.toHaveProperty('remoteStatus');
  });

  it('P2: the command that continues names the base URL that the flag named', async () => {
    const test = await withHost();
    const env = { OPENAI_API_KEY: 'k' };
    const flagged = await test.again({ baseUrl: test.baseUrl }, { env });
    const job = await addJob(flagged, { baseUrl: test.baseUrl });
    test.server.answer(videoObject('queued', { id: job.remoteId }));
    const flags = { ids: [job.id], timeout: 0, force: false, allowDrift: false };
    await expect(runVideoWait(flagged.context, flags)).rejects.toMatchObject({
      hint: expect.stringContaining(`--base-url ${test.baseUrl}`),
    });
  });
});

describe('video wait for several', () => {
  it('saves each in the folder, and its one document lists all', async () => {
    const test = await withHost({ json: true });
    await mkdir(join(test.dir, 'films'));
    const store = await test.context.jobs();
    const jobs = [
      await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' }),
      await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' }),
    ];
    test.server.answer(content(film), content(film));
    const ids = jobs.map(({ id }) => id);
    expect(await runVideoWait(test.context, { ...FLAGS, output: 'films', ids: [...ids, ids[0] ?? ''] })).toBe(0);
    expect((await readdir(join(test.dir, 'films'))).toSorted()).toEqual(ids.map((id) => `${id}.mp4`).toSorted());
    expect(JSON.parse(test.stdout.text()).map(({ id }: Job) => id)).toEqual(ids);
    const path = join(test.dir, 'films', `${ids[0]}.mp4`);
    expect(await store.find(ids[0] ?? '')).toHaveProperty('output.path', path);
  });

  it.each<[number, readonly JobFields[]]>([
    [5, [{ status: 'succeeded' }, { status: 'failed' }]],
    [11, [{ status: 'failed' }, { status: 'failed', failure: { message: 'No.', policy: true } }]],
    [
      7,
      [{ status: 'failed', failure: { message: 'No.', policy: true } }, { status: 'unknown' }, { status: 'succeeded' }],
    ],
  ])('exits %i, the worst of %j, and says each', async (exit, all) => {
    const test = await withHost({ json: true });
    // Which of them asks first is a matter of chance.
    const answer: Scripted = {
      onRequest: ({ path }) =>
        Object.assign(answer, path.includes('?limit=') ? NO_LIST : { ...content(film), status: 200 }),
    };
    const ids: string[] = [];
    for (const fields of all) {
      const job = await addJob(test, { baseUrl: test.baseUrl, ...fields });
      if (fields.status !== 'failed') test.server.answer(answer);
      ids.push(job.id);
    }
    expect(await runVideoWait(test.context, { ...FLAGS, ids })).toBe(exit);
    const said = test.stderr.json() as { error: { jobId: string } }[];
    const bad = ids.filter((_id, index) => all[index]?.status !== 'succeeded');
    expect(said.map(({ error }) => error.jobId).toSorted()).toEqual(bad.toSorted());
    expect(JSON.parse(test.stdout.text())).toHaveLength(all.length);
    expect(await readdir(test.dir)).toHaveLength(all.length - bad.length);
  });

  it('is stopped at once by the deadline of the command, not of each job', async () => {
    const test = await withHost();
    const jobs = [await addJob(test, { baseUrl: test.baseUrl }), await addJob(test, { baseUrl: test.baseUrl })];
    test.server.answer(...queuedFor(2));
    const ids = jobs.map(({ id }) => id);
    expect(await runVideoWait(test.context, { ...FLAGS, timeout: 0, ids })).toBe(8);
    expect(test.clock.ms).toBe(START);
    expect(test.stderr.text()).toContain(`Continue with: sora video wait ${ids.join(' ')}\n`);
  });
});

describe('the wait of a command that sends', () => {
  it('P2: says before it begins how it is continued, once for all jobs', async () => {
    const test = await withHost();
    const ids = ['video_1', 'video_2'];
    test.server.answer(...ids.map((id) => videoObject('queued', { id })), ...queuedFor(2));
    const words = ['video', 'generate', 'A hill.', '--count', '2', '--wait', '-o', '.', '--timeout', '0s'];
    expect(await runCli(words, test.runtime)).toBe(8);
    const jobs = (await (await test.context.jobs()).list()).records.map(({ id }) => id).toReversed();
    const told = test.stderr.text();
    expect(told.match(/If the wait ends early: .*/g)).toEqual([
      `If the wait ends early: sora video wait ${jobs.join(' ')} -o '.'`,
    ]);
    expect(told.indexOf('If the wait')).toBeLessThan(told.indexOf('0 of 2 · 2 running'));
  });

  it('without a terminal says what a newcomer waits for: made is not saved, and saved is the file', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl });
    const asked = { model: 'sora-2', seconds: '1', size: '64x36' };
    test.server.answer(
      videoObject('queued', asked),
      videoObject('in_progress', { ...asked, progress: 55 }),
      videoObject('completed', { ...asked, progress: 100 }),
      content(film),
    );
    const words = ['video', 'generate', 'Joe waves.', '-c', 'Joe', '-o', 'joe.mp4', '--allow-drift'];
    expect(await runCli(words, test.runtime)).toBe(0);
    expect(test.stderr.text()).toContain(
      ['joe.mp4 · Joe: queued', 'running, 55% after 5 s', 'made, downloading'].join('\njoe.mp4 · Joe: '),
    );
    expect(test.stderr.text()).toMatch(/\nsaved joe\.mp4 \(\d.*\)\n$/);
    expect(test.stderr.text()).not.toContain('succeeded');
    expect(test.stdout.text()).toBe(`${join(test.dir, 'joe.mp4')}\n`);
  });
});

describe('a wait that ends before its job', () => {
  it.each([{}, { json: true }])('has the job as its document, and as text no result: with %j', async (globals) => {
    const test = await withHost(globals);
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job, 'in_progress', { progress: 40 }));
    const flags = { ...FLAGS, ids: [job.id], timeout: 0, output: 'a.mp4' };
    await expect(runVideoWait(test.context, flags)).rejects.toMatchObject({ code: 'pending' });
    const out = test.stdout.text();
    if (globals.json) expect(JSON.parse(out)).toMatchObject({ id: job.id, status: 'running', progress: 40 });
    else expect(out).toBe('');
  });

  it.each([
    ['in a pipe', []],
    ['on a terminal', ['stdout', 'stderr'] as const],
  ])('is said once %s: by the error', async (_where, tty) => {
    const test = await withHost({}, { tty: [...tty], columns: 200, env: { TERM: 'xterm' } });
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job, 'in_progress', { progress: 40 }));
    expect(await runCli(['video', 'wait', job.id, '--timeout', '0s'], test.runtime)).toBe(8);
    expect(test.stdout.text()).toBe('');
    expect(test.stderr.text()).toContain(`The wait timed out; job ${job.id} is still running, 40%.`);
    expect(test.stderr.text().split(/still running|when the wait ended/)).toHaveLength(2);
  });

  it('has the files that are here, where there are several, and tells of the others by errors', async () => {
    for (const quiet of [false, true]) {
      const test = await withHost({ quiet });
      const going = await addJob(test, { baseUrl: test.baseUrl });
      const made = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
      const queued = video(going, 'queued');
      test.server.answer(content(film), queued, queued, queued);
      // A download has the rest of the time, by a real clock: not so little that a busy machine takes longer.
      expect(await runVideoWait(test.context, { ...FLAGS, ids: [going.id, made.id], timeout: 15 })).toBe(8);
      const path = `${join(test.dir, `${made.id}.mp4`)}\n`;
      expect(test.stdout.text()).toBe(path);
      expect(test.stderr.text()).toContain(`Continue with: sora video wait ${going.id}\n`);
    }
  });
});

describe('video wait --all', () => {
  const all = { ...FLAGS, ids: [], all: true };

  it('saves what is finished before it asks about anything else, and leaves alone what needs nothing', async () => {
    const test = await withHost({ json: true });
    const { baseUrl } = test;
    await mkdir(join(test.dir, 'films'));
    const going = await addJob(test, { baseUrl, status: 'running' });
    const made = await addJob(test, { baseUrl, status: 'succeeded' });
    const past = new Date(START - 1000).toISOString();
    const rest: JobFields[] = [
      { status: 'failed' },
      { status: 'cancelled' },
      { status: 'succeeded', outputPath: '/v.mp4' },
      { status: 'succeeded', remoteDeleted: true },
      { status: 'succeeded', expiresAt: past },
    ];
    for (const fields of rest) await addJob(test, { baseUrl, ...fields });
    test.server.answer(content(film), done(going), content(film));
    expect(await runVideoWait(test.context, { ...all, output: 'films' })).toBe(0);
    expect(test.server.seen.map(({ path }) => path)).toEqual([
      `/v1/videos/${made.remoteId}/content`,
      `/v1/videos/${going.remoteId}`,
      `/v1/videos/${going.remoteId}/content`,
    ]);
    expect(JSON.parse(test.stdout.text())).toMatchObject([
      { id: going.id, outputPath: join(test.dir, 'films', `${going.id}.mp4`) },
      { id: made.id, outputPath: join(test.dir, 'films', `${made.id}.mp4`) },
    ]);
    const again = await test.again();
    expect(await runVideoWait(again.context, { ...all, output: 'films' })).toBe(0);
    expect(JSON.parse(again.stdout.text())).toEqual([]);
    expect(test.server.seen).toHaveLength(3);
  });

  it('is a list with --json also where there is one job, whatever becomes of it', async () => {
    const test = await withHost({ json: true });
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job, 'failed', { error: { code: 'x', message: 'No oven.' } }));
    expect(await runVideoWait(test.context, all)).toBe(5);
    expect(JSON.parse(test.stdout.text())).toMatchObject([{ id: job.id, status: 'failed' }]);
    expect(test.stderr.json()).toContainEqual({ error: expect.objectContaining({ code: 'refused', jobId: job.id }) });
  });

  it('says that there is nothing to do', async () => {
    const test = await withHost();
    expect(await runVideoWait(test.context, all)).toBe(0);
    expect(test.stderr.text()).toBe('No job is unfinished, and every finished video was saved.\n');
  });

  it('names what its host keeps no longer, and how to try all the same', async () => {
    const test = await withHost();
    const expiresAt = new Date(START - 1000).toISOString();
    const made = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', expiresAt });
    expect(await runVideoWait(test.context, all)).toBe(0);
    expect(test.stderr.text()).toMatch(`1 finished video is left out: ${made.id}. `);
    expect(test.stderr.text()).toContain(`To try all the same: sora video download ${made.id}\n`);
    expect(test.stderr.text()).toContain('every finished video that can be had was saved');
    expect(test.server.seen).toEqual([]);
  });

  it('P5: has one error, and the command that waits for them, for each host that the key does not belong to', async () => {
    const test = await withHost();
    const at = ['https://a.example/v1', 'https://a.example/v1', 'https://b.example/v1'];
    const jobs: Job[] = [];
    for (const baseUrl of at) jobs.push(await addJob(test, { baseUrl, status: 'running' }));
    expect(await runVideoWait(test.context, all)).toBe(4);
    const [a1, a2, b] = jobs.map(({ id }) => id);
    const told = test.stderr.text();
    expect(told.match(/^error: /gm)).toHaveLength(2);
    expect(told).toContain(`error: 2 videos are at ${at[0]}, which is not the host that your key belongs to: `);
    expect(told).toContain(`sora video wait ${a1} ${a2} --base-url ${at[0]}\n`);
    expect(told).toContain(`sora video wait ${b} --base-url ${at[2]}\n`);
    expect(test.server.seen).toEqual([]);
  });

  it('P4: wants a folder, however many jobs there are', async () => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    await expect(runVideoWait(test.context, { ...all, output: 'a.mp4' })).rejects.toMatchObject({ code: 'usage' });
    expect(test.server.seen).toEqual([]);
  });

  it.each([
    ['no id', {}, 'No job is named to wait for.'],
    ['ids as well', { ids: ['@last'], all: true }, '--all and ids of jobs cannot be used together.'],
    ['a video to adopt', { all: true, adopt: 'video_1' }, '--adopt takes one job.'],
  ])('is one of two ways to say what is waited for: %s is refused', async (_title, input, message) => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl });
    const refused = runVideoWait(test.context, { ...FLAGS, ids: [], ...input });
    await expect(refused).rejects.toMatchObject({ code: 'usage', message });
    if (!('adopt' in input)) await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('--all') });
  });
});

describe('what was asked for', () => {
  it.each([
    ['another size', { size: { width: 1280, height: 720 } }, /64x36 instead of 1280x720/],
    ['another shape', { size: { width: 36, height: 64 } }, /another orientation/],
    ['another length', { seconds: 4 }, /1\.0 s instead of 4 s/],
    ['another model', { model: 'sora-2-pro' }, /model sora-2 instead of sora-2-pro/],
  ])('and not %s: the file is kept, and the exit is 9 unless --allow-drift', async (_title, change, message) => {
    const test = await withHost();
    const plain = await addJob(test, { baseUrl: test.baseUrl });
    const job = await addJob(test, { baseUrl: test.baseUrl, request: { ...plain.request, ...change } });
    const path = join(test.dir, `${job.id}.mp4`);
    test.server.answer(done(job), content(film), content(film));
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('--allow-drift'),
    });
    expect(await readFile(path)).toEqual(film);
    expect(await (await test.context.jobs()).find(job.id)).toHaveProperty('output.path', path);

    const allowed = await test.again({ quiet: true });
    expect(await runVideoWait(allowed.context, { ...FLAGS, force: true, allowDrift: true, ids: [job.id] })).toBe(0);
    expect(allowed.stderr.text()).toMatch(message);
    expect(allowed.stdout.text()).toBe(`${path}\n`);
  });
});

describe('video download', () => {
  it('of a finished job writes the file without asking how it is', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(content(film));
    expect(await runVideoDownload(test.context, { ...DOWNLOAD, id: job.remoteId ?? '', output: 'beach.mp4' })).toBe(0);
    expect(await readFile(join(test.dir, 'beach.mp4'))).toEqual(film);
  });

  it.each([
    ['thumbnail', 'webp', Buffer.from('RIFF\u0010\0\0\0WEBPVP8 ', 'latin1')],
    ['spritesheet', 'jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
  ] as const)('of a %s makes a .%s and does not call it the video', async (variant, extension, picture) => {
    const test = await withHost({ quiet: true });
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(content(picture, { 'content-type': 'image/x' }));
    expect(await runVideoDownload(test.context, { ...DOWNLOAD, variant, id: job.id })).toBe(0);
    expect(test.stdout.text()).toBe(`${join(test.dir, `${job.id}.${extension}`)}\n`);
    expect(await (await test.context.jobs()).find(job.id)).not.toHaveProperty('output');
  });

  it('to stdout is the file and nothing else; the document goes to stderr', async () => {
    const test = await withHost({ json: true });
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(content(film));
    expect(await runVideoDownload(test.context, { ...DOWNLOAD, id: job.id, output: '-' })).toBe(0);
    expect(test.stdout.bytes()).toEqual(film);
    expect(JSON.parse(test.stderr.text())).toMatchObject({ id: job.id, status: 'succeeded' });
    expect(await readdir(test.dir)).toEqual([]);
  });

  it.each([
    ['in_progress', 'pending', /sora video wait/],
    ['failed', 'refused', /video generate/],
  ])('of a job that is %s is %s', async (status, code, hint) => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer(video(job, status));
    await expect(runVideoDownload(test.context, { ...DOWNLOAD, id: job.id })).rejects.toMatchObject({
      code,
      jobId: job.id,
      hint: expect.stringMatching(hint),
    });
    expect(await readdir(test.dir)).toEqual([]);
  });

  it.each(['network', 'refused'])(
    'that ends as %s leaves the job safe and says how to fetch it again',
    async (kind) => {
      const test = await withHost();
      const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
      // Five tries of five reads each.
      if (kind === 'refused') test.server.answer(refusal(404, 'gone'), refusal(404, 'gone'));
      else test.server.answer(...Array.from({ length: 25 }, () => ({ fault: 'reset' as const })));
      await expect(runVideoDownload(test.context, { ...DOWNLOAD, id: job.id })).rejects.toMatchObject({
        code: 'unverified',
        jobId: job.id,
        hint: expect.stringContaining(`sora video download ${job.id}`),
      });
      expect((await (await test.context.jobs()).find(job.id))?.status).toBe('succeeded');
    },
  );

  it('of a video that the host keeps no longer says until when it did', async () => {
    const test = await withHost();
    const expiresAt = new Date(START - 1).toISOString();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', expiresAt });
    test.server.answer(refusal(404, 'expired'), refusal(404, 'expired'));
    await expect(runVideoDownload(test.context, { ...DOWNLOAD, id: job.id })).rejects.toMatchObject({
      code: 'unverified',
      hint: expect.stringContaining(`The host kept it until ${expiresAt}. To have it, make it again.`),
    });
  });

  it('P4: replaces nothing without --force, and asks for nothing then', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    await writeFile(join(test.dir, 'beach.mp4'), 'old');
    const flags = { ...DOWNLOAD, id: job.id, output: 'beach.mp4' };
    await expect(runVideoDownload(test.context, flags)).rejects.toMatchObject({ code: 'usage' });
    expect(test.server.seen).toEqual([]);
    test.server.answer(content(film));
    expect(await runVideoDownload(test.context, { ...flags, force: true })).toBe(0);
    expect(await readFile(join(test.dir, 'beach.mp4'))).toEqual(film);
  });
});

describe('video download of a file that is here', () => {
  it('asks nobody and exits 0 as wait does, while the file is whole', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    test.server.answer(content(film));
    const flags = { ...DOWNLOAD, id: job.id, output: 'beach.mp4' };
    expect(await runVideoDownload(test.context, flags)).toBe(0);
    const path = join(test.dir, 'beach.mp4');
    for (const given of [flags, { ...DOWNLOAD, id: job.id }]) {
      const again = await test.again();
      expect(await runVideoDownload(again.context, given)).toBe(0);
      expect(again.stdout.text()).toBe(`${path}\n`);
      expect(again.stderr.text()).toBe(`${job.id} is here already, and whole: nothing was downloaded.\n`);
    }
    expect(test.server.seen).toHaveLength(1);
    await writeFile(path, 'half');
    await expect(runVideoDownload(test.context, flags)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('-o with several jobs', () => {
  it.each([
    ['a.mp4', 'as a-1.mp4, a-2.mp4 and so on, or make a folder for all: mkdir -p a'],
    [
      'films/my a.mp4',
      "as 'films/my a-1.mp4', 'films/my a-2.mp4' and so on, or make a folder for all: mkdir -p 'films/my a'",
    ],
    ['films', 'mkdir -p films'],
  ])('%j hints at names that work', async (output, hint) => {
    const test = await withHost();
    const ids = [
      (await addJob(test, { baseUrl: test.baseUrl })).id,
      (await addJob(test, { baseUrl: test.baseUrl })).id,
    ];
    const wait = runVideoWait(test.context, { ...FLAGS, output, ids });
    await expect(wait).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining(hint) });
  });
});

describe('a video that was deleted at its host', () => {
  it('is not asked for again', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', remoteDeleted: true });
    const gone = {
      code: 'refused',
      message: expect.stringContaining(`was deleted at ${new URL(test.baseUrl).host}`),
      jobId: job.id,
    };
    await expect(runVideoDownload(test.context, { ...DOWNLOAD, id: job.id })).rejects.toMatchObject(gone);
    await expect(runVideoWait(test.context, { ...FLAGS, ids: [job.id] })).rejects.toMatchObject(gone);
    expect(test.server.seen).toEqual([]);
  });
});

describe('-o', () => {
  it.each<[string, string, number, RegExp, readonly 'stdout'[]]>([
    ['a missing folder', 'none/x.mp4', 1, /does not exist/, []],
    ['a folder that ends in / and is missing', 'none/', 1, /does not exist/, []],
    ['a file for several jobs', 'x.mp4', 2, /must be an existing folder/, []],
    ['stdout for several jobs', '-', 2, /takes one job/, []],
    ['a file that is there', 'old.mp4', 1, /already exists/, []],
    ['a terminal', '-', 1, /to the terminal/, ['stdout']],
  ])('is refused before anything is sent: %s', async (_title, output, count, message, tty) => {
    const test = await withHost({}, { tty });
    await writeFile(join(test.dir, 'old.mp4'), 'old');
    const ids: string[] = [];
    for (let index = 0; index < count; index++) ids.push((await addJob(test, { baseUrl: test.baseUrl })).id);
    await expect(runVideoWait(test.context, { ...FLAGS, output, ids })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
    expect(test.server.seen).toEqual([]);
  });

  it.each([
    ['-', /to the terminal/],
    ['none/x.mp4', /does not exist/],
    ['none/', /does not exist/],
  ])('video download -o %s is refused before anything is sent', async (output, message) => {
    const test = await withHost({}, { tty: ['stdout'] });
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    await expect(runVideoDownload(test.context, { ...DOWNLOAD, id: job.id, output })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
    expect(test.server.seen).toEqual([]);
  });
});
