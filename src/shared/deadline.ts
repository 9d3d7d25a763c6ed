/** Deadlines: work that is aborted when its time is over, and a time limit that a whole command shares. */
import { setMaxListeners } from 'node:events';
import { isSoraError, SoraError } from './errors.ts';
import { type Clock, formatDuration } from './time.ts';

/** Node fires a timer that is set for longer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Puts the end of a time off until so many milliseconds from now; 0 takes that back. */
export type Postpone = (leastMs: number) => void;

/** The answer to a request names what was paid for: a short time limit does not make it unknown. */
export const LEAST_ANSWER_MS = 30_000;

/** Whether work under a signal was ended by its time. */
export function isOutOfTime({ aborted, reason }: AbortSignal): boolean {
  return aborted && isSoraError(reason) && reason.reason === 'out-of-time';
}

/**
 * Runs work with a signal that aborts after `ms` milliseconds, with a `network` error, or with the given signal and its
 * reason. Settles when the work does: the work has to heed its signal.
 *
 * The timer refers to the controller, and both last as long as the work. The timer of AbortSignal.timeout() may be
 * garbage-collected when only AbortSignal.any() refers to it: https://github.com/nodejs/node/issues/57736
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, postpone: Postpone) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  // Node 20 takes more than ten listeners for a leak: a deadline may be that of many requests.
  setMaxListeners(0, controller.signal);
  const stop = (): void => controller.abort(signal?.reason);
  const expire = (): void => {
    const message = `No complete answer arrived within ${formatDuration(ms / 1000)}.`;
    controller.abort(new SoraError('network', message, { reason: 'out-of-time' }));
  };
  const dueAt = performance.now() + ms;
  let timer: NodeJS.Timeout | undefined;
  const arm = (leastMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(expire, Math.min(Math.max(leastMs, dueAt - performance.now()), MAX_TIMER_MS));
  };
  arm(ms);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await work(controller.signal, arm);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** When a command gives up waiting, on a clock that stands still while the machine sleeps. */
export interface Deadline {
  /** Milliseconds; negative once it has passed. */
  leftMs(): number;
  /** Work under a signal that aborts at the deadline, though not within `leastMs`, a second unless given; what the machine slept does not count. */
  limit<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal, postpone: Postpone) => Promise<T>,
    leastMs?: number,
  ): Promise<T>;
  /** Sleeps `ms`, or as long as is left; rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What is begun at the end of the time is given at least so long. */
const LEAST_MS = 1000;

/** Beyond what a busy machine is late by. */
const LATE_MS = 10_000;

/** `atMs` is milliseconds since the epoch: of the whole command, not of one job. */
export function createDeadline(clock: Clock, atMs: number): Deadline {
  let at = atMs;
  const leftMs = (): number => at - clock.now();

  /**
   * Does a thing that takes `ms` at most, by the machine's own timers. When the wall clock says that it took far longer (or
   * ran backwards), the machine slept or its clock was set, and that time does not count.
   */
  async function during<R>(ms: number, thing: () => Promise<R>): Promise<R> {
    const startedAt = clock.now();
    try {
      return await thing();
    } finally {
      const tookMs = clock.now() - startedAt;
      // How much of it the machine was awake nobody knows; not much counts.
      if (tookMs > ms + LATE_MS) at += tookMs - Math.min(ms, LATE_MS);
      else if (tookMs < -LATE_MS) at += tookMs;
    }
  }

  return {
    leftMs,
    limit(signal, work, leastMs = LEAST_MS) {
      const ms = Math.max(leastMs, leftMs());
      return during(ms, () => withDeadline(ms, signal, work));
    },
    async sleep(ms, signal) {
      signal.throwIfAborted();
      const pauseMs = Math.min(ms, Math.max(0, leftMs()), MAX_TIMER_MS);
      if (pauseMs > 0) await during(pauseMs, () => clock.sleep(pauseMs, signal));
    },
  };
}
