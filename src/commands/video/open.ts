/** `sora video open`: the downloaded video, in the program that this machine opens videos with. */
import type { Context } from '../../context.ts';
import { SoraError } from '../../shared/errors.ts';
import { findJob } from '../../videos/jobs/find.ts';
import { jobJson } from '../../videos/jobs/record.ts';
import { savedPath } from '../../videos/jobs/saved.ts';

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
