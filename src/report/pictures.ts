/** The frames that a page shows of videos and of characters. */
import type { Workspace } from '../workspace.ts';
import { bestFrames, takeJpegs } from './frames.ts';

/** Of a video. */
const FRAMES = 6;

/** Frames of videos and of characters, the latter taken once for a whole page. */
export interface Pictures {
  ofVideo(path: string): Promise<readonly string[]>;
  ofCharacter(name: string): Promise<readonly string[]>;
}

/** Without an ffmpeg there are none, and the videos of a page play all the same. */
export async function createPictures(workspace: Workspace): Promise<Pictures> {
  const { signal } = workspace.runtime;
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  if (!ffmpeg) workspace.reporter.note('There are no frames in the report: that takes an ffmpeg.');
  const known = new Map<string, Promise<readonly string[]>>();
  const look = async (name: string): Promise<readonly string[]> => {
    const store = await workspace.characters();
    const character = await store.find(name).catch(() => undefined);
    if (!ffmpeg || !character?.clip) return [];
    return bestFrames(store.clipPath(character.clip.master.sha256), { ffmpeg, signal });
  };
  return {
    ofVideo: async (path) => (ffmpeg ? takeJpegs(path, FRAMES, { ffmpeg, signal }) : []),
    ofCharacter(name) {
      const found = known.get(name) ?? look(name);
      known.set(name, found);
      return found;
    },
  };
}
