/** What a host answers to a paid request, written down so that no forced exit loses it. */

import type { SoraError } from './errors.ts';
import { exitMessages } from './exit-messages.ts';

export interface Answer<R> {
  /** A job's id, or a character's name: what the answer is about. */
  readonly subject: string;
  write(): Promise<R>;
  /** Names what the host has made, and says that the record lacks it. `why` ends a sentence. */
  unwritten(why: string, cause?: unknown): SoraError;
  /** How to go on once it is written. */
  stopped(kept: R): SoraError;
}

/**
 * Resolves with what `write` does, and throws `unwritten` when that fails. A forced exit names what the host has made, waits
 * for the write, and then tells how to go on.
 */
export async function recordAnswer<R>(
  ui: { error(error: SoraError): void },
  { subject, write, unwritten, stopped }: Answer<R>,
): Promise<R> {
  const tell = (error: SoraError): void => exitMessages.set(subject, () => ui.error(error));
  tell(unwritten('its record is still being written.'));
  return exitMessages.hold(async () => {
    try {
      const kept = await write();
      tell(stopped(kept));
      return kept;
    } catch (cause) {
      const lost = unwritten('that could not be written down.', cause);
      tell(lost);
      throw lost;
    }
  });
}
