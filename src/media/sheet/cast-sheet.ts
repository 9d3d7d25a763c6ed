/** A sheet of a video for the eye: for each character the best frames of the clip it is known by, beside frames of the video. */
import { SoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import { oneLine } from '../../shared/text.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { displayedSize, videoSeconds } from '../info.ts';
import { probeMedia } from '../probe/probe.ts';
import { type Canvas, type Colour, createCanvas, encodePng, fillRect, fitText, putPicture, putText } from './canvas.ts';
import { takeFrames } from './sheet.ts';
import { hasStrokes, writablePart } from './stroke-font.ts';

export interface CastSheetRequest {
  /** Of the video. */
  readonly source: string;
  readonly title: string;
  /** Whom to compare, with the clip of each. */
  readonly characters: readonly { readonly name: string; readonly clip: string }[];
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
}

export interface CastSheet extends Size {
  readonly png: Buffer;
}

const MARGIN = 32;
const GAP = 8;
const HEADER = 64;
const LABEL = 30;
/** The best frames stand one above the other, at the left; those of the video in as many rows. */
const BEST = 2;
const FRAMES = 6;
/** What a frame may take at most. */
const CELL = { width: 380, height: 380 };
/** Of a clip, from which the best are chosen. */
const CANDIDATES = 12;
const GROUND: Colour = [36, 37, 40];
const BRIGHT: Colour = [240, 240, 238];
const QUIET: Colour = [160, 163, 170];

/** Throws `clip` where the video cannot be decoded. A clip that cannot be leaves its place empty. */
export async function makeCastSheet(request: CastSheetRequest): Promise<CastSheet> {
  const { source, title, characters } = request;
  const frames = await framesOf(request, source, FRAMES);
  const [first] = frames;
  if (!first)
    throw new SoraError('clip', 'Not one frame of it can be decoded.', {
      hint: 'It is damaged. Play it, or download it again.',
    });
  const rows = await Promise.all(
    characters.map(async ({ name, clip }) => ({ name, best: bestOf(await framesOf(request, clip, CANDIDATES)) })),
  );
  const left = Math.max(0, ...rows.flatMap(({ best }) => best.map(({ width }) => width)));
  const columns = FRAMES / BEST;
  const lineHeight = (best: readonly Canvas[]): number =>
    Math.max(first.height, ...best.map(({ height }) => height)) + GAP;
  const width = 2 * MARGIN + left + 2 * GAP + columns * (first.width + GAP) - GAP;
  const height =
    MARGIN + HEADER + rows.reduce((sum, { best }) => sum + LABEL + BEST * lineHeight(best) + GAP, 0) + MARGIN;
  const paper = createCanvas({ width, height }, GROUND);
  const write = (text: string, y: number, size: number, colour: Colour): void => {
    const style = { height: size, weight: size / 8, colour };
    const words = hasStrokes(text) ? text : (writablePart(text) ?? '');
    putText(paper, fitText(words, style, width - 2 * MARGIN), { ...style, x: MARGIN, y });
  };
  write(oneLine(title, 200), MARGIN, 18, BRIGHT);
  let top = MARGIN + HEADER;
  for (const { name, best } of rows) {
    write(oneLine(name, 80), top, 13, QUIET);
    top += LABEL;
    const put = (picture: Canvas, x: number, row: number): void => {
      const y = top + row * lineHeight(best);
      fillRect(paper, { x: x - 1, y: y - 1, width: picture.width + 2, height: picture.height + 2 }, QUIET);
      putPicture(paper, picture, { x, y });
    };
    best.forEach((picture, row) => {
      put(picture, MARGIN, row);
    });
    frames.forEach((picture, index) => {
      put(picture, MARGIN + left + 2 * GAP + (index % columns) * (first.width + GAP), Math.floor(index / columns));
    });
    top += BEST * lineHeight(best) + GAP;
  }
  return { width, height, png: encodePng(paper) };
}

async function framesOf(
  { ffmpeg, signal }: CastSheetRequest,
  source: string,
  count: number,
): Promise<readonly Canvas[]> {
  const info = await probeMedia(source, { ffmpeg, signal });
  const { video } = info;
  const seconds = video && videoSeconds(video);
  if (!video || !seconds) return [];
  const shown = displayedSize(video);
  const scale = Math.min(1, CELL.width / shown.width, CELL.height / shown.height);
  const side = (pixels: number): number => Math.max(2, Math.round(pixels * scale));
  const size = { width: side(shown.width), height: side(shown.height) };
  const times = Array.from({ length: count }, (_, index) => ((index + 0.5) * seconds) / count);
  const request = { source, ffmpeg, signal, onProgress: () => {} };
  const found = await takeFrames(request, { video, times, seconds, size });
  return found.filter((frame) => frame !== undefined);
}

/** Of the first and of the second half the one with the most detail, so that both are not the same moment. */
function bestOf(frames: readonly Canvas[]): readonly Canvas[] {
  const half = Math.ceil(frames.length / BEST);
  return [frames.slice(0, half), frames.slice(half)].flatMap(
    (part) => part.toSorted((a, b) => detailOf(b) - detailOf(a))[0] ?? [],
  );
}

/** Mean step of green from pixel to pixel: blurred, dark and plain pictures have little of it. */
function detailOf({ data, width, height }: Canvas): number {
  let sum = 0;
  for (let at = 1; at + 3 < data.length; at += 3) sum += Math.abs((data[at + 3] ?? 0) - (data[at] ?? 0));
  return sum / (width * height);
}
