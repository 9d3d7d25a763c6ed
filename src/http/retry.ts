/**
 * Retry limits, backoff and `Retry-After`. Which requests are retried, and when a create may be, is decided in client.ts.
 * Pure.
 */

/** No wait that a host asks for is honoured beyond this. */
export const MAX_WAIT_MS = 60_000;

/** How often a create is repeated, of which nothing can have arrived, or which the host has put off. */
export const CREATE_RETRIES = 3;

/** How often a read is repeated, and what a host answers to one that can be expected to pass. */
export const READ_RETRIES = 4;

/** How often a read is repeated that has waited for its whole time. */
export const SLOW_READ_RETRIES = 1;

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

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date; undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Date.parse reads far more than HTTP dates: "-5" is the year 2001 to it.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(at - nowMs, 0);
}
