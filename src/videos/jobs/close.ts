/** The end of an unresolved job, by a person's word: nothing was made of its request. */

import { hostTitle } from '../../providers/index.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { isClosed, isUnanswered, type Job } from '../../shared/job.ts';
import { capitalizeThe } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { resolveUnknown, type Settled, unresolvedError, withoutSender } from '../lost/recover.ts';
import { refuseKnown } from '../lost/replace.ts';
import { jobCommand } from './command.ts';
import { closeJob } from './lifecycle.ts';

/**
 * Closes a job whose request is unknown or was refused, and resolves with its record, also of one that was closed before. The
 * host is asked only whether it has it. Throws `usage` for a job that its host has, or when `approve`, which is asked about an
 * unresolved one, says no; `ambiguous` while it is being sent.
 */
export async function closeUnresolved(
  workspace: Workspace,
  job: Job,
  { approve = async () => true }: { approve?: (question: string) => Promise<boolean> } = {},
): Promise<Job> {
  if (isClosed(job)) return job;
  const { reporter, runtime } = workspace;
  refuseKnown(workspace, job, 'close');
  const known = await look(workspace, job);
  refuseKnown(workspace, known.job, 'close');
  if (known.isSending) throw unresolvedError(known);
  for (const { id: remoteId, status } of known.candidates)
    reporter.note(capitalizeThe(`${hostTitle(job)} has ${remoteId} (${status}), which may be this job.`));
  const question = `Close job ${job.id}? The same request may then be sent and paid for again, although ${hostTitle(job)} may have it.`;
  if (isUnanswered(known.job) && !(await approve(question))) {
    throw new SoraError('usage', `Job ${job.id} was left unchanged.`, {
      hint: `See its state: ${jobCommand(workspace, 'status', job)}`,
      jobId: job.id,
    });
  }
  const store = await workspace.jobs();
  const nowMs = runtime.clock.now();
  const kept = await store.update(job.id, (now) => (now.remoteId === undefined ? closeJob(now, { nowMs }) : now));
  refuseKnown(workspace, kept, 'close');
  return kept;
}

/** What the host says of it, if it can be asked: a person's word is enough where it cannot. */
async function look(workspace: Workspace, job: Job): Promise<Settled> {
  try {
    return await resolveUnknown(workspace, job);
  } catch (error) {
    if (!isSoraError(error) || workspace.runtime.signal.aborted) throw error;
    workspace.reporter.note(`The host was not asked: ${error.message}`);
    const current = await withoutSender(workspace, job);
    return { job: current ?? job, isSending: !current, candidates: [], because: '', ways: '' };
  }
}
