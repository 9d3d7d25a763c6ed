/** Videos joined into one, for people who script: no scenes, no journal. */
import { basename, join, resolve } from 'node:path';
import { rateOf } from '../media/plan/frame.ts';
import { type Ratio, sizeOf } from '../providers/ratios.ts';
import { isSoraError } from '../shared/errors.ts';
import type { Size } from '../shared/geometry.ts';
import { expandLast } from '../videos/jobs/find.ts';
import type { Workspace } from '../workspace.ts';
import { type AssemblyRequest, assembleFilm, type WrittenFilm } from './assemble-film.ts';
import { findVideo } from './source.ts';

export interface JoinInput {
  /** Files, or jobs whose videos were saved here; in the order of the film. */
  readonly videos: readonly string[];
  /** From the working directory. */
  readonly output: string;
  readonly force: boolean;
  /** Of each dissolve; 0 for cuts. */
  readonly fadeSeconds: number;
  readonly size?: Size;
  /** With the shorter side of the first video. */
  readonly aspect?: Ratio;
  readonly fps?: number;
  /** A file. */
  readonly music?: string;
  readonly musicDb: number;
  /** Whether the music is lowered while there is other sound. */
  readonly duck: boolean;
  readonly loudness: number | 'off';
}

const MUSIC_FADE_SECONDS = 1.5;

/** Throws as `assembleFilm`. */
export async function joinVideos(workspace: Workspace, input: JoinInput): Promise<WrittenFilm> {
  const { aspect, music, loudness, fadeSeconds } = input;
  const paths: string[] = [];
  for (const named of await expandLast(workspace, input.videos)) paths.push(await findVideo(workspace, named));
  const shots = paths.map((path) => ({
    ...{ name: basename(path), path, soundDb: 0, holdSeconds: 0, fadeSeconds },
  }));
  const film: AssemblyRequest = {
    ...{ shots, loudness, subtitles: false },
    ...(input.size && { size: input.size }),
    ...(aspect && { sizeFrom: ({ width, height }: Size) => sizeOf(aspect, Math.min(width, height)) }),
    ...(input.fps !== undefined && { rate: rateOf(input.fps) }),
    ...(music !== undefined && {
      music: {
        path: resolve(workspace.runtime.cwd, music),
        ...{ levelDb: input.musicDb, duck: input.duck, fadeSeconds: MUSIC_FADE_SECONDS },
      },
    }),
  };
  // Where there is no home for pieces, none are kept.
  const cache = cacheOf(workspace.paths);
  const pieces = cache === undefined ? undefined : join(cache, 'pieces');
  return assembleFilm(workspace, film, { output: input.output, force: input.force, pieces });
}

function cacheOf(paths: Workspace['paths']): string | undefined {
  try {
    return paths().cache;
  } catch (error) {
    if (isSoraError(error, 'machine')) return undefined;
    throw error;
  }
}
