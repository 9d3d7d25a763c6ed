import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { CAREFUL, findJob, findJobs } from '../../../src/videos/jobs/find.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { addJob } from '../../helpers/far-end.ts';
import { createTestContext, createTestRuntime, START } from '../../helpers/runtime.ts';
import { sampleJob } from '../../helpers/samples.ts';

const EMPTY = {
  code: 'usage',
  message: 'The id of a job is empty.',
  hint: 'See the jobs of this machine: sora video list',
  exit: 2,
  retryable: false,
  next: [['sora', 'video', 'list']],
};

describe('the jobs of ids', () => {
  it('are each found once', async () => {
    const test = await createTestContext();
    const job = await addJob(test, { baseUrl: 'https://gateway.example.com/v1' });
    expect(await findJobs(test.context, [job.id, '@last', job.remoteId ?? ''])).toEqual([job]);
  });

  it('are the newest of this profile for @last:3, in the order in which they were sent', async () => {
    const test = await createTestContext();
    const baseUrl = 'https://gateway.example.com/v1';
    const [, b, c] = [
      await addJob(test, { baseUrl }),
      await addJob(test, { baseUrl }),
      await addJob(test, { baseUrl }),
    ];
    await addJob(test, { baseUrl, profile: 'work' });
    const d = await addJob(test, { baseUrl });
    expect(await findJobs(test.context, ['@last:3', d.id])).toEqual([b, c, d]);
    expect(await findJob(test.context, '@last:1')).toEqual(d);
    const refused = [
      ['@last:9', 'There are fewer jobs than @last:9 names: 4.'],
      ['@last:0', 'There is no job @last:0 on this machine.'],
      ['@last:2', '@last:2 names several jobs, and one is wanted here.'],
    ];
    for (const [id = '', message] of refused)
      await expect(findJob(test.context, id)).rejects.toMatchObject({ code: 'usage', message });
  });

  it.each(['status', 'wait', 'show', 'download', 'cancel', 'delete'])(
    'are not those of video %s with an empty one, as of a variable that is not set',
    async (command) => {
      const test = await createTestRuntime();
      expect(await runCli(['video', command, '', '--json'], test.runtime)).toBe(2);
      expect(test.stderr.json()).toEqual([{ error: EMPTY }]);
    },
  );

  it('P6: are refused for every id that is empty or unknown', async () => {
    const { context } = await createTestContext();
    await expect(findJobs(context, ['', 'job_a', ' ', 'job_b'])).rejects.toMatchObject({
      problems: ['The id of a job is empty.', 'There is no job job_a, job_b on this machine.'],
      hint: EMPTY.hint,
    });
  });
});

describe('a job by the beginning of an id', () => {
  const idAt = (ms: number): string => newJobId(START + ms, () => 0.5);
  const [first, second] = [idAt(0), idAt(40)];

  /** Two of one second, and a third whose host calls it what no other job is called. */
  async function setUp() {
    const test = await createTestContext();
    const store = await test.context.jobs();
    await store.create(sampleJob(first, { remoteId: 'video_abc' }));
    await store.create(sampleJob(second, { remoteId: 'video_abcdef' }));
    await store.create(sampleJob(idAt(60_000), { remoteId: 'task/7:x' }));
    return { ...test, store };
  }

  it.each<[string, string, string]>([
    ['of its own id', first.slice(0, 12), first],
    ['of its host’s id', 'task', idAt(60_000)],
    ['that is a whole id, and the beginning of another’s', 'video_abc', first],
  ])('%s is found', async (_, text, id) => {
    const { context } = await setUp();
    expect((await findJob(context, text)).id).toBe(id);
  });

  it('is of its own id before that of a host', async () => {
    const { context, store } = await setUp();
    await store.create(sampleJob(idAt(90_000), { remoteId: `${first.slice(0, 12)}_at_the_host` }));
    expect((await findJob(context, first.slice(0, 12))).id).toBe(first);
  });

  it.each<[string, string, readonly string[]]>([
    ['their own ids', first.slice(0, 10), [second, first]],
    ['the ids of their hosts', 'video_', [second, first]],
  ])('P6: is refused where several have it, which are named: by %s', async (_, text, ids) => {
    const { context } = await setUp();
    await expect(findJob(context, text)).rejects.toMatchObject({
      ...{ code: 'usage', message: `Several jobs begin with ${text}.` },
      hint: `Name one by more of its id: ${ids.join(', ')}`,
    });
  });

  it('P2: has eight characters where something is closed, removed or paid for again', async () => {
    const { context } = await setUp();
    await expect(findJob(context, 'task/7', CAREFUL)).rejects.toMatchObject({
      message: 'task/7 is too short: at least 8 characters of the id are needed.',
    });
    expect((await findJob(context, 'task/7:x', CAREFUL)).id).toBe(idAt(60_000));
  });

  it('is not taken for another’s where the record that has it cannot be read', async () => {
    const { context } = await setUp();
    const torn = idAt(61_000);
    await writeFile(join(context.paths().jobs, `${torn}.json`), '{');
    await expect(findJob(context, torn.slice(0, 10))).rejects.toMatchObject({
      hint: `Name one by more of its id: ${idAt(60_000)}, ${torn}`,
    });
    await expect(findJob(context, torn.slice(0, 12))).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining(`Job ${torn} cannot be read`) },
    });
  });

  it('P6: that is ambiguous is named beside what is unknown', async () => {
    const { context } = await setUp();
    await expect(findJobs(context, ['job_x', 'video_'])).rejects.toMatchObject({
      problems: ['There is no job job_x on this machine.', 'Several jobs begin with video_.'],
    });
  });

  it.each([
    ['show', []],
    ['status', []],
    ['download', []],
    ['open', []],
    ['wait', ['--timeout', '1s']],
    ['extend', ['Joe runs.', '--dry-run']],
    ['edit', ['Joe runs.', '--dry-run']],
    ['remix', ['Joe runs.', '--dry-run']],
    ['resend', ['--dry-run']],
    ['cancel', []],
    ['delete', ['--yes']],
    ['close', ['--yes']],
  ])('is understood by video %s', async (command, more) => {
    const test = await setUp();
    await runCli(['video', command, first.slice(0, 9), ...more], test.runtime);
    expect(test.stderr.text()).toContain(`Several jobs begin with ${first.slice(0, 9)}.`);
  });
});
