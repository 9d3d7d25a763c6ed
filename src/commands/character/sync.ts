/** The cast and the hosts: `character sync` registers who is unknown there, `character adopt` takes over whom a host knows. */
import { basename, resolve } from 'node:path';
import { askHost, keepAdopted, nameAtHost } from '../../characters/adopt.ts';
import { checkInput, hashSource } from '../../characters/check-input.ts';
import { characterDocument, requireCast } from '../../characters/find.ts';
import { isSame, keepCharacter, nameTaken } from '../../characters/keep.ts';
import { checkName } from '../../characters/names.ts';
import { type RegisterOptions, willCost } from '../../characters/register.ts';
import { type Synced, syncCharacter } from '../../characters/sync.ts';
import type { Context } from '../../context.ts';
import { type BudgetLimits, type CharacterBudget, characterBudget } from '../../costs/budget.ts';
import type { Provider } from '../../providers/provider.ts';
import { type Character, isMade, orientationOfCharacter, type Registration } from '../../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../shared/clip.ts';
import { type ErrorCode, exitOf, SoraError } from '../../shared/errors.ts';
import type { Orientation } from '../../shared/geometry.ts';
import { oneLine, shellOption, shellPhrase } from '../../shared/text.ts';

/** After one of these nobody else would fare better. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['auth', 'budget', 'interrupted', 'terminated']);

/** `sora character sync [<name>...]` */
export async function runCharacterSync(
  context: Context,
  names: readonly string[],
  flags: Pick<RegisterOptions, 'resend'> & BudgetLimits = {},
): Promise<number> {
  const { ui, runtime } = context;
  const cast = await requireCast(context, names);
  const provider = await takerOf(context);
  const { admit } = await budgetOf(context, cast, { provider, flags });
  const options = { ...flags, admit };
  const synced: Synced[] = [];
  for (const character of cast) {
    const last = await syncCharacter(context, character, { provider, options });
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
  const known = nameAtHost(await askHost(context, provider, id), { ...input, id, name, provider });

  const isJudged = !context.globals.quiet;
  const made = clip && source && { name, path: clip, source, options, force: false, isJudged };
  const isFirstClip = existing !== undefined && !isMade(existing);
  const character =
    existing && !(isFirstClip && made) ? existing : made ? (await keepCharacter(context, made)).character : undefined;
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
  const adopted = await keepAdopted(store, name, registration, provider);
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
