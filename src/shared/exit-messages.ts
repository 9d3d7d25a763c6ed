/** What a forced exit prints and waits for: paid work in progress is named, and its record is written first. */

export interface ExitMessages {
  /** What a forced exit says of `subject` (a job's id, a character) from now on, in the place of what it said before. */
  set(subject: string, say: () => void): void;
  /** Nothing of `subject` can be lost any more; without one, everything has been said. */
  clear(subject?: string): void;
  /** What is said where there is nothing else to say; undefined says nothing. */
  otherwise(say: (() => void) | undefined): void;
  /**
   * Does a write that a forced exit waits for, and resolves or rejects as it does. Once such an exit has begun, nothing
   * follows the write: the promise stays pending and the process ends, so `write` itself sets what is said of its outcome.
   */
  hold<R>(write: () => Promise<R>): Promise<R>;
  /** Says what was not said yet. */
  say(): void;
  /**
   * Says the last words and ends the process by `exit`. Writes that are under way are waited for, and then it says what
   * became of them; called once more, it does not wait: a disk may never answer.
   */
  leave(exit: () => void): Promise<void>;
}

export function createExitMessages(): ExitMessages {
  const words = new Map<string, () => void>();
  const writes = new Set<Promise<unknown>>();
  let fallback: (() => void) | undefined;
  let isLeaving = false;
  const said = new Set<() => void>();
  const say = (): void => {
    for (const one of words.size > 0 ? words.values() : [fallback]) {
      if (one && !said.has(one)) one();
      if (one) said.add(one);
    }
  };
  return {
    set: (subject, one) => void words.set(subject, one),
    clear(subject) {
      if (subject !== undefined) return void words.delete(subject);
      words.clear();
      fallback = undefined;
    },
    otherwise(one) {
      fallback = one;
    },
    async hold(write) {
      const written = write();
      writes.add(written);
      try {
        return await written;
      } finally {
        writes.delete(written);
        if (isLeaving) await new Promise(() => {});
      }
    },
    say,
    async leave(exit) {
      const waits = !isLeaving && writes.size > 0;
      if (!isLeaving) say();
      isLeaving = true;
      if (waits) {
        while (writes.size > 0) await Promise.allSettled(writes);
        say();
      }
      exit();
    },
  };
}

/** Those of this process. */
export const exitMessages = createExitMessages();
