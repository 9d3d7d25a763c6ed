/** A film that is not whole while another variant of it is: that one may be meant. */
import { valueWord } from '../runs/command-words.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { isWhole } from './film-steps.ts';
import { type LookedAt, lookAtStoryboard } from './look-at-storyboard.ts';
import { readStoryboard, type StoryboardRequest } from './read-storyboard.ts';

/**
 * The error that a film was refused with, for takes that it lacks: with the command for a variant whose scenes all have a chosen
 * take, where there is one. Any other error as it is.
 */
export async function withWholeVersion(
  error: unknown,
  workspace: Workspace,
  {
    request,
    looked,
    output,
  }: { readonly request: StoryboardRequest; readonly looked: LookedAt; readonly output: string },
): Promise<unknown> {
  if (!isSoraError(error, 'usage') || isWhole(looked.look)) return error;
  const { variant: own, ...others } = request;
  const stdin = async (): Promise<Uint8Array> => new Uint8Array();
  const { variants } = await readStoryboard(workspace, request, { stdin, needsFiles: false });
  for (const variant of [undefined, ...variants]) {
    if (variant === own) continue;
    const other = { ...others, ...(variant !== undefined && { variant }) };
    const found = await lookAtStoryboard(workspace, other, { needsFiles: false }).catch(() => undefined);
    if (!found || !isWhole(found.look)) continue;
    const { code, message, problems, hint = '' } = error;
    const called = variant === undefined ? 'the film without a variant' : `the variant ${variant}`;
    const command = found.film.commandOf('assemble', { words: valueWord('output', output) });
    return new SoraError(code, message, {
      ...{ problems, cause: error },
      hint: `${hint}\nEvery scene of ${called} has its take: ${command}`,
    });
  }
  return error;
}
