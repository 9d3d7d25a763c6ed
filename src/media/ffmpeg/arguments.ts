/** ffmpeg's arguments for a plan. Pure. Only what 4.1 to 9.0 all know is used: no -vsync, no -fps_mode, no tpad. */
import { isAbsolute } from 'node:path';
import type { Size } from '../../shared/geometry.ts';
import { type MediaInfo, shownSize, type VideoInfo } from '../info.ts';
import { AUDIO_MARGIN_SECONDS, MAX_BYTES, MAX_SIDE, READ_MARGIN_SECONDS } from '../limits.ts';
import { inputMatrix, widePrimaries } from '../plan/colour.ts';
import { formatRate, type Placement } from '../plan/frame.ts';
import type { ConvertPlan, MediaPlan, RemuxPlan } from '../plan/media-plan.ts';
import { toneMapFilters } from '../plan/tone-map.ts';
import { alphaDecoder, cropFilter, PICTURE_INPUT, pictureStream, uprightFilters } from './picture-input.ts';

export interface FfmpegArgsInput {
  readonly plan: MediaPlan;
  readonly info: MediaInfo;
  /** Absolute paths. */
  readonly source: string;
  readonly outputPath: string;
  /** Decibels by which the sound of an encode is turned down, so that the mix of its channels does not clip. */
  readonly attenuation?: number;
}

/** A command line in the parts that fluent-ffmpeg wants. */
export interface FfmpegCommand {
  readonly inputs: readonly { readonly options: readonly string[]; readonly url: string }[];
  readonly output: readonly string[];
  readonly target: string;
}

/** Demuxers of media files. None of them opens a second file: no playlists, no concat scripts, no image sequences. */
const FORMATS = [
  'mov',
  'matroska',
  'avi',
  'asf',
  'flv',
  'mpeg',
  'mpegts',
  'mpegvideo',
  'h264',
  'hevc',
  'm4v',
  'ivf',
  'obu',
  'ogg',
  'gif',
  'apng',
  // Animated, by builds that have it.
  'webp',
  'awebp',
  'mxf',
  'dv',
  'nut',
  'rm',
  'yuv4mpegpipe',
].join(',');

const SCALE_FLAGS = 'lanczos+accurate_rnd+full_chroma_int+bitexact';

/** Options before `-i` for any file that a stranger may have made: local, of a known format, of bounded size. */
export function untrustedInputOptions(): string[] {
  return [
    '-nostdin',
    '-hide_banner',
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    FORMATS,
    '-max_pixels',
    String(MAX_SIDE * MAX_SIDE),
  ];
}

/**
 * Frames keep the time stamps of their file. Otherwise ffmpeg counts from the first stream that is used, where a container
 * may begin anew (MPEG-TS, MPEG-PS), so that two runs on different streams would have different clocks.
 */
export const KEEP_TIMESTAMPS: readonly string[] = ['-copyts'];

export interface PartClock {
  /** Before `-i`. */
  readonly options: readonly string[];
  /** The time on the clock of decoded frames at which the part begins. */
  readonly start: number;
  /** What that clock shows at the beginning of the source. */
  readonly offset: number;
}

/** The clock of decoded frames. Without time stamps it counts since the seek. */
export function partClock(
  { start, decodeFrom }: Pick<ConvertPlan, 'start' | 'decodeFrom'>,
  { timeline }: Pick<MediaInfo, 'timeline'>,
): PartClock {
  const offset = timeline ? timeline.origin : -decodeFrom;
  return { options: timeline ? KEEP_TIMESTAMPS : [], start: start + offset, offset };
}

/** `file:` keeps a name that looks like an option, a protocol or a pattern from being read as one. Takes absolute paths. */
export function fileUrl(path: string): string {
  if (!isAbsolute(path)) throw new TypeError(`not an absolute path: ${path}`);
  return `file:${path}`;
}

/** The command of a plan, without the program. Throws TypeError for a rejected plan: there is nothing to run. */
export function ffmpegArgs(input: FfmpegArgsInput): readonly string[] {
  const command = ffmpegCommand(input);
  const inputs = command.inputs.flatMap(({ options, url }) => [...options, '-i', url]);
  return [...inputs, ...command.output, command.target];
}

/** Where an encode finds its sound, decoded before by `soundArgs`. */
export function soundPath(outputPath: string): string {
  return `${outputPath}.nut`;
}

/** Options before `-i` for that file: its own time stamps count, not those since its first sample. */
const SOUND_INPUT = ['-protocol_whitelist', 'file', '-format_whitelist', 'nut', '-seek_timestamp', '1'];

export function ffmpegCommand({ plan, info, source, outputPath, attenuation }: FfmpegArgsInput): FfmpegCommand {
  const [url, target] = [fileUrl(source), fileUrl(outputPath)];
  if (plan.kind === 'remux' && info.video)
    return { inputs: remuxInputs(plan, url), output: remuxOutput(plan, info, info.video), target };
  if (plan.kind === 'convert' && info.video) {
    const picture = { options: convertInput(plan, info, info.video), url };
    const sound = { options: SOUND_INPUT, url: fileUrl(soundPath(outputPath)) };
    const inputs = plan.target.audio ? [picture, sound] : [picture];
    return { inputs, output: convertOutput(plan, info, info.video, attenuation), target };
  }
  throw new TypeError('a rejected clip has no ffmpeg command');
}

function maps(picture: string, audio: string | undefined): string[] {
  return ['-map', picture, ...(audio === undefined ? ['-an'] : ['-map', audio]), '-sn', '-dn'];
}

/** Nothing of the source's tags, and nothing that changes from run to run. */
const ANONYMOUS = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact'];
/** Recorders and encoders write about themselves in SEI and in unspecified units; decoded frames do not depend on these. */
const H264_UNITS = ['-bsf:v', 'filter_units=remove_types=6|12|24-31'];
const MP4 = ['-movflags', '+faststart', '-f', 'mp4'];

/**
 * Sound that outlasts the picture is read a second time, with an end. `-frames:a` would do in one go, but since ffmpeg 6
 * the first stream that reaches its count ends the others too.
 */
function remuxInputs({ target, audioUntil }: RemuxPlan, url: string): FfmpegCommand['inputs'] {
  const whole = { options: untrustedInputOptions(), url };
  if (!target.audio || audioUntil === undefined) return [whole];
  return [whole, { options: [...untrustedInputOptions(), '-t', audioUntil.toFixed(3)], url }];
}

function remuxOutput({ target, audioUntil }: RemuxPlan, info: MediaInfo, video: VideoInfo): string[] {
  const audio = target.audio ? `${audioUntil === undefined ? 0 : 1}:a:${info.audio?.track ?? 0}` : undefined;
  // A file that grows while it is read would go on for ever.
  return [
    ...maps(pictureStream(video), audio),
    '-c',
    'copy',
    ...H264_UNITS,
    ...ANONYMOUS,
    '-fs',
    String(MAX_BYTES),
    ...MP4,
  ];
}

function convertInput(plan: ConvertPlan, info: MediaInfo, video: VideoInfo): string[] {
  const { start, decodeFrom, until, target } = plan;
  const decoder = video.alpha ? alphaDecoder(video.codec) : undefined;
  return [
    ...untrustedInputOptions(),
    ...partClock(plan, info).options,
    ...PICTURE_INPUT,
    ...(decoder === undefined ? [] : ['-c:v', decoder]),
    // Filters that are set up anew for another size would lose the picture that they hold.
    ...(until === undefined ? [] : ['-reinit_filter', '0']),
    ...(decodeFrom > 0 ? ['-ss', String(decodeFrom)] : []),
    '-t',
    (until === undefined ? start - decodeFrom + target.seconds + READ_MARGIN_SECONDS : until - decodeFrom).toFixed(3),
  ];
}

function convertOutput(plan: ConvertPlan, info: MediaInfo, video: VideoInfo, attenuation?: number): string[] {
  const { target } = plan;
  return [
    ...filteredPicture(plan, info, video, target.audio ? '1:a:0' : undefined),
    // As good as `fast` at 18 (SSIM and VMAF against the source), in 0.6 of its time and 1.3 to 1.4 times the bytes.
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '15', '-maxrate', '50M', '-bufsize', '50M'],
    ...['-profile:v', 'high', '-pix_fmt', 'yuv420p', '-threads', '4', '-flags:v', '+bitexact'],
    ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    // Wrappers of some versions pass the tags on only when they stand here.
    ...['-x264-params', 'colorprim=bt709:transfer=bt709:colormatrix=bt709'],
    ...H264_UNITS,
    ...(target.audio ? audioOptions(plan, info, attenuation) : []),
    ...ANONYMOUS,
    // By time: `-frames:v` would end the sound together with the last frame, even where some of it is still to be written;
    // and filters that count begin anew where the picture changes its size. Rounded to frames, it is the end of the last.
    ...['-t', ((target.frames - 0.25) / target.fps).toFixed(6)],
    ...['-fs', String(MAX_BYTES)],
    ...MP4,
  ];
}

/** Silence fills what is missing before the first sample and between others. */
function audioOptions({ target }: ConvertPlan, { audio }: MediaInfo, attenuation = 0): string[] {
  const end = (target.seconds - AUDIO_MARGIN_SECONDS).toFixed(6);
  const volume = attenuation > 0 ? `volume=-${attenuation.toFixed(2)}dB,` : '';
  return [
    '-filter:a',
    `${volume}aresample=async=1:first_pts=0,atrim=end=${end}`,
    ...[
      '-c:a',
      'aac',
      '-b:a',
      '160k',
      '-ar',
      '48000',
      '-ac',
      audio?.channels === 1 ? '1' : '2',
      '-flags:a',
      '+bitexact',
    ],
  ];
}

/**
 * Builds before 7.1 write the matrix of a stream that is encoded into the master too, and a player would turn it again; but
 * not where a graph has several inputs. So a stream that is turned is an input twice. Others take a plain filter: builds
 * before 5.0 show what comes out of a graph for as long as the packets of its one input last.
 */
function filteredPicture(plan: ConvertPlan, info: MediaInfo, video: VideoInfo, audio: string | undefined): string[] {
  const [stream, filters] = [pictureStream(video), videoFilters(plan, info, video).join(',')];
  if (!video.mirrored && video.rotation === 0) return [...maps(stream, audio), '-filter:v', filters];
  return ['-filter_complex', `[${stream}]${filters}[v];[${stream}]nullsink`, ...maps('[v]', audio)];
}

/** In order: end, upright, start, rate, bars off, flat, colours and size, box, tags. */
export function videoFilters(plan: ConvertPlan, info: Pick<MediaInfo, 'timeline'>, video: VideoInfo): string[] {
  const clock = partClock(plan, info);
  const { placement, target, crop } = plan;
  return [
    // First, because what comes then may be of another size.
    ...(plan.until === undefined ? [] : [endFilter(clock, plan.until)]),
    ...uprightFilters(video),
    ...startFilters(clock),
    // The last frame is shown for as long as it lasts, though its end falls between two places of the grid.
    `fps=fps=${formatRate(target.rate)}:start_time=0:eof_action=pass`,
    ...(crop ? [cropFilter(crop)] : []),
    ...pixelFilters(placement, shownSize(video, crop), video),
    ...boxFilters({ placement }),
    'setsar=1',
    'format=yuv420p',
    'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
  ];
}

/** Time stamps are rounded, and pictures further apart. */
const PART_SLACK_SECONDS = 0.002;

/** Lets nothing through at or behind this second of the source. `-t` would count from the first picture that comes. */
export function endFilter({ offset }: PartClock, until: number): string {
  return `trim=end=${(until + offset - PART_SLACK_SECONDS).toFixed(6)}`;
}

/**
 * Cuts by the time stamps of what is decoded: a container seeks to somewhere near, and what it finds there may not be
 * decodable. In microseconds: half way between two places of the grid a picture takes the earlier one, so that none is shown
 * twice. Of two pictures of one time the first counts: where decoding begins inside a group, a build of 2018 gives a grey one
 * the time of another.
 */
export function startFilters({ start }: PartClock): string[] {
  return [
    ...(start === 0 ? [] : [`trim=start=${(start - PART_SLACK_SECONDS).toFixed(6)}`]),
    'select=isnan(prev_t)+gt(t\\,prev_t)',
    'settb=AVTB',
    `setpts=round(PTS-${start.toFixed(6)}/TB)-2`,
  ];
}

function pixelFilters(placement: Placement, shown: Size, video: VideoInfo): string[] {
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

function colourFilters({ picture }: Placement, shown: Size, video: VideoInfo): string[] {
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
