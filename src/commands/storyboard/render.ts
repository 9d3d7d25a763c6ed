/** `sora storyboard render` and `retake`: the takes of a film, made and made once more. */

import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { describeBill, formatUsd, totalOf } from '../../costs/cost.ts';
import { flagWord, valueWord } from '../../runs/command-words.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import { DEFAULT_JOBS } from '../../shared/batch.ts';
import { SoraError } from '../../shared/errors.ts';
import { exitMessages } from '../../shared/exit-messages.ts';
import { isFinal } from '../../shared/job.ts';
import { counted } from '../../shared/text.ts';
import { type ApprovedPlan, readApproved } from '../../storyboards/approved-plan.ts';
import type { MakingWishes, OpenFilm } from '../../storyboards/film.ts';
import { filmError, sceneText, stepCommands, withCommands } from '../../storyboards/film-outcome.ts';
import type { FilmReport } from '../../storyboards/film-report.ts';
import { filmSteps } from '../../storyboards/film-steps.ts';
import { writeGitFiles } from '../../storyboards/new/git-files.ts';
import { PLAN_FREE, PLAN_HEAD, plannedFilm } from '../../storyboards/planned-film.ts';
import { type FilmRequest, type GivenFilm, readFilm, wishWords } from '../../storyboards/prepare-film.ts';
import { type Coming, type RenderOptions, refuseRender, renderFilm } from '../../storyboards/render-film.ts';
import type { SceneEvent } from '../../storyboards/settle-film.ts';
import { totalsText } from '../../videos/jobs/totals.ts';
import { createTotalsLine } from '../../videos/jobs/totals-line.ts';
import { describeWait, type WaitLine } from '../../videos/jobs/wait-display.ts';

export interface RenderFlags extends FilmRequest, MakingWishes {
  readonly plan?: string;
  readonly yes: boolean;
  readonly jobs: number;
  readonly failFast: boolean;
  /** Seconds; as long as it takes unless given. */
  readonly timeout?: number;
  readonly pollInterval?: number;
  readonly dryRun: boolean;
}

export interface RetakeFlags extends Omit<RenderFlags, 'plan' | 'changed' | 'follow' | 'requirePicks' | 'takes'> {
  /** How many more. */
  readonly takes: number;
}

/** Longer than any film is rendered. */
const NO_TIMEOUT_MS = 365 * 86_400_000;

interface Rendering extends RenderFlags {
  readonly retake?: number;
}

export async function runStoryboardRetake(context: Context, { takes, ...flags }: RetakeFlags): Promise<number> {
  const wishes = { changed: false, follow: false, requirePicks: false };
  return runStoryboardRender(context, { ...flags, ...wishes, retake: takes });
}

export async function runStoryboardRender(context: Context, flags: Rendering): Promise<number> {
  const { runtime, ui } = context;
  const { timeout, retake } = flags;
  const deadlineMs = runtime.clock.now() + (timeout === undefined ? NO_TIMEOUT_MS : timeout * 1000);
  const plan = flags.plan === undefined ? undefined : await readApproved(context, flags, flags.plan);
  const { takes: _takes, ...others } = flags;
  const wished: Rendering = plan ? { ...others, ...plan.wishes } : flags;
  const given = await readFilm(context, wished, { purpose: purposeOf(flags), scenes: wished.scenes });
  if (flags.dryRun) {
    await given.film.ledger.peek();
    const options = { ...optionsOf(wished, { plan, deadlineMs }), ...given.owner };
    await refuseRender(context, given.film, { plan: given.plan, options });
    const planned = await plannedFilm(given, { wishes: wishesOf(wished), maxCost: flags.maxCost, plan, retake });
    for (const problem of planned.problems) ui.warn(problem);
    ui.result({
      json: planned.json,
      prose: true,
      text: [ui.table(PLAN_HEAD, planned.rows, PLAN_FREE), ...planned.lines].join('\n'),
      quiet: planned.sent,
    });
    return 0;
  }
  // Repeated, a retake would be paid for once more: what it has begun is finished by a render.
  const again = retake === undefined ? renderAgain(given.film, flags) : given.film.commandOf('render');
  exitMessages.set('film', () =>
    ui.error(
      new SoraError('pending', 'Stopped before the film was done; what was sent goes on at its host.', {
        hint: `Continue with: ${again}`,
      }),
    ),
  );
  const line = createTotalsLine(ui, { live: ui.live, now: () => runtime.clock.now() });
  const report = await renderFilm(context, given.film, {
    plan: given.plan,
    options: {
      ...optionsOf(wished, { plan, deadlineMs }),
      ...given.owner,
      onBegin: () => writeGitFiles(given.film.file, given.film.folder, context),
      approve: (coming) => approve(context, given, { flags, coming }),
      // What nothing more comes to is the result.
      onReport: ({ totals }) => void (isUnderWay(totals) && line.show(totals)),
      onEvent: (event) => tell(context, given, event),
      ...(ui.live && { showTake: (take: ShownTake) => showTake(context, take) }),
    },
  }).finally(() => line.end());
  exitMessages.clear('film');
  return showReport(context, report, { given, command: again });
}

function isUnderWay({ running, downloading = 0, waiting }: FilmReport['totals']): boolean {
  return running + downloading + waiting > 0;
}

function wishesOf(flags: MakingWishes): MakingWishes {
  const { scenes, takes, changed, follow, requirePicks } = flags;
  return { scenes, takes, changed, follow, requirePicks };
}

function optionsOf(
  flags: Rendering,
  { plan, deadlineMs }: { plan: ApprovedPlan | undefined; deadlineMs: number },
): RenderOptions {
  const { maxCost, budget, tags, allowUnknownCost, pollInterval, jobs, failFast, retake } = flags;
  return {
    ...wishesOf(flags),
    ...{ jobs, failFast, retake, plan, deadlineMs },
    ...(maxCost !== undefined && { maxCost }),
    ...(budget && { budget }),
    ...(tags && { tags }),
    ...(allowUnknownCost !== undefined && { allowUnknownCost }),
    pollIntervalMs: pollInterval === undefined ? undefined : pollInterval * 1000,
    async lastFrame(workspace, path) {
      const { makeFrame } = await import('../../films/frame.ts');
      return (await makeFrame(workspace, path, 'last')).png;
    },
  };
}

/** Off a terminal a person has said before what it may cost. What is free is not asked about. */
async function approve(
  context: Context,
  { film }: GivenFilm,
  { flags, coming: { requests, bill } }: { readonly flags: Rendering; readonly coming: Coming },
): Promise<void> {
  context.ui.note(`Cost: ${describeBill(bill)}`);
  if (flags.yes || flags.plan !== undefined || flags.maxCost !== undefined) return;
  const total = totalOf(bill);
  if (total?.usd === 0) return;
  const takes = counted(requests, 'take');
  const price = total === undefined ? 'at an unknown price' : `for ~${formatUsd(total.usd)}`;
  const hint = 'Nothing was sent. Say what it may cost: add --max-cost <usd>, or --yes, or --plan plan.json.';
  if (await context.confirm(`Ask for ${takes} ${price}?`, hint)) return;
  throw new SoraError('usage', 'Nothing was sent.', {
    hint: `See what would be sent: ${film.commandOf('plan', wishWords(flags))}`,
  });
}

/** The command that continues a render. */
function renderAgain({ commandOf }: OpenFilm, flags: RenderFlags): string {
  const { failFast, jobs, plan, yes } = flags;
  const { operands, words } = wishWords(plan === undefined ? flags : {});
  return commandOf('render', {
    operands,
    words: [
      ...words,
      ...flagWord('failFast', failFast),
      ...valueWord('jobs', jobs === DEFAULT_JOBS ? undefined : String(jobs)),
      ...valueWord('plan', plan),
      ...flagWord('yes', yes),
    ],
  });
}

/** What happened to a scene, by its name. */
function tell({ ui, runtime }: Context, { film }: GivenFilm, event: SceneEvent): void {
  const { scene } = event;
  if (event.kind === 'following') {
    ui.event({ event: 'following', scene, take: event.take.n });
    if (!ui.live && !event.take.done) ui.note(`${scene}: take ${event.take.n} is being made`);
  } else if (event.kind === 'kept') {
    ui.event({ event: 'kept', scene, take: event.n, path: event.path });
    ui.note(`${scene}: take ${event.n} is at ${shownPath(runtime.cwd, dirname(film.file), event.path)}`);
  } else if (event.kind === 'failed') {
    ui.event({ event: 'failed', scene, take: event.n, why: event.why });
    ui.note(`${scene}: take ${event.n} failed: ${event.why}`);
  }
}

type ShownTake = Parameters<NonNullable<RenderOptions['showTake']>>[0];

/** One line for each take under way, by its name. */
async function showTake({ ui }: Context, { scene, n }: ShownTake): Promise<WaitLine> {
  const name = `${scene}, take ${n}`;
  const task = await ui.task(name);
  return {
    task,
    update: (next) =>
      task.update(
        `${name}: ${describeWait(next, { saves: true })}`,
        isFinal(next.status) || next.progress === undefined ? undefined : next.progress / 100,
      ),
  };
}

/** As short as it can be found from the current folder. */
function shownPath(cwd: string, folder: string, file: string): string {
  const place = resolve(folder, file);
  const way = relative(cwd, place);
  return way.startsWith('..') || isAbsolute(way) ? place : way;
}

/** The result on stdout; what is not done on stderr, failures last. `command` continues. Returns the exit code. */
async function showReport(
  context: Context,
  report: FilmReport,
  { given: { film, plan }, command }: { readonly given: GivenFilm; readonly command: string },
): Promise<number> {
  const { ui, runtime } = context;
  const folder = dirname(film.file);
  const next = stepCommands(film.commandOf, command);
  const error = filmError(report, { name: basename(film.file), command, commandOf: next });
  for (const scene of report.scenes.filter(
    (one) => one.exit === 0 && (one.state !== 'chosen' || one.notes.length > 0),
  )) {
    const steps = scene.next.map(next).join('\n');
    const notes = scene.notes.length === 0 ? '' : ` (${scene.notes.join(', ')})`;
    ui.note(`${sceneText(scene)}${notes}${steps === '' ? '' : `\n${steps}`}`);
  }
  ui.result({
    json: {
      ...report,
      scenes: report.scenes.map((scene) => withCommands(scene, next)),
      ...(error && { next: command }),
    },
    text: totalsText(report.totals),
    quiet: report.scenes.flatMap(({ chosen }) => (chosen ? [shownPath(runtime.cwd, folder, chosen.file)] : [])),
  });
  for (const step of await filmSteps(film, plan.scenes)) ui.note(step);
  if (error) ui.error(error);
  return report.exit;
}
