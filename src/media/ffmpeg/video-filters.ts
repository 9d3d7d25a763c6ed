/** The filters that make the picture of a master from that of its source, by its plan. Pure. */
import type { Rect, Size } from '../../shared/geometry.ts';
import { type MediaInfo, shownSize, type VideoInfo } from '../info.ts';
import { inputMatrix, widePrimaries } from '../plan/colour.ts';
import { formatRate, type Placement } from '../plan/frame.ts';
import type { ConvertPlan, PlanTarget } from '../plan/media-plan.ts';
import { toneMapFilters } from '../plan/tone-map.ts';
import { endFilter, partClock, startFilters } from './part-clock.ts';
import { cropFilter, uprightFilters } from './picture-input.ts';

const SCALE_FLAGS = 'lanczos+accurate_rnd+full_chroma_int+bitexact';

/** In order: end, upright, start, rate, bars off, flat, colours and size, box, tags. */
export function videoFilters(plan: ConvertPlan, info: Pick<MediaInfo, 'timeline'>, video: VideoInfo): string[] {
  return [...timeFilters(plan, info, video), ...frameFilters(plan, video)];
}

/** Upright pictures at the constant rate of the target, the first of the part at 0. */
export function timeFilters(
  plan: Pick<ConvertPlan, 'start' | 'decodeFrom' | 'until'> & { readonly target: Pick<PlanTarget, 'rate'> },
  info: Pick<MediaInfo, 'timeline'>,
  video: VideoInfo,
): string[] {
  const clock = partClock(plan, info);
  return [
    // First, because what comes then may be of another size.
    ...(plan.until === undefined ? [] : [endFilter(clock, plan.until)]),
    ...uprightFilters(video),
    ...startFilters(clock),
    // The last frame is shown for as long as it lasts, though its end falls between two places of the grid.
    `fps=fps=${formatRate(plan.target.rate)}:start_time=0:eof_action=pass`,
  ];
}

/** What is done to each upright picture by itself: its place in the box, and the colours of a master. */
export function frameFilters({ placement, crop }: Pick<ConvertPlan, 'placement' | 'crop'>, video: VideoInfo): string[] {
  return [
    ...(crop ? [cropFilter(crop)] : []),
    ...pixelFilters(placement, shownSize(video, crop), video),
    ...boxFilters({ placement }),
    'setsar=1',
    'format=yuv420p',
    MASTER_COLOURS,
  ];
}

/**
 * What is done to each upright picture that is to be looked at in the size of a thumbnail: the colours of a master, of the
 * part that it keeps. Made small first, so that it costs next to nothing.
 */
export function thumbnailFilters({ width, height }: Size, kept: Rect | undefined, video: VideoInfo): string[] {
  const picture = { width, height };
  return [
    ...(kept ? [cropFilter(kept)] : []),
    `scale=w=${width}:h=${height}:flags=area`,
    ...pixelFilters({ picture }, picture, { ...video, pixelAspect: 1 }),
    'format=yuv420p',
  ];
}

/** Says which colours the pictures have; converts none. */
export const MASTER_COLOURS = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';

function pixelFilters(placement: Pick<Placement, 'picture'>, shown: Size, video: VideoInfo): string[] {
  if (video.chroma !== '4:0:0' || video.range === 'full' || video.alpha) return colourFilters(placement, shown, video);
  // swscale takes every grey for full range, whatever it is told: kept as it is, it only has to be called limited.
  const planes = video.bitDepth > 8 ? 'yuv444p10le' : 'yuv444p';
  return [
    `scale=in_range=pc:out_range=pc:flags=${SCALE_FLAGS}`,
    `format=${planes}`,
    'setparams=range=tv',
    ...colourFilters(placement, shown, { ...video, chroma: '4:4:4', range: 'limited' }),
  ];
}

function colourFilters({ picture }: Pick<Placement, 'picture'>, shown: Size, video: VideoInfo): string[] {
  const size = `w=${picture.width}:h=${picture.height}`;
  const resized = video.pixelAspect !== 1 || picture.width !== shown.width || picture.height !== shown.height;
  // Chroma of an odd column belongs to no pair; it is padded with a sample for every pixel and halved afterwards.
  const format = isOdd(picture) ? 'yuv444p' : 'yuv420p';
  if (video.hdr) return toneMapFilters(video, `${size}:flags=${SCALE_FLAGS}`, format);
  const wide = widePrimaries(video);
  if (wide !== undefined) return gamutFilters(video, wide, size, format);

  const matrix = inputMatrix(video);
  // swscale turns a palette into YUV by BT.601, whatever it is asked for; by way of RGB it does what it is asked.
  const flat = video.alpha ? flattenFilters(video) : video.rgb ? [`scale=flags=${SCALE_FLAGS}`, 'format=gbrp'] : [];
  const rgb = video.rgb || video.alpha;
  const plain = !rgb && matrix === 'bt709' && video.range !== 'full' && video.codec !== 'JPEG';
  if (plain && !resized && video.bitDepth === 8 && video.chroma === '4:2:0' && format === 'yuv420p') return [];
  const from = rgb ? '' : `:in_color_matrix=${matrix}${rangeOption(video)}`;
  return [...flat, `scale=${size}${from}:out_color_matrix=bt709:out_range=tv:flags=${SCALE_FLAGS}`, `format=${format}`];
}

/** An untagged range is left to ffmpeg: some pixel formats imply it. */
function rangeOption({ range }: VideoInfo): string {
  return range === undefined ? '' : `:in_range=${range === 'full' ? 'pc' : 'tv'}`;
}

/** Colours times opacity is the picture on black. */
function flattenFilters(video: VideoInfo): string[] {
  const toRgb = video.rgb
    ? `scale=flags=${SCALE_FLAGS}`
    : `scale=in_color_matrix=${inputMatrix(video)}${rangeOption(video)}:flags=${SCALE_FLAGS}`;
  // ffmpeg 4 keeps the range flag of the YUV it came from, and would take 16 for black.
  return [toRgb, 'format=gbrap', 'setparams=range=pc', 'premultiply=inplace=1', 'format=gbrp'];
}

function gamutFilters(video: VideoInfo, primaries: string, size: string, format: string): string[] {
  const matrix = inputMatrix(video);
  const space = matrix === 'bt2020' ? 'bt2020ncl' : matrix === 'bt601' ? 'smpte170m' : matrix;
  const range = video.range === 'full' ? 'pc' : 'tv';
  const keep = `in_color_matrix=${matrix}:out_color_matrix=${matrix}:in_range=${range}:out_range=${range}`;
  return [
    `scale=${size}:${keep}:flags=${SCALE_FLAGS}`,
    'format=yuv444p10le',
    `colorspace=iprimaries=${primaries}:itrc=bt709:ispace=${space}:irange=${range}:all=bt709:range=tv:format=yuv444p`,
    `scale=flags=${SCALE_FLAGS}`,
    `format=${format}`,
  ];
}

function boxFilters({ placement }: Pick<ConvertPlan, 'placement'>): string[] {
  const { box, mode, x, y } = placement;
  if (mode === 'exact') return [];
  if (mode === 'crop') return [cropFilter({ ...box, x, y })];
  const halve = isOdd(placement.picture) ? [`scale=flags=${SCALE_FLAGS}`] : [];
  return [`pad=w=${box.width}:h=${box.height}:x=${x}:y=${y}:color=black`, ...halve];
}

function isOdd({ width, height }: { width: number; height: number }): boolean {
  return width % 2 !== 0 || height % 2 !== 0;
}
