/** Bytes of a text that a user gives, as the text itself. What cannot be read is refused, not guessed at: it would be sent so. Pure. */
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import { SoraError } from '../shared/errors.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';

export interface TextSource {
  /** Begins a sentence: `The prompt on standard input`. */
  readonly called: string;
  /** For a hint: the file that it is, or may have come from. */
  readonly file: string;
}

/** Without a mark of the byte order. Throws `usage`, with the command that converts it, for what is not UTF-8 or damaged. */
export function decodeText(bytes: Uint8Array, source: TextSource): string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') throw encodingError(encoding, source);
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  requireReadable(text, source.called);
  return text;
}

/** Throws `usage` where an earlier program has put U+FFFD in place of what it could not read. */
export function requireReadable(text: string, called: string): void {
  if (!text.includes('\ufffd')) return;
  throw new SoraError('usage', `${called} contains U+FFFD, which stands for a character that could not be read.`, {
    hint: 'It was damaged when it was converted or copied. Write the character that was meant in its place.',
  });
}

type Encoding = 'utf-8' | 'utf-16' | 'utf-16le' | 'utf-16be' | 'unknown';

/** `utf-16` has a mark of the byte order, without which a converter must be told. */
function encodingOf(bytes: Uint8Array): Encoding {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'utf-16';
  if (isUtf8(bytes) && !bytes.includes(0)) return 'utf-8';
  const zeros = { even: 0, odd: 0 };
  for (const [index, byte] of bytes.subarray(0, SAMPLE_BYTES).entries())
    if (byte === 0) zeros[index % 2 === 0 ? 'even' : 'odd'] += 1;
  // A space or the end of a line has a zero, whatever the script; nearly no other character has one in the other half.
  const order = zeros.odd > zeros.even * 10 ? 'utf-16le' : zeros.even > zeros.odd * 10 ? 'utf-16be' : undefined;
  return order !== undefined && bytes.length % 2 === 0 && isPlain(wideText(bytes, order)) ? order : 'unknown';
}

const SAMPLE_BYTES = 4000;

function wideText(bytes: Uint8Array, order: 'utf-16le' | 'utf-16be'): string {
  const sample = Buffer.from(bytes.subarray(0, SAMPLE_BYTES));
  return (order === 'utf-16be' ? sample.swap16() : sample).toString('utf16le');
}

/** But for half of a pair at the end of the sample. */
function isPlain(text: string): boolean {
  return !/[\p{Cn}\p{Co}\p{Cs}]|(?![\t\r\n])\p{Cc}/u.test(text.replace(/[\ud800-\udbff]$/, ''));
}

function encodingError(encoding: Encoding, { called, file }: TextSource): SoraError {
  const isWide = encoding !== 'unknown';
  const command = shellCommand(`iconv -f ${isWide ? encoding : 'latin1'} -t utf-8`, [shellQuote(file)]);
  const how = isWide ? '' : ' from the encoding that it has, such as latin1';
  return new SoraError('usage', `${called} is not text in UTF-8${isWide ? ', but in UTF-16' : ''}.`, {
    hint: `Convert it first${how}: ${command} > ${shellQuote(`utf8-${basename(file)}`)}`,
  });
}
