/** Registers a whole cast with the host of a video, in the time that its command has. */
import { hostTitle } from '../providers/index.ts';
import type { Character } from '../shared/character.ts';
import { createDeadline, isOutOfTime, type Postpone } from '../shared/deadline.ts';
import { beforeEnd, isSoraError, SoraError } from '../shared/errors.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { requireCharacter } from './find.ts';
import { ensureRegistered, type RegisterOptions } from './register.ts';
import type { CastTarget, Known, RegistrationTarget } from './registration-target.ts';

export interface RegisterMissingOptions extends RegisterOptions {
  /** When the whole command gives up, in milliseconds since the epoch. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Registers, one after the other, whom the host does not know: besides sending a video, all that is ever paid for. What the
 * host knows each as, in their order. Throws what `ensureRegistered` throws, and `pending` at the end of the time.
 */
export async function registerMissing(
  workspace: Workspace,
  cast: readonly CastTarget[],
  { deadlineMs = Number.POSITIVE_INFINITY, ...options }: RegisterMissingOptions = {},
): Promise<readonly Known[]> {
  const { runtime } = workspace;
  const registrations: Known[] = [];
  for (const { character, target } of cast) {
    const register = async (signal: AbortSignal, postpone: Postpone): Promise<Known> =>
      ensureRegistered({ ...workspace, runtime: withSignal(runtime, signal) }, character, target, {
        ...options,
        postpone,
      }).catch((error: unknown) => {
        throw isOutOfTime(signal) ? tooLate(error, character, target) : error;
      });
    registrations.push(await createDeadline(runtime.clock, deadlineMs).limit(runtime.signal, register, 0));
  }
  return registrations;
}

/** Not a copy: what it tells of this process is asked for when it is needed. */
function withSignal(runtime: Workspace['runtime'], signal: AbortSignal): Workspace['runtime'] {
  return Object.create(runtime, { signal: { value: signal, enumerable: true } }) as Workspace['runtime'];
}

/** What was begun is kept, and whoever comes next goes on with it. */
function tooLate(error: unknown, { name }: Character, { provider }: RegistrationTarget): unknown {
  if (!isSoraError(error)) return error;
  const { code, reason, message, hint = '' } = error;
  if (code === 'pending')
    return new SoraError(code, message, {
      hint: `${hint}\nThe command that was ended here goes on with it, too.`.trim(),
      cause: error,
    });
  if (reason !== 'out-of-time' && code !== 'interrupted') return error;
  const before = beforeEnd(error);
  const why = before ? ` Before that: ${before.message}` : '';
  return new SoraError(
    'pending',
    `The time of ${option('timeout')} ended before ${name} was registered with ${hostTitle(provider)}.${why}`,
    { hint: 'Nothing of it was paid for. Run the same command again.', cause: error },
  );
}

/** A character, by its name, and where it is to be registered. */
export interface NamedRegistration {
  readonly name: string;
  readonly target: RegistrationTarget;
}

/** Registers each whom its target does not know; what this may cost was asked before. */
export async function registerNamed(
  workspace: Workspace,
  missing: readonly NamedRegistration[],
  limits: BudgetOptions & Pick<RegisterMissingOptions, 'deadlineMs'>,
): Promise<void> {
  for (const { name, target } of missing) {
    await registerMissing(workspace, [{ character: await requireCharacter(workspace, name), target }], limits);
  }
}
