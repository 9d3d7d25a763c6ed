/** `sora video extend`, `edit` and `remix`: a new job from the video of a finished one. A paid request like any other. */
import type { Context } from '../../context.ts';
import { type BudgetLimits, checkBudget } from '../../costs/budget.ts';
import type { Provider } from '../../providers/provider.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { type Derivation, isFinal, type Job } from '../../shared/job.ts';
import { admittedJob, existingJobs } from '../../videos/admission.ts';
import { cannotDerive, checkDerivation, derivationOrder, quoteDerivation } from '../../videos/derive.ts';
import { findJobs, finishedJob } from '../../videos/find-jobs.ts';
import { submit } from '../../videos/submit.ts';
import { checkVideoOutput, type FollowFlags, gatherProblems, isOwnFile, readPrompt, refuseIdle } from './input.ts';
import { followAndShow, showJobs, showRequest } from './results.ts';

export interface DeriveFlags extends FollowFlags, BudgetLimits {
  /** What an extension adds. */
  readonly seconds?: number;
  readonly wait: boolean;
  readonly key?: string;
  readonly resend: boolean;
  readonly dryRun: boolean;
}

export async function runVideoDerive(
  context: Context,
  input: DeriveFlags & { kind: Derivation; id: string; prompt: string },
): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = input.wait || input.output !== undefined;
  const { check, settle } = gatherProblems();
  const prompt = await check(() => readPrompt(context, input.prompt));
  const job = await check(async () => (await findJobs(context, [input.id]))[0]);
  if (!waits) await check(() => refuseIdle(input));
  else if (!(await isOwnFile(context, input))) await check(() => checkVideoOutput(context, input, 1));
  const host = job && (await check(() => hostOf(context, job, input.dryRun)));
  settle();
  if (prompt === undefined || !job || !host) throw new Error('what is missing was refused');
  const { provider, keyless } = host;
  if (!provider.deriveVideo) throw cannotDerive(provider, input.kind);

  if (keyless && !isFinal(job.status)) throw notAsked(job, keyless);
  const source = await finishedJob(context, job);
  const { records } = await (await context.jobs()).list();
  const order = derivationOrder({ ...input, prompt }, { source, provider });
  checkDerivation(context, { order, source, provider, records });
  const existing = input.dryRun ? await existingJobs(context, order, input) : [];
  const earlier = input.dryRun
    ? existing[0]
    : await admittedJob(context, { ...input, order, key: input.key, ownIds: [] });
  const cost = await quoteDerivation(context, { order, source, provider });
  const bill = [{ what: 'video', count: 1, each: cost }] as const;
  // The job of a key is paid for already.
  if (!earlier) checkBudget(input, { bill, provider });
  if (input.dryRun) {
    const request = provider.describeDerivation?.(order.derivation);
    if (!request) throw cannotDerive(provider, input.kind);
    showRequest(context, { prompt, request, bill: earlier ? [] : bill, existing });
    return 0;
  }

  await (await context.jobs()).sweep();
  const sent = await submit(context, {
    order,
    provider,
    cost,
    ...(source.profile !== undefined && { profile: source.profile }),
    key: input.key,
    resend: input.resend,
    ownIds: [],
    wait: waits ? input : undefined,
  });
  if (waits) {
    return followAndShow(context, [sent.job], { ...input, deadlineMs, firstPauseMs: () => sent.pollAfterMs });
  }
  showJobs(context, [sent.job]);
  return 0;
}

/** The host that has the video; for a dry run without its key, only as far as requests can be described. */
async function hostOf(
  context: Context,
  job: Job,
  dryRun: boolean,
): Promise<{ readonly provider: Provider; readonly keyless?: SoraError }> {
  try {
    return { provider: await context.providerOf(job) };
  } catch (error) {
    if (!dryRun || !isSoraError(error, 'auth')) throw error;
    return { provider: await context.providerOf(job, 'preview'), keyless: error };
  }
}

function notAsked(job: Job, { hint }: SoraError): SoraError {
  return new SoraError(
    'auth',
    `Job ${job.id} was ${job.status} when it was last checked, and its host cannot be asked without a key.`,
    { jobId: job.id, ...(hint !== undefined && { hint }) },
  );
}
