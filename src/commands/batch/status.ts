/** `sora batch status`: how every line stands, by the journals and the jobs of this machine; asks no host, and exits as the run would. */
import { batchStatus } from '../../batches/batch-status.ts';
import { type BatchRequest, batchCommand, readGivenBatch } from '../../batches/given-batch.ts';
import type { Context } from '../../context.ts';
import { flagWord } from '../../runs/command-words.ts';
import { EXIT_CODES } from '../../shared/errors.ts';
import { readStdin } from '../../terminal/stdin.ts';
import { totalsText } from '../../videos/jobs/totals.ts';

const MAX_STDIN_BYTES = 64_000_000;

export async function runBatchStatus(context: Context, flags: BatchRequest): Promise<number> {
  const { ui, runtime } = context;
  const given = await readGivenBatch(context, flags, {
    purpose: 'preview',
    stdin: () => readStdin(runtime, MAX_STDIN_BYTES),
  });
  const report = await batchStatus(context, given, flags);
  const words = flagWord('changed', report.exit === EXIT_CODES.usage);
  const next = report.exit === 0 ? undefined : batchCommand(context, 'run', { request: flags, words });
  const rows = report.lines.map(({ id, state, file = '-', why = '' }) => [id, state, file, why]);
  ui.result({
    json: { ...report, ...(next !== undefined && { next }) },
    text: `${ui.table(['ID', 'STATE', 'FILE', 'WHY'], rows, { FILE: 12, WHY: { wrapsAt: 20 } })}\n${totalsText(report.totals)}`,
    quiet: report.lines.flatMap(({ id, exit }) => (exit === 0 ? [] : [id])),
  });
  if (next !== undefined) ui.note(`Continue with: ${next}`);
  return report.exit;
}
