/** A film that says most of what a storyboard can say. */
export const RAIN = `---
sora: 1                         # version of the format
title: Rain over the harbour
size: 1280x720
fps: 24
seconds: 4
takes: 1
style: 35 mm film, soft grain, muted blue and amber, one continuous shot.   # of every prompt
music: {file: theme.wav, level: -18, duck: true, fade: 1.5}
loudness: -14
transition: cut
vars: {weather: rain}
qualities:
  draft: {model: sora-2}
  final: {model: sora-2-pro}
variants:
  tall: {size: 720x1280}
  de: {vars: {weather: Regen}}
---

Film notes up here belong to everybody and are never sent.

## Harbour {#harbour}

- cast: Joe
- takes: 2
- title: Chapter #1: Rain, over the "harbour"

A grey harbour at dawn, {{weather}} on the planks. Joe coils a rope and looks out to sea.

> The rope must be in his left hand: scene 2 picks it up there.

## He sees the boat {#boat}

- cast: Joe
- continues: harbour
- transition: fade 0.5
- subtitle: Joe: “That is her boat.”

Joe turns to the left, sees a small white boat and raises his hand. <!-- try a slower turn next time -->

## Mia comes ashore {#ashore}

- cast: Joe, Mia

Mia jumps from the boat onto the planks; Joe catches her hand. Both laugh in the {{weather}}.
`;
