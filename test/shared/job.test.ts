import { describe, expect, it } from 'vitest';
import { isFinal, isUnresolved, JOB_STATUSES, type JobStatus } from '../../src/shared/job.ts';

describe('a status', () => {
  const FINAL: readonly JobStatus[] = ['succeeded', 'failed', 'expired', 'cancelled'];
  const UNRESOLVED: readonly JobStatus[] = ['submitting', 'unknown'];

  it.each(JOB_STATUSES.map((status) => [status, FINAL.includes(status)] as const))(
    '%s: final is %s',
    (status, final) => {
      expect(isFinal(status)).toBe(final);
    },
  );

  it.each(JOB_STATUSES.map((status) => [status, UNRESOLVED.includes(status)] as const))(
    '%s without a remote id: unresolved is %s, with one it never is',
    (status, unresolved) => {
      expect(isUnresolved({ status })).toBe(unresolved);
      expect(isUnresolved({ status, remoteId: 'video_1' })).toBe(false);
    },
  );
});
