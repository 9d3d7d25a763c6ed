/** A take that is missing: claimed in the journal, sent once, and its host's id written down. */
import { crypto } from '../disk/hash.ts';
import { type ErrorCode, EXIT_CODES, isSoraError, type SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { accountOf } from '../videos/jobs/account.ts';
import type { VideoPlan } from '../videos/plan.ts';
import type { VideoBudget } from '../videos/quote.ts';
import { sendVideos } from '../videos/send.ts';
import type { Submitted } from '../videos/submit.ts';
import type { Workspace } from '../workspace.ts';
import { type Ask, takeKey } from './fingerprint.ts';
import { nextNumber, type Take } from './fold.ts';
import { type Asked, type Failed, type Line, TAKEN_BACK } from './lines.ts';
import { firstPlace } from './take-files.ts';
import type { TakeLedger } from './take-ledger.ts';

export interface TakeWish {
  readonly scene: string;
  readonly fp: string;
  readonly ask: Ask;
  /** Whose characters all are registered. */
  readonly plan: VideoPlan;
  readonly budget: VideoBudget;
  readonly estimateUsd?: number | undefined;
  readonly tag?: string | undefined;
  readonly limits?: BudgetOptions;
  /** When the run gives up, as in `SubmitOptions`. */
  readonly deadlineMs?: number;
  /** Where its file first lies whole, absolute. */
  readonly folder: string;
  /** Decides under the lock, by what stands in the journals then: whether to send, and in the place of which unknown take. */
  decide(then: JournalView): Promise<SendDecision>;
  /** Holds the request to a budget, under the lock. Throws `budget`. */
  approve?(then: JournalView): Promise<void>;
}

export interface JournalView {
  readonly lines: readonly Line[];
  /** Of every scene; of one where it is named. */
  takes(scene?: string): Promise<readonly Take[]>;
}

export interface SendDecision {
  readonly send: boolean;
  readonly closes?: Take | undefined;
}

export type SendOutcome =
  | { readonly kind: 'sent'; readonly take: Take; readonly submitted: Submitted }
  /** Another process has asked for the same, or nothing is wanted any more: to be looked at again. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'unwanted' }
  /** A definite no: nothing was made, and that is written down. */
  | { readonly kind: 'refused'; readonly error: SoraError; readonly failed: Failed }
  /** Nobody knows whether the host has it. */
  | { readonly kind: 'unknown'; readonly error: SoraError };

/** Throws what stops the whole run: this machine. */
export async function sendTake(workspace: Workspace, ledger: TakeLedger, wish: TakeWish): Promise<SendOutcome> {
  const { baseUrl, key: secret } = await workspace.connection();
  const account = accountOf({ baseUrl, key: secret });
  const profile = await workspace.profileName();
  let closes: Take | undefined;
  let wanted = true;
  const claimed = await ledger.journal.claim(async (reading) => {
    const then: JournalView = { lines: reading.lines, takes: (scene) => ledger.takes(scene, reading) };
    const decision = await wish.decide(then);
    wanted = decision.send;
    if (!wanted) return undefined;
    await wish.approve?.(then);
    closes = decision.closes;
    const n = nextNumber(await then.takes(wish.scene), wish.scene);
    const asked = askedOf(wish, { ledger, account, profile, n, closes: closes?.key });
    ledger.sending.add(asked.key);
    return asked;
  });
  if (claimed === 'taken' || !claimed) return { kind: claimed === 'taken' ? 'taken' : 'unwanted' };
  try {
    return await sendClaimed(workspace, ledger, { wish, asked: claimed, closes });
  } finally {
    ledger.sending.delete(claimed.key);
  }
}

function askedOf(
  { scene, fp, ask, plan, estimateUsd, tag, folder }: TakeWish,
  more: { ledger: TakeLedger; account: string; profile: string; n: number; closes: string | undefined },
): Asked {
  const { ledger, account, profile, n, closes } = more;
  const uuid = crypto().randomUUID();
  const { provider, model, input } = plan.order;
  const sender = ledger.sender();
  return {
    ...{ v: 1, at: ledger.now(), key: takeKey(fp, uuid), line: 'asked', scene, n, fp, ask },
    file: ledger.pathOf(firstPlace(folder, uuid)),
    ...{ provider: provider.name, baseUrl: provider.baseUrl, account, profile },
    ...(provider.backend !== undefined && { backend: provider.backend }),
    ...(model !== undefined && { model }),
    ...{ seconds: input.seconds, size: formatSize(input.size) },
    ...(estimateUsd !== undefined && { estimateUsd }),
    ...(tag !== undefined && { tag }),
    ...(closes !== undefined && { closes }),
    ...(sender && { sender }),
  };
}

async function sendClaimed(
  workspace: Workspace,
  ledger: TakeLedger,
  { wish, asked, closes }: { wish: TakeWish; asked: Asked; closes: Take | undefined },
): Promise<SendOutcome> {
  const { key } = asked;
  const lost = closes && (await ledger.jobs()).find((job) => job.key === closes.key);
  try {
    workspace.runtime.signal.throwIfAborted();
    const [submitted] = await sendVideos(workspace, wish.plan, {
      ...{ count: 1, key, resend: closes !== undefined, heldTo: wish.budget, deadlineMs: wish.deadlineMs },
      ...wish.limits,
      tags: [...(wish.limits?.tags ?? []), ...(wish.tag === undefined ? [] : [wish.tag])],
      take: { file: ledger.file, scene: asked.scene, n: asked.n, path: asked.file, ask: wish.ask },
      ...(lost && { replaces: lost.id }),
    });
    const { job } = submitted ?? {};
    if (!submitted || job?.remoteId === undefined) throw new TypeError(`a job was sent without an answer: ${key}`);
    await ledger.journal.append({ v: 1, at: ledger.now(), key, line: 'sent', remoteId: job.remoteId, job: job.id });
    const take = (await ledger.takes(asked.scene)).find((one) => one.key === key);
    if (!take) throw new TypeError(`a line was appended and is not there: ${key}`);
    return { kind: 'sent', take, submitted };
  } catch (error) {
    if (!isSoraError(error)) throw error;
    return await failedToSend(workspace, ledger, { asked, error });
  }
}

/** What the job's record says of the request decides, where there is one: an error tells what was thrown last. */
async function failedToSend(
  workspace: Workspace,
  ledger: TakeLedger,
  { asked: { key }, error }: { asked: Asked; error: SoraError },
): Promise<SendOutcome> {
  const { records, broken } = await (await workspace.jobs()).list();
  const job = records.find((one) => one.key === key);
  if (job?.remoteId !== undefined) {
    await ledger.journal.append({ v: 1, at: ledger.now(), key, line: 'sent', remoteId: job.remoteId, job: job.id });
    return { kind: 'unknown', error };
  }
  const mayBeHidden = error.code === 'ambiguous' && broken.some(({ unusable }) => !unusable || unusable.key === key);
  if (job ? job.status !== 'failed' : mayBeHidden) {
    if (job) ledger.heard(job);
    return { kind: 'unknown', error };
  }
  // Without a record nothing can have left, whatever is unknown of an equal request: it is on the disk before the request.
  const failed: Failed = {
    ...{ v: 1, at: ledger.now(), key, line: 'failed', exit: EXIT_CODES[error.code], made: 'no' },
    why: NO_ANSWER_OF_A_HOST.has(error.code) ? TAKEN_BACK : error.message,
    retryable: isPassing(error),
  };
  await ledger.journal.append(failed);
  if (error.code === 'machine' || error.code === 'bug') throw error;
  return { kind: 'refused', error, failed };
}

/**
 * Of these nothing but the end of the claim is written: whoever pressed Ctrl-C has no failure to be told of, and what this
 * machine says names its folders, while journals are committed.
 */
const NO_ANSWER_OF_A_HOST: ReadonlySet<ErrorCode> = new Set(['interrupted', 'terminated', 'machine', 'bug']);

/** Whether the same request may well be taken later, as it is. */
function isPassing({ code, reason }: SoraError): boolean {
  return ['network', 'interrupted', 'terminated', 'budget', 'auth'].includes(code) || reason === 'rate-limited';
}
