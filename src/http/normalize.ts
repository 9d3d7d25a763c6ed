/**
 * Text without invisible characters and escapes, with the offsets of the original, so that redact.ts finds disguised keys.
 * Pure, in linear time.
 */

/** What counts as nothing between two letters, and how a text is read. */
export interface Normalization {
  /** Line breaks, and the indents behind them, count as nothing: the text may have been wrapped. */
  readonly breaks: boolean;
  /** Whole escape sequences of terminals count as nothing; else only the invisible character that each begins with. */
  readonly sequences: boolean;
  /** Escapes of URLs, JSON and HTML are read as their characters. */
  readonly escapes: boolean;
}

/** A text that was read, and where each of its UTF-16 units begins and ends in the original. */
export interface Located {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** What is replaced, and by what: never by something longer. */
interface Layer {
  /** What a text without any match is quickly recognised by the absence of. */
  readonly sign: RegExp;
  readonly pattern: RegExp;
  readonly replace?: (match: string) => string;
}

// No pattern here repeats what is not of a fixed length: over megabytes the engine would run out of its stack.
const BREAKS: Layer = { sign: /[\r\n]/, pattern: /[\r\n]\s*/g };

/**
 * Controls, bidi and zero-width characters, marks that combine with the letter before them, what is drawn as nothing, and
 * what stands for bytes that are no UTF-8.
 */
const INVISIBLE: Layer = {
  sign: /[^\t\n\r -~]/,
  // Properties of Unicode are looked up slowly, and nearly all of a text is plain.
  pattern: /[^\t\n\r -~]+/g,
  replace: (run) => run.replace(UNSEEN, ''),
};
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800\ufffd]/gu;

/** CSI sequences (colours, the cursor) and OSC sequences (titles, links). */
const SEQUENCES: Layer = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  sign: /[\x1b\x9b]/,
  pattern:
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
    /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)/g,
};

/** A percent sign that was itself escaped so often. */
const PERCENT = '%(?:25){0,20}';

const ESCAPES: Layer = {
  sign: /[%\\&]/,
  pattern: new RegExp(
    [
      // One character of URLs: `%2F`, `%252F`, `%E2%80%8B`.
      `${PERCENT}[c-f][\\da-f](?:${PERCENT}[89ab][\\da-f]){1,3}|${PERCENT}[\\da-f]{2}`,
      // Of JSON, by as many backslashes as there are layers of it: `\u002f`, `\/`, `\n`.
      String.raw`\\+(?:u\{0*[\da-f]{1,6}\}|u[\da-f]{4}|x[\da-f]{2}|[bfnrtv"'/])?`,
      // Of HTML: `&#47;`, `&#x2f;`, `&sol;`, `&amp;sol;`.
      String.raw`&(?:amp;){0,20}(?:#0*\d{1,7};?|#x0*[\da-f]{1,6};?|[a-z]{2,6};)`,
    ].join('|'),
    'gi',
  ),
  replace: decode,
};

/** An escape may be written in escapes itself, and what is invisible may stand in its middle: so often it is looked again. */
const ROUNDS = 3;

const NAMED: Readonly<Record<string, string>> = {
  ...{ amp: '&', quot: '"', apos: "'", lt: '<', gt: '>', sol: '/', plus: '+', equals: '=', lowbar: '_' },
  ...{ nbsp: ' ', ensp: ' ', emsp: ' ', shy: '', zwj: '', zwnj: '', lrm: '', rlm: '' },
};

function decode(match: string): string {
  if (match.startsWith('%')) {
    // Nearly all are of one byte of ASCII.
    if (match.length === 3 && match < '%8') return String.fromCharCode(Number.parseInt(match.slice(1), 16));
    return Buffer.from(match.replace(/%(?:25)*(?=..)/g, ''), 'hex').toString('utf8');
  }
  if (match.startsWith('\\')) {
    const letter = match.lastIndexOf('\\') + 1;
    if (match.length > letter + 1) return charOf(Number.parseInt(match.slice(letter + 1).replace('{', ''), 16));
    return /[a-z]$/i.test(match) ? '\n' : match.slice(letter);
  }
  const name = match
    .slice(1)
    .replace(/^(?:amp;)+(?=.)/i, '')
    .replace(';', '');
  if (!name.startsWith('#')) return NAMED[name.toLowerCase()] ?? match;
  return charOf(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10));
}

function charOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/** `seen` tells that there was a sequence, whether it counted as nothing or not. */
function read<T extends { readonly text: string }>(
  start: T,
  { breaks, sequences, escapes }: Normalization,
  apply: (at: T, layer: Layer) => T,
): { readonly at: T; readonly seen: boolean } {
  const step = (at: T, layer: Layer, wanted: boolean): T =>
    wanted && layer.sign.test(at.text) ? apply(at, layer) : at;
  let at = start;
  let seen = false;
  for (let round = 0; ; round++) {
    seen ||= SEQUENCES.sign.test(at.text);
    at = step(step(step(at, SEQUENCES, sequences), INVISIBLE, true), BREAKS, breaks);
    const before = at.text;
    if (round < ROUNDS) at = step(at, ESCAPES, escapes);
    if (at.text === before) return { at, seen };
  }
}

/** Every reading in which something may be found that is not found in another one. */
export function* normalizations(text: string, breaks: boolean): Generator<Normalization & { readonly text: string }> {
  for (const escapes of ESCAPES.sign.test(text) ? [false, true] : [false]) {
    for (const sequences of [false, true]) {
      const reading = { breaks, sequences, escapes };
      const { at, seen } = read({ text }, reading, ({ text: from }, { pattern, replace }) => ({
        text: replace ? from.replace(pattern, replace) : from.replace(pattern, ''),
      }));
      yield { ...reading, ...at };
      if (!seen) break;
    }
  }
}

/** The text in that reading. */
export function normalizeWithOffsets(text: string, reading: Normalization): Located {
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  for (let index = 0; index < text.length; index++) {
    starts[index] = index;
    ends[index] = index + 1;
  }
  return read({ text, starts, ends }, reading, replaceLocated).at;
}

function replaceLocated(at: Located, { pattern, replace = () => '' }: Layer): Located {
  const parts: string[] = [];
  const starts = new Int32Array(at.text.length);
  const ends = new Int32Array(at.text.length);
  let length = 0;
  let from = 0;
  const copyTo = (to: number): void => {
    parts.push(at.text.slice(from, to));
    starts.set(at.starts.subarray(from, to), length);
    ends.set(at.ends.subarray(from, to), length);
    length += to - from;
  };
  for (const { 0: match, index } of at.text.matchAll(pattern)) {
    copyTo(index);
    from = index + match.length;
    const text = replace(match);
    parts.push(text);
    starts.fill(at.starts[index] ?? 0, length, length + text.length);
    ends.fill(at.ends[from - 1] ?? 0, length, length + text.length);
    length += text.length;
  }
  copyTo(at.text.length);
  return { text: parts.join(''), starts: starts.subarray(0, length), ends: ends.subarray(0, length) };
}
