/** A film as a page: its scenes with their states, the takes of each side by side, and the command that picks one. */
import { dirname, resolve } from 'node:path';
import { formatUsd } from '../costs/cost.ts';
import { remarksOf } from '../report/job-report.ts';
import type { ReportPage, ReportSection, ReportTake } from '../report/page.ts';
import { createPictures, type Pictures } from '../report/pictures.ts';
import { pagePlace, writePage } from '../report/write-page.ts';
import type { Job } from '../shared/job.ts';
import { relativeUrl } from '../shared/relative-url.ts';
import { counted, oneLine, shellCommand, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { refuseFilmFile } from './film.ts';
import { type FilmReport, reportFilm, type SceneReport } from './film-report.ts';
import { type LookedAt, lookAtStoryboard } from './look-at-storyboard.ts';
import type { StoryboardRequest } from './read-storyboard.ts';
import { shortName } from './takes/choose.ts';
import { listTakes, type TakeReport } from './takes/list.ts';

export interface WrittenStoryboardReport {
  /** Absolute. */
  readonly path: string;
  readonly scenes: number;
  readonly takes: number;
  /** How many of them have a video in it. */
  readonly videos: number;
}

/** Writes the page, whole or not at all; asks no host. Throws as `lookAtStoryboard`, and `usage` for a place that is taken. */
export async function writeStoryboardReport(
  workspace: Workspace,
  request: StoryboardRequest,
  { output, force }: { readonly output: string; readonly force: boolean },
): Promise<WrittenStoryboardReport> {
  const target = await pagePlace(workspace, output, { force });
  await refuseFilmFile(resolve(workspace.runtime.cwd, request.file), target);
  const looked = await lookAtStoryboard(workspace, request, { needsFiles: false });
  const page = await pageOf(workspace, looked, { target, file: request.file });
  await writePage(workspace, page, { target, force });
  const takes = page.sections.flatMap((section) => section.takes);
  return {
    ...{ path: target, scenes: looked.storyboard.scenes.length, takes: takes.length },
    videos: takes.filter(({ href }) => href !== undefined).length,
  };
}

interface PageOptions {
  readonly target: string;
  /** As it was named on the command line. */
  readonly file: string;
}

async function pageOf(
  workspace: Workspace,
  { storyboard, film, scenes, look }: LookedAt,
  { target, file }: PageOptions,
): Promise<ReportPage> {
  const { runtime, reporter } = workspace;
  const report = reportFilm({ look, scenes, errorOf: () => undefined, isMine: () => true });
  const order = storyboard.scenes.map(({ id }) => id);
  const takes = listTakes(look, { order, isAlive: film.ledger.isAlive });
  const { records } = await (await workspace.jobs()).list();
  const jobs = new Map(records.map((job) => [job.id, job]));
  const asks = new Map(look.takes.map((take) => [shortName(take), take.ask]));
  const pictures = await createPictures(workspace);
  const task = await reporter.task('Drawing the report');
  const headings = new Map(storyboard.scenes.map(({ id, heading }) => [id, heading]));
  const sections: ReportSection[] = [];
  let drawn = 0;
  for (const scene of report.scenes) {
    const cards: ReportTake[] = [];
    for (const take of takes.filter((one) => one.scene === scene.id)) {
      task.update(`Drawing the report: ${scene.id}`, drawn / takes.length);
      const job = take.jobId === undefined ? undefined : jobs.get(take.jobId);
      const ask = asks.get(take.name);
      const names = job?.characters ?? ask?.cast.map(({ name }) => name) ?? [];
      const prompt = job?.request.prompt ?? ask?.prompt;
      cards.push(
        await cardOf(take, {
          ...{ job, prompt, names, pictures, target, file },
          ...{ folder: dirname(film.file), canPick: order.includes(scene.id) },
        }),
      );
      drawn += 1;
    }
    sections.push({
      heading: headings.get(scene.id) ?? scene.id,
      state: scene.state,
      notes: notesOf(scene),
      takes: cards,
    });
  }
  task.stop();
  return {
    title: storyboard.title ?? oneLine(file, 120),
    notes: [totalsOf(report), new Date(runtime.clock.now()).toISOString().slice(0, 10)],
    sections,
  };
}

function totalsOf({ totals }: FilmReport): string {
  const { done, total, toPick, spentUsd, wastedUsd } = totals;
  return [
    `${done} of ${counted(total, 'scene')}`,
    ...(toPick > 0 ? [`${toPick} to pick`] : []),
    `${formatUsd(spentUsd)} spent`,
    ...(wastedUsd > 0 ? [`${formatUsd(wastedUsd)} of it on what failed or was rejected`] : []),
  ].join(' · ');
}

function notesOf({ id, why, notes }: SceneReport): readonly string[] {
  return [[id, ...(why === undefined ? [] : [why]), ...notes].join(' · ')];
}

interface CardOptions extends PageOptions {
  readonly job: Job | undefined;
  readonly prompt: string | undefined;
  readonly names: readonly string[];
  readonly pictures: Pictures;
  /** What the places of files are relative to. */
  readonly folder: string;
  readonly canPick: boolean;
}

async function cardOf(
  take: TakeReport,
  { job, prompt, names, pictures, target, folder, file, canPick }: CardOptions,
): Promise<ReportTake> {
  const path = take.state === 'done' && take.file !== undefined ? resolve(folder, take.file) : undefined;
  const pick = shellCommand('sora storyboard pick', [file, take.scene, take.name].map(shellQuote));
  const state = stateOf(take);
  const output = job?.remoteId === undefined ? undefined : job.output;
  return {
    label: `Take ${take.take}`,
    ...(state !== '' && { state }),
    ...(path !== undefined && { href: relativeUrl(dirname(target), path) }),
    frames: path === undefined ? [] : await pictures.ofVideo(path),
    facts: [
      ...(take.seconds === undefined ? [] : [['length', `${take.seconds} s`] as const]),
      ...(job?.model === undefined ? [] : [['model', job.model] as const]),
      ...(take.costUsd === undefined ? [] : [['cost', formatUsd(take.costUsd)] as const]),
      ...(take.why === undefined ? [] : [['reason', oneLine(take.why, 400)] as const]),
    ],
    ...(prompt !== undefined && { prompt }),
    ...(canPick && path !== undefined && !take.isPicked && { command: pick }),
    remarks: [...take.mismatch, ...remarksOf(output)],
    given: await pictures.ofReference(job?.request.reference),
    characters: await Promise.all(names.map(async (name) => ({ name, frames: await pictures.ofCharacter(name) }))),
  };
}

function stateOf({ state, isPicked, isChosen, isRejected, isOlder }: TakeReport): string {
  return [
    ...(isPicked ? ['picked'] : isChosen ? ['chosen'] : isRejected ? ['rejected'] : state === 'done' ? [] : [state]),
    ...(isOlder ? ['older text'] : []),
  ].join(', ');
}
