import { describe, expect, it } from 'vitest';
import { runVideoShow } from '../../../src/commands/video/show.ts';
import { addJob, VIDEO_SIZE, withHost } from '../../helpers/far-end.ts';
import { hashOf } from '../../helpers/samples.ts';

describe('video show', () => {
  it('shows what is recorded under any name of the job, and asks nobody', async () => {
    const test = await withHost();
    const from = { jobId: 'job_0mi8ovgg0000000', kind: 'edit' } as const;
    const job = await addJob(test, {
      baseUrl: test.baseUrl,
      status: 'failed',
      failure: { message: 'No\u001b[2J oven.', policy: false },
      characters: ['Joe'],
      remoteDeleted: true,
      cost: { estimateUsd: 0.8, asOf: '2026-09-24', source: 'a\u001b[2J page', actualUsd: 0.7 },
      request: { prompt: 'Joe waves.', seconds: 1, size: VIDEO_SIZE, characters: [], from },
      fingerprint: hashOf('x'),
    });
    for (const id of [job.id, job.remoteId ?? '', '@last']) await runVideoShow(test.context, id);
    const text = test.stdout.text();
    expect(text.split(job.id)).toHaveLength(4);
    for (const fact of [
      'failed',
      `${from.jobId} (edit)`,
      '(deleted there)',
      'No[2J oven.',
      'Joe waves.',
      '$0.70, ~$0.80 expected (as of 2026-09-24: a[2J page)',
      '64x36, 1 s',
      test.baseUrl,
      job.remoteId,
    ])
      expect(text).toContain(fact);
    expect(test.server.seen).toEqual([]);
  });
});
