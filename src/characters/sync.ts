/** Checks each character's registration with a host, and registers again those that it has lost. */

import { type RegistrationLimit, registrationLimit } from '../costs/max-cost.ts';
import { hostTitle } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { type CharacterInput, preferredMode } from '../providers/references.ts';
import { type Character, orientationOfCharacter, type Registration } from '../shared/character.ts';
import type { Framing } from '../shared/clip.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import type { Orientation } from '../shared/geometry.ts';
import type { CostLimits } from '../shared/money.ts';
import type { Workspace } from '../workspace.ts';
import { requireCharacter } from './find.ts';
import { castTargets, type FittedTo } from './fit-cast.ts';
import { withPictures } from './pictures/cast-pictures.ts';
import { ensureRegistered, type RegisterOptions, willCost } from './register.ts';
import { type RegistrationTarget, registrationAt } from './registration-target.ts';
import { isStillRegistered, markStale } from './stale.ts';

export interface Synced {
  readonly character: Character;
  readonly registration?: Registration;
  /** What was found or done; undefined after an error, and where it was left out. `unchecked`: it is recorded, and the host would not tell. */
  readonly did?: 'known' | 'unchecked' | 'registered';
  readonly error?: SoraError;
}

/** After one of these nobody else would fare better. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['auth', 'budget', 'interrupted', 'terminated']);

/**
 * Asks the host of each in turn, and registers whom it does not know. A failure is in the answer; after one that every other would
 * share, the rest are left out of it. Throws `budget` before the first is paid for.
 */
export async function syncCast(
  workspace: Workspace,
  cast: readonly Character[],
  {
    provider,
    isNamed = false,
    orientation,
    framing,
    ...flags
  }: {
    readonly provider: Provider;
    readonly resend?: boolean;
    /** Of the videos; of each clip unless given. */
    readonly orientation?: Orientation | undefined;
    readonly framing?: Framing | undefined;
    /** Whether somebody asked for these, so that none may be left out. */
    readonly isNamed?: boolean;
  } & CostLimits,
): Promise<readonly Synced[]> {
  const model = (await workspace.connection()).model ?? provider.defaultModel;
  const { characterInputs } = await provider.limits(model, { signal: workspace.runtime.signal });
  const place = { provider, mode: preferredMode(characterInputs) };
  if (place.mode === 'clip-inline') throw nothingToSync(provider);
  const limits = { characterInputs };
  const targetOf = (one: Character): RegistrationTarget => ({
    ...place,
    orientation: orientation ?? orientationOfCharacter(one),
  });
  const { admit } = await budgetOf(workspace, cast, { provider, targetOf, flags });
  const synced: Synced[] = [];
  for (const character of cast) {
    const { name, clip, stills, registrations } = character;
    const isTaken = clip !== undefined || !stills || registrations.length > 0 || characterInputs.some(isForPictures);
    if (!isTaken && !isNamed) {
      workspace.reporter.note(
        `${name} has pictures alone, which ${model ?? 'the model'} does not take: it is left out.`,
      );
      synced.push({ character });
      continue;
    }
    const last = await syncCharacter(workspace, character, {
      fittedTo: { provider, model, limits, orientation: orientation ?? orientationOfCharacter(character), framing },
      options: { ...flags, admit },
    });
    synced.push(last);
    if (last.error && (HOPELESS.has(last.error.code) || workspace.runtime.signal.aborted)) break;
  }
  return synced;
}

function nothingToSync(provider: Provider): SoraError {
  return new SoraError(
    'usage',
    `${hostTitle(provider)} takes clips inside of its requests: nobody is registered there.`,
    {
      hint: 'Send a video with them: sora video generate <prompt> -c <name>',
    },
  );
}

function isForPictures({ mode }: CharacterInput): boolean {
  return mode === 'image';
}

/** Tells the cost, or throws `budget`, before the first of them is paid for. Who turns out to be forgotten counts then. */
async function budgetOf(
  workspace: Workspace,
  cast: readonly Character[],
  {
    provider,
    targetOf,
    flags,
  }: {
    provider: Provider;
    targetOf(character: Character): RegistrationTarget;
    flags: Pick<RegisterOptions, 'resend'> & CostLimits;
  },
): Promise<RegistrationLimit> {
  const at = { resend: flags.resend, nowMs: workspace.runtime.clock.now() };
  const costs = await Promise.all(cast.map((one) => willCost(one, targetOf(one), at)));
  const budget = registrationLimit(workspace, provider, flags);
  await budget.expect(costs.filter(Boolean).length);
  return budget;
}

async function syncCharacter(
  workspace: Workspace,
  character: Character,
  { fittedTo, options }: { fittedTo: FittedTo; options: RegisterOptions },
): Promise<Synced> {
  try {
    const { limits, model } = fittedTo;
    const [fitted] = await withPictures(workspace, castTargets([character], fittedTo), {
      limits,
      model,
      others: 0,
      isKept: true,
    });
    if (!fitted) throw new TypeError('a character has one target');
    const { target } = fitted;
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
