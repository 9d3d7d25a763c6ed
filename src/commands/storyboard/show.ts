/** `sora storyboard show`: a storyboard with its quality, its variant and its variables put in. */

import type { Context } from '../../context.ts';
import { MAX_TEXT_BYTES } from '../../disk/read-file.ts';
import { formatFocus } from '../../shared/clip.ts';
import { formatSize } from '../../shared/geometry.ts';
import { counted } from '../../shared/text.ts';
import { storyboardJson, transitionText } from '../../storyboards/file/write-json.ts';
import { plannedTimeline } from '../../storyboards/planned-timeline.ts';
import { readStoryboard, type StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import type { Scene, Storyboard } from '../../storyboards/storyboard.ts';
import { readStdin } from '../../terminal/stdin.ts';

export async function runStoryboardShow(context: Context, request: StoryboardRequest): Promise<undefined> {
  const { ui, runtime } = context;
  const stdin = (): Promise<Uint8Array> => readStdin(runtime, MAX_TEXT_BYTES);
  const { storyboard } = await readStoryboard(context, request, { stdin, needsFiles: false });
  ui.result({
    json: storyboardJson(storyboard),
    prose: true,
    text: [filmText(storyboard), ...plannedTimeline(storyboard).map((one) => sceneText(one, ui.paint.bold))].join(
      '\n\n',
    ),
    quiet: storyboard.scenes.map(({ id }) => id),
  });
}

function filmText({ title = 'Untitled', film }: Storyboard): string {
  const { size, fps, music, loudness } = film;
  const facts = [
    ...(size ? [formatSize(size)] : []),
    ...(fps === undefined ? [] : [`${fps} fps`]),
    ...(music ? [`music ${music.file.name} at ${music.levelDb} dB`] : []),
    loudness === 'off' ? 'loudness as it is' : `${loudness} LUFS`,
  ];
  return `${title}: ${facts.join(', ')}`;
}

function sceneText({ scene, from }: { scene: Scene; from: number }, bold: (text: string) => string): string {
  const { id, title, prompt, subtitle } = scene;
  const lines = [`${bold(id)}  ${title}`, `at ${shown(from)} s: ${factsOf(scene).join(', ')}`];
  return [...lines, ...(subtitle === undefined ? [] : [`subtitle: ${subtitle}`]), prompt].join('\n');
}

function factsOf(scene: Scene): readonly string[] {
  const {
    seconds,
    takes,
    cast,
    model,
    size,
    framing,
    continues,
    reference,
    voice,
    soundDb,
    trim,
    holdSeconds,
    transition,
  } = scene;
  return [
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(size ? [formatSize(size)] : []),
    ...(framing
      ? [framing.fit === 'pad' ? 'with bars' : `cut${framing.focus ? ` around ${formatFocus(framing.focus)}` : ''}`]
      : []),
    ...(model === undefined ? [] : [model]),
    counted(takes, 'take'),
    ...(cast === undefined ? [] : [cast.length === 0 ? 'nobody' : `with ${cast.join(', ')}`]),
    ...(continues === undefined ? [] : [`continues ${continues}`]),
    ...(reference ? [`begins with ${reference.name}`] : []),
    ...(voice ? [`voice ${voice.name}`] : []),
    ...(soundDb === 0 ? [] : [soundDb === 'off' ? 'without its sound' : `sound ${soundDb} dB`]),
    ...(trim ? [`from ${trim.from} to ${trim.to} s`] : []),
    ...(holdSeconds === 0 ? [] : [`held for ${holdSeconds} s`]),
    ...(transition.kind === 'cut' ? [] : [transitionText(transition)]),
  ];
}

function shown(seconds: number): string {
  return String(Number(seconds.toFixed(2)));
}
