/** Text that is safe to show and easy to read. Pure. */
import { longOption, type OptionName, option } from './options.ts';

// C0 but tab and newline, DEL, C1, bidi controls and the line separators that terminals and editors treat differently.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/** Text from a server or a file without the characters that can steer a terminal. Newlines stay. */
export function clean(text: string): string {
  // Most text is plain, and lists have tens of thousands of cells.
  if (PLAIN.test(text)) return text;
  return text.toWellFormed().replace(/\r\n?/g, '\n').replace(UNSAFE, '');
}

const PLAIN = /^[ -~\n]*$/;

/** The same on one line and of bounded length. */
export function oneLine(text: string, maxChars = 400): string {
  if (text.length <= maxChars && ONE_PLAIN_LINE.test(text)) return text;
  const line = clean(text.slice(0, maxChars * 4))
    .replace(/\s+/g, ' ')
    .trim();
  const points = [...line];
  return points.length > maxChars ? `${points.slice(0, maxChars - 1).join('')}…` : line;
}

const ONE_PLAIN_LINE = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** Cut to what a person still reads; lines stay lines. */
export function shorten(text: string, maxChars = 4000): string {
  return text.length > maxChars ? `${text.slice(0, maxChars - 1).toWellFormed()}…` : text;
}

/** JSON that stays valid and carries nothing a terminal would act on. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Ends with a full stop, so that another sentence can follow. */
export function sentence(text: string): string {
  return /[.!?…。][)”"'’]?$/.test(text) ? text : `${text}.`;
}

/** A sentence that may begin with the title of a host, such as `the sandbox`; the name of a host keeps its case. */
export function capitalizeThe(text: string): string {
  return text.replace(/^the /, 'The ');
}

/** `1 take`, `2 takes`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** `2 of 3 scenes`; `The only scene` where there are no others. At the beginning of a sentence. */
export function partOf(count: number, all: number, thing: string): string {
  return count === 1 && all === 1 ? `The only ${thing}` : `${count} of ${counted(all, thing)}`;
}

/** `is`, `are`: the verb of so many. */
export function areOf(count: number): string {
  return count === 1 ? 'is' : 'are';
}

/** `Joe`, `Joe and Mia`, `Joe, Mia and Zoë`. */
export function listOf(items: readonly string[]): string {
  // Made when it is needed: loading its data takes longer than everything else at start-up.
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(items);
}

/** Without that character at its end, however often it stands there. */
export function trimEnd(text: string, char: string): string {
  let end = text.length;
  while (text[end - 1] === char) end -= 1;
  return text.slice(0, end);
}

/** The candidate that the user most likely meant, or undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const most = Math.max(1, Math.floor(candidate.length / 3));
    // The distance is at least that of the lengths, and takes longer to know.
    if (Math.abs(word.length - candidate.length) > most) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= most && (!best || distance < best.distance)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** The same of names that have parts with `/` between them, where a part alone may be meant, or the beginning of one. */
export function nearestPart(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const isPart = (candidate: string): boolean =>
    candidate
      .toLowerCase()
      .split('/')
      .some((part) => typed.length > 2 && part.startsWith(typed));
  return candidates.find(isPart) ?? nearest(word, candidates);
}

/** `a line has no setting "promt"; did you mean "prompt"?`: `words`, the name, and what is known instead. */
export function unknownName(words: string, name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  const shown = JSON.stringify(oneLine(name, 60));
  return `${words} ${shown}${close === undefined ? `. Settings: ${known.join(', ')}.` : `; did you mean "${close}"?`}`;
}

/** Letters to insert, to remove, to replace, or to swap with their neighbour (Damerau; optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : substitution;
      next.push(Math.min(substitution, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * A word as bash, zsh and every other POSIX shell reads it back, and fish unless something in it has to be escaped. What a
 * terminal or a line of text would change is escaped (`$'…'`): the word is pasted with the same bytes.
 */
export function shellQuote(word: string): string {
  if (PLAIN_WORD.test(word)) return word;
  if (!CHANGED_BY_PASTING.test(word)) return singleQuoted(word);
  const escaped = word.replaceAll('\\', '\\\\').replace(ESCAPED, (char) => SHORT_ESCAPES[char] ?? octal(char));
  return `$'${escaped}'`;
}

/** Several words as shells read them back: in double quotes, unless something in them would be carried out there. */
export function shellPhrase(words: string): string {
  return /["$`\\!]/.test(words) || CHANGED_BY_PASTING.test(words) ? shellQuote(words) : `"${words}"`;
}

/** zsh looks for a command after a `=` in front, and a sign at the end reads as the end of a sentence. */
const PLAIN_WORD = /^(?!=.)[\w@%+=:,./-]*[\w@%+=/-]$/;

/** Control characters, line breaks, and what changes the direction of writing: `clean` takes them out. */
const CHANGED_BY_PASTING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
/** The history of bash takes quotes and `!` for its own where something is escaped. */
const ESCAPED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}'!]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Byte by byte: what shells make of a code point depends on their version and on the locale. */
function octal(char: string): string {
  return Array.from(new TextEncoder().encode(char), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** Where fish would escape something by a backslash, that stands outside of the quotes. */
function singleQuoted(word: string): string {
  const parts = word.replace(/'|\\{2,}|\\(?='|$)/g, (found) => `'${found.replaceAll(/['\\]/g, '\\$&')}'`);
  return `'${parts}'`;
}

/**
 * An option and its quoted value, by the option's long flag where the value begins with `-`: this program would read such a
 * value as another option, unless it is tied to its own.
 */
export function shellOption(name: OptionName, quoted: string): string {
  return looksLikeOption(quoted) ? `${longOption(name)}=${quoted}` : `${option(name)} ${quoted}`;
}

/** A whole command from quoted parts: its operands stand before its options or, where one of them begins with `-`, last behind `--`. */
export function shellCommand(command: string, operands: readonly string[], options: readonly string[] = []): string {
  const parts = operands.some(looksLikeOption) ? [...options, '--', ...operands] : [...operands, ...options];
  return [command, ...parts].join(' ');
}

/** A `-` alone is standard input or output. */
function looksLikeOption(quoted: string): boolean {
  return /^(?:\$?['"])?-/.test(quoted) && quoted !== '-';
}

/** `1.2 MB`; decimal units, as hosts state their limits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
