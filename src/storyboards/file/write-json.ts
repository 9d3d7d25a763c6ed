/** A storyboard as JSON that is read as the same storyboard: what a Markdown file says, with everything put in. Pure. */

import { formatFocus } from '../../shared/clip.ts';
import { formatSize } from '../../shared/geometry.ts';
import type { Scene, Storyboard, Transition } from '../storyboard.ts';
import { FORMAT } from './settings.ts';
import { escapeVariables } from './variables.ts';

/** Names of files stay as they are written: they are relative to the folder of the file. */
export function storyboardJson({ title, film, scenes }: Storyboard): Readonly<Record<string, unknown>> {
  const { size, fps, music, loudness } = film;
  return withoutUndefined({
    sora: FORMAT,
    title: written(title),
    size: size && formatSize(size),
    fps,
    music: music && {
      ...{ file: written(music.file.name), level: music.levelDb, duck: music.duck, fade: music.fadeSeconds },
    },
    loudness,
    scenes: scenes.map(sceneJson),
  });
}

function sceneJson(scene: Scene): Readonly<Record<string, unknown>> {
  const { id, heading, words, style, cast, seconds, model, size, continues, reference, takes, title } = scene;
  const { framing } = scene;
  const { subtitle, voice, soundDb, trim, holdSeconds, transition } = scene;
  return withoutUndefined({
    ...{ id, heading, prompt: written(words), style: written(style), cast: cast?.map(escapeVariables) },
    ...{
      seconds,
      model,
      size: size && formatSize(size),
      fit: framing?.fit,
      focus: framing?.focus && formatFocus(framing.focus),
      continues,
      reference: written(reference?.name),
      takes,
    },
    ...{ title: written(title), subtitle: written(subtitle), voice: written(voice?.name), sound: soundDb },
    ...{ trim: trim && `${trim.from}-${trim.to}`, hold: holdSeconds, transition: transitionText(transition) },
  });
}

function written(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeVariables(text);
}

export function transitionText(transition: Transition): string {
  return transition.kind === 'cut' ? 'cut' : `fade ${transition.seconds}`;
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
