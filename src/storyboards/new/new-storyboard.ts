/** A new storyboard: an example to begin with, the folder of its takes, and the character of its scenes. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { createCharacter } from '../../characters/create.ts';
import { machineError } from '../../disk/atomic-write.ts';
import { writeOutput } from '../../disk/publish.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../shared/clip.ts';
import { isSoraError, PATH_HINT, SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { sampleClip } from '../../shared/sample-clip.ts';
import { shellCommand, shellOption, shellQuote } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { takesFolder } from '../film.ts';
import { EXAMPLE_CHARACTER, exampleStoryboard } from './example.ts';
import { writeGitFiles } from './git-files.ts';

export interface NewStoryboard {
  /** Absolute. */
  readonly path: string;
  readonly takesFolder: string;
  /** Whether the character of its scenes was put into the cast: nobody of that name was in it. */
  readonly castJoe: boolean;
}

export interface NewStoryboardInput {
  /** As it was typed. */
  readonly file: string;
  /** Replaces what is there. */
  readonly force: boolean;
  /** Absolute path of the clip of its character; the one that comes with sora unless given. */
  readonly clip?: string;
}

/** Throws `usage` for a place where it cannot be, or where something is unless `force`. */
export async function newStoryboard(
  workspace: Workspace,
  { file, force, clip = sampleClip() }: NewStoryboardInput,
): Promise<NewStoryboard> {
  const { runtime } = workspace;
  const path = resolve(runtime.cwd, file);
  await checkPlace(path, { file, force });
  const name = basename(path, extname(path));
  const text = exampleStoryboard(name.replaceAll(/[-_]+/g, ' '));
  await writeOutput(path, text, { force, taken: 'usage', clock: runtime.clock }).catch((error: unknown) => {
    // What is published is named by `-o` elsewhere, which there is none of here.
    throw isSoraError(error, 'machine') ? machineError(error.cause, 'write', path, 'user') : error;
  });
  const takes = takesFolder(path);
  await writeGitFiles(path, takes, workspace);
  return { path, takesFolder: takes, castJoe: await castJoe(workspace, clip) };
}

async function checkPlace(path: string, { file, force }: { file: string; force: boolean }): Promise<void> {
  if (!/\.(?:md|markdown)$/i.test(path)) {
    throw new SoraError('usage', `A storyboard is Markdown, and ${file} has another ending.`, {
      hint: `Name it ${shellQuote(`${file.replace(/\.[^./\\]*$/, '')}.md`)}.`,
    });
  }
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new SoraError('usage', `There is no folder ${dirname(path)}.`, { hint: PATH_HINT });
  }
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new SoraError('usage', `${file} is a folder.`, { hint: 'Name a file in it.' });
  if (there && !force) {
    throw new SoraError('usage', `${file} already exists.`, {
      hint: `Name another file, or add ${option('force')} to replace it by the example.`,
    });
  }
}

/** Kept on this machine only: whoever renders the film registers it then. */
async function castJoe(workspace: Workspace, path: string): Promise<boolean> {
  if (await (await workspace.characters()).find(EXAMPLE_CHARACTER)) return false;
  const wanted = { path, name: EXAMPLE_CHARACTER, options: DEFAULT_CLIP_OPTIONS, force: false, local: true };
  try {
    await createCharacter(workspace, { ...wanted, isJudged: false });
    return true;
  } catch (error) {
    if (!isSoraError(error, 'machine')) throw error;
    const command = shellCommand('sora character create', [shellQuote(path)], [shellOption('name', EXAMPLE_CHARACTER)]);
    workspace.reporter.warn(`${EXAMPLE_CHARACTER} could not be put into your cast: ${error.message} Later: ${command}`);
    return false;
  }
}
