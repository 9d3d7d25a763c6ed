/**
 * Registrations that their host has forgotten or deleted: how that is found out, and how it is marked. Expiry by date is
 * decided in registration-expiry.ts.
 */

import { hostTitle } from '../providers/index.ts';
import type { Character, Registration } from '../shared/character.ts';
import { type ErrorCode, isSoraError, type SoraError } from '../shared/errors.ts';
import { capitalizeThe, oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type CastTarget, type Known, type RegistrationTarget, registrationAt } from './registration-target.ts';

/** What speaks of the user or the network, and not of the registration. */
const NOT_ABOUT_IT: ReadonlySet<ErrorCode> = new Set(['auth', 'budget', 'interrupted', 'terminated'] as const);

/**
 * Whether the host still has it, by its own word: the id where the host can be asked, the file where it lies at a URL.
 * Undefined when nobody can tell. Throws `auth`, `budget`, and when aborted.
 */
export async function isStillRegistered(
  { runtime }: Workspace,
  { provider, mode }: RegistrationTarget,
  { value, values = [value] }: Known,
): Promise<boolean | undefined> {
  const { signal } = runtime;
  if (mode !== 'id') {
    const { clips } = provider;
    const held = await Promise.all(values.map((url) => clips?.has(url, { signal })));
    return held.includes(false) ? false : held.includes(undefined) ? undefined : true;
  }
  try {
    const get = provider.characters?.get;
    return get && (await get(value, { signal })) !== undefined;
  } catch (error) {
    if (!isSoraError(error) || NOT_ABOUT_IT.has(error.code)) throw error;
    return undefined;
  }
}

/** Remembers that the host has forgotten a registration, so that it is made anew; the user is told. */
export async function markStale(
  workspace: Workspace,
  character: Character,
  { target, registration }: { target: RegistrationTarget; registration: Known },
): Promise<void> {
  const { value, values } = registration;
  workspace.reporter.note(
    `${capitalizeThe(hostTitle(target.provider))} no longer knows ${character.name} as ${oneLine(value, 200)}; it is registered again.`,
  );
  await (await workspace.characters()).update(character.name, (current) => ({
    ...current,
    registrations: current.registrations.map((one) => (one.value === value ? { ...one, stale: true } : one)),
    ...staleUploads(current, values ?? []),
  }));
}

/** The pictures at those URLs are given anew. */
function staleUploads({ uploads }: Character, urls: readonly string[]): Pick<Character, 'uploads'> {
  return uploads ? { uploads: uploads.map((one) => (urls.includes(one.url) ? { ...one, stale: true } : one)) } : {};
}

/** Marks the uploaded clips and pictures at those URLs stale, because a job has failed over one of them; the user is told. */
export async function markUnreachable(workspace: Workspace, urls: readonly string[]): Promise<void> {
  const store = await workspace.characters();
  for (const { name, registrations, uploads = [] } of (await store.list()).records) {
    const isDead = ({ kind, value, stale }: Registration): boolean =>
      kind === 'url' && stale !== true && urls.includes(value);
    const clip = registrations.find(isDead)?.value;
    const dead = clip ?? uploads.find(({ url, stale }) => stale !== true && urls.includes(url))?.url;
    if (dead === undefined) continue;
    workspace.reporter.note(
      `The host could not read what it was given; ${clip === undefined ? 'a picture' : 'the clip'} of ${name} (${oneLine(dead, 200)}) is uploaded again for the next video.`,
    );
    await store.update(name, (current) => ({
      ...current,
      registrations: current.registrations.map((one) => (isDead(one) ? { ...one, stale: true } : one)),
      ...staleUploads(current, urls),
    }));
  }
}

/**
 * After a refusal: marks those registrations stale that the host does not know any more, so that they are made anew from
 * the master. The host, or the place where the clip lies, is asked where it can be; else the refusal must name the
 * character. True when there were any.
 */
export async function forgetStale(
  workspace: Workspace,
  { cast, refusal }: { cast: readonly CastTarget[]; refusal: SoraError },
): Promise<boolean> {
  const store = await workspace.characters();
  let found = false;
  for (const { character, target } of cast) {
    // One that is older may be next in line, and forgotten too.
    for (;;) {
      const current = (await store.find(character.name)) ?? character;
      const registration = registrationAt(current, target, workspace.runtime.clock.now());
      if (!registration || !(await isForgotten(workspace, registration, { target, refusal }))) break;
      found = true;
      await markStale(workspace, character, { target, registration });
    }
  }
  return found;
}

async function isForgotten(
  workspace: Workspace,
  registration: Known,
  { target, refusal }: { target: RegistrationTarget; refusal: SoraError },
): Promise<boolean> {
  const { value, values = [value] } = registration;
  const isNamed = values.some((one) => refusal.refusedCharacters.includes(one));
  // A file that is there can still be refused by name, because the host cannot read it.
  if (target.mode !== 'id' && isNamed) return true;
  // A host that cannot be asked, or does not answer, says nothing about it but what it said already.
  const holds = await isStillRegistered(workspace, target, registration).catch(() => undefined);
  return holds === undefined ? isNamed : !holds;
}
