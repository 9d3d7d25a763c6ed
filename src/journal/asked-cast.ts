/** A character as a fingerprint says it: equal on every machine that has the same clip, id or pictures. */
import type { Provider } from '../providers/provider.ts';
import type { Character } from '../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../shared/clip.ts';
import type { AskedCharacter } from './fingerprint.ts';

/** Of one without a clip, what that host knows it as; undefined where no host is chosen. */
export function askedCharacter(character: Character, provider: Provider): AskedCharacter;
export function askedCharacter(character: Character, provider: Provider | undefined): AskedCharacter | undefined;
export function askedCharacter(
  { name, clip, stills, registrations }: Character,
  provider: Provider | undefined,
): AskedCharacter | undefined {
  if (clip) return { name, source: clip.source.sha256, options: { ...DEFAULT_CLIP_OPTIONS, ...clip.options } };
  if (stills) return { name, pictures: stills.map(({ sha256 }) => sha256) };
  if (!provider) return undefined;
  const own = registrations.find((one) => one.provider === provider.name && one.baseUrl === provider.baseUrl);
  return { name, value: own?.value ?? '' };
}

/** By their names, the ids by which hosts know them, or have known them. */
export function idsOf(characters: readonly Character[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    characters.map(({ name, registrations }) => [
      name,
      new Set(registrations.flatMap(({ kind, value }) => (kind === 'id' ? value : []))),
    ]),
  );
}
