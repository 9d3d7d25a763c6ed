/**
 * The sound of the part that a plan takes, decoded by itself and before the picture: into samples of one rate and one
 * layout, with their time stamps. A filter graph is set up anew when a stream changes its channels or its rate midway; what
 * fills up to the beginning (`aresample=first_pts`) would then begin anew as well. Here nothing depends on the beginning,
 * and what reads the samples meets no change. Sound that does not decode is known before the picture has been encoded.
 */
import { resolve } from 'node:path';
import type { AudioInfo, MediaInfo } from '../info.ts';
import { AUDIO_MARGIN_SECONDS } from '../limits.ts';
import { unusable } from '../plan/audio-tracks.ts';
import { DECODE_TIMEOUT_MS, type Level, runDecoder } from '../verify/decode.ts';
import { type FfmpegArgsInput, fileUrl, soundPath, untrustedInputOptions } from './arguments.ts';
import { afterOpening, decoderComplaints } from './complaints.ts';
import type { FfmpegProgram } from './find.ts';
import { KEEP_TIMESTAMPS } from './part-clock.ts';
import { crashWords, endedError, firstWords, machineProblem } from './process.ts';

export interface SoundPart {
  /** An absolute path. */
  readonly source: string;
  readonly audio: Pick<AudioInfo, 'track' | 'channels' | 'laidOut'>;
  /** Seconds into the source, and how many of them. */
  readonly start: number;
  readonly seconds: number;
  /** The time stamp at which the source begins; unknown where nothing has read its time stamps. */
  readonly origin?: number | undefined;
  /** Where the samples go, as NUT, which keeps their time stamps; nowhere without it. Absolute. */
  readonly outputPath?: string;
  /** How many seconds before the part decoding begins. */
  readonly lead?: number;
  /** A file of nothing but sound is taken, too. */
  readonly isSoundFile?: boolean;
}

/** Its peak is above 0 where a mix would clip; silence has -100. */
export interface TrackLevels extends Level {
  /** Of sound that was decoded; 0 when there is none in the part. */
  readonly seconds: number;
  /** The decoder's first complaint, to follow a colon. */
  readonly complaint: string | undefined;
}

const SOUND_RATE = 48_000;
/** Below this nobody hears anything. */
const SILENCE_DB = -60;
const NOTHING_DB = -100;
/** Demuxers without an index land anywhere near, and the first packet after a seek may be half a one. */
const LEAD_SECONDS = 1;
/** Where a seek left nothing to decode: some builds lose the sound of a program stream (MPEG-PS) by it. */
const LONG_LEAD_SECONDS = 30;

/** A part whose samples are kept. */
export type SoundFile = SoundPart & { readonly outputPath: string };

/** What an encode reads as its sound; undefined for a copy, and where there is to be none. */
export function soundPart({ plan, info, source, outputPath }: FfmpegArgsInput): SoundFile | undefined {
  if (plan.kind !== 'convert' || !plan.target.audio || !info.audio) return undefined;
  const seconds = plan.target.seconds - AUDIO_MARGIN_SECONDS;
  const { origin } = info.timeline ?? {};
  return { source, audio: info.audio, start: plan.start, seconds, origin, outputPath: soundPath(outputPath) };
}

/** The command without the program. */
export function soundArgs({ source, audio, start, seconds, origin, outputPath, ...part }: SoundPart): string[] {
  const seek = Math.max(0, start - (part.lead ?? LEAD_SECONDS));
  const lead = start - seek;
  const begin = origin === undefined ? lead : origin + start;
  const layout = audio.channels === 1 ? 'mono' : 'stereo';
  const filters = [
    // Channels of which nobody knows where they belong cannot be mixed.
    ...(audio.laidOut ? [] : ['pan=stereo|c0=c0|c1=c1']),
    // In floating point the mix of many channels keeps its level, and what would clip is still there.
    `aformat=sample_fmts=flt:sample_rates=${SOUND_RATE}:channel_layouts=${layout}`,
    `atrim=start=${begin.toFixed(6)}:end=${(begin + seconds).toFixed(6)}`,
    ...(begin === 0 ? [] : [`asetpts=PTS-${Math.round(begin * SOUND_RATE)}`]),
    'astats',
    'aresample=async=1',
  ];
  return [
    ...untrustedInputOptions({ sound: part.isSoundFile === true }),
    ...(origin === undefined ? [] : KEEP_TIMESTAMPS),
    ...(seek > 0 ? ['-ss', seek.toFixed(6)] : []),
    ...['-t', (lead + seconds + LEAD_SECONDS).toFixed(3), '-i', fileUrl(source)],
    // In some containers (MPEG-TS, MPEG-PS) time counts from the first stream that is read: the picture is read, too.
    ...(origin === undefined ? ['-map', '0:V:0?', '-c', 'copy', '-f', 'null', '-'] : []),
    ...['-map', `0:a:${audio.track}`, '-filter:a', filters.join(',')],
    ...(outputPath === undefined
      ? ['-f', 'null', '-']
      : ['-c:a', 'pcm_f32le', '-map_metadata', '-1', '-fflags', '+bitexact', '-f', 'nut', fileUrl(outputPath)]),
  ];
}

interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
}

/** Or why it cannot be decoded, to follow a colon. Throws `machine` and `interrupted`. */
export async function decodeSound(
  part: SoundPart,
  ffmpeg: FfmpegProgram,
  limits: Limits,
): Promise<TrackLevels | string> {
  const heard = await decodeOnce(part, ffmpeg, limits);
  const isNothing = typeof heard === 'string' || heard.seconds === 0;
  const longer = isNothing ? longerSoundPart(part) : undefined;
  if (!longer) return heard;
  const again = await decodeOnce(longer, ffmpeg, limits);
  return typeof again === 'string' ? heard : again;
}

/** What is decoded where no sound was found in a part: the same from further before it. Undefined where nothing is. */
export function longerSoundPart<P extends SoundPart>(part: P): P | undefined {
  return part.start > LEAD_SECONDS ? { ...part, lead: LONG_LEAD_SECONDS } : undefined;
}

async function decodeOnce(
  part: SoundPart,
  ffmpeg: FfmpegProgram,
  { signal, timeoutMs = DECODE_TIMEOUT_MS }: Limits,
): Promise<TrackLevels | string> {
  const told = ['-y', '-loglevel', 'level+info', '-nostats'];
  const args = [...told, ...soundArgs({ ...part, source: resolve(part.source) })];
  const { result } = await runDecoder(ffmpeg, args, { signal, timeoutMs });
  if (result.timedOut) return `decoding took longer than ${Math.round(timeoutMs / 1000)} s`;
  const crash = crashWords(result.signal);
  if (crash !== undefined) return crash;
  if (result.signal !== undefined) throw endedError(`it was killed with ${result.signal}`);
  if (result.failed) {
    const machine = machineProblem(result.stderr);
    if (machine) throw machine;
    const errors = result.stderr.split(/[\r\n]+/).filter((line) => /\[(?:error|fatal|panic)\]/.test(line));
    return firstWords(errors.join('\n'));
  }
  const heard = readHeard(result.stderr);
  return heard.seconds === 0 && heard.complaint !== undefined ? heard.complaint : heard;
}

export interface HeardTrack {
  readonly audio: AudioInfo;
  /** Or why it cannot be decoded. */
  readonly heard: TrackLevels | string;
}

const MOST_TRACKS = 8;

/** What the tracks of a clip hold in a part of it, the one that is used first. Throws `machine` and `interrupted`. */
export async function measureTracks(
  { audio: used, audioTracks }: Pick<MediaInfo, 'audio' | 'audioTracks'>,
  part: Pick<SoundPart, 'source' | 'start' | 'seconds'>,
  { ffmpeg, signal }: { readonly ffmpeg: FfmpegProgram; readonly signal: AbortSignal },
): Promise<readonly HeardTrack[]> {
  const others = audioTracks.filter((one) => one.track !== used?.track && unusable(one) === undefined);
  const heard: HeardTrack[] = [];
  for (const audio of [...(used ? [used] : []), ...others].slice(0, MOST_TRACKS))
    heard.push({ audio, heard: await decodeSound({ ...part, audio }, ffmpeg, { signal }) });
  return heard;
}

/** There is something to hear in it. */
export function isAudible<T extends Level & { readonly seconds?: number }>(heard: T | string): heard is T {
  return typeof heard !== 'string' && heard.seconds !== 0 && heard.rms >= SILENCE_DB;
}

/** Reads the words of `astats`, which speaks once for every change of the stream, and of the decoder. Pure. */
function readHeard(stderr: string): TrackLevels {
  const lines = stderr.split(/[\r\n]+/);
  const said = lines.map((line) => /Parsed_astats_\d+ @ \w+\] (?:\[\w+\] )?(.*)$/.exec(line)?.[1] ?? '').join('\n');
  const stretches = said
    .split('Overall\n')
    .slice(1)
    .map((text) => {
      const value = (name: string): number => Number(new RegExp(`^${name}: (\\S+)$`, 'm').exec(text)?.[1]);
      return {
        samples: value('Number of samples') || 0,
        peak: level(value('Peak level dB')),
        rms: level(value('RMS level dB')),
      };
    })
    .filter(({ samples }) => samples > 0);
  const samples = stretches.reduce((sum, one) => sum + one.samples, 0);
  const power = stretches.reduce((sum, one) => sum + one.samples * 10 ** (one.rms / 10), 0);
  const complaints = decoderComplaints(afterOpening(lines));
  return {
    seconds: samples / SOUND_RATE,
    peak: Math.max(NOTHING_DB, ...stretches.map(({ peak }) => peak)),
    rms: samples === 0 ? NOTHING_DB : level(10 * Math.log10(power / samples)),
    complaint: complaints.length === 0 ? undefined : firstWords(complaints.join('\n')),
  };
}

/** `-inf` is ffmpeg's word for silence. */
function level(decibels: number): number {
  return Number.isFinite(decibels) ? Math.max(NOTHING_DB, decibels) : NOTHING_DB;
}
