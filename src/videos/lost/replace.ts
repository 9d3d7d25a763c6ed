/** Jobs that take the place of others: what may be closed or sent once more, and what ends with it. */

import { hostTitle } from '../../providers/index.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import {
  endedWithoutVideo,
  isClosed,
  isRefused,
  isUnanswered,
  type Job,
  type JobTake,
  type Refused,
  type Unanswered,
} from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';
import { jobCommand } from '../jobs/command.ts';
import { jobError } from '../jobs/error.ts';
import { describe, replaceJob } from '../jobs/lifecycle.ts';
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
    // Of a key that is free again, its job is what a resend answers with.
    const isKeys = (other: Job): boolean => !isClosed(one) && one.key !== undefined && other.key === one.key;
    for (const other of jobs) if (other.replaces === one.id || (other.id === by && !isKeys(other))) line.add(other);
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

/** What is sent, as far as it tells which jobs it takes the place of. */
export interface Replacing {
  readonly order: { readonly fingerprint: string };
  readonly key: string | undefined;
  readonly resend: boolean;
  /** The one job that is sent once more. */
  readonly replaces?: string;
  /** Jobs that this same command has made: equal on purpose. */
  readonly ownIds: readonly string[];
  readonly take?: JobTake | undefined;
}

/**
 * The jobs that a request takes the place of. Refused ones: those of its key, and of a take the equal ones of its scene. Unresolved
 * ones with `resend` only. With `replaces`, of either kind, that one and those which it was to replace. Unresolved ones of another
 * key, and takes, are wanted besides, also by whoever names no key: closed, their key would be free to be sent; and what is itself
 * a take closes nothing that it does not name.
 */
export function replacedBy(jobs: readonly Job[], by: Replacing): readonly (Unanswered | Refused)[] {
  const { order, key, resend, replaces, ownIds, take } = by;
  const meant = new Set<string | undefined>([replaces]);
  for (const id of meant) meant.add(jobs.find((job) => job.id === id)?.replaces);
  const isEqual = (job: Job): boolean => job.fingerprint === order.fingerprint && !ownIds.includes(job.id);
  const isWanted = (job: Job): boolean => job.key !== key && (job.take !== undefined || job.key !== undefined);
  const isClosedBy = (job: Unanswered): boolean =>
    resend && (replaces === undefined ? !take && isEqual(job) && !isWanted(job) : meant.has(job.id));
  const isOfScene = (job: Job): boolean =>
    take !== undefined && job.take?.file === take.file && job.take.scene === take.scene && isEqual(job);
  const isReplaced = (job: Refused): boolean =>
    meant.has(job.id) || (job.replacedBy === undefined && ((key !== undefined && job.key === key) || isOfScene(job)));
  return jobs.filter((job): job is Unanswered | Refused =>
    isUnanswered(job) ? isClosedBy(job) : isRefused(job) && isReplaced(job),
  );
}

/**
 * Writes down that job `by` was sent in the place of these, which closes those without an answer, once it may exist: a refusal
 * leaves them as they were. One that another process is sending right now stays open. That a record cannot be written is a warning.
 */
export async function closeReplaced(
  workspace: Workspace,
  replaced: readonly (Unanswered | Refused)[],
  by: string,
): Promise<void> {
  if (replaced.length === 0) return;
  const store = await workspace.jobs();
  try {
    const made = await store.find(by);
    if (!made || isRefused(made)) return;
    for (const job of replaced) {
      const nowMs = workspace.runtime.clock.now();
      if (await withoutSender(workspace, job)) {
        await store.update(job.id, (now) => (now.remoteId === undefined ? replaceJob(now, { nowMs, by }) : now));
        if (isUnanswered(job)) workspace.reporter.note(`Job ${job.id} is closed: ${by} replaces it.`);
      }
    }
  } catch (error) {
    if (!isSoraError(error)) throw error;
    workspace.reporter.warn(`The job that ${by} replaces was not closed: ${error.message}`);
  }
}
