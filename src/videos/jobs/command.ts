/** Commands on jobs, as the user would type them: to the same host, whatever is configured now. */

import type { Job } from '../../shared/job.ts';
import { shellCommand, shellOption, shellQuote } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';

/** `verb` is a command of `sora video` that takes a job, or several; `words` are its options, quoted. */
export function jobCommand(
  { selection }: Pick<Workspace, 'selection'>,
  verb: string,
  jobs: Pick<Job, 'id'> | readonly Pick<Job, 'id'>[],
  words: readonly string[] = [],
): string {
  const { baseUrl, profile } = selection;
  const given = [
    ...(baseUrl === undefined ? [] : [shellOption('baseUrl', shellQuote(baseUrl))]),
    ...(profile === undefined ? [] : [shellOption('profile', shellQuote(profile))]),
  ];
  return shellCommand(
    `sora video ${verb}`,
    [jobs].flat().map(({ id }) => id),
    [...words, ...given],
  );
}

/** The two ways on with a request whose fate nobody knows, a line each. */
export function recoveryCommands(workspace: Pick<Workspace, 'selection'>, job: Pick<Job, 'id'>): string {
  return [
    `To send it once more: ${jobCommand(workspace, 'resend', job)}`,
    `If you know that it created nothing: ${jobCommand(workspace, 'close', job)}`,
  ].join('\n');
}
