/** `sora video open`: the downloaded video, in the program that this machine opens videos with. */
import { access } from 'node:fs/promises';
import type { Context } from '../../context.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import { findJob } from '../../videos/jobs/find.ts';
import { jobJson } from '../../videos/jobs/record.ts';

/** Starts a program that shows the file; rejects where none can be started. */
export type OpenFile = (path: string) => Promise<unknown>;

const openFile: OpenFile = async (path) => (await import('open')).default(path);

/** Throws `usage` where the video is not on this machine, and `machine` where nothing opens it. */
export async function runVideoOpen(
  context: Context,
  id: string,
  { open = openFile }: { readonly open?: OpenFile } = {},
): Promise<undefined> {
  const job = await findJob(context, id);
  const path = await savedPath(job);
  await open(path).catch((cause: unknown) => {
    throw new SoraError('machine', `No program could be started that opens ${path}: ${(cause as Error).message}`, {
      hint: 'Open the file by hand. On Linux, xdg-utils brings xdg-open, which is asked.',
      jobId: job.id,
      cause,
    });
  });
  context.ui.result({ json: jobJson(job), text: path, quiet: [path] });
}

async function savedPath(job: Job): Promise<string> {
  const path = job.remoteId === undefined ? undefined : job.output?.path;
  if (path === undefined) {
    throw new SoraError('usage', `The video of job ${job.id} has not been saved on this machine.`, {
      hint: `Save it first: sora video wait ${job.id}`,
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
