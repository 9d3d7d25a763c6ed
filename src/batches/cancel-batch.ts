/** The videos of a batch that are under way, stopped at their hosts. */
import { existsSync } from 'node:fs';
import { type Cancelled, cancelTakes } from '../journal/cancel-takes.ts';
import { isInShard, type JournalOwner } from '../journal/names.ts';
import { openTakeLedger } from '../journal/take-ledger.ts';
import { createQuietReporter } from '../runs/quiet-reporter.ts';
import { SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { inLineWords } from './line-words.ts';

/** Throws `usage` where there is neither the batch nor a journal of it. */
export async function cancelBatch(
  workspace: Workspace,
  options: JournalOwner & { readonly file: string },
): Promise<readonly Cancelled[]> {
  const ledger = await openTakeLedger(workspace, options.file, options);
  const quiet = { ...workspace, reporter: createQuietReporter(workspace.reporter, inLineWords) };
  if (!existsSync(options.file) && (await ledger.journal.read()).lines.length === 0) {
    throw new SoraError('usage', `There is no batch ${options.file}, and no journal of one.`, {
      hint: 'Name the file that the batch was run from.',
    });
  }
  return cancelTakes(quiet, ledger, ({ scene }) => isInShard(scene, options.shard));
}
