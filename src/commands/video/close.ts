/** `sora video close`: the end of unresolved jobs, by a person's word. */
import type { Context } from '../../context.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { isClosed, isUnresolved, type Job } from '../../shared/job.ts';
import { findJobByBeginning } from '../../videos/find-jobs.ts';
import { jobCommand } from '../../videos/job-command.ts';
import { closeJob } from '../../videos/lifecycle.ts';
import { resolveUnknown, type Settled, unresolvedError, withoutSender } from '../../videos/lost/recover.ts';
import { refuseKnown } from '../../videos/lost/replace.ts';

/** `sora video close <job>`: nothing was made of an unknown or refused request, says the user. Nothing is asked of the host but whether it has it. */
export async function runVideoClose(context: Context, { id, yes }: { id: string; yes: boolean }): Promise<undefined> {
  const job = await findJobByBeginning(context, id);
  if (isClosed(job)) return showClosed(context, job);
  refuseKnown(context, job, 'close');
  const known = await look(context, job);
  refuseKnown(context, known.job, 'close');
  const { ui, runtime } = context;
  if (known.isSending) throw unresolvedError(known);
  for (const { id: remoteId, status } of known.candidates)
    ui.note(`${job.provider} has ${remoteId} (${status}), which may be this job.`);
  const question = `Close job ${job.id}? The same request may then be sent and paid for again, although ${job.provider} may have it.`;
  if (
    isUnresolved(known.job) &&
    !yes &&
    !(await context.confirm(question, 'Add --yes to close it without being asked.'))
  ) {
    throw new SoraError('usage', `Job ${job.id} was left unchanged.`, {
      hint: `See its state: ${jobCommand(context, 'status', job)}`,
      jobId: job.id,
    });
  }
  const store = await context.jobs();
  const nowMs = runtime.clock.now();
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
    return await resolveUnknown(context, job);
  } catch (error) {
    if (!isSoraError(error) || context.runtime.signal.aborted) throw error;
    context.ui.note(`The host was not asked: ${error.message}`);
    const current = await withoutSender(context, job);
    return { job: current ?? job, isSending: !current, candidates: [], because: '', ways: '' };
  }
}
