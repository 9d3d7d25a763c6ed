/** Where a video goes: the rules about `-o`, checked before anything is sent and again before anything is written. */

import { stat } from 'node:fs/promises';
import { basename, join, parse, resolve, sep } from 'node:path';
import type { Writable } from 'node:stream';
import { checkFolder, checkFree, type TargetRules } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import type { Job, Variant } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';

const EXTENSIONS: Readonly<Record<Variant, string>> = { video: 'mp4', thumbnail: 'webp', spritesheet: 'jpg' };

/** Where a video is wanted: a file, a folder, or a stream that it is written to. */
export type Output = string | Writable;

export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stream'; readonly stream: Writable };

/** Where the file goes. Throws `usage` when something is there already. */
export async function targetOf(
  workspace: Workspace,
  input: { readonly output?: Output; readonly force: boolean },
  job: Job,
  variant: Variant,
): Promise<Target> {
  if (typeof input.output === 'object') return { kind: 'stream', stream: input.output };
  const name = `${job.id}.${EXTENSIONS[variant]}`;
  const { cwd } = workspace.runtime;
  const path =
    input.output === undefined
      ? join(cwd, name)
      : (await isFolder(cwd, input.output))
        ? join(resolve(cwd, input.output), name)
        : resolve(cwd, input.output);
  await checkFree(path, rulesOf(input));
  return { kind: 'file', path };
}

/** Whether the video of the job was saved as that file. */
export function wasSavedAs(job: Job, path: string): boolean {
  return job.remoteId !== undefined && job.output?.path === path;
}

/** The name of the file that `-o` names; undefined where that is a folder, a stream, or nothing. */
export async function outputFileName(
  { runtime }: Workspace,
  { output }: { readonly output?: string },
): Promise<string | undefined> {
  return output === undefined || output === '-' || (await isFolder(runtime.cwd, output)) ? undefined : basename(output);
}

async function isFolder(cwd: string, output: string): Promise<boolean> {
  if (output.endsWith('/') || output.endsWith(sep)) return true;
  return (await stat(resolve(cwd, output)).catch(() => undefined))?.isDirectory() === true;
}

/** A name with an ending is that of a file: nobody wants a folder that is called so. */
function hintForSeveral(output: string): string {
  const { dir, name, ext } = parse(output);
  const folder = shellCommand('mkdir -p', [shellQuote(ext === '' ? output : join(dir, name))]);
  if (ext === '') return folder;
  const [first, second] = [1, 2].map((n) => shellQuote(join(dir, `${name}-${n}${ext}`)));
  return `Save each by a command of its own, as ${first}, ${second} and so on, or make a folder for all: ${folder}`;
}

/** Before anything is sent: the folder exists and can be written, and what `-o` names fits the number of jobs. */
export async function checkTarget(
  workspace: Workspace,
  input: { readonly output?: string | undefined; readonly force: boolean },
  count: number,
): Promise<void> {
  const { cwd } = workspace.runtime;
  const output = input.output ?? `.${sep}`;
  const folder = await isFolder(cwd, output);
  if (count > 1 && !folder) {
    throw new SoraError(
      'usage',
      `${option('output')} ${output} must be an existing folder when there are several jobs.`,
      { hint: hintForSeveral(output) },
    );
  }
  if (folder) await checkFolder(resolve(cwd, output));
  else await checkFree(resolve(cwd, output), rulesOf(input));
}

function rulesOf({ force }: { readonly force: boolean }): TargetRules {
  return { force, example: '<file>', takesStdout: true };
}
