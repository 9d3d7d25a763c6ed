/** `sora video join`: videos as one. */
import type { Context } from '../../context.ts';
import { filmLine } from '../../films/assemble-film.ts';
import { type JoinInput, joinVideos } from '../../films/join.ts';
import { isRatio, RATIOS } from '../../providers/ratios.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';

export interface JoinFlags extends Omit<JoinInput, 'fadeSeconds' | 'musicDb' | 'aspect'> {
  readonly fade: number;
  readonly musicLevel: number;
  readonly aspect?: string;
}

/** Throws `usage` for options that exclude each other. */
export async function runVideoJoin(
  context: Context,
  { fade, musicLevel, aspect, ...input }: JoinFlags,
): Promise<undefined> {
  if (input.size && aspect !== undefined)
    throw new SoraError('usage', `${option('size')} and ${option('aspect')} cannot be used together.`, {
      hint: `Name the size, or the shape with ${option('aspect')}.`,
    });
  if (aspect !== undefined && !isRatio(aspect))
    throw new SoraError('usage', `${option('aspect')} ${aspect} is not known.`, {
      hint: `It is one of ${RATIOS.join(', ')}.`,
    });
  const film = await joinVideos(context, {
    ...{ ...input, fadeSeconds: fade, musicDb: musicLevel },
    ...(aspect !== undefined && { aspect }),
  });
  context.ui.result({ json: film, text: filmLine(film), quiet: [film.path] });
}
