/** A character as a fingerprint says it: equal on every machine that has the same clip, id or pictures. */
import type { RegistrationTarget } from '../characters/registration-target.ts';
import type { Character } from '../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../shared/clip.ts';
import type { AskedCharacter } from './fingerprint.ts';

/** Of one without a clip, what the target's host knows it as. */
export function askedCharacter(
  { name, clip, registrations }: Character,
  { provider }: Pick<RegistrationTarget, 'provider'>,
): AskedCharacter {
  if (clip) return { name, source: clip.source.sha256, options: { ...DEFAULT_CLIP_OPTIONS, ...clip.options } };
  const own = registrations.find((one) => one.provider === provider.name && one.baseUrl === provider.baseUrl);
  return { name, value: own?.value ?? '' };
}
