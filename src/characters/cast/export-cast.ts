/** The cast as a file for others, with its clips beside it where that is wished: written whole or not at all. */

import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hashFile } from '../../disk/hash.ts';
import { checkFree, createOutput, type Output, outputWriteError } from '../../disk/publish.ts';
import { type Character, filesOf, type KeptFile } from '../../shared/character.ts';
import { SoraError, throwProblems } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import type { Clock } from '../../shared/time.ts';
import type { Workspace } from '../../workspace.ts';
import { requireCast } from '../find.ts';
import { nounOf } from '../lack.ts';
import type { CharacterStore } from '../store.ts';
import { clipFolder, copyClip } from './cast-file.ts';
import { encodeCast, isClipPath, isPublic } from './cast-format.ts';

export interface ExportOptions {
  /** Everybody unless given. */
  readonly names?: readonly string[];
  /** The file, from the working directory. */
  readonly output: string;
  readonly withClips?: boolean;
  /** Replaces what is there. */
  readonly force?: boolean;
}

export interface ExportedCast {
  /** Absolute. */
  readonly path: string;
  readonly characters: readonly string[];
  /** Where their clips, pictures and consents lie now; empty unless they were wished for. */
  readonly clips: readonly string[];
}

/** Writes the cast to a file. Throws `usage` for a place that is taken and for an empty cast, `machine` for clips that are not whole. */
export async function exportCast(workspace: Workspace, input: ExportOptions): Promise<ExportedCast> {
  const { names = [], output, withClips = false, force = false } = input;
  const { reporter, runtime } = workspace;
  const store = await workspace.characters();
  const target = resolve(runtime.cwd, output);
  await checkTarget(target, { output, withClips, force });
  const cast = await requireCast(workspace, names);
  if (cast.length === 0) {
    throw new SoraError('usage', 'The cast is empty: there is nothing to export.', {
      hint: 'Make a character: sora character create <clip> --name <name>',
    });
  }
  const folder = clipFolder(target);
  const nameOf = ({ sha256, extension }: KeptFile): string => `${sha256}.${extension}`;
  const text = encodeCast(cast, (file) => (withClips ? `${folder}/${nameOf(file)}` : undefined));
  const clips = withClips ? await filesToCopy(store, cast, { force, folder: join(dirname(target), folder) }) : [];
  await writeAll({ target, text, clips, force, clock: runtime.clock }).catch((error: unknown) => {
    throw outputWriteError(error, target);
  });
  const hidden = cast.flatMap(({ registrations }) => registrations).filter((one) => !isPublic(one)).length;
  if (hidden > 0) reporter.note(`${hidden} URLs that may be signed with a key were left out.`);
  return { path: target, characters: cast.map(({ name }) => name), clips: clips.map(({ to }) => to) };
}

async function checkTarget(
  target: string,
  { output, withClips, force }: Required<Omit<ExportOptions, 'names'>>,
): Promise<void> {
  if (output === '-' || /[/\\]$/.test(output)) {
    throw new SoraError('usage', `${option('output')} names the file to write.`, {
      hint: `For example: ${option('output')} cast.json`,
    });
  }
  if (withClips && !isClipPath(clipFolder(target))) {
    throw new SoraError('usage', `${output} cannot have a folder of clips beside it.`, {
      hint: `Try: ${option('output')} cast.json`,
    });
  }
  await checkFree(target, { force, example: 'cast.json' });
}

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly sha256: string;
  /** False for a clip that lies there already, whole. */
  readonly needed: boolean;
}

/** Every clip, picture and consent that must lie beside the file. Refuses before anything is written. */
async function filesToCopy(
  store: CharacterStore,
  cast: readonly Character[],
  { folder, force }: { folder: string; force: boolean },
): Promise<readonly Copy[]> {
  const problems: SoraError[] = [];
  const copies = new Map<string, Copy>();
  for (const character of cast) {
    for (const file of filesOf(character)) {
      const { sha256, extension } = file;
      const state = await store.checkFile(file);
      if (state !== 'whole')
        problems.push(new SoraError('machine', `The ${nounOf(file)} of ${character.name} is ${state}.`));
      const to = join(folder, `${sha256}.${extension}`);
      const there = await stat(to).catch(() => undefined);
      const needed = !there?.isFile() || (await hashFile(to)) !== sha256;
      if (there && needed && (!force || !there.isFile()))
        problems.push(new SoraError('usage', `${to} is something else than its name says.`));
      copies.set(`${sha256}.${extension}`, { from: store.filePath(file), to, sha256, needed });
    }
  }
  throwProblems(problems, {
    usual: `Without the clips: leave out ${option('withClips')}. To replace what is there: ${option('force')}`,
  });
  return [...copies.values()];
}

interface Files {
  readonly target: string;
  readonly text: string;
  readonly clips: readonly Copy[];
  readonly force: boolean;
  readonly clock: Clock;
}

/** Everything is whole before anything gets its name, and the file is the last: it never names a clip that is not there. */
async function writeAll({ target, text, clips, force, clock }: Files): Promise<void> {
  const needed = clips.filter((clip) => clip.needed);
  const folder = needed[0] && dirname(needed[0].to);
  const isNew = folder !== undefined && (await mkdir(folder, { recursive: true })) !== undefined;
  const made: Output[] = [];
  const begin = async (path: string): Promise<Output> => {
    const output = await createOutput(path, clock);
    made.push(output);
    return output;
  };
  try {
    for (const { from, to, sha256 } of needed) await copyClip(from, (await begin(to)).path, sha256, 'w');
    const file = await begin(target);
    await writeFile(file.path, text);
    // Clips are named by their content: one that has appeared in the meantime is the same.
    for (const output of made) await output.publish({ force: force || output !== file, taken: 'usage' });
  } finally {
    await Promise.allSettled(made.map((output) => output.dispose()));
    // Only where it is empty.
    if (isNew) await rmdir(folder).catch(() => undefined);
  }
}
