/** `sora batch cancel`: stops what is under way. */

import { cancelBatch } from '../../batches/cancel-batch.ts';
import { type BatchRequest, placeOfBatch } from '../../batches/given-batch.ts';
import type { Context } from '../../context.ts';
import { exitOf } from '../../shared/errors.ts';
import { counted } from '../../shared/text.ts';

export async function runBatchCancel(context: Context, flags: BatchRequest): Promise<number> {
  const { path, owner } = placeOfBatch(context, flags);
  const all = await cancelBatch(context, { file: path, ...owner });
  const stopped = all.filter(({ error }) => error === undefined);
  for (const { error } of all) if (error) context.ui.error(error);
  context.ui.result({
    json: all.map(({ id, jobId, error }) => ({ id, jobId, cancelled: error === undefined })),
    text: `Stopped ${stopped.length} of ${counted(all.length, 'video')} under way.`,
    quiet: stopped.map(({ id }) => id),
  });
  return exitOf(all);
}
