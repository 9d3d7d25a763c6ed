/** The wait for a task that makes a character: it takes seconds, and what breaks it off leaves work that may have been paid for. */
import type { Call } from '../http/request.ts';
import { MAX_WAIT_MS } from '../http/retry.ts';
import { isOutOfTime } from '../shared/deadline.ts';
import { beforeEnd, isSoraError, SoraError } from '../shared/errors.ts';
import { sentence } from '../shared/text.ts';
import { type RemoteVideo, SETTLING_MS } from './provider.ts';

interface Task {
  readonly video: RemoteVideo;
}

interface TaskWait<T extends Task> {
  /** What the host calls a piece of work. */
  readonly noun: string;
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
  /** Undefined when the host does not know it. */
  ask(id: string, call: Call): Promise<T | undefined>;
}

/** Why nothing is known of a task. */
interface Doubt {
  readonly why: string;
  readonly cause?: unknown;
}

const FIRST_POLL_MS = 1000;
const SLOWEST_POLL_MS = 10_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * Waits until a task is over. What breaks that off leaves a task that may have been paid for: `pending`. Of a task that was
 * begun or has been seen, a 404 or a no to the question is believed after two minutes of nothing else: the key has worked.
 * Undefined when a task that was `begun` by an earlier command is not known to the host: how old it is, the caller knows.
 */
export async function settleTask<T extends Task>(
  { noun, sleep, ask }: TaskWait<T>,
  id: string,
  begun: T | undefined,
  call: Call,
): Promise<T | undefined> {
  let trouble: SoraError | undefined;
  const lost = (why: string, cause?: unknown): SoraError => {
    const last = trouble ? ` The last question failed: ${trouble.message}` : '';
    const message = `${sentence(`The character is being made in ${noun} ${id}, and ${why}`)}${last}`;
    return new SoraError('pending', message, {
      hint: 'It continues at the host.',
      ...(cause === undefined ? {} : { cause }),
    });
  };
  const given = ({ why, cause }: Doubt): SoraError => {
    trouble = undefined;
    return lost(why, cause);
  };
  let task = begun;
  /** Since the first answer in a row that was no word of the task. */
  let doubtedMs: number | undefined;
  let waitedMs = 0;
  // A host that takes minutes to answer uses up the wait as well.
  const timed = async <R>(question: Promise<R>): Promise<R> => {
    const askedAt = performance.now();
    return question.finally(() => {
      waitedMs += performance.now() - askedAt;
    });
  };
  for (let pace = FIRST_POLL_MS; !task || !isOver(task); pace = Math.min(pace * 1.5, SLOWEST_POLL_MS)) {
    if (waitedMs >= LONGEST_WAIT_MS) throw lost(`it was not ready after ${LONGEST_WAIT_MS / 60_000} minutes`);
    // One that an earlier command has begun is asked about at once.
    const ms = waitedMs === 0 && !task ? 0 : Math.max(pace, Math.min(task?.video.pollAfterMs ?? 0, MAX_WAIT_MS));
    waitedMs += Math.max(ms, 1);
    let doubt: Doubt | undefined;
    try {
      if (ms > 0) await sleep(ms, call.signal);
      const next = await timed(ask(id, call));
      if (!next && !task) return undefined;
      if (!next) doubt = { why: 'the host does not know it' };
      task = next ?? task;
      trouble = undefined;
    } catch (error) {
      if (call.signal.aborted) {
        trouble = beforeEnd(error) ?? trouble;
        throw lost(
          isOutOfTime(call.signal) ? 'the time to wait for it is over' : 'the wait for it was interrupted',
          error,
        );
      }
      // One bad answer never ends a wait that is paid for.
      trouble = isSoraError(error) ? error : undefined;
      if (isSoraError(error, 'network')) continue;
      doubt = { why: `it cannot be asked about: ${error instanceof Error ? error.message : error}`, cause: error };
      if (!task || !(isSoraError(error, 'auth') || isSoraError(error, 'refused'))) throw given(doubt);
    }
    // What was waited for before the first of them says nothing.
    doubtedMs = doubt && (doubtedMs === undefined ? 0 : doubtedMs + ms);
    if (doubt && (doubtedMs ?? 0) >= SETTLING_MS) throw given(doubt);
  }
  return task;
}

function isOver({ video }: Task): boolean {
  return video.failure !== undefined || video.status === 'succeeded';
}
