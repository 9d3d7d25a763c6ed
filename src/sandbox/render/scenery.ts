/** What stands behind everything in a sandbox video, and what drifts in it: sky, hills, clouds, a balloon. Pure. */
import { blend, type Canvas, type Color, createCanvas, fillBox } from './canvas.ts';

/** A picture and its top left corner as ffmpeg overlay expressions in `t`. */
export interface Sprite {
  readonly canvas: Canvas;
  readonly x: string;
  readonly y: string;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Palette {
  readonly sky: readonly [top: Color, horizon: Color];
  readonly sun: Color;
  readonly hills: readonly [far: Color, middle: Color, near: Color];
}

// biome-ignore format: one palette a line
export const PALETTES: readonly Palette[] = [
  { sky: [[52, 104, 168], [196, 224, 236]], sun: [255, 244, 214], hills: [[136, 172, 186], [86, 136, 128], [44, 92, 82]] },
  { sky: [[58, 62, 116], [248, 178, 140]], sun: [255, 226, 176], hills: [[158, 110, 134], [106, 72, 112], [54, 42, 78]] },
  { sky: [[18, 26, 58], [72, 96, 140]], sun: [236, 240, 250], hills: [[52, 72, 112], [34, 50, 84], [18, 28, 52]] },
  { sky: [[70, 142, 150], [244, 230, 190]], sun: [255, 250, 224], hills: [[150, 184, 158], [92, 146, 118], [50, 102, 88]] },
  { sky: [[112, 84, 140], [246, 204, 206]], sun: [255, 240, 228], hills: [[176, 142, 174], [124, 96, 146], [72, 58, 104]] },
  { sky: [[92, 140, 190], [250, 222, 178]], sun: [255, 246, 218], hills: [[206, 166, 124], [168, 118, 84], [112, 74, 58]] },
];

export const PAPER: Color = [250, 247, 240];
export const INK: Color = [44, 46, 56];
export const RED: Color = [232, 104, 84];
export const CREAM: Color = [252, 226, 180];
export const BLUE: Color = [76, 132, 160];

/** Pixels per 1/360 of the short side: everything drawn is measured in it, so that all sizes look alike. */
export function unitOf(size: Size): number {
  return Math.min(size.width, size.height) / 360;
}

export function drawBackdrop(size: Size, palette: Palette, dice: (index: number) => number): Canvas {
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
  const backdrop: Backdrop = { canvas, palette, sun, ridges };
  for (let y = 0; y < height; y++) drawRow(backdrop, y);
  return canvas;
}

interface Backdrop {
  readonly canvas: Canvas;
  readonly palette: Palette;
  readonly sun: { readonly x: number; readonly y: number; readonly radius: number };
  /** Of each layer of hills, the furthest first: its upper edge, column by column. */
  readonly ridges: readonly Float64Array[];
}

/**
 * One row of a million pixels: nothing is allocated for one of them, and what is hidden is not worked out. A function of its
 * own, which V8 optimizes after a few rows.
 */
function drawRow({ canvas, palette, sun, ridges }: Backdrop, y: number): void {
  const { data, width, height } = canvas;
  const fall = Math.min(1, y / (height * 0.72));
  const [top, horizon] = palette.sky;
  const skyRed = mix(top[0], horizon[0], fall);
  const skyGreen = mix(top[1], horizon[1], fall);
  const skyBlue = mix(top[2], horizon[2], fall);
  const reach = sun.radius * 7;
  const dy = y - sun.y;
  for (let x = 0; x < width; x++) {
    // Behind the nearest hill that is all there at this pixel, nothing shows.
    let layer = ridges.length - 1;
    while (layer >= 0 && depthAt(ridges, layer, x, y) < 1) layer -= 1;
    let red = skyRed;
    let green = skyGreen;
    let blue = skyBlue;
    if (layer < 0) {
      layer = 0;
      const dx = x - sun.x;
      const squared = dx * dx + dy * dy;
      if (squared < reach * reach) {
        // Math.hypot takes ten times as long.
        const away = Math.sqrt(squared);
        const glow = 1 - away / reach;
        const light = Math.max(Math.min(1, Math.max(0, sun.radius - away + 0.5)), 0.45 * glow * glow);
        red = mix(red, palette.sun[0], light);
        green = mix(green, palette.sun[1], light);
        blue = mix(blue, palette.sun[2], light);
      }
    }
    for (; layer < ridges.length; layer++) {
      const depth = depthAt(ridges, layer, x, y);
      const hill = palette.hills[layer];
      if (depth <= 0 || hill === undefined) continue;
      // Hills are hazy at their ridge and darker below it.
      const dark = 1 - Math.min(0.28, depth / height);
      const share = Math.min(1, depth);
      red = mix(red, hill[0] * dark, share);
      green = mix(green, hill[1] * dark, share);
      blue = mix(blue, hill[2] * dark, share);
    }
    // Ordered dithering: eight bits alone show bands in a calm sky. Less than a half, it leaves no value outside of them.
    const dither = ((x * 2 + y * 3) % 4) / 4 - 0.375;
    const at = (y * width + x) * 4;
    // Rounded: what is stored is cut off.
    data[at] = red + dither + 0.5;
    data[at + 1] = green + dither + 0.5;
    data[at + 2] = blue + dither + 0.5;
    data[at + 3] = 255;
  }
}

/** Pixels below the upper edge of a layer. Without `?? 0`, for which V8 would allocate a number for each pixel. */
function depthAt(ridges: Backdrop['ridges'], layer: number, x: number, y: number): number {
  return y - (ridges[layer]?.[x] as number) + 0.5;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

export function drawClouds(size: Size, dice: (index: number) => number): Sprite {
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

export function drawBalloon(size: Size, stage: number, dice: (index: number) => number): Sprite {
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
export function even(value: number): number {
  return Math.round(value / 2) * 2;
}
