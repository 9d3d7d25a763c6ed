/** The cast and the hosts: `character sync` registers who is unknown there, `character adopt` takes over whom a host knows. */
import { basename, resolve } from 'node:path';
import { registrationId } from '../characters/cast-format.ts';
import { checkInput, hashSource } from '../characters/check-input.ts';
import { characterDocument, requireCharacter } from '../characters/find.ts';
import { checkName } from '../characters/names.ts';
import { pendingAt, withoutPending } from '../characters/pending.ts';
import { ensureRegistered, type RegisterOptions, willCost } from '../characters/register.ts';
import { type RegistrationTarget, registrationAt } from '../characters/registration-target.ts';
import { requestsOf } from '../characters/repeat-registration.ts';
import { isStillRegistered, markStale } from '../characters/stale.ts';
import type { CharacterStore } from '../characters/store.ts';
import type { Context } from '../context.ts';
import { type BudgetLimits, type CharacterBudget, characterBudget, costToKeep } from '../costs/budget.ts';
import type { Provider, RemoteCharacter } from '../providers/provider.ts';
import { type Character, isMade, orientationOfCharacter, type Registration } from '../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../shared/clip.ts';
import { type ErrorCode, exitOf, hintsOf, isSoraError, refuseAll, SoraError } from '../shared/errors.ts';
import type { Orientation } from '../shared/geometry.ts';
import { oneLine, shellOption, shellPhrase } from '../shared/text.ts';
import { isSame, keep, nameTaken } from './character-create.ts';

/** Those that were named; without names, the whole cast. Throws `usage` with every unknown name, `machine` when a record is broken. */
export async function castOf(context: Context, names: readonly string[]): Promise<readonly Character[]> {
  if (names.length === 0) {
    const { records, broken } = await (await context.characters()).list();
    if (broken[0] === undefined) return records;
    // Whoever asks for the whole cast is not served by a part of it.
    throw new SoraError(
      'machine',
      `Some characters of the cast cannot be read: ${broken[0].path} (${broken[0].reason}).`,
      {
        hint: 'Name the characters to use. To see everything that is broken: sora store check',
      },
    );
  }
  const found = new Map<string, Character>();
  const problems: SoraError[] = [];
  for (const name of names) {
    try {
      const character = await requireCharacter(context, name);
      found.set(character.name, character);
    } catch (error) {
      if (!isSoraError(error, 'usage')) throw error;
      problems.push(error);
    }
  }
  const [first] = problems;
  if (first && problems.length === 1) throw first;
  if (first) {
    throw refuseAll(
      'usage',
      problems.map(({ message }) => message),
      hintsOf(problems),
    );
  }
  return [...found.values()];
}

interface Synced {
  readonly character: Character;
  readonly registration?: Registration;
  /** What was found or done; undefined after an error. `unchecked`: it is recorded, and the host would not tell. */
  readonly did?: 'known' | 'unchecked' | 'registered';
  readonly error?: SoraError;
}

/** After one of these nobody else would fare better. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['auth', 'budget', 'interrupted', 'terminated']);

/** `sora character sync [<name>...]` */
export async function runCharacterSync(
  context: Context,
  names: readonly string[],
  flags: Pick<RegisterOptions, 'resend'> & BudgetLimits = {},
): Promise<number> {
  const { ui, runtime } = context;
  const cast = await castOf(context, names);
  const provider = await takerOf(context);
  const { admit } = await budgetOf(context, cast, { provider, flags });
  const options = { ...flags, admit };
  const synced: Synced[] = [];
  for (const character of cast) {
    const last = await syncOne(context, character, { provider, options });
    synced.push(last);
    if (last.error && (HOPELESS.has(last.error.code) || runtime.signal.aborted)) break;
  }
  const failed = synced.flatMap(({ error }) => error ?? []);
  const left = cast.slice(synced.length).map(({ name }) => name);
  const [only] = failed;
  if (only && cast.length === 1) throw only;
  for (const error of failed) ui.error(error);
  if (left.length > 0) ui.warn(`Not tried: ${left.join(', ')}`);
  ui.result({
    json: synced.map(({ character: { name }, did, registration, error }) => ({
      name,
      ...(did !== undefined && { did, registration }),
      ...(error && { error: { code: error.code, message: error.message } }),
    })),
    text: textOf(synced, provider),
    quiet: synced.flatMap(({ registration }) => registration?.value ?? []),
  });
  return exitOf(synced);
}

function textOf(synced: readonly Synced[], provider: Provider): string {
  if (synced.length === 0) return 'The cast is empty.';
  return synced
    .map(({ character: { name }, did, registration }) => {
      if (registration === undefined) return `${name}: not registered`;
      return `${name}: ${provider.name} ${did === undefined ? '' : DID[did]} as ${oneLine(registration.value, 200)}`;
    })
    .join('\n');
}

const DID = {
  known: 'knows it already',
  unchecked: 'cannot be asked; it was registered',
  registered: 'knows it now',
} as const satisfies Record<NonNullable<Synced['did']>, string>;

/** The chosen provider, when it takes characters at all. */
async function takerOf(context: Context): Promise<Provider> {
  const provider = await context.provider();
  if (provider.takesCharacters !== 'no') return provider;
  throw new SoraError('usage', `${provider.backend ?? provider.name} takes no characters.`, {
    hint: 'Use another host with --provider or --base-url.',
  });
}

/** Says the cost, or throws `budget`, before the first of them is paid for. Who turns out to be forgotten counts then. */
async function budgetOf(
  context: Context,
  cast: readonly Character[],
  { provider, flags }: { provider: Provider; flags: Pick<RegisterOptions, 'resend'> & BudgetLimits },
): Promise<CharacterBudget> {
  const model = (await context.connection()).model ?? provider.defaultModel;
  const mode = provider.limits(model).characterMode;
  const at = { resend: flags.resend, nowMs: context.runtime.clock.now() };
  const costs = cast.map((one) => willCost(one, { provider, orientation: orientationOfCharacter(one), mode }, at));
  const budget = characterBudget(context, provider, flags);
  await budget.expect((await Promise.all(costs)).filter(Boolean).length);
  return budget;
}

async function syncOne(
  context: Context,
  character: Character,
  { provider, options }: { provider: Provider; options: RegisterOptions },
): Promise<Synced> {
  const model = (await context.connection()).model ?? provider.defaultModel;
  const mode = provider.limits(model).characterMode;
  const target: RegistrationTarget = { provider, orientation: orientationOfCharacter(character), mode };
  try {
    const kept = await checkedAt(context, character, target);
    if (kept) return { character, ...kept };
    const current = await requireCharacter(context, character.name);
    return { character, did: 'registered', registration: await ensureRegistered(context, current, target, options) };
  } catch (error) {
    if (!isSoraError(error)) throw error;
    const { code, message, hint, requestId } = error;
    const more = { ...(hint !== undefined && { hint }), ...(requestId !== undefined && { requestId }), cause: error };
    return { character, error: new SoraError(code, `${character.name}: ${message}`, more) };
  }
}

/** The registration there, unless the host says that it is none any more. */
async function checkedAt(
  context: Context,
  character: Character,
  target: RegistrationTarget,
): Promise<Pick<Synced, 'did' | 'registration'> | undefined> {
  for (let current = character; ; current = await requireCharacter(context, character.name)) {
    const registration = registrationAt(current, target, context.runtime.clock.now());
    if (!registration) return undefined;
    const holds = await isStillRegistered(context, target, registration);
    if (holds !== false) return { did: holds ? 'known' : 'unchecked', registration };
    await markStale(context, current, { target, registration });
  }
}

export interface AdoptInput {
  readonly id: string;
  readonly name: string;
  readonly asRegistered: boolean;
  /** The file that the character was made from, where this machine has no character of that name. */
  readonly clip?: string;
  /** How the clip behind the id lies, where no clip here tells. */
  readonly orientation?: Orientation;
}

/** `sora character adopt <id> --name <name>` */
export async function runCharacterAdopt(context: Context, input: AdoptInput): Promise<undefined> {
  const { ui, runtime } = context;
  const id = input.id.trim();
  if (id === '')
    throw new SoraError('usage', 'The id is empty.', { hint: 'Give it as the host wrote it, such as char_123.' });
  const clip = input.clip === undefined ? undefined : resolve(runtime.cwd, input.clip);
  const typed = clip === undefined ? checkName(input.name) : await checkInput(clip, input.name);
  const store = await context.characters();
  const existing = await store.find(typed);
  const name = existing?.name ?? typed;
  const source = clip && { fileName: basename(clip), sha256: await hashSource(clip, runtime.signal) };
  const options = existing?.options ?? DEFAULT_CLIP_OPTIONS;
  if (existing && isMade(existing) && source && !isSame(existing, { name: typed, source, options }))
    throw nameTaken(existing, typed);
  const provider = await takerOf(context);
  const known = hostName(await askHost(context, provider, id), { ...input, id, name, provider });

  const made = clip && source && { name, path: clip, source, options, force: false };
  const isFirstClip = existing !== undefined && !isMade(existing);
  const character = existing && !(isFirstClip && made) ? existing : made ? await keep(context, made) : undefined;
  const registration: Registration = {
    provider: provider.name,
    baseUrl: provider.baseUrl,
    profile: await context.profileName(),
    orientation: input.orientation ?? (character ? orientationOfCharacter(character) : 'landscape'),
    kind: 'id',
    value: id,
    name: known,
    createdAt: new Date(runtime.clock.now()).toISOString(),
  };
  const adopted = await take(store, name, registration, provider);
  if (!isMade(adopted)) {
    const give = `sora character create <clip> ${shellOption('--name', shellPhrase(adopted.name))}`;
    ui.note(
      `${adopted.name} has no clip: it can be used where it is registered, and nowhere else. To give it one: ${give}`,
    );
  }
  if (known !== adopted.name) ui.note(`${provider.name} knows it as ${oneLine(known, 100)}; prompts for it say that.`);
  ui.result({
    json: await characterDocument(context, adopted),
    prose: true,
    text: `${ui.paint.bold(adopted.name)} is ${oneLine(id, 200)} at ${provider.name}.`,
    quiet: [id],
  });
}

/** Writes the registration down, in a new record where there is none; what was pending there has found its end. */
async function take(
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
async function askHost({ runtime, ui }: Context, provider: Provider, id: string): Promise<RemoteCharacter | undefined> {
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
    ui.warn(`${error.message} ${oneLine(id, 100)} is accepted as given.`);
    return undefined;
  }
}

/** The name that prompts for this host have to say. */
function hostName(
  remote: RemoteCharacter | undefined,
  { id, name, asRegistered, provider }: AdoptInput & { provider: Provider },
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
