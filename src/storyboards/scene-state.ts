/**
 * What is true of each scene of a film now, out of its takes, its picks and its text: derived whenever it is read, never
 * stored. The first state that applies is the one. Pure.
 */
import { hashText } from '../disk/hash.ts';
import type { Choice, Choices, FilmVersion } from '../journal/choices.ts';
import { type Ask, canonicalJson, type FamilyOf, fingerprintAsk } from '../journal/fingerprint.ts';
import { isTakenBack, type Take } from '../journal/fold.ts';
import { mayAskAgain, type Presence, worstOf } from '../journal/state.ts';

export type SceneState =
  | 'unreadable'
  | 'unknown'
  | 'blocked'
  | 'open'
  | 'failed'
  | 'missing'
  | 'changed'
  | 'short'
  | 'absent'
  | 'picked twice'
  | 'to pick'
  | 'chosen';

/** What is wanted of a scene now. */
export interface WantedScene {
  readonly id: string;
  /** Without the picture of the scene that it continues. */
  readonly ask: Ask;
  /** The id of that scene. */
  readonly continues?: string | undefined;
  /** How many takes. */
  readonly takes: number;
  /** Makes what is missing of the current text, also where a take of another is picked. */
  readonly isNamed: boolean;
}

export interface LookOptions {
  /** Each behind the one that it continues. */
  readonly scenes: readonly WantedScene[];
  readonly takes: readonly Take[];
  readonly choices: Choices;
  /** Which of the films of the file is looked at. */
  readonly version: FilmVersion;
  readonly familyOf: FamilyOf;
  /** The same as naming every scene whose picked take is of an older text. */
  readonly changed: boolean;
  /** The same as naming every scene whose predecessor has another take by now. */
  readonly follow: boolean;
  /** What waits for a pick is not finished. */
  readonly requirePicks: boolean;
  presenceOf(take: Take): Presence;
  /** Whether the process that sends it is known to live. */
  isAlive(take: Take): boolean;
  /** Whether this account has been told that the host knows no such job. */
  isInvisible(take: Take): boolean;
}

export interface SceneView {
  readonly id: string;
  /** The id of the scene that it continues. */
  readonly continues: string | undefined;
  readonly state: SceneState;
  /** Of the product, for this scene alone. */
  readonly exit: number;
  /** What a take of it is asked for by now; undefined while it is blocked. */
  readonly ask: Ask | undefined;
  readonly fp: string | undefined;
  /** SHA-256 of what it asks for, whatever take it goes on from. */
  readonly words: string;
  /** How many requests a run would send. */
  readonly need: number;
  /** How many it would send once its predecessor has a choice, or another one. */
  readonly later: number;
  /** The take that the film uses; undefined while there is none. */
  readonly chosen: Take | undefined;
  readonly picked: Take | undefined;
  readonly choice: Choice;
  /** All takes of the scene, of whatever text, and those of its present request that another scene has. */
  readonly own: readonly Take[];
  /** Of the present request, neither failed nor rejected. */
  readonly current: readonly Take[];
  /** Of these words from another take of the predecessor, neither failed nor rejected. */
  readonly fromOthers: readonly Take[];
  readonly failed: readonly Take[];
  readonly unknown: readonly Take[];
  readonly open: readonly Take[];
  /** How many requests of its present words were made, whatever became of them, but for those that made nothing. */
  readonly asked: number;
  /** Takes to choose from. */
  readonly candidates: readonly Take[];
  /** A take of another text is picked. */
  readonly isStale: boolean;
  /** It has takes of this text, and none from the take of its predecessor that is chosen now. */
  readonly follows: boolean;
  /** Which fields of its request are others than those of its newest take. */
  readonly changes: readonly string[];
}

/** By their ids, in the given order. */
export function lookAt(options: LookOptions): ReadonlyMap<string, SceneView> {
  const views = new Map<string, SceneView>();
  for (const scene of options.scenes) {
    views.set(scene.id, viewOf(scene, scene.continues === undefined ? undefined : views.get(scene.continues), options));
  }
  return views;
}

function viewOf(scene: WantedScene, before: SceneView | undefined, options: LookOptions): SceneView {
  const { takes, familyOf, isAlive } = options;
  const source = before?.chosen?.done?.sha256;
  const isBlocked = scene.continues !== undefined && source === undefined;
  const ask: Ask | undefined = isBlocked
    ? undefined
    : { ...scene.ask, ...(source !== undefined && { reference: { lastFrameOf: source } }) };
  const fp = ask && fingerprintAsk(ask);
  const words = hashWords(scene.ask, { familyOf, continues: scene.continues !== undefined });
  const choice = options.choices.of(scene.id, { words, ...options.version });
  const isOfWords = (take: Take): boolean => wordsOfTake(take, familyOf) === words;

  const own = takes.filter((take) => !isTakenBack(take) && (take.scene === scene.id || take.fp === fp));
  const { sha256: pick } = choice;
  // Its own first: a host may have given two scenes the very same file.
  const picked = pick === undefined ? undefined : (takeOfFile(own, pick) ?? takeOfFile(takes, pick));
  const isRejected = ({ done }: Take): boolean =>
    done !== undefined && done.sha256 !== choice.sha256 && choice.rejected.has(done.sha256);
  const same = own.filter((take) => take.fp === fp && !isRejected(take));
  const current = same.filter(({ state }) => state !== 'failed');
  const failed = same.filter(({ state, closed }) => state === 'failed' && !closed);
  const fromOthers =
    isBlocked || scene.continues === undefined
      ? []
      : own.filter((take) => take.fp !== fp && take.state !== 'failed' && !isRejected(take) && isOfWords(take));
  const lone = (all: readonly Take[]): Take | undefined => {
    const [take] = all;
    return scene.takes === 1 && all.length === 1 && take?.done && !take.done.mismatch ? take : undefined;
  };
  // A pick whose take stands in no journal that is here protects as any other.
  const isPickLost = choice.sha256 !== undefined && picked === undefined;
  const chosen =
    choice.isTwice || isPickLost
      ? undefined
      : (picked ?? lone(current) ?? (current.length === 0 ? lone(fromOthers) : undefined));
  const isStale = isPickLost || (picked !== undefined && !isOfWords(picked));
  const follows =
    !isBlocked &&
    !isStale &&
    scene.continues !== undefined &&
    ((chosen !== undefined && chosen.fp !== fp) || (current.length === 0 && fromOthers.length > 0));

  const asked = own.filter(({ state }) => state === 'asked');
  const unknown = asked.filter((take) => take.remoteId === undefined && !isAlive(take));
  const open = asked.filter((take) => !unknown.includes(take));
  const stops = failed.filter((take) => !mayAskAgain(take));
  const missing = Math.max(0, scene.takes - current.length - stops.length);
  const isDemanded = scene.isNamed || (options.changed && isStale) || (options.follow && follows);
  const isForced = isDemanded || !(isStale || follows || picked !== undefined);
  // Picks that contradict each other protect as one does, until a person has decided.
  const isWaiting = isBlocked || (choice.isTwice && !scene.isNamed) || !isForced;
  const isBegun = picked !== undefined || own.some((take) => take.state !== 'failed' && isOfWords(take));
  // What is named, or follows, is made again once its predecessor has another take, chosen by itself.
  const isRemade = scene.isNamed || (options.follow && !isStale);
  const isRenewed = before !== undefined && before.need + before.later > 0 && before.picked === undefined;
  const isLater = isBlocked ? !isBegun || isRemade : isRenewed && isRemade;
  const view: Omit<SceneView, 'state' | 'exit'> = {
    ...{ id: scene.id, continues: scene.continues, ask, fp, words },
    ...{ need: isWaiting ? 0 : missing, later: isLater ? scene.takes : 0 },
    asked: own.filter((take) => (isOfWords(take) || take.fp === fp) && take.failed?.made !== 'no').length,
    ...{ chosen, picked, choice, own, current, fromOthers, failed, unknown, open, isStale, follows },
    candidates: [...current, ...fromOthers].filter(({ done }) => done !== undefined),
    changes: changesOf(ask ?? scene.ask, own, familyOf),
  };
  const [state, exit] = stateOf(view, { scene, before, isBlocked, isPickLost, isDemanded, options });
  return { ...view, state, exit };
}

interface StateContext {
  readonly scene: WantedScene;
  readonly before: SceneView | undefined;
  readonly isBlocked: boolean;
  readonly isPickLost: boolean;
  /** A person wants its takes of the present text, whatever is chosen. */
  readonly isDemanded: boolean;
  readonly options: LookOptions;
}

function stateOf(
  view: Omit<SceneView, 'state' | 'exit'>,
  { scene, before, isBlocked, isPickLost, isDemanded, options }: StateContext,
): readonly [SceneState, number] {
  const { chosen, candidates, current, failed, unknown, open, own, need, choice } = view;
  const { presenceOf, isInvisible, requirePicks } = options;
  const shown = chosen ? [chosen] : candidates;
  const isNowhere = shown.length > 0 && shown.every((take) => presenceOf(take) !== 'here');
  if (isNowhere && shown.some((take) => presenceOf(take) === 'other')) return ['unreadable', 12];
  if (unknown.length > 0) return ['unknown', 7];
  if (isBlocked) return ['blocked', Math.max(8, before?.exit ?? 0)];
  if (open.length > 0) return ['open', open.some(isInvisible) ? 4 : 8];
  if (failed.length > 0 && current.length < scene.takes && (!chosen || isDemanded)) return ['failed', worstOf(failed)];
  if (need > 0) {
    if (own.length === 0) return ['missing', 8];
    if (current.length > 0) return ['short', 8];
    return [own.some(({ fp }) => fp === view.fp) ? 'missing' : 'changed', 8];
  }
  if (isNowhere || isPickLost) return ['absent', 9];
  if (choice.isTwice) return ['picked twice', 8];
  if (chosen) return ['chosen', 0];
  return ['to pick', candidates.every(({ done }) => done?.mismatch) ? 9 : requirePicks ? 8 : 0];
}

/** The take whose file that is; of equal files the oldest. */
export function takeOfFile(takes: readonly Take[], sha256: string): Take | undefined {
  return takes.find(({ done }) => done?.sha256 === sha256);
}

/** Of what a request asks for but for the take that it goes on from: equal texts, from whatever take of the predecessor. */
function hashWords(ask: Ask, { familyOf, continues }: { familyOf: FamilyOf; continues: boolean }): string {
  const { model, reference, ...rest } = ask;
  const words = {
    ...rest,
    ...(model !== undefined && { model: familyOf(model) }),
    reference: continues ? 'last frame' : reference,
  };
  return hashText(canonicalJson(words));
}

/** As a view's `words`; undefined of a take that does not say what it asked for. */
export function wordsOfTake({ ask }: Pick<Take, 'ask'>, familyOf: FamilyOf): string | undefined {
  return ask && hashWords(ask, { familyOf, continues: ask.reference !== undefined && 'lastFrameOf' in ask.reference });
}

/** In which fields the newest take that asks for something else differs; empty where there is none. */
function changesOf(ask: Ask, own: readonly Take[], familyOf: FamilyOf): readonly string[] {
  const last = own.findLast((take) => take.ask !== undefined)?.ask;
  if (!last) return [];
  const names = ['prompt', 'model', 'seconds', 'size', 'cast', 'reference', 'framing'] as const;
  const textOf = (one: Ask, name: (typeof names)[number]): string =>
    canonicalJson(name === 'model' && one.model !== undefined ? familyOf(one.model) : one[name]);
  return names.filter((name) => textOf(ask, name) !== textOf(last, name));
}

/** Takes under way or of unknown fate of an id that is none of the file's `ids` any more: they are followed all the same. */
export function strayTakes(
  takes: readonly Take[],
  views: ReadonlyMap<string, SceneView>,
  ids: ReadonlySet<string>,
): readonly Take[] {
  const known = new Set([...views.values()].flatMap(({ own }) => own.map(({ key }) => key)));
  return takes.filter(({ state, key, scene }) => state === 'asked' && !known.has(key) && !ids.has(scene));
}
