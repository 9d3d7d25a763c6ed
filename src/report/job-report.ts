/** A report of jobs: what they were asked for, what came of them, and what can be seen of it. */
import { access } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatJobCost } from '../costs/cost.ts';
import { checkFree, writeOutput } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import type { Job, SavedVideo } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import { oneLine } from '../shared/text.ts';
import { describe } from '../videos/jobs/lifecycle.ts';
import type { Workspace } from '../workspace.ts';
import { bestFrames, takeJpegs } from './frames.ts';
import { type ReportPage, type ReportTake, renderPage } from './page.ts';

export interface WrittenReport {
  /** Absolute. */
  readonly path: string;
  readonly jobs: readonly string[];
  /** How many of them have a video in it. */
  readonly videos: number;
}

const FRAMES = 6;

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

/** The absolute path of a page that is to be written. Throws `usage` for another kind of file, and for a place that is taken. */
export async function pagePlace(
  { runtime }: Workspace,
  output: string,
  { force }: { readonly force: boolean },
): Promise<string> {
  const target = resolve(runtime.cwd, output);
  if (!/\.html?$/i.test(target))
    throw new SoraError('usage', `${option('output')} names the HTML file to write.`, {
      hint: `For example: ${option('output')} report.html`,
    });
  await checkFree(target, { force, example: 'report.html' });
  return target;
}

/** Any page, to an absolute path that is free. */
export async function writePage(
  { runtime }: Workspace,
  page: ReportPage,
  { target, force }: { readonly target: string; readonly force: boolean },
): Promise<void> {
  await writeOutput(target, renderPage(page), { force, taken: 'usage', clock: runtime.clock });
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

/** Frames of videos and of characters, the latter taken once for a whole page. */
export interface Pictures {
  ofVideo(path: string): Promise<readonly string[]>;
  ofCharacter(name: string): Promise<readonly string[]>;
}

/** Without an ffmpeg there are none, and the videos of a page play all the same. */
export async function createPictures(workspace: Workspace): Promise<Pictures> {
  const { signal } = workspace.runtime;
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  if (!ffmpeg) workspace.reporter.note('There are no frames in the report: that takes an ffmpeg.');
  const known = new Map<string, Promise<readonly string[]>>();
  const look = async (name: string): Promise<readonly string[]> => {
    const store = await workspace.characters();
    const character = await store.find(name).catch(() => undefined);
    if (!ffmpeg || !character?.clip) return [];
    return bestFrames(store.clipPath(character.clip.master.sha256), { ffmpeg, signal });
  };
  return {
    ofVideo: async (path) => (ffmpeg ? takeJpegs(path, FRAMES, { ffmpeg, signal }) : []),
    ofCharacter(name) {
      const found = known.get(name) ?? look(name);
      known.set(name, found);
      return found;
    },
  };
}

/** One job as a take; `target` is the page that it will stand in. */
export async function takeOf(
  job: Job,
  { label, target, pictures, command }: { label: string; target: string; pictures: Pictures; command?: string },
): Promise<ReportTake> {
  const { request, characters } = job;
  const saved = job.remoteId === undefined ? undefined : job.output;
  const path = saved && (await isHere(saved.path)) ? saved.path : undefined;
  const failure = job.status === 'submitting' ? undefined : job.failure;
  return {
    ...{ label, state: describe(job), prompt: request.prompt },
    ...(path !== undefined && { href: videoHref(target, path) }),
    frames: path === undefined ? [] : await pictures.ofVideo(path),
    facts: [
      ['video', `${request.seconds} s, ${formatSize(request.size)}`],
      ...(job.model === undefined ? [] : [['model', job.model] as const]),
      ['cost', formatJobCost(job)],
      ...(failure ? [['reason', oneLine(failure.message, 400)] as const] : []),
    ],
    remarks: remarksOf(saved),
    characters: await Promise.all(characters.map(async (name) => ({ name, frames: await pictures.ofCharacter(name) }))),
    ...(command !== undefined && { command }),
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

/** A relative URL from a page to a file, both absolute; a whole one where they are on two drives. */
export function videoHref(page: string, file: string): string {
  const way = relative(dirname(page), file);
  if (resolve(way) === way) return pathToFileURL(file).href;
  return way.split(sep).map(encodeURIComponent).join('/');
}
