/**
 * A batch, from its lines to their files: what is finished is fetched, what is open followed, what is missing sent; by
 * running it again, after whatever happened.
 */

import { registerNamed } from '../characters/register-cast.ts';
import { budgetOptionsOf } from '../costs/budget.ts';
import { fetchFinished } from '../journal/fetch-finished.ts';
import { type FoundLost, findLost } from '../journal/find-lost.ts';
import type { Take } from '../journal/fold.ts';
import { isInShard, type JournalOwner } from '../journal/names.ts';
import { recoverLost } from '../journal/recover-lost.ts';
import type { Slot } from '../journal/state.ts';
import { openTakeLedger, type TakeLedger } from '../journal/take-ledger.ts';
import { createPace } from '../runs/pace.ts';
import { createQuietReporter } from '../runs/quiet-reporter.ts';
import { createReserve } from '../runs/reserve.ts';
import { checkFileCost, countRegistrations, foreseeSpending, spentOn, type sumOf, toCome } from '../runs/spending.ts';
import type { RunWishes } from '../shared/batch.ts';
import { createDeadline } from '../shared/deadline.ts';
import { SoraError } from '../shared/errors.ts';
import type { CostLimits } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { inParallel } from '../shared/parallel.ts';
import type { Workspace } from '../workspace.ts';
import { adoptLines } from './adopt-lines.ts';
import { createStateCount } from './count-states.ts';
import { asAskedBefore } from './equal-lines.ts';
import { inLineWords } from './line-words.ts';
import { placeOfId } from './places.ts';
import type { BatchPlan, PlannedLine } from './plan-batch.ts';
import { refuseRun } from './refuse-run.ts';
import { type BatchReport, type BatchTotals, reportBatch, strayIds } from './report.ts';
import { type LineAim, type Settling, settleLine } from './settle-line.ts';
import { slotOfStray, slotsOf, willSend } from './slots.ts';

export interface RunBatchOptions extends CostLimits, JournalOwner, RunWishes {
  /** Absolute path of the batch, which need not exist where it came from a pipe. */
  readonly file: string;
  /** As in `PlaceOptions`. */
  readonly output?: string | undefined;
  /** Requests under way at once. */
  readonly jobs: number;
  /** Milliseconds between two requests. */
  readonly intervalMs: number;
  readonly retries: number;
  readonly allowDrift: boolean;
  /** When it is given up, downloads included: milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly pollIntervalMs?: number | undefined;
  /** Hears how the batch stands whenever that changes. */
  onTotals?(totals: BatchTotals): void;
}

/**
 * Runs a batch that was checked. Throws `usage` for lines whose text has changed and for requests that stand in another
 * file's journal, `budget` before anything is sent, and `machine`; everything else is in the report.
 */
export async function runBatch(workspace: Workspace, given: BatchPlan, options: RunBatchOptions): Promise<BatchReport> {
  const { shard } = options;
  const ledger = await openTakeLedger(workspace, options.file, options);
  const quiet = { ...workspace, reporter: createQuietReporter(workspace.reporter, inLineWords) };
  const mine = ({ scene }: Pick<Take, 'scene'>): boolean => isInShard(scene, shard);
  for (const where of (await ledger.journal.read()).torn) {
    workspace.reporter.warn(`${where} was not written to its end: the line is ignored.`);
  }
  await ledger.learn();
  await adoptLines(workspace, ledger, options.adopt);
  await recoverLost(quiet, ledger, mine);
  const plan = { ...given, lines: asAskedBefore(given.lines, await ledger.takes(), ledger.familyOf).lines };
  const run = createRun(quiet, ledger, { plan, options });
  const places = new Map(run.aims.map(({ id, wanted }) => [id, wanted]));
  await fetchFinished(quiet, ledger, {
    ...{ jobs: options.jobs, deadlineMs: options.deadlineMs, isMine: mine },
    wantedOf: ({ scene }) => places.get(scene) ?? placeOfId(options, scene),
  });
  run.lost = await findLost(quiet, ledger, mine);
  const slots = await refuseRun(ledger, plan.lines, options);
  await run.checkBudget(slots);
  const needed = new Set(
    plan.lines
      .filter(({ line }) => mine({ scene: line.id }) && willSend(slots.get(line.id), line.id, options))
      .flatMap(({ missing }) => missing),
  );
  await registerNamed(
    workspace,
    plan.missing.filter(({ name }) => needed.has(name)),
    { ...budgetOptionsOf(options), deadlineMs: options.deadlineMs },
  );
  try {
    await settleAll(run, options);
  } finally {
    run.isOver = true;
  }
  for (const id of run.anew) {
    if (!run.errors.has(id)) run.errors.set(id, notMadeAnew());
  }
  return run.report();
}

function notMadeAnew(): SoraError {
  return new SoraError('pending', 'It was not made anew: the run ended before its request was sent.', {
    hint: `Run the same command again, with ${option('anew')} <id>.`,
  });
}

interface Run extends Settling {
  lost: ReadonlyMap<string, FoundLost>;
  isOver: boolean;
  readonly aims: readonly LineAim[];
  readonly working: { count: number };
  checkBudget(slots: ReadonlyMap<string, Slot>): Promise<void>;
  /** Nothing more is sent for the line. */
  release(id: string): void;
  report(): Promise<BatchReport>;
}

function createRun(
  workspace: Workspace,
  ledger: TakeLedger,
  { plan, options }: { plan: BatchPlan; options: RunBatchOptions },
): Run {
  const { lines, provider } = plan;
  const { shard, deadlineMs, maxCost } = options;
  const { clock } = workspace.runtime;
  const errors = new Map<string, SoraError>();
  const working = { count: 0 };
  let halted: SoraError | undefined;
  let spentUsd = 0;
  const reserve = createReserve();
  const own = lines.filter(({ line }) => isInShard(line.id, shard));
  const aims = own.map((planned): LineAim => ({ id: planned.line.id, planned, wanted: planned.wanted }));
  const counts = createStateCount(aims.length);
  const tell = (): void => {
    if (!run.isOver) options.onTotals?.(counts.totals({ spentUsd, maxCost }));
  };
  const run: Run = {
    ...{ workspace, ledger, provider, deadlineMs, errors, aims, working, lost: new Map(), isOver: false },
    pace: createPace(clock, options.intervalMs),
    deadline: createDeadline(clock, deadlineMs),
    ...{ pollIntervalMs: options.pollIntervalMs, retries: options.retries, tried: new Set(), outages: { count: 0 } },
    ...{ resend: new Set(options.resend), anew: new Set(options.anew) },
    limits: budgetOptionsOf(options),
    together: () => Math.max(1, working.count),
    halted: () => halted,
    halt(error) {
      halted ??= error;
    },
    onState(id, slot) {
      counts.set(id, slot.state);
      tell();
    },
    onPoll: () => tell(),
    onFollow: (take) => run.onState(take.scene, ledger.slotOf([take], { fp: take.fp, wanted: 1 })),
    onSent(_id, usd) {
      spentUsd = Math.round((spentUsd + usd) * 1e6) / 1e6;
    },
    registration: () => registrations.more(),
    async approve({ line, cost }, read) {
      if (maxCost === undefined) return;
      const takes = await read();
      checkFileCost(checkOf([cost, ...reserve.besides(line.id, takes)], spentOn(takes)));
    },
    release: (id) => reserve.release(id),
    async checkBudget(slots) {
      const takes = await ledger.takes();
      const spent = spentOn(takes);
      spentUsd = spent.usd;
      for (const [id, slot] of slots) if (isInShard(id, shard)) counts.set(id, slot.state);
      tell();
      const coming = lines.filter(({ line }) => willSend(slots.get(line.id), line.id, options));
      const ofShard = coming.filter(({ line }) => isInShard(line.id, shard));
      await foreseeSpending(workspace, provider, { limits: options, costs: ofShard.map(({ cost }) => cost) });
      if (maxCost === undefined || coming.length === 0) return;
      const missing = new Set(coming.flatMap(({ missing }) => missing));
      const count = plan.missing.filter(({ name, target }) => missing.has(name) && target.mode === 'id').length;
      await registrations.expect(count);
      const costs = coming.map(({ cost }) => cost);
      checkFileCost(checkOf(costs, spent));
      reserve.keep(
        coming.map(({ line: { id }, cost }) => ({ id, cost, count: 1 })),
        takes,
      );
    },
    async report() {
      const takes = await ledger.takes();
      const slots = await slotsOf(ledger, own);
      for (const id of strayIds(lines, takes, shard)) slots.set(id, await slotOfStray(ledger, id));
      return reportBatch({
        ...{ lines, takes, shard, allowDrift: options.allowDrift, maxCostUsd: maxCost, halted },
        slots,
        errorOf: (id) => errors.get(id),
        candidatesOf: (take) => run.lost.get(take.key)?.candidates ?? [],
      });
    },
  };
  const checkOf = (costs: readonly PlannedLine['cost'][], spent: ReturnType<typeof sumOf>) => ({
    ...{ limits: options, provider, spent, coming: toCome(costs), characters: registrations.item },
    today: new Date(clock.now()).toISOString().slice(0, 10),
  });
  const registrations = countRegistrations(provider, async () => {
    const takes = await ledger.takes();
    checkFileCost(checkOf(reserve.besides('', takes), spentOn(takes)));
  });
  return run;
}

async function settleAll(run: Run, options: RunBatchOptions): Promise<void> {
  const stray = strayIds(
    run.aims.flatMap(({ planned }) => planned ?? []),
    await run.ledger.takes(),
    options.shard,
  ).map((id): LineAim => ({ id, planned: undefined, wanted: placeOfId(options, id) }));
  // What is under way already is followed first: it holds a place at its host.
  const open = new Set((await run.ledger.takes()).filter(({ state }) => state === 'asked').map(({ scene }) => scene));
  const aims = [...stray, ...run.aims].toSorted((a, b) => Number(open.has(b.id)) - Number(open.has(a.id)));
  await inParallel(aims, options.jobs, async (aim) => {
    run.working.count += 1;
    try {
      await settleLine(run, aim);
    } finally {
      run.working.count -= 1;
      run.release(aim.id);
    }
    run.onState(aim.id, await run.ledger.slot(aim.id, { fp: aim.planned?.fp, wanted: 1 }));
  });
}
