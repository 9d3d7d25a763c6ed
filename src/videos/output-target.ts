/** Where a video goes: the rules about `-o`, checked before anything is sent and again before anything is written. */
import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Context } from '../context.ts';
import { checkFolder, checkFree, type TargetRules } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import type { Job, Variant } from '../shared/job.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';

const EXTENSIONS: Readonly<Record<Variant, string>> = { video: 'mp4', thumbnail: 'webp', spritesheet: 'jpg' };

export type Target = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'stdout' };

/** Where the file goes. Throws `usage` when something is there already. */
export async function targetOf(
  context: Context,
  input: { output?: string; force: boolean },
  job: Job,
  variant: Variant,
): Promise<Target> {
  if (input.output === '-') {
    context.ui.resultToStderr();
    return { kind: 'stdout' };
  }
  const name = `${job.id}.${EXTENSIONS[variant]}`;
  const { cwd } = context.runtime;
  const path =
    input.output === undefined
      ? join(cwd, name)
      : (await isFolder(cwd, input.output))
        ? join(resolve(cwd, input.output), name)
        : resolve(cwd, input.output);
  await checkFree(path, rulesOf(input));
  return { kind: 'file', path };
}

async function isFolder(cwd: string, output: string): Promise<boolean> {
  if (output.endsWith('/') || output.endsWith(sep)) return true;
  return (await stat(resolve(cwd, output)).catch(() => undefined))?.isDirectory() === true;
}

/** Before anything is sent: the folder exists and can be written, and what `-o` names fits the number of jobs. */
export async function checkTarget(
  context: Context,
  input: { output?: string; force: boolean },
  count: number,
): Promise<void> {
  const { cwd, stdout } = context.runtime;
  if (input.output === '-') {
    if (count > 1)
      throw new SoraError('usage', '-o - takes one job.', { hint: 'Name a folder with -o to save several videos.' });
    if (stdout.isTTY)
      throw new SoraError('usage', '-o - would write a video to the terminal.', {
        hint: 'Redirect it: … -o - > video.mp4',
      });
    return;
  }
  const output = input.output ?? `.${sep}`;
  const folder = await isFolder(cwd, output);
  if (count > 1 && !folder) {
    throw new SoraError('usage', `-o ${output} must be an existing folder when there are several jobs.`, {
      hint: shellCommand('mkdir -p', [shellQuote(output)]),
    });
  }
  if (folder) await checkFolder(resolve(cwd, output));
  else await checkFree(resolve(cwd, output), rulesOf(input));
}

function rulesOf({ force }: { readonly force: boolean }): TargetRules {
  return { force, example: '<file>', takesStdout: true };
}
