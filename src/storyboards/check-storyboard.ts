/** What a storyboard would ask for, as far as that can be said without a host; and who of its cast is not here. */
import { voicesThatGoOn } from '../films/voices.ts';
import { listOf, shellCommand, shellOption, shellQuote } from '../shared/text.ts';
import { DEFAULT_SECONDS } from '../videos/choose-size.ts';
import { namesInPrompt } from '../videos/prompt.ts';
import type { Workspace } from '../workspace.ts';
import { plannedLength, plannedTimeline } from './planned-timeline.ts';
import type { Scene, Storyboard } from './storyboard.ts';

export interface CheckedScene {
  readonly scene: Scene;
  /** Whom it names, else those of the cast whom its prompt says. */
  readonly cast: readonly string[];
  /** Of them, those whom the cast does not have. */
  readonly strangers: readonly string[];
}

export interface CheckedStoryboard {
  readonly scenes: readonly CheckedScene[];
  readonly takes: number;
  /** Of all takes together. */
  readonly seconds: number;
  /** Of the film. */
  readonly filmSeconds: number;
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** Reads the cast and asks nobody; `secondsOf`: how long the sound of a file is, where that is known. */
export async function checkStoryboard(
  workspace: Workspace,
  board: Storyboard,
  secondsOf: (path: string) => number | undefined = () => undefined,
): Promise<CheckedStoryboard> {
  const scenes = await checkCast(workspace, board);
  const lengths = board.scenes.map(({ takes, seconds = DEFAULT_SECONDS }) => takes * seconds);
  return {
    scenes,
    takes: board.scenes.reduce((total, { takes }) => total + takes, 0),
    seconds: lengths.reduce((total, one) => total + one, 0),
    filmSeconds: plannedLength(board),
    notes: [...strangerNotes(scenes), ...voiceNotes(board, secondsOf)],
  };
}

/** The cast of each scene. Reads the cast that is kept here. */
async function checkCast(workspace: Workspace, board: Pick<Storyboard, 'scenes'>): Promise<readonly CheckedScene[]> {
  const store = await workspace.characters();
  const names = (await store.digests()).records.map(({ name }) => name);
  const scenes: CheckedScene[] = [];
  for (const scene of board.scenes) {
    const cast = scene.cast ?? [...namesInPrompt(scene.prompt.normalize('NFC'), names)];
    const strangers: string[] = [];
    for (const name of cast) if (!(await store.find(name))) strangers.push(name);
    scenes.push({ scene, cast, strangers });
  }
  return scenes;
}

/** Whom a storyboard names that the cast does not have, a sentence each, whatever else is wrong with it. */
export async function missingCast(workspace: Workspace, board: Pick<Storyboard, 'scenes'>): Promise<readonly string[]> {
  return strangerNotes(await checkCast(workspace, board));
}

/** Of takes as long as they are asked for. */
function voiceNotes(board: Storyboard, secondsOf: (path: string) => number | undefined): readonly string[] {
  const voices = plannedTimeline(board).flatMap(({ scene: { id, voice }, from, to }) =>
    voice ? [{ name: id, seconds: secondsOf(voice.path), from, to }] : [],
  );
  return voicesThatGoOn(voices, plannedLength(board));
}

function strangerNotes(scenes: readonly CheckedScene[]): readonly string[] {
  const by = new Map<string, string[]>();
  for (const { scene, strangers } of scenes) {
    for (const name of strangers) by.set(name, [...(by.get(name) ?? []), scene.id]);
  }
  return [...by].map(([name, ids]) => {
    const where = ids.length === 1 ? 'scene' : 'scenes';
    return `${name} (${where} ${listOf(ids)}) is not in your cast yet: ${shellCommand('sora character create', ['<clip>'], [shellOption('name', shellQuote(name))])}`;
  });
}
