/**
 * All that the program says. stdout carries the result and nothing else; stderr carries notes, warnings, progress and
 * errors. Text from servers and files is cleaned of control characters here, whatever way it came.
 */
import type { Writable } from 'node:stream';
import { Chalk, type ChalkInstance } from 'chalk';
import type { SoraError } from './errors.ts';
import { clean, displayWidth, safeJson } from './text.ts';

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
}

/** What a command hands over: one document for `--json`, text for people, the bare ids or paths for `--quiet`. */
export interface Result {
  readonly json: unknown;
  readonly text: string;
  readonly quiet?: readonly string[];
}

/** One line of progress. */
export interface Task {
  /** `fraction` from 0 to 1, when known. */
  update(text: string, fraction?: number): void;
  /** Ends the task; the text stays on the screen. */
  done(text: string): void;
  fail(text: string): void;
  /** Ends the task without a trace. */
  stop(): void;
}

export interface Ui {
  /** Colours for stdout's text; plain when colours are off. */
  readonly paint: ChalkInstance;
  readonly json: boolean;
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
  table(head: readonly string[], rows: readonly (readonly string[])[]): string;
}

export function createUi(options: UiOptions): Ui {
  const { json, quiet } = options;
  const paint = new Chalk({ level: options.color.stdout ? 1 : 0 });
  const mark = new Chalk({ level: options.color.stderr ? 1 : 0 });
  let resultSink = options.stdout;
  const toStderr = (text: string): void => {
    options.stderr.stream.write(`${text}\n`);
  };

  return {
    paint,
    json,
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
      return options.animate ? spinner(text, options.stderr, mark) : plainTask(text, toStderr);
    },
    error(error) {
      toStderr(json ? safeJson({ error: errorDocument(error) }) : errorText(error, mark));
    },
    debug(line) {
      toStderr(json ? safeJson({ debug: clean(line) }) : clean(line));
    },
    table(head, rows) {
      return formatTable(
        head.map((cell) => paint.bold(cell)),
        rows.map((row) => row.map((cell) => clean(cell).replaceAll('\n', ' '))),
      );
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

const SILENT_TASK: Task = { update() {}, done() {}, fail() {}, stop() {} };

/** Without a terminal: a line when it begins, one for each quarter, and one when it ends. */
function plainTask(text: string, write: (line: string) => void): Task {
  let quarter = 0;
  write(clean(text));
  return {
    update(next, fraction = 0) {
      const reached = Math.floor(Math.min(fraction, 0.99) * 4);
      if (reached <= quarter) return;
      quarter = reached;
      write(withPercent(clean(next), fraction));
    },
    done: (last) => write(clean(last)),
    fail: (last) => write(clean(last)),
    stop() {},
  };
}

async function spinner(text: string, sink: Sink, mark: ChalkInstance): Promise<Task> {
  const { default: ora } = await import('ora');
  const line = ora({ text: clean(text), stream: sink.stream as NodeJS.WriteStream, discardStdin: false }).start();
  return {
    update(next, fraction) {
      line.text = fraction === undefined ? clean(next) : `${bar(fraction, mark)} ${withPercent(clean(next), fraction)}`;
    },
    done: (last) => void line.succeed(clean(last)),
    fail: (last) => void line.fail(clean(last)),
    stop: () => void line.stop(),
  };
}

function bar(fraction: number, mark: ChalkInstance): string {
  const cells = 20;
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * cells);
  return `${mark.cyan('█'.repeat(full))}${mark.dim('░'.repeat(cells - full))}`;
}

function withPercent(text: string, fraction: number): string {
  return text.includes('%') ? text : `${text} ${Math.round(fraction * 100)}%`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => shownWidth(line[column] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - shownWidth(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shownWidth(cell: string): number {
  return displayWidth(
    cell
      .split(COLOR)
      .filter((_, index) => index % 2 === 0)
      .join(''),
  );
}
