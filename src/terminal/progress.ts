/** Work that takes a while, as it is shown: lines that move on a terminal, lines that stay everywhere else. */
import type { Writable } from 'node:stream';
import type { Task } from '../shared/reporter.ts';
import { displayWidth, shorten } from './width.ts';

/** Makes a text safe to show. */
type Safe = (text: string) => string;

/** Without a terminal: a line when it begins, one for each quarter, and one when it ends. */
export function plainTask(text: string, { write, safe }: { write(line: string): void; safe: Safe }): Task {
  let quarter = 0;
  write(safe(text));
  return {
    update(next, fraction = 0) {
      const reached = Math.floor(Math.min(fraction, 0.99) * 4);
      if (reached <= quarter) return;
      quarter = reached;
      write(withPercent(safe(wordsOf(next)), fraction));
    },
    done: (last) => write(safe(last)),
    fail: (last) => write(safe(last)),
    stop() {},
  };
}

interface Marks {
  cyan(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

interface Showing {
  readonly mark: Marks;
  readonly safe: Safe;
}

interface Line {
  text: string | (() => string);
  fraction: number | undefined;
}

const TICK_MS = 1000;
const BAR_CELLS = { least: 5, most: 20 };
/**
 * The spinner and a space before each line, two columns for the `^C` that a terminal writes behind it, which on another line would
 * stay there, and one that stays free: some terminals break a full line.
 */
const MARGIN = 5;
const DEFAULT_ROWS = 24;

/** The moving lines of a terminal, one for each task: ora draws them all as one, and writes what else is said above them. */
export function createBoard(
  stream: Writable,
  columns: number,
  { mark, safe }: Showing,
): (text: string) => Promise<Task> {
  const lines = new Set<Line>();
  const width = (): number => ((stream as Partial<NodeJS.WriteStream>).columns || columns) - MARGIN;
  const draw = (): string => {
    const rows = ((stream as Partial<NodeJS.WriteStream>).rows || DEFAULT_ROWS) - 1;
    const shown = lines.size > rows ? rows - 1 : lines.size;
    const more = lines.size - shown;
    return drawLines([...lines].slice(0, shown), width(), { mark, safe }) + (more > 0 ? `\n  … and ${more} more` : '');
  };
  let spinner: import('ora').Ora | undefined;
  let tick: NodeJS.Timeout | undefined;

  const refresh = (): void => {
    if (spinner) spinner.text = draw();
  };
  const end = (line: Line, last?: string): void => {
    if (!lines.delete(line)) return;
    if (lines.size === 0) {
      clearInterval(tick);
      spinner?.stop();
      spinner = undefined;
    } else refresh();
    if (last !== undefined) stream.write(`${last}\n`);
  };

  return async (text) => {
    const { default: ora } = await import('ora');
    const line: Line = { text, fraction: undefined };
    lines.add(line);
    if (spinner) refresh();
    else {
      spinner = ora({ text: draw(), stream: stream as NodeJS.WriteStream, discardStdin: false }).start();
      tick = setInterval(refresh, TICK_MS);
      tick.unref();
    }
    return {
      update(next, fraction) {
        Object.assign(line, { text: next, fraction });
        refresh();
      },
      done: (last) => end(line, `${mark.green('✔')} ${safe(last)}`),
      fail: (last) => end(line, `${mark.red('✖')} ${safe(last)}`),
      stop: () => end(line),
    };
  };
}

/** The bars are equally long, so that they can be compared, and as long as the longest text allows. */
function drawLines(lines: readonly Line[], columns: number, { mark, safe }: Showing): string {
  const texts = lines.map(({ text, fraction }) => {
    const words = safe(wordsOf(text)).replaceAll('\n', ' ');
    return fraction === undefined ? words : withPercent(words, fraction);
  });
  const room = columns - 1 - Math.max(...texts.map(displayWidth));
  const cells = Math.min(BAR_CELLS.most, Math.max(BAR_CELLS.least, room));
  return lines
    .map(({ fraction }, index) => {
      const text = texts[index] ?? '';
      if (fraction === undefined) return shorten(text, columns);
      return `${bar(fraction, cells, mark)} ${shorten(text, columns - cells - 1)}`;
    })
    .join('\n  ');
}

function bar(fraction: number, cells: number, mark: Marks): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * cells);
  return `${mark.cyan('█'.repeat(full))}${mark.dim('░'.repeat(cells - full))}`;
}

function withPercent(text: string, fraction: number): string {
  return text.includes('%') ? text : `${text} ${Math.round(fraction * 100)}%`;
}

function wordsOf(text: string | (() => string)): string {
  return typeof text === 'string' ? text : text();
}
