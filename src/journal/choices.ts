/**
 * What people have chosen of the takes of each scene, and what they have rejected, out of the lines of all journals. One scene
 * may be made in several words: of several variants and qualities, and of each edit of its text. Pure.
 */
import type { Line, Pick } from './lines.ts';

/** A pick of nothing: what was picked before is picked no more. */
export const NOTHING_PICKED = 'none';

/** For what a take is picked. */
export interface PickedFor extends FilmVersion {
  /** SHA-256 of what the scene asks for, whatever take it goes on from. */
  readonly words: string;
}

/** Which of the films that a file describes. */
export interface FilmVersion {
  readonly quality?: string | undefined;
  readonly variant?: string | undefined;
}

export interface Choice {
  /** Those that count and that no other one replaces; several after a merge of clones that picked apart. */
  readonly heads: readonly Pick[];
  /** Of the picked take's file; undefined where nothing is picked, or picks contradict each other. */
  readonly sha256: string | undefined;
  /** Picks that do not know each other name different takes. */
  readonly isTwice: boolean;
  /** It was made for these words; another one stands in for it until there is one, and is replaced by none. */
  readonly isOwn: boolean;
  /** Of the files of rejected takes; one that is picked counts as picked. */
  readonly rejected: ReadonlySet<string>;
}

export interface Choices {
  /**
   * Of the picks of a scene those that were made for these words; else those of the same film in other words; else the newest
   * of any. Without words, of them all.
   */
  of(scene: string, by?: PickedFor): Choice;
  /** The files that any film has picked of a scene. */
  standing(scene: string): ReadonlySet<string>;
  /** The keys of the picks that the next one of the scene comes after. */
  latest(scene: string): readonly string[];
  /** Scenes of which something is picked. */
  readonly picked: readonly string[];
}

/** For which words a file was made; undefined where nobody knows the take. */
export type WordsOfFile = (scene: string, sha256: string) => string | undefined;

export function choicesOf(lines: readonly Line[], wordsOfFile: WordsOfFile = () => undefined): Choices {
  const picks = new Map<string, Map<string, Pick>>();
  const rejected = new Map<string, Set<string>>();
  for (const line of lines) {
    // A merge may bring a line twice.
    if (line.line === 'pick') entryOf(picks, line.scene, () => new Map()).set(line.key, line);
    if (line.line === 'reject') entryOf(rejected, line.scene, () => new Set()).add(line.sha256);
  }
  const histories = new Map([...picks].map(([scene, all]) => [scene, historyOf([...all.values()], wordsOfFile)]));
  const filesOf = (all: readonly Pick[]): ReadonlySet<string> => new Set(all.map(({ sha256 }) => sha256));
  return {
    of(scene, by) {
      const { heads, isOwn } = histories.get(scene)?.headsFor(by) ?? { heads: [], isOwn: false };
      const named = filesOf(heads);
      const [sha256] = named.size === 1 ? named : [];
      return {
        ...{ heads, isOwn, isTwice: named.size > 1, sha256: sha256 === NOTHING_PICKED ? undefined : sha256 },
        rejected: rejected.get(scene) ?? new Set(),
      };
    },
    standing: (scene) => filesOf(histories.get(scene)?.standing ?? []),
    latest: (scene) => (histories.get(scene)?.latest ?? []).map(({ key }) => key),
    picked: [...histories].flatMap(([scene, { standing }]) => (standing.length > 0 ? [scene] : [])),
  };
}

/** The picks of one scene, each with those that it comes after. */
interface History {
  /** Those that come before no other one. */
  readonly latest: readonly Pick[];
  /** For whatever words: the last ones, as far as they pick something. */
  readonly standing: readonly Pick[];
  headsFor(by: PickedFor | undefined): { readonly heads: readonly Pick[]; readonly isOwn: boolean };
}

function historyOf(all: readonly Pick[], wordsOfFile: WordsOfFile): History {
  const byKey = new Map(all.map((pick) => [pick.key, pick]));
  const before = new Map<string, Set<string>>();
  for (const { key } of all) {
    const reached = new Set<string>();
    const next = [key];
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      for (const earlier of byKey.get(one)?.after ?? []) {
        if (reached.has(earlier) || earlier === key) continue;
        reached.add(earlier);
        next.push(earlier);
      }
    }
    before.set(key, reached);
  }
  const lastOf = (some: readonly Pick[]): readonly Pick[] =>
    some.filter(({ key }) => !some.some((other) => before.get(other.key)?.has(key)));
  // Lines of earlier versions do not say for which words they are: then it is those of their takes.
  const words = new Map(
    all.map(({ key, words: said, scene, sha256 }) => [
      key,
      said ?? (sha256 === NOTHING_PICKED ? undefined : wordsOfFile(scene, sha256)),
    ]),
  );
  const forAll = all.filter(({ key }) => words.get(key) === undefined);
  const madeFor = (wanted: string): readonly Pick[] => all.filter(({ key }) => words.get(key) === wanted);
  const last = new Set<Pick>(
    [...new Set(words.values())].flatMap((one) => lastOf(one === undefined ? forAll : [...madeFor(one), ...forAll])),
  );
  const standing = all.filter((pick) => last.has(pick) && pick.sha256 !== NOTHING_PICKED);
  return {
    latest: lastOf(all),
    standing,
    headsFor(by) {
      if (!by) return { heads: lastOf(standing), isOwn: true };
      const own = madeFor(by.words);
      if (own.length > 0) return { heads: lastOf([...own, ...forAll]), isOwn: true };
      const same = all.filter(
        (pick) => pick.words === undefined || (pick.quality === by.quality && pick.variant === by.variant),
      );
      if (same.length > 0) return { heads: lastOf(same), isOwn: false };
      const newest = standing.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.key < b.key ? -1 : 1)).at(-1);
      return { heads: newest ? [newest] : [], isOwn: false };
    },
  };
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
