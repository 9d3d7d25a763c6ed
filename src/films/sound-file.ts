/** A file that is heard in a film by a person's wish, a voice or music: whether there is a sound in it, and for how long. */
import type { FfmpegProgram } from '../media/ffmpeg/find.ts';
import { decodeSound, type TrackLevels } from '../media/ffmpeg/sound.ts';
import { probeMedia } from '../media/probe/probe.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { announcedLength } from './announced/announced-length.ts';
import type { AnnouncedLength } from './announced/length.ts';
import type { SoundSource } from './plan.ts';
import { SOUND_HINT } from './sound-hint.ts';

/** Of a file whose headers do not tell how long it is. */
const LONGEST_SECONDS = 4 * 3600;
/** So much may be missing at the end of a sound whose decoder complains: what encoders and taggers append. */
const LEAST_MISSING_SECONDS = 0.1;

export interface SoundFileOptions {
  /** Decodes the whole of it; without one, headers are believed. */
  readonly ffmpeg?: FfmpegProgram | undefined;
  readonly signal: AbortSignal;
}

/** Throws `usage` for what is no file, `clip` for one whose sound is missing, cut off or cannot be decoded, `machine`. */
export async function readSoundFile(path: string, { ffmpeg, signal }: SoundFileOptions): Promise<SoundSource> {
  const info = await probeMedia(path, { signal }).catch((error: unknown) => {
    if (!isSoraError(error, 'clip')) throw error;
    throw soundError(`${oneLine(path)} cannot be read as sound.`, error);
  });
  // A WAV that was written to a pipe may say that it holds nothing.
  const audio = info.audio ?? (info.container === 'Wave' ? info.audioTracks[0] : undefined);
  if (!audio) throw soundError(`${oneLine(path)} has no sound.`);
  const announced = await announcedLength(path, info);
  if (announced && 'lacks' in announced)
    throw soundError(`The sound of ${oneLine(path)} is cut off: ${announced.lacks}.`);
  if (!ffmpeg) {
    const { stored, seconds } = announced ?? {};
    refuseShort(path, stored ?? audio.seconds, announced);
    return { path, audio: { ...audio, seconds: (stored === undefined ? audio.seconds : seconds) || undefined } };
  }
  const known = announced?.seconds || audio.seconds || info.seconds || LONGEST_SECONDS;
  const told = known < LONGEST_SECONDS ? known : undefined;
  const part = { source: path, audio, start: 0, seconds: told ?? LONGEST_SECONDS, isSoundFile: true };
  const heard = await decodeSound(part, ffmpeg, { signal });
  refuseSilence(path, heard, told);
  refuseShort(path, heard.seconds, announced && { ...announced, seconds: part.seconds });
  return { path, audio: { ...audio, seconds: heard.seconds } };
}

/** A file that was cut off may decode without a complaint. */
function refuseShort(path: string, seconds: number | undefined, announced: AnnouncedLength | undefined): void {
  if (seconds === undefined || !announced || seconds >= announced.seconds - announced.slack) return;
  const [had, whole] = [seconds, announced.seconds].map(shownSeconds);
  throw soundError(`The sound of ${oneLine(path)} is cut off: ${had} s of the ${whole} s that it announces are there.`);
}

/** Throws `clip` where nothing was decoded, or less than the seconds that are told because of damage: no silence stands in for it. */
export function refuseSilence(
  path: string,
  heard: TrackLevels | string,
  told: number | undefined,
): asserts heard is TrackLevels {
  if (typeof heard === 'string') throw soundError(`The sound of ${oneLine(path)} cannot be decoded: ${heard}.`);
  const { seconds, complaint } = heard;
  if (seconds === 0) throw soundError(`The sound of ${oneLine(path)} cannot be decoded: nothing of it is left.`);
  if (complaint === undefined || told === undefined || seconds > told - LEAST_MISSING_SECONDS) return;
  const [had, whole] = [seconds, told].map((value) => Number(value.toFixed(1)));
  throw soundError(`The sound of ${oneLine(path)} is damaged, ${had} of its ${whole} s can be decoded: ${complaint}.`);
}

function shownSeconds(seconds: number): number {
  return Number(seconds.toFixed(2));
}

function soundError(message: string, cause?: SoraError): SoraError {
  return new SoraError('clip', message, {
    hint: SOUND_HINT,
    ...(cause && { cause }),
  });
}
