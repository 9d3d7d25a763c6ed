/** `sora video resend <job>`: a recorded request once more, byte for byte, at a person's word. */
import type { Context } from '../../context.ts';
import { type BudgetLimits, checkBudget } from '../../costs/budget.ts';
import { admittedJob, existingJobs } from '../../videos/admission.ts';
import { findJobByBeginning } from '../../videos/find-jobs.ts';
import { hasNoCall, quoteRecorded, recordedOrder, requireUnanswered } from '../../videos/lost/resend.ts';
import { submit } from '../../videos/submit.ts';
import { checkVideoOutput, type FollowFlags, refuseIdle } from './input.ts';
import { followAndShow, showJobs, showRequest } from './results.ts';

export interface ResendFlags extends FollowFlags, BudgetLimits {
  readonly wait: boolean;
  readonly dryRun: boolean;
}

export async function runVideoResend(context: Context, input: ResendFlags & { id: string }): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = input.wait || input.output !== undefined;
  if (waits) await checkVideoOutput(context, input, 1);
  else refuseIdle(input);
  const job = await requireUnanswered(context, await findJobByBeginning(context, input.id), input.dryRun);
  const provider = await context.providerOf(job);
  const order = await recordedOrder(context, job, provider);
  const cost = await quoteRecorded(context, { job, order, provider });
  const bill = [{ what: 'video', count: 1, each: cost }] as const;
  const admission = { order, key: job.key, resend: true, ownIds: [] };
  if (input.dryRun) {
    const request =
      'video' in order ? provider.describeVideo(order.video) : provider.describeDerivation?.(order.derivation);
    if (!request) throw hasNoCall(provider, job);
    const existing = await existingJobs(context, order, admission);
    if (existing.length === 0) checkBudget(input, { bill, provider });
    showRequest(context, { prompt: order.request.prompt, request, bill: existing.length === 0 ? bill : [], existing });
    return 0;
  }
  if (!(await admittedJob(context, admission))) checkBudget(input, { bill, provider });
  await (await context.jobs()).sweep();
  const sent = await submit(context, {
    ...{ ...admission, order, provider, cost, replaces: job.id },
    ...(job.profile !== undefined && { profile: job.profile }),
    ...(job.autoCast && { autoCast: job.autoCast }),
    wait: waits ? input : undefined,
  });
  if (waits) {
    return followAndShow(context, [sent.job], { ...input, deadlineMs, firstPauseMs: () => sent.pollAfterMs });
  }
  showJobs(context, [sent.job]);
  return 0;
}
