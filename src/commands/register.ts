/** Registrations: a host's name for a master clip, made when it is missing and kept with the character. */
import type { Context } from '../context.ts';
import type { Character, Orientation, Registration } from '../domain.ts';
import { isSoraError, SoraError } from '../errors.ts';
import type { CharacterMode, Provider } from '../providers/provider.ts';
import { firstTime } from '../store/notices.ts';
import { clipFor } from './clip.ts';

/** Where a registration has to hold. */
export interface Place {
  readonly provider: Provider;
  /** Of the video: an id stands for a clip of one orientation. */
  readonly orientation: Orientation;
  readonly mode: CharacterMode;
}

const KINDS = { id: 'id', 'reference-video': 'url' } as const satisfies Record<CharacterMode, Registration['kind']>;

/** A URL that ends while the host still reads the request is no use. */
const EXPIRY_MARGIN_MS = 10 * 60_000;

/** The living registration of a character's clip there, if there is one. */
export function registrationAt(
  character: Character,
  { provider, orientation, mode }: Place,
  nowMs: number,
): Registration | undefined {
  return character.registrations.findLast(
    (one) =>
      one.provider === provider.name &&
      one.baseUrl === provider.baseUrl &&
      one.orientation === orientation &&
      one.kind === KINDS[mode] &&
      one.stale !== true &&
      (one.expiresAt === undefined || Date.parse(one.expiresAt) > nowMs + EXPIRY_MARGIN_MS),
  );
}

/**
 * Registers the character with the host, or uploads its clip where the host takes clips, unless that is done already. The
 * record is saved as soon as the host has answered. Throws what the provider throws; the character stays as it was then.
 */
export async function ensureRegistered(context: Context, character: Character, place: Place): Promise<Registration> {
  const { ui, host } = context;
  const { provider, orientation, mode } = place;
  const known = registrationAt(character, place, host.clock.now());
  if (known) return known;
  const clip = await clipFor(context, character, { orientation, maxPixels: MAX_PIXELS[mode] });
  await sayLikenessRule(context);
  const task = await ui.task(`${mode === 'id' ? 'Registering' : 'Uploading'} ${character.name} with ${provider.name}`);
  try {
    const made = await MAKERS[mode](provider, character, { clipPath: clip.path, signal: host.signal });
    const registration: Registration = {
      provider: provider.name,
      baseUrl: provider.baseUrl,
      profile: await context.profileName(),
      orientation,
      kind: KINDS[mode],
      createdAt: new Date(host.clock.now()).toISOString(),
      ...made,
    };
    await saveRegistration(context, character, registration);
    task.done(`${character.name} is known to ${provider.name}: ${registration.value}`);
    return registration;
  } catch (error) {
    task.fail(`${character.name} is not known to ${provider.name}`);
    throw error;
  } finally {
    await clip.dispose();
  }
}

/** Some models refuse reference clips above 1280x720 (Seedance 2.0: about 927 000 pixels), and none gains from more. */
const MAX_PIXELS = { id: undefined, 'reference-video': 1280 * 720 } as const satisfies Record<
  CharacterMode,
  number | undefined
>;

type Made = Pick<Registration, 'value' | 'name' | 'expiresAt'>;

const MAKERS = {
  async id(provider, { name }, { clipPath, signal }) {
    const remote = await provider.createCharacter({ name, clipPath, fileName: 'clip.mp4' }, { signal });
    return { value: remote.id, name: (remote.name ?? name).normalize('NFC') };
  },
  async 'reference-video'(provider, { name }, { clipPath, signal }) {
    if (!provider.uploadClip) throw new SoraError('usage', `${provider.name} takes no clips.`);
    const { url, expiresAt } = await provider.uploadClip({ clipPath, fileName: 'clip.mp4' }, { signal });
    return { value: url, name, ...(expiresAt !== undefined && { expiresAt }) };
  },
} satisfies Record<
  CharacterMode,
  (provider: Provider, character: Character, clip: { clipPath: string; signal: AbortSignal }) => Promise<Made>
>;

/**
 * After a refusal: marks those registrations stale that the host does not know any more, so that they are made anew from
 * the master. It is asked about ids where it can be; else the id or the clip's name must stand in its words. True when
 * there were any.
 */
export async function forgetStale(
  context: Context,
  { characters, place, refusal }: { characters: readonly Character[]; place: Place; refusal: SoraError },
): Promise<boolean> {
  const { host, ui } = context;
  const store = await context.characters();
  let found = false;
  for (const character of characters) {
    const known = registrationAt((await store.find(character.name)) ?? character, place, host.clock.now());
    if (!known) continue;
    if (!(await isForgotten(place, known, { refusal, signal: host.signal }))) continue;
    found = true;
    ui.note(`${place.provider.name} no longer knows ${character.name} as ${known.value}; it is registered anew.`);
    const staleOnes = (one: Registration): Registration => (one.value === known.value ? { ...one, stale: true } : one);
    await store.update(character.name, (current) => ({
      ...current,
      registrations: current.registrations.map(staleOnes),
    }));
  }
  return found;
}

async function isForgotten(
  { provider, mode }: Place,
  { value }: Registration,
  { refusal, signal }: { refusal: SoraError; signal: AbortSignal },
): Promise<boolean> {
  const name = mode !== 'id' && URL.canParse(value) ? new URL(value).pathname.split('/').at(-1) : value;
  const isNamed = name !== undefined && name.length > 3 && refusal.message.includes(name);
  if (mode !== 'id') return isNamed;
  // A host that cannot be asked, or does not answer, says nothing about the id but what it said already.
  return provider.getCharacter(value, { signal }).then(
    (there) => there === undefined,
    () => isNamed,
  );
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
