/**
 * How long a file of sound says that it is, where that can be compared with what is in it: a file that was cut off holds less. What
 * cannot be told: a file that consists of frames or packets says nothing of those that should follow its last whole one, and one
 * that was written to a pipe (WAV, Wave64, AU, CAF, MP3) may have no length in its header.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { MediaInfo } from '../../media/info.ts';
import { auLength, cafLength, wave64Length, waveLength } from './chunks.ts';
import { AC3, ADTS, endsInsideFrame, endsInsidePacket, mpegAudioLength } from './frames.ts';
import type { AnnouncedLength, IncompleteFile } from './length.ts';

/** Undefined where nothing is announced. Throws system errors. */
export type LengthReader = (file: FileHandle) => Promise<AnnouncedLength | IncompleteFile | undefined>;

const ROUNDED_SECONDS = 0.25;

/** By MediaInfo's names of formats, whose own seconds of these are what is there, or are wrong. */
const READERS: Readonly<Record<string, LengthReader>> = {
  'AC-3': (file) => endsInsideFrame(file, AC3),
  ADTS: (file) => endsInsideFrame(file, ADTS),
  AU: auLength,
  CAF: cafLength,
  'MPEG Audio': mpegAudioLength,
  'MPEG-TS': endsInsidePacket,
  Wave: waveLength,
  Wave64: wave64Length,
};

/** Undefined where nothing is announced, and where less may be stored on purpose: Matroska may leave pauses out. */
export async function announcedLength(
  path: string,
  info: MediaInfo,
): Promise<AnnouncedLength | IncompleteFile | undefined> {
  const { container, truncated, seconds = info.audio?.seconds } = info;
  const read = READERS[container];
  if (read) return withFile(path, read);
  // Its index stands at its end, and so does its length.
  if (container === 'AVI' && truncated) return { lacks: 'its end is missing' };
  if (seconds === undefined || (/^(?:Matroska|WebM)$/.test(container) && !truncated)) return undefined;
  return { seconds, slack: ROUNDED_SECONDS };
}

async function withFile<R>(path: string, read: (file: FileHandle) => Promise<R>): Promise<R> {
  const file = await open(path);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}
