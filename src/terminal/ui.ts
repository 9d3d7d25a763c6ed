/**
 * All that the program says. stdout carries the result and nothing else; stderr carries notes, warnings, progress and
 * errors. Text from servers and files is cleaned of control characters here, whatever way it came.
 */
import type { Writable } from 'node:stream';
import { Chalk, type ChalkInstance } from 'chalk';
import { createRedactor, isUnmistakable, type Redact } from '../http/redact.ts';
import { EXIT_CODES, isRetryable, type SoraError } from '../shared/errors.ts';
import { nextCommands } from '../shared/next-commands.ts';
import { type Reporter, SILENT_TASK } from '../shared/reporter.ts';
import { clean, oneLine, safeJson, sentence, shorten } from '../shared/text.ts';
import { relativeTime } from '../shared/time.ts';
import { createBoard, plainTask } from './progress.ts';
import { type FreeColumns, formatTable } from './table.ts';
import { displayWidth, wrap } from './width.ts';

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
  /** A sentence that stands behind a note, a warning or a hint, where it needs one. */
  footnote?(text: string): string;
}

/** What a command hands over: one document for `--json`, text for people, the bare ids or paths for `--quiet`. */
export interface Result {
  readonly json: unknown;
  readonly text: string;
  readonly quiet?: readonly string[];
  /** Its lines are sentences and facts: on a terminal they are broken at words. Nothing in them is there to be pasted whole. */
  readonly prose?: boolean;
}

/** Weight and colour of a part of a text. */
export type Paint = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

const STYLES = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;

export interface Ui extends Reporter {
  /** For the text of a result; plain when colours are off. */
  readonly paint: Paint;
  readonly json: boolean;
  /** Whether tasks move: on a terminal. */
  readonly live: boolean;
  /** The command's one result. */
  result(result: Result): void;
  /** From here on the result goes to stderr, because stdout carries a file. */
  resultToStderr(): void;
  /** A redacted line of the wire log. */
  debug(line: string): void;
  /** From here on this key is shown nowhere, unless it is so short that it may be an ordinary word. */
  keepSecret(key: string): void;
  /** On a terminal it fits: `free` columns are cut, down to so many columns. Everywhere else it is whole. */
  table(head: readonly string[], rows: readonly (readonly string[])[], free?: FreeColumns): string;
  /** `3 min ago` on a terminal; everywhere else the date, in ISO 8601 to the second. */
  time(iso: string): string;
  /** Where there is room for both: the date, and on a terminal how long ago that is. */
  date(iso: string): string;
}

export function createUi(options: UiOptions): Ui {
  const { json, quiet } = options;
  const { paint, show, measure } = createPaint(new Chalk({ level: options.color.stdout ? 1 : 0 }));
  const mark = new Chalk({ level: options.color.stderr ? 1 : 0 });
  const live = options.animate && !json && !quiet;
  const secrets = new Set<string>();
  // What hosts say is redacted where it is read; this is for whatever has come by another way.
  let hide: Redact = (text) => text;
  const safe = (text: string): string => clean(hide(text));
  // Hidden first: a cut would leave a key's beginning.
  const told = (text: string): string => said(hide(text));
  const noted = (text: string): string => {
    const more = options.footnote?.(text) ?? '';
    return more === '' ? text : `${sentence(text)} ${more}`;
  };
  const board = createBoard(options.stderr.stream, options.stderr.columns, { mark, safe });
  let resultSink = options.stdout;
  const ago = (iso: string): string | undefined =>
    resultSink.isTTY && options.now ? relativeTime(iso, options.now()) : undefined;
  const toStderr = (text: string): void => {
    options.stderr.stream.write(`${text}\n`);
  };
  // On a terminal no word is broken; elsewhere each message is a line.
  const { isTTY: wraps, columns } = options.stderr;
  const laidOut = (text: string, { prose = false }: Result): string => {
    const { isTTY, columns: most } = resultSink;
    return prose && isTTY && most > 0 ? wrap(text, most, { measure }) : text;
  };
  const atWidth: Wrap = (text) => (wraps && columns > 0 && text.length > columns ? wrap(text, columns) : text);

  return {
    paint,
    json,
    live,
    result(result) {
      const text = json
        ? hide(safeJson(result.json, resultSink === options.stderr ? undefined : 2))
        : quiet
          ? (result.quiet ?? []).map(safe).join('\n')
          : show(laidOut(safe(result.text), result));
      if (text !== '') resultSink.stream.write(`${text}\n`);
    },
    resultToStderr() {
      resultSink = options.stderr;
    },
    note(text) {
      if (!quiet && !json) toStderr(atWidth(told(noted(text))));
    },
    warn(text) {
      const shown = told(noted(text));
      toStderr(json ? safeJson({ warning: shown }) : labelled('warning:', shown, { atWidth, paint: mark.yellow }));
    },
    // NDJSON, for programs that follow a wait.
    event(event) {
      if (json) toStderr(hide(safeJson(event)));
    },
    async task(text) {
      if (json || quiet) return SILENT_TASK;
      return live ? board(text) : plainTask(text, { write: toStderr, safe });
    },
    error(error) {
      const { hint } = error;
      const more = (hint !== undefined && options.footnote?.(hint)) || undefined;
      // A command in the hint ends with its line.
      const shown = hidden(error, more === undefined ? hint : `${hint}\n${more}`, hide);
      toStderr(json ? safeJson({ error: errorDocument(shown, isRetryable(error)) }) : errorText(shown, mark, atWidth));
    },
    debug(line) {
      toStderr(json ? safeJson({ debug: told(line) }) : told(line));
    },
    keepSecret(key) {
      if (secrets.has(key) || !isUnmistakable(key)) return;
      secrets.add(key);
      hide = createRedactor(secrets, { wrapped: false });
    },
    table(head, rows, free = {}) {
      const { isTTY, columns } = resultSink;
      return formatTable(
        head,
        rows.map((row) => row.map((cell) => cellOf(hide(cell)))),
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

type Shown = Pick<SoraError, 'code' | 'message' | 'hint' | 'requestId' | 'jobId' | 'problems'>;

function hidden(
  { code, message, requestId, jobId, problems }: SoraError,
  hint: string | undefined,
  hide: Redact,
): Shown {
  return {
    ...{ code, message: hide(message), problems: problems.map(hide) },
    hint: hint === undefined ? hint : hide(hint),
    requestId: requestId === undefined ? requestId : hide(requestId),
    jobId: jobId === undefined ? jobId : hide(jobId),
  };
}

function errorDocument(error: Shown, retryable: boolean): Readonly<Record<string, unknown>> {
  const next = nextCommands(error.hint);
  return {
    ...{ code: error.code, exit: EXIT_CODES[error.code], retryable },
    message: shorten(error.message),
    ...(error.hint !== undefined && { hint: shorten(error.hint) }),
    ...(next.length > 0 && { next }),
    ...(error.requestId !== undefined && { requestId: oneLine(error.requestId) }),
    ...(error.jobId !== undefined && { jobId: error.jobId }),
    ...(error.problems.length > 1 && { problems: error.problems.map((problem) => shorten(problem)) }),
  };
}

/** Breaks a message at words where it is shown on a terminal. */
type Wrap = (text: string) => string;

function errorText(error: Shown, mark: ChalkInstance, atWidth: Wrap): string {
  const lines = [labelled('error:', said(error.message), { atWidth, paint: mark.red })];
  if (error.hint !== undefined) lines.push(labelled('hint:', said(error.hint), { atWidth, paint: mark.cyan }));
  if (error.jobId !== undefined && !error.message.includes(error.jobId)) lines.push(`job: ${oneLine(error.jobId)}`);
  if (error.requestId !== undefined) lines.push(`request id: ${oneLine(error.requestId)}`);
  return lines.join('\n');
}

/** The label is painted when the lines are broken: colours have no width. */
function labelled(
  label: string,
  text: string,
  { atWidth, paint }: { atWidth: Wrap; paint: (text: string) => string },
): string {
  return paint(label) + atWidth(`${label} ${text}`).slice(label.length);
}

/** What is told on the way: safe, and not longer than anybody reads. */
function said(text: string): string {
  return shorten(clean(text));
}

/** Lists are long: only a cell that nobody would read to its end is taken apart. */
function cellOf(text: string): string {
  return text.length > 900 ? oneLine(text, 900) : clean(text).replaceAll('\n', ' ');
}

/**
 * The colours of commands travel through a text as marks that nobody outside can know, and become escape sequences after
 * everything else of that kind was taken out of it.
 */
function createPaint(chalk: ChalkInstance): {
  readonly paint: Paint;
  /** The text as a terminal wants it. */
  readonly show: (text: string) => string;
  /** Its columns on a terminal. */
  readonly measure: (text: string) => number;
} {
  const mark = `<${Math.random().toString(36)}${Math.random().toString(36)}>`;
  const styles = STYLES.map((style) => [style, (text: string) => chalk[style](clean(text)).replaceAll('\u001b', mark)]);
  return {
    paint: Object.fromEntries(styles) as Paint,
    show: (text) => text.replaceAll(mark, '\u001b'),
    measure: (text) => {
      // Each mark is followed by the rest of its sequence, as in [1m.
      const [first = '', ...more] = text.split(mark);
      return displayWidth(first + more.map((part) => part.replace(/^\[\d+m/, '')).join(''));
    },
  };
}
