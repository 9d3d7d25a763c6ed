/**
 * The stills of a clip: its best pictures, chosen when they are first needed and kept beside it. They follow from the clip, so
 * that what is lost or damaged of them is made again.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { publish, writeTemp } from '../disk/atomic-write.ts';
import { hashFile, hashText } from '../disk/hash.ts';
import {
  list,
  number,
  oneOf,
  optional,
  parseJson,
  positive,
  recordDecoder,
  sha256,
  shape,
  string,
} from '../disk/schema.ts';
import { temporary } from '../disk/temporary.ts';
import type { ChosenFrame } from '../media/judge/stills.ts';
import type { CharacterWithClip, Still } from '../shared/character.ts';
import type { Workspace } from '../workspace.ts';
import { evenPart, requireClip } from './master.ts';

/** A picture of a character that lies on this machine. */
export interface StillPicture extends Omit<Still, 'fileName'> {
  readonly path: string;
  /** Of a picture that was given. */
  readonly fileName?: string;
  /** Of one that was chosen: when it stands in the clip, and how good it is. */
  readonly chosen?: ChosenFrame;
}

/** Raised when the same clip would give other stills. */
const STILLS_VERSION = 1;

interface StillsIndex {
  readonly version: number;
  readonly stills: readonly (Omit<Still, 'fileName'> & { readonly chosen: ChosenFrame })[];
}

const measured = { value: number, word: string, level: oneOf('good', 'remark', 'problem') };

const decodeIndex = recordDecoder<StillsIndex>(
  STILLS_VERSION,
  shape<StillsIndex>({
    version: oneOf(STILLS_VERSION),
    stills: list(
      shape<StillsIndex['stills'][number]>({
        ...{ sha256, mime: oneOf('image/jpeg'), width: positive, height: positive, bytes: positive },
        chosen: shape<ChosenFrame>({
          at: number,
          sharpness: optional(shape<NonNullable<ChosenFrame['sharpness']>>(measured)),
          exposure: shape<ChosenFrame['exposure']>(measured),
        }),
      }),
    ),
  }),
);

/**
 * The pictures of a character's clip, the one nearest to the middle first. Made where they are not here, with progress; where they
 * are not kept, nothing lies at their paths. Throws `machine` where the clip is not here or there is no ffmpeg, `clip` where nothing of it can be measured.
 */
export async function chosenStills(
  workspace: Workspace,
  character: CharacterWithClip,
  { isKept }: { readonly isKept: boolean },
): Promise<readonly StillPicture[]> {
  const kept = await keptStills(workspace, character);
  if (kept) return kept;
  if (!isKept) return (await previewStills(workspace, character)).map(({ still }) => still);
  const { clip } = character;
  const made = await makeStills(workspace, character);
  const store = await workspace.characters();
  for (const { still, bytes } of made) {
    const temp = temporary(await store.tempClipPath('jpg'));
    try {
      await writeFile(temp.path, bytes, { mode: 0o600, flush: true });
      await publish(temp.path, still.path);
    } finally {
      await temp.dispose();
    }
  }
  // The last: it names no picture that is not there.
  const index = { version: STILLS_VERSION, stills: made.map(({ still: { path: _, ...still } }) => still) };
  const place = store.derivedPath(clip.master.sha256, INDEX);
  await publish(await writeTemp(dirname(place), `${JSON.stringify(index)}\n`), place);
  return made.map(({ still }) => still);
}

/** By the runs of the program and the clips: many lines of a file show one character. */
const previewed = new WeakMap<object, Map<string, Promise<readonly MadeStill[]>>>();

function previewStills(workspace: Workspace, character: CharacterWithClip): Promise<readonly MadeStill[]> {
  const { runtime } = workspace;
  const known = previewed.get(runtime) ?? new Map<string, Promise<readonly MadeStill[]>>();
  previewed.set(runtime, known);
  const { sha256 } = character.clip.master;
  const stills = known.get(sha256) ?? makeStills(workspace, character);
  known.set(sha256, stills);
  return stills;
}

/** Those that have been made; undefined where some have not, or are damaged. */
export async function keptStills(
  workspace: Workspace,
  { clip }: CharacterWithClip,
): Promise<readonly StillPicture[] | undefined> {
  const store = await workspace.characters();
  const place = (name: string): string => store.derivedPath(clip.master.sha256, name);
  try {
    const { stills } = decodeIndex(parseJson(await readFile(place(INDEX), 'utf8')));
    const pictures = stills.map((still, index) => ({ ...still, path: place(pictureName(index)) }));
    const hashes = await Promise.all(pictures.map(({ path }) => hashFile(path)));
    return pictures.every((one, index) => one.sha256 === hashes[index]) ? pictures : undefined;
  } catch {
    return undefined;
  }
}

const INDEX = 'stills.json';

function pictureName(index: number): string {
  return `still-${index + 1}.jpg`;
}

interface MadeStill {
  readonly still: StillPicture & { readonly chosen: ChosenFrame };
  readonly bytes: Uint8Array;
}

async function makeStills(workspace: Workspace, character: CharacterWithClip): Promise<readonly MadeStill[]> {
  const { name, clip } = character;
  const source = await requireClip(workspace, character);
  const store = await workspace.characters();
  const { probeMedia } = await import('../media/probe/probe.ts');
  const { takeStills } = await import('../media/judge/stills.ts');
  const { imageSize } = await import('../media/picture/formats.ts');
  const { signal } = workspace.runtime;
  const ffmpeg = await workspace.ffmpeg();
  const task = await workspace.reporter.task(`Choosing stills of ${name}`);
  try {
    const info = await probeMedia(source, { ffmpeg, signal });
    const picture = clip.master.picture && evenPart(clip.master.picture);
    const taken = await takeStills({ source, info, ffmpeg, signal, picture });
    const stills = taken.flatMap(({ frame, bytes }, index): readonly MadeStill[] => {
      const size = imageSize(bytes);
      if (!size) return [];
      const path = store.derivedPath(clip.master.sha256, pictureName(index));
      const file = { sha256: hashText(bytes), mime: 'image/jpeg', ...size, bytes: bytes.length } as const;
      return [{ still: { ...file, path, chosen: frame }, bytes }];
    });
    task.stop();
    return stills;
  } catch (error) {
    task.fail(`No stills of ${name} were chosen`);
    throw error;
  }
}
