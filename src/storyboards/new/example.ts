/** The film that `sora storyboard new` writes: it can be rendered as it is, and shows what a storyboard can say. Pure. */

/** Whom the scenes are about. */
export const EXAMPLE_CHARACTER = 'Joe';

/** `title` is one line. */
export function exampleStoryboard(title: string): string {
  return `---
sora: 1                       # version of the format: it makes this file a storyboard
title: ${JSON.stringify(title)}
size: 1280x720                # of the film, or: aspect: 16:9 with resolution: 720p
fps: 24                       # 24, 25 or 30
seconds: 4                    # to ask for, where a scene does not say it
style: Soft morning light, muted colours, one continuous shot.   # the last paragraph of every prompt
loudness: -14                 # LUFS of the whole film, or off
transition: cut               # between scenes, where a scene does not say it: cut, or fade 0.5
vars: {weather: rain}         # {{weather}} in the texts below
# music: {file: theme.wav, level: -18, duck: true, fade: 1.5}
# qualities:                  # sora storyboard check <file> --quality final; otherwise the first is used
#   draft: {model: sora-2}
#   final: {model: sora-2-pro}
variants:                     # the same film elsewhere: sora storyboard check <file> --variant tall
  tall: {size: 720x1280}
  de: {vars: {weather: Regen}}
---

What stands up here is for people, and never sent: what the film is about, who decided what.
"sora storyboard check" says what is wrong with this file, "sora help storyboards" what it may say.

## Harbour {#harbour}

- cast: Joe
- title: Rain over the harbour

A grey harbour at dawn, {{weather}} on the planks. Joe coils a rope and looks out to sea.

> A quote is a note for people. The rope is in his left hand: the next scene picks it up there.

## He sees the boat {#boat}

- cast: Joe
- takes: 2
- transition: fade 0.5
- subtitle: Joe: “That is her boat.”

Joe turns to the left, sees a small white boat and raises his hand. <!-- A comment is for people, too. -->

## The boat {#white-boat}

- cast: none
- hold: 0.5

The small white boat comes into the harbour, its sail wet with {{weather}}.
`;
}
