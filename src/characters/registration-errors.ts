/** The errors of a registration that is not over: what is known of it, and the commands that go on with it. */

import { hostTitle } from '../providers/index.ts';
import type { Character, PendingRegistration } from '../shared/character.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { type OptionName, option } from '../shared/options.ts';
import { oneLine, sentence, shellCommand, shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import type { RegistrationTarget } from './registration-target.ts';
import { requestsOf } from './repeat-registration.ts';

export interface Unsettled {
  readonly character: Character;
  readonly target: RegistrationTarget;
  readonly entry: PendingRegistration;
}

/** The error of a request that is not over, with what to look for and how to go on. */
export function explain(workspace: Workspace, error: SoraError, unsettled: Unsettled): SoraError {
  const { character, target, entry } = unsettled;
  const more = { ...(error.requestId !== undefined && { requestId: error.requestId }), cause: error };
  if (error.code === 'ambiguous') {
    const message = `${sentence(error.message)} ${character.name} may be known to ${hostTitle(target.provider)}; ${requestsOf(entry) === 1 ? 'nothing was repeated' : `the request was sent ${requestsOf(entry)} times`}.`;
    return new SoraError('ambiguous', message, { hint: waysOut(workspace, unsettled), ...more });
  }
  if (error.code !== 'pending') return error;
  // Nobody can wait with a key that the host refuses.
  const code = isSoraError(error.cause, 'auth') ? 'auth' : 'pending';
  return new SoraError(code, error.message, {
    hint: `It continues at the host${entry.stage === 'sent' ? '' : ', and its task is kept with the character'}. Continue with: ${syncCommand(workspace, character)}`,
    ...more,
  });
}

/** A request was sent, and its answer never came to anybody. */
export function unknownFate(workspace: Workspace, unsettled: Unsettled): SoraError {
  const { character, target, entry } = unsettled;
  const requests = requestsOf(entry);
  const sent =
    requests === 1
      ? `a request was sent at ${entry.createdAt}`
      : `${requests} requests were sent, the last at ${entry.createdAt}`;
  const message = `${character.name} may be known to ${hostTitle(target.provider)} already: ${sent}, and its outcome is not known${entry.said === undefined ? '.' : `: ${sentence(oneLine(entry.said))}`}`;
  return new SoraError('ambiguous', message, { hint: waysOut(workspace, unsettled) });
}

function waysOut(workspace: Workspace, { character, target, entry }: Unsettled): string {
  const where = `Look for ${JSON.stringify(entry.name)} among the characters, or in the bill, of your host.`;
  const adopt = command(workspace, 'adopt <id>', [], [shellOption('name', shellQuote(character.name))]);
  const turned = target.orientation === 'portrait' ? ` ${option('orientation')} portrait` : '';
  return `${where} If it is there, take it over: ${adopt}${turned}. To send the request once more, add ${option('resend')}.`;
}

/** The command that goes on with a registration, as the user would type it: to the same host. */
export function syncCommand(workspace: Workspace, { name }: Character): string {
  return command(workspace, 'sync', [shellQuote(name)]);
}

function command(
  { selection }: Workspace,
  verb: string,
  operands: readonly string[],
  own: readonly string[] = [],
): string {
  const { provider, baseUrl, backend, profile } = selection;
  const given = (Object.entries({ provider, baseUrl, backend, profile }) as [OptionName, string | undefined][]).flatMap(
    ([name, value]) => (value === undefined ? [] : shellOption(name, shellQuote(value))),
  );
  return shellCommand(`sora character ${verb}`, operands, [...own, ...given]);
}
