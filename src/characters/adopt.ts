/** Taking over what a host knows already: its id, and the name that prompts for it say. */

import { basename } from 'node:path';
import { costToKeep } from '../costs/max-cost.ts';
import { hostTitle } from '../providers/index.ts';
import { type Provider, type RemoteCharacter, takesCharacters } from '../providers/provider.ts';
import { type Character, orientationOfCharacter, type Registration } from '../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../shared/clip.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Orientation } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { capitalizeThe, oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { checkInput, hashSource } from './check-input.ts';
import { isSame, keepCharacter } from './keep.ts';
import { registrationId } from './merge.ts';
import { checkName, nameTaken } from './names.ts';
import { pendingAt, withoutPending } from './pending.ts';
import { registrationHost, takesNone } from './registration-host.ts';
import { requestsOf } from './repeat-registration.ts';
import type { CharacterStore } from './store.ts';

export interface AdoptOptions {
  /** As the host wrote it. */
  readonly id: string;
  readonly name: string;
  /** Keeps it under that name, although its host knows it by another, which prompts then say. */
  readonly asRegistered: boolean;
  /** Absolute path of the file that the character was made from, where this machine has no character of that name. */
  readonly clip?: string | undefined;
  /** How the clip behind the id lies, where no clip here tells. */
  readonly orientation?: Orientation | undefined;
  /** Whether the picture of a clip is measured and what is worse than good told. */
  readonly isJudged: boolean;
}

/**
 * Takes over an id of the chosen host, for a character of this machine or a new one. Throws `usage` for an id that the host does
 * not know, a name that is taken by another clip, and a name that the host does not know it by.
 */
export async function adoptCharacter(
  workspace: Workspace,
  input: AdoptOptions,
): Promise<{ readonly character: Character; readonly registration: Registration }> {
  const { runtime } = workspace;
  const { clip, isJudged } = input;
  const id = input.id.trim();
  if (id === '')
    throw new SoraError('usage', 'The id is empty.', { hint: 'Give it as the host wrote it, such as char_123.' });
  const typed = clip === undefined ? checkName(input.name) : await checkInput(clip, input.name);
  const store = await workspace.characters();
  const existing = await store.find(typed);
  const name = existing?.name ?? typed;
  const source = clip === undefined ? undefined : await sourceOf(workspace, clip);
  const options = existing?.clip?.options ?? DEFAULT_CLIP_OPTIONS;
  if (existing?.clip && source && !isSame(existing, { name: typed, source, options })) throw nameTaken(existing, typed);
  const provider = await registrationHost(workspace);
  if (!takesCharacters(provider)) throw takesNone(provider);
  if (!provider.characters) throw hasNoIds(provider);
  const known = nameAtHost(await askHost(workspace, provider, id), { ...input, id, name, provider });

  const made = clip !== undefined && source && { name, path: clip, source, options, force: false, isJudged };
  const isFirstClip = existing !== undefined && !existing.clip;
  const character =
    existing && !(isFirstClip && made) ? existing : made ? (await keepCharacter(workspace, made)).character : undefined;
  const registration: Registration = {
    provider: provider.name,
    baseUrl: provider.baseUrl,
    profile: await workspace.profileName(),
    orientation: input.orientation ?? (character ? orientationOfCharacter(character) : 'landscape'),
    kind: 'id',
    value: id,
    name: known,
    createdAt: new Date(runtime.clock.now()).toISOString(),
  };
  return { character: await keepAdopted(store, name, registration, provider), registration };
}

function hasNoIds(provider: Provider): SoraError {
  return new SoraError(
    'usage',
    `${capitalizeThe(hostTitle(provider))} knows no characters by ids: it takes their clips.`,
    {
      hint: 'Keep the clip itself: sora character create <clip> --name <name>. It is uploaded when a video needs it.',
    },
  );
}

async function sourceOf({ runtime }: Workspace, path: string): Promise<{ fileName: string; sha256: string }> {
  return { fileName: basename(path), sha256: await hashSource(path, runtime.signal) };
}

/** Writes the registration down, in a new record where there is none; what was pending there has found its end. */
async function keepAdopted(
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
async function askHost(
  { runtime, reporter }: Workspace,
  provider: Provider,
  id: string,
): Promise<RemoteCharacter | undefined> {
  const unknown = (): SoraError =>
    new SoraError('usage', `${hostTitle(provider)} does not know a character ${oneLine(id, 100)}.`, {
      reason: 'unknown-character-id',
      hint: `Ids belong to the host and the account that they were made with; check ${option('provider')} and ${option('baseUrl')}.`,
    });
  const accept = (why: string): undefined => {
    reporter.warn(`${why} ${oneLine(id, 100)} is accepted as given.`);
  };
  const get = provider.characters?.get;
  if (!get) return accept(`${capitalizeThe(hostTitle(provider))} cannot be asked about a character.`);
  try {
    const remote = await get(id, { signal: runtime.signal });
    if (remote === undefined) throw unknown();
    return remote;
  } catch (error) {
    // Of a server that speaks the format of one that can be asked.
    if (!isSoraError(error, 'usage') || error.reason === 'unknown-character-id') throw error;
    return accept(error.message);
  }
}

/** The name that prompts for this host have to say. */
function nameAtHost(
  remote: RemoteCharacter | undefined,
  { id, name, asRegistered, provider }: { id: string; name: string; asRegistered: boolean; provider: Provider },
): string {
  const there = remote?.name?.normalize('NFC') || name;
  if (there === name || asRegistered) return there;
  throw new SoraError(
    'usage',
    `${hostTitle(provider)} knows ${oneLine(id, 100)} as ${oneLine(there, 100)}, not as ${name}.`,
    {
      hint: `A video of it must say the name that the host knows. To keep it as ${name} anyway, add ${option('asRegistered')}.`,
    },
  );
}
