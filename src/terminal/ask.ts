/** A question to the user of a terminal. */
import type { Readable, Writable } from 'node:stream';
import { SoraError } from '../shared/errors.ts';
import { wrap } from './width.ts';

export interface Terminal {
  readonly stdin: { readonly stream: Readable };
  /** `columns` is 0 where nobody knows. */
  readonly stderr: { readonly stream: Writable; readonly columns: number };
  readonly signal: AbortSignal;
}

/**
 * Asks until it is answered by yes or no; Enter alone means `byDefault`, and any other word is a no unless that would have
 * been yes. Undefined when the input ends without an answer; throws `interrupted` after Ctrl-C.
 */
export async function ask(
  { stdin, stderr, signal }: Terminal,
  question: string,
  { byDefault }: { readonly byDefault: boolean },
): Promise<boolean | undefined> {
  const { createInterface } = await import('node:readline/promises');
  // A column stays free for what is typed.
  const atWidth = (text: string): string => (stderr.columns > 0 ? wrap(text, stderr.columns - 2) : text);
  const lines = createInterface({ input: stdin.stream, output: stderr.stream });
  /** Neither Ctrl-D nor Ctrl-C ends the line of the question, on which the next message would stand. */
  const endLine = (): unknown => stderr.stream.write('\n');
  try {
    // Ctrl-D ends the lines without an answer, and Ctrl-C is readline's own here.
    const ended = new Promise<undefined>((resolve, reject) => {
      lines.once('close', () => resolve(undefined));
      lines.once('SIGINT', () => reject(new SoraError('interrupted', 'Interrupted. Nothing was done.')));
    });
    for (;;) {
      const asked = lines.question(`${atWidth(`${question} ${byDefault ? '[Y/n]' : '[y/N]'}`)} `, { signal });
      asked.catch(() => {});
      const answer = (await Promise.race([asked, ended]))?.trim();
      if (answer === undefined) {
        endLine();
        return undefined;
      }
      if (answer === '') return byDefault;
      if (/^y(es)?$/i.test(answer)) return true;
      if (!byDefault || /^no?$/i.test(answer)) return false;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    endLine();
    throw error;
  } finally {
    lines.close();
  }
}
