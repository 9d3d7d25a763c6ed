/** The pictures of a character: those that were given for it, else those that are chosen from its clip. */

import { writeFile } from 'node:fs/promises';
import type { StillPicture } from '../../clips/stills.ts';
import { hashText } from '../../disk/hash.ts';
import { pictureFile, readPictureFile } from '../../media/picture/read-picture.ts';
import { type Character, type Still, stillFile } from '../../shared/character.ts';
import { isSoraError, SoraError, throwProblems } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { shellCommand, shellOption, shellPhrase, shellQuote } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';
import { type CharacterStore, type MadeFile, removedMeanwhile } from '../store.ts';

/** As many as the models take that take the fewest of those that take several characters. */
const MOST_STILLS = 9;

export interface CharacterStills {
  /** Whether somebody gave them, or they are of the clip. */
  readonly from: 'given' | 'clip';
  /** The first is the frontal one, where whoever gave them followed that. */
  readonly stills: readonly StillPicture[];
}

/**
 * A character's pictures, made from its clip where that has not been done; not kept, they lie nowhere. Throws `usage` for a character that has neither pictures
 * nor a clip, `machine` for what is missing here, and what `chosenStills` throws.
 */
export async function stillsOf(
  workspace: Workspace,
  character: Character,
  { isKept = true }: { readonly isKept?: boolean } = {},
): Promise<CharacterStills> {
  const { name, clip, stills } = character;
  if (stills) return { from: 'given', stills: await givenStills(workspace, name, stills) };
  if (!clip) throw hasNoStills(name);
  const { chosenStills } = await import('../../clips/stills.ts');
  return { from: 'clip', stills: await chosenStills(workspace, { ...character, clip }, { isKept }) };
}

/** The same, as far as it needs no work; undefined where nothing was made yet, or is not here. */
export async function keptStillsOf(workspace: Workspace, character: Character): Promise<CharacterStills | undefined> {
  const { clip, stills } = character;
  const store = await workspace.characters();
  if (stills) return { from: 'given', stills: stills.map((still) => pathOf(store, still)) };
  if (!clip) return undefined;
  const { keptStills } = await import('../../clips/stills.ts');
  const kept = await keptStills(workspace, { ...character, clip });
  return kept && { from: 'clip', stills: kept };
}

function pathOf(store: CharacterStore, still: Still): StillPicture {
  return { ...still, path: store.filePath(stillFile(still)) };
}

async function givenStills(
  workspace: Workspace,
  name: string,
  stills: readonly Still[],
): Promise<readonly StillPicture[]> {
  const store = await workspace.characters();
  for (const still of stills) {
    if (await store.hasFile(stillFile(still))) continue;
    throw new SoraError('machine', `A picture of ${name} is missing: ${store.filePath(stillFile(still))}`, {
      hint: `Give its pictures again: ${setStills(name)}`,
    });
  }
  return stills.map((still) => pathOf(store, still));
}

function setStills(name: string): string {
  return shellCommand('sora character stills', [shellQuote(name)], [`${option('set')} front.png side.png`]);
}

function hasNoStills(name: string): SoraError {
  return new SoraError('usage', `${name} has no pictures, and no clip to take them from.`, {
    hint: `Give it some: ${setStills(name)}`,
  });
}

/** Pictures that were given, as they will be kept: under temporary names, until `dispose`. */
export interface GivenStills {
  readonly stills: readonly Still[];
  readonly files: readonly MadeFile[];
  dispose(): Promise<void>;
}

/** Reads and checks pictures. Throws `usage` and `clip` with every problem in one refusal, and `machine`. */
export async function readStills(workspace: Workspace, pictures: readonly string[]): Promise<GivenStills> {
  const { runtime, reporter } = workspace;
  const { prepareStill } = await import('../../media/picture/still.ts');
  const { temporary } = await import('../../disk/temporary.ts');
  if (pictures.length > MOST_STILLS)
    throw new SoraError('usage', `A character has at most ${MOST_STILLS} pictures; these are ${pictures.length}.`, {
      hint: 'Models take few: one from the front, and two or three from other sides.',
    });
  const store = await workspace.characters();
  const problems: SoraError[] = [];
  const paths: string[] = [];
  const collect = (error: unknown): void => {
    if (!isSoraError(error)) throw error;
    problems.push(error);
  };
  for (const picture of pictures) await pictureFile(runtime.cwd, picture).then((path) => paths.push(path), collect);
  throwProblems(problems);
  const ffmpeg = await workspace.ffmpeg();
  const made: { readonly still: Still; readonly file: MadeFile; readonly dispose: () => Promise<void> }[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(made.map((one) => one.dispose()));
  };
  try {
    for (const path of paths) {
      const { bytes: read, fileName } = await readPictureFile(path);
      const image = await prepareStill(read, { name: fileName, ffmpeg, signal: runtime.signal }).catch(collect);
      if (!image) continue;
      for (const note of image.notes) reporter.note(note);
      const { bytes, mime, size } = image;
      const still: Still = { sha256: hashText(bytes), mime, ...size, bytes: bytes.length, fileName };
      const twin = made.find((one) => one.still.sha256 === still.sha256);
      if (twin) {
        problems.push(
          new SoraError('usage', `${twin.still.fileName} and ${fileName} are the same picture.`, {
            hint: 'Give each once.',
          }),
        );
        continue;
      }
      const { extension } = stillFile(still);
      const temp = temporary(await store.tempClipPath(extension));
      made.push({ still, file: { sha256: still.sha256, extension, path: temp.path }, dispose: temp.dispose });
      await writeFile(temp.path, bytes, { mode: 0o600 });
    }
    throwProblems(problems);
    return { stills: made.map(({ still }) => still), files: made.map(({ file }) => file), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Puts pictures in the place of those that the character has. Throws `usage` for a name that is not there. */
export async function placeStills(
  workspace: Workspace,
  { name }: Pick<Character, 'name'>,
  { stills, files }: GivenStills,
): Promise<Character> {
  return (await workspace.characters()).place(name, files, (current) => {
    if (!current) throw removedMeanwhile(name);
    return { ...current, stills };
  });
}

/** Back to those of the clip. Throws `usage` for a character that has nothing else than the pictures that were given. */
export async function resetStills(workspace: Workspace, { name, clip, stills }: Character): Promise<Character> {
  if (!clip)
    throw new SoraError(
      'usage',
      `${name} has no clip from which pictures could be chosen${stills ? ': these are all it has' : ''}.`,
      {
        hint: `Give it one: sora character create <clip> ${shellOption('name', shellPhrase(name))}`,
      },
    );
  return (await workspace.characters()).place(name, [], (current) => {
    if (!current) throw removedMeanwhile(name);
    const { stills: _, ...rest } = current;
    return rest;
  });
}
