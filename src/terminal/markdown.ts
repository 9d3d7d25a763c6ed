/**
 * Markdown as a terminal shows it: headings, paragraphs, lists, tables and code, wrapped at words. Pure. Knows as much of
 * Markdown as the texts of `sora help` use; links and pictures are not among it.
 */
import type { Paint } from './ui.ts';
import { displayWidth } from './width.ts';

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

export type TableBlock = Extract<Block, { kind: 'table' }>;

/** The lines of a paragraph or an item are joined: only blank lines and marks at the beginning of a line divide. */
export function parseMarkdown(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  const take = (belongs: (line: string) => boolean): string[] => {
    const taken: string[] = [];
    while (lines.length > 0 && belongs(lines[0] ?? '')) taken.push(lines.shift() ?? '');
    return taken;
  };
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    const heading = /^(#+) (.+)$/.exec(line);
    if (line.trim() === '') continue;
    if (heading) blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
    else if (line.startsWith('```')) {
      blocks.push({ kind: 'code', lines: take((next) => !next.startsWith('```')) });
      lines.shift();
    } else if (line.startsWith('|')) {
      const [head = [], , ...rows] = [line, ...take((next) => next.startsWith('|'))].map(cellsOf);
      blocks.push({ kind: 'table', head, rows });
    } else if (line.startsWith('- ')) {
      const whole = [line, ...take((next) => next.startsWith('- ') || next.startsWith('  '))].join('\n');
      blocks.push({ kind: 'list', items: whole.slice(2).split('\n- ').map(joined) });
    } else {
      blocks.push({
        kind: 'paragraph',
        text: joined([line, ...take((next) => !/^(#|```|\||- |\s*$)/.test(next))].join('\n')),
      });
    }
  }
  return blocks;
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

function joined(lines: string): string {
  return lines.replace(/\s*\n\s*/g, ' ').trim();
}

/** Code in a sentence is one word: it is there to be copied. */
const WORD = /(?:`[^`\n]*`|\S)+/g;
/** What would be a mark at the beginning of a line. */
const MARK = /^(?:[-+*#>|=]|```|\d+[.)])/;

/** The same Markdown with its paragraphs and lists in lines of at most `columns`; a line of a table or of code stays whole. */
export function wrapMarkdown(text: string, columns: number): string {
  const lines = text.split('\n');
  const wrapped: string[] = [];
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    if (line.startsWith('```')) {
      const end = lines.findIndex((next) => next.startsWith('```'));
      wrapped.push(line, ...lines.splice(0, end + 1));
    } else if (line.trim() === '' || /^[#|]/.test(line)) wrapped.push(line);
    else {
      const next = lines.findIndex((one) => /^(?:#|```|\||- |\s*$)/.test(one));
      wrapped.push(...wrapWords([line, ...lines.splice(0, next < 0 ? lines.length : next)].join('\n'), columns));
    }
  }
  return wrapped.join('\n');
}

/** Of a paragraph, or of an item of a list. */
function wrapWords(text: string, columns: number): readonly string[] {
  const indent = text.startsWith('- ') ? '  ' : '';
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(WORD)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || MARK.test(word) || displayWidth(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}

/** A text without its marks. */
export function plainText(text: string): string {
  return wordsOf(text, Number.POSITIVE_INFINITY, false)
    .map((word) => word.map((part) => part.text).join(''))
    .join(' ');
}

export interface MarkdownOptions {
  /** Of the terminal. */
  readonly columns: number;
  readonly paint: Paint;
}

/** Longer lines are hard to read; tables may be wider. */
const PROSE_COLUMNS = 100;

export function renderMarkdown(text: string, { columns, paint }: MarkdownOptions): string {
  const hasColour = paint.bold('x') !== 'x';
  const lay: Layout = {
    columns,
    hasColour,
    paint: (style, words) => (style === 'plain' ? words : paint[style](words)),
  };
  return parseMarkdown(text)
    .map((block) => blockLines(block, lay).join('\n'))
    .join('\n\n');
}

interface Layout {
  readonly columns: number;
  /** Without colours, marks stay where they tell something. */
  readonly hasColour: boolean;
  paint(style: Style, text: string): string;
}

type Style = 'plain' | 'bold' | 'cyan';

interface Part {
  readonly text: string;
  readonly style: Style;
}

/** What no line is broken in. */
type Word = readonly Part[];

function blockLines(block: Block, lay: Layout): readonly string[] {
  const prose = Math.min(lay.columns, PROSE_COLUMNS);
  switch (block.kind) {
    case 'heading':
      return [lay.hasColour ? lay.paint('bold', plainText(block.text)) : plainText(block.text).toUpperCase()];
    case 'paragraph':
      return wrapped(block.text, prose, lay).map(({ shown }) => shown);
    case 'list':
      return block.items.flatMap((item) =>
        wrapped(item, prose - 2, lay).map(({ shown }, index) => `${index === 0 ? '- ' : '  '}${shown}`),
      );
    case 'code':
      return block.lines.map((line) => `  ${line}`.trimEnd());
    case 'table':
      return tableLines(block, lay);
  }
}

interface Line {
  readonly shown: string;
  readonly width: number;
}

/** Lines of at most `columns`, but for a word that is longer. */
function wrapped(text: string, columns: number, lay: Layout): readonly Line[] {
  const lines: { words: string[]; width: number }[] = [];
  for (const word of wordsOf(text, columns, !lay.hasColour)) {
    const width = widthOf(word);
    const shown = word.map((part) => lay.paint(part.style, part.text)).join('');
    const line = lines.at(-1);
    if (line && line.width + 1 + width <= columns) {
      line.words.push(shown);
      line.width += 1 + width;
    } else lines.push({ words: [shown], width });
  }
  return lines.map(({ words, width }) => ({ shown: words.join(' '), width }));
}

function widthOf(word: Word): number {
  return word.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** Code stays on one line where that line can hold it, with what is attached to it: it is there to be copied. */
function wordsOf(text: string, columns: number, keepsMarks: boolean): readonly Word[] {
  const words: Part[][] = [[]];
  for (const [, code, bold, plain = ''] of text.matchAll(/`([^`]+)`|\*\*(.+?)\*\*|([^`*]+|[`*])/g)) {
    const part: Part =
      code !== undefined
        ? { text: keepsMarks ? `\`${code}\`` : code, style: 'cyan' }
        : bold !== undefined
          ? { text: bold.replaceAll('`', ''), style: 'bold' }
          : { text: plain === '*' ? '' : plain, style: 'plain' };
    if (part.style === 'cyan') words.at(-1)?.push(part);
    else pushBroken(words, part);
  }
  return words.flatMap((word) => (widthOf(word) <= columns ? [word] : broken(word))).filter((word) => word.length > 0);
}

function broken(word: Word): readonly Word[] {
  const words: Part[][] = [[]];
  for (const part of word) pushBroken(words, part);
  return words;
}

/** Adds a part, which goes on with the last word up to its first space. */
function pushBroken(words: Part[][], part: Part): void {
  const [first = '', ...more] = part.text.split(' ');
  if (first !== '') words.at(-1)?.push({ ...part, text: first });
  for (const word of more) words.push(word === '' ? [] : [{ ...part, text: word }]);
}

const GAP = '  ';

/** In columns whose cells wrap; where the terminal is too narrow for that, each row as a paragraph. */
function tableLines({ head, rows }: TableBlock, lay: Layout): readonly string[] {
  const texts = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...texts.map((row) => widthOfCell(row[column] ?? '', lay))));
  const least = head.map((_, column) => Math.max(...texts.map((row) => longestWord(row[column] ?? '', lay))));
  const room = lay.columns - GAP.length * (head.length - 1);
  if (!narrow(widths, least, room)) return rows.flatMap((row) => stacked(head, row, lay));
  return texts.flatMap((row, index) => {
    const bold = (cell: string): string => (index === 0 && lay.hasColour && cell !== '' ? `**${cell}**` : cell);
    const cells = widths.map((width, column) => wrapped(bold(row[column] ?? ''), width, lay));
    const height = Math.max(1, ...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((cell, column) => {
          const { shown, width } = cell[line] ?? { shown: '', width: 0 };
          return column === cells.length - 1 ? shown : shown + ' '.repeat((widths[column] ?? 0) - width);
        })
        .join(GAP)
        .trimEnd(),
    );
  });
}

function widthOfCell(cell: string, lay: Layout): number {
  return wordsOf(cell, Number.POSITIVE_INFINITY, !lay.hasColour).reduce((sum, word) => sum + 1 + widthOf(word), -1);
}

/** What a column of this cell cannot be narrower than. */
function longestWord(cell: string, lay: Layout): number {
  return Math.max(0, ...wordsOf(cell, 0, !lay.hasColour).map(widthOf));
}

/** Takes from the widest column that can give until all fit; false where none can. */
function narrow(widths: number[], least: readonly number[], room: number): boolean {
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      if (width > (least[column] ?? 0) && width > (widths[widest] ?? 0)) widest = column;
    }
    if (widest === -1) return false;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return true;
}

function stacked(head: readonly string[], row: readonly string[], lay: Layout): readonly string[] {
  return row.flatMap((cell, column) => {
    if (cell === '') return [];
    const told = column === 0 ? cell : `${head[column]}: ${cell}`;
    const indent = column === 0 ? '' : GAP;
    return wrapped(told, lay.columns - indent.length, lay).map(({ shown }) => indent + shown);
  });
}
