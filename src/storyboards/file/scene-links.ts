/** How the scenes of a file belong together: their ids, which of them a variant has, and which continues which. Pure. */

import { nearest } from '../../shared/text.ts';
import { CUT, plannedSeconds, type Scene } from '../storyboard.ts';
import type { Path } from './located.ts';
import type { SceneSettings } from './settings.ts';
import { NONE } from './values.ts';

/** Of what stands at a path, and in a longer text at `part`. */
export type Complain = (path: Path, text: string, part?: string) => void;

const PREVIOUS = 'previous';

/** Where those scenes are in the file that the variant does not skip. */
export function keptScenes(
  scenes: readonly SceneSettings[],
  { variant, variants, complain }: { variant: string | undefined; variants: readonly string[]; complain: Complain },
): readonly number[] {
  for (const [index, { skip = [] }] of scenes.entries()) {
    for (const name of skip.filter((one) => !variants.includes(one))) {
      complain(['scenes', index, 'skip'], noSuch('variant', name, variants));
    }
  }
  const kept = [...scenes.keys()].filter((index) => !scenes[index]?.skip?.some((name) => name === variant));
  if (kept.length === 0 && scenes.length > 0) complain(['scenes'], `the variant "${variant}" skips every scene.`);
  return kept;
}

/** Of each scene: the one that it has, or one made of its heading. */
export function idsOf(scenes: readonly SceneSettings[], complain: Complain): readonly string[] {
  const seen = new Map<string, number>();
  return scenes.map(({ id, heading = '' }, index) => {
    const own = id ?? idOfHeading(heading);
    const at: Path = ['scenes', index];
    if (own === '') {
      complain(at, 'no id can be made of the heading: write one behind it, such as {#harbour}.');
      // Different from every other.
      return `scene ${index + 1}`;
    }
    if (own === PREVIOUS || own === NONE)
      complain(at, `"${own}" is a word of its own here: give the scene another id.`);
    const folded = own.toLowerCase();
    const first = seen.get(folded);
    if (first !== undefined) {
      complain(
        at,
        `the id "${own}" is that of scene ${first + 1} too: write another one behind the heading, such as {#${own}-2}.`,
      );
      return `${own} ${index + 1}`;
    }
    seen.set(folded, index);
    return own;
  });
}

/** Letters and digits of any script, in small letters, with `-` for everything between them. */
function idOfHeading(heading: string): string {
  const words =
    heading
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];
  return [...words.join('-')]
    .slice(0, 100)
    .join('')
    .replace(/^\p{M}+/u, '');
}

interface Present {
  /** Of all scenes of the file. */
  readonly ids: readonly string[];
  readonly kept: readonly number[];
  readonly variant: string | undefined;
  readonly complain: Complain;
}

/** By the id of a scene, the id of the one that it continues. */
export function predecessorsOf(
  scenes: readonly SceneSettings[],
  { ids, kept, variant, complain }: Present,
): ReadonlyMap<string, string> {
  const before = new Map<string, string>();
  const present = kept.map((index) => ids[index] ?? '');
  for (const [position, index] of kept.entries()) {
    const continues = scenes[index]?.continues;
    if (continues === undefined) continue;
    const at: Path = ['scenes', index, 'continues'];
    const id = ids[index] ?? '';
    const previous = continues === PREVIOUS ? present[position - 1] : continues;
    if (previous === undefined) complain(at, 'the first scene has no previous scene to continue.');
    else if (present.includes(previous)) before.set(id, previous);
    else if (ids.includes(previous)) complain(at, `"${previous}" is not in the variant "${variant}", which skips it.`);
    else complain(at, noSuch('scene', previous, ids));
  }
  for (const id of circular(before)) {
    complain(['scenes', ids.indexOf(id), 'continues'], `"${id}" would continue itself, through "${before.get(id)}".`);
    before.delete(id);
  }
  return before;
}

/** One of each circle. */
function circular(before: ReadonlyMap<string, string>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  for (const start of before.keys()) {
    const way = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && !done.has(at) && !way.has(at)) {
      way.add(at);
      at = before.get(at);
    }
    if (at !== undefined && way.has(at)) found.push(at);
    for (const one of way) done.add(one);
  }
  return found;
}

/** Parts and fades that are longer than what they are of. */
export function checkLengths(
  scenes: readonly Scene[],
  complain: (id: string, key: string, text: string) => void,
): void {
  for (const [position, scene] of scenes.entries()) {
    const { id, trim, seconds, transition } = scene;
    if (trim && seconds !== undefined && trim.to > seconds) {
      complain(id, 'trim', `the part ends at ${trim.to} s, and the take has ${seconds} s.`);
    }
    // How long the host's default is, is not known here.
    if (seconds === undefined && trim === undefined) continue;
    const next = scenes[position + 1]?.transition ?? CUT;
    const fades = [transition, next].map((one) => (one.kind === 'fade' ? one.seconds : 0));
    const [inside = 0, out = 0] = fades;
    if (inside + out > plannedSeconds(scene)) {
      const where = inside > 0 ? 'transition' : 'seconds';
      complain(
        id,
        where,
        `the fades into and out of the scene are longer than the scene: ${inside} s and ${out} s of ${plannedSeconds(scene)} s.`,
      );
    }
  }
}

/** A film of thousands of scenes may name as many that there are not. */
const MOST_COMPARED = 200;

/** `there is no variant "tal"; did you mean "tall"?` */
export function noSuch(kind: string, name: string, known: readonly string[]): string {
  const close = nearest(name, known.slice(0, MOST_COMPARED));
  const all = known.length === 0 ? '.' : `. There are: ${known.slice(0, 20).join(', ')}.`;
  return `there is no ${kind} "${name}"${close === undefined ? all : `; did you mean "${close}"?`}`;
}
