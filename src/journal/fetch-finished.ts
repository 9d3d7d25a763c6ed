/** What hosts have finished, fetched before anything new is sent: results live for an hour at some of them. */
import { inParallel } from '../shared/parallel.ts';
import type { Workspace } from '../workspace.ts';
import type { Take } from './fold.ts';
import { followTake } from './follow-take.ts';
import { keepTake } from './keep-take.ts';
import type { TakeLedger } from './take-ledger.ts';

const FEWEST_AT_ONCE = 4;

export interface FetchOptions {
  readonly jobs: number;
  readonly deadlineMs: number;
  isMine(take: Take): boolean;
  /** Where the file of a take is wanted, absolute. */
  wantedOf(take: Take): string;
}

/** Asks once about each take that is under way; a file that lies here whole is kept, whatever is known of its job. */
export async function fetchFinished(
  workspace: Workspace,
  ledger: TakeLedger,
  { jobs, deadlineMs, isMine, wantedOf }: FetchOptions,
): Promise<void> {
  const open = (await ledger.takes()).filter((take) => take.state === 'asked' && isMine(take));
  await inParallel(open, Math.max(jobs, FEWEST_AT_ONCE), async (take) => {
    if (workspace.runtime.signal.aborted) return;
    const wanted = wantedOf(take);
    if (take.remoteId === undefined) await keepTake(workspace, ledger, { take, wanted });
    else await followTake(workspace, ledger, take, { wanted, deadlineMs, onlyFinished: true });
  });
}
