/** `sora batch check` and `sora batch run`: what a batch would send, and every line of it to its video. */
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { batchStatus, savedSince } from '../../batches/batch-status.ts';
import {
  type BatchRequest,
  batchCommand,
  calledBatch,
  type GivenBatch,
  readGivenBatch,
} from '../../batches/given-batch.ts';
import { batchError } from '../../batches/outcome.ts';
import { previewBatch } from '../../batches/preview-batch.ts';
import type { BatchReport } from '../../batches/report.ts';
import { type RunBatchOptions, runBatch } from '../../batches/run-batch.ts';
import {
  checkReportTargets,
  type ReportTargets,
  type SummaryWords,
  writeReports,
} from '../../batches/write-reports.ts';
import type { Context } from '../../context.ts';
import { budgetOptionsOf } from '../../costs/budget.ts';
import { describeBill, nothingSent, priceDocument, totalOf } from '../../costs/cost.ts';
import { checkFutureFolder } from '../../disk/publish.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import { DEFAULT_JOBS, DEFAULT_RETRIES, type RunWishes } from '../../shared/batch.ts';
import { EXIT_CODES, isSoraError, SoraError } from '../../shared/errors.ts';
import { exitMessages } from '../../shared/exit-messages.ts';
import type { OptionName } from '../../shared/options.ts';
import { counted, shellOption, shellQuote } from '../../shared/text.ts';
import { readStdin } from '../../terminal/stdin.ts';
import type { Result } from '../../terminal/ui.ts';
import { createTotalsLine } from '../../videos/jobs/totals-line.ts';
import { warnOfCharacters } from '../../videos/warn-of-host.ts';

export type CheckFlags = BatchRequest;

export interface RunFlags extends BatchRequest, RunWishes {
  readonly jobs: number;
  /** Milliseconds between two requests. */
  readonly rate?: number;
  readonly retries: number;
  readonly summary?: string;
  readonly results?: string;
  /** Seconds; as long as it takes unless given. */
  readonly timeout?: number;
  readonly pollInterval?: number;
  readonly dryRun: boolean;
}

/** Longer than any batch goes on. */
const NO_TIMEOUT_MS = 365 * 86_400_000;
const MAX_STDIN_BYTES = 64_000_000;

export async function runBatchCheck(context: Context, flags: CheckFlags): Promise<number> {
  const given = await readGiven(context, flags, true);
  return showPreview(context, given, { ...flags, changed: false, resend: [], anew: [], adopt: [] });
}

export async function runBatchRun(context: Context, flags: RunFlags): Promise<number> {
  const { runtime, ui } = context;
  const { summary, results, timeout } = flags;
  const startedMs = runtime.clock.now();
  const deadlineMs = startedMs + (timeout === undefined ? NO_TIMEOUT_MS : timeout * 1000);
  const given = await readGiven(context, flags, flags.dryRun);
  await checkReportTargets(context, { summary, results }, given);
  if (flags.dryRun) return showPreview(context, given, flags);
  const command = commandOf(context, flags);
  exitMessages.set('batch', () => ui.error(stoppedError(command)));
  const display = createTotalsLine(ui, { live: ui.live, now: () => runtime.clock.now() });
  const targets = { summary, results, name: calledBatch(flags), command };
  let report: BatchReport;
  try {
    report = await runBatch(context, given.plan, {
      ...optionsOf(flags, { given, deadlineMs }),
      onTotals: (totals) => display.show(totals),
    }).finally(() => display.end());
  } catch (error) {
    await reportStopped(context, error, { given, flags, targets, startedMs });
    throw error;
  }
  const unwritten = await writeReports(context, report, targets).then(
    () => undefined,
    (error: unknown) => error,
  );
  // What cannot be written can be printed: the report is what the run was for.
  display.conclude(report.totals);
  const exit = await showReport(context, report, { given, flags, command, startedMs });
  if (unwritten !== undefined) throw unwritten;
  return exit;
}

async function readGiven(context: Context, flags: BatchRequest, dryRun: boolean): Promise<GivenBatch> {
  const stdin = (): Promise<Uint8Array> => readStdin(context.runtime, MAX_STDIN_BYTES);
  const given = await readGivenBatch(context, flags, { purpose: purposeOf({ dryRun }), stdin });
  const folders = new Set(given.plan.lines.map(({ wanted }) => dirname(wanted)));
  for (const folder of folders) await checkFutureFolder(folder);
  const { provider, lines, copies, doubts } = given.plan;
  await warnOfCharacters(
    context,
    provider,
    lines.flatMap(({ input }) => input.characters),
  );
  for (const doubt of doubts) context.ui.warn(doubt);
  for (const copy of dryRun ? copies : []) context.ui.note(copy);
  return given;
}

/** What stopped the run is in its reports too, beside how the lines stand; it is thrown, whatever becomes of that. */
async function reportStopped(
  context: Context,
  error: unknown,
  {
    given,
    flags,
    targets,
    startedMs,
  }: { given: GivenBatch; flags: RunFlags; targets: ReportTargets & SummaryWords; startedMs: number },
): Promise<void> {
  if (!isSoraError(error)) return;
  try {
    const report = { ...(await batchStatus(context, given, flags)), exit: EXIT_CODES[error.code] };
    // Who is told that a file or a flag is wrong has asked for nothing yet.
    if (error.code !== 'usage')
      context.ui.result(await resultOf(context, report, { given, next: targets.command, startedMs }));
    await writeReports(context, report, { ...targets, stopped: error.message });
  } catch (other) {
    if (!isSoraError(other)) throw other;
  }
}

function stoppedError(command: string): SoraError {
  return new SoraError('pending', 'Stopped before the batch was done; what was sent goes on at its host.', {
    hint: `Continue with: ${command}`,
  });
}

function optionsOf(flags: RunFlags, { given, deadlineMs }: { given: GivenBatch; deadlineMs: number }): RunBatchOptions {
  const { rate, pollInterval, jobs, retries, changed, resend, anew, adopt, allowDrift, output } = flags;
  return {
    ...given.owner,
    ...{
      file: given.path,
      output,
      jobs,
      intervalMs: rate ?? 0,
      retries,
      changed,
      resend,
      anew,
      adopt,
      allowDrift,
      deadlineMs,
    },
    ...(flags.maxCost !== undefined && { maxCost: flags.maxCost }),
    ...budgetOptionsOf(flags),
    pollIntervalMs: pollInterval === undefined ? undefined : pollInterval * 1000,
  };
}

/** Without what asks for something once: repeated, it would be paid for once more. */
function commandOf(context: Context, flags: RunFlags): string {
  const { jobs, retries, summary, results } = flags;
  const path = (name: OptionName, value: string | undefined): string[] =>
    value === undefined ? [] : [shellOption(name, shellQuote(value))];
  const words = [
    ...(jobs === DEFAULT_JOBS ? [] : [`--jobs ${jobs}`]),
    ...(retries === DEFAULT_RETRIES ? [] : [`--retries ${retries}`]),
    ...path('summary', summary),
    ...path('results', results),
  ];
  return batchCommand(context, 'run', { request: flags, words });
}

/** The result on stdout; what is not done on stderr, last. Returns the exit code. */
async function showReport(
  context: Context,
  report: BatchReport,
  { given, flags, command, startedMs }: { given: GivenBatch; flags: RunFlags; command: string; startedMs: number },
): Promise<number> {
  const { ui } = context;
  const status = batchCommand(context, 'status', { request: flags });
  const error = batchError(report, { name: calledBatch(flags), command, status });
  ui.result(await resultOf(context, report, { given, next: error && command, startedMs }));
  if (error) ui.error(error);
  return report.exit;
}

/** As text, where the videos are that were saved since. */
async function resultOf(
  context: Context,
  report: BatchReport,
  { given, next, startedMs }: { given: GivenBatch; next: string | undefined; startedMs: number },
): Promise<Result> {
  const { runtime } = context;
  const pathOf = (file: string): string => {
    const place = resolve(dirname(given.path), file);
    const way = relative(runtime.cwd, place);
    return way.startsWith('..') || isAbsolute(way) ? place : way;
  };
  const files = report.lines.flatMap(({ file, state }) => (file !== undefined && state === 'done' ? file : []));
  const isNew = await savedSince(context, given, startedMs);
  return {
    json: { ...report, ...(next !== undefined && { next }) },
    text: files
      .filter((file) => isNew.has(file))
      .map(pathOf)
      .join('\n'),
    quiet: files.map(pathOf),
  };
}

async function showPreview(context: Context, given: GivenBatch, flags: BatchRequest & RunWishes): Promise<number> {
  const { ui, runtime } = context;
  const { lines, bill } = await previewBatch(context, given, flags);
  const sent = lines.filter(({ send }) => send);
  const equal = lines.filter(({ isEqual }) => isEqual).map(({ planned }) => planned.line.id);
  if (equal.length > 0)
    ui.note(`Not changed, although the text is another: ${someOf(equal)} asks for what was sent for it before.`);
  const today = new Date(runtime.clock.now()).toISOString().slice(0, 10);
  ui.note(`Cost: ${bill.length === 0 ? 'none, because nothing would be sent' : describeBill(bill)}`);
  ui.result({
    json: {
      lines: lines.map(({ planned: { line, wanted, cost }, send, isEqual }) => ({
        ...{ id: line.id, line: line.number, output: wanted, send },
        ...(cost && { estimateUsd: cost.usd }),
        ...(isEqual && { equal: true }),
      })),
      send: sent.length,
      characters: [...new Set(given.plan.missing.map(({ name }) => name))],
      cost: priceDocument(bill.length === 0 ? nothingSent(today) : totalOf(bill)),
    },
    text: `${counted(lines.length, 'line')}, ${sent.length} to be sent.`,
    quiet: sent.map(({ planned }) => planned.line.id),
  });
  return 0;
}

const MOST_NAMED = 5;

function someOf(ids: readonly string[]): string {
  const more = ids.length - MOST_NAMED;
  return `${ids.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
