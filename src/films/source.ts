/** What a user names as a video: a file, or a job whose video was saved here. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { findJob } from '../videos/jobs/find.ts';
import { savedPath } from '../videos/jobs/saved.ts';
import type { Workspace } from '../workspace.ts';

/** Its path, absolute. Throws as `findNamedVideo`. */
export async function findVideo(workspace: Workspace, named: string): Promise<string> {
  return (await findNamedVideo(workspace, named)).path;
}

export interface NamedVideo {
  /** Absolute. */
  readonly path: string;
  /** Where a job was named. */
  readonly job?: Job;
}

/** A file that is there wins; throws `usage` for what is neither, and for a job without a saved video. */
export async function findNamedVideo(workspace: Workspace, named: string): Promise<NamedVideo> {
  const path = resolve(workspace.runtime.cwd, named);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return { path };
  try {
    const job = await findJob(workspace, named);
    return { path: await savedPath(job), job };
  } catch (error) {
    // A name with an ending or a folder in it is that of a file.
    const isFile = /[./\\]/.test(named) || named.trim() === '';
    if (!isFile || !isSoraError(error, 'usage')) throw error;
    throw new SoraError('usage', `There is no file ${named}.`, {
      hint: 'Check the path, or name a job by its id: sora video list',
      cause: error,
    });
  }
}
