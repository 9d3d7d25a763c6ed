/** What a person says of lines of unknown fate, before a run does anything of its own. */
import { adoptTake, closeTakes } from '../journal/adopt-take.ts';
import { isUnknown, type TakeLedger } from '../journal/take-ledger.ts';
import type { Adoption } from '../shared/batch.ts';
import { SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';

/** Throws `usage` for an id that has no unknown request, and as `adoptTake`. */
export async function adoptLines(
  workspace: Workspace,
  ledger: TakeLedger,
  adoptions: readonly Adoption[],
): Promise<void> {
  for (const { id, videoId } of adoptions) {
    const unknown = (await ledger.takes(id)).filter((take) => isUnknown(ledger, take));
    const [take] = unknown;
    if (!take) {
      throw new SoraError('usage', `The line ${id} has no request of unknown fate.`, {
        hint: 'See how every line stands: sora batch status <file>',
      });
    }
    if (videoId === undefined) await closeTakes(ledger, unknown);
    else await adoptTake(workspace, ledger, { take, videoId });
  }
}
