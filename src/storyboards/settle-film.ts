/**
 * The takes of a film, from what is known of them to their files: followed, fetched, asked for, whatever can be done next;
 * a scene that continues another is asked for once that one has a choice.
 */
import { writeOutput } from '../disk/publish.ts';
import type { Take } from '../journal/fold.ts';
import { finishRename } from '../journal/keep-take.ts';
import { whyFailed } from '../journal/lines.ts';
import type { JournalView, SendDecision } from '../journal/send-take.ts';
import { mayAskAgain } from '../journal/state.ts';
import { followInRun, LOOK_MS, requestTake, type TakeRun } from '../runs/request-take.ts';
import { SoraError } from '../shared/errors.ts';
import { planAnew, type VideoPlan } from '../videos/plan.ts';
import type { Workspace } from '../workspace.ts';
import { type FilmLook, lastFramePlace, lookAtFilm, type MakingWishes, type OpenFilm } from './film.ts';
import type { PlannedScene } from './plan-scenes.ts';
import type { SceneView } from './scene-state.ts';

/** What happens to a scene, in the order in which it happens. */
export type SceneEvent =
  | { readonly kind: 'sending'; readonly scene: string }
  | { readonly kind: 'following'; readonly scene: string; readonly take: Take }
  | { readonly kind: 'kept'; readonly scene: string; readonly n: number; readonly path: string }
  | { readonly kind: 'failed'; readonly scene: string; readonly n: number; readonly why: string };

/** Makes the last picture of a video as a PNG. */
export type MakeLastFrame = (workspace: Workspace, path: string) => Promise<Uint8Array>;

export interface FilmRun extends TakeRun {
  readonly film: OpenFilm;
  readonly scenes: ReadonlyMap<string, PlannedScene>;
  readonly wishes: MakingWishes;
  readonly jobs: number;
  /** How many more takes of each scene are asked for, whatever is there; of others nothing is sent then. */
  readonly retakes: Map<string, number> | undefined;
  /** How many more requests of a scene were approved; no bound where nothing was said of it. */
  readonly approved: ((view: SceneView) => number) | undefined;
  /** Ends the sending with the first failure. */
  readonly failFast: boolean;
  readonly lastFrame: MakeLastFrame;
  /** Takes that this run has followed, or follows. */
  readonly followed: ReadonlySet<string>;
  isMine(scene: string): boolean;
  /** Holds a request to what the whole film may cost. Throws `budget`. */
  approve(scene: PlannedScene, then: JournalView): Promise<void>;
  onLook(look: FilmLook): void;
  onEvent(event: SceneEvent): void;
}

/** Whoever keeps on being told that nothing is wanted has looked at something else than the journal. */
const MOST_REFUSALS = 200;

/** What this run has done for the scenes so far. */
interface Progress {
  /** By keys of takes, and by requests: what is under way. */
  readonly active: Map<string, Promise<void>>;
  readonly following: Set<string>;
  /** Requests that have not come to their claim, by scene. */
  readonly claiming: Map<string, number>;
  /** Failures that are asked again once in a run. */
  readonly again: Map<string, number>;
  readonly unclaimed: Map<string, number>;
  /** Nothing more is sent for these. */
  readonly stopped: Set<string>;
  readonly errors: unknown[];
}

/** Goes on until nothing more can be done in this run. Throws what is wrong with this machine. */
export async function settleFilm(run: FilmRun): Promise<void> {
  const { deadline, workspace } = run;
  const { signal } = workspace.runtime;
  const progress: Progress = {
    ...{ active: new Map(), following: new Set(), claiming: new Map(), again: new Map() },
    ...{ unclaimed: new Map(), stopped: new Set(), errors: [] },
  };
  const { active, errors } = progress;
  let requests = 0;
  const start = (name: string, work: Promise<unknown>): void => {
    const done = work.then(
      () => void active.delete(name),
      (error: unknown) => {
        active.delete(name);
        errors.push(error);
      },
    );
    active.set(name, done);
  };
  for (;;) {
    const look = await lookAtFilm(run.film, [...run.scenes.values()], { wishes: run.wishes });
    run.onLook(look);
    const isOver = signal.aborted || errors.length > 0;
    if (!isOver) {
      for (const take of toFollow(run, look, progress)) {
        if (active.size >= run.jobs) break;
        progress.following.add(take.key);
        start(take.key, follow(run, take, progress));
      }
      for (const view of look.views.values()) {
        while (active.size < run.jobs && maySend(run, look, { view, progress })) {
          count(progress.claiming, view.id, 1);
          requests += 1;
          start(`request ${requests}`, send(run, view, progress));
        }
      }
    }
    if (active.size > 0) {
      await Promise.race(active.values());
      continue;
    }
    const isWaiting = !isOver && sentByOthers(run, look).length > 0 && deadline.leftMs() > 0;
    if (!isWaiting) break;
    await deadline.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  if (errors.length > 0) throw errors[0];
}

function count(counts: Map<string, number>, id: string, more: number): number {
  const now = (counts.get(id) ?? 0) + more;
  counts.set(id, now);
  return now;
}

/** Takes whose host is asked: under way, whatever their text, and files that are missing of what is chosen, or can be. */
function toFollow(run: FilmRun, look: FilmLook, { following }: Progress): readonly Take[] {
  const { sending } = run.ledger;
  const mine = [...look.views.values()].filter(({ id }) => run.isMine(id));
  const open = [...mine.flatMap((view) => view.open), ...look.strays].filter(({ remoteId }) => remoteId !== undefined);
  const lost = mine.flatMap((view) => {
    const wanted = view.chosen ? [view.chosen] : view.candidates;
    return wanted.filter((take) => look.presenceOf(take) === 'absent');
  });
  const all = new Map([...open, ...lost].map((take) => [take.key, take]));
  return [...all.values()].filter(
    ({ key }) => !following.has(key) && !run.tried.has(key) && !sending.has(key) && !run.followed.has(key),
  );
}

/** Takes of which another process of this machine has no answer yet, of ids that the film no longer has, too. */
function sentByOthers({ isMine, ledger }: FilmRun, { views, strays, isAlive }: FilmLook): readonly Take[] {
  const open = [...views.values()].flatMap((view) => (isMine(view.id) ? view.open : []));
  const gone = strays.filter((take) => isMine(take.scene) && isAlive(take));
  return [...open, ...gone].filter(({ remoteId, key }) => remoteId === undefined && !ledger.sending.has(key));
}

async function follow(run: FilmRun, take: Take, progress: Progress): Promise<void> {
  const { ledger, film, workspace } = run;
  if (take.done && (await finishRename(workspace, ledger, take))) return;
  if (take.remoteId === undefined) {
    run.tried.add(take.key);
    return;
  }
  const followed = await followInRun(run, take, { wanted: film.wantedOf(take) });
  settled(run, take, { followed, progress });
}

function settled(
  run: FilmRun,
  { scene, n, done }: Take,
  { followed, progress }: { followed: Awaited<ReturnType<typeof followInRun>>; progress: Progress },
): void {
  if (followed.kind === 'kept') run.onEvent({ kind: 'kept', scene, n, path: followed.kept.path });
  if (followed.kind !== 'failed') return;
  run.onEvent({ kind: 'failed', scene, n, why: whyFailed(followed.failed) });
  if (run.failFast) run.halt(stoppedByFailure(scene));
  // That a file is lost for good, or an earlier take came to nothing, is no answer to whoever asks for another.
  if (done || run.retakes) return;
  // Once a run what may be asked again is; then a person looks at it first.
  if (!mayAskAgain(followed) || count(progress.again, scene, 1) > 1) progress.stopped.add(scene);
}

function stoppedByFailure(scene: string): SoraError {
  return new SoraError('pending', `Nothing more was sent after the failure of ${scene}.`, {
    hint: 'Run the command again to go on with the other scenes.',
  });
}

/** How many requests of the scene are wanted now, besides those that are on their way to their claim. */
function wantedNow(run: FilmRun, view: SceneView): number {
  const { retakes, approved, wishes } = run;
  if (retakes) return view.fp === undefined ? 0 : (retakes.get(view.id) ?? 0);
  if (wishes.scenes.length > 0 && !wishes.scenes.includes(view.id)) return 0;
  return approved ? Math.min(view.need, approved(view)) : view.need;
}

function maySend(
  run: FilmRun,
  look: FilmLook,
  { view, progress: { claiming, stopped } }: { view: SceneView; progress: Progress },
): boolean {
  if (run.halted() || run.deadline.leftMs() <= 0 || !run.isMine(view.id) || stopped.has(view.id)) return false;
  if (!run.scenes.get(view.id)?.order || !hasSource(look, view)) return false;
  return wantedNow(run, view) > (claiming.get(view.id) ?? 0);
}

/** Whether the take that it goes on from is here. */
function hasSource({ takes, presenceOf }: FilmLook, { ask }: SceneView): boolean {
  const { reference } = ask ?? {};
  if (!reference || !('lastFrameOf' in reference)) return true;
  return takes.some((take) => take.done?.sha256 === reference.lastFrameOf && presenceOf(take) === 'here');
}

async function send(run: FilmRun, view: SceneView, progress: Progress): Promise<void> {
  const { film } = run;
  const { id, fp, ask } = view;
  const planned = run.scenes.get(id);
  if (!planned || fp === undefined || !ask) throw new TypeError(`a scene is sent without a request: ${id}`);
  let isClaimed = false;
  let isCounted = false;
  const claim = (): void => {
    if (!isClaimed) count(progress.claiming, id, -1);
    isClaimed = true;
  };
  try {
    run.onEvent({ kind: 'sending', scene: id });
    const requested = await requestTake(run, {
      ...{ scene: id, fp, ask, cost: planned.cost, folder: film.folder, wantedOf: film.wantedOf },
      // A repeat after a failure.
      isMore: (progress.again.get(id) ?? 0) > 0,
      plan: () => planNow(run, view, planned),
      async decide(then) {
        const decision = await decide(run, view, then);
        claim();
        isCounted = decision.send && run.retakes !== undefined;
        if (isCounted) count(run.retakes ?? new Map(), id, -1);
        return decision;
      },
      approve: (then) => run.approve(planned, then),
    });
    switch (requested.kind) {
      case 'followed': {
        settled(run, requested.take, { followed: requested.followed, progress });
        return;
      }
      case 'unclaimed':
      case 'paused':
        // Nothing was made: a retake is still wanted.
        if (isCounted) count(run.retakes ?? new Map(), id, 1);
        if (count(progress.unclaimed, id, 1) > MOST_REFUSALS) progress.stopped.add(id);
        return;
      case 'unknown':
      case 'refused':
      case 'over':
        progress.stopped.add(id);
        if (run.failFast) run.halt(stoppedByFailure(id));
        return;
      default:
        requested satisfies never;
    }
  } finally {
    claim();
  }
}

/** Decided under the lock, by what every journal says then: of another text or take than planned nothing is sent. */
async function decide(run: FilmRun, { id, fp }: SceneView, then: JournalView): Promise<SendDecision> {
  const { views } = await lookAtFilm(run.film, [...run.scenes.values()], { wishes: run.wishes, then });
  const now = views.get(id);
  if (!now || now.fp !== fp) return { send: false };
  return { send: wantedNow(run, now) > 0 };
}

/** The request as it leaves: with the cast as it is now, and the last picture of the take that it goes on from. */
async function planNow(run: FilmRun, { ask }: SceneView, { order, scene }: PlannedScene): Promise<VideoPlan> {
  if (!order || !ask) throw new TypeError(`a scene is planned without a request: ${scene.id}`);
  const { reference: wished } = ask;
  if (!wished || !('lastFrameOf' in wished)) {
    const plan = await planAnew(run.workspace, order);
    if (plan.reference?.record.sha256 === wished?.sha256) return plan;
    throw new SoraError('usage', `The picture of ${scene.id} is another than when the film was read.`, {
      hint: 'Run the command again.',
    });
  }
  const reference = await lastFrameOf(run, wished.lastFrameOf, scene.id);
  return planAnew(run.workspace, { ...order, input: { ...order.input, reference } });
}

async function lastFrameOf(run: FilmRun, sha256: string, scene: string): Promise<string> {
  const { ledger, workspace, film } = run;
  const source = (await ledger.takes()).find(({ done }) => done?.sha256 === sha256);
  if (!source?.done || (await ledger.presence(source)) !== 'here') {
    throw new SoraError('unverified', `${scene} continues ${source?.scene ?? 'a take'}, whose file is not here.`, {
      hint: source
        ? `Pick another take of it, or make one more: ${film.commandOf('retake', { operands: [source.scene] })}`
        : `See what is there: ${film.commandOf('takes')}`,
    });
  }
  const path = ledger.placeOf(source.done.file);
  const place = lastFramePlace(path);
  const png = await run.lastFrame(workspace, path);
  await writeOutput(place, png, { force: true, taken: 'usage', clock: workspace.runtime.clock });
  return place;
}
