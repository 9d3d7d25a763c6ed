/** Which requests are retried, how often and after how long: a create only when nothing of it was carried out. Pure. */
import { type Answer, ambiguousCreate, failureOf, isQuota, isUnsupported, lacksModel } from './answer.ts';
import type { TransportError } from './exchange.ts';
import type { HttpRequest } from './request.ts';
import { retryAfterOf } from './retry-hint.ts';
import type { Told } from './tls-errors.ts';

/** No wait that a host asks for is honoured beyond this. */
export const MAX_WAIT_MS = 60_000;

/** How often a create is repeated, of which nothing can have arrived, or which the host has put off. */
const CREATE_RETRIES = 3;

/** How often a read is repeated, and what a host answers to one that can be expected to pass. */
export const READ_RETRIES = 4;

/** How often a read is repeated that has waited for its whole time. */
const SLOW_READ_RETRIES = 1;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 16_000;

/**
 * Milliseconds before the next try; `attempt` counts from 0. What the host asked for wins, capped at a minute; else the
 * wait doubles, with half of it left to chance so that many clients do not return at once.
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, random: () => number): number {
  if (retryAfterMs !== undefined) return Math.min(Math.max(retryAfterMs, 0), MAX_WAIT_MS);
  const ceiling = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** Milliseconds to wait before the same request is sent again; undefined when the answer stands. Throws `ambiguous`. */
export function retryAnswerMs(
  answer: Answer,
  request: HttpRequest,
  tries: number,
  random: () => number,
): number | undefined {
  const { status } = answer;
  const asked = retryAfterOf(answer);
  if (request.settles?.(answer) || lacksModel(answer)) return undefined;
  if (request.kind === 'create') {
    if (leavesOpen(status)) {
      throw ambiguousCreate(`${answer.host} answered ${status}: ${failureOf(answer).message}`, answer.requestId);
    }
    const worthwhile = status === 429 && asked !== undefined && asked <= MAX_WAIT_MS && !isQuota(failureOf(answer));
    return worthwhile && tries < CREATE_RETRIES ? retryDelayMs(tries, asked, random) : undefined;
  }
  const isTrouble = status === 408 || (status >= 500 && !isUnsupported(answer));
  const passing = isTrouble || (status === 429 && !isQuota(failureOf(answer)));
  return passing && tries < READ_RETRIES ? retryDelayMs(tries, asked, random) : undefined;
}

/** Whether a request is sent again whose exchange broke off, for a reason of that kind. */
export function retriesLost(
  { sent }: Pick<TransportError, 'sent'>,
  { isLasting, isSlow }: Omit<Told, 'message' | 'hint'>,
  kind: HttpRequest['kind'],
  tries: number,
): boolean {
  if (isLasting) return false;
  if (kind === 'create') return !sent && tries < CREATE_RETRIES;
  return tries < (isSlow ? SLOW_READ_RETRIES : READ_RETRIES);
}

/** After such an answer nobody knows whether a create was carried out. */
export function leavesOpen(status: number): boolean {
  // 499 is how proxies say that somebody hung up while the host was at work.
  return status === 408 || status === 499 || status >= 500;
}
