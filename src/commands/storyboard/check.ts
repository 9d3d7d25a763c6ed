/** `sora storyboard check`: everything that is wrong with a storyboard, and what it would ask for; asks nobody. */

import type { Context } from '../../context.ts';
import { MAX_TEXT_BYTES } from '../../disk/read-file.ts';
import { formatSize } from '../../shared/geometry.ts';
import { counted } from '../../shared/text.ts';
import { createSoundCheck } from '../../storyboards/check-sounds.ts';
import { checkStoryboard, missingCast } from '../../storyboards/check-storyboard.ts';
import { readStoryboard, type StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import type { Storyboard } from '../../storyboards/storyboard.ts';
import { readStdin } from '../../terminal/stdin.ts';

export type CheckFlags = StoryboardRequest;

export async function runStoryboardCheck(context: Context, request: CheckFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const stdin = (): Promise<Uint8Array> => readStdin(runtime, MAX_TEXT_BYTES);
  const sounds = createSoundCheck(context);
  const reading = {
    ...{ stdin, needsFiles: true, lookInto: sounds.problemOf },
    async onProblems(scenes: Storyboard['scenes']): Promise<void> {
      for (const note of await missingCast(context, { scenes })) ui.warn(note);
    },
  };
  const { storyboard, quality, variant } = await readStoryboard(context, request, reading);
  const checked = await checkStoryboard(context, storyboard, sounds.secondsOf);
  const { scenes, takes, seconds, filmSeconds } = checked;
  const notes = [...checked.notes, ...sounds.notes];
  for (const note of notes) ui.warn(note);
  const about = { ...(quality !== undefined && { quality }), ...(variant !== undefined && { variant }) };
  const said = [
    ...[counted(scenes.length, 'scene'), counted(takes, 'take'), `${shown(seconds)} s to be asked for`],
    `a film of ${shown(filmSeconds)} s`,
  ].join(', ');
  ui.result({
    json: {
      ...(storyboard.title !== undefined && { title: storyboard.title }),
      ...about,
      scenes: scenes.map(({ scene, cast, strangers }) => ({
        ...{ id: scene.id, ...(scene.line !== undefined && { line: scene.line }), takes: scene.takes },
        ...(scene.seconds !== undefined && { seconds: scene.seconds }),
        ...(scene.size && { size: formatSize(scene.size) }),
        ...(scene.model !== undefined && { model: scene.model }),
        ...(scene.continues !== undefined && { continues: scene.continues }),
        ...{ cast, missing: strangers },
      })),
      ...{ takes, seconds, filmSeconds, notes },
    },
    prose: true,
    text: `${said}.`,
    quiet: scenes.map(({ scene }) => scene.id),
  });
}

function shown(seconds: number): string {
  return String(Number(seconds.toFixed(2)));
}
