/** Registrations that may be paid for: written down before the request leaves, and continued by whoever comes next (P2). */

import { type RegistrationCharge, reserveRegistration } from '../costs/registration-charge.ts';
import type { HeldLock } from '../disk/lock.ts';
import { hostTitle } from '../providers/index.ts';
import { type RemoteCharacter, SETTLING_MS } from '../providers/provider.ts';
import { copyName } from '../providers/references.ts';
import type { Character, PendingRegistration, Registration, RegistrationTask } from '../shared/character.ts';
import { LEAST_ANSWER_MS, type Postpone } from '../shared/deadline.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import { recordAnswer } from '../shared/keep-answer.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { capitalizeThe, oneLine, sentence } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { explain, syncCommand, type Unsettled, unknownFate } from './registration-errors.ts';
import { takesNone } from './registration-host.ts';
import type { RegistrationTarget } from './registration-target.ts';
import { requestsOf, retryNotice, waitBeforeRetry } from './repeat-registration.ts';

/** What a host has made of a character, as the record keeps it. */
export type RegistrationOutcome = Pick<Registration, 'value' | 'name' | 'expiresAt'>;

/** The request whose fate decides what may be sent next. Uploads cost nothing and leave none. */
export function pendingAt(character: Character, target: RegistrationTarget): PendingRegistration | undefined {
  return target.mode === 'id' ? character.pending?.find((one) => isAt(one, target)) : undefined;
}

/** The character without what is pending there. */
export function withoutPending(
  character: Character,
  target: Pick<RegistrationTarget, 'provider' | 'orientation' | 'copy'>,
): Character {
  const { pending, ...rest } = character;
  const others = pending?.filter((one) => !isAt(one, target)) ?? [];
  return others.length === 0 ? rest : { ...rest, pending: others };
}

function isAt(
  one: PendingRegistration,
  { provider, orientation, copy }: Pick<RegistrationTarget, 'provider' | 'orientation' | 'copy'>,
): boolean {
  return (
    one.provider === provider.name &&
    one.baseUrl === provider.baseUrl &&
    one.orientation === orientation &&
    one.copy === copyName(copy)
  );
}

/** After one of these nothing was made: what was written before the request goes again. */
const NOTHING_MADE: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'auth',
  'refused',
  'network',
  'budget',
  'policy',
  'interrupted',
  'terminated',
] as const);

interface Request {
  readonly target: RegistrationTarget;
  readonly clipPath: string;
  /** That of the registration: what is sent and written is sent and written by one process. */
  readonly held: HeldLock;
  /** The user's word that nothing came of what is pending there. */
  readonly resend: boolean;
  /** As in `RegisterOptions`; for what is sent beyond the first request. */
  readonly admit?: (() => Promise<void>) | undefined;
  /** As there. */
  readonly postpone?: Postpone | undefined;
  readonly limits: BudgetOptions;
}

/**
 * Makes an id for the character. Its record tells of the request from before it leaves until its fate is known. A lost
 * answer is repeated as `repeat-registration.ts` says; nothing else is.
 */
export async function requestRegistration(
  workspace: Workspace,
  character: Character,
  request: Request,
): Promise<RegistrationOutcome> {
  const { target, resend } = request;
  const before = pendingAt(character, target);
  let lost: Unsettled | undefined =
    before?.stage === 'sent' && !resend ? { character, target, entry: before } : undefined;
  let ambiguous = lost && unknownFate(workspace, lost);
  for (;;) {
    const { made, error, entry } = await requestId(workspace, character, { ...request, lost: lost?.entry });
    if (made) return made;
    if (entry?.stage === 'sent' && error.code === 'ambiguous') {
      const answered = { ...entry, said: error.message };
      await exitMessages.hold(() => writeQuietly(workspace, character, { target, entry: answered }));
      lost = { character, target, entry: answered };
      ambiguous = explain(workspace, error, lost);
      sayAtExit(workspace, character, ambiguous);
      if (await waitBeforeRetry(workspace, { ...lost, error, admit: request.admit })) continue;
      throw ambiguous;
    }
    if (!NOTHING_MADE.has(error.code)) {
      const told = entry ? explain(workspace, error, { character, target, entry }) : error;
      sayAtExit(workspace, character, told);
      throw told;
    }
    const told = ambiguous && UNANSWERED.has(error.code) ? ambiguous : error;
    sayAtExit(workspace, character, told);
    // What an earlier request made is as unknown as it was.
    if (entry) await exitMessages.hold(() => writeQuietly(workspace, character, { target, entry: lost?.entry }));
    throw told;
  }
}

/** One request, and what it has left in the record. `lost` tells of those before it. */
async function requestId(
  workspace: Workspace,
  character: Character,
  {
    target,
    clipPath,
    held,
    limits,
    lost,
    postpone,
  }: Omit<Request, 'resend' | 'admit'> & { lost: PendingRegistration | undefined },
): Promise<
  | { readonly made: RegistrationOutcome; readonly error?: never; readonly entry?: never }
  | { readonly made?: never; readonly error: SoraError; readonly entry: PendingRegistration | undefined }
> {
  const { provider, orientation, copy } = target;
  const { reporter } = workspace;
  const { signal, clock } = workspace.runtime;
  const { name } = character;
  let entry: PendingRegistration | undefined;
  let charge: RegistrationCharge | undefined;
  try {
    if (!provider.characters) throw takesNone(provider);
    const remote = await provider.characters.create(
      { name, clipPath, fileName: 'clip.mp4' },
      {
        signal,
        async onSend() {
          held.assertHeld();
          charge = await reserveRegistration(workspace, character, { provider, orientation, limits });
          const next: PendingRegistration = {
            stage: 'sent',
            ...{ provider: provider.name, baseUrl: provider.baseUrl, profile: await workspace.profileName() },
            ...{
              orientation,
              name,
              ...(copy && { copy: copyName(copy) ?? '' }),
              ...(lost && { requests: requestsOf(lost) + 1 }),
            },
            ...(charge && { charge: charge.id }),
            createdAt: new Date(clock.now()).toISOString(),
          };
          await exitMessages.hold(() => updatePending(workspace, character, { target, entry: next }));
          entry = next;
          await charge?.sent();
          postpone?.(LEAST_ANSWER_MS);
          sayAtExit(workspace, character, unknownFate(workspace, { character, target, entry }));
        },
        async onPending(taskId) {
          postpone?.(0);
          if (!entry) throw new TypeError('a task was begun before its request was announced');
          const next: RegistrationTask = { ...entry, stage: 'task', taskId };
          entry = next;
          const making = `${hostTitle(provider)} makes ${name} in its task ${oneLine(taskId, 200)}`;
          await recordAnswer(reporter, {
            subject: subjectOf(character),
            write: () => updatePending(workspace, character, { target, entry: next }),
            unwritten: (why, cause) =>
              new SoraError('machine', `${making}, but ${why}`, {
                hint: `Note down the task. ${messageOf(cause)}`.trim(),
              }),
            stopped: () =>
              new SoraError('pending', `Stopped; ${making}.`, {
                hint: `Nothing is lost. Continue with: ${syncCommand(workspace, character)}`,
              }),
          });
        },
      },
    );
    return { made: madeOf(remote, name) };
  } catch (error) {
    if (!isSoraError(error)) throw error;
    // Without an entry nothing has left.
    if (NOTHING_MADE.has(error.code) || entry === undefined) await charge?.refused();
    return { error, entry };
  } finally {
    postpone?.(0);
  }
}

/** After one of these the host has not answered a repeat, so that all that is known is what was lost before. */
const UNANSWERED: ReadonlySet<ErrorCode> = new Set(['network', 'interrupted', 'terminated'] as const);

function sayAtExit({ reporter }: Workspace, character: Character, error: SoraError): void {
  exitMessages.set(subjectOf(character), () => reporter.error(error));
}

/** What a forced exit says something of. */
export function subjectOf({ name }: Character): string {
  return `character ${name}`;
}

/**
 * Goes on with what an earlier command left pending. Undefined when a request may be sent: the host no longer knows the
 * task, the user sends anew, or a repeat is allowed. Throws `ambiguous` for a request whose fate nobody knows, `pending`
 * while the task goes on, and why a task has failed, after which the place is free.
 */
export async function resumeRegistration(
  workspace: Workspace,
  character: Character,
  { target, entry, resend }: { target: RegistrationTarget; entry: PendingRegistration; resend: boolean },
): Promise<RegistrationOutcome | undefined> {
  const { reporter, runtime } = workspace;
  const { provider } = target;
  const resume = provider.characters?.resume;
  if (entry.stage === 'sent' || !resume) {
    if (resend) return undefined;
    const fate = unknownFate(workspace, { character, target, entry });
    const said = await retryNotice(provider, entry);
    if (said === undefined) throw fate;
    reporter.warn(`${fate.message} ${said}`);
    return undefined;
  }
  const { taskId } = entry;
  const task = await reporter.task(
    `${capitalizeThe(hostTitle(provider))} is making ${character.name} in its task ${oneLine(taskId, 100)}`,
  );
  try {
    const remote = await resume(taskId, { signal: runtime.signal });
    if (remote) {
      task.done(`${capitalizeThe(hostTitle(provider))} has made ${character.name}: ${oneLine(remote.id, 200)}`);
      return madeOf(remote, entry.name);
    }
  } catch (error) {
    task.fail(`${character.name} is not registered with ${hostTitle(provider)} yet`);
    if (!isSoraError(error)) throw error;
    if (TASK_FAILED.has(error.code)) {
      await writeQuietly(workspace, character, { target, entry: undefined });
      throw new SoraError(error.code, error.message, {
        hint: `${sentence(error.hint ?? 'The task is over.')} The same command starts another.`,
        ...(error.requestId !== undefined && { requestId: error.requestId }),
        cause: error,
      });
    }
    if (resend && error.code === 'ambiguous') return undefined;
    throw explain(workspace, error, { character, target, entry });
  }
  task.fail(`${capitalizeThe(hostTitle(provider))} does not know the task ${oneLine(taskId, 100)}`);
  if (runtime.clock.now() - Date.parse(entry.createdAt) < SETTLING_MS) {
    const message = `${hostTitle(provider)} does not know the task ${oneLine(taskId, 100)} that makes ${character.name} yet.`;
    throw new SoraError('pending', message, { hint: `Ask again in two minutes: ${syncCommand(workspace, character)}` });
  }
  reporter.note(
    `${capitalizeThe(hostTitle(provider))} no longer knows the task that was making ${character.name}; another is started.`,
  );
  await updatePending(workspace, character, { target, entry: undefined });
  return undefined;
}

const TASK_FAILED: ReadonlySet<ErrorCode> = new Set(['refused', 'policy', 'budget'] as const);

function madeOf(remote: RemoteCharacter, sent: string): RegistrationOutcome {
  return { value: remote.id, name: (remote.name ?? sent).normalize('NFC') };
}

/** On the disk when it resolves. */
async function updatePending(
  workspace: Workspace,
  { name }: Character,
  { target, entry }: { target: RegistrationTarget; entry: PendingRegistration | undefined },
): Promise<void> {
  await (await workspace.characters()).update(name, (current) => {
    const rest = withoutPending(current, target);
    return entry ? { ...rest, pending: [...(rest.pending ?? []), entry] } : rest;
  });
}

/** That it cannot be written must not hide why there is nothing to wait for. */
async function writeQuietly(
  workspace: Workspace,
  character: Character,
  what: { target: RegistrationTarget; entry: PendingRegistration | undefined },
): Promise<void> {
  await updatePending(workspace, character, what).catch((cause: unknown) => {
    workspace.reporter.warn(`${character.name}: its record was not updated: ${messageOf(cause)}`);
  });
}

function messageOf(error: unknown): string {
  return error === undefined ? '' : error instanceof Error ? error.message : String(error);
}
