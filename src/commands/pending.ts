/** Registrations that may be paid for: written down before the request leaves, and continued by whoever comes next (P2). */
import type { Context } from '../context.ts';
import type { Character, PendingRegistration, Registration } from '../domain.ts';
import { type ErrorCode, isSoraError, SoraError } from '../errors.ts';
import type { RemoteCharacter } from '../providers/provider.ts';
import type { HeldLock } from '../store/locks.ts';
import { oneLine, sentence, shellCommand, shellOption, shellQuote } from '../text.ts';
import type { Place } from './place.ts';

/** What a host has made of a character, as the record keeps it. */
export type Made = Pick<Registration, 'value' | 'name' | 'expiresAt'>;

/** The request whose fate decides what may be sent next. Uploads cost nothing and leave none. */
export function pendingAt(character: Character, place: Place): PendingRegistration | undefined {
  return place.mode === 'id' ? character.pending?.find((one) => isAt(one, place)) : undefined;
}

/** The character without what is pending there. */
export function withoutPending(character: Character, place: Pick<Place, 'provider' | 'orientation'>): Character {
  const { pending, ...rest } = character;
  const others = pending?.filter((one) => !isAt(one, place)) ?? [];
  return others.length === 0 ? rest : { ...rest, pending: others };
}

function isAt(one: PendingRegistration, { provider, orientation }: Pick<Place, 'provider' | 'orientation'>): boolean {
  return one.provider === provider.name && one.baseUrl === provider.baseUrl && one.orientation === orientation;
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
  readonly place: Place;
  readonly clipPath: string;
  /** That of the registration: what is sent and written is sent and written by one process. */
  readonly held: HeldLock;
}

/** Makes an id for the character. Its record tells of the request from before it leaves until its fate is known. */
export async function createId(context: Context, character: Character, request: Request): Promise<Made> {
  const { place, clipPath, held } = request;
  const { provider, orientation } = place;
  const { signal, clock } = context.host;
  const { name } = character;
  let entry: PendingRegistration | undefined;
  try {
    const remote = await provider.createCharacter(
      { name, clipPath, fileName: 'clip.mp4' },
      {
        signal,
        async onSend() {
          held.assertHeld();
          const next: PendingRegistration = {
            ...{ provider: provider.name, baseUrl: provider.baseUrl, profile: await context.profileName() },
            ...{ orientation, name, createdAt: new Date(clock.now()).toISOString() },
          };
          await updatePending(context, character, { place, entry: next });
          entry = next;
        },
        async onPending(taskId) {
          if (!entry) throw new TypeError('a task was begun before its request was announced');
          entry = { ...entry, taskId };
          await updatePending(context, character, { place, entry }).catch((cause: unknown) => {
            const message = `${provider.name} makes ${name} in its task ${taskId}, but that could not be written down.`;
            throw new SoraError('machine', message, { hint: `Note the task. ${messageOf(cause)}`, cause });
          });
        },
      },
    );
    return madeOf(remote, name);
  } catch (error) {
    if (!entry || !isSoraError(error)) throw error;
    if (NOTHING_MADE.has(error.code)) {
      await clearQuietly(context, character, place);
      throw error;
    }
    throw explain(context, error, { character, place, entry });
  }
}

/**
 * Goes on with what an earlier command left pending. Undefined when the place is free: the host no longer knows the task,
 * or the user sends anew. Throws `ambiguous` for a request whose fate nobody knows, `pending` while the task goes on, and
 * why a task has failed, after which the place is free.
 */
export async function continueId(
  context: Context,
  character: Character,
  { place, entry, resend }: { place: Place; entry: PendingRegistration; resend: boolean },
): Promise<Made | undefined> {
  const { ui, host } = context;
  const { provider } = place;
  const { taskId } = entry;
  if (taskId === undefined || !provider.resumeCharacter) {
    if (resend) return undefined;
    throw unknownFate(context, { character, place, entry });
  }
  const task = await ui.task(`${provider.name} is making ${character.name} in its task ${oneLine(taskId, 100)}`);
  try {
    const remote = await provider.resumeCharacter(taskId, { signal: host.signal });
    if (remote) {
      task.done(`${provider.name} has made ${character.name}`);
      return madeOf(remote, entry.name);
    }
  } catch (error) {
    task.fail(`${character.name} is not known to ${provider.name} yet`);
    if (!isSoraError(error)) throw error;
    if (TASK_FAILED.has(error.code)) {
      await clearQuietly(context, character, place);
      throw new SoraError(error.code, error.message, {
        hint: `${sentence(error.hint ?? 'The task is over.')} The same command makes another.`,
        ...(error.requestId !== undefined && { requestId: error.requestId }),
        cause: error,
      });
    }
    if (resend && error.code === 'ambiguous') return undefined;
    throw explain(context, error, { character, place, entry });
  }
  task.fail(`${provider.name} does not know the task ${oneLine(taskId, 100)}`);
  // A host may need a moment to know what it has just begun.
  if (host.clock.now() - Date.parse(entry.createdAt) < JUST_BEGUN_MS) {
    const message = `${provider.name} does not know the task ${oneLine(taskId, 100)} that makes ${character.name} yet.`;
    throw new SoraError('pending', message, { hint: `Ask again in a minute: ${syncCommand(context, character)}` });
  }
  ui.note(`${provider.name} no longer knows the task that was to make ${character.name}; another is begun.`);
  await updatePending(context, character, { place, entry: undefined });
  return undefined;
}

const TASK_FAILED: ReadonlySet<ErrorCode> = new Set(['refused', 'policy', 'budget'] as const);
const JUST_BEGUN_MS = 60_000;

interface Unsettled {
  readonly character: Character;
  readonly place: Place;
  readonly entry: PendingRegistration;
}

/** The error of a request that is not over, with what to look for and how to go on. */
function explain(context: Context, error: SoraError, unsettled: Unsettled): SoraError {
  const { character, place, entry } = unsettled;
  const more = { ...(error.requestId !== undefined && { requestId: error.requestId }), cause: error };
  if (error.code === 'ambiguous') {
    const message = `${sentence(error.message)} ${character.name} may be known to ${place.provider.name}; nothing was repeated.`;
    return new SoraError('ambiguous', message, { hint: waysOut(context, unsettled), ...more });
  }
  if (error.code !== 'pending') return error;
  // Nobody can wait with a key that the host refuses.
  const code = isSoraError(error.cause, 'auth') ? 'auth' : 'pending';
  return new SoraError(code, error.message, {
    hint: `It goes on at the host${entry.taskId === undefined ? '' : ', and its task is kept with the character'}. Continue with: ${syncCommand(context, character)}`,
    ...more,
  });
}

/** A request was sent, and its answer never came to anybody. */
function unknownFate(context: Context, unsettled: Unsettled): SoraError {
  const { character, place, entry } = unsettled;
  const message = `${character.name} may be known to ${place.provider.name} already: a request was sent at ${entry.createdAt}, and what came of it was never learnt.`;
  return new SoraError('ambiguous', message, { hint: waysOut(context, unsettled) });
}

function waysOut(context: Context, { character, place, entry }: Unsettled): string {
  const where = `Look for ${JSON.stringify(entry.name)} among the characters, or in the bill, of your host.`;
  const adopt = command(context, 'adopt <id>', [], [shellOption('--name', shellQuote(character.name))]);
  const turned = place.orientation === 'portrait' ? ' --orientation portrait' : '';
  return `${where} If it is there, take it over: ${adopt}${turned}. To send the request once more, add --resend.`;
}

/** The command that goes on with a registration, as the user would type it: to the same host. */
export function syncCommand(context: Context, { name }: Character): string {
  return command(context, 'sync', [shellQuote(name)]);
}

function command({ globals }: Context, verb: string, operands: readonly string[], own: readonly string[] = []): string {
  const { provider, baseUrl, backend, profile } = globals;
  const given = Object.entries({ provider, 'base-url': baseUrl, backend, profile }).flatMap(([name, value]) =>
    value === undefined ? [] : shellOption(`--${name}`, shellQuote(value)),
  );
  return shellCommand(`sora character ${verb}`, operands, [...own, ...given]);
}

function madeOf(remote: RemoteCharacter, sent: string): Made {
  return { value: remote.id, name: (remote.name ?? sent).normalize('NFC') };
}

/** On the disk when it resolves. */
async function updatePending(
  context: Context,
  { name }: Character,
  { place, entry }: { place: Place; entry: PendingRegistration | undefined },
): Promise<void> {
  await (await context.characters()).update(name, (current) => {
    const rest = withoutPending(current, place);
    return entry ? { ...rest, pending: [...(rest.pending ?? []), entry] } : rest;
  });
}

/** That it cannot be written must not hide why there is nothing to wait for. */
async function clearQuietly(context: Context, character: Character, place: Place): Promise<void> {
  await updatePending(context, character, { place, entry: undefined }).catch((cause: unknown) => {
    context.ui.warn(`${character.name}: its record was not brought up to date: ${messageOf(cause)}`);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
