/** A command line as bash has it while it is typed: its words without their quotes, and how a word is written back. Pure. */

export type QuoteMark = '' | "'" | '"';

export interface TypedLine {
  /** Finished words, the program's own name first. */
  readonly words: readonly string[];
  /** The word that the cursor ends: as it reads, as it was typed, and the quote that is still open in it. */
  readonly current: { readonly text: string; readonly raw: string; readonly quote: QuoteMark };
}

/** Reads a line up to the cursor. Assignments before the program are left out. */
export function readTypedLine(line: string): TypedLine {
  const words: string[] = [];
  let text = '';
  let raw = '';
  let quote: QuoteMark = '';
  for (let index = 0; index < line.length; index++) {
    const char = line[index] ?? '';
    if (quote === '' && /\s/.test(char)) {
      if (raw !== '') words.push(text);
      text = '';
      raw = '';
      continue;
    }
    raw += char;
    if (quote === "'" ? char === "'" : quote === '"' && char === '"') quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === '\\' && quote !== "'") {
      const next = line[index + 1];
      if (next === undefined) continue;
      text += quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next;
      raw += next;
      index += 1;
    } else text += char;
  }
  while (/^\w+=/.test(words[0] ?? '')) words.shift();
  return { words, current: { text, raw, quote } };
}

/** A word as bash reads it back inside of `quote`, which bash itself closes. */
export function bashWord(word: string, quote: QuoteMark): string {
  if (quote === "'") return word.replaceAll("'", `'\\''`);
  if (quote === '"') return word.replace(/["\\$`]/g, '\\$&');
  // Other scripts stay as they are: nobody wants to read them in octal.
  return word.replace(/[^\w@%+=:,./\u0080-\u{10ffff}-]/gu, '\\$&');
}
