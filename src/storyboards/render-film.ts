/**
 * The takes of a film that are missing: what is finished is fetched, what is open followed, what is missing asked for; by
 * running it again, after whatever happened.
 */

import { registerNamed } from '../characters/register-cast.ts';
import { budgetOptionsOf } from '../costs/budget.ts';
import { type BillItem, billOfVideos } from '../costs/cost.ts';
import { costOfCharacters } from '../costs/max-cost.ts';
import { sweepFolder } from '../disk/part-file.ts';
import { fetchFinished } from '../journal/fetch-finished.ts';
import type { Take } from '../journal/fold.ts';
import { isInShard, type JournalOwner } from '../journal/names.ts';
import { recoverLost } from '../journal/recover-lost.ts';
import { createPace } from '../runs/pace.ts';
import { createQuietReporter } from '../runs/quiet-reporter.ts';
import { createReserve } from '../runs/reserve.ts';
import { checkFileCost, countRegistrations, foreseeSpending, spentOn, toCome } from '../runs/spending.ts';
import { DEFAULT_RETRIES } from '../shared/batch.ts';
import { createDeadline } from '../shared/deadline.ts';
import type { SoraError } from '../shared/errors.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import { missingOf } from '../videos/plan.ts';
import type { Workspace } from '../workspace.ts';
import { type ApprovedPlan, boundOf, planAgain, refuseOtherPlan } from './approved-plan.ts';
import { type FilmLook, lookAtFilm, type MakingWishes, type OpenFilm } from './film.ts';
import { type FilmReport, reportFilm } from './film-report.ts';
import { inFilmWords } from './film-words.ts';
import type { FilmPlan, PlannedScene } from './plan-scenes.ts';
import { refuseMadeElsewhere, refuseOrphans, refuseStrangers } from './refuse-render.ts';
import { type FilmRun, type MakeLastFrame, type SceneEvent, settleFilm } from './settle-film.ts';
import { unmetWishes } from './unmet.ts';
import { type FilmWatch, watchFilm } from './watch-film.ts';

export interface RenderOptions extends CostLimits, MakingWishes, JournalOwner, Pick<FilmRun, 'showTake'> {
  /** Requests under way at once. */
  readonly jobs: number;
  /** How many more takes of each named scene are asked for, whatever is there, and nothing else. */
  readonly retake?: number | undefined;
  readonly failFast: boolean;
  /** What somebody has approved, in the place of a question. */
  readonly plan?: ApprovedPlan | undefined;
  /** When it is given up, downloads included: milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly pollIntervalMs?: number | undefined;
  readonly lastFrame: MakeLastFrame;
  /** Comes before the first file of a take, or of what is said of one, that this run makes. */
  onBegin?(): Promise<void>;
  /** Is asked before the first request leaves, if any will; throws for a no. */
  approve?(coming: Coming): Promise<void>;
  /** Hears how the film stands whenever that changes. */
  onReport?(report: FilmReport): void;
  onEvent?(event: SceneEvent): void;
}

/** What a run would send. */
export interface Coming {
  readonly requests: number;
  /** The takes and the registrations. */
  readonly bill: readonly BillItem[];
}

/**
 * Renders a film that was planned. Throws `usage` for what a person has to decide first, `budget` before anything is sent, and
 * `machine`; everything else is in the report.
 */
export async function renderFilm(
  workspace: Workspace,
  film: OpenFilm,
  { plan, options }: { readonly plan: FilmPlan; readonly options: RenderOptions },
): Promise<FilmReport> {
  const { ledger } = film;
  const { shard, deadlineMs, jobs } = options;
  const quiet = { ...workspace, reporter: createQuietReporter(workspace.reporter, inFilmWords) };
  const isMine = inShard(plan, shard);
  for (const where of (await ledger.journal.read()).torn) {
    workspace.reporter.warn(`${where} was not written to its end: the line is ignored.`);
  }
  // What a run is refused for leaves nothing beside a film of which nothing was made.
  if ((await ledger.takes()).length > 0) await options.onBegin?.();
  await sweepFolder(film.folder, workspace.runtime.clock);
  await ledger.learn();
  await recoverLost(quiet, ledger, ({ scene }) => isMine(scene));
  await fetchFinished(quiet, ledger, {
    ...{ jobs, deadlineMs, wantedOf: film.wantedOf },
    isMine: ({ scene }) => isMine(scene),
  });
  const wishes: MakingWishes = options;
  const look = await lookAtFilm(film, plan.scenes, { wishes });
  const run = createRun(quiet, film, { plan, options, isMine });
  const own = await admit(run, { plan, look, options });
  if (own.size > 0) {
    await options.approve?.(await comingOf(plan, own));
    await options.onBegin?.();
    const missing = missingOf(plan.scenes.flatMap((one) => (own.has(one.scene.id) ? (one.plan ?? []) : [])));
    await registerNamed(workspace, missing, { ...budgetOptionsOf(options), deadlineMs });
  }
  try {
    await settleFilm(run);
  } finally {
    run.watch.end();
  }
  const after = await lookAtFilm(film, plan.scenes, { wishes });
  run.judge(look, after);
  return run.report(after);
}

/** Throws what `renderFilm` would before anything is sent, as far as it is known without a host; writes nothing. */
export async function refuseRender(
  workspace: Workspace,
  film: OpenFilm,
  { plan, options }: { readonly plan: FilmPlan; readonly options: RenderOptions },
): Promise<void> {
  const look = await lookAtFilm(film, plan.scenes, { wishes: options });
  await admit(createRun(workspace, film, { plan, options, isMine: inShard(plan, options.shard) }), {
    plan,
    look,
    options,
  });
}

/** A chain of scenes that continue each other is never divided. */
function inShard({ scenes }: FilmPlan, shard: JournalOwner['shard']): (id: string) => boolean {
  const chains = new Map(scenes.map(({ scene, chain }) => [scene.id, chain]));
  return (id) => isInShard(chains.get(id) ?? id, shard);
}

/** What the run may send itself: a shard answers for that; what the film may cost is of all of them. */
async function admit(
  run: Run,
  { plan, look, options }: { plan: FilmPlan; look: FilmLook; options: RenderOptions },
): Promise<Sends> {
  const sends = sendsOf(look, plan, options);
  const own = new Map([...sends].filter(([id]) => run.isMine(id)));
  await refuseBefore(run.film, { plan, look, sends, own, options });
  if (sends.size > 0) await run.checkCost(look, { sends, own });
  return own;
}

/** How many requests a run would send for each scene, those included that wait for a choice of the scene before. */
export function sendsOf(look: FilmLook, plan: FilmPlan, options: SendOptions): ReadonlyMap<string, number> {
  const { retake, scenes, plan: approved } = options;
  const bound = approved && boundOf(approved);
  const sends = new Map<string, number>();
  for (const { scene } of plan.scenes) {
    const view = look.views.get(scene.id);
    if (!view || (scenes.length > 0 && !scenes.includes(scene.id))) continue;
    const wanted = view.need + view.later;
    const count = retake ?? Math.min(wanted, bound?.(view) ?? wanted);
    if (count > 0) sends.set(scene.id, count);
  }
  return sends;
}

export type SendOptions = Pick<RenderOptions, 'retake' | 'scenes' | 'plan'>;

/** The bill of so many requests. */
export async function comingOf(plan: FilmPlan, sends: ReadonlyMap<string, number>): Promise<Coming> {
  const costs = plan.scenes.flatMap(({ scene, cost }) => Array.from({ length: sends.get(scene.id) ?? 0 }, () => cost));
  const requests = [...sends.values()].reduce((total, one) => total + one, 0);
  return { requests, bill: requests === 0 ? [] : [...billOfVideos(costs), await charactersOf(plan, sends)] };
}

function charactersOf(plan: FilmPlan, sends: ReadonlyMap<string, number>): Promise<BillItem> {
  const plans = plan.scenes.flatMap((one) => (sends.has(one.scene.id) ? (one.plan ?? []) : []));
  const count = missingOf(plans).filter(({ target }) => target.mode === 'id').length;
  return costOfCharacters(plan.provider, count);
}

async function refuseBefore(
  { ledger, commandOf }: OpenFilm,
  {
    plan,
    look,
    sends,
    own,
    options,
  }: { plan: FilmPlan; look: FilmLook; sends: Sends; own: Sends; options: RenderOptions },
): Promise<void> {
  const { retake } = options;
  if (options.plan) refuseOtherPlan(options.plan, { plan, look, commandOf });
  if (retake === undefined) refuseOrphans(look, { commandOf, sends });
  refuseStrangers(plan, own);
  if (retake !== undefined) return;
  await refuseMadeElsewhere({ ledger, commandOf }, { look, sends });
}

/** How many requests, by the ids of the scenes. */
type Sends = ReadonlyMap<string, number>;

interface Run extends FilmRun {
  readonly watch: FilmWatch;
  /** Throws `budget`: for the whole film, and for what the budget of this machine says of this run's own requests. */
  checkCost(look: FilmLook, requests: { readonly sends: Sends; readonly own: Sends }): Promise<void>;
  /** What was wanted of this run by name and did not come about is an error, however its scene stands. */
  judge(before: FilmLook, after: FilmLook): void;
  report(look: FilmLook): FilmReport;
}

function createRun(
  workspace: Workspace,
  film: OpenFilm,
  { plan, options, isMine }: { plan: FilmPlan; options: RenderOptions; isMine: (id: string) => boolean },
): Run {
  const { deadlineMs, maxCost, jobs, failFast, lastFrame } = options;
  const { clock } = workspace.runtime;
  const { provider } = plan;
  const errors = new Map<string, SoraError>();
  const followed = new Set<string>();
  const reserve = createReserve();
  const shown = plan.scenes.filter(
    ({ scene: { id } }) => isMine(id) && (options.scenes.length === 0 || options.scenes.includes(id)),
  );
  let halted: SoraError | undefined;
  let unmet: ReadonlyMap<string, SoraError> = new Map();
  const report = (look: FilmLook): FilmReport =>
    reportFilm({
      ...{ look, scenes: shown, maxCostUsd: maxCost, halted, isMine },
      errorOf: (id) => errors.get(id),
      unmetOf: (id) => unmet.get(id),
    });
  const { onReport } = options;
  const watch = watchFilm(film, plan.scenes, {
    wishes: options,
    onLook: onReport && ((look) => onReport(report(look))),
  });
  const check = (costs: readonly (Cost | undefined)[], takes: readonly Take[]): void =>
    checkFileCost({
      ...{ limits: options, provider, spent: spentOn(takes), coming: toCome(costs), characters: registrations.item },
      today: new Date(clock.now()).toISOString().slice(0, 10),
    });
  const registrations = countRegistrations(provider, async () => {
    const takes = await film.ledger.takes();
    check(reserve.besides('', takes), takes);
  });
  const run: Run = {
    ...{ workspace, film, ledger: film.ledger, wishes: options, jobs, failFast, lastFrame, isMine, errors, followed },
    ...{ watch, deadlineMs, pollIntervalMs: options.pollIntervalMs, retries: DEFAULT_RETRIES, tried: new Set() },
    ...{ outages: { count: 0 }, limits: budgetOptionsOf(options), approved: options.plan && boundOf(options.plan) },
    scenes: new Map(plan.scenes.map((one): [string, PlannedScene] => [one.scene.id, one])),
    retakes: options.retake === undefined ? undefined : retakesOf(options.scenes, options.retake),
    pace: createPace(clock, 0),
    deadline: createDeadline(clock, deadlineMs),
    together: () => Math.max(1, followed.size),
    halted: () => halted,
    halt(error) {
      halted ??= error;
    },
    onFollow(take) {
      followed.add(take.key);
      options.onEvent?.({ kind: 'following', scene: take.scene, take });
      void watch.lookAnew();
    },
    onSent() {},
    onPoll: watch.tell,
    onEvent: (event) => options.onEvent?.(event),
    onLook: watch.see,
    registration: () => registrations.more(),
    async approve({ scene, cost }, then) {
      if (maxCost === undefined) return;
      const takes = await then.takes();
      check([cost, ...reserve.besides(scene.id, takes)], takes);
    },
    async checkCost(look, { sends, own }) {
      const costsOf = (some: Sends): (Cost | undefined)[] =>
        plan.scenes.flatMap(({ scene, cost }) => Array.from({ length: some.get(scene.id) ?? 0 }, () => cost));
      const costs = costsOf(sends);
      await foreseeSpending(workspace, provider, { limits: options, costs: costsOf(own) });
      if (maxCost === undefined) return;
      await registrations.expect((await charactersOf(plan, sends)).count);
      check(costs, look.takes);
      reserve.keep(
        plan.scenes.map(({ scene: { id }, cost }) => ({ id, cost, count: sends.get(id) ?? 0 })),
        look.takes,
      );
    },
    judge(before, after) {
      unmet = unmetWishes(
        shown.map(({ scene }) => scene.id),
        { before, after },
        {
          ...{ retake: options.retake, approved: run.approved, commandOf: film.commandOf },
          planAgain: options.plan && planAgain(film.commandOf, options.plan),
          errorOf: (id) => errors.get(id),
          isFollowed: ({ key }) => followed.has(key),
        },
      );
    },
    report,
    ...(options.showTake && { showTake: options.showTake }),
  };
  return run;
}

function retakesOf(scenes: readonly string[], count: number): Map<string, number> {
  return new Map(scenes.map((id) => [id, count]));
}
