/** The frames that a page shows of videos and of characters. */

import { stillFile } from '../shared/character.ts';
import type { VideoRequest } from '../shared/job.ts';
import type { Workspace } from '../workspace.ts';
import { bestFrames, pictureJpeg, takeJpegs } from './frames.ts';

/** Of a video. */
const FRAMES = 6;
/** Of a character of pictures. */
const STILLS = 2;

/** Frames of videos and of characters, the latter taken once for a whole page. */
export interface Pictures {
  ofVideo(path: string): Promise<readonly string[]>;
  ofCharacter(name: string): Promise<readonly string[]>;
  /** The first picture that a request was given, where its file is here and is still the same. */
  ofReference(reference: VideoRequest['reference']): Promise<readonly string[]>;
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
    if (!ffmpeg || !character) return [];
    if (character.clip) return bestFrames(store.clipPath(character.clip.master.sha256), { ffmpeg, signal });
    const stills = (character.stills ?? []).slice(0, STILLS).map((still) => store.filePath(stillFile(still)));
    return (await Promise.all(stills.map((path) => pictureJpeg(path, { ffmpeg, signal })))).flatMap(
      (picture) => picture?.url ?? [],
    );
  };
  return {
    ofVideo: async (path) => (ffmpeg ? takeJpegs(path, FRAMES, { ffmpeg, signal }) : []),
    async ofReference(reference) {
      if (!ffmpeg || reference?.kind !== 'image' || reference.source === undefined) return [];
      const picture = await pictureJpeg(reference.source, { ffmpeg, signal });
      return picture?.sha256 === reference.sha256 ? [picture.url] : [];
    },
    ofCharacter(name) {
      const found = known.get(name) ?? look(name);
      known.set(name, found);
      return found;
    },
  };
}
