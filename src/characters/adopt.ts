/** Taking over what a host knows already: its id, and the name that prompts for it say. */

import { costToKeep } from '../costs/budget.ts';
import type { Provider, RemoteCharacter } from '../providers/provider.ts';
import type { Character, Registration } from '../shared/character.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { registrationId } from './cast-format.ts';
import { pendingAt, withoutPending } from './pending.ts';
import { requestsOf } from './repeat-registration.ts';
import type { CharacterStore } from './store.ts';

/** Writes the registration down, in a new record where there is none; what was pending there has found its end. */
export async function keepAdopted(
  store: CharacterStore,
  name: string,
  registration: Registration,
  provider: Provider,
): Promise<Character> {
  const { createdAt, orientation } = registration;
  const fresh: Character = { version: 1, name, registrations: [registration], createdAt };
  const costOf = await costToKeep(provider);
  if ((await store.find(name)) === undefined && (await store.claim(fresh, { clipless: true }))) return fresh;
  return store.update(name, (current) => {
    const rest = withoutPending(current, { provider, orientation });
    const isOther = (one: Registration): boolean => registrationId(one) !== registrationId(registration);
    const pending = pendingAt(current, { provider, orientation, mode: 'id' });
    const { cost } = rest.registrations.find((one) => !isOther(one)) ?? (pending ? costOf(requestsOf(pending)) : {});
    return {
      ...rest,
      registrations: [...rest.registrations.filter(isOther), { ...registration, ...(cost && { cost }) }],
    };
  });
}

/** What the host says of the id; undefined where hosts cannot be asked. Throws `usage` for an id that it does not know. */
export async function askHost(
  { runtime, reporter }: Workspace,
  provider: Provider,
  id: string,
): Promise<RemoteCharacter | undefined> {
  const unknown = (): SoraError =>
    new SoraError('usage', `${provider.name} does not know a character ${oneLine(id, 100)}.`, {
      reason: 'unknown-character-id',
      hint: 'Ids belong to the host and the account that they were made with; check --provider and --base-url.',
    });
  try {
    const remote = await provider.getCharacter(id, { signal: runtime.signal });
    if (remote === undefined) throw unknown();
    return remote;
  } catch (error) {
    // An adapter whose host has no such call says `usage` itself.
    if (!isSoraError(error, 'usage') || error.reason === 'unknown-character-id') throw error;
    reporter.warn(`${error.message} ${oneLine(id, 100)} is accepted as given.`);
    return undefined;
  }
}

/** The name that prompts for this host have to say. */
export function nameAtHost(
  remote: RemoteCharacter | undefined,
  { id, name, asRegistered, provider }: { id: string; name: string; asRegistered: boolean; provider: Provider },
): string {
  const there = remote?.name?.normalize('NFC') || name;
  if (there === name || asRegistered) return there;
  throw new SoraError(
    'usage',
    `${provider.name} knows ${oneLine(id, 100)} as ${oneLine(there, 100)}, not as ${name}.`,
    {
      hint: `A video of it must say the name that the host knows. To keep it as ${name} anyway, add --as-registered.`,
    },
  );
}
