/** A clip of the user's, prepared into a file of the user's. */

import { basename, resolve } from 'node:path';
import { createOutput } from '../disk/publish.ts';
import type { CommandLines } from '../media/ffmpeg/command-lines.ts';
import type { MediaPlan } from '../media/plan/media-plan.ts';
import type { ClipOptions } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { inspectClip, refuseRejected } from './inspect.ts';
import { checkOutput, type PreparedClip, prepareInto } from './prepare.ts';

export interface PrepareOptions {
  /** The clip, from the working directory. */
  readonly file: string;
  /** The MP4 file to write, from the working directory. */
  readonly output: string;
  readonly options: ClipOptions;
  /** Replaces what is there. */
  readonly force?: boolean;
}

/** Prepares a clip into a file, whole or not at all. Throws `usage` for a place that is taken, and `clip` with every reason. */
export async function prepareFile(
  workspace: Workspace,
  input: PrepareOptions & { readonly isJudged: boolean },
): Promise<PreparedClip & { readonly path: string }> {
  const { options, force = false, isJudged } = input;
  const path = await checkedTarget(workspace, input);
  const inspected = await inspectClip(workspace, input.file, options);
  const made = await createOutput(path, workspace.runtime.clock);
  try {
    const judgeFor = isJudged ? options : undefined;
    const done = await prepareInto(workspace, inspected, { outputPath: made.path, judgeFor });
    await made.publish({ force, taken: 'usage' });
    return { ...done, path };
  } finally {
    await made.dispose();
  }
}

/** The command lines of the ffmpeg runs that `prepareFile` would make. Throws as it does. */
export async function previewPrepare(
  workspace: Workspace,
  input: PrepareOptions,
): Promise<CommandLines & { readonly path: string; readonly plan: MediaPlan }> {
  const outputPath = await checkedTarget(workspace, input);
  const inspected = await inspectClip(workspace, input.file, input.options);
  refuseRejected(inspected);
  const { path, plan, info } = inspected;
  const { commandLines } = await import('../media/ffmpeg/command-lines.ts');
  const what = { plan, info, source: path, outputPath };
  return { path, plan, ...commandLines(await workspace.ffmpeg(), what, { force: input.force === true }) };
}

async function checkedTarget({ runtime }: Workspace, { file, output, force = false }: PrepareOptions): Promise<string> {
  const target = resolve(runtime.cwd, output);
  if (output === '-' || /[/\\]$/.test(output)) {
    throw new SoraError('usage', `${option('output')} names the MP4 file to write.`, {
      hint: `For example: ${option('output')} ready.mp4`,
    });
  }
  await checkOutput(target, resolve(runtime.cwd, file), force);
  if (/\.(?:mov|mkv|webm|avi|gif|wmv|mpe?g|ts|png|jpe?g)$/i.test(target)) {
    const hint = `Name it .mp4: ${target.slice(0, target.lastIndexOf('.'))}.mp4`;
    throw new SoraError('usage', `The output is an MP4, but its name is ${basename(target)} says.`, { hint });
  }
  return target;
}
