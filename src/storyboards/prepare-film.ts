/** A film before anything of it leaves: read, opened, and every scene planned and priced. */
import { costWords, flagWord, journalWords, selectionWords } from '../journal/command-words.ts';
import type { JournalOwner } from '../journal/names.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Shard } from '../shared/batch.ts';
import { SoraError } from '../shared/errors.ts';
import type { CostLimits } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import { type OpenFilm, openFilm } from './film.ts';
import { type FilmPlan, type PlanScenesOptions, planScenes } from './plan-scenes.ts';
import { readStoryboard, type StoryboardRequest, storyboardCommand } from './read-storyboard.ts';
import type { Storyboard } from './storyboard.ts';

/** What every command on the takes of a film is told of it, as it was typed. */
export interface FilmRequest extends StoryboardRequest, CostLimits {
  readonly shard?: Shard;
  readonly journal?: string;
  readonly allowRetired: boolean;
  readonly allowUndocumented: boolean;
}

export interface GivenFilm {
  readonly film: OpenFilm;
  readonly plan: FilmPlan;
  readonly storyboard: Storyboard;
  readonly owner: JournalOwner;
}

/** Reads a film and plans its scenes. Throws as `readStoryboard`, and what choosing the host throws. */
export async function readFilm(
  workspace: Workspace,
  request: FilmRequest,
  { purpose }: { readonly purpose: Purpose },
): Promise<GivenFilm> {
  const { journal, shard, maxCost, budget, allowRetired, allowUndocumented } = request;
  if (request.file === '-') {
    throw new SoraError('usage', 'The takes of a film lie beside its file, and standard input has no place.', {
      hint: 'Write the storyboard to a file, and name that.',
    });
  }
  const { path, storyboard } = await readStoryboard(workspace, request, {
    stdin: async () => new Uint8Array(),
    needsFiles: false,
  });
  if (path === undefined) throw new TypeError('a file has no path');
  const owner = { ...(journal !== undefined && { name: journal }), ...(shard && { shard }) };
  return prepareFilm(
    workspace,
    { storyboard, path, owner },
    {
      purpose,
      ask: maxCost === undefined && budget === undefined ? undefined : purpose,
      allowRetired,
      allowUndocumented,
    },
  );
}

/** Throws what choosing the host throws, and what is wrong with this machine; what is wrong with a scene is in its plan. */
export async function prepareFilm(
  workspace: Workspace,
  { storyboard, path, owner }: { readonly storyboard: Storyboard; readonly path: string; readonly owner: JournalOwner },
  options: Omit<PlanScenesOptions, 'takes'>,
): Promise<GivenFilm> {
  const film = openFilm(workspace, { file: path, ...owner });
  const plan = await planScenes(workspace, storyboard, { ...options, takes: await film.ledger.takes() });
  return { film, plan, storyboard, owner };
}

/** A command on the same film: at the same host, with the same bounds. */
export function filmCommand(
  { selection }: Pick<Workspace, 'selection'>,
  verb: string,
  {
    request,
    operands = [],
    words = [],
  }: { readonly request: FilmRequest; readonly operands?: readonly string[]; readonly words?: readonly string[] },
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
