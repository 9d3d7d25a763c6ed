import { writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJob, isJobId, newJobId } from '../../../src/videos/jobs/record.ts';
import { createJobStore } from '../../../src/videos/jobs/store.ts';
import { bundleWorkers, type Workers } from '../../disk/processes.ts';
import { asRemote, sampleJob, writeUnusable } from '../../helpers/samples.ts';
import { tempFolder } from '../../helpers/temp.ts';

let workers: Workers;
beforeAll(async () => {
  workers = await bundleWorkers();
});
afterAll(() => workers.close());

const idAt = (ms: number) => newJobId(ms, () => 0.5);

describe('newJobId', () => {
  it('sorts by time', () => {
    const times = [0, 1, 35, 36, 1e9, 1_763_719_200_000, 1_763_719_200_001, 4e12, 9e13];
    const ids = times.map(idAt);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every(isJobId)).toBe(true);
  });

  it('is spread by chance within a millisecond', () => {
    expect(newJobId(1_763_719_200_000, () => 0)).toBe('job_0mi8ovgg0000000');
    expect(newJobId(1_763_719_200_000, () => 0.999_999)).toBe('job_0mi8ovgg0zzzzzz');
  });
});

describe('the jobs', () => {
  it('are found by their own id and by the host’s', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(1), { remoteId: 'video_/+=../x' }));
    expect(await store.find(job.id)).toEqual(job);
    expect(await store.find('video_/+=../x')).toEqual(job);
    expect(await store.find(idAt(2))).toBeUndefined();
  });

  it('are found by a host’s id that looks like one of ours', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(1), { remoteId: idAt(7) }));
    expect(await store.find(idAt(7))).toEqual(job);
  });

  it('are not guessed at when two hosts use one id', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    await store.create(sampleJob(idAt(1), { remoteId: 'video_1' }));
    await store.create(sampleJob(idAt(2), { remoteId: 'video_1', baseUrl: 'https://other.example.com' }));
    await expect(store.find('video_1')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining(`${idAt(2)}, ${idAt(1)}`),
    });
  });

  it('are listed newest first, and @last is the newest of a profile', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    expect(await store.find('@last')).toBeUndefined();
    for (const [ms, profile] of [
      [5, 'work'],
      [9, 'default'],
      [1, 'work'],
    ] as const) {
      await store.create(sampleJob(idAt(ms), { profile }));
    }
    expect((await store.list()).records.map(({ id }) => id)).toEqual([9, 5, 1].map(idAt));
    expect((await store.find('@last'))?.id).toBe(idAt(9));
    expect((await store.find('@last', { profile: 'work' }))?.id).toBe(idAt(5));
    expect(await store.find('@last', { profile: 'none' })).toBeUndefined();
  });

  it('say so when @last may be a record that cannot be read', async () => {
    const dir = await tempFolder();
    const store = createJobStore({ dir });
    await store.create(sampleJob(idAt(5)));
    await writeFile(join(dir, `${idAt(3)}.json`), 'torn');
    expect((await store.find('@last'))?.id).toBe(idAt(5));
    await writeFile(join(dir, `${idAt(9)}.json`), 'torn');
    await expect(store.find('@last')).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining(idAt(9)),
    });
    await expect(store.find(idAt(9))).rejects.toMatchObject({ code: 'machine' });
    await expect(store.find('video_1')).rejects.toMatchObject({ code: 'machine' });
  });

  it('are found beside an unusable record, which is named, and which no id of a host leads to', async () => {
    const dir = await tempFolder();
    const store = createJobStore({ dir, cacheDir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(9)));
    const path = await writeUnusable(dir, idAt(5), { key: 'nightly' });
    const reason = 'its status is succeeded, but it has no remoteId';
    for (const listing of [await store.list(), await store.digests()]) {
      expect(listing.records.map(({ id }) => id)).toEqual([job.id]);
      expect(listing.broken).toMatchObject([{ path, reason, unusable: { id: idAt(5), key: 'nightly' } }]);
    }
    expect(await store.find('@last')).toEqual(job);
    expect(await store.find('video_1')).toBeUndefined();
    await expect(store.find(idAt(5))).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining(path),
    });
    await expect(store.update(idAt(5), (now) => now)).rejects.toMatchObject({ code: 'machine' });
    await writeUnusable(dir, idAt(10));
    await expect(store.find('@last')).rejects.toMatchObject({ message: expect.stringContaining(idAt(10)) });
  });

  it('are changed and removed, one by one', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(1), { fingerprint: 'f1', key: 'k1' }));
    await store.create(sampleJob(idAt(2), { fingerprint: 'f2' }));
    const done = await store.update(job.id, (now) => ({ ...asRemote(now), status: 'succeeded', progress: 100 }));
    expect(await store.find(job.id)).toEqual({ ...job, status: 'succeeded', progress: 100 });
    const other = await store.find(idAt(2));
    expect(await store.list()).toEqual({ records: [other, done], broken: [] });
    expect(await store.remove(job.id)).toBe(true);
    expect(await store.find(job.id)).toBeUndefined();
    expect(await store.find(idAt(2))).toEqual(other);
  });

  it('are removed only while they are what they were', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(1), { status: 'running' }));
    expect(await store.remove(job.id, ({ status }) => status === 'succeeded')).toBe(false);
    expect(await store.find(job.id)).toEqual(job);
    expect(await store.remove(job.id, ({ status }) => status === 'running')).toBe(true);
    expect(await store.remove(job.id, () => true)).toBe(false);
  });

  it('are settled with a look at all others, one at a time and not beside an admission', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const jobs = await Promise.all([1, 2, 3].map((ms) => store.create(sampleJob(idAt(ms), { status: 'unknown' }))));
    const adopt = (id: string) =>
      store.settle(id, (current, { records }) =>
        records.some(({ remoteId }) => remoteId !== undefined)
          ? current
          : { ...current, status: 'queued', remoteId: 'video_1' },
      );
    const look = store.create(sampleJob(idAt(9), { status: 'submitting' }), ({ records }) =>
      records.find(({ remoteId }) => remoteId === 'video_1'),
    );
    await Promise.all([...jobs.map(({ id }) => adopt(id)), look]);
    const { records } = await store.list();
    expect(records.filter(({ remoteId }) => remoteId === 'video_1')).toHaveLength(1);
    await expect(store.settle(idAt(7), (job) => job)).rejects.toMatchObject({ code: 'usage' });
  });

  it('show that they are being sent, and leave nothing of it', async () => {
    const dir = await tempFolder();
    const store = createJobStore({ dir });
    await store.whileSending(idAt(1), async () => {
      expect((await store.watchSender(idAt(1))).isAlive).toBe(true);
      expect((await store.list()).broken).toEqual([]);
    });
    expect(await store.watchSender(idAt(1))).toEqual({ isAlive: false, refreshedAt: undefined });
    expect(await readdir(dir)).toEqual([]);
  });

  it('are never created twice', async () => {
    const store = createJobStore({ dir: await tempFolder() });
    const job = await store.create(sampleJob(idAt(1), { key: 'first' }));
    await expect(store.create(sampleJob(idAt(1), { key: 'second' }))).rejects.toMatchObject({ code: 'bug' });
    expect(await store.find(job.id)).toEqual(job);
  });

  it.each([
    '../../etc/passwd',
    '../x',
    'job_',
    'job_0mi8zm5c000000/',
    'JOB_0MI8ZM5C0000000',
    'job_0mi8ovgg0000000\u0000',
    '',
  ])('are never looked for at a path made of %j', async (id) => {
    const home = await tempFolder();
    await mkdir(join(home, 'jobs'));
    await writeFile(join(home, 'x.json'), JSON.stringify({ ...sampleJob(idAt(1)), id: '../x' }));
    const store = createJobStore({ dir: join(home, 'jobs') });
    expect(await store.find(id)).toBeUndefined();
    await expect(store.update(id, (job) => job)).rejects.toMatchObject({ code: 'usage' });
    await expect(store.remove(id)).rejects.toMatchObject({ code: 'usage' });
    await expect(store.create({ ...sampleJob(idAt(1)), id })).rejects.toMatchObject({ code: 'usage' });
    expect(await readdir(home)).toEqual(['jobs', 'x.json']);
  });

  it('may be ten thousand', { timeout: 60_000 }, async () => {
    const dir = await tempFolder();
    for (let ms = 0; ms < 10_000; ms += 1) {
      writeFileSync(join(dir, `${idAt(ms)}.json`), JSON.stringify(sampleJob(idAt(ms))));
    }
    const { records, broken } = await createJobStore({ dir }).list();
    expect([records.length, records[0]?.id, broken]).toEqual([10_000, idAt(9_999), []]);
  });

  it('P2: of one key are one, though several processes ask at once', { timeout: 60_000 }, async () => {
    const home = await tempFolder();
    const ids = await Promise.all([1, 2, 3, 4].map((ms) => workers.run('key', home, idAt(ms), 'nightly')));
    const { records } = await createJobStore({ dir: join(home, 'jobs') }).list();
    expect(records.length).toBe(1);
    expect(new Set(ids)).toEqual(new Set([records[0]?.id]));
  });
});

describe('decodeJob', () => {
  const whole = sampleJob(idAt(1), {
    failure: { message: 'no', policy: false },
    result: { size: '1280x720' },
    progress: 50,
  });
  const decode = (value: unknown) => decodeJob(JSON.parse(JSON.stringify(value)));

  it('takes a whole record, and fields it does not know', () => {
    expect(decode({ ...whole, colour: 1 })).toEqual({ ...whole, colour: 1 });
    const cost = { estimateUsd: 0.4, asOf: '2026-09-24', source: 'a page', actualUsd: 0 };
    for (const one of [cost, { actualUsd: 0.35 }]) expect(decode({ ...whole, cost: one }).cost).toEqual(one);
    const derived = { request: { ...whole.request, from: { jobId: idAt(0), kind: 'edit' } }, remoteDeleted: true };
    expect(decode({ ...whole, ...derived })).toEqual({ ...whole, ...derived });
  });

  it.each([
    [{ id: '../x' }, 'id is not a job id'],
    [{ status: 'in_progress' }, 'status is not one of submitting'],
    [{ cost: { estimateUsd: '0.4' } }, 'cost.estimateUsd is not a number'],
    [{ cost: { actualUsd: -1 } }, 'cost.actualUsd is less than nothing'],
    [{ progress: '50' }, 'progress is not a number'],
    [{ remoteId: null }, 'remoteId is not text'],
    [{ request: { ...whole.request, size: '1280x720' } }, 'request.size is not an object'],
    [{ request: { ...whole.request, from: { jobId: '../x', kind: 'edit' } } }, 'request.from.jobId is not a job id'],
    [{ request: { ...whole.request, from: { jobId: idAt(0), kind: 'crop' } } }, 'request.from.kind is not one of'],
    [{ remoteDeleted: 'yes' }, 'remoteDeleted is not true or false'],
    [{ characters: [1] }, 'characters[0] is not text'],
    [{ failure: {} }, 'failure.message is not text'],
    [{ version: 3 }, 'newer version of sora (format 3'],
  ])('refuses %j', (change, reason) => {
    expect(() => decode({ ...whole, ...change })).toThrow(reason);
  });
});
