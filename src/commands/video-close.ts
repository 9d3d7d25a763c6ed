/** The end of jobs of which nobody knows whether their host has them: by a person's word, or because they were sent anew. */
import type { Context } from '../context.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { isClosed, isGivenUp, isUnresolved, type Job, mayExist } from '../shared/model.ts';
import { findJobByBeginning } from '../videos/find-jobs.ts';
import { jobCommand } from '../videos/job-command.ts';
import { closeJob, describe } from '../videos/lifecycle.ts';
import { type Settled, settleJob, unresolvedError, withoutSender } from '../videos/recover-lost.ts';

/** `sora video close <job>`: nothing was made of an unknown or refused request, says the user. Nothing is asked of the host but whether it has it. */
export async function runVideoClose(context: Context, { id, yes }: { id: string; yes: boolean }): Promise<undefined> {
  const job = await findJobByBeginning(context, id);
  if (isClosed(job)) return showClosed(context, job);
  refuseKnown(context, job, 'close');
  const known = await look(context, job);
  refuseKnown(context, known.job, 'close');
  const { ui, host } = context;
  if (known.isSending) throw unresolvedError(known);
  for (const { id: remoteId, status } of known.candidates)
    ui.note(`${job.provider} has ${remoteId} (${status}), which it could be.`);
  const question = `Close job ${job.id}? The same request may then be sent and paid for again, although ${job.provider} may have it.`;
  if (
    isUnresolved(known.job) &&
    !yes &&
    !(await context.confirm(question, 'Add --yes to close it without being asked.'))
  ) {
    throw new SoraError('usage', `Job ${job.id} was left as it is.`, {
      hint: `See how it stands: ${jobCommand(context, 'status', job)}`,
      jobId: job.id,
    });
  }
  const store = await context.jobs();
  const nowMs = host.clock.now();
  const kept = await store.update(job.id, (now) => (now.remoteId === undefined ? closeJob(now, { nowMs }) : now));
  refuseKnown(context, kept, 'close');
  showClosed(context, kept);
}

function showClosed({ ui }: Context, job: Job): undefined {
  ui.result({
    json: job,
    text: `${job.id} is closed: nothing was made of it. The same request can be sent again.`,
    quiet: [job.id],
  });
}

/** What the host says of it, if it can be asked: a person's word is enough where it cannot. */
async function look(context: Context, job: Job): Promise<Settled> {
  try {
    return await settleJob(context, job);
  } catch (error) {
    if (!isSoraError(error) || context.host.signal.aborted) throw error;
    context.ui.note(`The host was not asked: ${error.message}`);
    const current = await withoutSender(context, job);
    return { job: current ?? job, isSending: !current, candidates: [], because: '', ways: '' };
  }
}

/** Throws `usage` for a job that its host has, or had: there is nothing to close or to send again. */
export function refuseKnown(context: Context, job: Job, verb: 'close' | 'resend'): void {
  if (isUnresolved(job) || !mayExist(job)) return;
  const nothing = verb === 'close' ? 'There is nothing to close' : 'Nothing was sent';
  const isOver = isGivenUp(job.status);
  const state = isOver ? `has ended as ${job.status}` : `is ${describe(job)}`;
  throw new SoraError('usage', `Job ${job.id} ${state} at ${job.provider}. ${nothing}.`, {
    hint: isOver
      ? `To make the video again, run the same \`sora video ${job.request.from?.kind ?? 'generate'}\` command.`
      : `Get its video: ${jobCommand(context, 'wait', job)}`,
    jobId: job.id,
  });
}

/**
 * Throws as `refuseKnown` by what the record says now, and for a job that was sent once more already, unless that is given
 * up: `ambiguous` while nobody knows what became of it, else `usage`.
 */
export function refuseResent(context: Context, jobs: readonly Job[], id: string): void {
  const job = jobs.find((one) => one.id === id);
  if (!job) return;
  refuseKnown(context, job, 'resend');
  const line = new Set([job]);
  for (const one of line)
    for (const other of jobs) if (other.replaces === one.id || other.id === one.replacedBy) line.add(other);
  const living = [...line].find((one) => one !== job && !isGivenUp(one.status));
  if (!living) return;
  const code = isUnresolved(living) ? 'ambiguous' : 'usage';
  const how =
    living.status === 'unknown' ? 'of which nobody knows whether its host has it' : `which is ${describe(living)}`;
  throw new SoraError(code, `Job ${id} was sent once more already, as job ${living.id}, ${how}. Nothing was sent.`, {
    hint: `See how that stands: ${jobCommand(context, 'status', living)}`,
    jobId: living.id,
  });
}

/**
 * Closes what job `by` was sent in the place of, once that may exist: a refusal leaves them as they were. One that another
 * process is sending right now stays open. That a record cannot be written is a warning.
 */
export async function closeReplaced(context: Context, replaced: readonly Job[], by: string): Promise<void> {
  if (replaced.length === 0) return;
  const store = await context.jobs();
  try {
    const made = await store.find(by);
    if (!made || !mayExist(made)) return;
    for (const job of replaced) {
      const nowMs = context.host.clock.now();
      if (await withoutSender(context, job)) {
        await store.update(job.id, (now) => (isUnresolved(now) ? closeJob(now, { nowMs, by }) : now));
        context.ui.note(`Job ${job.id} is closed: ${by} takes its place.`);
      }
    }
  } catch (error) {
    if (!isSoraError(error)) throw error;
    context.ui.warn(`What job ${by} takes the place of was not closed: ${error.message}`);
  }
}
