/**
 * A character of a clip: the clip becomes a master in the store, then has a name, then a registration at the chosen host. Each
 * step keeps what was made, so that the same call goes on from there.
 */

import { basename } from 'node:path';
import { inspectClip } from '../clips/inspect.ts';
import type { InspectedClip } from '../clips/inspect-picture.ts';
import { describeBill } from '../costs/cost.ts';
import { checkMaxCost, costOfCharacters, type RegistrationLimit, registrationLimit } from '../costs/max-cost.ts';
import type { Judgement } from '../media/judge/judge.ts';
import { hostTitle } from '../providers/index.ts';
import type { Provider, WireRequest } from '../providers/provider.ts';
import { preferredMode } from '../providers/references.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import {
  type Character,
  type CharacterClip,
  type CharacterWithClip,
  orientationOfCharacter,
  type Registration,
} from '../shared/character.ts';
import type { ClipOptions } from '../shared/clip.ts';
import { PLAN_VERSION } from '../shared/clip.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import type { Cost, CostLimits } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { capitalizeThe } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { checkInput, hashSource } from './check-input.ts';
import { isSame, keepCharacter } from './keep.ts';
import { nameTaken } from './names.ts';
import { ensureRegistered, type RegisterOptions, willCost } from './register.ts';
import { registrationHost } from './registration-host.ts';
import { type RegistrationTarget, registrationAt } from './registration-target.ts';

export interface CreateOptions extends CostLimits {
  /** Absolute path of the clip. */
  readonly path: string;
  readonly name: string;
  readonly options: ClipOptions;
  /** Replaces a character of that name. */
  readonly force: boolean;
  /** Registers it nowhere. */
  readonly local: boolean;
  /** Send although an earlier request of unknown fate may have made it. */
  readonly resend?: boolean;
}

export interface CreatedCharacter {
  readonly character: CharacterWithClip;
  /** Of the clip, where it was prepared now. */
  readonly judgement?: Judgement;
  /** Undefined where it was kept without one. */
  readonly registration?: Registration;
}

export interface CharacterPreview {
  readonly name: string;
  readonly clip: InspectedClip;
  /** The request that would register it, and its cost; undefined where none would be sent. */
  readonly sent: { readonly request: WireRequest; readonly cost: Cost | undefined } | undefined;
}

/**
 * Makes the character, or goes on with one that was made of the same clip before. Throws `usage` for a name that is taken,
 * `clip`, `budget`, and what `ensureRegistered` throws; where no host is chosen, the choice's own refusal once the character is
 * kept. `isJudged`: whether the picture is measured and what is worse than good told.
 */
export async function createCharacter(
  workspace: Workspace,
  input: CreateOptions & {
    readonly isJudged: boolean;
    /** Once it is kept, before it is registered. */
    readonly onKept?: (character: CharacterWithClip) => Promise<unknown>;
  },
): Promise<CreatedCharacter> {
  const { reporter } = workspace;
  const { path, isJudged } = input;
  const { name, chosen, source, existing, isRepeat, isFirstClip } = await wantedCharacter(workspace, input, 'use');
  if (existing && !isRepeat && !isFirstClip && !input.force) throw nameTaken(existing, name);
  const store = await workspace.characters();
  const made = isRepeat && existing?.clip ? existing : undefined;
  const lost = made !== undefined && !(await store.hasClip(made.clip.master.sha256));
  const isOld = made !== undefined && made.clip.planVersion !== PLAN_VERSION;
  // What hosts know it as may have been paid for, and is not given up because sora has changed.
  const outdated = isOld && (lost || input.force || !isBound(made)) ? made : undefined;
  if (outdated) reporter.note(`${name} was prepared by another version of sora and is prepared again.`);
  else if (isOld)
    reporter.note(
      `${name} was prepared by another version of sora; ${option('force')} prepares and registers it again.`,
    );
  const reusable = made && !outdated && !lost ? made : undefined;
  const isNew = (!isRepeat && !isFirstClip) || (outdated !== undefined && !lost);
  const budget = await budgetOf(workspace, input, { chosen, existing: isNew ? undefined : existing });
  // What has a name alone is not replaced, even with --force: its registrations stay.
  const force = input.force && !isFirstClip;
  if (!reusable && force) tellGivenUp(workspace, existing);
  if (chosen instanceof SoraError)
    reporter.note(`${name} will be kept on this machine, and not registered: ${chosen.message}`);
  const { character: kept, judgement } = reusable
    ? { character: reusable }
    : await keepCharacter(workspace, { ...input, force, name, path, source, isJudged, outdated: outdated && { lost } });
  await input.onKept?.(kept);
  if (chosen instanceof SoraError) {
    throw new SoraError(chosen.code, `${kept.name} is prepared and kept, but not registered: ${chosen.message}`, {
      hint: `To keep it without a registration, add ${option('local')}. ${chosen.hint ?? ''}`.trim(),
    });
  }
  const registration =
    chosen && budget
      ? await register(workspace, kept, { provider: chosen, resend: input.resend === true, admit: budget.admit })
      : undefined;
  const found = await store.find(name);
  return {
    character: found?.clip ? found : kept,
    ...(judgement && { judgement }),
    ...(registration && { registration }),
  };
}

/** What `createCharacter` would do, also where the clip cannot be used or the name is taken. Throws `budget`, and writes nothing. */
export async function previewCharacter(workspace: Workspace, input: CreateOptions): Promise<CharacterPreview> {
  const { name, chosen, existing, isRepeat, isFirstClip } = await wantedCharacter(workspace, input, 'preview');
  const clip = await inspectClip(workspace, input.path, input.options);
  const goesOn = isRepeat || isFirstClip ? existing : undefined;
  const sent =
    chosen && clip.plan.kind !== 'reject'
      ? await previewRegistration(workspace, input, { name, chosen, existing: goesOn })
      : undefined;
  return { name, clip, sent };
}

interface WantedCharacter {
  readonly name: string;
  /** The host; why there is none, where none was named; undefined for a character that stays here. */
  readonly chosen: Provider | SoraError | undefined;
  readonly source: CharacterClip['source'];
  readonly existing: Character | undefined;
  /** It was made of the same clip with the same options before. */
  readonly isRepeat: boolean;
  /** It has a name and no clip yet. */
  readonly isFirstClip: boolean;
}

async function wantedCharacter(
  workspace: Workspace,
  { path, name: typed, options, local }: CreateOptions,
  purpose: Purpose,
): Promise<WantedCharacter> {
  const name = await checkInput(path, typed);
  // A missing key is refused before any work. A missing choice is not: the character is worth keeping without it.
  const chosen = local ? undefined : await chosenHost(workspace, purpose);
  const existing = await (await workspace.characters()).find(name);
  const source = { fileName: basename(path), sha256: await hashSource(path, workspace.runtime.signal) };
  const isRepeat = existing !== undefined && isSame(existing, { name, source, options });
  const isFirstClip = existing !== undefined && !existing.clip && existing.name === name;
  return { name, chosen, source, existing, isRepeat, isFirstClip };
}

/** Undefined where nothing is registered. Throws `budget` before the clip is prepared, if it is clear by then. */
async function budgetOf(
  workspace: Workspace,
  input: CreateOptions,
  { chosen, existing }: { chosen: Provider | SoraError | undefined; existing: Character | undefined },
): Promise<RegistrationLimit | undefined> {
  if (!chosen || chosen instanceof SoraError || !(await takesIds(workspace, chosen))) return undefined;
  const budget = registrationLimit(workspace, chosen, input);
  const isNew = !existing || (await asksToPay(workspace, existing, { provider: chosen, resend: input.resend }));
  await budget.expect(isNew ? 1 : 0);
  return budget;
}

/** The request that would register the character, and its cost, also on stderr; undefined where none would be sent. */
async function previewRegistration(
  workspace: Workspace,
  input: CreateOptions,
  { name, chosen, existing }: { name: string; chosen: Provider | SoraError; existing: Character | undefined },
): Promise<{ readonly request: WireRequest; readonly cost: Cost | undefined } | undefined> {
  const { reporter, runtime } = workspace;
  if (chosen instanceof SoraError) {
    reporter.note(`It would be kept on this machine, and not registered: ${chosen.message}`);
    return undefined;
  }
  if (!(await takesIds(workspace, chosen, 'preview'))) return undefined;
  if (existing && !(await asksToPay(workspace, existing, { provider: chosen, resend: input.resend }))) {
    const known = registrationAt(existing, targetOf(existing, chosen), runtime.clock.now());
    reporter.note(
      `${capitalizeThe(hostTitle(chosen))} ${known ? 'knows' : 'may be making'} ${name} already: nothing would be sent.`,
    );
    return undefined;
  }
  const request = chosen.characters?.describe?.(name);
  if (!request) return undefined;
  if (request.note !== undefined) reporter.note(request.note);
  const item = await costOfCharacters(chosen, 1);
  const bill = [{ ...item, count: 1 }];
  checkMaxCost(input, { bill, provider: chosen });
  reporter.note(`Cost: ${describeBill(bill)}`);
  return { request, cost: item.each };
}

function asksToPay(
  { runtime }: Workspace,
  character: Character,
  at: { provider: Provider; resend?: boolean | undefined },
): Promise<boolean> {
  return willCost(character, targetOf(character, at.provider), { resend: at.resend, nowMs: runtime.clock.now() });
}

function targetOf(character: Character, provider: Provider): RegistrationTarget {
  return { provider, orientation: orientationOfCharacter(character), mode: 'id' };
}

/** What becomes of a character where nothing is registered, as an end of a sentence. */
const TRAVELS = {
  'clip-url': 'the clip itself; it is uploaded when a video needs it',
  'clip-inline': 'the clip itself; it travels in the request of each video',
  image: 'pictures of it; they are uploaded when a video needs them',
} as const;

/** Where models take the clip itself, it travels with the first video that needs it. */
async function takesIds(
  { reporter, connection, runtime }: Workspace,
  provider: Provider,
  purpose?: Purpose,
): Promise<boolean> {
  const model = (await connection(purpose)).model ?? provider.defaultModel;
  const { characterInputs } = await provider.limits(model, { signal: runtime.signal });
  const mode = preferredMode(characterInputs);
  if (mode === 'id') return true;
  reporter.note(`${capitalizeThe(hostTitle(provider))} takes ${TRAVELS[mode]}.`);
  return false;
}

/** The provider; or the refusal, where nothing was named at all: a character is worth keeping without one. */
async function chosenHost(workspace: Workspace, purpose: Purpose): Promise<Provider | SoraError> {
  const { selection, runtime } = workspace;
  const named =
    selection.provider ??
    selection.baseUrl ??
    selection.backend ??
    selection.profile ??
    (runtime.env.SORA_PROVIDER || runtime.env.SORA_PROFILE || undefined);
  try {
    const hint = `Use another host with ${option('baseUrl')}, or add ${option('local')} to keep the character without a registration.`;
    return await registrationHost(workspace, { purpose, hint });
  } catch (error) {
    if (isSoraError(error, 'usage') && named === undefined) return error;
    throw error;
  }
}

/** Hosts know it, or may be about to. */
function isBound({ registrations, pending = [] }: Character): boolean {
  return pending.length > 0 || registrations.some(({ stale }) => stale !== true);
}

/** After one of these the same command registers nothing: the error says what does. */
const IN_VAIN: ReadonlySet<ErrorCode> = new Set(['pending', 'ambiguous', 'refused', 'policy'] as const);

async function register(
  workspace: Workspace,
  character: CharacterWithClip,
  { provider, ...options }: RegisterOptions & { provider: Provider },
): Promise<Registration> {
  try {
    return await ensureRegistered(workspace, character, targetOf(character, provider), options);
  } catch (error) {
    const next =
      isSoraError(error) && IN_VAIN.has(error.code) ? '.' : '; the same command tries the registration again.';
    workspace.reporter.note(`${character.name} is kept on this machine${next}`);
    throw error;
  }
}

/** The old clip's registrations go with it; one that is still being made can only be found at the host. */
function tellGivenUp({ reporter }: Workspace, replaced: Character | undefined): void {
  for (const one of replaced?.pending ?? []) {
    const task = one.stage === 'task' ? `task ${one.taskId}` : 'its fate is not known';
    reporter.warn(
      `${capitalizeThe(hostTitle(one))} may still be making ${replaced?.name} from the clip that is replaced (${task}).`,
    );
  }
}
