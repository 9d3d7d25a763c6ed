/**
 * All that the program says. stdout carries the result and nothing else; stderr carries notes, warnings, progress and
 * errors. Text from servers and files is cleaned of control characters here, whatever way it came.
 */
import type { Writable } from 'node:stream';
import { Chalk, type ChalkInstance } from 'chalk';
import type { SoraError } from './errors.ts';
import { createBoard, plainTask, SILENT_TASK, type Task } from './progress.ts';
import { type FreeColumns, formatTable } from './table.ts';
import { clean, safeJson } from './text.ts';
import { relativeTime } from './time.ts';

export type { Task } from './progress.ts';

/** A stream to write to, and what is known of its other end. */
export interface Sink {
  readonly stream: Writable;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface UiOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  /** Only ids or paths on stdout, no notes on stderr. */
  readonly quiet: boolean;
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** False in CI and without a terminal: no animation then. */
  readonly animate: boolean;
  /** Milliseconds since the epoch: what relative times are reckoned from. Without it they are written as dates. */
  now?(): number;
}

/** What a command hands over: one document for `--json`, text for people, the bare ids or paths for `--quiet`. */
export interface Result {
  readonly json: unknown;
  readonly text: string;
  readonly quiet?: readonly string[];
}

export interface Ui {
  /** Colours for stdout's text; plain when colours are off. */
  readonly paint: ChalkInstance;
  readonly json: boolean;
  /** Whether tasks move: on a terminal. */
  readonly live: boolean;
  /** The command's one result. */
  result(result: Result): void;
  /** From here on the result goes to stderr, because stdout carries a file. */
  resultToStderr(): void;
  note(text: string): void;
  warn(text: string): void;
  /** A step of a long wait: a line of NDJSON on stderr with `--json`, else nothing. */
  event(event: Readonly<Record<string, unknown>>): void;
  task(text: string): Promise<Task>;
  error(error: SoraError): void;
  /** A redacted line of the wire log. */
  debug(line: string): void;
  /** On a terminal it fits: `free` columns are cut, down to so many columns. Everywhere else it is whole. */
  table(head: readonly string[], rows: readonly (readonly string[])[], free?: FreeColumns): string;
  /** `3 min ago` on a terminal; everywhere else the date, in ISO 8601 to the second. */
  time(iso: string): string;
  /** Where there is room for both: the date, and on a terminal how long ago that is. */
  date(iso: string): string;
}

export function createUi(options: UiOptions): Ui {
  const { json, quiet } = options;
  const paint = new Chalk({ level: options.color.stdout ? 1 : 0 });
  const mark = new Chalk({ level: options.color.stderr ? 1 : 0 });
  const live = options.animate && !json && !quiet;
  const board = createBoard(options.stderr.stream, options.stderr.columns, mark);
  let resultSink = options.stdout;
  const ago = (iso: string): string | undefined =>
    resultSink.isTTY && options.now ? relativeTime(iso, options.now()) : undefined;
  const toStderr = (text: string): void => {
    options.stderr.stream.write(`${text}\n`);
  };

  return {
    paint,
    json,
    live,
    result(result) {
      const text = json
        ? safeJson(result.json, resultSink === options.stderr ? undefined : 2)
        : quiet
          ? (result.quiet ?? []).map((line) => clean(line)).join('\n')
          : options.color.stdout
            ? cleanKeepingColor(result.text)
            : clean(result.text);
      if (text !== '') resultSink.stream.write(`${text}\n`);
    },
    resultToStderr() {
      resultSink = options.stderr;
    },
    note(text) {
      if (!quiet && !json) toStderr(clean(text));
    },
    warn(text) {
      toStderr(json ? safeJson({ warning: clean(text) }) : `${mark.yellow('warning:')} ${clean(text)}`);
    },
    event(event) {
      if (json) toStderr(safeJson(event));
    },
    async task(text) {
      if (json || quiet) return SILENT_TASK;
      return live ? board(text) : plainTask(text, toStderr);
    },
    error(error) {
      toStderr(json ? safeJson({ error: errorDocument(error) }) : errorText(error, mark));
    },
    debug(line) {
      toStderr(json ? safeJson({ debug: clean(line) }) : clean(line));
    },
    table(head, rows, free = {}) {
      const { isTTY, columns } = resultSink;
      return formatTable(
        head,
        rows.map((row) => row.map((cell) => clean(cell).replaceAll('\n', ' '))),
        // A terminal without a width is one that nothing is known of.
        { columns: isTTY && columns > 0 ? columns : undefined, free, head: (cell) => paint.bold(cell) },
      );
    },
    time: (iso) => ago(iso) ?? iso.replace(/\.\d+Z$/, 'Z'),
    date(iso) {
      const said = ago(iso);
      return said === undefined ? iso : `${iso} (${said})`;
    },
  };
}

function errorDocument(error: SoraError): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.requestId !== undefined && { requestId: error.requestId }),
    ...(error.jobId !== undefined && { jobId: error.jobId }),
    ...(error.problems.length > 1 && { problems: error.problems }),
  };
}

function errorText(error: SoraError, mark: ChalkInstance): string {
  const lines = [`${mark.red('error:')} ${clean(error.message)}`];
  if (error.hint !== undefined) lines.push(`${mark.cyan('hint:')} ${clean(error.hint)}`);
  if (error.jobId !== undefined && !error.message.includes(error.jobId)) lines.push(`job: ${error.jobId}`);
  if (error.requestId !== undefined) lines.push(`request id: ${clean(error.requestId)}`);
  return lines.join('\n');
}

// Weight and colour, as the commands use them. Texts from outside may hold such sequences too, but none that hides text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOR = /(\u001b\[(?:[12]|22|3[0-79]|9[0-7])m)/;

function cleanKeepingColor(text: string): string {
  return text
    .split(COLOR)
    .map((part, index) => (index % 2 === 1 ? part : clean(part)))
    .join('');
}
