/** Registrations: a host's name for a master clip, made when it is missing and kept with the character. */
import type { Context } from '../context.ts';
import type { Character, Orientation, Registration } from '../domain.ts';
import { isSoraError, SoraError } from '../errors.ts';
import type { Provider } from '../providers/provider.ts';
import { firstTime } from '../store/notices.ts';
import { clipFor } from './clip.ts';

/** The living registration of a character's clip in that orientation, if there is one. */
export function registrationAt(
  character: Character,
  at: { provider: string; baseUrl: string; orientation: Orientation; nowMs: number },
): Registration | undefined {
  return character.registrations.find(
    (one) =>
      one.provider === at.provider &&
      one.baseUrl === at.baseUrl &&
      one.orientation === at.orientation &&
      one.stale !== true &&
      (one.expiresAt === undefined || Date.parse(one.expiresAt) > at.nowMs),
  );
}

/**
 * Registers the character with the host unless it is already, and returns the registration. The record is saved as soon
 * as the host has answered. Throws what the provider throws; the character stays as it was then.
 */
export async function ensureRegistered(
  context: Context,
  character: Character,
  { provider, orientation }: { provider: Provider; orientation: Orientation },
): Promise<Registration> {
  const { ui, host } = context;
  const at = { provider: provider.name, baseUrl: provider.baseUrl, orientation, nowMs: host.clock.now() };
  const known = registrationAt(character, at);
  if (known) return known;
  const clip = await clipFor(context, character, orientation);
  await sayLikenessRule(context);
  const task = await ui.task(`Registering ${character.name} with ${provider.name}`);
  try {
    const remote = await provider.createCharacter(
      { name: character.name, clipPath: clip.path, fileName: 'clip.mp4' },
      { signal: host.signal },
    );
    const profile = await context.profileName();
    const registration: Registration = {
      provider: provider.name,
      baseUrl: provider.baseUrl,
      profile,
      orientation,
      kind: 'id',
      value: remote.id,
      name: (remote.name ?? character.name).normalize('NFC'),
      createdAt: new Date(host.clock.now()).toISOString(),
    };
    await saveRegistration(context, character, registration);
    task.done(`${character.name} is registered with ${provider.name}: ${remote.id}`);
    return registration;
  } catch (error) {
    task.fail(`${character.name} is not registered with ${provider.name}`);
    throw error;
  } finally {
    await clip.dispose();
  }
}

async function saveRegistration(context: Context, character: Character, registration: Registration): Promise<void> {
  const store = await context.characters();
  try {
    await store.update(character.name, (current) => {
      if (current.master.sha256 !== character.master.sha256) {
        throw new SoraError('usage', 'It was given another clip meanwhile: run the command again for that one.');
      }
      return { ...current, registrations: [...current.registrations, registration] };
    });
  } catch (error) {
    throw new SoraError(
      isSoraError(error) ? error.code : 'machine',
      `${character.name} was registered with ${registration.provider} as ${registration.value}, but that could not be written down.`,
      { hint: `Note the id. ${error instanceof Error ? error.message : ''}`.trim(), cause: error },
    );
  }
}

/** Once per home, before the first upload. */
async function sayLikenessRule(context: Context): Promise<void> {
  if (!(await firstTime(context.paths.state, 'likeness'))) return;
  context.ui.warn(
    'A clip that shows a person needs that person’s permission. Likenesses of real people are blocked by default at OpenAI. (Said once.)',
  );
}
