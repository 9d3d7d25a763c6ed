/** Where the scenes of a film would be in it, if every take were as long as ordered. Pure. */
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
