/** Voices that are longer than the scenes over which they are laid. Pure. */

/** A voice, in seconds from the beginning of the film. */
export interface PlacedVoice {
  /** Of its scene. */
  readonly name: string;
  /** Its own; undefined where nobody knows. */
  readonly seconds: number | undefined;
  /** When its scene begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** Less is what a file's last packet of sound is longer than its words. */
const LEAST_OVER_SECONDS = 0.1;

/** Of voices that are longer than their scenes, a sentence each: they go on over the next scene, up to the end of the film. */
export function voicesThatGoOn(voices: readonly PlacedVoice[], filmSeconds: number): readonly string[] {
  return voices.flatMap(({ name, seconds = 0, from, to }) => {
    const over = from + seconds - to;
    if (over < LEAST_OVER_SECONDS) return [];
    const cut = from + seconds - filmSeconds;
    const said = `${name}: its voice is ${shown(seconds)} s long, and the scene ${shown(to - from)} s`;
    if (cut < LEAST_OVER_SECONDS) return [`${said}: it goes on over the next scene.`];
    return [`${said}: its last ${shown(cut)} s are cut, because the film ends before.`];
  });
}

function shown(seconds: number): number {
  return Number(seconds.toFixed(1));
}
