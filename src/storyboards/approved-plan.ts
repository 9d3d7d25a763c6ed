/**
 * What somebody has approved: how many takes of each scene, by fingerprints and prices. A scene that waits for a choice of the
 * one before it is approved by that one's text, so that the choice is no change.
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashText } from '../disk/hash.ts';
import { parseJson } from '../disk/schema.ts';
import { type Ask, canonicalJson, fingerprintAsk } from '../journal/fingerprint.ts';
import { valueWord } from '../runs/command-words.ts';
import { PATH_HINT, problemsError, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import type { FilmCommand, FilmLook, MakingWishes } from './film.ts';
import type { FilmPlan } from './plan-scenes.ts';
import { type FilmRequest, filmCommand, wishWords } from './prepare-film.ts';
import type { SceneView } from './scene-state.ts';

/** As it stands in the file. */
export interface PlanDocument {
  readonly version: 1;
  readonly wishes: PlanWishes;
  readonly scenes: readonly PlanEntry[];
  /** SHA-256 of everything above as canonical JSON. */
  readonly hash: string;
}

/** How the scenes were chosen. */
export interface PlanWishes {
  readonly scenes: readonly string[];
  readonly takes?: number;
  readonly changed: boolean;
  readonly follow: boolean;
}

export interface PlanEntry {
  readonly id: string;
  /** Of the request; of a blocked one that of `ask`, whose `lastFrameOf` is a fingerprint. */
  readonly fp: string;
  readonly isBlocked: boolean;
  readonly ask: Ask;
  readonly send: number;
  /** How many requests of these words were made before. */
  readonly asked: number;
  /** US dollars of one request; absent where nobody knows. */
  readonly estimateUsd?: number;
}

export interface ApprovedPlan {
  /** Of its file, as it was typed. */
  readonly name: string;
  readonly wishes: PlanWishes;
  readonly entries: readonly PlanEntry[];
  /** By the ids of the scenes. */
  readonly sends: ReadonlyMap<string, number>;
}

/** The document of what would be sent now. */
export function planDocument(
  plan: FilmPlan,
  look: FilmLook,
  { sends, wishes }: { readonly sends: ReadonlyMap<string, number>; readonly wishes: MakingWishes },
): PlanDocument {
  const { scenes: named, takes, changed, follow } = wishes;
  const document = {
    version: 1 as const,
    wishes: { scenes: named, ...(takes !== undefined && { takes }), changed, follow },
    scenes: entriesOf(plan, look, sends),
  };
  return { ...document, hash: hashText(canonicalJson(document)) };
}

function entriesOf(plan: FilmPlan, look: FilmLook, sends: ReadonlyMap<string, number>): readonly PlanEntry[] {
  const fps = new Map<string, string>();
  const entries = new Map<string, PlanEntry>();
  const byId = new Map(plan.scenes.map((one) => [one.scene.id, one]));
  for (const [id, view] of look.views) {
    const planned = byId.get(id);
    if (!planned) continue;
    const before = view.continues === undefined ? undefined : fps.get(view.continues);
    const ask: Ask = view.ask ?? { ...planned.ask, reference: { lastFrameOf: before ?? '' } };
    const fp = view.fp ?? fingerprintAsk(ask);
    fps.set(id, fp);
    entries.set(id, {
      ...{ id, fp, isBlocked: view.fp === undefined, ask, send: sends.get(id) ?? 0, asked: view.asked },
      ...(planned.cost && { estimateUsd: planned.cost.usd }),
    });
  }
  return plan.scenes.flatMap(({ scene }) => entries.get(scene.id) ?? []);
}

/** The plan in a file. Throws as `readPlan`, and `usage` where there is none, and for wishes beside it. */
export async function readApproved(
  workspace: Workspace,
  request: FilmRequest & Omit<MakingWishes, 'requirePicks'>,
  path: string,
): Promise<ApprovedPlan> {
  const { scenes, takes, changed, follow } = request;
  const { operands, words } = wishWords({ scenes, takes, changed, follow });
  const written = [...words, ...valueWord('output', path), option('force')];
  const again = filmCommand(workspace, 'plan', { request, operands, words: written });
  if (scenes.length > 0 || takes !== undefined || changed || follow) {
    throw new SoraError('usage', `${option('plan')} says already which scenes are rendered, and how.`, {
      hint: `Say it in the plan, and have that approved: ${again}`,
    });
  }
  const place = resolve(workspace.runtime.cwd, path);
  const text = await readFile(place, 'utf8').catch((cause: unknown) => {
    throw new SoraError('usage', `The plan ${place} cannot be read.`, { hint: PATH_HINT, cause });
  });
  return readPlan(text, { name: path, again });
}

/** Reads what `planDocument` made; `again` makes it anew. Throws `usage` for anything else, and for one that was changed by hand. */
export function readPlan(
  text: string,
  { name, again }: { readonly name: string; readonly again: string },
): ApprovedPlan {
  const refuse = (why: string): SoraError =>
    new SoraError('usage', `${name} is not a plan that can be rendered: ${why}.`, { hint: `Make it anew: ${again}` });
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new SoraError('usage', `${name} is not a plan: ${(cause as Error).message}.`, {
      hint: `Name the file that this has written, or write it anew: ${again}`,
      cause,
    });
  }
  if (typeof json !== 'object' || json === null || !('hash' in json)) throw refuse('it has no hash');
  const { hash, ...document } = json as PlanDocument;
  if (document.version !== 1) throw refuse('it was written by another version of sora');
  if (hashText(canonicalJson(document)) !== hash) throw refuse('it was changed since it was written');
  const { wishes, scenes } = document;
  return { name, wishes, entries: scenes, sends: new Map(scenes.map(({ id, send }) => [id, send])) };
}

/** How many requests of a scene may still be sent: those that were approved, without those that were made since. */
export function boundOf({ entries }: ApprovedPlan): (view: Pick<SceneView, 'id' | 'asked'>) => number {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return ({ id, asked }) => {
    const entry = byId.get(id);
    return entry ? Math.max(0, entry.send - Math.max(0, asked - entry.asked)) : 0;
  };
}

/** The command that makes a plan anew, with the same wishes. */
export function planAgain(commandOf: FilmCommand, { name, wishes }: Pick<ApprovedPlan, 'name' | 'wishes'>): string {
  const { operands, words } = wishWords(wishes);
  return commandOf('plan', { operands, words: [...words, ...valueWord('output', name), option('force')] });
}

/** Throws `usage` where the film asks for something else by now, or a price has risen. */
export function refuseOtherPlan(
  approved: ApprovedPlan,
  { plan, look, commandOf }: { readonly plan: FilmPlan; readonly look: FilmLook; readonly commandOf: FilmCommand },
): void {
  const now = new Map(entriesOf(plan, look, new Map()).map((entry) => [entry.id, entry]));
  const costs = new Map(plan.scenes.map(({ scene, cost }) => [scene.id, cost?.usd]));
  const problems: string[] = [];
  for (const entry of approved.entries.filter(({ send }) => send > 0)) {
    const current = now.get(entry.id);
    if (!current) problems.push(`The film has no scene ${JSON.stringify(entry.id)} any more.`);
    else if (!isSame(entry, current, { approved, now })) problems.push(`${entry.id} asks for something else by now.`);
    const usd = costs.get(entry.id);
    if (!current || entry.estimateUsd === undefined || (usd !== undefined && usd <= entry.estimateUsd)) continue;
    problems.push(
      `A take of ${entry.id} costs ${usd === undefined ? 'an unknown price' : `$${usd}`} by now; $${entry.estimateUsd} was approved.`,
    );
  }
  if (problems.length === 0) return;
  throw problemsError('usage', problems, {
    hint: `Nothing was sent. Make the plan anew, and have it approved: ${planAgain(commandOf, approved)}`,
  });
}

/** That a scene which was blocked goes on from a take now is no change, if the scene before it asks for the same. */
function isSame(
  entry: PlanEntry,
  current: PlanEntry,
  { approved, now }: { approved: ApprovedPlan; now: ReadonlyMap<string, PlanEntry> },
): boolean {
  if (entry.fp === current.fp) return true;
  if (!entry.isBlocked) return false;
  const { reference, ...words } = entry.ask;
  const { reference: other, ...currentWords } = current.ask;
  if (canonicalJson(words) !== canonicalJson(currentWords)) return false;
  if (!reference || !('lastFrameOf' in reference) || !other || !('lastFrameOf' in other)) return false;
  const before = approved.entries.find(({ fp }) => fp === reference.lastFrameOf);
  const beforeNow = before && now.get(before.id);
  return before !== undefined && beforeNow !== undefined && isSame(before, beforeNow, { approved, now });
}
