/** Where the video of a job lies on this machine. */
import { access } from 'node:fs/promises';
import { SoraError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import { sentence } from '../../shared/text.ts';
import { jobError } from './error.ts';

/** Throws `usage` where it was never saved, or is no longer there. */
export async function savedPath(job: Job): Promise<string> {
  const path = job.remoteId === undefined ? undefined : job.output?.path;
  if (path === undefined) {
    throw new SoraError('usage', `The video of job ${job.id} has not been saved on this machine.`, {
      hint: whyThereIsNone(job) ?? `Save it first: sora video wait ${job.id}`,
      jobId: job.id,
    });
  }
  await access(path).catch((cause: unknown) => {
    throw new SoraError('usage', `The video of job ${job.id} is no longer at ${path}.`, {
      hint: `Save it again: sora video download ${job.id}`,
      jobId: job.id,
      cause,
    });
  });
  return path;
}

/** Of a job that has ended without a video: waiting for it brings none. */
function whyThereIsNone(job: Job): string | undefined {
  const error = jobError(job);
  return error && `${sentence(error.message)} ${error.hint ?? ''}`.trim();
}
