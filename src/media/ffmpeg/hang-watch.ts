/**
 * Tells a program that hangs from one that only has a busy machine: at the end of its time it is given more while it gets on, until it
 * has had that time from the processor.
 */
import { readFileSync } from 'node:fs';

export interface HangWatch {
  /** What it has done shows that it does not hang: the limit begins anew. */
  restart(): void;
  stop(): void;
}

/** What a system tells of a process. */
export interface ProcessorUse {
  /** Of all its threads, in milliseconds. */
  readonly usedMs: number;
  /** It runs, or would if it were its turn. */
  readonly isRunnable: boolean;
}

/** A process that was stopped itself finds all of that time gone at once: time is counted in so many parts. */
const PARTS = 6;
/** Beyond so many times the limit nothing counts as load: a program may poll in vain for ever. */
const MOST = 10;
/** Where the system does not tell, load cannot be told from a hang: so many times the limit. */
const UNKNOWN = 3;

/**
 * Calls `onHang` once: after `limitMs` where the program has wanted no processor in the second half of it or has had that much of
 * it, else as soon as either is so, at the latest after ten times `limitMs`.
 */
export function watchForHang(
  pid: number | undefined,
  limitMs: number,
  onHang: () => void,
  useOf: (pid: number) => ProcessorUse | undefined = processorUse,
): HangWatch {
  const look = (): ProcessorUse | undefined => (pid === undefined ? undefined : useOf(pid));
  let first = look();
  let last = first;
  let [elapsed, idle] = [0, 0];
  let isTold = false;
  const hangs = (): boolean => {
    const use = look();
    if (!first || !last || !use) return elapsed >= PARTS * UNKNOWN;
    idle = use.isRunnable || use.usedMs > last.usedMs ? 0 : idle + 1;
    last = use;
    const isOver = idle >= PARTS / 2 || use.usedMs - first.usedMs >= limitMs;
    return (elapsed >= PARTS && isOver) || elapsed >= PARTS * MOST;
  };
  const timer = setInterval(() => {
    elapsed += 1;
    if (isTold || !hangs()) return;
    isTold = true;
    onHang();
  }, limitMs / PARTS);
  return {
    restart() {
      first = look();
      last = first;
      [elapsed, idle] = [0, 0];
      timer.refresh();
    },
    stop: () => clearInterval(timer),
  };
}

/** Linux tells it, in hundredths of a second: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function processorUse(pid: number): ProcessorUse | undefined {
  try {
    // Behind the name, which may hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state, user, system] = [fields[0], Number(fields[11]), Number(fields[12])];
    return Number.isFinite(user + system) ? { usedMs: (user + system) * 10, isRunnable: state === 'R' } : undefined;
  } catch {
    return undefined;
  }
}
