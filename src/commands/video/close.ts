/** `sora video close <job>`: nothing was made of an unknown or refused request, says the user. */
import type { Context } from '../../context.ts';
import { closeUnresolved } from '../../videos/jobs/close.ts';
import { CAREFUL, findJob } from '../../videos/jobs/find.ts';
import { jobJson } from '../../videos/jobs/record.ts';

export async function runVideoClose(context: Context, { id, yes }: { id: string; yes: boolean }): Promise<undefined> {
  const approve = (question: string): Promise<boolean> =>
    context.confirm(question, 'Add --yes to close it without being asked.');
  const job = await closeUnresolved(context, await findJob(context, id, CAREFUL), yes ? {} : { approve });
  context.ui.result({
    json: jobJson(job),
    text: `${job.id} is closed: nothing was made of it. The same request can be sent again.`,
    quiet: [job.id],
  });
}
