/** A character of pictures alone: no clip is prepared and nothing registered; models that take pictures get them with a video. */

import type { Character } from '../../shared/character.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { shellCommand, shellQuote } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { sameStills } from '../merge.ts';
import { checkName, nameTaken } from '../names.ts';
import type { GivenStills } from './stills.ts';

export interface CreatePicturedOptions {
  readonly name: string;
  readonly given: GivenStills;
  /** Replaces a character of that name. */
  readonly force: boolean;
}

/** Throws `usage` for a name that is no name, or taken by a clip or other pictures. */
export async function wantedPictured(
  workspace: Workspace,
  { name: typed, given, force }: CreatePicturedOptions,
): Promise<{ readonly name: string; readonly existing: Character | undefined }> {
  const name = checkName(typed);
  const existing = await (await workspace.characters()).find(name);
  if (existing && !force) refuseTaken(existing, { name, given });
  return { name, existing };
}

/** Throws `usage` unless the character is of these pictures, or has a name and no looks yet. */
function refuseTaken(existing: Character, { name, given }: Pick<CreatePicturedOptions, 'name' | 'given'>): void {
  if (existing.name !== name) throw nameTaken(existing, name);
  if (!existing.clip && (!existing.stills || sameStills(existing.stills, given.stills))) return;
  const has = existing.clip ? 'made from a clip' : 'with other pictures';
  throw new SoraError('usage', `A character named ${name} already exists, ${has}.`, {
    hint: `To give it these pictures: ${shellCommand('sora character stills', [shellQuote(name)], [`${option('set')} <picture>...`])} To replace it, add ${option('force')}.`,
  });
}

/** Makes the character, or gives one that has a name and registrations its pictures. Throws what `wantedPictured` throws. */
export async function createPictured(workspace: Workspace, input: CreatePicturedOptions): Promise<Character> {
  const { name } = await wantedPictured(workspace, input);
  const store = await workspace.characters();
  await store.sweep();
  const { stills, files } = input.given;
  const createdAt = new Date(workspace.runtime.clock.now()).toISOString();
  return store.place(name, files, (current) => {
    if (!current) return { version: 1, name, stills, registrations: [], createdAt };
    // Another process may have made it since.
    if (!input.force) refuseTaken(current, { ...input, name });
    // What hosts were given of a clip is not these pictures.
    const { clip, clipless: _, registrations, pending, ...rest } = current;
    const kept = clip ? { registrations: [] } : { registrations, ...(pending && { pending }) };
    return { ...rest, ...kept, stills };
  });
}
