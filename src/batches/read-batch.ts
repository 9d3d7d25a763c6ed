/** The lines of a batch, out of JSONL or a CSV table with a header. Every problem of the file is told at once. */

import { basename } from 'node:path';
import { readGivenText } from '../disk/given-text.ts';
import { parseJson } from '../disk/schema.ts';
import { SoraError } from '../shared/errors.ts';
import { isJournalName } from '../shared/journal-name.ts';
import type { Workspace } from '../workspace.ts';
import { type BatchLine, isSetting, readBatchLine, unknownSettings } from './line.ts';

export interface BatchText {
  readonly lines: readonly BatchLine[];
  /** `<file>:<line>: <sentence>`, in the order of the file. */
  readonly problems: readonly string[];
}

const MAX_BYTES = 64_000_000;

/** The text of a batch at an absolute path, which the user has named so. Throws `usage` for what is not there, is no text, or is a journal. */
export async function readBatchFile({ runtime }: Workspace, path: string, name: string): Promise<string> {
  if (isJournalName(path)) {
    throw new SoraError('usage', `${path} is the journal of a batch, not a batch.`, {
      hint: 'Name the file without ".journal…": the journal is read by itself.',
    });
  }
  return readGivenText(path, { what: 'batch', name, maxBytes: MAX_BYTES, signal: runtime.signal });
}

/** `name` is what problems call the file, and its extension tells a table; without one the text itself does. */
export async function readBatch(text: string, name: string): Promise<BatchText> {
  const plain = (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).replaceAll('\r\n', '\n');
  const { rows, problems: unread } = isTable(plain, name) ? await rowsOf(plain) : jsonLinesOf(plain);
  const lines: BatchLine[] = [];
  const problems = [...unread];
  const seen = new Map<string, number>();
  for (const { json, number } of rows) {
    const read = readBatchLine(json, number);
    for (const text of read.problems) problems.push({ number, text });
    if (!read.line) continue;
    const { id } = read.line;
    const first = seen.get(id);
    if (first !== undefined) problems.push({ number, text: `the id "${id}" stands in line ${first} already.` });
    else seen.set(id, number);
    if (read.problems.length === 0) lines.push(read.line);
  }
  if (rows.length === 0 && problems.length === 0) problems.push({ number: 1, text: 'the file has no lines.' });
  return {
    lines,
    problems: problems
      .toSorted((a, b) => a.number - b.number)
      .map(({ number, text }) => problemAt({ name, number }, text)),
  };
}

/** `prompts.jsonl:3: the line has no "prompt".` */
export function problemAt({ name, number }: { readonly name: string; readonly number: number }, text: string): string {
  return `${name}:${number}: ${text}`;
}

interface Row {
  readonly json: unknown;
  /** Of the line where it begins, from 1. */
  readonly number: number;
}

interface Rows {
  readonly rows: readonly Row[];
  readonly problems: readonly { readonly number: number; readonly text: string }[];
}

function isTable(text: string, name: string): boolean {
  if (/\.csv$/i.test(basename(name))) return true;
  if (/\.(?:jsonl|ndjson|json)$/i.test(basename(name))) return false;
  return !text.trimStart().startsWith('{');
}

function jsonLinesOf(text: string): Rows {
  const rows: Row[] = [];
  const problems: { number: number; text: string }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const number = index + 1;
    try {
      rows.push({ json: parseJson(line), number });
    } catch (error) {
      problems.push({ number, text: `${(error as Error).message.replace(/^it/, 'the line')}.` });
    }
  }
  return { rows, problems };
}

async function rowsOf(text: string): Promise<Rows> {
  const { parse } = await import('csv-parse/sync');
  let records: readonly { record: readonly string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records;
  } catch (error) {
    const { lines = 1, message } = error as { lines?: number; message: string };
    return { rows: [], problems: [{ number: lines, text: `the table cannot be read: ${message}.` }] };
  }
  const [head, ...rest] = records;
  if (!head) return { rows: [], problems: [] };
  const names = head.record.map((name) => name.trim());
  const [only = ''] = names;
  const mark = names.length === 1 ? [';', '\t'].find((one) => only.includes(one)) : undefined;
  if (mark !== undefined) {
    const shown = mark === ';' ? '";"' : 'tabs';
    return { rows: [], problems: [{ number: 1, text: `its columns are separated by ${shown}: save it with commas.` }] };
  }
  const twice = names.filter((name, index) => name !== '' && names.indexOf(name) < index);
  const problems: { number: number; text: string }[] = [...new Set(twice)].map((name) => ({
    ...{ number: 1, text: `the column ${JSON.stringify(name)} stands in the header twice.` },
  }));
  const rows = rest.map(({ record, info }): Row => {
    const number = info.lines - linesIn(record);
    if (record.length > names.length) problems.push({ number, text: `the row has more cells than the header.` });
    const cells = names.map((name, index) => [name, record[index] ?? ''] as const);
    return { json: Object.fromEntries(cells.filter(([name]) => isSetting(name))), number };
  });
  // A column that nobody knows is one problem, not one of each row.
  const odd = unknownSettings(names).map((one) => ({ number: 1, text: one }));
  return { rows, problems: [...odd, ...problems] };
}

/** How many lines a row goes on for: cells in quotes may hold several. */
function linesIn(record: readonly string[]): number {
  return record.reduce((total, cell) => total + cell.split('\n').length - 1, 0);
}
