import { describe, expect, it } from 'vitest';
import type { Remote } from '../../../src/shared/job.ts';
import { jobError } from '../../../src/videos/jobs/error.ts';
import { forgetRemote } from '../../../src/videos/jobs/lifecycle.ts';

import { JOB, START } from '../../helpers/polling.ts';

describe('jobError', () => {
  it('names the command that makes such a job again', () => {
    const from = { jobId: 'job_0', kind: 'extend' } as const;
    const failed: Remote = { ...JOB, status: 'failed' };
    expect(jobError(failed)?.hint).toContain('`sora video generate`');
    expect(jobError({ ...failed, request: { ...JOB.request, from } })?.hint).toContain('`sora video extend`');
  });

  it('says what to change where the host names a fault of the request', () => {
    const failure = { code: 'value_error', message: 'seconds: at most 8', policy: false };
    const { hint } = jobError({ ...JOB, status: 'failed', failure }) ?? {};
    expect(hint).toContain('change what it complains about');
    expect(hint).not.toContain('same');
  });

  it.each([
    ['failed', 'refused', /failed: boom \[E1\]/],
    ['expired', 'refused', /has expired/],
    ['cancelled', 'refused', /was cancelled/],
  ] as const)('%s is %s', (status, code, message) => {
    const error = jobError({ ...JOB, status, failure: { code: 'E1', message: 'boom', policy: false } });
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });

  it('is nothing for a job that goes on or has succeeded', () => {
    expect(jobError(JOB)).toBeUndefined();
    expect(jobError({ ...JOB, status: 'succeeded' })).toBeUndefined();
    expect(jobError(forgetRemote(JOB, START))?.message).toMatch(/does not know this job/);
  });
});
