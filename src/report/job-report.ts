/** A report of jobs: what they were asked for, what came of them, and what can be seen of it. */

import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatJobCost } from '../costs/cost.ts';
import { formatSize } from '../shared/geometry.ts';
import type { Job, SavedVideo } from '../shared/job.ts';
import { relativeUrl } from '../shared/relative-url.ts';
import { oneLine } from '../shared/text.ts';
import { describe } from '../videos/jobs/lifecycle.ts';
import type { Workspace } from '../workspace.ts';
import type { ReportPage, ReportTake } from './page.ts';
import { createPictures, type Pictures } from './pictures.ts';
import { pagePlace, writePage } from './write-page.ts';

export interface WrittenReport {
  /** Absolute. */
  readonly path: string;
  readonly jobs: readonly string[];
  /** How many of them have a video in it. */
  readonly videos: number;
}

/** Writes the page, whole or not at all. Throws `usage` for a place that is taken or cannot be written to. */
export async function writeJobReport(
  workspace: Workspace,
  { jobs, output, force }: { readonly jobs: readonly Job[]; readonly output: string; readonly force: boolean },
): Promise<WrittenReport> {
  const target = await pagePlace(workspace, output, { force });
  const page = await jobPage(workspace, jobs, target);
  await writePage(workspace, page, { target, force });
  const videos = page.sections.flatMap(({ takes }) => takes).filter(({ href }) => href !== undefined).length;
  return { path: target, jobs: jobs.map(({ id }) => id), videos };
}

/** Takes of one request stand side by side, in the order of the jobs. */
async function jobPage(workspace: Workspace, jobs: readonly Job[], target: string): Promise<ReportPage> {
  const { reporter, runtime } = workspace;
  const task = await reporter.task('Drawing the report');
  const pictures = await createPictures(workspace);
  const sections = new Map<string, ReportTake[]>();
  for (const [index, job] of jobs.entries()) {
    task.update(`Drawing the report: ${job.id}`, index / jobs.length);
    const { prompt } = job.request;
    const takes = sections.get(prompt) ?? [];
    sections.set(prompt, [...takes, await takeOf(job, { label: job.id, target, pictures })]);
  }
  task.stop();
  return {
    title: jobs.length === 1 ? `Video ${jobs[0]?.id}` : `${jobs.length} videos`,
    notes: [new Date(runtime.clock.now()).toISOString().slice(0, 10)],
    sections: [...sections].map(([prompt, takes]) => ({ heading: oneLine(prompt, 120), notes: [], takes })),
  };
}

/** One job as a take; `target` is the page that it will stand in. */
async function takeOf(
  job: Job,
  { label, target, pictures }: { label: string; target: string; pictures: Pictures },
): Promise<ReportTake> {
  const { request, characters } = job;
  const saved = job.remoteId === undefined ? undefined : job.output;
  const path = saved && (await isHere(saved.path)) ? saved.path : undefined;
  const failure = job.status === 'submitting' ? undefined : job.failure;
  return {
    ...{ label, state: describe(job), prompt: request.prompt },
    ...(path !== undefined && { href: relativeUrl(dirname(target), path) }),
    frames: path === undefined ? [] : await pictures.ofVideo(path),
    facts: [
      ['video', `${request.seconds} s, ${formatSize(request.size)}`],
      ...(job.model === undefined ? [] : [['model', job.model] as const]),
      ['cost', formatJobCost(job)],
      ...(failure ? [['reason', oneLine(failure.message, 400)] as const] : []),
    ],
    remarks: remarksOf(saved),
    given: await pictures.ofReference(request.reference),
    characters: await Promise.all(characters.map(async (name) => ({ name, frames: await pictures.ofCharacter(name) }))),
  };
}

/** What a look at a saved video has found. */
export function remarksOf(saved: SavedVideo | undefined): readonly string[] {
  return saved?.check?.remarks.map(({ message }) => message) ?? [];
}

function isHere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
