/** ffmpeg's commands for the pieces of a film: pictures without sound, all with one and the same header. Pure. */
import {
  ANONYMOUS,
  convertInput,
  type FfmpegCommand,
  fileUrl,
  filteredPicture,
  H264_UNITS,
  MASTER_TAGS,
  maps,
  untrustedInputOptions,
  X264_TAGS,
} from '../media/ffmpeg/arguments.ts';
import { pictureStream } from '../media/ffmpeg/picture-input.ts';
import { frameFilters, MASTER_COLOURS, timeFilters } from '../media/ffmpeg/video-filters.ts';
import { formatRate, fpsOf } from '../media/plan/frame.ts';
import { seekPointBefore } from '../media/probe/timeline.ts';
import { formatSize } from '../shared/geometry.ts';
import { type AssemblyPlan, type PlannedPiece, type PlannedShot, placementOf, type Stretch } from './plan.ts';
import { keyframeInterval, timescaleOf } from './raster.ts';

type Raster = Pick<AssemblyPlan, 'size' | 'rate'>;

/**
 * `padded`: what a take is short of is made up by its last picture. Without it a piece may be a picture short, where the
 * take has another rate than the film.
 */
export function pieceCommand(
  piece: PlannedPiece,
  film: Raster,
  { target, padded }: { readonly target: string; readonly padded: boolean },
): FfmpegCommand {
  const url = fileUrl(target);
  if (piece.kind === 'copy') {
    const { path, video } = piece.shot.take;
    const output = [...maps(pictureStream(video), undefined), '-c', 'copy', ...H264_UNITS, ...ANONYMOUS, ...mp4(film)];
    return { inputs: [{ options: untrustedInputOptions(), url: fileUrl(path) }], output, target: url };
  }
  const inputs = stretchesOf(piece).map((stretch) => inputOf(stretch, film));
  return {
    inputs,
    output: [...pictures(piece, film, padded), ...encoder(film), ...ANONYMOUS, ...mp4(film)],
    target: url,
  };
}

/** Whether the last picture has to be held, or may have to be. */
export function needsPadding(piece: PlannedPiece, film: Raster): boolean {
  return stretchesOf(piece).some(({ shot, from, frames }) => from + frames > shot.moving || !isOfRate(shot, film));
}

/** Whether decoding of a take begins inside a group of pictures, or may: what comes before its first keyframe is not shown. */
export function beginsInside(piece: PlannedPiece, film: Raster): boolean {
  return stretchesOf(piece).some(
    (stretch) => cutOf(stretch, film).decodeFrom > 0 || stretch.shot.take.timeline.leading > 0,
  );
}

/** What is encoded of takes. */
function stretchesOf(piece: PlannedPiece): readonly Stretch[] {
  if (piece.kind === 'copy') return [];
  return piece.kind === 'encode' ? [piece.stretch] : [piece.out, piece.into];
}

function isOfRate({ take: { video } }: PlannedShot, { rate }: Raster): boolean {
  return video.constantRate && Math.abs((video.fps ?? 0) - fpsOf(rate)) < 1e-3;
}

/** From where it has to be decoded on; with that, what filters and input options are given. */
function cutOf({ shot, from, frames }: Stretch, { rate }: Raster) {
  const fps = fpsOf(rate);
  const { timeline } = shot.take;
  // A picture earlier: of two places of the grid a picture takes the nearer one.
  const first = Math.min(shot.start + Math.max(0, from - 1) / fps, timeline.times.at(-1) ?? shot.start);
  const target = { rate, seconds: (from + frames) / fps };
  return { start: shot.start, decodeFrom: seekPointBefore(timeline, first), target };
}

function inputOf(stretch: Stretch, film: Raster): FfmpegCommand['inputs'][number] {
  const { path, info, video } = stretch.shot.take;
  return { options: convertInput(cutOf(stretch, film), info, video), url: fileUrl(path) };
}

function pictures(piece: Exclude<PlannedPiece, { kind: 'copy' }>, film: Raster, padded: boolean): string[] {
  if (piece.kind === 'encode' && !padded) {
    const { video } = piece.stretch.shot.take;
    return filteredPicture(video, chain(piece.stretch, film).join(','), undefined);
  }
  const graph =
    piece.kind === 'encode'
      ? [stretchGraph(piece.stretch, film, { index: 0, padded, label: 'all' })]
      : dissolveGraph(piece, film, padded);
  return ['-filter_complex', [...graph, `[all]${MASTER_COLOURS}[v]`].join(';'), ...maps('[v]', undefined)];
}

/** The pictures of a stretch, the first at 0. */
function chain(stretch: Stretch, film: Raster): string[] {
  const { shot, from, frames } = stretch;
  const { info, video } = shot.take;
  // Cut before anything is scaled.
  return [...timeFilters(cutOf(stretch, film), info, video), ...cutFilters(from, frames), ...placeFilters(shot, film)];
}

function placeFilters({ take: { video } }: PlannedShot, { size }: Raster): string[] {
  return frameFilters({ placement: placementOf(video, size) }, video);
}

function cutFilters(from: number, frames: number): string[] {
  return [`trim=start_frame=${from}:end_frame=${from + frames}`, 'setpts=PTS-STARTPTS'];
}

interface GraphPart {
  /** Of the input. */
  readonly index: number;
  readonly padded: boolean;
  /** Where it ends. */
  readonly label: string;
}

/**
 * The same in a graph. Padded, the pictures lie on black ones that go on: the last one stays on top of them (`tpad` is
 * missing before ffmpeg 4.2), and so they are cut only then.
 */
function stretchGraph(stretch: Stretch, film: Raster, { index, padded, label }: GraphPart): string {
  const { shot, from, frames } = stretch;
  const { info, video } = shot.take;
  const own = (filters: readonly string[]): string =>
    // Graphs of tone mapping have labels of their own.
    filters.join(',').replace(/\[(hlg|table)\]/g, `[$1${index}]`);
  const stream = `[${pictureStream(video).replace(/^0/, String(index))}]`;
  if (!padded) return `${stream}${own(chain(stretch, film))}[${label}]`;
  const moving = [...timeFilters(cutOf(stretch, film), info, video), ...placeFilters(shot, film)];
  const black = `color=c=black:s=${formatSize(film.size)}:r=${formatRate(film.rate)},trim=end_frame=${from + frames},format=yuv420p`;
  return [
    `${black}[under${index}]`,
    `${stream}${own(moving)}[over${index}]`,
    `[under${index}][over${index}]overlay=format=yuv420:eof_action=repeat,${cutFilters(from, frames).join(',')}[${label}]`,
  ].join(';');
}

/**
 * One fades in over the other, from 1/(n+1) to n/(n+1). `blend` does the same by an expression for each pixel, in twenty
 * times the time, and `xfade` is missing before ffmpeg 4.3. `fade` begins at nothing: it is given one picture more, and that
 * is dropped.
 */
function dissolveGraph(
  { out, into, frames }: Extract<PlannedPiece, { kind: 'dissolve' }>,
  film: Raster,
  padded: boolean,
): string[] {
  const { num, den } = film.rate;
  const even = `setpts=N*${den}/(${num}*TB)`;
  const rise = [
    ...['loop=loop=1:size=1:start=0', even, 'format=yuva420p'],
    ...[`fade=t=in:start_frame=0:nb_frames=${frames + 1}:alpha=1`, 'trim=start_frame=1', 'setpts=PTS-STARTPTS'],
  ];
  return [
    stretchGraph(out, film, { index: 0, padded, label: 'out' }),
    stretchGraph(into, film, { index: 1, padded, label: 'into' }),
    `[into]${rise.join(',')}[rising]`,
    '[out][rising]overlay=format=yuv420:shortest=1[all]',
  ];
}

/**
 * Nothing in the header may depend on the pictures: `stitchable` keeps x264 from fitting it to them. The rate is said once more:
 * in ffmpeg 7 a `setpts` makes it unknown, and 25 a second would be made of any other.
 */
function encoder({ rate }: Raster): string[] {
  return [
    ...[
      '-r',
      formatRate(rate),
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-crf',
      '15',
      '-profile:v',
      'high',
      '-pix_fmt',
      'yuv420p',
    ],
    ...['-g', String(keyframeInterval(rate)), '-bf', '2', '-refs', '3', '-flags:v', '+bitexact'],
    ...MASTER_TAGS,
    ...['-x264-params', `stitchable=1:${X264_TAGS}`, ...H264_UNITS],
  ];
}

function mp4({ rate }: Raster): string[] {
  return ['-video_track_timescale', String(timescaleOf(rate)), '-f', 'mp4'];
}
