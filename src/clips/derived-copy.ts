/** The copy of a character's clip that a video needs: in the other orientation, or as its model takes clips. */

import { temporary } from '../disk/temporary.ts';
import type { CharacterClip, CharacterWithClip } from '../shared/character.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS, type Focus, type Framing } from '../shared/clip.ts';
import { type Orientation, orientationOf, type Rect, type Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { inspectClip } from './inspect.ts';
import type { InspectedClip } from './inspect-picture.ts';
import { evenPart, requireClip } from './master.ts';
import { prepareInto } from './prepare.ts';

/** A clip to upload, and what to do when it is no longer needed. */
export interface UploadClip {
  readonly path: string;
  dispose(): Promise<void>;
}

/** What is wanted of a clip. */
export interface WantedClip {
  readonly orientation: Orientation;
  /** What it has to be besides. */
  readonly copy?: ClipRecipe | undefined;
}

/** No longer than, and of exactly that size and frame rate; what is absent stays as it is. */
export interface ClipRecipe {
  readonly seconds?: number;
  readonly size?: Size;
  readonly fps?: number;
  /** How it is brought into its frame; as the clip was, unless given. */
  readonly fit?: 'pad' | 'crop';
  readonly focus?: Focus;
}

/**
 * The character's clip as it is wanted. The master is used as it is where it is all that; else a clip is derived from it:
 * hosts stretch a clip whose aspect ratio is not the video's, and refuse one that is too long or too large.
 */
export async function derivedClip(
  workspace: Workspace,
  character: CharacterWithClip,
  { orientation, copy }: WantedClip,
): Promise<UploadClip> {
  const path = await requireClip(workspace, character);
  const isTurned = orientationOf(character.clip.master) !== orientation;
  if (!isTurned && !copy) return { path, dispose: async () => {} };
  const { path: derived, dispose } = temporary(await (await workspace.characters()).tempClipPath());
  try {
    const { fit } = character.clip.options;
    const wishes: ClipOptions = { ...DEFAULT_CLIP_OPTIONS, orientation, ...framingOf(copy, fit), ...wishesFor(copy) };
    // Bars of the old frame would stay inside the new one.
    const crop = isTurned || copy?.fit === 'crop' ? await paddedPicture(workspace, character.clip, path) : undefined;
    const clip = await inspectClip(workspace, path, wishes, { crop, fps: copy?.fps });
    if (isTurned) workspace.reporter.note(await turnedNote(character, clip, copy?.fit));
    await prepareInto(workspace, clip, {
      outputPath: derived,
      name: `${character.name}'s clip`,
    });
    return { path: derived, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function framingOf({ fit, focus }: ClipRecipe = {}, own: 'pad' | 'crop'): Framing {
  return { fit: fit ?? own, ...(focus && { focus }) };
}

/** Turned, a 720p picture asks for a larger frame than it came in, unless a size is given. */
function wishesFor({ size, seconds }: ClipRecipe = {}): Pick<ClipOptions, 'resolution' | 'duration'> {
  const short = size && Math.min(size.width, size.height);
  return { resolution: short === undefined ? 'auto' : short > 720 ? '1080p' : '720p', duration: seconds ?? null };
}

/** That another copy is registered, how much of it will be black, and how to have less. */
async function turnedNote(
  { name, clip: { master, options } }: CharacterWithClip,
  { plan, info }: InspectedClip,
  wishedFit: ClipRecipe['fit'],
): Promise<string> {
  const [lies, wanted] = orientationOf(master) === 'landscape' ? ['landscape', 'portrait'] : ['portrait', 'landscape'];
  const note = `${name}'s clip is ${lies}; a ${wanted} copy is registered for this video.`;
  const { barsToTell } = await import('../media/judge/bars.ts');
  const share = plan.kind === 'reject' || !info.video ? undefined : barsToTell(plan, info.video);
  if (share === undefined) return note;
  const black = `${note} Black bars take ${share} % of it.`;
  // Whoever asks for the bars knows of the other way.
  return wishedFit !== undefined || options.fit !== 'pad'
    ? black
    : `${black} To fill the frame, add ${option('fit')} crop.`;
}

/** The picture inside a padded master, on even pixels; undefined where it fills it. What earlier versions padded is not written down. */
async function paddedPicture(
  workspace: Workspace,
  { master: { picture }, options, planVersion }: CharacterClip,
  path: string,
): Promise<Rect | undefined> {
  if (picture) return evenPart(picture);
  if (planVersion > 1 || options.fit !== 'pad') return undefined;
  const { findPicture } = await import('./inspect-picture.ts');
  return findPicture(workspace, await inspectClip(workspace, path, DEFAULT_CLIP_OPTIONS));
}
