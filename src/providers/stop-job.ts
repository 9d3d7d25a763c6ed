/** Stopping a job where the same call deletes one that is over: what an answer that was lost has done is looked at, not repeated. */
import { isSoraError, SoraError } from '../shared/errors.ts';
import { isFinal } from '../shared/job.ts';
import type { RemoteVideo } from './provider.ts';

export interface StopCalls {
  /** Sent once: `ambiguous` where it may have been carried out. False when the host does not know the id. */
  ask(): Promise<boolean>;
  /** Undefined when the host does not know the job. */
  look(): Promise<RemoteVideo | undefined>;
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
  readonly signal: AbortSignal;
}

const TRIES = 4;
const PAUSE_MS = 1000;

/**
 * True when the host took the call; false when it does not know the job, or had finished it before the call came. Throws what
 * `ask` and `look` throw, `network` where nobody knows in the end.
 */
export async function stopJob({ ask, look, sleep, signal }: StopCalls): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isSoraError(error, 'ambiguous') || signal.aborted) throw error;
      if (tries === TRIES)
        throw new SoraError('network', error.message, { hint: 'Ask how the job stands.', cause: error });
      await sleep(PAUSE_MS, signal);
    }
    const video = await look();
    // Gone: the call whose answer was lost has stopped it.
    if (!video || video.status === 'cancelled') return true;
    if (isFinal(video.status)) return false;
  }
}
