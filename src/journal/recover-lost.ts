/** Requests whose answers were lost: looked for at their host, where no other request can have made the video. */

import { isSoraError } from '../shared/errors.ts';
import { isUnanswered } from '../shared/job.ts';
import { resolveUnknown } from '../videos/lost/recover.ts';
import type { Workspace } from '../workspace.ts';
import { mayBeTakenFor } from './equal-ask.ts';
import { isTakenBack, type Take } from './fold.ts';
import { isUnknown, type TakeLedger } from './take-ledger.ts';

/**
 * Asks the host about unknown takes that this home has jobs of, and writes down what it learns. A take is left alone while an
 * equal request without an id is closed, or of another home: it may own the video.
 */
export async function recoverLost(
  workspace: Workspace,
  ledger: TakeLedger,
  mine: (take: Take) => boolean,
): Promise<void> {
  const takes = await ledger.takes();
  const jobs = await ledger.jobs();
  const byKey = new Map(jobs.toReversed().map((job) => [job.key, job]));
  const lost = takes.filter((take) => isUnknown(ledger, take) && mine(take));
  const claimed = new Set(takes.flatMap(({ remoteId }) => remoteId ?? []));
  const foreign = takes.filter(
    (take) =>
      take.remoteId === undefined &&
      take.state !== 'done' &&
      !isTakenBack(take) &&
      take.failed?.made !== 'no' &&
      (take.closed || !byKey.has(take.key)),
  );
  let isAny = false;
  await Promise.all(
    lost.map(async (take) => {
      const job = byKey.get(take.key);
      if (!job || !isUnanswered(job)) return;
      if (foreign.some((other) => other.key !== take.key && mayBeTakenFor(other, take, ledger.familyOf))) return;
      try {
        await resolveUnknown(workspace, job, { claimed });
        isAny = true;
      } catch (error) {
        if (!isSoraError(error) || workspace.runtime.signal.aborted || error.code === 'machine') throw error;
        workspace.reporter.warn(`It could not be learned what became of ${take.scene}: ${error.message}`);
      }
    }),
  );
  if (isAny) await ledger.learn();
}
