/** A film with what is known of it: its scenes, its journals, its takes and their files. */
import { dirname, join, parse, relative, sep } from 'node:path';
import { followLinks } from '../disk/links.ts';
import { type Choices, choicesOf, type FilmVersion } from '../journal/choices.ts';
import { partsOfKey } from '../journal/fingerprint.ts';
import type { Take } from '../journal/fold.ts';
import { fileNameOf, type JournalOwner } from '../journal/names.ts';
import type { JournalView } from '../journal/send-take.ts';
import type { Presence } from '../journal/state.ts';
import { openTakeLedger, type TakeLedger } from '../journal/take-ledger.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import type { PlannedScene } from './plan-scenes.ts';
import { lookAt, type SceneView, strayTakes, takeOfFile, wordsOfTake } from './scene-state.ts';
import { inOrderOfMaking } from './storyboard.ts';

export interface FilmPlace extends JournalOwner {
  /** Absolute path of the storyboard. */
  readonly file: string;
  /** Ids of scenes of the file that this variant skips. */
  readonly skipped: readonly string[];
  /** Which of the films of the file it is. */
  readonly version: FilmVersion;
  readonly commandOf: FilmCommand;
}

/** A command on the same film as the user would type it: with the same quality, host and bounds. `operands` are quoted, `words` are not. */
export type FilmCommand = (
  verb: string,
  more?: { readonly operands?: readonly string[]; readonly words?: readonly string[] },
) => string;

export interface OpenFilm {
  readonly file: string;
  /** Ids of scenes of the file that this variant skips. */
  readonly skipped: readonly string[];
  /** Which of the films of the file it is. */
  readonly version: FilmVersion;
  readonly commandOf: FilmCommand;
  /** Where its takes lie, absolute. */
  readonly folder: string;
  readonly ledger: TakeLedger;
  /** The name that only the file of this take can have, absolute. */
  wantedOf(take: Pick<Take, 'key' | 'scene' | 'n'>): string;
}

/** `rain.takes` beside `rain.md`. */
export function takesFolder(file: string): string {
  const { dir, name } = parse(file);
  return join(dir, `${name}.takes`);
}

export async function openFilm(
  workspace: Workspace,
  { file, skipped, version, commandOf, ...owner }: FilmPlace,
): Promise<OpenFilm> {
  const folder = takesFolder(file);
  const wantedOf = (take: Pick<Take, 'key' | 'scene' | 'n'>): string => join(folder, takeFileName(take));
  const ledger = await openTakeLedger(workspace, file, {
    ...{ ...owner, ownPlace: wantedOf },
    mayHold: (path) => isTakePlace(relative(dirname(file), path)),
  });
  return { file, skipped, version, commandOf, folder, wantedOf, ledger };
}

/** A video in a folder of takes beside the film, which may have had another name. */
function isTakePlace(way: string): boolean {
  const [folder = '', name = '', ...deeper] = way.split(sep);
  return deeper.length === 0 && folder.endsWith('.takes') && /^[^.].*\.mp4$/s.test(name);
}

/** Also with `force`: the storyboard was written by hand, and under the name of a take only that take may lie. Throws `usage`. */
export async function refuseFilmFile(file: string, target: string): Promise<void> {
  const place = await followLinks(target).catch(() => target);
  const folder = takesFolder(file);
  const lies = (path: string): string => relative(folder.toLowerCase(), path.toLowerCase());
  const isTake = [place, target].some((path) => lies(path) !== '' && !lies(path).startsWith('..'));
  if (!isTake && place.toLowerCase() !== file.toLowerCase()) return;
  throw new SoraError('usage', `${target} is ${isTake ? 'in the folder of the takes' : 'the storyboard itself'}.`, {
    hint: `Name another place with ${option('output')}.`,
  });
}

/** `harbour-3f9a1c-001-7be2f0.mp4`: digits of the key's uuid, so that two clones never share a name. */
function takeFileName({ key, scene, n }: Pick<Take, 'key' | 'scene' | 'n'>): string {
  const uuid = partsOfKey(key)?.uuid ?? '';
  return `${fileNameOf(scene, () => true)}-${String(n).padStart(3, '0')}-${uuid.slice(0, 6)}.mp4`;
}

/** What one command makes of a film, besides what its text says. */
export interface MakingWishes {
  /** Ids of scenes; everything unless any is named. */
  readonly scenes: readonly string[];
  /** How many takes these scenes get, in the place of what the text says. */
  readonly takes?: number | undefined;
  readonly changed: boolean;
  readonly follow: boolean;
  readonly requirePicks: boolean;
}

export const NO_WISHES: MakingWishes = { scenes: [], changed: false, follow: false, requirePicks: false };

export interface FilmLook {
  /** By the ids of the scenes, each behind the one that it continues. */
  readonly views: ReadonlyMap<string, SceneView>;
  readonly takes: readonly Take[];
  readonly choices: Choices;
  /** Of which something is picked, and which the file no longer has, in whatever variant. */
  readonly orphans: readonly string[];
  /** Under way or of unknown fate, of ids that the film no longer has. */
  readonly strays: readonly Take[];
  presenceOf(take: Take): Presence;
  /** Whether the process that sends it is known to live. */
  isAlive(take: Take): boolean;
}

/** As everything stands now; by `then`, what lines and jobs say alone: files of what is done count as here. */
export async function lookAtFilm(
  { ledger, skipped, version }: OpenFilm,
  scenes: readonly PlannedScene[],
  { wishes, then }: { readonly wishes: MakingWishes; readonly then?: JournalView },
): Promise<FilmLook> {
  const reading = then ? undefined : await ledger.journal.read();
  const takes = await (then ? then.takes() : ledger.takes(undefined, reading));
  const choices = choicesOf(then?.lines ?? reading?.lines ?? [], (scene, sha256) => {
    const take =
      takeOfFile(
        takes.filter((one) => one.scene === scene),
        sha256,
      ) ?? takeOfFile(takes, sha256);
    return take && wordsOfTake(take, ledger.familyOf);
  });
  const found = new Map<string, Presence>();
  if (!then) for (const take of takes) if (take.done) found.set(take.key, await ledger.presence(take));
  const presenceOf = ({ key, done }: Take): Presence => found.get(key) ?? (done && then ? 'here' : 'absent');
  const byId = new Map(scenes.map((one) => [one.scene.id, one]));
  const isNamed = (id: string): boolean => wishes.scenes.includes(id);
  const views = lookAt({
    scenes: inOrderOfMaking({ scenes: scenes.map(({ scene }) => scene) }).flatMap((scene) => {
      const planned = byId.get(scene.id);
      if (!planned) return [];
      const isMeant = wishes.scenes.length === 0 || isNamed(scene.id);
      return {
        ...{ id: scene.id, ask: planned.ask, continues: scene.continues, isNamed: isNamed(scene.id) },
        takes: (isMeant ? wishes.takes : undefined) ?? scene.takes,
      };
    }),
    ...{ takes, choices, version, familyOf: ledger.familyOf },
    ...{ changed: wishes.changed, follow: wishes.follow, requirePicks: wishes.requirePicks },
    ...{ presenceOf, isAlive: ledger.isAlive, isInvisible: ({ key }) => ledger.invisible.has(key) },
  });
  const ids = new Set([...views.keys(), ...skipped]);
  const orphans = choices.picked.filter((id) => !ids.has(id));
  return { views, takes, choices, orphans, strays: strayTakes(takes, views, ids), presenceOf, isAlive: ledger.isAlive };
}

/** The PNG of a take's last picture, beside its file. */
export function lastFramePlace(file: string): string {
  const { name } = parse(file);
  return join(dirname(file), `${name}.last.png`);
}
