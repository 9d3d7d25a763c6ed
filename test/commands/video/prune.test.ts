import { describe, expect, it, vi } from 'vitest';
import { runVideoPrune } from '../../../src/commands/video/prune.ts';
import type { Job, JobStatus } from '../../../src/shared/job.ts';
import { addJob } from '../../helpers/far-end.ts';
import { createTestContext, START, type TestContext } from '../../helpers/runtime.ts';
import type { JobFields } from '../../helpers/samples.ts';

const DAY = 86_400;
const baseUrl = 'https://gateway.example/v1';

function aged(test: TestContext, days: number, status: JobStatus, fields: JobFields = {}): Promise<Job> {
  return addJob(test, { baseUrl, status, updatedAt: new Date(START - days * DAY * 1000).toISOString(), ...fields });
}

async function idsOf({ context }: TestContext): Promise<string[]> {
  return (await (await context.jobs()).list()).records.map(({ id }) => id);
}

describe('video prune', () => {
  it('removes finished records that are old enough, and nothing else', async () => {
    const test = await createTestContext({ json: true });
    const gone: Job[] = [];
    for (const status of ['succeeded', 'failed', 'expired', 'cancelled'] as const) {
      gone.push(await aged(test, 31, status));
    }
    const kept: Job[] = [await aged(test, 29, 'succeeded')];
    for (const status of ['submitting', 'queued', 'running', 'unknown'] as const) {
      kept.push(await aged(test, 400, status));
    }
    await runVideoPrune(test.context, { olderThan: 30 * DAY, dryRun: false });
    expect(await idsOf(test)).toEqual(kept.map(({ id }) => id).toReversed());
    expect(JSON.parse(test.stdout.text())).toEqual(gone.toReversed());
  });

  it('keeps a record that is no longer finished when its turn comes', async () => {
    const test = await createTestContext();
    const job = await aged(test, 31, 'running');
    const store = await test.context.jobs();
    vi.spyOn(store, 'list').mockResolvedValueOnce({ records: [{ ...job, status: 'failed' }], broken: [] });
    await runVideoPrune(test.context, { olderThan: 30 * DAY, dryRun: false });
    expect(await idsOf(test)).toEqual([job.id]);
    expect(test.stdout.text()).toBe('No record is that old.\n');
  });

  it('only shows with --dry-run', async () => {
    const test = await createTestContext();
    const job = await aged(test, 2, 'failed');
    await runVideoPrune(test.context, { olderThan: DAY, dryRun: true });
    expect(test.stdout.text()).toMatch(new RegExp(`${job.id}[^]*Would remove 1 record\\.`));
    expect(await idsOf(test)).toEqual([job.id]);
  });

  it('names the host’s id of a video that was never saved, because nothing else leads to it', async () => {
    const test = await createTestContext();
    const lost = await aged(test, 2, 'succeeded');
    await aged(test, 2, 'succeeded', { outputPath: '/films/a.mp4' });
    await aged(test, 2, 'succeeded', { remoteDeleted: true });
    await runVideoPrune(test.context, { olderThan: DAY, dryRun: false });
    expect(test.stderr.text()).toBe(`${lost.id} was never saved; gateway.example calls it ${lost.remoteId}.\n`);
  });

  it('says that nothing is that old', async () => {
    const test = await createTestContext();
    await aged(test, 2, 'failed');
    await runVideoPrune(test.context, { olderThan: 3 * DAY, dryRun: false });
    expect(test.stdout.text()).toBe('No record is that old.\n');
  });
});
