/** The videos of a batch that are under way, stopped at their hosts; what was made of each is written down. */
import { existsSync } from 'node:fs';
import { jobOfTake } from '../journal/follow-take.ts';
import { isInShard, type JournalOwner } from '../journal/names.ts';
import { createQuietReporter } from '../journal/quiet-reporter.ts';
import { openTakeLedger } from '../journal/take-ledger.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { cancelJob } from '../videos/remote.ts';
import type { Workspace } from '../workspace.ts';
import { inLineWords } from './line-words.ts';

export interface Cancelled {
  readonly id: string;
  readonly jobId: string;
  /** Why it was not stopped. */
  readonly error?: SoraError;
}

/** One after the other, in the order in which they were sent. */
export async function cancelBatch(
  workspace: Workspace,
  options: JournalOwner & { readonly file: string },
): Promise<readonly Cancelled[]> {
  const ledger = openTakeLedger(workspace, options.file, options);
  const quiet = { ...workspace, reporter: createQuietReporter(workspace.reporter, inLineWords) };
  if (!existsSync(options.file) && (await ledger.journal.read()).lines.length === 0) {
    throw new SoraError('usage', `There is no batch ${options.file}, and no journal of one.`, {
      hint: 'Name the file that the batch was run from.',
    });
  }
  await ledger.learn();
  const open = (await ledger.takes()).filter(
    ({ state, remoteId, scene }) => state === 'asked' && remoteId !== undefined && isInShard(scene, options.shard),
  );
  const all: Cancelled[] = [];
  for (const take of open) {
    const job = await jobOfTake(quiet, take);
    try {
      await cancelJob(quiet, job);
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
