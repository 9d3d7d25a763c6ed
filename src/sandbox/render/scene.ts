/** What a sandbox video looks like, as pixels and places. It is drawn once; ffmpeg moves the parts. Pure. */
import { createHash } from 'node:crypto';
import {
  type Box,
  blend,
  type Canvas,
  type Color,
  createCanvas,
  cutBox,
  drawText,
  fillBox,
  fitText,
  textWidth,
} from './canvas.ts';

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

/** A picture and its top left corner as ffmpeg overlay expressions in `t`. */
export interface Sprite {
  readonly canvas: Canvas;
  readonly x: string;
  readonly y: string;
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

interface Palette {
  readonly sky: readonly [top: Color, horizon: Color];
  readonly sun: Color;
  readonly hills: readonly [far: Color, middle: Color, near: Color];
}

// biome-ignore format: one palette a line
const PALETTES: readonly Palette[] = [
  { sky: [[52, 104, 168], [196, 224, 236]], sun: [255, 244, 214], hills: [[136, 172, 186], [86, 136, 128], [44, 92, 82]] },
  { sky: [[58, 62, 116], [248, 178, 140]], sun: [255, 226, 176], hills: [[158, 110, 134], [106, 72, 112], [54, 42, 78]] },
  { sky: [[18, 26, 58], [72, 96, 140]], sun: [236, 240, 250], hills: [[52, 72, 112], [34, 50, 84], [18, 28, 52]] },
  { sky: [[70, 142, 150], [244, 230, 190]], sun: [255, 250, 224], hills: [[150, 184, 158], [92, 146, 118], [50, 102, 88]] },
  { sky: [[112, 84, 140], [246, 204, 206]], sun: [255, 240, 228], hills: [[176, 142, 174], [124, 96, 146], [72, 58, 104]] },
  { sky: [[92, 140, 190], [250, 222, 178]], sun: [255, 246, 218], hills: [[206, 166, 124], [168, 118, 84], [112, 74, 58]] },
];

const PAPER: Color = [250, 247, 240];
const INK: Color = [44, 46, 56];
const RED: Color = [232, 104, 84];
const CREAM: Color = [252, 226, 180];
const BLUE: Color = [76, 132, 160];
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

/** Pixels per 1/360 of the short side: everything drawn is measured in it, so that all sizes look alike. */
function unitOf(size: { width: number; height: number }): number {
  return Math.min(size.width, size.height) / 360;
}

function drawBackdrop(size: SceneRequest, palette: Palette, dice: (index: number) => number): Canvas {
  const { width, height } = size;
  const canvas = createCanvas(width, height);
  const unit = unitOf(size);
  const sun = { x: width * (0.14 + 0.72 * dice(2)), y: height * (0.12 + 0.16 * dice(3)), radius: unit * 24 };
  const ridges = palette.hills.map((_, layer) => {
    const level = height * (0.56 + 0.12 * layer);
    const swell = unit * (34 - layer * 7);
    return Float64Array.from({ length: width }, (__, x) => {
      const at = x / unit / 100;
      const wave = Math.sin(at * (0.9 + dice(4 + layer)) + dice(7 + layer) * 6.3);
      return level + swell * (wave + 0.4 * Math.sin(at * 2.7 + dice(10 + layer) * 6.3));
    });
  });
  const { data } = canvas;
  const reach = sun.radius * 7;
  // A million pixels: nothing is allocated for one of them, and what is hidden is not worked out.
  const [value, sky] = [new Float64Array(3), new Float64Array(3)];
  for (let y = 0; y < height; y++) {
    const fall = Math.min(1, y / (height * 0.72));
    sky.forEach((_, channel) => {
      sky[channel] = mix(palette.sky[0][channel] ?? 0, palette.sky[1][channel] ?? 0, fall);
    });
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - sun.x, y - sun.y];
      // Math.hypot takes ten times as long.
      const away = Math.min(reach, Math.sqrt(dx * dx + dy * dy));
      const glow = 1 - away / reach;
      const light = Math.max(Math.min(1, Math.max(0, sun.radius - away + 0.5)), 0.45 * glow * glow);
      for (let channel = 0; channel < 3; channel++) {
        value[channel] = mix(sky[channel] ?? 0, palette.sun[channel] ?? 0, light);
      }
      for (let layer = 0; layer < ridges.length; layer++) {
        const depth = y - (ridges[layer]?.[x] ?? 0) + 0.5;
        if (depth <= 0) continue;
        // Hills are hazy at their ridge and darker below it.
        const dark = 1 - Math.min(0.28, depth / height);
        for (let channel = 0; channel < 3; channel++) {
          value[channel] = mix(value[channel] ?? 0, (palette.hills[layer]?.[channel] ?? 0) * dark, Math.min(1, depth));
        }
      }
      // Ordered dithering: eight bits alone show bands in a calm sky. Less than a half, it leaves no value outside of them.
      const dither = ((x * 2 + y * 3) % 4) / 4 - 0.375;
      const at = (y * width + x) * 4;
      data[at] = Math.round((value[0] ?? 0) + dither);
      data[at + 1] = Math.round((value[1] ?? 0) + dither);
      data[at + 2] = Math.round((value[2] ?? 0) + dither);
      data[at + 3] = 255;
    }
  }
  return canvas;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
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

function drawClouds(size: SceneRequest, dice: (index: number) => number): Sprite {
  const { width, height } = size;
  const unit = unitOf(size);
  const canvas = createCanvas(width, even(height * 0.34));
  for (let cloud = 0; cloud < 3; cloud++) {
    const x = width * (0.12 + 0.3 * cloud + 0.14 * dice(14 + cloud));
    const y = canvas.height * (0.3 + 0.45 * dice(17 + cloud));
    for (const [dx, dy, radius] of [
      [-26, 4, 12],
      [-10, -3, 17],
      [10, 0, 15],
      [26, 5, 10],
    ] as const) {
      const side = radius * unit * 2;
      const puff = { x: x + dx * unit - side / 2, y: y + dy * unit - side / 2, width: side, height: side };
      fillBox(canvas, puff, [255, 255, 255], { radius: side / 2, alpha: 0.34, feather: unit * 9 });
    }
  }
  return { canvas, x: `${-Math.round(unit * 10)}+t*${(unit * 5).toFixed(2)}`, y: '0' };
}

function drawBalloon(size: SceneRequest, stage: number, dice: (index: number) => number): Sprite {
  const unit = unitOf(size);
  const radius = unit * 52;
  const canvas = createCanvas(even(radius * 2 + 4), even(radius * 3.1));
  const middle = canvas.width / 2;
  const stripes: readonly Color[] = [RED, CREAM, BLUE];
  for (let y = 0; y < radius * 2.5; y++) {
    const below = Math.max(0, y - radius * 1.35) / (radius * 1.15);
    const half =
      below > 0
        ? mix(radius * 0.94, radius * 0.16, below ** 0.8)
        : Math.sqrt(Math.max(0, radius ** 2 - (y - radius) ** 2));
    for (let x = Math.floor(middle - half); x <= middle + half; x++) {
      const across = (x + 0.5 - middle) / Math.max(1, half);
      const gore = Math.floor((Math.asin(Math.max(-0.999, Math.min(0.999, across))) / Math.PI + 0.5) * 7) % 3;
      const shade = 1 - 0.28 * Math.max(0, across) ** 2;
      const color = (stripes[gore] ?? PAPER).map((channel) => channel * shade) as unknown as Color;
      blend(canvas, x, y, color, Math.min(1, Math.max(0, half - Math.abs(x + 0.5 - middle) + 0.5)));
    }
  }
  const basket = { width: radius * 0.42, height: radius * 0.3 };
  fillBox(canvas, { x: middle - basket.width / 2, y: radius * 2.72, ...basket }, [116, 78, 52], { radius: unit * 3 });
  for (const side of [-0.16, 0.16]) {
    const rope = { x: middle + radius * side - unit / 2, y: radius * 2.45, width: unit, height: radius * 0.3 };
    fillBox(canvas, rope, INK);
  }
  const [x, y] = [even(size.width * (0.3 + 0.2 * dice(21))), even((stage - canvas.height) / 2)];
  return { canvas, x: `${x}+t*${(unit * 7).toFixed(2)}`, y: `${y}+${Math.round(unit * 10)}*sin(t*0.7)` };
}

/** Overlays move by whole chroma samples, two pixels each; even measures keep the parts together. */
function even(value: number): number {
  return Math.round(value / 2) * 2;
}
