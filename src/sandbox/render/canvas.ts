/** A small RGB canvas with rectangles, discs and dot-matrix text. */
import { GLYPH_ADVANCE, GLYPH_HEIGHT, glyphsOf } from './glyphs.ts';

export type Color = readonly [red: number, green: number, blue: number];

/** Pixels in rows, four bytes each: red, green, blue and straight alpha. Transparent when new. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function createCanvas(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 4) };
}

/** Lays `color` over one pixel; `alpha` from 0 to 1. Outside the canvas nothing happens. */
export function blend(canvas: Canvas, x: number, y: number, color: Color, alpha: number): void {
  if (alpha <= 0 || x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) return;
  const { data } = canvas;
  const at = (y * canvas.width + x) * 4;
  const below = (data[at + 3] ?? 0) / 255;
  // Most of what is drawn hides what is below it, or has nothing below.
  if (alpha >= 1 || below === 0) {
    for (let channel = 0; channel < 3; channel++) data[at + channel] = Math.round(color[channel] ?? 0);
    data[at + 3] = Math.round(alpha * 255);
    return;
  }
  const whole = alpha + below * (1 - alpha);
  for (let channel = 0; channel < 3; channel++) {
    const mixed = ((color[channel] ?? 0) * alpha + (data[at + channel] ?? 0) * below * (1 - alpha)) / whole;
    data[at + channel] = Math.round(mixed);
  }
  data[at + 3] = Math.round(whole * 255);
}

export interface Fill {
  readonly radius?: number;
  readonly alpha?: number;
  /** Pixels over which the edge fades out; 1 is a crisp edge. */
  readonly feather?: number;
}

/** A rectangle with rounded corners; with half its side as radius, a disc. */
export function fillBox(canvas: Canvas, box: Box, color: Color, fill: Fill = {}): void {
  const { radius = 0, alpha = 1, feather = 1 } = fill;
  const bottom = Math.min(canvas.height, box.y + box.height + feather);
  const right = Math.min(canvas.width, box.x + box.width + feather);
  for (let y = Math.max(0, Math.floor(box.y - feather)); y < bottom; y++) {
    for (let x = Math.max(0, Math.floor(box.x - feather)); x < right; x++) {
      const inside = -distanceTo(box, radius, x + 0.5, y + 0.5);
      blend(canvas, x, y, color, alpha * Math.min(1, Math.max(0, inside / feather + 0.5)));
    }
  }
}

/** Makes everything inside the rounded rectangle transparent. */
export function cutBox(canvas: Canvas, box: Box, radius: number): void {
  for (let y = Math.floor(box.y); y < box.y + box.height; y++) {
    for (let x = Math.floor(box.x); x < box.x + box.width; x++) {
      const outside = Math.min(1, Math.max(0, distanceTo(box, radius, x + 0.5, y + 0.5) + 0.5));
      const at = (y * canvas.width + x) * 4 + 3;
      canvas.data[at] = Math.round((canvas.data[at] ?? 0) * outside);
    }
  }
}

/** Signed distance from a point to the edge of a rounded rectangle; negative inside. */
function distanceTo(box: Box, radius: number, x: number, y: number): number {
  const dx = Math.abs(x - box.x - box.width / 2) - box.width / 2 + radius;
  const dy = Math.abs(y - box.y - box.height / 2) - box.height / 2 + radius;
  // Math.hypot takes ten times as long, and only a corner needs a root.
  return (dx > 0 && dy > 0 ? Math.sqrt(dx * dx + dy * dy) : Math.max(dx, dy)) - radius;
}

export interface Lettering {
  readonly x: number;
  readonly y: number;
  /** Pixels per dot. */
  readonly scale: number;
  readonly color: Color;
}

export function drawText(canvas: Canvas, text: string, { x, y, scale, color }: Lettering): void {
  glyphsOf(text).forEach((columns, index) => {
    columns.forEach((bits, column) => {
      for (let row = 0; row < GLYPH_HEIGHT; row++) {
        if ((bits & (1 << row)) === 0) continue;
        const left = x + (index * GLYPH_ADVANCE + column) * scale;
        for (let dot = 0; dot < scale * scale; dot++) {
          blend(canvas, left + (dot % scale), y + row * scale + Math.floor(dot / scale), color, 1);
        }
      }
    });
  });
}

export function textWidth(text: string, scale: number): number {
  return Math.max(0, glyphsOf(text).length * GLYPH_ADVANCE - 1) * scale;
}

/** The text, or as much of its beginning as fits into `width` pixels with three dots behind it. */
export function fitText(text: string, scale: number, width: number): string {
  if (textWidth(text, scale) <= width) return text;
  const chars = Array.from(text);
  const keep = Math.max(0, Math.floor(width / scale / GLYPH_ADVANCE) - 3);
  return `${chars.slice(0, keep).join('').trimEnd()}...`;
}
