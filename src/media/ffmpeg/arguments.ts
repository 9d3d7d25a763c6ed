/** ffmpeg's arguments for a plan. Pure. Only what 4.1 to 9.0 all know is used: no -vsync, no -fps_mode, no tpad. */
import { isAbsolute } from 'node:path';
import type { MediaInfo, VideoInfo } from '../info.ts';
import { AUDIO_MARGIN_SECONDS, MAX_BYTES, MAX_SIDE, READ_MARGIN_SECONDS } from '../limits.ts';
import type { ConvertPlan, MediaPlan, PlanTarget, RemuxPlan } from '../plan/media-plan.ts';
import { partClock } from './part-clock.ts';
import { alphaDecoder, PICTURE_INPUT, pictureStream } from './picture-input.ts';
import { branchedGraph, type PictureLook } from './picture-look.ts';
import { timeFilters, videoFilters } from './video-filters.ts';

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
];

/** The same of files that hold nothing but sound. */
const SOUND_FORMATS = ['wav', 'w64', 'mp3', 'aac', 'flac', 'aiff', 'caf', 'au', 'ac3', 'amr', 'ape', 'wv', 'tta'];

/**
 * Options before `-i` for any file that a stranger may have made: local, of a known format, of bounded size. `sound`: a file
 * of nothing but sound is one, too. `banner`: ffmpeg also prints what it says of itself.
 */
export function untrustedInputOptions({ sound = false, banner = false } = {}): string[] {
  return [
    '-nostdin',
    ...(banner ? [] : ['-hide_banner']),
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    [...FORMATS, ...(sound ? SOUND_FORMATS : [])].join(','),
    '-max_pixels',
    String(MAX_SIDE * MAX_SIDE),
  ];
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
export const SOUND_INPUT = ['-protocol_whitelist', 'file', '-format_whitelist', 'nut', '-seek_timestamp', '1'];

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

export function maps(picture: string, audio: string | undefined): string[] {
  return ['-map', picture, ...(audio === undefined ? ['-an'] : ['-map', audio]), '-sn', '-dn'];
}

/** Nothing of the source's tags, and nothing that changes from run to run. */
export const ANONYMOUS = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact'];
/** Recorders and encoders write about themselves in SEI and in unspecified units; decoded frames do not depend on these. */
export const H264_UNITS = ['-bsf:v', 'filter_units=remove_types=6|12|24-31'];
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

/** Options before `-i` for the picture of a part of a clip. */
export function convertInput(
  plan: Pick<ConvertPlan, 'start' | 'decodeFrom' | 'until'> & { readonly target: Pick<PlanTarget, 'seconds'> },
  info: MediaInfo,
  video: VideoInfo,
): string[] {
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

/** Which colours an encode of master pictures is tagged with. */
export const MASTER_TAGS = [
  '-color_range',
  'tv',
  '-colorspace',
  'bt709',
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
];
/** Wrappers of some versions pass the tags on only when they stand in `-x264-params`. */
export const X264_TAGS = 'colorprim=bt709:transfer=bt709:colormatrix=bt709';

function convertOutput(plan: ConvertPlan, info: MediaInfo, video: VideoInfo, attenuation?: number): string[] {
  const { target } = plan;
  return [
    ...filteredPicture(video, videoFilters(plan, info, video).join(','), target.audio ? '1:a:0' : undefined),
    // As good as `fast` at 18 (SSIM and VMAF against the source), in 0.6 of its time and 1.3 to 1.4 times the bytes.
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '15', '-maxrate', '50M', '-bufsize', '50M'],
    ...['-profile:v', 'high', '-pix_fmt', 'yuv420p', '-threads', '4', '-flags:v', '+bitexact'],
    ...MASTER_TAGS,
    ...['-x264-params', X264_TAGS],
    ...H264_UNITS,
    ...(target.audio ? audioOptions(plan, info, attenuation) : []),
    ...ANONYMOUS,
    ...lengthOptions(target),
    ...['-fs', String(MAX_BYTES)],
    ...MP4,
  ];
}

/**
 * Ends an output. By time: `-frames:v` would end the sound together with the last frame, even where some of it is still to be
 * written; and filters that count begin anew where the picture changes its size. Rounded to frames, it is the end of the last.
 */
export function lengthOptions({ frames, fps }: Pick<PlanTarget, 'frames' | 'fps'>): string[] {
  return ['-t', ((frames - 0.25) / fps).toFixed(6)];
}

/** What is looked at in the run of an encode: options of more outputs, from upright pictures at the rate of the target. */
export function lookOptions(
  { branches, outputs, piped }: PictureLook,
  { plan, info, video }: { readonly plan: ConvertPlan; readonly info: MediaInfo; readonly video: VideoInfo },
): string[] {
  const graph = branchedGraph(pictureStream(video), timeFilters(plan, info, video), branches);
  return ['-filter_complex', graph, ...outputs, ...piped];
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
export function filteredPicture(video: VideoInfo, filters: string, audio: string | undefined): string[] {
  const stream = pictureStream(video);
  if (!video.mirrored && video.rotation === 0) return [...maps(stream, audio), '-filter:v', filters];
  return ['-filter_complex', `[${stream}]${filters}[v];[${stream}]nullsink`, ...maps('[v]', audio)];
}
