/** Looks into a part of a clip with ffmpeg's own filters: small pictures to measure, sharpness and bars, in one pass. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeTemporaryFolder } from '../../disk/temporary-folder.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Rect, Size } from '../../shared/geometry.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import { type Ffmpeg, listParts } from '../ffmpeg/find.ts';
import { endFilter, type PartClock, partClock, startFilters } from '../ffmpeg/part-clock.ts';
import { PICTURE_INPUT, pictureStream, uprightFilters } from '../ffmpeg/picture-input.ts';
import { branchedGraph } from '../ffmpeg/picture-look.ts';
import { firstWords, machineProblem, requireStarted, throwIfAborted } from '../ffmpeg/process.ts';
import { runProgram } from '../ffmpeg/run-program.ts';
import { displayedSize, type MediaInfo, shownSize, type VideoInfo } from '../info.ts';
import { MAX_FPS, READ_MARGIN_SECONDS } from '../limits.ts';
import { formatRate, fpsOf, rateOf, targetRate } from '../plan/frame.ts';
import { seekPointBefore } from '../probe/timeline.ts';
import { FILTER_OUTPUT_FILES, type FilterOutput, type Measurements, parseFilterOutput } from './filter-output.ts';
import { createMeter, type Meter } from './meter.ts';

export interface MeasureRequest {
  readonly source: string;
  readonly info: MediaInfo;
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  /** Seconds into the source. */
  readonly start: number;
  readonly seconds: number;
  /** Of a plan: from this second on the picture has another size. */
  readonly until?: number | undefined;
  /** What costs more than a small copy of the picture: only what is asked for is measured. */
  readonly want: Measures;
  /** Seconds that are done. */
  readonly onSeconds?: (seconds: number) => void;
}

export interface Measures {
  /** Widths of edges; see `measuresBlur`. */
  readonly blur?: boolean;
  /** Sharpness by a measure that every build has, to compare parts of one clip; no word for it. */
  readonly detail?: boolean;
  readonly bars?: boolean;
  /** Pictures a second whose sharpness is measured, each with its own time; unless given, what stands at each quarter of a second. */
  readonly rate?: number;
  /** The picture between bars, in the upright frame: everything but `bars` looks at that alone. */
  readonly crop?: Rect | undefined;
}

/** Of the small copy in which light and movement are measured. */
export const SMALL_SIDE = 320;
const DETAIL_SIDE = 640;
/** Edges are as wide as a host sees them. */
const BLUR_SIDE = 1280;
const TIMEOUT_MS = 180_000;

/** Whether this build measures the widths of edges: from 5.1 on. */
export async function measuresBlur(ffmpeg: Ffmpeg, signal: AbortSignal): Promise<boolean> {
  return (await listParts(ffmpeg, 'filters', signal)).has('blurdetect');
}

/** Throws `clip` when the part cannot be decoded at all, `machine`, or `interrupted`. */
export async function measurePicture(request: MeasureRequest): Promise<Measurements> {
  const { info, start, want } = request;
  if (!info.video) throw new TypeError('there is no picture to look into');
  const made = await makeTemporaryFolder('sora-look-');
  const folder = made.path;
  try {
    const size = smaller(shownSize(info.video, want.crop), SMALL_SIDE);
    const fps = pictureRate(info.video);
    const meter = createMeter(size, fps);
    const failure = await runLook(request, { folder, video: info.video, size, fps, meter });
    if (failure !== undefined) {
      throw new SoraError('clip', `The clip cannot be analysed: ${failure}.`, {
        hint: 'It is damaged. Play it to find where, or export it again from where it was made.',
      });
    }
    const texts = FILTER_OUTPUT_FILES.map(async (name) => [
      name,
      await readFile(join(folder, name), 'utf8').catch(() => ''),
    ]);
    const printed = Object.fromEntries(await Promise.all(texts)) as FilterOutput;
    return parseFilterOutput(printed, { offset: start, meter, fps });
  } finally {
    await made.dispose();
  }
}

/** As a conversion reads it, where the time stamps there are known: what a container seeks to may not be decodable. */
function partToLookAt({ timeline }: MediaInfo, start: number): { seek: number; clock: PartClock } {
  const isKnown = timeline !== undefined && timeline.from <= start && start <= timeline.end;
  const seek = isKnown ? seekPointBefore(timeline, start) : start;
  return { seek, clock: partClock({ start, decodeFrom: seek }, { ...(isKnown && { timeline }) }) };
}

/** Undefined when it ended well, else ffmpeg's complaint. */
async function runLook(
  { source, info, ffmpeg, signal, start, seconds, until, want, onSeconds }: MeasureRequest,
  { folder, video, size, fps, meter }: { folder: string; video: VideoInfo; size: Size; fps: number; meter: Meter },
): Promise<string | undefined> {
  throwIfAborted(signal);
  const { seek, clock } = partToLookAt(info, start);
  const end = Math.min(start + seconds, until ?? Number.POSITIVE_INFINITY);
  const args = [
    ...[...untrustedInputOptions(), '-v', 'error', '-nostats', '-y', ...clock.options],
    ...(seek > 0 ? ['-ss', seek.toFixed(6)] : []),
    ...(until === undefined ? [] : ['-reinit_filter', '0']),
    ...[...PICTURE_INPUT, '-t', (end - seek + READ_MARGIN_SECONDS).toFixed(3), '-i', fileUrl(resolve(source))],
    ...['-filter_complex', measureGraph(video, want, { end: [endFilter(clock, end)], start: startFilters(clock) })],
    ...[...seenOutput(fps), 'pipe:1', ...lookOutputs(want)],
  ];
  // The filters write into the folder that ffmpeg runs in: a path of any other kind would have to be escaped.
  const result = await runProgram(ffmpeg.path, args, {
    ...{ cwd: folder, timeoutMs: TIMEOUT_MS, signal },
    async readStdout(stdout) {
      for await (const picture of picturesOf(stdout, size)) {
        meter.add(picture);
        onSeconds?.(Math.min(seconds, meter.count / fps));
      }
    },
  });
  throwIfAborted(signal);
  if (!result.failed) return undefined;
  if (result.timedOut) return 'it took too long';
  const machine = machineProblem(result.stderr);
  if (machine) throw machine;
  requireStarted(result);
  return firstWords(result.stderr);
}

/** One byte a pixel; what is left at the end is none. */
export async function* picturesOf(
  stream: AsyncIterable<Uint8Array>,
  { width, height }: Size,
): AsyncGenerator<Uint8Array> {
  let picture = new Uint8Array(width * height);
  let filled = 0;
  for await (const bytes of stream) {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + picture.length - filled);
      picture.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < picture.length) break;
      yield picture;
      picture = new Uint8Array(width * height);
      filled = 0;
    }
  }
}

/** Pictures a second that are measured: all that there are, and of a varying rate those that a master would show. */
function pictureRate({ fps = 30, constantRate }: VideoInfo): number {
  return constantRate && fps <= MAX_FPS ? fps : fpsOf(targetRate(fps));
}

/** What cuts out the part that is looked at. */
interface PartFilters {
  readonly end: readonly string[];
  readonly start: readonly string[];
}

/** The filters, each printing what it found into a file of its own. */
export function measureGraph(
  video: VideoInfo,
  want: Measures,
  { end, start }: PartFilters = { end: [], start: [] },
): string {
  const branches = [
    seen(video, want.crop),
    ...(want.detail ? [detail(video, want)] : []),
    ...(want.blur ? [blur(video, want)] : []),
    ...(want.bars ? [bars()] : []),
  ];
  return branchedGraph(pictureStream(video), [...end, ...uprightFilters(video), ...start], branches);
}

/**
 * Where the branches of the graph end. Not in a `nullsink`, which would do as well: with several of those ffmpeg 7.0 fails
 * an assertion (`best_input >= 0`) at the end of some clips.
 */
export function lookOutputs({ detail, blur, bars }: Measures, options: readonly string[] = []): readonly string[] {
  const labels = [...(detail ? ['fine', 'edges'] : []), ...(blur ? ['blur'] : []), ...(bars ? ['loose', 'tight'] : [])];
  return labels.flatMap((label) => ['-map', `[${label}]`, ...options, '-f', 'null', '-']);
}

/** Luma, to be piped, and the time of each picture, to be printed. */
function seen(video: VideoInfo, crop: Rect | undefined): string {
  const fps = pictureRate(video);
  return [
    shrink({ video, crop }, SMALL_SIDE, 'yuv420p'),
    // Only for a line to print: builds before 4.2 print nothing of a picture about which nothing was found.
    'signalstats',
    print('times', 'lavfi.signalstats.YMIN'),
    ...(video.constantRate && video.fps === fps ? [] : [`fps=${fps}`]),
    piped(fps),
  ].join(',');
}

/**
 * Luma alone: made grey by a conversion, it would be of full range. The pictures are numbered at their own rate, so that none
 * is left out or repeated by whoever writes them.
 */
function piped(fps: number): string {
  return `${numbered(fps)}[seen]`;
}

function numbered(fps: number): string {
  return `extractplanes=y,setpts=N/(${fps}*TB)`;
}

/** Options of an output of the pictures, see `picturesOf`. */
export function seenOutput(fps: number): readonly string[] {
  return ['-map', '[seen]', '-c:v', 'rawvideo', '-f', 'rawvideo', '-r', formatRate(rateOf(fps))];
}

/** Of a whole video: its upright small pictures and the options of an output of them. */
export function smallPictures(video: VideoInfo): {
  readonly filters: string;
  readonly output: readonly string[];
  readonly size: Size;
  readonly fps: number;
} {
  const fps = pictureRate(video);
  const size = smaller(displayedSize(video), SMALL_SIDE);
  const even = video.constantRate && video.fps === fps ? [] : [`fps=${fps}`];
  const filters = [...uprightFilters(video), ...even, shrunk(size, 'yuv420p'), numbered(fps)].join(',');
  return { filters, output: ['-c:v', 'rawvideo', '-f', 'rawvideo', '-r', formatRate(rateOf(fps))], size, fps };
}

/** The small pictures of one that needs no turning and has square pixels. */
export function seenBranch(size: Size, fps: number): string {
  return `${shrunk(size, 'yuv420p')},${piped(fps)}`;
}

/** Fewer pictures, for what costs more than a small copy of each. */
function sampled(video: VideoInfo, rate: number | undefined): string {
  return rate === undefined ? 'fps=4' : `framestep=${Math.max(1, Math.round((video.fps ?? 30) / rate))}`;
}

function detail(video: VideoInfo, { crop, rate }: Measures): string {
  const mean = 'lavfi.signalstats.YAVG';
  return [
    `${sampled(video, rate)},${shrink({ video, crop }, DETAIL_SIDE, 'gray')},split[d0][d1]`,
    `[d0]convolution=0m=0 -1 0 -1 4 -1 0 -1 0:0rdiv=1,signalstats,${print('fine', mean)}[fine]`,
    `[d1]sobel=scale=0.25,signalstats,${print('edges', mean)}[edges]`,
  ].join(';');
}

/** The sharpest quarter of all blocks counts: what lies before and behind a face may be soft. */
function blur(video: VideoInfo, { crop, rate }: Measures): string {
  const blocks = 'block_width=32:block_height=32:block_pct=25';
  return `${sampled(video, rate)},${shrink({ video, crop }, BLUR_SIDE, 'yuv420p')},blurdetect=${blocks},${print('blur', 'lavfi.blur')}[blur]`;
}

/** Without files the filters print to the log. */
export function bars({ toFiles = true } = {}): string {
  const find = (limit: number, file: string) =>
    `cropdetect=limit=${limit}:round=2:reset=0,${toFiles ? print(file) : 'metadata=print'}[${file}]`;
  return `fps=8,format=yuv420p,split[c0][c1];[c0]${find(24, 'loose')};[c1]${find(48, 'tight')}`;
}

function print(file: string, key?: string): string {
  return `metadata=print:file=${file}${key === undefined ? '' : `:key=${key}`}`;
}

/** Not enlarged, as shown, its long side at most `most`. */
function shrink({ video, crop }: { video: VideoInfo; crop: Rect | undefined }, most: number, format: string): string {
  // A picture may change its size on the way; what lies beyond the new one is no reason to give up.
  const cut = crop ? `crop=min(${crop.width}\\,iw):min(${crop.height}\\,ih):${crop.x}:${crop.y},` : '';
  return cut + shrunk(smaller(shownSize(video, crop), most), format);
}

function shrunk({ width, height }: Size, format: string): string {
  return `scale=w=${width}:h=${height}:out_range=tv:flags=area,format=${format}`;
}

export function smaller({ width, height }: Size, most: number): Size {
  const scale = Math.min(1, most / Math.max(width, height));
  const side = (pixels: number): number => Math.max(16, Math.round((pixels * scale) / 2) * 2);
  return { width: side(width), height: side(height) };
}
