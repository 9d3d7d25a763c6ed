/** Voices and music of a storyboard, as files: there, with a sound, and decoded from beginning to end where an ffmpeg is at hand. */
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { isSoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import type { FilePlace } from './file/build.ts';

export interface SoundCheck {
  /** A sentence; undefined for one that can be used, and for a picture. */
  problemOf(place: FilePlace): Promise<string | undefined>;
  /** Of one that was looked into and can be used. */
  secondsOf(path: string): number | undefined;
  /** What could not be looked into, a sentence each. */
  readonly notes: readonly string[];
}

/** Nothing is loaded, and no ffmpeg is looked for, before the first sound. */
export function createSoundCheck({ ffmpeg, runtime: { signal } }: Pick<Workspace, 'ffmpeg' | 'runtime'>): SoundCheck {
  const found = new Map<string, { readonly seconds?: number | undefined; readonly problem?: string }>();
  const notes = new Set<string>();

  const decoder = async (): Promise<Ffmpeg | undefined> => {
    try {
      return await ffmpeg();
    } catch (error) {
      if (!isSoraError(error, 'machine')) throw error;
      notes.add(`Voices and music were not decoded: ${error.message}`);
      return undefined;
    }
  };

  const look = async (path: string): Promise<{ seconds?: number | undefined; problem?: string }> => {
    const { readSoundFile } = await import('../films/sound-file.ts');
    try {
      const { audio } = await readSoundFile(path, { ffmpeg: await decoder(), signal });
      return { seconds: audio.seconds };
    } catch (error) {
      if (!isSoraError(error) || (error.code !== 'clip' && error.code !== 'usage')) throw error;
      return { problem: error.message };
    }
  };

  return {
    async problemOf({ setting, file: { path } }) {
      if (setting === 'reference') return undefined;
      const known = found.get(path) ?? (await look(path));
      found.set(path, known);
      return known.problem;
    },
    secondsOf: (path) => found.get(path)?.seconds,
    get notes() {
      return [...notes];
    },
  };
}
