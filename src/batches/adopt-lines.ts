/** What a person says of lines of unknown fate, before a run does anything of its own. */
import { adoptTake, closeTakes } from '../journal/adopt-take.ts';
import { isUnknown, type TakeLedger } from '../journal/take-ledger.ts';
import type { Adoption } from '../shared/batch.ts';
import { SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { statusCommand } from './given-batch.ts';

/** Throws `usage` for an id that has no request of unknown fate, nor one that was given up, and as `adoptTake`. */
export async function adoptLines(
  workspace: Workspace,
  ledger: TakeLedger,
  adoptions: readonly Adoption[],
): Promise<void> {
  for (const { id, videoId } of adoptions) {
    const takes = await ledger.takes(id);
    const unknown = takes.filter((take) => isUnknown(ledger, take));
    // What a person has given up may turn out to have been made.
    const closed = videoId === undefined ? [] : takes.filter((take) => take.closed && take.remoteId === undefined);
    const take = unknown[0] ?? closed.at(-1);
    if (!take) {
      throw new SoraError('usage', `The line ${id} has no request of unknown fate.`, {
        hint: `See how every line stands: ${statusCommand(ledger.file)}`,
      });
    }
    if (videoId === undefined) await closeTakes(ledger, unknown);
    else await adoptTake(workspace, ledger, { take, videoId, called: ({ scene }) => scene });
  }
}
