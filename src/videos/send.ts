/** From a plan to jobs: approve, register the missing, complete, send. */
import { copiesFor, type NeededCopy } from '../characters/fit-cast.ts';
import { registerMissing } from '../characters/register-cast.ts';
import { forgetStale } from '../characters/stale.ts';
import { budgetOptionsOf } from '../costs/budget.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import type { Job, JobTake } from '../shared/job.ts';
import { counted } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { admittedJob, existingJobs, idempotencyKeyOf } from './admission.ts';
import type { Resumable } from './jobs/find.ts';
import { completePlan, copyNotes, planAnew, type VideoPlan } from './plan.ts';
import { type Quote, type VideoBudget, type VideoBudgetOptions, videoBudget } from './quote.ts';
import { type Submitted, submit } from './submit.ts';

export interface SendOptions extends VideoBudgetOptions {
  /** Of the command: of several videos, each has its own made from it. */
  readonly key?: string;
  /** Send although an equal request may exist already. */
  readonly resend: boolean;
  /** What it is held to, in the place of what the limits beside it say. */
  readonly heldTo?: VideoBudget;
  /** What the job is made for; of a single one. */
  readonly take?: JobTake;
  /** With `resend`, the one job that this takes the place of; every equal one that is unresolved unless given. */
  readonly replaces?: string | undefined;
  /** Of the characters, those whom the prompt alone has named. */
  readonly autoCast?: readonly string[];
  /** What will be waited for, if anything is: said in the hints to go on. */
  readonly wait?: Resumable | undefined;
  /** When the whole command gives up, as in `SubmitOptions`. */
  readonly deadlineMs?: number | undefined;
  /** Is told the jobs that were sent, before it is thrown why another was not. */
  onPartial?(jobs: readonly Job[]): void;
}

/** What `sendVideos` would do: the jobs that the keys have already, the quote of the others, and the copies of clips that are made for them. Registers nobody. */
export async function previewVideos(
  workspace: Workspace,
  plan: VideoPlan,
  options: SendOptions,
): Promise<Quote & { readonly existing: readonly Job[]; readonly copies: readonly NeededCopy[] }> {
  const existing = await existingJobs(workspace, plan, options);
  const budget = videoBudget(workspace, options);
  const isSent = existing.length < options.count;
  if (isSent) await budget.approve(plan);
  for (const note of isSent ? copyNotes([plan]) : []) workspace.reporter.note(note);
  return { ...budget.quote, existing, copies: isSent ? copiesFor(plan.missing) : [] };
}

/**
 * Sends `count` equal requests, one after the other. Registers first whom the host does not know; a refusal may mean that it
 * has forgotten a character, which is then registered again, and the request sent once more. Throws `ambiguous` when an
 * equal request is unresolved, `budget` for what costs too much, and what registering and sending throw; `pending` when
 * some were sent and another was not.
 */
export async function sendVideos(
  workspace: Workspace,
  plan: VideoPlan,
  options: SendOptions,
): Promise<readonly Submitted[]> {
  const { count, onPartial } = options;
  const sending: Sending = { options, budget: options.heldTo ?? videoBudget(workspace, options) };
  const ready = await makeReady(workspace, plan, sending);
  await (await workspace.jobs()).sweep();
  const { whole, first } = await sendFirst(workspace, ready, sending);
  const sent = [first];
  for (let index = 1; index < count; index++) {
    const ownIds = sent.map(({ job }) => job.id);
    try {
      sent.push(await sendOne(workspace, whole, { ...sending, index, ownIds }));
    } catch (error) {
      if (!isSoraError(error)) throw error;
      onPartial?.(sent.map(({ job }) => job));
      throw partlySent(error, { ownIds, count });
    }
  }
  return sent;
}

interface Sending {
  readonly options: SendOptions;
  readonly budget: VideoBudget;
}

/** The plan once it is approved and nobody is missing. A request whose key has its job already needs no approval. */
async function makeReady(workspace: Workspace, plan: VideoPlan, { options, budget }: Sending): Promise<VideoPlan> {
  const { key, resend, count, deadlineMs } = options;
  const limits = budgetOptionsOf(options);
  const earlier = await admittedJob(workspace, { order: plan, key: count === 1 ? key : undefined, resend, ownIds: [] });
  if (!earlier) await budget.approve(plan);
  const admit = earlier ? undefined : (): Promise<void> => budget.registration(plan);
  const known = await registerMissing(workspace, plan.cast, { resend, admit, deadlineMs, ...limits });
  const whole = completePlan(plan, known);
  if (!earlier && plan.missing.length > 0) await budget.approve(whole);
  return whole;
}

function sendOne(
  workspace: Workspace,
  plan: VideoPlan,
  { options, budget, index, ownIds }: Sending & { readonly index: number; readonly ownIds: readonly string[] },
): Promise<Submitted> {
  const { resend, autoCast, wait, deadlineMs, take, replaces } = options;
  return submit(workspace, {
    ...{ order: plan, provider: plan.order.provider, cost: budget.quote.cost, key: idempotencyKeyOf(options, index) },
    ...{
      resend,
      ownIds,
      wait,
      deadlineMs,
      take,
      ...(autoCast && { autoCast }),
      ...(replaces !== undefined && { replaces }),
    },
    ...budgetOptionsOf(options),
  });
}

async function sendFirst(
  workspace: Workspace,
  ready: VideoPlan,
  sending: Sending,
): Promise<{ whole: VideoPlan; first: Submitted }> {
  const send = async (whole: VideoPlan): Promise<{ whole: VideoPlan; first: Submitted }> => ({
    whole,
    first: await sendOne(workspace, whole, { ...sending, index: 0, ownIds: [] }),
  });
  try {
    return await send(ready);
  } catch (error) {
    const { order, cast } = ready;
    if (!isSoraError(error, 'refused') || !(await forgetStale(workspace, { cast, refusal: error }))) throw error;
    return send(await makeReady(workspace, await planAnew(workspace, order), sending));
  }
}

const NOTHING_CREATED: ReadonlySet<ErrorCode> = new Set(['network', 'interrupted', 'terminated']);

/** Something was created, so neither code nor words may say that nothing was. */
function partlySent(error: SoraError, { ownIds, count }: { ownIds: readonly string[]; count: number }): SoraError {
  const code = NOTHING_CREATED.has(error.code) ? 'pending' : error.code;
  const why = error.message.replace(/ Nothing was created\.$/, '');
  // Stopped right after it was sent: that one goes on as well.
  const ids = [...ownIds, ...(error.code === 'pending' ? (error.jobId ?? []) : [])];
  return new SoraError(
    code,
    `${ids.length} of ${counted(count, 'job')} ${ids.length === 1 ? 'was' : 'were'} sent. ${why}`,
    {
      hint: `What was sent continues at the host. Follow it with: sora video wait ${ids.join(' ')}`,
      ...(error.jobId !== undefined && { jobId: error.jobId }),
      cause: error,
    },
  );
}
