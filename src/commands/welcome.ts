/** `sora` alone: the three things to do next on this machine. Asks no host. */

import type { Context } from '../context.ts';
import { isSoraError, type SoraError } from '../shared/errors.ts';
import { isFinal, isUnanswered, type JobDigest } from '../shared/job.ts';
import { shellCommand, shellOption, shellPhrase, shellQuote } from '../shared/text.ts';
import { findNotDownloaded } from '../videos/jobs/not-downloaded.ts';
import { shownIds } from '../videos/jobs/short-id.ts';

interface Step {
  readonly what: string;
  readonly command: string;
}

const STEPS = 3;

export async function runWelcome(context: Context, version: string): Promise<undefined> {
  const { ui } = context;
  // Where nothing can be kept there is no next step but that.
  context.paths();
  const steps = await nextSteps(context);
  const list = steps.map(({ what, command }, index) => `  ${index + 1}. ${what}\n     ${ui.paint.bold(command)}`);
  ui.result({
    prose: true,
    json: steps,
    text: [
      `sora ${version} keeps a character in every video. What you can do next:`,
      ...list,
      'All commands: sora --help. If something is wrong: sora doctor.',
    ].join('\n\n'),
    quiet: steps.map(({ command }) => command),
  });
}

/** The most pressing first; what is always possible fills up. */
async function nextSteps(context: Context): Promise<readonly Step[]> {
  const [jobs, machine, host, cast] = await Promise.all([
    jobsAsShown(context),
    machineSteps(context),
    hostSteps(context),
    castSteps(context),
  ]);
  const always: readonly Step[] = [
    ...(jobs.length === 0 ? [] : [{ what: 'Look at what was made:', command: 'sora video list' }]),
    { what: 'See what a clip is and what would be done to it:', command: 'sora clip inspect <clip>' },
    { what: 'See the models and their prices:', command: 'sora provider models' },
  ];
  return [...jobSteps(jobs, context.runtime.clock.now()), ...machine, ...host, ...cast, ...always].slice(0, STEPS);
}

function jobSteps(jobs: readonly JobDigest[], nowMs: number): readonly Step[] {
  const going = jobs.filter(({ status }) => !isFinal(status));
  const made = findNotDownloaded(jobs, nowMs);
  const [newest] = going;
  if (made) {
    const isOnly = going.length === 0;
    return [{ what: `${made.what}. ${made.how}:`, command: isOnly ? made.command : 'sora video wait --all' }];
  }
  if (!newest) return [];
  if (going.length > 1) return [{ what: `See how ${going.length} unfinished jobs are:`, command: 'sora video status' }];
  return [stepOf(newest)];
}

function stepOf(job: JobDigest): Step {
  return isUnanswered(job)
    ? { what: 'Find out what became of a job whose answer was lost:', command: `sora video status ${job.id}` }
    : { what: 'Wait for the video that is being made, and save it:', command: `sora video wait ${job.id}` };
}

/** A person types the commands of a terminal; whatever reads them elsewhere has whole ids. */
async function jobsAsShown(context: Context): Promise<readonly JobDigest[]> {
  const jobs = await knownJobs(context);
  const { ui, runtime, globals } = context;
  if (jobs.length === 0 || ui.json || globals.quiet) return jobs;
  const shown = await shownIds(context.jobs, runtime.stdout);
  return jobs.map((job) => ({ ...job, id: shown(job.id) }));
}

/** Records that cannot be read are for the commands that need them. */
async function knownJobs({ jobs }: Context): Promise<readonly JobDigest[]> {
  try {
    return (await (await jobs()).digests()).records;
  } catch (error) {
    if (isSoraError(error)) return [];
    throw error;
  }
}

async function machineSteps(context: Context): Promise<readonly Step[]> {
  const found = await worksOr(context.ffmpeg);
  return found === true
    ? []
    : [{ what: 'ffmpeg is missing, which prepares the clips. See how to install it:', command: 'sora doctor' }];
}

async function hostSteps(context: Context): Promise<readonly Step[]> {
  const found = await worksOr(context.connection);
  if (found === true) return [];
  if (found.code === 'auth')
    return [{ what: 'The chosen host needs a key. See which, and store it:', command: 'sora auth status' }];
  if (found.reason !== 'no-provider-chosen')
    return [{ what: 'The choice of a host cannot be used. See why:', command: 'sora doctor' }];
  return [
    { what: 'Choose a host. The sandbox is built in and needs no key:', command: 'sora config set provider sandbox' },
    { what: 'Or store the key of one (sora provider list names them):', command: 'sora auth login wavespeed' },
  ];
}

async function castSteps(context: Context): Promise<readonly Step[]> {
  try {
    const { records } = await (await context.characters()).list();
    const newest = records.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1);
    if (!newest) {
      return [
        { what: 'Make a character of any clip of 2 s or more:', command: 'sora character create joe.mp4 --name Joe' },
      ];
    }
    const prompt = shellPhrase(`${newest.name} waves at the sea.`);
    const options = [shellOption('character', shellQuote(newest.name)), '--wait'];
    const command = shellCommand('sora video generate', [prompt], options);
    return [{ what: `Make a video of ${newest.name}:`, command }];
  } catch (error) {
    if (isSoraError(error)) return [{ what: 'The cast cannot be read. See why:', command: 'sora store check' }];
    throw error;
  }
}

/** True when it works; else why it does not. */
async function worksOr(get: () => Promise<unknown>): Promise<true | SoraError> {
  try {
    await get();
    return true;
  } catch (error) {
    if (isSoraError(error)) return error;
    throw error;
  }
}
