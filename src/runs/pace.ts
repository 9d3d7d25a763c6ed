/** How fast a run of many requests sends: a rate that its user sets, and pauses that its host asks for. */
import type { Deadline } from '../shared/deadline.ts';
import type { Clock } from '../shared/time.ts';

export interface Pace {
  /** Resolves when the next request may leave; rejects with the signal's reason. One caller after the other. */
  turn(deadline: Deadline, signal: AbortSignal): Promise<void>;
  /** The host said that it is called too often: nothing leaves for so long, or for ever longer where it names no time. */
  slowDown(askedMs: number | undefined): void;
  /** The host took one: pauses begin at the shortest again. */
  speedUp(): void;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** `intervalMs` is between two requests: a rate is kept by spacing them evenly, since hosts count in windows of their own. */
export function createPace(clock: Clock, intervalMs: number): Pace {
  let nextAt = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let queue: Promise<unknown> = Promise.resolve();
  return {
    turn(deadline, signal) {
      const mine = queue.then(async () => {
        for (let waitMs = nextAt - clock.now(); waitMs > 0 && deadline.leftMs() > 0; waitMs = nextAt - clock.now()) {
          await deadline.sleep(waitMs, signal);
        }
        nextAt = Math.max(nextAt, clock.now() + intervalMs);
      });
      queue = mine.catch(() => undefined);
      return mine;
    },
    slowDown(askedMs) {
      const waitMs = askedMs === undefined ? pauseMs : Math.min(askedMs, LONGEST_PAUSE_MS);
      nextAt = Math.max(nextAt, clock.now() + waitMs);
      if (askedMs === undefined) pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    },
    speedUp() {
      pauseMs = FIRST_PAUSE_MS;
    },
  };
}
