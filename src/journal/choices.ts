/** What people have chosen of the takes of each scene, and what they have rejected, out of the lines of all journals. Pure. */
import type { Line, Pick } from './lines.ts';

/** A pick of nothing: what was picked before is picked no more. */
export const NOTHING_PICKED = 'none';

export interface Choice {
  /** Those that no other pick of the scene replaces; several after a merge of clones that picked apart. */
  readonly heads: readonly Pick[];
  /** Of the picked take's file; undefined where nothing is picked, or picks contradict each other. */
  readonly sha256: string | undefined;
  /** Picks that do not know each other name different takes. */
  readonly isTwice: boolean;
  /** Of the files of rejected takes; one that is picked counts as picked. */
  readonly rejected: ReadonlySet<string>;
}

const NO_CHOICE: Choice = { heads: [], sha256: undefined, isTwice: false, rejected: new Set() };

export interface Choices {
  of(scene: string): Choice;
  /** Scenes of which something is picked. */
  readonly picked: readonly string[];
}

export function choicesOf(lines: readonly Line[]): Choices {
  const picks = new Map<string, Map<string, Pick>>();
  const rejected = new Map<string, Set<string>>();
  for (const line of lines) {
    // A merge may bring a line twice.
    if (line.line === 'pick') entryOf(picks, line.scene, () => new Map()).set(line.key, line);
    if (line.line === 'reject') entryOf(rejected, line.scene, () => new Set()).add(line.sha256);
  }
  const choices = new Map<string, Choice>();
  for (const scene of new Set([...picks.keys(), ...rejected.keys()])) {
    const all = [...(picks.get(scene)?.values() ?? [])];
    const replaced = new Set(all.flatMap(({ after }) => after));
    const heads = all.filter(({ key }) => !replaced.has(key));
    const named = new Set(heads.map(({ sha256 }) => sha256));
    const [sha256] = named.size === 1 ? named : [];
    choices.set(scene, {
      heads,
      sha256: sha256 === NOTHING_PICKED ? undefined : sha256,
      isTwice: named.size > 1,
      rejected: rejected.get(scene) ?? new Set(),
    });
  }
  return {
    of: (scene) => choices.get(scene) ?? NO_CHOICE,
    picked: [...choices].flatMap(([scene, { sha256, isTwice }]) => (sha256 !== undefined || isTwice ? [scene] : [])),
  };
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
