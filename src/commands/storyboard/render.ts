/** `sora storyboard plan`, `render` and `retake`: what a film would send, and its takes, made and made once more. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { describeBill, formatUsd, totalOf } from '../../costs/cost.ts';
import { checkFree, writeOutput } from '../../disk/publish.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import { DEFAULT_JOBS } from '../../shared/batch.ts';
import { PATH_HINT, SoraError } from '../../shared/errors.ts';
import { exitMessages } from '../../shared/exit-messages.ts';
import { shellQuote } from '../../shared/text.ts';
import { type ApprovedPlan, planDocument, readPlan } from '../../storyboards/approved-plan.ts';
import { noScene } from '../../storyboards/choose-take.ts';
import { lookAtFilm, type MakingWishes } from '../../storyboards/film.ts';
import { filmError, sceneText } from '../../storyboards/film-outcome.ts';
import { type FilmReport, type NextStep, reportFilm, type SceneReport } from '../../storyboards/film-report.ts';
import { writeGitFiles } from '../../storyboards/new/git-files.ts';
import { type FilmRequest, filmCommand, type GivenFilm, readFilm } from '../../storyboards/prepare-film.ts';
import {
  type Coming,
  comingOf,
  type RenderOptions,
  refuseRender,
  renderFilm,
  sendsOf,
} from '../../storyboards/render-film.ts';
import type { SceneEvent } from '../../storyboards/settle-film.ts';
import { describe } from '../../videos/jobs/lifecycle.ts';
import { totalsText } from '../../videos/jobs/totals.ts';
import { createTotalsLine } from '../../videos/jobs/totals-line.ts';
import type { WaitLine } from '../../videos/jobs/wait-display.ts';
import { warnOfCharacters } from '../../videos/warn-of-host.ts';

export type FilmFlags = FilmRequest;

export interface PlanFlags extends FilmRequest {
  readonly scenes: readonly string[];
  readonly takes?: number;
  readonly changed: boolean;
  readonly follow: boolean;
  readonly requirePicks: boolean;
  /** Where the plan is written, to be approved. */
  readonly output?: string;
  readonly force: boolean;
}

export interface RenderFlags extends Omit<PlanFlags, 'output' | 'force'> {
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

export async function runStoryboardPlan(context: Context, flags: PlanFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const target = flags.output === undefined ? undefined : resolve(runtime.cwd, flags.output);
  if (target !== undefined) await checkFree(target, { force: flags.force, example: 'plan.json' });
  const given = await readGiven(context, flags, true);
  const { document } = await showPlan(context, given, { flags, text: target });
  if (target === undefined) return;
  const text = `${JSON.stringify(document, null, 2)}\n`;
  await writeOutput(target, text, { force: flags.force, taken: 'usage', clock: runtime.clock });
  ui.note(`The plan is in ${target}. To render exactly that: ${commandOf(context, flags, planStep(flags))}`);
}

function planStep({ output = '' }: PlanFlags): { verb: string; words: readonly string[] } {
  return { verb: 'render', words: [`--plan ${shellQuote(output)}`] };
}

export function runStoryboardRender(context: Context, flags: RenderFlags): Promise<number> {
  return render(context, { ...flags, again: commandOf(context, flags, { verb: 'render', words: againWords(flags) }) });
}

export function runStoryboardRetake(context: Context, { takes, ...flags }: RetakeFlags): Promise<number> {
  const wishes = { changed: false, follow: false, requirePicks: false };
  // Repeated, it would be paid for once more: what it has begun is finished by a render.
  const again = commandOf(context, flags, { verb: 'render', words: [] });
  return render(context, { ...flags, ...wishes, retake: takes, again });
}

interface Rendering extends RenderFlags {
  readonly retake?: number;
  /** The command that continues. */
  readonly again: string;
}

async function render(context: Context, flags: Rendering): Promise<number> {
  const { runtime, ui } = context;
  const { timeout, again } = flags;
  const deadlineMs = runtime.clock.now() + (timeout === undefined ? NO_TIMEOUT_MS : timeout * 1000);
  const plan = flags.plan === undefined ? undefined : await readApproved(context, flags, flags.plan);
  const { takes: _takes, ...others } = flags;
  const wished: Rendering = plan ? { ...others, ...plan.wishes } : flags;
  const given = await readGiven(context, wished, flags.dryRun);
  if (flags.dryRun) {
    await given.film.ledger.peek();
    const options = { ...optionsOf(wished, { plan, deadlineMs }), ...given.owner };
    await refuseRender(context, given.film, { plan: given.plan, options });
    await showPlan(context, given, { flags: { ...wished, force: false }, plan });
    return 0;
  }
  await writeGitFiles(given.film.file, given.film.folder, context);
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
      approve: (coming) => approve(context, wished, coming),
      onReport: ({ totals }) => line.show(totals),
      onEvent: (event) => tell(context, given, event),
      ...(ui.live && { showTake: (take: ShownTake) => showTake(context, take) }),
    },
  }).finally(() => line.end());
  exitMessages.clear('film');
  return showReport(context, report, { flags: wished, given, command: again });
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

function wishesOf(flags: MakingWishes): MakingWishes {
  const { scenes, takes, changed, follow, requirePicks } = flags;
  return { scenes, takes, changed, follow, requirePicks };
}

async function readGiven(context: Context, flags: PlanFlags | Rendering, dryRun: boolean): Promise<GivenFilm> {
  const given = await readFilm(context, flags, { purpose: purposeOf({ dryRun }) });
  const ids = given.storyboard.scenes.map(({ id }) => id);
  for (const id of flags.scenes) if (!ids.includes(id)) throw noScene(id, ids);
  const { provider, scenes, doubts } = given.plan;
  await warnOfCharacters(
    context,
    provider,
    scenes.flatMap(({ order }) => order?.input.characters ?? []),
  );
  for (const doubt of doubts) context.ui.warn(doubt);
  return given;
}

async function readApproved({ runtime }: Context, flags: RenderFlags, path: string): Promise<ApprovedPlan> {
  const { scenes, takes, changed, follow } = flags;
  if (scenes.length > 0 || takes !== undefined || changed || follow) {
    throw new SoraError('usage', '--plan says already which scenes are rendered, and how.', {
      hint: 'Give scenes, --takes, --changed and --follow to the plan: sora storyboard plan <file> … -o plan.json',
    });
  }
  const place = resolve(runtime.cwd, path);
  const text = await readFile(place, 'utf8').catch((cause: unknown) => {
    throw new SoraError('usage', `The plan ${place} cannot be read.`, { hint: PATH_HINT, cause });
  });
  return readPlan(text, path);
}

/** Off a terminal a person has said before what it may cost. */
async function approve(context: Context, flags: Rendering, { requests, bill }: Coming): Promise<void> {
  context.ui.note(`Cost: ${describeBill(bill)}`);
  if (flags.yes || flags.plan !== undefined || flags.maxCost !== undefined) return;
  const takes = `${requests} ${requests === 1 ? 'take' : 'takes'}`;
  const total = totalOf(bill);
  const price =
    total === undefined ? 'at an unknown price' : total.usd === 0 ? 'for free' : `for ~${formatUsd(total.usd)}`;
  const hint = 'Nothing was sent. Say what it may cost: add --max-cost <usd>, or --yes, or --plan plan.json.';
  if (await context.confirm(`Ask for ${takes} ${price}?`, hint)) return;
  throw new SoraError('usage', 'Nothing was sent.', { hint: 'See what would be sent: sora storyboard plan <file>' });
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
      task.update(`${name}: ${describe(next)}`, next.progress === undefined ? undefined : next.progress / 100),
  };
}

/** As short as it can be found from the current folder. */
function shownPath(cwd: string, folder: string, file: string): string {
  const place = resolve(folder, file);
  const way = relative(cwd, place);
  return way.startsWith('..') || isAbsolute(way) ? place : way;
}

function commandOf(
  context: Context,
  flags: FilmRequest,
  { verb, words, operands = [] }: { verb: string; words: readonly string[]; operands?: readonly string[] },
): string {
  return filmCommand(context, verb, { request: flags, operands, words });
}

/** Of a step that a scene's report names: its first words are operands. */
function stepCommand(context: Context, flags: FilmRequest, { verb, words }: NextStep): string {
  const operands = words.filter((word) => !word.startsWith('--'));
  return commandOf(context, flags, { verb, operands, words: words.filter((word) => word.startsWith('--')) });
}

function againWords(flags: RenderFlags): readonly string[] {
  const { scenes, takes, changed, follow, requirePicks, failFast, jobs, plan, yes } = flags;
  return [
    ...scenes.map(shellQuote),
    ...(takes === undefined ? [] : [`--takes ${takes}`]),
    ...(changed ? ['--changed'] : []),
    ...(follow ? ['--follow'] : []),
    ...(requirePicks ? ['--require-picks'] : []),
    ...(failFast ? ['--fail-fast'] : []),
    ...(jobs === DEFAULT_JOBS ? [] : [`--jobs ${jobs}`]),
    ...(plan === undefined ? [] : [`--plan ${shellQuote(plan)}`]),
    ...(yes ? ['--yes'] : []),
  ];
}

/** The result on stdout; what is not done on stderr, failures last. Returns the exit code. */
function showReport(
  context: Context,
  report: FilmReport,
  { flags, given, command }: { flags: FilmRequest; given: GivenFilm; command: string },
): number {
  const { ui, runtime } = context;
  const folder = dirname(given.film.file);
  const next = (step: NextStep): string => stepCommand(context, flags, step);
  const error = filmError(report, { name: basename(flags.file), command, commandOf: next });
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
  if (error) ui.error(error);
  return report.exit;
}

function withCommands({ next, ...scene }: SceneReport, commandFor: (step: NextStep) => string): object {
  return { ...scene, next: next.map(commandFor) };
}

interface ShownPlan {
  readonly flags: PlanFlags | (Rendering & { readonly force: boolean });
  readonly plan?: ApprovedPlan | undefined;
  readonly text?: string | undefined;
}

/** The state of each scene, why, and what it would cost; asks nobody. */
async function showPlan(
  context: Context,
  given: GivenFilm,
  { flags, plan }: ShownPlan,
): Promise<{ readonly document: object }> {
  const { ui } = context;
  const { film } = given;
  await film.ledger.peek();
  const wishes = wishesOf(flags);
  const look = await lookAtFilm(film, given.plan.scenes, { wishes });
  const retake = 'retake' in flags ? flags.retake : undefined;
  const sends = sendsOf(look, given.plan, { scenes: wishes.scenes, plan, retake });
  const coming = await comingOf(given.plan, sends);
  const shown = given.plan.scenes.filter(({ scene }) => wishes.scenes.length === 0 || wishes.scenes.includes(scene.id));
  const report = reportFilm({
    ...{ look, scenes: shown, maxCostUsd: flags.maxCost, errorOf: () => undefined, isMine: () => true },
  });
  const next = (step: NextStep): string => stepCommand(context, flags, step);
  for (const { scene, problems } of given.plan.scenes) {
    if (sends.has(scene.id)) for (const problem of problems) ui.warn(`${scene.id}: ${problem}`);
  }
  const document = planDocument(given.plan, look, { sends, wishes });
  const { spentUsd, wastedUsd, unknownPrices } = report.totals;
  const cost = totalOf(coming.bill);
  const money = [
    `spent ${formatUsd(spentUsd)}${wastedUsd > 0 ? `, ${formatUsd(wastedUsd)} of it on what failed or was rejected` : ''}`,
    `to come: ${coming.requests === 0 ? 'nothing' : describeBill(coming.bill)}`,
    ...(unknownPrices > 0 ? [`${unknownPrices} at an unknown price`] : []),
  ].join('; ');
  ui.result({
    json: {
      scenes: report.scenes.map((scene) => withCommands(scene, next)),
      totals: report.totals,
      exit: report.exit,
      send: coming.requests,
      cost: coming.requests === 0 ? { usd: 0 } : (cost ?? null),
    },
    text: [planTable(context, report), '', money, ...stepsText(report, next)].join('\n'),
    quiet: [...sends.keys()],
  });
  return { document };
}

function planTable({ ui }: Context, { scenes }: FilmReport): string {
  const rows = scenes.map(({ id, state, takes, wanted, send, later, estimateUsd, why = '', notes }) => [
    id,
    state,
    `${takes}/${wanted}`,
    send > 0 ? String(send) : later > 0 ? `(${later})` : '-',
    estimateUsd === undefined ? 'unknown' : estimateUsd === 0 ? 'free' : formatUsd(estimateUsd),
    [why, ...notes].filter((text) => text !== '').join('; '),
  ]);
  return ui.table(['SCENE', 'STATE', 'TAKES', 'TO SEND', 'EACH', 'WHY'], rows, { SCENE: 12, WHY: 20 });
}

/** What leads on from scenes that no run alone brings forward. */
function stepsText({ scenes }: FilmReport, commandFor: (step: NextStep) => string): readonly string[] {
  // Of what a render only sends, the table says enough.
  const isSaid = ({ verb, words }: NextStep, { state }: SceneReport): boolean =>
    verb !== 'render' || words.length > 0 || state === 'absent' || state === 'unreadable';
  const steps = scenes.flatMap((scene) =>
    scene.next.filter((step) => isSaid(step, scene)).map((step) => `${scene.id}: ${commandFor(step)}`),
  );
  return steps.length === 0 ? [] : ['', ...new Set(steps)];
}
