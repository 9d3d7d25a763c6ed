/** How long a file of sound says that it is, where that can be compared with what is in it: a file that was cut off holds less. */
import { type FileHandle, open } from 'node:fs/promises';
import type { MediaInfo } from '../media/info.ts';

export interface AnnouncedLength {
  readonly seconds: number;
  /** By how many seconds a whole file may be shorter: what encoders add before and behind the sound. */
  readonly slack: number;
}

const EXACT_SECONDS = 0.02;
const ROUNDED_SECONDS = 0.25;

/**
 * Undefined where nothing is announced, as by a WAV or MP3 that was written to a pipe, and where less may be stored on
 * purpose: Matroska may leave pauses out.
 */
export async function announcedLength(path: string, info: MediaInfo): Promise<AnnouncedLength | undefined> {
  const { container, truncated, seconds = info.audio?.seconds } = info;
  if (container === 'Wave') return withFile(path, waveLength);
  if (container === 'MPEG Audio') return withFile(path, mp3Length);
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

/** Programs that write to a pipe put the largest size that they know, or none. */
const LEAST_ENDLESS_BYTES = 0x7ffff000;
const MOST_CHUNKS = 1000;

/** By the sizes of its chunks; those of RF64 and BW64 stand in `ds64`. */
async function waveLength(file: FileHandle): Promise<AnnouncedLength | undefined> {
  const head = Buffer.alloc(24);
  let bytesPerSecond = 0;
  let longSize = 0;
  let at = 12;
  for (let chunks = 0; chunks < MOST_CHUNKS; chunks += 1) {
    const { bytesRead } = await file.read(head, 0, head.length, at);
    if (bytesRead < 8) return undefined;
    const name = head.toString('latin1', 0, 4);
    const size = head.readUInt32LE(4);
    if (name === 'data') {
      const isShort = size > 0 && size < LEAST_ENDLESS_BYTES;
      const bytes = isShort ? size : longSize;
      return bytes > 0 && bytesPerSecond > 0 ? { seconds: bytes / bytesPerSecond, slack: EXACT_SECONDS } : undefined;
    }
    if (name === 'fmt ' && bytesRead >= 20) bytesPerSecond = head.readUInt32LE(16);
    if (name === 'ds64' && bytesRead >= 24) longSize = longBytes(head.readBigUInt64LE(16));
    at += 8 + size + (size % 2);
  }
  return undefined;
}

function longBytes(size: bigint): number {
  return size < BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : 0;
}

/** Behind the tag with a cover picture. */
const FRAME_SEARCH_BYTES = 64 * 1024;
/** An encoder's delay and its padding are never longer. */
const PADDING_FRAMES = 4;

/** By the count of frames in its Xing header, which encoders write when they are done. */
async function mp3Length(file: FileHandle): Promise<AnnouncedLength | undefined> {
  const tag = Buffer.alloc(10);
  await file.read(tag, 0, tag.length, 0);
  const isTagged = tag.toString('latin1', 0, 3) === 'ID3';
  const tagBytes = [6, 7, 8, 9].reduce((size, index) => size * 128 + (tag[index] ?? 0), 0) + tag.length;
  const text = Buffer.alloc(FRAME_SEARCH_BYTES);
  const { bytesRead } = await file.read(text, 0, text.length, isTagged ? tagBytes : 0);
  const first = text.subarray(0, bytesRead);
  const at = first.findIndex((byte, index) => byte === 0xff && ((first[index + 1] ?? 0) & 0xe6) === 0xe2);
  if (at < 0 || at + 4 > first.length) return undefined;
  const frame = frameOf(first.readUInt32BE(at));
  const xing = at + 4 + frame.sideBytes;
  const name = first.toString('latin1', xing, xing + 4);
  if (!/^(?:Xing|Info)$/.test(name) || xing + 12 > first.length || frame.seconds === undefined) return undefined;
  const hasCount = (first.readUInt32BE(xing + 4) & 1) === 1;
  if (!hasCount) return undefined;
  return { seconds: first.readUInt32BE(xing + 8) * frame.seconds, slack: PADDING_FRAMES * frame.seconds };
}

/** Of layer III: how long a frame is heard, and the bytes between its header and what may be a Xing header. */
function frameOf(header: number): { readonly seconds: number | undefined; readonly sideBytes: number } {
  const version = (header >>> 19) & 3;
  const isOne = version === 3;
  const isMono = ((header >>> 6) & 3) === 3;
  const rate = [44_100, 48_000, 32_000][(header >>> 10) & 3];
  const hz = rate && rate / (isOne ? 1 : version === 2 ? 2 : 4);
  return {
    seconds: hz && (isOne ? 1152 : 576) / hz,
    sideBytes: isOne ? (isMono ? 17 : 32) : isMono ? 9 : 17,
  };
}
