/** The files that a character needs: what they are called, and what is missing. */

import { type Character, filesOf, type KeptFile, stillFile } from '../shared/character.ts';
import type { CharacterStore } from './store.ts';

/** What is not here of a character that may lack it: a sentence without a full stop; undefined where it has what it needs. */
export async function lackOf(
  store: Pick<CharacterStore, 'hasFile'>,
  { name, clip, stills, clipless, ...rest }: Character,
): Promise<string | undefined> {
  const missing = async (files: ReturnType<typeof filesOf>): Promise<boolean> =>
    (await Promise.all(files.map((file) => store.hasFile(file)))).includes(false);
  const lacksStills = stills !== undefined && (await missing(stills.map(stillFile)));
  if (!clip && stills)
    return lacksStills ? `The pictures of ${name} are not here: a cast file that has them gives them back` : undefined;
  const lacksClip = !clip || (clipless === true && (await missing(filesOf({ ...rest, name, clip }))));
  if (lacksClip) return `${name} has no clip: it can be used where it is registered, and nowhere else`;
  return undefined;
}

/** What a sentence calls it. */
export function nounOf({ extension }: KeptFile): 'clip' | 'picture' | 'consent' {
  if (extension === 'mp4') return 'clip';
  return ['png', 'jpg', 'webp'].includes(extension) ? 'picture' : 'consent';
}
