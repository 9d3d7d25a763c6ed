import { describe, expect, it } from 'vitest';
import {
  isClosed,
  isFinal,
  isRefused,
  isUnanswered,
  JOB_STATUSES,
  type Job,
  type JobStatus,
} from '../../src/shared/job.ts';
import { type JobFields, sampleJob } from '../helpers/samples.ts';

describe('a status', () => {
  const FINAL: readonly JobStatus[] = ['succeeded', 'failed', 'expired', 'cancelled'];

  it.each(JOB_STATUSES.map((status) => [status, FINAL.includes(status)] as const))(
    '%s: final is %s',
    (status, final) => {
      expect(isFinal(status)).toBe(final);
    },
  );
});

describe('a job', () => {
  const failure = { message: 'No.', policy: false };
  const job = (fields: JobFields): Job => sampleJob('job_0mi8ovgg0000000', fields);

  it.each<[string, JobFields, string[]]>([
    ['that is being sent', { status: 'submitting' }, ['unanswered']],
    ['whose answer was lost', { status: 'unknown' }, ['unanswered']],
    ['that its host refused', { status: 'failed', failure }, ['refused']],
    ['that never left', { status: 'failed', failure: { ...failure, code: 'unsent' } }, ['refused']],
    ['that was closed', { status: 'failed', failure: { ...failure, code: 'closed' } }, ['refused', 'closed']],
    ['that failed at its host', { status: 'failed', failure, remoteId: 'video_1' }, []],
    ['whose host says closed', { status: 'failed', failure: { ...failure, code: 'closed' }, remoteId: 'video_1' }, []],
    ['that its host has', { status: 'queued' }, []],
  ])('%s is told apart', (_title, fields, expected) => {
    const one = job(fields);
    const is = { unanswered: isUnanswered(one), refused: isRefused(one), closed: isClosed(one) };
    expect(Object.entries(is).flatMap(([word, holds]) => (holds ? word : []))).toEqual(expected);
  });
});
