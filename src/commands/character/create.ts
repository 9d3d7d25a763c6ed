/** `sora character create`: a clip becomes a master in the store, then a name, then a registration. Each step keeps what was made. */
import { basename, resolve } from 'node:path';
import { checkInput, hashSource } from '../../characters/check-input.ts';
import { characterDocument } from '../../characters/find.ts';
import { isSame, keepCharacter, nameTaken } from '../../characters/keep.ts';
import { ensureRegistered, type RegisterOptions, willCost } from '../../characters/register.ts';
import { type RegistrationTarget, registrationAt } from '../../characters/registration-target.ts';
import { inspectClip } from '../../clips/inspect.ts';
import { clipLine, planText } from '../../clips/prepare.ts';
import type { Context } from '../../context.ts';
import {
  type BudgetLimits,
  type CharacterBudget,
  characterBudget,
  checkBudget,
  costOfCharacters,
} from '../../costs/budget.ts';
import { type Cost, describeBill } from '../../costs/cost.ts';
import { PLAN_VERSION } from '../../media/plan/plan.ts';
import type { Provider, WireRequest } from '../../providers/provider.ts';
import { type Purpose, purposeOf } from '../../settings/choose-provider.ts';
import {
  type Character,
  isMade,
  type MadeCharacter,
  orientationOfCharacter,
  type Registration,
} from '../../shared/character.ts';
import type { ClipOptions } from '../../shared/clip.ts';
import { type ErrorCode, isSoraError, SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { requestText } from '../../videos/preview.ts';

export interface CreateInput extends BudgetLimits {
  readonly file: string;
  readonly name: string;
  readonly options: ClipOptions;
  readonly force: boolean;
  readonly local: boolean;
  /** Send although an earlier request of unknown fate may have made it. */
  readonly resend?: boolean;
  readonly dryRun: boolean;
}

export async function runCharacterCreate(context: Context, input: CreateInput): Promise<undefined> {
  const { ui } = context;
  const path = resolve(context.runtime.cwd, input.file);
  const name = await checkInput(path, input.name);
  // A missing key is refused before any work. A missing choice is not: the character is worth keeping without it.
  const chosen = input.local ? undefined : await choice(context, purposeOf(input));
  const store = await context.characters();
  const existing = await store.find(name);
  const source = { fileName: basename(path), sha256: await hashSource(path, context.runtime.signal) };
  const same = existing !== undefined && isSame(existing, { name, source, options: input.options });
  const isFirstClip = existing !== undefined && !isMade(existing) && existing.name === name;
  if (existing && !same && !isFirstClip && !input.force && !input.dryRun) throw nameTaken(existing, name);

  if (input.dryRun) {
    const { plan, info } = await inspectClip(context, path, input.options);
    const sent =
      chosen && plan.kind !== 'reject'
        ? await previewRegistration(context, {
            input,
            name,
            chosen,
            existing: same || isFirstClip ? existing : undefined,
          })
        : undefined;
    ui.result({
      json: { name, path, info, plan, request: sent?.request ?? null, cost: sent?.cost ?? null },
      text: [planText(plan), ...(sent ? [requestText(sent.request)] : [])].join('\n'),
      quiet: [plan.kind],
    });
    if (plan.kind === 'reject')
      throw new SoraError('clip', `${source.fileName} cannot be used.`, {
        hint: 'The reasons are listed above. Give another clip, or another part of it with --start and --duration.',
      });
    return;
  }
  const made = same && isMade(existing) ? existing : undefined;
  const lost = made !== undefined && !(await store.hasClip(made.master.sha256));
  const isOld = made !== undefined && made.planVersion !== PLAN_VERSION;
  // What hosts know it as may have been paid for, and is not given up because sora has changed.
  const outdated = isOld && (lost || input.force || !isBound(made)) ? made : undefined;
  if (outdated) ui.note(`${name} was prepared by another version of sora and is prepared again.`);
  else if (isOld) ui.note(`${name} was prepared by another version of sora; --force prepares and registers it again.`);
  const reusable = made && !outdated && !lost ? made : undefined;
  const isNew = (!same && !isFirstClip) || (outdated !== undefined && !lost);
  const budget = await budgetOf(context, input, { chosen, existing: isNew ? undefined : existing });
  // What has a name alone is not replaced, even with --force: its registrations stay.
  const force = input.force && !isFirstClip;
  if (!reusable && force) sayGivenUp(context, existing);
  if (chosen instanceof SoraError)
    ui.note(`${name} will be kept on this machine, and not registered: ${chosen.message}`);
  const isJudged = !context.globals.quiet;
  const { character: kept, judgement } = reusable
    ? { character: reusable }
    : await keepCharacter(context, { ...input, force, name, path, source, isJudged, outdated: outdated && { lost } });
  if (chosen instanceof SoraError) {
    throw new SoraError(chosen.code, `${kept.name} is prepared and kept, but not registered: ${chosen.message}`, {
      hint: `To keep it without a registration, add --local. ${chosen.hint ?? ''}`.trim(),
    });
  }
  const registration =
    chosen && budget
      ? await register(context, kept, { provider: chosen, resend: input.resend === true, admit: budget.admit })
      : undefined;
  const found = await store.find(name);
  const character = found && isMade(found) ? found : kept;
  ui.result({
    json: { ...(await characterDocument(context, character)), ...(judgement && { judgement }) },
    prose: true,
    text: summary(context, character, registration),
    quiet: [registration ? oneLine(registration.value, 4000) : store.clipPath(character.master.sha256)],
  });
}

/** Undefined where nothing is registered. Throws `budget` before the clip is prepared, if it is clear by then. */
async function budgetOf(
  context: Context,
  input: CreateInput,
  { chosen, existing }: { chosen: Provider | SoraError | undefined; existing: Character | undefined },
): Promise<CharacterBudget | undefined> {
  if (!chosen || chosen instanceof SoraError || !(await takesIds(context, chosen))) return undefined;
  const budget = characterBudget(context, chosen, input);
  const isNew = !existing || (await costs(context, existing, { provider: chosen, resend: input.resend }));
  await budget.expect(isNew ? 1 : 0);
  return budget;
}

/** The request that would register the character, and its cost, also on stderr; undefined where none would be sent. */
async function previewRegistration(
  context: Context,
  {
    input,
    name,
    chosen,
    existing,
  }: { input: CreateInput; name: string; chosen: Provider | SoraError; existing: Character | undefined },
): Promise<{ readonly request: WireRequest; readonly cost: Cost | undefined } | undefined> {
  const { ui, runtime } = context;
  if (chosen instanceof SoraError) {
    ui.note(`It would be kept on this machine, and not registered: ${chosen.message}`);
    return undefined;
  }
  if (!(await takesIds(context, chosen, 'preview'))) return undefined;
  if (existing && !(await costs(context, existing, { provider: chosen, resend: input.resend }))) {
    const known = registrationAt(existing, placeOf(existing, chosen), runtime.clock.now());
    ui.note(`${chosen.name} ${known ? 'knows' : 'may be making'} ${name} already: nothing would be sent.`);
    return undefined;
  }
  const request = chosen.describeCharacter?.(name);
  if (!request) return undefined;
  if (request.note !== undefined) ui.note(request.note);
  const item = await costOfCharacters(chosen, 1);
  const bill = [{ ...item, count: 1 }];
  checkBudget(input, { bill, provider: chosen });
  ui.note(`Cost: ${describeBill(bill)}`);
  return { request, cost: item.each };
}

function costs(
  { runtime }: Context,
  character: Character,
  at: { provider: Provider; resend?: boolean | undefined },
): Promise<boolean> {
  return willCost(character, placeOf(character, at.provider), { resend: at.resend, nowMs: runtime.clock.now() });
}

function placeOf(character: Character, provider: Provider): RegistrationTarget {
  return { provider, orientation: orientationOfCharacter(character), mode: 'id' };
}

/** Where models take the clip itself, it travels with the first video that needs it. */
async function takesIds({ ui, connection }: Context, provider: Provider, purpose?: Purpose): Promise<boolean> {
  const model = (await connection(purpose)).model ?? provider.defaultModel;
  if (provider.limits(model).characterMode === 'id') return true;
  ui.note(`${provider.name} takes the clip itself; it is uploaded when a video needs it.`);
  return false;
}

/** The provider; or the refusal, where nothing was named at all: a character is worth keeping without one. */
async function choice(context: Context, purpose: Purpose): Promise<Provider | SoraError> {
  const { globals, runtime } = context;
  const named =
    globals.provider ??
    globals.baseUrl ??
    globals.backend ??
    globals.profile ??
    (runtime.env.SORA_PROVIDER || runtime.env.SORA_PROFILE || undefined);
  try {
    const provider = await context.provider(purpose);
    if (provider.takesCharacters !== 'no') return provider;
    throw new SoraError('usage', `${provider.backend ?? provider.name} takes no characters.`, {
      hint: 'Use another host with --base-url, or add --local to keep the character without a registration.',
    });
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
  context: Context,
  character: MadeCharacter,
  { provider, ...options }: RegisterOptions & { provider: Provider },
): Promise<Registration> {
  try {
    return await ensureRegistered(context, character, placeOf(character, provider), options);
  } catch (error) {
    const next =
      isSoraError(error) && IN_VAIN.has(error.code) ? '.' : '; the same command tries the registration again.';
    context.ui.note(`${character.name} is kept on this machine${next}`);
    throw error;
  }
}

/** The old clip's registrations go with it; one that is still being made can only be found at the host. */
function sayGivenUp({ ui }: Context, replaced: Character | undefined): void {
  for (const { provider, taskId } of replaced?.pending ?? []) {
    const task = taskId === undefined ? 'its fate is not known' : `task ${taskId}`;
    ui.warn(`${provider} may still be making ${replaced?.name} from the clip that is replaced (${task}).`);
  }
}

function summary({ ui }: Context, character: MadeCharacter, registration: Registration | undefined): string {
  const where = registration
    ? `registered with ${registration.provider} as ${oneLine(registration.value, 200)}`
    : 'kept on this machine, not registered';
  return `${ui.paint.bold(character.name)}: ${where} (${clipLine(character.master)})`;
}
