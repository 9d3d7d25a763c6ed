/** How a film stands, scene by scene and in all: states with their reasons, what was spent and is to come, the exit code. Pure. */
import { type Take, whyUnknown } from '../journal/fold.ts';
import { whyFailed } from '../journal/lines.ts';
import { spentOn, sumOf } from '../runs/spending.ts';
import { EXIT_CODES, type SoraError, worstExit } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { areOf, counted, listOf, oneLine } from '../shared/text.ts';
import type { Totals } from '../videos/jobs/totals.ts';
import type { FilmLook } from './film.ts';
import type { PlannedScene } from './plan-scenes.ts';
import type { SceneState, SceneView } from './scene-state.ts';

export interface SceneReport {
  readonly id: string;
  /** Of its heading in the file, from 1; absent for an id that the film no longer has. */
  readonly line?: number;
  readonly state: SceneState;
  /** Of the product, for this scene alone. */
  readonly exit: number;
  /** Why, in one line. */
  readonly why?: string;
  readonly notes: readonly SceneNote[];
  /** How many takes of the present text there are, and how many are wanted. */
  readonly takes: number;
  readonly wanted: number;
  /** How many requests a run would send; `later` once the scene before it has a choice. */
  readonly send: number;
  readonly later: number;
  /** US dollars of one request; absent where nobody knows. */
  readonly estimateUsd?: number;
  /** Of everything that was sent for it: as the host says it, else as it was estimated. */
  readonly costUsd: number;
  readonly chosen?: { readonly take: number; readonly file: string; readonly sha256: string };
  /** What a person may do, by the verb of a command: `pick`, or `render --changed`. */
  readonly next: readonly NextStep[];
}

/** What is true besides the state. */
export type SceneNote = 'stale' | 'follows' | 'mismatch' | 'older takes' | 'rejected takes' | 'shared';

export interface NextStep {
  readonly verb: 'render' | 'retake' | 'pick' | 'close' | 'adopt';
  readonly words: readonly string[];
}

export interface FilmTotals extends Totals {
  /** Scenes whose take is chosen. */
  readonly done: number;
  readonly toPick: number;
  /** Something of them was not asked for yet, or a file of theirs is not there and was not asked for again. */
  readonly waiting: number;
  /** Of what was spent, on what failed and what was rejected. */
  readonly wastedUsd: number;
  /** What a run would send, and what follows it. */
  readonly toComeUsd: number;
  /** Requests, sent or to come, whose price nobody knows. */
  readonly unknownPrices: number;
}

export interface FilmReport {
  readonly scenes: readonly SceneReport[];
  readonly totals: FilmTotals;
  readonly exit: number;
}

export interface ReportInput {
  readonly look: FilmLook;
  /** In the order of the film; of the shard, and of those that were named. */
  readonly scenes: readonly PlannedScene[];
  readonly maxCostUsd?: number | undefined;
  /** What stopped a scene in this run. */
  errorOf(id: string): SoraError | undefined;
  /** What this run was told to make of a scene and did not: it counts however the scene stands. */
  unmetOf?(id: string): SoraError | undefined;
  /** What stopped the whole run. */
  readonly halted?: SoraError | undefined;
  /** Ids beside the film that are this run's. */
  isMine(id: string): boolean;
}

export function reportFilm(input: ReportInput): FilmReport {
  const { look, scenes, halted, maxCostUsd } = input;
  const strays = look.strays.filter(({ scene }) => input.isMine(scene));
  const reports = [
    ...scenes.flatMap((planned) => {
      const view = look.views.get(planned.scene.id);
      return view ? [sceneReport(input, planned, view)] : [];
    }),
    ...[...new Set(strays.map(({ scene }) => scene))].map((id) =>
      strayReport(
        id,
        strays.filter(({ scene }) => scene === id),
        input,
      ),
    ),
  ];
  const counted = (...states: SceneState[]): number => reports.filter(({ state }) => states.includes(state)).length;
  const lost = reports.filter(({ state, id }) => GONE.includes(state) && input.errorOf(id) !== undefined);
  const spent = spentOn(look.takes);
  const toCome = sumOf(
    reports.flatMap(({ send, later, estimateUsd }) => Array.from({ length: send + later }, () => estimateUsd)),
  );
  return {
    scenes: reports,
    totals: {
      ...{ total: reports.length, done: counted('chosen'), toPick: counted('to pick', 'picked twice') },
      ...{ running: counted('open'), failed: counted('failed') + lost.length, unknown: counted('unknown') },
      waiting: counted('missing', 'changed', 'short', 'blocked', ...GONE) - lost.length,
      ...{ spentUsd: spent.usd, wastedUsd: wastedOn(look).usd, toComeUsd: toCome.usd },
      unknownPrices: spent.unknown + toCome.unknown,
      ...(maxCostUsd !== undefined && { maxCostUsd }),
    },
    exit: worstExit([
      ...reports.map(({ exit }) => exit),
      ...(halted ? [EXIT_CODES[halted.code]] : []),
      // Of texts and ids that the film no longer has, too.
      ...(strays.some((take) => isLost(look, take)) ? [EXIT_CODES.ambiguous] : []),
    ]),
  };
}

/** A file that is not where it was. */
const GONE: readonly SceneState[] = ['absent', 'unreadable'];

function wastedOn({ takes, choices }: FilmLook): { readonly usd: number } {
  return spentOn(
    takes.filter(({ state, scene, done }) => {
      if (state === 'failed') return true;
      if (done === undefined || choices.standing(scene).has(done.sha256)) return false;
      return choices.of(scene).rejected.has(done.sha256);
    }),
  );
}

function sceneReport(input: ReportInput, { scene, cost }: PlannedScene, view: SceneView): SceneReport {
  const { look } = input;
  const unmet = input.unmetOf?.(view.id);
  const error = unmet ?? (view.exit === 0 ? undefined : input.errorOf(view.id));
  const why =
    (view.exit === 0 ? unmet?.message : undefined) ?? whyOf(view, { error: unmet ?? input.errorOf(view.id), look });
  const { done, n } = view.chosen ?? {};
  return {
    id: view.id,
    ...(scene.line !== undefined && { line: scene.line }),
    state: view.state,
    exit: error ? worstExit([view.exit, EXIT_CODES[error.code]]) : view.exit,
    ...(why !== undefined && { why: oneLine(why) }),
    notes: notesOf(view, look),
    ...{ takes: view.current.length, wanted: scene.takes, send: view.need, later: view.later },
    ...(cost && { estimateUsd: cost.usd }),
    costUsd: spentOn(look.takes.filter((take) => take.scene === view.id)).usd,
    ...(done && n !== undefined && { chosen: { take: n, file: done.file, sha256: done.sha256 } }),
    next: [...(unmet && view.exit === 0 ? [retakeStep(view.id)] : []), ...nextOf(view, look)],
  };
}

/** Nobody knows whether its host has it, and nobody is about to hear. */
function isLost({ isAlive }: FilmLook, take: Take): boolean {
  return take.remoteId === undefined && !isAlive(take);
}

/** Of an id that the film no longer has: nothing is wanted of it but what was begun. */
function strayReport(id: string, takes: readonly Take[], { look, errorOf }: ReportInput): SceneReport {
  const unknown = takes.filter((take) => isLost(look, take));
  const error = errorOf(id);
  const [first] = unknown;
  return {
    ...{ id, state: first ? 'unknown' : 'open', exit: first ? EXIT_CODES.ambiguous : EXIT_CODES.pending },
    why: error?.message ?? 'it is not in the film any more, and its take is followed all the same',
    ...{ notes: [], takes: takes.length, wanted: 0, send: 0, later: 0 },
    costUsd: spentOn(look.takes.filter(({ scene }) => scene === id)).usd,
    next: first ? unknownSteps(first) : [{ verb: 'render', words: [] }],
  };
}

function whyOf(view: SceneView, { error, look }: { error: SoraError | undefined; look: FilmLook }): string | undefined {
  const { state, choice, candidates, unknown, changes, current } = view;
  const place = (take: Take): string => `take ${take.n}`;
  switch (state) {
    case 'unreadable':
      return `other bytes lie under the name of ${(view.chosen ? [view.chosen] : candidates)
        .filter((take) => look.presenceOf(take) === 'other')
        .map((take) => `${place(take)}${take.done ? ` (${take.done.file})` : ''}`)
        .join(', ')} than were downloaded: put the right file there, or move this one away and it is fetched again`;
    case 'unknown':
      return whyUnknown(unknown, unknown.map(place).join(', '));
    case 'blocked':
      return 'nothing is chosen yet of the scene that it continues';
    case 'open':
      return error?.message ?? 'its video is being made';
    case 'failed':
      return view.failed
        .flatMap(({ failed }) => failed ?? [])
        .map(whyFailed)
        .at(-1);
    case 'changed':
      return (
        error?.message ??
        (changes.length > 0 ? `${listOf(changes)} changed since its newest take` : 'its text has changed')
      );
    case 'short':
      return error?.message ?? `${counted(current.length, 'take')} of it ${areOf(current.length)} there`;
    case 'missing':
      return error?.message;
    case 'absent':
      return (
        error?.message ??
        (choice.sha256 !== undefined && !view.picked
          ? `its picked take ${choice.sha256.slice(0, 8)} stands in no journal that is here`
          : 'its file is not here')
      );
    case 'picked twice':
      return `picks of ${choice.heads.map(({ sha256 }) => sha256.slice(0, 8)).join(' and ')} came together in a merge`;
    case 'to pick':
      return candidates.every(({ done }) => done?.mismatch)
        ? candidates
            .flatMap(({ done }) => done?.mismatch ?? [])
            .slice(0, 2)
            .join('; ')
        : undefined;
    case 'chosen':
      return error?.message;
    default:
      return state satisfies never;
  }
}

function notesOf(view: SceneView, { takes }: FilmLook): readonly SceneNote[] {
  const { own, current, fromOthers, choice } = view;
  const counted = new Set([...current, ...fromOthers].map(({ key }) => key));
  const rejected = own.filter(({ done }) => done && done.sha256 !== choice.sha256 && choice.rejected.has(done.sha256));
  const older = own.filter(
    ({ done, key, fp }) => done && fp !== view.fp && !counted.has(key) && key !== view.picked?.key,
  );
  return [
    ...(view.isStale ? (['stale'] as const) : []),
    ...(view.follows ? (['follows'] as const) : []),
    ...(current.some(({ done }) => done?.mismatch) ? (['mismatch'] as const) : []),
    ...(older.length > 0 ? (['older takes'] as const) : []),
    ...(rejected.length > 0 ? (['rejected takes'] as const) : []),
    ...(takes.some(({ scene, fp }) => scene !== view.id && fp === view.fp) ? (['shared'] as const) : []),
  ];
}

function unknownSteps({ scene, n }: Take): readonly NextStep[] {
  return [
    { verb: 'adopt', words: [scene, String(n), '<host’s id>'] },
    { verb: 'close', words: [scene, String(n)] },
  ];
}

function retakeStep(id: string): NextStep {
  return { verb: 'retake', words: [id] };
}

function nextOf(view: SceneView, look: FilmLook): readonly NextStep[] {
  const { id, state, unknown, isStale, follows, candidates, current, choice } = view;
  const render = (...words: string[]): NextStep => ({ verb: 'render', words });
  const [lost] = unknown;
  const isHere = (take: Take): boolean => take.done !== undefined && look.presenceOf(take) === 'here';
  // What is made already is free.
  const pickOf = (takes: readonly Take[]): readonly NextStep[] => {
    const take = takes.find(isHere);
    return take ? [{ verb: 'pick', words: [id, String(take.n)] }] : [];
  };
  switch (state) {
    case 'unreadable':
      return [...pickOf(candidates), render()];
    case 'unknown':
      return lost ? unknownSteps(lost) : [];
    case 'blocked': {
      const before = view.continues === undefined ? undefined : look.views.get(view.continues);
      return before ? nextOf(before, look) : [];
    }
    case 'open':
      return [render()];
    case 'failed':
      return [retakeStep(id)];
    case 'missing':
    case 'changed':
    case 'short':
      return [render()];
    case 'absent':
      return [
        ...(view.picked || choice.sha256 === undefined ? [render()] : [{ verb: 'pick', words: [id, 'none'] } as const]),
        ...pickOf(candidates),
        ...(candidates.some(isHere) ? [] : [retakeStep(id)]),
      ];
    case 'picked twice':
    case 'to pick': {
      const [first] = candidates;
      return candidates.some(isHere) ? pickOf(candidates) : [{ verb: 'pick', words: [id, String(first?.n ?? 1)] }];
    }
    case 'chosen':
      return [
        ...(isStale ? (current.some(isHere) ? pickOf(current) : [render(option('changed'))]) : []),
        ...(follows ? (current.some(isHere) ? pickOf(current) : [render(option('follow'))]) : []),
      ];
    default:
      return state satisfies never;
  }
}
