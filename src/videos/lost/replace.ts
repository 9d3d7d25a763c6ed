/** Jobs that take the place of others: what may be closed or sent once more, and what ends with it. */

import { hostTitle } from '../../providers/index.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import {
  endedWithoutVideo,
  isRefused,
  isUnanswered,
  type Job,
  type Refused,
  type Unanswered,
} from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';
import { jobCommand } from '../jobs/command.ts';
import { jobError } from '../jobs/error.ts';
import { closeJob, describe } from '../jobs/lifecycle.ts';
import { withoutSender } from './recover.ts';

/** Throws `usage` for a job that its host has, or had: there is nothing to close or to send again. */
export function refuseKnown(
  workspace: Workspace,
  job: Job,
  verb: 'close' | 'resend',
): asserts job is Unanswered | Refused {
  if (job.remoteId === undefined) return;
  const nothing = verb === 'close' ? 'There is nothing to close' : 'Nothing was sent';
  const isOver = endedWithoutVideo(job.status);
  const state = isOver ? `has ended as ${job.status}` : `is ${describe(job)}`;
  throw new SoraError('usage', `Job ${job.id} ${state} at ${hostTitle(job)}. ${nothing}.`, {
    hint: isOver ? (jobError(job)?.hint ?? '') : `Get its video: ${jobCommand(workspace, 'wait', job)}`,
    jobId: job.id,
  });
}

/**
 * Throws as `refuseKnown` by what the record says now, and for a job that was sent once more already, unless that is given
 * up: `ambiguous` while nobody knows what became of it, else `usage`.
 */
export function refuseResent(workspace: Workspace, jobs: readonly Job[], id: string): void {
  const job = jobs.find((one) => one.id === id);
  if (!job) return;
  refuseKnown(workspace, job, 'resend');
  const line = new Set<Job>([job]);
  for (const one of line) {
    const by = isRefused(one) ? one.replacedBy : undefined;
    for (const other of jobs) if (other.replaces === one.id || other.id === by) line.add(other);
  }
  const living = [...line].find((one) => one !== job && !endedWithoutVideo(one.status));
  if (!living) return;
  const code = isUnanswered(living) ? 'ambiguous' : 'usage';
  const how =
    living.status === 'unknown' ? 'of which nobody knows whether its host has it' : `which is ${describe(living)}`;
  throw new SoraError(code, `Job ${id} was sent once more already, as job ${living.id}, ${how}. Nothing was sent.`, {
    hint: `See its state: ${jobCommand(workspace, 'status', living)}`,
    jobId: living.id,
  });
}

/**
 * Closes what job `by` was sent in the place of, once that may exist: a refusal leaves them as they were. One that another
 * process is sending right now stays open. That a record cannot be written is a warning.
 */
export async function closeReplaced(workspace: Workspace, replaced: readonly Unanswered[], by: string): Promise<void> {
  if (replaced.length === 0) return;
  const store = await workspace.jobs();
  try {
    const made = await store.find(by);
    if (!made || isRefused(made)) return;
    for (const job of replaced) {
      const nowMs = workspace.runtime.clock.now();
      if (await withoutSender(workspace, job)) {
        await store.update(job.id, (now) => (isUnanswered(now) ? closeJob(now, { nowMs, by }) : now));
        workspace.reporter.note(`Job ${job.id} is closed: ${by} replaces it.`);
      }
    }
  } catch (error) {
    if (!isSoraError(error)) throw error;
    workspace.reporter.warn(`The job that ${by} replaces was not closed: ${error.message}`);
  }
}
