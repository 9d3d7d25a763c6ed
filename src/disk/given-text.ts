/** The text of a file that a user names, such as a batch or a storyboard; it may be a pipe. */
import { PATH_HINT, SoraError, systemCode } from '../shared/errors.ts';
import { readFileOrPipe } from './bounded-read.ts';
import { decodeText } from './decode-text.ts';

const PIPE_MS = 60_000;

export interface GivenText {
  /** `batch` */
  readonly what: string;
  /** As the user has named it. */
  readonly name: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Of a file at an absolute path. Throws `usage` for what is not there, cannot be read or is not UTF-8, and the signal's reason. */
export async function readGivenText(path: string, { what, name, maxBytes, signal }: GivenText): Promise<string> {
  const { bytes } = await readFileOrPipe(path, { maxBytes, timeoutMs: PIPE_MS, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    const reason =
      systemCode(cause) === 'ENOENT' ? 'it does not exist' : cause instanceof Error ? cause.message : String(cause);
    throw new SoraError('usage', `The ${what} ${path} cannot be read: ${reason}.`, { hint: PATH_HINT, cause });
  });
  return decodeText(bytes, { called: name, file: name });
}
