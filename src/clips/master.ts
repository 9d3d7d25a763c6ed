/** A character's master: where it lies, and where its picture is in it. */

import type { CharacterWithClip } from '../shared/character.ts';
import { SoraError } from '../shared/errors.ts';
import type { Rect } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { shellOption, shellPhrase } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';

/** The path of a character's clip. Throws `machine` where it is not here. */
export async function requireClip(
  workspace: Workspace,
  { name, clip: { master } }: CharacterWithClip,
): Promise<string> {
  const store = await workspace.characters();
  const path = store.clipPath(master.sha256);
  if (await store.hasClip(master.sha256)) return path;
  throw new SoraError('machine', `The clip of ${name} is missing: ${path}`, {
    hint: `Make it again: sora character create <clip> ${shellOption('name', shellPhrase(name))} ${option('force')}`,
  });
}

/** The largest part on even pixels: chroma is stored for pairs. */
export function evenPart({ x, y, width, height }: Rect): Rect {
  const [left, top] = [x + (x % 2), y + (y % 2)];
  const [right, bottom] = [x + width, y + height];
  return { x: left, y: top, width: right - left - ((right - left) % 2), height: bottom - top - ((bottom - top) % 2) };
}
