/** Arguments that are text. Pure. */
import { isUtf8 } from 'node:buffer';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';

/**
 * Throws `usage` for arguments that were no UTF-8: Node puts U+FFFD in place of what it cannot read, which would be sent, kept
 * as a name, or looked for as a file. `bytes` are those of each; where a system does not tell them, U+FFFD is taken for that.
 */
export function requireUtf8Arguments(
  argv: readonly string[],
  bytes: () => readonly Uint8Array[] | undefined = () => undefined,
): void {
  if (!argv.some((word) => word.includes('\ufffd'))) return;
  const given = bytes();
  const broken = argv.find((word, index) => word.includes('\ufffd') && !isUtf8(given?.[index] ?? NO_UTF8));
  if (broken === undefined) return;
  throw new SoraError('usage', `The argument "${oneLine(broken, 60)}" is not UTF-8.`, {
    hint: 'Set the terminal, or the script that it is in, to UTF-8; rename a file whose name is in another encoding. A prompt can come from standard input: iconv -f latin1 -t utf-8 prompt.txt | sora video generate -',
  });
}

const NO_UTF8 = Uint8Array.of(0xff);
