/**
 * The counters of an account, where its host has no list: read before a request leaves, they tell later whether one whose
 * answer was lost has made something. Nothing is proved by them that another user of the account could have caused.
 */

import { formatUsd, roundUsd } from '../../costs/cost.ts';
import { hostTitle } from '../../providers/index.ts';
import { type AccountUsage, type Provider, SETTLING_MS } from '../../providers/provider.ts';
import { withDeadline } from '../../shared/deadline.ts';
import { isSoraError } from '../../shared/errors.ts';
import { isClosed, isFinal, isRefused, type Job, type Unanswered, type UsageBefore } from '../../shared/job.ts';
import { sentence } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { LONGEST_MS } from './match.ts';

/** A request goes without them rather than wait for them. */
const READ_MS = 10_000;

/** They are read once in so long for all requests of a process: what it has sent since is known from its records. */
const KEPT_MS = 60_000;

const READINGS = new WeakMap<Provider, Map<string | undefined, Promise<UsageBefore | undefined>>>();

/** What the account has used, not long ago; undefined where that cannot be learned. Never throws for what a host says. */
export async function usageBefore(
  { reporter, runtime: { clock, signal } }: Workspace,
  provider: Provider,
  model: string | undefined,
): Promise<UsageBefore | undefined> {
  if (!provider.usage) return undefined;
  const readings = READINGS.get(provider) ?? new Map<string | undefined, Promise<UsageBefore | undefined>>();
  READINGS.set(provider, readings);
  const known = await readings.get(model);
  if (known && Math.abs(clock.now() - Date.parse(known.at)) < KEPT_MS) return known;
  const read = async (): Promise<UsageBefore | undefined> => {
    const at = new Date(clock.now()).toISOString();
    try {
      const usage = await withDeadline(READ_MS, signal, async (limited) =>
        provider.usage?.(model, { signal: limited }),
      );
      return usage && { at, ...usage };
    } catch (error) {
      if (!isSoraError(error) && !signal.aborted) throw error;
      const why = isSoraError(error) && !signal.aborted ? sentence(error.message) : undefined;
      if (why !== undefined)
        reporter.note(
          `The counters of the account at ${hostTitle(provider)} could not be read: ${why} They will not tell what became of this request if its answer is lost.`,
        );
      return undefined;
    }
  };
  const reading = read();
  readings.set(model, reading);
  return reading;
}

export interface UsageFinding {
  /** Nothing was made of the request. */
  readonly isUnmade: boolean;
  /** What the counters say, as sentences. */
  readonly because: string;
}

/** What the counters say of a request, beside all that is known to have been sent by this machine since: `accounts` is what records call its account. Pure. */
export function judgeUsage(
  job: Unanswered & { readonly usageBefore: UsageBefore },
  {
    usage,
    records,
    accounts,
    nowMs,
  }: { usage: AccountUsage; records: readonly Job[]; accounts: readonly string[]; nowMs: number },
): UsageFinding {
  const before = job.usageBefore;
  const from = Date.parse(before.at);
  const ofPlace = records.filter(
    ({ id, provider, baseUrl, account }) =>
      id !== job.id && provider === job.provider && baseUrl === job.baseUrl && accounts.includes(account ?? ''),
  );
  const others = ofPlace.filter(({ createdAt }) => Date.parse(createdAt) >= from - LONGEST_MS);
  const since = others.filter(({ remoteId, createdAt }) => remoteId !== undefined && Date.parse(createdAt) >= from);
  const open = others.filter((other) => !since.includes(other) && (!isRefused(other) || isClosed(other)));
  const made = usage.made - before.made - since.filter(({ model }) => model === job.model).length;
  const known = since.reduce((sum, { cost }) => sum + (cost?.actualUsd ?? cost?.estimateUsd ?? 0), 0);
  const spentUsd = roundUsd(before.balanceUsd - usage.balanceUsd - known);
  if (made === 0 && spentUsd <= 0) {
    const isOpen = ofPlace.some((other) => mayStillCount(other, from)) || since.some(isUncharged);
    if (isOpen) return { isUnmade: false, because: OTHERS_GO_ON };
    const ageMs = nowMs - Date.parse(job.updatedAt);
    return ageMs >= SETTLING_MS
      ? { isUnmade: true, because: '' }
      : { isUnmade: false, because: `Until now the counters of the account show nothing of it: ${ASK_AGAIN}` };
  }
  if (made < 0)
    return { isUnmade: false, because: 'The counters of the account have begun anew since: they prove nothing.' };
  const videos = `${made} ${made === 1 ? 'video' : 'videos'} of its model`;
  const rest = open.length === 0 ? 'it was most likely made' : 'it was made, or another request without an answer';
  return {
    isUnmade: false,
    because: `Since then the account has made ${videos} and spent ${formatUsd(Math.max(0, spentUsd))} that no job here accounts for: ${rest}.`,
  };
}

/** No job takes longer. */
const LONGEST_JOB_MS = 86_400_000;

/** While others go on, a request may wait for its turn, and be neither counted nor charged yet. */
function mayStillCount(other: Job, from: number): boolean {
  const isYoung = Date.parse(other.createdAt) >= from - LONGEST_JOB_MS;
  return isYoung && other.remoteId !== undefined && !isFinal(other.status);
}

/** Of which only an estimate is known: it may hide what the lost request has cost. */
function isUncharged({ cost }: Job): boolean {
  return cost?.actualUsd === undefined;
}

const OTHERS_GO_ON =
  'The counters of the account show nothing of it, which proves nothing while other jobs go on or their cost is not known: look again once they are over.';

const ASK_AGAIN = `they are believed ${SETTLING_MS / 60_000} minutes after it was sent.`;
