import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { findJobs } from '../../../src/videos/jobs/find.ts';
import { addJob } from '../../helpers/far-end.ts';
import { createTestContext, createTestRuntime } from '../../helpers/runtime.ts';

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
