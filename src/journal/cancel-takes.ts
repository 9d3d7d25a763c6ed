/** Takes that are under way, stopped at their hosts; what was made of each is written down. */
import { isSoraError, type SoraError } from '../shared/errors.ts';
import { cancelJob } from '../videos/remote.ts';
import type { Workspace } from '../workspace.ts';
import type { Take } from './fold.ts';
import { jobOfTake } from './follow-take.ts';
import type { TakeLedger } from './take-ledger.ts';

export interface Cancelled {
  /** The scene, or the id of the line. */
  readonly id: string;
  readonly jobId: string;
  /** Why it was not stopped. */
  readonly error?: SoraError;
}

/** One after the other, in the order in which they were sent. */
export async function cancelTakes(
  workspace: Workspace,
  ledger: TakeLedger,
  isMeant: (take: Take) => boolean,
): Promise<readonly Cancelled[]> {
  await ledger.learn();
  const open = (await ledger.takes()).filter(
    (take) => take.state === 'asked' && take.remoteId !== undefined && isMeant(take),
  );
  const all: Cancelled[] = [];
  for (const take of open) {
    const job = await jobOfTake(workspace, take);
    try {
      await cancelJob(workspace, job);
      const failed = { v: 1, at: ledger.now(), key: take.key, line: 'failed', why: 'cancelled' } as const;
      await ledger.journal.append({ ...failed, exit: 5, retryable: false, made: 'maybe' });
      all.push({ id: take.scene, jobId: job.id });
    } catch (error) {
      if (!isSoraError(error) || error.code === 'machine' || workspace.runtime.signal.aborted) throw error;
      all.push({ id: take.scene, jobId: job.id, error });
    }
  }
  return all;
}
