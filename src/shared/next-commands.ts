/** The commands of `sora` that a hint names, as arguments, for programs that go on by them. Pure. */

/** A command to run follows a colon or a bracket; one that begins a sentence, or stands in backticks, is only spoken of. */
const BEGINNING = /(?:: |\()(?=sora [a-z])/g;

/** A word and what follows it: quoted parts are taken as they are. */
const WORD = /(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/y;

/** What a shell does with a command, and no argument of it; or a place for a word that somebody has to fill in. */
const SHELL = /^(?:[|<>&;]|\d>|…$)/;

/**
 * Each command once, beginning with `sora`, as its words after a POSIX shell has read them. Left out are those with a part that
 * somebody has to fill in (`<prompt>`), or that only a shell understands.
 */
export function nextCommands(hint: string | undefined): readonly (readonly string[])[] {
  if (hint === undefined) return [];
  const found = new Map<string, readonly string[]>();
  for (const { 0: before, index } of hint.matchAll(BEGINNING)) {
    const words = wordsAt(hint, index + before.length);
    if (words.length > 1) found.set(words.join('\0'), words);
  }
  return [...found.values()];
}

/** To the end of the command: that of its line, of its brackets or of its sentence. */
function wordsAt(text: string, start: number): readonly string[] {
  const words: string[] = [];
  const [line = ''] = text.slice(start).split('\n');
  let at = 0;
  for (;;) {
    WORD.lastIndex = at;
    const [raw] = WORD.exec(line) ?? [];
    if (raw === undefined) return words;
    if (SHELL.test(raw)) return [];
    const [, word = raw, closing = ''] = /^(.*[^.,;)])([.,;)]+)$/.exec(raw) ?? [];
    words.push(unquoted(word));
    if (closing !== '') return words;
    at += raw.length;
    while (line[at] === ' ') at += 1;
  }
}

function unquoted(word: string): string {
  return word.replace(/\$'((?:[^'\\]|\\.)*)'|'([^']*)'|"([^"]*)"|\\(.)/g, (_all, escaped, single, double, char) =>
    escaped === undefined ? (single ?? double ?? char) : unescaped(escaped),
  );
}

/** What `shellQuote` has escaped: a bash string. */
function unescaped(text: string): string {
  return text.replace(/(?:\\[0-7]{3})+|\\(.)/g, (run: string, char: string | undefined) => {
    if (char !== undefined) return LETTERS[char] ?? char;
    return new TextDecoder().decode(Uint8Array.from(run.slice(1).split('\\'), (byte) => Number.parseInt(byte, 8)));
  });
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
