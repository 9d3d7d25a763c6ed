/** What becomes of a plan, and what is told, by what was heard of its sound. Pure. */
import { isAudible, type TrackLevels } from '../ffmpeg/sound.ts';
import { withoutAudio } from './fallbacks.ts';
import type { ConvertPlan } from './media-plan.ts';

/** Why there is to be no sound. */
export const NO_SOUND = 'there is none in the part that is taken';
export const UNDECODABLE = 'it cannot be decoded';

export const SILENCE_NOTE = 'Its sound is silence.';
export const MUTE_NOTE = 'The sound could not be decoded and was left out.';

/** A mix of many channels may be louder than full scale; lossy coding moves peaks by a little. */
const CEILING_DB = -1;

/** What becomes of a plan by what was heard of its sound, or by why it cannot be decoded. */
export function soundOf(
  plan: ConvertPlan,
  heard: TrackLevels | string | undefined,
): { readonly plan: ConvertPlan; readonly soundNotes: readonly string[]; readonly attenuation: number } {
  if (heard === undefined) return { plan, soundNotes: [], attenuation: 0 };
  if (typeof heard === 'string')
    return { plan: withoutAudio(plan, `${UNDECODABLE} (${heard})`), soundNotes: [MUTE_NOTE], attenuation: 0 };
  if (heard.seconds === 0) return { plan: withoutAudio(plan, NO_SOUND), soundNotes: [], attenuation: 0 };
  return {
    plan,
    soundNotes: heardNotes(heard),
    attenuation: Math.max(0, heard.peak > 0 ? heard.peak - CEILING_DB : 0),
  };
}

function heardNotes(heard: TrackLevels): string[] {
  const { complaint } = heard;
  return [
    ...(isAudible(heard) ? [] : [SILENCE_NOTE]),
    ...(complaint === undefined ? [] : [`Some of its sound could not be decoded and is silent: ${complaint}.`]),
  ];
}
