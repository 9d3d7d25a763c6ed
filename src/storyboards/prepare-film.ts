/** A film before anything of it leaves: read, opened, and every scene planned and priced. */

import type { FilmVersion } from '../journal/choices.ts';
import type { JournalOwner } from '../journal/names.ts';
import { costWords, flagWord, journalWords, selectionWords, valueWord } from '../runs/command-words.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Shard } from '../shared/batch.ts';
import { SoraError } from '../shared/errors.ts';
import type { CostLimits } from '../shared/money.ts';
import { copyNotes } from '../videos/plan.ts';
import { warnOfCharacters } from '../videos/warn-of-host.ts';
import type { Workspace } from '../workspace.ts';
import { type MakingWishes, type OpenFilm, openFilm } from './film.ts';
import { type FilmPlan, type PlannedScene, type PlanScenesOptions, planScenes, readScenes } from './plan-scenes.ts';
import { readStoryboard, type StoryboardRequest, storyboardCommand } from './read-storyboard.ts';
import type { Storyboard } from './storyboard.ts';
import { noScene } from './takes/choose.ts';

/** What a command that asks no host is told of a film, as it was typed. */
export interface TakesRequest extends StoryboardRequest {
  readonly journal?: string;
}

/** The same of a command that may send something. */
export interface FilmRequest extends TakesRequest, CostLimits {
  readonly shard?: Shard;
  readonly allowRetired: boolean;
  readonly allowUndocumented: boolean;
}

export interface GivenFilm {
  readonly film: OpenFilm;
  readonly plan: FilmPlan;
  readonly storyboard: Storyboard;
  readonly owner: JournalOwner;
}

/** A film with its takes, for commands that choose among them. */
export interface OpenedFilm {
  readonly film: OpenFilm;
  /** By their texts alone: without a price, and without a request that could be sent. */
  readonly scenes: readonly PlannedScene[];
  readonly storyboard: Storyboard;
}

/** Reads a film for a command that asks no host, so that none has to be chosen. Throws as `readStoryboard`. */
export async function readTakes(
  workspace: Workspace,
  { journal, ...request }: TakesRequest,
  { needsFiles = false }: { readonly needsFiles?: boolean } = {},
): Promise<OpenedFilm> {
  const { path, storyboard, version } = await readNamed(workspace, request, { needsFiles });
  const own = journal === undefined ? {} : { journal };
  const film = await openFilm(workspace, {
    ...{ file: path, skipped: storyboard.skipped, version },
    commandOf: (verb, more) => filmCommand(workspace, verb, { request: { ...request, ...own }, ...more }),
    ...(journal !== undefined && { name: journal }),
  });
  const scenes = await readScenes(workspace, storyboard, { takes: await film.ledger.takes() });
  return { film, scenes, storyboard };
}

/**
 * Reads a film, plans its scenes, and tells what may go wrong with them. Throws as `readStoryboard`, what choosing the host throws,
 * and `usage` for `scenes` that the film does not have.
 */
export async function readFilm(
  workspace: Workspace,
  request: FilmRequest,
  { purpose, scenes: named }: { readonly purpose: Purpose; readonly scenes: readonly string[] },
): Promise<GivenFilm> {
  const { journal, shard, maxCost, budget, allowRetired, allowUndocumented } = request;
  const { path, storyboard, version } = await readNamed(workspace, request, { needsFiles: false });
  const owner = { ...(journal !== undefined && { name: journal }), ...(shard && { shard }) };
  const given = await prepareFilm(
    workspace,
    { storyboard, path, version, owner, request },
    {
      purpose,
      ask: maxCost === undefined && budget === undefined ? undefined : purpose,
      allowRetired,
      allowUndocumented,
    },
  );
  const ids = storyboard.scenes.map(({ id }) => id);
  for (const id of named) if (!ids.includes(id)) throw noScene(id, ids);
  const { provider, scenes, doubts } = given.plan;
  const cast = scenes.flatMap(({ order }) => order?.input.characters ?? []);
  await warnOfCharacters(workspace, provider, cast);
  for (const doubt of doubts) workspace.reporter.warn(doubt);
  const plans = purpose === 'preview' ? scenes.flatMap(({ plan }) => plan ?? []) : [];
  for (const note of copyNotes(plans)) workspace.reporter.note(note);
  return given;
}

interface NamedFilm {
  /** Absolute. */
  readonly path: string;
  readonly storyboard: Storyboard;
  readonly version: FilmVersion;
}

async function readNamed(
  workspace: Workspace,
  request: StoryboardRequest,
  { needsFiles }: { readonly needsFiles: boolean },
): Promise<NamedFilm> {
  if (request.file === '-') {
    throw new SoraError('usage', 'The takes of a film lie beside its file, and standard input has no place.', {
      hint: 'Write the storyboard to a file, and name that.',
    });
  }
  const stdin = async (): Promise<Uint8Array> => new Uint8Array();
  const { path, storyboard, quality, variant } = await readStoryboard(workspace, request, { stdin, needsFiles });
  if (path === undefined) throw new TypeError('a file has no path');
  return { path, storyboard, version: { quality, variant } };
}

/** Throws what choosing the host throws, and what is wrong with this machine; what is wrong with a scene is in its plan. */
export async function prepareFilm(
  workspace: Workspace,
  {
    storyboard,
    path,
    version,
    owner,
    request,
  }: NamedFilm & { readonly owner: JournalOwner; readonly request: TakesRequest & Partial<FilmRequest> },
  options: Omit<PlanScenesOptions, 'takes'>,
): Promise<GivenFilm> {
  const film = await openFilm(workspace, {
    ...{ file: path, skipped: storyboard.skipped, version, ...owner },
    commandOf: (verb, more) => filmCommand(workspace, verb, { request, ...more }),
  });
  const plan = await planScenes(workspace, storyboard, { ...options, takes: await film.ledger.takes() });
  return { film, plan, storyboard, owner };
}

/** What a user would type to have the same made: operands, and options. */
export function wishWords({ scenes, takes, changed, follow, requirePicks }: Partial<MakingWishes>): {
  readonly operands: readonly string[];
  readonly words: readonly string[];
} {
  return {
    operands: scenes ?? [],
    words: [
      ...valueWord('takes', takes === undefined ? undefined : String(takes)),
      ...flagWord('changed', changed),
      ...flagWord('follow', follow),
      ...flagWord('requirePicks', requirePicks),
    ],
  };
}

/** A command on the same film: at the same host, with the same bounds. */
export function filmCommand(
  { selection }: Pick<Workspace, 'selection'>,
  verb: string,
  {
    request,
    operands = [],
    words = [],
  }: {
    readonly request: TakesRequest & Partial<FilmRequest>;
    readonly operands?: readonly string[];
    readonly words?: readonly string[];
  },
): string {
  const isPaid = verb === 'render' || verb === 'retake' || verb === 'plan';
  return storyboardCommand(verb, request, {
    operands,
    words: [
      ...words,
      ...journalWords(isPaid ? request : { ...(request.journal !== undefined && { journal: request.journal }) }),
      ...(isPaid ? costWords(request) : []),
      ...(isPaid ? flagWord('allowRetired', request.allowRetired) : []),
      ...(isPaid ? flagWord('allowUndocumented', request.allowUndocumented) : []),
      ...selectionWords(selection),
    ],
  });
}
