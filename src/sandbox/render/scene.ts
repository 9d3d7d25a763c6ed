/** What a sandbox video looks like, as pixels and places. It is drawn once; ffmpeg moves the parts. Pure. */
import { createHash } from 'node:crypto';
import {
  type Box,
  type Canvas,
  type Color,
  createCanvas,
  cutBox,
  drawText,
  fillBox,
  fitText,
  textWidth,
} from './canvas.ts';
import { drawBackdrop, drawBalloon, drawClouds, even, INK, PALETTES, PAPER, type Sprite, unitOf } from './scenery.ts';

export interface SceneRequest {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly model: string;
  /** One after the other: what was asked for first, and what was added to it later. */
  readonly parts: readonly [ScenePart, ...ScenePart[]];
  /** Names of the characters that appear, one card each. */
  readonly names: readonly string[];
}

export interface ScenePart {
  readonly prompt: string;
  /** Of equal requests, from 1: each take looks another way. */
  readonly take: number;
  /** Seconds into the video. */
  readonly from: number;
}

export interface Card extends Sprite {
  /** The hole in the card through which the character's clip shows; its ratio is the video's, as at the real host. */
  readonly window: Box;
}

export interface Scene {
  readonly backdrop: Canvas;
  readonly strip: Sprite;
  /** What is laid over everything from a second on: a strip for each part that was added. */
  readonly added: readonly (Sprite & { readonly from: number })[];
  /** What moves in a scene: clouds, and a balloon where there is no character to look at. */
  readonly drifting: readonly Sprite[];
  readonly cards: readonly Card[];
  /** Hertz of a soft chord. */
  readonly chord: readonly number[];
}

/** Of what an extension has added. */
const FRAMES: readonly Color[] = [
  [255, 196, 84],
  [96, 208, 140],
  [236, 96, 150],
  [96, 176, 255],
];
const CHORDS = [
  [220, 277.18, 329.63],
  [196, 246.94, 293.66],
  [174.61, 220, 261.63],
  [164.81, 207.65, 246.94],
] as const;

/** `isOverPicture`: the backdrop is a picture, which may be a frame of an earlier video with a strip of its own. */
export function drawScene(request: SceneRequest, { isOverPicture = false } = {}): Scene {
  const [{ prompt, take }, ...added] = request.parts;
  const seed = createHash('sha256').update(prompt).digest();
  const takeSeed = take === 1 ? seed : createHash('sha256').update(`${prompt}\0${take}`).digest();
  const dice = (index: number): number => (takeSeed[index % takeSeed.length] ?? 0) / 255;
  // Takes in a row never have one palette.
  const palette = pick(PALETTES, (seed[0] ?? 0) + take - 1);
  const strip = drawStrip(request, request.parts[0], isOverPicture);
  const stage = request.height - strip.canvas.height;
  const cards = request.names.map((name, index) => drawCard(request, { name, index, stage, dice }));
  const drifting = [drawClouds(request, dice)];
  if (cards.length === 0) drifting.push(drawBalloon(request, stage, dice));
  return {
    ...{ backdrop: drawBackdrop(request, palette, dice), strip, drifting, cards, chord: pick(CHORDS, seed[1]) },
    added: added.flatMap((part) => drawAdded(request, part)),
  };
}

function pick<T>(table: readonly T[], byte = 0): T {
  return table[byte % table.length] as T;
}

/** Opaque and as high as any where another may lie below it, so that nothing of that shines through. */
function drawStrip(request: SceneRequest, { prompt, take, from }: ScenePart, isOpaque: boolean): Sprite {
  const { width, height, model } = request;
  const until = request.parts.find((part) => part.from > from)?.from ?? request.seconds;
  const unit = Math.round(unitOf(request));
  const margin = unit * 12;
  const room = width - margin * 2;
  const title = 'SORA SANDBOX';
  const length = from === 0 ? `${until}s` : `+${until - from}s`;
  const facts = `${model} ${width}x${height} ${length} take ${take}`;
  const words = prompt.replace(/\s+/gu, ' ').trim();
  const beside = textWidth(title, unit * 2) + unit * 16 + textWidth(facts, unit) <= room;
  const canvas = createCanvas(width, unit * (beside && !isOpaque ? 48 : 62));
  const alpha = isOpaque ? 1 : 0.74;
  fillBox(canvas, { x: -1, y: -1, width: width + 2, height: canvas.height + 2 }, [18, 20, 28], { alpha });
  fillBox(canvas, { x: 0, y: 0, width, height: unit }, [255, 196, 84]);
  drawText(canvas, title, { x: margin, y: unit * 9, scale: unit * 2, color: [255, 196, 84] });
  drawText(canvas, fitText(words, unit, room), { x: margin, y: unit * 32, scale: unit, color: [240, 240, 244] });
  const factsAt = beside ? { x: width - margin - textWidth(facts, unit), y: unit * 15 } : { x: margin, y: unit * 47 };
  drawText(canvas, facts, { ...factsAt, scale: unit, color: [176, 182, 196] });
  return { canvas, x: '0', y: String(height - canvas.height) };
}

/** A strip of its own, and a frame around the picture in a colour of its take. */
function drawAdded(request: SceneRequest, part: ScenePart): Scene['added'] {
  const { width, height } = request;
  const strip = drawStrip(request, part, true);
  const thickness = even(unitOf(request) * 4);
  const color = pick(FRAMES, createHash('sha256').update(part.prompt).digest().readUInt8(0) + part.take - 1);
  const bar = (size: { width: number; height: number }, at: { x: number; y: number }) => {
    const canvas = createCanvas(size.width, size.height);
    fillBox(canvas, { x: -1, y: -1, width: size.width + 2, height: size.height + 2 }, color);
    return { canvas, x: String(at.x), y: String(at.y), from: part.from };
  };
  const stage = height - strip.canvas.height;
  return [
    { ...strip, from: part.from },
    bar({ width, height: thickness }, { x: 0, y: 0 }),
    bar({ width: thickness, height: stage }, { x: 0, y: 0 }),
    bar({ width: thickness, height: stage }, { x: width - thickness, y: 0 }),
  ];
}

/** A photograph with a white border and the name below it, swaying a little. */
function drawCard(
  request: SceneRequest,
  place: { name: string; index: number; stage: number; dice: (index: number) => number },
): Card {
  const { width, height, names } = request;
  const unit = Math.round(unitOf(request));
  const shares = width > height ? [0.56, 0.42, 0.28] : [0.62, 0.43, 0.28];
  const share = shares[Math.min(names.length, shares.length) - 1] ?? 0;
  const inner = { width: even(width * share), height: even(height * share) };
  const [border, caption, shadow] = [even(unit * 7), even(unit * 22), even(unit * 8)];
  const canvas = createCanvas(inner.width + (border + shadow) * 2, inner.height + border + caption + shadow * 2);
  const sheet = { x: shadow, y: shadow, width: inner.width + border * 2, height: inner.height + border + caption };
  const window = { x: shadow + border, y: shadow + border, ...inner };
  fillBox(canvas, { ...sheet, y: sheet.y + unit * 2 }, [0, 0, 0], { radius: unit * 8, alpha: 0.4, feather: shadow });
  fillBox(canvas, sheet, PAPER, { radius: unit * 6 });
  const name = fitText(place.name, unit, inner.width);
  drawText(canvas, name, {
    x: Math.round((canvas.width - textWidth(name, unit)) / 2),
    y: window.y + inner.height + unit * 7,
    scale: unit,
    color: INK,
  });
  cutBox(canvas, window, unit * 4);
  const middle = (width * (place.index * 2 + 1)) / (names.length * 2);
  const sway = { x: unit * 5, y: unit * 4 };
  // Anywhere in its own share of the picture.
  const room = {
    x: Math.max(0, width / names.length - canvas.width - sway.x * 2),
    y: Math.max(0, place.stage - canvas.height - sway.y * 2),
  };
  const off = (side: number, index: number): number => side * (place.dice(22 + place.index * 2 + index) - 0.5);
  const x = even(middle - canvas.width / 2 + off(room.x, 0));
  const y = even((place.stage - canvas.height) / 2 + off(room.y, 1));
  const phase = (place.index * 1.7 + place.dice(28) * 6.3).toFixed(2);
  return {
    canvas,
    window,
    x: `${x}+${sway.x}*sin(t*0.8+${phase})`,
    y: `${y}+${sway.y}*sin(t*1.3+${phase})`,
  };
}
