/** `sora storyboard assemble`: the film of the chosen takes. */
import type { Context } from '../../context.ts';
import { filmLine } from '../../films/assemble-film.ts';
import { assembleStoryboard } from '../../storyboards/assemble-storyboard.ts';
import { lookAtStoryboard } from '../../storyboards/look-at-storyboard.ts';
import type { StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import { withWholeVersion } from '../../storyboards/whole-version.ts';

export interface AssembleFlags {
  readonly output: string;
  readonly force: boolean;
  readonly allowStale: boolean;
  readonly subtitles: 'track' | 'none';
  /** Over what the storyboard says. */
  readonly loudness?: number | 'off';
}

export async function runStoryboardAssemble(
  context: Context,
  request: StoryboardRequest,
  flags: AssembleFlags,
): Promise<undefined> {
  const looked = await lookAtStoryboard(context, request, { needsFiles: true });
  const film = await assembleStoryboard(context, looked, flags).catch(async (error: unknown) => {
    throw await withWholeVersion(error, context, { request, looked, output: flags.output });
  });
  context.ui.result({ json: film, text: filmLine(film), quiet: [film.path] });
}
