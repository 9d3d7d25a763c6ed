/** What a run leaves for others to read: a summary in Markdown, and a line of JSON for each id as it stands. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkFree, writeOutput } from '../disk/publish.ts';
import { parseJson } from '../disk/schema.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { clean, oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import type { GivenBatch } from './given-batch.ts';
import { isReserved, isSamePath } from './places.ts';
import type { BatchReport, LineReport } from './report.ts';

export interface ReportTargets {
  /** As they were typed. */
  readonly summary?: string | undefined;
  readonly results?: string | undefined;
}

export interface SummaryWords {
  /** What the batch is called. */
  readonly name: string;
  /** The command that goes on with it. */
  readonly command: string;
  /** What ended the run before the lines were settled. */
  readonly stopped?: string | undefined;
}

const TITLE = '# Batch ';

/**
 * Before anything is sent: both can be written, what is there was written by an earlier run, and neither is a file of the batch.
 * Throws `usage`.
 */
export async function checkReportTargets(
  { runtime }: Workspace,
  { summary, results }: ReportTargets,
  { path: batch, plan }: GivenBatch,
): Promise<void> {
  if (
    summary !== undefined &&
    results !== undefined &&
    resolve(runtime.cwd, summary) === resolve(runtime.cwd, results)
  ) {
    throw new SoraError('usage', 'The summary and the results cannot be one file.', {
      hint: 'Name two: summary.md and results.jsonl.',
    });
  }
  for (const [path, isOurs] of [
    [summary, isSummary],
    [results, isResults],
  ] as const) {
    if (path === undefined) continue;
    if (path === '-') {
      throw new SoraError('usage', 'The summary and the results are files.', {
        hint: `To have the same on stdout, leave it out and add ${option('json')}.`,
      });
    }
    const place = resolve(runtime.cwd, path);
    const wanted = plan.lines.find((line) => isSamePath(line.wanted, place));
    if (wanted || isReserved(place, batch)) {
      const whose = wanted ? `the output of ${wanted.line.id}` : 'a file of the batch itself';
      throw new SoraError('usage', `${path} is ${whose}.`, { hint: 'Name another file for the report.' });
    }
    await checkFree(place, { force: true, example: 'summary.md' });
    const text = await readFile(place, 'utf8').catch(() => '');
    if (text.trim() === '' || isOurs(text)) continue;
    throw new SoraError('usage', `${place} is there already, and no batch wrote it.`, {
      hint: 'Name another file, or move that one away: a summary is written anew by each run.',
    });
  }
}

/** Each in one step, in the place of what an earlier run wrote. */
export async function writeReports(
  { runtime }: Workspace,
  report: BatchReport,
  { summary, results, ...words }: ReportTargets & SummaryWords,
): Promise<void> {
  const write = async (path: string | undefined, text: string): Promise<void> => {
    if (path === undefined) return;
    const place = resolve(runtime.cwd, path);
    await writeOutput(place, text, { force: true, taken: 'usage', clock: runtime.clock });
  };
  await write(summary, summaryText(report, words));
  await write(results, report.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function isSummary(text: string): boolean {
  return text.startsWith(TITLE);
}

function isResults(text: string): boolean {
  try {
    const first = parseJson(text.slice(0, text.indexOf('\n')));
    return typeof first === 'object' && first !== null && 'id' in first && 'state' in first;
  } catch {
    return false;
  }
}

/** Of a CI step: totals, then what is not done, then every file. */
export function summaryText({ lines, totals, exit }: BatchReport, { name, command, stopped }: SummaryWords): string {
  const open = lines.filter((line) => line.exit !== 0);
  const done = lines.filter((line) => line.exit === 0);
  const spent = `$${totals.spentUsd.toFixed(2)}${totals.maxCostUsd === undefined ? '' : ` of $${totals.maxCostUsd.toFixed(2)}`}`;
  return [
    `${TITLE}${cell(name)}`,
    '',
    `${totals.done} of ${totals.total} done, ${totals.running} running, ${totals.failed} failed, ${totals.unknown} unknown, ${totals.waiting} waiting; ${spent}; exit ${exit}.`,
    '',
    ...(stopped === undefined ? [] : [cell(stopped), '']),
    ...(open.length > 0
      ? ['## Not done', '', ...table(open), '', 'Continue with:', '', '```sh', clean(command), '```', '']
      : []),
    ...(done.length > 0 ? ['## Done', '', ...table(done), ''] : []),
  ].join('\n');
}

function table(lines: readonly LineReport[]): readonly string[] {
  return [
    '| id | line | state | file | cost | |',
    '|---|---|---|---|---|---|',
    ...lines.map(({ id, line, state, file = '', costUsd, why = '' }) => {
      const cost = costUsd === undefined ? '' : `$${costUsd.toFixed(2)}`;
      return `| ${[id, String(line ?? ''), state, file, cost, why].map(cell).join(' | ')} |`;
    }),
  ];
}

/** Ids and reasons are others' texts: nothing in them is markup. */
function cell(text: string): string {
  return oneLine(text, 300).replace(/[\\`*_{}[\]<>()#+!|~&-]/g, (char) =>
    char === '-' ? char : `&#${char.charCodeAt(0)};`,
  );
}
