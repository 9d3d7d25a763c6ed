/** Videos where they were made: `video list --remote`, `video cancel`, `video delete`. */
import type { Context } from '../../context.ts';
import type { Provider, RemoteVideo } from '../../providers/provider.ts';
import { SoraError } from '../../shared/errors.ts';
import { exitMessages } from '../../shared/exit-messages.ts';
import { isFinal, type Job } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { findJobs, saveProgress, stillRunning, unknownJob, upToDate } from '../../videos/find-jobs.ts';
import { applyRemote, describe, jobError, missedAt } from '../../videos/lifecycle.ts';
import { requireSettled } from '../../videos/lost/recover.ts';
import { warnBroken } from './status.ts';

/** The most that the protocol gives at once. */
const PAGE = 100;

/** Nobody reads more, and a host may go on for ever. */
const MOST_LISTED = 20_000;

/** A video at the host, and the job of this machine that made it. */
type Listed = RemoteVideo & { readonly jobId?: string };

/** `sora video list --remote`: what the chosen host lists, newest first, to the end or to the 20 000th. */
export async function runVideoListRemote(context: Context, { status }: { status?: string }): Promise<undefined> {
  const { ui } = context;
  const provider = await context.provider();
  const { records, broken } = await (await context.jobs()).list();
  warnBroken(context, broken);
  const here = records.filter(({ baseUrl }) => baseUrl === provider.baseUrl);
  const jobIds = new Map(here.flatMap(({ remoteId, id }) => (remoteId === undefined ? [] : [[remoteId, id] as const])));
  const listed = (await listAll(context, provider))
    .filter((video) => status === undefined || video.status === status)
    .map((video): Listed => {
      const jobId = jobIds.get(video.id);
      return { ...video, ...(jobId !== undefined && { jobId }) };
    });
  ui.result({
    json: listed,
    text: listed.length === 0 ? `No videos at ${provider.name}.` : remoteTable(context, listed),
    quiet: listed.map(({ id }) => id),
  });
}

async function listAll({ ui, runtime }: Context, provider: Provider): Promise<readonly RemoteVideo[]> {
  if (!provider.listVideos) throw noCall(provider, 'lists videos', 'sora video list shows those of this machine.');
  const found = new Map<string, RemoteVideo>();
  let after: string | undefined;
  for (;;) {
    const { videos, next } = await provider.listVideos(
      { limit: PAGE, ...(after !== undefined && { after }) },
      { signal: runtime.signal },
    );
    const before = found.size;
    for (const video of videos) found.set(video.id, video);
    // Hosts that do not know `after` give the same page for ever.
    if (next === undefined || found.size === before) return [...found.values()];
    if (found.size >= MOST_LISTED) {
      ui.warn(`${provider.name} lists more than ${MOST_LISTED} videos; older ones are not shown.`);
      return [...found.values()];
    }
    after = next;
  }
}

function remoteTable({ ui }: Context, listed: readonly Listed[]): string {
  return ui.table(
    ['VIDEO', 'STATUS', 'MODEL', 'SIZE', 'JOB', 'CREATED', 'PROMPT'],
    listed.map((video) => [
      oneLine(video.id, 80),
      video.status === 'unknown' ? oneLine(video.remoteStatus, 20) || '-' : video.status,
      oneLine(video.model ?? '-', 40),
      [video.size, video.seconds === undefined ? undefined : `${video.seconds} s`].filter(Boolean).join(' ') || '-',
      video.jobId ?? '-',
      video.createdAt === undefined ? '-' : ui.time(video.createdAt),
      oneLine(video.prompt ?? '', 1000),
    ]),
    { MODEL: 6, PROMPT: 6 },
  );
}

/** `sora video cancel <id>` */
export async function runVideoCancel(context: Context, id: string): Promise<undefined> {
  const { ui, runtime } = context;
  const job = await requireSettled(context, await onlyJob(context, id));
  if (job.status === 'cancelled') return showCancelled(context, job);
  refuseFinal(job);
  const provider = await context.providerOf(job);
  const { remoteId = '' } = job;
  const call = { signal: runtime.signal };
  if (!provider.cancelVideo) {
    throw noCall(provider, 'stops a job', `It continues there. Wait for it: sora video wait ${job.id}`, job);
  }
  const before = await provider.getVideo(remoteId, call);
  if (!before) {
    throw new SoraError('refused', `${provider.name} does not know job ${job.id} as ${oneLine(remoteId, 200)}.`, {
      hint: `Ask again later: sora video status ${job.id}`,
      jobId: job.id,
    });
  }
  const current = await saveProgress(context, applyRemote(job, before, runtime.clock.now()));
  if (current.status === 'cancelled') return showCancelled(context, current);
  refuseFinal(current);
  const taken = await askHost(context, job, {
    what: 'stop it',
    ask: async () => (await provider.cancelVideo?.(remoteId, call)) === true,
  });
  const after = await provider.getVideo(remoteId, call);
  const kept = await exitMessages.hold(() =>
    saveProgress(context, afterCancel(current, { taken, after, nowMs: runtime.clock.now() })),
  );
  if (kept.status === 'cancelled') return showCancelled(context, kept);
  // Nobody stopped it: it is gone from the host like any other.
  const lost = taken || after ? undefined : jobError(kept);
  if (lost) throw lost;
  refuseFinal(kept);
  if (!taken) {
    throw new SoraError('refused', `${provider.name} did not cancel job ${job.id}.`, {
      hint: `Check it again: sora video status ${job.id}`,
      jobId: job.id,
    });
  }
  ui.note(`${provider.name} was asked to stop job ${job.id}.`);
  throw stillRunning(kept);
}

/** A host that took the call may forget the job; one that knew nothing of it at the call has said nothing of its end. */
function afterCancel(
  job: Job,
  { taken, after, nowMs }: { taken: boolean; after: RemoteVideo | undefined; nowMs: number },
): Job {
  if (after) return applyRemote(job, after, nowMs);
  return taken ? { ...job, status: 'cancelled', updatedAt: new Date(nowMs).toISOString() } : missedAt(job, nowMs);
}

function refuseFinal(job: Job): void {
  if (!isFinal(job.status)) return;
  throw new SoraError('refused', `Job ${job.id} is ${describe(job)}: there is nothing to cancel.`, {
    hint: job.status === 'succeeded' ? `Fetch it: sora video download ${job.id}` : `See it: sora video show ${job.id}`,
    jobId: job.id,
  });
}

function showCancelled({ ui }: Context, job: Job): undefined {
  ui.result({ json: job, text: `${job.id} is cancelled.`, quiet: [job.id] });
}

/** `sora video delete <id>`: at the host. The record and a file that was saved stay. */
export async function runVideoDelete(context: Context, { id, yes }: { id: string; yes: boolean }): Promise<undefined> {
  const { ui, runtime } = context;
  const named = await onlyJob(context, id);
  if (named.remoteDeleted) return showDeleted(context, named);
  const job = await requireSettled(context, named);
  const provider = job.remoteId === undefined ? undefined : await context.providerOf(job);
  if (provider && !provider.deleteVideo) throw noDeletion(provider, job);
  const current = await upToDate(context, job);
  const { remoteId } = current;
  if (remoteId === undefined || !provider?.deleteVideo) {
    throw new SoraError('refused', `Job ${job.id} does not exist at ${job.provider}: it was never created there.`, {
      hint: 'sora video prune removes old records from this machine.',
      jobId: job.id,
    });
  }
  if (!isFinal(current.status)) throw stillRunning(current);
  const lost = current.status === 'succeeded' && current.outputPath === undefined ? ' It was never saved here.' : '';
  const question = `Delete the video of job ${job.id} at ${provider.name}?${lost}`;
  if (!yes && !(await context.confirm(question, 'Add --yes to delete without being asked.'))) {
    throw new SoraError('usage', `The video of job ${job.id} was kept.`);
  }
  const wasThere = await askHost(context, job, {
    what: 'delete its video',
    ask: async () => (await provider.deleteVideo?.(remoteId, { signal: runtime.signal })) === true,
  });
  if (!wasThere) ui.note(`${provider.name} no longer knew ${oneLine(remoteId, 200)}.`);
  const updatedAt = new Date(runtime.clock.now()).toISOString();
  const deleted = { ...current, remoteDeleted: true, updatedAt };
  showDeleted(context, await exitMessages.hold(() => saveProgress(context, deleted)));
}

/** Asks for what cannot be taken back. Who stops it is told that it was asked, not that nothing happened. */
async function askHost(
  { ui, runtime }: Context,
  job: Job,
  { what, ask }: { what: string; ask: () => Promise<boolean> },
): Promise<boolean> {
  const message = `${job.provider} was asked to ${what} (job ${job.id}); its answer was not awaited.`;
  const hint = `See the state of the job: sora video status ${job.id}`;
  const stopped = new SoraError('pending', message, { hint, jobId: job.id });
  exitMessages.set(job.id, () => ui.error(stopped));
  try {
    return await ask();
  } catch (error) {
    throw runtime.signal.aborted ? stopped : error;
  }
}

function showDeleted({ ui }: Context, job: Job): undefined {
  const file = job.outputPath === undefined ? '' : ` Its file stays: ${job.outputPath}`;
  ui.result({ json: job, text: `The video of ${job.id} is deleted at ${job.provider}.${file}`, quiet: [job.id] });
}

async function onlyJob(context: Context, id: string): Promise<Job> {
  const [job] = await findJobs(context, [id]);
  if (!job) throw unknownJob(id);
  return job;
}

function noDeletion(provider: Provider, job: Job): SoraError {
  const until = job.expiresAt === undefined ? 'after a while' : `at ${job.expiresAt}`;
  return noCall(provider, 'deletes videos', `The video stays there until the host deletes it ${until}.`, job);
}

function noCall(provider: Provider, what: string, hint: string, job?: Job): SoraError {
  return new SoraError('refused', `${provider.backend ?? provider.name} has no call that ${what}.`, {
    hint,
    ...(job && { jobId: job.id }),
  });
}
