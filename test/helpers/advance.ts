/** Time that passes for a program which is real, while the timers that watch it are not. */
import { vi } from 'vitest';

/**
 * Lets time pass until a timer is set more than `timers`: that for a program which does not heed that it is told to end. Resolves
 * with how much has passed. A program that has not come to rest yet gets on, and is not told.
 */
export async function advanceUntilTold(timers: number, stepMs = 10_000): Promise<number> {
  for (let passedMs = 0; ; ) {
    await vi.advanceTimersByTimeAsync(stepMs);
    passedMs += stepMs;
    if (vi.getTimerCount() > timers) return passedMs;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
