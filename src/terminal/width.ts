/** Text measured in the columns of a terminal. Pure. */

const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]/u;
const ASCII = /^[ -~]*$/;

let segmenter: Intl.Segmenter | undefined;

/** So much is taken apart at once: the longer the text that Intl.Segmenter is given, the longer each of its steps. */
const WINDOW = 500;

/** The characters of a text as readers count them. */
function* graphemes(text: string): Generator<string> {
  // Made when it is first needed: it costs several milliseconds, and most texts are ASCII.
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (let at = 0; at < text.length; ) {
    // Not through a surrogate pair: half of one belongs to nothing before it.
    const isCut = /^[\udc00-\udfff]/.test(text.charAt(at + WINDOW));
    const part = text.slice(at, at + WINDOW - (isCut ? 1 : 0));
    const segments = Array.from(segmenter.segment(part), ({ segment }) => segment);
    // The last one may go on behind the window, unless it fills it.
    if (at + part.length < text.length && segments.length > 1) segments.pop();
    for (const segment of segments) {
      yield segment;
      at += segment.length;
    }
  }
}

/** Columns that a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += widthOf(grapheme);
  return width;
}

function widthOf(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  if (INVISIBLE.test(grapheme)) return 0;
  // Half-width kana carry their voicing marks beside them, not above.
  return /[\uff9e\uff9f]$/.test(grapheme) && grapheme.length > 1 ? 2 : 1;
}

/** At most `columns` wide: what is longer ends in an ellipsis. */
export function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (ASCII.test(text) && columns >= 1) return `${text.slice(0, columns - 1).trimEnd()}…`;
  let kept = '';
  let width = 0;
  for (const grapheme of graphemes(text)) {
    width += widthOf(grapheme);
    if (width > columns - 1) break;
    kept += grapheme;
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`;
}

/**
 * What no line is broken in. A command stays whole, from `: sora` or the beginning to the end of its sentence, which no full stop
 * in a quoted word is, and so does code in backticks: both are there to be copied, and a line break would be copied along.
 */
const UNBROKEN =
  /(?<=: |^ *)(?:<\S+>\[\d+m)?(?:[A-Z][A-Z_]*=\S+ )*sora (?:(?<=[\s=])(?:\$?'[^']*'|"[^"]*")(?:\\'|'[^']*')*|[^\n])+?(?=\.(?: |$)|$)\.?|`[^`]+`\S*|\S+/g;
/** A quoted word of a command. */
const QUOTED = /(?<=[\s=])(?:\$?'[^']*'|"[^"]*")(?:\\'|'[^']*')*/g;

export interface WrapOptions {
  /** Of all lines but the first, beyond what they are indented by in any case. */
  readonly indent?: string;
  /** Of a text that has more in it than a terminal shows. */
  readonly measure?: (text: string) => number;
}

/**
 * Every line of a text as lines of at most `columns`, broken at spaces; what is longer and stays whole stands alone. What
 * follows is indented as its line is: to the last of its columns, where two spaces or more divide it into some.
 */
export function wrap(text: string, columns: number, { indent = '', measure = displayWidth }: WrapOptions = {}): string {
  const wrapLine = (whole: string): string => {
    if (measure(whole) <= columns) return whole;
    const before = /^.*\S {2,}(?=\S)/.exec(whole.replace(QUOTED, (word) => word.replaceAll(' ', '_')))?.[0];
    const head =
      before !== undefined && measure(before) <= columns / 2
        ? whole.slice(0, before.length)
        : (/^ *(?:- )?/.exec(whole)?.[0] ?? '');
    const hanging = ' '.repeat(measure(head)) + indent;
    const lines: string[] = [];
    let [line, width] = [head, measure(head)];
    let isEmpty = true;
    for (const [word] of whole.slice(head.length).matchAll(UNBROKEN)) {
      const more = measure(word);
      if (!isEmpty && width + 1 + more > columns) {
        lines.push(line);
        [line, width] = [hanging + word, hanging.length + more];
      } else {
        line += isEmpty ? word : ` ${word}`;
        width += (isEmpty ? 0 : 1) + more;
      }
      isEmpty = false;
    }
    return [...lines, line].join('\n');
  };
  return text.split('\n').map(wrapLine).join('\n');
}
