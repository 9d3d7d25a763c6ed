/** Whether a host still knows a character, and its registration where it does not. */

import type { Provider } from '../providers/provider.ts';
import { type Character, orientationOfCharacter, type Registration } from '../shared/character.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { requireCharacter } from './find.ts';
import { ensureRegistered, type RegisterOptions } from './register.ts';
import { type RegistrationTarget, registrationAt } from './registration-target.ts';
import { isStillRegistered, markStale } from './stale.ts';

export interface Synced {
  readonly character: Character;
  readonly registration?: Registration;
  /** What was found or done; undefined after an error. `unchecked`: it is recorded, and the host would not tell. */
  readonly did?: 'known' | 'unchecked' | 'registered';
  readonly error?: SoraError;
}

export async function syncCharacter(
  workspace: Workspace,
  character: Character,
  { provider, options }: { provider: Provider; options: RegisterOptions },
): Promise<Synced> {
  const model = (await workspace.connection()).model ?? provider.defaultModel;
  const mode = provider.limits(model).characterMode;
  const target: RegistrationTarget = { provider, orientation: orientationOfCharacter(character), mode };
  try {
    const kept = await checkedAt(workspace, character, target);
    if (kept) return { character, ...kept };
    const current = await requireCharacter(workspace, character.name);
    return { character, did: 'registered', registration: await ensureRegistered(workspace, current, target, options) };
  } catch (error) {
    if (!isSoraError(error)) throw error;
    const { code, message, hint, requestId } = error;
    const more = { ...(hint !== undefined && { hint }), ...(requestId !== undefined && { requestId }), cause: error };
    return { character, error: new SoraError(code, `${character.name}: ${message}`, more) };
  }
}

/** The registration there, unless the host says that it is none any more. */
async function checkedAt(
  workspace: Workspace,
  character: Character,
  target: RegistrationTarget,
): Promise<Pick<Synced, 'did' | 'registration'> | undefined> {
  for (let current = character; ; current = await requireCharacter(workspace, character.name)) {
    const registration = registrationAt(current, target, workspace.runtime.clock.now());
    if (!registration) return undefined;
    const holds = await isStillRegistered(workspace, target, registration);
    if (holds !== false) return { did: holds ? 'known' : 'unchecked', registration };
    await markStale(workspace, current, { target, registration });
  }
}
