/** What a plan does to the sound, and what it leaves out of it. Pure. */

import type { ClipOptions } from '../../shared/clip.ts';
import { option } from '../../shared/options.ts';
import type { MediaInfo } from '../info.ts';
import { trackName, unusable } from './audio-tracks.ts';
import { type PlanStep, round } from './steps.ts';

export function audioSteps({ audio }: MediaInfo, videoChanges: boolean): PlanStep[] {
  if (!audio) return [];
  const because =
    audio.codec === 'AAC' && videoChanges ? 'its length has to match that of the picture' : `${audio.codec} is not AAC`;
  const { channels = 2, laidOut } = audio;
  const mixed = laidOut
    ? `mixed from ${channels} channels`
    : `the first two of ${channels} channels, because the file does not give their positions`;
  const layout = channels === 1 ? 'mono' : 'stereo';
  return [{ do: 'encode audio', because, detail: `AAC, 48000 Hz, ${layout}${channels > 2 ? `, ${mixed}` : ''}` }];
}

/** Why there is to be no sound although the file has some. */
export function noSoundSteps({ audio, audioTracks }: MediaInfo, options: ClipOptions): PlanStep[] {
  if (audioTracks.length === 0) return [];
  if (!options.audio) return [{ do: 'drop audio', because: `${option('noAudio')} was given`, detail: 'no sound' }];
  if (audio) return [];
  const because = audioTracks.map((one) => `${trackName(one)} ${unusable(one)}`).join(', ');
  return [{ do: 'drop audio', because, detail: 'no sound' }];
}

/** The tracks that are not used, by name; none where no track is. */
export function leftOutTracks({ audio, audioTracks }: MediaInfo): string[] {
  if (!audio) return [];
  return audioTracks
    .filter(({ track }) => track !== audio.track)
    .map((one) => {
      const why = unusable(one);
      return why === undefined ? trackName(one) : `${trackName(one)}, which ${why}`;
    });
}

/** Less is lost by rounding to packets. */
const CUT_SECONDS = 0.1;

/** Sound that outlasts a picture that is taken to its end. */
export function cutSoundSteps({ audio }: MediaInfo, end: number): PlanStep[] {
  const lost = (audio?.seconds ?? 0) - end;
  if (lost < CUT_SECONDS) return [];
  const because = `it lasts ${round(audio?.seconds ?? 0)} s, the picture ${round(end)} s`;
  return [{ do: 'cut sound', because, detail: `its last ${round(lost)} s are left out` }];
}
