/**
 * Whether a whole file also holds whole pictures and sound. Only what decoders say of their own stream counts: a decoder
 * that is told to stop at any doubt also stops at clips that were cut out of longer ones, which every player shows.
 */
import { resolve } from 'node:path';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import { decoderComplaints } from '../ffmpeg/complaints.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { crashWords, firstWords } from '../ffmpeg/process.ts';
import type { MediaInfo } from '../info.ts';
import type { VideoLook, VideoMeasurements } from '../judge/video-look.ts';
import { DECODE_TIMEOUT_MS, DECODER_THREADS, type DecoderRun, runDecoder, THREADS_BESIDE_FILTERS } from './decode.ts';

export interface DecodeIntegrity {
  /** False where this build cannot tell: it has no such decoder, took too long, or did not run to its end. */
  readonly decoded: boolean;
  /** What is wrong, to follow a colon; undefined when nothing is, or nobody can tell. */
  readonly damage?: string;
  /** What was measured on the way, where that was asked for and this build could do both at once. */
  readonly seen?: VideoMeasurements;
}

export interface DecodeIntegrityOptions {
  readonly info: MediaInfo;
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  /** What else is measured in the same run. */
  readonly look?: VideoLook | undefined;
  /** Of one run of ffmpeg. */
  readonly timeoutMs?: number;
}

/** Decodes a file once. Throws only what an aborted signal stands for: an ffmpeg that does not work says nothing about the file. */
export async function checkDecodeIntegrity(
  path: string,
  { info, ffmpeg, signal, look, timeoutMs = DECODE_TIMEOUT_MS }: DecodeIntegrityOptions,
): Promise<DecodeIntegrity> {
  const listen = async (maps: readonly string[], extra?: VideoLook) => {
    // Concealed errors are mentioned, and no error.
    const told = ['-loglevel', 'level+info', '-nostats', '-progress', 'pipe:1'];
    const input = [
      ...untrustedInputOptions(),
      ...told,
      ...(extra ? [...THREADS_BESIDE_FILTERS, ...extra.input] : DECODER_THREADS),
    ];
    const sound = extra && info.audio ? ['-filter:a', extra.sound] : [];
    const args = [
      ...input,
      '-i',
      fileUrl(resolve(path)),
      ...maps,
      ...sound,
      '-f',
      'null',
      '-',
      ...(extra?.outputs ?? []),
    ];
    const { result, frames } = await runDecoder(ffmpeg, args, { signal, timeoutMs, readExtra: extra?.read });
    return { result, frames, integrity: judge(info, result, frames) };
  };
  try {
    const looked = look && (await listen(PICTURE_AND_SOUND, look));
    if (looked?.integrity.decoded && !looked.result.failed) {
      const seen = look?.measured(looked.result.stderr);
      return { ...looked.integrity, ...(seen && { seen }) };
    }
    if (looked?.result.timedOut) return looked.integrity;
    // Of a run that failed nobody knows which of its outputs did.
    const whole = await listen(PICTURE_AND_SOUND);
    // A sound for which there is no decoder keeps ffmpeg from the pictures too.
    return (whole.frames === 0 && info.audio ? await listen(['-map', '0:V:0']) : whole).integrity;
  } catch (error) {
    if (signal.aborted) throw error;
    return { decoded: false };
  }
}

const PICTURE_AND_SOUND = ['-map', '0:V:0', '-map', '0:a:0?'];

/** What a build says of something that it cannot do. */
const UNABLE = /not found|not implemented|not supported|[Uu]nsupported|[Nn]o decoder|[Uu]nknown codec/;

function judge(info: MediaInfo, { stderr, ...ended }: DecoderRun, frames: number): DecodeIntegrity {
  if (ended.timedOut) return { decoded: false };
  // Every build decodes H.264, and has done so for years; of the others only what it says of pictures that it shows counts.
  const isKnown = info.container === 'MPEG-4' && info.video?.codec === 'H.264';
  const lines = stderr.split(/[\r\n]+/);
  const complaints = decoderComplaints(lines);
  const isUnable = lines.some((line) => UNABLE.test(line));
  if (isKnown ? frames === 0 && isUnable : frames === 0 || isUnable) return { decoded: false };
  const crash = crashWords(ended.signal);
  if (crash !== undefined) return isKnown ? { decoded: true, damage: crash } : { decoded: false };
  if (complaints.length > 0) return { decoded: true, damage: firstWords(complaints.join('\n')) };
  if (ended.failed) return { decoded: false };
  return frames > 0 ? { decoded: true } : { decoded: true, damage: 'it contains no frames' };
}
