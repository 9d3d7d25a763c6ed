/** Registrations: a host's name for a master clip, made once, when it is missing, and kept with the character. */

import { derivedClip } from '../clips/derived-copy.ts';
import { budgetOptionsOf } from '../costs/budget.ts';
import { costToKeep } from '../costs/max-cost.ts';
import { forgetUnsent } from '../costs/registration-charge.ts';
import { firstTime } from '../disk/once-marker.ts';
import { hostTitle } from '../providers/index.ts';
import { type CharacterMode, copyName } from '../providers/references.ts';
import type { Character, CharacterWithClip, Registration } from '../shared/character.ts';
import type { Postpone } from '../shared/deadline.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { recordAnswer } from '../shared/keep-answer.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { listOf, oneLine, sentence, shellCommand, shellOption, shellPhrase, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { requireCharacter } from './find.ts';
import { copiesFor, copyNote } from './fit-cast.ts';
import { registrationId } from './merge.ts';
import {
  pendingAt,
  type RegistrationOutcome,
  requestRegistration,
  resumeRegistration,
  subjectOf,
  withoutPending,
} from './pending.ts';
import { uploadPictures } from './pictures/upload-pictures.ts';
import { sayPublicUploads } from './public-files.ts';
import { takesNone } from './registration-host.ts';
import { type CastTarget, KINDS, type Known, type RegistrationTarget, registrationAt } from './registration-target.ts';
import { requestsOf, retryNotice } from './repeat-registration.ts';
import { isStillRegistered, markStale } from './stale.ts';

/** A URL of which nobody knows how long it lives is looked at again after an hour. */
const TRUSTED_MS = 3_600_000;

export interface RegisterOptions extends BudgetOptions {
  /** Send although an earlier request of unknown fate may have made it. */
  readonly resend?: boolean;
  /** Right before each request that may cost money; what it throws ends it. */
  readonly admit?: (() => Promise<void>) | undefined;
  /** Of a time limit, while an answer is awaited that names what was paid for. */
  readonly postpone?: Postpone;
}

/**
 * Registers the character with the host, or uploads its clip where the host takes clips, unless that is done already; by
 * one process at a time, which goes on with what another has left pending. The record is saved as soon as the host has
 * answered. Throws what the provider throws, and what `resumeRegistration` says.
 */
export async function ensureRegistered(
  workspace: Workspace,
  character: Character,
  target: RegistrationTarget,
  { resend = false, admit, postpone, ...limits }: RegisterOptions = {},
): Promise<Known> {
  const { runtime, reporter } = workspace;
  const inline = await inlineClip(workspace, character, target);
  if (inline) return inline;
  const known = registrationAt(character, target, runtime.clock.now());
  if (known && !isDoubtful(known, runtime.clock.now())) return known;
  const { name } = character;
  const busy = `Another sora is registering ${name} with ${hostTitle(target.provider)}; waiting for it.`;
  const wait = { signal: runtime.signal, onBusy: () => reporter.note(busy) };
  const store = await workspace.characters();
  return store.registering(
    name,
    placeId(target),
    async (held) => {
      const current = await requireCharacter(workspace, name);
      refuseOtherClip(character, current);
      const living = await livingAt(workspace, current, target);
      if (living) return living;
      if (target.mode === 'image') {
        await sayLikenessRule(workspace, target.provider);
        return uploadPictures(workspace, current, target);
      }
      const entry = pendingAt(current, target);
      if (target.mode === 'id') await forgetUnsent(workspace, current, { ...target, charge: entry?.charge });
      const made = entry && (await resumeRegistration(workspace, current, { target, entry, resend }));
      return made
        ? save(workspace, current, { target, made })
        : register(workspace, current, { target, held, resend, admit, postpone, limits: budgetOptionsOf(limits) });
    },
    wait,
  );
}

/**
 * What stands for a registration where the clip itself travels in the request: its path in the store, which nobody is asked
 * about and no record keeps. Undefined for any other mode, and without a clip.
 */
export async function inlineClip(
  workspace: Workspace,
  { name, clip }: Character,
  { provider, orientation, mode, copy }: RegistrationTarget,
): Promise<Registration | undefined> {
  if (mode !== 'clip-inline' || !clip) return undefined;
  if (copy) throw new TypeError('a clip that travels in a request is no copy');
  const value = (await workspace.characters()).clipPath(clip.master.sha256);
  const createdAt = new Date(workspace.runtime.clock.now()).toISOString();
  return { provider: provider.name, baseUrl: provider.baseUrl, orientation, kind: 'url', value, name, createdAt };
}

/** Whether `ensureRegistered` is expected to send something that may cost money: not for what is known, or under way. */
export async function willCost(
  character: Character,
  target: RegistrationTarget,
  { nowMs, resend = false }: { nowMs: number; resend?: boolean | undefined },
): Promise<boolean> {
  // Without a clip nothing can be sent.
  if (target.mode !== 'id' || !character.clip || registrationAt(character, target, nowMs)) return false;
  const entry = pendingAt(character, target);
  return !entry || (entry.stage === 'sent' && resend) || (await retryNotice(target.provider, entry)) !== undefined;
}

/** Throws `usage` for those who have no clip and are not known there: nothing can be made of them. */
export function refuseClipless(cast: readonly CastTarget[], nowMs: number): void {
  for (const { character, target } of cast) {
    if (target.mode !== 'image' && !character.clip && !registrationAt(character, target, nowMs))
      throw hasNoClip(character, target);
  }
}

function hasNoClip({ name, registrations }: Character, { provider, mode }: RegistrationTarget): SoraError {
  const living = registrations.filter(({ stale }) => stale !== true);
  const places = [...new Set(living.map((one) => `${one.provider} (${one.baseUrl})`))];
  const where =
    mode !== 'id'
      ? `and this model of ${hostTitle(provider)} takes the clip itself`
      : `and ${hostTitle(provider)} does not know it`;
  const known = places.length === 0 ? '' : ` It is registered with ${listOf(places)}.`;
  return new SoraError('usage', `${name} has no clip here, ${where}.${known}`, {
    hint: `Add its clip: sora character create <clip> ${shellOption('name', shellPhrase(name))}`,
  });
}

/** Two processes that would register the same thing agree on this text. */
function placeId({ provider, orientation, mode, copy }: RegistrationTarget): string {
  if (mode === 'image') return JSON.stringify([provider.name, provider.baseUrl, 'pictures']);
  return JSON.stringify([provider.name, provider.baseUrl, orientation, KINDS[mode], ...(copy ? [copyName(copy)] : [])]);
}

function isDoubtful({ kind, expiresAt, createdAt }: Registration, nowMs: number): boolean {
  return kind === 'url' && expiresAt === undefined && Math.abs(nowMs - Date.parse(createdAt)) > TRUSTED_MS;
}

/** The living registration, after a look at one that may have died. */
async function livingAt(
  workspace: Workspace,
  character: Character,
  target: RegistrationTarget,
): Promise<Known | undefined> {
  const now = workspace.runtime.clock.now();
  for (let current = character; ; current = await requireCharacter(workspace, character.name)) {
    const known = registrationAt(current, target, now);
    if (!known || !isDoubtful(known, now) || (await isStillRegistered(workspace, target, known)) !== false)
      return known;
    await markStale(workspace, current, { target, registration: known });
  }
}

async function register(
  workspace: Workspace,
  character: Character,
  { target, ...request }: Omit<Parameters<typeof requestRegistration>[2], 'clipPath'>,
): Promise<Registration> {
  const { reporter } = workspace;
  const { provider, orientation, mode, copy, because } = target;
  if (!character.clip) throw hasNoClip(character, target);
  if (mode === 'id') await request.admit?.();
  for (const needed of because === undefined ? [] : copiesFor([{ character, target }]))
    reporter.note(copyNote(needed, 'is made and uploaded'));
  const clip = await derivedClip(workspace, character, { orientation, copy });
  await sayLikenessRule(workspace, provider);
  if (mode !== 'id') await sayPublicUploads(workspace, provider);
  const task = await reporter.task(
    `${mode === 'id' ? 'Registering' : 'Uploading'} ${character.name} with ${hostTitle(provider)}`,
  );
  try {
    const made = await MAKERS[mode](workspace, character, { ...request, target, clipPath: clip.path }).catch(
      (error: unknown) => {
        task.fail(
          `${character.name} is not registered with ${hostTitle(provider)}${isSoraError(error, 'pending') ? ' yet' : ''}`,
        );
        throw error;
      },
    );
    // Told before it is written: the record may never be.
    task.done(`${character.name} is registered with ${hostTitle(provider)}: ${oneLine(made.value, 200)}`);
    return await save(workspace, character, { target, made });
  } finally {
    await clip.dispose();
  }
}

const MAKERS = {
  id: requestRegistration,
  async 'clip-url'({ runtime }, { name }, { target: { provider }, clipPath }) {
    if (!provider.clips) throw takesNone(provider);
    const { url, expiresAt } = await provider.clips.upload(
      { clipPath, fileName: 'clip.mp4' },
      { signal: runtime.signal },
    );
    return { value: url, name, ...(expiresAt !== undefined && { expiresAt }) };
  },
  async 'clip-inline'(_workspace, _character, { target: { provider } }) {
    throw takesNone(provider);
  },
  async image(_workspace, _character, { target: { provider } }) {
    throw takesNone(provider);
  },
} satisfies Record<
  CharacterMode,
  (
    workspace: Workspace,
    character: CharacterWithClip,
    request: Parameters<typeof requestRegistration>[2],
  ) => Promise<RegistrationOutcome>
>;

/** Keeps what the host has made, and takes out what was pending for it, in one step. */
async function save(
  workspace: Workspace,
  character: Character,
  { target, made }: { target: RegistrationTarget; made: RegistrationOutcome },
): Promise<Registration> {
  const { provider, orientation, mode, copy } = target;
  const id = oneLine(made.value, 200);
  const known = `${character.name} is registered with ${hostTitle(provider)} as ${id}`;
  const adopt = shellCommand(
    'sora character adopt',
    [shellQuote(made.value)],
    [shellOption('name', shellQuote(character.name))],
  );
  return recordAnswer(workspace.reporter, {
    subject: subjectOf(character),
    async write() {
      let registration: Registration = {
        provider: provider.name,
        baseUrl: provider.baseUrl,
        profile: await workspace.profileName(),
        orientation,
        kind: KINDS[mode],
        ...(copy && { copy: copyName(copy) ?? '' }),
        createdAt: new Date(workspace.runtime.clock.now()).toISOString(),
        ...made,
      };
      const costOf = mode === 'id' ? await costToKeep(provider) : undefined;
      await (await workspace.characters()).update(character.name, (current) => {
        refuseOtherClip(character, current);
        registration = { ...registration, ...costOf?.(requestsOf(pendingAt(current, target))) };
        const rest = mode === 'id' ? withoutPending(current, target) : current;
        const others = rest.registrations.filter((one) => registrationId(one) !== registrationId(registration));
        return { ...rest, registrations: [...others, registration] };
      });
      return registration;
    },
    unwritten(why, cause) {
      const reason = cause instanceof Error ? sentence(cause.message) : '';
      const later = mode === 'id' ? `Note the id. To take it over later: ${adopt}` : '';
      return new SoraError(isSoraError(cause) ? cause.code : 'machine', `${known}, but ${why}`, {
        hint: [reason, later].filter(Boolean).join(' '),
        ...(cause !== undefined && { cause }),
      });
    },
    stopped: () =>
      new SoraError('pending', `Stopped; ${known}.`, {
        hint: 'Nothing is lost: the same command continues from there.',
      }),
  });
}

function refuseOtherClip(expected: Character, current: Character): void {
  if (!expected.clip || current.clip?.master.sha256 === expected.clip.master.sha256) return;
  throw new SoraError('usage', 'Its clip was replaced in the meantime: run the command again.');
}

/** Once per home, before the first upload. The sandbox is this machine: nothing leaves it. */
async function sayLikenessRule(workspace: Workspace, { name }: RegistrationTarget['provider']): Promise<void> {
  if (name === 'sandbox') return;
  if (!(await firstTime(workspace.paths().state, 'likeness'))) return;
  workspace.reporter.warn(
    'A clip that shows a person needs that person’s permission. Likenesses of real people are blocked by default at OpenAI. (Said once.)',
  );
}
