/** Where the scenes of a film would be in it, if every take were as long as ordered. Pure. */

import { srtText, srtTime } from '../films/escape.ts';
import { plannedSeconds, type Scene, type Storyboard } from './storyboard.ts';

/** Seconds from the beginning of the film. */
export interface PlacedScene {
  readonly scene: Scene;
  readonly from: number;
  readonly to: number;
}

/** A scene that fades in begins while the one before is still seen. */
export function plannedTimeline({ scenes }: Pick<Storyboard, 'scenes'>): readonly PlacedScene[] {
  let end = 0;
  return scenes.map((scene) => {
    const from = end - (scene.transition.kind === 'fade' ? scene.transition.seconds : 0);
    end = from + plannedSeconds(scene);
    return { scene, from, to: end };
  });
}

/** Of the whole film. */
export function plannedLength(board: Pick<Storyboard, 'scenes'>): number {
  return plannedTimeline(board).at(-1)?.to ?? 0;
}

/** A text to be shown, in seconds from the beginning of the film. */
export interface Cue {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A file of SRT. Cues that say nothing are left out, and none lasts into the next. */
export function srtFile(cues: readonly Cue[]): string {
  const shown = cues.map((cue) => ({ ...cue, text: srtText(cue.text) })).filter(({ text }) => text !== '');
  return shown
    .map(({ from, to, text }, at) => {
      const end = Math.min(to, shown[at + 1]?.from ?? to);
      return `${at + 1}\n${srtTime(from)} --> ${srtTime(end)}\n${text}\n`;
    })
    .join('\n');
}

/** The subtitles of the scenes, by planned lengths. */
export function plannedSubtitles(board: Pick<Storyboard, 'scenes'>): readonly Cue[] {
  return plannedTimeline(board).map(({ scene, from, to }) => ({ from, to, text: scene.subtitle ?? '' }));
}
