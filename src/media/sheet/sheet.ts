/** A contact sheet: frames of a clip in a grid, the time under each, name and facts above. */
import { resolve } from 'node:path';
import { type ImageMime, inspectCommand } from '../../shared/clip.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize, type Size } from '../../shared/geometry.ts';
import { formatBytes, oneLine } from '../../shared/text.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { PICTURE_INPUT, pictureStream, uprightFilters } from '../ffmpeg/picture-input.ts';
import { machineProblem, requireStarted, throwIfAborted } from '../ffmpeg/process.ts';
import { runProgram } from '../ffmpeg/run-program.ts';
import { displayedSize, type MediaInfo, type VideoInfo, videoSeconds } from '../info.ts';
import { inputMatrix } from '../plan/colour.ts';
import {
  type Canvas,
  type Colour,
  createCanvas,
  encodePng,
  fillRect,
  fitText,
  type Mask,
  putMask,
  putPicture,
  putText,
  textWidth,
} from './canvas.ts';
import { hasStrokes, writablePart } from './stroke-font.ts';

export interface SheetRequest {
  readonly source: string;
  readonly info: MediaInfo;
  /** Pictures of a character, to stand behind the frames. */
  readonly pictures?: readonly SheetPicture[];
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  readonly title: string;
  /** Where to look for letters that are not in our own alphabet. */
  readonly fontFolders: readonly string[];
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** A picture without metadata, and what is written beneath it. */
export interface SheetPicture extends Size {
  readonly bytes: Uint8Array;
  readonly mime: ImageMime;
  readonly label: string;
}

export interface Sheet extends Size {
  readonly png: Buffer;
  /** Seconds at which its frames were taken. */
  readonly times: readonly number[];
  /** False where the title is left out, because nothing here can draw it. */
  readonly titled: boolean;
}

const FRAMES = 12;
const GRID_WIDTH = 1600;
const MARGIN = 40;
const GAP = 16;
const HEADER = 92;
const LABEL = 36;
/** A cell is at least as wide as its label, and no higher than a phone's picture needs. */
const LEAST_CELL = 112;
const MOST_HEIGHT = 520;
/** Decoding this much costs less than seeking in it. */
const MOST_READ_SECONDS = 30;
const RUN_TIMEOUT_MS = 60_000;

const GROUND: Colour = [36, 37, 40];
const EDGE: Colour = [70, 72, 77];
const EMPTY: Colour = [24, 24, 26];
const BRIGHT: Colour = [240, 240, 238];
const QUIET: Colour = [160, 163, 170];

export interface Layout extends Size {
  readonly columns: number;
  readonly cell: Size;
  readonly picture: Size;
}

/** Where things lie, for a picture of that size. Pure. */
export function layOut(shown: Size, cells = FRAMES): Layout {
  const ratio = shown.width / shown.height;
  const columns = ratio < 0.8 ? 6 : 4;
  const wide = Math.floor((GRID_WIDTH - (columns - 1) * GAP) / columns);
  const height = Math.min(MOST_HEIGHT, Math.max(16, Math.round(wide / ratio)));
  const picture = { width: Math.min(wide, Math.max(16, Math.round(height * ratio))), height };
  const cell = { width: Math.max(LEAST_CELL, picture.width), height: height + LABEL };
  const rows = Math.ceil(cells / columns);
  return {
    columns,
    cell,
    picture,
    width: 2 * MARGIN + columns * cell.width + (columns - 1) * GAP,
    height: MARGIN + HEADER + rows * cell.height + (rows - 1) * GAP + MARGIN - GAP,
  };
}

/** Takes the frames and draws the sheet. Throws `clip` when not one frame can be decoded, `machine`, or `interrupted`. */
export async function makeSheet(request: SheetRequest): Promise<Sheet> {
  const { info } = request;
  const { video } = info;
  const seconds = video && videoSeconds(video);
  if (!video || !seconds)
    throw new SoraError('clip', 'It has no video of any length, so there is nothing to show.', {
      hint: `See what it is: ${inspectCommand(request.source)}`,
    });
  const { pictures = [] } = request;
  const layout = layOut(displayedSize(video), FRAMES + pictures.length);
  const paper = createCanvas(layout, GROUND);
  const title = await titleOf(request, paper.width - 2 * MARGIN);
  drawHeader(paper, title, sheetFacts(info, seconds));
  const times = Array.from({ length: FRAMES }, (_, index) => ((index + 0.5) * seconds) / FRAMES);
  const frames = await takeFrames(request, { video, times, seconds, size: layout.picture });
  if (frames.every((frame) => frame === undefined))
    throw new SoraError('clip', 'Not one frame of it can be decoded.', {
      hint: 'It is damaged. Play it, or export it again from where it was made.',
    });
  times.forEach((time, index) => {
    drawCell(paper, { layout, index, frame: frames[index], label: timeLabel(time, seconds) });
  });
  await drawPictures(paper, request, { layout, from: FRAMES, pictures });
  const { width, height } = layout;
  return { width, height, png: encodePng(paper), times, titled: title !== undefined };
}

/** The same of pictures alone. */
export async function makePictureSheet(
  request: Omit<SheetRequest, 'source' | 'info' | 'onProgress'> & { readonly pictures: readonly SheetPicture[] },
): Promise<Sheet> {
  const { pictures } = request;
  const [first] = pictures;
  if (!first) throw new TypeError('there are no pictures');
  const layout = layOut(first, pictures.length);
  const paper = createCanvas(layout, GROUND);
  const title = await titleOf(request, paper.width - 2 * MARGIN);
  drawHeader(paper, title, pictures.length === 1 ? 'one picture' : `${pictures.length} pictures`);
  await drawPictures(paper, request, { layout, from: 0, pictures });
  const { width, height } = layout;
  return { width, height, png: encodePng(paper), times: [], titled: title !== undefined };
}

/** Each whole in its cell, in the cells from that one on. */
async function drawPictures(
  paper: Canvas,
  { ffmpeg, signal }: Pick<SheetRequest, 'ffmpeg' | 'signal'>,
  { layout, from, pictures }: { layout: Layout; from: number; pictures: readonly SheetPicture[] },
): Promise<void> {
  const { imagePixels } = await import('../picture/fit.ts');
  const { width, height } = layout.picture;
  for (const [index, picture] of pictures.entries()) {
    const scale = Math.min(width / picture.width, height / picture.height);
    const side = (pixels: number): number => Math.max(2, Math.round(pixels * scale));
    const size = { width: side(picture.width), height: side(picture.height) };
    const data = await imagePixels(picture.bytes, { mime: picture.mime, size, ffmpeg, signal });
    drawCell(paper, { layout, index: from + index, frame: { ...size, data: Buffer.from(data) }, label: picture.label });
  }
}

/** Of a font whose capitals are about as high as those of the title. */
const FONT_SIZE = 36;

/** Its words in our own letters, or a picture of them in a font; undefined rather than a row of boxes. */
async function titleOf(
  { fontFolders, ffmpeg, signal, ...request }: Pick<SheetRequest, 'fontFolders' | 'ffmpeg' | 'signal' | 'title'>,
  width: number,
): Promise<string | Mask | undefined> {
  const title = oneLine(request.title, 200);
  if (hasStrokes(title)) return title;
  const { renderText } = await import('./font-text.ts');
  return (
    (await renderText({ text: title, fontFolders, ffmpeg, signal, size: FONT_SIZE, width })) ?? writablePart(title)
  );
}

function drawHeader(paper: Canvas, title: string | Mask | undefined, facts: string): void {
  const width = paper.width - 2 * MARGIN;
  const large = { height: 26, weight: 3.4, colour: BRIGHT };
  const small = { height: 14, weight: 1.7, colour: QUIET };
  if (typeof title === 'string') putText(paper, fitText(title, large, width), { ...large, x: MARGIN, y: MARGIN });
  else if (title) {
    const y = MARGIN + Math.round((large.height - title.height) / 2);
    putMask(paper, title, { x: MARGIN, y, colour: BRIGHT });
  }
  putText(paper, fitText(facts, small, width), { ...small, x: MARGIN, y: MARGIN + (title ? 48 : 24) });
}

interface Cell {
  readonly layout: Layout;
  readonly index: number;
  /** Undefined where the clip could not be decoded. */
  readonly frame: Canvas | undefined;
  readonly label: string;
}

function drawCell(paper: Canvas, { layout, index, frame, label }: Cell): void {
  const { cell, picture, columns } = layout;
  const left = MARGIN + (index % columns) * (cell.width + GAP);
  const shown = frame ?? picture;
  const x = left + Math.floor((cell.width - shown.width) / 2);
  const top = MARGIN + HEADER + Math.floor(index / columns) * (cell.height + GAP);
  const y = top + Math.floor((picture.height - shown.height) / 2);
  fillRect(paper, { x: x - 1, y: y - 1, width: shown.width + 2, height: shown.height + 2 }, EDGE);
  if (frame) putPicture(paper, frame, { x, y });
  else fillRect(paper, { x, y, ...picture }, EMPTY);
  const style = { height: 12, weight: 1.5, colour: QUIET };
  const middle = left + (cell.width - textWidth(label, style)) / 2;
  putText(paper, label, { ...style, x: Math.max(left, middle), y: top + picture.height + 13 });
}

/** One line: size, length, rate, codecs, bytes. Pure. */
export function sheetFacts(info: MediaInfo, seconds: number): string {
  const { video, audio } = info;
  const fps = video?.fps === undefined ? undefined : `${Number(video.fps.toFixed(3))} fps`;
  return [
    video && formatSize(displayedSize(video)).replace('x', ' × '),
    `${seconds.toFixed(2)} s`,
    fps,
    audio ? `${video?.codec} and ${audio.codec}` : `${video?.codec}, no sound`,
    formatBytes(info.bytes),
  ]
    .filter((part) => part !== undefined)
    .join('  ·  ');
}

/** `1.25 s` of a short clip, `1:02:03` of a film. Pure. */
export function timeLabel(time: number, whole: number): string {
  if (whole < 60) return `${time.toFixed(2)} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const minutes = Math.floor(time / 60);
  return minutes < 60
    ? `${minutes}:${two(time % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(time % 60)}`;
}

/** Where frames are taken from, and who is told how far that is. */
export type FrameSource = Pick<SheetRequest, 'source' | 'ffmpeg' | 'signal' | 'onProgress'>;

interface Wanted {
  readonly video: VideoInfo;
  /** At even distances. */
  readonly times: readonly number[];
  readonly seconds: number;
  readonly size: Size;
}

/** A short clip is read once; in a long one every frame is sought. Undefined where there is no picture at that time. */
export async function takeFrames(request: FrameSource, wanted: Wanted): Promise<(Canvas | undefined)[]> {
  const { times, seconds } = wanted;
  const [first = 0] = times;
  if (seconds <= MOST_READ_SECONDS) {
    const step = seconds / times.length;
    const select = `select=gte(t\\,${first.toFixed(4)}+selected_n*${step.toFixed(4)})`;
    const found = await decodeFrames(request, { ...wanted, from: 0, filters: [select], count: times.length });
    request.onProgress(1);
    return times.map((_, index) => found[index]);
  }
  const frames: (Canvas | undefined)[] = [];
  for (const from of times) {
    frames.push((await decodeFrames(request, { ...wanted, from, filters: [], count: 1 }))[0]);
    request.onProgress(frames.length / times.length);
  }
  return frames;
}

async function decodeFrames(
  { source, ffmpeg, signal }: FrameSource,
  { video, size, from, filters, count }: Wanted & { from: number; filters: readonly string[]; count: number },
): Promise<Canvas[]> {
  throwIfAborted(signal);
  const matrix = video.rgb ? '' : `:in_color_matrix=${inputMatrix(video)}`;
  const chain = [
    ...uprightFilters(video),
    ...filters,
    `scale=w=${size.width}:h=${size.height}${matrix}:flags=area+accurate_rnd+full_chroma_int`,
    'format=rgb24',
    // Raw video has no times: without even ones frames would be repeated.
    'setpts=N/(25*TB)',
    'fps=25',
  ];
  const args = [
    ...[...untrustedInputOptions(), ...PICTURE_INPUT, '-v', 'error', '-ss', from.toFixed(3)],
    ...['-i', fileUrl(resolve(source)), '-map', pictureStream(video)],
    ...['-filter:v', chain.join(','), '-frames:v', String(count), '-f', 'rawvideo', 'pipe:1'],
  ];
  const result = await runProgram(ffmpeg.path, args, { signal, timeoutMs: RUN_TIMEOUT_MS, maxBytes: 50_000_000 });
  throwIfAborted(signal);
  if (result.failed) {
    requireStarted(result);
    const machine = machineProblem(result.stderr);
    if (machine) throw machine;
  }
  const bytes = size.width * size.height * 3;
  const whole = Math.floor(result.stdout.length / bytes);
  return Array.from({ length: whole }, (_, index) => ({
    ...size,
    data: result.stdout.subarray(index * bytes, (index + 1) * bytes),
  }));
}
