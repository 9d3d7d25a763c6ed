/** What commands show of videos: the request, the jobs that were sent, the wait for them, and their files. */

import type { NeededCopy } from '../../characters/fit-cast.ts';
import type { Context } from '../../context.ts';
import { type BillItem, describeBill, nothingSent, priceDocument, totalOf } from '../../costs/cost.ts';
import type { WireRequest } from '../../providers/provider.ts';
import { exitOf, isSoraError, SoraError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import { areOf, counted, oneLine } from '../../shared/text.ts';
import type { Followed } from '../../videos/download.ts';
import { type FollowOptions, followJobs } from '../../videos/follow.ts';
import { resumeCommand } from '../../videos/jobs/find.ts';
import { jobJson } from '../../videos/jobs/record.ts';
import { shownIds } from '../../videos/jobs/short-id.ts';
import { createWaitDisplay, describeWait, type NamingDisplay } from '../../videos/jobs/wait-display.ts';
import { outputFileName } from '../../videos/output-target.ts';
import { requestText } from '../../videos/preview.ts';
import type { Submitted } from '../../videos/submit.ts';
import { type FollowFlags, outputOf } from './input.ts';

/** The result of a command that sends and does not wait: the jobs, and one command that follows them all. */
async function showJobs(context: Context, jobs: readonly Job[]): Promise<void> {
  // A terminal does not break such a command in the middle of an id.
  const shown = await shownIds(context.jobs, context.runtime.stdout);
  const stateOf = (job: Job): string => (job.status === 'succeeded' ? describeWait(job, { saves: false }) : job.status);
  const states = jobs.map((job) => `${job.id} is ${stateOf(job)}.`).join('\n');
  const named = jobs.map((job) => ({ ...job, id: shown(job.id) }));
  context.ui.result({
    json: jobs.length === 1 && jobs[0] ? jobJson(jobs[0]) : jobs.map(jobJson),
    text: `${states}${jobs.length === 1 ? ' Follow it with' : '\nFollow them with'}: ${resumeCommand(context, named, {})}`,
    quiet: jobs.map(({ id }) => id),
  });
}

/** A job that a failure leaves unfinished (exit 8) is the document all the same: what a program goes on with. As text, the failure says it. */
async function showUnfinished(context: Context, error: unknown): Promise<void> {
  if (!isSoraError(error, 'pending') || error.jobId === undefined) return;
  const job = await (await context.jobs()).find(error.jobId).catch(() => undefined);
  if (job) context.ui.result({ json: jobJson(job), text: '', quiet: [] });
}

export interface Preview {
  /** As it is sent. */
  readonly prompt: string;
  /** The names that were put into the prompt, where that is done at all. */
  readonly injected?: readonly string[];
  /** The characters whom the prompt alone has named, where that is done at all. */
  readonly autoCast?: readonly string[];
  readonly request: WireRequest;
  /** Empty where nothing would be sent. */
  readonly bill: readonly BillItem[];
  /** The jobs that the keys of the command have already. */
  readonly existing?: readonly Job[];
  /** How many videos the command makes; one unless given. */
  readonly count?: number;
  /** Copies of clips that would be made first. */
  readonly copies?: readonly NeededCopy[];
}

/** The request on stdout, its cost on stderr; with `--json`, both in one document. */
export function showRequest({ ui, runtime, withoutPorts }: Context, preview: Preview): void {
  const { prompt, injected, autoCast, request, bill, existing = [], count = 1, copies = [] } = preview;
  if (request.note !== undefined) ui.note(request.note);
  const ids = existing.map(({ id }) => id);
  if (ids.length > 0) ui.note(`existing: ${ids.join(', ')}`);
  const isSent = bill.length > 0;
  ui.note(`Cost: ${isSent ? describeBill(bill) : 'none, because nothing would be sent'}`);
  const asOf = new Date(runtime.clock.now()).toISOString().slice(0, 10);
  const cost = priceDocument(isSent ? totalOf(bill) : nothingSent(asOf));
  ui.result({
    json: {
      ...{ prompt, ...(injected && { injected }), ...(autoCast && { autoCast }), request, cost },
      ...(copies.length > 0 && { copies }),
      ...(ids.length > 0 && { existing: count === 1 ? ids[0] : ids }),
    },
    text: withoutPorts(requestText(request)),
    quiet: [prompt],
  });
}

/** Whether a command that sends follows what it has sent: a place for the file is a wish to wait for it. */
export function waitsFor({ wait, output }: SendFlags): boolean {
  return wait || output !== undefined;
}

interface SendFlags extends FollowFlags {
  readonly wait: boolean;
}

/** Sends jobs, and tells `onPartial` what it has sent before it throws why another was not. */
export type Send = (onPartial: (jobs: readonly Job[]) => void) => Promise<readonly Submitted[]>;

/**
 * Sends, and then waits for every job where that was asked for, else shows the jobs. Returns the exit code. What was
 * sent is shown where another was not, and a job that is unfinished.
 */
export async function sendAndShow(
  context: Context,
  send: Send,
  flags: SendFlags & Pick<FollowOptions, 'deadlineMs'>,
): Promise<number> {
  const partly: Job[] = [];
  const sent = await send((jobs) => void partly.push(...jobs)).catch(async (error: unknown) => {
    if (partly.length > 0) await showJobs(context, partly);
    else await showUnfinished(context, error);
    throw error;
  });
  const jobs = sent.map(({ job }) => job);
  if (!waitsFor(flags)) {
    await showJobs(context, jobs);
    return 0;
  }
  // For a kill, after which nothing is said.
  context.ui.note(`If the wait ends early: ${resumeCommand(context, jobs, flags)}`);
  const firstPauses = new Map(sent.map(({ job, pollAfterMs }) => [job.id, pollAfterMs]));
  return followAndShow(context, jobs, { ...flags, firstPauseMs: ({ id }) => firstPauses.get(id) });
}

/** A wait as a command was asked for it: `output` as it was typed. */
interface FollowRequest extends FollowFlags, Pick<FollowOptions, 'deadlineMs' | 'firstPauseMs'> {
  /** That there is one job now is an accident: the result is a list, and a failure is told beside it. */
  readonly isSeveral?: boolean;
}

/** Follows every job to its file, shows one result for all of them, and returns the exit code. A single failure is thrown. */
export async function followAndShow(context: Context, jobs: readonly Job[], flags: FollowRequest): Promise<number> {
  const { output: _typed, pollInterval, isSeveral = jobs.length !== 1, ...options } = flags;
  const file = jobs.length === 1 ? await outputFileName(context, flags) : undefined;
  const display = createWaitDisplay(context, jobs, { live: context.ui.live, saves: true, file });
  const following = followJobs(context, jobs, {
    ...options,
    ...outputOf(context, flags),
    pollIntervalMs: pollInterval === undefined ? undefined : pollInterval * 1000,
    ...{ isSeveral, display },
  });
  const all = await following.catch(async (error: unknown) => {
    await showUnfinished(context, error);
    throw error;
  });
  const { nameOf } = display;
  for (const error of await errorsOf(context, all, { wish: flags, nameOf })) context.ui.error(error);
  await showFollowed(context, all, { isSeveral });
  return exitOf(all);
}

/** More names, or ids in a command, are read by nobody. */
const MOST_NAMED = 10;

/** Why videos are not here. A program is told of each; a person of all that are still made in one sentence, and one command. */
async function errorsOf(
  context: Context,
  all: readonly Followed[],
  { wish, nameOf }: { wish: FollowFlags; nameOf: NamingDisplay['nameOf'] },
): Promise<readonly SoraError[]> {
  const failed = all.flatMap(({ job, error }) => (error ? { job, error } : []));
  if (context.ui.json) return failed.map(({ error }) => error);
  const left = failed.filter(({ error }) => error.code === 'pending').map(({ job }) => job);
  const elsewhere = all.length > 1 ? failed.filter(({ error }) => error.reason === 'other-host') : [];
  const told = failed
    .filter((one) => !elsewhere.includes(one))
    .filter(({ error }) => left.length === 1 || error.code !== 'pending');
  if (all.length > 1) for (const { job, error } of told) error.message = `${await nameOf(job)}: ${error.message}`;
  const errors = [
    ...told.map(({ error }) => error),
    ...(await elsewhereErrors(
      context,
      elsewhere.map(({ job }) => job),
      { wish, nameOf },
    )),
  ];
  if (left.length < 2) return errors;
  const named = left.slice(0, MOST_NAMED);
  const standing = named.map(async (job) => `${await nameOf(job)} is ${describeWait(job, { saves: false })}`);
  const more = left.length > named.length ? `; and ${left.length - named.length} more` : '';
  const why = context.runtime.signal.aborted ? 'Stopped waiting' : 'The wait timed out';
  const message = `${why}; ${left.length} of ${counted(all.length, 'video')} ${areOf(left.length)} not here: ${(await Promise.all(standing)).join('; ')}${more}.`;
  return [
    ...errors,
    new SoraError('pending', message, {
      hint: `Nothing is lost. Continue with: ${resumeCommand(context, left, wish)}`,
    }),
  ];
}

/** Of jobs that were made where the key in use does not go: an error, and the command that waits for them, for each host. */
async function elsewhereErrors(
  context: Context,
  jobs: readonly Job[],
  { wish, nameOf }: { wish: FollowFlags; nameOf: NamingDisplay['nameOf'] },
): Promise<readonly SoraError[]> {
  const errors: SoraError[] = [];
  for (const baseUrl of new Set(jobs.map((job) => job.baseUrl))) {
    const there = jobs.filter((job) => job.baseUrl === baseUrl);
    const names = await Promise.all(there.slice(0, MOST_NAMED).map((job) => nameOf(job)));
    const more = there.length > names.length ? ` and ${there.length - names.length} more` : '';
    const command = resumeCommand({ selection: { ...context.selection, baseUrl } }, there, wish);
    errors.push(
      new SoraError(
        'auth',
        `${counted(there.length, 'video')} ${areOf(there.length)} at ${oneLine(baseUrl)}, which is not the host that your key belongs to: ${names.join(', ')}${more}.`,
        { reason: 'other-host', hint: `With the key of that host: ${command}` },
      ),
    );
  }
  return errors;
}

/** Where the files are; with `--json`, the jobs. What is unfinished is told by errors. */
export async function showFollowed(
  context: Context,
  all: readonly Followed[],
  { isSeveral = all.length !== 1 }: { isSeveral?: boolean } = {},
): Promise<void> {
  const { ui } = context;
  const paths = all.flatMap(({ path }) => path ?? []);
  const only = isSeveral ? undefined : all[0];
  ui.result({
    json: only ? jobJson(only.job) : all.map(({ job }) => jobJson(job)),
    text: paths.join('\n'),
    quiet: paths,
  });
}
