/** Videos where they were made: `video list --remote`, `video cancel`, `video delete`. */

import type { Context } from '../../context.ts';
import { hostTitle } from '../../providers/index.ts';
import { SoraError } from '../../shared/errors.ts';
import { listOf, oneLine } from '../../shared/text.ts';
import { CAREFUL, findJob } from '../../videos/jobs/find.ts';
import { jobJson } from '../../videos/jobs/record.ts';
import { shownIds } from '../../videos/jobs/short-id.ts';
import { cancelJob, deleteRemoteVideo, type ListedVideo, listRemoteVideos } from '../../videos/remote.ts';

/** What was asked of `video list`. */
interface RemoteListFlags {
  readonly status?: string;
  readonly since?: number;
  readonly tag?: readonly string[];
  readonly notDownloaded?: boolean;
  readonly limit?: number;
}

/** `sora video list --remote`: what the chosen host lists. */
export async function runVideoListRemote(context: Context, flags: RemoteListFlags): Promise<undefined> {
  refuseLocal(flags);
  const { status } = flags;
  const provider = await context.provider();
  const all = await listRemoteVideos(context, provider);
  const listed = all.filter((video) => status === undefined || video.status === status);
  context.ui.result({
    json: listed,
    text: listed.length === 0 ? `No videos at ${hostTitle(provider)}.` : await remoteTable(context, listed),
    quiet: listed.map(({ id }) => id),
  });
}

/** Of what a host lists, neither tags nor files are known. */
function refuseLocal({ since, tag = [], notDownloaded = false, limit }: RemoteListFlags): void {
  const given = [
    ...(limit === undefined ? [] : ['--limit']),
    ...(since === undefined ? [] : ['--since']),
    ...(tag.length === 0 ? [] : ['--tag']),
    ...(notDownloaded ? ['--not-downloaded'] : []),
  ];
  if (given.length === 0) return;
  throw new SoraError('usage', `${listOf(given)} and --remote cannot be used together.`, {
    hint: 'The jobs of this machine are filtered so: leave out --remote.',
  });
}

async function remoteTable({ ui, runtime, jobs }: Context, listed: readonly ListedVideo[]): Promise<string> {
  const shown = await shownIds(jobs, runtime.stdout);
  return ui.table(
    ['VIDEO', 'STATUS', 'MODEL', 'SIZE', 'JOB', 'CREATED', 'PROMPT'],
    listed.map((video) => [
      oneLine(video.id, 80),
      video.status === 'unknown' ? oneLine(video.remoteStatus, 20) || '-' : video.status,
      oneLine(video.model ?? '-', 40),
      [video.size, video.seconds === undefined ? undefined : `${video.seconds} s`].filter(Boolean).join(' ') || '-',
      video.jobId === undefined ? '-' : shown(video.jobId),
      video.createdAt === undefined ? '-' : ui.time(video.createdAt),
      oneLine(video.prompt ?? '', 1000),
    ]),
    { MODEL: 6, PROMPT: 6 },
  );
}

/** `sora video cancel <id>` */
export async function runVideoCancel(context: Context, id: string): Promise<undefined> {
  const job = await cancelJob(context, await findJob(context, id, CAREFUL));
  context.ui.result({ json: jobJson(job), text: `${job.id} is cancelled.`, quiet: [job.id] });
}

/** `sora video delete <id>`: at the host. The record and a file that was saved stay. */
export async function runVideoDelete(context: Context, { id, yes }: { id: string; yes: boolean }): Promise<undefined> {
  const approve = (question: string): Promise<boolean> =>
    context.confirm(question, 'Add --yes to delete without being asked.');
  const job = await deleteRemoteVideo(context, await findJob(context, id, CAREFUL), yes ? {} : { approve });
  const file = job.output === undefined ? '' : ` Its file stays: ${job.output.path}`;
  context.ui.result({
    json: jobJson(job),
    text: `The video of ${job.id} is deleted at ${hostTitle(job)}.${file}`,
    quiet: [job.id],
  });
}
