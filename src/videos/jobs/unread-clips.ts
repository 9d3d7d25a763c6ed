/** What a failed job tells of the clips that it was given. */
import type { Job } from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';

/**
 * Of a job that has just been seen to fail because its host could not read what it was given: its clips and
 * pictures are uploaded anew for the next video, which costs nothing. No video is made by itself: the failed one may have been charged.
 */
export async function forgetUnreadClips(workspace: Workspace, job: Job): Promise<void> {
  const { characters } = job.request;
  if (job.status !== 'failed' || !job.failure?.unreachable || characters.length === 0) return;
  const { markUnreachable } = await import('../../characters/stale.ts');
  await markUnreachable(
    workspace,
    characters.flatMap(({ value, values = [value] }) => values),
  );
}
