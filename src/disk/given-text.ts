/** The text of a file that a user names, such as a batch or a storyboard; it may be a pipe. */
import { basename } from 'node:path';
import { PATH_HINT, SoraError, systemCode } from '../shared/errors.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';
import { readFileOrPipe } from './bounded-read.ts';

const PIPE_MS = 60_000;

export interface GivenText {
  /** `batch` */
  readonly what: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Of a file at an absolute path. Throws `usage` for what is not there or cannot be read, and the signal's reason. */
export async function readGivenText(path: string, { what, maxBytes, signal }: GivenText): Promise<string> {
  try {
    const { text } = await readFileOrPipe(path, { maxBytes, timeoutMs: PIPE_MS, signal });
    return text;
  } catch (cause) {
    if (signal.aborted) throw cause;
    const reason =
      systemCode(cause) === 'ENOENT' ? 'it does not exist' : cause instanceof Error ? cause.message : String(cause);
    throw new SoraError('usage', `The ${what} ${path} cannot be read: ${reason}.`, { hint: PATH_HINT, cause });
  }
}

/** Throws `usage` for what was no UTF-8: it was read with another sign in its place, and would be sent so. */
export function requireUtf8(text: string, { called, file }: { readonly called: string; readonly file: string }): void {
  if (!/[\uFFFD\0]/.test(text)) return;
  // Half of the bytes of plain words are zeros then; a mark of the byte order, which cannot be read, stands before them.
  const isWide = (text.slice(0, 400).match(/\0/g)?.length ?? 0) > text.slice(0, 400).length / 4;
  const encoding = isWide ? 'utf-16' : 'latin1';
  throw new SoraError('usage', `${called} is not text in UTF-8${isWide ? ', but in UTF-16' : ''}.`, {
    hint: `Convert it first: ${shellCommand(`iconv -f ${encoding} -t utf-8`, [shellQuote(file)])} > ${shellQuote(`utf8-${basename(file)}`)}`,
  });
}
